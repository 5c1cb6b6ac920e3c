/* unfold.h - a forward opened by a person: GET /api/forward.
 * Gateway, eighth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_UNFOLD_H
#define GATEWAY_UNFOLD_H

#include <xie/web.h>

#include "gateway.h"

/* GET /api/forward?id=ID -> {messages: [{type: node, data: {user_id, nickname, time, content}}]}
 * 400 without an id, 404 when there is no such forward, or none any more */
int unfold_request(struct xie_http *http, struct gateway *gateway);

#endif
