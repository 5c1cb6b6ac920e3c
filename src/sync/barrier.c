/* barrier.c - tasks that wait for each other.
 * Floor 4. A round ends in one moment: each who waits is given its number, and the barrier is
 * empty, before anyone runs; so rounds cannot mix. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include <xie/sync.h>

#include "base/list.h"
#include "base/misuse.h"
#include "sync/case.h"

static struct xie_case *first_of(const struct xie_barrier *barrier)
{
    struct xie_waiter *first = barrier->waiters.head;
    return first ? XIE_CONTAINER(first, struct xie_case, waiter) : NULL;
}

static struct xie_case *next_of(const struct xie_case *self)
{
    struct xie_waiter *next = self->waiter.next;
    return next ? XIE_CONTAINER(next, struct xie_case, waiter) : NULL;
}

static void barrier_leave(struct xie_case *self)
{
    struct xie_barrier *barrier = self->object;
    if (self->waiter.list)
        barrier->waiting--;
    xie_waiters_remove(&self->waiter);
}

/* It was claimed. */
static void give(struct xie_case *self, int result)
{
    self->result = result;
    self->item = self; /* for the attempt: it has its result */
    xie_case_take(self);
}

/* With the one that comes they are enough, unless another case of somebody's select takes effect in
 * this moment, in another thread: then who waits there has not come. */
static bool barrier_opens(struct xie_barrier *barrier)
{
    struct xie_case *self, *next;
    if (barrier->waiting + 1 < barrier->parties)
        return false;
    for (self = first_of(barrier); self; self = next) {
        next = next_of(self);
        if (!xie_case_hold(self))
            barrier_leave(self);
    }
    bool enough = barrier->waiting + 1 >= barrier->parties;
    for (self = first_of(barrier); self; self = next_of(self))
        xie_case_hold_end(self, enough);
    for (int number = 0; enough && (self = first_of(barrier)); number++) {
        barrier_leave(self);
        give(self, number);
    }
    return enough;
}

static void barrier_fail(struct xie_barrier *barrier)
{
    struct xie_case *self;
    while ((self = first_of(barrier))) {
        barrier_leave(self);
        if (xie_case_claim(self))
            give(self, XIE_EBROKEN);
    }
}

static bool barrier_attempt(struct xie_case *self)
{
    struct xie_barrier *barrier = self->object;
    if (self->item) {
        self->item = NULL;
        return true;
    }
    if (barrier->broken)
        self->result = XIE_EBROKEN;
    else if (barrier_opens(barrier))
        self->result = (int)barrier->parties - 1;
    else
        return false;
    return true;
}

/* A select in which the barrier occurs twice comes once. */
static bool barrier_arm(struct xie_case *self)
{
    struct xie_barrier *barrier = self->object;
    for (struct xie_case *other = self->by->cases; other < self; other++)
        if (other->kind == self->kind && other->object == self->object && other->waiter.list)
            return false;
    barrier->waiting++;
    xie_waiters_add(&barrier->waiters, &self->waiter);
    return false;
}

struct xie_case xie_case_barrier(struct xie_barrier *barrier)
{
    static const struct xie_case_kind kind = {.what = "xie_barrier_wait",
                                              .attempt = barrier_attempt,
                                              .arm = barrier_arm,
                                              .leave = barrier_leave};
    return (struct xie_case){.kind = &kind, .line = &barrier->waiters, .object = barrier};
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
    struct xie_case one = xie_case_barrier(barrier);
    return barrier_attempt(&one) ? one.result : xie_case_wait(&one, self, NULL);
}

void xie_barrier_reset(struct xie_barrier *barrier)
{
    barrier->broken = false;
    barrier_fail(barrier);
}

void xie_barrier_abort(struct xie_barrier *barrier)
{
    barrier->broken = true;
    barrier_fail(barrier);
}

size_t xie_barrier_waiting(const struct xie_barrier *barrier)
{
    return barrier->waiting;
}

bool xie_barrier_broken(const struct xie_barrier *barrier)
{
    return barrier->broken;
}
