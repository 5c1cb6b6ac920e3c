/* adopt.c - a TLS stream becomes a transport: its TLS changes hands, in the midst of what it does.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "tls/layer.h"
#include "tls/wire.h"

/* TLS may stand on TLS. NULL: on something else. */
static struct xie_tls_layer *next(const struct xie_tls_layer *layer)
{
    return layer->below == layer->stream ? NULL : layer->below->layer;
}

/* The tasks of ours that send are ended: they wait for a kernel that lets go, not for the peer.
 * errors -EBUSY from a callback, which cannot wait for them; XIE_ECLOSED, and as a wait */
static int stop(struct xie_stream *stream)
{
    struct xie_tls_layer *top = stream->layer;
    bool sends = false;
    for (struct xie_tls_layer *layer = top; layer; layer = next(layer))
        sends |= layer->flusher != NULL;
    if (!sends)
        return 0;
    if (!xie_task_current())
        return -EBUSY;
    int error = xie_tls_enter(stream);
    if (error)
        return error;
    for (struct xie_tls_layer *layer = top; layer; layer = next(layer))
        xie_tls_stop_flushing(layer);
    return xie_tls_leave(stream, 0);
}

/* What was on its way and has not left waits again, before what came after it. */
static int unsend(struct xie_tls_layer *layer)
{
    struct xie_tls_bytes *sending = &layer->sending, *out = &layer->tls->out, all = {0};
    size_t first = sending->end - sending->start, second = out->end - out->start;
    if (!sending->data)
        return 0;
    all.data = xie_alloc(first + second);
    if (!all.data)
        return -ENOMEM;
    memcpy(all.data, sending->data + sending->start, first);
    if (second)
        memcpy(all.data + first, out->data + out->start, second);
    all.end = all.cap = first + second;
    xie_tls_drop(sending);
    xie_tls_drop(out);
    *out = all;
    return 0;
}

static void take_off(struct xie_transport *model)
{
    struct xie_tls_wire *wire;
    while ((wire = xie_tls_wire_of(model)) != NULL) {
        xie_tls_wire_take_off(model);
        wire->tls = NULL; /* the stream's still */
        xie_tls_wire_unref(wire);
    }
}

/* The lowest first. */
static int put(struct xie_transport *model, void *arg)
{
    struct xie_tls_layer *layer = arg;
    int error = next(layer) ? put(model, next(layer)) : 0;
    error = error ? error : unsend(layer);
    if (error) {
        take_off(model); /* those beneath */
        return error;
    }
    struct xie_tls_wire *wire = xie_tls_wire_new(layer->tls);
    if (!wire) {
        take_off(model);
        return -ENOMEM;
    }
    xie_tls_wire_put(wire, model);
    xie_event_set(&wire->opened);
    model->established = true;
    model->readable |= xie_tls_holds(layer->tls);
    model->eof_asked = model->eof_sent = layer->tls->finished;
    return 0;
}

int xie_tls_become_transport(struct xie_stream *stream, const struct xie_protocol *protocol,
                             void *arg, struct xie_transport **transport)
{
    const struct xie_stream_ops *ops = stream->ops;
    struct xie_tls_layer *top = stream->layer, *lowest = top;
    const struct xie_dress dress = {put, take_off, top};
    int error = xie_tls_not_open(top->tls);
    if (!error && (stream->gate.inside[XIE_READING] || stream->gate.inside[XIE_WRITING]))
        error = -EBUSY;
    error = error ? error : stop(stream);
    if (error)
        return error;
    while (next(lowest))
        lowest = next(lowest);
    stream->ops = lowest->ops; /* for a moment it is what it was without TLS */
    stream->layer = NULL;
    error = xie_transport_adopt_dressed(stream, &dress, protocol, arg, transport);
    if (error) {
        stream->ops = ops;
        stream->layer = top;
        return error;
    }
    for (struct xie_tls_layer *layer = top, *below; layer; layer = below) {
        below = next(layer);
        layer->tls = NULL;
        xie_tls_layer_free(layer);
    }
    return 0;
}
