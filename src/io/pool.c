/* pool.c - threads that take jobs first come first served.
 * Floor 5. The threads and the queue; what a job is to its waiter is in job.c. */
/* SPDX-License-Identifier: MIT */
#include "io/pool.h"

#include <errno.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/option.h"
#include "base/sys.h"

static struct xie_pool pool_work = {.name = "xie-work",
                                    .link = {&pool_work.link, &pool_work.link},
                                    .lock = PTHREAD_MUTEX_INITIALIZER,
                                    .work = PTHREAD_COND_INITIALIZER,
                                    .queue = {&pool_work.queue, &pool_work.queue},
                                    .running = {&pool_work.running, &pool_work.running},
                                    .room = {&pool_work.room, &pool_work.room},
                                    .refs = 1};
struct xie_pool xie_pool_names = {.name = "xie-names",
                                  .link = {&xie_pool_names.link, &xie_pool_names.link},
                                  .lock = PTHREAD_MUTEX_INITIALIZER,
                                  .work = PTHREAD_COND_INITIALIZER,
                                  .queue = {&xie_pool_names.queue, &xie_pool_names.queue},
                                  .running = {&xie_pool_names.running, &xie_pool_names.running},
                                  .room = {&xie_pool_names.room, &xie_pool_names.room},
                                  .most = XIE_POOL_THREADS,
                                  .refs = 1};

static _Thread_local struct xie_pool *pool_here; /* whose thread this is */

static void work_size(void)
{
    struct xie_option option = {"XIE_THREADS", 1, XIE_POOL_THREADS_MOST, XIE_POOL_THREADS, false};
    pool_work.most = (unsigned)xie_option_number(&option);
}

struct xie_pool *xie_pool_default(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, work_size);
    return &pool_work;
}

/* --- forks -------------------------------------------------------------------------------------
 */

static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static struct xie_link pools = {&pools, &pools};

/* Empty, and without threads. */
static void pool_reset(struct xie_pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    xie_list_init(&pool->queue);
    xie_list_init(&pool->running);
    xie_list_init(&pool->room);
    xie_list_init(&pool->closer);
    pool->queued = 0;
    pool->idle = pool->threads = pool->made = 0;
}

/* Jobs that wait for a thread are the parent's: the child's copies of them never run. */
static void pool_forget(struct xie_pool *pool)
{
    while (!xie_list_empty(&pool->queue)) {
        struct xie_job *job = XIE_CONTAINER(pool->queue.next, struct xie_job, link);
        xie_list_remove(&job->link);
        job->state = XIE_JOB_NEVER;
        xie_promise_orphan(&job->promise, job->arg);
    }
    pool_reset(pool);
}

static void each_pool(void (*fn)(struct xie_pool *pool))
{
    fn(&pool_work);
    fn(&xie_pool_names);
    for (struct xie_link *link = pools.next; link != &pools; link = link->next)
        fn(XIE_CONTAINER(link, struct xie_pool, link));
}

static void pool_lock(struct xie_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
}

static void pool_unlock(struct xie_pool *pool)
{
    pthread_mutex_unlock(&pool->lock);
}

/* No queue is in the midst of a change then. Nobody has one of their locks when taking another. */
static void fork_begin(void)
{
    pthread_mutex_lock(&pools_lock);
    each_pool(pool_lock);
}

static void fork_parent(void)
{
    each_pool(pool_unlock);
    pthread_mutex_unlock(&pools_lock);
}

static void fork_child(void)
{
    each_pool(pool_forget);
    pool_here = NULL; /* a job has forked: this is no thread of a pool's any more */
    pthread_mutex_unlock(&pools_lock);
}

static void watch_forks(void)
{
    pthread_atfork(fork_begin, fork_parent, fork_child);
}

/* --- the queue, under the lock -----------------------------------------------------------------
 */

static int thread_start(struct xie_pool *pool);

static struct xie_job *first_job(const struct xie_pool *pool)
{
    if (xie_list_empty(&pool->queue))
        return NULL;
    return XIE_CONTAINER(pool->queue.next, struct xie_job, link);
}

/* A job waits for a thread when more are queued than there are, or can be made, to take them. */
static bool is_full(const struct xie_pool *pool)
{
    size_t free = pool->idle + (pool->most - pool->threads);
    return pool->limit && pool->queued >= free && pool->queued - free >= pool->limit;
}

