/* where_glibc.c - a thread's stack, printed by itself in a handler of a signal.
 * Floor 2. With backtrace(3); the signal is a real-time one that nobody handles. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <execinfo.h>
#include <limits.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/misuse.h"
#include "base/sys.h"
#include "loop/where.h"

enum {
    XIE_FRAMES_MOST = 32,
    XIE_FRAMES_OURS = 2,        /* the handler, and what the kernel put below it */
    XIE_PATIENCE_NS = 100000000 /* for a thread that has the signal blocked */
};

static int ask;        /* the signal; 0: none was free */
static sem_t answered; /* posted by the handler */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void on_ask(int number)
{
    int saved = errno;
    void *frames[XIE_FRAMES_MOST];
    int count = backtrace(frames, XIE_FRAMES_MOST);
    (void)number;
    if (count > XIE_FRAMES_OURS)
        backtrace_symbols_fd(frames + XIE_FRAMES_OURS, count - XIE_FRAMES_OURS, STDERR_FILENO);
    sem_post(&answered);
    errno = saved;
}

/* Another thread may be asking while one forks. */
static void forget_who_asks(void)
{
    pthread_mutex_init(&one_at_a_time, NULL);
}

static void prepare(void)
{
    struct sigaction now, ours = {.sa_handler = on_ask, .sa_flags = SA_RESTART | SA_ONSTACK};
    void *frame;
    sem_init(&answered, 0, 0);
    pthread_atfork(NULL, NULL, forget_who_asks);
    backtrace(&frame, 1); /* its first call loads a library, which a handler may not do */
    for (int number = SIGRTMAX; number >= SIGRTMIN && !ask; number--)
        if (!xie_sys_sigaction(number, NULL, &now) && now.sa_handler == SIG_DFL &&
            !xie_sys_sigaction(number, &ours, NULL))
            ask = number;
}

void xie_where_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
}

void xie_where_print(pthread_t thread)
{
    struct timespec until;
    if (!ask)
        return;
    pthread_mutex_lock(&one_at_a_time);
    while (!sem_trywait(&answered))
        ; /* an answer that came too late */
    if (!pthread_kill(thread, ask)) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += XIE_PATIENCE_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        while (sem_timedwait(&answered, &until) && errno == EINTR)
            ;
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
