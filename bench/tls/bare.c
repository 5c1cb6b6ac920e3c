/* bare.c - the limit: an echo over OpenSSL on epoll, with nothing between.
 * One warm buffer; OpenSSL on the sockets themselves, reading ahead. Prints its port. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificate.h"

enum { BUFFER = 64 * 1024, READ_AHEAD = 64 * 1024, EVENTS = 256, BACKLOG = 4096 };

struct client {
    int fd;
    SSL *ssl;
    char *rest; /* not written yet: [start, end) */
    size_t start, end;
    uint32_t watched;
    bool shaken;
};

static char buffer[BUFFER];
static int set;
static SSL_CTX *context;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(struct client *client, uint32_t events)
{
    struct epoll_event event = {events, {.ptr = client}};
    int how = client->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (client->watched == events)
        return;
    if (epoll_ctl(set, how, client->fd, &event))
        fail("epoll_ctl");
    client->watched = events;
}

static void drop(struct client *client)
{
    SSL_free(client->ssl);
    close(client->fd);
    free(client->rest);
    free(client);
}

/* return false: it failed; else wait for what OpenSSL wants */
static bool again(struct client *client, int result)
{
    int error = SSL_get_error(client->ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        return false;
    watch(client, error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT);
    return true;
}

/* return false: it failed */
static bool keep(struct client *client, const char *data, size_t len, int result)
{
    client->rest = malloc(len);
    if (!client->rest)
        fail("malloc");
    memcpy(client->rest, data, len);
    client->start = 0;
    client->end = len;
    return again(client, result);
}

static bool write_rest(struct client *client)
{
    size_t put = 0;
    int result =
        SSL_write_ex(client->ssl, client->rest + client->start, client->end - client->start, &put);
    if (result != 1)
        return again(client, result);
    free(client->rest);
    client->rest = NULL;
    watch(client, EPOLLIN);
    return true;
}

/* All that has come, up to the buffer's size, then all of it back. */
static bool echo(struct client *client)
{
    size_t len = 0, got, put;
    int result = 1;
    while (len < sizeof buffer &&
           (result = SSL_read_ex(client->ssl, buffer + len, sizeof buffer - len, &got)) == 1)
        len += got;
    if (!len)
        return again(client, result);
    int written = SSL_write_ex(client->ssl, buffer, len, &put);
    if (written != 1)
        return keep(client, buffer, len, written);
    watch(client, EPOLLIN);
    return SSL_pending(client->ssl) ? echo(client) : true;
}

static bool go_on(struct client *client)
{
    ERR_clear_error();
    if (!client->shaken) {
        int result = SSL_accept(client->ssl);
        if (result != 1)
            return again(client, result);
        client->shaken = true;
    }
    return client->rest ? write_rest(client) : echo(client);
}

static void accept_all(int listener)
{
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct client *client = calloc(1, sizeof *client);
        if (!client || !(client->ssl = SSL_new(context)))
            fail("a client");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        client->fd = fd;
        SSL_set_fd(client->ssl, fd);
        watch(client, EPOLLIN);
    }
}

static void make_context(void)
{
    const char *path = certificate_make();
    context = SSL_CTX_new(TLS_server_method());
    if (!path || !context || SSL_CTX_use_certificate_file(context, path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) != 1)
        fail("a certificate");
    certificate_end();
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static int listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&address, &len))
        fail("listen");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(void)
{
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
    make_context();
    int listener = listen_here();
    set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, listener, &event))
        fail("epoll");
    for (;;) {
        int count = epoll_wait(set, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (!client)
                accept_all(listener);
            else if (!go_on(client))
                drop(client);
        }
    }
}
