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

static int64_t now_ns(void)
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
    int64_t now = now_ns(), next = wheel_run(now >> TICK);
    if (next == INT64_MAX >> TICK)
        return;
    int64_t left = (next << TICK) - now;
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    if (left > 0)
        ppoll(NULL, 0, &timeout, NULL);
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
        wheel_arm(&timers[i], now + timer_far(&random), fire);
}

static void cancel_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        wheel_cancel(&timers[i]);
}

static void open_timers(size_t count)
{
    wheel_tick = now_ns() >> TICK;
    memset(used, 0, sizeof used);
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    timer_touch(timers, count * sizeof *timers);
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
        wheel_arm(&one, now + timer_far(&random), fire);
        wheel_cancel(&one);
    }
    work_end();
    cancel_all(live);
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
    cancel_all(times);
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
    int64_t start = now_ns();
    for (size_t i = 0; i < times; i++)
        wheel_arm(&timers[i], start + TIMER_BEFORE + timer_near(&random), fire);
    work_begin();
    for (int64_t now = start + TIMER_BEFORE; fired < times; now += TIMER_STEP)
        wheel_run(now >> TICK);
    work_end();
    free(timers);
}

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
    int64_t start = now_ns() + TIMER_BEFORE;
    for (size_t i = 0; i < times; i++) {
        sleeps[i].when = start + timer_near(&random);
        tasks[i] = bare_spawn(sleeper, &sleeps[i]);
    }
    loop = bare_self;
    bare_yield();
    while (now_ns() < start)
        ;
    work_begin();
    while (fired < times) {
        wheel_turn();
        bare_yield();
    }
    work_end();
    for (size_t i = 0; i < times; i++)
        bare_join(tasks[i]);
    free(timers);
    free(sleeps);
}

extern const struct work wheel_works[]; /* for ours.c */

const struct work wheel_works[] = {{"arm + cancel, 10 live", arm_cancel_10, 1000000, 3},
                                   {"arm + cancel, 1,000 live", arm_cancel_1000, 1000000, 3},
                                   {"arm + cancel, 100,000 live", arm_cancel_100000, 1000000, 3},
                                   {"arm + cancel, 1,000,000 live", arm_cancel_1000000, 1000000, 3},
                                   {"arm", arm, 1000000, 3},
                                   {"cancel", cancel, 1000000, 3},
                                   {"expire", expire, 1000000, 3},
                                   {"sleeping task woken", sleepers, 100000, 3},
                                   {0}};
