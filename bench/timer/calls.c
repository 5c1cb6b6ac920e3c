/* calls.c - timer: calls, by the loop of xie. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <xie.h>

#include "timer/timer.h"

typedef struct xie_call one_timer;
static one_timer *timers;
static size_t fired;

static void fire(void *arg)
{
    (void)arg;
    fired++;
}

static int64_t clock_ns(void)
{
    return xie_now();
}

static void open_timers(size_t count)
{
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    timer_touch(timers, count * sizeof *timers);
}

static void close_timers(size_t count)
{
    for (size_t i = 0; i < count; i++)
        xie_call_cancel(&timers[i]);
    free(timers);
}

static inline void arm_one(one_timer *timer, int64_t when)
{
    xie_call_at(timer, when, fire, NULL);
}

static inline void cancel_one(one_timer *timer)
{
    xie_call_cancel(timer);
}

/* In real time, each run by the loop. */
static void expire_all(int64_t first, size_t count)
{
    xie_sleep_until(first);
    work_begin();
    xie_sleep_until(first + TIMER_SPAN + XIE_MILLISECOND);
    while (fired < count)
        xie_sleep(XIE_MILLISECOND);
    work_end();
}

#include "timer/works.h"

const struct work call_works[] = {TIMER_CALL_WORKS, {0}};
