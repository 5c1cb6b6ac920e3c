/* loop.h - the loop: ready queue, timers, calls from other threads, a turn.
 * Floor 2. Knows operations and callbacks; of tasks only that they stand in the ready
 * queue, and that somebody is current. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_LOOP_H
#define XIE_LOOP_LOOP_H

#include <xie/debug.h>
#include <xie/loop.h>

#include "base/list.h"
#include "coro/context.h"
#include "loop/backend.h"
#include "loop/timer.h"
#include "loop/watchdog.h"

/* What another thread hands to a loop: an item of its ready queue to be. */
struct xie_inbox_call {
    struct xie_ready ready;
    struct xie_inbox_call *next;
};

struct xie_inspect;

enum { XIE_WARM_MOST = 64 /* buffers that are kept; see warm.h */ };

struct xie_loop {
    const struct xie_backend *backend;
    void *state; /* the backend's */
    uint64_t seed;
    uint64_t trace; /* sim's hash of events */
    size_t stack_size;

    struct xie_ready *ready_head, **ready_tail;
    unsigned budget; /* items left in this step */
    unsigned step;   /* items between two looks at the clock; see run_ready */
    struct xie_timers timers;
    size_t pending; /* operations submitted and not done */

    uint64_t selects; /* where the next select begins to look; runs over */

    struct xie_context context; /* the loop's own, while a task runs */
    struct xie_task *current;
    struct xie_watchdog *watch; /* in debug mode; NULL else */

    struct xie_inbox_call *inbox; /* atomic: from other threads, the newest first */
    unsigned refs;                /* atomic: its own, and xie_loop_ref's */
    /* Set by handlers of signals; what the loop does about it. */
    bool interrupted, signalled;
    void (*on_interrupt)(struct xie_loop *loop);
    void (*on_signal)(struct xie_loop *loop);
    size_t external; /* signals awaited: something outside can still wake us */

    /* the task floor's */
    struct xie_link tasks; /* all that have not ended, oldest first */
    struct xie_link ended; /* those whose handle nobody has given back yet */
    size_t task_count;
    struct xie_task *main;
    uint64_t next_id;
    struct xie_scope *root;  /* around every task that belongs to no group */
    uint64_t searches;       /* for circles of waiting */
    struct xie_probe *probe; /* who is resumed next only tells its stack; see stack.c */
    xie_exception_handler *handler;
    void *handler_arg;

    /* see warm.h */
    char *warm[XIE_WARM_MOST];
    unsigned warm_count;
    unsigned warm_spare; /* so many were there at all times since */
    int64_t warm_cooled; /* then */

    /* the protocols' floor's */
    struct xie_link transports; /* what no task holds, and the end of the loop must end */
    char *scratch;              /* the one buffer all of them read into */
    bool ending;                /* every task has ended: no more of them */
    void (*on_end)(struct xie_loop *loop);

    const struct xie_inspect *inspect; /* for debuggers; also links that object in */
    struct xie_link link;              /* among the process's live loops */
};

/* In a child made by fork: this thread's copy of its loop is dead. */
void xie_loop_die_in_child(void);

/* The process's live loops. */
extern struct xie_link xie_loops;

/* The calling thread's: xie_loop_current without a call. The model spares one, too. */
extern __thread struct xie_loop *xie_loop_here __attribute__((tls_model("initial-exec")));

static inline void xie_loop_ready(struct xie_loop *loop, struct xie_ready *item)
{
    item->next = NULL;
    item->prev = loop->ready_tail;
    *loop->ready_tail = item;
    loop->ready_tail = &item->next;
}

/* Take an item back out of the queue; it is in it. */
static inline void xie_loop_unready(struct xie_loop *loop, struct xie_ready *item)
{
    *item->prev = item->next;
    if (item->next)
        item->next->prev = item->prev;
    else
        loop->ready_tail = item->prev;
}

static inline struct xie_ready *xie_loop_take(struct xie_loop *loop)
{
    struct xie_ready *item = loop->ready_head, *next = item->next;
    loop->ready_head = next;
    if (next)
        next->prev = &loop->ready_head;
    else
        loop->ready_tail = &loop->ready_head;
    return item;
}

/* Before all others. */
static inline void xie_loop_ready_first(struct xie_loop *loop, struct xie_ready *item)
{
    item->next = loop->ready_head;
    item->prev = &loop->ready_head;
    if (item->next)
        item->next->prev = &item->next;
    else
        loop->ready_tail = &item->next;
    loop->ready_head = item;
}

/* A callback is about to run. */
static inline void xie_loop_watch_fn(struct xie_loop *loop, void *fn)
{
    if (__builtin_expect(loop->watch != NULL, 0))
        xie_watchdog_enter(loop->watch, NULL, NULL, fn);
}

/* xie_now() + delay_ns, which may be negative; XIE_NEVER when that is past the end of time. */
static inline int64_t xie_time_after(int64_t delay_ns)
{
    int64_t now = xie_now();
    return delay_ns < XIE_NEVER - now ? now + delay_ns : XIE_NEVER;
}

/* The calling thread must have none. errors -EBUSY; those of the backend */
int xie_loop_open(struct xie_loop *loop, const struct xie_loop_options *options);
/* From now on other threads find it; it has one reference, its own. */
void xie_loop_admit(struct xie_loop *loop);
/* From now on calls from other threads are refused; those that came are ready to run. */
void xie_loop_refuse(struct xie_loop *loop);
/* What other threads handed over becomes ready. */
void xie_loop_collect(struct xie_loop *loop);
/* Every task has ended. Calls that are still pending are idle again, and never run. */
void xie_loop_close(struct xie_loop *loop);
void xie_calls_drop(struct xie_loop *loop);
/* Is nothing ready but such calls? Looks at them up to the first that is none. */
bool xie_calls_only(const struct xie_loop *loop);
/* Run turns until ended says so, asked between turns. 0 or a fatal error of the backend. */
int xie_loop_turns(struct xie_loop *loop, bool (*ended)(struct xie_loop *loop));

/* Have call->ready run on loop, from any thread: the caller's storage, without allocation or a
 * lock. The caller keeps the loop from ending until this has returned: by a lock, say, that
 * what is called takes first. */
void xie_loop_post(struct xie_loop *loop, struct xie_inbox_call *call);
/* The same for a loop that may have ended: XIE_ECLOSED then. */
int xie_loop_post_living(struct xie_loop *loop, struct xie_inbox_call *call);

/* Arm a timer of this loop. */
static inline void xie_loop_arm(struct xie_loop *loop, struct xie_timer *timer, int64_t when)
{
    xie_timer_arm(&loop->timers, timer, when);
}

#endif
