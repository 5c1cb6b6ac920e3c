/* load_connect.c - a load generator's command line, and its connections to 127.0.0.1. */
/* SPDX-License-Identifier: MIT */
#include "load_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_SECONDS = 10 };

/* --- the command line --------------------------------------------------------------- */

static int number(const char *word, size_t most, size_t *value)
{
    char *end;
    unsigned long long read = strtoull(word, &end, 10);
    if (*end || end == word || read < 1 || read > most)
        return -1;
    *value = (size_t)read;
    return 0;
}

static int option(struct load_protocol *protocol, const char *name, const char *value)
{
    if (!strcmp(name, "connections"))
        return number(value, 100000, &protocol->connections);
    if (!strcmp(name, "depth"))
        return number(value, 10000, &protocol->depth);
    if (!strcmp(name, "size"))
        return number(value, 1 << 24, &protocol->size);
    return protocol->option ? protocol->option(name, value) : -1;
}

static int add_server(struct load_servers *servers, const char *word)
{
    size_t port;
    if (number(word, 65535, &port))
        return -1;
    struct load_server *each = realloc(servers->each, (servers->count + 1) * sizeof *each);
    if (!each)
        return -1;
    each[servers->count] = (struct load_server){.port = (int)port, .index = servers->count};
    servers->each = each;
    servers->count++;
    return 0;
}

int load_arguments(int argc, char **argv, struct load_protocol *protocol,
                   struct load_servers *servers)
{
    protocol->connections = protocol->depth = protocol->size = 1;
    int error = 0;
    for (int i = 1; i < argc && !error; i++) {
        if (strncmp(argv[i], "--", 2))
            error = add_server(servers, argv[i]);
        else if (i + 1 == argc)
            error = -1;
        else
            error = option(protocol, argv[i] + 2, argv[i + 1]), i++;
    }
    if (error || !servers->count) {
        fprintf(stderr, "usage: %s [--connections N] [--depth N] [--size BYTES]%s%s PORT...\n",
                argv[0], protocol->usage ? " " : "", protocol->usage ? protocol->usage : "");
        return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    protocol->reply_len = calloc(servers->count, sizeof *protocol->reply_len);
    if (!protocol->reply_len || (protocol->prepare && protocol->prepare(protocol))) {
        fprintf(stderr, "%s: not enough memory, or options that do not fit\n", argv[0]);
        return 1;
    }
    return 0;
}

/* --- connections -------------------------------------------------------------------- */

int load_write_all(int fd, const void *buf, size_t len)
{
    for (const char *from = buf; len;) {
        ssize_t sent = send(fd, from, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        from += sent, len -= (size_t)sent;
    }
    return 0;
}

int load_read_exactly(int fd, void *buf, size_t len)
{
    for (char *to = buf; len;) {
        ssize_t got = recv(fd, to, len, 0);
        if (got <= 0)
            return -1;
        to += got, len -= (size_t)got;
    }
    return 0;
}

ssize_t load_read_head(int fd, char *buf, size_t cap)
{
    for (size_t len = 0; len + 1 < cap;) {
        if (load_read_exactly(fd, buf + len, 1))
            return -1;
        buf[++len] = '\0';
        if (len >= 4 && !memcmp(buf + len - 4, "\r\n\r\n", 4))
            return (ssize_t)len;
    }
    return -1;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        return -1;
    struct timeval most = {WAIT_SECONDS, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_one(struct load_protocol *protocol, struct load_server *server,
                    struct load_connection *connection)
{
    connection->fd = connect_to(server->port);
    if (connection->fd < 0)
        return -1;
    server->count++; /* closed with the others from now on */
    if (protocol->open && protocol->open(protocol, connection))
        return -1;
    fcntl(connection->fd, F_SETFL, fcntl(connection->fd, F_GETFL) | O_NONBLOCK);
    struct epoll_event event = {EPOLLIN, {.ptr = connection}};
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

int load_open(struct load_protocol *protocol, struct load_server *server)
{
    if (server->connections)
        return -1;
    size_t count = protocol->connections;
    server->connections = calloc(count, sizeof *server->connections);
    server->since = calloc(count * protocol->depth, sizeof *server->since);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!server->connections || !server->since || server->epoll < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        server->connections[i].server = server->index;
        server->connections[i].since = server->since + i * protocol->depth;
        if (open_one(protocol, server, &server->connections[i])) {
            fprintf(stderr, "connection %zu to port %d: %s\n", i, server->port, strerror(errno));
            return -1;
        }
    }
    return 0;
}

void load_close(struct load_protocol *protocol, struct load_server *server)
{
    for (size_t i = 0; i < server->count; i++) {
        if (protocol->close)
            protocol->close(&server->connections[i]);
        close(server->connections[i].fd);
    }
    if (server->connections)
        close(server->epoll);
    free(server->connections);
    free(server->since);
    server->connections = NULL;
    server->since = NULL;
    server->count = 0;
}

void load_end(struct load_protocol *protocol, struct load_servers *servers)
{
    for (size_t i = 0; i < servers->count; i++)
        load_close(protocol, &servers->each[i]);
    free(servers->each);
    free(protocol->reply_len);
}
