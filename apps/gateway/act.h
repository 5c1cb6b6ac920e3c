/* act.h - a person does what no message is: POST /api/act.
 * Gateway, eighth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ACT_H
#define GATEWAY_ACT_H

#include <xie/web.h>

#include "gateway.h"

/* Body {user_id, action, params?}: the action, by that person. Answers {data}, or an error. */
int act_request(struct xie_http *http, struct gateway *gateway);

#endif
