/* layer.h - the TLS of one stream: OpenSSL's object between two buffers, and who uses them.
 * Floor 7. OpenSSL never waits: it reads what has come and leaves what is to go; the pump does
 * the waiting. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TLS_LAYER_H
#define XIE_TLS_LAYER_H

#include <openssl/ssl.h>
#include <xie/sync.h>
#include <xie/tls.h>

#include "io/stream.h"

enum {
    XIE_TLS_SMALL = 512,         /* the input buffer inside the struct [bytes] */
    XIE_TLS_LARGE = 32 * 1024,   /* the one on the heap, while much comes [bytes] */
    XIE_TLS_RECORD = 16 * 1024,  /* plain text of one record [bytes] */
    XIE_TLS_OVERHEAD = 1024,     /* what a record, and messages before it, take besides [bytes] */
    XIE_TLS_ANSWERS = 256 * 1024 /* what may wait to go out before the peer is given up [bytes] */
};

/* Bytes data[start..end). */
struct xie_tls_bytes {
    char *data;
    size_t start, end, cap;
};

enum xie_tls_state {
    XIE_TLS_SHAKING, /* the handshake has not ended; it may have been interrupted */
    XIE_TLS_OPEN,
    XIE_TLS_BROKEN /* by `error` */
};

struct xie_tls {
    struct xie_stream *stream; /* the user's */
    /* What stands beneath: its functions, and the stream they are given. That is the user's own
     * (a socket's functions find the socket by it), or for TLS over TLS a shell whose layer is the
     * lower TLS. Either way all that waits is taken back by the user's stream's gate. */
    const struct xie_stream_ops *ops;
    struct xie_stream *below;

    struct xie_tls_context *context;
    SSL *ssl;
    char *host; /* a client's, else NULL */
    uint16_t port;
    enum xie_tls_state state;
    int error;
    unsigned long reason; /* OpenSSL's code for it */
    struct xie_tls_failure *failure;
    bool ended;    /* nothing more comes from beneath */
    bool drained;  /* the last that came was less than there was room for */
    bool finished; /* close_notify was made */
    bool orphan;   /* closed by a callback: the flusher does the rest */
    bool closing;  /* nobody is let in any more */
    bool reset;

    struct xie_tls_bytes in;          /* came; OpenSSL takes from it */
    struct xie_tls_bytes out;         /* OpenSSL adds to it; it may move */
    struct xie_tls_bytes sending;     /* the kernel may be reading it; it may not move */
    uint64_t fills;                   /* how often something came */
    struct xie_lock reading, writing; /* beneath is one task at a time on each side */
    struct xie_task *flusher;         /* ours, sends what waits; NULL: none */
    struct xie_event flushed;         /* it has ended */
    char alpn[256];                   /* of xie_tls_info */
    char small[XIE_TLS_SMALL];
};

/* --- the layer (layer.c) ------------------------------------------------------------ */

/* Put TLS over what the stream stands on, taking what it has read. The caller is inside the
 * stream on both sides. errors -ENOMEM and the stream's own; then it is as it was */
int xie_tls_push(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                 uint16_t port);
/* Give the stream back what it stood on before, and what came after the end of TLS.
 * Nothing waits to go out; a task of ours may be just about to see that.
 * errors -ENOMEM -ECANCELED -ETIMEDOUT; then nothing is changed */
int xie_tls_pop(struct xie_tls *tls);
/* Give back all but what is beneath. */
void xie_tls_free(struct xie_tls *tls);
/* The stream's layer when that is TLS, else NULL. */
struct xie_tls *xie_tls_of(const struct xie_stream *stream);

/* What a call of OpenSSL returned that did not succeed: XIE_TLS_WANTS, 0 the end of TLS, or an
 * error, which the layer keeps. */
enum { XIE_TLS_WANTS = 1 };
int xie_tls_result(struct xie_tls *tls, int returned);

/* --- the pump (pump.c) -------------------------------------------------------------- */

/* Between OpenSSL and in/out. Neither ever waits. */
const BIO_METHOD *xie_tls_bio_method(void);

/* Make room for len bytes in out, so that OpenSSL's write cannot fail. */
int xie_tls_reserve(struct xie_tls *tls, size_t len);
/* Wait until something came, for this task or another. return 0, also at the end (tls->ended);
 * errors those of reading beneath */
int xie_tls_fill(struct xie_tls *tls);
/* Wait until all that OpenSSL made has gone out. */
int xie_tls_flush(struct xie_tls *tls);
/* The same by a task of ours, where nobody is about to. Fails silently: tried again later. */
void xie_tls_flush_later(struct xie_tls *tls);
static inline bool xie_tls_pending(const struct xie_tls *tls)
{
    return tls->out.end || tls->sending.end;
}

/* --- contexts and their sessions (context.c, session.c) ------------------------------ */

/* A new connection's object, with the newest files. NULL: no memory. */
SSL *xie_tls_context_ssl(struct xie_tls_context *context);
const struct xie_tls_options *xie_tls_context_options(const struct xie_tls_context *context);

#endif
