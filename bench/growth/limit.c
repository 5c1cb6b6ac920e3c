/* limit.c - growth: the same, bare: coroutines in a ready queue, a wheel, an epoll set. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "growth/growth.h"
#include "lib/tasks.h"
#include "lib/wheel.h"

/* --- tasks --------------------------------------------------------------------------------------
 */

enum { STRIDE = 16 * 1024 };

static struct bare_task *waiting;

static void park(void *arg)
{
    (void)arg;
    bare_self->next = waiting;
    waiting = bare_self;
    bare_block();
}

/* Stacks for so many, in one mapping of small pages; all are free. */
static void open_tasks(size_t items)
{
    static size_t made;
    if (items <= made)
        return;
    size_t size = (items - made) * STRIDE;
    char *slab = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    growth_check(slab != MAP_FAILED, "mmap");
    madvise(slab, size, MADV_NOHUGEPAGE);
    for (; made < items; made++, slab += STRIDE) {
        size_t below = (sizeof(struct bare_task) + 63) / 64 * 64 + made % 8 * 128;
        struct bare_task *task = (void *)(slab + STRIDE - below);
        *task = (struct bare_task){.top = (char *)task, .next = bare_free};
        bare_free = task;
    }
}

static void tasks(size_t items, size_t times)
{
    static struct bare_task **all;
    all = realloc(all, items * sizeof(void *));
    growth_check(all != NULL, "realloc");
    for (size_t n = 0; n < times; n++) {
        work_begin();
        for (size_t i = 0; i < items; i++)
            all[i] = bare_spawn(park, NULL);
        bare_yield();
        while (waiting) {
            struct bare_task *next = waiting->next;
            bare_ready(waiting);
            waiting = next;
        }
        for (size_t i = 0; i < items; i++)
            bare_join(all[i]);
        work_end();
    }
}

/* --- timers -------------------------------------------------------------------------------------
 */

static struct timer *timers;
static size_t fired;

static void fire(struct timer *timer)
{
    (void)timer;
    fired++;
}

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void open_timers(size_t items)
{
    timers = malloc(items * sizeof *timers);
    growth_check(timers != NULL, "malloc");
    wheel_open(now_ns());
}

static void close_timers(size_t items)
{
    (void)items;
    free(timers);
}

static void arm_cancel(size_t items, size_t times)
{
    unsigned long long random = 1;
    int64_t now = now_ns();
    work_begin();
    for (size_t n = 0; n < times; n++) {
        for (size_t i = 0; i < items; i++)
            wheel_arm(&timers[i], now + timer_far(&random), fire);
        for (size_t i = 0; i < items; i++)
            wheel_cancel(&timers[i]);
    }
    work_end();
}

static void expire(size_t items, size_t times)
{
    static int64_t now;
    unsigned long long random = 2;
    now = now ? now : now_ns();
    for (size_t n = 0; n < times; n++) {
        now += INT64_C(1000000000);
        fired = 0;
        for (size_t i = 0; i < items; i++)
            wheel_arm(&timers[i], now + growth_when(items, &random), fire);
        work_begin();
        for (; fired < items; now += TIMER_STEP)
            wheel_run(now >> TICK);
        work_end();
    }
}

/* --- connections --------------------------------------------------------------------------------
 */

static int *fds, set;

static void open_connections(size_t items)
{
    set = epoll_create1(EPOLL_CLOEXEC);
    growth_check(set >= 0, "epoll_create1");
    fds = growth_connect(items);
    for (size_t i = 0; i < items; i++) {
        struct epoll_event event = {EPOLLIN, {.fd = fds[2 * i]}};
        growth_check(!epoll_ctl(set, EPOLL_CTL_ADD, fds[2 * i], &event), "epoll_ctl");
    }
}

static void message_each(size_t items, size_t times)
{
    struct epoll_event events[256];
    char message[MESSAGE];
    work_begin();
    for (size_t n = 0; n < times; n++) {
        growth_send(fds, items);
        for (size_t received = 0; received < items;) {
            int count = epoll_wait(set, events, 256, -1);
            for (int i = 0; i < count; i++)
                received += recv(events[i].data.fd, message, MESSAGE, 0) == MESSAGE;
        }
    }
    work_end();
}

static void close_connections(size_t items)
{
    for (size_t i = 0; i < 2 * items; i++)
        close(fds[i]);
    close(set);
    free(fds);
}

int main(void)
{
    static const struct growth works[] = {
        {"tasks", tasks, open_tasks, NULL, 0},
        {"timers armed and cancelled", arm_cancel, open_timers, close_timers, 0},
        {"timers expired", expire, open_timers, close_timers, 0},
        {"connections", message_each, open_connections, close_connections, 2},
        {0}};
    growth_run(works);
    return 0;
}
