/* works.h - the works of tasks, the same for each contestant.
 *
 * Before it includes this, a contestant says
 *     typedef … one_task;
 *     static one_task *spawn_one(void);     that does nothing
 *     static void join_one(one_task *task);
 *     static void parked(size_t times);     so many are made, and run up to their wait
 */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_TASK_WORKS_H
#define XIE_BENCH_TASK_WORKS_H

#include "lib/work.h"

enum { BATCH = 100 };

static void spawn_join(size_t times)
{
    work_begin();
    for (size_t i = 0; i < times; i++)
        join_one(spawn_one());
    work_end();
}

static void spawn_batch(size_t times)
{
    one_task *tasks[BATCH];
    work_begin();
    for (size_t i = 0; i < times; i += BATCH) {
        for (size_t j = 0; j < BATCH; j++)
            tasks[j] = spawn_one();
        for (size_t j = 0; j < BATCH; j++)
            join_one(tasks[j]);
    }
    work_end();
}

static const struct work task_works[] = {{"spawn-join", spawn_join, 500000, 0},
                                         {"spawn-join-batch", spawn_batch, 500000, 0},
                                         {"park-10", parked, 10, 0},
                                         {"park-100", parked, 100, 0},
                                         {"park-1000", parked, 1000, 0},
                                         {"park-10000", parked, 10000, 0},
                                         {"park-100000", parked, 100000, 3},
                                         {"park-1000000", parked, 1000000, 1},
                                         {0}};

#endif
