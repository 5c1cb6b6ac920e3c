/* scope.c - deadlines and cancellation: a tree of scopes over all tasks of a loop.
 * Floor 3. What a scope says reaches everything inside at once, and stays said. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/misuse.h"
#include "task/wait.h"

__attribute__((cold)) void xie_scope_occupied(const struct xie_scope *scope)
{
    xie_misuse("a scope of task '%s' (spawned at %s) is closed while others stand inside it",
               xie_task_name(scope->task), xie_task_where(scope->task));
}

/* --- triggering --------------------------------------------------------------------------------
 */

/* Tell one scope; true when what is inside must be told as well. */
static bool scope_tell(struct xie_scope *scope, int code)
{
    if (scope->effective)
        return false; /* so has everything inside, but for shields */
    scope->effective = code;
    if (scope->task && scope->task->scope == scope)
        xie_wait_interrupt(scope->task);
    return true;
}

/* Walk the tree below top without recursion: groups nest as deep as programs like. */
static void scope_spread(struct xie_scope *top, int code)
{
    struct xie_scope *at = top;
    bool enter = scope_tell(top, code);
    for (;;) {
        if (enter && at->children) {
            at = at->children;
        } else {
            while (at != top && !at->next)
                at = at->parent;
            if (at == top)
                return;
            at = at->next;
        }
        enter = !at->shield && scope_tell(at, code);
    }
}

static void scope_trigger(struct xie_scope *scope, int code)
{
    if (scope->own || !scope->open)
        return;
    scope->own = code;
    scope_spread(scope, code);
}

/* The timers fire between turns of the loop: a task that computes has to look itself. */
void xie_scope_look(struct xie_task *task)
{
    int64_t now = 0;
    for (struct xie_scope *scope = task->scope; scope; scope = scope->parent) {
        if (xie_timer_armed(&scope->timer) && scope->timer.when <= (now ? now : (now = xie_now())))
            scope_trigger(scope, -ETIMEDOUT);
        if (scope->shield)
            return;
    }
}

static void scope_expire(struct xie_timer *timer)
{
    scope_trigger(XIE_CONTAINER(timer, struct xie_scope, timer), -ETIMEDOUT);
}

void xie_scope_cancel(struct xie_scope *scope)
{
    const struct xie_task *task = scope->task;
    if (task && scope->open && task->loop->watch && task->loop != xie_loop_current())
        xie_misuse("task '%s' (spawned at %s) is cancelled by another thread than its loop's; "
                   "xie_loop_call leads there",
                   task->name, task->where);
    scope_trigger(scope, -ECANCELED);
}

/* --- opening and closing ------------------------------------------------------------------------
 */

/* now: of xie_now(), not looked at without a deadline. */
static void scope_open(struct xie_scope *scope, int64_t when, int64_t now, bool shield)
{
    struct xie_task *self = xie_task_here();
    xie_timer_init(&scope->timer, scope_expire);
    scope->timer.when = XIE_NEVER;
    if (!self) {
        memset(scope, 0, offsetof(struct xie_scope, timer));
        return;
    }
    xie_scope_link(scope, self->scope, self, shield);
    self->scope = scope;
    if (when == XIE_NEVER)
        return;
    if (when > now) {
        xie_loop_arm(self->loop, &scope->timer, when);
        return;
    }
    scope->timer.when = when;
    scope_trigger(scope, -ETIMEDOUT);
}

static void scope_open_for(struct xie_scope *scope, int64_t timeout_ns, bool shield)
{
    int64_t now = timeout_ns == XIE_NEVER ? 0 : xie_now();
    int64_t longest = XIE_NEVER - now;
    scope_open(scope, timeout_ns < longest ? now + (timeout_ns > 0 ? timeout_ns : 0) : XIE_NEVER,
               now, shield);
}

void xie_scope_open(struct xie_scope *scope, int64_t timeout_ns)
{
    scope_open_for(scope, timeout_ns, false);
}

void xie_scope_open_at(struct xie_scope *scope, int64_t when)
{
    scope_open(scope, when, when == XIE_NEVER ? 0 : xie_now(), false);
}

void xie_scope_open_shield(struct xie_scope *scope, int64_t timeout_ns)
{
    scope_open_for(scope, timeout_ns, true);
}

int xie_scope_close(struct xie_scope *scope)
{
    struct xie_task *task = scope->task;
    if (!scope->open)
        return scope->own;
    if (task->scope != scope || task != xie_task_here())
        xie_misuse("a scope of task '%s' (spawned at %s) is closed out of order or by another task",
                   task->name, task->where);
    xie_timer_cancel(&task->loop->timers, &scope->timer);
    xie_scope_unlink(scope);
    task->scope = scope->parent;
    return scope->own;
}

void xie_scope_reschedule(struct xie_scope *scope, int64_t when)
{
    if (!scope->open || scope->own)
        return;
    struct xie_loop *loop = scope->task->loop;
    xie_timer_cancel(&loop->timers, &scope->timer);
    scope->timer.when = when;
    if (when <= xie_now())
        scope_trigger(scope, -ETIMEDOUT);
    else if (when != XIE_NEVER)
        xie_loop_arm(loop, &scope->timer, when);
}

int64_t xie_scope_when(const struct xie_scope *scope)
{
    return scope->timer.when;
}

bool xie_scope_expired(const struct xie_scope *scope)
{
    return scope->own == -ETIMEDOUT;
}

struct xie_scope *xie_scope_open_block(struct xie_scope *scope, int64_t timeout_ns, bool shield)
{
    scope_open_for(scope, timeout_ns, shield);
    return scope;
}

struct xie_scope *xie_scope_open_block_at(struct xie_scope *scope, int64_t when)
{
    xie_scope_open_at(scope, when);
    return scope;
}

void xie_scope_close_block(struct xie_scope *scope)
{
    xie_scope_close(scope);
}
