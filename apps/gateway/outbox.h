/* outbox.h - what waits to be sent to one peer, bounded.
 * Gateway, ground. A peer that reads too slowly for events loses its connection, not our memory. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_OUTBOX_H
#define GATEWAY_OUTBOX_H

#include <xie/group.h>
#include <xie/sync.h>

#include "frame.h"

enum {
    OUTBOX_FRAMES = 1024,            /* most frames that wait */
    OUTBOX_BYTES = 16 * 1024 * 1024, /* and their most bytes; a single frame may exceed it */
};

/* Those who get a broadcast. Zero is empty. */
struct audience {
    struct outbox *head;
    size_t count;
};

/* Send a frame; may wait. An error ends the connection. */
typedef int outbox_send(void *to, const struct frame *frame);

struct outbox {
    struct xie_queue frames; /* of struct frame, a reference each */
    struct xie_event room;   /* pulsed when a frame has left the queue */
    size_t bytes;            /* of the frames in the queue */
    outbox_send *send;
    void *to;
    struct xie_group *group; /* the connection's tasks */
    const char *who;         /* for the log, borrowed */
    bool dropped;            /* was too slow for a broadcast, and is being disconnected */
    struct audience *audience;
    struct outbox *next, *prev;
};

/* All borrowed until outbox_close. who names the peer in the log. */
void outbox_open(struct outbox *out, outbox_send *send, void *to, struct xie_group *group,
                 const char *who);

/* The task that sends; arg is the outbox. When the connection breaks it cancels the group. */
int outbox_run(void *arg);

/* Queue a frame, waiting for room; takes its own reference.
 * errors -ENOMEM (frame is NULL too) -ECANCELED -ETIMEDOUT */
int outbox_put(struct outbox *out, struct frame *frame);

/* Leave the audience and drop what still waits. The task must have ended. */
void outbox_close(struct outbox *out);

/* Belong to an audience, one at most. */
void audience_join(struct audience *audience, struct outbox *out);

/* Queue a frame for everyone, never waiting. Whoever has no room left is disconnected, with
 * one line on stderr. frame may be NULL: nothing happens. */
void audience_put(struct audience *audience, struct frame *frame);

#endif
