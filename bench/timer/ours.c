/* ours.c - timer: armed and cancelled, one by one and a million, expired; tasks that sleep; a
 * deadline around a wait. By xie. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "lib/started.h"
#include "loop/timer.h"
#include "timer/timer.h"

/* --- the loop's timers alone, as the limits are ------------------------------------------------
 */

static struct xie_timers wheel;
static struct xie_timer *timers;
static size_t fired;

static void timer_fire(struct xie_timer *timer)
{
    (void)timer;
    fired++;
}

/* Deadlines that none of it comes near to. */
static void arm_all(size_t count)
{
    int64_t now = xie_now();
    unsigned long long random = 1;
    for (size_t i = 0; i < count; i++) {
        xie_timer_init(&timers[i], timer_fire);
        xie_timer_arm(&wheel, &timers[i], now + timer_far(&random));
    }
}

static void cancel_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        xie_timer_cancel(&wheel, &timers[i]);
}

static void open_timers(size_t count)
{
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    timer_touch(timers, count * sizeof *timers);
    xie_timers_init(&wheel, xie_now());
}

static void arm_cancel(size_t live, size_t times)
{
    struct xie_timer one;
    int64_t now = xie_now();
    unsigned long long random = 2;
    open_timers(live);
    arm_all(live);
    work_begin();
    for (size_t i = 0; i < times; i++) {
        xie_timer_init(&one, timer_fire);
        xie_timer_arm(&wheel, &one, now + timer_far(&random));
        xie_timer_cancel(&wheel, &one);
    }
    work_end();
    free(timers);
}

static void arm_cancel_10(size_t times)
{
    arm_cancel(10, times);
}

static void arm_cancel_1000(size_t times)
{
    arm_cancel(1000, times);
}

static void arm_cancel_100000(size_t times)
{
    arm_cancel(100000, times);
}

static void arm_cancel_1000000(size_t times)
{
    arm_cancel(1000000, times);
}

static void arm(size_t times)
{
    open_timers(times);
    work_begin();
    arm_all(times);
    work_end();
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
    int64_t start = xie_now();
    for (size_t i = 0; i < times; i++) {
        xie_timer_init(&timers[i], timer_fire);
        xie_timer_arm(&wheel, &timers[i], start + TIMER_BEFORE + timer_near(&random));
    }
    work_begin();
    for (int64_t now = start + TIMER_BEFORE; fired < times; now += TIMER_STEP)
        xie_timers_run(&wheel, now, times);
    work_end();
    free(timers);
}

/* --- calls, by the loop --------------------------------------------------------------------------
 */

static struct xie_call *calls;

static void call_fire(void *arg)
{
    (void)arg;
    fired++;
}

static void open_calls(size_t count)
{
    calls = calloc(count, sizeof *calls);
    if (!calls)
        abort();
    timer_touch(calls, count * sizeof *calls);
}

static void call_all(size_t count)
{
    int64_t now = xie_now();
    unsigned long long random = 1;
    for (size_t i = 0; i < count; i++)
        xie_call_at(&calls[i], now + timer_far(&random), call_fire, NULL);
}

static void take_back_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        xie_call_cancel(&calls[i]);
}

static void call_arm_cancel(size_t times)
{
    enum { LIVE = 1000000 };
    struct xie_call one = {0};
    int64_t now = xie_now();
    unsigned long long random = 2;
    open_calls(LIVE);
    call_all(LIVE);
    work_begin();
    for (size_t i = 0; i < times; i++) {
        xie_call_at(&one, now + timer_far(&random), call_fire, NULL);
        xie_call_cancel(&one);
    }
    work_end();
    take_back_all(LIVE);
    free(calls);
}

static void call_arm(size_t times)
{
    open_calls(times);
    work_begin();
    call_all(times);
    work_end();
    take_back_all(times);
    free(calls);
}

static void call_cancel(size_t times)
{
    open_calls(times);
    call_all(times);
    work_begin();
    take_back_all(times);
    work_end();
    free(calls);
}

/* In real time, each run by the loop. */
static void call_expire(size_t times)
{
    unsigned long long random = 3;
    open_calls(times);
    fired = 0;
    int64_t start = xie_now() + TIMER_BEFORE;
    for (size_t i = 0; i < times; i++)
        xie_call_at(&calls[i], start + timer_near(&random), call_fire, NULL);
    xie_sleep_until(start);
    work_begin();
    xie_sleep_until(start + TIMER_SPAN + XIE_MILLISECOND);
    while (fired < times)
        xie_sleep(XIE_MILLISECOND);
    work_end();
    free(calls);
}

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

extern const struct work wheel_works[], heap_works[]; /* limit_*.c */

static const struct work works[] = {
    {"arm + cancel, 10 live", arm_cancel_10, 1000000, 3},
    {"arm + cancel, 1,000 live", arm_cancel_1000, 1000000, 3},
    {"arm + cancel, 100,000 live", arm_cancel_100000, 1000000, 3},
    {"arm + cancel, 1,000,000 live", arm_cancel_1000000, 1000000, 3},
    {"arm", arm, 1000000, 3},
    {"cancel", cancel, 1000000, 3},
    {"expire", expire, 1000000, 3},
    {"call arm + cancel, 1,000,000 live", call_arm_cancel, 1000000, 3},
    {"call arm", call_arm, 1000000, 3},
    {"call cancel", call_cancel, 1000000, 3},
    {"call expire", call_expire, 1000000, 3},
    {"sleeping task woken", sleepers, 100000, 3},
    {"deadline around a wait", scope, 500000, 0},
    {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}, {"wheel", wheel_works}, {"heap", heap_works}};
    return started_main(argc, argv, sets, 3);
}
