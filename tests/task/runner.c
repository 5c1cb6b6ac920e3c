/* runner.c - several runs on one loop, and what a run promises. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "kit.h"

static int number(void *arg)
{
    return (int)(long)arg;
}

static int add_one(void *arg)
{
    int error = xie_sleep(XIE_MICROSECOND);
    ++*(int *)arg;
    return error;
}

static void runs_one_after_the_other(void)
{
    struct xie_runner *runner = NULL;
    size_t live = xie_alloc_live();
    int count = 0;
    REQUIRE(xie_runner_open(&runner, NULL) == 0);
    CHECK(xie_runner_loop(runner) == xie_loop_current());
    for (int i = 0; i < 5; i++)
        CHECK_EQ(xie_runner_run(runner, add_one, &count), 0);
    CHECK_EQ(count, 5);
    CHECK_EQ(xie_runner_run(runner, number, (void *)-7L), -7);
    CHECK_EQ(xie_runner_run(runner, number, (void *)8), 8);
    xie_runner_close(runner);
    xie_runner_close(NULL);
    CHECK(!xie_loop_current());
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- between runs ------------------------------------------------------------------- */

static int counted;
static int count_up(void *arg)
{
    int error = 0;
    (void)arg;
    while (!(error = xie_sleep(XIE_MILLISECOND)))
        counted++;
    return error;
}

static struct xie_task *background;
static int begin(void *arg)
{
    background = xie_spawn(count_up, arg);
    return xie_sleep(5 * XIE_MILLISECOND);
}

