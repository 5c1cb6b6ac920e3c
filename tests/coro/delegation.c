/* delegation.c - tests of xie_gen_yield_from: exchanges, errors, ends and closes at any depth.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <xie/generator.h>

#include "coro/stack.h"
#include "tap.h"

enum { DEPTH = 10000, DEPTH_SLOW = 1000 };

static int depth_of(int full)
{
    return tap_slow() ? DEPTH_SLOW * full / DEPTH : full;
}

static int number(void *value)
{
    return (int)(intptr_t)value;
}

static void *pointer(int value)
{
    return (void *)(intptr_t)value;
}

/* Yields arg, then the triple of each thing sent; a sent 0 ends it with arg as its value. */
static int tripling(struct xie_gen *self, void *arg)
{
    void *sent = NULL;
    int error = xie_gen_yield(self, arg, &sent);
    while (!error && sent)
        error = xie_gen_yield(self, pointer(3 * number(sent)), &sent);
    return error ? error : xie_gen_return(self, arg);
}

/* Delegates to arg; its value is what it received, plus one. */
static int delegating(struct xie_gen *self, void *arg)
{
    void *result = NULL;
    int error = xie_gen_yield_from(self, arg, &result);
    return error ? error : xie_gen_return(self, pointer(number(result) + 1));
}

static void exchanges_reach_the_innermost(void)
{
    struct xie_gen *inner = xie_gen_new(tripling, pointer(7));
    struct xie_gen *outer = xie_gen_new(delegating, inner);
    void *out = NULL;
    CHECK_EQ(xie_gen_next(outer, &out), 1);
    CHECK_EQ(number(out), 7);
    CHECK_EQ(xie_gen_state(outer), XIE_GEN_SUSPENDED);
    CHECK_EQ(xie_gen_state(inner), XIE_GEN_RUNNING);
    for (int i = 1; i < 50; i++) {
        CHECK_EQ(xie_gen_send(outer, pointer(i), &out), 1);
        CHECK_EQ(number(out), 3 * i);
    }
    CHECK_EQ(xie_gen_next(outer, &out), 0);
    CHECK_EQ(number(xie_gen_result(inner)), 7);
    CHECK_EQ(number(xie_gen_result(outer)), 8);
    xie_gen_free(outer);
    xie_gen_free(inner);
}

static void delegated_is_busy(void)
{
    struct xie_gen *inner = xie_gen_new(tripling, pointer(7));
    struct xie_gen *outer = xie_gen_new(delegating, inner);
    struct xie_gen *rival = xie_gen_new(delegating, inner);
    void *out = NULL;
    CHECK_EQ(xie_gen_next(outer, NULL), 1);
    CHECK_EQ(xie_gen_next(inner, &out), -EBUSY);
    CHECK_EQ(xie_gen_send(inner, NULL, &out), -EBUSY);
    CHECK_EQ(xie_gen_throw(inner, -EIO, &out), -EBUSY);
    CHECK_EQ(xie_gen_close(inner), -EBUSY);
    CHECK(!out);
    CHECK_EQ(xie_gen_next(rival, NULL), -EBUSY); /* out of its xie_gen_yield_from */
    CHECK_EQ(xie_gen_send(outer, pointer(2), &out), 1);
    CHECK_EQ(number(out), 6);
    CHECK_EQ(xie_gen_close(outer), 0);
    xie_gen_free(rival);
    xie_gen_free(outer);
    xie_gen_free(inner);
}

static void free_delegated(void *arg)
{
    struct xie_gen *inner = xie_gen_new(tripling, arg);
    xie_gen_next(xie_gen_new(delegating, inner), NULL);
    xie_gen_free(inner);
}

static void freeing_delegated_aborts(void)
{
    char text[512];
    int status = tap_child(free_delegated, pointer(1), text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "misuse") && strstr(text, "'tripling'"));
}

static int to_itself(struct xie_gen *self, void *arg)
{
    void *result = arg;
    int error = xie_gen_yield_from(self, self, &result);
    CHECK(result == arg);
    return error;
}

