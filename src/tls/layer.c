/* layer.c - a stream's six functions, on OpenSSL: put over the six it had, and taken off.
 * Floor 7. One task reads and one writes at a time, on one SSL object; neither waits inside it. */
/* SPDX-License-Identifier: MIT */
#include "tls/layer.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"

/* --- what OpenSSL said -------------------------------------------------------------- */

static int error_of_alert(int alert)
{
    return alert == SSL_AD_NO_APPLICATION_PROTOCOL ? XIE_ETLS_ALPN : XIE_ETLS_REFUSED;
}

static int error_of(const struct xie_tls *tls, unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    if (!code) /* our BIO refused: no memory for an alert, or too many */
        return XIE_ETLS_PROTOCOL;
    if (reason == ERR_R_MALLOC_FAILURE)
        return -ENOMEM;
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return XIE_ETLS_PROTOCOL;
    if (reason > SSL_AD_REASON_OFFSET)
        return error_of_alert(reason - SSL_AD_REASON_OFFSET);
    switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return XIE_ETLS_TRUNCATED;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return XIE_ETLS_ALPN;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return XIE_ETLS_CERTIFICATE;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        switch (SSL_get_verify_result(tls->ssl)) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return XIE_ETLS_HOST;
        }
        return XIE_ETLS_CERTIFICATE;
    }
    return XIE_ETLS_PROTOCOL;
}

