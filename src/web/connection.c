/* connection.c - reading requests from a connection: heads, bodies, and their deadlines.
 * Floor 8. Before it waits for more, what was answered goes out. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "http.h"

static void got(struct xie_http *http, size_t len)
{
    http->in.len += len;
    if (len >= http->read_size && http->read_size < XIE_HTTP_READ_MAX)
        http->read_size *= 2;
}

/* Read more, by a deadline. late: the deadline of this call passed, and no other's.
 * return bytes, 0 at the end; errors of the stream. */
static ssize_t fill(struct xie_http *http, int64_t by, bool *late)
{
    struct xie_scope scope;
    *late = false;
    if (xie_bytes_reserve(&http->in, http->read_size) < 0)
        return -ENOMEM;
    xie_scope_open(&scope, by - xie_now());
    ssize_t n = http->out.pending ? xie_out_drain(&http->out, NULL) : 0;
    if (!n)
        n = xie_stream_read(http->stream, xie_bytes_end(&http->in), xie_bytes_room(&http->in));
    xie_scope_close(&scope);
    if (n > 0)
        got(http, (size_t)n);
    else if (!n)
        http->ended = true;
    else if (n == -ETIMEDOUT)
        *late = xie_scope_expired(&scope) && !xie_check();
    return n;
}

/* Between requests: the one wait that the end of the server may cut short. */
static ssize_t fill_idle(struct xie_http *http)
{
    struct xie_scope scope;
    bool late;
    if (http->server->stopping)
        return 0;
    if (http->in.cap > XIE_HTTP_READ_KEPT) { /* by who is idle */
        xie_bytes_fini(&http->in);
        http->read_size = XIE_HTTP_READ;
    }
    xie_scope_open(&scope, XIE_NEVER);
    http->idle = &scope;
    xie_list_push(&http->server->idle, &http->link);
    ssize_t n = fill(http, xie_now() + http->server->options.idle_timeout_ns, &late);
    xie_list_remove(&http->link);
    http->idle = NULL;
    xie_scope_close(&scope);
    return n;
}

static int refuse(struct xie_http *http, int status)
{
    http->close = true;
    xie_http_refuse(http, status);
    return 0;
}

/* Wait for a whole head. return its length in `in`; 0: the connection ends. */
static ssize_t next_head(struct xie_http *http)
{
    const struct xie_http_options *options = &http->server->options;
    int64_t by = xie_now() + options->head_timeout_ns;
    for (;;) {
        ssize_t len = xie_head_scan(&http->scan, xie_bytes_first(&http->in), http->in.len);
        if (len < 0)
            return refuse(http, 400);
        if (http->scan.at - http->scan.start > options->max_head)
            return refuse(http, 431);
        if (len)
            return len;
        bool late = false;
        bool first = !http->in.len;
        ssize_t n = first ? fill_idle(http) : fill(http, by, &late);
        if (late)
            return refuse(http, 408);
        if (n <= 0)
            return 0;
        if (first)
            by = xie_now() + options->head_timeout_ns;
    }
}

static void start_request(struct xie_http *http)
{
    http->scan = (struct xie_scan){0};
    http->message.body_limit = http->server->options.max_body;
    http->expects = http->has_date = http->answered = false;
    http->body_by = 0;
    http->body_error = 0;
    xie_bytes_clear(&http->fields);
    xie_bytes_clear(&http->target);
    xie_bytes_clear(&http->form);
    /* Until a request has been understood, an answer can only be a refusal to one. */
    http->message.keep_alive = false;
    http->message.complete = true;
    http->message.parser.method = HTTP_GET;
    http->message.parser.http_minor = 1;
}

int xie_http_next(struct xie_http *http)
{
    start_request(http);
    ssize_t len = next_head(http);
    if (len <= 0)
        return 0;
    size_t start = http->scan.start;
    const char *head = xie_bytes_first(&http->in) + start;
    int err = xie_message_parse(&http->message, HTTP_REQUEST, head, (size_t)len - start);
    if (err < 0)
        return refuse(http, err == -ENOMEM ? 503 : xie_request_refusal(http));
    xie_bytes_take(&http->in, (size_t)len);
    int status = xie_request_check(http);
    return status ? refuse(http, status) : 1;
}

/* Tell a client that waits for it to send the body. No copy, no wait: it goes out before
 * the read that follows. */
static int invite(struct xie_http *http)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    http->expects = false;
    if (http->in.len)
        return 0;
    struct xie_chunk *chunk = xie_chunk_new(sizeof line);
    if (!chunk)
        return -ENOMEM;
    xie_chunk_add(chunk, line, sizeof line - 1);
    xie_out_add(&http->out, chunk, false);
    return 0;
}

/* Read the body to its end. */
static int pull(struct xie_http *http, bool *late)
{
    struct xie_message *message = &http->message;
    if (message->length > message->body_limit)
        return XIE_ELIMIT;
    if (http->expects && invite(http) < 0)
        return -ENOMEM;
    if (!http->body_by)
        http->body_by = xie_now() + http->server->options.body_timeout_ns;
    while (!message->complete) {
        size_t used;
        int result = xie_message_feed(message, xie_bytes_first(&http->in), http->in.len, &used);
        if (result < 0)
            return result;
        xie_bytes_take(&http->in, used);
        if (message->complete)
            break;
        ssize_t n = fill(http, http->body_by, late);
        if (n <= 0)
            return n ? (int)n : XIE_EOF;
    }
    return 0;
}

/* The reading failed for good: the request is answered with why, where that makes sense. */
static int fail_body(struct xie_http *http, int error, bool late)
{
    if (!late && (error == -ECANCELED || error == -ETIMEDOUT) && xie_check() < 0)
        return error; /* the caller's own scope: reading may go on later */
    http->body_error = error;
    http->close = true;
    if (http->answered)
        return error;
    if (late)
        xie_http_refuse(http, 408);
    else if (error == XIE_ELIMIT)
        xie_http_refuse(http, 413);
    else if (error == XIE_EHTTP)
        xie_http_refuse(http, 400);
    else if (error != -ENOMEM)
        http->broken = true;
    return error;
}

ssize_t xie_http_body(struct xie_http *http, char **body)
{
    bool late = false;
    if (http->body_error)
        return http->body_error;
    int err = http->message.complete ? 0 : pull(http, &late);
    if (err < 0)
        return fail_body(http, err, late);
    struct xie_bytes *bytes = &http->message.body;
    if (xie_bytes_reserve(bytes, 1) < 0)
        return -ENOMEM;
    *xie_bytes_end(bytes) = 0;
    *body = xie_bytes_first(bytes);
    return (ssize_t)bytes->len;
}

int xie_http_skip_body(struct xie_http *http)
{
    bool late = false;
    if (http->message.complete)
        return 0;
    if (http->body_error)
        return http->body_error;
    http->expects = false;
    http->message.discard = true;
    return pull(http, &late);
}

void xie_http_linger(struct xie_http *http)
{
    char sink[4096];
    if (xie_out_drain(&http->out, NULL) < 0 || http->ended)
        return;
    if (xie_stream_write_eof(http->stream) < 0)
        return;
    XIE_TIMEOUT(XIE_HTTP_LINGER_S *XIE_SECOND) {
        while (xie_stream_read(http->stream, sink, sizeof sink) > 0)
            ;
    }
}
