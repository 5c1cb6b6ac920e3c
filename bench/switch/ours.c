/* ours.c - switch: from one stack to another and back, and tasks that yield, by xie. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <xie.h>

#include "coro/context.h"
#include "lib/started.h"

static struct xie_context here, there;

static void bounce(void *arg)
{
    (void)arg;
    xie_context_entered(&there);
    for (;;)
        xie_context_switch(&there, &here);
}

static void one_way(size_t times)
{
    struct xie_stack *stack = xie_stack_take(0);
    if (!stack)
        abort();
    xie_context_prepare(&there, stack, bounce, NULL);
    work_begin();
    for (size_t i = 0; i < times; i += 2)
        xie_context_switch(&here, &there);
    work_end();
    xie_stack_give(stack);
}

static size_t turns;

static int yields(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < turns; i++)
        xie_sleep(0);
    return 0;
}

static void yield_among(size_t tasks, size_t times)
{
    turns = times / tasks;
    XIE_GROUP(group) {
        for (size_t i = 0; i < tasks; i++)
            if (xie_group_spawn(&group, yields, NULL))
                abort();
        work_begin();
        xie_group_wait(&group);
        work_end();
    }
}

static void yield_2(size_t times)
{
    yield_among(2, times);
}

static void yield_1000(size_t times)
{
    yield_among(1000, times);
}

extern const struct work bare_works[]; /* limit.c */

static const struct work works[] = {{"switch", one_way, 2000000, 0},
                                    {"yield-2", yield_2, 1000000, 0},
                                    {"yield-1000", yield_1000, 1000000, 0},
                                    {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}, {"bare", bare_works}};
    return started_main(argc, argv, sets, 2);
}
