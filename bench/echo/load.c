/* load.c - plays clients that send bytes and want them back as they were. */
/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stdlib.h>
#include <string.h>

static char *request; /* of `size` bytes, without a period that a mistake could hide in */
static size_t size;

static int prepare(struct load_protocol *protocol)
{
    uint32_t state = 1;
    size = protocol->size;
    request = malloc(size);
    for (size_t i = 0; request && i < size; i++)
        request[i] = (char)((state = state * 1664525 + 1013904223) >> 24);
    protocol->request = request;
    protocol->request_len = size;
    return request ? 0 : -1;
}

/* A first echo, so that the connection was accepted, whatever the backlog holds. */
static int greet(struct load_protocol *protocol, struct load_connection *connection)
{
    char byte = 'x';
    (void)protocol;
    return load_write_all(connection->fd, &byte, 1) ||
                   load_read_exactly(connection->fd, &byte, 1) || byte != 'x'
               ? -1
               : 0;
}

static int feed(struct load_connection *connection, const char *buf, size_t len)
{
    int count = 0;
    while (len) {
        size_t most = size - connection->at, part = len < most ? len : most;
        if (memcmp(buf, request + connection->at, part))
            return -1;
        buf += part;
        len -= part;
        connection->at = (connection->at + part) % size;
        count += connection->at == 0;
    }
    return count;
}

int main(int argc, char **argv)
{
    struct load_protocol protocol = {.prepare = prepare, .open = greet, .feed = feed};
    return load_main(argc, argv, &protocol);
}
