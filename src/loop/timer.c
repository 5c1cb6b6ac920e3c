/* timer.c - deadlines: a hierarchical wheel, and a heap for the tick that is near.
 * Floor 2. Knows neither the clock nor the ready queue. */
/* SPDX-License-Identifier: MIT */
#include "loop/timer.h"

#include <string.h>

/* A slot of level l spans 64^l ticks. A timer stands at the level of the highest digit (of 6
 * bits) in which its tick differs from the wheel's, in the slot of that digit; so the lowest
 * slot in use of the lowest level in use holds the earliest. */

enum { XIE_SCAN = 8 /* timers of a slot that xie_timers_next looks at */ };

static int64_t tick_of(int64_t when)
{
    return when >> XIE_WHEEL_TICK_BITS;
}

/* --- the heap: a pairing heap, so that it allocates nothing ------------------------- */

static bool before(const struct xie_timer *a, const struct xie_timer *b)
{
    return a->when != b->when ? a->when < b->when : a->order < b->order;
}

/* Both are roots; either may be NULL. */
static struct xie_timer *heap_merge(struct xie_timer *a, struct xie_timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (before(b, a)) {
        struct xie_timer *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child)
        a->child->prev = b;
    a->child = b;
    a->next = a->prev = NULL;
    return a;
}

/* Merge a list of siblings: in pairs from the left, then the pairs from the right. */
static struct xie_timer *heap_gather(struct xie_timer *first)
{
    struct xie_timer *pairs = NULL;
    while (first) {
        struct xie_timer *a = first, *b = a->next;
        first = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        a = heap_merge(a, b);
        a->next = pairs;
        pairs = a;
    }
    struct xie_timer *root = NULL;
    while (pairs) {
        struct xie_timer *rest = pairs->next;
        pairs->next = NULL;
        root = heap_merge(root, pairs);
        pairs = rest;
    }
    return root;
}

static void heap_add(struct xie_timers *timers, struct xie_timer *timer)
{
    timer->place = XIE_TIMER_NEAR;
    timer->next = timer->prev = timer->child = NULL;
    timers->near = heap_merge(timers->near, timer);
}

static void heap_remove(struct xie_timers *timers, struct xie_timer *timer)
{
    struct xie_timer *below = heap_gather(timer->child);
    if (timer == timers->near) {
        timers->near = below;
        return;
    }
    if (timer->prev->child == timer)
        timer->prev->child = timer->next;
    else
        timer->prev->next = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
    timers->near = heap_merge(timers->near, below);
}

/* --- the wheel ---------------------------------------------------------------------- */

static void wheel_add(struct xie_timers *timers, struct xie_timer *timer)
{
    int64_t tick = tick_of(timer->when);
    if (tick <= timers->tick) {
        heap_add(timers, timer);
        return;
    }
    int top_bit = 63 - __builtin_clzll((uint64_t)(tick ^ timers->tick));
    int level = top_bit / XIE_WHEEL_SLOT_BITS;
    int slot = (int)(tick >> (level * XIE_WHEEL_SLOT_BITS)) & (XIE_WHEEL_SLOTS - 1);
    struct xie_timer **head = &timers->slots[level][slot];

    timer->place = level * XIE_WHEEL_SLOTS + slot;
    timer->child = NULL;
    timer->prev = NULL;
    timer->next = *head;
    if (*head)
        (*head)->prev = timer;
    *head = timer;
    timers->used[level] |= UINT64_C(1) << slot;
}

static void wheel_remove(struct xie_timers *timers, struct xie_timer *timer)
{
    int level = timer->place / XIE_WHEEL_SLOTS, slot = timer->place % XIE_WHEEL_SLOTS;
    if (timer->next)
        timer->next->prev = timer->prev;
    if (timer->prev) {
        timer->prev->next = timer->next;
        return;
    }
    timers->slots[level][slot] = timer->next;
    if (!timer->next)
        timers->used[level] &= ~(UINT64_C(1) << slot);
}

/* The slot that holds the earliest: true if the wheel is not empty. start receives the first
 * tick of the slot. */
