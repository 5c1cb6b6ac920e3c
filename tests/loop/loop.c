/* loop.c - the promises of <xie/loop.h>, on every backend. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "tap.h"

static int run(int (*fn)(void *), void *arg)
{
    return xie_run(fn, arg);
}

/* --- run ---------------------------------------------------------------------------- */

static int give_back(void *arg)
{
    return *(int *)arg;
}

static void run_returns_what_main_returned(void)
{
    int value = 42;
    CHECK_EQ(run(give_back, &value), 42);
    value = -EIO;
    CHECK_EQ(run(give_back, &value), -EIO);
}

static int run_again(void *arg)
{
    return run(give_back, arg);
}

static void one_loop_per_thread(void)
{
    int value = 1;
    CHECK_EQ(run(run_again, &value), -EBUSY);
    CHECK(!xie_loop_current());
}

static int name_matches(void *arg)
{
    (void)arg;
    const char *want = getenv("XIE_BACKEND");
    const char *have = xie_loop_backend(xie_loop_current());
    if (want)
        CHECK_STR(have, want);
    return 0;
}

static void the_backend_asked_for(void)
{
    CHECK_EQ(run(name_matches, NULL), 0);
}

static void options_are_read(void)
{
    struct xie_loop_options options = {.backend = "nonsense"};
    int value = 3;
    CHECK_EQ(xie_run_with(&options, give_back, &value), -EINVAL);
    options = (struct xie_loop_options){.stack_size = 64 * 1024, .seed = 5};
    CHECK_EQ(xie_run_with(&options, give_back, &value), 3);
}

struct variable {
    const char *name, *text, *said;
};

/* Three loops, one after the other; what is wrong is told by the first. */
static void run_with_variable(void *arg)
{
    const struct variable *variable = arg;
    int value = 3;
    setenv(variable->name, variable->text, 1);
    for (int i = 0; i < 3; i++)
        if (xie_run(give_back, &value) != 3)
            _exit(1);
    _exit(0);
}

static void a_variable_that_is_wrong_is_told_once(void)
{
    static const struct variable variables[] = {
        {"XIE_STACK", "abc", "a number from 16384 to 1073741824; 262144 is used"},
        {"XIE_STACK", "64k", "a number from 16384 to 1073741824; 262144 is used"},
        {"XIE_STACK", "16383", "a number from 16384 to 1073741824; 262144 is used"},
        {"XIE_STACK", "2000000000", "a number from 16384 to 1073741824; 262144 is used"},
        {"XIE_SEED", "abc", "a number from 0 to 18446744073709551615; 1 is used"},
        {"XIE_SEED", "-1", "a number from 0 to 18446744073709551615; 1 is used"},
        {"XIE_SEED", "18446744073709551616", "a number from 0 to 18446744073709551615; 1 is used"},
        {"XIE_DEBUG", "yes", "a number from 0 to 1; 0 is used"},
        {"XIE_DEBUG", "2", "a number from 0 to 1; 0 is used"},
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        struct variable one = variables[i];
        char text[512], expected[512];
        snprintf(expected, sizeof expected, "xie: %s=%s is not %s\n", one.name, one.text, one.said);
        CHECK_EQ(tap_child(run_with_variable, &one, text, sizeof text), 0);
        CHECK_STR(text, expected);
    }
    struct variable right[] = {{"XIE_STACK", "16384", ""},
                               {"XIE_STACK", "0x10000", ""},
                               {"XIE_SEED", "18446744073709551615", ""},
                               {"XIE_STACK", "", ""}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        char text[512];
        CHECK_EQ(tap_child(run_with_variable, &right[i], text, sizeof text), 0);
        CHECK_STR(text, "");
    }
}

/* --- the others end with main ------------------------------------------------------- */

static int sleeper_result;
static int sleeper(void *arg)
{
    (void)arg;
    sleeper_result = xie_sleep(XIE_NEVER);
    return sleeper_result;
}

