/* thread.h - work that would block the loop, handed to threads.
 * Floor 5. A running job is not interrupted: an interrupted waiter leaves without it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_THREAD_H
#define XIE_THREAD_H

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Run fn(arg) on a thread of the pool and wait for what it returns.
 *
 * fn       may block; may not call anything of the library that waits. Signals are blocked
 * dispose  called with arg, once, whenever what fn returned is not given back: with each of
 *          the errors below. On the pool's thread when the job was running: after it has
 *          ended. May be NULL: then an interrupted waiter still stays until a running job
 *          has ended (and returns what it returned), so that arg may live in its frame
 * return   what fn returned: by convention >= 0, so that the errors below tell themselves
 *          apart; after one of them, arg is no longer the caller's unless dispose is NULL
 * errors   -ECANCELED -ETIMEDOUT: the job did not run, or goes on without its waiter;
 *          -EAGAIN no thread can be made; -ENOMEM; -EPERM outside a task
 * note     4 threads, made when needed and kept for the process; on sim the job runs at
 *          once, on the caller's thread
 * source   asyncio.to_thread
 */
XIE_API int xie_to_thread(int (*fn)(void *arg), void *arg, void (*dispose)(void *arg));

#ifdef __cplusplus
}
#endif
#endif