int xie_tls_result(struct xie_tls *tls, int returned)
{
    switch (SSL_get_error(tls->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
        return XIE_TLS_WANTS;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    }
    tls->reason = ERR_peek_error();
    tls->error = error_of(tls, tls->reason);
    if (tls->ended && !tls->reason)
        tls->error = XIE_ETLS_TRUNCATED;
    tls->state = XIE_TLS_BROKEN;
    ERR_clear_error();
    return tls->error;
}

/* --- reading and writing ------------------------------------------------------------ */

/* 0, or why plain text can neither come nor go. */
static int not_open(const struct xie_tls *tls)
{
    if (tls->closing)
        return XIE_ECLOSED;
    if (tls->state == XIE_TLS_OPEN)
        return 0;
    return tls->state == XIE_TLS_BROKEN ? tls->error : -ENOTCONN;
}

static ssize_t tls_read(struct xie_stream *stream, void *buf, size_t cap)
{
    struct xie_tls *tls = stream->layer;
    for (;;) {
        size_t got;
        int error = not_open(tls);
        if (error)
            return error;
        ERR_clear_error();
        int returned = SSL_read_ex(tls->ssl, buf, cap, &got);
        int result = returned > 0 ? 0 : xie_tls_result(tls, returned);
        /* An alert or another answer. Not waited for: a peer that writes and does not read would
         * wait for us as we for it. */
        xie_tls_flush_later(tls);
        if (returned > 0)
            return (ssize_t)got;
        if (result != XIE_TLS_WANTS)
            return result;
        error = xie_tls_fill(tls);
        if (error)
            return error;
    }
}

/* Small parts make one record: gathered in memory of their own, or where there is none, sent
 * one by one. return the bytes for the next record */
static size_t gather(const struct iovec *parts, int count, char **gathered)
{
    size_t len = 0, done = 0;
    for (int i = 0; i < count && len < XIE_TLS_RECORD; i++)
        len += parts[i].iov_len;
    len = len < XIE_TLS_RECORD ? len : XIE_TLS_RECORD;
    *gathered = parts[0].iov_len < len ? xie_alloc(len) : NULL;
    if (!*gathered)
        return parts[0].iov_len < len ? parts[0].iov_len : len;
    for (; done < len; parts++) {
        size_t more = parts->iov_len < len - done ? parts->iov_len : len - done;
        memcpy(*gathered + done, parts->iov_base, more);
        done += more;
    }
    return len;
}

/* Encrypt one record into out. Done as a whole or, when OpenSSL wants to read first (it is in the
 * middle of a message that came after the handshake), not at all. */
static int encrypt(struct xie_tls *tls, const struct iovec *parts, int count, size_t *put)
{
    char *gathered;
    size_t len = gather(parts, count, &gathered);
    int error = xie_tls_reserve(tls, len + XIE_TLS_OVERHEAD);
    if (!error) {
        ERR_clear_error();
        int returned = SSL_write_ex(tls->ssl, gathered ? gathered : parts[0].iov_base, len, put);
        error = returned > 0 ? 0 : xie_tls_result(tls, returned);
    }
    xie_release(gathered);
    return error;
}

/* Encrypt the next record, reading for it if need be, once what was there has gone out. */
static int encrypt_next(struct xie_tls *tls, const struct iovec *parts, int count, size_t *put)
{
    for (;;) {
        int error = not_open(tls);
        error = error ? error : tls->finished ? -EPIPE : xie_tls_flush(tls);
        if (error)
            return error;
        error = encrypt(tls, parts, count, put);
        if (error == XIE_TLS_WANTS)
            error = xie_tls_fill(tls);
        if (error || *put)
            return error;
    }
}

static ssize_t tls_write(struct xie_stream *stream, const struct iovec *parts, int count)
{
    struct xie_tls *tls = stream->layer;
    size_t put = 0;
    int error = encrypt_next(tls, parts, count, &put);
    if (error)
        return error;
    error = xie_tls_flush(tls);
    if (error && error != -ENOMEM && error != -ENOBUFS && !xie_check())
        return error;
    /* Interrupted, or to be tried again: what is encrypted goes out, and counts as written. */
    xie_tls_flush_later(tls);
    return (ssize_t)put;
}

/* --- the end ------------------------------------------------------------------------ */

/* Make close_notify, once. return 0; XIE_TLS_WANTS in the middle of a message that came after the
 * handshake, which has to end first; errors */
static int finish(struct xie_tls *tls)
{
    if (tls->finished)
        return 0;
    int error = not_open(tls);
    error = error ? error : xie_tls_reserve(tls, XIE_TLS_OVERHEAD);
    if (error)
        return error;
    ERR_clear_error();
    int returned = SSL_in_init(tls->ssl) ? SSL_do_handshake(tls->ssl) : 1;
    if (returned != 1)
        return xie_tls_result(tls, returned);
    returned = SSL_shutdown(tls->ssl); /* 0: the peer's end has not come yet */
    if (returned < 0)
        return xie_tls_result(tls, returned);
    tls->finished = true;
    return 0;
}

static int tls_write_eof(struct xie_stream *stream)
{
    struct xie_tls *tls = stream->layer;
    int error;
    while ((error = finish(tls)) == XIE_TLS_WANTS)
        if ((error = xie_tls_fill(tls)))
            return error;
    error = error ? error : xie_tls_flush(tls);
    xie_tls_flush_later(tls);
    return error;
}

static void tls_interrupt(struct xie_stream *stream)
{
    struct xie_tls *tls = stream->layer;
    if (tls->closing) /* the gate is open again, for us: it cannot tell */
        xie_misuse("xie_stream_close: closed twice");
    if (tls->ops->interrupt)
        tls->ops->interrupt(tls->below);
}

/* What came and nobody read (a ticket, say) would make the kernel send a reset, which can overtake
 * our last bytes on their way to the peer's program. Bounded: a peer may send for ever. */
static void drain(const struct xie_tls *tls)
{
    char buf[4096];
    int fd = tls->ops->fd(tls->below);
    for (int i = 0; i < 16 && fd >= 0; i++)
        if (xie_sys_recv(fd, buf, sizeof buf, MSG_DONTWAIT) <= 0)
            return;
}

/* Let the last bytes leave. Nobody is inside any more: the gate opens once more, for us. */
static void say_goodbye(struct xie_tls *tls)
{
    int64_t limit = xie_tls_context_options(tls->context)->shutdown_ns;
    if ((xie_check() || tls->state != XIE_TLS_OPEN) && limit > XIE_SECOND)
        limit = XIE_SECOND;
    tls->stream->gate.parting = true;
    tls->stream->gate.closed = false;
    struct xie_scope scope;
    xie_scope_open_shield(&scope, limit);
    xie_tls_flush(tls);
    xie_scope_close(&scope);
    tls->stream->gate.closed = true;
    drain(tls);
}

static void end(struct xie_tls *tls)
{
    const struct xie_stream_ops *ops = tls->ops;
    struct xie_stream *below = tls->below;
    struct xie_stream *shell = below == tls->stream ? NULL : below;
    bool reset = tls->reset;
    if (!reset && xie_task_current())
        say_goodbye(tls);
    tls->below = tls->stream;
    xie_tls_free(tls);
    ops->close(below, reset);
    xie_release(shell);
}

static int flush_for_others(void *arg)
{
    struct xie_tls *tls = arg;
    xie_tls_flush(tls);
    tls->flusher = NULL;
    if (tls->orphan)
        end(tls);
    else
        xie_event_set(&tls->flushed); /* the layer may be gone after this */
    return 0;
}

static bool start_flushing(struct xie_tls *tls)
{
    struct xie_task_options options = {.name = "xie_tls_flush"};
    struct xie_task *task = xie_spawn_with(flush_for_others, tls, &options);
    if (!task)
        return false;
    xie_detach(task);
    xie_event_clear(&tls->flushed);
    tls->flusher = task;
    return true;
}

void xie_tls_flush_later(struct xie_tls *tls)
{
    if (xie_tls_pending(tls) && !tls->flusher && !tls->writing.owner)
        start_flushing(tls);
}

static void tls_close(struct xie_stream *stream, bool reset)
{
    struct xie_tls *tls = stream->layer;
    tls->reset = reset;
    if (!xie_task_current()) {
        if (!reset)
            finish(tls);
        tls->closing = tls->orphan = true;
        if (tls->flusher) /* it may wait for a peer that takes nothing */
            xie_wait_break(tls->flusher, XIE_ECLOSED);
        if (tls->flusher || (!reset && xie_tls_pending(tls) && start_flushing(tls)))
            return;
    }
    if (tls->flusher) {
        xie_task_cancel(tls->flusher);
        XIE_SHIELD
            xie_event_wait(&tls->flushed);
    }
    if (!reset)
        finish(tls);
    tls->closing = true;
    end(tls);
}

static int tls_fd(const struct xie_stream *stream)
{
    const struct xie_tls *tls = stream->layer;
    return tls->ops->fd(tls->below);
}

static const struct xie_stream_ops tls_ops = {
    .read = tls_read,
    .write = tls_write,
    .write_eof = tls_write_eof,
    .interrupt = tls_interrupt,
    .close = tls_close,
    .fd = tls_fd,
};

/* --- coming and going --------------------------------------------------------------- */

struct xie_tls *xie_tls_of(const struct xie_stream *stream)
{
    return stream->ops == &tls_ops ? stream->layer : NULL;
}

static bool attach(SSL *ssl, struct xie_tls *tls)
{
    const BIO_METHOD *method = xie_tls_bio_method();
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!bio)
        return false;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return SSL_set_app_data(ssl, tls) == 1;
}

