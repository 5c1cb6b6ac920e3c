/* layer.c - a stream's functions, on OpenSSL: put over those it had, and taken off.
 * Floor 7. One task reads and one writes at a time, on one SSL object; neither waits inside it. */
/* SPDX-License-Identifier: MIT */
#include "tls/layer.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "task/reach.h"

/* --- reading and writing ------------------------------------------------------------ */

/* 0, or why plain text can neither come nor go. */
static int not_open(const struct xie_tls_layer *layer)
{
    return layer->closing ? XIE_ECLOSED : xie_tls_not_open(layer->tls);
}

/* What there is of plain text, of several records perhaps. What failed behind the first is told by
 * the next read. */
static ssize_t decrypt_all(struct xie_tls *tls, char *buf, size_t cap)
{
    size_t total = 0;
    ssize_t got = 1;
    while (total < cap && got > 0) {
        got = xie_tls_decrypt(tls, buf + total, cap - total);
        total += got > 0 ? (size_t)got : 0;
    }
    return total ? (ssize_t)total : got;
}

static ssize_t tls_read(struct xie_stream *stream, void *buf, size_t cap)
{
    struct xie_tls_layer *layer = stream->layer;
    for (;;) {
        int error = not_open(layer);
        if (error)
            return error;
        ssize_t got = decrypt_all(layer->tls, buf, cap);
        /* An alert or another answer. Not waited for: a peer that writes and does not read would
         * wait for us as we for it. */
        xie_tls_flush_later(layer);
        if (got != -EAGAIN)
            return got;
        error = xie_tls_fill(layer);
        if (error)
            return error;
    }
}

/* Encrypt the next record, reading for it if need be, once what was there has gone out. */
static ssize_t encrypt_next(struct xie_tls_layer *layer, const struct iovec *parts, int count)
{
    for (;;) {
        int error = not_open(layer);
        error = error ? error : layer->tls->finished ? -EPIPE : xie_tls_flush(layer);
        if (error)
            return error;
        ssize_t put = xie_tls_encrypt(layer->tls, parts, count, 0);
        if (put != -EAGAIN)
            return put;
        error = xie_tls_fill(layer);
        if (error)
            return error;
    }
}

/* Records of one write, which leave together. */
struct burst {
    int count;
    size_t plain[XIE_TLS_BURST];       /* bytes of plain text, up to each one's end */
    uint64_t encrypted[XIE_TLS_BURST]; /* the layer's `sent` when it has left as a whole */
};

static void add(struct burst *burst, const struct xie_tls_layer *layer, size_t plain)
{
    const struct xie_tls_bytes *sending = &layer->sending;
    burst->plain[burst->count] = plain;
    burst->encrypted[burst->count] =
        layer->sent + (sending->end - sending->start) + xie_tls_out_len(layer->tls);
    burst->count++;
}

/* The first record was made of `put` bytes: add those that follow, as far as nothing need be
 * waited for. What fails here does so again when it is their turn. return bytes in all */
static size_t encrypt_more(struct xie_tls_layer *layer, const struct iovec *parts, int count,
                           size_t put, struct burst *burst)
{
    size_t all = 0;
    for (int i = 0; i < count; i++)
        all += parts[i].iov_len;
    add(burst, layer, put);
    while (put < all && burst->count < XIE_TLS_BURST) {
        ssize_t more = xie_tls_encrypt(layer->tls, parts, count, put);
        if (more <= 0)
            break;
        put += (size_t)more;
        add(burst, layer, put);
    }
    return put;
}

/* Plain text whose record left as a whole: of part of one the peer learns nothing. */
static size_t left(const struct burst *burst, const struct xie_tls_layer *layer)
{
    size_t plain = 0;
    for (int i = 0; i < burst->count && burst->encrypted[i] <= layer->sent; i++)
        plain = burst->plain[i];
    return plain;
}