static bool wheel_first(const struct xie_timers *timers, int *level, int *slot, int64_t *start)
{
    for (int l = 0; l < XIE_WHEEL_LEVELS; l++) {
        if (!timers->used[l])
            continue;
        int shift = l * XIE_WHEEL_SLOT_BITS;
        *level = l;
        *slot = __builtin_ctzll(timers->used[l]);
        int64_t above = timers->tick >> shift >> XIE_WHEEL_SLOT_BITS << XIE_WHEEL_SLOT_BITS;
        *start = (above | *slot) << shift;
        return true;
    }
    return false;
}

/* Move what is in ticks up to and including `tick` into the heap. */
static void wheel_advance(struct xie_timers *timers, int64_t tick)
{
    int level, slot;
    int64_t start;

    while (wheel_first(timers, &level, &slot, &start) && start <= tick) {
        struct xie_timer *timer = timers->slots[level][slot];
        timers->slots[level][slot] = NULL;
        timers->used[level] &= ~(UINT64_C(1) << slot);
        timers->tick = start;
        while (timer) {
            struct xie_timer *next = timer->next;
            wheel_add(timers, timer); /* to a lower level, or into the heap */
            timer = next;
        }
    }
    if (tick > timers->tick)
        timers->tick = tick;
}

/* --- the face ----------------------------------------------------------------------- */

void xie_timers_init(struct xie_timers *timers, int64_t now)
{
    memset(timers, 0, sizeof *timers);
    timers->tick = tick_of(now);
}

void xie_timer_init(struct xie_timer *timer, void (*fire)(struct xie_timer *timer))
{
    memset(timer, 0, sizeof *timer);
    timer->fire = fire;
    timer->place = XIE_TIMER_IDLE;
}

void xie_timer_arm(struct xie_timers *timers, struct xie_timer *timer, int64_t when)
{
    timer->when = when < 0 ? 0 : when;
    timer->order = timers->order++;
    timers->count++;
    wheel_add(timers, timer);
}

void xie_timer_cancel(struct xie_timers *timers, struct xie_timer *timer)
{
    if (timer->place == XIE_TIMER_IDLE)
        return;
    if (timer->place == XIE_TIMER_NEAR)
        heap_remove(timers, timer);
    else
        wheel_remove(timers, timer);
    timer->place = XIE_TIMER_IDLE;
    timers->count--;
}

int64_t xie_timers_next(const struct xie_timers *timers)
{
    int level, slot, seen = 0;
    int64_t start, when = XIE_NEVER;

    if (timers->near)
        return timers->near->when;
    if (!wheel_first(timers, &level, &slot, &start))
        return XIE_NEVER;
    for (const struct xie_timer *timer = timers->slots[level][slot]; timer; timer = timer->next) {
        if (++seen > XIE_SCAN)
            return start << XIE_WHEEL_TICK_BITS;
        if (timer->when < when)
            when = timer->when;
    }
    return when;
}

void xie_timers_run(struct xie_timers *timers, int64_t now)
{
    uint64_t armed_before = timers->order;

    wheel_advance(timers, tick_of(now));
    while (timers->near && timers->near->when <= now && timers->near->order < armed_before) {
        struct xie_timer *timer = timers->near;
        xie_timer_cancel(timers, timer);
        timer->fire(timer);
    }
}

/* --- looking at all ----------------------------------------------------------------- */

/* Those before which a node stands, by way of its siblings and of its parent's. */
static struct xie_timer *heap_next(const struct xie_timer *timer)
{
    if (timer->child)
        return timer->child;
    while (timer && !timer->next) {
        while (timer->prev && timer->prev->child != timer) /* to the first sibling */
            timer = timer->prev;
        timer = timer->prev;
    }
    return timer ? timer->next : NULL;
}

struct xie_timer *xie_timers_find(const struct xie_timers *timers,
                                  bool (*is)(const struct xie_timer *timer, const void *arg),
                                  const void *arg)
{
    for (struct xie_timer *timer = timers->near; timer; timer = heap_next(timer))
        if (is(timer, arg))
            return timer;
    for (int level = 0; level < XIE_WHEEL_LEVELS; level++)
        for (uint64_t used = timers->used[level]; used; used &= used - 1) {
            struct xie_timer *timer = timers->slots[level][__builtin_ctzll(used)];
            for (; timer; timer = timer->next)
                if (is(timer, arg))
                    return timer;
        }
    return NULL;
}
