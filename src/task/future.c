/* future.c - an outcome still to come.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/misuse.h"
#include "task/wait.h"

static void future_settle(struct xie_future *future, int result, void *value)
{
    if (future->done)
        xie_misuse("a future is resolved twice");
    future->done = true;
    future->result = result;
    future->value = value;
    xie_waiters_wake_all(&future->waiters);
}

void xie_future_resolve(struct xie_future *future, void *value)
{
    future_settle(future, 0, value);
}

void xie_future_fail(struct xie_future *future, int error)
{
    if (error >= 0)
        xie_misuse("xie_future_fail with %d, which is no error", error);
    future_settle(future, error, NULL);
}

bool xie_future_done(const struct xie_future *future)
{
    return future->done;
}

int xie_future_result(const struct xie_future *future, void **value)
{
    if (!future->done)
        return -EBUSY;
    if (!future->result && value)
        *value = future->value;
    return future->result;
}

struct future_wait {
    struct xie_list_wait list;
    const struct xie_future *future;
    void *value;
};

/* The future is there still; when who waits for it goes on, it may be gone. */
static void future_wake(struct xie_waiter *waiter)
{
    struct future_wait *self = XIE_CONTAINER(waiter, struct future_wait, list.waiter);
    self->value = self->future->value;
    xie_wait_finish(&self->list.wait, self->future->result);
}

int xie_future_wait(struct xie_future *future, void **value)
{
    struct xie_task *self;
    struct future_wait wait = {.list.waiter.wake = future_wake, .future = future};
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (future->done)
        return xie_future_result(future, value);
    error = xie_list_wait_park(&wait.list, &future->waiters, self, "xie_future_wait", NULL);
    if (!error && value)
        *value = wait.value;
    return error;
}

static void callback_wake(struct xie_waiter *waiter)
{
    struct xie_future_callback *self = XIE_CONTAINER(waiter, struct xie_future_callback, waiter);
    xie_call_soon(&self->call, self->fn, self->arg);
}

int xie_future_on_done(struct xie_future *future, struct xie_future_callback *callback,
                       void (*fn)(void *arg), void *arg)
{
    if (!xie_loop_current())
        return -EPERM;
    if (callback->waiter.list || xie_call_pending(&callback->call))
        return -EBUSY;
    *callback = (struct xie_future_callback){.waiter.wake = callback_wake, .fn = fn, .arg = arg};
    if (future->done)
        return xie_call_soon(&callback->call, fn, arg);
    xie_waiters_add(&future->waiters, &callback->waiter);
    return 0;
}

bool xie_future_off_done(struct xie_future_callback *callback)
{
    if (callback->waiter.list) {
        xie_waiters_remove(&callback->waiter);
        return true;
    }
    return xie_call_cancel(&callback->call);
}
