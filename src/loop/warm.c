/* warm.c - a few large buffers that a loop's connections hand on, still in the cache.
 * Floor 2. */
/* SPDX-License-Identifier: MIT */
#include "loop/warm.h"

#include "base/memory.h"
#include "coro/sanitize.h"
#include "loop/loop.h"

/* AddressSanitizer and valgrind are to see that a buffer which was given is not used any more. */
static unsigned kept_most(void)
{
    return XIE_ASAN || XIE_VALGRIND_RUNS ? 0 : XIE_WARM_MOST;
}

char *xie_warm_take(void)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop || !loop->warm_count)
        return xie_alloc(XIE_WARM);
    char *buffer = loop->warm[--loop->warm_count];
    if (loop->warm_spare > loop->warm_count)
        loop->warm_spare = loop->warm_count;
    return buffer;
}

void xie_warm_give(char *buffer)
{
    struct xie_loop *loop = xie_loop_current();
    if (buffer && loop && loop->warm_count < kept_most())
        loop->warm[loop->warm_count++] = buffer;
    else
        xie_release(buffer);
}

void xie_warm_cool(struct xie_loop *loop, int64_t now)
{
    if (now - loop->warm_cooled < XIE_SECOND)
        return;
    while (loop->warm_spare > 1) {
        xie_release(loop->warm[--loop->warm_count]);
        loop->warm_spare--;
    }
    loop->warm_spare = loop->warm_count;
    loop->warm_cooled = now;
}
