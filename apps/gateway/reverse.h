/* reverse.h - connections to bots that listen: reverse WebSocket.
 * Gateway, tenth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_REVERSE_H
#define GATEWAY_REVERSE_H

#include "gateway.h"

enum { REVERSE_PAUSE_MS = 3000 }; /* before connecting again; source: the standard's default */

/* One URL to connect to. */
struct reverse {
    struct gateway *gateway;
    int64_t account_id;
    const char *url, *role; /* "Universal" "API" "Event" */
};

/* A task, until cancelled: connects while there is the account, lives with it, and again. arg is
 * the reverse. An URL that is none ends it. errors XIE_EURL -EPROTONOSUPPORT. source OneBot 11,
 * communication/ws-reverse */
int reverse_run(void *arg);

#endif
