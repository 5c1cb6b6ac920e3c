/* task.c - a task's life: spawned, switched to, ended, joined.
 * Floor 3. The record and its accessors; waiting is in wait.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/misuse.h"
#include "task/wait.h"

/* --- running ------------------------------------------------------------------------ */

void xie_task_run(struct xie_ready *item)
{
    struct xie_task *task = XIE_CONTAINER(item, struct xie_task, ready);
    struct xie_loop *loop = task->loop;
    xie_task_now_runs(loop, task);
    xie_context_switch(&loop->context, &task->context);
}

/* --- ending ------------------------------------------------------------------------- */

void xie_task_dispose(struct xie_task *task)
{
    struct xie_locals *locals = task->locals;
    xie_list_remove(&task->link);
    task->locals = NULL; /* a release may look, or spawn */
    if (locals)
        xie_locals_unref(locals);
    xie_stack_give(task->stack);
}

bool xie_task_failed(const struct xie_task *task)
{
    return task->result < 0 && task->result != task->base.effective;
}

static void task_end(struct xie_task *self, int result)
{
    struct xie_loop *loop = self->loop;
    if (self->scope != &self->base)
        xie_misuse("task '%s' (spawned at %s) ended with a scope still open", self->name,
                   self->where);
    if (self->locks) /* what it guards may be half changed: handing it on would hide that */
        xie_misuse("task '%s' (spawned at %s) ended while it holds %u lock%s", self->name,
                   self->where, self->locks, self->locks > 1 ? "s" : "");
    self->result = result;
    self->done = true;
    xie_scope_unlink(&self->base);
    xie_list_remove(&self->link);
    loop->task_count--;
    xie_waiters_wake_all(&self->joiners);
    if (self->group)
        xie_group_member_ended(self);
    if (self->gathering)
        xie_gathered_ended(self);
    if (self->owned) {
        xie_list_push(&loop->ended, &self->link);
    } else {
        if (!self->group && xie_task_failed(self))
            xie_task_report(self->name, self->where, result);
        xie_task_dispose(self); /* still running on it: nothing takes a stack before the leave */
    }
    xie_context_leave(&self->context, xie_task_next_context(loop), (struct xie_carried){0});
}

static void task_entry(void *arg)
{
    struct xie_task *self = arg;
    xie_context_entered(&self->context);
    task_end(self, self->fn(self->arg));
}

/* --- spawning ----------------------------------------------------------------------- */

/* What is zero at first. One by one: to clear the whole record takes several times as long. What
 * only a walk reads is set by the walk. */
static inline void be_idle(struct xie_task *task)
{
    task->wait = NULL;
    task->group_next = task->group_prev = NULL;
    task->joiners = (struct xie_waiters){0};
    task->gathering = NULL;
    task->locals = NULL;
    task->result = 0;
    task->done = task->owned = task->joined = task->cancelled = false;
    task->locks = 0;
    task->search = 0;
    task->since = 0;
}

struct xie_task *xie_task_make(struct xie_loop *loop, xie_task_fn *fn, void *arg,
                               const struct xie_task_options *options, const char *name,
                               const char *where, struct xie_scope *parent, struct xie_group *group)
{
    size_t size = options && options->stack_size ? options->stack_size : loop->stack_size;
    struct xie_stack *stack = xie_stack_take(size);
    if (!stack)
        return NULL;
    struct xie_task *task = xie_stack_carve(stack, sizeof *task);
    be_idle(task);

    const struct xie_task *context = options && options->context ? options->context : loop->current;

    task->ready.run = xie_task_run;
    task->loop = loop;
    task->stack = stack;
    task->fn = fn;
    task->arg = arg;
    task->name = options && options->name ? options->name : name;
    task->where = where;
    task->group = group;
    task->id = ++loop->next_id;
    task->scope = &task->base;
    stack->kind = "task";
    stack->name = task->name;
    stack->where = where;
    if (context && context->locals)
        task->locals = xie_locals_ref(context->locals);
    xie_scope_link(&task->base, parent, task, false);
    xie_list_push(&loop->tasks, &task->link);
    loop->task_count++;
    xie_context_prepare(&task->context, stack, task_entry, task);
    return task;
}

void xie_task_start(struct xie_task *task, const struct xie_task_options *options)
{
    struct xie_loop *loop = task->loop;
    struct xie_task *self = loop->current;
    if (!options || !options->eager || !self) {
        xie_loop_ready(loop, &task->ready);
        return;
    }
    xie_loop_ready_first(loop, &self->ready); /* who goes on when the new one waits */
    xie_task_now_runs(loop, task);
    xie_context_switch(&self->context, &task->context);
}