/* With a thread to take it. errors -EAGAIN there is none, and none can be made */
static int enqueue(struct xie_pool *pool, struct xie_job *job)
{
    int error = 0;
    if (pool->idle <= pool->queued && pool->threads < pool->most)
        error = thread_start(pool);
    if (!pool->threads) /* one that cannot be had is no error while there are others */
        return error;
    xie_list_push(&pool->queue, &job->link);
    pool->queued++;
    pthread_cond_signal(&pool->work);
    return 0;
}

/* There may be room: who waits for it has its job queued before anybody else's. */
static void admit(struct xie_pool *pool)
{
    struct xie_parker *first = xie_parker_first(&pool->room);
    if (!first || is_full(pool) || enqueue(pool, XIE_CONTAINER(first, struct xie_job, parker)))
        return;
    xie_parker_wake(first);
}

void xie_pool_remove(struct xie_pool *pool, struct xie_job *job)
{
    xie_list_remove(&job->link);
    pool->queued--;
    admit(pool);
}

int xie_pool_push(struct xie_pool *pool, struct xie_job *job)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    if (pool->closed)
        return XIE_ECLOSED;
    if (is_full(pool) || xie_parker_first(&pool->room))
        return XIE_ELIMIT;
    return enqueue(pool, job);
}

/* --- the threads -------------------------------------------------------------------------------
 */

/* What a thread is at, in its frame: the job may be gone before the thread has done with it. */
struct running {
    struct xie_link link;
    int (*fn)(void *arg);
    void (*dispose)(void *arg);
    const char *where;
};

/* Run the first of the queue, which is not empty. */
static void run_first(struct xie_pool *pool)
{
    struct xie_job *job = first_job(pool);
    struct running running = {
        .fn = job->fn, .dispose = job->promise.dispose, .where = job->promise.where};
    pool->idle--;
    job->state = XIE_JOB_RUNNING;
    xie_list_push(&pool->running, &running.link);
    xie_pool_remove(pool, job);
    pthread_mutex_unlock(&pool->lock);
    int result = job->fn(job->arg);
    if (!pool_here)
        xie_misuse("a job of pool '%s' forked, and the child returned from it; it may exec or "
                   "_exit",
                   pool->name);
    pthread_mutex_lock(&pool->lock);
    pool->idle++; /* before its waiter hears of the end: the next job finds a thread */
    pthread_mutex_unlock(&pool->lock);
    xie_promise_finish(&job->promise, result, job->arg);
    pthread_mutex_lock(&pool->lock);
    xie_list_remove(&running.link);
}

static size_t reach(struct xie_pool *pool, const struct xie_span *span)
{
    size_t count = 0;
    pthread_mutex_lock(&pool->lock);
    for (struct xie_link *at = pool->queue.next; at != &pool->queue; at = at->next) {
        const struct xie_job *job = XIE_CONTAINER(at, struct xie_job, link);
        count += xie_span_has(span, (void *)job->fn) ||
                 xie_span_has(span, (void *)job->promise.dispose) ||
                 xie_span_has(span, job->promise.where);
    }
    for (struct xie_link *at = pool->running.next; at != &pool->running; at = at->next) {
        const struct running *running = XIE_CONTAINER(at, struct running, link);
        count += xie_span_has(span, (void *)running->fn) ||
                 xie_span_has(span, (void *)running->dispose) || xie_span_has(span, running->where);
    }
    pthread_mutex_unlock(&pool->lock);
    return count;
}

size_t xie_pools_reach(const struct xie_span *span)
{
    pthread_mutex_lock(&pools_lock);
    size_t count = reach(&pool_work, span) + reach(&xie_pool_names, span);
    for (struct xie_link *at = pools.next; at != &pools; at = at->next)
        count += reach(XIE_CONTAINER(at, struct xie_pool, link), span);
    pthread_mutex_unlock(&pools_lock);
    return count;
}

