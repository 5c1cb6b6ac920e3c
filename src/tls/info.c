/* info.c - what a connection's TLS is: agreed parameters, the peer's certificate.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/memory.h"
#include "tls/layer.h"

/* OpenSSL's protocol is no string, but bytes within the connection: its own copy is taken. */
static const char *alpn_of(struct xie_tls *tls)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(tls->ssl, &name, &len);
    if (!len)
        return NULL;
    memcpy(tls->alpn, name, len);
    tls->alpn[len] = 0;
    return tls->alpn;
}

void xie_tls_tell(struct xie_tls *tls, struct xie_tls_info *info)
{
    *info = (struct xie_tls_info){
        .version = SSL_get_version(tls->ssl),
        .cipher = SSL_get_cipher_name(tls->ssl),
        .alpn = alpn_of(tls),
        .host = tls->host ? tls->host : SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name),
        .reason = tls->failure && *tls->failure->text ? tls->failure->text
                  : tls->reason                       ? ERR_reason_error_string(tls->reason)
                  : tls->error                        ? xie_strerror(tls->error)
                                                      : NULL,
        .resumed = SSL_session_reused(tls->ssl),
        .verified = SSL_get0_peer_certificate(tls->ssl) &&
                    SSL_get_verify_mode(tls->ssl) != SSL_VERIFY_NONE &&
                    SSL_get_verify_result(tls->ssl) == X509_V_OK,
    };
}

int xie_tls_info(const struct xie_stream *stream, struct xie_tls_info *info)
{
    struct xie_tls *tls = xie_tls_of(stream);
    if (tls)
        xie_tls_tell(tls, info);
    return tls ? 0 : -EINVAL;
}

/* --- the peer's certificate --------------------------------------------------------- */

/* Print the names it is for; nothing when it has none. */
static bool print_names(BIO *out, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool good = true;
    for (int i = 0; good && i < sk_GENERAL_NAME_num(names); i++)
        good = BIO_printf(out, "%s", i ? ", " : "") >= 0 &&
               GENERAL_NAME_print(out, sk_GENERAL_NAME_value(names, i)) == 1;
    GENERAL_NAMES_free(names);
    return good;
}

static bool print(BIO *out, X509 *certificate, enum xie_tls_part part)
{
    switch (part) {
    case XIE_TLS_SUBJECT:
        return X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0;
    case XIE_TLS_ISSUER:
        return X509_NAME_print_ex(out, X509_get_issuer_name(certificate), 0, XN_FLAG_RFC2253) >= 0;
    case XIE_TLS_NAMES:
        return print_names(out, certificate);
    case XIE_TLS_PEM:
        return PEM_write_bio_X509(out, certificate) == 1;
    }
    return true;
}

ssize_t xie_tls_tell_peer(const struct xie_tls *tls, enum xie_tls_part part, char *buf, size_t cap)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (!certificate)
        return -ENOENT;
    char *text = NULL;
    ssize_t len = -ENOMEM;
    BIO *out = BIO_new(BIO_s_mem());
    if (out && print(out, certificate, part))
        len = (ssize_t)BIO_get_mem_data(out, &text);
    if (len >= 0 && cap) {
        size_t fits = (size_t)len < cap ? (size_t)len : cap - 1;
        memcpy(buf, text, fits);
        buf[fits] = 0;
    }
    BIO_free(out);
    ERR_clear_error();
    return len;
}

ssize_t xie_tls_peer(const struct xie_stream *stream, enum xie_tls_part part, char *buf, size_t cap)
{
    const struct xie_tls *tls = xie_tls_of(stream);
    return tls ? xie_tls_tell_peer(tls, part, buf, cap) : -EINVAL;
}
