/* libuv.c - timer: the same by libuv, whose timers are a heap. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <uv.h>

#include "timer/timer.h"

static uv_loop_t *loop;
static uv_timer_t *timers;
static size_t fired;

static void fire(uv_timer_t *timer)
{
    (void)timer;
    fired++;
}

static void open_timers(size_t count)
{
    timers = calloc(count, sizeof *timers);
    if (!timers)
        abort();
    for (size_t i = 0; i < count; i++)
        uv_timer_init(loop, &timers[i]);
}

static void close_timers(size_t count)
{
    for (size_t i = 0; i < count; i++)
        uv_close((uv_handle_t *)&timers[i], NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    free(timers);
}

/* libuv counts milliseconds. */
static void arm_all(size_t count)
{
    unsigned long long random = 1;
    for (size_t i = 0; i < count; i++)
        uv_timer_start(&timers[i], fire, (uint64_t)timer_far(&random) / 1000000, 0);
}

static void arm_cancel(size_t times)
{
    enum { LIVE = 1000000 };
    uv_timer_t one;
    unsigned long long random = 2;
    open_timers(LIVE);
    arm_all(LIVE);
    uv_timer_init(loop, &one);
    work_begin();
    for (size_t i = 0; i < times; i++) {
        uv_timer_start(&one, fire, (uint64_t)timer_far(&random) / 1000000, 0);
        uv_timer_stop(&one);
    }
    work_end();
    uv_close((uv_handle_t *)&one, NULL);
    close_timers(LIVE);
}

static void arm(size_t times)
{
    open_timers(times);
    work_begin();
    arm_all(times);
    work_end();
    close_timers(times);
}

static void cancel(size_t times)
{
    open_timers(times);
    arm_all(times);
    work_begin();
    for (size_t i = 0; i < times; i++)
        uv_timer_stop(&timers[i]);
    work_end();
    close_timers(times);
}

static void expire(size_t times)
{
    unsigned long long random = 3;
    open_timers(times);
    fired = 0;
    uv_update_time(loop);
    for (size_t i = 0; i < times; i++)
        uv_timer_start(&timers[i], fire, (uint64_t)(timer_near(&random) + TIMER_BEFORE) / 1000000,
                       0);
    work_begin(); /* waiting takes no time of the thread's */
    uv_run(loop, UV_RUN_DEFAULT);
    work_end();
    close_timers(times);
}

static const struct work works[] = {{"call arm + cancel, 1,000,000 live", arm_cancel, 1000000, 3},
                                    {"call arm", arm, 1000000, 3},
                                    {"call cancel", cancel, 1000000, 3},
                                    {"call expire", expire, 1000000, 3},
                                    {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}};
    loop = uv_default_loop();
    return work_main(argc, argv, sets, 1);
}
