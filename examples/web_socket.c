/* web_socket.c - a server of HTTP that also speaks WebSocket on the same port, and a client of it:
 * each is a loop that reads a message and writes one. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <xie.h>
#include <xie/web.h>

static int answer(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *text;
    size_t len;
    (void)arg;
    if (!xie_ws_requested(http))
        return xie_http_answer(http, 200, "text/plain", "speak WebSocket\n", 16);
    int error = xie_ws_accept(http, NULL, &ws);
    if (error)
        return error;
    while (xie_ws_receive(ws, &text, &len) == XIE_WS_TEXT) {
        for (size_t i = 0; i < len; i++)
            text[i] = (char)toupper(text[i]);
        xie_ws_send(ws, XIE_WS_TEXT, text, len);
    }
    xie_ws_free(ws);
    return 0;
}

static int serve(void *listener)
{
    return xie_http_serve(listener, NULL, answer, NULL);
}

static int start(void *arg)
{
    struct xie_listener *listener;
    struct xie_address place;
    struct xie_ws *ws;
    char url[64], *text;
    size_t len;
    if (xie_tcp_listen("127.0.0.1", 0, 0, &listener) || xie_listener_address(listener, &place))
        return -1;
    struct xie_task *server = xie_spawn(serve, listener);
    snprintf(url, sizeof url, "ws://127.0.0.1:%d/", xie_address_port(&place));
    if (xie_ws_connect(url, NULL, NULL, &ws))
        return -1;
    xie_ws_send(ws, XIE_WS_TEXT, "hello", 5);
    if (xie_ws_receive(ws, &text, &len) == XIE_WS_TEXT)
        printf("%s\n", text);
    xie_ws_close(ws, 1000, "");
    xie_ws_free(ws);
    xie_listener_close(listener);
    return xie_join(server) + (arg != NULL);
}

int main(void)
{
    return xie_run(start, NULL);
}
