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
    bool turn;               /* one waits for a turn that another has */
};

/* Of an account: events that wait while its conversations are taken up, or their plugin is loaded
 * anew. */
struct onebot_hold {
    bool on;
    bool waking;             /* a task takes them up, and lets the events go then */
    bool again;              /* it is to look once more */
    bool taking;             /* it has been told to: `until` is for that */
    bool offline;            /* they have come before calls can be sent, and wait for that … */
    bool vain;               /* … which was too long */
    int64_t until;           /* of xie_now() */
    size_t busy;             /* handlers that have not gone over their steps yet */
    struct xie_event change; /* set: one of these is another */
    struct xie_link letters; /* oldest first */
    size_t count;            /* length of letters */
};

#endif
