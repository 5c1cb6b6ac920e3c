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

static int64_t clock_ns(void)
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

typedef struct timer one_timer;
static one_timer *timers;

static void fire(struct timer *timer)
{
    (void)timer;
    fired++;
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

static void close_timers(size_t count)
{
    (void)count; /* all at once */
    heap_count = 0;
    free(timers);
    free(heap);
}

static inline void arm_one(one_timer *timer, int64_t when)
{
    heap_arm(timer, when, fire);
}

static inline void cancel_one(one_timer *timer)
{
    heap_cancel(timer);
}

static void expire_all(int64_t now, size_t count)
{
    (void)count;
    work_begin();
    for (; heap_count; now += TIMER_STEP)
        while (heap_count && heap[0].when <= now) {
            struct timer *timer = heap[0].timer;
            heap_cancel(timer);
            timer->fire(timer);
        }
    work_end();
}

#include "timer/works.h"

const struct work heap_works[] = {TIMER_WORKS, {0}};
