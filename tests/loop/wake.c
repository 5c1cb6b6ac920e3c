/* wake.c - how long a backend waits: never less than asked, unless woken; on every backend. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "ops.h"

static void wait_for_ever(void)
{
    REQUIRE(!loop.backend->wait(&loop, XIE_NEVER));
}

static void needs_threads(void)
{
    if (on_backend("sim"))
        tap_skip("sim's time does not wait for threads");
}

/* --- time --------------------------------------------------------------------------- */

static void check_durations(void)
{
    static const int64_t durations[] = {1,       999,     1000,    49999,  999999,
                                        1000000, 1000001, 1499999, 3000001};
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        for (int round = 0; round < 5; round++) {
            int64_t start = xie_now();
            REQUIRE(!loop.backend->wait(&loop, durations[i]));
            CHECK(xie_now() - start >= durations[i]);
        }
}

static void a_wait_is_never_short(void)
{
    int fds[2];
    char got;
    loop_begin();
    check_durations();
    make_pair(fds);
    struct probe probe = recv_probe(fds[0], &got, 1);
    probe_start(&probe);
    check_durations();
    xie_op_cancel(&loop, &probe.op);
    probe_finish(&probe);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* --- waking ------------------------------------------------------------------------- */

static void a_wake_is_not_lost_before_the_wait(void)
{
    loop_begin();
    needs_threads();
    for (int i = 0; i < 100; i++) {
        loop.backend->wake(&loop);
        wait_for_ever();
    }
    loop_end();
}

static void many_wakes_are_one(void)
{
    loop_begin();
    needs_threads();
    for (int i = 0; i < 1000; i++)
        loop.backend->wake(&loop);
    wait_for_ever();
    int64_t start = xie_now();
    REQUIRE(!loop.backend->wait(&loop, 20 * XIE_MILLISECOND));
    CHECK(xie_now() - start >= 20 * XIE_MILLISECOND);
    loop_end();
}

static int told; /* atomic: what wakers have to say */

static void *wake_later(void *arg)
{
    (void)arg;
    usleep(20000);
    __atomic_store_n(&told, 1, __ATOMIC_RELEASE);
    loop.backend->wake(&loop);
    return NULL;
}

static void a_wait_for_centuries_does_not_overflow(void)
{
    pthread_t thread;
    loop_begin();
    needs_threads();
    for (int i = 0; i < 2; i++) {
        __atomic_store_n(&told, 0, __ATOMIC_RELEASE);
        REQUIRE(!pthread_create(&thread, NULL, wake_later, NULL));
        REQUIRE(!loop.backend->wait(&loop, XIE_NEVER - (i ? XIE_SECOND : 1)));
        CHECK(__atomic_load_n(&told, __ATOMIC_ACQUIRE));
        pthread_join(thread, NULL);
    }
    loop_end();
}

enum { WAKERS = 4, WAKES = 3000 };

static void *wake_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < WAKES; i++) {
        __atomic_add_fetch(&told, 1, __ATOMIC_RELEASE);
        loop.backend->wake(&loop);
        if (i % 64 == 0)
            usleep(10);
    }
    return NULL;
}

/* Looks and waits in turns, as a loop that is busy now and then: whoever has told something
 * that was not seen makes the wait return. */
static void no_wake_is_lost_among_threads(void)
{
    pthread_t threads[WAKERS];
    loop_begin();
    needs_threads();
    for (int i = 0; i < WAKERS; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, wake_often, NULL));
    for (int seen = 0; seen < WAKERS * WAKES;) {
        int now = __atomic_load_n(&told, __ATOMIC_ACQUIRE);
        bool news = now != seen;
        seen = now;
        if (seen < WAKERS * WAKES)
            REQUIRE(!loop.backend->wait(&loop, news ? 0 : XIE_NEVER));
    }
    for (int i = 0; i < WAKERS; i++)
        pthread_join(threads[i], NULL);
    loop_end();
}

static void on_signal(int number)
{
    (void)number;
    __atomic_store_n(&told, 1, __ATOMIC_RELEASE);
    loop.backend->wake(&loop);
}

static void *signal_oneself(void *arg)
{
    sigset_t set;
    (void)arg;
    usleep(20000);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGUSR1);
    return NULL;
}

static void a_signal_handler_wakes(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t set;
    pthread_t thread;
    loop_begin();
    needs_threads();
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1); /* on the loop's own thread, before the wait */
    wait_for_ever();
    CHECK(told);
    told = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* only the wake can end the wait */
    REQUIRE(!pthread_create(&thread, NULL, signal_oneself, NULL));
    while (!__atomic_load_n(&told, __ATOMIC_ACQUIRE))
        wait_for_ever();
    pthread_join(thread, NULL);
    loop_end();
}

/* --- signals and haste -------------------------------------------------------------- */

static void nothing(int number)
{
    (void)number;
}

static void interruptions_are_no_errors(void)
{
    struct sigaction action = {.sa_handler = nothing};
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    int fds[2];
    loop_begin();
    make_pair(fds);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 500; i++) {
        char sent = (char)i, got = 0;
        struct probe reader = recv_probe(fds[1], &got, 1);
        probe_start(&reader);
        if (i % 10 == 0)
            settle();
        send_all(fds[0], &sent, 1);
        CHECK_EQ(probe_finish(&reader), 1);
        CHECK_EQ(got, sent);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void *send_later(void *arg)
{
    int fd = *(int *)arg;
    usleep(10000);
    return send(fd, "x", 1, 0) == 1 ? arg : NULL;
}

static void a_loop_that_only_looks_sees_it_too(void)
{
    int fds[2];
    char got = 0;
    pthread_t thread;
    loop_begin();
    needs_threads();
    make_pair(fds);
    struct probe reader = recv_probe(fds[1], &got, 1);
    probe_start(&reader);
    REQUIRE(!pthread_create(&thread, NULL, send_later, &fds[0]));
    while (!probe_over(&reader))
        REQUIRE(!loop.backend->wait(&loop, 0));
    CHECK_EQ(probe_finish(&reader), 1);
    CHECK_EQ(got, 'x');
    pthread_join(thread, NULL);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static const struct tap_test tests[] = {
    {"a wait is never short", a_wait_is_never_short},
    {"a wake is not lost before the wait", a_wake_is_not_lost_before_the_wait},
    {"many wakes are one", many_wakes_are_one},
    {"a wait for centuries does not overflow", a_wait_for_centuries_does_not_overflow},
    {"no wake is lost among threads", no_wake_is_lost_among_threads},
    {"a signal handler wakes", a_signal_handler_wakes},
    {"interruptions are no errors", interruptions_are_no_errors},
    {"a loop that only looks sees it too", a_loop_that_only_looks_sees_it_too},
    {0}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
