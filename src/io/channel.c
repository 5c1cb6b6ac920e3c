/* channel.c - a queue of pointers between threads.
 * Floor 5. A queue of the sync floor under a lock, used for its items alone; who waits is a case
 * of a select. An item is handed to the first who waits, and room to the first item that waits. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/channel.h>
#include <xie/sync.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "io/shared.h"

/* Each who waits is a case: of a call's, a select's, or a thread's. */
struct xie_channel {
    pthread_mutex_t lock;
    struct xie_queue items;              /* holds, never waits */
    struct xie_waiters putters, getters; /* getters wait while it is empty, putters while full */
    void (*dispose)(void *item);
    unsigned refs; /* atomic */
};

/* --- its life ----------------------------------------------------------------------- */

struct xie_channel *xie_channel_new(size_t limit, void (*dispose)(void *item))
{
    struct xie_channel *channel = xie_alloc(sizeof *channel);
    if (!channel)
        return NULL;
    pthread_mutex_init(&channel->lock, NULL);
    xie_queue_init(&channel->items, limit);
    channel->putters = channel->getters = (struct xie_waiters){0};
    channel->dispose = dispose;
    channel->refs = 1;
    return channel;
}

struct xie_channel *xie_channel_ref(struct xie_channel *channel)
{
    __atomic_add_fetch(&channel->refs, 1, __ATOMIC_RELAXED);
    return channel;
}

void xie_channel_unref(struct xie_channel *channel)
{
    void *item;
    if (!channel || __atomic_sub_fetch(&channel->refs, 1, __ATOMIC_ACQ_REL))
        return;
    if (channel->putters.head || channel->getters.head)
        xie_misuse("the last reference of a channel was given back while somebody waits for it");
    while (!xie_queue_try_get(&channel->items, &item))
        if (channel->dispose)
            channel->dispose(item);
    xie_queue_fini(&channel->items);
    pthread_mutex_destroy(&channel->lock);
    xie_release(channel);
}

/* --- under the lock ----------------------------------------------------------------- */

static int put_now(struct xie_channel *channel, void *item)
{
    if (channel->items.closed)
        return XIE_ECLOSED;
    struct xie_case *getter = xie_shared_claim_first(&channel->getters);
    if (!getter)
        return xie_queue_try_put(&channel->items, item);
    *getter->to = item;
    xie_shared_told(getter, 0);
    return 0;
}

static int get_now(struct xie_channel *channel, void **item)
{
    int error = xie_queue_try_get(&channel->items, item);
    struct xie_case *putter = error ? NULL : xie_shared_claim_first(&channel->putters);
    if (putter) /* room was made in a full queue, which has its memory */
        xie_shared_told(putter, xie_queue_try_put(&channel->items, putter->item));
    return error;
}

static void close_all(struct xie_waiters *waiters)
{
    struct xie_case *waiter;
    while ((waiter = xie_shared_claim_first(waiters)))
        xie_shared_told(waiter, XIE_ECLOSED);
}

/* --- putting and getting ------------------------------------------------------------ */

static int try_put(struct xie_channel *channel, void *item)
{
    pthread_mutex_lock(&channel->lock);
    int error = put_now(channel, item);
    pthread_mutex_unlock(&channel->lock);
    return error;
}

static int try_get(struct xie_channel *channel, void **item)
{
    pthread_mutex_lock(&channel->lock);
    int error = get_now(channel, item);
    pthread_mutex_unlock(&channel->lock);
    return error;
}

static bool put_attempt(struct xie_case *self)
{
    self->result = try_put(self->object, self->item);
    return self->result != -EAGAIN;
}

static bool get_attempt(struct xie_case *self)
{
    self->result = try_get(self->object, self->to);
    return self->result != -EAGAIN;
}

