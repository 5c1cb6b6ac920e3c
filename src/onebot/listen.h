/* listen.h - implementations that come to us: reverse WebSocket, and HTTP POST.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_LISTEN_H
#define XIE_ONEBOT_LISTEN_H

#include "onebot/way.h"

/* Serve whoever comes until cancelled. Returns 0. */
int onebot_listen(struct onebot_way *way);

#endif
