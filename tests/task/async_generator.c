/* async_generator.c - generators whose bodies wait: async generators, driven by tasks. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "kit.h"

XIE_GENERATOR(ticker, int, int);

/* Yields 1, 2, 3 …, sleeping before each; ends with what interrupts it. */
static int last_error;
static int tick(struct ticker *self, void *arg)
{
    for (int i = 1;; i++) {
        last_error = xie_sleep((int64_t)(long)arg * XIE_MICROSECOND);
        if (!last_error)
            last_error = ticker_yield(self, i, NULL);
        if (last_error)
            return last_error;
    }
}

static int count_to_five(void)
{
    struct ticker *gen = ticker_new(tick, (void *)100);
    for (int want = 1; want <= 5; want++) {
        int have = 0;
        CHECK_EQ(ticker_next(gen, &have), 1);
        CHECK_EQ(have, want);
    }
    CHECK_EQ(ticker_close(gen), 0);
    CHECK_EQ(last_error, XIE_EGENEXIT);
    ticker_free(gen);
    return 0;
}

static void a_body_may_wait(void)
{
    in_task(count_to_five);
}

/* Two tasks with a generator each: while one body waits the other goes on. */
static struct xie_queue mail[2];
static char trace[8];
static int trace_len;

static int receive(struct ticker *self, void *arg)
{
    void *item;
    int error;
    while (!(error = xie_queue_get(&mail[(long)arg], &item)))
        if ((error = ticker_yield(self, (int)(long)item, NULL)))
            break;
    return error == XIE_ECLOSED ? 0 : error;
}

static int drive(void *arg)
{
    struct ticker *gen = ticker_new(receive, arg);
    int status, value;
    while ((status = ticker_next(gen, &value)) == 1)
        trace[trace_len++] = (char)value;
    ticker_free(gen);
    return status;
}

static int two_at_once(void)
{
    struct xie_task *tasks[2] = {xie_spawn(drive, (void *)0), xie_spawn(drive, (void *)1)};
    for (const char *letter = "abcdef"; *letter; letter++) {
        xie_queue_put(&mail[(*letter - 'a') % 2], (void *)(long)*letter);
        xie_sleep(0); /* its reader runs, and waits again inside its generator */
        xie_sleep(0);
    }
    xie_queue_close(&mail[0]);
    xie_queue_close(&mail[1]);
    CHECK_EQ(xie_gather(tasks, 2, NULL), 0);
    CHECK_STR(trace, "abcdef");
    xie_queue_fini(&mail[0]);
    xie_queue_fini(&mail[1]);
    return 0;
}

static void bodies_wait_side_by_side(void)
{
    in_task(two_at_once);
}

/* A scope around next interrupts the wait inside the body. */
static int interrupts(void)
{
    struct ticker *gen = ticker_new(tick, (void *)1000000);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(ticker_next(gen, NULL), -ETIMEDOUT);
    }
    CHECK_EQ(last_error, -ETIMEDOUT);
    CHECK_EQ(ticker_next(gen, NULL), 0); /* it ended with that */
    ticker_free(gen);
    return 0;
}

static void scopes_reach_into_the_body(void)
{
    in_task(interrupts);
}

/* While a body waits for one task, no other may resume it. */
static struct ticker *shared;
static int next_shared(void *arg)
{
    (void)arg;
    return ticker_next(shared, NULL);
}

static int share(void)
{
    shared = ticker_new(tick, (void *)2000);
    struct xie_task *first = xie_spawn(next_shared, NULL);
    xie_sleep(0);
    CHECK_EQ(ticker_next(shared, NULL), -EBUSY);
    CHECK_EQ(ticker_close(shared), -EBUSY);
    CHECK_EQ(xie_join(first), 1);
    int value = 0;
    CHECK_EQ(ticker_next(shared, &value), 1); /* another task may go on with it */
    CHECK_EQ(value, 2);
    ticker_free(shared);
    return 0;
}

static void one_task_at_a_time(void)
{
    in_task(share);
}

/* Delegation: the innermost of a chain waits, and its task with it. */
static int pass_on(struct ticker *self, void *arg)
{
    long depth = (long)arg;
    struct ticker *inner =
        depth ? ticker_new(pass_on, (void *)(depth - 1)) : ticker_new(tick, (void *)50);
    int error = ticker_yield_from(self, inner, NULL);
    ticker_free(inner);
    return error;
}