static enum xie_shared_stood put_or_stand(struct xie_case *self)
{
    struct xie_channel *channel = self->object;
    if (!channel->items.closed && xie_queue_full(&channel->items)) {
        xie_waiters_add(&channel->putters, &self->waiter);
        return XIE_STANDS;
    }
    enum xie_shared_stood stood = xie_shared_claim(self);
    if (stood == XIE_TOOK_EFFECT)
        self->result = put_now(channel, self->item);
    return stood;
}

static enum xie_shared_stood get_or_stand(struct xie_case *self)
{
    struct xie_channel *channel = self->object;
    if (!channel->items.closed && !channel->items.count) {
        xie_waiters_add(&channel->getters, &self->waiter);
        return XIE_STANDS;
    }
    enum xie_shared_stood stood = xie_shared_claim(self);
    if (stood == XIE_TOOK_EFFECT)
        self->result = get_now(channel, self->to);
    return stood;
}

static bool put_arm(struct xie_case *self)
{
    return xie_shared_arm(self, &((struct xie_channel *)self->object)->lock, put_or_stand);
}

static bool get_arm(struct xie_case *self)
{
    return xie_shared_arm(self, &((struct xie_channel *)self->object)->lock, get_or_stand);
}

static void channel_leave(struct xie_case *self)
{
    xie_shared_leave(self, &((struct xie_channel *)self->object)->lock);
}

struct xie_case xie_case_channel_put(struct xie_channel *channel, void *item)
{
    static const struct xie_case_kind kind = {.what = "xie_channel_put",
                                              .attempt = put_attempt,
                                              .arm = put_arm,
                                              .leave = channel_leave,
                                              .shared = true};
    return (struct xie_case){.kind = &kind, .object = channel, .item = item};
}

struct xie_case xie_case_channel_get(struct xie_channel *channel, void **item)
{
    static const struct xie_case_kind kind = {.what = "xie_channel_get",
                                              .attempt = get_attempt,
                                              .arm = get_arm,
                                              .leave = channel_leave,
                                              .shared = true};
    return (struct xie_case){.kind = &kind, .object = channel, .to = item};
}

int xie_channel_put(struct xie_channel *channel, void *item)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    struct xie_case one = xie_case_channel_put(channel, item);
    error = put_attempt(&one) ? one.result : xie_case_wait(&one, self, NULL);
    xie_wait_breathe(self);
    return error;
}

int xie_channel_put_blocking(struct xie_channel *channel, void *item, int64_t timeout_ns)
{
    struct xie_case one = xie_case_channel_put(channel, item);
    int error = xie_block_enter("xie_channel_put_blocking");
    return error ? error : xie_shared_block(&one, &channel->lock, put_or_stand, timeout_ns);
}

int xie_channel_try_put(struct xie_channel *channel, void *item)
{
    return try_put(channel, item);
}

int xie_channel_get(struct xie_channel *channel, void **item)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    struct xie_case one = xie_case_channel_get(channel, item);
    error = get_attempt(&one) ? one.result : xie_case_wait(&one, self, NULL);
    xie_wait_breathe(self);
    return error;
}

int xie_channel_get_blocking(struct xie_channel *channel, void **item, int64_t timeout_ns)
{
    struct xie_case one = xie_case_channel_get(channel, item);
    int error = xie_block_enter("xie_channel_get_blocking");
    return error ? error : xie_shared_block(&one, &channel->lock, get_or_stand, timeout_ns);
}

int xie_channel_try_get(struct xie_channel *channel, void **item)
{
    return try_get(channel, item);
}

/* --- the rest ----------------------------------------------------------------------- */

void xie_channel_close(struct xie_channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    xie_queue_close(&channel->items);
    close_all(&channel->putters);
    close_all(&channel->getters); /* they wait, so it is empty */
    pthread_mutex_unlock(&channel->lock);
}

size_t xie_channel_count(struct xie_channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    size_t count = xie_queue_count(&channel->items);
    pthread_mutex_unlock(&channel->lock);
    return count;
}
