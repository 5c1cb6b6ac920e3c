/* tardy.h - replies that faults hold back: late, or in the wrong order.
 * Gateway, second floor. One for each connection; its tasks are of the connection's group. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_TARDY_H
#define GATEWAY_TARDY_H

#include "fault.h"
#include "outbox.h"

enum {
    TARDY_MOST = 1000,    /* replies that wait for their time; then the peer is not read */
    TARDY_HELD_MS = 1000, /* how long one is held for others to come */
};

/* Zero is a valid one that holds nothing. */
struct tardy {
    struct frame *held[FAULT_REORDER_MOST]; /* a reference each */
    size_t count;
    uint64_t batch; /* how often they were let go */
    size_t waiting; /* replies that a task is to send */
};

/* Send a reply as the faults have it; takes its own reference.
 * errors as outbox_put */
int tardy_put(struct tardy *tardy, const struct faults *faults, struct outbox *out,
              struct frame *frame);

/* Drop what is held. The connection's tasks must have ended. */
void tardy_fini(struct tardy *tardy);

#endif
