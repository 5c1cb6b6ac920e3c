/* generator.c - tests of one generator: each sentence of <xie/generator.h> but delegation.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <xie/generator.h>

#include "base/fault.h"
#include "coro/stack.h"
#include "tap.h"

/* What happened in a body, in order. */
static char story[256];

static void tell(const char *word)
{
    if (strlen(story) + strlen(word) + 2 > sizeof story)
        return;
    strcat(story, word);
    strcat(story, " ");
}

static int number(void *value)
{
    return (int)(intptr_t)value;
}

static void *pointer(int value)
{
    return (void *)(intptr_t)value;
}

/* Yields 1, 2, ... up to arg, then ends. */
static int counting(struct xie_gen *self, void *arg)
{
    tell("begin");
    for (int i = 1; i <= number(arg); i++) {
        int error = xie_gen_yield(self, pointer(i), NULL);
        if (error) {
            tell("clean");
            return error;
        }
    }
    tell("end");
    return 0;
}

static void nothing_runs_before_next(void)
{
    struct xie_gen *gen = xie_gen_new(counting, pointer(2));
    REQUIRE(gen);
    CHECK_STR(story, "");
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_FRESH);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_STR(story, "begin ");
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_SUSPENDED);
    xie_gen_free(gen);
    CHECK_STR(story, "begin clean ");
}

static void yields_then_ends(void)
{
    struct xie_gen *gen = xie_gen_new(counting, pointer(3));
    void *out = NULL;
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(xie_gen_next(gen, &out), 1);
        CHECK_EQ(number(out), i);
    }
    CHECK_EQ(xie_gen_next(gen, &out), 0);
    CHECK_EQ(number(out), 3); /* untouched */
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_ENDED);
    CHECK_EQ(xie_gen_next(gen, &out), 0);
    CHECK_EQ(xie_gen_send(gen, pointer(9), &out), 0);
    CHECK_EQ(number(out), 3);
    xie_gen_free(gen);
    CHECK_STR(story, "begin end ");
}

static int fails(struct xie_gen *self, void *arg)
{
    int error = xie_gen_yield(self, self, NULL);
    return error ? error : number(arg);
}

static void failure_is_told_once(void)
{
    struct xie_gen *gen = xie_gen_new(fails, pointer(-EIO));
    void *out = &out;
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_next(gen, &out), -EIO);
    CHECK(out == &out);
    CHECK_EQ(xie_gen_next(gen, &out), 0);
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_ENDED);
    xie_gen_free(gen);

    gen = xie_gen_new(fails, pointer(5)); /* what is not negative is an end */
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    xie_gen_free(gen);
}

/* Yields the double of what it is sent. */
static int doubling(struct xie_gen *self, void *arg)
{
    void *sent = arg;
    for (;;) {
        int error = xie_gen_yield(self, pointer(2 * number(sent)), &sent);
        if (error) {
            CHECK(sent); /* untouched */
            return error;
        }
    }
}

static void send_makes_the_yield_return(void)
{
    struct xie_gen *gen = xie_gen_new(doubling, pointer(1));
    void *out = NULL;
    CHECK_EQ(xie_gen_next(gen, &out), 1);
    CHECK_EQ(number(out), 2);
    for (int i = 2; i < 100; i++) {
        CHECK_EQ(xie_gen_send(gen, pointer(i), &out), 1);
        CHECK_EQ(number(out), 2 * i);
    }
    CHECK_EQ(xie_gen_next(gen, &out), 1); /* next sends NULL */
    CHECK_EQ(number(out), 0);
    CHECK_EQ(xie_gen_send(gen, pointer(7), NULL), 1);
    CHECK_EQ(xie_gen_close(gen), 0);
    xie_gen_free(gen);
}

