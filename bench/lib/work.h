/* work.h - a piece of work that is repeated and measured: by the thread's own time, or under
 * callgrind by instructions. What each contestant of an area is made of; for C and C++. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BENCH_WORK_H
#define XIE_BENCH_WORK_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct work {
    const char *row;           /* one word; NULL ends the table */
    void (*run)(size_t times); /* between its work_begin and work_end it does the work so often */
    size_t times;              /* in a round */
    int rounds;                /* at most; 0: as many as the others */
};

/* What lies between them is measured; may be called several times in one run. */
void work_begin(void);
void work_end(void);
/* What that was since the last call of this, by a program that prints its own lines. [ns] */
double work_passed(void);

/* Works of one contestant. */
struct work_set {
    const char *name; /* NULL: the program's own */
    const struct work *works;
};

/* Print a line ROW VALUE UNIT for each work: the median of its rounds [ns], those of all works in
 * turn. Those of a second set are told as SET: ROW VALUE UNIT.
 * usage: PROGRAM [--rounds N] [--rows] [ROW...]; with --count, under callgrind, each of the first
 * set runs some thousand times and twice so often, and is dumped as "ROW 1" and "ROW 2".
 * return  the exit code */
int work_main(int argc, char **argv, const struct work_set *sets, size_t count);

/* Not optimised away, not known to the compiler. */
#define WORK_KEEP(value) __asm__ volatile("" : : "g"(value) : "memory")

/* Random numbers that are the same in each run (xorshift64*). */
static inline unsigned long long work_random(unsigned long long *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

#ifdef __cplusplus
}
#endif
#endif
