/* socket.h - the life of one WebSocket: accepted, written by a task of its own, closed.
 * Gateway, second floor. Bots and pages differ in what they are told and what they say. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_SOCKET_H
#define GATEWAY_SOCKET_H

#include <xie/web.h>

#include "outbox.h"

enum { SOCKET_PING_S = 30 }; /* a peer silent for two of these is gone */

struct socket {
    struct xie_ws *ws;
    struct outbox out;
    const char *who; /* for the log: "bot 127.0.0.1:1234" */
};

/* Called once, the outbox being open: may queue frames and join an audience. Both may wait; an
 * error they return ends the connection. */
typedef int socket_begin(struct socket *socket, void *arg);
/* Called for each message. */
typedef int socket_message(struct socket *socket, const char *data, size_t len, void *arg);

/**
 * Live with a WebSocket until it ends.
 *
 * ws       taken over
 * who      for the log, borrowed
 * message  NULL: messages are ignored
 * return   0 the peer ended it, or why it ended. When the caller is cancelled, the peer is told by
 *          a close frame with code 1001
 */
int socket_live(struct xie_ws *ws, const char *who, socket_begin *begin, socket_message *message,
                void *arg);

/* Accept the request as a WebSocket (at most max_message bytes at once; what: "bot" or "page") and
 * live with it. return 0 it ended; or why it could not begin (then a refusal was answered) */
int socket_serve(struct xie_http *http, const char *what, size_t max_message, socket_begin *begin,
                 socket_message *message, void *arg);

#endif
