/* gather.c - waiting for several tasks.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/memory.h"
#include "task/record.h"

/* Cancel those that run and wait for all of them, whatever the scopes say. */
static void cancel_and_wait(struct xie_task *const *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        xie_task_cancel(tasks[i]);
    XIE_SHIELD
        for (size_t i = 0; i < count; i++)
            xie_task_wait(tasks[i]);
}

int xie_gather(struct xie_task *const *tasks, size_t count, int *results)
{
    int interrupted = 0, first = 0;

    for (size_t i = 0; i < count && !interrupted; i++)
        if (tasks[i])
            interrupted = xie_task_wait(tasks[i]);
    if (interrupted == XIE_EDEADLOCK)
        return interrupted;
    if (interrupted)
        cancel_and_wait(tasks, count);
    for (size_t i = 0; i < count; i++) {
        int result = xie_join(tasks[i]); /* ended, or NULL: does not wait */
        if (results)
            results[i] = result;
        if (result < 0 && !first)
            first = result;
    }
    return interrupted ? interrupted : first;
}

/* --- wait for the first --------------------------------------------------------------------------
 */

/* One of the tasks waited for; they share the latch. */
struct watch {
    struct xie_waiter waiter;
    struct xie_waiters *latch;
};

static void watch_wake(struct xie_waiter *waiter)
{
    xie_waiters_wake(XIE_CONTAINER(waiter, struct watch, waiter)->latch);
}

/* How many have ended; enough tells whether that satisfies `until`. */
static size_t count_done(struct xie_task *const *tasks, size_t count, enum xie_wait_until until,
                         bool *enough)
{
    size_t done = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!xie_task_done(tasks[i]))
            continue;
        done++;
        failed += xie_task_result(tasks[i]) < 0;
    }
    *enough = done == count || (until == XIE_FIRST_DONE && done > 0) ||
              (until == XIE_FIRST_ERROR && failed > 0);
    return done;
}

int xie_wait_tasks(struct xie_task *const *tasks, size_t count, enum xie_wait_until until)
{
    struct xie_task *self;
    struct xie_waiters latch = {0};
    bool enough;
    size_t done = count_done(tasks, count, until, &enough);
    if (enough)
        return (int)done;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    struct watch *watches = xie_alloc_zero(count * sizeof *watches);
    if (!watches)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        watches[i].latch = &latch;
        watches[i].waiter.wake = watch_wake;
        if (!xie_task_done(tasks[i]))
            xie_waiters_add(&tasks[i]->joiners, &watches[i].waiter);
    }
    do {
        error = xie_waiters_wait(&latch, self, "xie_wait_tasks", NULL);
        done = count_done(tasks, count, until, &enough);
    } while (!error && !enough);
    for (size_t i = 0; i < count; i++)
        xie_waiters_remove(&watches[i].waiter);
    xie_release(watches);
    return error ? error : (int)done;
}
