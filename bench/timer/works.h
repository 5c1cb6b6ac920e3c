/* works.h - the works of timers that lie in an array, the same for each contestant.
 *
 * Before it includes this, a contestant says
 *     typedef … one_timer;
 *     static one_timer *timers;
 *     static size_t fired;
 *     static int64_t clock_ns(void);
 *     static void open_timers(size_t count);
 *     static void close_timers(size_t count);               those that are armed, too
 *     static void arm_one(one_timer *timer, int64_t when);  by clock_ns
 *     static void cancel_one(one_timer *timer);
 *     static void expire_all(int64_t first, size_t count);  measured by it
 */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_TIMER_WORKS_H
#define XIE_BENCH_TIMER_WORKS_H

#include "timer/timer.h"

/* Deadlines that none of it comes near to. */
static inline void arm_all(size_t count)
{
    int64_t now = clock_ns();
    unsigned long long random = 1;
    for (size_t i = 0; i < count; i++)
        arm_one(&timers[i], now + timer_far(&random));
}

static inline void arm_cancel(size_t live, size_t times)
{
    int64_t now = clock_ns();
    unsigned long long random = 2;
    open_timers(live + 1);
    arm_all(live);
    one_timer *one = &timers[live];
    work_begin();
    for (size_t i = 0; i < times; i++) {
        arm_one(one, now + timer_far(&random));
        cancel_one(one);
    }
    work_end();
    close_timers(live + 1);
}

static inline void arm_cancel_10(size_t times)
{
    arm_cancel(10, times);
}

static inline void arm_cancel_1000(size_t times)
{
    arm_cancel(1000, times);
}

static inline void arm_cancel_100000(size_t times)
{
    arm_cancel(100000, times);
}

static inline void arm_cancel_1000000(size_t times)
{
    arm_cancel(1000000, times);
}

static inline void arm(size_t times)
{
    open_timers(times);
    work_begin();
    arm_all(times);
    work_end();
    close_timers(times);
}

static inline void cancel(size_t times)
{
    open_timers(times);
    arm_all(times);
    work_begin();
    for (size_t i = 0; i < times; i++)
        cancel_one(&timers[i]);
    work_end();
    close_timers(times);
}

static inline void expire(size_t times)
{
    unsigned long long random = 3;
    open_timers(times);
    fired = 0;
    int64_t first = clock_ns() + TIMER_BEFORE;
    for (size_t i = 0; i < times; i++)
        arm_one(&timers[i], first + timer_near(&random));
    expire_all(first, times);
    close_timers(times);
}

/* A row, */
#define TIMER_ROW(name, fn)  \
    {                        \
        name, fn, 1000000, 3 \
    }

/* those of timers alone, */
#define TIMER_WORKS                                                                           \
    TIMER_ROW("arm + cancel, 10 live", arm_cancel_10),                                        \
        TIMER_ROW("arm + cancel, 1,000 live", arm_cancel_1000),                               \
        TIMER_ROW("arm + cancel, 100,000 live", arm_cancel_100000),                           \
        TIMER_ROW("arm + cancel, 1,000,000 live", arm_cancel_1000000), TIMER_ROW("arm", arm), \
        TIMER_ROW("cancel", cancel), TIMER_ROW("expire", expire)

/* and of those with a loop around them. */
#define TIMER_CALL_WORKS                                                \
    TIMER_ROW("call arm + cancel, 1,000,000 live", arm_cancel_1000000), \
        TIMER_ROW("call arm", arm), TIMER_ROW("call cancel", cancel),   \
        TIMER_ROW("call expire", expire)

#endif
