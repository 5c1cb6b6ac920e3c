/* socket.c - streams on descriptors: sockets, pipes, ttys, files.
 * Floor 5. Pipes and borrowed descriptors are opened in pipe.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/file.h"
#include "io/stream.h"

struct socket {
    struct xie_stream stream;
    int fd;
    enum xie_fd_kind kind;
    bool dry; /* TCP: the last read took all there was */
};

static struct socket *of(const struct xie_stream *stream)
{
    return XIE_CONTAINER(stream, struct socket, stream);
}

void xie_socket_close(int fd)
{
    struct xie_loop *loop = xie_loop_current();
    if (loop)
        xie_op_forget(loop, fd);
    xie_sys_close(fd);
}

/* --- what a stream stands on -------------------------------------------------------- */

static bool is_socket(const struct socket *self)
{
    return self->kind >= XIE_FD_TCP && self->kind <= XIE_FD_SHARED;
}

/* Of a socket that others share the mode belongs to them too; it is said with each call. */
static int flags_of(const struct socket *self)
{
    return self->kind == XIE_FD_SHARED ? MSG_DONTWAIT : 0;
}

/* Run READV or WRITEV on what is no socket. */
static ssize_t run_parts(struct socket *self, struct xie_op *op, const char *what)
{
    const struct xie_gate *gate = &self->stream.gate;
    if (self->kind == XIE_FD_FILE)
        return gate->closed ? XIE_ECLOSED : (ssize_t)xie_file_run(op, what);
    if (self->kind == XIE_FD_POLLED) {
        int events = op->kind == XIE_OP_READV ? POLLIN : POLLOUT;
        int ready = xie_fd_ready(gate, self->fd, events, what);
        if (ready < 0)
            return ready;
    }
    return (ssize_t)xie_gate_run(gate, op, what);
}

/* What a read of TCP told of what is left. */
static void note_dry(struct socket *self, ssize_t len, size_t cap)
{
    self->dry = self->kind == XIE_FD_TCP && (len == -EAGAIN || (len > 0 && (size_t)len < cap));
}

static ssize_t receive(struct socket *self, void *buf, size_t cap)
{
    struct xie_op op = {.kind = XIE_OP_RECV,
                        .fd = self->fd,
                        .flags = flags_of(self),
                        .dry = self->dry,
                        .buf = buf,
                        .len = cap};
    ssize_t len = (ssize_t)xie_gate_run(&self->stream.gate, &op, "xie_stream_read");
    note_dry(self, len, cap);
    return len;
}

static ssize_t socket_read(struct xie_stream *stream, void *buf, size_t cap)
{
    struct socket *self = of(stream);
    struct iovec part = {.iov_base = buf, .iov_len = cap};
    struct xie_op op = {.kind = XIE_OP_READV, .fd = self->fd, .parts = &part, .count = 1};
    if (is_socket(self))
        return receive(self, buf, cap);
    return run_parts(self, &op, "xie_stream_read");
}

static ssize_t socket_read_now(struct xie_stream *stream, void *buf, size_t cap)
{
    struct socket *self = of(stream);
    ssize_t len = xie_sys_recv(self->fd, buf, cap, MSG_DONTWAIT);
    note_dry(self, len, cap);
    return len;
}

static int socket_wait(struct xie_stream *stream)
{
    struct socket *self = of(stream);
    struct xie_op op = {.kind = XIE_OP_POLL, .fd = self->fd, .flags = POLLIN, .dry = self->dry};
    struct xie_task *task;
    if (self->kind != XIE_FD_TCP || self->dry) {
        int64_t ready = xie_gate_run(&stream->gate, &op, "xie_stream_read");
        if (ready < 0)
            return (int)ready;
        self->dry = false; /* until somebody reads, which may not be the next thing done */
        return 0;
    }
    if (stream->gate.closed)
        return XIE_ECLOSED;
    int error = xie_wait_enter(&task);
    if (!error)
        xie_wait_breathe(task);
    return error;
}

static ssize_t send_parts(struct socket *self, const struct iovec *parts, int count)
{
    struct xie_op op = {.kind = XIE_OP_SEND, .fd = self->fd, .flags = flags_of(self)};
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)count};
    if (count == 1) {
        op.buf = parts->iov_base;
        op.len = parts->iov_len;
    } else {
        op.kind = XIE_OP_SENDMSG;
        op.message = &message;
    }
    return (ssize_t)xie_gate_run(&self->stream.gate, &op, "xie_stream_write");
}

static ssize_t socket_write(struct xie_stream *stream, const struct iovec *parts, int count)
{
    struct socket *self = of(stream);
    struct iovec some = *parts;
    struct xie_op op = {.kind = XIE_OP_WRITEV, .fd = self->fd};
    if (is_socket(self))
        return send_parts(self, parts, count);
    op.parts = parts;
    op.count = count;
    if (self->kind == XIE_FD_POLLED) { /* pipe(7): ready means room for so much */
        some.iov_len = some.iov_len < PIPE_BUF ? some.iov_len : PIPE_BUF;
        op.parts = &some;
        op.count = 1;
    }
    return run_parts(self, &op, "xie_stream_write");
}

