/* signal.c - the promises of <xie/signal.h>. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "coro/sanitize.h"
#include "io/kit.h"

static struct xie_signals *open_two(int first, int second)
{
    struct xie_signals *signals = NULL;
    const int list[] = {first, second, 0};
    REQUIRE(xie_signals_open(list, &signals) == 0);
    return signals;
}

static int wait_one(void *arg)
{
    return xie_signals_wait(arg);
}

/* A tick of real time, on sim too. */
static void *raise_later(void *arg)
{
    usleep(20000);
    kill(getpid(), *(int *)arg);
    return NULL;
}

/* --- waiting ------------------------------------------------------------------------------------
 */

IN_TASK(a_signal_that_came_before)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    raise(SIGUSR1);
    CHECK_EQ(xie_signals_wait(signals), SIGUSR1);
    xie_signals_close(signals);
    return 0;
}

/* All wait, one of them for a signal: the loop sleeps until it comes. On sim that is no
 * deadlock, for it comes from outside. */
IN_TASK(a_signal_that_comes_while_all_wait)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    struct xie_stream *pair[2];
    char byte;
    pthread_t thread;
    int number = SIGUSR2;
    kit_pair(pair);
    struct xie_task *task = xie_spawn(wait_one, signals);
    CHECK_EQ(pthread_create(&thread, NULL, raise_later, &number), 0);
    CHECK_EQ(xie_join(task), SIGUSR2);
    pthread_join(thread, NULL);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_stream_read(pair[0], &byte, 1), -ETIMEDOUT);
    kit_close(pair);
    xie_signals_close(signals);
    return 0;
}

/* What an open object does not wait for is nothing to hope for: sim's clock goes on. */
IN_TASK(timers_go_on_while_a_signal_is_awaited)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    struct xie_task *task = xie_spawn(wait_one, signals);
    int64_t before = xie_now();
    CHECK_EQ(xie_sleep(10 * XIE_MILLISECOND), 0);
    CHECK(xie_now() - before >= 10 * XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    raise(SIGUSR1);
    CHECK_EQ(xie_join(task), SIGUSR1);
    xie_signals_close(signals);
    return 0;
}

IN_TASK(equal_signals_count_once_and_different_ones_each)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR2);
    int first = xie_signals_wait(signals), second = xie_signals_wait(signals);
    CHECK(first != second);
    CHECK_EQ(first + second, SIGUSR1 + SIGUSR2);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_signals_wait(signals), -ETIMEDOUT);
    xie_signals_close(signals);
    return 0;
}

IN_TASK(a_frequent_signal_does_not_hide_another)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    int seen = 0;
    raise(SIGUSR1);
    raise(SIGUSR2);
    for (int i = 0; i < 2; i++) {
        seen |= xie_signals_wait(signals) == SIGUSR2;
        raise(SIGUSR1);
    }
    CHECK(seen);
    CHECK_EQ(xie_signals_wait(signals), SIGUSR1);
    xie_signals_close(signals);
    return 0;
}

/* The highest numbers are bits like the others. */
IN_TASK(real_time_signals)
{
    if (tap_valgrind())
        tap_skip("valgrind keeps the highest for itself");
    struct xie_signals *signals = open_two(SIGRTMIN, SIGRTMAX);
    raise(SIGRTMAX);
    CHECK_EQ(xie_signals_wait(signals), SIGRTMAX);
    raise(SIGRTMIN);
    CHECK_EQ(xie_signals_wait(signals), SIGRTMIN);
    raise(SIGRTMAX);
    CHECK_EQ(xie_signals_wait(signals), SIGRTMAX);
    xie_signals_close(signals);
    return 0;
}

IN_TASK(one_waiter_at_a_time)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    struct xie_task *task = xie_spawn(wait_one, signals);
    xie_sleep(0);
    CHECK_EQ(xie_signals_wait(signals), -EBUSY);
    raise(SIGUSR1);
    CHECK_EQ(xie_join(task), SIGUSR1);
    xie_signals_close(signals);
    return 0;
}

static int ends[2];
static pthread_t reading;
static bool begins;

static void *read_in_a_call_of_the_system(void *arg)
{
    char byte;
    __atomic_store_n(&begins, true, __ATOMIC_RELEASE);
    *(ssize_t *)arg = read(ends[0], &byte, 1);
    return NULL;
}

