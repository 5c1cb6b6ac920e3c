/* limit.c - generator: the same, bare: a value in a variable, and a switch each way. */
/* SPDX-License-Identifier: MIT */
#include "lib/tasks.h"
#include "lib/work.h"

static struct bare_context here, there;
static long value;

static void count(void)
{
    for (long i = 0;; i++) {
        value = i;
        bare_switch(&there, &here);
    }
}

static void next(size_t times)
{
    static char stack[16384] __attribute__((aligned(16)));
    long sum = 0;
    bare_prepare(&there, stack + sizeof stack, count);
    work_begin();
    for (size_t i = 0; i < times; i++) {
        bare_switch(&here, &there);
        sum += value;
    }
    work_end();
    WORK_KEEP(sum);
}

extern const struct work bare_works[]; /* for ours.c */

const struct work bare_works[] = {{"next", next, 1000000, 0}, {0}};
