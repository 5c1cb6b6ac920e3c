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
#include "lib/served.h"

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

static int start(void *kind)
{
    struct xie_listener *listener;
    int error = served_listen(4096, &listener);
    if (error)
        return error;
    return strcmp(kind, "tasks") ? xie_tls_serve_protocol(listener, context, &served_echo, NULL)
                                 : served_tasks(listener, echo);
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
