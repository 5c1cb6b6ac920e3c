/* record.h - what a task is: the record at the top of its stack.
 * Floor 3. For the files of this floor; others see include/xie/task.h and wait.h. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TASK_RECORD_H
#define XIE_TASK_RECORD_H

#include <xie/group.h>
#include <xie/task.h>

#include "loop/loop.h"
#include "task/wait.h"

struct xie_locals;

struct xie_task {
    struct xie_ready ready;
    struct xie_context context;
    struct xie_loop *loop;
    struct xie_stack *stack;
    struct xie_wait *wait;   /* what it waits for, NULL while it runs or is ready */
    struct xie_scope *scope; /* the innermost */
    struct xie_scope base;   /* the outermost of its own: what xie_task_cancel cancels */
    xie_task_fn *fn;
    void *arg;
    struct xie_link link; /* loop->tasks, then loop->ended */
    struct xie_group *group;
    struct xie_task *group_next, *group_prev;
    struct xie_waiters joiners;
    struct xie_locals *locals;
    const char *name, *where;
    uint64_t id;
    int result;
    bool done;
    bool owned;     /* somebody has the handle */
    bool joined;    /* and is giving it back */
    bool cancelled; /* by xie_task_cancel */
};

/* Suspend self, go on with what is ready. Returns when self was put into the ready queue. */
void xie_task_switch_away(struct xie_task *self);

/* Let everything that is ready run once before self goes on; not interruptible. */
void xie_task_step_aside(struct xie_task *self);

/* Make a task of loop within parent; it stands in the ready queue. NULL: no stack. */
struct xie_task *xie_task_make(struct xie_loop *loop, xie_task_fn *fn, void *arg,
                               const struct xie_task_options *options, const char *name,
                               const char *where, struct xie_scope *parent,
                               struct xie_group *group);

/* An ended task whose handle is given back: its stack is free again. */
void xie_task_dispose(struct xie_task *task);

/* A task has ended with a failure that nobody will take. */
void xie_task_report(const char *name, const char *where, int error);

/* Its group hears of a member's end. */
void xie_group_member_ended(struct xie_task *task);

/* Put a scope into the tree under parent (NULL: none), inheriting unless it is a shield. */
void xie_scope_link(struct xie_scope *scope, struct xie_scope *parent, struct xie_task *task,
                    bool shield);
void xie_scope_unlink(struct xie_scope *scope);

/* Trigger those around task whose time is over. */
void xie_scope_look(struct xie_task *task);

/* A task's wait is interrupted by what its innermost scope says now. */
void xie_wait_interrupt(struct xie_task *task);

/* Follow who waits for whom from `from`; if that leads to self, name the circle on stderr and
 * return true. */
bool xie_wait_circle(const struct xie_task *self, struct xie_task *const *from);

struct xie_locals *xie_locals_ref(struct xie_locals *locals);
void xie_locals_unref(struct xie_locals *locals);

#endif
