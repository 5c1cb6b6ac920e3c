/* wire.c - a transport's bytes go through TLS, and then through what it stood on before.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include "tls/wire.h"

#include <errno.h>
#include <poll.h>

#include "base/memory.h"
#include "tls/context.h"

/* --- what is beneath: it finds its own layer where it looks for it -------------------- */

static ssize_t below_read(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    struct xie_tls_bytes *in = &wire->tls->in;
    transport->layer = wire->below_layer;
    ssize_t got = wire->below->read(transport, in->data, in->cap);
    transport->layer = wire;
    return got;
}

static ssize_t below_write(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    struct xie_tls_bytes *out = &wire->tls->out;
    size_t len = out->end - out->start;
    struct iovec part = {.iov_base = len ? out->data + out->start : NULL, .iov_len = len};
    transport->layer = wire->below_layer;
    ssize_t sent = wire->below->write(transport, &part, len ? 1 : 0);
    transport->layer = wire;
    return sent;
}

static int below_wants(struct xie_tls_wire *wire, struct xie_transport *transport, bool waiting)
{
    if (!wire->below->wants)
        return waiting ? POLLOUT : 0;
    transport->layer = wire->below_layer;
    int events = wire->below->wants(transport, waiting);
    transport->layer = wire;
    return events;
}

static bool below_leave(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    if (!wire->below->leave)
        return true;
    transport->layer = wire->below_layer;
    bool may = wire->below->leave(transport);
    transport->layer = wire;
    return may;
}

/* --- moving encrypted bytes ----------------------------------------------------------- */

/* return 0: something came, or the end did; -EAGAIN; or an error */
static int fill(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    struct xie_tls *tls = wire->tls;
    if (!transport->readable || tls->ended) /* nothing new can be there */
        return -EAGAIN;
    xie_tls_make_room(tls);
    ssize_t len = below_read(wire, transport);
    if (len < 0)
        return (int)len;
    xie_tls_came(tls, (size_t)len);
    wire->stalled = false;
    return 0;
}

/* Send what OpenSSL made. return 0: all is gone; -EAGAIN; or an error */
static int push(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    struct xie_tls *tls = wire->tls;
    do {
        if (!xie_tls_out_len(tls) && !wire->below->wants)
            break; /* else it may have something of its own to send */
        ssize_t sent = below_write(wire, transport);
        if (sent < 0)
            return (int)sent;
        tls->out.start += (size_t)sent;
    } while (xie_tls_out_len(tls));
    xie_tls_drop(&tls->out);
    tls->plain = 0;
    return 0;
}

/* The same on behalf of a handshake or a write: what came may hold data of the peer's besides,
 * which nothing would tell of later. */
static int fill_besides(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    int error = fill(wire, transport);
    wire->stalled = error == -EAGAIN;
    if (!error) {
        transport->readable = true;
        xie_transport_wake(transport);
    }
    return error;
}

static bool nobody_hears(ssize_t error)
{
    return error == -EPIPE || error == -ECONNRESET;
}

/* Repeat what OpenSSL could not do without reading. return -EAGAIN: nothing is there to be read */
static int finish(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    int error;
    while ((error = xie_tls_finish(wire->tls)) == -EAGAIN) {
        error = fill_besides(wire, transport);
        if (error)
            return error;
    }
    return error;
}

/* --- the handshake -------------------------------------------------------------------- */

static void expire(struct xie_timer *timer)
{
    struct xie_tls_wire *wire = XIE_CONTAINER(timer, struct xie_tls_wire, timer);
    if (wire->tls->state == XIE_TLS_SHAKING)
        xie_tls_explain(wire->tls, -ETIMEDOUT);
    xie_transport_lose(wire->transport, -ETIMEDOUT);
}

static void set_limit(struct xie_tls_wire *wire, struct xie_transport *transport, int64_t limit)
{
    struct xie_loop *loop = transport->loop;
    wire->transport = transport;
    xie_timer_cancel(&loop->timers, &wire->timer);
    xie_loop_arm(loop, &wire->timer, xie_time_after(limit));
}

