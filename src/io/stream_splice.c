/* stream_splice.c - the busy part of a relay between two sockets: the bytes stay in the kernel.
 * Floor 5. Halves what a relay costs in processor time; a pipe is held only while much comes. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>

#include "base/sys.h"
#include "io/pool.h"
#include "io/stream.h"
#include "task/record.h"

enum { XIE_SPLICES_MOST = 16 }; /* then others run: before the next */

static int wait_for_room(struct xie_stream *from, struct xie_stream *to)
{
    if (from->gate.closed)
        return XIE_ECLOSED;
    int events = xie_fd_ready(&to->gate, xie_socket_fd(to), POLLOUT, "xie_stream_copy");
    return events < 0 ? events : 0;
}

/* What is in the pipe goes on, or back to the reader's buffer, which is empty. */
static int empty_pipe(struct xie_stream *from, struct xie_stream *to, int pipe, size_t len)
{
    int error = 0;
    while (len && !error) {
        ssize_t sent = xie_sys_splice(pipe, xie_socket_fd(to), len);
        if (sent > 0) {
            to->written += (uint64_t)sent;
            len -= (size_t)sent;
        } else {
            error = sent == -EAGAIN ? wait_for_room(from, to) : sent ? (int)sent : -EIO;
        }
    }
    from->start = from->end = 0;
    while (len) { /* not by way of the faults: a pipe gives what it has */
        struct iovec part = {from->data + from->end, len};
        ssize_t back = xie_sys_linux.readv(pipe, &part, 1);
        if (back <= 0)
            break;
        from->end += (size_t)back;
        len -= (size_t)back;
    }
    return error;
}

static int splice_all(struct xie_stream *from, struct xie_stream *to, const int pipe[2],
                      uint64_t len)
{
    int error = 0;
    uint64_t before = to->written;
    for (int i = 0; i < XIE_SPLICES_MOST && to->written - before < len && !error; i++) {
        uint64_t left = len - (to->written - before);
        size_t most = left < XIE_COPY_AT_ONCE ? (size_t)left : XIE_COPY_AT_ONCE;
        ssize_t got = xie_sys_splice(xie_socket_fd(from), pipe[1], most);
        from->drained = got == -EAGAIN;
        if (got == -EAGAIN || got == 0) /* the caller waits, and meets the end */
            break;
        if (got < 0)
            xie_stream_failed(from, got);
        error = got < 0 ? (int)got : empty_pipe(from, to, pipe[0], (size_t)got);
    }
    return error;
}

/* Both ends may stay ready for as long as they like: interruptions and others come first. */
static int let_others_run(const struct xie_stream *from, const struct xie_stream *to)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    xie_task_step_aside(self);
    return from->gate.closed || to->gate.closed ? XIE_ECLOSED : 0;
}

int64_t xie_stream_splice(struct xie_stream *from, struct xie_stream *to, uint64_t len)
{
    int pipe[2];
    if (xie_on_sim() || xie_socket_fd(from) < 0 || xie_socket_fd(to) < 0)
        return 0;
    int error = let_others_run(from, to);
    if (error)
        return error;
    if (xie_sys_pipe_nonblock(pipe))
        return 0;
    uint64_t before = to->written;
    error = splice_all(from, to, pipe, len);
    xie_sys_close(pipe[0]);
    xie_sys_close(pipe[1]);
    return error ? error : (int64_t)(to->written - before);
}
