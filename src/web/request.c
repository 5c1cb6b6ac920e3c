/* request.c - what the head of a request means, and whether it may mean that.
 * Floor 8. Whatever two servers could understand differently is refused (RFC 9112). */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "query.h"
#include "url.h"

enum {
    OK = 0,
    BAD = 400,
    EXPECTATION = 417,
    NOT_IMPLEMENTED = 501,
    UNAVAILABLE = 503,
    VERSION = 505
};

int xie_request_refusal(const struct xie_http *http)
{
    return llhttp_get_errno(&http->message.parser) == HPE_INVALID_VERSION ? VERSION : BAD;
}

/* Two spaces, and the version in these very letters: the parser also takes more spaces, and
 * knows RTSP and HTTP/0.9. */
static int check_line(const struct xie_message *message)
{
    const char *line = message->text.data;
    size_t len = (size_t)((char *)memchr(line, '\r', message->text.len) - line), spaces = 0;
    for (size_t i = 0; i < len; i++)
        spaces += line[i] == ' ';
    if (spaces != 2 || len < 9 || memcmp(line + len - 9, " HTTP/", 6))
        return BAD;
    return !memcmp(line + len - 3, "1.0", 3) || !memcmp(line + len - 3, "1.1", 3) ? OK : VERSION;
}

/* How long the body is must be beyond doubt: RFC 9112 section 6.3. */
static int check_length(const struct xie_message *message)
{
    size_t codings = xie_message_count(message, "transfer-encoding");
    if (!codings)
        return xie_message_count(message, "content-length") > 1 ? BAD : OK;
    if (xie_message_count(message, "content-length") || message->parser.http_minor == 0)
        return BAD;
    const char *coding = xie_message_value(message, "transfer-encoding");
    return codings == 1 && !strcasecmp(coding, "chunked") ? OK : NOT_IMPLEMENTED;
}

static int check_host(const struct xie_message *message)
{
    size_t hosts = xie_message_count(message, "host");
    if (hosts > 1 || (!hosts && message->parser.http_minor))
        return BAD;
    return OK;
}

static int check_expect(struct xie_http *http)
{
    const char *expect = xie_message_value(&http->message, "expect");
    if (!expect || !http->message.parser.http_minor)
        return OK;
    if (strcasecmp(expect, "100-continue"))
        return EXPECTATION;
    http->expects = !http->message.complete;
    return OK;
}

static int decode_target(struct xie_http *http, const struct xie_url *url)
{
    struct xie_bytes *target = &http->target;
    xie_bytes_clear(target);
    if (xie_bytes_reserve(target, xie_query_room(http->message.target_len)) < 0)
        return UNAVAILABLE;
    bool good = url->path_len ? xie_query_text(target, url->path, url->path_len, false)
                              : xie_query_text(target, "/", 1, false);
    return good && xie_query_pairs(target, url->query, url->query_len) ? OK : BAD;
}

/* "http://host/path?query", as sent to proxies; servers have to understand it. */
static int absolute_form(struct xie_http *http, struct xie_url *url)
{
    struct xie_message *message = &http->message;
    /* The space after it has been understood, and may be overwritten. */
    message->target[message->target_len] = 0;
    int err = xie_url_split(message->target, url);
    if (err)
        return err == -ENOMEM ? UNAVAILABLE : BAD;
    return !strcmp(url->scheme, "http") || !strcmp(url->scheme, "https") ? OK : BAD;
}

static int check_target(struct xie_http *http)
{
    struct xie_message *message = &http->message;
    struct xie_url url = {.path = message->target};
    if (message->parser.method == HTTP_CONNECT)
        return NOT_IMPLEMENTED;
    for (size_t i = 0; i < message->target_len; i++) {
        char c = message->target[i];
        if (c <= 0x20 || c > 0x7e || c == '#')
            return BAD;
    }
    bool star = message->target_len == 1 && *url.path == '*';
    if (star && message->parser.method != HTTP_OPTIONS)
        return BAD;
    if (star || *url.path == '/') {
        const char *mark = memchr(url.path, '?', message->target_len);
        url.path_len = mark ? (size_t)(mark - url.path) : message->target_len;
        url.query = mark ? mark + 1 : url.path;
        url.query_len = mark ? message->target_len - url.path_len - 1 : 0;
        return decode_target(http, &url);
    }
    int status = absolute_form(http, &url);
    return status ? status : decode_target(http, &url);
}

int xie_request_check(struct xie_http *http)
{
    int status = check_line(&http->message);
    if (!status)
        status = check_length(&http->message);
    if (!status)
        status = check_host(&http->message);
    if (!status)
        status = check_expect(http);
    return status ? status : check_target(http);
}

const char *xie_http_method(const struct xie_http *http)
{
    return llhttp_method_name((llhttp_method_t)http->message.parser.method);
}

const char *xie_http_path(const struct xie_http *http)
{
    return http->target.data;
}

const char *xie_http_field(const struct xie_http *http, const char *name)
{
    return xie_message_value(&http->message, name);
}

int xie_http_peer(struct xie_http *http, struct xie_address *address)
{
    return xie_stream_peer(http->stream, address);
}
