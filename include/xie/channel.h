/* channel.h - a queue of pointers between threads: tasks of any loop and plain threads use it.
 * Floor 5. As the queue of xie/queue.h, which is for one loop and needs no lock. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CHANNEL_H
#define XIE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A channel; opaque, counted. Whoever uses it, on whatever thread, holds a reference. Every
 * call below is safe from any thread. Fair: items leave in the order they came; who waits is
 * served first come first served, whether task or thread, and nobody gets in before them. */
struct xie_channel;

/**
 * Make one, empty and open, with one reference.
 *
 * limit    most items it holds; 0: unbounded
 * dispose  called with each item that is left when the last reference is given back; NULL:
 *          nothing needs to be done
 * return   NULL when there is no memory
 * source   asyncio.Queue(maxsize); queue.Queue
 */
XIE_API struct xie_channel *xie_channel_new(size_t limit, void (*dispose)(void *item));

/* One reference more. return channel */
XIE_API struct xie_channel *xie_channel_ref(struct xie_channel *channel);
/* Give one back; the last frees it. NULL is allowed. */
XIE_API void xie_channel_unref(struct xie_channel *channel);

/**
 * Put an item, waiting for room: in a task.
 *
 * item    any pointer, NULL included; on error it is still the caller's
 * return  0
 * errors  -ECANCELED -ETIMEDOUT: not put; XIE_ECLOSED; -ENOMEM; -EPERM outside a task
 * cost    a mutex; a wake-up of the loop that gets it, when one waits there
 * source  asyncio.Queue.put
 */
XIE_API int xie_channel_put(struct xie_channel *channel, void *item);
/* The same in a thread without a loop, which blocks for timeout_ns at most (XIE_NEVER: as long
 * as it takes; 0 or less: not at all).
 * errors  -ETIMEDOUT; XIE_ECLOSED; -ENOMEM; -EPERM this thread runs a loop */
XIE_API int xie_channel_put_blocking(struct xie_channel *channel, void *item, int64_t timeout_ns);
/* The same without waiting, from anywhere: -EAGAIN when full. source put_nowait */
XIE_API int xie_channel_try_put(struct xie_channel *channel, void *item);

/**
 * Get the oldest item, waiting for one: in a task.
 *
 * item    receives it; untouched on error. An interrupted get loses no item: one that was
 *         handed over first is returned
 * return  0
 * errors  -ECANCELED -ETIMEDOUT; XIE_ECLOSED closed and empty; -EPERM outside a task
 * note    lets the loop's other tasks run now and then, though there always is an item
 * source  asyncio.Queue.get
 */
XIE_API int xie_channel_get(struct xie_channel *channel, void **item);
/* The same in a thread without a loop, which blocks; as xie_channel_put_blocking. */
XIE_API int xie_channel_get_blocking(struct xie_channel *channel, void **item, int64_t timeout_ns);
/* The same without waiting, from anywhere: -EAGAIN when empty. source get_nowait */
XIE_API int xie_channel_try_get(struct xie_channel *channel, void **item);

/* No more puts; gets go on until it is empty. Those who wait to put fail with XIE_ECLOSED, as
 * do those who wait to get. Idempotent. source asyncio.Queue.shutdown */
XIE_API void xie_channel_close(struct xie_channel *channel);

/* How many items it holds at this moment. source qsize */
XIE_API size_t xie_channel_count(struct xie_channel *channel);

#ifdef __cplusplus
}
#endif
#endif