static void fresh_takes_only_null(void)
{
    struct xie_gen *gen = xie_gen_new(counting, pointer(1));
    void *out = NULL;
    CHECK_EQ(xie_gen_send(gen, pointer(1), &out), -EINVAL);
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_FRESH);
    CHECK_STR(story, "");
    CHECK_EQ(xie_gen_send(gen, NULL, &out), 1);
    CHECK_EQ(number(out), 1);
    xie_gen_free(gen);
}

/* Handles -EAGAIN by going on; everything else ends it. */
static int sturdy(struct xie_gen *self, void *arg)
{
    for (int i = number(arg);; i++) {
        int error = xie_gen_yield(self, pointer(i), NULL);
        if (error && error != -EAGAIN)
            return error == -EINTR ? -EPIPE : error;
    }
}

static void throw_makes_the_yield_fail(void)
{
    struct xie_gen *gen = xie_gen_new(sturdy, pointer(10));
    void *out = NULL;
    CHECK_EQ(xie_gen_next(gen, &out), 1);
    CHECK_EQ(xie_gen_throw(gen, -EAGAIN, &out), 1);
    CHECK_EQ(number(out), 11);
    CHECK_EQ(xie_gen_throw(gen, 0, &out), -EINVAL);
    CHECK_EQ(xie_gen_throw(gen, 1, &out), -EINVAL);
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_SUSPENDED);
    CHECK_EQ(xie_gen_throw(gen, -EINTR, &out), -EPIPE);
    CHECK_EQ(number(out), 11);
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_ENDED);
    CHECK_EQ(xie_gen_throw(gen, -EIO, &out), -EIO); /* ended: the error comes back */
    CHECK_EQ(xie_gen_next(gen, &out), 0);
    xie_gen_free(gen);
}

static void throw_ends_a_fresh_one(void)
{
    struct xie_gen *gen = xie_gen_new(counting, pointer(1));
    CHECK_EQ(xie_gen_throw(gen, -EIO, NULL), -EIO);
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_ENDED);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    xie_gen_free(gen);
    CHECK_STR(story, "");
}

static void close_cleans_up(void)
{
    struct xie_gen *gen = xie_gen_new(counting, pointer(9));
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_close(gen), 0);
    CHECK_STR(story, "begin clean ");
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_ENDED);
    CHECK_EQ(xie_gen_close(gen), 0);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    xie_gen_free(gen);
    CHECK_STR(story, "begin clean ");
}

static void close_of_a_fresh_one_runs_nothing(void)
{
    struct xie_gen *gen = xie_gen_new(counting, pointer(9));
    CHECK_EQ(xie_gen_close(gen), 0);
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_ENDED);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    xie_gen_free(gen);
    CHECK_STR(story, "");
}

/* What it answers to its close is arg. */
static int answers(struct xie_gen *self, void *arg)
{
    int error = xie_gen_yield(self, NULL, NULL);
    CHECK_EQ(error, XIE_EGENEXIT);
    return number(arg);
}

static void close_tells_another_error(void)
{
    struct xie_gen *gen = xie_gen_new(answers, pointer(-EIO));
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_close(gen), -EIO);
    CHECK_EQ(xie_gen_close(gen), 0);
    xie_gen_free(gen);
    gen = xie_gen_new(answers, pointer(0));
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_close(gen), 0);
    xie_gen_free(gen);
}

/* Ignores so many closes as arg says. */
static int stubborn(struct xie_gen *self, void *arg)
{
    int *left = arg;
    for (;;) {
        int error = xie_gen_yield(self, left, NULL);
        if (error && --*left < 0)
            return error;
    }
}

static void ignored_close_is_told(void)
{
    int left = 2;
    struct xie_gen *gen = xie_gen_new(stubborn, &left);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_close(gen), XIE_EGENIGNORED);
    CHECK_EQ(xie_gen_state(gen), XIE_GEN_SUSPENDED);
    CHECK_EQ(xie_gen_next(gen, NULL), 1); /* it stays usable */
    CHECK_EQ(xie_gen_close(gen), XIE_EGENIGNORED);
    CHECK_EQ(xie_gen_close(gen), 0);
    xie_gen_free(gen);
}

