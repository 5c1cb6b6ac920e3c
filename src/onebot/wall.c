/* wall.c - the time of day, as what outlives the program counts it.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/wall.h"

#include <string.h>
#include <time.h>
#include <xie.h>

/* 2025-01-01 in UTC, where the virtual clock stands at its 0. */
#define SIM_BEGIN_NS (INT64_C(1735689600) * XIE_SECOND)

int64_t onebot_wall_now(void)
{
    struct timespec now;
    const struct xie_loop *loop = xie_loop_current();
    if (loop && !strcmp(xie_loop_backend(loop), "sim"))
        return SIM_BEGIN_NS + xie_now();
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * XIE_SECOND + now.tv_nsec;
}
