/* select.c - waiting for several cases at once; a call of one primitive waits as a select of one.
 * Floor 4. The case that is woken leaves the lines of all others in that moment. Where other
 * threads wake, whoever claims the select first has its case take effect. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>

#include "base/list.h"
#include "sync/case.h"
#include "task/wait.h"

enum claim { OPEN, HELD, CLAIMED };

/* --- who claims it ------------------------------------------------------------------ */

bool xie_case_claim(struct xie_case *self)
{
    struct xie_select_wait *by = self->by;
    if (!by->shared)
        return true;
    for (;;) {
        int claim = OPEN;
        if (__atomic_compare_exchange_n(&by->claim, &claim, CLAIMED, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return true;
        if (claim == CLAIMED)
            return false;
        sched_yield(); /* its own loop is about to decide, and waits for nobody */
    }
}

bool xie_case_hold(struct xie_case *self)
{
    int claim = OPEN;
    return !self->by->shared || __atomic_compare_exchange_n(&self->by->claim, &claim, HELD, false,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void xie_case_hold_end(struct xie_case *self, bool claim)
{
    if (self->by->shared)
        __atomic_store_n(&self->by->claim, claim ? CLAIMED : OPEN, __ATOMIC_RELEASE);
}

/* --- lines -------------------------------------------------------------------------- */

static void leave_line(struct xie_case *self)
{
    if (self->kind && self->kind->leave)
        self->kind->leave(self);
    else
        xie_waiters_remove(&self->waiter);
}

/* Those of this loop, at once: what they stand in may be gone when the task runs. */
static void leave_lines(struct xie_select_wait *by)
{
    for (size_t i = 0; i < by->count; i++)
        if (!by->cases[i].kind || !by->cases[i].kind->shared)
            leave_line(&by->cases[i]);
}

/* The others, by the task, which has no lock then. After this no thread knows of the select, and
 * the one that woke it has let go of all it needed for that. */
static void leave_shared_lines(struct xie_select_wait *by)
{
    for (size_t i = 0; by->shared && i < by->count; i++)
        if (by->cases[i].kind && by->cases[i].kind->shared)
            leave_line(&by->cases[i]);
}

void xie_case_take(struct xie_case *self)
{
    leave_lines(self->by);
    self->kind->attempt(self);
    self->by->chosen = self;
    xie_wait_finish(&self->by->wait, 0);
}

/* Where another thread was quicker, what this one would have had is for the next in line. */
static void case_wake(struct xie_waiter *waiter)
{
    struct xie_waiters *line = XIE_CONTAINER(waiter, struct xie_case, waiter)->line;
    while (waiter && waiter->wake == case_wake) {
        struct xie_case *self = XIE_CONTAINER(waiter, struct xie_case, waiter);
        if (xie_case_claim(self)) {
            xie_case_take(self);
            return;
        }
        waiter = line->head;
        if (waiter)
            xie_waiters_remove(waiter);
    }
    if (waiter)
        waiter->wake(waiter);
}

/* --- other threads ------------------------------------------------------------------ */

static void select_back(struct xie_ready *item)
{
    struct xie_select_wait *by = XIE_CONTAINER(item, struct xie_select_wait, back.ready);
    leave_lines(by);
    xie_wait_finish(&by->wait, 0);
}

void xie_case_told(struct xie_case *self)
{
    struct xie_select_wait *by = self->by;
    by->chosen = self;
    if (!by->loop) {
        by->rouse(by);
    } else if (by->loop == xie_loop_current()) {
        leave_lines(by);
        xie_wait_finish(&by->wait, 0); /* it runs when the lock has long been let go of */
    } else {
        xie_loop_post(by->loop, &by->back);
    }
}

/* --- waiting ------------------------------------------------------------------------ */

static void select_abort(struct xie_wait *wait, int error)
{
    struct xie_select_wait *by = XIE_CONTAINER(wait, struct xie_select_wait, wait);
    if (by->shared && !xie_case_claim(by->cases))
        return; /* an outcome is on the way, and stands */
    leave_lines(by);
    xie_wait_finish(wait, error);
}

static bool arm(struct xie_case *self)
{
    self->waiter.wake = case_wake;
    if (!self->kind)
        return false;
    if (self->kind->arm)
        return self->kind->arm(self);
    xie_waiters_add(self->line, &self->waiter);
    return false;
}

static int select_park(struct xie_select_wait *by, struct xie_task *task, const char *what,
                       const struct xie_blockers *blockers)
{
    by->loop = task->loop;
    by->back.ready.run = select_back;
    for (size_t i = 0; i < by->count; i++) {
        by->cases[i].by = by;
        by->cases[i].waiter.list = NULL; /* before the first may be woken */
    }
    for (size_t i = 0; i < by->count; i++)
        if (arm(&by->cases[i])) {
            by->chosen = &by->cases[i];
            leave_lines(by);
            leave_shared_lines(by);
            return 0;
        }
    int error = xie_wait_park_for(&by->wait, task, what, select_abort, blockers);
    leave_shared_lines(by);
    return error;
}

int xie_case_park(struct xie_case *self, struct xie_task *task, const char *what,
                  struct xie_task *const *blocker)
{
    struct xie_select_wait by = {
        .wait.blocker = blocker, .cases = self, .count = 1, .shared = self->kind->shared};
    return select_park(&by, task, what, NULL);
}

int xie_case_wait(struct xie_case *self, struct xie_task *task, struct xie_task *const *blocker)
{
    int error = xie_case_park(self, task, self->kind->what, blocker);
    return error ? error : self->result;
}

/* --- select ------------------------------------------------------------------------- */

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

/* Whom its cases wait for, where that is known. */
static struct xie_task *select_next(const struct xie_blockers *blockers, uintptr_t *cursor)
{
    const struct xie_select_wait *by = XIE_CONTAINER(blockers, struct xie_select_wait, blockers);
    while (*cursor < by->count) {
        const struct xie_case *self = &by->cases[(*cursor)++];
        struct xie_task *task = NULL;
        if (self->waiter.list && self->kind->blocker)
            task = self->kind->blocker(self);
        if (task)
            return task;
    }
    return NULL;
}

static void look_at_kinds(struct xie_select_wait *by)
{
    by->blockers = (struct xie_blockers){.next = select_next, .any = true};
    by->blockers.open = !by->count;
    for (size_t i = 0; i < by->count; i++) {
        const struct xie_case_kind *kind = by->cases[i].kind;
        by->shared |= kind && kind->shared;
        by->blockers.open |= kind && !kind->blocker;
    }
}

int xie_select(struct xie_case *cases, size_t count)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    struct xie_select_wait by = {.wait.task = self, .cases = cases, .count = count};
    int index = select_attempt(&by, self->loop);
    if (index != -EAGAIN) {
        if (cases[index].kind->shared)
            xie_wait_breathe(self);
        return index;
    }
    look_at_kinds(&by);
    error = select_park(&by, self, "xie_select", &by.blockers);
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
    static const struct xie_case_kind kind = {.what = "xie_future_wait", .attempt = future_attempt};
    return (struct xie_case){
        .kind = &kind, .line = &future->waiters, .object = future, .to = value};
}

static bool task_attempt(struct xie_case *self)
{
    self->result = xie_task_result(self->object);
    return xie_task_done(self->object);
}

static struct xie_task *task_blocker(const struct xie_case *self)
{
    return self->object;
}

struct xie_case xie_case_task(struct xie_task *task)
{
    static const struct xie_case_kind kind = {
        .what = "xie_task_wait", .attempt = task_attempt, .blocker = task_blocker};
    return (struct xie_case){.kind = &kind, .line = task ? &task->joiners : NULL, .object = task};
}
