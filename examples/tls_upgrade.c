/* tls_upgrade.c - a plain connection becomes TLS in the middle, as in SMTP or IMAP.
 * The stream stays the same; what was read too much is TLS's. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>
#include <xie/tls.h>

#define MAKE                                                                                    \
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost " \
    "-addext subjectAltName=DNS:localhost -keyout - -out - 2>/dev/null >"
static char pem[] = "/tmp/xie-example-XXXXXX"; /* a certificate for this run, and its key */
static struct xie_tls_context *client, *server;

static int serve(void *stream)
{
    char *line;
    if (xie_stream_read_line(stream, &line, NULL) == 1 && !strcmp(line, "STARTTLS") &&
        !xie_tls_start(stream, server, NULL, NULL))
        xie_stream_write(stream, "in private\n", 11);
    xie_stream_close(stream);
    return 0;
}

static int ask(const char *host)
{
    struct xie_stream *pair[2];
    struct xie_tls_failure failure;
    char *line;
    if (xie_stream_pair(pair))
        return -1;
    xie_detach(xie_spawn(serve, pair[1]));
    xie_stream_write(pair[0], "STARTTLS\n", 9);
    if (xie_tls_start(pair[0], client, host, &failure))
        puts(failure.text);
    else if (xie_stream_read_line(pair[0], &line, NULL) == 1)
        puts(line);
    xie_stream_close(pair[0]);
    return 0;
}

static int start(void *hosts)
{
    return ask(((const char **)hosts)[0]) | ask(((const char **)hosts)[1]);
}

int main(void)
{
    char command[300];
    struct xie_tls_options own = {.server = true, .cert_file = pem}, trusted = {.ca_file = pem};
    close(mkstemp(pem));
    snprintf(command, sizeof command, MAKE "%s", pem);
    if (system(command) || xie_tls_context_new(&own, &server, NULL) ||
        xie_tls_context_new(&trusted, &client, NULL))
        return 1;
    return xie_run(start, (const char *[]){"localhost", "another.example"}) | unlink(pem);
}
