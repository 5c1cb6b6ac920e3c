/* pump.c - moving encrypted bytes: between OpenSSL and two buffers, and beneath.
 * Floor 7. The only file where a task waits while it holds something of TLS: a lock for each
 * direction, since a reader may have to write and a writer to read. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "tls/layer.h"

/* --- OpenSSL's side ----------------------------------------------------------------- */

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
    if (tls->out.end > XIE_TLS_ANSWERS || xie_tls_reserve(tls, len))
        return 0;
    memcpy(tls->out.data + tls->out.end, buf, len);
    tls->out.end += len;
    *put = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    struct xie_tls *tls = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return tls->ended && tls->in.start == tls->in.end;
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

/* --- room --------------------------------------------------------------------------- */

int xie_tls_reserve(struct xie_tls *tls, size_t len)
{
    struct xie_tls_bytes *out = &tls->out;
    if (len <= out->cap - out->end)
        return 0;
    char *data = xie_resize(out->data, out->end + len);
    if (!data)
        return -ENOMEM;
    out->data = data;
    out->cap = out->end + len;
    return 0;
}

static void drop(struct xie_tls_bytes *bytes)
{
    xie_release(bytes->data);
    *bytes = (struct xie_tls_bytes){0};
}

/* --- the stream's side -------------------------------------------------------------- */

/* The buffer is empty: OpenSSL takes all there is before it wants more. The large one is given
 * back while little comes, so that a connection that waits does not keep it. */
static void choose_input(struct xie_tls *tls)
{
    struct xie_tls_bytes *in = &tls->in;
    if (in->data != tls->small && (tls->drained || in->cap != XIE_TLS_LARGE)) {
        xie_release(in->data);
        in->data = NULL;
    }
    if (!in->data || in->data == tls->small) {
        char *data = tls->drained ? NULL : xie_alloc(XIE_TLS_LARGE);
        in->data = data ? data : tls->small;
        in->cap = data ? XIE_TLS_LARGE : XIE_TLS_SMALL;
    }
    in->start = in->end = 0;
}

static int fill(struct xie_tls *tls)
{
    choose_input(tls);
    ssize_t len = tls->ops->read(tls->below, tls->in.data, tls->in.cap);
    if (len < 0)
        return (int)len;
    tls->in.end = (size_t)len;
    tls->ended = !len;
    tls->drained = (size_t)len < tls->in.cap;
    tls->fills++;
    return 0;
}

int xie_tls_fill(struct xie_tls *tls)
{
    uint64_t seen = tls->fills;
    int error = xie_lock_take(&tls->reading);
    if (error)
        return error;
    if (tls->fills == seen && !tls->ended && tls->in.start == tls->in.end)
        error = fill(tls);
    xie_lock_give(&tls->reading);
    return error;
}

/* Send what waits. The kernel may read `sending` while OpenSSL adds to `out`. */
static int flush(struct xie_tls *tls)
{
    struct xie_tls_bytes *sending = &tls->sending;
    while (xie_tls_pending(tls)) {
        if (!sending->end) {
            *sending = tls->out;
            tls->out = (struct xie_tls_bytes){0};
        }
        struct iovec part = {sending->data + sending->start, sending->end - sending->start};
        ssize_t len = tls->ops->write(tls->below, &part, 1);
        if (len <= 0)
            return len ? (int)len : -EIO;
        sending->start += (size_t)len;
        if (sending->start == sending->end)
            drop(sending);
    }
    return 0;
}

int xie_tls_flush(struct xie_tls *tls)
{
    int error = 0;
    while (!error && xie_tls_pending(tls)) {
        if (tls->stream->gate.closed) /* its owner may wait for long, and nobody interrupts us */
            return XIE_ECLOSED;
        error = xie_lock_take(&tls->writing);
        if (error)
            return error;
        error = flush(tls);
        xie_lock_give(&tls->writing);
    }
    return error;
}
