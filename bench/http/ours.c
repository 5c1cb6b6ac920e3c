/* ours.c - an HTTP server on xie that says hello, on so many loops, each on a core.
 * usage: ours [LOOPS] */
/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>

#include <xie.h>
#include <xie/web.h>

#include "lib/served.h"

static unsigned loops = 1;

static int hello(struct xie_http *http, void *arg)
{
    (void)arg;
    return xie_http_answer(http, 200, "text/plain", "hello", 5);
}

static int listen_at(uint16_t port, struct xie_listener **listener)
{
    const struct xie_listen_options options = {
        .host = "127.0.0.1", .port = port, .backlog = 4096, .reuse_port = loops > 1};
    return xie_listen(&options, listener);
}

static int serve(struct xie_listener *listener)
{
    struct xie_http_options options = {.max_connections = 20000};
    return xie_http_serve(listener, &options, hello, NULL);
}

/* Each core has a listener at the port; the last one that listens tells it. */
static int on_core(unsigned index, void *port)
{
    static atomic_uint listening;
    struct xie_listener *listener;
    (void)index;
    int error = listen_at(*(uint16_t *)port, &listener);
    if (!error && atomic_fetch_add(&listening, 1) + 1 == loops)
        error = served_tell(listener);
    return error < 0 ? error : serve(listener);
}

static int start_cores(void)
{
    const struct xie_cores_options options = {.count = loops, .pin = true};
    struct xie_listener *listener;
    struct xie_address place;
    int error = listen_at(0, &listener);
    if (error || (error = xie_listener_address(listener, &place)))
        return error;
    uint16_t port = xie_address_port(&place);
    xie_listener_close(listener);
    return xie_cores_run(&options, on_core, &port);
}

static int start(void *arg)
{
    struct xie_listener *listener;
    (void)arg;
    if (loops > 1)
        return start_cores();
    int error = served_listen(0, &listener);
    return error ? error : serve(listener);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        loops = (unsigned)strtoul(argv[1], NULL, 10);
    return xie_run(start, NULL) < 0;
}
