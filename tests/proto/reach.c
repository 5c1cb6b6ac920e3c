/* reach.c - what of a loop leads into a range of addresses is found, and calls are taken back. */
/* SPDX-License-Identifier: MIT */
#include "proto/reach.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "tap.h"
#include "task/reach.h"

enum { CALLS = 200 };

static struct {
    struct xie_call calls[CALLS];
    char name[8];
    struct xie_protocol protocol;
} inside = {.name = "inside"};
static struct xie_call outside[CALLS];
static unsigned ran;

static struct xie_span span_of(const void *start, size_t size)
{
    return (struct xie_span){(uintptr_t)start, (uintptr_t)start + size};
}

static struct xie_reach look(const void *start, size_t size)
{
    struct xie_span span = span_of(start, size);
    struct xie_reach reach;
    xie_reach_look(&span, &reach);
    return reach;
}

static bool is_nothing(struct xie_reach reach)
{
    return !memcmp(&reach, &(struct xie_reach){0}, sizeof reach);
}

static void count(void *arg)
{
    ran += arg != NULL;
}

static void other(void *arg)
{
    count(arg);
    count(arg);
}

/* --- calls ---------------------------------------------------------------------------------- */

/* Soon, near and far: in the ready queue, the heap and every level of the wheel. */
static int64_t delay_of(int i)
{
    return i % 10 == 9 ? XIE_NEVER / 4 : (INT64_C(1) << i % 40) - 1;
}

static int calls(void *arg)
{
    (void)arg;
    for (int i = 0; i < CALLS; i++) {
        REQUIRE(xie_call_later(&inside.calls[i], delay_of(i), count, arg) == 0);
        REQUIRE(xie_call_later(&outside[i], delay_of(i), count, arg) == 0);
    }
    xie_call_cancel(&inside.calls[0]);
    xie_call_cancel(&outside[0]);
    REQUIRE(xie_call_soon(&inside.calls[0], count, arg) == 0);
    REQUIRE(xie_call_soon(&outside[0], other, arg) == 0);
    CHECK(is_nothing(look(&inside, sizeof inside)));
    for (int i = 0; i < CALLS; i++) {
        CHECK(!xie_call_pending(&inside.calls[i]));
        CHECK(xie_call_pending(&outside[i]));
    }
    look((void *)other, 1); /* by the function */
    CHECK(!xie_call_pending(&outside[0]));
    look((void *)count, 1);
    for (int i = 0; i < CALLS; i++)
        CHECK(!xie_call_pending(&outside[i]));
    CHECK_EQ(xie_loop_call(xie_loop_current(), count, &ran), 0);
    CHECK_EQ(look((void *)count, 1).calls, 1);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(look((void *)count, 1).calls, 0);
    CHECK_EQ(ran, 1);
    return 0;
}

static void test_calls_are_taken_back_wherever_they_wait(void)
{
    CHECK_EQ(xie_run(calls, NULL), 0);
}

/* --- tasks ---------------------------------------------------------------------------------- */

static const struct xie_local_key key = {.name = "key"};

static int sleep_long(void *arg)
{
    (void)arg;
    return xie_sleep_until(XIE_NEVER);
}

static int has_none(void *arg)
{
    (void)arg;
    return xie_local_get(&key) == NULL;
}

static int tasks(void *arg)
{
    struct xie_span span = span_of(&inside, sizeof inside), code = span_of((void *)sleep_long, 1);
    const struct xie_task_options options = {.name = inside.name};
    struct xie_task *self = xie_task_current(), *task;
    CHECK_EQ(xie_local_set(&key, &ran), 0);
    task = xie_spawn_with(sleep_long, arg, &options);
    CHECK(xie_task_next(NULL) == self && xie_task_next(self) == task && !xie_task_next(task));
    CHECK(xie_task_local(task, &key) == &ran && xie_task_local(NULL, &key) == NULL);
    CHECK(xie_task_reaches(task, &span) && xie_task_reaches(task, &code));
    CHECK(!xie_task_reaches(self, &span));
    xie_task_cancel(task);
    while (!xie_task_done(task))
        CHECK_EQ(xie_sleep(0), 0);
    CHECK_EQ(look(&inside, sizeof inside).ended, 1); /* until its handle is given back */
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(look(&inside, sizeof inside).ended, 0);
    task = xie_spawn(has_none, NULL);
    xie_task_disinherit(task);
    xie_task_disinherit(NULL);
    CHECK_EQ(xie_join(task), 1);
    return 0;
}

