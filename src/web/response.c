/* response.c - an answer's body, and what stood in its head.
 * Floor 8. Its connection goes back as soon as the last byte has come; who reads no further has
 * it closed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "client.h"
#include "field.h"

enum { MAX_BODY = 16 << 20, SKIP = 16 << 10 };

static bool connection_says(const struct xie_message *message, const char *word)
{
    const struct xie_field *field = NULL;
    while ((field = xie_message_field(message, "connection", field))) {
        if (xie_field_has(field->value, word))
            return true;
    }
    return false;
}

/* How long the body is must be beyond doubt: RFC 9112 section 6.3. */
static bool length_ok(const struct xie_message *message)
{
    size_t codings = xie_message_count(message, "transfer-encoding");
    size_t lengths = xie_message_count(message, "content-length");
    if (!codings)
        return lengths <= 1;
    return codings == 1 && !lengths && message->parser.http_minor &&
           !strcasecmp(xie_message_value(message, "transfer-encoding"), "chunked");
}

/* The connection goes its way: nothing more of this answer comes by it. */
static void part(struct xie_http_response *response)
{
    struct xie_conn *conn = response->conn;
    response->conn = NULL;
    if (conn && response->message.complete && !response->close)
        xie_conn_keep(conn);
    else
        xie_conn_drop(conn);
}

static int fail(struct xie_http_response *response, int error)
{
    response->error = error;
    part(response);
    return error;
}

int xie_response_begin(struct xie_http_response *response, bool whole)
{
    struct xie_message *message = &response->message;
    if (!length_ok(message))
        return XIE_EHTTP;
    bool keeps = message->parser.http_minor ? !connection_says(message, "close")
                                            : connection_says(message, "keep-alive");
    response->close |= !keeps || message->until_end;
    if (whole && !message->complete && message->length > message->body_limit)
        return XIE_ELIMIT;
    if (message->complete)
        part(response);
    return 0;
}

/* The stream has something, its end, or an error. */
static int fill(struct xie_http_response *response)
{
    struct xie_conn *conn = response->conn;
    if (conn->closed)
        return fail(response, XIE_ECLOSED);
    if (xie_bytes_reserve(&conn->in, XIE_FETCH_READ) < 0)
        return -ENOMEM;
    ssize_t n = xie_stream_read(conn->stream, xie_bytes_end(&conn->in), xie_bytes_room(&conn->in));
    if (n > 0) {
        conn->in.len += (size_t)n;
        return 0;
    }
    if ((n == -ECANCELED || n == -ETIMEDOUT) && xie_check() < 0)
        return (int)n;
    if (n || !response->message.until_end)
        return fail(response, n ? (int)n : XIE_EOF);
    response->message.complete = true;
    part(response);
    return 0;
}

static int feed(struct xie_http_response *response)
{
    struct xie_message *message = &response->message;
    struct xie_bytes *in = &response->conn->in;
    size_t used;
    int result = xie_message_feed(message, xie_bytes_first(in), in->len, &used);
    if (result < 0)
        return fail(response, result);
    xie_bytes_take(in, used);
    if (message->complete)
        part(response);
    return 0;
}

/* Go on by one step: bytes of the body, more to look at, or the end. */
static int step(struct xie_http_response *response)
{
    return response->conn->in.len ? feed(response) : fill(response);
}

/* Whoever reads is inside: alone, and noticed when the client is closed. */
struct visit {
    struct xie_client_call call;
    struct xie_http_response *response;
};

static int enter(struct visit *visit, struct xie_http_response *response)
{
    struct xie_conn *conn = response->conn;
    if (response->reading)
        return -EBUSY;
    /* What has come is given out whatever the scopes say. */
    if (!response->message.complete && !response->error && xie_check() < 0)
        return xie_sleep(0);
    visit->response = response;
    int err = xie_client_enter(conn ? conn->client : NULL, &visit->call);
    response->reading = !err;
    return err;
}

static int leave(struct visit *visit, int result)
{
    visit->response->reading = false;
    return xie_client_leave(&visit->call, result);
}

static int read_on(struct xie_http_response *response, bool whole)
{
    struct xie_message *message = &response->message;
    while (!response->error && !message->complete && (whole || !message->body.len)) {
        int err = step(response);
        if (err < 0)
            return err;
    }
    return response->error;
}

ssize_t xie_http_response_read(struct xie_http_response *response, void *buf, size_t cap)
{
    struct visit visit;
    struct xie_bytes *body = &response->message.body;
    if (!cap)
        return 0;
    int err = enter(&visit, response);
    if (err < 0)
        return err;
    err = body->len ? 0 : read_on(response, false);
    err = leave(&visit, err);
    if (err < 0)
        return err;
    size_t len = body->len < cap ? body->len : cap;
    if (len)
        memcpy(buf, xie_bytes_first(body), len);
    xie_bytes_take(body, len);
    return (ssize_t)len;
}

static int read_whole(struct xie_http_response *response)
{
    struct xie_message *message = &response->message;
    /* Without a limit of the caller's there is one all the same, from here on. */
    if (!response->limited) {
        uint64_t most = message->body_seen - message->body.len + MAX_BODY;
        message->body_limit = most < SIZE_MAX ? (size_t)most : SIZE_MAX;
    }
    int err = read_on(response, true);
    if (err < 0)
        return err;
    if (xie_bytes_reserve(&message->body, 1) < 0)
        return -ENOMEM;
    *xie_bytes_end(&message->body) = 0;
    return 0;
}

ssize_t xie_http_response_body(struct xie_http_response *response, char **body)
{
    struct visit visit;
    int err = enter(&visit, response);
    if (err < 0)
        return err;
    err = leave(&visit, read_whole(response));
    if (err < 0)
        return err;
    *body = xie_bytes_first(&response->message.body);
    return (ssize_t)response->message.body.len;
}

void xie_response_skip(struct xie_http_response *response)
{
    struct xie_message *message = &response->message;
    message->discard = true;
    message->body_limit = SKIP;
    if (message->length <= SKIP && !message->until_end)
        read_on(response, true);
}

void xie_http_response_free(struct xie_http_response *response)
{
    if (!response)
        return;
    if (response->reading)
        xie_misuse("xie_http_response_free: another task reads it");
    xie_conn_drop(response->conn);
    xie_message_fini(&response->message);
    xie_release(response->url);
    xie_release(response);
}

/* --- the head -------------------------------------------------------------------------------- */

int xie_http_response_status(const struct xie_http_response *response)
{
    return response->message.parser.status_code;
}

const char *xie_http_response_url(const struct xie_http_response *response)
{
    return response->url;
}

const char *xie_http_response_field(const struct xie_http_response *response, const char *name,
                                    size_t index)
{
    const struct xie_field *field = NULL;
    do
        field = xie_message_field(&response->message, name, field);
    while (field && index--);
    return field ? field->value : NULL;
}

int xie_http_response_field_at(const struct xie_http_response *response, size_t index,
                               struct xie_http_field *field)
{
    if (index >= response->message.count)
        return 0;
    const struct xie_field *found = &response->message.fields[index];
    *field = (struct xie_http_field){found->name, found->value};
    return 1;
}
