/* parker.c - suspending a task, or blocking a thread, until another thread wakes it.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include "io/parker.h"

#include <errno.h>
#include <time.h>

#include "base/misuse.h"
#include "base/sys.h"
#include "task/wait.h"

/* --- tasks -------------------------------------------------------------------------- */

/* The outcome has come to the loop's thread. Taking the lock, we know that the waker has let go
 * of it, of the loop, and of all that the woken task may now give back. */
static void parker_back(struct xie_ready *item)
{
    struct xie_parker *parker = XIE_CONTAINER(item, struct xie_parker, back.ready);
    pthread_mutex_lock(parker->lock);
    pthread_mutex_unlock(parker->lock);
    xie_wait_finish(&parker->wait, 0);
}

static void parker_abort(struct xie_wait *wait, int error)
{
    struct xie_parker *parker = XIE_CONTAINER(wait, struct xie_parker, wait);
    pthread_mutex_lock(parker->lock);
    bool woken = parker->woken;
    if (!woken)
        xie_list_remove(&parker->link);
    pthread_mutex_unlock(parker->lock);
    if (!woken) /* else its outcome is on the way, and stands */
        xie_wait_finish(wait, error);
}

int xie_parker_wait(struct xie_parker *parker, struct xie_link *list, pthread_mutex_t *lock,
                    struct xie_task *self, const char *what)
{
    parker->lock = lock;
    parker->loop = self->loop;
    parker->back.ready.run = parker_back;
    xie_list_push(list, &parker->link);
    pthread_mutex_unlock(lock);
    return xie_wait_park(&parker->wait, self, what, parker_abort);
}

/* --- threads ------------------------------------------------------------------------ */

int xie_block_enter(const char *what)
{
    if (!xie_loop_current())
        return 0;
    xie_report("%s would block the loop of this thread; it returns -EPERM. Tasks have a call that "
               "waits instead",
               what);
    return -EPERM;
}

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* The real clock: sim's stands still for those outside it. */
static struct timespec time_after(int64_t delay_ns)
{
    int64_t now = xie_sys_linux.clock();
    int64_t when = delay_ns < XIE_NEVER - now ? now + delay_ns : XIE_NEVER;
    return (struct timespec){.tv_sec = when / XIE_SECOND, .tv_nsec = when % XIE_SECOND};
}

int xie_rouse_wait(struct xie_rouse *self, pthread_mutex_t *lock, int64_t timeout_ns)
{
    struct timespec when = time_after(timeout_ns > 0 ? timeout_ns : 0);
    int error = 0;
    cond_init(&self->cond);
    while (!self->called && !error)
        error = timeout_ns == XIE_NEVER ? pthread_cond_wait(&self->cond, lock)
                                        : pthread_cond_timedwait(&self->cond, lock, &when);
    pthread_cond_destroy(&self->cond);
    return self->called ? 0 : -ETIMEDOUT;
}

void xie_rouse_call(struct xie_rouse *self)
{
    self->called = true;
    pthread_cond_signal(&self->cond);
}

void xie_parker_block(struct xie_parker *parker, struct xie_link *list, pthread_mutex_t *lock)
{
    parker->lock = lock;
    xie_list_push(list, &parker->link);
    xie_rouse_wait(&parker->rouse, lock, XIE_NEVER);
    pthread_mutex_unlock(lock);
}

/* --- waking ------------------------------------------------------------------------- */

void xie_parker_wake(struct xie_parker *parker)
{
    xie_list_remove(&parker->link);
    parker->woken = true;
    if (!parker->loop)
        xie_rouse_call(&parker->rouse);
    else if (parker->loop == xie_loop_current())
        xie_wait_finish(&parker->wait, 0); /* it runs when the lock has long been let go of */
    else
        xie_loop_post(parker->loop, &parker->back);
}
