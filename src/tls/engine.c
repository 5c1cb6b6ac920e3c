/* engine.c - what OpenSSL is asked to do, and what it said.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include "tls/engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/sys.h"
#include "loop/warm.h"
#include "tls/context.h"

/* --- what OpenSSL said -------------------------------------------------------------- */

static int error_of_alert(int alert)
{
    return alert == SSL_AD_NO_APPLICATION_PROTOCOL ? XIE_ETLS_ALPN : XIE_ETLS_REFUSED;
}

static int error_of(const struct xie_tls *tls, unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    if (!code) /* our BIO refused: no memory for an alert, or too many */
        return XIE_ETLS_PROTOCOL;
    if (reason == ERR_R_MALLOC_FAILURE)
        return -ENOMEM;
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return XIE_ETLS_PROTOCOL;
    if (reason > SSL_AD_REASON_OFFSET)
        return error_of_alert(reason - SSL_AD_REASON_OFFSET);
    switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return XIE_ETLS_TRUNCATED;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return XIE_ETLS_ALPN;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return XIE_ETLS_CERTIFICATE;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        switch (SSL_get_verify_result(tls->ssl)) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return XIE_ETLS_HOST;
        }
        return XIE_ETLS_CERTIFICATE;
    }
    return XIE_ETLS_PROTOCOL;
}

/* What a call of OpenSSL returned that did not succeed: -EAGAIN, 0 the end of TLS, or an error,
 * which is kept. */