static void free_stubborn(void *left)
{
    struct xie_gen *gen = xie_gen_new(stubborn, left);
    xie_gen_next(gen, NULL);
    xie_gen_free(gen);
    _Exit(xie_stack_count() == 0 ? *(int *)left == 0 : 2);
}

static void free_closes_up_to_100_times(void)
{
    char text[512];
    int left = 99;
    int status = tap_child(free_stubborn, &left, text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0); /* -1 left: it ended */
    CHECK_STR(text, "");
    left = 100;
    status = tap_child(free_stubborn, &left, text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    CHECK(strstr(text, "xie: generator 'stubborn' (made at ") == text);
    CHECK(strstr(text, "yielded through 100 closes"));
    CHECK(strchr(text, '\n') && strchr(text, '\n')[1] == '\0');
}

static void free_failing(void *arg)
{
    struct xie_gen *gen = xie_gen_new(answers, arg);
    xie_gen_next(gen, NULL);
    xie_gen_free(gen);
}

static void free_tells_an_error(void)
{
    char text[512];
    int status = tap_child(free_failing, pointer(-EIO), text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(strstr(text, "xie: generator 'answers' (made at "));
    CHECK(strstr(text, xie_strerror(-EIO)));
}

/* --- misuse, and NULL --------------------------------------------------------------- */

/* Does everything to itself that its consumer may do. */
static int narcissist(struct xie_gen *self, void *arg)
{
    void *out = arg;
    CHECK_EQ(xie_gen_state(self), XIE_GEN_RUNNING);
    CHECK_EQ(xie_gen_next(self, &out), -EBUSY);
    CHECK_EQ(xie_gen_send(self, NULL, &out), -EBUSY);
    CHECK_EQ(xie_gen_throw(self, -EIO, &out), -EBUSY);
    CHECK_EQ(xie_gen_close(self), -EBUSY);
    CHECK(out == arg);
    CHECK(!xie_gen_result(self));
    return 0;
}

static void executing_is_busy(void)
{
    struct xie_gen *gen = xie_gen_new(narcissist, story);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    xie_gen_free(gen);
}

/* Resumes the one that resumed it. */
static int back_to(struct xie_gen *self, void *arg)
{
    (void)self;
    CHECK_EQ(xie_gen_next(arg, NULL), -EBUSY);
    return 0;
}

static int calls_another(struct xie_gen *self, void *arg)
{
    (void)arg;
    struct xie_gen *other = xie_gen_new(back_to, self);
    CHECK_EQ(xie_gen_next(other, NULL), 0);
    xie_gen_free(other);
    return 0;
}

static void executing_below_is_busy(void)
{
    struct xie_gen *gen = xie_gen_new(calls_another, NULL);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    xie_gen_free(gen);
}

static int frees_itself(struct xie_gen *self, void *arg)
{
    (void)arg;
    xie_gen_free(self);
    return 0;
}

static void free_executing(void *arg)
{
    xie_gen_next(xie_gen_new(frees_itself, arg), NULL);
}

static void yield_outside(void *arg)
{
    struct xie_gen *gen = xie_gen_new(counting, arg);
    xie_gen_next(gen, NULL);
    xie_gen_yield(gen, NULL, NULL);
}

/* Its caller's yield, done here. */
static int yields_for_another(struct xie_gen *self, void *arg)
{
    (void)self;
    return xie_gen_yield(arg, NULL, NULL);
}

static int is_yielded_for(struct xie_gen *self, void *arg)
{
    (void)arg;
    return xie_gen_next(xie_gen_new(yields_for_another, self), NULL);
}

static void yield_from_another(void *arg)
{
    xie_gen_next(xie_gen_new(is_yielded_for, arg), NULL);
}

static void misuse_aborts(void)
{
    char text[512];
    int status = tap_child(free_executing, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "misuse") && strstr(text, "'frees_itself'"));
    status = tap_child(yield_outside, pointer(3), text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "misuse") && strstr(text, "'counting'"));
    status = tap_child(yield_from_another, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "misuse") && strstr(text, "'is_yielded_for'"));
}