/* What other code waits for is not interrupted by what is caught here (SA_RESTART). */
IN_TASK(system_calls_of_other_code_go_on)
{
    if (XIE_TSAN)
        tap_skip("TSan hands a signal on when the call has returned");
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    ssize_t got = 0;
    REQUIRE(pipe(ends) == 0);
    REQUIRE(pthread_create(&reading, NULL, read_in_a_call_of_the_system, &got) == 0);
    while (!__atomic_load_n(&begins, __ATOMIC_ACQUIRE))
        xie_sleep(XIE_MILLISECOND);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(pthread_kill(reading, SIGUSR1), 0);
        CHECK_EQ(xie_signals_wait(signals), SIGUSR1);
    }
    CHECK_EQ(write(ends[1], "x", 1), 1);
    pthread_join(reading, NULL);
    CHECK_EQ(got, 1);
    close(ends[0]);
    close(ends[1]);
    xie_signals_close(signals);
    return 0;
}

/* --- interruption ------------------------------------------------------------------- */

IN_TASK(an_interrupted_wait_loses_no_signal)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    for (int when = 0; when < 8; when++)
        for (int at = 0; at < 8; at++) {
            struct xie_task *task = xie_spawn(wait_one, signals);
            for (int i = 0; i < 8; i++) {
                if (i == at)
                    raise(SIGUSR1);
                if (i == when)
                    xie_task_cancel(task);
                xie_sleep(0);
            }
            int result = xie_join(task);
            CHECK(result == SIGUSR1 || result == -ECANCELED);
            if (result != SIGUSR1)
                XIE_TIMEOUT(10 * XIE_SECOND)
                    CHECK_EQ(xie_signals_wait(signals), SIGUSR1);
        }
    raise(SIGUSR2);
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_signals_wait(signals), -ETIMEDOUT); /* even though one is there */
    CHECK_EQ(xie_signals_wait(signals), SIGUSR2);
    xie_signals_close(signals);
    return 0;
}

IN_TASK(close_ends_the_one_who_waits)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    struct xie_task *task = xie_spawn(wait_one, signals);
    xie_sleep(0);
    XIE_TIMEOUT(-1)
        xie_signals_close(signals);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    xie_signals_close(NULL);
    return 0;
}

/* --- catching and giving back ------------------------------------------------------- */

static int handled;

static void own_handler(int number)
{
    handled = number;
}

IN_TASK(close_restores_what_was_before)
{
    struct sigaction own = {.sa_handler = own_handler}, now;
    CHECK_EQ(sigaction(SIGUSR1, &own, NULL), 0);
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2);
    raise(SIGUSR1);
    CHECK_EQ(handled, 0); /* delivered here only */
    xie_signals_close(signals);
    raise(SIGUSR1);
    CHECK_EQ(handled, SIGUSR1);
    CHECK_EQ(sigaction(SIGUSR2, NULL, &now), 0);
    CHECK(now.sa_handler == SIG_DFL);
    return 0;
}

IN_TASK(caught_once)
{
    struct xie_signals *signals = open_two(SIGUSR1, SIGUSR2), *second = NULL;
    const int both[] = {SIGHUP, SIGUSR2, 0}, other[] = {SIGHUP, 0};
    struct sigaction now;
    CHECK_EQ(xie_signals_open(both, &second), -EBUSY);
    CHECK(!second);
    CHECK_EQ(sigaction(SIGHUP, NULL, &now), 0);
    CHECK(now.sa_handler == SIG_DFL);              /* the first of the two was given back */
    CHECK_EQ(xie_signals_open(other, &second), 0); /* several objects, each its own */
    raise(SIGHUP);
    raise(SIGUSR1);
    CHECK_EQ(xie_signals_wait(second), SIGHUP);
    CHECK_EQ(xie_signals_wait(signals), SIGUSR1);
    xie_signals_close(second);
    xie_signals_close(signals);
    signals = open_two(SIGUSR1, SIGUSR2); /* and again */
    xie_signals_close(signals);
    return 0;
}

IN_TASK(lists_that_cannot_be)
{
    static const int lists[][4] = {
        {0},         {SIGKILL, 0},        {SIGSTOP, 0},        {SIGSEGV, 0},
        {SIGBUS, 0}, {SIGFPE, 0},         {SIGILL, 0},         {-1, 0},
        {65, 0},     {SIGHUP, SIGHUP, 0}, {SIGHUP, SIGKILL, 0}};
    struct xie_signals *signals = NULL;
    struct sigaction now;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        CHECK_EQ(xie_signals_open(lists[i], &signals), -EINVAL);
    CHECK(!signals);
    CHECK_EQ(sigaction(SIGHUP, NULL, &now), 0);
    CHECK(now.sa_handler == SIG_DFL);
    return 0;
}

