/* calls.h - calls that wait for their answers, and frames that wait to be sent.
 * Floor 9. Knows tasks and JSON; knows nothing of connections: whoever writes takes frames
 * from here, whoever reads gives answers back, in any order. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CALLS_H
#define XIE_ONEBOT_CALLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <xie.h>

#include "base/list.h"

enum { ONEBOT_CALL_BUCKETS = 1024 }; /* chains of 64 at the default limit of calls */

/* A call as JSON text, on its way to the writer; heap, since the caller may leave. */
struct onebot_frame {
    struct xie_link link;
    struct onebot_pending *pending;
    size_t len;
    char text[];
};

/* A call that waits, in its task's frame. */
struct onebot_pending {
    struct onebot_pending *next; /* in its bucket */
    uint64_t id;                 /* its echo; 0: not in the table */
    struct onebot_frame *frame;  /* NULL once the writer has it */
    json_t *answer;              /* owned by the waiter once it has come */
    struct xie_future done;
};

struct onebot_calls {
    struct onebot_pending *buckets[ONEBOT_CALL_BUCKETS];
    size_t count, limit;
    uint64_t last_id; /* never used twice, whatever the connection */
    bool open;        /* connected */
    struct xie_link frames;
    struct xie_event frames_wait; /* set: frames may not be empty */
};

void onebot_calls_init(struct onebot_calls *calls, size_t limit);

/* Connected: calls are taken from now on. */
void onebot_calls_open(struct onebot_calls *calls);
/* Disconnected: every call fails now, XIE_ENOTCONNECTED when the writer had not taken it,
 * XIE_EUNKNOWN when it had. return how many failed */
size_t onebot_calls_close(struct onebot_calls *calls);

/* Begin a call; params is borrowed. errors XIE_ENOTCONNECTED XIE_ELIMIT
 * -ENOMEM -EINVAL */
int onebot_calls_begin(struct onebot_calls *calls, struct onebot_pending *pending,
                       const char *action, json_t *params);
/* It waits no longer: forget it, and do not send it if it was not. Harmless twice. */
void onebot_calls_end(struct onebot_calls *calls, struct onebot_pending *pending);

/* Give an answer (borrowed) to the call that its echo names. false: to none. */
bool onebot_calls_answer(struct onebot_calls *calls, json_t *answer);

/* For the writer: wait for the next frame; it is the caller's to release.
 * errors -ECANCELED -ETIMEDOUT */
int onebot_calls_next_frame(struct onebot_calls *calls, struct onebot_frame **frame);

#endif
