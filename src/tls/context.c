/* context.c - contexts: made, shared, loaded again, given back.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include "tls/context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "tls/engine.h"

static int refuse(struct xie_tls_failure *failure, const char *why)
{
    if (failure)
        snprintf(failure->text, sizeof failure->text, "%s", why);
    return -EINVAL;
}

/* --- options ------------------------------------------------------------------------ */

static int check(const struct xie_tls_options *options, struct xie_tls_failure *failure)
{
    if (options->server && !options->cert_file && !options->by_name)
        return refuse(failure, "a server needs cert_file, or by_name");
    if (options->key_file && !options->cert_file)
        return refuse(failure, "key_file without cert_file");
    if (options->verify < XIE_TLS_VERIFY_DEFAULT || options->verify > XIE_TLS_VERIFY_REQUIRED)
        return refuse(failure, "verify is none of its values");
    if (options->server && options->verify >= XIE_TLS_VERIFY_OPTIONAL && !options->ca_file &&
        !options->ca_dir)
        return refuse(failure, "a server that verifies clients needs ca_file or ca_dir");
    if (!options->server && options->by_name)
        return refuse(failure, "by_name is for servers");
    if (options->min_version < XIE_TLS_1_2 || options->max_version > XIE_TLS_1_3 ||
        options->min_version > options->max_version)
        return refuse(failure, "min_version and max_version are XIE_TLS_1_2 and XIE_TLS_1_3");
    if (options->handshake_ns < 0 || options->shutdown_ns < 0)
        return refuse(failure, "a time is negative");
    return 0;
}

static void fill_in(struct xie_tls_options *options)
{
    if (!options->min_version)
        options->min_version = XIE_TLS_1_2;
    if (!options->max_version)
        options->max_version = XIE_TLS_1_3;
    if (!options->handshake_ns)
        options->handshake_ns = 60 * XIE_SECOND;
    if (!options->shutdown_ns)
        options->shutdown_ns = 30 * XIE_SECOND;
}

static void choose_verify(struct xie_tls_options *options)
{
    if (!options->verify)
        options->verify = options->server ? XIE_TLS_VERIFY_NONE : XIE_TLS_VERIFY_REQUIRED;
}

/* "a,b" as it is sent: each protocol after a byte with its length. */
static int encode_alpn(struct xie_tls_context *context)
{
    const char *at = context->options.alpn;
    while (at) {
        size_t len = strcspn(at, ",");
        if (len < 1 || len > 255 || context->alpn_len + 1 + len > XIE_TLS_ALPN_MOST)
            return -EINVAL;
        context->alpn[context->alpn_len++] = (unsigned char)len;
        memcpy(context->alpn + context->alpn_len, at, len);
        context->alpn_len += (unsigned)len;
        at = at[len] ? at + len + 1 : NULL;
    }
    return 0;
}

/* Copy every string of the options into one piece of memory, and point there. */
static int copy_strings(struct xie_tls_context *context)
{
    struct xie_tls_options *options = &context->options;
    const char **const strings[] = {
        &options->cert_file, &options->key_file,     &options->key_password,
        &options->ca_file,   &options->ca_dir,       &options->alpn,
        &options->ciphers,   &options->ciphersuites, &options->keylog_file};
    context->strings = xie_copy_strings(strings, sizeof strings / sizeof *strings);
    return context->strings ? 0 : -ENOMEM;
}

/* --- coming and going --------------------------------------------------------------- */

static int open_keylog(struct xie_tls_context *context, struct xie_tls_failure *failure)
{
    const char *path = context->options.keylog_file;
    if (!path)
        return 0;
    context->keylog = BIO_new_file(path, "a");
    if (context->keylog)
        return 0;
    if (failure)
        snprintf(failure->text, sizeof failure->text, "keylog file %s: cannot be opened", path);
    return XIE_ETLS_CONFIG;
}

static int init(struct xie_tls_context *context, struct xie_tls_failure *failure)
{
    fill_in(&context->options);
    int error = check(&context->options, failure);
    if (error)
        return error;
    choose_verify(&context->options);
    if (encode_alpn(context))
        return refuse(failure, "alpn is no list of protocols");
    error = copy_strings(context);
    error = error ? error : open_keylog(context, failure);
    return error ? error : xie_tls_load(context, &context->ssl, failure);
}

static void fini(struct xie_tls_context *context)
{
    xie_tls_session_forget(context);
    SSL_CTX_free(context->ssl);
    BIO_free(context->keylog);
    pthread_mutex_destroy(&context->lock);
    char *word = context->strings ? (char *)(uintptr_t)context->options.key_password : NULL;
    if (word) /* ours: a copy */
        OPENSSL_cleanse(word, strlen(word));
    xie_release(context->strings);
    xie_release(context);
}

int xie_tls_context_new(const struct xie_tls_options *options, struct xie_tls_context **context,
                        struct xie_tls_failure *failure)
{
    struct xie_tls_context *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    made->references = 1;
    pthread_mutex_init(&made->lock, NULL);
    if (options)
        made->options = *options;
    int error = init(made, failure);
    if (error)
        fini(made);
    else
        *context = made;
    return error;
}

struct xie_tls_context *xie_tls_context_ref(struct xie_tls_context *context)
{
    if (context)
        __atomic_add_fetch(&context->references, 1, __ATOMIC_RELAXED);
    return context;
}

void xie_tls_context_unref(struct xie_tls_context *context)
{
    if (context && !__atomic_sub_fetch(&context->references, 1, __ATOMIC_ACQ_REL))
        fini(context);
}

int xie_tls_context_reload(struct xie_tls_context *context, struct xie_tls_failure *failure)
{
    SSL_CTX *made = NULL;
    int error = xie_tls_load(context, &made, failure);
    if (error)
        return error;
    pthread_mutex_lock(&context->lock);
    SSL_CTX *old = context->ssl;
    context->ssl = made;
    xie_tls_session_forget(context);
    pthread_mutex_unlock(&context->lock);
    SSL_CTX_free(old); /* connections keep it as long as they need it */
    return 0;
}

SSL *xie_tls_context_ssl(struct xie_tls_context *context)
{
    pthread_mutex_lock(&context->lock);
    SSL *ssl = SSL_new(context->ssl);
    pthread_mutex_unlock(&context->lock);
    return ssl;
}

const struct xie_tls_options *xie_tls_context_options(const struct xie_tls_context *context)
{
    return &context->options;
}
