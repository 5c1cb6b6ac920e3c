/* growth.h - growth: the same work for ten items and for a million, and what it cost each. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_GROWTH_H
#define XIE_BENCH_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timer/timer.h"

enum { MESSAGE = 64 }; /* what a connection is sent [bytes] */

struct growth {
    const char *row; /* its name, before the count */
    /* With so many items do the work so often, each time between work_begin and work_end. */
    void (*run)(size_t items, size_t times);
    /* Before and after all times of one count; NULL: nothing to do. */
    void (*open)(size_t items);
    void (*close)(size_t items);
    size_t descriptors; /* that each item needs */
};

/* Print "ROW, ITEMS NS ns" for each work and count of items that the limit of descriptors allows;
 * works are ended by one without a row. */
void growth_run(const struct growth *works);

/* Both ends of so many connections: ours in fds[2 i], those that messages are sent from behind
 * them. */
int *growth_connect(size_t items);
/* A message to each. */
void growth_send(const int *fds, size_t items);

/* It has to be so: else the program ends, and says what. */
void growth_check(bool so, const char *what);

/* When one of them fires, after the first could: some five in a microsecond, however many they are.
 * [ns] */
static inline int64_t growth_when(size_t items, unsigned long long *random)
{
    return (int64_t)(work_random(random) % (200ULL * items));
}

#endif
