/* warm.c - a few large buffers that a loop's connections hand on, still in the cache.
 * Floor 2. */
/* SPDX-License-Identifier: MIT */
#include "loop/warm.h"

#include "base/memory.h"
#include "loop/loop.h"

char *xie_warm_take(void)
{
    struct xie_loop *loop = xie_loop_current();
    return loop && loop->warm_count ? loop->warm[--loop->warm_count] : xie_alloc(XIE_WARM);
}

void xie_warm_give(char *buffer)
{
    struct xie_loop *loop = xie_loop_current();
    if (buffer && loop && loop->warm_count < XIE_WARM_MOST)
        loop->warm[loop->warm_count++] = buffer;
    else
        xie_release(buffer);
}
