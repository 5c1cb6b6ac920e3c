/* limit.c - the least an HTTP server can be: epoll, the end of each head found, an answer that is
 * ready; what one read brought is answered in one write. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "bare.h"

enum { ANSWERS = 4096 };

static const char answer[] = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                             "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
static char answers[ANSWERS * (sizeof answer - 1)];

/* How much of the end of a head has come. */
struct client {
    size_t at;
};

static int readable(struct bare_client *bare)
{
    static char in[1 << 16];
    static const char end[] = "\r\n\r\n";
    struct client *client = bare->own;
    ssize_t len = recv(bare->fd, in, sizeof in, 0);
    if (len <= 0)
        return len < 0 && errno == EAGAIN ? 0 : -1;
    size_t count = 0;
    for (ssize_t i = 0; i < len; i++) {
        client->at = in[i] == end[client->at] ? client->at + 1 : in[i] == '\r';
        if (client->at == sizeof end - 1) {
            client->at = 0;
            count++;
        }
    }
    return count > ANSWERS ? -1 : bare_write(bare, answers, count * (sizeof answer - 1));
}

int main(void)
{
    for (size_t i = 0; i < ANSWERS; i++)
        memcpy(answers + i * (sizeof answer - 1), answer, sizeof answer - 1);
    return bare_serve(
        &(struct bare_server){.readable = readable, .own_size = sizeof(struct client)});
}
