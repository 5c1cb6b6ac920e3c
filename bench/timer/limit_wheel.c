/* limit_wheel.c - timer: a hierarchical wheel, bare. Tasks that sleep on it are bare, too. */
/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "lib/tasks.h"
#include "lib/wheel.h"
#include "timer/timer.h"

static size_t fired;

static int64_t clock_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
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
    wheel_open(clock_ns());
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
