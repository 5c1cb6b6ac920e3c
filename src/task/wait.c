/* wait.c - suspending a task until something happens, or its scopes say no.
 * Floor 3. Every call that waits comes through here. */
/* SPDX-License-Identifier: MIT */
#include "task/wait.h"

#include <errno.h>

#include "base/misuse.h"

enum { XIE_IGNORED_MOST = 1000 }; /* refused waits after which a task is named */

/* Inside a triggered scope: let others run, so that a loop that ignores it starves nobody. */
__attribute__((noinline, cold)) int xie_wait_refuse(struct xie_task *self)
{
    struct xie_scope *scope = self->scope;
    if (++scope->ignored == XIE_IGNORED_MOST)
        xie_tell(self->name, self->where, scope->effective,
                 "task '%s' (spawned at %s) goes on although %u of its waits returned \"%s\"; "
                 "it should end, or leave the scope",
                 self->name, self->where, scope->ignored, xie_strerror(scope->effective));
    xie_task_step_aside(self);
    return scope->effective;
}

__attribute__((noinline, cold)) int xie_wait_outside(void)
{
    xie_report("a call that waits was made outside a task; it returns -EPERM. Call it from within "
               "xie_run, and not from a callback or another thread");
    return -EPERM;
}

void xie_wait_breathe(struct xie_task *self)
{
    if (self->loop->budget)
        self->loop->budget--;
    else
        xie_task_step_aside(self);
}

int xie_check(void)
{
    struct xie_task *self = xie_task_here();
    if (!self)
        return 0;
    if (!self->scope->effective)
        xie_scope_look(self);
    return self->scope->effective;
}

int xie_wait_park_for(struct xie_wait *wait, struct xie_task *self, const char *what,
                      void (*abort)(struct xie_wait *wait, int error),
                      const struct xie_blockers *blockers)
{
    wait->task = self;
    wait->abort = abort;
    wait->what = what;
    wait->blockers = blockers;
    wait->finished = wait->aborted = false;
    self->wait = wait;
    if (__builtin_expect(self->loop->watch != NULL, 0))
        self->since = xie_now();
    xie_task_switch_away(self);
    return wait->result;
}

int xie_wait_park(struct xie_wait *wait, struct xie_task *self, const char *what,
                  void (*abort)(struct xie_wait *wait, int error))
{
    return xie_wait_park_for(wait, self, what, abort, NULL);
}

__attribute__((cold)) void xie_wait_check_thread(const struct xie_wait *wait)
{
    const struct xie_task *task = wait->task;
    if (task->loop != xie_loop_here)
        xie_misuse("task '%s' (spawned at %s), which waits in %s, is woken by another thread than "
                   "its loop's; xie_loop_call leads there",
                   task->name, task->where, wait->what);
}

void xie_wait_break(struct xie_task *task, int error)
{
    struct xie_wait *wait = task->wait;
    if (!wait || wait->aborted)
        return;
    wait->aborted = true;
    wait->abort(wait, error);
}

void xie_wait_interrupt(struct xie_task *task)
{
    xie_wait_break(task, task->scope->effective);
}

/* --- operations --------------------------------------------------------------------------------
 */

struct op_wait {
    struct xie_wait wait;
    struct xie_op *op;
    int error; /* of the scope that interrupted, 0: none did */
};

static void op_done(struct xie_op *op)
{
    struct op_wait *self = op->owner;
    xie_wait_finish(&self->wait, 0);
}

static void op_abort(struct xie_wait *wait, int error)
{
    struct op_wait *self = XIE_CONTAINER(wait, struct op_wait, wait);
    self->error = error;
    xie_op_cancel(wait->task->loop, self->op); /* op_done comes when the kernel has let go */
}

int64_t xie_op_run(struct xie_op *op, const char *what)
{
    struct xie_task *self = NULL;
    int error = xie_wait_enter(&self);
    if (error)
        return error;

    struct op_wait wait = {.op = op};
    op->owner = &wait;
    op->done = op_done;
    if (xie_op_submit(self->loop, op)) {
        xie_wait_breathe(self); /* done at once */
        return op->result;
    }
    xie_wait_park(&wait.wait, self, what, op_abort);
    /* What was obtained before the kernel let go wins over the interruption. */
    return op->result == -ECANCELED && wait.error ? wait.error : op->result;
}

/* --- first-come lists --------------------------------------------------------------------------
 */

static void list_wake(struct xie_waiter *waiter)
{
    xie_wait_finish(&XIE_CONTAINER(waiter, struct xie_list_wait, waiter)->wait, 0);
}

static void list_abort(struct xie_wait *wait, int error)
{
    struct xie_list_wait *self = XIE_CONTAINER(wait, struct xie_list_wait, wait);
    xie_waiters_remove(&self->waiter);
    xie_wait_finish(wait, error);
}

int xie_list_wait_park(struct xie_list_wait *wait, struct xie_waiters *waiters,
                       struct xie_task *self, const char *what, const struct xie_blockers *blockers)
{
    xie_waiters_add(waiters, &wait->waiter);
    return xie_wait_park_for(&wait->wait, self, what, list_abort, blockers);
}

int xie_waiters_wait(struct xie_waiters *waiters, struct xie_task *self, const char *what,
                     struct xie_task *const *blocker)
{
    struct xie_list_wait wait = {.wait.blocker = blocker, .waiter.wake = list_wake};
    return xie_list_wait_park(&wait, waiters, self, what, NULL);
}

int xie_waiters_wait_for(struct xie_waiters *waiters, struct xie_task *self, const char *what,
                         const struct xie_blockers *blockers)
{
    struct xie_list_wait wait = {.waiter.wake = list_wake};
    return xie_list_wait_park(&wait, waiters, self, what, blockers);
}
