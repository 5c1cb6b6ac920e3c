/* sync.h - locks, events and queues between tasks of one loop.
 * Floor 4. Fair: first come first served, no barging; safe under cancellation. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SYNC_H
#define XIE_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include <xie/future.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_task;

/* A lock. Zero is a valid free lock. */
struct xie_lock {
    struct xie_task *owner;
    struct xie_waiters waiters;
};

/**
 * Take the lock, waiting for one's turn.
 *
 * return  0 the caller owns it
 * errors  -ECANCELED -ETIMEDOUT not taken; XIE_EDEADLOCK the caller has it already, or its
 *         owner waits for the caller in a circle (named on stderr); -EPERM outside a task
 * cost    uncontended a few nanoseconds, no suspension
 * source  asyncio.Lock.acquire
 */
XIE_API int xie_lock_take(struct xie_lock *lock);
/* Take it if it is free: 0, else -EBUSY. */
XIE_API int xie_lock_try(struct xie_lock *lock);
/* Give it to the first who waits. Only its owner may: anything else aborts. */
XIE_API void xie_lock_give(struct xie_lock *lock);

/* For XIE_LOCKED. */
XIE_API struct xie_lock *xie_lock_take_block(struct xie_lock *lock);
XIE_API void xie_lock_give_block(struct xie_lock **lock);

/* A block with the lock held, given back on leaving by any road. Not entered when the
 * take failed: xie_check() tells why. */
#define XIE_LOCKED(lock)                                                                    \
    for (struct xie_lock *                                                                  \
             XIE_JOIN_(xie_lock_, __LINE__)                                                 \
                 __attribute__((cleanup(xie_lock_give_block))) = xie_lock_take_block(lock), \
                 *XIE_JOIN_(xie_once_, __LINE__) = XIE_JOIN_(xie_lock_, __LINE__);          \
         XIE_JOIN_(xie_once_, __LINE__); XIE_JOIN_(xie_once_, __LINE__) = NULL)

/* A flag that tasks wait for. Zero is a valid one that is not set. */
struct xie_event {
    struct xie_waiters waiters;
    bool set;
};

/* Set it and wake all who wait. From tasks and callbacks. source asyncio.Event.set */
XIE_API void xie_event_set(struct xie_event *event);
/* Those already woken stay woken. source asyncio.Event.clear */
XIE_API void xie_event_clear(struct xie_event *event);
/* return 0; errors -ECANCELED -ETIMEDOUT. source asyncio.Event.wait */
XIE_API int xie_event_wait(struct xie_event *event);

/* A queue of pointers, first in first out. */
struct xie_queue {
    void **items;
    size_t cap, count, first;
    size_t limit; /* most items; 0: unbounded */
    size_t unfinished;
    bool closed;
    struct xie_waiters getters, putters, joiners;
};

/* limit: most items it holds, 0 for no limit. Allocates nothing.
 * source asyncio.Queue(maxsize) */
XIE_API void xie_queue_init(struct xie_queue *queue, size_t limit);
/* Give its memory back. Waiting tasks or (unless closed) items left in it abort: the
 * caller's mistake. */
XIE_API void xie_queue_fini(struct xie_queue *queue);

/**
 * Put an item, waiting for room.
 *
 * item    any pointer, NULL included; on error it is still the caller's
 * return  0
 * errors  -ECANCELED -ETIMEDOUT; XIE_ECLOSED closed; -ENOMEM
 * source  asyncio.Queue.put
 */
XIE_API int xie_queue_put(struct xie_queue *queue, void *item);
/* The same without waiting, from callbacks too: -EAGAIN when full. source put_nowait */
XIE_API int xie_queue_try_put(struct xie_queue *queue, void *item);

/**
 * Take the oldest item, waiting for one.
 *
 * item    receives it; untouched on error. An interrupted get loses no item
 * return  0
 * errors  -ECANCELED -ETIMEDOUT; XIE_ECLOSED closed and empty
 * source  asyncio.Queue.get
 */
XIE_API int xie_queue_get(struct xie_queue *queue, void **item);
/* The same without waiting: -EAGAIN when empty. source get_nowait */
XIE_API int xie_queue_try_get(struct xie_queue *queue, void **item);

/* No more puts; gets go on until it is empty. Waiting putters fail with XIE_ECLOSED, as
 * do getters if it is empty. Idempotent. source asyncio.Queue.shutdown */
XIE_API void xie_queue_close(struct xie_queue *queue);

/* One item got is dealt with. More than were put aborts. source task_done */
XIE_API void xie_queue_task_done(struct xie_queue *queue);
/* Wait until every item put is dealt with. return 0; errors -ECANCELED -ETIMEDOUT.
 * source asyncio.Queue.join */
XIE_API int xie_queue_join(struct xie_queue *queue);

/* source qsize */
XIE_API size_t xie_queue_count(const struct xie_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
