/* future.c - an outcome still to come.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/misuse.h"
#include "task/record.h"

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

int xie_future_wait(struct xie_future *future, void **value)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (!future->done) {
        error = xie_waiters_wait(&future->waiters, self, "xie_future_wait", NULL);
        if (error)
            return error;
    }
    if (!future->result && value)
        *value = future->value;
    return future->result;
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
