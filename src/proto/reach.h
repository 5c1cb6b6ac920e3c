/* reach.h - can anything of a loop still lead into a range of addresses?
 * Floor 6. Asked before code leaves memory; for who has taken back what it could. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_PROTO_REACH_H
#define XIE_PROTO_REACH_H

#include <stddef.h>
#include <xie/error.h>

#include "base/span.h"

/* How many of each do. */
struct xie_reach {
    size_t jobs;       /* handed to threads, of any loop */
    size_t calls;      /* by xie_loop_call */
    size_t ended;      /* tasks whose handle nobody has given back */
    size_t transports; /* by their protocol */
    size_t signals;    /* by their handler: of the process */
    size_t handlers;   /* of exceptions: the loop's own */
};

/* Look; every pending xie_call that does so is taken back first. In a thread with a loop. */
XIE_API void xie_reach_look(const struct xie_span *span, struct xie_reach *reach);

#endif