/* What the protocol gave back, or had not been told yet, is how the peer's TLS begins. */
static void take_kept(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    if (!transport->kept)
        return;
    wire->tls->in = (struct xie_tls_bytes){.data = transport->kept,
                                           .start = transport->kept_at,
                                           .end = transport->kept_len,
                                           .cap = transport->kept_len};
    transport->kept = NULL;
    transport->kept_at = transport->kept_len = 0;
}

static int shake(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    for (;;) {
        int result = xie_tls_shake(wire->tls);
        int error = push(wire, transport);
        if (!error) { /* the plain text of before has left with it */
            xie_transport_taken(transport, wire->sealed);
            wire->sealed = 0;
        }
        if (result != -EAGAIN) /* what has not left does so later */
            return result;
        /* A peer that refused us and went may have said why. */
        bool deaf = nobody_hears(error);
        if (error && error != -EAGAIN && !deaf)
            return error;
        transport->readable |= deaf;
        int came = fill(wire, transport);
        if (came)
            return came == -EAGAIN && deaf ? error : came;
    }
}

static int tls_begin(struct xie_transport *transport)
{
    struct xie_tls_wire *wire = transport->layer;
    if (!wire->transport)
        set_limit(wire, transport, wire->tls->context->options.handshake_ns);
    take_kept(wire, transport);
    int error = shake(wire, transport);
    if (error == -EAGAIN)
        return error;
    xie_timer_cancel(&transport->loop->timers, &wire->timer);
    if (error) {
        xie_tls_explain(wire->tls, error);
        return error;
    }
    wire->tls->state = XIE_TLS_OPEN;
    transport->readable |= xie_tls_holds(wire->tls);
    xie_release(wire->tls->failure);
    wire->tls->failure = NULL;
    xie_event_set(&wire->opened);
    return 0;
}

/* --- plain text ----------------------------------------------------------------------- */

static int tls_wants(struct xie_transport *transport, bool waiting)
{
    struct xie_tls_wire *wire = transport->layer;
    bool reads = wire->stalled && (waiting || wire->leaving);
    bool writes = xie_tls_out_len(wire->tls) || (waiting && !wire->stalled);
    return below_wants(wire, transport, writes) | (reads ? POLLIN : 0);
}

/* What there is of plain text, reading from beneath for it at most *fills times. */
static ssize_t read_some(struct xie_tls_wire *wire, struct xie_transport *transport, char *buf,
                         size_t cap, int *fills)
{
    for (;;) {
        ssize_t got = xie_tls_decrypt(wire->tls, buf, cap);
        if (got != -EAGAIN || !(*fills)--)
            return got;
        int error = fill(wire, transport);
        if (error)
            return error;
    }
}

static ssize_t tls_read(struct xie_transport *transport, void *buf, size_t cap)
{
    struct xie_tls_wire *wire = transport->layer;
    size_t total = 0;
    ssize_t got = 1;
    int fills = XIE_TLS_FILLS;
    while (total < cap && got > 0) {
        got = read_some(wire, transport, (char *)buf + total, cap - total, &fills);
        total += got > 0 ? (size_t)got : 0;
    }
    if (total && got < 0 && got != -EAGAIN) /* a socket says it once: it is told next */
        xie_tls_break(wire->tls, (int)got);
    if (xie_tls_out_len(wire->tls)) /* an answer; where it cannot be sent the next write says so */
        push(wire, transport);
    if (got != -EAGAIN)
        transport->readable = true; /* there may be more, or the end is to be told next */
    else if (!transport->readable)
        xie_tls_rest(wire->tls);
    return total ? (ssize_t)total : got;
}

/* Encrypt the next record, reading first where TLS needs it. */
static ssize_t seal_some(struct xie_tls_wire *wire, struct xie_transport *transport,
                         const struct iovec *parts, int count, size_t skip)
{
    for (;;) {
        ssize_t put = xie_tls_encrypt(wire->tls, parts, count, skip);
        if (put != -EAGAIN)
            return put;
        int error = fill_besides(wire, transport);
        if (error)
            return error;
    }
}

/* Bytes are taken when the record they are in has left: so what waits is counted to the end. Until
 * then they are given again, and known by `sealed`. */
