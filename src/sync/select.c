/* select.c - waiting for several cases at once; a call of one primitive waits as a select of one.
 * Floor 4. The case that is woken leaves the lines of all others in that moment. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/list.h"
#include "sync/case.h"
#include "task/record.h"

static void leave_lines(struct xie_select_wait *by)
{
    for (size_t i = 0; i < by->count; i++)
        xie_waiters_remove(&by->cases[i].waiter);
}

static void case_wake(struct xie_waiter *waiter)
{
    struct xie_case *self = XIE_CONTAINER(waiter, struct xie_case, waiter);
    leave_lines(self->by);
    self->kind->attempt(self);
    self->by->chosen = self;
    xie_wait_finish(&self->by->wait, 0);
}

static void select_abort(struct xie_wait *wait, int error)
{
    leave_lines(XIE_CONTAINER(wait, struct xie_select_wait, wait));
    xie_wait_finish(wait, error);
}

static int select_park(struct xie_select_wait *by, struct xie_task *task, const char *what)
{
    for (size_t i = 0; i < by->count; i++) {
        struct xie_case *self = &by->cases[i];
        self->by = by;
        self->waiter.list = NULL;
        self->waiter.wake = case_wake;
        if (self->kind)
            xie_waiters_add(self->line, &self->waiter);
    }
    return xie_wait_park(&by->wait, task, what, select_abort);
}

int xie_case_wait(struct xie_case *self, struct xie_task *task, struct xie_task *const *blocker)
{
    struct xie_select_wait by = {.wait.blocker = blocker, .cases = self, .count = 1};
    int error = select_park(&by, task, self->kind->what);
    return error ? error : self->result;
}

/* The index of the case that took effect, -EAGAIN for none. */
static int select_attempt(struct xie_select_wait *by, struct xie_loop *loop)
{
    /* Steps of the golden ratio visit all places evenly, whatever others take in between. */
    loop->selects += UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)((loop->selects >> 32) * by->count >> 32);
    for (size_t left = by->count; left; left--) {
        struct xie_case *self = &by->cases[at];
        self->by = by;
        if (self->kind && self->kind->attempt(self))
            return (int)at;
        at = at + 1 < by->count ? at + 1 : 0;
    }
    return -EAGAIN;
}

int xie_select_try(struct xie_case *cases, size_t count)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop)
        return -EPERM;
    struct xie_select_wait by = {.wait.task = loop->current, .cases = cases, .count = count};
    return select_attempt(&by, loop);
}

int xie_select(struct xie_case *cases, size_t count)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    struct xie_select_wait by = {.wait.task = self, .cases = cases, .count = count};
    int index = select_attempt(&by, self->loop);
    if (index != -EAGAIN)
        return index;
    error = select_park(&by, self, "xie_select");
    return error ? error : (int)(by.chosen - cases);
}

/* --- what stands below this floor --------------------------------------------------- */

static bool future_attempt(struct xie_case *self)
{
    struct xie_future *future = self->object;
    if (!future->done)
        return false;
    self->result = future->result;
    if (!future->result && self->to)
        *self->to = future->value;
    return true;
}

struct xie_case xie_case_future(struct xie_future *future, void **value)
{
    static const struct xie_case_kind kind = {"xie_future_wait", future_attempt};
    return (struct xie_case){
        .kind = &kind, .line = &future->waiters, .object = future, .to = value};
}

static bool task_attempt(struct xie_case *self)
{
    self->result = xie_task_result(self->object);
    return xie_task_done(self->object);
}

struct xie_case xie_case_task(struct xie_task *task)
{
    static const struct xie_case_kind kind = {"xie_task_wait", task_attempt};
    return (struct xie_case){.kind = &kind, .line = task ? &task->joiners : NULL, .object = task};
}
