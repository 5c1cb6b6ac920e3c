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

/* How to make a loop; zero is the default of each. */
struct xie_loop_options {
    const char *backend; /* "uring", "epoll", "kqueue", "poll", "sim"; NULL: XIE_BACKEND, else
                            probing */
    uint64_t seed;       /* of sim's scheduler and faults; 0: XIE_SEED, else 1 */
    size_t stack_size;   /* of tasks [bytes]; 0: XIE_STACK, else 256 KiB; least 16 KiB */
};

/**
 * Run a program: make a loop in this thread, run main_fn as its first task, and when that
 * ends cancel and join what still runs.
 *
 * main_fn  the main task; arg is borrowed
 * return   what main_fn returned, or the error that kept the loop from starting
 * errors   -EBUSY this thread already has a loop; -ENOMEM -EMFILE; -EINVAL unknown backend
 * note     the first SIGINT cancels the main task (if the program has no handler of its own)
 * source   asyncio.run
 */
XIE_API int xie_run(int (*main_fn)(void *arg), void *arg);

/* As xie_run with options. source asyncio.Runner */
XIE_API int xie_run_with(const struct xie_loop_options *options, int (*main_fn)(void *arg),
                         void *arg);

/* The loop of the calling thread, NULL without one. source asyncio.get_running_loop */
XIE_API struct xie_loop *xie_loop_current(void);

/* The name of its backend: "uring", "epoll", "kqueue", "poll", "sim". */
XIE_API const char *xie_loop_backend(const struct xie_loop *loop);

/* On sim: a hash of every event so far; equal for equal seeds. 0 on other backends. */
XIE_API uint64_t xie_loop_trace(const struct xie_loop *loop);

/* One item of the ready queue; embedded in tasks, calls and operations. */
struct xie_ready {
    struct xie_ready *next;
    void (*run)(struct xie_ready *self);
};

enum { XIE_TIMER_IDLE = -1, XIE_TIMER_NEAR = 1 << 16 };

/* A deadline; visible so that it lives in its owner, who keeps it in place while it is
 * armed. Its fields are the library's. */
struct xie_timer {
    struct xie_timer *next, *prev; /* in a slot of the wheel, or among siblings in the heap */
    struct xie_timer *child;       /* in the heap */
    int64_t when;                  /* xie_now() time */
    uint64_t order;                /* equal deadlines fire in the order they were armed */
    void (*fire)(struct xie_timer *timer); /* on the loop's stack; only queues */
    int32_t place; /* XIE_TIMER_IDLE, a slot of the wheel, or XIE_TIMER_NEAR */
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

/* Take a call back. return true: it will not run; false: it was not pending.
 * source asyncio Handle.cancel */
XIE_API bool xie_call_cancel(struct xie_call *call);

/**
 * Have fn(arg) run on loop, from any thread, in the order of the calls of each thread.
 *
 * loop    one that has ended answers an error, until a new loop is made (which may lie at
 *         the same address)
 * errors  -ENOMEM; XIE_ECLOSED the loop has ended
 * cost    one allocation, a mutex, at most one write to wake the loop
 * safe    from any thread, and from the loop's own
 * source  asyncio call_soon_threadsafe
 */
XIE_API int xie_loop_call(struct xie_loop *loop, void (*fn)(void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
