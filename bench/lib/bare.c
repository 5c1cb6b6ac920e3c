/* bare.c - one epoll set, level-triggered, one recv for each event, one send for each answer. */
/* SPDX-License-Identifier: MIT */
#include "bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256 };

static int set; /* the epoll set */

static void watch(struct bare_client *client, uint32_t events, int how)
{
    struct epoll_event event = {events, {.ptr = client}};
    epoll_ctl(set, how, client->fd, &event);
}

int bare_write(struct bare_client *client, const char *buf, size_t len)
{
    ssize_t sent = len ? send(client->fd, buf, len, MSG_NOSIGNAL) : 0;
    if (sent < 0 && errno != EAGAIN)
        return -1;
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done == len)
        return 0;
    client->queued = len - done;
    client->queue = malloc(client->queued);
    if (!client->queue)
        return -1;
    memcpy(client->queue, buf + done, client->queued);
    watch(client, EPOLLOUT, EPOLL_CTL_MOD);
    return 0;
}

static int writable(struct bare_client *client)
{
    char *queue = client->queue;
    client->queue = NULL;
    int error = bare_write(client, queue, client->queued);
    free(queue);
    if (!error && !client->queue)
        watch(client, EPOLLIN, EPOLL_CTL_MOD);
    return error;
}

static void end(const struct bare_server *server, struct bare_client *client)
{
    if (server->closed)
        server->closed(client);
    close(client->fd);
    free(client->queue);
    free(client->own);
    free(client);
}

static void welcome(const struct bare_server *server, int listener)
{
    for (int fd, on = 1; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct bare_client *client = calloc(1, sizeof *client);
        if (!client || !(client->own = calloc(1, server->own_size))) {
            free(client);
            close(fd);
            return;
        }
        client->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(client, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static int listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&address, &len))
        return -1;
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* false: stdin has ended. */
static bool turn(const struct bare_server *server, int listener)
{
    static char mark_stdin, mark_listener;
    static struct epoll_event events[EVENTS];
    static bool first = true;
    if (first) {
        struct epoll_event in = {EPOLLIN, {.ptr = &mark_stdin}};
        struct epoll_event new = {EPOLLIN, {.ptr = &mark_listener}};
        epoll_ctl(set, EPOLL_CTL_ADD, STDIN_FILENO, &in);
        epoll_ctl(set, EPOLL_CTL_ADD, listener, &new);
        first = false;
    }
    int count = epoll_wait(set, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
        void *what = events[i].data.ptr;
        if (what == &mark_stdin)
            return false;
        if (what == &mark_listener)
            welcome(server, listener);
        else if (((struct bare_client *)what)->queue ? writable(what) : server->readable(what))
            end(server, what);
    }
    return true;
}

int bare_serve(const struct bare_server *server)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    set = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_here();
    if (set < 0 || listener < 0) {
        fprintf(stderr, "bare: %s\n", strerror(errno));
        return 1;
    }
    while (turn(server, listener)) {
    }
    return 0;
}