static int leaves_one_behind(void *arg)
{
    (void)arg;
    xie_detach(xie_spawn(sleeper, NULL));
    return xie_sleep(XIE_MILLISECOND);
}

static void what_still_runs_is_cancelled_and_joined(void)
{
    CHECK_EQ(run(leaves_one_behind, NULL), 0);
    CHECK_EQ(sleeper_result, -ECANCELED);
}

/* --- delayed calls ------------------------------------------------------------------ */

static char order[32];
static int order_len;
static void note(void *arg)
{
    order[order_len++] = *(const char *)arg;
}

static int calls_in_order(void *arg)
{
    (void)arg;
    static struct xie_call a, b, c, d, e, f;
    order_len = 0;
    memset(order, 0, sizeof order);
    CHECK_EQ(xie_call_later(&d, 300 * XIE_MILLISECOND, note, "d"), 0);
    CHECK_EQ(xie_call_soon(&a, note, "a"), 0);
    CHECK_EQ(xie_call_soon(&b, note, "b"), 0);
    int64_t when = xie_now() + 200 * XIE_MILLISECOND; /* far from f, on any machine */
    CHECK_EQ(xie_call_at(&c, when, note, "c"), 0);
    CHECK_EQ(xie_call_at(&e, when, note, "e"), 0); /* equal: in the order of arming */
    CHECK_EQ(xie_call_soon(&a, note, "x"), -EBUSY);
    CHECK_EQ(xie_call_later(&f, -5, note, "f"), 0);
    while (order_len < 6)
        xie_sleep(XIE_MILLISECOND);
    CHECK_STR(order, "abfced");
    return 0;
}

static void calls_run_in_order(void)
{
    CHECK_EQ(run(calls_in_order, NULL), 0);
}

static int calls_cancelled(void *arg)
{
    (void)arg;
    static struct xie_call soon, later, idle;
    order_len = 0;
    memset(order, 0, sizeof order);
    CHECK(!xie_call_cancel(&idle));
    xie_call_soon(&soon, note, "s");
    CHECK(xie_call_cancel(&soon));
    CHECK(!xie_call_cancel(&soon));
    xie_call_later(&later, XIE_MILLISECOND, note, "l");
    CHECK(xie_call_cancel(&later));
    CHECK_EQ(xie_call_soon(&soon, note, "t"), 0); /* free to be used again */
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK_STR(order, "t");
    CHECK(!xie_call_cancel(&soon));
    return 0;
}

static void a_cancelled_call_does_not_run(void)
{
    CHECK_EQ(run(calls_cancelled, NULL), 0);
}

static void calls_need_a_loop(void)
{
    struct xie_call call = {0};
    CHECK_EQ(xie_call_soon(&call, note, "x"), -EPERM);
    CHECK_EQ(xie_call_later(&call, 1, note, "x"), -EPERM);
    CHECK_EQ(xie_call_at(&call, 1, note, "x"), -EPERM);
}

static int wait_error;
static void waits_in_callback(void *arg)
{
    (void)arg;
    wait_error = xie_sleep(1);
}

static int call_that_waits(void *arg)
{
    (void)arg;
    static struct xie_call call;
    xie_call_soon(&call, waits_in_callback, NULL);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(wait_error, -EPERM);
    return 0;
}

static void callbacks_may_not_wait(void)
{
    CHECK_EQ(run(call_that_waits, NULL), 0);
}

/* A call's memory may be freed, and the call armed again, from within itself. */
static int rearmed;
static struct xie_call rearm_call;
static void rearm(void *arg)
{
    (void)arg;
    if (++rearmed < 5)
        xie_call_soon(&rearm_call, rearm, NULL);
}

static int rearming(void *arg)
{
    (void)arg;
    xie_call_soon(&rearm_call, rearm, NULL);
    while (rearmed < 5)
        xie_sleep(XIE_MILLISECOND);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(rearmed, 5);
    return 0;
}

