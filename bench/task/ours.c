/* ours.c - task: spawned and joined, one by one and in batches; created, parked and woken, from ten
 * to a million, by xie. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <xie.h>

#include "coro/stack.h"

#include "lib/started.h"

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

typedef struct xie_task one_task;

static inline one_task *spawn_one(void)
{
    return xie_spawn(nothing, NULL);
}

static inline void join_one(one_task *task)
{
    xie_join(task);
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

#include "task/works.h"

extern const struct work *const bare_works; /* limit.c */

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, task_works}, {"bare", bare_works}};
    return started_main(argc, argv, sets, 2);
}
