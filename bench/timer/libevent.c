/* libevent.c - timer: the same by libevent, whose timers are a heap. */
/* SPDX-License-Identifier: MIT */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "timer/timer.h"

static struct event_base *base;
typedef struct event one_timer;
static one_timer *timers;
static size_t fired;

static void fire(int fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg;
    fired++;
}

/* It is given delays. */
static int64_t clock_ns(void)
{
    return 0;
}

static void open_timers(size_t count)
{
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    for (size_t i = 0; i < count; i++)
        evtimer_assign(&timers[i], base, fire, NULL);
}

static void close_timers(size_t count)
{
    for (size_t i = 0; i < count; i++)
        event_del(&timers[i]);
    free(timers);
}

static inline void arm_one(one_timer *timer, int64_t when)
{
    struct timeval time = {when / 1000000000, when / 1000 % 1000000};
    event_add(timer, &time);
}

static inline void cancel_one(one_timer *timer)
{
    event_del(timer);
}

static void expire_all(int64_t first, size_t count)
{
    (void)first, (void)count;
    work_begin(); /* waiting takes no time of the thread's */
    event_base_dispatch(base);
    work_end();
}

#include "timer/works.h"

static const struct work works[] = {TIMER_CALL_WORKS, {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}};
    base = event_base_new();
    return work_main(argc, argv, sets, 1);
}
