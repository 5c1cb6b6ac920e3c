/* sleep.c - waiting for time to pass.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "task/wait.h"

struct sleep_wait {
    struct xie_wait wait;
    struct xie_timer timer;
};

static void sleep_fire(struct xie_timer *timer)
{
    xie_wait_finish(&XIE_CONTAINER(timer, struct sleep_wait, timer)->wait, 0);
}

static void sleep_abort(struct xie_wait *wait, int error)
{
    struct sleep_wait *self = XIE_CONTAINER(wait, struct sleep_wait, wait);
    xie_timer_cancel(&wait->task->loop->timers, &self->timer);
    xie_wait_finish(wait, error);
}

int xie_sleep_until(int64_t when)
{
    struct xie_task *self;
    struct sleep_wait wait;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    wait.wait.blocker = NULL;
    xie_timer_init(&wait.timer, sleep_fire);
    if (when != XIE_NEVER)
        xie_loop_arm(self->loop, &wait.timer, when);
    return xie_wait_park(&wait.wait, self, "xie_sleep", sleep_abort);
}

int xie_sleep(int64_t delay_ns)
{
    if (delay_ns > 0)
        return xie_sleep_until(delay_ns == XIE_NEVER ? XIE_NEVER : xie_time_after(delay_ns));
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    xie_task_step_aside(self);
    return 0;
}
