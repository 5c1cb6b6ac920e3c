/* remote.c - the promises of <xie/thread.h> and <xie/loop.h> to threads that start work in a loop.
 */
/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>

#include "io/threads.h"

/* --- a loop to work in -------------------------------------------------------------------------
 */

static struct xie_loop *loop; /* held */
static pthread_t loop_thread;
static int loop_up, loop_may_end;

static int live_until_told(void *arg)
{
    (void)arg;
    loop_thread = pthread_self();
    loop = xie_loop_ref(xie_loop_current());
    CHECK(loop == xie_loop_current());
    store(&loop_up, 1);
    until(&loop_may_end);
    return 0;
}

static void *loop_main(void *arg)
{
    CHECK_EQ(xie_run(live_until_told, NULL), 0);
    return arg;
}

static pthread_t loop_begin(void)
{
    pthread_t thread = begin(loop_main, NULL);
    hold(&loop_up);
    return thread;
}

static void loop_end(pthread_t thread)
{
    store(&loop_may_end, 1);
    end(thread);
    xie_loop_unref(loop);
}

/* --- run and wait ------------------------------------------------------------------------------
 */

static int add_one(void *arg)
{
    CHECK(xie_loop_current() == loop);
    CHECK(pthread_equal(pthread_self(), loop_thread));
    CHECK_STR(xie_task_name(xie_task_current()), "add_one");
    CHECK(strstr(xie_task_where(xie_task_current()), "remote.c:"));
    CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0); /* it may wait */
    return ++*(int *)arg;
}

static void a_thread_runs_a_task_and_gets_its_result(void)
{
    size_t live = xie_alloc_live();
    pthread_t thread = loop_begin();
    int number = 41;
    CHECK_EQ(xie_run_threadsafe(loop, add_one, &number, XIE_NEVER), 42);
    CHECK_EQ(number, 42);
    number = -7;
    CHECK_EQ(xie_run_threadsafe(loop, add_one, &number, 100 * XIE_SECOND), -6);
    loop_end(thread);
    CHECK_EQ(xie_alloc_live(), live);
}

static int sleeps, slept;
static int sleep_long(void *arg)
{
    store(&sleeps, 1);
    int error = xie_sleep(XIE_HOUR);
    CHECK_EQ(error, -ECANCELED);
    XIE_SHIELD
        xie_sleep(XIE_MILLISECOND); /* its clean-up is waited for */
    store(&slept, 1);
    return arg ? *(int *)arg : error;
}

static void after_the_timeout_the_task_is_cancelled_and_has_ended(void)
{
    pthread_t thread = loop_begin();
    CHECK_EQ(xie_run_threadsafe(loop, sleep_long, NULL, XIE_MILLISECOND), -ETIMEDOUT);
    CHECK_EQ(load(&slept), 1);
    store(&slept, 0);
    CHECK_EQ(xie_run_threadsafe(loop, sleep_long, NULL, 0), -ETIMEDOUT);
    CHECK_EQ(load(&slept), 1);
    loop_end(thread);
}

static void what_it_returns_after_the_timeout_is_its_result(void)
{
    pthread_t thread = loop_begin();
    int numbers[] = {5, -EIO};
    for (int i = 0; i < 2; i++)
        CHECK_EQ(xie_run_threadsafe(loop, sleep_long, &numbers[i], XIE_MILLISECOND), numbers[i]);
    loop_end(thread);
}

static void *end_soon(void *arg)
{
    hold(&sleeps);
    store(&loop_may_end, 1);
    return arg;
}

static void the_loops_end_cancels_the_task(void)
{
    pthread_t thread = loop_begin();
    pthread_t ender = begin(end_soon, NULL);
    CHECK_EQ(xie_run_threadsafe(loop, sleep_long, NULL, XIE_NEVER), -ECANCELED);
    CHECK_EQ(load(&slept), 1);
    end(ender);
    loop_end(thread);
}

static int reached;
static int unreached(void *arg)
{
    (void)arg;
    reached++;
    return 0;
}

static void uncalled(void *arg)
{
    unreached(arg);
}

static int take_place(void *arg)
{
    CHECK(xie_loop_current() != arg);
    CHECK_EQ(xie_loop_call(arg, uncalled, NULL), XIE_ECLOSED);
    return xie_sleep(XIE_MILLISECOND);
}

