/* pool.h - a few threads that take jobs first come first served.
 * Floor 5. Whoever hands a job over is a task, and waits for it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_POOL_H
#define XIE_IO_POOL_H

#include <stdbool.h>

#include "loop/loop.h"

struct xie_pool;

/* For xie_to_thread, and for looking names up: a slow name server must not hold up other
 * work, nor the other way round. */
extern struct xie_pool xie_pool_work, xie_pool_names;

/* xie_to_thread on a pool; what is the wait's name. */
int xie_pool_run(struct xie_pool *pool, int (*fn)(void *arg), void *arg, void (*dispose)(void *arg),
                 const char *what);

static inline bool xie_on_sim(void)
{
    struct xie_loop *loop = xie_loop_current();
    return loop && loop->backend == &xie_backend_sim;
}

#endif