/* The stream that what is beneath will be given. */
static struct xie_stream *lower(struct xie_stream *stream)
{
    if (!stream->layer)
        return stream;
    struct xie_stream *shell = xie_alloc(sizeof *shell);
    if (!shell)
        return NULL;
    xie_stream_init(shell, stream->ops);
    shell->layer = stream->layer;
    return shell;
}

/* What the stream has read is the beginning of what the peer sends by TLS. */
static int take_unread(struct xie_tls *tls, struct xie_stream *stream)
{
    const char *data;
    size_t len = xie_stream_unread(stream, &data);
    tls->in.cap = XIE_TLS_SMALL;
    tls->in.data = len <= XIE_TLS_SMALL ? tls->small : xie_alloc(len);
    if (!tls->in.data)
        return -ENOMEM;
    memcpy(tls->in.data, data, len);
    if (len > XIE_TLS_SMALL)
        tls->in.cap = len;
    tls->in.end = len;
    return 0;
}

/* A name without the dot that ends it: neither asked for nor certified with it. */
static char *copy_host(const char *host)
{
    char *copy = xie_copy_string(host);
    size_t len = strlen(host);
    if (copy && len > 1 && copy[len - 1] == '.')
        copy[len - 1] = 0;
    return copy;
}

int xie_tls_push(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                 uint16_t port)
{
    if (stream->ended < 0)
        return stream->ended;
    struct xie_tls *tls = xie_alloc_zero(sizeof *tls);
    if (!tls)
        return -ENOMEM;
    tls->stream = stream;
    tls->ops = stream->ops;
    tls->context = xie_tls_context_ref(context);
    tls->port = port;
    tls->ended = stream->ended;
    tls->drained = true;
    tls->below = lower(stream);
    tls->ssl = xie_tls_context_ssl(context);
    tls->host = host ? copy_host(host) : NULL;
    if (!tls->below || !tls->ssl || (host && !tls->host) || !attach(tls->ssl, tls) ||
        take_unread(tls, stream)) {
        xie_tls_free(tls);
        return -ENOMEM;
    }
    xie_stream_refill(stream, "", 0);
    stream->ops = &tls_ops;
    stream->layer = tls;
    return 0;
}

int xie_tls_pop(struct xie_tls *tls)
{
    struct xie_stream *stream = tls->stream;
    int error = 0;
    while (!error && tls->flusher)
        error = xie_event_wait(&tls->flushed);
    if (!error)
        error =
            xie_stream_refill(stream, tls->in.data + tls->in.start, tls->in.end - tls->in.start);
    if (error)
        return error;
    stream->ended = tls->ended;
    stream->ops = tls->ops;
    stream->layer = tls->below == stream ? NULL : tls->below->layer;
    xie_tls_free(tls);
    return 0;
}

void xie_tls_free(struct xie_tls *tls)
{
    SSL_free(tls->ssl);
    if (tls->below != tls->stream)
        xie_release(tls->below);
    if (tls->in.data != tls->small)
        xie_release(tls->in.data);
    xie_release(tls->out.data);
    xie_release(tls->sending.data);
    xie_release(tls->host);
    xie_tls_context_unref(tls->context);
    xie_release(tls);
}