static ssize_t tls_write(struct xie_transport *transport, const struct iovec *parts, int count)
{
    struct xie_tls_wire *wire = transport->layer;
    size_t all = 0, done = 0;
    ssize_t error = 0;
    for (int i = 0; i < count; i++)
        all += parts[i].iov_len;
    for (int records = 0; !error; records++) {
        error = push(wire, transport);
        if (!wire->sealed && nobody_hears(error)) { /* a ticket, or an answer: no loss to us */
            xie_tls_drop(&wire->tls->out);
            error = 0;
        }
        if (error)
            break;
        done += wire->sealed;
        wire->sealed = 0;
        if (done >= all || records == XIE_TLS_BURST)
            break;
        ssize_t put = seal_some(wire, transport, parts, count, done);
        error = put < 0 ? put : 0;
        wire->sealed = put > 0 ? (size_t)put : 0;
    }
    return done ? (ssize_t)done : error;
}

/* --- the end -------------------------------------------------------------------------- */

static int tls_write_eof(struct xie_transport *transport)
{
    struct xie_tls_wire *wire = transport->layer;
    int error = finish(wire, transport);
    if (error)
        return error;
    error = push(wire, transport);
    return error == -EAGAIN ? 0 : error; /* it leaves by and by */
}

static bool tls_leave(struct xie_transport *transport)
{
    struct xie_tls_wire *wire = transport->layer;
    if (!transport->established)
        return true; /* a handshake whose outcome is of no interest any more */
    if (!wire->leaving)
        set_limit(wire, transport, wire->tls->context->options.shutdown_ns);
    wire->leaving = true;
    if (transport->buffered)
        return false;
    int error = finish(wire, transport);
    error = error ? error : push(wire, transport);
    if (error == -EAGAIN)
        return false;
    if (error && !nobody_hears(error)) /* which is none, of the end of what has been said */
        xie_transport_lose(transport, error);
    return error || below_leave(wire, transport);
}

static void tls_close(struct xie_transport *transport, bool reset)
{
    struct xie_tls_wire *wire = xie_tls_wire_take_off(transport);
    wire->error = transport->error ? transport->error : XIE_ECLOSED;
    if (wire->tls->state == XIE_TLS_SHAKING)
        xie_tls_explain(wire->tls, wire->error);
    if (!reset) {
        if (xie_tls_out_len(wire->tls)) /* an alert, say */
            push(wire, transport);
        transport->layer = wire->below_layer;
        xie_tls_drain(transport->fd);
    }
    xie_timer_cancel(&transport->loop->timers, &wire->timer);
    xie_event_set(&wire->opened);
    const struct xie_wire *below = wire->below;
    xie_tls_wire_unref(wire);
    below->close(transport, reset);
}

const struct xie_wire xie_tls_wire = {
    .begin = tls_begin,
    .wants = tls_wants,
    .read = tls_read,
    .write = tls_write,
    .write_eof = tls_write_eof,
    .leave = tls_leave,
    .close = tls_close,
};

/* --- coming and going ----------------------------------------------------------------- */

struct xie_tls_wire *xie_tls_wire_new(struct xie_tls *tls)
{
    struct xie_tls_wire *wire = xie_alloc_zero(sizeof *wire);
    if (!wire)
        return NULL;
    wire->tls = tls;
    wire->refs = 1;
    xie_timer_init(&wire->timer, expire);
    return wire;
}

void xie_tls_wire_put(struct xie_tls_wire *wire, struct xie_transport *transport)
{
    wire->below = transport->wire;
    wire->below_layer = transport->layer;
    transport->wire = &xie_tls_wire;
    transport->layer = wire;
}

struct xie_tls_wire *xie_tls_wire_take_off(struct xie_transport *transport)
{
    struct xie_tls_wire *wire = transport->layer;
    transport->wire = wire->below;
    transport->layer = wire->below_layer;
    return wire;
}

void xie_tls_wire_unref(struct xie_tls_wire *wire)
{
    if (--wire->refs)
        return;
    if (wire->tls)
        xie_release(wire->tls->failure);
    xie_tls_free(wire->tls);
    xie_release(wire);
}

struct xie_tls_wire *xie_tls_wire_of(const struct xie_transport *transport)
{
    return transport->wire == &xie_tls_wire ? transport->layer : NULL;
}
