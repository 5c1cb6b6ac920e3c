/* udp_echo.c - messages instead of streams: a server that sends back what it gets, and a client.
 * A message may be lost: the client asks again until it hears an answer. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <xie.h>

static int echo(void *arg)
{
    struct xie_datagram *socket = arg;
    struct xie_address from;
    char buf[1500];
    ssize_t len;
    while ((len = xie_datagram_receive(socket, buf, sizeof buf, &from, NULL)) >= 0)
        xie_datagram_send(socket, buf, (size_t)len, &from);
    xie_datagram_close(socket);
    return (int)len;
}

static ssize_t ask(struct xie_datagram *socket, const char *text, size_t len, char *answer)
{
    for (int attempt = 0; attempt < 5; attempt++) {
        ssize_t got = xie_datagram_send(socket, text, len, NULL);
        XIE_TIMEOUT(XIE_SECOND)
            if (got >= 0)
                got = xie_datagram_receive(socket, answer, 1500, NULL, NULL);
        if (got != -ETIMEDOUT)
            return got;
    }
    return -ETIMEDOUT;
}

static int start(void *arg)
{
    struct xie_datagram *server, *client = arg;
    struct xie_address place;
    char answer[1500];
    xie_address_parse(&place, "127.0.0.1", 0); /* any port */
    if (xie_datagram_open(&(struct xie_datagram_options){.local = &place}, &server))
        return -1;
    xie_datagram_local(server, &place);
    xie_detach(xie_spawn(echo, server));
    int error = xie_datagram_open(&(struct xie_datagram_options){.remote = &place}, &client);
    ssize_t len = error ? error : ask(client, "ni hao", 6, answer);
    if (len > 0)
        printf("%.*s came back\n", (int)len, answer);
    if (!error)
        xie_datagram_close(client);
    return (int)len; /* the echo is cancelled as the program ends */
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}
