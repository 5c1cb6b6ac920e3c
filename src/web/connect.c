/* connect.c - opening a WebSocket to a server.
 * Floor 8. RFC 6455 section 4.1: whatever the server answers is checked. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <xie/connect.h>
#include <xie/tls.h>

#include "bytes.h"
#include "extension.h"
#include "field.h"
#include "handshake.h"
#include "message.h"
#include "secure.h"
#include "url.h"
#include "ws.h"

enum {
    MAX_HEAD = 16 << 10, /* of an answer */
    MAX_INTERIM = 8,     /* answers like 103 before the one that counts */
    HTTP_PORT = 80,
    HTTPS_PORT = 443
};

/* One handshake. */
struct shake {
    struct xie_url url;
    const struct xie_ws_options *options;
    const struct xie_http_field *fields;
    struct xie_deflate_terms terms;
    struct xie_stream *stream;
    char key[XIE_WS_KEY];
    struct xie_bytes request;
    struct xie_bytes in;
    struct xie_message answer;
};

/* Fields that make up the handshake itself. */
static bool reserved(const char *name)
{
    static const char *const names[] = {
        "host",
        "upgrade",
        "connection",
        "content-length",
        "transfer-encoding",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-accept",
        "sec-websocket-extensions",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcasecmp(name, names[i]))
            return true;
    }
    return false;
}

static int check_fields(const struct xie_http_field *fields)
{
    for (; fields && fields->name; fields++) {
        if (!xie_field_name_ok(fields->name) || !xie_field_value_ok(fields->value) ||
            reserved(fields->name))
            return -EINVAL;
    }
    return 0;
}

static int add(struct xie_bytes *bytes, const char *text)
{
    return xie_bytes_add(bytes, text, strlen(text));
}

static int add_field(struct xie_bytes *bytes, const char *name, const char *value)
{
    int err = add(bytes, name);
    err = err ? err : add(bytes, ": ");
    err = err ? err : add(bytes, value);
    return err ? err : add(bytes, "\r\n");
}

static int add_target(struct xie_bytes *bytes, const struct xie_url *url)
{
    int err = add(bytes, "GET ");
    err = err ? err
              : xie_bytes_add(bytes, url->path_len ? url->path : "/",
                              url->path_len ? url->path_len : 1);
    if (!err && url->query)
        err = add(bytes, "?");
    if (!err && url->query)
        err = xie_bytes_add(bytes, url->query, url->query_len);
    return err ? err : add(bytes, " HTTP/1.1\r\n");
}

static bool is_secure(const struct xie_url *url)
{
    return !strcmp(url->scheme, "wss");
}

static uint16_t default_port(const struct xie_url *url)
{
    return is_secure(url) ? HTTPS_PORT : HTTP_PORT;
}

static int add_host(struct xie_bytes *bytes, const struct xie_url *url)
{
    char host[XIE_URL_HOST + sizeof "[]:65535"];
    int len = snprintf(host, sizeof host, url->literal ? "[%s]" : "%s", url->host);
    if (url->port && url->port != default_port(url))
        snprintf(host + len, sizeof host - (size_t)len, ":%u", url->port);
    return add_field(bytes, "Host", host);
}

