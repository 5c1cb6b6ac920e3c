/* queue.c - items from task to task, in the order of coming.
 * Floor 4. A waiting get takes its item out in the moment it is put, and a waiting put puts in the
 * moment there is room: so getters wait only while it is empty, putters while it is full. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "sync/case.h"
#include "sync/order.h"

static bool get_attempt(struct xie_case *self)
{
    self->result = xie_queue_try_get(self->object, self->to);
    return self->result != -EAGAIN;
}

struct xie_case xie_case_get(struct xie_queue *queue, void **item)
{
    static const struct xie_case_kind kind = {.what = "xie_queue_get", .attempt = get_attempt};
    return (struct xie_case){.kind = &kind, .line = &queue->getters, .object = queue, .to = item};
}

static bool put_attempt(struct xie_case *self)
{
    self->result = xie_queue_try_put(self->object, self->item);
    return self->result != -EAGAIN;
}

struct xie_case xie_case_put(struct xie_queue *queue, void *item)
{
    static const struct xie_case_kind kind = {.what = "xie_queue_put", .attempt = put_attempt};
    return (struct xie_case){.kind = &kind, .line = &queue->putters, .object = queue, .item = item};
}

static void queue_init(struct xie_queue *queue, size_t limit, const struct xie_queue_order *order,
                       xie_queue_compare *compare)
{
    *queue = (struct xie_queue){.limit = limit, .order = order, .compare = compare};
}

void xie_queue_init(struct xie_queue *queue, size_t limit)
{
    queue_init(queue, limit, &xie_order_fifo, NULL);
}

void xie_queue_init_lifo(struct xie_queue *queue, size_t limit)
{
    queue_init(queue, limit, &xie_order_lifo, NULL);
}

void xie_queue_init_priority(struct xie_queue *queue, size_t limit, xie_queue_compare *compare)
{
    queue_init(queue, limit, &xie_order_priority, compare);
}

void xie_queue_fini(struct xie_queue *queue)
{
    if (queue->getters.head || queue->putters.head || queue->joiners.head)
        xie_misuse("a queue is destroyed while tasks wait for it");
    if (queue->count && !queue->closed)
        xie_misuse("a queue is destroyed with %zu items left in it; close it first if they may go",
                   queue->count);
    xie_release(queue->store);
    *queue = (struct xie_queue){.closed = true};
}

/* A wait for a queue alone, on one of its sides: lighter than a case. */
struct queue_wait {
    struct xie_list_wait list;
    struct xie_queue *queue;
    union {
        void *item; /* to put */
        void **to;  /* where to store what is got */
    };
};

static void get_wake(struct xie_waiter *waiter)
{
    struct queue_wait *self = XIE_CONTAINER(waiter, struct queue_wait, list.waiter);
    xie_wait_finish(&self->list.wait, xie_queue_try_get(self->queue, self->to));
}

/* Getters wait only while it is empty: the first has the item at once, whatever the order. */
static void hand_over(struct xie_queue *queue, void *item)
{
    struct xie_waiter *first = queue->getters.head;
    struct queue_wait *getter = XIE_CONTAINER(first, struct queue_wait, list.waiter);
    xie_waiters_remove(first);
    *getter->to = item;
    xie_wait_finish(&getter->list.wait, 0);
}

int xie_queue_try_put(struct xie_queue *queue, void *item)
{
    if (queue->closed)
        return XIE_ECLOSED;
    if (queue->getters.head && queue->getters.head->wake == get_wake) {
        queue->unfinished++;
        hand_over(queue, item);
        return 0;
    }
    if (xie_queue_full(queue))
        return -EAGAIN;
    int error = xie_order_push(queue, item);
    if (error)
        return error;
    queue->unfinished++;
    xie_waiters_wake(&queue->getters);
    return 0;
}

static void put_wake(struct xie_waiter *waiter)
{
    struct queue_wait *self = XIE_CONTAINER(waiter, struct queue_wait, list.waiter);
    xie_wait_finish(&self->list.wait, xie_queue_try_put(self->queue, self->item));
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
    struct queue_wait wait;
    wait.queue = queue;
    wait.item = item;
    wait.list.wait.blocker = NULL;
    wait.list.waiter.wake = put_wake;
    return xie_list_wait_park(&wait.list, &queue->putters, self, "xie_queue_put", NULL);
}

int xie_queue_try_get(struct xie_queue *queue, void **item)
{
    if (!queue->count)
        return queue->closed ? XIE_ECLOSED : -EAGAIN;
    *item = xie_order_pop(queue);
    xie_waiters_wake(&queue->putters);
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
    struct queue_wait wait;
    wait.queue = queue;
    wait.to = item;
    wait.list.wait.blocker = NULL;
    wait.list.waiter.wake = get_wake;
    return xie_list_wait_park(&wait.list, &queue->getters, self, "xie_queue_get", NULL);
}

void xie_queue_close(struct xie_queue *queue)
{
    queue->closed = true;
    xie_waiters_wake_all(&queue->putters);
    xie_waiters_wake_all(&queue->getters); /* they wait, so it is empty */
}

void xie_queue_shutdown(struct xie_queue *queue, void (*dispose)(void *item))
{
    xie_queue_close(queue);
    while (queue->count) {
        void *item = xie_order_pop(queue);
        if (dispose)
            dispose(item);
        xie_queue_task_done(queue);
    }
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
    if (error || !queue->unfinished)
        return error;
    return xie_waiters_wait(&queue->joiners, self, "xie_queue_join", NULL);
}

size_t xie_queue_count(const struct xie_queue *queue)
{
    return queue->count;
}

bool xie_queue_full(const struct xie_queue *queue)
{
    return queue->limit && queue->count >= queue->limit;
}

size_t xie_queue_limit(const struct xie_queue *queue)
{
    return queue->limit;
}
