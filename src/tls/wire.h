/* wire.h - TLS as what a transport's bytes go through.
 * Floor 7. The transport's steps move the bytes: nothing waits, and no task is needed. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TLS_WIRE_H
#define XIE_TLS_WIRE_H

#include <xie/sync.h>

#include "proto/transport.h"
#include "tls/engine.h"

enum { XIE_TLS_FILLS = 4 /* reads from beneath of one step, then it is the others' turn */ };

struct xie_tls_wire {
    struct xie_tls *tls;
    struct xie_transport *transport; /* NULL: not begun */
    const struct xie_wire *below;
    void *below_layer;
    struct xie_timer timer; /* of the handshake, then of the end */
    size_t sealed;          /* the transport's first bytes that are in out, and have not left */
    bool stalled;           /* TLS must read before it can write */
    bool leaving;
    unsigned refs; /* the transport's, and those of tasks that wait for the handshake */
    int error;     /* why it is over */
    struct xie_event opened;
};

extern const struct xie_wire xie_tls_wire;

/* Over what the model or transport stands on. tls: NULL is allowed, to be set. NULL: no memory */
struct xie_tls_wire *xie_tls_wire_new(struct xie_tls *tls);
/* Lay it over what the transport, or a model of one, stands on. */
void xie_tls_wire_put(struct xie_tls_wire *wire, struct xie_transport *transport);
/* Take the uppermost off again. return it */
struct xie_tls_wire *xie_tls_wire_take_off(struct xie_transport *transport);
/* A reference fewer; the last gives back it and its TLS. */
void xie_tls_wire_unref(struct xie_tls_wire *wire);
/* The transport's uppermost layer when that is TLS, else NULL. */
struct xie_tls_wire *xie_tls_wire_of(const struct xie_transport *transport);

#endif
