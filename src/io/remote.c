/* remote.c - a task started by another thread than its loop's.
 * Floor 5. A promise that the task settles at its end. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/thread.h>

#include "base/memory.h"
#include "io/promise.h"
#include "task/record.h"

struct remote {
    struct xie_promise promise;
    struct xie_inbox_call start, stop;
    struct xie_loop *loop; /* held */
    xie_task_fn *fn;
    void *arg;
    bool stopping;         /* atomic: stop is on its way, or has come */
    struct xie_task *task; /* of the loop's thread: while it runs */
};

/* --- on the loop's thread ----------------------------------------------------------------------
 */

static int remote_main(void *arg)
{
    struct remote *remote = arg;
    int result = remote->fn(remote->arg);
    remote->task = NULL;
    xie_promise_finish(&remote->promise, result, remote->arg);
    return 0; /* the promise has it */
}

static void remote_start(struct xie_ready *item)
{
    struct remote *remote = XIE_CONTAINER(item, struct remote, start.ready);
    struct xie_loop *loop = remote->loop;
    remote->task = xie_task_make(loop, remote_main, remote, NULL, remote->promise.name,
                                 remote->promise.where, loop->root, NULL);
    if (remote->task)
        xie_task_start(remote->task, NULL);
    else
        xie_promise_finish(&remote->promise, -ENOMEM, remote->arg);
}

/* After remote_start: it was posted later. */
static void remote_stop(struct xie_ready *item)
{
    struct remote *remote = XIE_CONTAINER(item, struct remote, stop.ready);
    xie_task_cancel(remote->task);
    xie_promise_unref(&remote->promise);
}

/* --- on any ------------------------------------------------------------------------------------
 */

static bool remote_cancel(struct xie_promise *promise)
{
    struct remote *remote = XIE_CONTAINER(promise, struct remote, promise);
    if (xie_promise_done(promise))
        return false;
    if (__atomic_exchange_n(&remote->stopping, true, __ATOMIC_RELAXED))
        return true;
    xie_promise_ref(promise);
    if (!xie_loop_post_living(remote->loop, &remote->stop))
        return true;
    xie_promise_unref(promise); /* the loop has ended, and its tasks before it */
    return false;
}

static void remote_drop(struct xie_promise *promise)
{
    xie_loop_unref(XIE_CONTAINER(promise, struct remote, promise)->loop);
}

int xie_spawn_threadsafe_at(struct xie_loop *loop, xie_task_fn *fn, void *arg,
                            struct xie_promise **promise, const char *name, const char *where)
{
    struct remote *remote = xie_alloc_zero(sizeof *remote);
    if (!remote)
        return -ENOMEM;
    xie_promise_init(&remote->promise, NULL);
    remote->promise.kind = "task";
    remote->promise.name = name;
    remote->promise.where = where;
    remote->promise.cancel = remote_cancel;
    remote->promise.drop = remote_drop;
    remote->start.ready.run = remote_start;
    remote->stop.ready.run = remote_stop;
    remote->fn = fn;
    remote->arg = arg;
    remote->loop = xie_loop_ref(loop);
    xie_promise_ref(&remote->promise); /* the task's */
    int error = remote->loop ? xie_loop_post_living(loop, &remote->start) : XIE_ECLOSED;
    if (error)
        xie_promise_unref(&remote->promise);
    if (!error && promise)
        *promise = &remote->promise;
    else
        xie_promise_unref(&remote->promise);
    return error;
}

int xie_run_threadsafe_at(struct xie_loop *loop, xie_task_fn *fn, void *arg, int64_t timeout_ns,
                          const char *name, const char *where)
{
    struct xie_promise *promise;
    int error = xie_block_enter("xie_run_threadsafe");
    if (!error)
        error = xie_spawn_threadsafe_at(loop, fn, arg, &promise, name, where);
    if (error)
        return error;
    int result = xie_promise_wait_blocking(promise, NULL, timeout_ns);
    if (result == -ETIMEDOUT) {
        bool cancelled = xie_promise_cancel(promise);
        result = xie_promise_wait_blocking(promise, NULL, XIE_NEVER);
        if (cancelled && result == -ECANCELED)
            result = -ETIMEDOUT;
    }
    xie_promise_unref(promise);
    return result;
}
