/* onebot.h - the side on which bots connect: WebSockets at /, /api and /event.
 * Gateway, tenth floor. The token is asked for before the upgrade, or after it. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ONEBOT_H
#define GATEWAY_ONEBOT_H

#include <xie/web.h>

#include "gateway.h"

enum { ONEBOT_MESSAGE = 16 * 1024 * 1024 }; /* longest frame a bot may send [bytes] */

/* Serve until cancelled; door is borrowed. errors as xie_http_serve */
int onebot_serve(struct xie_listener *listener, struct door *door);

#endif
