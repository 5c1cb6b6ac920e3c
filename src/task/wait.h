/* wait.h - a task that waits: suspended until finished, interruptible by its scopes.
 * Floor 3. Every primitive above is one struct xie_wait in the waiter's frame. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TASK_WAIT_H
#define XIE_TASK_WAIT_H

#include <stdint.h>
#include <xie/future.h>
#include <xie/task.h>

#include "loop/op.h"
#include "task/record.h"

/* The tasks that a wait is for, where they are several. */
struct xie_blockers {
    /* The next of them; *cursor is 0 at first, then the callee's own. NULL: no more. */
    struct xie_task *(*next)(const struct xie_blockers *self, uintptr_t *cursor);
    bool any;  /* the wait is over when one of them ends, else when all have */
    bool open; /* any, and something else may end it as well: it is never a circle's */
};

/* One wait of one task. */
struct xie_wait {
    struct xie_task *task;
    /* A scope interrupts the wait with error: must lead to xie_wait_finish, at once (not
     * begun: taken off the list) or later (the kernel has the buffer). Called at most once. */
    void (*abort)(struct xie_wait *wait, int error);
    int result;
    bool finished;
    bool aborted;
    const char *what; /* for the call graph: "xie_lock_take" */
    /* Where the task that is waited for stands (a lock's owner may change); NULL: none. */
    struct xie_task *const *blocker;
    const struct xie_blockers *blockers; /* in its place, for several; set by the park */
};

/* What xie_wait_enter does when it may not wait. */
int xie_wait_refuse(struct xie_task *self);
int xie_wait_outside(void);

/* What every call that waits begins with: 0, or the error of the scopes around the running
 * task (after letting others run); -EPERM outside a task (said on stderr). */
static inline int xie_wait_enter(struct xie_task **self)
{
    struct xie_loop *loop = xie_loop_here;
    struct xie_task *task = loop ? loop->current : NULL;
    *self = task;
    if (__builtin_expect(!task, 0))
        return xie_wait_outside();
    return __builtin_expect(task->scope->effective, 0) ? xie_wait_refuse(task) : 0;
}

/* A call did not have to wait: who never has to still lets others run now and then. */
void xie_wait_breathe(struct xie_task *self);

/* Suspend self until xie_wait_finish(wait). wait->task, abort, what are set by this;
 * returns wait->result. */
int xie_wait_park(struct xie_wait *wait, struct xie_task *self, const char *what,
                  void (*abort)(struct xie_wait *wait, int error));

/* The same, for several tasks. */
int xie_wait_park_for(struct xie_wait *wait, struct xie_task *self, const char *what,
                      void (*abort)(struct xie_wait *wait, int error),
                      const struct xie_blockers *blockers);

/* Abort where the caller is not on the loop of the task that waits. */
void xie_wait_check_thread(const struct xie_wait *wait);

/* The wait is over: its task runs at the next chance. From the same loop; once. */
static inline void xie_wait_finish(struct xie_wait *wait, int result)
{
    struct xie_task *task = wait->task;
    if (__builtin_expect(task->loop->watch != NULL, 0))
        xie_wait_check_thread(wait);
    wait->result = result;
    wait->finished = true;
    task->wait = NULL;
    xie_loop_ready(task->loop, &task->ready);
}

/* If task waits, its wait is interrupted with error, as by a scope. */
XIE_API void xie_wait_break(struct xie_task *task, int error);

/**
 * Submit an operation of this thread's loop and suspend until it is done: what all I/O
 * stands on. Interrupted, it waits for the kernel to let go of the buffers.
 *
 * return  its result; -ECANCELED or -ETIMEDOUT by the scopes' word when it was taken back
 */
int64_t xie_op_run(struct xie_op *op, const char *what);

/* --- first-come lists: what futures, events, locks and queues are made of ----------- */

/* Suspend the running task in waiters until woken by xie_waiters_wake*, or interrupted (then
 * taken off). return 0 woken, else the scope's error. xie_wait_enter was called before. */
int xie_waiters_wait(struct xie_waiters *waiters, struct xie_task *self, const char *what,
                     struct xie_task *const *blocker);
/* The same, for several tasks. */
int xie_waiters_wait_for(struct xie_waiters *waiters, struct xie_task *self, const char *what,
                         const struct xie_blockers *blockers);

/* A wait in such a list: the head of those that are woken with more than a 0. */
struct xie_list_wait {
    struct xie_wait wait;     /* its blocker is the caller's to set, */
    struct xie_waiter waiter; /* and its wake, which calls xie_wait_finish */
};
int xie_list_wait_park(struct xie_list_wait *wait, struct xie_waiters *waiters,
                       struct xie_task *self, const char *what,
                       const struct xie_blockers *blockers);

static inline void xie_waiters_add(struct xie_waiters *waiters, struct xie_waiter *waiter)
{
    waiter->list = waiters;
    waiter->next = NULL;
    waiter->prev = waiters->tail;
    if (waiters->tail)
        waiters->tail->next = waiter;
    else
        waiters->head = waiter;
    waiters->tail = waiter;
}

/* Harmless for one that is not queued. */
static inline void xie_waiters_remove(struct xie_waiter *waiter)
{
    struct xie_waiters *list = waiter->list;
    if (!list)
        return;
    if (waiter->prev)
        waiter->prev->next = waiter->next;
    else
        list->head = waiter->next;
    if (waiter->next)
        waiter->next->prev = waiter->prev;
    else
        list->tail = waiter->prev;
    waiter->list = NULL;
}

/* Take the first off and wake it; false when empty. */
static inline bool xie_waiters_wake(struct xie_waiters *waiters)
{
    struct xie_waiter *first = waiters->head;
    if (!first)
        return false;
    xie_waiters_remove(first);
    first->wake(first);
    return true;
}

static inline void xie_waiters_wake_all(struct xie_waiters *waiters)
{
    while (xie_waiters_wake(waiters))
        ;
}
static inline bool xie_waiters_empty(const struct xie_waiters *waiters)
{
    return !waiters->head;
}

#endif