static int socket_write_eof(struct xie_stream *stream)
{
    struct socket *self = of(stream);
    return is_socket(self) ? xie_sys_shutdown(self->fd, SHUT_WR) : -EOPNOTSUPP;
}

static void socket_close(struct xie_stream *stream, bool reset)
{
    struct socket *self = of(stream);
    struct linger none = {.l_onoff = 1};
    if (reset && is_socket(self) &&
        self->kind != XIE_FD_SHARED) /* socket(7): nothing to linger for is a reset */
        xie_sys_setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    xie_socket_close(self->fd);
    xie_socket_free(stream);
}

static int socket_fd(const struct xie_stream *stream)
{
    return of(stream)->fd;
}

static const struct xie_stream_ops socket_ops = {
    .read = socket_read,
    .read_now = socket_read_now,
    .wait = socket_wait,
    .write = socket_write,
    .write_eof = socket_write_eof,
    .close = socket_close,
    .fd = socket_fd,
};

/* Of what is no socket a read may wait: nothing tells what is there. */
static const struct xie_stream_ops other_ops = {
    .read = socket_read,
    .write = socket_write,
    .write_eof = socket_write_eof,
    .close = socket_close,
    .fd = socket_fd,
};

/* --- making one ----------------------------------------------------------------------------------
 */

struct xie_stream *xie_socket_new(void)
{
    struct socket *self = xie_alloc(sizeof *self);
    if (!self)
        return NULL;
    xie_stream_init(&self->stream, &socket_ops);
    return &self->stream;
}

void xie_socket_attach(struct xie_stream *stream, int fd, enum xie_fd_kind kind)
{
    of(stream)->fd = fd;
    of(stream)->kind = kind;
    of(stream)->dry = false;
    stream->ops = is_socket(of(stream)) ? &socket_ops : &other_ops;
}

int xie_socket_fd(const struct xie_stream *stream)
{
    bool ours = stream->ops == &socket_ops;
    bool plain = ours && (of(stream)->kind == XIE_FD_TCP || of(stream)->kind == XIE_FD_SOCKET);
    return plain ? of(stream)->fd : -EOPNOTSUPP;
}

void xie_socket_free(struct xie_stream *stream)
{
    if (!stream)
        return;
    xie_stream_fini(stream);
    xie_release(of(stream));
}

int xie_socket_beneath(const struct xie_stream *stream, enum xie_fd_kind *kind)
{
    bool ours = stream->ops == &socket_ops || stream->ops == &other_ops;
    if (!ours || of(stream)->kind > XIE_FD_SOCKET)
        return -EOPNOTSUPP;
    *kind = of(stream)->kind;
    return of(stream)->fd;
}

enum xie_fd_kind xie_socket_tune(int fd, int family)
{
    int on = 1;
    if (family != AF_INET && family != AF_INET6)
        return XIE_FD_SOCKET;
    /* Refused: another protocol, or slower, not wrong. */
    bool refused = xie_sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return refused ? XIE_FD_SOCKET : XIE_FD_TCP;
}

int xie_socket_pair(struct xie_stream *pair[2], int (*make)(int fds[2]), enum xie_fd_kind kind)
{
    int fds[2];
    struct xie_stream *first = xie_socket_new(), *second = xie_socket_new();
    int error = first && second ? make(fds) : -ENOMEM;
    if (error) {
        xie_socket_free(first);
        xie_socket_free(second);
        return error;
    }
    xie_socket_attach(first, fds[0], kind);
    xie_socket_attach(second, fds[1], kind);
    pair[0] = first;
    pair[1] = second;
    return 0;
}

static int make_sockets(int fds[2])
{
    return xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

int xie_stream_pair(struct xie_stream *pair[2])
{
    return xie_socket_pair(pair, make_sockets, XIE_FD_SOCKET);
}

/* What a descriptor is, of those that are the stream's own. */
static int kind_of(int fd)
{
    struct stat found;
    int protocol = 0;
    socklen_t len = sizeof protocol;
    int error = xie_sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
    if (error != -ENOTSOCK)
        return error ? error : protocol == IPPROTO_TCP ? XIE_FD_TCP : XIE_FD_SOCKET;
    error = xie_sys_fstat(fd, &found);
    if (error)
        return error;
    return S_ISREG(found.st_mode) || S_ISBLK(found.st_mode) ? XIE_FD_FILE : XIE_FD_OTHER;
}

int xie_stream_adopt(int fd, struct xie_stream **stream)
{
    int kind = kind_of(fd);
    int error = kind < 0 ? kind : 0;
    if (!error && kind != XIE_FD_FILE) /* io_uring would not wait for the disk then */
        error = xie_sys_nonblock(fd);
    if (error)
        return error;
    struct xie_stream *made = xie_socket_new();
    if (!made)
        return -ENOMEM;
    xie_socket_attach(made, fd, (enum xie_fd_kind)kind);
    *stream = made;
    return 0;
}
