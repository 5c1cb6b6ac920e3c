/* live.h - what an open page is told, as it happens.
 * Gateway, third floor. First the world and what is remembered, then everything new. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_LIVE_H
#define GATEWAY_LIVE_H

#include <xie/web.h>

#include "gateway.h"

/* Answer GET /api/live by a WebSocket of frames {kind: hello|message|call|event|bot|ready}. */
int live_request(struct xie_http *http, struct gateway *gateway);

#endif
