/* loop.c - the event loop: a turn, the ready queue's budget, waking from outside.
 * Floor 2. Knows backends by their table and tasks not at all. */
/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/misuse.h"
#include "base/sys.h"

/* How many items run between two looks at the clock. It adapts: items that take long (a
 * tenth of a millisecond for the whole step) make it small, so that timers and I/O are looked
 * at after each; items of nanoseconds make it large, so that the look costs nothing. */
enum {
    XIE_STEP_MOST = 64,
    XIE_STEP_SLOW_NS = 100000, /* of a step: shrink it */
    XIE_STEP_FAST_NS = 20000,  /* of a step: grow it */
    XIE_TURN_NS = 200000,      /* of a turn: look at the kernel */
    XIE_TURN_STEPS = 8
};

static _Thread_local struct xie_loop *thread_loop;

__attribute__((noinline)) struct xie_loop *xie_loop_current(void)
{
    return thread_loop;
}

const char *xie_loop_backend(const struct xie_loop *loop)
{
    return loop->backend->name;
}

uint64_t xie_loop_trace(const struct xie_loop *loop)
{
    return loop->trace;
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

int xie_loop_turns(struct xie_loop *loop, bool (*ended)(struct xie_loop *loop))
{
    for (;;) {
        run_ready(loop);
        if (ended(loop))
            return 0;
        int64_t timeout_ns = idle_time(loop);
        if (timeout_ns)
            xie_stack_trim();
        int error = loop->backend->wait(loop, timeout_ns);
        if (__atomic_load_n(&loop->inbox, __ATOMIC_RELAXED))
            xie_loop_collect(loop);
        if (__atomic_exchange_n(&loop->interrupted, false, __ATOMIC_ACQUIRE))
            loop->on_interrupt(loop);
        if (__atomic_exchange_n(&loop->signalled, false, __ATOMIC_ACQUIRE))
            loop->on_signal(loop);
        if (loop->timers.count)
            xie_timers_run(&loop->timers, xie_sys_clock());
        if (error && !loop->ready_head)
            return error;
    }
}

/* --- open and close ----------------------------------------------------------------- */

uint64_t xie_option_number(uint64_t given, const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    if (given)
        return given;
    if (!text || !*text)
        return otherwise;
    char *end;
    uint64_t number = strtoull(text, &end, 0);
    if (*end || *text == '-') {
        xie_report("%s=%s is not a number; %llu is used", variable, text,
                   (unsigned long long)otherwise);
        return otherwise;
    }
    return number;
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
    if (thread_loop)
        return -EBUSY;
    if (!options)
        options = &defaults;

    memset(loop, 0, sizeof *loop);
    loop->ready_tail = &loop->ready_head;
    loop->step = 1;
    loop->seed = xie_option_number(options->seed, "XIE_SEED", 1);
    loop->stack_size =
        (size_t)xie_option_number(options->stack_size, "XIE_STACK", XIE_STACK_DEFAULT);
    xie_list_init(&loop->tasks);
    xie_list_init(&loop->ended);

    const char *backend = options->backend ? options->backend : getenv("XIE_BACKEND");
    int error = xie_backend_open(loop, backend && *backend ? backend : NULL);
    if (error)
        return error;
    xie_timers_init(&loop->timers, xie_sys_clock());
    ignore_sigpipe();
    thread_loop = loop;
    xie_loop_admit(loop);
    return 0;
}

void xie_loop_close(struct xie_loop *loop)
{
    xie_loop_refuse(loop);
    xie_calls_drop(loop);
    thread_loop = NULL;
    loop->backend->close(loop);
    xie_stack_trim();
}