/* Two that delegate to each other. */
static struct xie_gen *circle[2];

static int around(struct xie_gen *self, void *arg)
{
    return xie_gen_yield_from(self, circle[number(arg)], NULL);
}

static void circles_are_told(void)
{
    struct xie_gen *gen = xie_gen_new(to_itself, NULL);
    CHECK_EQ(xie_gen_next(gen, NULL), XIE_EDEADLOCK);
    xie_gen_free(gen);
    circle[0] = xie_gen_new(around, pointer(1));
    circle[1] = xie_gen_new(around, pointer(0));
    CHECK_EQ(xie_gen_next(circle[0], NULL), -EBUSY);
    xie_gen_free(circle[0]);
    xie_gen_free(circle[1]);
}

static void any_state_can_be_delegated_to(void)
{
    struct xie_gen *inner = xie_gen_new(tripling, pointer(4));
    void *out = NULL;
    CHECK_EQ(xie_gen_next(inner, NULL), 1); /* suspended: goes on from its yield with NULL */
    struct xie_gen *outer = xie_gen_new(delegating, inner);
    CHECK_EQ(xie_gen_next(outer, &out), 0);
    CHECK_EQ(number(xie_gen_result(outer)), 5);
    xie_gen_free(outer);
    outer = xie_gen_new(delegating, inner); /* ended: gives its value at once */
    CHECK_EQ(xie_gen_next(outer, &out), 0);
    CHECK_EQ(number(xie_gen_result(outer)), 5);
    CHECK(!out);
    xie_gen_free(outer);
    xie_gen_free(inner);
    outer = xie_gen_new(delegating, NULL);
    CHECK_EQ(xie_gen_next(outer, &out), -ENOMEM);
    xie_gen_free(outer);
}

/* Hands out sent values as they are, for ever. */
static int echoing(struct xie_gen *self, void *arg)
{
    void *value = arg;
    int error;
    do
        error = xie_gen_yield(self, value, &value);
    while (!error);
    return error;
}

static void a_suspended_chain_joins_another(void)
{
    struct xie_gen *leaf = xie_gen_new(echoing, pointer(1));
    struct xie_gen *middle = xie_gen_new(delegating, leaf);
    void *out = NULL;
    CHECK_EQ(xie_gen_next(middle, &out), 1); /* driven by itself first */
    CHECK_EQ(xie_gen_send(middle, pointer(2), &out), 1);
    CHECK_EQ(number(out), 2);
    struct xie_gen *outer = xie_gen_new(delegating, middle);
    CHECK_EQ(xie_gen_next(outer, &out), 1);
    CHECK_EQ(number(out), 0);
    CHECK_EQ(xie_gen_send(outer, pointer(3), &out), 1);
    CHECK_EQ(number(out), 3);
    CHECK_EQ(xie_gen_next(middle, &out), -EBUSY);
    CHECK_EQ(xie_gen_throw(outer, -EIO, &out), -EIO);
    CHECK_EQ(xie_gen_state(leaf), XIE_GEN_ENDED);
    CHECK_EQ(xie_gen_state(middle), XIE_GEN_ENDED);
    xie_gen_free(outer);
    xie_gen_free(middle);
    xie_gen_free(leaf);
}

/* Delegates to arg; catches its failure, yields it, and goes on with another inner. */
static int catching(struct xie_gen *self, void *arg)
{
    void *result = arg;
    int error = xie_gen_yield_from(self, arg, &result);
    CHECK(result == arg); /* untouched on error */
    error = xie_gen_yield(self, pointer(error), NULL);
    if (error)
        return error;
    struct xie_gen *other = xie_gen_new(tripling, pointer(9));
    error = xie_gen_yield_from(self, other, NULL);
    xie_gen_free(other);
    return error;
}

