/* load_histogram.h - latencies counted in buckets of 1.6 % of their value. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_HISTOGRAM_H
#define BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>
#include <string.h>

enum { LOAD_STEPS = 64, LOAD_BUCKETS = 60 * LOAD_STEPS };

struct load_histogram {
    uint64_t count[LOAD_BUCKETS], total;
    int64_t most;
};

/* Values below LOAD_STEPS have a bucket each; above, each power of two has LOAD_STEPS. */
static inline size_t load_bucket(int64_t value)
{
    if (value < LOAD_STEPS)
        return value < 0 ? 0 : (size_t)value;
    int shift = 63 - __builtin_clzll((uint64_t)value) - 6;
    return (size_t)(shift + 1) * LOAD_STEPS + ((size_t)(value >> shift) - LOAD_STEPS);
}

static inline int64_t load_bucket_least(size_t bucket)
{
    if (bucket < 2 * LOAD_STEPS)
        return (int64_t)bucket;
    size_t shift = bucket / LOAD_STEPS - 1;
    return (int64_t)((bucket % LOAD_STEPS + LOAD_STEPS) << shift);
}

static inline void load_histogram_add(struct load_histogram *histogram, int64_t value)
{
    histogram->count[load_bucket(value)]++;
    histogram->total++;
    if (value > histogram->most)
        histogram->most = value;
}

/* The value that this share of all does not exceed, to a bucket. */
static inline int64_t load_histogram_at(const struct load_histogram *histogram, double share)
{
    uint64_t seen = 0, rank = (uint64_t)((double)histogram->total * share);
    for (size_t i = 0; i < LOAD_BUCKETS; i++) {
        seen += histogram->count[i];
        if (seen > rank)
            return load_bucket_least(i);
    }
    return histogram->most;
}

#endif
