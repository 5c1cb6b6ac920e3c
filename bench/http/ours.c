/* ours.c - an HTTP server on xie that says hello. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>
#include <xie/web.h>

#include "lib/served.h"

static int hello(struct xie_http *http, void *arg)
{
    (void)arg;
    return xie_http_answer(http, 200, "text/plain", "hello", 5);
}

static int start(void *arg)
{
    struct xie_listener *listener;
    int error = served_listen(0, &listener);
    (void)arg;
    if (error)
        return error;
    struct xie_http_options options = {.max_connections = 20000};
    return xie_http_serve(listener, &options, hello, NULL);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}
