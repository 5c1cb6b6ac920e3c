/* rules.h - the rules of a program, sorted and made ready; does one match, and may it?
 * Floor 9. Nothing here waits or starts anything. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_RULES_H
#define XIE_ONEBOT_RULES_H

#include "onebot/cool.h"
#include "onebot/log.h"
#include "onebot/regex.h"
#include "onebot/turns.h"

/* What stands in the order of priorities: rules, and two that are none. */
enum onebot_entry_kind {
    ONEBOT_RULE,
    ONEBOT_QUESTIONS, /* at ONEBOT_ASKED, before rules of that priority */
    ONEBOT_COMMANDS   /* the plain table, at 0, behind rules of that priority */
};

struct onebot_rule_entry {
    struct xie_link link; /* in the order of places */
    struct onebot_position place;
    enum onebot_entry_kind kind;
    const struct onebot_rule *rule;
    struct onebot_plugin *plugin; /* whose; NULL: the program's */
    const char *name;             /* for the log */
    struct onebot_regex *regex;
    struct xie_link cooling; /* its counts */
    bool stuck;              /* its expression ran out of steps, and the log has said so */
};

/* A table of rules, made ready: they come and go together. Zero is a valid empty one. */
struct onebot_rule_set {
    const struct onebot_rule *rules;
    struct onebot_rule_entry *entries;
    size_t count;
};

struct onebot_rules {
    struct onebot_book book;
    struct xie_link list;       /* of entries in force: the first to look comes first */
    struct onebot_rule_set own; /* the program's, which stay */
    struct onebot_rule_entry questions, commands;
    uint64_t last_seat;
    struct onebot_cool cool;
    struct onebot_turns_table turns;
};

/* Empty, in place. */
void onebot_rules_init(struct onebot_rules *rules, const struct onebot_book *book);
/* The program's own rules come into force. errors as onebot_rule_set_make */
int onebot_rules_load(struct onebot_rules *rules, const struct onebot_log *log);
void onebot_rules_fini(struct onebot_rules *rules);
/* What the book says of prefixes, people, words and limits counts from now on; its rules do not.
 * Borrowed until the next time. */
void onebot_rules_set_book(struct onebot_rules *rules, const struct onebot_book *book);

/* A seat for a table: of equal priority, those of the lesser come first. Who comes in place of
 * another takes its seat. */
uint64_t onebot_rules_seat(struct onebot_rules *rules);
/* Check rules (NULL: none) and compile them; nothing is in force yet. errors -ENOMEM; -EINVAL, and
 * the log says which rule is not sound, and why; XIE_ELIMIT. set is to be freed in any case */
int onebot_rule_set_make(struct onebot_rule_set *set, const struct onebot_rule *rules,
                         struct onebot_plugin *plugin, uint64_t seat, const struct onebot_log *log);
/* Not while it is in force. */
void onebot_rule_set_free(struct onebot_rule_set *set);
/* In force from now on; no longer. Neither needs memory, nor fails. released receives the letters
 * that waited for their turn there. */
void onebot_rules_enter(struct onebot_rules *rules, struct onebot_rule_set *set);
void onebot_rules_leave(struct onebot_rules *rules, struct onebot_rule_set *set,
                        struct xie_link *released);

/* The entry behind a place; NULL: none. Steps over those before it. */
struct onebot_rule_entry *onebot_rules_behind(const struct onebot_rules *rules,
                                              const struct onebot_position *place);
/* The one behind an entry in force; NULL: none. */
static inline struct onebot_rule_entry *onebot_rules_next(const struct onebot_rules *rules,
                                                          const struct onebot_rule_entry *entry)
{
    struct xie_link *next = entry->link.next;
    return next == &rules->list ? NULL : XIE_CONTAINER(next, struct onebot_rule_entry, link);
}
static inline struct onebot_rule_entry *onebot_rules_first(const struct onebot_rules *rules)
{
    struct xie_link *first = rules->list.next;
    return first == &rules->list ? NULL : XIE_CONTAINER(first, struct onebot_rule_entry, link);
}

/* Of a rule, or ""; the first name of a command. */
const char *onebot_rule_command(const struct onebot_rule *rule);

/* permit.c: as onebot_permitted. */
bool onebot_permit(const struct onebot_book *book, const struct onebot_event *event,
                   const struct onebot_permission *permission);

/* Where a rule that matches found its match; borrowed from the letter and the rule. */
struct onebot_hit {
    const char *text;        /* of the letter's view */
    const char *command;     /* the name that was used, "" for other rules */
    const char *rest;        /* of a command: the rest of its line */
    const char *start, *end; /* of others: what is left of the text */
    const struct onebot_match *match;
};

/**
 * match.c: does a rule match? Not whether it may.
 *
 * letter  its view is made if it is not
 * return  1 and hit; 0; -ENOMEM
 */
int onebot_rule_match(struct onebot_rules *rules, struct onebot_rule_entry *entry,
                      struct onebot_letter *letter, const struct onebot_log *log,
                      struct onebot_hit *hit);

/* The view of a message, made if it is not. return 0; -ENOMEM */
int onebot_view_make(const struct onebot_book *book, struct onebot_letter *letter);

/**
 * match.c: read what a rule found.
 *
 * found   receives it; owned
 * why     receives what to tell a person whose arguments are wrong
 * return  1; 0 they are wrong; -ENOMEM
 */
int onebot_hit_read(const struct onebot_rules *rules, const struct onebot_rule *rule,
                    const struct onebot_hit *hit, struct onebot_found *found,
                    struct onebot_note *why);

#endif
