/* limit.c - the least a WebSocket echo can be: epoll, one buffer, frames unmasked where they lie,
 * what one read brought answered in one write. No checks, no fragments, no control frames. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare.h"

enum { ROOM = 1 << 16 };

/* What of a frame has come and is not whole yet; answers that the socket did not take. */
struct client {
    char *rest;
    size_t len;
    bool open;
};

static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static char in[1 << 18], out[1 << 18];

/* Echo one frame at in[at]: bytes used, 0 if it is not whole; *made grows by the answer. */
static size_t frame(const char *from, size_t len, size_t *made)
{
    if (len < 6)
        return 0;
    size_t size = (unsigned char)from[1] & 127, head = 2;
    if (size == 126) {
        if (len < 8)
            return 0;
        size = (size_t)(unsigned char)from[2] << 8 | (unsigned char)from[3];
        head = 4;
    }
    if (len < head + 4 + size)
        return 0;
    char *to = out + *made;
    memcpy(to, from, head);
    to[1] = (char)(to[1] & 127);
    unsigned key;
    memcpy(&key, from + head, 4);
    const char *body = from + head + 4;
    size_t i = 0;
    for (unsigned part; i + 4 <= size; i += 4) {
        memcpy(&part, body + i, 4);
        part ^= key;
        memcpy(to + head + i, &part, 4);
    }
    for (; i < size; i++)
        to[head + i] = (char)(body[i] ^ from[head + i % 4]);
    *made += head + size;
    return head + 4 + size;
}

static int frames(struct bare_client *bare, struct client *client, size_t len)
{
    size_t used = 0, made = 0;
    for (size_t step; (step = frame(in + used, len - used, &made)) > 0;)
        used += step;
    client->len = len - used;
    if (client->len > ROOM)
        return -1;
    if (client->len && !client->rest && !(client->rest = malloc(ROOM)))
        return -1;
    if (client->len)
        memcpy(client->rest, in + used, client->len);
    return bare_write(bare, out, made);
}

static int readable(struct bare_client *bare)
{
    struct client *client = bare->own;
    if (client->len)
        memcpy(in, client->rest, client->len);
    ssize_t len = recv(bare->fd, in + client->len, sizeof in - client->len, 0);
    if (len <= 0)
        return len < 0 && errno == EAGAIN ? 0 : -1;
    if (client->open)
        return frames(bare, client, client->len + (size_t)len);
    client->open = true; /* the load sends its handshake whole, and always the same */
    return bare_write(bare, answer, sizeof answer - 1);
}

static void closed(struct bare_client *bare)
{
    free(((struct client *)bare->own)->rest);
}

int main(void)
{
    return bare_serve(&(struct bare_server){
        .readable = readable, .closed = closed, .own_size = sizeof(struct client)});
}
