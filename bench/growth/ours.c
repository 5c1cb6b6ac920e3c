/* ours.c - growth: tasks, timers and connections by xie.
 * usage: ours [connections] */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xie.h>

#include "growth/growth.h"
#include "loop/timer.h"

/* --- tasks: spawned, parked, all woken, ended ---------------------------------------------------
 */

static size_t parked;

static int park(void *event)
{
    parked++;
    return xie_event_wait(event);
}

static void tasks(size_t items, size_t times)
{
    for (size_t n = 0; n < times; n++) {
        struct xie_event leave = {0};
        parked = 0;
        XIE_GROUP(group) {
            work_begin();
            for (size_t i = 0; i < items; i++)
                growth_check(!xie_group_spawn(&group, park, &leave), "spawn");
            xie_sleep(0); /* each runs up to its wait */
            growth_check(parked == items, "all parked");
            xie_event_set(&leave);
            xie_group_wait(&group);
            work_end();
        }
    }
}

/* --- timers, as the wheel has them --------------------------------------------------------------
 */

static struct xie_timers wheel;
static struct xie_timer *timers;
static size_t fired;

static void timer_fire(struct xie_timer *timer)
{
    (void)timer;
    fired++;
}

static void open_timers(size_t items)
{
    timers = malloc(items * sizeof *timers);
    growth_check(timers != NULL, "malloc");
    xie_timers_init(&wheel, xie_now());
}

static void close_timers(size_t items)
{
    (void)items;
    free(timers);
}

static void arm_cancel(size_t items, size_t times)
{
    unsigned long long random = 1;
    int64_t now = xie_now();
    work_begin();
    for (size_t n = 0; n < times; n++) {
        for (size_t i = 0; i < items; i++) {
            xie_timer_init(&timers[i], timer_fire);
            xie_timer_arm(&wheel, &timers[i], now + timer_far(&random));
        }
        for (size_t i = 0; i < items; i++)
            xie_timer_cancel(&wheel, &timers[i]);
    }
    work_end();
}

/* Time goes on by looks, not by the clock. */
static void expire(size_t items, size_t times)
{
    static int64_t now;
    unsigned long long random = 2;
    now = now ? now : xie_now();
    for (size_t n = 0; n < times; n++) {
        now += XIE_SECOND;
        fired = 0;
        for (size_t i = 0; i < items; i++) {
            xie_timer_init(&timers[i], timer_fire);
            xie_timer_arm(&wheel, &timers[i], now + growth_when(items, &random));
        }
        work_begin();
        for (; fired < items; now += TIMER_STEP)
            xie_timers_run(&wheel, now, items);
        work_end();
    }
}

/* --- connections: a task for each, that waits for messages --------------------------------------
 */

static struct connections {
    int *fds;
    size_t ready, received, ended;
    struct xie_event all; /* have received */
    size_t items;
} connections;

static int receive(void *arg)
{
    struct xie_stream *stream;
    char message[MESSAGE];
    growth_check(!xie_stream_adopt(*(int *)arg, &stream), "adopt");
    connections.ready++;
    while (xie_stream_read_exactly(stream, message, MESSAGE) == MESSAGE)
        if (++connections.received == connections.items)
            xie_event_set(&connections.all);
    xie_stream_close(stream);
    connections.ended++;
    return 0;
}

static void open_connections(size_t items)
{
    connections = (struct connections){.fds = growth_connect(items), .items = items};
    for (size_t i = 0; i < items; i++) {
        struct xie_task *task = xie_spawn(receive, &connections.fds[2 * i]);
        growth_check(task != NULL, "spawn");
        xie_detach(task);
    }
    while (connections.ready < items)
        xie_sleep(0);
    xie_sleep(XIE_MILLISECOND); /* all of them wait */
}

static void message_each(size_t items, size_t times)
{
    work_begin();
    for (size_t n = 0; n < times; n++) {
        connections.received = 0;
        xie_event_clear(&connections.all);
        growth_send(connections.fds, items);
        xie_event_wait(&connections.all);
    }
    work_end();
}

/* Each sees the end. */
static void close_connections(size_t items)
{
    for (size_t i = 0; i < items; i++)
        close(connections.fds[2 * i + 1]);
    while (connections.ended < items)
        xie_sleep(XIE_MILLISECOND);
    free(connections.fds);
}

/* ------------------------------------------------------------------------------------------------
 */

static const struct growth works[] = {
    {"tasks", tasks, NULL, NULL, 0},
    {"timers armed and cancelled", arm_cancel, open_timers, close_timers, 0},
    {"timers expired", expire, open_timers, close_timers, 0},
    {"connections", message_each, open_connections, close_connections, 2},
    {0}};

static int run(void *from)
{
    growth_run(from);
    return 0;
}

int main(int argc, char **argv)
{
    bool few = argc > 1 && !strcmp(argv[1], "connections");
    return xie_run(run, (void *)(uintptr_t)&works[few ? 3 : 0]) != 0;
}
