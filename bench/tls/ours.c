/* ours.c - the library's echo over TLS: by a task for each connection, or by a protocol.
 * usage: ours tasks|transports; XIE_BACKEND chooses the backend. Prints its port, and serves until
 * it is killed. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/tls_transport.h>

#include "certificate.h"

enum { BUFFER = 64 * 1024 };

static struct xie_tls_context *context;

static int echo(struct xie_stream *stream, void *arg)
{
    (void)arg;
    char *buffer = malloc(BUFFER);
    ssize_t len = xie_tls_start(stream, context, NULL, NULL);
    if (!buffer || len < 0) {
        free(buffer);
        return 0; /* a client that left */
    }
    while ((len = xie_stream_read(stream, buffer, BUFFER)) > 0)
        if ((len = xie_stream_write(stream, buffer, (size_t)len)) < 0)
            break;
    free(buffer);
    return 0;
}

static void received(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)self;
    if (xie_transport_write(transport, data, len) == 1)
        xie_transport_pause_reading(transport); /* until what waits has gone */
}

static void resume(void *self, struct xie_transport *transport)
{
    (void)self;
    xie_transport_resume_reading(transport);
}

static const struct xie_protocol protocol = {.data_received = received, .resume_writing = resume};

static int serve_tasks(struct xie_listener *listener)
{
    struct xie_server *server;
    int error = xie_server_new(echo, NULL, NULL, &server);
    if (!error)
        error = xie_server_add(server, listener);
    return error ? error : xie_server_serve(server);
}

static int start(void *kind)
{
    struct xie_listener *listener;
    struct xie_address address;
    int error = xie_tcp_listen("127.0.0.1", 0, 4096, &listener);
    if (!error)
        error = xie_listener_address(listener, &address);
    if (error)
        return error;
    printf("port %u\n", xie_address_port(&address));
    fflush(stdout);
    return strcmp(kind, "tasks") ? xie_tls_serve_protocol(listener, context, &protocol, NULL)
                                 : serve_tasks(listener);
}

int main(int argc, char **argv)
{
    struct xie_tls_failure failure = {"no certificate"};
    struct xie_tls_options options = {.server = true};
    if (argc != 2 || (strcmp(argv[1], "tasks") && strcmp(argv[1], "transports"))) {
        fprintf(stderr, "usage: %s tasks|transports\n", argv[0]);
        return 2;
    }
    options.cert_file = certificate_make();
    if (!options.cert_file || xie_tls_context_new(&options, &context, &failure)) {
        fprintf(stderr, "%s: %s\n", argv[0], failure.text);
        return 1;
    }
    certificate_end();
    int error = xie_run(start, argv[1]);
    fprintf(stderr, "%s: %s\n", argv[0], xie_strerror(error));
    return 1;
}
