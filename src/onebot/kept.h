/* kept.h - what a program knows of its kept conversations, and what an account holds back for them.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_KEPT_H
#define XIE_ONEBOT_KEPT_H

#include <xie/sync.h>

#include "base/list.h"

/* Of a program. */
struct onebot_kept {
    struct xie_link running; /* journals of handlers that run */
    struct xie_link waiting; /* those in the store alone: their account or rule is not there */
    size_t count;            /* of both */
    bool full;               /* that there are too many has been said */
};

/* Of an account: events that wait while its conversations are taken up. */
struct onebot_hold {
    bool on;
    bool waking;             /* a task takes them up */
    bool again;              /* it is to look once more */
    int64_t until;           /* of xie_now() */
    size_t busy;             /* handlers that have not gone over their steps yet */
    struct xie_event change; /* set: there are none, or too many events */
    struct xie_link letters; /* oldest first */
    size_t count;            /* length of letters */
};

#endif
