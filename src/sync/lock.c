/* lock.c - one owner at a time, in the order of coming.
 * Floor 4. Given from hand to hand: nobody takes it past those who wait. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/sync.h>

#include "base/misuse.h"
#include "task/record.h"

int xie_lock_take(struct xie_lock *lock)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (!lock->owner) {
        xie_task_own(&lock->owner, self);
        return 0;
    }
    if (xie_wait_circle(self, &lock->owner))
        return XIE_EDEADLOCK;
    return xie_waiters_wait(&lock->waiters, self, "xie_lock_take", &lock->owner);
}

int xie_lock_try(struct xie_lock *lock)
{
    struct xie_task *self = xie_task_current();
    if (!self)
        return -EPERM;
    if (lock->owner)
        return -EBUSY;
    xie_task_own(&lock->owner, self);
    return 0;
}

void xie_lock_give(struct xie_lock *lock)
{
    if (!lock->owner || lock->owner != xie_task_current())
        xie_misuse("xie_lock_give by task '%s'; the lock is held by '%s'",
                   xie_task_name(xie_task_current()),
                   lock->owner ? xie_task_name(lock->owner) : "nobody");
    /* The next owns it before it runs. */
    xie_task_own(&lock->owner, xie_waiters_first_task(&lock->waiters));
    xie_waiters_wake(&lock->waiters);
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