static void null_is_taken(void)
{
    void *out = story;
    CHECK_EQ(xie_gen_next(NULL, &out), -ENOMEM);
    CHECK_EQ(xie_gen_send(NULL, NULL, &out), -ENOMEM);
    CHECK_EQ(xie_gen_throw(NULL, -EIO, &out), -ENOMEM);
    CHECK_EQ(xie_gen_close(NULL), -ENOMEM);
    CHECK_EQ(xie_gen_yield(NULL, NULL, &out), -ENOMEM);
    CHECK_EQ(xie_gen_yield_from(NULL, NULL, &out), -ENOMEM);
    CHECK_EQ(xie_gen_return(NULL, NULL), -ENOMEM);
    CHECK_EQ(xie_gen_state(NULL), XIE_GEN_ENDED);
    CHECK(!xie_gen_result(NULL));
    CHECK(out == story);
    xie_gen_free(NULL);
}

static void no_stack_is_null(void)
{
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = 2, .error = -ENOMEM};
    struct xie_gen *first = xie_gen_new(counting, pointer(1));
    struct xie_gen *second = xie_gen_new(counting, pointer(1));
    struct xie_gen *third = xie_gen_new(counting, pointer(1));
    xie_fault_plan.kinds = 0;
    CHECK(first && !second && third);
    CHECK_EQ(xie_gen_next(third, NULL), 1);
    xie_gen_free(first);
    xie_gen_free(third);
    CHECK_EQ(xie_stack_count(), 0);
}

/* Every system call that making one needs fails once: by a first use in a process of its own. */
static void make_one(void *nth)
{
    xie_fault_plan = (struct xie_fault){
        .kinds = XIE_FAULT_SYSCALL, .nth = (uint64_t)number(nth), .error = -ENOMEM};
    struct xie_gen *gen = xie_gen_new(counting, pointer(1));
    bool failed = xie_fault_plan.failed;
    xie_fault_plan.kinds = 0;
    if (gen && xie_gen_next(gen, NULL) != 1)
        _Exit(3);
    xie_gen_free(gen);
    gen = xie_gen_new(counting, pointer(1)); /* and it works from then on */
    if (!gen || xie_gen_next(gen, NULL) != 1)
        _Exit(4);
    xie_gen_free(gen);
    _Exit(xie_stack_count() ? 5 : failed);
}

static void each_failing_system_call_is_survived(void)
{
    char text[512];
    int nth = 1, status;
    do
        status = tap_child(make_one, pointer(nth), text, sizeof text);
    while (WIFEXITED(status) && WEXITSTATUS(status) == 1 && nth++ < 100);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
    CHECK(nth > 3);
}

/* --- results, types ----------------------------------------------------------------- */

static int returns(struct xie_gen *self, void *arg)
{
    int error = xie_gen_return(self, arg);
    CHECK_EQ(error, 0);
    error = xie_gen_yield(self, NULL, NULL);
    return error ? error : xie_gen_return(self, arg);
}

static void result_is_there_after_the_end(void)
{
    struct xie_gen *gen = xie_gen_new(returns, story);
    CHECK(!xie_gen_result(gen));
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK(!xie_gen_result(gen));
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    CHECK(xie_gen_result(gen) == story);
    xie_gen_free(gen);
    gen = xie_gen_new(returns, story);
    CHECK_EQ(xie_gen_next(gen, NULL), 1);
    CHECK_EQ(xie_gen_throw(gen, -EIO, NULL), -EIO);
    CHECK(!xie_gen_result(gen)); /* it did not end with a value */
    xie_gen_free(gen);
    gen = xie_gen_new(counting, pointer(0));
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    CHECK(!xie_gen_result(gen));
    xie_gen_free(gen);
}

