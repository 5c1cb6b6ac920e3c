/* ours.c - an HTTP server on xie that says hello. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <xie.h>
#include <xie/web.h>

static int hello(struct xie_http *http, void *arg)
{
    (void)arg;
    return xie_http_answer(http, 200, "text/plain", "hello", 5);
}

static int start(void *arg)
{
    struct xie_listener *listener;
    struct xie_address place;
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &listener);
    (void)arg;
    if (error || (error = xie_listener_address(listener, &place)))
        return error;
    printf("port %d\n", xie_address_port(&place));
    fflush(stdout);
    struct xie_http_options options = {.max_connections = 20000};
    return xie_http_serve(listener, &options, hello, NULL);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}
