/* event.c - a flag that tasks wait for.
 * Floor 4. */
/* SPDX-License-Identifier: MIT */
#include <xie/sync.h>

#include "task/wait.h"

void xie_event_set(struct xie_event *event)
{
    event->set = true;
    xie_waiters_wake_all(&event->waiters);
}

void xie_event_clear(struct xie_event *event)
{
    event->set = false;
}

int xie_event_wait(struct xie_event *event)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error || event->set)
        return error;
    return xie_waiters_wait(&event->waiters, self, "xie_event_wait", NULL);
}
