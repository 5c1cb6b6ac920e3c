/* event.h - an event's JSON as the struct that handlers read.
 * Floor 9. Owns the JSON and the words; knows nothing of handlers. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_EVENT_H
#define XIE_ONEBOT_EVENT_H

#include <xie/onebot.h>

#include "base/list.h"
#include "onebot/args.h"

/* Someone in some place: what a conversation is with. */
struct onebot_person {
    int64_t self_id, group_id, user_id; /* group_id 0: in private */
};

static inline bool onebot_person_same(const struct onebot_person *a, const struct onebot_person *b)
{
    return a->user_id == b->user_id && a->group_id == b->group_id && a->self_id == b->self_id;
}

/* Multiplicative: neighbouring account numbers spread, into the high bits. */
static inline uint64_t onebot_person_mix(const struct onebot_person *person)
{
    uint64_t mix = (uint64_t)person->user_id * UINT64_C(0x9E3779B97F4A7C15);
    mix = (mix ^ (uint64_t)person->group_id) * UINT64_C(0x9E3779B97F4A7C15);
    return (mix ^ (uint64_t)person->self_id) * UINT64_C(0x9E3779B97F4A7C15);
}

struct onebot_talk;
struct onebot_mailbox;
struct onebot_plugin;

/* A place in the order of rules. What comes first is less; zero is before all. Places are not
 * used again, so that one means the same when rules have come and gone. */
struct onebot_position {
    uint64_t rank; /* the greater the priority, the less */
    uint64_t order;
};

static inline bool onebot_position_before(const struct onebot_position *a,
                                          const struct onebot_position *b)
{
    return a->rank < b->rank || (a->rank == b->rank && a->order < b->order);
}

/* A message as the rules look at it; made when the first of them does. */
struct onebot_view {
    char *line;       /* owned; its words, each @ where it stood (see split.h); NULL: not made */
    const char *body; /* of line: without spaces, @ and nickname at its beginning */
    char *text;       /* owned; event.text without nickname and spaces around */
    bool to_me;
};

/* What a rule found in an event. Zero is nothing. */
struct onebot_found {
    char *rest;              /* event.args, owned */
    struct onebot_args args; /* as the rule declares */
    char **captures;         /* of its regular expression, one allocation; those without a match
                                are NULL */
    size_t capture_count;
};

/* What the library keeps around an event. */
struct onebot_letter {
    struct onebot_event event;
    struct xie_link link;        /* where it waits; a ring of its own when nowhere */
    struct onebot_talk *talk;    /* the handler that has it */
    struct onebot_person person; /* of its sender */
    uint64_t number;             /* of its event, counted as they come; copies have the same */
    int64_t temporary_group;     /* the group a temporary private talk goes through */
    json_t *json;                /* event.raw, owned */
    char *words;                 /* event.text, owned */
    struct onebot_view view;
    struct onebot_found found;    /* by the rule that its handler belongs to */
    struct onebot_position place; /* of the entry that has looked at it last */
    const char *handler_name;     /* of the rule that took it */
    struct onebot_plugin *plugin; /* of that rule; NULL: the program's */
    bool passed;                  /* a handler passed it on: questions do not get it */
    bool passed_on;               /* those below its own handler have it, or there are none */
    const struct onebot_mailbox *refused; /* by the filter of a question there: not kept in it */
    bool commanded;                       /* the commands have seen it */

    /* What the typed views of the event show. */
    struct onebot_message message;
    struct onebot_detail detail;
    struct onebot_memory *memory; /* of detail */
};

/* Read an event; takes json over, whatever it returns. NULL when there is no memory. */
struct onebot_letter *onebot_letter_new(struct onebot_bot *bot, json_t *json);
/* NULL is allowed. */
void onebot_letter_free(struct onebot_letter *letter);
/* The same event once more, for another handler, without what was found. NULL without memory. */
struct onebot_letter *onebot_letter_copy(const struct onebot_letter *letter);
/* Give the letter what a rule found; taken over. */
void onebot_letter_set_found(struct onebot_letter *letter, const struct onebot_found *found);
void onebot_found_free(struct onebot_found *found);

static inline struct onebot_letter *onebot_letter_of(struct onebot_event *event)
{
    return XIE_CONTAINER(event, struct onebot_letter, event);
}

/* Does the account itself speak? */
bool onebot_event_is_own(const struct onebot_event *event);
/* Is it a message by somebody else? */
bool onebot_event_is_message(const struct onebot_event *event);

/**
 * Find the command that a message begins with and set event.command, args and arg.
 *
 * return  1 and *command; 0 it begins with none of the table; -ENOMEM
 */
int onebot_letter_command(struct onebot_letter *letter, const struct onebot_command *table,
                          const struct onebot_command **command);

#endif
