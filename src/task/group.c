/* group.c - tasks that end before the block that started them does.
 * Floor 3. A group is a scope with members; the first failure cancels it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/misuse.h"
#include "task/wait.h"

void xie_group_open(struct xie_group *group)
{
    *group = (struct xie_group){0};
    xie_scope_open(&group->scope, XIE_NEVER);
    if (!group->scope.open)
        xie_misuse("a group was opened outside a task");
}

int xie_group_spawn_at(struct xie_group *group, xie_task_fn *fn, void *arg,
                       const struct xie_task_options *options, const char *name, const char *where)
{
    if (!group->scope.open)
        xie_misuse("xie_group_spawn(%s) at %s: the group is closed", name, where);
    if (group->scope.effective)
        return -ECANCELED;
    struct xie_loop *loop = group->scope.task->loop;
    struct xie_task *task =
        xie_task_make(loop, fn, arg, options, name, where, &group->scope, group);
    if (!task)
        return -ENOMEM;
    task->group_next = group->members;
    if (group->members)
        group->members->group_prev = task;
    group->members = task;
    group->count++;
    xie_task_start(task, options);
    return 0;
}

static void group_fail(struct xie_group *group, const struct xie_task *task)
{
    if (!group->error) {
        group->error = task->result;
        strncpy(group->failed_name, task->name, sizeof group->failed_name - 1);
        group->failed_where = task->where;
        group->taken = false;
        xie_scope_cancel(&group->scope);
    } else if (task->result != -ECANCELED) {
        xie_task_report(task->name, task->where, task->result); /* a second failure */
    }
}

void xie_group_member_ended(struct xie_task *task)
{
    struct xie_group *group = task->group;
    if (task->group_next)
        task->group_next->group_prev = task->group_prev;
    if (task->group_prev)
        task->group_prev->group_next = task->group_next;
    else
        group->members = task->group_next;
    if (xie_task_failed(task))
        group_fail(group, task);
    if (--group->count == 0)
        xie_waiters_wake_all(&group->idle);
}

void xie_group_cancel(struct xie_group *group)
{
    xie_scope_cancel(&group->scope);
}

/* Its members, for who looks for circles. */
struct members {
    struct xie_blockers blockers;
    const struct xie_group *group;
};

static struct xie_task *members_next(const struct xie_blockers *blockers, uintptr_t *cursor)
{
    const struct xie_task *last = (const struct xie_task *)*cursor;
    struct xie_task *next =
        last ? last->group_next : XIE_CONTAINER(blockers, struct members, blockers)->group->members;
    *cursor = (uintptr_t)next;
    return next;
}

/* A scope opened inside the group ends the wait alone. From outside every cancellation reaches
 * the members as well: they are waited for whatever happens. */
static int group_wait_once(struct xie_group *group, struct xie_task *self,
                           const struct xie_blockers *members)
{
    if (self->scope != &group->scope && !group->scope.effective) {
        int error = xie_wait_enter(&self);
        if (!error && group->count)
            error = xie_waiters_wait_for(&group->idle, self, "xie_group_wait", members);
        return group->scope.effective ? 0 : error;
    }
    XIE_SHIELD
        xie_waiters_wait_for(&group->idle, self, "xie_group_wait", members);
    return 0;
}

int xie_group_wait(struct xie_group *group)
{
    struct members members = {{.next = members_next}, group};
    struct xie_task *self = xie_task_here();
    int deadlock = 0;
    if (!self || self != group->scope.task)
        xie_misuse("xie_group_wait by another task than the one that opened the group");
    if (!group->count)
        xie_wait_enter(&self); /* where a scope has triggered, others run all the same */
    if (group->count && xie_wait_circle_for(self, &members.blockers)) {
        deadlock = XIE_EDEADLOCK;
        xie_group_cancel(group); /* that ends the member's wait for us */
    }
    while (group->count) {
        int error = group_wait_once(group, self, &members.blockers);
        if (error)
            return error;
    }

    if (deadlock)
        return deadlock;
    if (group->error && !group->taken) {
        group->taken = true;
        return group->error;
    }
    return group->scope.parent->effective;
}

static void group_end(struct xie_group *group)
{
    xie_scope_close(&group->scope);
    if (group->error && !group->taken)
        xie_task_report(group->failed_name, group->failed_where, group->error);
}

int xie_group_close(struct xie_group *group)
{
    if (!group->scope.open)
        return 0;
    int error = xie_group_wait(group);
    group_end(group);
    return error;
}

struct xie_group *xie_group_open_block(struct xie_group *group)
{
    xie_group_open(group);
    return group;
}

void xie_group_close_block(struct xie_group *group)
{
    if (!group->scope.open)
        return;
    bool taken = group->taken;
    xie_group_wait(group);
    group->taken = taken; /* leaving the block gives the error to nobody */
    group_end(group);
}
