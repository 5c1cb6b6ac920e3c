/* job.c - a function handed to a pool: waited for, promised, or forgotten.
 * Floor 5. A promise with a function: one reference is the pool's until the end, one the
 * caller's. Whoever gives back the last disposes of what nobody took. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/memory.h"
#include "io/pool.h"

/* --- the job as a promise ----------------------------------------------------------------------
 */

static struct xie_job *job_of(struct xie_promise *promise)
{
    return XIE_CONTAINER(promise, struct xie_job, promise);
}

/* True: it has not begun, and never will. */
static bool job_cancel(struct xie_promise *promise)
{
    struct xie_job *job = job_of(promise);
    struct xie_pool *pool = job->pool;
    pthread_mutex_lock(&pool->lock);
    bool queued = job->state == XIE_JOB_QUEUED;
    if (queued) {
        job->state = XIE_JOB_NEVER;
        xie_pool_remove(pool, job);
    }
    pthread_mutex_unlock(&pool->lock);
    if (!queued)
        return false;
    if (promise->dispose)
        promise->dispose(job->arg);
    promise->dispose = NULL;
    xie_promise_finish(promise, -ECANCELED, job->arg);
    return true;
}

static void job_drop(struct xie_promise *promise)
{
    xie_pool_unref(job_of(promise)->pool);
}

static struct xie_job *job_new(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                               void (*dispose)(void *arg))
{
    struct xie_job *job = xie_alloc_zero(sizeof *job);
    if (!job)
        return NULL;
    xie_promise_init(&job->promise, dispose);
    xie_list_init(&job->link);
    job->promise.cancel = job_cancel;
    job->promise.drop = job_drop;
    job->promise.kind = "job";
    job->pool = xie_pool_ref(pool);
    job->fn = fn;
    job->arg = arg;
    return job;
}

/* --- handing over ------------------------------------------------------------------------------
 */

/* Queue the job; self, if there is one, waits for room. A second reference is the caller's then.
 * errors  -EAGAIN no thread, or (self NULL) no room; XIE_ECLOSED; the scope's: not queued */
static int job_queue(struct xie_job *job, struct xie_task *self, const char *what)
{
    struct xie_pool *pool = job->pool;
    xie_promise_ref(&job->promise);
    pthread_mutex_lock(&pool->lock);
    int error = xie_pool_push(pool, job);
    if (error == XIE_ELIMIT && self) {
        error = xie_parker_wait(&job->parker, &pool->room, &pool->lock, self, what);
        if (!error && job->refused)
            error = XIE_ECLOSED;
    } else {
        pthread_mutex_unlock(&pool->lock);
    }
    if (error)
        xie_promise_unref(&job->promise);
    return error == XIE_ELIMIT ? -EAGAIN : error;
}

static int refuse(void (*dispose)(void *arg), void *arg, int error)
{
    if (dispose)
        dispose(arg);
    return error;
}

/* --- waited for --------------------------------------------------------------------------------
 */

/* The wait for the job was interrupted by error. What is already there wins. */
static int job_leave(struct xie_promise *promise, int error, bool disposable, struct xie_task *self,
                     const char *what)
{
    if (xie_promise_cancel(promise))
        return error;
    /* arg may live in the caller's frame; a closed object interrupts behind the shield, too. */
    XIE_SHIELD {
        while (!disposable && xie_promise_await(promise, self, what))
            ;
    }
    return xie_promise_take(promise) ? promise->result : error;
}

int xie_pool_run_as(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                    void (*dispose)(void *arg), const char *what)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return refuse(dispose, arg, error);
    if (xie_on_sim())
        return fn(arg);

    struct xie_job *job = job_new(pool, fn, arg, dispose);
    if (!job)
        return refuse(dispose, arg, -ENOMEM);
    error = job_queue(job, self, what);
    if (error) {
        xie_promise_unref(&job->promise);
        return refuse(dispose, arg, error);
    }
    error = xie_check(); /* interrupted as room was made */
    if (!error)
        error = xie_promise_await(&job->promise, self, what);
    int result = error ? job_leave(&job->promise, error, dispose, self, what) : job->promise.result;
    xie_promise_unref(&job->promise);
    return result;
}

int xie_pool_run(struct xie_pool *pool, int (*fn)(void *arg), void *arg, void (*dispose)(void *arg))
{
    return xie_pool_run_as(pool ? pool : xie_pool_default(), fn, arg, dispose, "xie_pool_run");
}

int xie_to_thread(int (*fn)(void *arg), void *arg, void (*dispose)(void *arg))
{
    return xie_pool_run_as(xie_pool_default(), fn, arg, dispose, "xie_to_thread");
}

/* --- promised ----------------------------------------------------------------------------------
 */

/* self NULL: without waiting for room. */
static int submit(struct xie_task *self, struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                  void (*dispose)(void *arg), struct xie_promise **promise, const char *name,
                  const char *where)
{
    struct xie_job *job = job_new(pool ? pool : xie_pool_default(), fn, arg, dispose);
    if (!job)
        return -ENOMEM;
    job->promise.name = name;
    job->promise.where = where;
    int error = 0;
    if (xie_on_sim()) {
        job->state = XIE_JOB_RUNNING;
        xie_promise_finish(xie_promise_ref(&job->promise), fn(arg), arg);
    } else {
        error = job_queue(job, self, "xie_pool_submit");
    }
    if (!error && promise)
        *promise = &job->promise;
    else
        xie_promise_unref(&job->promise);
    return error;
}

int xie_pool_submit_at(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                       void (*dispose)(void *arg), struct xie_promise **promise, const char *name,
                       const char *where)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    return error ? error : submit(self, pool, fn, arg, dispose, promise, name, where);
}

int xie_pool_try_submit_at(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                           void (*dispose)(void *arg), struct xie_promise **promise,
                           const char *name, const char *where)
{
    return submit(NULL, pool, fn, arg, dispose, promise, name, where);
}
