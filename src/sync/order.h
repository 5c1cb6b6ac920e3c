/* order.h - where a queue keeps its items, and which of them comes out first.
 * Floor 4. Knows nothing of waiting. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SYNC_ORDER_H
#define XIE_SYNC_ORDER_H

#include <xie/queue.h>

/* Works on the queue's store, cap, count, first and serial. */
struct xie_queue_order {
    size_t size; /* of one place in the store [bytes] */
    /* Copy what is in the store to a larger one, from its beginning on. */
    void (*move)(const struct xie_queue *queue, void *store);
    void (*push)(struct xie_queue *queue, void *item); /* there is room */
    void *(*pop)(struct xie_queue *queue);             /* there is one */
};

extern const struct xie_queue_order xie_order_fifo, xie_order_lifo, xie_order_priority;

/* Put an item into the store, growing it up to the limit. 0 or -ENOMEM */
int xie_order_push(struct xie_queue *queue, void *item);
/* Take out the one whose turn it is; there is one. */
void *xie_order_pop(struct xie_queue *queue);

#endif
