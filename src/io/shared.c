/* shared.c - cases of a select that other threads wake, and threads that wait for one.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include "io/shared.h"

#include <errno.h>

struct xie_case *xie_shared_claim_first(struct xie_waiters *line)
{
    struct xie_waiter *first;
    while ((first = line->head)) {
        struct xie_case *self = XIE_CONTAINER(first, struct xie_case, waiter);
        xie_waiters_remove(first);
        if (xie_case_claim(self))
            return self;
    }
    return NULL;
}

void xie_shared_told(struct xie_case *self, int result)
{
    self->result = result;
    xie_case_told(self);
}

bool xie_shared_arm(struct xie_case *self, pthread_mutex_t *lock, xie_shared_stand *stand)
{
    pthread_mutex_lock(lock);
    enum xie_shared_stood stood = stand(self);
    pthread_mutex_unlock(lock);
    return stood == XIE_TOOK_EFFECT;
}

void xie_shared_leave(struct xie_case *self, pthread_mutex_t *lock)
{
    pthread_mutex_lock(lock);
    xie_waiters_remove(&self->waiter);
    pthread_mutex_unlock(lock);
}

/* --- threads ------------------------------------------------------------------------ */

/* A thread's wait for one case. */
struct blocked {
    struct xie_select_wait by;
    struct xie_rouse rouse;
};

static void blocked_rouse(struct xie_select_wait *by)
{
    xie_rouse_call(&XIE_CONTAINER(by, struct blocked, by)->rouse);
}

int xie_shared_block(struct xie_case *self, pthread_mutex_t *lock, xie_shared_stand *stand,
                     int64_t timeout_ns)
{
    struct blocked blocked = {
        .by = {.cases = self, .count = 1, .shared = true, .rouse = blocked_rouse}};
    self->by = &blocked.by;
    self->waiter.list = NULL;
    pthread_mutex_lock(lock);
    int error = 0;
    if (stand(self) == XIE_STANDS)
        error = xie_rouse_wait(&blocked.rouse, lock, timeout_ns);
    xie_waiters_remove(&self->waiter);
    pthread_mutex_unlock(lock);
    return error ? error : self->result;
}
