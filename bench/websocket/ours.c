/* ours.c - a WebSocket echo on xie: a task for each connection, as the manual shows it. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>
#include <xie/web.h>

#include "lib/served.h"

static int echo(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind, error = xie_ws_accept(http, NULL, &ws);
    (void)arg;
    if (error)
        return error;
    while (!error && (kind = xie_ws_receive(ws, &data, &len)) > 0)
        error = xie_ws_send(ws, (enum xie_ws_kind)kind, data, len);
    xie_ws_free(ws);
    return error;
}

static int start(void *arg)
{
    struct xie_listener *listener;
    int error = served_listen(0, &listener);
    (void)arg;
    if (error)
        return error;
    struct xie_http_options options = {.max_connections = 20000};
    return xie_http_serve(listener, &options, echo, NULL);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}
