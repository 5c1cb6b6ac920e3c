/* limit.c - switch: the same, bare. */
/* SPDX-License-Identifier: MIT */
#include "lib/tasks.h"
#include "lib/work.h"

static struct bare_context here, there;

static void bounce(void)
{
    for (;;)
        bare_switch(&there, &here);
}

static void one_way(size_t times)
{
    static char stack[16384] __attribute__((aligned(16)));
    bare_prepare(&there, stack + sizeof stack, bounce);
    work_begin();
    for (size_t i = 0; i < times; i += 2)
        bare_switch(&here, &there);
    work_end();
}

static size_t turns;

static void yields(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < turns; i++)
        bare_yield();
}

static void yield_among(size_t tasks, size_t times)
{
    static struct bare_task *all[1000];
    turns = times / tasks;
    for (size_t i = 0; i < tasks; i++)
        all[i] = bare_spawn(yields, NULL);
    work_begin();
    for (size_t i = 0; i < tasks; i++)
        bare_join(all[i]);
    work_end();
}

static void yield_2(size_t times)
{
    yield_among(2, times);
}

static void yield_1000(size_t times)
{
    yield_among(1000, times);
}

extern const struct work bare_works[]; /* for ours.c */

const struct work bare_works[] = {{"switch", one_way, 2000000, 0},
                                  {"yield-2", yield_2, 1000000, 0},
                                  {"yield-1000", yield_1000, 1000000, 0},
                                  {0}};
