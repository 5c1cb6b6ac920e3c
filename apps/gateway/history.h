/* history.h - the messages said, the newest of them, found by id and waited for.
 * Gateway, ground. Bounded in number and in bytes: the oldest go. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_HISTORY_H
#define GATEWAY_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include <xie/sync.h>

#include "frame.h"

enum {
    MESSAGE_REACTIONS = 8,            /* kinds of them that one message takes */
    MESSAGE_EMOJI = 16,               /* the longest id of one, with the 0 [bytes] */
    HISTORY_MESSAGES = 10000,         /* most messages kept */
    HISTORY_BYTES = 32 * 1024 * 1024, /* and about their most bytes; the newest is always kept */
};

/* Who liked it with what: how many of each kind. */
struct reaction {
    char emoji[MESSAGE_EMOJI]; /* its id, as a string */
    int64_t count;             /* 0: a free place */
};

/* How it was said: the sub_type of its event. */
enum message_way {
    MESSAGE_PLAIN,     /* friend, normal */
    MESSAGE_TEMPORARY, /* in private, by somebody of the same group who is no friend: group */
    MESSAGE_OTHER,     /* in private, by anybody: other */
    MESSAGE_ANONYMOUS, /* in a group, without a name */
    MESSAGE_NOTICE,    /* in a group, by QQ itself */
};

struct message {
    int64_t message_id;
    int64_t time;        /* seconds since 1970 */
    int64_t user_id;     /* who said it */
    int64_t group_id;    /* 0: in private */
    int64_t target_id;   /* in private: to whom; else 0 */
    json_t *segments;    /* owned */
    char *text;          /* owned, by free() */
    struct frame *frame; /* what the page is told; owned */
    size_t bytes;        /* of the segments, as JSON */
    struct reaction reactions[MESSAGE_REACTIONS];
    int64_t essence_by, essence_time; /* who made it one of the best; 0: nobody */
    enum message_way way;
    bool recalled;
};

struct history {
    struct message *ring[HISTORY_MESSAGES]; /* by id modulo its length */
    int64_t oldest, next;                   /* ids kept: oldest <= id < next */
    size_t bytes;
    struct xie_event said; /* pulsed for each new message */
};

/* first is the first message's id: let it be higher than those of earlier runs. */
void history_init(struct history *history, int64_t first);
void history_fini(struct history *history);

/* Keep a message whose id is history->next; it is owned by the history now. */
void history_add(struct history *history, struct message *message);

/* NULL when it was never said, is forgotten, or was recalled. */
struct message *history_get(const struct history *history, int64_t message_id);

/* Mark it recalled, give its content back and tell frame instead (which takes its own
 * reference); from now on history_get does not find it. */
void history_recall(struct history *history, struct message *message, struct frame *frame);

/* Every id after this one that is still kept, oldest first: the smallest such, or next. */
int64_t history_after(const struct history *history, int64_t message_id);

void message_free(struct message *message);

#endif
