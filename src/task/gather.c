/* gather.c - waiting for all of several tasks and taking their results.
 * Floor 3. It has the handles meanwhile, so that nothing is allocated: each task tells of its
 * end, and the caller is resumed by the last. */
/* SPDX-License-Identifier: MIT */
#include <xie/gather.h>

#include <errno.h>

#include "task/wait.h"

struct xie_gathering {
    struct xie_blockers blockers;
    struct xie_task *const *tasks;
    size_t count;
    size_t left;  /* how many have not ended */
    int failure;  /* the first in time */
    bool cancels; /* the first failure cancels the others */
    struct xie_waiters idle;
};

static struct xie_task *gathered_next(const struct xie_blockers *blockers, uintptr_t *cursor)
{
    const struct xie_gathering *self = XIE_CONTAINER(blockers, struct xie_gathering, blockers);
    while (*cursor < self->count) {
        struct xie_task *task = self->tasks[(*cursor)++];
        if (task && !task->done)
            return task;
    }
    return NULL;
}

static void cancel_all(const struct xie_gathering *self)
{
    for (size_t i = 0; i < self->count; i++)
        xie_task_cancel(self->tasks[i]);
}

static void take_result(struct xie_gathering *self, int result)
{
    if (result >= 0 || self->failure)
        return;
    self->failure = result;
    if (self->cancels)
        cancel_all(self);
}

void xie_gathered_ended(struct xie_task *task)
{
    struct xie_gathering *self = task->gathering;
    take_result(self, task->result);
    if (--self->left == 0)
        xie_waiters_wake_all(&self->idle);
}

/* The handles are this call's from now on. */
static void take_handles(struct xie_gathering *self)
{
    for (size_t i = 0; i < self->count; i++) {
        struct xie_task *task = self->tasks[i];
        if (!task)
            continue;
        xie_task_owned_or_abort(task, "xie_gather");
        task->joined = true;
        task->gathering = self;
        self->left += !task->done;
    }
    for (size_t i = 0; i < self->count; i++) /* when the others can be cancelled */
        if (xie_task_done(self->tasks[i]))
            take_result(self, xie_task_result(self->tasks[i]));
}

static void leave_handles(const struct xie_gathering *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->tasks[i]) {
            self->tasks[i]->joined = false;
            self->tasks[i]->gathering = NULL;
        }
}

static int wait_for_all(struct xie_gathering *self)
{
    struct xie_task *task;
    int error = xie_wait_enter(&task);
    if (error || !self->left)
        return error;
    if (xie_wait_circle_for(task, &self->blockers))
        return XIE_EDEADLOCK;
    return xie_waiters_wait_for(&self->idle, task, "xie_gather", &self->blockers);
}

/* return 0 all have ended; else the scope's error, and they have; -EPERM, XIE_EDEADLOCK: not */
static int wait_or_cancel(struct xie_gathering *self)
{
    int error = self->left ? wait_for_all(self) : 0;
    if (!error || error == -EPERM || error == XIE_EDEADLOCK)
        return error;
    cancel_all(self);
    XIE_SHIELD {
        /* One that waits for us behind a shield of its own stays a circle. */
        if (self->left && wait_for_all(self) == XIE_EDEADLOCK)
            return XIE_EDEADLOCK;
    }
    return error;
}

static int gather(struct xie_gathering *self, int *results)
{
    int first = 0;
    take_handles(self);
    int error = wait_or_cancel(self);
    leave_handles(self);
    if (self->left)
        return error;
    for (size_t i = 0; i < self->count; i++) {
        int result = xie_join(self->tasks[i]); /* ended, or NULL: does not wait */
        if (results)
            results[i] = result;
        if (result < 0 && !first)
            first = result;
    }
    return error ? error : self->cancels ? self->failure : first;
}

int xie_gather(struct xie_task *const *tasks, size_t count, int *results)
{
    struct xie_gathering self = {.blockers.next = gathered_next, .tasks = tasks, .count = count};
    return gather(&self, results);
}

int xie_gather_or_cancel(struct xie_task *const *tasks, size_t count, int *results)
{
    struct xie_gathering self = {
        .blockers.next = gathered_next, .tasks = tasks, .count = count, .cancels = true};
    return gather(&self, results);
}
