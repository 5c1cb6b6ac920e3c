/* stream_sendfile.c - from a file to a stream: by the kernel where that is a socket, else by a
 * buffer.
 * Floor 5. The disk may be slow, so a thread asks the kernel; the socket may be full, so the loop
 * waits for it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/file.h"
#include "io/pool.h"
#include "io/stream.h"

enum {
    XIE_SENDFILE_AT_ONCE = 1024 * 1024, /* bytes of one job: while it runs it is waited for */
    XIE_SENDFILE_BUFFER = 64 * 1024     /* bytes */
};

/* How far it has come. */
struct sending {
    struct xie_stream *stream;
    struct xie_file file; /* the same with a descriptor of its own */
    int64_t offset;
    uint64_t left;
};

static size_t at_once(const struct sending *self, size_t most)
{
    return self->left < most ? (size_t)self->left : most;
}

static int send_job(void *arg)
{
    struct sending *self = arg;
    return (int)xie_sys_sendfile(xie_socket_fd(self->stream), self->file.fd, self->offset,
                                 at_once(self, XIE_SENDFILE_AT_ONCE));
}

static int wait_for_room(struct sending *self)
{
    int fd = xie_socket_fd(self->stream);
    int events = xie_fd_ready(&self->stream->gate, fd, POLLOUT, "xie_stream_sendfile");
    return events < 0 ? events : 0;
}

/* return 0 all, or the file's end; -EINVAL among others: the kernel cannot do it with these */
static int send_by_kernel(struct sending *self)
{
    while (self->left && !self->stream->gate.closed) {
        int sent = xie_file_job(send_job, self, "xie_stream_sendfile");
        if (sent == -EAGAIN)
            sent = wait_for_room(self);
        else if (sent == 0)
            return 0;
        if (sent < 0)
            return sent;
        self->stream->written += (uint64_t)sent;
        self->offset += sent;
        self->left -= (uint64_t)sent;
    }
    return self->left ? XIE_ECLOSED : 0;
}

static int send_by_buffer(struct sending *self)
{
    char *buf = xie_alloc(XIE_SENDFILE_BUFFER);
    int error = buf ? 0 : -ENOMEM;
    while (!error && self->left) {
        size_t most = at_once(self, XIE_SENDFILE_BUFFER);
        ssize_t len = self->stream->gate.closed
                          ? XIE_ECLOSED
                          : xie_file_fill(&self->file, buf, most, self->offset);
        struct iovec part = {buf, len > 0 ? (size_t)len : 0};
        error = len > 0 ? xie_stream_push(self->stream, &part, 1) : (int)len;
        if (len <= 0)
            break;
        self->offset += len;
        self->left -= (uint64_t)len;
    }
    xie_release(buf);
    return error;
}

static bool cannot(int error)
{
    return error == -EINVAL || error == -ENOSYS || error == -EOPNOTSUPP;
}

static int64_t send_all(struct sending *self)
{
    uint64_t before = self->stream->written;
    int error = -EOPNOTSUPP;
    if (!xie_on_sim() && xie_socket_fd(self->stream) >= 0)
        error = send_by_kernel(self);
    if (cannot(error))
        error = send_by_buffer(self);
    return error ? error : (int64_t)(self->stream->written - before);
}

/* A close of the file must not wait for the stream's peer. */
static int descriptor_of(struct xie_file *file)
{
    int error = xie_file_enter(file, false);
    return error ? error : (int)xie_file_leave(file, false, xie_sys_dup(file->fd));
}

int64_t xie_stream_sendfile(struct xie_stream *stream, struct xie_file *file, int64_t offset,
                            uint64_t len)
{
    struct sending self = {.stream = stream, .offset = offset, .left = len};
    if (offset < 0)
        return -EINVAL;
    self.file.fd = descriptor_of(file);
    if (self.file.fd < 0)
        return self.file.fd;
    int64_t result = xie_gate_enter(&stream->gate, XIE_WRITING);
    if (!result)
        result = xie_gate_leave(&stream->gate, XIE_WRITING, send_all(&self));
    xie_sys_close(self.file.fd);
    return result;
}
