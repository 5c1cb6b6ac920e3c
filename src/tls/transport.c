/* transport.c - TLS beneath protocols: connected, accepted, put under a transport in use.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <xie/tls_transport.h>

#include "base/memory.h"
#include "tls/context.h"
#include "tls/wire.h"

/* --- a handshake to come -------------------------------------------------------------- */

/* NULL: no memory. The room for words about a failure goes when there was none. */
static struct xie_tls_wire *make(struct xie_tls_context *context, const char *host)
{
    struct xie_tls *tls = xie_tls_new(context, host, 0);
    struct xie_tls_wire *wire = tls ? xie_tls_wire_new(tls) : NULL;
    if (!wire) {
        xie_tls_free(tls);
        return NULL;
    }
    tls->failure = xie_alloc_zero(sizeof *tls->failure);
    if (tls->failure)
        return wire;
    xie_tls_wire_unref(wire);
    return NULL;
}

/* --- servers and clients -------------------------------------------------------------- */

static int put(struct xie_transport *model, void *context)
{
    struct xie_tls_wire *wire = make(context, NULL);
    if (!wire)
        return -ENOMEM;
    xie_tls_wire_put(wire, model);
    return 0;
}

static void take_off(struct xie_transport *model)
{
    xie_tls_wire_unref(xie_tls_wire_take_off(model));
}

int xie_tls_serve_protocol(struct xie_listener *listener, struct xie_tls_context *context,
                           const struct xie_protocol *protocol, void *arg)
{
    const struct xie_dress dress = {put, take_off, context};
    if (!context->options.server)
        return -EINVAL;
    xie_tls_context_ref(context);
    int error = xie_serve_dressed(listener, &dress, protocol, arg);
    xie_tls_context_unref(context);
    return error;
}

int xie_tls_create_connection(struct xie_tls_context *context, const char *host, uint16_t port,
                              struct xie_tls_failure *failure, const struct xie_protocol *protocol,
                              void *arg, struct xie_transport **transport)
{
    struct xie_stream *stream;
    int error = xie_tls_connect(context, host, port, failure, &stream);
    if (error)
        return error;
    error = xie_transport_adopt(stream, protocol, arg, transport);
    if (error)
        xie_stream_abort(stream);
    return error;
}

/* --- a transport in use --------------------------------------------------------------- */

static int may_start(const struct xie_transport *transport)
{
    if (transport->kind != &xie_transport_bytes ||
        transport->ways != (XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES))
        return -EOPNOTSUPP;
    if (transport->closing || transport->broken)
        return XIE_ECLOSED;
    if (transport->eof_asked)
        return -EPIPE;
    return transport->established ? 0 : -EBUSY;
}

/* What waits leaves before TLS does, as it is: as if it had been encrypted already. */
static int take_waiting(struct xie_tls_wire *wire, const struct xie_transport *transport)
{
    struct xie_tls_bytes *out = &wire->tls->out;
    size_t len = transport->buffered;
    if (!len)
        return 0;
    int error = xie_tls_reserve(wire->tls, len);
    if (error)
        return error;
    memcpy(out->data, transport->out_data + transport->out_start, len);
    out->end = wire->tls->plain = wire->sealed = len;
    return 0;
}

int xie_tls_transport_start(struct xie_transport *transport, struct xie_tls_context *context,
                            const char *host)
{
    int error = xie_tls_check_host(context, &host);
    error = error ? error : may_start(transport);
    if (error)
        return error;
    struct xie_tls_wire *wire = make(context, host);
    if (!wire)
        return -ENOMEM;
    error = take_waiting(wire, transport);
    if (error) {
        xie_tls_wire_unref(wire);
        return error;
    }
    xie_tls_wire_put(wire, transport);
    transport->established = false;
    xie_transport_wake(transport);
    return 0;
}

int xie_tls_transport_wait(struct xie_transport *transport, struct xie_tls_failure *failure)
{
    struct xie_tls_wire *wire = xie_tls_wire_of(transport);
    if (!wire)
        return -EINVAL;
    wire->refs++; /* it may be over when we are woken */
    int error = xie_event_wait(&wire->opened);
    if (!error)
        error = wire->tls->state == XIE_TLS_OPEN ? 0 : wire->error;
    if (error && failure && wire->tls->failure)
        *failure = *wire->tls->failure;
    xie_tls_wire_unref(wire);
    return error;
}

/* --- what it is ----------------------------------------------------------------------- */

int xie_tls_transport_info(const struct xie_transport *transport, struct xie_tls_info *info)
{
    const struct xie_tls_wire *wire = xie_tls_wire_of(transport);
    if (wire)
        xie_tls_tell(wire->tls, info);
    return wire ? 0 : -EINVAL;
}

ssize_t xie_tls_transport_peer(const struct xie_transport *transport, enum xie_tls_part part,
                               char *buf, size_t cap)
{
    const struct xie_tls_wire *wire = xie_tls_wire_of(transport);
    return wire ? xie_tls_tell_peer(wire->tls, part, buf, cap) : -EINVAL;
}
