/* context.h - inside a context: its options, OpenSSL's object made of them, kept sessions.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TLS_CONTEXT_H
#define XIE_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <xie/tls.h>

enum {
    XIE_TLS_SESSIONS = 64,  /* kept by a client's context */
    XIE_TLS_ALPN_MOST = 512 /* of all protocols, in the form they are sent [bytes] */
};

/* A session for the next connection to a host. */
struct xie_tls_session {
    char *host; /* NULL: none here */
    uint16_t port;
    SSL_SESSION *session;
    uint64_t used; /* the context's clock; the smallest goes first */
};

struct xie_tls_context {
    unsigned references;
    struct xie_tls_options options; /* with the defaults filled in */
    char *strings;                  /* what the options point to */
    unsigned char alpn[XIE_TLS_ALPN_MOST];
    unsigned alpn_len;
    BIO *keylog;

    pthread_mutex_t lock;             /* of all below, and of the keylog */
    SSL_CTX *ssl;                     /* replaced by a reload */
    struct xie_tls_session *sessions; /* XIE_TLS_SESSIONS of them; NULL: none yet */
    uint64_t clock;
};

/* Make OpenSSL's object from the options. errors as xie_tls_context_new (load.c) */
int xie_tls_load(struct xie_tls_context *context, SSL_CTX **ssl, struct xie_tls_failure *failure);

/* Keep a session, which is then the context's; false: it is still the caller's (session.c). */
bool xie_tls_session_keep(struct xie_tls_context *context, const char *host, uint16_t port,
                          SSL_SESSION *session);
/* The last one kept, for one connection: taken out. NULL for none. */
SSL_SESSION *xie_tls_session_take(struct xie_tls_context *context, const char *host, uint16_t port);
/* The context's lock is held, or nobody else has it. */
void xie_tls_session_forget(struct xie_tls_context *context);

#endif
