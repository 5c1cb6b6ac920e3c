/* thread.c - pools of threads for what would block the loop.
 * Floor 5. A job is the waiter's until the pool has it running with its waiter gone: then it is
 * the pool's. All that both sides look at stands under the pool's lock. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include <xie/thread.h>

#include "base/fault.h"
#include "base/memory.h"
#include "io/pool.h"
#include "task/wait.h"

enum { XIE_POOL_THREADS = 4 }; /* of each pool. Jobs that wait are bounded by the tasks' number */

struct job {
    struct xie_inbox_call back; /* the end, told to the loop */
    struct job *next;           /* in the queue */
    struct xie_pool *pool;
    int (*fn)(void *arg);
    void *arg;
    void (*dispose)(void *arg);
    struct xie_loop *loop;
    struct waiter *waiter;
    int result;
    enum { JOB_QUEUED, JOB_RUNNING, JOB_ENDED, JOB_LEFT } state;
};

/* In the waiting task's frame. */
struct waiter {
    struct xie_wait wait;
    struct job *job;
    bool never; /* the job was taken from the queue */
    bool left;  /* the job runs on without us, and is no longer ours */
};

struct xie_pool {
    const char *name; /* of its threads, at most 15 bytes */
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *head, **tail;
    unsigned queued, idle, threads;
};

struct xie_pool xie_pool_work = {
    .name = "xie-work", .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};
struct xie_pool xie_pool_names = {
    .name = "xie-names", .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

/* --- the queue, under the lock -----------------------------------------------------------------
 */

static void queue_push(struct xie_pool *pool, struct job *job)
{
    if (!pool->head)
        pool->tail = &pool->head;
    job->next = NULL;
    *pool->tail = job;
    pool->tail = &job->next;
    pool->queued++;
}

static struct job *queue_take(struct xie_pool *pool)
{
    struct job *job = pool->head;
    pool->head = job->next;
    pool->queued--;
    return job;
}

/* Linear: a wait is seldom interrupted before its job runs. */
static void queue_remove(struct xie_pool *pool, struct job *job)
{
    struct job **at = &pool->head;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (!job->next)
        pool->tail = at;
    pool->queued--;
}

/* --- the threads ---------------------------------------------------------------------------------
 */

/* The job's function has returned. Under the lock; may let go of it meanwhile. */
static void job_ended(struct xie_pool *pool, struct job *job)
{
    if (job->state != JOB_LEFT) {
        job->state = JOB_ENDED;
        /* Under the lock, which the waiter takes before it goes on: so neither the job nor
         * its loop goes away while they are still used here. */
        xie_loop_post(job->loop, &job->back);
        return;
    }
    pthread_mutex_unlock(&pool->lock);
    job->dispose(job->arg);
    xie_release(job);
    pthread_mutex_lock(&pool->lock);
}

static void *thread_main(void *arg)
{
    struct xie_pool *pool = arg;
    pthread_setname_np(pthread_self(), pool->name);
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        pool->idle++;
        while (!pool->head)
            pthread_cond_wait(&pool->work, &pool->lock);
        pool->idle--;
        struct job *job = queue_take(pool);
        job->state = JOB_RUNNING;
        pthread_mutex_unlock(&pool->lock);
        int result = job->fn(job->arg);
        pthread_mutex_lock(&pool->lock);
        job->result = result;
        job_ended(pool, job);
    }
    return NULL;
}

/* A child made by fork has none of the threads, and perhaps a lock that one of them held. */
static void forget_threads(void)
{
    struct xie_pool *pools[] = {&xie_pool_work, &xie_pool_names};
    for (int i = 0; i < 2; i++) {
        struct xie_pool *pool = pools[i];
        pthread_mutex_init(&pool->lock, NULL);
        pthread_cond_init(&pool->work, NULL);
        pool->head = NULL;
        pool->queued = pool->idle = pool->threads = 0;
    }
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_threads);
}

/* One thread more, which hears no signal: those are for the program's own threads. Under the
 * lock. */
static int thread_start(struct xie_pool *pool)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_t thread;
    sigset_t all, before;
    pthread_once(&once, watch_forks);
    int error = xie_fault_check(XIE_FAULT_SYSCALL);
    if (error)
        return -EAGAIN;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, NULL, thread_main, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return -EAGAIN;
    pthread_detach(thread);
    pool->threads++;
    return 0;
}

/* --- the waiter's side -------------------------------------------------------------- */

static int job_submit(struct xie_pool *pool, struct job *job)
{
    int error = 0;
    pthread_mutex_lock(&pool->lock);
    if (pool->idle <= pool->queued && pool->threads < XIE_POOL_THREADS)
        error = thread_start(pool);
    if (pool->threads) { /* one that cannot be had is no error while there are others */
        error = 0;
        queue_push(pool, job);
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return error;
}

/* The end of the job has come to the loop's thread. */
static void job_back(struct xie_ready *item)
{
    struct job *job = XIE_CONTAINER(item, struct job, back.ready);
    pthread_mutex_lock(&job->pool->lock); /* the pool's thread is done with it now */
    pthread_mutex_unlock(&job->pool->lock);
    xie_wait_finish(&job->waiter->wait, job->result);
}

static void job_abort(struct xie_wait *wait, int error)
{
    struct waiter *waiter = XIE_CONTAINER(wait, struct waiter, wait);
    struct job *job = waiter->job;
    struct xie_pool *pool = job->pool;
    pthread_mutex_lock(&pool->lock);
    if (job->state == JOB_QUEUED) {
        queue_remove(pool, job);
        waiter->never = true;
    } else if (job->state == JOB_RUNNING && job->dispose) {
        job->state = JOB_LEFT;
        waiter->left = true;
    } /* else its end is on the way, or must be waited for: arg may live in our frame */
    pthread_mutex_unlock(&pool->lock);
    if (waiter->never || waiter->left)
        xie_wait_finish(wait, error);
}

/* Hand a job over and wait. never: it did not run; left: it is not ours any more. */
static int job_run(struct job *job, struct xie_task *self, const char *what, struct waiter *waiter)
{
    struct xie_loop *loop = job->loop; /* the job may be gone after the wait */
    waiter->job = job;
    job->waiter = waiter;
    int error = job_submit(job->pool, job);
    if (error) {
        waiter->never = true;
        return error;
    }
    loop->external++;
    int result = xie_wait_park(&waiter->wait, self, what, job_abort);
    loop->external--;
    return result;
}

static int refuse(void (*dispose)(void *arg), void *arg, int error)
{
    if (dispose)
        dispose(arg);
    return error;
}

int xie_pool_run(struct xie_pool *pool, int (*fn)(void *arg), void *arg, void (*dispose)(void *arg),
                 const char *what)
{
    struct xie_task *self;
    struct waiter waiter = {0};
    int error = xie_wait_enter(&self);
    if (error)
        return refuse(dispose, arg, error);
    if (xie_on_sim())
        return fn(arg);

    struct job *job = xie_alloc(sizeof *job);
    if (!job)
        return refuse(dispose, arg, -ENOMEM);
    *job = (struct job){.back.ready.run = job_back,
                        .pool = pool,
                        .fn = fn,
                        .arg = arg,
                        .dispose = dispose,
                        .loop = xie_loop_current()};
    int result = job_run(job, self, what, &waiter);
    if (!waiter.left)
        xie_release(job);
    return waiter.never ? refuse(dispose, arg, result) : result;
}

int xie_to_thread(int (*fn)(void *arg), void *arg, void (*dispose)(void *arg))
{
    return xie_pool_run(&xie_pool_work, fn, arg, dispose, "xie_to_thread");
}
