/* load.c - plays an HTTP client on kept connections: GET /, and an answer of 200 to each. */
/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char status[] = "HTTP/1.1 200 ";

/* The length of a body by its head; -1 without one. */
static long body_length(const char *head)
{
    for (const char *at = head; (at = strstr(at, "\r\n")); at += 2)
        if (!strncasecmp(at + 2, "content-length:", 15))
            return strtol(at + 17, NULL, 10);
    return -1;
}

/* Ask once: all answers of a server are as long as its first one (a date always is). */
static int ask(struct load_protocol *protocol, struct load_connection *connection)
{
    char head[4096], body[4096];
    ssize_t len;
    if (load_write_all(connection->fd, request, sizeof request - 1) ||
        (len = load_read_head(connection->fd, head, sizeof head)) < 0)
        return -1;
    long more = body_length(head);
    if (strncmp(head, status, sizeof status - 1) || more < 0 || more > (long)sizeof body ||
        load_read_exactly(connection->fd, body, (size_t)more))
        return -1;
    protocol->reply_len[connection->server] = (size_t)len + (size_t)more;
    return 0;
}

int main(int argc, char **argv)
{
    struct load_protocol protocol = {.open = ask,
                                     .request = request,
                                     .request_len = sizeof request - 1,
                                     .expect = status,
                                     .expect_len = sizeof status - 1};
    return load_main(argc, argv, &protocol);
}
