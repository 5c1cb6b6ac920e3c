/* load.c - plays clients that speak TLS 1.3 and want their bytes back; or, with --handshake first,
 * clients that shake hands, hear one byte, and go: see handshake.c. */
/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "handshake.h"

static SSL_CTX *context;
static char *request;

static int prepare(struct load_protocol *protocol)
{
    uint32_t state = 1;
    request = malloc(protocol->size);
    for (size_t i = 0; request && i < protocol->size; i++)
        request[i] = (char)((state = state * 1664525 + 1013904223) >> 24);
    protocol->request = protocol->expect = request;
    protocol->request_len = protocol->expect_len = protocol->size;
    context = handshake_context();
    return request && context ? 0 : -1;
}

static int shake(struct load_protocol *protocol, struct load_connection *connection)
{
    SSL *ssl = SSL_new(context);
    connection->own = ssl;
    protocol->reply_len[connection->server] = protocol->size;
    if (!ssl || !SSL_set_fd(ssl, connection->fd))
        return -1;
    return SSL_connect(ssl) == 1 ? 0 : -1;
}

static void end(struct load_connection *connection)
{
    SSL_free(connection->own);
    connection->own = NULL;
}

/* As recv and send: -1 and errno. */
static ssize_t result_of(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}

/* All there is: what OpenSSL has read ahead makes no descriptor readable. */
static ssize_t get(struct load_connection *connection, void *buf, size_t cap)
{
    SSL *ssl = connection->own;
    size_t len = 0, got;
    int result = 1;
    ERR_clear_error();
    while (len < cap && (result = SSL_read_ex(ssl, (char *)buf + len, cap - len, &got)) == 1)
        len += got;
    return len ? (ssize_t)len : result_of(ssl, result);
}

static ssize_t put(struct load_connection *connection, const void *buf, size_t len)
{
    SSL *ssl = connection->own;
    size_t sent = 0;
    ERR_clear_error();
    int result = SSL_write_ex(ssl, buf, len, &sent);
    return result == 1 ? (ssize_t)sent : result_of(ssl, result);
}

int main(int argc, char **argv)
{
    struct load_protocol protocol = {
        .prepare = prepare, .open = shake, .close = end, .read = get, .write = put};
    if (argc > 1 && !strcmp(argv[1], "--handshake"))
        return handshake_main(argc - 2, argv + 2);
    return load_main(argc, argv, &protocol);
}