static void a_loop_that_has_ended_is_an_error_though_others_live(void)
{
    struct xie_promise *promise = NULL;
    pthread_t thread = loop_begin();
    store(&loop_may_end, 1);
    end(thread);
    CHECK_EQ(xie_run_threadsafe(loop, unreached, NULL, XIE_NEVER), XIE_ECLOSED);
    CHECK_EQ(xie_spawn_threadsafe(loop, unreached, NULL, &promise), XIE_ECLOSED);
    CHECK(!promise);
    CHECK(!xie_loop_ref(loop));
    CHECK_EQ(reached, 0);
    for (int i = 0; i < 5; i++) /* each new one would lie where it lay */
        CHECK_EQ(xie_run(take_place, loop), 0);
    CHECK_EQ(reached, 0);
    xie_loop_unref(loop);
    xie_loop_unref(NULL);
}

static int run_here(void *arg)
{
    int number = 1;
    loop = xie_loop_current();
    CHECK_EQ(xie_run_threadsafe(loop, add_one, &number, XIE_NEVER), -EPERM);
    CHECK_EQ(number, 1);
    (void)arg;
    return 0;
}

static void a_thread_with_a_loop_must_not_block(void)
{
    CHECK_EQ(xie_run(run_here, NULL), 0);
}

/* --- start and wait later ----------------------------------------------------------------------
 */

IN_TASK(a_task_waits_for_one_of_another_loop)
{
    struct xie_promise *promise;
    int number = 1;
    void *value = NULL;
    pthread_t thread = loop_begin();
    CHECK_EQ(xie_spawn_threadsafe(loop, add_one, &number, &promise), 0);
    CHECK_EQ(xie_promise_wait(promise, &value), 2);
    CHECK(value == &number);
    CHECK(!xie_promise_cancel(promise)); /* too late */
    xie_promise_unref(promise);
    loop_end(thread);
    return 0;
}

static void cancelled_from_outside_it_is_cancelled_there(void)
{
    struct xie_promise *promise;
    pthread_t thread = loop_begin();
    CHECK_EQ(xie_spawn_threadsafe(loop, sleep_long, NULL, &promise), 0);
    hold(&sleeps);
    CHECK(!xie_promise_done(promise));
    CHECK(xie_promise_cancel(promise));
    CHECK(xie_promise_cancel(promise));
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), -ECANCELED);
    CHECK_EQ(load(&slept), 1);
    xie_promise_unref(promise);
    CHECK_EQ(xie_spawn_threadsafe(loop, sleep_long, NULL, &promise), 0);
    xie_promise_cancel(promise); /* be it before it has started */
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), -ECANCELED);
    loop_end(thread);
    CHECK(!xie_promise_cancel(promise)); /* the promise outlives the loop */
    xie_promise_unref(promise);
}

enum { STARTERS = 4, STARTS = 200 };
static int order[STARTERS], ordered = 1, ran;

static int in_order(void *arg)
{
    int number = (int)(long)arg, starter = number / STARTS;
    if (order[starter]++ != number % STARTS)
        ordered = 0;
    ran++;
    return 0;
}

static void *start_many(void *arg)
{
    for (long i = 0; i < STARTS; i++)
        CHECK_EQ(xie_spawn_threadsafe(loop, in_order, (void *)((long)arg * STARTS + i), NULL), 0);
    return NULL;
}

static void many_threads_start_theirs_in_order(void)
{
    size_t live = xie_alloc_live();
    pthread_t thread = loop_begin(), starters[STARTERS];
    for (long i = 0; i < STARTERS; i++)
        starters[i] = begin(start_many, (void *)i);
    for (int i = 0; i < STARTERS; i++)
        end(starters[i]);
    loop_end(thread);
    CHECK_EQ(ran, STARTERS * STARTS);
    CHECK(ordered);
    CHECK_EQ(xie_alloc_live(), live);
}

static int started, ended_ones;
static int count_end(void *arg)
{
    int error = xie_sleep(XIE_HOUR);
    CHECK_EQ(error, -ECANCELED);
    add(&ended_ones, 1);
    return arg ? 1 : 0;
}

static void *start_until_refused(void *arg)
{
    for (int i = 0; i < 500 && !xie_spawn_threadsafe(loop, count_end, NULL, NULL); i++)
        if (add(&started, 1) % 8 == 0)
            usleep(200);
    return arg;
}

static void what_was_accepted_runs_though_the_loop_ends(void)
{
    pthread_t thread = loop_begin(), starters[3];
    for (int i = 0; i < 3; i++)
        starters[i] = begin(start_until_refused, NULL);
    while (load(&started) < 100)
        usleep(100);
    store(&loop_may_end, 1);
    for (int i = 0; i < 3; i++)
        end(starters[i]);
    loop_end(thread);
    CHECK_EQ(ended_ones, started);
}

