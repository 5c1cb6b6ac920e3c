/* warm.h - a few large buffers that a loop's connections hand on, still in the cache.
 * Floor 2. An allocator would give memory of that size back to the kernel, and fault it in again.
 */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_WARM_H
#define XIE_LOOP_WARM_H

#include <xie/loop.h>

/* Bytes of each: sixteen records of TLS, or 256 KiB and a byte. What nobody writes to is address
 * space alone. */
enum { XIE_WARM = 264 * 1024 };

/* A buffer of XIE_WARM bytes, whose content is anything; NULL: no memory. */
XIE_API char *xie_warm_take(void);
/* Give it to the next, or, of a thread without a loop, back. NULL is allowed. */
XIE_API void xie_warm_give(char *buffer);
/* The loop is idle: those that nobody took for a second go back to the system, but for one. */
void xie_warm_cool(struct xie_loop *loop, int64_t now);

#endif