/* 32 can be caught, and 33 not. */
IN_TASK(as_many_as_32)
{
    struct xie_signals *signals = NULL;
    int list[34], count = 0;
    for (int number = 1; count < 33; number++)
        if (number != SIGKILL && number != SIGSTOP && number != SIGSEGV && number != SIGBUS &&
            number != SIGFPE && number != SIGILL && (number < 32 || number >= SIGRTMIN))
            list[count++] = number;
    list[33] = 0;
    CHECK_EQ(xie_signals_open(list, &signals), -EINVAL);
    list[32] = 0;
    CHECK_EQ(xie_signals_open(list, &signals), 0);
    raise(list[31]);
    CHECK_EQ(xie_signals_wait(signals), list[31]);
    xie_signals_close(signals);
    return 0;
}

IN_TASK(a_failure_gives_all_back)
{
    const int list[] = {SIGHUP, SIGUSR1, 0};
    struct xie_signals *signals = NULL;
    struct sigaction now;
    for (unsigned nth = 1; nth <= 2; nth++) {
        xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = nth, .error = -ENOSYS};
        CHECK_EQ(xie_signals_open(list, &signals), -ENOSYS);
    }
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(xie_signals_open(list, &signals), -ENOMEM);
    xie_fault_plan.kinds = 0;
    CHECK(!signals);
    CHECK_EQ(sigaction(SIGHUP, NULL, &now), 0);
    CHECK(now.sa_handler == SIG_DFL);
    CHECK_EQ(xie_signals_open(list, &signals), 0);
    xie_signals_close(signals);
    return 0;
}

static void without_a_loop(void)
{
    const int list[] = {SIGHUP, 0};
    struct xie_signals *signals = NULL;
    CHECK_EQ(xie_signals_open(list, &signals), -EPERM);
    CHECK(!signals);
}

/* The program's own Ctrl-C takes the place of the one that cancels the main task. */
IN_TASK(sigint_may_be_caught)
{
    const int list[] = {SIGINT, 0};
    struct xie_signals *signals;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(xie_signals_open(list, &signals), 0);
        raise(SIGINT);
        CHECK_EQ(xie_signals_wait(signals), SIGINT);
        CHECK_EQ(xie_sleep(0), 0); /* not cancelled */
        xie_signals_close(signals);
    }
    raise(SIGINT);
    CHECK_EQ(xie_sleep(XIE_SECOND), -ECANCELED); /* restored */
    return 0;
}

/* --- Ctrl-C without a listener ------------------------------------------------------ */

static int interrupt_twice(void *arg)
{
    (void)arg;
    raise(SIGINT);
    if (xie_sleep(XIE_SECOND) != -ECANCELED)
        _exit(1);
    XIE_SHIELD {
        raise(SIGINT); /* whatever the program makes of the first */
        xie_sleep(XIE_HOUR);
    }
    return 0;
}

static void run_interrupted_twice(void *arg)
{
    _exit(xie_run(interrupt_twice, arg));
}

static volatile sig_atomic_t interrupts;

static void count_interrupt(int number)
{
    interrupts += number == SIGINT;
}

static int interrupt_with_a_handler(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        raise(SIGINT);
    return xie_sleep(XIE_MILLISECOND); /* not cancelled */
}

/* A program's own handler, or its wish to hear of none, is left alone. */
static void a_handler_of_the_programs_own_stays(void)
{
    struct sigaction own = {.sa_handler = count_interrupt}, now;
    CHECK_EQ(sigaction(SIGINT, &own, NULL), 0);
    CHECK_EQ(xie_run(interrupt_with_a_handler, NULL), 0);
    CHECK_EQ(interrupts, 3);
    CHECK_EQ(sigaction(SIGINT, NULL, &now), 0);
    CHECK(now.sa_handler == count_interrupt);
    signal(SIGINT, SIG_IGN);
    CHECK_EQ(xie_run(interrupt_with_a_handler, NULL), 0);
    CHECK_EQ(sigaction(SIGINT, NULL, &now), 0);
    CHECK(now.sa_handler == SIG_IGN);
}

static void the_second_interrupt_ends_the_program(void)
{
    char text[256];
    int status = tap_child(run_interrupted_twice, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGINT);
}

/* The thread that the signal lands on need not be the loop's, nor be done when that ends. */
static int racing;

static void *interrupt_me(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&racing, __ATOMIC_SEQ_CST))
        sched_yield();
    raise(SIGINT);
    return NULL;
}

