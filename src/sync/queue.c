/* queue.c - a queue of pointers between tasks, first in first out.
 * Floor 4. An item is handed to the first who waits at once, so that a later get cannot take
 * it from under one that was woken; likewise room for a waiting put. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include <xie/sync.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "task/record.h"

/* A waiting get or put: its item is moved by whoever wakes it. */
struct queue_wait {
    struct xie_wait wait;
    struct xie_waiter waiter;
    void *item;
};

static struct queue_wait *first_wait(const struct xie_waiters *waiters)
{
    return XIE_CONTAINER(waiters->head, struct queue_wait, waiter);
}

static void queue_wake(struct xie_waiter *waiter)
{
    xie_wait_finish(&XIE_CONTAINER(waiter, struct queue_wait, waiter)->wait, 0);
}

static void queue_abort(struct xie_wait *wait, int error)
{
    struct queue_wait *self = XIE_CONTAINER(wait, struct queue_wait, wait);
    xie_waiters_remove(&self->waiter);
    xie_wait_finish(wait, error);
}

static int queue_park(struct xie_waiters *waiters, struct queue_wait *wait, struct xie_task *self,
                      const char *what)
{
    wait->wait.blocker = NULL;
    wait->waiter.wake = queue_wake;
    xie_waiters_add(waiters, &wait->waiter);
    return xie_wait_park(&wait->wait, self, what, queue_abort);
}

static void fail_all(struct xie_waiters *waiters)
{
    while (waiters->head) {
        struct queue_wait *wait = first_wait(waiters);
        xie_waiters_remove(&wait->waiter);
        xie_wait_finish(&wait->wait, XIE_ECLOSED);
    }
}

/* --- the ring ------------------------------------------------------------------------------------
 */

static int ring_grow(struct xie_queue *queue)
{
    size_t cap = queue->cap ? queue->cap * 2 : 8;
    if (queue->limit && cap > queue->limit)
        cap = queue->limit;
    void **items = xie_alloc(cap * sizeof *items);
    if (!items)
        return -ENOMEM;
    size_t tail = queue->cap - queue->first; /* from the first to the end of the old ring */
    if (tail > queue->count)
        tail = queue->count;
    if (queue->count) {
        memcpy(items, queue->items + queue->first, tail * sizeof *items);
        memcpy(items + tail, queue->items, (queue->count - tail) * sizeof *items);
    }
    xie_release(queue->items);
    queue->items = items;
    queue->cap = cap;
    queue->first = 0;
    return 0;
}

static int ring_push(struct xie_queue *queue, void *item)
{
    if (queue->count == queue->cap) {
        int error = ring_grow(queue);
        if (error)
            return error;
    }
    size_t at = queue->first + queue->count;
    queue->items[at < queue->cap ? at : at - queue->cap] = item;
    queue->count++;
    return 0;
}

static void *ring_pop(struct xie_queue *queue)
{
    void *item = queue->items[queue->first];
    queue->first = queue->first + 1 < queue->cap ? queue->first + 1 : 0;
    queue->count--;
    return item;
}

/* --- the queue ---------------------------------------------------------------------- */

void xie_queue_init(struct xie_queue *queue, size_t limit)
{
    *queue = (struct xie_queue){.limit = limit};
}

void xie_queue_fini(struct xie_queue *queue)
{
    if (queue->getters.head || queue->putters.head || queue->joiners.head)
        xie_misuse("a queue is destroyed while tasks wait for it");
    if (queue->count && !queue->closed)
        xie_misuse("a queue is destroyed with %zu items left in it; close it first if they may go",
                   queue->count);
    xie_release(queue->items);
    *queue = (struct xie_queue){.closed = true};
}

int xie_queue_try_put(struct xie_queue *queue, void *item)
{
    if (queue->closed)
        return XIE_ECLOSED;
    if (queue->getters.head) { /* so the ring is empty */
        first_wait(&queue->getters)->item = item;
        xie_waiters_wake(&queue->getters);
    } else {
        if (queue->limit && queue->count >= queue->limit)
            return -EAGAIN;
        int error = ring_push(queue, item);
        if (error)
            return error;
    }
    queue->unfinished++;
    return 0;
}

int xie_queue_put(struct xie_queue *queue, void *item)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    error = xie_queue_try_put(queue, item);
    if (error != -EAGAIN)
        return error;
    struct queue_wait wait = {.item = item};
    return queue_park(&queue->putters, &wait, self, "xie_queue_put");
}

int xie_queue_try_get(struct xie_queue *queue, void **item)
{
    if (!queue->count)
        return queue->closed ? XIE_ECLOSED : -EAGAIN;
    *item = ring_pop(queue);
    if (queue->putters.head) { /* the place just left free is its */
        ring_push(queue, first_wait(&queue->putters)->item);
        queue->unfinished++;
        xie_waiters_wake(&queue->putters);
    }
    return 0;
}

int xie_queue_get(struct xie_queue *queue, void **item)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    error = xie_queue_try_get(queue, item);
    if (error != -EAGAIN)
        return error;
    struct queue_wait wait = {0};
    error = queue_park(&queue->getters, &wait, self, "xie_queue_get");
    if (!error)
        *item = wait.item;
    return error;
}

void xie_queue_close(struct xie_queue *queue)
{
    queue->closed = true;
    fail_all(&queue->putters);
    fail_all(&queue->getters); /* they wait, so it is empty */
}

void xie_queue_task_done(struct xie_queue *queue)
{
    if (!queue->unfinished)
        xie_misuse("xie_queue_task_done more often than items were put");
    if (--queue->unfinished == 0)
        xie_waiters_wake_all(&queue->joiners);
}

int xie_queue_join(struct xie_queue *queue)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    while (!error && queue->unfinished)
        error = xie_waiters_wait(&queue->joiners, self, "xie_queue_join", NULL);
    return error;
}

size_t xie_queue_count(const struct xie_queue *queue)
{
    return queue->count;
}