static void *thread_main(void *arg)
{
    struct xie_pool *pool = pool_here = arg;
    pthread_setname_np(pthread_self(), pool->name);
    pthread_mutex_lock(&pool->lock);
    while (first_job(pool) || !pool->closed)
        if (first_job(pool))
            run_first(pool);
        else
            pthread_cond_wait(&pool->work, &pool->lock);
    pool->idle--;
    if (--pool->threads == 0 && xie_parker_first(&pool->closer))
        xie_parker_wake(xie_parker_first(&pool->closer));
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* One thread more, idle. Under the lock. */
static int thread_start(struct xie_pool *pool)
{
    pthread_t id;
    int error = xie_sys_thread(&id, thread_main, pool, true);
    if (error)
        return -EAGAIN;
    if (pool->ids)
        pool->ids[pool->made++] = id;
    else
        pthread_detach(id);
    pool->threads++;
    pool->idle++;
    return 0;
}

/* --- open and close ----------------------------------------------------------------------------
 */

int xie_pool_open(const struct xie_pool_options *options, struct xie_pool **pool)
{
    static const struct xie_pool_options defaults;
    if (!options)
        options = &defaults;
    unsigned most = options->threads ? options->threads : XIE_POOL_THREADS;
    if (most > XIE_POOL_THREADS_MOST)
        return -EINVAL;
    struct xie_pool *made = xie_alloc_zero(sizeof *made);
    pthread_t *ids = made ? xie_alloc(most * sizeof *ids) : NULL;
    if (!ids) {
        xie_release(made);
        return -ENOMEM;
    }
    pool_reset(made);
    snprintf(made->name, sizeof made->name, "%s", options->name ? options->name : "xie-work");
    made->ids = ids;
    made->most = most;
    made->limit = options->queue;
    made->refs = 1;
    pthread_mutex_lock(&pools_lock);
    xie_list_push(&pools, &made->link);
    pthread_mutex_unlock(&pools_lock);
    *pool = made;
    return 0;
}

struct xie_pool *xie_pool_ref(struct xie_pool *pool)
{
    __atomic_add_fetch(&pool->refs, 1, __ATOMIC_RELAXED);
    return pool;
}

void xie_pool_unref(struct xie_pool *pool)
{
    if (__atomic_sub_fetch(&pool->refs, 1, __ATOMIC_ACQ_REL))
        return;
    pthread_mutex_lock(&pools_lock);
    xie_list_remove(&pool->link);
    pthread_mutex_unlock(&pools_lock);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->work);
    xie_release(pool->ids);
    xie_release(pool);
}

/* Those who wait for room leave, their jobs with them. Under the lock. */
static void refuse_all(struct xie_pool *pool)
{
    struct xie_parker *parker;
    while ((parker = xie_parker_first(&pool->room))) {
        XIE_CONTAINER(parker, struct xie_job, parker)->refused = true;
        xie_parker_wake(parker);
    }
}

/* The threads are about to end: wait until all of them are. The lock is held, and let go of. */
static void wait_for_threads(struct xie_pool *pool, struct xie_task *self)
{
    struct xie_parker parker = {0};
    if (!pool->threads)
        pthread_mutex_unlock(&pool->lock);
    else if (!self)
        xie_parker_block(&parker, &pool->closer, &pool->lock);
    else
        XIE_SHIELD
            xie_parker_wait(&parker, &pool->closer, &pool->lock, self, "xie_pool_close");
    for (unsigned i = 0; i < pool->made; i++)
        pthread_join(pool->ids[i], NULL); /* at its very end: this takes microseconds */
}

void xie_pool_close(struct xie_pool *pool, enum xie_pool_end end)
{
    struct xie_task *self = xie_task_current();
    if (!pool)
        return;
    if (pool == pool_here)
        xie_misuse("xie_pool_close of pool '%s' by one of its own jobs", pool->name);
    if (xie_loop_current() && !self)
        xie_misuse("xie_pool_close of pool '%s' in a callback, which cannot wait", pool->name);
    pthread_mutex_lock(&pool->lock);
    if (pool->closed)
        xie_misuse("pool '%s' is closed twice", pool->name);
    pool->closed = true;
    refuse_all(pool);
    struct xie_job *job;
    while (end == XIE_POOL_CANCEL && (job = first_job(pool))) {
        xie_promise_ref(&job->promise);
        pthread_mutex_unlock(&pool->lock);
        xie_promise_cancel(&job->promise); /* unless a thread has just taken it */
        xie_promise_unref(&job->promise);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_cond_broadcast(&pool->work);
    wait_for_threads(pool, self);
    xie_pool_unref(pool);
}
