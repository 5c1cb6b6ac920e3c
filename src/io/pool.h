/* pool.h - inside a pool of threads: its queue, and what it does with a job.
 * Floor 5. All that both sides look at stands under the pool's lock. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_POOL_H
#define XIE_IO_POOL_H

#include <xie/thread.h>

#include "base/span.h"
#include "io/promise.h"

enum { XIE_POOL_THREADS = 4, XIE_POOL_THREADS_MOST = 1024, XIE_POOL_NAME_CAP = 16 };

struct xie_pool {
    struct xie_link link; /* of all pools */
    char name[XIE_POOL_NAME_CAP];
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct xie_link queue;        /* of jobs */
    struct xie_link running;      /* what its threads are at; see xie_pools_reach */
    struct xie_link room;         /* of jobs' parkers: those who wait until it is no longer full */
    struct xie_link closer;       /* the parker of who closes it */
    size_t queued, limit;         /* limit 0: none */
    unsigned idle, threads, most; /* idle: those that run no job, new ones as well */
    bool closed;
    unsigned refs;  /* atomic: its owner's, and one of each job */
    pthread_t *ids; /* of its threads, for the close; NULL: it is never closed */
    unsigned made;  /* length of ids */
};

enum xie_job_state { XIE_JOB_QUEUED, XIE_JOB_RUNNING, XIE_JOB_NEVER };

struct xie_job {
    struct xie_promise promise;
    struct xie_link link;     /* in the queue */
    struct xie_parker parker; /* of who waits for room; once there is, the job is in the queue */
    struct xie_pool *pool;
    int (*fn)(void *arg);
    void *arg;
    enum xie_job_state state;
    bool refused; /* the pool was closed before there was room */
};

/* For xie_to_thread, and for looking names up: a slow name server must not hold up other
 * work, nor the other way round. */
struct xie_pool *xie_pool_default(void);
extern struct xie_pool xie_pool_names;

/* Under the lock: queue a job, with a thread to take it.
 * errors  -EAGAIN no thread can be made, and there is none; XIE_ECLOSED; XIE_ELIMIT it is full */
int xie_pool_push(struct xie_pool *pool, struct xie_job *job);
/* Under the lock: take a job out of the queue; another may have room then. */
void xie_pool_remove(struct xie_pool *pool, struct xie_job *job);

/* How many jobs of all pools, waiting ones too, have a function in span: their own, or the one that
 * disposes. */
size_t xie_pools_reach(const struct xie_span *span);

struct xie_pool *xie_pool_ref(struct xie_pool *pool);
void xie_pool_unref(struct xie_pool *pool);

/* xie_pool_run; what is the wait's name. */
int xie_pool_run_as(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                    void (*dispose)(void *arg), const char *what);

static inline bool xie_on_sim(void)
{
    struct xie_loop *loop = xie_loop_current();
    return loop && loop->backend == &xie_backend_sim;
}

#endif
