/* lock.c - one owner at a time, in the order of coming.
 * Floor 4. Given from hand to hand: nobody takes it past those who wait. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/sync.h>

#include "base/misuse.h"
#include "sync/case.h"
#include "task/wait.h"

static bool lock_attempt(struct xie_case *self)
{
    struct xie_lock *lock = self->object;
    struct xie_task *task = self->by->wait.task;
    if (lock->owner && lock->owner != task)
        return false;
    if (!task)
        self->result = -EPERM; /* xie_select_try in a callback */
    else
        self->result = lock->owner ? XIE_EDEADLOCK : 0;
    if (!lock->owner)
        xie_task_own(&lock->owner, task);
    return true;
}

static struct xie_task *lock_blocker(const struct xie_case *self)
{
    return ((struct xie_lock *)self->object)->owner;
}

struct xie_case xie_case_lock(struct xie_lock *lock)
{
    static const struct xie_case_kind kind = {
        .what = "xie_lock_take", .attempt = lock_attempt, .blocker = lock_blocker};
    return (struct xie_case){.kind = &kind, .line = &lock->waiters, .object = lock};
}

/* A wait for a lock alone: lighter than a case. */
struct lock_wait {
    struct xie_list_wait list;
    struct xie_lock *lock;
};

static void lock_wake(struct xie_waiter *waiter)
{
    struct lock_wait *self = XIE_CONTAINER(waiter, struct lock_wait, list.waiter);
    xie_task_own(&self->lock->owner, self->list.wait.task);
    xie_wait_finish(&self->list.wait, 0);
}

static __attribute__((noinline)) int lock_wait(struct xie_lock *lock, struct xie_task *self)
{
    if (xie_wait_circle(self, &lock->owner))
        return XIE_EDEADLOCK;
    struct lock_wait wait;
    wait.lock = lock;
    wait.list.wait.blocker = &lock->owner;
    wait.list.waiter.wake = lock_wake;
    return xie_list_wait_park(&wait.list, &lock->waiters, self, "xie_lock_take", NULL);
}

int xie_lock_take(struct xie_lock *lock)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (lock->owner)
        return lock_wait(lock, self);
    xie_task_own(&lock->owner, self);
    return 0;
}

int xie_lock_try(struct xie_lock *lock)
{
    struct xie_task *self = xie_task_here();
    if (!self)
        return -EPERM;
    if (lock->owner)
        return -EBUSY;
    xie_task_own(&lock->owner, self);
    return 0;
}

static __attribute__((noreturn, cold)) void give_of_another(const struct xie_lock *lock)
{
    xie_misuse("xie_lock_give by task '%s'; the lock is held by '%s'",
               xie_task_name(xie_task_current()),
               lock->owner ? xie_task_name(lock->owner) : "nobody");
}

void xie_lock_give(struct xie_lock *lock)
{
    if (!lock->owner || lock->owner != xie_task_here())
        give_of_another(lock);
    xie_task_own(&lock->owner, NULL);
    xie_waiters_wake(&lock->waiters); /* the next owns it before it runs */
}

bool xie_lock_locked(const struct xie_lock *lock)
{
    return lock->owner;
}

struct xie_lock *xie_lock_take_block(struct xie_lock *lock)
{
    return xie_lock_take(lock) ? NULL : lock;
}

void xie_lock_give_block(struct xie_lock **lock)
{
    if (*lock)
        xie_lock_give(*lock);
}
