/* libevent.c - timer: the same by libevent, whose timers are a heap. */
/* SPDX-License-Identifier: MIT */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "timer/timer.h"

static struct event_base *base;
static struct event *timers;
static size_t fired;

static void fire(int fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg;
    fired++;
}

static void start(struct event *timer, int64_t delay)
{
    struct timeval time = {delay / 1000000000, delay / 1000 % 1000000};
    event_add(timer, &time);
}

static void open_timers(size_t count)
{
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    for (size_t i = 0; i < count; i++)
        evtimer_assign(&timers[i], base, fire, NULL);
}

static void arm_all(size_t count)
{
    unsigned long long random = 1;
    for (size_t i = 0; i < count; i++)
        start(&timers[i], timer_far(&random));
}

static void cancel_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        event_del(&timers[i]);
}

static void arm_cancel(size_t times)
{
    enum { LIVE = 1000000 };
    struct event one;
    unsigned long long random = 2;
    open_timers(LIVE);
    arm_all(LIVE);
    evtimer_assign(&one, base, fire, NULL);
    work_begin();
    for (size_t i = 0; i < times; i++) {
        start(&one, timer_far(&random));
        event_del(&one);
    }
    work_end();
    cancel_all(LIVE);
    free(timers);
}

static void arm(size_t times)
{
    open_timers(times);
    work_begin();
    arm_all(times);
    work_end();
    cancel_all(times);
    free(timers);
}

static void cancel(size_t times)
{
    open_timers(times);
    arm_all(times);
    work_begin();
    cancel_all(times);
    work_end();
    free(timers);
}

static void expire(size_t times)
{
    unsigned long long random = 3;
    open_timers(times);
    fired = 0;
    for (size_t i = 0; i < times; i++)
        start(&timers[i], timer_near(&random) + TIMER_BEFORE);
    work_begin(); /* waiting takes no time of the thread's */
    event_base_dispatch(base);
    work_end();
    free(timers);
}

static const struct work works[] = {{"call arm + cancel, 1,000,000 live", arm_cancel, 1000000, 3},
                                    {"call arm", arm, 1000000, 3},
                                    {"call cancel", cancel, 1000000, 3},
                                    {"call expire", expire, 1000000, 3},
                                    {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}};
    base = event_base_new();
    return work_main(argc, argv, sets, 1);
}
