/* timer.c - deadlines: a hierarchical wheel; what comes out of it is sorted tick by tick.
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

/* --- sorting: what comes out of a slot of the lowest level, all of one tick --------- */

static struct xie_timer *sorted_merge(struct xie_timer *a, struct xie_timer *b)
{
    struct xie_timer *first, **end = &first;
    while (a && b) {
        struct xie_timer **least = before(b, a) ? &b : &a;
        *end = *least;
        end = &(*end)->next;
        *least = (*least)->next;
    }
    *end = a ? a : b;
    return first;
}

/* By merging, from the bottom up: runs[i] has 2^i timers, or none. */
static struct xie_timer *sort(struct xie_timer *first)
{
    enum { RUNS = 64 };
    struct xie_timer *runs[RUNS] = {NULL}, *all = NULL;
    int used = 0;
    while (first) {
        struct xie_timer *one = first;
        first = first->next;
        one->next = NULL;
        int i = 0;
        for (; runs[i]; i++) {
            one = sorted_merge(runs[i], one);
            runs[i] = NULL;
        }
        runs[i] = one;
        if (i >= used)
            used = i + 1;
    }
    for (int i = 0; i < used; i++)
        all = sorted_merge(runs[i], all);
    return all;
}

/* They come as they stand in a slot, the last armed first: turned round they are often in
 * order, where all wait for the same time. */
static struct xie_timer *turn_round(struct xie_timer *first, bool *in_order)
{
    struct xie_timer *turned = NULL;
    *in_order = true;
    while (first) {
        struct xie_timer *one = first;
        first = first->next;
        one->next = turned;
        if (turned && !before(one, turned))
            *in_order = false;
        turned = one;
    }
    return turned;
}

/* All are of a later tick than those that are there. */
static void sorted_append(struct xie_timers *timers, struct xie_timer *first)
{
    bool in_order;
    first = turn_round(first, &in_order);
    if (!in_order)
        first = sort(first);
    struct xie_timer *last = timers->sorted ? timers->sorted_last : NULL;
    if (last)
        last->next = first;
    else
        timers->sorted = first;
    for (; first; first = first->next) {
        first->place = XIE_TIMER_SORTED;
        first->prev = last;
        last = first;
    }
    timers->sorted_last = last;
}

static void sorted_remove(struct xie_timers *timers, struct xie_timer *timer)
{
    if (timer->prev)
        timer->prev->next = timer->next;
    else
        timers->sorted = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
    else
        timers->sorted_last = timer->prev;
}

/* The earliest of those that are not in the wheel, NULL when all are. */
static struct xie_timer *earliest(const struct xie_timers *timers)
{
    struct xie_timer *near = timers->near, *sorted = timers->sorted;
    return near && (!sorted || before(near, sorted)) ? near : sorted;
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
    if (timer->next)
        timer->next->prev = timer->prev;
    if (timer->prev) {
        timer->prev->next = timer->next;
        return;
    }
    int level = timer->place / XIE_WHEEL_SLOTS, slot = timer->place % XIE_WHEEL_SLOTS;
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

/* Take out the first slot, if it is not after `tick`: into those that are sorted, or to lower
 * levels. return false: there is none, and the wheel stands at `tick` */
static bool wheel_step(struct xie_timers *timers, int64_t tick)
{
    int level, slot;
    int64_t start;

    if (!wheel_first(timers, &level, &slot, &start) || start > tick) {
        if (tick > timers->tick)
            timers->tick = tick;
        return false;
    }
    struct xie_timer *timer = timers->slots[level][slot];
    timers->slots[level][slot] = NULL;
    timers->used[level] &= ~(UINT64_C(1) << slot);
    timers->tick = start;
    if (!level) {
        sorted_append(timers, timer);
        return true;
    }
    while (timer) {
        struct xie_timer *next = timer->next;
        wheel_add(timers, timer); /* to a lower level, or into the heap */
        timer = next;
    }
    return true;
}

/* --- the face ----------------------------------------------------------------------- */

void xie_timers_init(struct xie_timers *timers, int64_t now)
{
    memset(timers, 0, sizeof *timers);
    timers->tick = tick_of(now);
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
    else if (timer->place == XIE_TIMER_SORTED)
        sorted_remove(timers, timer);
    else
        wheel_remove(timers, timer);
    timer->place = XIE_TIMER_IDLE;
    timers->count--;
}

int64_t xie_timers_next(const struct xie_timers *timers)
{
    int level, slot, seen = 0;
    int64_t start, when = XIE_NEVER;

    const struct xie_timer *first = earliest(timers);
    if (first)
        return first->when;
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

void xie_timers_run(struct xie_timers *timers, int64_t now, size_t most)
{
    uint64_t armed_before = timers->order;
    int64_t tick = tick_of(now);

    do { /* a tick at a time, while it is in the cache */
        for (struct xie_timer *timer; (timer = earliest(timers)) && timer->when <= now;) {
            if (timer->order >= armed_before || !most--)
                return;
            xie_timer_cancel(timers, timer);
            timer->fire(timer);
        }
    } while (wheel_step(timers, tick));
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
    for (struct xie_timer *timer = timers->sorted; timer; timer = timer->next)
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
