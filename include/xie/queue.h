/* queue.h - queues of pointers between tasks of one loop: first in, last in or least first out.
 * Floor 4. Fair: first come first served, no barging; safe under cancellation. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_QUEUE_H
#define XIE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The order of a queue with priorities: negative when a is to come out before b, positive when
 * after; equals come out in the order they were put. It must not wait, and items in a queue must
 * not change their places. As of qsort(3), but given the items themselves. */
typedef int xie_queue_compare(const void *a, const void *b);

/* A queue; a visible struct in the caller's storage, its fields are the library's. Zero is a valid
 * one, first in first out and without a limit. Tasks that wait to get or put are served in the
 * order they came. */
struct xie_queue {
    void *store; /* a ring of items, or a heap of them */
    const struct xie_queue_order *order;
    xie_queue_compare *compare;
    size_t cap, count;
    size_t first;    /* of the ring */
    uint64_t serial; /* of the heap */
    size_t limit;    /* most items; 0: unbounded */
    size_t unfinished;
    bool closed;
    struct xie_waiters getters, putters, joiners;
};

/* The oldest item comes out first.
 * limit   most items it holds, 0 for no limit. A put beyond it waits
 * cost    allocates nothing. A put or get takes constant time, amortised; memory for a burst
 *         of more than 1024 items is given back when the queue is empty
 * source  asyncio.Queue(maxsize) */
XIE_API void xie_queue_init(struct xie_queue *queue, size_t limit);
/* The newest comes out first. source asyncio.LifoQueue */
XIE_API void xie_queue_init_lifo(struct xie_queue *queue, size_t limit);
/* The least comes out first. Among n items a put costs at most log2 n comparisons, a get
 * twice that. source asyncio.PriorityQueue */
XIE_API void xie_queue_init_priority(struct xie_queue *queue, size_t limit,
                                     xie_queue_compare *compare);
/* Give its memory back. Waiting tasks or (unless closed) items left in it abort: the
 * caller's mistake. */
XIE_API void xie_queue_fini(struct xie_queue *queue);

/**
 * Put an item, waiting for room.
 *
 * item    any pointer, NULL included; on error it is still the caller's
 * return  0
 * errors  -ECANCELED -ETIMEDOUT; XIE_ECLOSED closed; -ENOMEM; -EPERM outside a task
 * source  asyncio.Queue.put
 */
XIE_API int xie_queue_put(struct xie_queue *queue, void *item);
/* The same without waiting, from callbacks too: -EAGAIN when full.
 * source asyncio.Queue.put_nowait */
XIE_API int xie_queue_try_put(struct xie_queue *queue, void *item);

/**
 * Take the item whose turn it is, waiting for one.
 *
 * item    receives it; untouched on error. An interrupted get loses no item
 * return  0
 * errors  -ECANCELED -ETIMEDOUT; XIE_ECLOSED closed and empty; -EPERM outside a task
 * source  asyncio.Queue.get
 */
XIE_API int xie_queue_get(struct xie_queue *queue, void **item);
/* The same without waiting, from callbacks too: -EAGAIN when empty.
 * source asyncio.Queue.get_nowait */
XIE_API int xie_queue_try_get(struct xie_queue *queue, void **item);

/* No more puts; gets go on until it is empty. Waiting putters fail with XIE_ECLOSED, as
 * do getters if it is empty. Idempotent; from tasks and callbacks. source asyncio.Queue.shutdown */
XIE_API void xie_queue_close(struct xie_queue *queue);

/**
 * Close it, and take out what is left.
 *
 * dispose  called with each item in the order of getting, each counts as dealt with; must not
 *          wait. NULL: the items are only dropped
 * note     xie_queue_join returns when those that were got before are dealt with too. To have
 *          the items back instead, close and get them
 * source   asyncio.Queue.shutdown(immediate=True)
 */
XIE_API void xie_queue_shutdown(struct xie_queue *queue, void (*dispose)(void *item));

/* One item got is dealt with. More than were put aborts. source asyncio.Queue.task_done */
XIE_API void xie_queue_task_done(struct xie_queue *queue);
/* Wait until every item put is dealt with: once that was so, it returns, even if more was put
 * since. return 0; errors -ECANCELED -ETIMEDOUT; -EPERM outside a task. source asyncio.Queue.join
 */
XIE_API int xie_queue_join(struct xie_queue *queue);

/* How many items are in it. source asyncio.Queue.qsize, empty */
XIE_API size_t xie_queue_count(const struct xie_queue *queue);
/* True when there is a limit and it is reached. source asyncio.Queue.full */
XIE_API bool xie_queue_full(const struct xie_queue *queue);
/* The limit, 0 for none. source asyncio.Queue.maxsize */
XIE_API size_t xie_queue_limit(const struct xie_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
