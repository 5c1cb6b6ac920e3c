/* engine.h - the TLS of one connection: OpenSSL's object between two buffers.
 * Floor 7. It never waits: it reads what has come and leaves what is to go. Who moves the bytes is
 * not known here: tasks (layer.h), or a transport's steps (wire.h). */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TLS_ENGINE_H
#define XIE_TLS_ENGINE_H

#include <openssl/ssl.h>
#include <sys/uio.h>
#include <xie/tls.h>

enum {
    XIE_TLS_SMALL = 512,         /* the input buffer inside the struct [bytes] */
    XIE_TLS_LARGE = 64 * 1024,   /* the one on the heap, while much comes [bytes] */
    XIE_TLS_RECORD = 16 * 1024,  /* plain text of one record [bytes] */
    XIE_TLS_BURST = 4,           /* records that one write makes at most, or one step */
    XIE_TLS_OVERHEAD = 1024,     /* what a record, and messages before it, take besides [bytes] */
    XIE_TLS_ANSWERS = 256 * 1024 /* what may wait to go out before the peer is given up [bytes] */
};

/* Bytes data[start..end). */
struct xie_tls_bytes {
    char *data;
    size_t start, end, cap;
    bool warm; /* data is one of warm.h */
};

enum xie_tls_state {
    XIE_TLS_SHAKING, /* the handshake has not ended; it may have been interrupted */
    XIE_TLS_OPEN,
    XIE_TLS_BROKEN /* by `error` */
};

struct xie_tls {
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

    struct xie_tls_bytes in;  /* came; OpenSSL takes from it */
    struct xie_tls_bytes out; /* OpenSSL adds to it; it may move */
    size_t plain;             /* of out: bytes of before TLS, that are no answer to anything */
    char alpn[256];           /* of xie_tls_info */
    char small[XIE_TLS_SMALL];
};

/* --- coming and going (engine.c) ---------------------------------------------------- */

/* One that is about to shake hands, as a client or a server by its context. host: a client's, else
 * NULL. NULL: no memory */
struct xie_tls *xie_tls_new(struct xie_tls_context *context, const char *host, uint16_t port);
/* NULL is allowed. */
void xie_tls_free(struct xie_tls *tls);

/* May it begin with this host? errors -EINVAL a client that is to check, and has none */
int xie_tls_check_host(const struct xie_tls_context *context, const char **host);

/* --- what it does. -EAGAIN everywhere: more must come first -------------------------- */

/* A step of the handshake. return 0: it is over as far as OpenSSL goes; what out holds may be of
 * it. errors as xie_tls_start */
int xie_tls_shake(struct xie_tls *tls);
/* Put into tls->failure, if there is one, words for an error that has none yet. */
void xie_tls_explain(struct xie_tls *tls, int error);
/* return 1..cap bytes of plain text; 0 at the end of TLS; or an error. out may hold an answer. */
ssize_t xie_tls_decrypt(struct xie_tls *tls, void *buf, size_t cap);
/* Encrypt one record of what is behind the first skip bytes of parts (there is something) into
 * out: as a whole, or not at all. return how many bytes, or an error: -EPIPE after
 * xie_tls_finish */
ssize_t xie_tls_encrypt(struct xie_tls *tls, const struct iovec *parts, int count, size_t skip);
/* Make close_notify, once. return 0 or an error */
int xie_tls_finish(struct xie_tls *tls);
/* What is beneath failed: so does TLS from now on, unless it had. */
void xie_tls_break(struct xie_tls *tls, int error);
/* 0, or why plain text can neither come nor go. */
int xie_tls_not_open(const struct xie_tls *tls);

/* --- its two buffers ---------------------------------------------------------------- */

/* Make in, which is empty, ready to be filled. The large one is used while much comes. */
void xie_tls_make_room(struct xie_tls *tls);
/* len bytes were put there; 0: the end. */
void xie_tls_came(struct xie_tls *tls, size_t len);
/* in is empty, and nothing comes for now: give the large one back. */
void xie_tls_rest(struct xie_tls *tls);
/* Make room for len bytes in out, so that OpenSSL's write cannot fail. errors -ENOMEM */
int xie_tls_reserve(struct xie_tls *tls, size_t len);
static inline size_t xie_tls_out_len(const struct xie_tls *tls)
{
    return tls->out.end - tls->out.start;
}
static inline bool xie_tls_in_empty(const struct xie_tls *tls)
{
    return tls->in.start == tls->in.end;
}
void xie_tls_drop(struct xie_tls_bytes *bytes);
/* Has it what nothing from beneath need come for: bytes, or the end? */
bool xie_tls_holds(const struct xie_tls *tls);

/* What came and nobody read (a ticket, say) would make the kernel send a reset at the close of
 * this descriptor, which can overtake our last bytes on their way to the peer's program. So take
 * it, as far as it is not endless. */
void xie_tls_drain(int fd);

/* --- the rest ----------------------------------------------------------------------- */

/* Between OpenSSL and in/out. NULL: no memory (bio.c) */
const BIO_METHOD *xie_tls_bio_method(void);

/* A new connection's object, with the newest files. NULL: no memory. */
SSL *xie_tls_context_ssl(struct xie_tls_context *context);
const struct xie_tls_options *xie_tls_context_options(const struct xie_tls_context *context);

/* What xie_tls_info and xie_tls_peer tell of it (info.c). */
void xie_tls_tell(struct xie_tls *tls, struct xie_tls_info *info);
ssize_t xie_tls_tell_peer(const struct xie_tls *tls, enum xie_tls_part part, char *buf, size_t cap);

#endif
