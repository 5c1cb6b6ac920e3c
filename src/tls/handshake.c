/* handshake.c - from a stream to TLS, and back.
 * Floor 7. Both sides of the stream are held meanwhile: nobody else reads or writes. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <xie/connect.h>

#include "tls/context.h"
#include "tls/layer.h"

/* --- both sides at once ------------------------------------------------------------- */

int xie_tls_enter(struct xie_stream *stream)
{
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    error = xie_gate_enter(&stream->gate, XIE_WRITING);
    return error ? (int)xie_gate_leave(&stream->gate, XIE_READING, error) : 0;
}

int xie_tls_leave(struct xie_stream *stream, int result)
{
    int error = (int)xie_gate_leave(&stream->gate, XIE_READING, result);
    xie_gate_leave(&stream->gate, XIE_WRITING, result); /* the stream may be gone after this */
    return error;
}

/* --- the handshake ------------------------------------------------------------------ */

static void opened(struct xie_tls_layer *layer)
{
    layer->tls->state = XIE_TLS_OPEN;
    layer->stream->ended = 0; /* a read in the midst of an interrupted handshake was told so */
}

/* A TLS 1.3 server has heard all when it has made its tickets, which the client may be in no
 * hurry to read. All others have something to say that their peer waits for. */
static bool heard_all(const struct xie_tls *tls)
{
    return SSL_is_server(tls->ssl) && SSL_version(tls->ssl) == TLS1_3_VERSION;
}

/* A peer that refused us and went may have said why: that is read although we cannot write. */
static int shake(struct xie_tls_layer *layer)
{
    for (;;) {
        int result = xie_tls_shake(layer->tls);
        if (!result && heard_all(layer->tls)) {
            opened(layer);
            xie_tls_flush_later(layer);
            return 0;
        }
        int error = xie_tls_flush(layer); /* of an alert too */
        if (result < 0 && result != -EAGAIN)
            return result;
        if (!result && !error)
            opened(layer);
        if (!result || (error && error != -EPIPE))
            return error;
        int failed = xie_tls_fill(layer);
        if (failed)
            return failed;
        if (error && xie_tls_in_empty(layer->tls))
            return error;
    }
}

/* Bounded by handshake_ns. An interruption by a scope leaves all as it is, to go on later;
 * anything else ends the stream's use. */
static int run(struct xie_tls_layer *layer, struct xie_tls_failure *failure)
{
    struct xie_tls *tls = layer->tls;
    struct xie_tls_failure words = {{0}};
    if (tls->state != XIE_TLS_SHAKING)
        return tls->state == XIE_TLS_BROKEN ? tls->error : 0;
    int error = 0;
    tls->failure = &words;
    XIE_TIMEOUT(xie_tls_context_options(tls->context)->handshake_ns)
        error = shake(layer);
    if (error && !xie_check())
        xie_tls_break(tls, error);
    if (error)
        xie_tls_explain(tls, error);
    tls->failure = NULL;
    if (error && failure)
        *failure = words;
    return error;
}

static int start(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                 uint16_t port, struct xie_tls_failure *failure)
{
    int error = xie_tls_enter(stream);
    if (error)
        return error;
    const struct xie_tls *tls = xie_tls_of(stream);
    if (!tls || tls->state == XIE_TLS_OPEN) { /* else one that was interrupted goes on */
        error = xie_tls_push(stream, context, host, port);
        if (error)
            return xie_tls_leave(stream, error);
    }
    return xie_tls_leave(stream, run(stream->layer, failure));
}

int xie_tls_start(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                  struct xie_tls_failure *failure)
{
    int error = xie_tls_check_host(context, &host);
    return error ? error : start(stream, context, host, 0, failure);
}

static int connect_with(struct xie_tls_context *context, const char *host, uint16_t port,
                        struct xie_tls_failure *failure, struct xie_stream **stream)
{
    struct xie_stream *made;
    int error = xie_tcp_connect(host, port, &made);
    if (error)
        return error;
    error = start(made, context, host, port, failure);
    if (error)
        xie_stream_close(made);
    else
        *stream = made;
    return error;
}

int xie_tls_connect(struct xie_tls_context *context, const char *host, uint16_t port,
                    struct xie_tls_failure *failure, struct xie_stream **stream)
{
    struct xie_tls_context *own = NULL;
    if (context && xie_tls_context_options(context)->server)
        return -EINVAL;
    int error = context ? 0 : xie_tls_context_new(NULL, &own, failure);
    if (error)
        return error;
    error = connect_with(context ? context : own, host, port, failure, stream);
    xie_tls_context_unref(own);
    return error;
}

/* --- and back ----------------------------------------------------------------------- */

/* Wait for the peer's end. Plain text that comes instead is put where it will be read. */
static int await_end(struct xie_tls_layer *layer)
{
    char buf[XIE_STREAM_SMALL - 1]; /* fits the stream's own buffer */
    for (;;) {
        ssize_t got = xie_tls_decrypt(layer->tls, buf, sizeof buf);
        if (got > 0) {
            xie_stream_refill(layer->stream, buf, (size_t)got);
            return -EBUSY;
        }
        if (got != -EAGAIN)
            return (int)got;
        int error = xie_tls_fill(layer);
        if (error)
            return error;
    }
}

static int unwrap(struct xie_stream *stream)
{
    struct xie_tls_layer *layer = xie_tls_layer_of(stream);
    const char *unread;
    if (!layer || layer->tls->state == XIE_TLS_SHAKING)
        return -EINVAL;
    if (xie_stream_unread(stream, &unread))
        return -EBUSY;
    int error = stream->ops->write_eof(stream);
    error = error ? error : await_end(layer);
    return error ? error : xie_tls_pop(layer);
}

int xie_tls_unwrap(struct xie_stream *stream)
{
    int error = xie_tls_enter(stream);
    return error ? error : xie_tls_leave(stream, unwrap(stream));
}