static void errors_go_outward(void)
{
    struct xie_gen *leaf = xie_gen_new(echoing, pointer(1));
    struct xie_gen *middle = xie_gen_new(delegating, leaf);
    struct xie_gen *outer = xie_gen_new(catching, middle);
    void *out = NULL;
    CHECK_EQ(xie_gen_next(outer, &out), 1);
    CHECK_EQ(xie_gen_throw(outer, -EIO, &out), 1);
    CHECK_EQ(number(out), -EIO);
    CHECK_EQ(xie_gen_state(middle), XIE_GEN_ENDED);
    CHECK_EQ(xie_gen_next(outer, &out), 1);
    CHECK_EQ(number(out), 9);
    CHECK_EQ(xie_gen_send(outer, pointer(5), &out), 1);
    CHECK_EQ(number(out), 15);
    CHECK_EQ(xie_gen_next(outer, &out), 0);
    xie_gen_free(outer);
    xie_gen_free(middle);
    xie_gen_free(leaf);
}

/* --- closing ------------------------------------------------------------------------ */

/* Ends without an error when closed; arg counts. */
static int swallowing(struct xie_gen *self, void *arg)
{
    int error;
    do
        error = xie_gen_yield(self, NULL, NULL);
    while (!error);
    *(int *)arg += 1;
    return 0;
}

static int seen_outside;

/* Would go on for ever if its inner's end were taken for an ordinary one. */
static int going_on(struct xie_gen *self, void *arg)
{
    seen_outside = xie_gen_yield_from(self, arg, NULL);
    return seen_outside ? seen_outside : xie_gen_yield(self, self, NULL);
}

static void a_swallowed_close_goes_on_outward(void)
{
    int swallowed = 0;
    struct xie_gen *inner = xie_gen_new(swallowing, &swallowed);
    struct xie_gen *outer = xie_gen_new(going_on, inner);
    CHECK_EQ(xie_gen_next(outer, NULL), 1);
    CHECK_EQ(xie_gen_close(outer), 0);
    CHECK_EQ(swallowed, 1);
    CHECK_EQ(seen_outside, XIE_EGENEXIT);
    xie_gen_free(outer);
    xie_gen_free(inner);

    inner = xie_gen_new(swallowing, &swallowed);
    outer = xie_gen_new(going_on, inner);
    CHECK_EQ(xie_gen_next(outer, NULL), 1);
    CHECK_EQ(xie_gen_throw(outer, -EIO, NULL), 1); /* any other error may be swallowed */
    CHECK_EQ(seen_outside, 0);
    CHECK_EQ(xie_gen_throw(outer, XIE_EGENEXIT, NULL), XIE_EGENEXIT);
    xie_gen_free(outer);
    xie_gen_free(inner);
}

/* Cleans up with a generator of its own, which ends as usual. */
static int tidy(struct xie_gen *self, void *arg)
{
    int error = xie_gen_yield(self, NULL, NULL);
    CHECK_EQ(error, XIE_EGENEXIT);
    void *result = NULL;
    struct xie_gen *cleaner = xie_gen_new(delegating, arg);
    CHECK_EQ(xie_gen_yield_from(self, cleaner, &result), 0);
    CHECK_EQ(number(result), 7);
    xie_gen_free(cleaner);
    return error;
}

static int six(struct xie_gen *self, void *arg)
{
    return xie_gen_return(self, arg);
}

static void clean_up_may_delegate(void)
{
    struct xie_gen *inner = xie_gen_new(six, pointer(6));
    struct xie_gen *gen = xie_gen_new(tidy, inner);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_close(gen), 0);
    xie_gen_free(gen);
    xie_gen_free(inner);
}

static int tidy_by_chain(struct xie_gen *self, void *arg)
{
    int error = xie_gen_yield(self, NULL, NULL);
    CHECK_EQ(error, XIE_EGENEXIT);
    void *result = NULL;
    CHECK_EQ(xie_gen_yield_from(self, arg, &result), 0);
    CHECK_EQ(number(result), 5);
    return error;
}