static ssize_t tls_write(struct xie_stream *stream, const struct iovec *parts, int count)
{
    struct xie_tls_layer *layer = stream->layer;
    struct burst burst = {0};
    int error = layer->failed;
    layer->failed = 0;
    if (error)
        return error;
    ssize_t put = encrypt_next(layer, parts, count);
    if (put < 0)
        return put;
    size_t all = encrypt_more(layer, parts, count, (size_t)put, &burst);
    error = xie_tls_flush(layer);
    if (error && error != -ENOMEM && error != -ENOBUFS && !xie_check()) {
        size_t gone = left(&burst, layer);
        layer->failed = gone ? error : 0;
        return gone ? (ssize_t)gone : error;
    }
    /* Interrupted, or to be tried again: what is encrypted goes out, and counts as written. */
    xie_tls_flush_later(layer);
    return (ssize_t)all;
}

/* --- the end ------------------------------------------------------------------------ */

static int finish(struct xie_tls_layer *layer)
{
    int error = layer->tls->finished ? 0 : not_open(layer);
    return error ? error : xie_tls_finish(layer->tls);
}

static int tls_write_eof(struct xie_stream *stream)
{
    struct xie_tls_layer *layer = stream->layer;
    int error;
    while ((error = finish(layer)) == -EAGAIN)
        if ((error = xie_tls_fill(layer)))
            return error;
    error = error ? error : xie_tls_flush(layer);
    xie_tls_flush_later(layer);
    return error;
}

static void tls_interrupt(struct xie_stream *stream)
{
    struct xie_tls_layer *layer = stream->layer;
    if (layer->closing) /* the gate is open again, for us: it cannot tell */
        xie_misuse("xie_stream_close: closed twice");
    if (layer->ops->interrupt)
        layer->ops->interrupt(layer->below);
}

/* Let the last bytes leave. Nobody is inside any more: the gate opens once more, for us. */
static void say_goodbye(struct xie_tls_layer *layer)
{
    int64_t limit = xie_tls_context_options(layer->tls->context)->shutdown_ns;
    if ((xie_check() || layer->tls->state != XIE_TLS_OPEN) && limit > XIE_SECOND)
        limit = XIE_SECOND;
    layer->stream->gate.parting = true;
    layer->stream->gate.closed = false;
    struct xie_scope scope;
    xie_scope_open_shield(&scope, limit);
    xie_tls_flush(layer);
    xie_scope_close(&scope);
    layer->stream->gate.closed = true;
    xie_tls_drain(layer->ops->fd(layer->below));
}

static void end(struct xie_tls_layer *layer)
{
    const struct xie_stream_ops *ops = layer->ops;
    struct xie_stream *below = layer->below;
    struct xie_stream *shell = below == layer->stream ? NULL : below;
    bool reset = layer->reset;
    if (!reset && xie_task_current())
        say_goodbye(layer);
    layer->below = layer->stream;
    xie_tls_layer_free(layer);
    ops->close(below, reset);
    xie_release(shell);
}

static int flush_for_others(void *arg)
{
    struct xie_tls_layer *layer = arg;
    xie_tls_flush(layer);
    layer->flusher = NULL;
    if (layer->orphan)
        end(layer);
    else
        xie_event_set(&layer->flushed); /* the layer may be gone after this */
    return 0;
}

static bool start_flushing(struct xie_tls_layer *layer)
{
    struct xie_task_options options = {.name = "xie_tls_flush"};
    if (!xie_loop_current()) /* a close after the end of the loop: nobody is left to send it */
        return false;
    struct xie_task *task = xie_spawn_with(flush_for_others, layer, &options);
    if (!task)
        return false;
    xie_task_disinherit(task);
    xie_detach(task);
    xie_event_clear(&layer->flushed);
    layer->flusher = task;
    return true;
}

void xie_tls_flush_later(struct xie_tls_layer *layer)
{
    if (xie_tls_pending(layer) && !layer->flusher && !layer->writing.owner)
        start_flushing(layer);
}

