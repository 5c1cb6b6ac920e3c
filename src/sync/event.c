/* event.c - a flag that tasks wait for.
 * Floor 4. */
/* SPDX-License-Identifier: MIT */
#include <xie/sync.h>

#include "sync/case.h"

static bool event_attempt(struct xie_case *self)
{
    self->result = 0;
    return ((struct xie_event *)self->object)->set;
}

struct xie_case xie_case_event(struct xie_event *event)
{
    static const struct xie_case_kind kind = {.what = "xie_event_wait", .attempt = event_attempt};
    return (struct xie_case){.kind = &kind, .line = &event->waiters, .object = event};
}

void xie_event_set(struct xie_event *event)
{
    event->set = true;
    xie_waiters_wake_all(&event->waiters);
}

void xie_event_clear(struct xie_event *event)
{
    event->set = false;
}

bool xie_event_is_set(const struct xie_event *event)
{
    return event->set;
}

int xie_event_wait(struct xie_event *event)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error || event->set)
        return error;
    return xie_waiters_wait(&event->waiters, self, "xie_event_wait", NULL);
}
