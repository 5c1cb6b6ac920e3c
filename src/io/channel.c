/* channel.c - a queue of pointers between threads.
 * Floor 5. A queue of the sync floor under a lock, used for its items alone; who waits is a
 * parker. An item is handed to the first who waits, and room to the first item that waits. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/channel.h>
#include <xie/sync.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "io/parker.h"

struct xie_channel {
    pthread_mutex_t lock;
    struct xie_queue items;           /* holds, never waits */
    struct xie_link putters, getters; /* one of them is empty */
    void (*dispose)(void *item);
    unsigned refs; /* atomic */
};

/* One who waits: its item, to be put or got; or it was closed meanwhile. */
struct waiter {
    struct xie_parker parker;
    void *item;
    bool closed;
};

/* --- its life ----------------------------------------------------------------------- */

struct xie_channel *xie_channel_new(size_t limit, void (*dispose)(void *item))
{
    struct xie_channel *channel = xie_alloc(sizeof *channel);
    if (!channel)
        return NULL;
    pthread_mutex_init(&channel->lock, NULL);
    xie_queue_init(&channel->items, limit);
    xie_list_init(&channel->putters);
    xie_list_init(&channel->getters);
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
    if (!xie_list_empty(&channel->putters) || !xie_list_empty(&channel->getters))
        xie_misuse("the last reference of a channel was given back while somebody waits for it");
    while (!xie_queue_try_get(&channel->items, &item))
        if (channel->dispose)
            channel->dispose(item);
    xie_queue_fini(&channel->items);
    pthread_mutex_destroy(&channel->lock);
    xie_release(channel);
}

/* --- under the lock ----------------------------------------------------------------- */

static struct waiter *first_waiter(const struct xie_link *list)
{
    struct xie_parker *first = xie_parker_first(list);
    return first ? XIE_CONTAINER(first, struct waiter, parker) : NULL;
}

static int put_now(struct xie_channel *channel, void *item)
{
    if (channel->items.closed)
        return XIE_ECLOSED;
    struct waiter *getter = first_waiter(&channel->getters);
    if (!getter)
        return xie_queue_try_put(&channel->items, item);
    getter->item = item;
    xie_parker_wake(&getter->parker);
    return 0;
}

static int get_now(struct xie_channel *channel, void **item)
{
    int error = xie_queue_try_get(&channel->items, item);
    struct waiter *putter = error ? NULL : first_waiter(&channel->putters);
    /* Room was made in a full queue, which has its memory. */
    if (putter && !xie_queue_try_put(&channel->items, putter->item))
        xie_parker_wake(&putter->parker);
    return error;
}

static void close_all(struct xie_link *list)
{
    struct waiter *waiter;
    while ((waiter = first_waiter(list))) {
        waiter->closed = true;
        xie_parker_wake(&waiter->parker);
    }
}

/* --- putting and getting ------------------------------------------------------------ */

/* How one of the calls waits where it has to: as a task, or as a thread. */
struct patience {
    struct xie_task *self; /* NULL: a thread */
    int64_t timeout_ns;
    const char *what;
};

/* The lock is held, and let go of. return 0: served */
static int wait_in(struct xie_channel *channel, struct xie_link *list, struct waiter *waiter,
                   const struct patience *patience)
{
    int error =
        patience->self
            ? xie_parker_wait(&waiter->parker, list, &channel->lock, patience->self, patience->what)
            : xie_parker_block(&waiter->parker, list, &channel->lock, patience->timeout_ns);
    return error ? error : waiter->closed ? XIE_ECLOSED : 0;
}

static int channel_put(struct xie_channel *channel, void *item, const struct patience *patience)
{
    struct waiter waiter = {.item = item};
    pthread_mutex_lock(&channel->lock);
    int error = put_now(channel, item);
    if (error == -EAGAIN && patience)
        return wait_in(channel, &channel->putters, &waiter, patience);
    pthread_mutex_unlock(&channel->lock);
    return error;
}

static int channel_get(struct xie_channel *channel, void **item, const struct patience *patience)
{
    struct waiter waiter = {0};
    pthread_mutex_lock(&channel->lock);
    int error = get_now(channel, item);
    if (error == -EAGAIN && patience) {
        error = wait_in(channel, &channel->getters, &waiter, patience);
        if (!error)
            *item = waiter.item;
        return error;
    }
    pthread_mutex_unlock(&channel->lock);
    return error;
}

int xie_channel_put(struct xie_channel *channel, void *item)
{
    struct patience task = {.what = "xie_channel_put"};
    int error = xie_wait_enter(&task.self);
    if (error)
        return error;
    error = channel_put(channel, item, &task);
    xie_wait_breathe(task.self);
    return error;
}

int xie_channel_put_blocking(struct xie_channel *channel, void *item, int64_t timeout_ns)
{
    const struct patience thread = {.timeout_ns = timeout_ns};
    int error = xie_block_enter("xie_channel_put_blocking");
    return error ? error : channel_put(channel, item, &thread);
}

int xie_channel_try_put(struct xie_channel *channel, void *item)
{
    return channel_put(channel, item, NULL);
}

int xie_channel_get(struct xie_channel *channel, void **item)
{
    struct patience task = {.what = "xie_channel_get"};
    int error = xie_wait_enter(&task.self);
    if (error)
        return error;
    error = channel_get(channel, item, &task);
    xie_wait_breathe(task.self);
    return error;
}

int xie_channel_get_blocking(struct xie_channel *channel, void **item, int64_t timeout_ns)
{
    const struct patience thread = {.timeout_ns = timeout_ns};
    int error = xie_block_enter("xie_channel_get_blocking");
    return error ? error : channel_get(channel, item, &thread);
}

int xie_channel_try_get(struct xie_channel *channel, void **item)
{
    return channel_get(channel, item, NULL);
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
