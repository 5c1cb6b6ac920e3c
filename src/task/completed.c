/* completed.c - tasks in the order in which they end; waiting for the first of several.
 * Floor 3. A record for each task stands among those that wait for it, and notes its end: the
 * task itself is not looked at again, since its owner may have given it back by then. */
/* SPDX-License-Identifier: MIT */
#include <xie/gather.h>

#include <errno.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "task/wait.h"

struct xie_watched {
    struct xie_waiter waiter;
    struct xie_as_completed *over;
    struct xie_task *task;    /* NULL: it has ended */
    struct xie_watched *next; /* among those that have */
    bool failed;
};

static void watched_ended(struct xie_watched *watched, int result)
{
    struct xie_as_completed *over = watched->over;
    watched->task = NULL;
    watched->failed = result < 0;
    watched->next = NULL;
    *over->tail = watched;
    over->tail = &watched->next;
}

static void watched_wake(struct xie_waiter *waiter)
{
    struct xie_watched *watched = XIE_CONTAINER(waiter, struct xie_watched, waiter);
    watched_ended(watched, watched->task->result);
    xie_waiters_wake(&watched->over->waiting);
}

int xie_as_completed_open(struct xie_as_completed *over, struct xie_task *const *tasks,
                          size_t count)
{
    struct xie_watched *watched = count ? xie_alloc_zero(count * sizeof *watched) : NULL;
    if (count && !watched)
        return -ENOMEM;
    *over = (struct xie_as_completed){.watched = watched, .count = count};
    over->tail = &over->ended;
    for (size_t i = 0; i < count; i++) {
        watched[i].over = over;
        watched[i].task = tasks[i];
        watched[i].waiter.wake = watched_wake;
        if (xie_task_done(tasks[i]))
            watched_ended(&watched[i], xie_task_result(tasks[i]));
        else
            xie_waiters_add(&tasks[i]->joiners, &watched[i].waiter);
    }
    return 0;
}

void xie_as_completed_close(struct xie_as_completed *over)
{
    if (!xie_waiters_empty(&over->waiting))
        xie_misuse("xie_as_completed_close while another task waits in xie_as_completed_next");
    for (size_t i = 0; i < over->count; i++)
        xie_waiters_remove(&over->watched[i].waiter);
    xie_release(over->watched);
    *over = (struct xie_as_completed){0};
}

/* --- waiting for the next ----------------------------------------------------------- */

struct left {
    struct xie_blockers blockers;
    const struct xie_as_completed *over;
};

static struct xie_task *left_next(const struct xie_blockers *blockers, uintptr_t *cursor)
{
    const struct xie_as_completed *over = XIE_CONTAINER(blockers, struct left, blockers)->over;
    while (*cursor < over->count) {
        struct xie_task *task = over->watched[(*cursor)++].task;
        if (task)
            return task;
    }
    return NULL;
}

/* return 1 *next has ended, and is given out; 0 all are; negative: as the calls below */
static int next_ended(struct xie_as_completed *over, bool any, const char *what,
                      struct xie_watched **next)
{
    struct left left = {{left_next, any, false}, over};
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    while (!error && !over->ended) {
        if (over->given == over->count)
            return 0;
        if (xie_wait_circle_for(self, &left.blockers))
            return XIE_EDEADLOCK;
        error = xie_waiters_wait_for(&over->waiting, self, what, &left.blockers);
    }
    if (error)
        return error;
    *next = over->ended;
    over->ended = (*next)->next;
    if (!over->ended)
        over->tail = &over->ended;
    if (++over->given == over->count) /* others that wait for more wait in vain */
        xie_waiters_wake_all(&over->waiting);
    return 1;
}

int xie_as_completed_next(struct xie_as_completed *over, size_t *index)
{
    struct xie_watched *next;
    int status = next_ended(over, true, "xie_as_completed_next", &next);
    if (status > 0)
        *index = (size_t)(next - over->watched);
    return status;
}

/* --- wait for the first --------------------------------------------------------------------------
 */

static bool enough(size_t done, size_t failed, size_t count, enum xie_wait_until until)
{
    return done == count || (until == XIE_FIRST_DONE && done) ||
           (until == XIE_FIRST_ERROR && failed);
}

int xie_wait_tasks(struct xie_task *const *tasks, size_t count, enum xie_wait_until until)
{
    struct xie_as_completed over;
    struct xie_watched *next;
    size_t done = 0, failed = 0;
    int status = 1;

    for (size_t i = 0; i < count; i++)
        if (xie_task_done(tasks[i])) {
            done++;
            failed += xie_task_result(tasks[i]) < 0;
        }
    if (enough(done, failed, count, until))
        return (int)done;
    status = xie_as_completed_open(&over, tasks, count);
    if (status)
        return status;
    done = failed = 0;
    while (!enough(done, failed, count, until) &&
           (status = next_ended(&over, until != XIE_ALL_DONE, "xie_wait_tasks", &next)) > 0) {
        done++;
        failed += next->failed;
    }
    /* Several may have ended at once. */
    while (status > 0 && over.ended) {
        over.ended = over.ended->next;
        done++;
    }
    xie_as_completed_close(&over);
    return status < 0 ? status : (int)done;
}
