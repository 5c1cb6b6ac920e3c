/* exchange.c - a request goes out, the head of its answer comes in.
 * Floor 8. A large body is sent while the answer is listened for: a server may have had enough
 * before it has all, and then reads no more. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "client.h"

enum {
    MAX_INTERIM = 8,  /* answers 1xx before the one that counts */
    PIECE = 16 << 10, /* asked of a source at a time */
    LINE = 12         /* "HTTP/1.1 200" */
};

/* --- the head of the answer -------------------------------------------------------------- */

static int fill(struct xie_fetch *fetch)
{
    struct xie_conn *conn = fetch->response->conn;
    if (xie_bytes_reserve(&conn->in, XIE_FETCH_READ) < 0)
        return -ENOMEM;
    ssize_t n = xie_stream_read(conn->stream, xie_bytes_end(&conn->in), xie_bytes_room(&conn->in));
    if (n <= 0)
        return n ? (int)n : XIE_EOF;
    fetch->heard = true;
    conn->in.len += (size_t)n;
    return 0;
}

/* The version and the status in these very letters: the parser also knows RTSP, and more. */
static bool line_ok(const char *head, size_t len)
{
    if (len < LINE + 2 || (memcmp(head, "HTTP/1.1 ", 9) && memcmp(head, "HTTP/1.0 ", 9)))
        return false;
    for (int i = 9; i < LINE; i++) {
        if (head[i] < '0' || head[i] > '9')
            return false;
    }
    return head[9] != '0' && (head[LINE] == ' ' || head[LINE] == '\r');
}

static int read_head(struct xie_fetch *fetch)
{
    struct xie_http_response *response = fetch->response;
    struct xie_bytes *in = &response->conn->in;
    struct xie_scan scan = {0};
    ssize_t len;
    while (!(len = xie_head_scan(&scan, xie_bytes_first(in), in->len))) {
        if (scan.at > response->max_head)
            return XIE_ELIMIT;
        int err = fill(fetch);
        if (err < 0)
            return err;
    }
    if (len < 0 || scan.start)
        return XIE_EHTTP;
    if ((size_t)len > response->max_head)
        return XIE_ELIMIT;
    if (!line_ok(xie_bytes_first(in), (size_t)len))
        return XIE_EHTTP;
    int err =
        xie_message_parse(&response->message, HTTP_RESPONSE, xie_bytes_first(in), (size_t)len);
    xie_bytes_take(in, (size_t)len);
    return err;
}

/* The head of the final answer. 101 would mean another protocol, which nobody asked for. */
static int read_answer(struct xie_fetch *fetch)
{
    struct xie_http_response *response = fetch->response;
    response->message.rest = strcmp(fetch->method, "HEAD") ? XIE_REST_BODY : XIE_REST_NONE;
    for (int interim = 0; interim <= MAX_INTERIM; interim++) {
        int err = read_head(fetch);
        if (err < 0)
            return err;
        int status = response->message.parser.status_code;
        if (status / 100 != 1)
            return 0;
        if (status == 101)
            return XIE_EHTTP;
        if (status == 100)
            xie_event_set(&fetch->go);
    }
    return XIE_EHTTP;
}

/* --- sending ------------------------------------------------------------------------------ */

static int push(struct xie_fetch *fetch, struct iovec *parts, int count)
{
    int used = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len)
            parts[used++] = parts[i];
    }
    ssize_t n = used ? xie_stream_writev(fetch->response->conn->stream, parts, used) : 0;
    return n < 0 ? (int)n : 0;
}

static int push_head(struct xie_fetch *fetch, const void *body, size_t len)
{
    struct iovec parts[2] = {{xie_bytes_first(&fetch->head), fetch->head.len},
                             {(void *)(uintptr_t)body, len}};
    return push(fetch, parts, 2);
}

/* One piece of the source, framed where its length is not known. *done: it was the last. */
static int push_piece(struct xie_fetch *fetch, char *piece, uint64_t *left, bool *done)
{
    const struct xie_http_request *request = fetch->request;
    bool chunked = !request->body_len;
    size_t cap = chunked || *left > PIECE ? PIECE : (size_t)*left;
    char size[20] = "";
    fetch->asked = true;
    ssize_t n = request->source(request->source_arg, piece, cap);
    if (n > (ssize_t)cap)
        xie_misuse("xie_http_fetch: a source returned more than it was asked for");
    fetch->failed = n < 0 || (!n && !chunked);
    if (fetch->failed)
        return n ? (int)n : XIE_EOF;
    *left -= chunked ? 0 : (uint64_t)n;
    *done = chunked ? !n : !*left;
    if (chunked)
        snprintf(size, sizeof size, "%zx\r\n", (size_t)n);
    struct iovec parts[3] = {
        {size, strlen(size)}, {piece, (size_t)n}, {(char *)(uintptr_t) "\r\n", chunked ? 2 : 0}};
    return push(fetch, parts, 3);
}

