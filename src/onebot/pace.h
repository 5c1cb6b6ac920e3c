/* pace.h - sending no faster than the account may.
 * Floor 9. A token bucket for the account and one for each of its groups; whoever waits, waits in
 * order. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_PACE_H
#define XIE_ONEBOT_PACE_H

#include <xie/onebot.h>
#include <xie/sync.h>

#include "base/list.h"

enum { ONEBOT_PACE_BUCKETS = 64 };

/* One bucket. Zero is a full one. */
struct onebot_bucket {
    struct xie_lock turn; /* of those who wait, the first sleeps, the others stand here */
    int64_t full_when;    /* when it will be full again */
};

/* The buckets of one account. */
struct onebot_paces {
    struct onebot_bucket account;
    struct xie_link groups[ONEBOT_PACE_BUCKETS]; /* of those that are not full, or waited for */
    struct xie_event changed;                    /* pulsed: the pace is another */
};

void onebot_paces_init(struct onebot_paces *paces);
void onebot_paces_fini(struct onebot_paces *paces);

/* From now on these options count in place of the old ones, also for who waits: a bucket lacks as
 * many turns as before. */
void onebot_paces_change(struct onebot_paces *paces, const struct onebot_options *old,
                         const struct onebot_options *now);

/**
 * Wait for the turn to send once; a group's first, so that a slow one holds up nobody else.
 *
 * options   where they stay: read again when onebot_paces_change was called
 * group_id  0: to no group
 * return    0
 * errors    -ECANCELED -ETIMEDOUT: the turn is the next one's; -ENOMEM
 */
int onebot_paces_take(struct onebot_paces *paces, const struct onebot_options *options,
                      int64_t group_id);

#endif
