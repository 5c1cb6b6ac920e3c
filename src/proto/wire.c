/* wire.c - the descriptors that bytes go through: sockets, and the ends of pipes.
 * Floor 6. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/sys.h"
#include "io/stream.h"
#include "proto/transport.h"

static ssize_t socket_read(struct xie_transport *transport, void *buf, size_t cap)
{
    ssize_t got = xie_sys_recv(transport->fd, buf, cap, 0);
    transport->readable = got == (ssize_t)cap;
    transport->dry = transport->tcp && (got == -EAGAIN || (got > 0 && !transport->readable));
    return got;
}

static ssize_t socket_write(struct xie_transport *transport, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)count};
    if (count == 1) /* the cheaper call */
        return xie_sys_send(transport->fd, parts->iov_base, parts->iov_len, 0);
    return xie_sys_sendmsg(transport->fd, &message, 0);
}

static int socket_write_eof(struct xie_transport *transport)
{
    return xie_sys_shutdown(transport->fd, SHUT_WR);
}

/* socket(7): a close with nothing left to linger for resets. */
static void socket_close(struct xie_transport *transport, bool reset)
{
    struct linger none = {.l_onoff = 1};
    if (reset)
        xie_sys_setsockopt(transport->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    xie_socket_close(transport->fd);
}

const struct xie_wire xie_wire_socket = {
    .read = socket_read,
    .write = socket_write,
    .write_eof = socket_write_eof,
    .close = socket_close,
};

static ssize_t pipe_read(struct xie_transport *transport, void *buf, size_t cap)
{
    struct iovec part = {.iov_base = buf, .iov_len = cap};
    ssize_t got = xie_sys_readv(transport->fd, &part, 1);
    transport->readable = got == (ssize_t)cap;
    return got;
}

static ssize_t pipe_write(struct xie_transport *transport, const struct iovec *parts, int count)
{
    return xie_sys_writev(transport->fd, parts, count);
}

/* The end of a pipe has no other way to say so. */
static int pipe_write_eof(struct xie_transport *transport)
{
    xie_transport_close(transport);
    return 0;
}

static void pipe_close(struct xie_transport *transport, bool reset)
{
    (void)reset;
    xie_socket_close(transport->fd);
}

const struct xie_wire xie_wire_pipe = {
    .read = pipe_read,
    .write = pipe_write,
    .write_eof = pipe_write_eof,
    .close = pipe_close,
};
