/* loop.h - running a program on an event loop, delayed calls, calls from other threads.
 * Floor 2. One loop per thread; callbacks run on the loop's own stack and may not wait. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_H
#define XIE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An event loop; opaque, owns the kernel's objects. */
struct xie_loop;

/* How to make a loop; zero is the default of each. Where an option is not given, a variable of the
 * environment is asked, which is a number, decimal or with 0x (XIE_BACKEND: a name). One that says
 * something else is told on stderr, once, with what is allowed, and the default holds; an unknown
 * backend, and a wrong chance of sim's (XIE_SIM_…), is -EINVAL. */
struct xie_loop_options {
    const char *backend;      /* "uring", "epoll", "kqueue", "poll", "sim"; NULL: XIE_BACKEND, else
                                 probing */
    uint64_t seed;            /* of sim's scheduler and faults; 0: XIE_SEED, else 1 */
    size_t stack_size;        /* of tasks [bytes]; 0: XIE_STACK, else 256 KiB; 16 KiB to 1 GiB */
    bool debug;               /* debug mode (xie/debug.h); false: XIE_DEBUG, 0 or 1, else not */
    int64_t slow_callback_ns; /* in debug mode, how long may one run without waiting; 0: 100 ms */
};

/**
 * Run a program: make a loop in this thread, run main_fn as its first task, and when that
 * ends cancel and join what still runs.
 *
 * main_fn  the main task; arg is borrowed
 * return   what main_fn returned, or the error that kept the loop from starting
 * errors   -EBUSY this thread already has a loop; -ENOMEM -EMFILE; -EINVAL unknown backend
 * note     the first SIGINT cancels the main task (if the program has no handler of its own), the
 *          second ends the program. A child made by fork(2) has no loop: there every call that
 *          waits returns -EPERM, and a task that returns aborts; it may exec, _exit, or run a
 *          loop of its own
 * source   asyncio.run
 */
XIE_API int xie_run(int (*main_fn)(void *arg), void *arg);

/* As xie_run with options. source asyncio.run(debug, loop_factory) */
XIE_API int xie_run_with(const struct xie_loop_options *options, int (*main_fn)(void *arg),
                         void *arg);

/* A loop for several runs; opaque. */
struct xie_runner;

/**
 * Make a loop in this thread, to run programs on one after the other.
 *
 * runner   receives it, owned: xie_runner_close, in the same thread; untouched on error
 * options  NULL: the defaults
 * return   0
 * errors   as xie_run
 * source   asyncio.Runner; new_event_loop
 */
XIE_API int xie_runner_open(struct xie_runner **runner, const struct xie_loop_options *options);

/**
 * Run main_fn as a task until it has ended. Other tasks, callbacks and calls from threads stand
 * still between two runs and go on in the next.
 *
 * return  what main_fn returned, or what kept the loop from going on: then every task was
 *         cancelled, and so will be what a later run starts
 * errors  -EBUSY from within a run; -ENOMEM. In another thread than the open's it aborts
 * note    the first SIGINT cancels main_fn's task, as in xie_run
 * source  asyncio Runner.run, loop.run_until_complete
 */
XIE_API int xie_runner_run(struct xie_runner *runner, int (*main_fn)(void *arg), void *arg);

/* Its loop, to call into from other threads. source asyncio Runner.get_loop */
XIE_API struct xie_loop *xie_runner_loop(struct xie_runner *runner);

/* Cancel what still runs, wait until it has ended, end the loop. NULL is ignored; from within a
 * run it aborts. source asyncio Runner.close, loop.close */
XIE_API void xie_runner_close(struct xie_runner *runner);

/* The loop of the calling thread, NULL without one. source asyncio.get_running_loop */
XIE_API struct xie_loop *xie_loop_current(void);

/* The name of its backend: "uring", "epoll", "kqueue", "poll", "sim". */
XIE_API const char *xie_loop_backend(const struct xie_loop *loop);

