/* api_http.h - the side on which bots call by HTTP: GET or POST /ACTION.
 * Gateway, ninth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_API_HTTP_H
#define GATEWAY_API_HTTP_H

#include <xie/web.h>

#include "gateway.h"

/* Serve until cancelled; door is borrowed. errors as xie_http_serve. source OneBot 11,
 * communication/http */
int api_http_serve(struct xie_listener *listener, struct door *door);

#endif
