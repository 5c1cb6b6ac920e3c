/* burst.c - many tasks at once that go deep: what they have while they wait, and what the process
 * still has of it after a second with nothing to do.
 * usage: burst [COUNT]; a line per figure: NAME VALUE UNIT. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <xie.h>

#include "lib/resident.h"

enum { DEEP = 16 * 1024, COUNT = 100000 };

struct burst {
    struct xie_event leave;
    size_t count, parked;
};

static __attribute__((noinline)) void go_deep(void)
{
    volatile char deep[DEEP];
    for (size_t i = 0; i < sizeof deep; i += 1024)
        deep[i] = 1;
}

static int deep_task(void *arg)
{
    struct burst *burst = arg;
    go_deep();
    burst->parked++;
    return xie_event_wait(&burst->leave);
}

static void print(const char *name, long long grown, size_t count)
{
    printf("%s %lld bytes\n", name, grown / (long long)count);
}

static int run(void *arg)
{
    struct burst *burst = arg;
    long long before = resident();
    int error = 0;
    XIE_GROUP(group) {
        for (size_t i = 0; i < burst->count && !error; i++)
            error = xie_group_spawn(&group, deep_task, burst);
        while (!error && burst->parked < burst->count)
            error = xie_sleep(0);
        print("burst of deep tasks", resident() - before, burst->count);
        xie_event_set(&burst->leave);
        if (!error)
            error = xie_group_wait(&group);
    }
    if (!error)
        error = xie_sleep(XIE_SECOND);
    print("left a second after", resident() - before, burst->count);
    return error;
}

int main(int argc, char **argv)
{
    struct burst burst = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT};
    if (!burst.count) {
        fprintf(stderr, "usage: %s [COUNT]\n", argv[0]);
        return 2;
    }
    int error = xie_run(run, &burst);
    if (error)
        fprintf(stderr, "burst: %s\n", xie_strerror(error));
    return error != 0;
}