/* Delegations older than the close, but not reached by it, end as usual. */
static void clean_up_may_delegate_to_a_chain(void)
{
    struct xie_gen *leaf = xie_gen_new(tripling, pointer(4));
    struct xie_gen *chain = xie_gen_new(delegating, leaf);
    struct xie_gen *gen = xie_gen_new(tidy_by_chain, chain);
    CHECK_EQ(xie_gen_next(chain, NULL), 1);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_close(gen), 0);
    CHECK_EQ(xie_gen_state(chain), XIE_GEN_ENDED);
    xie_gen_free(gen);
    xie_gen_free(chain);
    xie_gen_free(leaf);
}

static int stubborn(struct xie_gen *self, void *arg)
{
    for (int i = 0;; i++)
        if (xie_gen_yield(self, pointer(i), NULL) == -EPIPE)
            return number(arg);
}

static void drop_outer(void *arg)
{
    struct xie_gen *leaf = xie_gen_new(stubborn, arg);
    struct xie_gen *middle = xie_gen_new(delegating, leaf);
    struct xie_gen *outer = xie_gen_new(delegating, middle);
    void *out = NULL;
    CHECK_EQ(xie_gen_next(outer, &out), 1);
    xie_gen_free(outer);
    CHECK_EQ(xie_gen_state(middle), XIE_GEN_SUSPENDED);
    CHECK_EQ(xie_gen_state(leaf), XIE_GEN_RUNNING);
    CHECK_EQ(xie_gen_next(middle, &out), 1);
    CHECK_EQ(number(out), 101);
    CHECK_EQ(xie_gen_throw(middle, -EPIPE, NULL), 0);
    xie_gen_free(middle);
    xie_gen_free(leaf);
    CHECK_EQ(xie_stack_count(), 0);
}

static void an_ignored_close_reaches_the_outermost(void)
{
    char text[512];
    struct xie_gen *leaf = xie_gen_new(stubborn, pointer(0));
    struct xie_gen *outer = xie_gen_new(delegating, leaf);
    CHECK_EQ(xie_gen_next(outer, NULL), 1);
    CHECK_EQ(xie_gen_close(outer), XIE_EGENIGNORED);
    CHECK_EQ(xie_gen_throw(outer, -EPIPE, NULL), 0); /* an end after it is an ordinary end */
    xie_gen_free(outer);
    xie_gen_free(leaf);
    int status = tap_child(drop_outer, pointer(0), text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(strstr(text, "'delegating'") && strstr(text, "100 closes"));
}

/* --- depth -------------------------------------------------------------------------- */

struct level {
    int depth;
    int *alive;
};

/* Delegates to one like itself until the depth is reached; each frees what it made. */
static int nested(struct xie_gen *self, void *arg)
{
    struct level *level = arg, below = {level->depth - 1, level->alive};
    ++*level->alive;
    struct xie_gen *inner =
        below.depth ? xie_gen_new(nested, &below) : xie_gen_new(echoing, pointer(1));
    int error = xie_gen_yield_from(self, inner, NULL);
    xie_gen_free(inner);
    --*level->alive;
    return error;
}

static void deep_exchanges_and_close(void)
{
    int alive = 0, depth = depth_of(DEPTH);
    struct level level = {depth, &alive};
    struct xie_gen *gen = xie_gen_new(nested, &level);
    void *out = NULL;
    tap_limit(60);
    CHECK_EQ(xie_gen_next(gen, &out), 1);
    CHECK_EQ(alive, depth);
    CHECK_EQ(xie_stack_count(), depth + 1);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(xie_gen_send(gen, pointer(i), &out), 1);
        CHECK_EQ(number(out), i);
    }
    CHECK_EQ(xie_gen_close(gen), 0);
    CHECK_EQ(alive, 0);
    xie_gen_free(gen);
    CHECK_EQ(xie_stack_count(), 0);
}

static void deep_free(void)
{
    int alive = 0;
    struct level level = {depth_of(DEPTH), &alive};
    struct xie_gen *gen = xie_gen_new(nested, &level);
    tap_limit(60);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    xie_gen_free(gen);
    CHECK_EQ(alive, 0);
    CHECK_EQ(xie_stack_count(), 0);
}

