/* stream.c - transports of bytes: reading into the loop's one buffer or the protocol's, writing
 * through a buffer that exists only while something waits in it.
 * Floor 6. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "proto/transport.h"

enum { OUT_LEAST = 4096 /* the write buffer's first size [bytes] */ };

/* --- reading ------------------------------------------------------------------------ */

/* The peer's end, told once. Where writing has failed there is nothing to be decided any more:
 * settle will see that it is over. */
static void tell_end(struct xie_transport *transport)
{
    const struct xie_protocol *protocol = transport->protocol;
    transport->read_ended = true;
    if (transport->broken)
        return;
    if (!protocol->eof_received || !protocol->eof_received(transport->self, transport))
        xie_transport_close(transport);
}

/* What a read said that brought no bytes. */
static void tell_no_bytes(struct xie_transport *transport, ssize_t result)
{
    if (!result)
        tell_end(transport);
    else if (result != -EAGAIN)
        xie_transport_lose(transport, (int)result);
}

static void kept_release(struct xie_transport *transport)
{
    xie_release(transport->kept);
    transport->kept = NULL;
    transport->kept_len = transport->kept_at = 0;
}

/* Bytes that were given back, else from the wire. */
static ssize_t fetch(struct xie_transport *transport, char *buf, size_t cap)
{
    if (!transport->kept)
        return transport->wire->read(transport, buf, cap);
    size_t left = transport->kept_len - transport->kept_at, len = left < cap ? left : cap;
    memcpy(buf, transport->kept + transport->kept_at, len);
    transport->kept_at += len;
    if (len == left)
        kept_release(transport);
    return (ssize_t)len;
}

static void tell_bytes(struct xie_transport *transport, const char *data, size_t len, bool updated)
{
    const struct xie_protocol *protocol = transport->protocol;
    transport->told = data;
    transport->told_len = len;
    if (updated && protocol->buffer_updated)
        protocol->buffer_updated(transport->self, transport, len);
    if (!updated && protocol->data_received)
        protocol->data_received(transport->self, transport, data, len);
    transport->told = NULL;
}

/* Into the protocol's buffer: no copy. */
static void receive_into(struct xie_transport *transport)
{
    const struct xie_protocol *protocol = transport->protocol;
    void *self = transport->self;
    size_t cap = 0;
    char *buf = protocol->get_buffer(self, transport, XIE_TRANSPORT_READ_MOST, &cap);
    if (transport->protocol != protocol || transport->self != self ||
        !xie_transport_can_read(transport))
        return; /* it has changed its mind, and the buffer is nobody's */
    if (!buf || !cap) {
        xie_transport_lose(transport, -ENOBUFS);
        return;
    }
    if (cap > XIE_TRANSPORT_READ_MOST)
        cap = XIE_TRANSPORT_READ_MOST;
    ssize_t got = fetch(transport, buf, cap);
    if (got > 0)
        tell_bytes(transport, buf, (size_t)got, true);
    else
        tell_no_bytes(transport, got);
}

static void bytes_receive(struct xie_transport *transport)
{
    if (transport->protocol->get_buffer) {
        receive_into(transport);
        return;
    }
    char *buf = transport->loop->scratch;
    ssize_t got = fetch(transport, buf, XIE_TRANSPORT_READ_MOST);
    if (got > 0)
        tell_bytes(transport, buf, (size_t)got, false);
    else
        tell_no_bytes(transport, got);
}

int xie_transport_unread(struct xie_transport *transport, size_t len)
{
    if (transport->kind != &xie_transport_bytes || !transport->told || len > transport->told_len)
        xie_misuse("xie_transport_unread(%zu): more than data_received was told, or not called "
                   "from it",
                   len);
    if (!len)
        return 0;
    size_t left = transport->kept_len - transport->kept_at;
    char *all = xie_alloc(len + left);
    if (!all) {
        xie_transport_lose(transport, -ENOMEM);
        return -ENOMEM;
    }
    transport->told_len -= len;
    memcpy(all, transport->told + transport->told_len, len);
    if (left)
        memcpy(all + len, transport->kept + transport->kept_at, left);
    kept_release(transport);
    transport->kept = all;
    transport->kept_len = len + left;
    transport->readable = true;
    return 0;
}

/* --- the write buffer --------------------------------------------------------------- */

static void out_release(struct xie_transport *transport)
{
    xie_release(transport->out_data);
    transport->out_data = NULL;
    transport->out_start = transport->out_cap = transport->buffered = 0;
}

/* Room for len bytes more. It doubles, and moves what is in it only when at least as much has
 * gone: so each byte is moved a bounded number of times. */
