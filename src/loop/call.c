/* call.c - callbacks run by the loop: soon, later, at a time.
 * Floor 2. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/misuse.h"
#include "loop/loop.h"
#include "loop/reach.h"

enum { CALL_IDLE, CALL_TIMED, CALL_READY };

static void call_run(struct xie_ready *item)
{
    struct xie_call *call = XIE_CONTAINER(item, struct xie_call, ready);
    call->state = CALL_IDLE; /* before fn: it may arm the call again, or free it */
    xie_loop_watch_fn(call->loop, (void *)call->fn);
    call->fn(call->arg);
}

static void call_fire(struct xie_timer *timer)
{
    struct xie_call *call = XIE_CONTAINER(timer, struct xie_call, timer);
    call->state = CALL_READY;
    xie_loop_ready(call->loop, &call->ready);
}

static int call_begin(struct xie_call *call, void (*fn)(void *arg), void *arg)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop)
        return -EPERM;
    if (call->state != CALL_IDLE)
        return -EBUSY;
    call->loop = loop;
    call->fn = fn;
    call->arg = arg;
    call->ready.run = call_run;
    return 0;
}

int xie_call_soon(struct xie_call *call, void (*fn)(void *arg), void *arg)
{
    int error = call_begin(call, fn, arg);
    if (error)
        return error;
    call->state = CALL_READY;
    xie_loop_ready(call->loop, &call->ready);
    return 0;
}

int xie_call_at(struct xie_call *call, int64_t when, void (*fn)(void *arg), void *arg)
{
    int error = call_begin(call, fn, arg);
    if (error)
        return error;
    call->state = CALL_TIMED;
    xie_timer_init(&call->timer, call_fire);
    xie_loop_arm(call->loop, &call->timer, when);
    return 0;
}

int xie_call_later(struct xie_call *call, int64_t delay_ns, void (*fn)(void *arg), void *arg)
{
    return xie_call_at(call, xie_time_after(delay_ns), fn, arg);
}

bool xie_calls_only(const struct xie_loop *loop)
{
    const struct xie_ready *item = loop->ready_head;
    while (item && item->run == call_run)
        item = item->next;
    return !item;
}

void xie_calls_drop(struct xie_loop *loop)
{
    xie_timers_run(&loop->timers, XIE_NEVER, SIZE_MAX); /* only calls are left: all become ready */
    while (loop->ready_head) {
        struct xie_ready *item = xie_loop_take(loop);
        if (item->run == call_run)
            XIE_CONTAINER(item, struct xie_call, ready)->state = CALL_IDLE;
        else
            item->run(item);
    }
}

bool xie_call_cancel(struct xie_call *call)
{
    struct xie_loop *loop = call->loop;
    if (call->state != CALL_IDLE && loop->watch && loop != xie_loop_current())
        xie_misuse("xie_call_cancel of a call of another thread's loop");
    if (call->state == CALL_TIMED)
        xie_timer_cancel(&loop->timers, &call->timer);
    else if (call->state == CALL_READY)
        xie_loop_unready(loop, &call->ready);
    else
        return false;
    call->state = CALL_IDLE;
    return true;
}

bool xie_call_pending(const struct xie_call *call)
{
    return call->state != CALL_IDLE;
}

int64_t xie_call_when(const struct xie_call *call)
{
    if (call->state == CALL_TIMED)
        return call->timer.when;
    return call->state == CALL_READY ? 0 : XIE_NEVER;
}

/* --- into a range of addresses ------------------------------------------------------ */

static bool is_within(const struct xie_call *call, const struct xie_span *span)
{
    return xie_span_has(span, call) || xie_span_has(span, (void *)call->fn);
}

static bool timer_is_within(const struct xie_timer *timer, const void *span)
{
    return timer->fire == call_fire &&
           is_within(XIE_CONTAINER(timer, struct xie_call, timer), span);
}

static struct xie_call *find_ready(const struct xie_loop *loop, const struct xie_span *span)
{
    for (struct xie_ready *item = loop->ready_head; item; item = item->next) {
        struct xie_call *call = XIE_CONTAINER(item, struct xie_call, ready);
        if (item->run == call_run && is_within(call, span))
            return call;
    }
    return NULL;
}

void xie_reach_withdraw(struct xie_loop *loop, const struct xie_span *span)
{
    const struct xie_timer *timer;
    struct xie_call *call;
    while ((timer = xie_timers_find(&loop->timers, timer_is_within, span)))
        xie_call_cancel(XIE_CONTAINER(timer, struct xie_call, timer));
    while ((call = find_ready(loop, span)))
        xie_call_cancel(call);
}
