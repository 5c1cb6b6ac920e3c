/* pump.c - moving encrypted bytes between a connection's buffers and what is beneath its stream.
 * Floor 7. The only file where a task waits while it holds something of TLS: a lock for each
 * direction, since a reader may have to write and a writer to read. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tls/layer.h"

static int fill(struct xie_tls_layer *layer)
{
    struct xie_tls *tls = layer->tls;
    xie_tls_make_room(tls);
    ssize_t len = layer->ops->read(layer->below, tls->in.data, tls->in.cap);
    if (len < 0)
        return (int)len;
    xie_tls_came(tls, (size_t)len);
    layer->fills++;
    return 0;
}

int xie_tls_fill(struct xie_tls_layer *layer)
{
    uint64_t seen = layer->fills;
    int error = xie_lock_take(&layer->reading);
    if (error)
        return error;
    if (layer->fills == seen && !layer->tls->ended && xie_tls_in_empty(layer->tls))
        error = fill(layer);
    xie_lock_give(&layer->reading);
    return error;
}

/* Send what waits. The kernel may read `sending` while OpenSSL adds to `out`. */
static int flush(struct xie_tls_layer *layer)
{
    struct xie_tls_bytes *sending = &layer->sending;
    while (xie_tls_pending(layer)) {
        if (!sending->end) {
            *sending = layer->tls->out;
            layer->tls->out = (struct xie_tls_bytes){0};
        }
        struct iovec part = {sending->data + sending->start, sending->end - sending->start};
        ssize_t len = layer->ops->write(layer->below, &part, 1);
        if (len <= 0)
            return len ? (int)len : -EIO;
        sending->start += (size_t)len;
        layer->sent += (uint64_t)len;
        if (sending->start == sending->end)
            xie_tls_drop(sending);
    }
    return 0;
}

int xie_tls_flush(struct xie_tls_layer *layer)
{
    int error = 0;
    while (!error && xie_tls_pending(layer)) {
        if (layer->stream->gate.closed) /* its owner may wait for long, and nobody interrupts us */
            return XIE_ECLOSED;
        error = xie_lock_take(&layer->writing);
        if (error)
            return error;
        error = flush(layer);
        xie_lock_give(&layer->writing);
    }
    return error;
}
