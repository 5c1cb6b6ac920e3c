/* future.h - an outcome still to come, that tasks wait for and anybody resolves.
 * Floor 3. A visible struct in its owner's storage; zero is a valid pending future. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_FUTURE_H
#define XIE_FUTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <xie/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Those who wait for something, first come first. Zero is empty. */
struct xie_waiters {
    struct xie_waiter *head, *tail;
};

/* One who waits: in the waiting task's frame, or a callback's owner's. */
struct xie_waiter {
    struct xie_waiter *next, *prev;
    struct xie_waiters *list;                /* NULL: not queued */
    void (*wake)(struct xie_waiter *waiter); /* only queues; the waiter is off the list */
};

/* A future. Its fields are the library's. Of one thread's loop. */
struct xie_future {
    struct xie_waiters waiters;
    void *value;
    int result; /* of the outcome */
    bool done;
};

/* Give the outcome: value goes to everyone who waits, now and later. Resolving twice
 * aborts: check xie_future_done where two may race. Not a wait; from tasks and callbacks
 * of the loop. source asyncio Future.set_result */
XIE_API void xie_future_resolve(struct xie_future *future, void *value);

/* Fail with error (negative). source asyncio Future.set_exception, Future.cancel */
XIE_API void xie_future_fail(struct xie_future *future, int error);

/**
 * Wait for the outcome.
 *
 * value   receives what was resolved; may be NULL; untouched on error
 * return  0, or the error it failed with
 * errors  -ECANCELED -ETIMEDOUT of the caller's scope; the future is not affected
 * note    any number of tasks may wait. Once it has its outcome the future may be destroyed:
 *         who waited does not look at it again. Destroying one with waiters is the caller's
 *         mistake
 * source  await future
 */
XIE_API int xie_future_wait(struct xie_future *future, void **value);

/* source asyncio Future.done */
XIE_API bool xie_future_done(const struct xie_future *future);

/* The outcome without waiting: as xie_future_wait, but -EBUSY while it is pending; from anywhere
 * in the loop. source asyncio Future.result, Future.exception, Future.cancelled */
XIE_API int xie_future_result(const struct xie_future *future, void **value);

/* A callback on a future; the caller's storage. Zero is a valid idle one. */
struct xie_future_callback {
    struct xie_waiter waiter;
    struct xie_call call;
    void (*fn)(void *arg);
    void *arg;
};

/* Have fn(arg) run, by the loop and never at once, when the future is done.
 * callback  caller's storage, zeroed before its first use; in place until it ran or was removed
 * errors    -EBUSY callback is registered already; -EPERM no loop in this thread
 * source    asyncio Future.add_done_callback */
XIE_API int xie_future_on_done(struct xie_future *future, struct xie_future_callback *callback,
                               void (*fn)(void *arg), void *arg);

/* return true: it will not run; false: it ran. source Future.remove_done_callback */
XIE_API bool xie_future_off_done(struct xie_future_callback *callback);

#ifdef __cplusplus
}
#endif
#endif
