/* semaphore.c - a number of permits, in the order of coming.
 * Floor 4. A permit is free only while nobody waits. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/sync.h>

#include "base/misuse.h"
#include "sync/case.h"

static bool semaphore_attempt(struct xie_case *self)
{
    self->result = 0;
    return !xie_semaphore_try(self->object);
}

struct xie_case xie_case_semaphore(struct xie_semaphore *semaphore)
{
    static const struct xie_case_kind kind = {.what = "xie_semaphore_take",
                                              .attempt = semaphore_attempt};
    return (struct xie_case){.kind = &kind, .line = &semaphore->waiters, .object = semaphore};
}

void xie_semaphore_init(struct xie_semaphore *semaphore, size_t value, size_t most)
{
    if (most && value > most)
        xie_misuse("a semaphore is made with %zu permits, its bound is %zu", value, most);
    *semaphore = (struct xie_semaphore){.value = value, .most = most};
}

int xie_semaphore_try(struct xie_semaphore *semaphore)
{
    if (!semaphore->value)
        return -EAGAIN;
    semaphore->value--;
    return 0;
}

/* A wait for a permit alone: lighter than a case. */
struct semaphore_wait {
    struct xie_list_wait list;
    struct xie_semaphore *semaphore;
};

static void semaphore_wake(struct xie_waiter *waiter)
{
    struct semaphore_wait *self = XIE_CONTAINER(waiter, struct semaphore_wait, list.waiter);
    self->semaphore->value--;
    xie_wait_finish(&self->list.wait, 0);
}

static int semaphore_wait(struct xie_semaphore *semaphore, struct xie_task *self)
{
    struct semaphore_wait wait;
    wait.semaphore = semaphore;
    wait.list.wait.blocker = NULL;
    wait.list.waiter.wake = semaphore_wake;
    return xie_list_wait_park(&wait.list, &semaphore->waiters, self, "xie_semaphore_take", NULL);
}

int xie_semaphore_take(struct xie_semaphore *semaphore)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (!semaphore->value)
        return semaphore_wait(semaphore, self);
    semaphore->value--;
    return 0;
}

void xie_semaphore_give(struct xie_semaphore *semaphore)
{
    size_t most = semaphore->most ? semaphore->most : SIZE_MAX;
    if (semaphore->value >= most)
        xie_misuse("xie_semaphore_give more often than taken: all %zu permits are free", most);
    semaphore->value++;
    xie_waiters_wake(&semaphore->waiters);
}

bool xie_semaphore_locked(const struct xie_semaphore *semaphore)
{
    return !semaphore->value;
}

struct xie_semaphore *xie_semaphore_take_block(struct xie_semaphore *semaphore)
{
    return xie_semaphore_take(semaphore) ? NULL : semaphore;
}

void xie_semaphore_give_block(struct xie_semaphore **semaphore)
{
    if (*semaphore)
        xie_semaphore_give(*semaphore);
}
