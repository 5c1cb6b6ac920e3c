/* sim_table.c - the system calls of a sim loop's thread: ours for our descriptors.
 * Floor 2. Descriptors below XIE_SIM_FIRST go to the kernel: pipes, files, eventfds. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "loop/sim.h"

_Thread_local struct xie_sim *xie_sim_here;

static bool is_ours(int fd)
{
    return fd >= XIE_SIM_FIRST;
}

/* The socket of a call that may be interrupted; negative: what the call returns. */
static int begin(int fd, struct xie_sim_socket **self)
{
    int error = xie_sim_find(fd, self);
    if (!error && xie_sim_chance(xie_sim_here, xie_sim_here->chances.interrupt))
        error = -EINTR; /* the caller makes the call again */
    return error;
}

static int64_t sim_clock(void)
{
    return xie_sim_here->now;
}

/* --- beginning and end --------------------------------------------------------------------------
 */

static int check_kind(int domain, int type, int protocol)
{
    int wanted = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
        return -EAFNOSUPPORT;
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    return protocol && (domain == AF_UNIX || protocol != wanted) ? -EPROTONOSUPPORT : 0;
}

static int sim_socket(int domain, int type, int protocol)
{
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    int error = check_kind(domain, type, protocol);
    if (error)
        return error;
    struct xie_sim_socket *self = xie_sim_socket_new(xie_sim_here, domain, type);
    if (!self)
        return -ENOMEM;
    int fd = xie_sim_socket_name(self);
    if (fd < 0)
        xie_sim_socket_free(self);
    return fd;
}

static int sim_socketpair(int domain, int type, int protocol, int fds[2])
{
    if (domain != AF_UNIX)
        return -EOPNOTSUPP;
    int first = sim_socket(domain, type, protocol);
    if (first < 0)
        return first;
    struct xie_sim_socket *a = NULL, *b = NULL;
    xie_sim_find(first, &a);
    int second = sim_socket(domain, type, protocol);
    if (second < 0) {
        xie_sim_socket_free(a);
        return second;
    }
    xie_sim_find(second, &b);
    xie_sim_pair(a, b);
    xie_sim_pair(b, a);
    fds[0] = first;
    fds[1] = second;
    return 0;
}

static int sim_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.bind(fd, address, len);
    int error = begin(fd, &self);
    return error ? error : xie_sim_bind(self, address, len);
}

static int sim_listen(int fd, int backlog)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.listen(fd, backlog);
    int error = begin(fd, &self);
    return error ? error : xie_sim_listen(self, backlog);
}

static int sim_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    struct xie_sim_socket *self, *accepted = NULL;
    if (!is_ours(fd))
        return xie_sys_linux.accept(fd, address, len);
    int result = begin(fd, &self);
    if (!result)
        result = xie_sim_accept(self, &accepted);
    if (accepted)
        xie_sim_copy_name(&accepted->remote, address, len);
    return result;
}

static int sim_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.connect(fd, address, len);
    int error = xie_sim_find(fd, &self);
    return error ? error : xie_sim_connect(self, address, len);
}

static int sim_shutdown(int fd, int how)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.shutdown(fd, how);
    int error = begin(fd, &self);
    return error ? error : xie_sim_shutdown(self, how);
}

static int sim_close(int fd)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.close(fd);
    int error = xie_sim_find(fd, &self);
    if (!error)
        xie_sim_socket_free(self);
    return error;
}

/* --- bytes -------------------------------------------------------------------------- */

static ssize_t read_message(int fd, struct msghdr *message, int flags)
{
    struct xie_sim_socket *self;
    int error = begin(fd, &self);
    if (error)
        return error;
    if (flags & (MSG_OOB | MSG_ERRQUEUE))
        return -EOPNOTSUPP;
    message->msg_controllen = 0;
    message->msg_flags = 0;
    if (self->type != SOCK_STREAM)
        return xie_sim_packet_read(self, message, flags);
    message->msg_namelen = 0;
    return xie_sim_stream_read(self, message, flags);
}

