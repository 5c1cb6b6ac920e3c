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
    enum onebot_entry_kind kind;
    const struct onebot_rule *rule;
    const char *name; /* for the log */
    struct onebot_regex *regex;
    struct xie_link cooling; /* its counts */
    bool stuck;              /* its expression ran out of steps, and the log has said so */
};

struct onebot_rules {
    struct onebot_book book;
    struct onebot_rule_entry *list; /* the first to look comes first */
    size_t count;
    size_t questions; /* where they stand */
    struct onebot_cool cool;
    struct onebot_turns_table turns;
};

/* Empty, in place. */
void onebot_rules_init(struct onebot_rules *rules, const struct onebot_book *book);
/* Check the rules, compile and sort them. errors -ENOMEM; -EINVAL, and the log says which rule is
 * not sound, and why */
int onebot_rules_load(struct onebot_rules *rules, const struct onebot_log *log);
void onebot_rules_fini(struct onebot_rules *rules);
/* What the book says of prefixes, people, words and limits counts from now on; its rules do not.
 * Borrowed until the next time. */
void onebot_rules_set_book(struct onebot_rules *rules, const struct onebot_book *book);

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
