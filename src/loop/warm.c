/* warm.c - a few large buffers that a loop's connections hand on, still in the cache.
 * Floor 2. */
/* SPDX-License-Identifier: MIT */
#include "loop/warm.h"

#include "base/memory.h"
#include "coro/sanitize.h"
#include "loop/loop.h"

/* AddressSanitizer is to see that a buffer which was given is not used any more. */
enum { KEPT_MOST = XIE_ASAN ? 0 : XIE_WARM_MOST };

char *xie_warm_take(void)
{
    struct xie_loop *loop = xie_loop_current();
    return loop && loop->warm_count ? loop->warm[--loop->warm_count] : xie_alloc(XIE_WARM);
}

void xie_warm_give(char *buffer)
{
    struct xie_loop *loop = xie_loop_current();
    if (buffer && loop && loop->warm_count < KEPT_MOST)
        loop->warm[loop->warm_count++] = buffer;
    else
        xie_release(buffer);
}
