/* ours.c - task: spawned and joined, one by one and in batches; created, parked and woken, from ten
 * to a million, by xie. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <xie.h>

#include "coro/stack.h"

#include "lib/started.h"

enum { BATCH = 100 };

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static void spawn_join(size_t times)
{
    work_begin();
    for (size_t i = 0; i < times; i++)
        xie_join(xie_spawn(nothing, NULL));
    work_end();
}

static void spawn_batch(size_t times)
{
    struct xie_task *tasks[BATCH];
    work_begin();
    for (size_t i = 0; i < times; i += BATCH) {
        for (size_t j = 0; j < BATCH; j++)
            tasks[j] = xie_spawn(nothing, NULL);
        for (size_t j = 0; j < BATCH; j++)
            xie_join(tasks[j]);
    }
    work_end();
}

/* --- parked: all wait for one event ------------------------------------------------------------
 */

static int park(void *event)
{
    return xie_event_wait(event);
}

/* Cold, but for the few free stacks that are kept warm. */
static void parked(size_t times)
{
    struct xie_event leave = {0};
    while (xie_stack_trim())
        ;
    XIE_GROUP(group) {
        work_begin();
        for (size_t i = 0; i < times; i++)
            if (xie_group_spawn(&group, park, &leave))
                abort();
        xie_sleep(0); /* each runs up to its wait */
        work_end();
        xie_event_set(&leave);
        xie_group_wait(&group);
    }
}

extern const struct work bare_works[]; /* limit.c */

static const struct work works[] = {{"spawn-join", spawn_join, 500000, 0},
                                    {"spawn-join-batch", spawn_batch, 500000, 0},
                                    {"park-10", parked, 10, 0},
                                    {"park-100", parked, 100, 0},
                                    {"park-1000", parked, 1000, 0},
                                    {"park-10000", parked, 10000, 0},
                                    {"park-100000", parked, 100000, 3},
                                    {"park-1000000", parked, 1000000, 1},
                                    {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}, {"bare", bare_works}};
    return started_main(argc, argv, sets, 2);
}
