/* timer.h - deadlines: a hierarchical wheel; what comes out of it is sorted tick by tick.
 * Floor 2. Arm and cancel in constant time; fires in order of time, then of arming; never
 * early. Knows the clock only by what it is given. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_TIMER_H
#define XIE_LOOP_TIMER_H

#include <stdbool.h>
#include <xie/loop.h>

enum {
    XIE_WHEEL_TICK_BITS = 16, /* a tick is 65.5 us */
    XIE_WHEEL_SLOT_BITS = 6,
    XIE_WHEEL_SLOTS = 1 << XIE_WHEEL_SLOT_BITS,
    XIE_WHEEL_LEVELS = 8 /* 64^8 ticks: every int64_t time has a slot */
};

struct xie_timers {
    struct xie_timer *slots[XIE_WHEEL_LEVELS][XIE_WHEEL_SLOTS];
    uint64_t used[XIE_WHEEL_LEVELS];        /* a bit per slot that is not empty */
    int64_t tick;                           /* the wheel holds what is after this tick */
    struct xie_timer *sorted, *sorted_last; /* what came out of it, the earliest first */
    struct xie_timer
        *near; /* pairing heap of what was never in it: armed for that tick or before */
    uint64_t order;
    size_t count; /* armed in all */
};

void xie_timers_init(struct xie_timers *timers, int64_t now);

static inline void xie_timer_init(struct xie_timer *timer, void (*fire)(struct xie_timer *timer))
{
    *timer = (struct xie_timer){.fire = fire, .place = XIE_TIMER_IDLE};
}
static inline bool xie_timer_armed(const struct xie_timer *timer)
{
    return timer->place != XIE_TIMER_IDLE;
}
/* Arm an idle timer. Allocates nothing, never fails. */
XIE_API void xie_timer_arm(struct xie_timers *timers, struct xie_timer *timer, int64_t when);
/* Idle ones are ignored. */
XIE_API void xie_timer_cancel(struct xie_timers *timers, struct xie_timer *timer);

/* When to look again: when the earliest fires or, where many share its slot, when that slot
 * begins (before it, never after); XIE_NEVER without one. */
int64_t xie_timers_next(const struct xie_timers *timers);
/* One of those armed that `is` says; NULL: none. Looks at all of them. */
struct xie_timer *xie_timers_find(const struct xie_timers *timers,
                                  bool (*is)(const struct xie_timer *timer, const void *arg),
                                  const void *arg);
/* Fire those that are due at now, in order, so many at most; each is idle when its fire runs.
 * Those armed meanwhile wait for the next call. */
void xie_timers_run(struct xie_timers *timers, int64_t now, size_t most);

#endif
