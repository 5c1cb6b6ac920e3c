/* answer.c - writing an answer: head, length, date, and when not to write it yet.
 * Floor 8. Answers to pipelined requests gather while more requests are at hand. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "field.h"
#include "http.h"

enum { SMALL_BODY = 4096 /* copied behind its head: cheaper than a second part */ };

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *xie_http_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return ""; /* allowed: RFC 9112 section 4 */
}

/* RFC 9110 section 5.6.7; not strftime(3), whose names follow the locale. */
static const char *date(struct xie_http_server *server)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    struct tm tm;
    if (now == server->date_of || !gmtime_r(&now, &tm))
        return server->date;
    server->date_of = now;
    snprintf(server->date, sizeof server->date, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             days + 3 * tm.tm_wday, (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
    return server->date;
}

int xie_http_set_field(struct xie_http *http, const char *name, const char *value)
{
    if (!xie_field_name_ok(name) || !xie_field_value_ok(value))
        return -EINVAL;
    /* The framing is ours: a second word about it would be an opening for smugglers. */
    if (!strcasecmp(name, "content-length") || !strcasecmp(name, "transfer-encoding"))
        return -EINVAL;
    if (http->answered)
        return -EBUSY;
    if (!strcasecmp(name, "connection")) {
        if (strcasecmp(value, "close"))
            return -EINVAL;
        http->close = true;
        return 0;
    }
    size_t name_len = strlen(name), value_len = strlen(value);
    struct xie_bytes *fields = &http->fields;
    if (xie_bytes_reserve(fields, name_len + value_len + 4) < 0)
        return -ENOMEM;
    xie_bytes_add(fields, name, name_len);
    xie_bytes_add(fields, ": ", 2);
    xie_bytes_add(fields, value, value_len);
    xie_bytes_add(fields, "\r\n", 2);
    http->has_date |= !strcasecmp(name, "date");
    return 0;
}

/* Will the connection end with this answer? Also when the rest of the request would have
 * to be read for it to go on, and is not going to come or is too long to read. */
static bool closes(const struct xie_http *http)
{
    const struct xie_message *message = &http->message;
    if (http->close || http->server->stopping || !message->keep_alive)
        return true;
    return !message->complete && (http->expects || message->length > message->body_limit);
}

static void add_text(struct xie_chunk *chunk, const char *text)
{
    xie_chunk_add(chunk, text, strlen(text));
}

static void add_field(struct xie_chunk *chunk, const char *name, const char *value)
{
    add_text(chunk, name);
    add_text(chunk, value);
    add_text(chunk, "\r\n");
}

/* The head, with room for so much body behind it. */
static struct xie_chunk *make_head(struct xie_http *http, int status, const char *content_type,
                                   size_t len, size_t room)
{
    size_t type = content_type ? strlen(content_type) : 0;
    struct xie_chunk *chunk = xie_chunk_new(256 + type + http->fields.len + room);
    if (!chunk)
        return NULL;
    char line[64];
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    add_field(chunk, line, xie_http_reason(status));
    if (!http->has_date)
        add_field(chunk, "Date: ", date(http->server));
    if (content_type)
        add_field(chunk, "Content-Type: ", content_type);
    if (status != 204 && status != 304) {
        snprintf(line, sizeof line, "%zu", len);
        add_field(chunk, "Content-Length: ", line);
    }
    if (http->close)
        add_field(chunk, "Connection: ", "close");
    else if (!http->message.parser.http_minor)
        add_field(chunk, "Connection: ", "keep-alive");
    if (http->fields.len)
        xie_chunk_add(chunk, xie_bytes_first(&http->fields), http->fields.len);
    add_text(chunk, "\r\n");
    return chunk;
}

int xie_http_send(struct xie_http *http, struct xie_chunk *head, const void *body, size_t len)
{
    struct xie_chunk rest = {.bytes = body, .len = len};
    xie_out_add(&http->out, head, true);
    if (len)
        xie_out_add(&http->out, &rest, true);
    int err = xie_out_drain(&http->out, len ? &rest : head);
    if (err < 0) {
        /* In the middle of an answer; and body is not ours to keep. */
        xie_out_stop(&http->out, err);
        http->broken = true;
    }
    if (len && !rest.done)
        xie_list_remove(&rest.link);
    xie_out_leave(&http->out, head);
    return err;
}

/* More requests are at hand, so that more answers will follow at once: let them share a
 * write. Should the next one take its time, a task of its own sends this one meanwhile. */
static bool may_wait(const struct xie_http *http, size_t len)
{
    return http->message.complete && http->in.len && !http->close &&
           len + http->out.pending <= XIE_HTTP_CORK;
}

static int send_answer(struct xie_http *http, int status, const char *content_type,
                       const void *body, size_t len)
{
    bool bare = status == 204 || status == 304;
    bool silent = bare || http->message.parser.method == HTTP_HEAD;
    bool corked = may_wait(http, len);
    bool copied = !silent && (corked || len <= SMALL_BODY);
    struct xie_chunk *head = make_head(http, status, content_type, len, copied ? len : 0);
    if (!head)
        return -ENOMEM;
    http->answered = true;
    if (copied && len)
        xie_chunk_add(head, body, len);
    if (corked) {
        xie_out_add(&http->out, head, false);
        xie_out_kick(&http->out);
        return 0;
    }
    return xie_http_send(http, head, body, silent || copied ? 0 : len);
}

int xie_http_answer(struct xie_http *http, int status, const char *content_type, const void *body,
                    size_t len)
{
    if (status < 200 || status > 999 || (content_type && !xie_field_value_ok(content_type)))
        return -EINVAL;
    if (http->answered)
        return -EBUSY;
    if (http->broken)
        return http->body_error;
    /* In a triggered scope nothing is begun: it may be answered later, behind a shield. */
    int err = xie_check() < 0 ? xie_sleep(0) : http->out.error;
    if (err < 0)
        return err;
    http->close = closes(http);
    return send_answer(http, status, content_type, body, len);
}

int xie_http_refuse(struct xie_http *http, int status)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%d %s\n", status, xie_http_reason(status));
    xie_bytes_clear(&http->fields);
    http->has_date = false;
    if (status == 426)
        xie_http_set_field(http, "Sec-WebSocket-Version", "13");
    return xie_http_answer(http, status, "text/plain; charset=utf-8", text, (size_t)len);
}
