/* talk.h - one handler that runs: its event, and what it heard meanwhile.
 * Floor 9. Each is a task of the program's group, which a failure of theirs must not end. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_TALK_H
#define XIE_ONEBOT_TALK_H

#include "onebot/bot.h"
#include "onebot/turns.h"

struct onebot_talk {
    struct onebot_bot *bot;
    onebot_handler *handler;
    char *words;      /* owned; in place of a handler: what to reply. NULL: none */
    const char *name; /* for the log: the rule's, the command's, or "on_event" */
    struct onebot_letter *letter;
    struct onebot_plugin *plugin;   /* whose rule it is; NULL: the program's */
    struct onebot_turn *turn;       /* that it has; NULL: of none */
    bool replaced;                  /* a later one is to run in its place */
    struct xie_scope *scope;        /* around the handler, once it runs */
    struct onebot_journal *journal; /* of its steps, when it is kept; NULL: it is not */
    bool spoke;                     /* something was called or asked */
    struct xie_link boxes;          /* mailboxes that it has opened; the first is this one: */
    struct onebot_mailbox box;
    size_t box_count;
    struct xie_link answers; /* letters that its questions got, the latest last */
    size_t answer_count;
};

/* How to start one. */
struct onebot_start {
    onebot_handler *handler;
    char *words; /* as of the talk; taken over */
    const char *name;
    struct onebot_plugin *plugin;   /* whose name and handler these are; NULL: the program's */
    struct onebot_turn *turn;       /* taken over: when it cannot start, its next is started */
    struct onebot_journal *journal; /* taken over: when it cannot start, it waits; NULL: none */
};

/* Run a handler for a letter, which is taken over, whether it can start or not; if not, the log
 * says so. */
void onebot_talk_start(struct onebot_letter *letter, const struct onebot_start *start);

/* That of the running task; NULL: it is no handler's. */
struct onebot_talk *onebot_talk_current(void);
/* When the scopes end that are open in the running task: of xie_now(), or XIE_NEVER. */
int64_t onebot_talk_deadline(void);

/* A later event is to run in its place: cancel it. */
void onebot_talk_replace(struct onebot_talk *talk);

/* Forget an event, and have the log say why. */
void onebot_letter_drop(struct onebot_letter *letter, const char *why);

#endif
