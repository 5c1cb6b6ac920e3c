/* forward.h - a WebSocket that we open: one connection.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_FORWARD_H
#define XIE_ONEBOT_FORWARD_H

#include "onebot/way.h"

/* Connect and serve; returns why it ended. proved: the peer sent an event or an answer, and of one
 * for calls alone it is known whose it is. */
int onebot_forward(struct onebot_way *way, bool *proved);

#endif