static void take_long(void *arg)
{
    (void)arg;
    usleep(10);
}

static int cleaned_up;
static int clean_up(void *arg)
{
    XIE_SHIELD
        CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
    add(&cleaned_up, 1);
    return arg ? 1 : 0;
}

static void *call_and_start(void *arg)
{
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(xie_loop_call(loop, take_long, NULL), 0);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(xie_spawn_threadsafe(loop, clean_up, NULL, NULL), 0);
    return arg;
}

static void again(void *arg)
{
    xie_call_soon(arg, again, arg);
}

static int end_with_much_to_do(void *arg)
{
    loop = xie_loop_current();
    xie_call_soon(arg, again, arg); /* which is no reason to go on for ever */
    meanwhile(call_and_start, NULL);
    return 0;
}

/* More than a turn has time for comes between the last turn of main and the end. */
static void what_was_accepted_runs_however_much_it_is(void)
{
    struct xie_call for_ever = {0};
    CHECK_EQ(xie_run(end_with_much_to_do, &for_ever), 0);
    CHECK_EQ(cleaned_up, 50);
    CHECK(!xie_call_pending(&for_ever));
}

/* --- from a job --------------------------------------------------------------------------------
 */

static int called_back;
static void call_back(void *arg)
{
    CHECK(pthread_equal(pthread_self(), loop_thread));
    ++*(int *)arg;
}

static int ask_the_loop(void *arg)
{
    CHECK_EQ(xie_loop_call(loop, call_back, &called_back), 0);
    return xie_run_threadsafe(loop, add_one, arg, XIE_NEVER);
}

IN_TASK(a_job_calls_back_into_its_loop)
{
    int number = 1;
    loop = xie_loop_current();
    loop_thread = pthread_self();
    if (kit_on("sim"))
        tap_skip("on sim a job runs at once, and would block its loop");
    CHECK_EQ(xie_to_thread(ask_the_loop, &number, NULL), 2);
    CHECK_EQ(called_back, 1);
    return 0;
}

/* --- errors nobody takes -----------------------------------------------------------------------
 */

static int fail_task(void *arg)
{
    (void)arg;
    return -EIO;
}

static void start_and_forget(void *arg)
{
    (void)arg;
    struct xie_promise *promise;
    pthread_t thread = loop_begin();
    xie_spawn_threadsafe(loop, fail_task, NULL, NULL);
    xie_spawn_threadsafe(loop, fail_task, NULL, &promise);
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), -EIO); /* taken */
    xie_promise_unref(promise);
    loop_end(thread);
}

static void an_error_that_nobody_asks_for_is_told(void)
{
    char text[1024];
    CHECK_EQ(tap_child(start_and_forget, NULL, text, sizeof text), 0);
    char *told = strstr(text, "xie: task 'fail_task' (handed over at ");
    REQUIRE(told);
    CHECK(strstr(told, "remote.c:"));
    CHECK(strstr(told, "failed, and nobody took its error: Input/output error"));
    CHECK(!strstr(told + 1, "xie: task"));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a thread runs a task and gets its result", a_thread_runs_a_task_and_gets_its_result},
        {"after the timeout the task is cancelled and has ended",
         after_the_timeout_the_task_is_cancelled_and_has_ended},
        {"what it returns after the timeout is its result",
         what_it_returns_after_the_timeout_is_its_result},
        {"the loop's end cancels the task", the_loops_end_cancels_the_task},
        {"a loop that has ended is an error though others live",
         a_loop_that_has_ended_is_an_error_though_others_live},
        {"a thread with a loop must not block", a_thread_with_a_loop_must_not_block},
        {"a task waits for one of another loop", a_task_waits_for_one_of_another_loop},
        {"cancelled from outside it is cancelled there",
         cancelled_from_outside_it_is_cancelled_there},
        {"many threads start theirs in order", many_threads_start_theirs_in_order},
        {"what was accepted runs though the loop ends",
         what_was_accepted_runs_though_the_loop_ends},
        {"what was accepted runs however much it is", what_was_accepted_runs_however_much_it_is},
        {"a job calls back into its loop", a_job_calls_back_into_its_loop},
        {"an error that nobody asks for is told", an_error_that_nobody_asks_for_is_told},
        {0},
    };
    return tap_main(argc, argv, tests);
}
