/* clock.h - what time it is in the simulated QQ.
 * Gateway, ground. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_CLOCK_H
#define GATEWAY_CLOCK_H

#include <stdint.h>

/* Seconds since 1970: the system's; on sim of its virtual clock, which begins with the year 2025,
 * as the bots' schedules have it. */
int64_t clock_now(void);

#endif
