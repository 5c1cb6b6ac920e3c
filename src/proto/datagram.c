/* datagram.c - transports of datagrams: one a step each way, and a queue of those that wait.
 * Floor 6. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/stream.h"
#include "proto/transport.h"

struct xie_packet {
    struct xie_packet *next;
    struct xie_address to; /* len 0: the remote of a connected socket */
    size_t len;
    char data[];
};

/* --- receiving ---------------------------------------------------------------------- */

static void tell_error(struct xie_transport *transport, int error)
{
    if (transport->protocol->error_received)
        transport->protocol->error_received(transport->self, transport, error);
}

/* No datagram is longer than the loop's buffer. An error is one datagram's, and taking it has
 * taken it off the socket. */
static void datagram_receive(struct xie_transport *transport)
{
    const struct xie_protocol *protocol = transport->protocol;
    struct xie_address from;
    struct iovec part = {.iov_base = transport->loop->scratch, .iov_len = XIE_TRANSPORT_READ_MOST};
    struct msghdr message = {.msg_name = &from.storage,
                             .msg_namelen = sizeof from.storage,
                             .msg_iov = &part,
                             .msg_iovlen = 1};
    ssize_t len = xie_sys_recvmsg(transport->fd, &message, 0);
    from.len = message.msg_namelen;
    if (len < 0) {
        transport->readable = false;
        if (len != -EAGAIN)
            tell_error(transport, (int)len);
    } else if (protocol->datagram_received) {
        protocol->datagram_received(transport->self, transport, &from, transport->loop->scratch,
                                    (size_t)len);
    }
}

/* --- sending ------------------------------------------------------------------------ */

static ssize_t send_one(struct xie_transport *transport, const void *data, size_t len,
                        const struct xie_address *to)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (to->len) {
        message.msg_name = (void *)(uintptr_t)&to->storage;
        message.msg_namelen = to->len;
    }
    return xie_sys_sendmsg(transport->fd, &message, 0);
}

static void take_first(struct xie_transport *transport)
{
    struct xie_packet *first = transport->packets;
    transport->packets = first->next;
    transport->buffered -= sizeof *first + first->len;
    xie_release(first);
}

static void datagram_flush(struct xie_transport *transport)
{
    struct xie_packet *first = transport->packets;
    if (!first)
        return;
    ssize_t sent = send_one(transport, first->data, first->len, &first->to);
    if (sent == -EAGAIN)
        return;
    take_first(transport);
    transport->writable = transport->packets; /* there may be room for the next */
    if (transport->writable)
        xie_transport_wake(transport);
    if (sent < 0)
        tell_error(transport, (int)sent);
}

static void datagram_drop(struct xie_transport *transport)
{
    while (transport->packets)
        take_first(transport);
}

static int keep(struct xie_transport *transport, const void *data, size_t len,
                const struct xie_address *to)
{
    struct xie_packet *packet = xie_alloc(sizeof *packet + len);
    if (!packet)
        return -ENOMEM;
    packet->next = NULL;
    packet->to = *to;
    packet->len = len;
    if (len)
        memcpy(packet->data, data, len);
    if (!transport->packets)
        transport->packets_tail = &transport->packets;
    *transport->packets_tail = packet;
    transport->packets_tail = &packet->next;
    transport->buffered += sizeof *packet + len;
    return 0;
}

int xie_transport_sendto(struct xie_transport *transport, const void *data, size_t len,
                         const struct xie_address *to)
{
    static const struct xie_address remote;
    int error = xie_transport_check_write(transport, &xie_transport_datagrams, len);
    if (error)
        return error;
    if (!to)
        to = &remote;
    if (!transport->packets) {
        ssize_t sent = send_one(transport, data, len, to);
        if (sent != -EAGAIN)
            return sent < 0 ? (int)sent : 0;
    }
    error = keep(transport, data, len, to);
    return error ? error : xie_transport_written(transport);
}

const struct xie_transport_kind xie_transport_datagrams = {
    .size = sizeof(struct xie_transport),
    .step = xie_transport_step,
    .receive = datagram_receive,
    .flush = datagram_flush,
    .drop = datagram_drop,
};

/* --- making one --------------------------------------------------------------------- */

int xie_connect_datagram_socket(int fd, const struct xie_protocol *protocol, void *arg,
                                struct xie_transport **transport)
{
    struct xie_transport model = {.kind = &xie_transport_datagrams,
                                  .protocol = protocol,
                                  .fd = fd,
                                  .ways = XIE_TRANSPORT_READS | XIE_TRANSPORT_WRITES};
    int type;
    socklen_t len = sizeof type;
    int error = xie_sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
    if (!error && type != SOCK_DGRAM)
        error = -EINVAL;
    if (!error)
        error = xie_sys_nonblock(fd);
    return error ? error : xie_transport_open(&model, arg, transport);
}

int xie_create_datagram_endpoint(const struct xie_address *local, const struct xie_address *remote,
                                 const struct xie_protocol *protocol, void *arg,
                                 struct xie_transport **transport)
{
    const struct xie_address *either = local ? local : remote;
    if (!either)
        return -EINVAL;
    int fd = xie_sys_socket(either->storage.ss_family, SOCK_DGRAM, 0);
    if (fd < 0)
        return fd;
    int error = 0;
    if (local)
        error = xie_sys_bind(fd, (const struct sockaddr *)&local->storage, local->len);
    if (!error && remote)
        error = xie_sys_connect(fd, (const struct sockaddr *)&remote->storage, remote->len);
    if (!error)
        error = xie_connect_datagram_socket(fd, protocol, arg, transport);
    if (error)
        xie_socket_close(fd);
    return error;
}
