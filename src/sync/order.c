/* order.c - a queue's items in a ring, that both orders of coming use, or in a heap.
 * Floor 4. */
/* SPDX-License-Identifier: MIT */
#include "sync/order.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

enum {
    PLACES_FIRST = 8,  /* of a new store */
    PLACES_KEPT = 1024 /* a larger store is given back when it is empty */
};

static int store_grow(struct xie_queue *queue)
{
    size_t cap = queue->cap ? queue->cap * 2 : PLACES_FIRST;
    if (queue->limit && cap > queue->limit)
        cap = queue->limit;
    if (!queue->order)
        queue->order = &xie_order_fifo; /* a zero queue */
    void *store = xie_alloc(cap * queue->order->size);
    if (!store)
        return -ENOMEM;
    if (queue->count)
        queue->order->move(queue, store);
    xie_release(queue->store);
    queue->store = store;
    queue->cap = cap;
    queue->first = 0;
    return 0;
}

int xie_order_push(struct xie_queue *queue, void *item)
{
    int error = queue->count == queue->cap ? store_grow(queue) : 0;
    if (error)
        return error;
    queue->order->push(queue, item);
    queue->count++;
    return 0;
}

void *xie_order_pop(struct xie_queue *queue)
{
    queue->count--;
    void *item = queue->order->pop(queue);
    if (!queue->count && queue->cap > PLACES_KEPT) {
        xie_release(queue->store);
        queue->store = NULL;
        queue->cap = queue->first = 0;
    }
    return item;
}

/* --- the ring ------------------------------------------------------------------------ */

static void ring_move(const struct xie_queue *queue, void *store)
{
    void **from = queue->store, **to = store;
    size_t tail = queue->cap - queue->first; /* from the first to the end of the old ring */
    if (tail > queue->count)
        tail = queue->count;
    memcpy(to, from + queue->first, tail * sizeof *to);
    memcpy(to + tail, from, (queue->count - tail) * sizeof *to);
}

/* The place of the item that `number` others stand before. */
static void **ring_at(const struct xie_queue *queue, size_t number)
{
    size_t at = queue->first + number;
    return (void **)queue->store + (at < queue->cap ? at : at - queue->cap);
}

static void ring_push(struct xie_queue *queue, void *item)
{
    *ring_at(queue, queue->count) = item;
}

static void *ring_pop_oldest(struct xie_queue *queue)
{
    void *item = *ring_at(queue, 0);
    queue->first = queue->first + 1 < queue->cap ? queue->first + 1 : 0;
    return item;
}

static void *ring_pop_newest(struct xie_queue *queue)
{
    return *ring_at(queue, queue->count);
}

const struct xie_queue_order xie_order_fifo = {sizeof(void *), ring_move, ring_push,
                                               ring_pop_oldest};
const struct xie_queue_order xie_order_lifo = {sizeof(void *), ring_move, ring_push,
                                               ring_pop_newest};

/* --- the heap ------------------------------------------------------------------------ */

struct place {
    void *item;
    uint64_t serial; /* tells equals apart: 500 years of puts */
};

static void heap_move(const struct xie_queue *queue, void *store)
{
    memcpy(store, queue->store, queue->count * sizeof(struct place));
}

static bool before(const struct xie_queue *queue, const struct place *a, const struct place *b)
{
    int order = queue->compare(a->item, b->item);
    return order ? order < 0 : a->serial < b->serial;
}

static void heap_push(struct xie_queue *queue, void *item)
{
    struct place *heap = queue->store, new = {item, queue->serial++};
    size_t at = queue->count;
    for (size_t up; at && before(queue, &new, &heap[up = (at - 1) / 2]); at = up)
        heap[at] = heap[up];
    heap[at] = new;
}

static void *heap_pop(struct xie_queue *queue)
{
    struct place *heap = queue->store, last = heap[queue->count];
    void *item = heap[0].item;
    size_t at = 0;
    for (size_t down; (down = 2 * at + 1) < queue->count; at = down) {
        if (down + 1 < queue->count && before(queue, &heap[down + 1], &heap[down]))
            down++;
        if (!before(queue, &heap[down], &last))
            break;
        heap[at] = heap[down];
    }
    heap[at] = last;
    return item;
}

const struct xie_queue_order xie_order_priority = {sizeof(struct place), heap_move, heap_push,
                                                   heap_pop};