static int result_of(struct xie_tls *tls, int returned)
{
    switch (SSL_get_error(tls->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    }
    tls->reason = ERR_peek_error();
    tls->error = error_of(tls, tls->reason);
    if (tls->ended && !tls->reason)
        tls->error = XIE_ETLS_TRUNCATED;
    tls->state = XIE_TLS_BROKEN;
    ERR_clear_error();
    return tls->error;
}

/* --- the handshake ------------------------------------------------------------------ */

int xie_tls_check_host(const struct xie_tls_context *context, const char **host)
{
    const struct xie_tls_options *options = &context->options;
    if (options->server)
        *host = NULL;
    else if (*host ? !**host : options->verify != XIE_TLS_VERIFY_NONE && !options->no_host_check)
        return -EINVAL;
    return 0;
}

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
    if (tls->context->options.no_host_check)
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
    if (tls->context->options.server) {
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

int xie_tls_shake(struct xie_tls *tls)
{
    if (tls->state == XIE_TLS_BROKEN)
        return tls->error;
    ERR_clear_error();
    int returned = SSL_do_handshake(tls->ssl);
    if (returned == 1)
        return 0;
    int result = result_of(tls, returned);
    if (result) /* 0: an end in order, of what had not begun */
        return result;
    xie_tls_break(tls, XIE_ETLS_TRUNCATED);
    return tls->error;
}

void xie_tls_explain(struct xie_tls *tls, int error)
{
    struct xie_tls_failure *failure = tls->failure;
    const char *reason = tls->reason ? ERR_reason_error_string(tls->reason) : NULL;
    if (!failure || (*failure->text && (error == XIE_ETLS_CERTIFICATE || error == XIE_ETLS_HOST)))
        return;
    bool server = tls->context->options.server;
    snprintf(failure->text, sizeof failure->text, "%s: %s%s%s",
             tls->host ? tls->host
             : server  ? "client"
                       : "server",
             xie_strerror(error), reason ? ": " : "", reason ? reason : "");
}

/* --- plain text --------------------------------------------------------------------- */

int xie_tls_not_open(const struct xie_tls *tls)
{
    if (tls->state == XIE_TLS_OPEN)
        return 0;
    return tls->state == XIE_TLS_BROKEN ? tls->error : -ENOTCONN;
}

void xie_tls_break(struct xie_tls *tls, int error)
{
    if (tls->state == XIE_TLS_BROKEN)
        return;
    tls->state = XIE_TLS_BROKEN;
    tls->error = error;
}

ssize_t xie_tls_decrypt(struct xie_tls *tls, void *buf, size_t cap)
{
    size_t got;
    int error = xie_tls_not_open(tls);
    if (error)
        return error;
    ERR_clear_error();
    int returned = SSL_read_ex(tls->ssl, buf, cap, &got);
    return returned > 0 ? (ssize_t)got : result_of(tls, returned);
}

/* The first part is gone but for what is behind its first skip bytes. Small parts make one record:
 * gathered in memory of their own, or where there is none, sent one by one.
 * data: where the record's bytes are; return how many */
static size_t gather(const struct iovec *parts, int count, size_t skip, char **gathered,
                     const char **data)
{
    size_t first = parts->iov_len - skip, len = first, done = 0;
    for (int i = 1; i < count && len < XIE_TLS_RECORD; i++)
        len += parts[i].iov_len;
    len = len < XIE_TLS_RECORD ? len : XIE_TLS_RECORD;
    *data = (const char *)parts->iov_base + skip;
    *gathered = first < len ? xie_alloc(len) : NULL;
    if (!*gathered)
        return first < len ? first : len;
    for (; done < len; parts++, skip = 0) {
        size_t left = parts->iov_len - skip;
        size_t more = left < len - done ? left : len - done;
        memcpy(*gathered + done, (const char *)parts->iov_base + skip, more);
        done += more;
    }
    *data = *gathered;
    return len;
}

/* OpenSSL wants to read first when it is in the middle of a message that came after the
 * handshake. */
ssize_t xie_tls_encrypt(struct xie_tls *tls, const struct iovec *parts, int count, size_t skip)
{
    char *gathered;
    const char *data;
    size_t put = 0;
    int error = xie_tls_not_open(tls);
    error = error ? error : tls->finished ? -EPIPE : 0;
    if (error)
        return error;
    for (; skip >= parts->iov_len; parts++, count--)
        skip -= parts->iov_len;
    size_t len = gather(parts, count, skip, &gathered, &data);
    error = xie_tls_reserve(tls, len + XIE_TLS_OVERHEAD);
    if (!error) {
        ERR_clear_error();
        int returned = SSL_write_ex(tls->ssl, data, len, &put);
        error = returned > 0 ? 0 : result_of(tls, returned);
    }
    xie_release(gathered);
    if (!error && !put) /* an answer of OpenSSL's own could not be made */
        error = XIE_ETLS_PROTOCOL;
    return error ? error : (ssize_t)put;
}

int xie_tls_finish(struct xie_tls *tls)
{
    if (tls->finished)
        return 0;
    int error = xie_tls_not_open(tls);
    error = error ? error : xie_tls_reserve(tls, XIE_TLS_OVERHEAD);
    if (error)
        return error;
    ERR_clear_error();
    int returned = SSL_in_init(tls->ssl) ? SSL_do_handshake(tls->ssl) : 1;
    if (returned != 1)
        return result_of(tls, returned);
    returned = SSL_shutdown(tls->ssl); /* 0: the peer's end has not come yet */
    if (returned < 0)
        return result_of(tls, returned);
    tls->finished = true;
    return 0;
}

/* --- the two buffers ---------------------------------------------------------------- */

void xie_tls_drop(struct xie_tls_bytes *bytes)
{
    if (bytes->warm)
        xie_warm_give(bytes->data);
    else
        xie_release(bytes->data);
    *bytes = (struct xie_tls_bytes){0};
}

void xie_tls_rest(struct xie_tls *tls)
{
    if (tls->in.data != tls->small)
        xie_tls_drop(&tls->in);
    tls->in = (struct xie_tls_bytes){.data = tls->small, .cap = XIE_TLS_SMALL};
}

/* The large one is given back while little comes, so that a connection that waits does not keep
 * it. */
void xie_tls_make_room(struct xie_tls *tls)
{
    struct xie_tls_bytes *in = &tls->in;
    if (tls->drained || !in->warm)
        xie_tls_rest(tls);
    in->start = in->end = 0;
    if (tls->drained || in->warm)
        return;
    char *data = xie_warm_take();
    if (data)
        *in = (struct xie_tls_bytes){.data = data, .cap = XIE_TLS_LARGE, .warm = true};
}

void xie_tls_came(struct xie_tls *tls, size_t len)
{
    tls->in.end = len;
    tls->ended = !len;
    tls->drained = len < tls->in.cap;
}

bool xie_tls_holds(const struct xie_tls *tls)
{
    return !xie_tls_in_empty(tls) || tls->ended || SSL_pending(tls->ssl) ||
           SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN;
}

int xie_tls_reserve(struct xie_tls *tls, size_t len)
{
    struct xie_tls_bytes *out = &tls->out;
    if (len <= out->cap - out->end)
        return 0;
    size_t cap = out->end + len;
    bool warm = cap > XIE_TLS_RECORD && cap <= XIE_WARM;
    if (!warm && !out->warm) {
        char *data = xie_resize(out->data, cap);
        if (!data)
            return -ENOMEM;
        out->data = data;
        out->cap = cap;
        return 0;
    }
    struct xie_tls_bytes made = {.data = warm ? xie_warm_take() : xie_alloc(cap),
                                 .start = out->start,
                                 .end = out->end,
                                 .cap = warm ? XIE_WARM : cap,
                                 .warm = warm};
    if (!made.data)
        return -ENOMEM;
    if (out->end)
        memcpy(made.data, out->data, out->end);
    xie_tls_drop(out);
    *out = made;
    return 0;
}

void xie_tls_drain(int fd)
{
    char buf[4096];
    for (int i = 0; i < 16 && fd >= 0; i++)
        if (xie_sys_recv(fd, buf, sizeof buf, MSG_DONTWAIT) <= 0)
            return;
}

/* --- coming and going --------------------------------------------------------------- */

static bool attach(SSL *ssl, struct xie_tls *tls)
{
    const BIO_METHOD *method = xie_tls_bio_method();
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!bio)
        return false;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return SSL_set_app_data(ssl, tls) == 1;
}

/* A name without the dot that ends it: neither asked for nor certified with it. */
static char *copy_host(const char *host)
{
    char *copy = xie_copy_string(host);
    size_t len = strlen(host);
    if (copy && len > 1 && copy[len - 1] == '.')
        copy[len - 1] = 0;
    return copy;
}

struct xie_tls *xie_tls_new(struct xie_tls_context *context, const char *host, uint16_t port)
{
    struct xie_tls *tls = xie_alloc_zero(sizeof *tls);
    if (!tls)
        return NULL;
    tls->context = xie_tls_context_ref(context);
    tls->port = port;
    tls->drained = true;
    xie_tls_rest(tls);
    tls->ssl = xie_tls_context_ssl(context);
    tls->host = host ? copy_host(host) : NULL;
    if (tls->ssl && (!host || tls->host) && attach(tls->ssl, tls) && prepare(tls))
        return tls;
    xie_tls_free(tls);
    return NULL;
}

void xie_tls_free(struct xie_tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    xie_tls_rest(tls);
    xie_tls_drop(&tls->out);
    xie_release(tls->host);
    xie_tls_context_unref(tls->context);
    xie_release(tls);
}
