/* socket.h - the life of one WebSocket: accepted, written by a task of its own, closed.
 * Gateway, second floor. Bots and pages differ in what they are told and what they say. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_SOCKET_H
#define GATEWAY_SOCKET_H

#include "outbox.h"

struct socket {
    struct xie_ws *ws;
    struct outbox out;
    char peer[XIE_ADDRESS_TEXT + 8]; /* "bot 127.0.0.1:1234" */
};

/**
 * Accept the request as a WebSocket and live with it until it ends.
 *
 * what         "bot" or "page", for the log
 * max_message  most bytes that the peer may send at once
 * begin        called once, the outbox being open; may queue frames and join an audience
 * message      called for each message; NULL: messages are ignored
 * return       0 it ended; or why it could not begin (then a refusal was answered)
 * note         begin and message may wait; an error they return ends the connection. When the
 *              server stops, the peer is told by a close frame with code 1001
 */
int socket_live(struct xie_http *http, const char *what, size_t max_message,
                int (*begin)(struct socket *socket, void *arg),
                int (*message)(struct socket *socket, const char *data, size_t len, void *arg),
                void *arg);

#endif
