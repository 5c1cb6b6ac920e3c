/* dead.c - what a loop becomes in a child made by fork(2): nothing that reaches its parent's.
 * Floor 2. The child has copies of our memory, but the kernel's objects behind it are the
 * parent's: it may not wait on them, wake them, or take anything out of them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/misuse.h"
#include "loop/loop.h"

static void dead_close(struct xie_loop *loop)
{
    (void)loop;
    xie_misuse("a child made by fork(2) went on with a task of its parent's loop; it may exec, "
               "_exit, or run a loop of its own");
}

static int dead_wait(struct xie_loop *loop, int64_t timeout_ns)
{
    (void)timeout_ns;
    dead_close(loop);
    return -EPERM;
}

static bool dead_submit(struct xie_loop *loop, struct xie_op *op)
{
    (void)loop;
    op->result = -EPERM;
    return true;
}

static void dead_cancel(struct xie_loop *loop, struct xie_op *op)
{
    (void)loop, (void)op;
}

static void dead_forget(struct xie_loop *loop, int fd)
{
    (void)loop, (void)fd;
}

static void dead_wake(struct xie_loop *loop)
{
    (void)loop;
}

const struct xie_backend xie_backend_dead = {
    .name = "dead",
    .close = dead_close,
    .submit = dead_submit,
    .cancel = dead_cancel,
    .forget = dead_forget,
    .wait = dead_wait,
    .wake = dead_wake,
};