struct xie_task *xie_spawn_at(xie_task_fn *fn, void *arg, const struct xie_task_options *options,
                              const char *name, const char *where)
{
    struct xie_loop *loop = xie_loop_here;
    if (!loop) {
        xie_report("xie_spawn(%s) at %s: this thread runs no loop; call it from within xie_run",
                   name, where);
        return NULL;
    }
    struct xie_task *task = xie_task_make(loop, fn, arg, options, name, where, loop->root, NULL);
    if (!task)
        return NULL;
    task->owned = true;
    xie_task_start(task, options);
    return task;
}

/* --- the handle --------------------------------------------------------------------- */

void xie_task_owned_or_abort(const struct xie_task *task, const char *call)
{
    if (!task->owned || task->joined)
        xie_misuse("%s of task '%s' (spawned at %s): its handle was given back already", call,
                   task->name, task->where);
}

struct join_wait {
    struct xie_list_wait list;
    const struct xie_task *task;
    int result;
};

/* The task is there still; when who waits for it goes on, its owner may have given it back. */
static void join_wake(struct xie_waiter *waiter)
{
    struct join_wait *self = XIE_CONTAINER(waiter, struct join_wait, list.waiter);
    self->result = self->task->result;
    xie_wait_finish(&self->list.wait, 0);
}

static int join_wait(struct xie_task *task, struct xie_task *self, int *result)
{
    struct join_wait wait;
    if (xie_wait_circle(self, &task))
        return XIE_EDEADLOCK;
    wait.task = task;
    wait.list.wait.blocker = &task;
    wait.list.waiter.wake = join_wake;
    int error = xie_list_wait_park(&wait.list, &task->joiners, self, "xie_join", NULL);
    *result = wait.result;
    return error;
}

int xie_task_wait(struct xie_task *task, int *result)
{
    struct xie_task *self;
    int ended;
    int error = task ? 0 : -ENOMEM;
    if (task && task->done) {
        ended = task->result;
    } else if (task) {
        error = xie_wait_enter(&self);
        if (!error)
            error = join_wait(task, self, &ended);
    }
    if (!error && result)
        *result = ended;
    return error;
}

int xie_join(struct xie_task *task)
{
    if (!task)
        return -ENOMEM;
    xie_task_owned_or_abort(task, "xie_join");
    task->joined = true;
    int result = 0;
    int error = xie_task_wait(task, &result);
    task->joined = false;
    if (error)
        return error;
    task->owned = false;
    xie_task_dispose(task);
    return result;
}

void xie_detach(struct xie_task *task)
{
    if (!task)
        return;
    xie_task_owned_or_abort(task, "xie_detach");
    task->owned = false;
    if (!task->done)
        return;
    if (xie_task_failed(task))
        xie_task_report(task->name, task->where, task->result);
    xie_task_dispose(task);
}

void xie_task_cancel(struct xie_task *task)
{
    if (!task || task->done)
        return;
    task->cancelled = true;
    xie_scope_cancel(&task->base);
}

bool xie_task_done(const struct xie_task *task)
{
    return !task || task->done;
}

int xie_task_result(const struct xie_task *task)
{
    if (!task)
        return -ENOMEM;
    return task->done ? task->result : -EBUSY;
}

bool xie_task_cancelled(const struct xie_task *task)
{
    return task && task->cancelled;
}

struct xie_task *xie_task_current(void)
{
    return xie_task_here();
}

const char *xie_task_name(const struct xie_task *task)
{
    return task ? task->name : "?";
}

const char *xie_task_where(const struct xie_task *task)
{
    return task ? task->where : "?";
}

void xie_task_set_name(struct xie_task *task, const char *name)
{
    if (!task)
        return;
    task->name = task->stack->name = name;
    if (task->loop->watch && task == task->loop->current)
        xie_watchdog_rename(task->loop->watch, name);
}

size_t xie_task_count(void)
{
    struct xie_loop *loop = xie_loop_current();
    return loop ? loop->task_count : 0;
}

size_t xie_all_tasks(struct xie_task **tasks, size_t cap)
{
    struct xie_loop *loop = xie_loop_current();
    size_t count = 0;
    if (!loop)
        return 0;
    for (struct xie_link *link = loop->tasks.next; link != &loop->tasks && count < cap;
         link = link->next)
        tasks[count++] = XIE_CONTAINER(link, struct xie_task, link);
    return loop->task_count;
}
