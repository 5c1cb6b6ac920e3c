/* limit_wheel.c - timer: a hierarchical wheel, bare: eight levels of 64 slots, a tick of 65.5 us;
 * who shares a tick fires in any order. Tasks that sleep on it are bare, too. */
/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/tasks.h"
#include "timer/timer.h"

enum { TICK = 16, SLOTS = 64, LEVELS = 8 };

struct timer {
    struct timer *next, **prev;
    int64_t when;
    void (*fire)(struct timer *timer);
};

static struct timer *slots[LEVELS][SLOTS];
static uint64_t used[LEVELS];
static int64_t wheel_tick;
static size_t fired;

static int64_t clock_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

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

/* Sleep to the next, and fire. */
static void wheel_turn(void)
{
    int64_t now = clock_ns(), next = wheel_run(now >> TICK);
    if (next == INT64_MAX >> TICK)
        return;
    int64_t left = (next << TICK) - now;
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    if (left > 0)
        ppoll(NULL, 0, &timeout, NULL);
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
    wheel_tick = clock_ns() >> TICK;
    memset(slots, 0, sizeof slots);
    memset(used, 0, sizeof used);
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    timer_touch(timers, count * sizeof *timers);
}

static void close_timers(size_t count)
{
    (void)count; /* the wheel is made anew for the next */
    free(timers);
}

static inline void arm_one(one_timer *timer, int64_t when)
{
    wheel_arm(timer, when, fire);
}

static inline void cancel_one(one_timer *timer)
{
    wheel_cancel(timer);
}

static void expire_all(int64_t now, size_t count)
{
    work_begin();
    for (; fired < count; now += TIMER_STEP)
        wheel_run(now >> TICK);
    work_end();
}

#include "timer/works.h"

/* --- tasks that sleep --------------------------------------------------------------------------
 */

struct sleep {
    struct timer timer;
    struct bare_task *task;
    int64_t when;
};

static struct bare_task *loop;

static void wake(struct timer *timer)
{
    bare_ready(((struct sleep *)timer)->task);
    fired++;
}

static void sleeper(void *arg)
{
    struct sleep *self = arg;
    self->task = bare_self;
    wheel_arm(&self->timer, self->when, wake);
    if (!bare_head)
        bare_ready(loop); /* nobody else is ready */
    bare_block();
}

static void sleepers(size_t times)
{
    static struct bare_task **tasks; /* kept from round to round, as their stacks are */
    unsigned long long random = 4;
    struct sleep *sleeps = calloc(times, sizeof *sleeps);
    tasks = realloc(tasks, times * sizeof(void *));
    open_timers(1);
    fired = 0;
    int64_t start = clock_ns() + TIMER_BEFORE;
    for (size_t i = 0; i < times; i++) {
        sleeps[i].when = start + timer_near(&random);
        tasks[i] = bare_spawn(sleeper, &sleeps[i]);
    }
    loop = bare_self;
    bare_yield();
    while (clock_ns() < start)
        ;
    work_begin();
    while (fired < times) {
        wheel_turn();
        bare_yield();
    }
    work_end();
    for (size_t i = 0; i < times; i++)
        bare_join(tasks[i]);
    close_timers(1);
    free(sleeps);
}

const struct work wheel_works[] = {TIMER_WORKS, {"sleeping task woken", sleepers, 100000, 3}, {0}};
