/* handshake.c - clients that shake hands, hear one byte, and go: some at a time, in windows. */
/* SPDX-License-Identifier: MIT */
#include "handshake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SERVERS_MOST = 64, AT_ONCE_MOST = 1024, EVENTS = 64, SILENCE_MS = 5000 };

struct client {
    int fd;
    SSL *ssl;
    bool shaken, written;
};

static SSL_CTX *context;
static int ports[SERVERS_MOST], set;
static struct client clients[AT_ONCE_MOST];

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

SSL_CTX *handshake_context(void)
{
    SSL_CTX *made = SSL_CTX_new(TLS_client_method());
    if (!made)
        return NULL;
    SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
    SSL_CTX_set_verify(made, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
}

/* return false: it could not */
static bool begin(struct client *client, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = client}};
    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
                              .ssl = SSL_new(context)};
    if (client->fd < 0 || !client->ssl || !SSL_set_fd(client->ssl, client->fd))
        return false;
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        return false;
    return !epoll_ctl(set, EPOLL_CTL_ADD, client->fd, &event);
}

/* Without waiting for the last acknowledgements: so many ports are not to be had. */
static void end(struct client *client)
{
    struct linger none = {.l_onoff = 1};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    SSL_free(client->ssl);
    close(client->fd);
    client->ssl = NULL;
}

/* return 1: it heard its byte; 0: not yet; -1: it never will */
static int go_on(struct client *client)
{
    char byte = 'x';
    ERR_clear_error();
    int result = client->shaken ? 1 : SSL_connect(client->ssl);
    client->shaken = result == 1;
    if (client->shaken && !client->written) {
        result = SSL_write(client->ssl, &byte, 1);
        client->written = result == 1;
    }
    if (client->written)
        result = SSL_read(client->ssl, &byte, 1);
    if (client->written && result == 1)
        return byte == 'x' ? 1 : -1;
    int error = SSL_get_error(client->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* Play one window. return how many were answered; *lost: and how many not */
static uint64_t play(int port, size_t at_once, int64_t end_ns, uint64_t *lost)
{
    struct epoll_event events[EVENTS];
    uint64_t answered = 0;
    size_t open = 0;
    for (; open < at_once; open++)
        if (!begin(&clients[open], port))
            exit(1);
    while (open) {
        int count = epoll_wait(set, events, EVENTS, SILENCE_MS);
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            int done = client->ssl ? go_on(client) : 0;
            if (!done)
                continue;
            end(client);
            answered += done > 0;
            *lost += done < 0;
            open--;
            if (now_ns() < end_ns && done > 0)
                open += begin(client, port) ? 1 : 0;
        }
        if (!count)
            break;
    }
    for (size_t i = 0; open && i < at_once; i++)
        if (clients[i].ssl)
            end(&clients[i]);
    *lost += open;
    return answered;
}

static bool obey(const char *line, size_t at_once, int count)
{
    char word[8];
    int index;
    long long ms = 0;
    uint64_t lost = 0;
    if (sscanf(line, "%7s %d %lld", word, &index, &ms) < 2 || index < 0 || index >= count)
        return false;
    if (!strcmp(word, "open")) {
        printf("opened %zu\n", at_once);
    } else if (!strcmp(word, "close")) {
        printf("closed\n");
    } else {
        int64_t start = now_ns();
        uint64_t answered = play(ports[index], at_once, start + ms * 1000000, &lost);
        printf("played %" PRIu64 " %" PRIu64 " %" PRId64 " 0 0 0 0\n", answered, lost,
               now_ns() - start);
    }
    return !fflush(stdout);
}

int handshake_main(int argc, char **argv)
{
    char line[256];
    size_t at_once = argc > 1 ? strtoul(argv[0], NULL, 10) : 0;
    if (at_once < 1 || at_once > AT_ONCE_MOST || argc - 1 > SERVERS_MOST) {
        fprintf(stderr, "usage: load --handshake COUNT PORT...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        ports[i - 1] = atoi(argv[i]);
    set = epoll_create1(EPOLL_CLOEXEC);
    context = handshake_context();
    if (set < 0 || !context)
        return 1;
    while (fgets(line, sizeof line, stdin))
        if (!obey(line, at_once, argc - 1))
            return 1;
    return 0;
}
