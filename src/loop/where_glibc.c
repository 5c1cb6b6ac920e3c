/* where_glibc.c - a thread's stack, printed by itself in a handler of a signal.
 * Floor 2. With backtrace(3); the signal is a real-time one that the program does not use, and
 * another when it comes to do so. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <execinfo.h>
#include <limits.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "base/misuse.h"
#include "loop/where.h"

enum {
    XIE_FRAMES_MOST = 32,
    XIE_FRAMES_OURS = 2,        /* the handler, and what the kernel put below it */
    XIE_PATIENCE_NS = 100000000 /* for a thread that has the signal blocked */
};

static int ask;          /* the signal; 0: none was free */
static sigset_t blocked; /* by threads that are watched: their program has its own use for them */
static bool owed;        /* the last that was asked has not answered yet */
static pthread_t debtor;
static sem_t answered;                                            /* posted by the handler */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER; /* and over all of the above */

/* A signal like ours that we have not sent does what it did without us: it ends the program. */
static void on_ask(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    void *frames[XIE_FRAMES_MOST];
    (void)context;
    if (info->si_code != SI_QUEUE || info->si_value.sival_ptr != &answered) {
        signal(number, SIG_DFL);
        raise(number); /* once this returns */
        return;
    }
    int count = backtrace(frames, XIE_FRAMES_MOST);
    if (count > XIE_FRAMES_OURS)
        backtrace_symbols_fd(frames + XIE_FRAMES_OURS, count - XIE_FRAMES_OURS, STDERR_FILENO);
    sem_post(&answered);
    errno = saved;
}

/* Another thread may be asking while one forks. */
static void forget_who_asks(void)
{
    pthread_mutex_init(&one_at_a_time, NULL);
    owed = false;
}

/* --- which signal ------------------------------------------------------------------- */

static bool is_ours(const struct sigaction *action)
{
    return action->sa_flags & SA_SIGINFO && action->sa_sigaction == on_ask;
}

static bool is_default(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

/* Not by way of the table: another thread than the loop's asks as well, and a fault is none of
 * its. */
static bool take(int number)
{
    struct sigaction now,
        ours = {.sa_sigaction = on_ask, .sa_flags = SA_RESTART | SA_ONSTACK | SA_SIGINFO};
    if (sigismember(&blocked, number) || sigaction(number, NULL, &now))
        return false;
    if (is_ours(&now))
        return true;
    if (!is_default(&now) || sigaction(number, &ours, &now))
        return false;
    if (is_default(&now))
        return true;
    sigaction(number, &now, NULL); /* the program was about to take it */
    return false;
}

/* Keep the signal, unless the program has come to use it: then another. Under the lock. */
static void choose(void)
{
    if (ask && take(ask))
        return;
    ask = 0;
    for (int number = SIGRTMAX; number >= SIGRTMIN && !ask; number--)
        if (take(number))
            ask = number;
}

/* Those that a thread blocks are used otherwise, by sigwait(3), say; but who blocks all of them, as
 * threads do that only compute, uses none. */
static void avoid_blocked(void)
{
    sigset_t mask;
    bool all = true;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        all &= sigismember(&mask, number) == 1;
    if (!all)
        sigorset(&blocked, &blocked, &mask);
}

static void prepare(void)
{
    void *frame;
    sem_init(&answered, 0, 0);
    sigemptyset(&blocked);
    pthread_atfork(NULL, NULL, forget_who_asks);
    backtrace(&frame, 1); /* its first call loads a library, which a handler may not do */
}

void xie_where_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    pthread_mutex_lock(&one_at_a_time);
    avoid_blocked();
    choose();
    pthread_mutex_unlock(&one_at_a_time);
}

/* --- asking ------------------------------------------------------------------------- */

/* Under the lock, which the handler does not need. return true: it has come */
static bool wait_for_answer(void)
{
    int error;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += XIE_PATIENCE_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    do
        error = sem_timedwait(&answered, &until);
    while (error && errno == EINTR);
    return !error;
}

void xie_where_print(pthread_t thread)
{
    static bool told;
    union sigval sign = {.sival_ptr = &answered};
    pthread_mutex_lock(&one_at_a_time);
    choose();
    if (!ask && !told)
        xie_report("no real-time signal is free: where a thread blocks cannot be shown");
    told = !ask;
    while (!sem_trywait(&answered))
        owed = false; /* it came too late */
    /* Signals to one that has them blocked would pile up. */
    if (ask && !(owed && pthread_equal(debtor, thread)) && !pthread_sigqueue(thread, ask, sign)) {
        owed = !wait_for_answer();
        debtor = thread;
    }
    pthread_mutex_unlock(&one_at_a_time);
}

size_t xie_where_get(void **frames, size_t cap)
{
    return (size_t)backtrace(frames, cap < INT_MAX ? (int)cap : INT_MAX);
}

void xie_where_write(void *const *frames, size_t count, int fd)
{
    backtrace_symbols_fd(frames, (int)count, fd);
}