/* On sim: a hash of every event so far; equal for equal seeds. 0 on other backends. */
XIE_API uint64_t xie_loop_trace(const struct xie_loop *loop);

/* One item of the ready queue; embedded in tasks, calls and operations. */
struct xie_ready {
    struct xie_ready *next, **prev;
    void (*run)(struct xie_ready *self);
};

enum { XIE_TIMER_IDLE = -1, XIE_TIMER_NEAR = 1 << 16, XIE_TIMER_SORTED };

/* A deadline; visible so that it lives in its owner, who keeps it in place while it is
 * armed. Its fields are the library's. */
struct xie_timer {
    struct xie_timer *next, *prev; /* in a slot of the wheel, sorted, or siblings in the heap */
    struct xie_timer *child;       /* in the heap */
    int32_t place;                 /* a slot of the wheel, or one of the above */
    int64_t when;                  /* xie_now() time */
    uint64_t order;                /* equal deadlines fire in the order they were armed */
    void (*fire)(struct xie_timer *timer); /* on the loop's stack; only queues */
};

/* A callback that the loop will run: the caller's storage, in place until it ran or was
 * cancelled. Zero is a valid idle one. */
struct xie_call {
    struct xie_ready ready;
    struct xie_timer timer;
    struct xie_loop *loop;
    void (*fn)(void *arg);
    void *arg;
    int state; /* 0 idle, else pending */
};

/**
 * Have fn(arg) run at the loop's next turn, in order.
 *
 * call    caller's storage; zeroed before its first use
 * errors  -EBUSY call is pending already; -EPERM no loop in this thread
 * cost    no allocation
 * source  asyncio call_soon / call_later / call_at
 */
XIE_API int xie_call_soon(struct xie_call *call, void (*fn)(void *arg), void *arg);
/* The same after delay_ns (<= 0: as soon), never early. */
XIE_API int xie_call_later(struct xie_call *call, int64_t delay_ns, void (*fn)(void *arg),
                           void *arg);
/* The same at an absolute time of xie_now. */
XIE_API int xie_call_at(struct xie_call *call, int64_t when, void (*fn)(void *arg), void *arg);

/* Take a call back. return true: it will not run; false: it was not pending. In constant time.
 * source asyncio Handle.cancel */
XIE_API bool xie_call_cancel(struct xie_call *call);

/* True until it runs or is cancelled: asyncio Handle.cancelled, the other way round. */
XIE_API bool xie_call_pending(const struct xie_call *call);

/* When a pending call is due; XIE_NEVER when it is not pending, 0 when it is due already.
 * source asyncio TimerHandle.when */
XIE_API int64_t xie_call_when(const struct xie_call *call);

/**
 * Have fn(arg) run on loop, from any thread, in the order of the calls of each thread.
 *
 * loop    one that has ended answers an error. Hold it by xie_loop_ref where that may happen:
 *         a later loop could lie at the address of one that nobody holds
 * errors  -ENOMEM; XIE_ECLOSED the loop has ended: fn will not be called. After 0 it is
 * cost    one allocation, a mutex, at most one write to wake the loop
 * safe    from any thread, and from the loop's own
 * source  asyncio call_soon_threadsafe
 */
XIE_API int xie_loop_call(struct xie_loop *loop, void (*fn)(void *arg), void *arg);

/**
 * Hold a loop's handle beyond its end: for other threads. While it is held no other loop has
 * its address; its end is not put off.
 *
 * return  loop, to be given back by xie_loop_unref; NULL when it has ended
 * safe    from any thread; best from the loop's own, before the others start
 * cost    a mutex. A handle held after the loop's end is some KiB of memory
 */
XIE_API struct xie_loop *xie_loop_ref(struct xie_loop *loop);
/* Give it back, from any thread. NULL is allowed. */
XIE_API void xie_loop_unref(struct xie_loop *loop);

#ifdef __cplusplus
}
#endif
#endif
