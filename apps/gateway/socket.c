/* socket.c - the life of one WebSocket: accepted, written by a task of its own, closed.
 * Gateway, second floor. The task of the request reads; a second one writes. */
/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <errno.h>
#include <stdio.h>

enum {
    FAREWELL_MS = 500, /* for the close frame and its answer */
};

static int read_all(struct socket *socket, socket_message *message, void *arg)
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

static int send_frame(void *ws, const struct frame *frame)
{
    return xie_ws_send(ws, XIE_WS_TEXT, frame->text, frame->len);
}

int socket_live(struct xie_ws *ws, const char *who, socket_begin *begin, socket_message *message,
                void *arg)
{
    struct socket socket = {.ws = ws, .who = who};
    int result = 0;
    XIE_GROUP(group) {
        outbox_open(&socket.out, send_frame, ws, &group, who);
        result = xie_group_spawn(&group, outbox_run, &socket.out);
        if (result == 0)
            result = begin(&socket, arg);
        if (result >= 0)
            result = read_all(&socket, message, arg);
        xie_group_cancel(&group);
    }
    outbox_close(&socket.out); /* first: nobody may drop it, and cancel its group, any more */
    farewell(&socket, result);
    xie_ws_free(ws);
    return result;
}

int socket_serve(struct xie_http *http, const char *what, size_t max_message, socket_begin *begin,
                 socket_message *message, void *arg)
{
    struct xie_ws_options options = {.max_message = max_message,
                                     .ping_interval_ns = SOCKET_PING_S * XIE_SECOND};
    struct xie_address address;
    struct xie_ws *ws;
    char text[XIE_ADDRESS_TEXT] = "?", who[XIE_ADDRESS_TEXT + 8];
    if (xie_http_peer(http, &address) == 0)
        xie_address_format(&address, text);
    snprintf(who, sizeof who, "%s %s", what, text);
    int result = xie_ws_accept(http, &options, &ws);
    if (result < 0)
        return result;
    (void)socket_live(ws, who, begin, message, arg);
    return 0;
}
