/* datagram.c - messages over UDP and Unix datagram sockets.
 * Floor 5. Options and groups are in datagram_option.c. */
/* SPDX-License-Identifier: MIT */
#include "io/datagram.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/stream.h"

/* --- one message ------------------------------------------------------------------------------ */

struct envelope {
    struct iovec part;
    struct msghdr message;
    struct xie_address from;
};

static void to_send(struct envelope *self, const void *buf, size_t len,
                    const struct xie_address *to)
{
    self->part = (struct iovec){(void *)(uintptr_t)buf, len};
    self->message = (struct msghdr){.msg_iov = &self->part, .msg_iovlen = 1};
    if (!to)
        return;
    self->message.msg_name = (void *)(uintptr_t)&to->storage;
    self->message.msg_namelen = to->len;
}

static void to_receive(struct envelope *self, void *buf, size_t cap, bool named)
{
    self->part = (struct iovec){buf, cap};
    self->message = (struct msghdr){.msg_iov = &self->part, .msg_iovlen = 1};
    if (!named)
        return;
    self->from = (struct xie_address){0};
    self->message.msg_name = &self->from.storage;
    self->message.msg_namelen = sizeof self->from.storage;
}

/* The kernel was asked for the whole length (MSG_TRUNC), which may be more than fitted. */
static ssize_t received(const struct envelope *self, ssize_t length, struct xie_address *from,
                        size_t *full)
{
    if (length < 0)
        return length;
    if (from) {
        *from = self->from;
        from->len = self->message.msg_namelen;
    }
    if (full)
        *full = (size_t)length;
    return (size_t)length < self->part.iov_len ? length : (ssize_t)self->part.iov_len;
}

/* --- calls that wait -------------------------------------------------------------------------- */

/* MSG_DONTWAIT: io_uring would wait by itself, and then send what the first try has left of the
 * message, which is nothing (seen on Linux 6.18). */
static ssize_t send_inside(struct xie_datagram *socket, struct msghdr *message)
{
    struct xie_op op = {.kind = XIE_OP_SENDMSG, .fd = socket->fd, .flags = MSG_DONTWAIT};
    op.message = message;
    return (ssize_t)xie_gate_run(&socket->gate, &op, "xie_datagram_send");
}

/* unix(7): poll tells of room with the remote, not with a receiver that is named: asked so it
 * would say yes for ever. So it is tried anew after a pause. */
static ssize_t send_named(struct xie_datagram *socket, struct msghdr *message)
{
    for (int64_t pause = XIE_MILLISECOND;; pause *= pause < 64 * XIE_MILLISECOND ? 2 : 1) {
        ssize_t result = xie_sys_sendmsg(socket->fd, message, 0);
        if (result != -EAGAIN)
            return result;
        xie_sleep(pause);
        if (socket->gate.closed || xie_check())
            return socket->gate.closed ? XIE_ECLOSED : xie_check();
    }
}

ssize_t xie_datagram_send(struct xie_datagram *socket, const void *buf, size_t len,
                          const struct xie_address *to)
{
    struct envelope envelope;
    ssize_t result = xie_gate_enter(&socket->gate, XIE_WRITING);
    if (result)
        return result;
    to_send(&envelope, buf, len, to);
    result =
        (to && socket->family == AF_UNIX ? send_named : send_inside)(socket, &envelope.message);
    return xie_gate_leave(&socket->gate, XIE_WRITING, result);
}

ssize_t xie_datagram_receive(struct xie_datagram *socket, void *buf, size_t cap,
                             struct xie_address *from, size_t *full)
{
    struct envelope envelope;
    struct xie_op op = {.kind = XIE_OP_RECVMSG, .fd = socket->fd, .flags = MSG_TRUNC};
    ssize_t length = xie_gate_enter(&socket->gate, XIE_READING);
    if (length)
        return length;
    to_receive(&envelope, buf, cap, from != NULL);
    op.message = &envelope.message;
    length = (ssize_t)xie_gate_run(&socket->gate, &op, "xie_datagram_receive");
    return received(&envelope, xie_gate_leave(&socket->gate, XIE_READING, length), from, full);
}

/* --- calls that do not ------------------------------------------------------------------------ */

static int look(const struct xie_datagram *socket, enum xie_side side)
{
    return socket->gate.closed ? XIE_ECLOSED : socket->gate.inside[side] ? -EBUSY : 0;
}

ssize_t xie_datagram_try_send(struct xie_datagram *socket, const void *buf, size_t len,
                              const struct xie_address *to)
{
    struct envelope envelope;
    int error = look(socket, XIE_WRITING);
    to_send(&envelope, buf, len, to);
    return error ? error : xie_sys_sendmsg(socket->fd, &envelope.message, 0);
}

