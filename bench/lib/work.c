/* work.c - measures works: rounds of all in turn, and the median of each.
 * The thread's own time counts, so that others on the machine count less. */
/* SPDX-License-Identifier: MIT */
#include "lib/work.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define COUNT_BEGIN() CALLGRIND_ZERO_STATS
#define COUNT_END(name) CALLGRIND_DUMP_STATS_AT(name)
#else
#define COUNT_BEGIN() ((void)0)
#define COUNT_END(name) ((void)(name))
#endif

enum { SETS_MOST = 3, WORKS_MOST = 32, ROUNDS = 9, ROUNDS_MOST = 99, COUNTED = 2000 };

static const char *counting; /* the name of what is counted; NULL: time is taken */
static double started, passed;

/* The thread's own. [ns] */
static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

void work_begin(void)
{
    if (counting)
        COUNT_BEGIN();
    else
        started = now_ns();
}

void work_end(void)
{
    if (counting)
        COUNT_END(counting);
    else
        passed += now_ns() - started;
}

double work_passed(void)
{
    double result = passed;
    passed = 0;
    return result;
}

static void count_one(const struct work *work)
{
    size_t times = work->times < COUNTED ? work->times : COUNTED;
    char name[64] = "warm";
    counting = name;
    work->run(2 * times);
    for (unsigned i = 1; i <= 2; i++) {
        snprintf(name, sizeof name, "%s %u", work->row, i);
        work->run(i * times);
    }
    counting = NULL;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* NULL: a set has fewer. */
static const struct work *nth(const struct work *works, int n)
{
    for (; n && works->row; n--)
        works++;
    return works->row ? works : NULL;
}

static bool wanted(const struct work *work, char **rows)
{
    bool any = *rows;
    for (; *rows; rows++)
        if (!strcmp(*rows, work->row))
            return true;
    return !any;
}

static int rounds_of(const struct work *work, int rounds)
{
    return work->rounds && work->rounds < rounds ? work->rounds : rounds;
}

static double figures[SETS_MOST][WORKS_MOST][ROUNDS_MOST];

static void measure(const struct work_set *sets, size_t count, char **rows, int rounds)
{
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < WORKS_MOST; i++)
            for (size_t set = 0; set < count; set++) {
                const struct work *work = nth(sets[set].works, i);
                if (!work || !wanted(work, rows) || round >= rounds_of(work, rounds))
                    continue;
                passed = 0;
                work->run(work->times);
                figures[set][i][round] = passed / (double)work->times;
            }
}

static void print(const struct work_set *sets, size_t count, char **rows, int rounds)
{
    for (size_t set = 0; set < count; set++)
        for (int i = 0; nth(sets[set].works, i); i++) {
            const struct work *work = nth(sets[set].works, i);
            double *each = figures[set][i];
            if (!wanted(work, rows))
                continue;
            int most = rounds_of(work, rounds);
            qsort(each, (size_t)most, sizeof *each, by_size);
            printf("%s%s%s %.2f ns\n", sets[set].name ? sets[set].name : "",
                   sets[set].name ? ": " : "", work->row, each[most / 2]);
        }
}

static int usage(const char *name)
{
    fprintf(stderr, "usage: %s [--rounds 1..%d] [--count] [--rows] [ROW...]\n", name, ROUNDS_MOST);
    return 2;
}

int work_main(int argc, char **argv, const struct work_set *sets, size_t count)
{
    int rounds = ROUNDS, at = 1;
    bool rows = false, counted = false;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (!strcmp(argv[at], "--rounds") && at + 1 < argc)
            rounds = atoi(argv[++at]);
        else if (!strcmp(argv[at], "--rows"))
            rows = true;
        else if (!strcmp(argv[at], "--count"))
            counted = true;
        else
            return usage(argv[0]);
    }
    if (rounds < 1 || rounds > ROUNDS_MOST || count > SETS_MOST)
        return usage(argv[0]);
    if (!rows && !counted) {
        measure(sets, count, argv + at, rounds);
        print(sets, count, argv + at, rounds);
        return 0;
    }
    for (const struct work *works = sets[0].works; works->row; works++) {
        if (!wanted(works, argv + at))
            continue;
        if (rows)
            puts(works->row);
        else
            count_one(works);
    }
    return 0;
}