static int push_source(struct xie_fetch *fetch)
{
    uint64_t left = fetch->request->body_len;
    bool done = false;
    char *piece = xie_alloc(PIECE);
    int err = piece ? 0 : -ENOMEM;
    while (!err && !done)
        err = push_piece(fetch, piece, &left, &done);
    xie_release(piece);
    return err;
}

/* Until the server asks for the body. One that knows nothing of the question says nothing. */
static int await_go(struct xie_fetch *fetch)
{
    int err = 0;
    XIE_TIMEOUT(XIE_SECOND) {
        err = xie_event_wait(&fetch->go);
    }
    return err == -ETIMEDOUT ? xie_check() : err;
}

static int push_body(struct xie_fetch *fetch)
{
    int err = push_head(fetch, NULL, 0);
    if (!err && fetch->request->expect)
        err = await_go(fetch);
    if (err < 0)
        return err;
    if (fetch->request->source)
        return push_source(fetch);
    struct iovec part = {(void *)(uintptr_t)fetch->request->body, fetch->request->body_len};
    return push(fetch, &part, 1);
}

/* --- both --------------------------------------------------------------------------------- */

static bool interrupted(int err)
{
    return err == -ECANCELED || err == -ETIMEDOUT;
}

/* A connection that takes no more may have the reason in it: the answer is listened for. */
static bool refused(const struct xie_fetch *fetch, int sent)
{
    return (sent == -EPIPE || sent == -ECONNRESET) && !fetch->failed;
}

/* A member of the upload's group: its failure interrupts the upload. */
static int listen_for_answer(void *arg)
{
    struct xie_fetch *fetch = arg;
    int err = read_answer(fetch);
    if (!err && fetch->sending) {
        fetch->early = true;
        xie_scope_cancel(fetch->sending);
    }
    return err;
}

static int upload(struct xie_fetch *fetch)
{
    int err = 0;
    XIE_SCOPE(scope, XIE_NEVER) {
        fetch->sending = &scope;
        err = push_body(fetch);
        fetch->sending = NULL;
    }
    fetch->early = fetch->early && err < 0;
    return fetch->early ? 0 : err;
}

/* What became of it, of how the sending went and how the listening. */
static int outcome(const struct xie_fetch *fetch, int sent, int heard)
{
    if (!sent)
        return heard;
    if (refused(fetch, sent))
        return heard < 0 && !interrupted(heard) ? sent : heard;
    /* Interrupted by the other's failure, if there was one. */
    return sent == -ECANCELED && heard < 0 ? heard : sent;
}

static int send_large(struct xie_fetch *fetch)
{
    struct xie_group group;
    xie_group_open(&group);
    int heard = xie_group_spawn(&group, listen_for_answer, fetch);
    int sent = heard;
    if (!heard) {
        sent = upload(fetch);
        if (sent < 0 && !refused(fetch, sent))
            xie_group_cancel(&group);
        heard = xie_group_wait(&group);
    }
    xie_group_close(&group);
    fetch->response->close |= sent < 0;
    return outcome(fetch, sent, heard);
}

static int send_small(struct xie_fetch *fetch)
{
    int sent = push_head(fetch, fetch->request->body, (size_t)fetch->request->body_len);
    if (sent < 0 && !refused(fetch, sent))
        return sent;
    fetch->response->close |= sent < 0;
    return outcome(fetch, sent, read_answer(fetch));
}

int xie_fetch_exchange(struct xie_fetch *fetch)
{
    const struct xie_http_request *request = fetch->request;
    int err = xie_fetch_head(fetch);
    if (err < 0)
        return err;
    fetch->go = (struct xie_event){0};
    fetch->heard = fetch->early = fetch->failed = false;
    bool small = !request->source && request->body_len <= XIE_FETCH_SMALL &&
                 !(request->expect && request->body);
    err = small ? send_small(fetch) : send_large(fetch);
    fetch->response->close |= fetch->early || !fetch->client;
    return err;
}
