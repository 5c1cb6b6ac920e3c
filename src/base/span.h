/* span.h - a range of addresses: where a shared object lies.
 * Floor 0. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_SPAN_H
#define XIE_BASE_SPAN_H

#include <stdbool.h>
#include <stdint.h>

/* Zero is an empty one. */
struct xie_span {
    uintptr_t start, end;
};

/* Does an object, or a function by its address, lie there? */
static inline bool xie_span_has(const struct xie_span *span, const void *at)
{
    return (uintptr_t)at >= span->start && (uintptr_t)at < span->end;
}

#endif
