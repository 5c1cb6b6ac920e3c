/* reach.h - the calls of a loop that lead into a range of addresses: of code that is to go.
 * Floor 2. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_REACH_H
#define XIE_LOOP_REACH_H

#include <stddef.h>

#include "base/span.h"

struct xie_loop;

/* Take back every pending xie_call whose function, or which itself, lies in span. cost a look at
 * each timer for each of them */
void xie_reach_withdraw(struct xie_loop *loop, const struct xie_span *span);
/* How many functions there have been handed over by xie_loop_call, and have not run. */
size_t xie_reach_outside(struct xie_loop *loop, const struct xie_span *span);

#endif
