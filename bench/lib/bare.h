/* bare.h - a server on epoll with nothing to spare: what the limits of HTTP and WebSocket stand
 * on. Ends when its stdin does. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>

struct bare_client {
    int fd;
    void *own;   /* own_size bytes, zero at first */
    char *queue; /* what the socket did not take [queued bytes]; readable waits meanwhile */
    size_t queued;
};

struct bare_server {
    int (*readable)(struct bare_client *client); /* one recv; -1: close it */
    void (*closed)(struct bare_client *client);  /* may be NULL */
    size_t own_size;
};

/* Send now; the rest when the socket takes it. -1: close it. */
int bare_write(struct bare_client *client, const char *buf, size_t len);
/* Prints "port N", serves 127.0.0.1; the program's exit code. */
int bare_serve(const struct bare_server *server);

#endif
