/* loop.c - the event loop: a turn, the ready queue's budget, waking from outside.
 * Floor 2. Knows backends by their table and tasks not at all. */
/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/memory.h"
#include "base/option.h"
#include "base/standard.h"
#include "base/sys.h"
#include "loop/warm.h"

/* How many items run between two looks at the clock. It adapts: items that take long (a
 * tenth of a millisecond for the whole step) make it small, so that timers and I/O are looked
 * at after each; items of nanoseconds make it large, so that the look costs nothing. */
enum {
    XIE_STEP_MOST = 64,
    XIE_STEP_SLOW_NS = 100000, /* of a step: shrink it */
    XIE_STEP_FAST_NS = 20000,  /* of a step: grow it */
    XIE_TURN_NS = 200000,      /* of a turn: look at the kernel */
    XIE_TURN_STEPS = 8,
    XIE_TURN_TIMERS = 1024 /* fired in a turn: so many still stand in the cache when they run */
};

__thread struct xie_loop *xie_loop_here;

struct xie_loop *xie_loop_current(void)
{
    return xie_loop_here;
}

const char *xie_loop_backend(const struct xie_loop *loop)
{
    return loop->backend->name;
}

uint64_t xie_loop_trace(const struct xie_loop *loop)
{
    return loop->trace;
}

bool xie_loop_debug(const struct xie_loop *loop)
{
    return loop->watch;
}

int64_t xie_now(void)
{
    return xie_sys_clock();
}

/* --- a turn ------------------------------------------------------------------------- */

/* Run what is ready, in steps, until nothing is or the turn has lasted long enough. */
static void run_ready(struct xie_loop *loop)
{
    int64_t start = 0, last = 0;

    for (int step = 0; loop->ready_head && step < XIE_TURN_STEPS; step++) {
        loop->budget = loop->step;
        while (loop->ready_head && loop->budget) {
            loop->budget--; /* tasks that switch to each other count it down as well */
            struct xie_ready *item = xie_loop_take(loop);
            item->run(item);
            if (__builtin_expect(loop->watch != NULL, 0))
                xie_watchdog_leave(loop->watch);
        }
        if (!loop->ready_head)
            break;
        int64_t now = xie_sys_clock();
        if (!start)
            start = now; /* the first step is measured from its end: one look less */
        else if (now - last > XIE_STEP_SLOW_NS)
            loop->step = loop->step > 4 ? loop->step / 4 : 1;
        else if (now - last < XIE_STEP_FAST_NS && loop->step < XIE_STEP_MOST)
            loop->step *= 2;
        if (now - start > XIE_TURN_NS)
            break;
        last = now;
    }
    loop->budget = 0;
}

/* How long the kernel may be waited for. */
static int64_t idle_time(struct xie_loop *loop)
{
    if (loop->ready_head)
        return 0;
    int64_t next = xie_timers_next(&loop->timers);
    if (next == XIE_NEVER)
        return XIE_NEVER;
    int64_t now = xie_sys_clock();
    return next > now ? next - now : 0;
}

/* Idle: memory that is free goes back to the system. return true: there is more. On sim never:
 * turns cost time there, which is to follow from the seed, not from what the thread did before. */
static bool tidy(struct xie_loop *loop)
{
    bool more = xie_stack_trim();
    while (more && loop->backend == &xie_backend_sim)
        more = xie_stack_trim();
    if (loop->warm_count > 1)
        xie_warm_cool(loop, xie_sys_clock());
    return more;
}

int xie_loop_turns(struct xie_loop *loop, bool (*ended)(struct xie_loop *loop))
{
    for (;;) {
        run_ready(loop);
        if (ended(loop))
            return 0;
        int64_t timeout_ns = idle_time(loop);
        if (timeout_ns && tidy(loop))
            timeout_ns = 0; /* idle as it is: a look, and more is given back */
        int error = loop->backend->wait(loop, timeout_ns);
        if (__atomic_load_n(&loop->inbox, __ATOMIC_RELAXED))
            xie_loop_collect(loop);
        if (__atomic_exchange_n(&loop->interrupted, false, __ATOMIC_ACQUIRE))
            loop->on_interrupt(loop);
        if (__atomic_exchange_n(&loop->signalled, false, __ATOMIC_ACQUIRE))
            loop->on_signal(loop);
        if (loop->timers.count)
            xie_timers_run(&loop->timers, xie_sys_clock(), XIE_TURN_TIMERS);
        if (error && !loop->ready_head)
            return error;
    }
}

/* --- open and close ----------------------------------------------------------------- */

static struct xie_option seed_option = {"XIE_SEED", 0, UINT64_MAX, 1, false};
static struct xie_option stack_option = {"XIE_STACK", XIE_STACK_LEAST, XIE_STACK_MOST,
                                         XIE_STACK_DEFAULT, false};
static struct xie_option debug_option = {"XIE_DEBUG", 0, 1, 0, false};

/* The options' word on the backend, else the environment's. */
static int open_backend(struct xie_loop *loop, const struct xie_loop_options *options)
{
    const char *name = options->backend && *options->backend ? options->backend : NULL;
    return xie_backend_open(loop, name, options->backend ? NULL : "XIE_BACKEND");
}

/* Nothing is ready there, and what becomes so goes nowhere: a task that waits or returns in the
 * child ends up in the dead backend. */
void xie_loop_die_in_child(void)
{
    static struct xie_ready *nowhere;
    struct xie_loop *loop = xie_loop_here;
    xie_sys_use(NULL);
    xie_loop_here = NULL;
    if (!loop)
        return;
    loop->backend = &xie_backend_dead;
    loop->ready_head = NULL;
    loop->ready_tail = &nowhere;
    xie_list_init(&loop->link);
}

/* Writing to a closed pipe is an error for the writer, not a signal for the process. */
static void ignore_sigpipe(void)
{
    struct sigaction now;
    if (!sigaction(SIGPIPE, NULL, &now) && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

int xie_loop_open(struct xie_loop *loop, const struct xie_loop_options *options)
{
    static const struct xie_loop_options defaults;
    if (xie_loop_here)
        return -EBUSY;
    if (!options)
        options = &defaults;

    memset(loop, 0, sizeof *loop);
    loop->ready_tail = &loop->ready_head;
    loop->step = 1;
    loop->seed = options->seed ? options->seed : xie_option_number(&seed_option);
    loop->stack_size =
        options->stack_size ? options->stack_size : (size_t)xie_option_number(&stack_option);
    xie_list_init(&loop->tasks);
    xie_list_init(&loop->ended);
    xie_list_init(&loop->transports);

    xie_standard_open();
    int error = open_backend(loop, options);
    if (error)
        return error;
    if (options->debug || xie_option_number(&debug_option))
        error = xie_watchdog_open(loop, options->slow_callback_ns);
    if (error) {
        loop->backend->close(loop);
        return error;
    }
    xie_timers_init(&loop->timers, xie_sys_clock());
    ignore_sigpipe();
    xie_loop_here = loop;
    xie_loop_admit(loop);
    return 0;
}

void xie_loop_close(struct xie_loop *loop)
{
    xie_loop_refuse(loop);
    xie_calls_drop(loop);
    xie_watchdog_close(loop);
    xie_loop_here = NULL;
    loop->backend->close(loop);
    xie_release(loop->scratch);
    while (loop->warm_count)
        xie_release(loop->warm[--loop->warm_count]);
    while (xie_stack_trim())
        ;
}
