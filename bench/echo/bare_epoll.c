/* bare_epoll.c - the limit on epoll: an echo server with nothing between it and the kernel.
 * One warm buffer that all connections read into; what the kernel does not take is kept.
 * Prints its port, and serves until it is killed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare.h"

enum { BUFFER = 64 * 1024, EVENTS = 256 };

struct connection {
    int fd;
    char *rest; /* not taken yet: [start, end) */
    size_t start, end;
};

static char buffer[BUFFER];
static int epoll;

static void watch(struct connection *connection, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(epoll, how, connection->fd, &event))
        bare_fail("epoll_ctl");
}

static void drop(struct connection *connection)
{
    close(connection->fd);
    free(connection->rest);
    free(connection);
}

static void accept_all(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection)
            bare_fail("calloc");
        connection->fd = fd;
        bare_tune(fd);
        watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    }
}

/* The rest of a write: until it has gone nothing more is read. */
static void keep(struct connection *connection, const char *data, size_t len)
{
    connection->rest = malloc(len);
    if (!connection->rest)
        bare_fail("malloc");
    memcpy(connection->rest, data, len);
    connection->start = 0;
    connection->end = len;
    watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void read_some(struct connection *connection)
{
    ssize_t len = recv(connection->fd, buffer, sizeof buffer, 0);
    if (len < 0 && errno == EAGAIN)
        return;
    if (len <= 0) {
        drop(connection);
        return;
    }
    ssize_t sent = send(connection->fd, buffer, (size_t)len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        drop(connection);
    else if (sent < len)
        keep(connection, buffer + (sent < 0 ? 0 : sent), (size_t)(len - (sent < 0 ? 0 : sent)));
}

static void write_rest(struct connection *connection)
{
    ssize_t sent = send(connection->fd, connection->rest + connection->start,
                        connection->end - connection->start, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
        return;
    if (sent < 0) {
        drop(connection);
        return;
    }
    connection->start += (size_t)sent;
    if (connection->start < connection->end)
        return;
    free(connection->rest);
    connection->rest = NULL;
    watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

int main(void)
{
    int listener = bare_listen();
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
        bare_fail("epoll");
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection)
                accept_all(listener);
            else if (connection->rest)
                write_rest(connection);
            else
                read_some(connection);
        }
    }
}
