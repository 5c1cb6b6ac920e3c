/* burst.c - many tasks at once, with deep stacks: what their pages cost goes back to the system. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include <xie.h>

enum { DEEP = 16 * 1024 };

struct burst {
    struct xie_event leave;
    int count, parked;
};

/* Pages that the process has. */
static long resident(void)
{
    long all = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    REQUIRE(file);
    REQUIRE(fscanf(file, "%ld %ld", &all, &pages) == 2);
    fclose(file);
    return pages;
}

/* Whose address has been told has to be there, all of it: clang takes apart what is only written.
 */
static __attribute__((noinline)) void touch(void)
{
    char deep[DEEP];
    memset(deep, 1, sizeof deep);
    __asm__ volatile("" : : "r"(deep) : "memory");
}

static int deep_task(void *arg)
{
    struct burst *burst = arg;
    touch();
    burst->parked++;
    return xie_event_wait(&burst->leave);
}

/* A program that is idle for a second: on sim it sleeps once; elsewhere it naps until it has
 * happened, a thousand times at most. */
static void be_idle(long most)
{
    if (!strcmp(xie_loop_backend(xie_loop_current()), "sim")) {
        xie_sleep(XIE_SECOND);
        return;
    }
    for (int i = 0; i < 1000 && resident() > most; i++)
        xie_sleep(XIE_MILLISECOND);
}

static int burst_run(void *arg)
{
    struct burst burst = {.count = tap_slow() ? 300 : 10000};
    (void)arg;
    for (int round = 0; round < 2; round++) {
        long before = resident(), with = 0;
        burst.parked = 0;
        XIE_GROUP(group) {
            for (int i = 0; i < burst.count; i++)
                REQUIRE(!xie_group_spawn(&group, deep_task, &burst));
            while (burst.parked < burst.count)
                xie_sleep(0);
            with = resident();
            xie_event_set(&burst.leave);
            CHECK_EQ(xie_group_wait(&group), 0);
        }
        xie_event_clear(&burst.leave);
        if (!tap_slow()) {
            CHECK(round || with - before >= burst.count * (DEEP / 4096));
            be_idle(before + (with - before) / 10);
            CHECK(resident() <= before + (with - before) / 10);
        }
    }
    return 0;
}

static void deep_tasks_give_their_memory_back(void)
{
    CHECK_EQ(xie_run(burst_run, NULL), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"deep_tasks_give_their_memory_back", deep_tasks_give_their_memory_back},
        {0},
    };
    return tap_main(argc, argv, tests);
}
