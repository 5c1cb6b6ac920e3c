/* shared.h - cases of a select that other threads wake: of what has a lock and lines of its own.
 * Floor 5. An outcome is decided under that lock, by who claims the select; so it takes effect in
 * one of its cases alone, and an interruption that comes later finds it decided. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_SHARED_H
#define XIE_IO_SHARED_H

#include <pthread.h>

#include "io/parker.h"
#include "sync/case.h"

/* Under the lock: take the first out of the line whose select can still be claimed, and claim it;
 * those before it have had another of their cases. NULL: there is none. What it is to find is
 * written next, then xie_shared_told. */
struct xie_case *xie_shared_claim_first(struct xie_waiters *line);
void xie_shared_told(struct xie_case *self, int result);

/* Under the lock: is it possible at once? Then claim it by xie_shared_claim, and have it take
 * effect if that says so; else let it stand in its line. */
enum xie_shared_stood { XIE_STANDS, XIE_TOOK_EFFECT, XIE_DECIDED /* by another case */ };
typedef enum xie_shared_stood xie_shared_stand(struct xie_case *self);

static inline enum xie_shared_stood xie_shared_claim(struct xie_case *self)
{
    return xie_case_claim(self) ? XIE_TOOK_EFFECT : XIE_DECIDED;
}

/* What the kind's arm and leave do. */
bool xie_shared_arm(struct xie_case *self, pthread_mutex_t *lock, xie_shared_stand *stand);
void xie_shared_leave(struct xie_case *self, pthread_mutex_t *lock);

/* Wait for one case in a thread, which blocks for timeout_ns at most (XIE_NEVER: for ever; 0 or
 * less: not at all). return its result, or -ETIMEDOUT */
int xie_shared_block(struct xie_case *self, pthread_mutex_t *lock, xie_shared_stand *stand,
                     int64_t timeout_ns);

#endif