static void a_call_may_arm_itself_again(void)
{
    CHECK_EQ(run(rearming, NULL), 0);
}

/* --- time --------------------------------------------------------------------------- */

static int never_early(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++) {
        int64_t delay = 1 + (i * 7919) % 400000, before = xie_now();
        CHECK_EQ(xie_sleep(delay), 0);
        CHECK(xie_now() - before >= delay);
    }
    return 0;
}

static void sleeping_is_never_early(void)
{
    CHECK_EQ(run(never_early, NULL), 0);
}

/* Tasks that are always ready do not keep timers from firing. */
static bool spinning;
static int spin(void *arg)
{
    (void)arg;
    while (spinning)
        xie_sleep(0);
    return 0;
}

static int fair(void *arg)
{
    (void)arg;
    if (!strcmp(xie_loop_backend(xie_loop_current()), "sim"))
        tap_skip("virtual time stands while tasks are ready");
    spinning = true;
    struct xie_task *tasks[2] = {xie_spawn(spin, NULL), xie_spawn(spin, NULL)};
    CHECK_EQ(xie_sleep(5 * XIE_MILLISECOND), 0);
    spinning = false;
    return xie_gather(tasks, 2, NULL);
}

static void timers_fire_however_much_is_ready(void)
{
    CHECK_EQ(run(fair, NULL), 0);
}

/* --- calls from other threads ------------------------------------------------------- */

enum { FROM_THREADS = 2000, THREADS = 4 };
static struct xie_loop *target;
static int last_of[THREADS], arrived;
static bool ordered = true;

struct mail {
    int thread, number;
};
static struct mail mails[THREADS][FROM_THREADS];

static void receive(void *arg)
{
    struct mail *mail = arg;
    if (mail->number != last_of[mail->thread] + 1)
        ordered = false;
    last_of[mail->thread] = mail->number;
    arrived++;
}

static void *sender(void *arg)
{
    int thread = (int)(long)arg;
    for (int i = 0; i < FROM_THREADS; i++) {
        mails[thread][i] = (struct mail){thread, i + 1};
        if (xie_loop_call(target, receive, &mails[thread][i]))
            abort();
    }
    return NULL;
}

static int hear(void *arg)
{
    (void)arg;
    pthread_t threads[THREADS];
    target = xie_loop_current();
    for (long i = 0; i < THREADS; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, sender, (void *)i));
    while (arrived < FROM_THREADS * THREADS)
        xie_sleep(XIE_MILLISECOND);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK(ordered);
    CHECK_EQ(arrived, FROM_THREADS * THREADS);
    return 0;
}

static void calls_from_threads_keep_their_order(void)
{
    CHECK_EQ(run(hear, NULL), 0);
}

static void after_the_end_calls_are_refused(void)
{
    CHECK_EQ(run(hear, NULL), 0);
    CHECK_EQ(xie_loop_call(target, receive, &mails[0][0]), XIE_ECLOSED);
}

static struct xie_future woken;
static void resolve(void *arg)
{
    (void)arg;
    xie_future_resolve(&woken, NULL);
}

static void *wake_later(void *arg)
{
    usleep(20000);
    if (xie_loop_call(arg, resolve, NULL))
        abort();
    return NULL;
}

static int sleep_until_woken(void *arg)
{
    (void)arg;
    pthread_t thread;
    if (!strcmp(xie_loop_backend(xie_loop_current()), "sim"))
        tap_skip("a sim loop waits for no thread that it does not know");
    REQUIRE(!pthread_create(&thread, NULL, wake_later, xie_loop_current()));
    CHECK_EQ(xie_future_wait(&woken, NULL), 0);
    pthread_join(thread, NULL);
    return 0;
}

static void a_call_wakes_a_loop_that_waits_for_nothing_else(void)
{
    CHECK_EQ(run(sleep_until_woken, NULL), 0);
}

/* --- Ctrl-C --------------------------------------------------------------------------------------
 */

