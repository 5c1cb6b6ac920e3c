/* limit_heap.c - timer: a heap of four children a node, bare: an array; each timer knows its place.
 */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include "timer/timer.h"

struct timer {
    size_t place;
    void (*fire)(struct timer *timer);
};

static struct node {
    int64_t when;
    struct timer *timer;
} * heap;
static size_t heap_count, fired;

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static inline void put(size_t at, struct node node)
{
    heap[at] = node;
    node.timer->place = at;
}

static inline void sift_up(size_t at, struct node node)
{
    for (; at && node.when < heap[(at - 1) / 4].when; at = (at - 1) / 4)
        put(at, heap[(at - 1) / 4]);
    put(at, node);
}

static inline void sift_down(size_t at, struct node node)
{
    for (size_t down; (down = 4 * at + 1) < heap_count; at = down) {
        size_t end = down + 4 < heap_count ? down + 4 : heap_count;
        for (size_t other = down + 1; other < end; other++)
            if (heap[other].when < heap[down].when)
                down = other;
        if (heap[down].when >= node.when)
            break;
        put(at, heap[down]);
    }
    put(at, node);
}

static __attribute__((noinline)) void heap_arm(struct timer *timer, int64_t when,
                                               void (*fire)(struct timer *timer))
{
    timer->fire = fire;
    sift_up(heap_count++, (struct node){when, timer});
}

static __attribute__((noinline)) void heap_cancel(struct timer *timer)
{
    size_t at = timer->place;
    struct node last = heap[--heap_count];
    if (at == heap_count)
        return;
    if (at && last.when < heap[(at - 1) / 4].when)
        sift_up(at, last);
    else
        sift_down(at, last);
}

/* --- the works ---------------------------------------------------------------------------------
 */

static struct timer *timers;

static void fire(struct timer *timer)
{
    (void)timer;
    fired++;
}

static void arm_all(size_t count)
{
    int64_t now = now_ns();
    unsigned long long random = 1;
    for (size_t i = 0; i < count; i++)
        heap_arm(&timers[i], now + timer_far(&random), fire);
}

static void cancel_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        heap_cancel(&timers[i]);
}

static void open_timers(size_t count)
{
    timers = calloc(count, sizeof *timers);
    heap = calloc(count + 1, sizeof *heap);
    if (!timers || !heap)
        abort();
    timer_touch(timers, count * sizeof *timers);
    timer_touch(heap, count * sizeof *heap);
}

static void close_timers(void)
{
    heap_count = 0;
    free(timers);
    free(heap);
}

static void arm_cancel(size_t live, size_t times)
{
    struct timer one;
    int64_t now = now_ns();
    unsigned long long random = 2;
    open_timers(live);
    arm_all(live);
    work_begin();
    for (size_t i = 0; i < times; i++) {
        heap_arm(&one, now + timer_far(&random), fire);
        heap_cancel(&one);
    }
    work_end();
    close_timers();
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
    close_timers();
}

static void cancel(size_t times)
{
    open_timers(times);
    arm_all(times);
    work_begin();
    cancel_all(times);
    work_end();
    close_timers();
}

static void expire(size_t times)
{
    unsigned long long random = 3;
    open_timers(times);
    fired = 0;
    int64_t start = now_ns();
    for (size_t i = 0; i < times; i++)
        heap_arm(&timers[i], start + TIMER_BEFORE + timer_near(&random), fire);
    work_begin();
    for (int64_t now = start + TIMER_BEFORE; heap_count; now += TIMER_STEP)
        while (heap_count && heap[0].when <= now) {
            struct timer *timer = heap[0].timer;
            heap_cancel(timer);
            timer->fire(timer);
        }
    work_end();
    close_timers();
}

extern const struct work heap_works[]; /* for ours.c */

const struct work heap_works[] = {{"arm + cancel, 10 live", arm_cancel_10, 1000000, 3},
                                  {"arm + cancel, 1,000 live", arm_cancel_1000, 1000000, 3},
                                  {"arm + cancel, 100,000 live", arm_cancel_100000, 1000000, 3},
                                  {"arm + cancel, 1,000,000 live", arm_cancel_1000000, 1000000, 3},
                                  {"arm", arm, 1000000, 3},
                                  {"cancel", cancel, 1000000, 3},
                                  {"expire", expire, 1000000, 3},
                                  {0}};
