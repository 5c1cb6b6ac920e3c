/* cool.h - how often rules have run of late, and for whom.
 * Floor 9. Bounded: beyond its limit the oldest count is forgotten, so that somebody may be let in
 * too early, never kept out for ever. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_COOL_H
#define XIE_ONEBOT_COOL_H

#include "onebot/key.h"

enum { ONEBOT_COOL_BUCKETS = 4096 }; /* chains of 16 at the default limit */

/* The counts. Those of one rule expire in the order they began. */
struct onebot_cool {
    struct xie_link buckets[ONEBOT_COOL_BUCKETS];
    struct xie_link ages; /* all of them, the oldest first */
    size_t count, limit;
};

void onebot_cool_init(struct onebot_cool *cool, size_t limit);
void onebot_cool_fini(struct onebot_cool *cool);

/**
 * Use a rule once more. mine: the rule's own list of counts, initialised by xie_list_init.
 *
 * return  0 it may run, and that is counted; > 0 nanoseconds until it may; -ENOMEM
 */
int64_t onebot_cool_use(struct onebot_cool *cool, struct xie_link *mine,
                        const struct onebot_key *key, int64_t now);
/* Those of a rule that is no more. */
void onebot_cool_forget(struct onebot_cool *cool, struct xie_link *mine);
/* It did not run after all: the latest use is taken back. */
void onebot_cool_unuse(struct onebot_cool *cool, const struct onebot_key *key);

#endif