void xie_tls_stop_flushing(struct xie_tls_layer *layer)
{
    if (!layer->flusher)
        return;
    xie_task_cancel(layer->flusher);
    XIE_SHIELD
        xie_event_wait(&layer->flushed);
}

static void tls_close(struct xie_stream *stream, bool reset)
{
    struct xie_tls_layer *layer = stream->layer;
    layer->reset = reset;
    if (!xie_task_current()) {
        if (!reset)
            finish(layer);
        layer->closing = layer->orphan = true;
        if (layer->flusher) /* it may wait for a peer that takes nothing */
            xie_wait_break(layer->flusher, XIE_ECLOSED);
        if (layer->flusher || (!reset && xie_tls_pending(layer) && start_flushing(layer)))
            return;
    }
    xie_tls_stop_flushing(layer);
    if (!reset)
        finish(layer);
    layer->closing = true;
    end(layer);
}

static int tls_fd(const struct xie_stream *stream)
{
    const struct xie_tls_layer *layer = stream->layer;
    return layer->ops->fd(layer->below);
}

static const struct xie_stream_ops tls_ops = {
    .read = tls_read,
    .write = tls_write,
    .write_eof = tls_write_eof,
    .interrupt = tls_interrupt,
    .close = tls_close,
    .fd = tls_fd,
    .become_transport = xie_tls_become_transport,
};

/* --- coming and going --------------------------------------------------------------- */

struct xie_tls_layer *xie_tls_layer_of(const struct xie_stream *stream)
{
    return stream->ops == &tls_ops ? stream->layer : NULL;
}

struct xie_tls *xie_tls_of(const struct xie_stream *stream)
{
    const struct xie_tls_layer *layer = xie_tls_layer_of(stream);
    return layer ? layer->tls : NULL;
}

bool xie_tls_unread(const struct xie_stream *stream)
{
    const struct xie_tls *tls = xie_tls_of(stream);
    return tls && (tls->in.end > tls->in.start || SSL_has_pending(tls->ssl));
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
    if (len > XIE_TLS_SMALL) {
        char *copy = xie_alloc(len);
        if (!copy)
            return -ENOMEM;
        tls->in = (struct xie_tls_bytes){.data = copy, .cap = len};
    }
    memcpy(tls->in.data, data, len);
    tls->in.end = len;
    return 0;
}

int xie_tls_push(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                 uint16_t port)
{
    if (stream->ended < 0)
        return stream->ended;
    struct xie_tls_layer *layer = xie_alloc_zero(sizeof *layer);
    if (!layer)
        return -ENOMEM;
    layer->stream = stream;
    layer->ops = stream->ops;
    layer->below = lower(stream);
    layer->tls = xie_tls_new(context, host, port);
    if (!layer->below || !layer->tls || take_unread(layer->tls, stream)) {
        xie_tls_layer_free(layer);
        return -ENOMEM;
    }
    layer->tls->ended = stream->ended;
    xie_stream_refill(stream, "", 0);
    stream->ops = &tls_ops;
    stream->layer = layer;
    return 0;
}

int xie_tls_pop(struct xie_tls_layer *layer)
{
    struct xie_stream *stream = layer->stream;
    const struct xie_tls *tls = layer->tls;
    int error = 0;
    while (!error && layer->flusher)
        error = xie_event_wait(&layer->flushed);
    if (!error)
        error =
            xie_stream_refill(stream, tls->in.data + tls->in.start, tls->in.end - tls->in.start);
    if (error)
        return error;
    stream->ended = tls->ended;
    stream->ops = layer->ops;
    stream->layer = layer->below == stream ? NULL : layer->below->layer;
    xie_tls_layer_free(layer);
    return 0;
}

void xie_tls_layer_free(struct xie_tls_layer *layer)
{
    xie_tls_free(layer->tls);
    if (layer->below != layer->stream)
        xie_release(layer->below);
    xie_tls_drop(&layer->sending);
    xie_release(layer);
}
