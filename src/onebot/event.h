/* event.h - an event's JSON as the struct that handlers read.
 * Floor 9. Owns the JSON and the words; knows nothing of handlers. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_EVENT_H
#define XIE_ONEBOT_EVENT_H

#include <xie/onebot.h>

#include "base/list.h"

/* Someone in some place: what a conversation is with. */
struct onebot_person {
    int64_t self_id, group_id, user_id; /* group_id 0: in private */
};

struct onebot_talk;

/* What the library keeps around an event. */
struct onebot_letter {
    struct onebot_event event;
    struct xie_link link;        /* where it waits; a ring of its own when nowhere */
    struct onebot_talk *talk;    /* the handler that has it */
    struct onebot_person person; /* of its sender */
    int64_t temporary_group;     /* the group a temporary private talk goes through */
    json_t *json;                /* event.raw, owned */
    char *words;                 /* event.text, owned */
    char *arguments;             /* event.args of a command, owned */
};

/* Read an event; takes json over, whatever it returns. NULL when there is no memory. */
struct onebot_letter *onebot_letter_new(struct onebot_bot *bot, json_t *json);
/* NULL is allowed. */
void onebot_letter_free(struct onebot_letter *letter);

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
