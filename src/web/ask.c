/* ask.c - what may be asked of a server, and how it is written down.
 * Floor 8. Nothing of the caller's can add a line, or a second word about a length. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client.h"
#include "field.h"

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

static bool among(const char *word, const char *const *words, size_t count, bool any_case)
{
    for (size_t i = 0; i < count; i++) {
        if (any_case ? !strcasecmp(word, words[i]) : !strcmp(word, words[i]))
            return true;
    }
    return false;
}

#define AMONG(word, words, any_case) among(word, words, sizeof(words) / sizeof *(words), any_case)

/* RFC 9110 section 9.2.1. */
static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE"};

bool xie_fetch_safe(const char *method)
{
    return AMONG(method, safe, false);
}

/* RFC 9110 section 9.2.2. */
bool xie_fetch_idempotent(const char *method)
{
    static const char *const others[] = {"PUT", "DELETE"};
    return xie_fetch_safe(method) || AMONG(method, others, false);
}

/* What the client says by itself, and what would change what the connection means. */
static bool reserved(const char *name)
{
    static const char *const names[] = {
        "host", "content-length", "transfer-encoding", "connection", "expect",
        "te",   "trailer",        "upgrade",           "keep-alive", "proxy-connection"};
    return AMONG(name, names, true);
}

int xie_fetch_check(const struct xie_http_request *request)
{
    if (!request->url || !xie_field_value_ok(request->url) || (request->source && request->body))
        return -EINVAL;
    if (!request->body && !request->source && request->body_len)
        return -EINVAL;
    if (request->method &&
        (!xie_field_name_ok(request->method) || !strcmp(request->method, "CONNECT")))
        return -EINVAL;
    for (const struct xie_http_field *field = request->fields; field && field->name; field++) {
        if (!xie_field_name_ok(field->name) || !field->value || !xie_field_value_ok(field->value) ||
            reserved(field->name))
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

static int add_line(struct xie_bytes *bytes, const char *method, const struct xie_url *url)
{
    int err = add(bytes, method);
    err = err ? err : add(bytes, url->path_len ? " " : " /");
    if (!err && url->path_len)
        err = xie_bytes_add(bytes, url->path, url->path_len);
    if (!err && url->query)
        err = add(bytes, "?");
    if (!err && url->query)
        err = xie_bytes_add(bytes, url->query, url->query_len);
    return err ? err : add(bytes, " HTTP/1.1\r\n");
}

static int add_host(struct xie_bytes *bytes, const struct xie_url *url)
{
    char host[XIE_URL_HOST + sizeof "[]:65535"];
    uint16_t usual = !strcmp(url->scheme, "https") ? HTTPS_PORT : HTTP_PORT;
    int len = snprintf(host, sizeof host, url->literal ? "[%s]" : "%s", url->host);
    if (url->port && url->port != usual)
        snprintf(host + len, sizeof host - (size_t)len, ":%u", url->port);
    return add_field(bytes, "Host", host);
}

static int add_length(struct xie_bytes *bytes, const struct xie_fetch *fetch)
{
    static const char *const with_body[] = {"POST", "PUT", "PATCH"};
    const struct xie_http_request *request = fetch->request;
    char length[32];
    if (request->source && !request->body_len)
        return add_field(bytes, "Transfer-Encoding", "chunked");
    if (!request->body && !request->source && !AMONG(fetch->method, with_body, false))
        return 0;
    snprintf(length, sizeof length, "%llu", (unsigned long long)request->body_len);
    return add_field(bytes, "Content-Length", length);
}

static bool secret(const char *name)
{
    static const char *const names[] = {"authorization", "cookie", "proxy-authorization"};
    return AMONG(name, names, true);
}

int xie_fetch_head(struct xie_fetch *fetch)
{
    struct xie_bytes *bytes = &fetch->head;
    const struct xie_http_field *field = fetch->request->fields;
    xie_bytes_clear(bytes);
    int err = add_line(bytes, fetch->method, &fetch->parts);
    err = err ? err : add_host(bytes, &fetch->parts);
    for (; !err && field && field->name; field++) {
        if (!fetch->stranger || !secret(field->name))
            err = add_field(bytes, field->name, field->value);
    }
    err = err ? err : add_length(bytes, fetch);
    if (!err && fetch->request->expect && (fetch->request->body || fetch->request->source))
        err = add_field(bytes, "Expect", "100-continue");
    if (!err && !fetch->client)
        err = add_field(bytes, "Connection", "close");
    return err ? err : add(bytes, "\r\n");
}
