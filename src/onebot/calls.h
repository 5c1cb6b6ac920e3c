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
    struct onebot_pending *pending; /* until it is taken */
    uint64_t id;                    /* the echo in it */
    const char *action;             /* as the caller wrote it */
    size_t params_at, params_len;   /* the parameters' part of text */
    size_t len;
    char text[]; /* len bytes, then the action */
};

/* Somebody who takes frames and sends them: a connection. Zero is one that has no calls. */
struct onebot_sender {
    struct xie_link link;       /* of the calls' */
    struct onebot_calls *calls; /* whose frames it takes; NULL: nobody's */
    struct xie_event wake;      /* set: look again whether there is a frame */
    /* Nobody waits any more for the call of this id, which it had taken. NULL: all the same. */
    void (*forget)(struct onebot_sender *sender, uint64_t id);
};

/* A call that waits, in its task's frame. */
struct onebot_pending {
    struct onebot_pending *next; /* in its bucket */
    uint64_t id;                 /* its echo; 0: not in the table */
    struct onebot_frame *frame;  /* NULL once a sender has it */
    struct onebot_sender *sender;
    json_t *answer; /* owned by the waiter once it has come */
    int status;     /* HTTP, of a failure that came with one; else 0 */
    struct xie_future done;
};

struct onebot_calls {
    uint64_t openings; /* how often it was opened: tells one connection from the next */

    struct onebot_pending *buckets[ONEBOT_CALL_BUCKETS];
    size_t count, limit;
    uint64_t last_id;        /* never used twice, whatever the connection */
    struct xie_link senders; /* the latest first: it has the frames, the others wait */
    struct xie_link frames;
};

void onebot_calls_init(struct onebot_calls *calls, size_t limit);

/* Calls are taken from now on, and this one sends them. Of another account's it must be
 * closed before. */
void onebot_calls_open(struct onebot_calls *calls, struct onebot_sender *sender);
/* It sends no more. What it had sent fails now with XIE_EUNKNOWN; when it was the last, what
 * nobody has taken with XIE_ENOTCONNECTED. Harmless twice. return how many failed */
size_t onebot_calls_close(struct onebot_calls *calls, struct onebot_sender *sender);
/* Is there a sender? */
bool onebot_calls_are_open(const struct onebot_calls *calls);

/* Begin a call; params is borrowed. errors XIE_ENOTCONNECTED XIE_ELIMIT
 * -ENOMEM -EINVAL */
int onebot_calls_begin(struct onebot_calls *calls, struct onebot_pending *pending,
                       const char *action, json_t *params);
/* It waits no longer: forget it, and do not send it if it was not. Harmless twice. */
void onebot_calls_end(struct onebot_calls *calls, struct onebot_pending *pending);

/* Give an answer (borrowed) to the call that its echo names, if this one had sent it. false:
 * to none. */
bool onebot_calls_answer(struct onebot_sender *sender, json_t *answer);

/* The same for the frame of this id, and one that failed; status: HTTP's, 0 without one. */
bool onebot_calls_answer_to(struct onebot_sender *sender, uint64_t id, json_t *answer);
bool onebot_calls_fail(struct onebot_sender *sender, uint64_t id, int error, int status);

/* Wait for the next frame to send; it is the caller's to release.
 * errors -ECANCELED -ETIMEDOUT */
int onebot_calls_next_frame(struct onebot_sender *sender, struct onebot_frame **frame);

#endif