static int interrupted(void *arg)
{
    (void)arg;
    kill(getpid(), SIGINT);
    int error = xie_sleep(5 * XIE_SECOND);
    CHECK_EQ(error, -ECANCELED);
    return 17;
}

static void sigint_cancels_main(void)
{
    CHECK_EQ(run(interrupted, NULL), 17);
    struct sigaction now;
    sigaction(SIGINT, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL);
}

/* --- what is pending at the end ---------------------------------------------------- */

static struct xie_call leftover, endless;
static int endless_runs;
static void again(void *arg)
{
    (void)arg;
    endless_runs++;
    xie_call_soon(&endless, again, NULL);
}

static int leave_calls(void *arg)
{
    (void)arg;
    CHECK_EQ(xie_call_later(&leftover, XIE_HOUR, note, "l"), 0);
    again(NULL);
    return xie_sleep(0);
}

static void pending_calls_end_with_the_loop(void)
{
    for (int i = 0; i < 2; i++) { /* idle again, and free for the next loop */
        CHECK_EQ(run(leave_calls, NULL), 0);
        CHECK(!xie_call_cancel(&leftover));
        CHECK(!xie_call_cancel(&endless));
    }
    CHECK(endless_runs >= 2);
}

static bool cleaned;
static int clean_up(void *arg)
{
    (void)arg;
    XIE_SHIELD
        xie_sleep(XIE_MILLISECOND);
    cleaned = true;
    return 0;
}

static void spawn_late(void *arg)
{
    (void)arg;
    xie_detach(xie_spawn(clean_up, NULL));
}

static int call_late(void *arg)
{
    (void)arg;
    return xie_loop_call(xie_loop_current(), spawn_late, NULL);
}

static void what_a_late_call_spawns_is_joined(void)
{
    CHECK_EQ(run(call_late, NULL), 0);
    CHECK(cleaned);
}

static void *run_in_thread(void *arg)
{
    return (void *)(long)run(give_back, arg);
}

static void two_loops_in_two_threads(void)
{
    pthread_t threads[2];
    int values[2] = {5, 6};
    for (int i = 0; i < 2; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, run_in_thread, &values[i]));
    for (int i = 0; i < 2; i++) {
        void *result;
        pthread_join(threads[i], &result);
        CHECK_EQ((long)result, values[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"run_returns_what_main_returned", run_returns_what_main_returned},
        {"one_loop_per_thread", one_loop_per_thread},
        {"the_backend_asked_for", the_backend_asked_for},
        {"options_are_read", options_are_read},
        {"a_variable_that_is_wrong_is_told_once", a_variable_that_is_wrong_is_told_once},
        {"what_still_runs_is_cancelled_and_joined", what_still_runs_is_cancelled_and_joined},
        {"calls_run_in_order", calls_run_in_order},
        {"a_cancelled_call_does_not_run", a_cancelled_call_does_not_run},
        {"calls_need_a_loop", calls_need_a_loop},
        {"callbacks_may_not_wait", callbacks_may_not_wait},
        {"a_call_may_arm_itself_again", a_call_may_arm_itself_again},
        {"sleeping_is_never_early", sleeping_is_never_early},
        {"timers_fire_however_much_is_ready", timers_fire_however_much_is_ready},
        {"calls_from_threads_keep_their_order", calls_from_threads_keep_their_order},
        {"after_the_end_calls_are_refused", after_the_end_calls_are_refused},
        {"a_call_wakes_a_loop_that_waits_for_nothing_else",
         a_call_wakes_a_loop_that_waits_for_nothing_else},
        {"sigint_cancels_main", sigint_cancels_main},
        {"pending_calls_end_with_the_loop", pending_calls_end_with_the_loop},
        {"what_a_late_call_spawns_is_joined", what_a_late_call_spawns_is_joined},
        {"two_loops_in_two_threads", two_loops_in_two_threads},
        {0},
    };
    return tap_main(argc, argv, tests);
}
