/* pool_kit.h - what the tests of pools share: a pool, and jobs that wait until they may go on. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_IO_POOL_KIT_H
#define XIE_TESTS_IO_POOL_KIT_H

#include <stdint.h>
#include <xie/thread.h>

#include "io/threads.h"

/* A job that waits until it may go on. */
struct job {
    int started, go, ended, disposed, result;
};

static inline int work(void *arg)
{
    struct job *job = arg;
    store(&job->started, 1);
    hold(&job->go);
    store(&job->ended, 1);
    return job->result;
}

static inline void dispose(void *arg)
{
    struct job *job = arg;
    add(&job->disposed, 1);
}

static struct xie_pool *pool;

static inline void make(unsigned threads, size_t queue)
{
    const struct xie_pool_options options = {.threads = threads, .queue = queue};
    REQUIRE(xie_pool_open(&options, &pool) == 0);
}

static inline int submit(struct job *job, struct xie_promise **promise)
{
    return xie_pool_try_submit(pool, work, job, dispose, promise);
}

#endif
