/* layer.h - TLS over what a stream stands on, and the tasks that use it.
 * Floor 7. The engine does not wait; the pump does the waiting for it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TLS_LAYER_H
#define XIE_TLS_LAYER_H

#include <xie/sync.h>

#include "io/stream.h"
#include "tls/engine.h"

struct xie_tls_layer {
    struct xie_tls *tls;
    struct xie_stream *stream; /* the user's */
    /* What stands beneath: its functions, and the stream they are given. That is the user's own
     * (a socket's functions find the socket by it), or for TLS over TLS a shell whose layer is the
     * lower TLS. Either way all that waits is taken back by the user's stream's gate. */
    const struct xie_stream_ops *ops;
    struct xie_stream *below;
    bool orphan;  /* closed by a callback: the flusher does the rest */
    bool closing; /* nobody is let in any more */
    bool reset;

    uint64_t sent; /* encrypted bytes that what is beneath has taken */
    int failed;    /* what a write could not tell, since some of it had left; the next one does */

    struct xie_tls_bytes sending;     /* the kernel may be reading it; it may not move */
    uint64_t fills;                   /* how often something came */
    struct xie_lock reading, writing; /* beneath is one task at a time on each side */
    struct xie_task *flusher;         /* ours, sends what waits; NULL: none */
    struct xie_event flushed;         /* it has ended */
};

/* --- the layer (layer.c) ------------------------------------------------------------ */

/* Put TLS over what the stream stands on, taking what it has read. The caller is inside the
 * stream on both sides. errors -ENOMEM and the stream's own; then it is as it was */
int xie_tls_push(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                 uint16_t port);
/* Give the stream back what it stood on before, and what came after the end of TLS.
 * Nothing waits to go out; a task of ours may be just about to see that.
 * errors -ENOMEM -ECANCELED -ETIMEDOUT; then nothing is changed */
int xie_tls_pop(struct xie_tls_layer *layer);
/* End the task of ours that sends, which does not depend on the peer: what it had not sent waits.
 * Of a task that may wait, or where there is none. */
void xie_tls_stop_flushing(struct xie_tls_layer *layer);
/* Give back all but what is beneath. */
void xie_tls_layer_free(struct xie_tls_layer *layer);
/* The stream's layer when that is TLS, else NULL; and its TLS. */
struct xie_tls_layer *xie_tls_layer_of(const struct xie_stream *stream);
struct xie_tls *xie_tls_of(const struct xie_stream *stream);
/* Has something come for OpenSSL that nobody has read yet? false for a stream without TLS. */
XIE_API bool xie_tls_unread(const struct xie_stream *stream);

/* Be on both sides of a stream, so that nobody else reads or writes; and no more, as
 * xie_gate_leave (handshake.c). */
int xie_tls_enter(struct xie_stream *stream);
int xie_tls_leave(struct xie_stream *stream, int result);

/* See xie_transport_adopt (adopt.c). */
int xie_tls_become_transport(struct xie_stream *stream, const struct xie_protocol *protocol,
                             void *arg, struct xie_transport **transport);

/* --- the pump (pump.c) -------------------------------------------------------------- */

/* Wait until something came, for this task or another. return 0, also at the end (tls->ended);
 * errors those of reading beneath */
int xie_tls_fill(struct xie_tls_layer *layer);
/* Wait until all that OpenSSL made has gone out. */
int xie_tls_flush(struct xie_tls_layer *layer);
/* The same by a task of ours, where nobody is about to. Fails silently: tried again later. */
void xie_tls_flush_later(struct xie_tls_layer *layer);
static inline bool xie_tls_pending(const struct xie_tls_layer *layer)
{
    return layer->tls->out.end || layer->sending.end;
}

#endif
