/* barrier.c - tasks that wait for each other.
 * Floor 4. A round ends in one moment: each who waits is given its number, and the barrier is
 * empty, before anyone runs; so rounds cannot mix. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include <xie/sync.h>

#include "base/list.h"
#include "base/misuse.h"
#include "task/wait.h"

struct barrier_wait {
    struct xie_wait wait;
    struct xie_waiter waiter;
    struct xie_barrier *barrier;
    int result; /* what the wake gives */
};

static void barrier_wake(struct xie_waiter *waiter)
{
    struct barrier_wait *self = XIE_CONTAINER(waiter, struct barrier_wait, waiter);
    xie_wait_finish(&self->wait, self->result);
}

static void barrier_leave(struct xie_wait *wait, int error)
{
    struct barrier_wait *self = XIE_CONTAINER(wait, struct barrier_wait, wait);
    xie_waiters_remove(&self->waiter);
    self->barrier->waiting--;
    xie_wait_finish(wait, error);
}

/* End the round: with numbers in the order of coming, or for all with an error. */
static void barrier_end(struct xie_barrier *barrier, int error)
{
    barrier->waiting = 0;
    for (int number = 0; barrier->waiters.head; number++) {
        struct xie_waiter *first = barrier->waiters.head;
        XIE_CONTAINER(first, struct barrier_wait, waiter)->result = error ? error : number;
        xie_waiters_wake(&barrier->waiters);
    }
}

void xie_barrier_init(struct xie_barrier *barrier, size_t parties)
{
    if (!parties || parties > INT_MAX)
        xie_misuse("a barrier of %zu parties", parties);
    *barrier = (struct xie_barrier){.parties = parties};
}

int xie_barrier_wait(struct xie_barrier *barrier)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (barrier->broken)
        return XIE_EBROKEN;
    if (barrier->waiting + 1 == barrier->parties) {
        barrier_end(barrier, 0);
        return (int)barrier->parties - 1;
    }
    struct barrier_wait wait = {.barrier = barrier, .waiter.wake = barrier_wake};
    barrier->waiting++;
    xie_waiters_add(&barrier->waiters, &wait.waiter);
    return xie_wait_park(&wait.wait, self, "xie_barrier_wait", barrier_leave);
}

void xie_barrier_reset(struct xie_barrier *barrier)
{
    barrier->broken = false;
    barrier_end(barrier, XIE_EBROKEN);
}

void xie_barrier_abort(struct xie_barrier *barrier)
{
    barrier->broken = true;
    barrier_end(barrier, XIE_EBROKEN);
}

size_t xie_barrier_waiting(const struct xie_barrier *barrier)
{
    return barrier->waiting;
}

bool xie_barrier_broken(const struct xie_barrier *barrier)
{
    return barrier->broken;
}
