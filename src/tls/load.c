/* load.c - OpenSSL's context made of our options: files, protocols, callbacks.
 * Floor 7. Whatever is not usable is told by the name of the file or setting. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "tls/context.h"
#include "tls/engine.h"

/* --- what went wrong ---------------------------------------------------------------- */

/* OpenSSL says first that a file is not there, then that it could not be loaded: the first is what
 * helps. Of its other errors the last does. */
static int unusable(struct xie_tls_failure *failure, const char *what, const char *value)
{
    unsigned long code = ERR_peek_error();
    bool system = ERR_SYSTEM_ERROR(code);
    if (!system)
        code = ERR_peek_last_error();
    const char *reason =
        system ? strerrordesc_np(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    ERR_clear_error();
    if (failure)
        snprintf(failure->text, sizeof failure->text, "%s %s: %s", what, value,
                 reason ? reason : "not usable");
    return !system && ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE ? -ENOMEM : XIE_ETLS_CONFIG;
}

/* --- callbacks ---------------------------------------------------------------------- */

/* Never ask on the terminal, as OpenSSL would. */
static int password(char *buf, int cap, int writing, void *arg)
{
    const struct xie_tls_context *context = arg;
    const char *word = context->options.key_password;
    (void)writing;
    int len = word ? snprintf(buf, (size_t)cap, "%s", word) : -1;
    return len < cap ? len : -1;
}

static struct xie_tls *tls_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

static void log_key(const SSL *ssl, const char *line)
{
    struct xie_tls_context *context = tls_of(ssl)->context;
    if (!context->keylog)
        return;
    pthread_mutex_lock(&context->lock);
    BIO_printf(context->keylog, "%s\n", line);
    (void)BIO_flush(context->keylog);
    pthread_mutex_unlock(&context->lock);
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *arg)
{
    const struct xie_tls_context *context = tls_of(ssl)->context;
    unsigned char *chosen;
    (void)arg;
    if (!context->alpn_len)
        return SSL_TLSEXT_ERR_NOACK;
    if (SSL_select_next_proto(&chosen, out_len, context->alpn, context->alpn_len, offered,
                              offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* The client has named its host: another context may be the one for it. What SSL_set_SSL_CTX
 * does not bring along is set here. */
static int choose_context(SSL *ssl, int *alert, void *arg)
{
    struct xie_tls *tls = tls_of(ssl);
    const struct xie_tls_options *options = &tls->context->options;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)arg;
    if (!options->by_name)
        return SSL_TLSEXT_ERR_OK;
    struct xie_tls_context *chosen = options->by_name(name ? name : "", options->by_name_arg);
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    if (!chosen || !chosen->options.server)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    pthread_mutex_lock(&chosen->lock);
    SSL_CTX *set = SSL_set_SSL_CTX(ssl, chosen->ssl);
    if (set)
        SSL_set_verify(ssl, SSL_CTX_get_verify_mode(set), SSL_CTX_get_verify_callback(set));
    pthread_mutex_unlock(&chosen->lock);
    if (!set)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    xie_tls_context_ref(chosen);
    xie_tls_context_unref(tls->context);
    tls->context = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    const struct xie_tls *tls = tls_of(ssl);
    if (!tls->host || !SSL_SESSION_is_resumable(session))
        return 0;
    return xie_tls_session_keep(tls->context, tls->host, tls->port, session);
}

/* The certificate that is not trusted, in words: later nobody knows which it was. */
static int judge(int good, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct xie_tls *tls = tls_of(ssl);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    char subject[128] = "";
    if (good || !tls->failure)
        return good;
    if (certificate)
        X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
    snprintf(tls->failure->text, sizeof tls->failure->text, "%s: %s (certificate %s)",
             tls->host ? tls->host : "client",
             X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)),
             *subject ? subject : "without a name");
    return good;
}

/* --- the parts ---------------------------------------------------------------------- */

static int load_certificate(const struct xie_tls_context *context, SSL_CTX *ssl,
                            struct xie_tls_failure *failure)
{
    const struct xie_tls_options *options = &context->options;
    const char *key = options->key_file ? options->key_file : options->cert_file;
    SSL_CTX_set_default_passwd_cb(ssl, password);
    SSL_CTX_set_default_passwd_cb_userdata(ssl, (void *)(uintptr_t)context);
    if (!options->cert_file)
        return 0;
    if (SSL_CTX_use_certificate_chain_file(ssl, options->cert_file) != 1)
        return unusable(failure, "certificate", options->cert_file);
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
        return unusable(failure, "key", key);
    return 0;
}

static int load_trust(const struct xie_tls_context *context, SSL_CTX *ssl,
                      struct xie_tls_failure *failure)
{
    const struct xie_tls_options *options = &context->options;
    if (options->ca_file && SSL_CTX_load_verify_file(ssl, options->ca_file) != 1)
        return unusable(failure, "CA file", options->ca_file);
    if (options->ca_dir && SSL_CTX_load_verify_dir(ssl, options->ca_dir) != 1)
        return unusable(failure, "CA folder", options->ca_dir);
    /* The system's are a hundred and more: not read where nobody is asked. */
    if (!options->ca_file && !options->ca_dir && !options->server &&
        options->verify != XIE_TLS_VERIFY_NONE && SSL_CTX_set_default_verify_paths(ssl) != 1)
        return unusable(failure, "CA", "of the system");
    if (options->server && options->ca_file) {
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(options->ca_file);
        if (!names)
            return unusable(failure, "CA file", options->ca_file);
        SSL_CTX_set_client_CA_list(ssl, names);
    }
    static const int modes[] = {
        [XIE_TLS_VERIFY_NONE] = SSL_VERIFY_NONE,
        [XIE_TLS_VERIFY_OPTIONAL] = SSL_VERIFY_PEER,
        [XIE_TLS_VERIFY_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    };
    SSL_CTX_set_verify(ssl, modes[options->verify], judge);
    return 0;
}

static int set_protocols(const struct xie_tls_context *context, SSL_CTX *ssl,
                         struct xie_tls_failure *failure)
{
    const struct xie_tls_options *options = &context->options;
    if (SSL_CTX_set_min_proto_version(ssl, options->min_version) != 1 ||
        SSL_CTX_set_max_proto_version(ssl, options->max_version) != 1)
        return unusable(failure, "TLS version", "");
    if (options->ciphers && SSL_CTX_set_cipher_list(ssl, options->ciphers) != 1)
        return unusable(failure, "ciphers", options->ciphers);
    if (options->ciphersuites && SSL_CTX_set_ciphersuites(ssl, options->ciphersuites) != 1)
        return unusable(failure, "ciphersuites", options->ciphersuites);
    if (!options->server && context->alpn_len &&
        SSL_CTX_set_alpn_protos(ssl, context->alpn, context->alpn_len))
        return unusable(failure, "alpn", options->alpn);
    return 0;
}

static int set_sessions(const struct xie_tls_context *context, SSL_CTX *ssl,
                        struct xie_tls_failure *failure)
{
    static const unsigned char id[] = "xie";
    bool kept = !context->options.no_resumption;
    if (!kept) {
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
        if (context->options.server)
            SSL_CTX_set_num_tickets(ssl, 0);
    } else if (context->options.server) {
        /* Tickets alone: nothing to keep here, and nothing that grows. */
        SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    } else {
        SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ssl, keep_session);
    }
    if (SSL_CTX_set_session_id_context(ssl, id, sizeof id - 1) != 1)
        return unusable(failure, "sessions", "");
    return 0;
}

int xie_tls_load(struct xie_tls_context *context, SSL_CTX **made, struct xie_tls_failure *failure)
{
    const struct xie_tls_options *options = &context->options;
    ERR_clear_error();
    SSL_CTX *ssl = SSL_CTX_new(options->server ? TLS_server_method() : TLS_client_method());
    if (!ssl)
        return unusable(failure, "OpenSSL", "context");
    /* A peer that renegotiates could change who it is in the middle of the data. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 (options->server ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0));
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(ssl, choose_alpn, NULL);
    if (options->server)
        SSL_CTX_set_tlsext_servername_callback(ssl, choose_context);
    if (options->keylog_file)
        SSL_CTX_set_keylog_callback(ssl, log_key);
    int error = set_protocols(context, ssl, failure);
    error = error ? error : set_sessions(context, ssl, failure);
    error = error ? error : load_certificate(context, ssl, failure);
    error = error ? error : load_trust(context, ssl, failure);
    ERR_clear_error();
    if (error)
        SSL_CTX_free(ssl);
    else
        *made = ssl;
    return error;
}
