/* thread.h - work that would block the loop, handed to threads; and tasks started by threads.
 * Floor 5. A running job is not interrupted: an interrupted waiter leaves without it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_THREAD_H
#define XIE_THREAD_H

#include <stddef.h>
#include <stdint.h>

#include <xie/loop.h>
#include <xie/promise.h>
#include <xie/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- work for threads: from a loop ---------------------------------------------------------- */

/**
 * Run fn(arg) on a thread of the default pool and wait for what it returns.
 *
 * fn       may block; may not call anything of the library that waits, but what is said to be
 *          safe from any thread, and what blocks (xie_run_threadsafe, …_blocking). Signals are
 *          blocked
 * dispose  called with arg, once, whenever what fn returned is not given back: with each of
 *          the errors below. On the pool's thread when the job was running: after it has
 *          ended. Must not block. May be NULL: then an interrupted waiter still stays until a
 *          running job has ended (and returns what it returned), so that arg may live in its
 *          frame
 * return   what fn returned: by convention >= 0, so that the errors below tell themselves
 *          apart; after one of them, arg is no longer the caller's unless dispose is NULL
 * errors   -ECANCELED -ETIMEDOUT: the job did not run, or goes on without its waiter; -EAGAIN
 *          no thread can be made; -ENOMEM; -EPERM outside a task
 * note     XIE_THREADS threads of the environment, 1 to 1024, else 4; made when needed and kept
 *          for the process; no limit to the jobs that wait. On sim the job runs at once, on the
 *          caller's thread
 * source   asyncio.to_thread
 */
XIE_API int xie_to_thread(int (*fn)(void *arg), void *arg, void (*dispose)(void *arg));

/* Threads that take jobs first come first served; opaque. Its calls are safe from any thread
 * between its open and its close. A child made by fork has the pool without its threads and
 * jobs: it makes its own. There the promise of a job that waited for a thread has failed with
 * -ECANCELED; of one that ran the child never hears. The child of a job that forks may exec or
 * _exit: where it returns from the job it aborts. */
struct xie_pool;

/* How to make a pool; zero is the default of each. */
struct xie_pool_options {
    const char *name; /* of its threads, cut after 15 bytes; copied. NULL: "xie-work" */
    unsigned threads; /* most, up to 1024; 0: 4 */
    size_t queue;     /* most jobs that wait for a thread; 0: unbounded */
};

/**
 * Make a pool. Its threads are made when they are needed, and stay until the close.
 *
 * options  borrowed for the call; NULL: the defaults
 * pool     receives it, owned: xie_pool_close
 * errors   -EINVAL too many threads; -ENOMEM
 * source   concurrent.futures.ThreadPoolExecutor, asyncio loop.set_default_executor
 */
XIE_API int xie_pool_open(const struct xie_pool_options *options, struct xie_pool **pool);

/* xie_to_thread on a pool; NULL: the default one. Waits for room in its queue first.
 * errors  those of xie_to_thread; XIE_ECLOSED the pool is being closed: the job did not run
 * source  asyncio loop.run_in_executor */
XIE_API int xie_pool_run(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                         void (*dispose)(void *arg));

/**
 * Hand fn(arg) over without waiting for its end; only for room in the queue.
 *
 * pool     NULL: the default one
 * arg      on error it is still the caller's
 * dispose  called with arg, once, unless a wait of the promise returned what fn did: when the
 *          job is cancelled, and after fn has ended where nobody asks. May be NULL
 * promise  receives one, owned, whose outcome is what fn returns and whose value is arg;
 *          xie_promise_cancel takes a job that waits for its thread back. NULL: nobody asks,
 *          and an error that fn returns is told on stderr
 * return   0
 * errors   -ECANCELED -ETIMEDOUT XIE_ECLOSED -EAGAIN (no thread can be made) -ENOMEM -EPERM
 * cost     one allocation, a mutex
 * source   Executor.submit
 */
#define xie_pool_submit(pool, fn, arg, dispose, promise) \
    xie_pool_submit_at((pool), (fn), (arg), (dispose), (promise), #fn, XIE_HERE)
XIE_API int xie_pool_submit_at(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                               void (*dispose)(void *arg), struct xie_promise **promise,
                               const char *name, const char *where);
/* The same without waiting for room, from any thread: -EAGAIN when the queue is full. */
#define xie_pool_try_submit(pool, fn, arg, dispose, promise) \
    xie_pool_try_submit_at((pool), (fn), (arg), (dispose), (promise), #fn, XIE_HERE)
XIE_API int xie_pool_try_submit_at(struct xie_pool *pool, int (*fn)(void *arg), void *arg,
                                   void (*dispose)(void *arg), struct xie_promise **promise,
                                   const char *name, const char *where);

enum xie_pool_end {
    XIE_POOL_DRAIN, /* jobs that wait for a thread run first */
    XIE_POOL_CANCEL /* they are cancelled, and never run */
};

/**
 * Close a pool: no more jobs, then wait until those that run have ended and its threads with
 * them. A task waits whatever its scopes say; a thread without a loop blocks. NULL is allowed.
 * From a callback, which cannot wait, and from a job of the pool itself it aborts.
 *
 * note    those who wait for room return XIE_ECLOSED; promises outlive the pool
 * source  Executor.shutdown(wait=True, cancel_futures)
 */
XIE_API void xie_pool_close(struct xie_pool *pool, enum xie_pool_end end);

/* --- work for a loop: from a thread ----------------------------------------------------------- */

/**
 * Start fn(arg) as a task of another thread's loop. (A task starts more by xie_spawn.)
 *
 * loop     from any thread; held by xie_loop_ref where it may have ended
 * arg      borrowed until the task has ended
 * promise  receives one, owned, whose outcome is what the task returns and whose value is arg;
 *          xie_promise_cancel cancels the task. NULL: nobody asks, and its error is told
 *          on stderr
 * return   0: it will run, be it only up to its first wait, as the loop is ending
 * errors   XIE_ECLOSED the loop has ended; -ENOMEM. No stack for the task: the promise fails
 *          with -ENOMEM, and fn does not run
 * cost     one allocation, a mutex, at most one write to wake the loop
 * source   asyncio.run_coroutine_threadsafe
 */
#define xie_spawn_threadsafe(loop, fn, arg, promise) \
    xie_spawn_threadsafe_at((loop), (fn), (arg), (promise), #fn, XIE_HERE)
XIE_API int xie_spawn_threadsafe_at(struct xie_loop *loop, xie_task_fn *fn, void *arg,
                                    struct xie_promise **promise, const char *name,
                                    const char *where);

/**
 * Run fn(arg) as a task of another thread's loop, and block until it has ended.
 *
 * timeout_ns  XIE_NEVER: as long as it takes. After it the task is cancelled, and has ended
 *             when this returns: arg may live in the caller's frame
 * return      what fn returned, be it after the timeout
 * errors      -ETIMEDOUT the task was cancelled and ended with -ECANCELED; XIE_ECLOSED -ENOMEM as
 *             above; -ECANCELED the loop ended meanwhile; -EPERM this thread runs a loop
 * source      run_coroutine_threadsafe(…).result(timeout)
 */
#define xie_run_threadsafe(loop, fn, arg, timeout_ns) \
    xie_run_threadsafe_at((loop), (fn), (arg), (timeout_ns), #fn, XIE_HERE)
XIE_API int xie_run_threadsafe_at(struct xie_loop *loop, xie_task_fn *fn, void *arg,
                                  int64_t timeout_ns, const char *name, const char *where);

#ifdef __cplusplus
}
#endif
#endif
