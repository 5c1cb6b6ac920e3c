/* tls_client.c - a client of TLS and its server: whom it trusts, and what is said
 * when a certificate is not trusted. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xie.h>
#include <xie/tls.h>

#define MAKE                                                                                    \
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost " \
    "-addext subjectAltName=DNS:localhost -keyout - -out - 2>/dev/null >"
static char pem[] = "/tmp/xie-example-XXXXXX"; /* a certificate for this run, and its key */
static struct xie_tls_context *own, *trusting;

static int greet(struct xie_stream *stream, void *arg)
{
    if (!arg && !xie_tls_start(stream, own, NULL, NULL))
        xie_stream_write(stream, "good day\n", 9);
    return 0; /* a client that refuses us is nobody's failure */
}

static void visit(uint16_t port, struct xie_tls_context *context)
{
    struct xie_stream *stream;
    struct xie_tls_failure failure = {"not reached"};
    char *line;
    if (xie_tls_connect(context, "localhost", port, &failure, &stream))
        return (void)puts(failure.text);
    if (xie_stream_read_line(stream, &line, NULL) == 1)
        puts(line);
    xie_stream_close(stream);
}

static int start(void *arg)
{
    struct xie_server *server;
    struct xie_address place;
    if (xie_server_new(greet, arg, NULL, &server) ||
        xie_server_listen(server, &(struct xie_listen_options){.host = "localhost"}))
        return -1;
    xie_listener_address(xie_server_listener(server, 0), &place);
    visit(xie_address_port(&place), trusting);
    visit(xie_address_port(&place), NULL); /* whom the system trusts: not us */
    xie_server_free(server);
    return 0;
}

int main(void)
{
    char command[300];
    struct xie_tls_options server = {.server = true, .cert_file = pem}, client = {.ca_file = pem};
    close(mkstemp(pem));
    snprintf(command, sizeof command, MAKE "%s", pem);
    if (system(command) || xie_tls_context_new(&server, &own, NULL) ||
        xie_tls_context_new(&client, &trusting, NULL))
        return 1;
    return xie_run(start, NULL) | unlink(pem);
}
