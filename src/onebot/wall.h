/* wall.h - the time of day, as what outlives the program counts it.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_WALL_H
#define XIE_ONEBOT_WALL_H

#include <stdint.h>

/* Nanoseconds since 1970. On sim it is the virtual clock, that begins with the year 2025. */
int64_t onebot_wall_now(void);

#endif
