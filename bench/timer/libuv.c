/* libuv.c - timer: the same by libuv, whose timers are a heap. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <uv.h>

#include "timer/timer.h"

static uv_loop_t *loop;
typedef uv_timer_t one_timer;
static one_timer *timers;
static size_t fired;

static void fire(uv_timer_t *timer)
{
    (void)timer;
    fired++;
}

/* It is given delays, from the time that it knows. */
static int64_t clock_ns(void)
{
    return 0;
}

static void open_timers(size_t count)
{
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    for (size_t i = 0; i < count; i++)
        uv_timer_init(loop, &timers[i]);
    uv_update_time(loop);
}

static void close_timers(size_t count)
{
    for (size_t i = 0; i < count; i++)
        uv_close((uv_handle_t *)&timers[i], NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    free(timers);
}

/* libuv counts milliseconds. */
static inline void arm_one(one_timer *timer, int64_t when)
{
    uv_timer_start(timer, fire, (uint64_t)when / 1000000, 0);
}

static inline void cancel_one(one_timer *timer)
{
    uv_timer_stop(timer);
}

static void expire_all(int64_t first, size_t count)
{
    (void)first, (void)count;
    work_begin(); /* waiting takes no time of the thread's */
    uv_run(loop, UV_RUN_DEFAULT);
    work_end();
}

#include "timer/works.h"

static const struct work works[] = {TIMER_CALL_WORKS, {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}};
    loop = uv_default_loop();
    return work_main(argc, argv, sets, 1);
}