static int make_request(struct shake *shake)
{
    struct xie_bytes *bytes = &shake->request;
    int err = xie_ws_key(shake->key);
    err = err ? err : add_target(bytes, &shake->url);
    err = err ? err : add_host(bytes, &shake->url);
    err = err ? err : add(bytes, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    err = err ? err : add_field(bytes, "Sec-WebSocket-Key", shake->key);
    err = err ? err : add(bytes, "Sec-WebSocket-Version: 13\r\n");
    char offer[XIE_EXTENSION];
    xie_extension_offer(shake->options, offer);
    if (!err && *offer)
        err = add_field(bytes, "Sec-WebSocket-Extensions", offer);
    const struct xie_http_field *field = shake->fields;
    for (; !err && field && field->name; field++)
        err = add_field(bytes, field->name, field->value);
    return err ? err : add(bytes, "\r\n");
}

/* Read and parse one head. */
static int read_answer(struct shake *shake)
{
    struct xie_scan scan = {0};
    struct xie_bytes *in = &shake->in;
    ssize_t len;
    while (!(len = xie_head_scan(&scan, xie_bytes_first(in), in->len))) {
        if (scan.at > MAX_HEAD)
            return XIE_ELIMIT;
        if (xie_bytes_reserve(in, XIE_WS_READ) < 0)
            return -ENOMEM;
        ssize_t n = xie_stream_read(shake->stream, xie_bytes_end(in), xie_bytes_room(in));
        if (n <= 0)
            return n ? (int)n : XIE_EOF;
        in->len += (size_t)n;
    }
    if (len < 0)
        return (int)len;
    if (len > MAX_HEAD)
        return XIE_ELIMIT;
    int err = xie_message_parse(&shake->answer, HTTP_RESPONSE, xie_bytes_first(in) + scan.start,
                                (size_t)len - scan.start);
    xie_bytes_take(in, (size_t)len);
    return err;
}

/* Did we offer this subprotocol? */
static bool offered(const struct shake *shake, const char *protocol)
{
    const struct xie_http_field *field = shake->fields;
    for (; field && field->name; field++) {
        if (!strcasecmp(field->name, "sec-websocket-protocol") &&
            xie_field_has(field->value, protocol))
            return true;
    }
    return false;
}

static int check_answer(struct shake *shake)
{
    const struct xie_message *answer = &shake->answer;
    char proof[XIE_WS_ACCEPT];
    int status = answer->parser.status_code;
    if (status == 401 || status == 403)
        return XIE_EAUTH;
    if (status != 101 || answer->parser.http_major != 1 || answer->parser.http_minor != 1 ||
        !xie_field_has(xie_message_value(answer, "upgrade"), "websocket") ||
        !xie_field_has(xie_message_value(answer, "connection"), "upgrade"))
        return XIE_EWS_HANDSHAKE;
    int err = xie_ws_proof(shake->key, proof);
    if (err < 0)
        return err;
    if (xie_message_count(answer, "sec-websocket-accept") != 1 ||
        strcmp(xie_message_value(answer, "sec-websocket-accept"), proof))
        return XIE_EWS_HANDSHAKE;
    err = xie_extension_accept(shake->options, answer, &shake->terms);
    if (err < 0)
        return err;
    size_t protocols = xie_message_count(answer, "sec-websocket-protocol");
    if (protocols > 1 ||
        (protocols && !offered(shake, xie_message_value(answer, "sec-websocket-protocol"))))
        return XIE_EWS_HANDSHAKE;
    return 0;
}

static int shake_hands(struct shake *shake, int *status)
{
    int err = make_request(shake);
    if (err < 0)
        return err;
    ssize_t n =
        xie_stream_write(shake->stream, xie_bytes_first(&shake->request), shake->request.len);
    if (n < 0)
        return (int)n;
    for (int interim = 0; interim < MAX_INTERIM; interim++) {
        err = read_answer(shake);
        if (err < 0)
            return err;
        *status = shake->answer.parser.status_code;
        if (*status / 100 != 1 || *status == 101)
            return check_answer(shake);
    }
    return XIE_EWS_HANDSHAKE;
}

static int check_url(const char *text, struct xie_url *url)
{
    int err = xie_url_split(text, url);
    if (err < 0)
        return err;
    return is_secure(url) || !strcmp(url->scheme, "ws") ? 0 : XIE_EURL;
}

static int open_stream(const struct xie_url *url, const struct xie_ws_options *options,
                       struct xie_stream **stream)
{
    uint16_t port = url->port ? url->port : default_port(url);
    if (is_secure(url))
        return xie_secure_connect(options ? options->tls : NULL, url->host, port,
                                  options ? options->tls_failure : NULL, stream);
    return xie_tcp_connect(url->host, port, stream);
}

int xie_ws_connect(const char *url, const struct xie_ws_options *options, int *status,
                   struct xie_ws **ws)
{
    struct shake shake = {.options = options, .fields = options ? options->fields : NULL};
    int unused, *code = status ? status : &unused;
    *code = 0;
    if (options && options->tls_failure)
        *options->tls_failure->text = 0;
    int err = check_url(url, &shake.url);
    err = err ? err : check_fields(shake.fields);
    err = err ? err : xie_extension_check(options);
    if (err < 0)
        return err;
    err = open_stream(&shake.url, options, &shake.stream);
    if (err < 0)
        return err;
    err = shake_hands(&shake, code);
    if (!err)
        err = xie_ws_new(shake.stream, options, true, &shake.terms, &shake.in, ws);
    if (err < 0)
        xie_stream_close(shake.stream);
    xie_message_fini(&shake.answer);
    xie_bytes_fini(&shake.request);
    xie_bytes_fini(&shake.in);
    return err;
}
