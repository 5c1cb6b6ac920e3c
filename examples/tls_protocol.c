/* tls_protocol.c - protocols of callbacks that know nothing of TLS, speaking over it. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xie.h>
#include <xie/tls_transport.h>

static char pem[] = "/tmp/xie-example-XXXXXX"; /* a certificate for this run, and its key */
static struct xie_tls_context *client, *server;

static void echo(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)self;
    xie_transport_write(transport, data, len);
}

static void show(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    printf("%s%.*s\n", (const char *)self, (int)len, data);
    xie_transport_close(transport);
}

static const struct xie_protocol echoing = {.data_received = echo};
static const struct xie_protocol showing = {.data_received = show};

static int serve(void *listener)
{
    return xie_tls_serve_protocol(listener, server, &echoing, NULL);
}

static int start(void *word)
{
    struct xie_listener *listener;
    struct xie_transport *transport;
    struct xie_address address;
    if (xie_tcp_listen("127.0.0.1", 0, 0, &listener) || xie_listener_address(listener, &address))
        return 1;
    struct xie_task *task = xie_spawn(serve, listener); /* for all connections */
    if (!xie_tls_create_connection(client, "127.0.0.1", xie_address_port(&address), NULL, &showing,
                                   word, &transport))
        xie_transport_write(transport, "in private", 10);
    xie_listener_close(listener);
    return xie_join(task); /* when the last connection has ended */
}

int main(void)
{
    char command[300];
    const struct xie_tls_options own = {.server = true, .cert_file = pem}, trust = {.ca_file = pem};
    close(mkstemp(pem));
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -addext "
             "subjectAltName=IP:127.0.0.1 -keyout - -out - 2>/dev/null >%s",
             pem);
    return system(command) || xie_tls_context_new(&own, &server, NULL) ||
           xie_tls_context_new(&trust, &client, NULL) || xie_run(start, "heard ") || unlink(pem);
}