static bool out_reserve(struct xie_transport *transport, size_t len)
{
    size_t need = transport->buffered + len, cap = transport->out_cap;
    if (transport->out_start + need <= cap)
        return true;
    if (need <= cap && transport->out_start >= transport->buffered) {
        memmove(transport->out_data, transport->out_data + transport->out_start,
                transport->buffered);
        transport->out_start = 0;
        return true;
    }
    cap = cap ? cap : OUT_LEAST;
    while (cap < need)
        cap *= 2;
    if (cap == transport->out_cap)
        cap *= 2;
    char *data = xie_alloc(cap);
    if (!data)
        return false;
    if (transport->buffered)
        memcpy(data, transport->out_data + transport->out_start, transport->buffered);
    xie_release(transport->out_data);
    transport->out_data = data;
    transport->out_start = 0;
    transport->out_cap = cap;
    return true;
}

/* Copy what is behind the first `sent` of all bytes. */
static bool out_keep(struct xie_transport *transport, const struct iovec *parts, int count,
                     size_t sent, size_t all)
{
    if (sent == all)
        return true;
    if (!out_reserve(transport, all - sent))
        return false;
    for (int i = 0; i < count; i++) {
        size_t len = parts[i].iov_len, skip = sent < len ? sent : len;
        sent -= skip;
        if (skip == len)
            continue;
        memcpy(transport->out_data + transport->out_start + transport->buffered,
               (const char *)parts[i].iov_base + skip, len - skip);
        transport->buffered += len - skip;
    }
    return true;
}

/* --- writing ------------------------------------------------------------------------ */

/* return what the wire took, 0 when it takes nothing now; an error has broken the transport */
static ssize_t send_now(struct xie_transport *transport, const struct iovec *parts, int count)
{
    ssize_t sent = transport->wire->write(transport, parts, count);
    if (sent == -EAGAIN)
        return 0;
    if (sent < 0)
        xie_transport_break(transport, (int)sent);
    return sent;
}

/* A handshake that still goes on has the wire to itself. */
static void send_eof(struct xie_transport *transport)
{
    if (!transport->eof_asked || transport->eof_sent || transport->buffered ||
        !transport->established)
        return;
    int error = transport->wire->write_eof(transport);
    if (error == -EAGAIN)
        return;
    transport->eof_sent = true;
    if (error)
        xie_transport_break(transport, error);
}

void xie_transport_taken(struct xie_transport *transport, size_t len)
{
    transport->out_start += len;
    transport->buffered -= len;
    if (!transport->buffered)
        out_release(transport);
}

static void bytes_flush(struct xie_transport *transport)
{
    struct iovec part = {.iov_len = transport->buffered};
    if (transport->buffered)
        part.iov_base = transport->out_data + transport->out_start;
    ssize_t sent = send_now(transport, &part, transport->buffered ? 1 : 0);
    if (sent < 0)
        return;
    xie_transport_taken(transport, (size_t)sent);
    send_eof(transport);
}

static void bytes_drop(struct xie_transport *transport)
{
    out_release(transport);
    if (transport->over)
        kept_release(transport);
}

int xie_transport_writev(struct xie_transport *transport, const struct iovec *parts, int count)
{
    size_t all = 0;
    if (count < 0 || count > XIE_TRANSPORT_PARTS_MOST)
        return -EINVAL;
    if (transport->eof_asked)
        xie_misuse("xie_transport_write after xie_transport_write_eof");
    for (int i = 0; i < count; i++)
        all = parts[i].iov_len > SIZE_MAX - all ? SIZE_MAX : all + parts[i].iov_len;
    int error = xie_transport_check_write(transport, &xie_transport_bytes, all);
    if (error)
        return error;
    ssize_t sent = 0;
    if (all && !transport->buffered && transport->established)
        sent = send_now(transport, parts, count);
    if (sent < 0)
        return XIE_ECLOSED;
    if (out_keep(transport, parts, count, (size_t)sent, all))
        return xie_transport_written(transport);
    xie_transport_lose(transport, -ENOMEM);
    return -ENOMEM;
}

int xie_transport_write(struct xie_transport *transport, const void *data, size_t len)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    return xie_transport_writev(transport, &part, 1);
}

bool xie_transport_can_write_eof(const struct xie_transport *transport)
{
    return transport->kind == &xie_transport_bytes && transport->ways & XIE_TRANSPORT_WRITES &&
           transport->wire->write_eof;
}

int xie_transport_write_eof(struct xie_transport *transport)
{
    if (!xie_transport_can_write_eof(transport))
        return -EOPNOTSUPP;
    if (transport->eof_asked)
        return 0;
    if (transport->closing || transport->broken)
        return XIE_ECLOSED;
    transport->eof_asked = true;
    send_eof(transport);
    xie_transport_wake(transport); /* the wire may have bytes of its own to send */
    return 0;
}

const struct xie_transport_kind xie_transport_bytes = {
    .size = sizeof(struct xie_transport),
    .step = xie_transport_step,
    .receive = bytes_receive,
    .flush = bytes_flush,
    .drop = bytes_drop,
};