static ssize_t write_message(int fd, const struct msghdr *message, int flags)
{
    struct xie_sim_socket *self;
    int error = begin(fd, &self);
    if (error)
        return error;
    if (flags & MSG_OOB || message->msg_controllen)
        return -EOPNOTSUPP;
    if (self->type != SOCK_STREAM)
        return xie_sim_packet_write(self, message);
    return xie_sim_stream_write(self, message);
}

static ssize_t sim_recv(int fd, void *buf, size_t len, int flags)
{
    struct iovec part = {buf, len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return is_ours(fd) ? read_message(fd, &message, flags)
                       : xie_sys_linux.recv(fd, buf, len, flags);
}

static ssize_t sim_send(int fd, const void *buf, size_t len, int flags)
{
    struct iovec part = {(void *)(uintptr_t)buf, len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return is_ours(fd) ? write_message(fd, &message, flags)
                       : xie_sys_linux.send(fd, buf, len, flags);
}

static ssize_t sim_recvmsg(int fd, struct msghdr *message, int flags)
{
    return is_ours(fd) ? read_message(fd, message, flags)
                       : xie_sys_linux.recvmsg(fd, message, flags);
}

static ssize_t sim_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return is_ours(fd) ? write_message(fd, message, flags)
                       : xie_sys_linux.sendmsg(fd, message, flags);
}

static ssize_t sim_readv(int fd, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)count};
    return is_ours(fd) ? read_message(fd, &message, 0) : xie_sys_linux.readv(fd, parts, count);
}

static ssize_t sim_writev(int fd, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)count};
    return is_ours(fd) ? write_message(fd, &message, 0) : xie_sys_linux.writev(fd, parts, count);
}

/* --- asking ------------------------------------------------------------------------- */

static int sim_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.getsockname(fd, address, len);
    int error = xie_sim_find(fd, &self);
    if (!error)
        xie_sim_copy_name(&self->local, address, len);
    return error;
}

static int sim_getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.getpeername(fd, address, len);
    int error = xie_sim_find(fd, &self);
    if (!error && self->state != XIE_SIM_CONNECTED)
        error = -ENOTCONN;
    if (!error)
        xie_sim_copy_name(&self->remote, address, len);
    return error;
}

static int sim_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.getsockopt(fd, level, name, value, len);
    int error = xie_sim_find(fd, &self);
    return error ? error : xie_sim_getsockopt(self, level, name, value, len);
}

static int sim_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    struct xie_sim_socket *self;
    if (!is_ours(fd))
        return xie_sys_linux.setsockopt(fd, level, name, value, len);
    int error = xie_sim_find(fd, &self);
    return error ? error : xie_sim_setsockopt(self, level, name, value, len);
}

static int sim_unlink(const char *path)
{
    return xie_sim_unlink(xie_sim_here, path);
}

static int sim_nonblock(int fd)
{
    struct xie_sim_socket *self;
    return is_ours(fd) ? xie_sim_find(fd, &self) : xie_sys_linux.nonblock(fd);
}

const struct xie_sys xie_sim_sys = {
    .clock = sim_clock,
    .socket = sim_socket,
    .socketpair = sim_socketpair,
    .bind = sim_bind,
    .listen = sim_listen,
    .accept = sim_accept,
    .connect = sim_connect,
    .recv = sim_recv,
    .send = sim_send,
    .recvmsg = sim_recvmsg,
    .sendmsg = sim_sendmsg,
    .readv = sim_readv,
    .writev = sim_writev,
    .shutdown = sim_shutdown,
    .close = sim_close,
    .getsockname = sim_getsockname,
    .getpeername = sim_getpeername,
    .getsockopt = sim_getsockopt,
    .setsockopt = sim_setsockopt,
    .unlink = sim_unlink,
    .nonblock = sim_nonblock,
};