ssize_t xie_datagram_try_receive(struct xie_datagram *socket, void *buf, size_t cap,
                                 struct xie_address *from, size_t *full)
{
    struct envelope envelope;
    int error = look(socket, XIE_READING);
    to_receive(&envelope, buf, cap, from != NULL);
    if (error)
        return error;
    ssize_t length = xie_sys_recvmsg(socket->fd, &envelope.message, MSG_TRUNC);
    return received(&envelope, length, from, full);
}

/* --- opening ---------------------------------------------------------------------------------- */

static int socket_open(const struct xie_datagram_options *options, struct xie_bound_file *file)
{
    unsigned flags = options->reuse_port ? XIE_BIND_REUSE_PORT : 0;
    flags |= options->reuse_address ? XIE_BIND_REUSE_ADDRESS : 0;
    flags |= options->family == AF_INET6 ? XIE_BIND_V6ONLY : 0;
    int family = options->remote ? options->remote->storage.ss_family : options->family;
    if (options->local)
        return xie_bound_open(options->local, SOCK_DGRAM, flags, file);
    return family ? xie_sys_socket(family, SOCK_DGRAM, 0) : -EINVAL;
}

/* ip(7): else a socket hears all groups that anybody on this machine has joined. Refused by an old
 * kernel for IPv6: it hears too much. */
static void join_nothing(const struct xie_datagram *socket)
{
    int off = 0;
    if (socket->family == AF_INET)
        xie_sys_setsockopt(socket->fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off);
    else if (socket->family == AF_INET6)
        xie_sys_setsockopt(socket->fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof off);
}

/* The descriptor is the socket's, or still the caller's. */
static int wrap(int fd, const struct xie_bound_file *file, struct xie_datagram **socket)
{
    int family;
    socklen_t len = sizeof family;
    int error = xie_sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
    struct xie_datagram *made = error ? NULL : xie_alloc(sizeof *made);
    if (!made)
        return error ? error : -ENOMEM;
    *made = (struct xie_datagram){.fd = fd, .family = family, .file = *file};
    *socket = made;
    return 0;
}

int xie_datagram_open(const struct xie_datagram_options *options, struct xie_datagram **socket)
{
    const struct xie_address *remote = options->remote;
    struct xie_bound_file file = {0};
    int fd = socket_open(options, &file);
    if (fd < 0)
        return fd;
    int error = 0;
    if (remote)
        error = xie_sys_connect(fd, (const struct sockaddr *)&remote->storage, remote->len);
    if (!error)
        error = wrap(fd, &file, socket);
    if (!error) {
        join_nothing(*socket);
        return 0;
    }
    xie_bound_remove(&file);
    xie_socket_close(fd);
    return error;
}

int xie_datagram_adopt(int fd, struct xie_datagram **socket)
{
    int type;
    socklen_t len = sizeof type;
    int error = xie_sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
    if (!error && type != SOCK_DGRAM)
        error = -EINVAL;
    if (!error)
        error = xie_sys_nonblock(fd);
    return error ? error : wrap(fd, &(struct xie_bound_file){0}, socket);
}

static void datagram_finish(struct xie_gate *gate)
{
    struct xie_datagram *socket = XIE_CONTAINER(gate, struct xie_datagram, gate);
    xie_bound_remove(&socket->file);
    xie_socket_close(socket->fd);
    xie_release(socket);
}

void xie_datagram_close(struct xie_datagram *socket)
{
    if (!socket)
        return;
    xie_gate_close(&socket->gate, "xie_datagram_close", datagram_finish);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int ask(const struct xie_datagram *socket, struct xie_address *address,
               int (*call)(int fd, struct sockaddr *address, socklen_t *len))
{
    struct xie_address found = {.len = sizeof found.storage};
    int error = call(socket->fd, (struct sockaddr *)&found.storage, &found.len);
    if (!error)
        *address = found;
    return error;
}

int xie_datagram_local(struct xie_datagram *socket, struct xie_address *address)
{
    return ask(socket, address, xie_sys_getsockname);
}

int xie_datagram_peer(struct xie_datagram *socket, struct xie_address *address)
{
    return ask(socket, address, xie_sys_getpeername);
}

int xie_datagram_fd(const struct xie_datagram *socket)
{
    return socket->fd;
}

/* The kernel's own count: no message has to carry it (SO_RXQ_OVFL), and it is right at once. */
int64_t xie_datagram_dropped(struct xie_datagram *socket)
{
    uint32_t numbers[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof numbers;
    int error = xie_sys_getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, numbers, &len);
    return error ? error : (int64_t)numbers[SK_MEMINFO_DROPS];
}
