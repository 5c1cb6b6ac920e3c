/* where.c - where a thread blocks is asked by a signal, which stays the program's to use. */
/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "kit.h"

static int count_of(const char *text, const char *needle)
{
    int count = 0;
    for (; (text = strstr(text, needle)) != NULL; text++)
        count++;
    return count;
}

struct program {
    int (*fn)(void *arg);
    int64_t slow_ns;
};

static void run_program(void *arg)
{
    const struct program *program = arg;
    struct xie_loop_options options = {.debug = true, .slow_callback_ns = program->slow_ns};
    _exit(xie_run_with(&options, program->fn, NULL));
}

static char text[64 * 1024];
static int debug_run(int (*fn)(void *arg), int64_t slow_ns)
{
    struct program program = {fn, slow_ns};
    return tap_child(run_program, &program, text, sizeof text);
}

/* Block until stderr has so many lines with the needle; they are said again at the end. */
static void block_until(int lines, const char *needle)
{
    char said[16 * 1024] = "";
    size_t len = 0;
    int fds[2], kept = dup(2);
    REQUIRE(!pipe(fds));
    dup2(fds[1], 2);
    while (count_of(said, needle) < lines) {
        struct pollfd end = {.fd = fds[0], .events = POLLIN};
        if (poll(&end, 1, 5) <= 0)
            continue;
        ssize_t got = read(fds[0], said + len, sizeof said - 1 - len);
        REQUIRE(got > 0);
        len += (size_t)got;
    }
    dup2(kept, 2);
    close(kept);
    close(fds[0]);
    close(fds[1]);
    fputs(said, stderr);
}

static void stack_is_shown(void)
{
    block_until(3, "[0x"); /* frames */
}

static volatile sig_atomic_t told_so_far; /* of the program's own handler */

static void own_handler(int number)
{
    (void)number;
    told_so_far++;
}

/* The one that debug mode has taken: the only real-time signal with a handler. 0: none */
static int signal_taken(void)
{
    struct sigaction now;
    for (int number = SIGRTMAX; number >= SIGRTMIN; number--)
        if (!sigaction(number, NULL, &now) && now.sa_handler != SIG_DFL &&
            now.sa_handler != own_handler)
            return number;
    return 0;
}

static int take_it_over(void *arg)
{
    struct sigaction own = {.sa_handler = own_handler}, now;
    int number = signal_taken();
    (void)arg;
    CHECK_EQ(number, SIGRTMAX);
    CHECK_EQ(sigaction(number, &own, NULL), 0);
    stack_is_shown(); /* all the same */
    CHECK_EQ(told_so_far, 0);
    raise(number);
    CHECK_EQ(told_so_far, 1);
    CHECK(!sigaction(number, NULL, &now) && now.sa_handler == own_handler);
    CHECK_EQ(signal_taken(), number - 1);
    return 0;
}

static void a_program_may_take_the_signal_that_asks(void)
{
    if (tap_slow())
        tap_skip("signals come late, or stacks look different, under tools");
    CHECK_EQ(debug_run(take_it_over, 5 * XIE_MILLISECOND), 0);
}

static int open_it(void *arg)
{
    struct xie_signals *signals;
    int number = signal_taken(), came = 0;
    (void)arg;
    REQUIRE(!xie_signals_open((int[]){number, 0}, &signals));
    stack_is_shown();
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        came = xie_signals_wait(signals);
    CHECK_EQ(came, -ETIMEDOUT); /* the watch has sent it none */
    raise(number);
    CHECK_EQ(xie_signals_wait(signals), number);
    xie_signals_close(signals);
    stack_is_shown();
    return 0;
}

static void so_may_who_waits_for_it(void)
{
    if (tap_slow())
        tap_skip("signals come late, or stacks look different, under tools");
    CHECK_EQ(debug_run(open_it, 5 * XIE_MILLISECOND), 0);
}

static int not_the_highest(void *arg)
{
    sigset_t pending;
    (void)arg;
    CHECK_EQ(signal_taken(), SIGRTMAX - 2);
    stack_is_shown();
    CHECK(!sigpending(&pending) && !sigismember(&pending, SIGRTMAX));
    return 0;
}

