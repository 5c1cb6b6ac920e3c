/* select.h - waiting for several things at once, of which exactly one takes effect.
 * Floor 4. For queues, locks, semaphores, events, barriers, futures and tasks of one loop, and for
 * channels and promises, which other threads use as well. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SELECT_H
#define XIE_SELECT_H

#include <stddef.h>

#include <xie/future.h>
#include <xie/queue.h>
#include <xie/sync.h>
#include <xie/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_channel;
struct xie_promise;

/* There is no case for a condition: its wait ends by taking a lock again, and that is a second
 * wait. An event, a semaphore or a queue does what is wanted of one here.
 *
 * One of the things waited for: a visible struct in the caller's array, made by the functions
 * below. The array may be used again and again, and cases changed in between, but not while a task
 * waits by it. A zero case never takes effect: to switch one off. */
struct xie_case {
    int result; /* what the call itself would have returned; of the case that took effect */
    /* the library's */
    const struct xie_case_kind *kind;
    struct xie_waiters *line; /* where it waits */
    void *object;
    void *item; /* to put */
    void **to;  /* where to store what is got */
    struct xie_select_wait *by;
    struct xie_waiter waiter;
};

/* As xie_queue_get: result 0 and *item set; or XIE_ECLOSED, and *item is untouched. */
XIE_API struct xie_case xie_case_get(struct xie_queue *queue, void **item);
/* As xie_queue_put: result 0 and the item is in the queue; or XIE_ECLOSED -ENOMEM: it is not. */
XIE_API struct xie_case xie_case_put(struct xie_queue *queue, void *item);
/* As xie_lock_take: result 0 and the caller owns it; XIE_EDEADLOCK it did so already. A longer
 * circle is not looked for, as another case may end the wait. */
XIE_API struct xie_case xie_case_lock(struct xie_lock *lock);
/* As xie_semaphore_take. */
XIE_API struct xie_case xie_case_semaphore(struct xie_semaphore *semaphore);
/* As xie_event_wait. */
XIE_API struct xie_case xie_case_event(struct xie_event *event);
/* As xie_barrier_wait: while the select waits the caller has come, and the others of a round go on
 * with it; when another case takes effect, or the select is interrupted, it has left. A barrier
 * that occurs in several cases is come to once. */
XIE_API struct xie_case xie_case_barrier(struct xie_barrier *barrier);
/* As xie_channel_get and xie_channel_put, also against other threads: an item that the select did
 * not get is another's. The caller holds a reference until the select returns. */
XIE_API struct xie_case xie_case_channel_get(struct xie_channel *channel, void **item);
XIE_API struct xie_case xie_case_channel_put(struct xie_channel *channel, void *item);
/* As xie_promise_wait: result is what that returns. Who selected something else has not taken the
 * outcome. The caller holds a reference until the select returns. */
XIE_API struct xie_case xie_case_promise(struct xie_promise *promise, void **value);
/* As xie_future_wait: result 0 and *value set (unless value is NULL); or the error it failed
 * with. The future may be gone when the select returns. */
XIE_API struct xie_case xie_case_future(struct xie_future *future, void **value);
/* The task has ended: result is what its function returned, -ENOMEM for NULL. The handle stays:
 * joining it no longer waits. Circles are not looked for, as above. */
XIE_API struct xie_case xie_case_task(struct xie_task *task);

/**
 * Wait until one of the cases can take effect, and have it take effect; none of the others does.
 *
 * cases   caller's array, in place until return; an object may occur in several of them
 * count   up to INT_MAX; 0 waits to be interrupted
 * return  the index of the case; how it went is in its result
 * errors  -ECANCELED -ETIMEDOUT -EPERM: none took effect, nothing is lost
 * note    fair both ways: in each object's line it has its place like any other call; and of
 *         several cases that can take effect at once none is preferred for long, as the
 *         places where the looks begin are spread evenly
 * cost    no allocation; linear in count. A suspension if none can take effect at once. A mutex
 *         for each case of a channel or a promise, twice where it waits; one that takes effect
 *         at once lets the loop's other tasks run now and then
 * source  Go's select; asyncio.wait(FIRST_COMPLETED), which may lose an item
 */
XIE_API int xie_select(struct xie_case *cases, size_t count);
/* The same without waiting: -EAGAIN when no case can take effect now. From callbacks too, where a
 * free lock's case has the result -EPERM: nobody could own it. */
XIE_API int xie_select_try(struct xie_case *cases, size_t count);

#ifdef __cplusplus
}
#endif
#endif
