/* ours.c - timer: armed and cancelled, one by one and a million, expired; tasks that sleep; a
 * deadline around a wait. By xie. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "lib/started.h"
#include "loop/timer.h"
#include "timer/timer.h"

/* --- the loop's timers alone, as the limits are ------------------------------------------------
 */

typedef struct xie_timer one_timer;
static struct xie_timers wheel;
static one_timer *timers;
static size_t fired;

static void fire(struct xie_timer *timer)
{
    (void)timer;
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
    xie_timers_init(&wheel, xie_now());
}

static void close_timers(size_t count)
{
    (void)count; /* the wheel is made anew for the next */
    free(timers);
}

static inline void arm_one(one_timer *timer, int64_t when)
{
    xie_timer_init(timer, fire);
    xie_timer_arm(&wheel, timer, when);
}

static inline void cancel_one(one_timer *timer)
{
    xie_timer_cancel(&wheel, timer);
}

static void expire_all(int64_t now, size_t count)
{
    work_begin();
    for (; fired < count; now += TIMER_STEP)
        xie_timers_run(&wheel, now, count);
    work_end();
}

#include "timer/works.h"

static const struct work timer_works[] = {TIMER_WORKS, {0}};

/* --- tasks --------------------------------------------------------------------------------------
 */

static int sleeper(void *arg)
{
    return xie_sleep_until(*(int64_t *)arg);
}

static void sleepers(size_t times)
{
    unsigned long long random = 4;
    int64_t *when = calloc(times, sizeof *when), start = xie_now() + TIMER_BEFORE;
    if (!when)
        abort();
    XIE_GROUP(group) {
        for (size_t i = 0; i < times; i++) {
            when[i] = start + timer_near(&random);
            if (xie_group_spawn(&group, sleeper, &when[i]))
                abort();
        }
        xie_sleep_until(start);
        work_begin();
        xie_group_wait(&group);
        work_end();
    }
    free(when);
}

static void scope(size_t times)
{
    work_begin();
    for (size_t i = 0; i < times; i++)
        XIE_TIMEOUT(XIE_SECOND)
            xie_sleep(0);
    work_end();
}

static const struct work task_works[] = {{"sleeping task woken", sleepers, 100000, 3},
                                         {"deadline around a wait", scope, 500000, 0},
                                         {0}};

static struct work works[32]; /* as work.c has room for */

static struct work *append(struct work *end, const struct work *some)
{
    while (some->row)
        *end++ = *some++;
    return end;
}

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}, {"wheel", wheel_works}, {"heap", heap_works}};
    append(append(append(works, timer_works), call_works), task_works);
    return started_main(argc, argv, sets, 3);
}