static int wait_a_bit(void *arg)
{
    (void)arg;
    int before = counted;
    while (counted < before + 2) {
        int error = xie_sleep(XIE_MILLISECOND);
        if (error)
            return error;
    }
    return 0;
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static int look_at_flag(void *arg)
{
    xie_sleep(XIE_MILLISECOND);
    return *(bool *)arg;
}

static void what_still_runs_goes_on_in_the_next(void)
{
    struct xie_runner *runner;
    bool called = false;
    REQUIRE(xie_runner_open(&runner, NULL) == 0);
    CHECK_EQ(xie_runner_run(runner, begin, NULL), 0);
    CHECK(!xie_task_done(background));
    CHECK_EQ(xie_task_count(), 1);
    CHECK_EQ(xie_runner_run(runner, wait_a_bit, NULL), 0); /* it goes on */
    int before = counted;
    struct xie_task *early = xie_spawn(number, (void *)3); /* between two runs: for the next */
    CHECK_EQ(xie_task_count(), 2);
    CHECK_EQ(xie_loop_call(xie_runner_loop(runner), set_flag, &called), 0);
    CHECK(!called);
    CHECK_EQ(counted, before);
    CHECK_EQ(xie_runner_run(runner, look_at_flag, &called), 1);
    CHECK_EQ(xie_join(early), 3);
    CHECK_EQ(xie_sleep(1), -EPERM); /* nobody may wait between two runs */
    xie_runner_close(runner);       /* cancels it */
}

static struct xie_runner *ours;
static int run_inside(void *arg)
{
    (void)arg;
    struct xie_runner *second = NULL;
    CHECK_EQ(xie_runner_run(ours, number, NULL), -EBUSY);
    CHECK_EQ(xie_runner_open(&second, NULL), -EBUSY);
    CHECK(!second);
    CHECK_EQ(xie_run(number, NULL), -EBUSY);
    return 0;
}

static void a_run_inside_a_run_is_an_error(void)
{
    REQUIRE(xie_runner_open(&ours, NULL) == 0);
    CHECK_EQ(xie_run(number, NULL), -EBUSY);
    CHECK_EQ(xie_runner_run(ours, run_inside, NULL), 0);
    xie_runner_close(ours);
}

static int close_inside(void *arg)
{
    (void)arg;
    xie_runner_close(ours);
    return 0;
}

static void run_close_inside(void *arg)
{
    (void)arg;
    xie_runner_open(&ours, NULL);
    xie_runner_run(ours, close_inside, NULL);
}

static void closing_from_within_aborts(void)
{
    char text[1024];
    CHECK(tap_child(run_close_inside, NULL, text, sizeof text) != 0);
    CHECK(strstr(text, "misuse: xie_runner_close from within its run"));
}

static void *run_elsewhere(void *runner)
{
    xie_runner_run(runner, number, NULL);
    return NULL;
}

static void run_in_a_thread(void *arg)
{
    pthread_t thread;
    (void)arg;
    xie_runner_open(&ours, NULL);
    pthread_create(&thread, NULL, run_elsewhere, ours);
    pthread_join(thread, NULL);
}

static void running_in_another_thread_aborts(void)
{
    char text[1024];
    CHECK(tap_child(run_in_a_thread, NULL, text, sizeof text) != 0);
    CHECK(strstr(text, "misuse: xie_runner_run in another thread"));
}

static void options_that_cannot_be(void)
{
    struct xie_loop_options options = {.backend = "none such"};
    struct xie_runner *runner = NULL;
    CHECK_EQ(xie_runner_open(&runner, &options), -EINVAL);
    CHECK(!runner);
    CHECK(!xie_loop_current());
}

/* On sim it is seen that nothing can ever happen. */
static int wait_in_vain(void *arg)
{
    return xie_event_wait(arg);
}

static int spawn_and_wait_in_vain(void *arg)
{
    xie_detach(xie_spawn(wait_in_vain, arg));
    return wait_in_vain(arg);
}

static void run_in_vain(void *arg)
{
    struct xie_loop_options options = {.backend = "sim"};
    struct xie_runner *runner;
    struct xie_event never = {0};
    int count = 0;
    (void)arg;
    REQUIRE(xie_runner_open(&runner, &options) == 0);
    int error = xie_runner_run(runner, spawn_and_wait_in_vain, &never);
    CHECK_EQ(error, XIE_EDEADLOCK);
    CHECK_EQ(xie_runner_run(runner, add_one, &count), -ECANCELED); /* it is over */
    CHECK_EQ(count, 1);
    xie_runner_close(runner);
    _exit(error == XIE_EDEADLOCK ? 0 : 1);
}

static void what_cannot_go_on_is_cancelled(void)
{
    char text[4096];
    if (tap_slow()) /* TSan's own threads in a child of a child look like somebody who could help */
        return;
    setenv("XIE_DEBUG", "1", 1); /* the thread that watches is nobody who could help */
    CHECK_EQ(tap_child(run_in_vain, NULL, text, sizeof text), 0);
    setenv("XIE_DEBUG", "0", 1);
    CHECK_EQ(tap_child(run_in_vain, NULL, text, sizeof text), 0);
    CHECK(strstr(text, "the loop cannot go on"));
    CHECK(strstr(text, "'wait_in_vain'"));
    CHECK(strstr(text, "waits in xie_event_wait"));
}

/* --- interrupted -------------------------------------------------------------------- */

static int raise_and_sleep(void *arg)
{
    (void)arg;
    raise(SIGINT);
    return xie_sleep(XIE_NEVER);
}

static void the_first_sigint_cancels_this_runs_main(void)
{
    struct xie_runner *runner;
    int count = 0;
    if (tap_valgrind())
        tap_skip("signals and valgrind");
    REQUIRE(xie_runner_open(&runner, NULL) == 0);
    CHECK_EQ(xie_runner_run(runner, raise_and_sleep, NULL), -ECANCELED);
    CHECK_EQ(xie_runner_run(runner, add_one, &count), 0); /* the next is not cancelled */
    CHECK_EQ(xie_runner_run(runner, raise_and_sleep, NULL), -ECANCELED);
    xie_runner_close(runner);
    CHECK_EQ(count, 1);
}

static int open_signals(void *arg)
{
    const int list[] = {SIGINT, 0};
    return xie_signals_open(list, arg);
}

static int close_signals(void *arg)
{
    xie_signals_close(*(struct xie_signals **)arg);
    return 0;
}

/* Closed in a later run, they give back the handler of a run that is over. */
static void sigint_comes_through_signals_that_outlast_a_run(void)
{
    struct xie_runner *runner;
    struct xie_signals *signals = NULL;
    if (tap_valgrind())
        tap_skip("signals and valgrind");
    REQUIRE(xie_runner_open(&runner, NULL) == 0);
    REQUIRE(xie_runner_run(runner, open_signals, &signals) == 0);
    CHECK_EQ(xie_runner_run(runner, close_signals, &signals), 0);
    CHECK_EQ(xie_runner_run(runner, raise_and_sleep, NULL), -ECANCELED);
    xie_runner_close(runner);
}

static void raise_between_runs(void *arg)
{
    struct xie_runner *runner;
    struct xie_signals *signals = NULL;
    xie_runner_open(&runner, arg);
    xie_runner_run(runner, open_signals, &signals);
    xie_runner_run(runner, close_signals, &signals);
    raise(SIGINT); /* there is no main task to cancel */
    _exit(0);
}

static void sigint_between_runs_ends_the_program(void)
{
    char text[256];
    int status = tap_child(raise_between_runs, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGINT);
}

/* Tasks may look at the main task of a run after it has ended. */
static int look_at_main(void *main_task)
{
    int result = -1;
    XIE_SHIELD {
        xie_sleep(XIE_MILLISECOND);
        CHECK(xie_task_done(main_task));
        CHECK_EQ(xie_task_wait(main_task, &result), 0);
    }
    return result == 0 ? 0 : -EPROTO;
}

static int leave_one(void *arg)
{
    (void)arg;
    xie_detach(xie_spawn(look_at_main, xie_task_current()));
    return xie_sleep(0);
}

static void main_can_be_looked_at_when_it_has_ended(void)
{
    CHECK_EQ(xie_run(leave_one, NULL), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"runs, one after the other", runs_one_after_the_other},
        {"what still runs goes on in the next run", what_still_runs_goes_on_in_the_next},
        {"a run inside a run is an error", a_run_inside_a_run_is_an_error},
        {"closing from within a run aborts", closing_from_within_aborts},
        {"running in another thread aborts", running_in_another_thread_aborts},
        {"options that cannot be", options_that_cannot_be},
        {"what cannot go on is cancelled", what_cannot_go_on_is_cancelled},
        {"the first SIGINT cancels this run's main", the_first_sigint_cancels_this_runs_main},
        {"SIGINT comes through signals that outlast a run",
         sigint_comes_through_signals_that_outlast_a_run},
        {"SIGINT between runs ends the program", sigint_between_runs_ends_the_program},
        {"main can be looked at when it has ended", main_can_be_looked_at_when_it_has_ended},
        {0},
    };
    return tap_main(argc, argv, tests);
}
