/* ours.c - generator: the next value, by xie. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <xie.h>

#include "lib/work.h"

static int count(struct xie_gen *self, void *arg)
{
    (void)arg;
    for (intptr_t i = 0;; i++) {
        int error = xie_gen_yield(self, (void *)i, NULL);
        if (error)
            return error;
    }
}

static int delegate(struct xie_gen *self, void *inner)
{
    return xie_gen_yield_from(self, inner, NULL);
}

static void take(struct xie_gen *gen, size_t times)
{
    void *value = NULL;
    intptr_t sum = 0;
    if (xie_gen_next(gen, &value) != 1)
        abort();
    work_begin();
    for (size_t i = 0; i < times; i++) {
        xie_gen_next(gen, &value);
        sum += (intptr_t)value;
    }
    work_end();
    WORK_KEEP(sum);
}

static void next(size_t times)
{
    struct xie_gen *gen = xie_gen_new(count, NULL);
    take(gen, times);
    xie_gen_free(gen);
}

static void deep(size_t times)
{
    enum { DEPTH = 100 };
    struct xie_gen *chain[DEPTH];
    chain[0] = xie_gen_new(count, NULL);
    for (int i = 1; i < DEPTH; i++)
        chain[i] = xie_gen_new(delegate, chain[i - 1]);
    take(chain[DEPTH - 1], times);
    for (int i = DEPTH - 1; i >= 0; i--)
        xie_gen_free(chain[i]);
}

extern const struct work bare_works[]; /* limit.c */

static const struct work works[] = {
    {"next", next, 1000000, 0}, {"next-deep-100", deep, 1000000, 0}, {0}};

int main(int argc, char **argv)
{
    const struct work_set sets[] = {{NULL, works}, {"bare", bare_works}};
    return work_main(argc, argv, sets, 2);
}
