/* switch.c - what leaving a stack costs, beside bare hand-written switches in the same run.
 * usage: switch [ROUNDS]; a line per figure: NAME VALUE UNIT; the median of the rounds, then
 * the least and the most. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xie.h>

#include "coro/context.h"

enum { ROUNDS = 31, ROUNDS_MOST = 999, EXCHANGES = 300000 };

/* --- bare: no generator, no state, no checks; inlined, so that nothing idle is saved --- */

static struct xie_registers bare_here, bare_there;
static intptr_t bare_out, bare_sent;

static void bare_entry(void *arg)
{
    (void)arg;
    for (;;)
        xie_registers_swap(&bare_there, &bare_here);
}

static void bare_run(struct xie_gen *gen)
{
    (void)gen;
    xie_registers_swap(&bare_here, &bare_there);
}

/* --- bare, as functions: what a library's next and yield are at least: a call on each side,
 * the registers that a function must keep, a value ------------------------------------------- */

static __attribute__((noinline)) int plain_yield(intptr_t value)
{
    bare_out = value;
    return xie_registers_transfer(&bare_there, &bare_here, 1);
}

static __attribute__((noinline)) int plain_next(intptr_t sent)
{
    bare_sent = sent;
    return xie_registers_transfer(&bare_here, &bare_there, 0);
}

static void plain_entry(void *arg)
{
    (void)arg;
    for (intptr_t i = 0;; i += bare_sent)
        plain_yield(i);
}

static void plain_run(struct xie_gen *gen)
{
    (void)gen;
    plain_next(1);
}

/* --- ours --------------------------------------------------------------------------- */

static struct xie_context here, there;

static void context_entry(void *arg)
{
    (void)arg;
    xie_context_entered(&there);
    for (;;)
        xie_context_switch(&there, &here);
}

static void context_run(struct xie_gen *gen)
{
    (void)gen;
    xie_context_switch(&here, &there);
}

static int count(struct xie_gen *self, void *arg)
{
    void *sent = arg;
    for (intptr_t i = 0;; i += sent != NULL) {
        int error = xie_gen_yield(self, (void *)i, &sent);
        if (error)
            return error;
    }
}

static int delegate(struct xie_gen *self, void *inner)
{
    return xie_gen_yield_from(self, inner, NULL);
}

static void next_run(struct xie_gen *gen)
{
    void *out;
    xie_gen_next(gen, &out);
}

static void send_run(struct xie_gen *gen)
{
    void *out;
    xie_gen_send(gen, &here, &out);
}

/* --- measuring ---------------------------------------------------------------------- */

/* The thread's own time, so that others on this machine count less. */
static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

struct figure {
    const char *name;
    double each[ROUNDS_MOST]; /* [ns] */
};

/* Inlined with its run, so that the loop is as tight as a program's. */
static inline __attribute__((always_inline)) double measure(void (*run)(struct xie_gen *gen),
                                                            struct xie_gen *gen)
{
    double start = now_ns();
    for (int i = 0; i < EXCHANGES; i++)
        run(gen);
    return (now_ns() - start) / EXCHANGES;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void line(const char *name, const char *what, double value, const char *unit)
{
    printf("%s%-*s %8.2f %s\n", name, 40 - (int)strlen(name), what, value, unit);
}

/* to: what it is compared with; NULL: nothing. divisor: switches in one exchange. */
static void print(struct figure *figure, int rounds, double divisor, const struct figure *to)
{
    qsort(figure->each, (size_t)rounds, sizeof *figure->each, by_size);
    double median = figure->each[rounds / 2];
    line(figure->name, "", median / divisor, "ns");
    line(figure->name, ", least", figure->each[0] / divisor, "ns");
    line(figure->name, ", most", figure->each[rounds - 1] / divisor, "ns");
    if (to)
        line(figure->name, " / bare", median / to->each[rounds / 2], "times");
}

static struct figure bare_switch = {"bare switch, one way", {0}};
static struct figure our_switch = {"switch, one way", {0}};
static struct figure bare_next = {"bare next, as functions", {0}};
static struct figure our_next = {"generator next", {0}};
static struct figure our_send = {"generator send", {0}};
static struct figure deep_next = {"next at delegation depth 100", {0}};

static void round_of(int i, struct xie_stack *stack, struct xie_gen *gen, struct xie_gen *outer)
{
    xie_registers_prepare(&bare_there, stack->base, stack->top, bare_entry, NULL);
    bare_switch.each[i] = measure(bare_run, NULL);
    xie_context_prepare(&there, stack, context_entry, NULL);
    our_switch.each[i] = measure(context_run, NULL);
    xie_registers_prepare(&bare_there, stack->base, stack->top, plain_entry, NULL);
    bare_next.each[i] = measure(plain_run, NULL);
    our_next.each[i] = measure(next_run, gen);
    our_send.each[i] = measure(send_run, gen);
    deep_next.each[i] = measure(next_run, outer);
}

int main(int argc, char **argv)
{
    enum { DEPTH = 100 };
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    if (rounds < 1 || rounds > ROUNDS_MOST) {
        fprintf(stderr, "usage: %s [ROUNDS], 1 to %d\n", argv[0], ROUNDS_MOST);
        return 2;
    }
    struct xie_gen *gen = xie_gen_new(count, NULL), *chain[DEPTH + 1];
    chain[0] = xie_gen_new(count, NULL);
    for (int i = 1; i <= DEPTH; i++)
        chain[i] = xie_gen_new(delegate, chain[i - 1]);
    struct xie_stack *stack = xie_stack_take(0);
    if (!stack || xie_gen_next(gen, NULL) != 1 || xie_gen_next(chain[DEPTH], NULL) != 1) {
        fprintf(stderr, "%s: no stack\n", argv[0]);
        return 1;
    }
    for (int i = 0; i < rounds; i++)
        round_of(i, stack, gen, chain[DEPTH]);
    print(&bare_switch, rounds, 2, NULL);
    print(&our_switch, rounds, 2, &bare_switch);
    print(&bare_next, rounds, 1, NULL);
    print(&our_next, rounds, 1, &bare_next);
    print(&our_send, rounds, 1, &bare_next);
    print(&deep_next, rounds, 1, &bare_next);
    xie_stack_give(stack);
    for (int i = DEPTH; i >= 0; i--)
        xie_gen_free(chain[i]);
    xie_gen_free(gen);
    return 0;
}