static int let_race(void *arg)
{
    for (volatile int i = 0; i < *(int *)arg; i++)
        ;
    __atomic_store_n(&racing, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void run_racing(void *arg)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, interrupt_me, NULL))
        _exit(1);
    int result = xie_run(let_race, arg);
    pthread_join(thread, NULL);
    _exit(result);
}

/* It comes before the end, or after it, and then kills: but it never touches what is gone. */
static void an_interrupt_while_the_loop_ends(void)
{
    char text[4096];
    for (int i = 0; i < (tap_slow() ? 10 : 50); i++) {
        int status = tap_child(run_racing, &i, text, sizeof text);
        CHECK(!status || (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT));
        CHECK_STR(text, "");
    }
}

/* --- several loops, and much at once ------------------------------------------------ */

struct other {
    pthread_t thread;
    int number, seen;
    int ready;
};

static int wait_in_loop(void *arg)
{
    struct other *other = arg;
    const int list[] = {other->number, 0};
    struct xie_signals *signals;
    int error = xie_signals_open(list, &signals);
    if (error)
        return error;
    __atomic_store_n(&other->ready, 1, __ATOMIC_SEQ_CST);
    other->seen = xie_signals_wait(signals);
    xie_signals_close(signals);
    return 0;
}

static void *loop_of_its_own(void *arg)
{
    CHECK_EQ(xie_run(wait_in_loop, arg), 0);
    return NULL;
}

static void several_loops(void)
{
    struct other others[2] = {{.number = SIGUSR1}, {.number = SIGUSR2}};
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&others[i].thread, NULL, loop_of_its_own, &others[i]), 0);
    for (int i = 0; i < 2; i++)
        while (!__atomic_load_n(&others[i].ready, __ATOMIC_SEQ_CST))
            usleep(1000);
    kill(getpid(), SIGUSR2); /* on whichever thread it lands */
    kill(getpid(), SIGUSR1);
    for (int i = 0; i < 2; i++)
        pthread_join(others[i].thread, NULL);
    CHECK_EQ(others[0].seen, SIGUSR1);
    CHECK_EQ(others[1].seen, SIGUSR2);
}

static int storming = 1;

static void *storm(void *arg)
{
    (void)arg;
    while (__atomic_load_n(&storming, __ATOMIC_SEQ_CST))
        kill(getpid(), SIGUSR1);
    return NULL;
}

/* Opened and closed while signals rain down on both threads: no handler touches what is gone. */
IN_TASK(a_storm)
{
    const int list[] = {SIGUSR1, 0};
    pthread_t thread;
    struct xie_signals *signals;
    signal(SIGUSR1, SIG_IGN);
    CHECK_EQ(pthread_create(&thread, NULL, storm, NULL), 0);
    for (int i = 0; i < (tap_slow() ? 20 : 200); i++) {
        CHECK_EQ(xie_signals_open(list, &signals), 0);
        CHECK_EQ(xie_signals_wait(signals), SIGUSR1);
        xie_signals_close(signals);
    }
    __atomic_store_n(&storming, 0, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_signal_that_came_before", a_signal_that_came_before},
        {"a_signal_that_comes_while_all_wait", a_signal_that_comes_while_all_wait},
        {"timers_go_on_while_a_signal_is_awaited", timers_go_on_while_a_signal_is_awaited},
        {"equal_signals_count_once_and_different_ones_each",
         equal_signals_count_once_and_different_ones_each},
        {"a_frequent_signal_does_not_hide_another", a_frequent_signal_does_not_hide_another},
        {"real_time_signals", real_time_signals},
        {"one_waiter_at_a_time", one_waiter_at_a_time},
        {"an_interrupted_wait_loses_no_signal", an_interrupted_wait_loses_no_signal},
        {"close_ends_the_one_who_waits", close_ends_the_one_who_waits},
        {"close_restores_what_was_before", close_restores_what_was_before},
        {"caught_once", caught_once},
        {"lists_that_cannot_be", lists_that_cannot_be},
        {"as_many_as_32", as_many_as_32},
        {"a_failure_gives_all_back", a_failure_gives_all_back},
        {"without_a_loop", without_a_loop},
        {"sigint_may_be_caught", sigint_may_be_caught},
        {"system_calls_of_other_code_go_on", system_calls_of_other_code_go_on},
        {"a_handler_of_the_programs_own_stays", a_handler_of_the_programs_own_stays},
        {"the_second_interrupt_ends_the_program", the_second_interrupt_ends_the_program},
        {"an_interrupt_while_the_loop_ends", an_interrupt_while_the_loop_ends},
        {"several_loops", several_loops},
        {"a_storm", a_storm},
        {0},
    };
    return tap_main(argc, argv, tests);
}
