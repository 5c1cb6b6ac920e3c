/* wheel.h - a hierarchical timing wheel with nothing to spare: eight levels of 64 slots, a tick of
 * 65.5 us; who shares a tick fires in any order. For limits. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_WHEEL_H
#define XIE_BENCH_WHEEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { TICK = 16, SLOTS = 64, LEVELS = 8 }; /* TICK: its bits [ns] */

struct timer {
    struct timer *next, **prev;
    int64_t when;
    void (*fire)(struct timer *timer);
};

static struct timer *slots[LEVELS][SLOTS];
static uint64_t used[LEVELS];
static int64_t wheel_tick;

static inline void wheel_put(struct timer *timer)
{
    int64_t tick = timer->when >> TICK;
    if (tick < wheel_tick + 1)
        tick = wheel_tick + 1;
    int level = (63 - __builtin_clzll((uint64_t)(tick ^ wheel_tick))) / 6;
    int slot = (int)(tick >> (level * 6)) & (SLOTS - 1);
    struct timer **head = &slots[level][slot];
    timer->next = *head;
    if (*head)
        (*head)->prev = &timer->next;
    timer->prev = head;
    *head = timer;
    used[level] |= UINT64_C(1) << slot;
}

static __attribute__((noinline)) void wheel_arm(struct timer *timer, int64_t when,
                                                void (*fire)(struct timer *timer))
{
    timer->when = when;
    timer->fire = fire;
    wheel_put(timer);
}

/* A bit of a slot that is empty now is cleared when it is looked at. */
static __attribute__((noinline)) void wheel_cancel(struct timer *timer)
{
    *timer->prev = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
}

/* Empty, at this time. */
static inline void wheel_open(int64_t now)
{
    wheel_tick = now >> TICK;
    memset(slots, 0, sizeof slots);
    memset(used, 0, sizeof used);
}

/* Fire what is due; return the first tick that has something, or comes near to it. */
static int64_t wheel_run(int64_t tick)
{
    for (;;) {
        int level = 0;
        while (level < LEVELS && !used[level])
            level++;
        if (level == LEVELS)
            return INT64_MAX >> TICK;
        int slot = __builtin_ctzll(used[level]), shift = level * 6;
        int64_t start = (wheel_tick >> shift >> 6 << 6 | slot) << shift;
        if (start > tick)
            return start;
        struct timer *timer = slots[level][slot];
        slots[level][slot] = NULL;
        used[level] &= ~(UINT64_C(1) << slot);
        wheel_tick = start;
        while (timer) {
            struct timer *next = timer->next;
            if (timer->when >> TICK <= start)
                timer->fire(timer);
            else
                wheel_put(timer);
            timer = next;
        }
    }
}

#endif