static void deep_error(void)
{
    int alive = 0;
    struct level level = {depth_of(DEPTH), &alive};
    struct xie_gen *gen = xie_gen_new(nested, &level);
    tap_limit(60);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_throw(gen, -EIO, NULL), -EIO);
    CHECK_EQ(alive, 0);
    xie_gen_free(gen);
}

/* Counts how often it is switched to: those between must not be. */
static int between_runs;

static int between(struct xie_gen *self, void *arg)
{
    between_runs++;
    int error = xie_gen_yield_from(self, arg, NULL);
    between_runs++;
    return error;
}

static void those_between_do_not_run(void)
{
    enum { LEVELS = 100 };
    struct xie_gen *gens[LEVELS];
    gens[0] = xie_gen_new(echoing, NULL);
    for (int i = 1; i < LEVELS; i++)
        gens[i] = xie_gen_new(between, gens[i - 1]);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(xie_gen_next(gens[LEVELS - 1], NULL), 1);
    CHECK_EQ(between_runs, LEVELS - 1);
    CHECK_EQ(xie_gen_close(gens[LEVELS - 1]), 0);
    CHECK_EQ(between_runs, 2 * (LEVELS - 1));
    for (int i = LEVELS; i-- > 0;)
        xie_gen_free(gens[i]);
}

/* A consumer and a producer that drive each other from within other generators. */
static int consumer(struct xie_gen *self, void *arg)
{
    int *sum = arg;
    void *sent = NULL;
    int error = 0;
    while (!(error = xie_gen_yield(self, pointer(*sum < 5050), &sent)))
        *sum += number(sent);
    return error;
}

static int producer(struct xie_gen *self, void *arg)
{
    void *status = NULL;
    for (int i = 1; i <= 1000; i++) {
        int error = xie_gen_send(arg, pointer(i), &status);
        if (error > 0)
            error = xie_gen_yield(self, status, NULL);
        if (error)
            return error;
    }
    return 0;
}

static void two_way_exchange_nests(void)
{
    int sum = 0, turns = 0;
    void *status = pointer(1);
    struct xie_gen *eats = xie_gen_new(consumer, &sum);
    struct xie_gen *makes = xie_gen_new(producer, eats);
    struct xie_gen *outer = xie_gen_new(delegating, makes);
    CHECK_EQ(xie_gen_next(eats, NULL), 1);
    for (; status && xie_gen_next(outer, &status) == 1; turns++)
        CHECK_EQ(xie_gen_state(eats), XIE_GEN_SUSPENDED);
    CHECK_EQ(sum, 5050);
    CHECK_EQ(turns, 100);
    xie_gen_free(outer);
    xie_gen_free(makes);
    xie_gen_free(eats);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"exchanges reach the innermost", exchanges_reach_the_innermost},
        {"one delegated to is busy", delegated_is_busy},
        {"freeing one delegated to aborts", freeing_delegated_aborts},
        {"circles are told", circles_are_told},
        {"fresh, suspended and ended ones can be delegated to", any_state_can_be_delegated_to},
        {"a suspended chain joins another", a_suspended_chain_joins_another},
        {"errors go outward, and may be caught", errors_go_outward},
        {"a swallowed close goes on outward", a_swallowed_close_goes_on_outward},
        {"clean-up may delegate", clean_up_may_delegate},
        {"clean-up may delegate to a chain", clean_up_may_delegate_to_a_chain},
        {"an ignored close reaches the outermost", an_ignored_close_reaches_the_outermost},
        {"exchanges and close at depth 10,000", deep_exchanges_and_close},
        {"freeing a suspended one at depth 10,000", deep_free},
        {"an error through depth 10,000", deep_error},
        {"those between do not run", those_between_do_not_run},
        {"two-way exchange nests", two_way_exchange_nests},
        {0},
    };
    return tap_main(argc, argv, tests);
}
