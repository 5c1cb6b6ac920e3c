/* condition.c - waiting for something with a lock given meanwhile.
 * Floor 4. Who is notified or interrupted goes straight from this line into the lock's, where
 * nothing interrupts: woken once, as owner. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/sync.h>

#include "base/list.h"
#include "base/misuse.h"
#include "task/wait.h"

struct condition_wait {
    struct xie_wait wait;
    struct xie_waiter waiter; /* in the condition's line, then in the lock's */
    struct xie_lock *lock;
    int result;
};

/* The lock is free and ours. */
static void condition_locked(struct xie_waiter *waiter)
{
    struct condition_wait *self = XIE_CONTAINER(waiter, struct condition_wait, waiter);
    xie_task_own(&self->lock->owner, self->wait.task);
    xie_wait_finish(&self->wait, self->result);
}

/* Off the condition's line, and on to the lock. */
static void condition_ended(struct condition_wait *self, int result)
{
    self->result = result;
    self->waiter.wake = condition_locked;
    self->wait.blocker = &self->lock->owner;
    if (self->lock->owner)
        xie_waiters_add(&self->lock->waiters, &self->waiter);
    else
        condition_locked(&self->waiter);
}

static void condition_notified(struct xie_waiter *waiter)
{
    condition_ended(XIE_CONTAINER(waiter, struct condition_wait, waiter), 0);
}

static void condition_abort(struct xie_wait *wait, int error)
{
    struct condition_wait *self = XIE_CONTAINER(wait, struct condition_wait, wait);
    if (self->waiter.wake == condition_locked)
        return; /* notified already, and only waits for the lock */
    xie_waiters_remove(&self->waiter);
    condition_ended(self, error);
}

/* What both calls begin with: as xie_wait_enter; without the lock it aborts. */
static int condition_enter(const struct xie_lock *lock, struct xie_task **self)
{
    int error = xie_wait_enter(self);
    if (error != -EPERM && lock->owner != *self)
        xie_misuse("a condition is waited for by task '%s'; its lock is held by '%s'",
                   xie_task_name(*self), lock->owner ? xie_task_name(lock->owner) : "nobody");
    return error;
}

int xie_condition_wait(struct xie_condition *condition, struct xie_lock *lock)
{
    struct xie_task *self;
    int error = condition_enter(lock, &self);
    if (error)
        return error;
    struct condition_wait wait = {.lock = lock, .waiter.wake = condition_notified};
    xie_waiters_add(&condition->waiters, &wait.waiter);
    xie_lock_give(lock);
    return xie_wait_park(&wait.wait, self, "xie_condition_wait", condition_abort);
}

int xie_condition_wait_for(struct xie_condition *condition, struct xie_lock *lock,
                           bool (*predicate)(void *arg), void *arg)
{
    struct xie_task *self;
    int error = condition_enter(lock, &self);
    while (!error && !predicate(arg))
        error = xie_condition_wait(condition, lock);
    return error;
}

void xie_condition_notify(struct xie_condition *condition, size_t count)
{
    while (count-- && xie_waiters_wake(&condition->waiters))
        ;
}

void xie_condition_notify_all(struct xie_condition *condition)
{
    xie_waiters_wake_all(&condition->waiters);
}
