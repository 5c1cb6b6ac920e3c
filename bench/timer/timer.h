/* timer.h - when the timers of all contestants are due. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_TIMER_H
#define XIE_BENCH_TIMER_H

#include <stdint.h>

#include "lib/work.h"

static const int64_t TIMER_BEFORE = 250000000; /* between arming the first and the first's end */
static const int64_t TIMER_STEP = 100000;      /* between two looks */
static const int64_t TIMER_SPAN = 200000000;   /* in which all of those expire */

/* From 60 s to an hour and more. [ns] */
static inline int64_t timer_far(unsigned long long *random)
{
    return (int64_t)60000000000 + (int64_t)(work_random(random) >> 22);
}

static inline int64_t timer_near(unsigned long long *random)
{
    return (int64_t)(work_random(random) % (unsigned long long)TIMER_SPAN);
}

/* Of ours.c, by its other files. */
extern const struct work call_works[], wheel_works[], heap_works[];

/* Its pages are there from now on. */
static inline void timer_touch(void *memory, size_t size)
{
    for (size_t at = 0; at < size; at += 4096)
        ((volatile char *)memory)[at] = 0;
}

#endif
