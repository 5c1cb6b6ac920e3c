/* load.c - plays a WebSocket client that sends binary messages and wants each back whole. */
/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 0x5a }; /* every byte of the mask: a fixed one, so that all requests are alike */

static const char hello[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* Head of a binary message's frame (RFC 6455 section 5.2); its length. */
static size_t head(char *to, size_t size, bool masked)
{
    size_t len = 0;
    to[len++] = (char)0x82;
    to[len++] = (char)((masked ? 0x80 : 0) | (size < 126 ? size : 126));
    if (size >= 126) {
        to[len++] = (char)(size >> 8);
        to[len++] = (char)size;
    }
    if (masked) {
        memset(to + len, KEY, 4);
        len += 4;
    }
    return len;
}

static int prepare(struct load_protocol *protocol)
{
    static char request[8 + 65536], reply[4 + 65536];
    size_t size = protocol->size;
    if (size > 65535)
        return -1;
    size_t len = head(request, size, true), reply_len = head(reply, size, false);
    for (size_t i = 0; i < size; i++) {
        reply[reply_len + i] = (char)('a' + i % 26);
        request[len + i] = (char)(reply[reply_len + i] ^ KEY);
    }
    protocol->request = request;
    protocol->request_len = len + size;
    protocol->expect = reply;
    protocol->expect_len = reply_len + size;
    return 0;
}

static int shake(struct load_protocol *protocol, struct load_connection *connection)
{
    char answer[4096];
    protocol->reply_len[connection->server] = protocol->expect_len;
    if (load_write_all(connection->fd, hello, sizeof hello - 1) ||
        load_read_head(connection->fd, answer, sizeof answer) < 0)
        return -1;
    return strncmp(answer, "HTTP/1.1 101", 12) ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct load_protocol protocol = {.prepare = prepare, .open = shake};
    return load_main(argc, argv, &protocol);
}
