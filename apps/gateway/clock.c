/* clock.c - what time it is in the simulated QQ.
 * Gateway, ground. Whoever is muted for a minute must wait for a virtual one, where time is. */
/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <string.h>
#include <time.h>

#include <xie/loop.h>

enum { CLOCK_SIM = 1735689600 }; /* 2025-01-01 in UTC; source: <xie/onebot/schedule.h> */

int64_t clock_now(void)
{
    const struct xie_loop *loop = xie_loop_current();
    if (loop && strcmp(xie_loop_backend(loop), "sim") == 0)
        return CLOCK_SIM + xie_now() / XIE_SECOND;
    return time(NULL);
}