static void test_tasks_by_what_they_are_made_of_and_have(void)
{
    CHECK(xie_task_next(NULL) == NULL);
    CHECK_EQ(xie_run(tasks, NULL), 0);
}

/* --- threads, transports, signals ------------------------------------------------------------ */

static int fds[2];

static int read_one(void *arg)
{
    char byte;
    (void)arg;
    return (int)read(fds[0], &byte, 1);
}

static int jobs(void *arg)
{
    struct xie_pool *pool;
    struct xie_promise *first = NULL, *second = NULL;
    const struct xie_pool_options options = {.threads = 1};
    (void)arg;
    REQUIRE(pipe(fds) == 0);
    REQUIRE(xie_pool_open(&options, &pool) == 0);
    REQUIRE(xie_pool_submit(pool, read_one, NULL, NULL, &first) == 0);
    REQUIRE(xie_pool_submit(pool, read_one, NULL, NULL, &second) == 0);
    CHECK_EQ(look((void *)read_one, 1).jobs, 2); /* one that runs, one that waits */
    REQUIRE(write(fds[1], "ab", 2) == 2);
    CHECK_EQ(xie_promise_wait(first, NULL), 1);
    CHECK_EQ(xie_promise_wait(second, NULL), 1);
    xie_promise_unref(first);
    xie_promise_unref(second);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK_EQ(look((void *)read_one, 1).jobs, 0);
    CHECK(close(fds[0]) == 0 && close(fds[1]) == 0);
    return 0;
}

static int transports(void *arg)
{
    (void)arg;
    REQUIRE(pipe(fds) == 0);
    CHECK_EQ(xie_connect_read_pipe(fds[0], &inside.protocol, NULL, NULL), 0);
    CHECK_EQ(look(&inside, sizeof inside).transports, 1);
    CHECK(close(fds[1]) == 0);
    while (look(&inside, sizeof inside).transports)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
    return 0;
}

static bool on_sim(void)
{
    return getenv("XIE_BACKEND") && strcmp(getenv("XIE_BACKEND"), "sim") == 0;
}

static void test_jobs_of_threads_that_wait_or_run(void)
{
    if (on_sim())
        tap_skip("there a job runs in its waiter");
    CHECK_EQ(xie_run(jobs, NULL), 0);
}

static void test_transports_by_their_protocol(void)
{
    if (on_sim())
        tap_skip("it has no pipes of the system");
    CHECK_EQ(xie_run(transports, NULL), 0);
}

static void on_signal(int number)
{
    (void)number;
}

static void on_exception(const struct xie_exception_context *context, void *arg)
{
    (void)context;
    (void)arg;
}

static int handlers(void *arg)
{
    (void)arg;
    signal(SIGUSR2, on_signal);
    CHECK_EQ(look((void *)on_signal, 1).signals, 1);
    signal(SIGUSR2, SIG_DFL);
    CHECK_EQ(look((void *)on_signal, 1).signals, 0);
    CHECK_EQ(xie_loop_set_exception_handler(on_exception, NULL), 0);
    CHECK_EQ(look((void *)on_exception, 1).handlers, 1);
    CHECK_EQ(xie_loop_set_exception_handler(NULL, NULL), 0);
    CHECK_EQ(look((void *)on_exception, 1).handlers, 0);
    return 0;
}

static void test_handlers_of_signals_and_exceptions(void)
{
    CHECK_EQ(xie_run(handlers, NULL), 0);
}

static const struct tap_test tests[] = {
    {"calls are taken back, wherever they wait", test_calls_are_taken_back_wherever_they_wait},
    {"tasks, by what they are made of and have", test_tasks_by_what_they_are_made_of_and_have},
    {"jobs of threads that wait or run", test_jobs_of_threads_that_wait_or_run},
    {"transports by their protocol", test_transports_by_their_protocol},
    {"handlers of signals and exceptions", test_handlers_of_signals_and_exceptions},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