static int deep(void)
{
    struct ticker *gen = ticker_new(pass_on, (void *)50);
    for (int want = 1; want <= 3; want++) {
        int value = 0;
        CHECK_EQ(ticker_next(gen, &value), 1);
        CHECK_EQ(value, want);
    }
    XIE_TIMEOUT(0) {
        CHECK_EQ(ticker_next(gen, NULL), -ETIMEDOUT); /* through all fifty */
    }
    ticker_free(gen);
    return 0;
}

static void the_innermost_may_wait(void)
{
    in_task(deep);
}

/* asend, athrow, aclose: what is sent and thrown meets a body that waits in between. */
static int adds_up(struct ticker *self, void *arg)
{
    int sum = 0, sent = 0;
    (void)arg;
    for (;;) {
        int error = ticker_yield(self, sum, &sent);
        if (error == -EDOM)
            sum = 0; /* thrown: begin anew */
        else if (error)
            break;
        else
            sum += sent;
        xie_sleep(XIE_MICROSECOND);
    }
    last_error = -1;
    XIE_SHIELD {
        last_error = xie_sleep(XIE_MICROSECOND); /* its clean-up may wait, too */
    }
    return last_error;
}

static int sends_and_throws(void)
{
    struct ticker *gen = ticker_new(adds_up, NULL);
    int sum = 9;
    CHECK_EQ(ticker_next(gen, &sum), 1);
    CHECK_EQ(sum, 0);
    CHECK_EQ(ticker_send(gen, 4, &sum), 1);
    CHECK_EQ(ticker_send(gen, 5, &sum), 1);
    CHECK_EQ(sum, 9);
    CHECK_EQ(ticker_throw(gen, -EDOM, &sum), 1);
    CHECK_EQ(sum, 0);
    CHECK_EQ(ticker_send(gen, 3, &sum), 1);
    CHECK_EQ(sum, 3);
    XIE_TIMEOUT(0) {
        CHECK_EQ(ticker_close(gen), 0);
    }
    CHECK_EQ(last_error, 0);
    ticker_free(gen);
    return 0;
}

static void what_is_sent_and_thrown_meets_a_body_that_waits(void)
{
    in_task(sends_and_throws);
}

/* A generator that yields within a scope of its own would leave it open around its consumer. */
static int yields_inside(struct ticker *self, void *arg)
{
    (void)arg;
    XIE_TIMEOUT(XIE_SECOND) {
        ticker_yield(self, 1, NULL);
    }
    return 0;
}

static int leaks_a_scope(void)
{
    struct ticker *gen = ticker_new(yields_inside, NULL);
    XIE_TIMEOUT(XIE_SECOND) {
        ticker_next(gen, NULL);
    } /* this one is closed while the generator's is the innermost */
    return 0;
}

static void yielding_inside_a_scope_is_told(void)
{
    char text[1024];
    CHECK(in_child_task(leaks_a_scope, text, sizeof text) != 0);
    CHECK(strstr(text, "out of order"));
}

/* The same stack for a generator, a task, a generator: their records are of several sizes, and what
 * the last user's calls have left is nobody's. (What valgrind sees, too.) */
static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int in_turns(void)
{
    for (int i = 0; i < 3; i++) {
        struct ticker *gen = ticker_new(tick, (void *)0);
        CHECK_EQ(ticker_next(gen, NULL), 1);
        ticker_free(gen);
        CHECK_EQ(xie_join(xie_spawn(nothing, NULL)), 0);
        CHECK_EQ(xie_join(xie_spawn(nothing, &i)), 0);
    }
    return 0;
}

static void a_stack_goes_from_one_to_the_other(void)
{
    in_task(in_turns);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_body_may_wait", a_body_may_wait},
        {"bodies_wait_side_by_side", bodies_wait_side_by_side},
        {"scopes_reach_into_the_body", scopes_reach_into_the_body},
        {"one_task_at_a_time", one_task_at_a_time},
        {"the_innermost_may_wait", the_innermost_may_wait},
        {"what is sent and thrown meets a body that waits",
         what_is_sent_and_thrown_meets_a_body_that_waits},
        {"yielding_inside_a_scope_is_told", yielding_inside_a_scope_is_told},
        {"a_stack_goes_from_one_to_the_other", a_stack_goes_from_one_to_the_other},
        {0},
    };
    return tap_main(argc, argv, tests);
}
