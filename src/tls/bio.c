/* bio.c - between OpenSSL and the two buffers of a connection.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <string.h>

#include "tls/engine.h"

static int bio_read(BIO *bio, char *buf, size_t cap, size_t *got)
{
    struct xie_tls *tls = BIO_get_data(bio);
    size_t have = tls->in.end - tls->in.start;
    BIO_clear_retry_flags(bio);
    if (!have) {
        if (!tls->ended)
            BIO_set_retry_read(bio);
        return 0;
    }
    *got = have < cap ? have : cap;
    memcpy(buf, tls->in.data + tls->in.start, *got);
    tls->in.start += *got;
    return 1;
}

/* A peer that makes OpenSSL answer and never takes the answers is no peer: that is an error,
 * after which OpenSSL gives the connection up. */
static int bio_write(BIO *bio, const char *buf, size_t len, size_t *put)
{
    struct xie_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (xie_tls_out_len(tls) > XIE_TLS_ANSWERS + tls->plain || xie_tls_reserve(tls, len))
        return 0;
    memcpy(tls->out.data + tls->out.end, buf, len);
    tls->out.end += len;
    *put = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    const struct xie_tls *tls = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return tls->ended && xie_tls_in_empty(tls);
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "xie");
    if (made && BIO_meth_set_read_ex(made, bio_read) && BIO_meth_set_write_ex(made, bio_write) &&
        BIO_meth_set_ctrl(made, bio_ctrl))
        method = made;
    else
        BIO_meth_free(made);
}

/* One for the process, which keeps it. Made under a lock rather than by pthread_once: for want of
 * memory it may have to be tried again. */
const BIO_METHOD *xie_tls_bio_method(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    if (!method)
        make_method();
    pthread_mutex_unlock(&lock);
    return method;
}
