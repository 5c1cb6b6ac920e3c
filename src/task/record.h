/* record.h - what a task is: the record at the top of its stack; leaving it for the next.
 * Floor 3. For the files of this floor; others see include/xie/task.h and wait.h. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TASK_RECORD_H
#define XIE_TASK_RECORD_H

#include <xie/group.h>
#include <xie/task.h>

#include "loop/loop.h"

struct xie_locals;
struct xie_wait;
struct xie_blockers;

struct xie_task {
    /* What a switch and a wait touch, in two cache lines: up to base.effective. */
    _Alignas(64) struct xie_ready ready;
    struct xie_context context;
    struct xie_scope *scope; /* the innermost */
    struct xie_loop *loop;
    struct xie_wait *wait; /* what it waits for, NULL while it runs or is ready */
    struct xie_scope base; /* the outermost of its own: what xie_task_cancel cancels */

    struct xie_stack *stack;
    xie_task_fn *fn;
    void *arg;
    struct xie_link link; /* loop->tasks, then loop->ended */
    struct xie_group *group;
    struct xie_task *group_next, *group_prev;
    struct xie_waiters joiners;
    struct xie_gathering *gathering; /* what has its handle meanwhile, NULL: nothing */
    struct xie_locals *locals;
    const char *name, *where;
    uint64_t id;
    int result;
    bool done;
    bool owned;     /* somebody has the handle */
    bool joined;    /* and is giving it back */
    bool cancelled; /* by xie_task_cancel */
    unsigned locks; /* how many it owns */

    /* Of a walk along who waits for whom; see circle.c and graph.c. */
    bool stuck;
    uint64_t search;
    struct xie_task *from, *because;
    uintptr_t cursor;
    int64_t since; /* when its wait began; kept in debug mode only */
};

/* xie_task_current without a call. */
static inline struct xie_task *xie_task_here(void)
{
    return xie_loop_here ? xie_loop_here->current : NULL;
}

/* The ready queue's item of a task, run from the loop's own stack. */
void xie_task_run(struct xie_ready *item);

/* self was resumed to tell its stack: does so, and is suspended again. */
void xie_task_probed(struct xie_task *self);

static inline void xie_task_now_runs(struct xie_loop *loop, struct xie_task *task)
{
    loop->current = task;
    if (__builtin_expect(loop->watch != NULL, 0))
        xie_watchdog_enter(loop->watch, task->name, task->where, (void *)task->fn);
}

/* Who goes on now: the next ready task, without a way over the loop's stack; or the loop, for
 * callbacks and when the step is over. */
static inline struct xie_context *xie_task_next_context(struct xie_loop *loop)
{
    struct xie_ready *item = loop->ready_head;
    if (!item || item->run != xie_task_run || !loop->budget) {
        loop->current = NULL;
        return &loop->context;
    }
    loop->budget--;
    xie_loop_take(loop);
    xie_task_now_runs(loop, XIE_CONTAINER(item, struct xie_task, ready));
    return &loop->current->context;
}

/* Suspend self, go on with what is ready. Returns when self was put into the ready queue. */
XIE_INLINE void xie_task_switch_away(struct xie_task *self)
{
    struct xie_context *next = xie_task_next_context(self->loop);
    if (next != &self->context)
        xie_context_switch(&self->context, next);
    while (__builtin_expect(xie_loop_here->probe != NULL, 0)) /* quicker there than by self */
        xie_task_probed(self);
}

/* Let everything that is ready run once before self goes on; not interruptible. */
XIE_INLINE void xie_task_step_aside(struct xie_task *self)
{
    xie_loop_ready(self->loop, &self->ready);
    xie_task_switch_away(self);
}

/* Make a task of loop within parent, not started yet. NULL: no stack. */
struct xie_task *xie_task_make(struct xie_loop *loop, xie_task_fn *fn, void *arg,
                               const struct xie_task_options *options, const char *name,
                               const char *where, struct xie_scope *parent,
                               struct xie_group *group);

/* It runs at the next chance, or at once where the options say so. */
void xie_task_start(struct xie_task *task, const struct xie_task_options *options);

/* An ended task whose handle is given back: its stack is free again. */
void xie_task_dispose(struct xie_task *task);

/* Whether it has failed: what it returns because its scopes told it to end is no failure. */
bool xie_task_failed(const struct xie_task *task);

/* A task has ended with a failure that nobody will take. */
void xie_task_report(const char *name, const char *where, int error);

/* One line about a task to the loop's handler of such, or to stderr. */
__attribute__((format(printf, 4, 5))) void xie_tell(const char *name, const char *where, int error,
                                                    const char *format, ...);

/* Another owner for a lock, NULL for none; place is where it says whose it is. Counted, so that
 * a task that ends as an owner is named. */
static inline void xie_task_own(struct xie_task **place, struct xie_task *owner)
{
    if (*place)
        (*place)->locks--;
    if (owner)
        owner->locks++;
    *place = owner;
}

/* Its group, or what gathers it, hears of its end. */
void xie_group_member_ended(struct xie_task *task);
void xie_gathered_ended(struct xie_task *task);
/* Abort unless somebody has its handle and is not giving it back. */
void xie_task_owned_or_abort(const struct xie_task *task, const char *call);

/* Put a scope into the tree under parent (NULL: none), inheriting unless it is a shield. */
static inline void xie_scope_link(struct xie_scope *scope, struct xie_scope *parent,
                                  struct xie_task *task, bool shield)
{
    scope->parent = parent;
    scope->task = task;
    scope->shield = shield;
    scope->open = true;
    scope->children = scope->prev = scope->next = NULL;
    scope->own = scope->effective = 0;
    scope->ignored = 0;
    scope->timer.place = XIE_TIMER_IDLE;
    if (!parent)
        return;
    if (!shield)
        scope->effective = parent->effective;
    scope->next = parent->children;
    if (parent->children)
        parent->children->prev = scope;
    parent->children = scope;
}

/* Aborts: others stand inside it. */
void xie_scope_occupied(const struct xie_scope *scope);

static inline void xie_scope_unlink(struct xie_scope *scope)
{
    if (__builtin_expect(scope->children != NULL, 0))
        xie_scope_occupied(scope);
    if (scope->next)
        scope->next->prev = scope->prev;
    if (scope->prev)
        scope->prev->next = scope->next;
    else if (scope->parent)
        scope->parent->children = scope->next;
    scope->next = scope->prev = NULL;
    scope->open = false;
}

/* Trigger those around task whose time is over. */
void xie_scope_look(struct xie_task *task);

/* A task's wait is interrupted by what its innermost scope says now. */
void xie_wait_interrupt(struct xie_task *task);

/* The next task that a wait is for; as xie_blockers.next. */
struct xie_task *xie_wait_next(const struct xie_wait *wait, uintptr_t *cursor);

/* Would self, by waiting for *from, or for blockers, wait for itself? Then the circle is named,
 * and the wait must not begin. Looks at a bounded number of tasks. */
bool xie_wait_circle_at_length(struct xie_task *self, struct xie_task *const *from);
static inline bool xie_wait_circle(struct xie_task *self, struct xie_task *const *from)
{
    /* It runs or is ready, as most are: no. */
    return (!*from || *from == self || (*from)->wait) && xie_wait_circle_at_length(self, from);
}
bool xie_wait_circle_for(struct xie_task *self, const struct xie_blockers *blockers);

/* Nothing happens any more: name the circles that tasks wait in, if there are any. */
void xie_circles_report(struct xie_loop *loop);

struct xie_locals *xie_locals_ref(struct xie_locals *locals);
void xie_locals_unref(struct xie_locals *locals);

#endif
