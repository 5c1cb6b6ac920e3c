/* handshake.c - from a stream to TLS, and back.
 * Floor 7. Both sides of the stream are held meanwhile: nobody else reads or writes. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <xie/connect.h>

#include "tls/context.h"
#include "tls/layer.h"

/* --- both sides at once ------------------------------------------------------------- */

static int enter(struct xie_stream *stream)
{
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    error = xie_gate_enter(&stream->gate, XIE_WRITING);
    return error ? (int)xie_gate_leave(&stream->gate, XIE_READING, error) : 0;
}

static int leave(struct xie_stream *stream, int result)
{
    int error = (int)xie_gate_leave(&stream->gate, XIE_READING, result);
    xie_gate_leave(&stream->gate, XIE_WRITING, result); /* the stream may be gone after this */
    return error;
}

/* --- whom a client wants ------------------------------------------------------------ */

static bool numeric(const char *host)
{
    unsigned char address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* Ask for host, unless it is a number, which has no place there (RFC 6066 section 3); and have
 * the certificate checked against it. */
static bool expect(struct xie_tls *tls)
{
    const char *host = tls->host;
    bool number = numeric(host);
    if (!number && SSL_set_tlsext_host_name(tls->ssl, host) != 1)
        return false;
    if (xie_tls_context_options(tls->context)->no_host_check)
        return true;
    if (number)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), host) == 1;
    /* RFC 9525: the subject is no place for a host's name. */
    SSL_set_hostflags(tls->ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(tls->ssl, host) == 1;
}

static bool prepare(struct xie_tls *tls)
{
    if (xie_tls_context_options(tls->context)->server) {
        SSL_set_accept_state(tls->ssl);
        return true;
    }
    SSL_set_connect_state(tls->ssl);
    if (!tls->host)
        return true;
    if (!expect(tls))
        return false;
    SSL_SESSION *session = xie_tls_session_take(tls->context, tls->host, tls->port);
    if (session)
        SSL_set_session(tls->ssl, session); /* refused, it is a handshake like others */
    SSL_SESSION_free(session);
    return true;
}

/* --- the handshake ------------------------------------------------------------------ */

/* One step of OpenSSL's. return 0 done; XIE_TLS_WANTS; negative */
static int step(struct xie_tls *tls)
{
    ERR_clear_error();
    int returned = SSL_do_handshake(tls->ssl);
    if (returned == 1)
        return 0;
    int result = xie_tls_result(tls, returned);
    if (result) /* 0: an end in order, of what had not begun */
        return result;
    tls->state = XIE_TLS_BROKEN;
    return tls->error = XIE_ETLS_TRUNCATED;
}

static void opened(struct xie_tls *tls)
{
    tls->state = XIE_TLS_OPEN;
    tls->stream->ended = 0; /* a read in the midst of an interrupted handshake was told so */
}

/* A peer that refused us and went may have said why: that is read although we cannot write. */
static int shake(struct xie_tls *tls)
{
    for (;;) {
        int result = step(tls);
        int error = xie_tls_flush(tls); /* of an alert too */
        if (result < 0)
            return result;
        if (!result && !error)
            opened(tls);
        if (!result || (error && error != -EPIPE))
            return error;
        int failed = xie_tls_fill(tls);
        if (failed)
            return failed;
        if (error && tls->in.start == tls->in.end)
            return error;
    }
}

/* Words for what has none yet. */
static void explain(struct xie_tls *tls, int error)
{
    struct xie_tls_failure *failure = tls->failure;
    const char *reason = tls->reason ? ERR_reason_error_string(tls->reason) : NULL;
    if (!failure || (*failure->text && (error == XIE_ETLS_CERTIFICATE || error == XIE_ETLS_HOST)))
        return;
    bool server = xie_tls_context_options(tls->context)->server;
    snprintf(failure->text, sizeof failure->text, "%s: %s%s%s",
             tls->host ? tls->host
             : server  ? "client"
                       : "server",
             xie_strerror(error), reason ? ": " : "", reason ? reason : "");
}

/* Bounded by handshake_ns. An interruption by a scope leaves all as it is, to go on later;
 * anything else ends the stream's use. */
static int run(struct xie_tls *tls, struct xie_tls_failure *failure)
{
    struct xie_tls_failure words = {{0}};
    if (tls->state != XIE_TLS_SHAKING)
        return tls->state == XIE_TLS_BROKEN ? tls->error : 0;
    int error = 0;
    tls->failure = &words;
    XIE_TIMEOUT(xie_tls_context_options(tls->context)->handshake_ns)
        error = shake(tls);
    if (error && !xie_check() && tls->state != XIE_TLS_BROKEN) {
        tls->state = XIE_TLS_BROKEN;
        tls->error = error;
    }
    if (error)
        explain(tls, error);
    tls->failure = NULL;
    if (error && failure)
        *failure = words;
    return error;
}

static int start(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                 uint16_t port, struct xie_tls_failure *failure)
{
    int error = enter(stream);
    if (error)
        return error;
    struct xie_tls *tls = xie_tls_of(stream);
    if (!tls || tls->state == XIE_TLS_OPEN) { /* else one that was interrupted goes on */
        error = xie_tls_push(stream, context, host, port);
        if (error)
            return leave(stream, error);
        tls = stream->layer;
        if (!prepare(tls)) {
            xie_tls_pop(tls);
            return leave(stream, -ENOMEM);
        }
    }
    return leave(stream, run(tls, failure));
}

int xie_tls_start(struct xie_stream *stream, struct xie_tls_context *context, const char *host,
                  struct xie_tls_failure *failure)
{
    const struct xie_tls_options *options = xie_tls_context_options(context);
    if (options->server)
        host = NULL;
    else if (host ? !*host : options->verify != XIE_TLS_VERIFY_NONE && !options->no_host_check)
        return -EINVAL;
    return start(stream, context, host, 0, failure);
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
static int await_end(struct xie_tls *tls)
{
    char buf[XIE_STREAM_SMALL - 1]; /* fits the stream's own buffer */
    size_t got;
    for (;;) {
        ERR_clear_error();
        int returned = SSL_read_ex(tls->ssl, buf, sizeof buf, &got);
        if (returned > 0) {
            xie_stream_refill(tls->stream, buf, got);
            return -EBUSY;
        }
        int result = xie_tls_result(tls, returned);
        if (result != XIE_TLS_WANTS)
            return result;
        int error = xie_tls_fill(tls);
        if (error)
            return error;
    }
}

static int unwrap(struct xie_stream *stream)
{
    struct xie_tls *tls = xie_tls_of(stream);
    const char *unread;
    if (!tls || tls->state == XIE_TLS_SHAKING)
        return -EINVAL;
    if (xie_stream_unread(stream, &unread))
        return -EBUSY;
    int error = stream->ops->write_eof(stream);
    error = error ? error : await_end(tls);
    return error ? error : xie_tls_pop(tls);
}

int xie_tls_unwrap(struct xie_stream *stream)
{
    int error = enter(stream);
    return error ? error : leave(stream, unwrap(stream));
}
