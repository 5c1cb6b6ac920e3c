/* started.h - the main of a program whose works run in a task. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_STARTED_H
#define XIE_BENCH_STARTED_H

#include <xie.h>

#include "lib/work.h"

struct started {
    int argc;
    char **argv;
    const struct work_set *sets;
    size_t count;
};

static int started_task(void *arg)
{
    const struct started *self = (const struct started *)arg;
    return work_main(self->argc, self->argv, self->sets, self->count);
}

static inline int started_main(int argc, char **argv, const struct work_set *sets, size_t count)
{
    struct started self = {argc, argv, sets, count};
    return xie_run(started_task, &self);
}

#endif