struct point {
    double x, y;
};

XIE_GENERATOR(path, struct point, int);

/* Walks on by what it is sent. */
static int walk(struct path *self, void *arg)
{
    struct point at = *(struct point *)arg;
    int step = 1;
    for (;;) {
        int error = path_yield(self, at, &step);
        if (error)
            return error;
        at.x += step;
    }
}

static int walk_by_another(struct path *self, void *arg)
{
    void *result = NULL;
    int error = path_yield_from(self, arg, &result);
    return error ? error : xie_gen_return((struct xie_gen *)self, result);
}

static void types_are_copied(void)
{
    struct point start = {1, 2}, at = {0, 0};
    struct path *path = path_new(walk, &start);
    CHECK_EQ(path_next(path, &at), 1);
    CHECK(at.x == 1 && at.y == 2);
    CHECK_EQ(path_send(path, 5, &at), 1);
    CHECK(at.x == 6);
    CHECK_EQ(path_next(path, &at), 1); /* *sent keeps its old value */
    CHECK(at.x == 11);
    struct path *outer = path_new(walk_by_another, path);
    CHECK_EQ(path_next(outer, NULL), 1);
    CHECK_EQ(path_send(outer, 1, &at), 1);
    CHECK(at.x == 17);
    CHECK_EQ(path_throw(outer, -EIO, &at), -EIO);
    CHECK(at.x == 17);
    CHECK_EQ(path_close(path), 0);
    path_free(outer);
    path_free(path);
    CHECK_EQ(path_next(NULL, &at), -ENOMEM);
    CHECK(at.x == 17);
}

/* --- many --------------------------------------------------------------------------- */

enum { MANY = 100000, MANY_SLOW = 1000 };

static void many_live_at_once(void)
{
    static struct xie_gen *gens[MANY];
    int count = tap_slow() ? MANY_SLOW : MANY, wrong = 0;
    void *out;
    tap_limit(60);
    for (int i = 0; i < count; i++) {
        gens[i] = xie_gen_new(doubling, pointer(i));
        REQUIRE(gens[i]);
        wrong += xie_gen_next(gens[i], &out) != 1 || number(out) != 2 * i;
    }
    CHECK_EQ(xie_stack_count(), count);
    for (int i = 0; i < count; i++)
        wrong += xie_gen_send(gens[i], pointer(i + 1), &out) != 1 || number(out) != 2 * (i + 1);
    for (int i = 0; i < count; i++)
        xie_gen_free(gens[i]);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(xie_stack_count(), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"nothing runs before next", nothing_runs_before_next},
        {"yields, then ends", yields_then_ends},
        {"failure is told once, then 0", failure_is_told_once},
        {"send makes the yield return", send_makes_the_yield_return},
        {"a fresh one takes only NULL", fresh_takes_only_null},
        {"throw makes the yield fail", throw_makes_the_yield_fail},
        {"throw ends a fresh one without running", throw_ends_a_fresh_one},
        {"close cleans up, once", close_cleans_up},
        {"close of a fresh one runs nothing", close_of_a_fresh_one_runs_nothing},
        {"close tells another error", close_tells_another_error},
        {"an ignored close is told", ignored_close_is_told},
        {"free closes up to 100 times", free_closes_up_to_100_times},
        {"free tells an error", free_tells_an_error},
        {"one that executes is busy", executing_is_busy},
        {"one that executes below is busy", executing_below_is_busy},
        {"misuse aborts", misuse_aborts},
        {"NULL is taken", null_is_taken},
        {"no stack gives NULL", no_stack_is_null},
        {"each failing system call is survived", each_failing_system_call_is_survived},
        {"the result is there after the end", result_is_there_after_the_end},
        {"types are copied", types_are_copied},
        {"many live at once", many_live_at_once},
        {0},
    };
    return tap_main(argc, argv, tests);
}
