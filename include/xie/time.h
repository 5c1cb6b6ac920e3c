/* time.h - durations and the clock.
 * Floor 0. Durations are nanoseconds in int64_t; `when` is a time of xie_now(). */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TIME_H
#define XIE_TIME_H

#include <stdint.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XIE_NANOSECOND INT64_C(1)
#define XIE_MICROSECOND INT64_C(1000)
#define XIE_MILLISECOND INT64_C(1000000)
#define XIE_SECOND INT64_C(1000000000)
#define XIE_MINUTE (INT64_C(60) * XIE_SECOND)
#define XIE_HOUR (INT64_C(60) * XIE_MINUTE)

/* A deadline that never comes. */
#define XIE_NEVER INT64_MAX

/**
 * The monotonic clock; on the `sim` backend the virtual one.
 *
 * return  nanoseconds since an arbitrary start; never goes back
 * cost    one vDSO call, about 20 ns
 * source  clock_gettime(2) CLOCK_MONOTONIC; asyncio loop.time
 */
XIE_API int64_t xie_now(void);

#ifdef __cplusplus
}
#endif
#endif
