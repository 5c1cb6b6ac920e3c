/* connect.h - being connected, again and again.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CONNECT_H
#define XIE_ONEBOT_CONNECT_H

#include "onebot/way.h"

/* Connect, serve, and begin again, until it is cancelled. Returns 0. */
int onebot_keep_connected(struct onebot_way *way);

/* The pause before try number failures (from 1): doubled from least to most, then shortened by
 * up to a half as random says, so that many bots do not come back at once. */
int64_t onebot_retry_pause(unsigned failures, int64_t least_ns, int64_t most_ns, uint64_t random);

#endif