/* One that is blocked is for sigwait(3); one with a handler is somebody's. */
static void a_signal_that_is_used_already_is_left_alone(void)
{
    struct sigaction own = {.sa_handler = own_handler};
    sigset_t mask;
    if (tap_slow())
        tap_skip("signals come late, or stacks look different, under tools");
    sigemptyset(&mask);
    sigaddset(&mask, SIGRTMAX);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    CHECK_EQ(sigaction(SIGRTMAX - 1, &own, NULL), 0);
    CHECK_EQ(debug_run(not_the_highest, 5 * XIE_MILLISECOND), 0);
    CHECK_EQ(told_so_far, 0);
}

static int no_signal_is_free(void *arg)
{
    (void)arg;
    CHECK_EQ(signal_taken(), 0);
    block_until(3, "has been running");
    return 0;
}

static void where_none_is_free_it_says_so_once(void)
{
    struct sigaction own = {.sa_handler = own_handler};
    if (tap_valgrind())
        tap_skip("valgrind keeps a real-time signal for itself");
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        CHECK_EQ(sigaction(number, &own, NULL), 0);
    CHECK_EQ(debug_run(no_signal_is_free, 2 * XIE_MILLISECOND), 0);
    CHECK_EQ(count_of(text, "no real-time signal is free"), 1);
    CHECK_EQ(count_of(text, "[0x"), 0);
    CHECK_EQ(told_so_far, 0);
}

/* Blocked once the loop runs, it is asked once, and tells once, late. */
static int block_all(void *arg)
{
    sigset_t all, before;
    (void)arg;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    block_until(4, "has been running");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return 0;
}

static void a_thread_that_does_not_hear_is_not_asked_again(void)
{
    if (tap_slow())
        tap_skip("signals come late, or stacks look different, under tools");
    CHECK_EQ(debug_run(block_all, XIE_MILLISECOND), 0);
    char last[1024] = ""; /* the outermost frame: one stack has one */
    const char *end = strstr(text, "xie: task 'main' (spawned at xie_run, function ");
    while (end && strstr(end + 1, "xie: task"))
        end = strstr(end + 1, "xie: task");
    REQUIRE(end && end > text);
    const char *line = end - 1;
    while (line > text && line[-1] != '\n')
        line--;
    snprintf(last, sizeof last, "%.*s", (int)(end - line), line);
    CHECK(strstr(last, "[0x"));
    /* Once, and once more if it took so long to end that it was named again. */
    CHECK(2 * count_of(text, last) <= count_of(text, "has been running"));
}

static void *run_deaf(void *arg)
{
    struct xie_loop_options options = {.debug = true};
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    CHECK_EQ(xie_run_with(&options, arg, NULL), 0);
    return NULL;
}

static int nothing(void *arg)
{
    return arg != NULL;
}

static int beside_the_deaf(void *arg)
{
    pthread_t thread;
    REQUIRE(!pthread_create(&thread, NULL, run_deaf, (void *)(uintptr_t)nothing));
    pthread_join(thread, NULL);
    stack_is_shown();
    return arg != NULL;
}

/* Threads that block every signal, as those do that compute, use none of them. */
static void a_thread_that_blocks_all_takes_none_away(void)
{
    if (tap_slow())
        tap_skip("signals come late, or stacks look different, under tools");
    CHECK_EQ(debug_run(beside_the_deaf, 5 * XIE_MILLISECOND), 0);
}

static int raise_it(void *arg)
{
    (void)arg;
    raise(signal_taken());
    return 0;
}

static void from_others_it_ends_the_program_as_ever(void)
{
    if (tap_valgrind() || getenv("XIE_TEST_SLOW"))
        tap_skip("valgrind and emulators keep a real-time signal for themselves");
    int status = debug_run(raise_it, 10 * XIE_SECOND);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGRTMAX);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a program may take the signal that asks", a_program_may_take_the_signal_that_asks},
        {"so may who waits for it", so_may_who_waits_for_it},
        {"a signal that is used already is left alone",
         a_signal_that_is_used_already_is_left_alone},
        {"where none is free it says so once", where_none_is_free_it_says_so_once},
        {"a thread that does not hear is not asked again",
         a_thread_that_does_not_hear_is_not_asked_again},
        {"a thread that blocks all takes none away", a_thread_that_blocks_all_takes_none_away},
        {"from others it ends the program as ever", from_others_it_ends_the_program_as_ever},
        {0},
    };
    return tap_main(argc, argv, tests);
}
