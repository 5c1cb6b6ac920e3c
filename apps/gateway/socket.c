/* socket.c - the life of one WebSocket: accepted, written by a task of its own, closed.
 * Gateway, second floor. The task of the request reads; a second one writes. */
/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <errno.h>
#include <stdio.h>

enum {
    PING_S = 30,       /* a peer silent for two of these is gone */
    FAREWELL_MS = 500, /* for the close frame and its answer */
};

static int read_all(struct socket *socket,
                    int (*message)(struct socket *, const char *, size_t, void *), void *arg)
{
    char *data;
    size_t len;
    int result;
    while ((result = xie_ws_receive(socket->ws, &data, &len)) > 0) {
        int handled = message ? message(socket, data, len, arg) : 0;
        if (handled < 0)
            return handled;
    }
    return result;
}

/* What to tell a peer with whom it ended so; 0: nothing, the connection is broken. */
static uint16_t close_code(int result, bool dropped)
{
    if (dropped)
        return 1013; /* try again later */
    if (result == -ECANCELED)
        return 1001; /* going away */
    return result == 0 ? 1000 : 0;
}

static void farewell(struct socket *socket, int result)
{
    uint16_t code = close_code(result, socket->out.dropped);
    if (!code)
        return;
    XIE_SHIELD {
        XIE_TIMEOUT(FAREWELL_MS *XIE_MILLISECOND) {
            (void)xie_ws_close(socket->ws, code, "");
        }
    }
}

int socket_live(struct xie_http *http, const char *what, size_t max_message,
                int (*begin)(struct socket *socket, void *arg),
                int (*message)(struct socket *socket, const char *data, size_t len, void *arg),
                void *arg)
{
    struct xie_ws_options options = {.max_message = max_message,
                                     .ping_interval_ns = PING_S * XIE_SECOND};
    struct socket socket = {0};
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT] = "?";
    if (xie_http_peer(http, &address) == 0)
        xie_address_format(&address, text);
    snprintf(socket.peer, sizeof socket.peer, "%s %s", what, text);
    int result = xie_ws_accept(http, &options, &socket.ws);
    if (result < 0)
        return result;
    XIE_GROUP(group) {
        outbox_open(&socket.out, socket.ws, &group, socket.peer);
        result = xie_group_spawn(&group, outbox_run, &socket.out);
        if (result == 0)
            result = begin(&socket, arg);
        if (result >= 0)
            result = read_all(&socket, message, arg);
        xie_group_cancel(&group);
    }
    farewell(&socket, result);
    outbox_close(&socket.out);
    xie_ws_free(socket.ws);
    return 0;
}
