/* watchdog.c - the thread that looks at what a loop runs, and since when.
 * Floor 2. Both sides go through one mutex: debug mode may cost that, and a name cannot go away
 * while it is printed. The clock is the real one, on sim too. */
/* SPDX-License-Identifier: MIT */
#include "loop/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "loop/loop.h"
#include "loop/where.h"

enum { XIE_SLOW_MS = 100, XIE_SLOW_HOURS_MOST = 1000 };

struct xie_watchdog {
    pthread_mutex_t lock;
    pthread_cond_t change;
    pthread_t thread, watched;
    bool threaded, ending;

    int64_t slow_ns;
    int64_t since; /* when what runs began; 0: nothing runs */
    int64_t due;   /* when it is named next */
    const char *name, *where;
    void *fn;
};

static int64_t real_now(void)
{
    return xie_sys_linux.clock();
}

static unsigned watching; /* atomic: threads that watch, in this process */

unsigned xie_watchdog_threads(void)
{
    return __atomic_load_n(&watching, __ATOMIC_RELAXED);
}

/* --- the thread, under the lock ----------------------------------------------------- */

static void name_it(struct xie_watchdog *watch, const char *doing, int64_t ran_ns)
{
    long long ms = ran_ns / XIE_MILLISECOND;
    if (watch->name)
        xie_report("task '%s' (spawned at %s, function %p) %s for %lld ms without waiting",
                   watch->name, watch->where, watch->fn, doing, ms);
    else
        xie_report("a callback (function %p) %s for %lld ms", watch->fn, doing, ms);
}

static void look(struct xie_watchdog *watch)
{
    int64_t now = real_now();
    if (!watch->since || now < watch->due)
        return;
    int64_t ran = now - watch->since;
    name_it(watch, "has been running", ran);
    xie_where_print(watch->watched);
    watch->due = watch->since + 2 * ran;
}

/* Nothing can become slow earlier than slow_ns from now, but for what runs already. */
static int64_t next_look(const struct xie_watchdog *watch)
{
    int64_t next = real_now() + watch->slow_ns;
    return watch->since && watch->due < next ? watch->due : next;
}

static void *watch_main(void *arg)
{
    struct xie_watchdog *watch = arg;
    pthread_setname_np(pthread_self(), "xie-watch");
    pthread_mutex_lock(&watch->lock);
    while (!watch->ending) {
        int64_t next = next_look(watch);
        struct timespec until = {next / XIE_SECOND, next % XIE_SECOND};
        pthread_cond_timedwait(&watch->change, &watch->lock, &until);
        if (!watch->ending)
            look(watch);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

/* It hears no signal: those are for the program's own threads. */
static void thread_start(struct xie_watchdog *watch)
{
    sigset_t all, before;
    int error = -xie_fault_check(XIE_FAULT_SYSCALL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (!error)
        error = pthread_create(&watch->thread, NULL, watch_main, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    watch->threaded = !error;
    if (!error)
        __atomic_add_fetch(&watching, 1, __ATOMIC_RELAXED);
    if (error)
        xie_report("debug mode has no thread to watch the loop: %s", xie_strerror(-error));
}

/* --- the loop's side ---------------------------------------------------------------- */

/* What ran has ended. Under the lock. */
static void end_item(struct xie_watchdog *watch, int64_t now)
{
    if (watch->since && now - watch->since >= watch->slow_ns)
        name_it(watch, "ran", now - watch->since);
    watch->since = 0;
}

void xie_watchdog_enter(struct xie_watchdog *watch, const char *name, const char *where, void *fn)
{
    int64_t now = real_now();
    pthread_mutex_lock(&watch->lock);
    end_item(watch, now);
    watch->since = now;
    watch->due = now + watch->slow_ns;
    watch->name = name;
    watch->where = where;
    watch->fn = fn;
    pthread_mutex_unlock(&watch->lock);
}

void xie_watchdog_leave(struct xie_watchdog *watch)
{
    int64_t now = real_now();
    pthread_mutex_lock(&watch->lock);
    end_item(watch, now);
    pthread_mutex_unlock(&watch->lock);
}

void xie_watchdog_rename(struct xie_watchdog *watch, const char *name)
{
    pthread_mutex_lock(&watch->lock);
    watch->name = name;
    pthread_mutex_unlock(&watch->lock);
}

/* This thread's loop, while it is watched. */
static _Thread_local struct xie_loop *watched_here;

/* A child made by fork has no such thread, and perhaps a lock that it held. */
static void forget_watch(void)
{
    watching = 0;
    if (!watched_here)
        return;
    xie_release(watched_here->watch);
    watched_here->watch = NULL;
    watched_here = NULL;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_watch);
}

int xie_watchdog_open(struct xie_loop *loop, int64_t slow_ns)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_condattr_t clock;
    pthread_once(&once, watch_forks);
    struct xie_watchdog *watch = xie_alloc_zero(sizeof *watch);
    if (!watch)
        return -ENOMEM;
    if (slow_ns <= 0)
        slow_ns = XIE_SLOW_MS * XIE_MILLISECOND;
    watch->slow_ns =
        slow_ns < XIE_SLOW_HOURS_MOST * XIE_HOUR ? slow_ns : XIE_SLOW_HOURS_MOST * XIE_HOUR;
    watch->watched = pthread_self();
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->change, &clock);
    pthread_condattr_destroy(&clock);
    xie_where_prepare();
    thread_start(watch);
    loop->watch = watch;
    watched_here = loop;
    return 0;
}

void xie_watchdog_close(struct xie_loop *loop)
{
    struct xie_watchdog *watch = loop->watch;
    if (!watch)
        return;
    loop->watch = NULL;
    watched_here = NULL;
    pthread_mutex_lock(&watch->lock);
    watch->ending = true;
    pthread_cond_signal(&watch->change);
    pthread_mutex_unlock(&watch->lock);
    if (watch->threaded) {
        __atomic_sub_fetch(&watching, 1, __ATOMIC_RELAXED);
        pthread_join(watch->thread, NULL);
    }
    pthread_cond_destroy(&watch->change);
    pthread_mutex_destroy(&watch->lock);
    xie_release(watch);
}
