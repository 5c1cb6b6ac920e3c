/* reach.c - can anything of a loop still lead into a range of addresses?
 * Floor 6. */
/* SPDX-License-Identifier: MIT */
#include "proto/reach.h"

#include <signal.h>

#include "io/pool.h"
#include "loop/reach.h"
#include "proto/transport.h"
#include "task/reach.h"

static size_t count_transports(const struct xie_loop *loop, const struct xie_span *span)
{
    size_t count = 0;
    for (struct xie_link *at = loop->transports.next; at != &loop->transports; at = at->next)
        count += xie_span_has(span, XIE_CONTAINER(at, struct xie_transport, link)->protocol);
    return count;
}

static size_t count_signals(const struct xie_span *span)
{
    struct sigaction action;
    size_t count = 0;
    for (int number = 1; number <= SIGRTMAX; number++)
        if (!sigaction(number, NULL, &action)) /* not of those that the C library keeps */
            count += xie_span_has(span, (void *)action.sa_handler);
    return count;
}

void xie_reach_look(const struct xie_span *span, struct xie_reach *reach)
{
    struct xie_loop *loop = xie_loop_current();
    xie_reach_withdraw(loop, span);
    *reach = (struct xie_reach){
        .jobs = xie_pools_reach(span),
        .calls = xie_reach_outside(loop, span),
        .ended = xie_reach_ended(span),
        .transports = count_transports(loop, span),
        .signals = count_signals(span),
        .handlers = xie_span_has(span, (void *)loop->handler),
    };
}
