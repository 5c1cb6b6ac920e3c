/* stream.h - inside a stream: its buffer, and what it stands on.
 * Floor 5. The reading and writing code knows no descriptor: sockets, TLS and memory are
 * tables of functions beneath it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_STREAM_H
#define XIE_IO_STREAM_H

#include <xie/stream.h>

#include "base/list.h"
#include "io/gate.h"

enum {
    XIE_STREAM_SMALL = 256,             /* the buffer inside the struct [bytes] */
    XIE_STREAM_CHUNK = 16 * 1024,       /* the first buffer on the heap [bytes] */
    XIE_STREAM_LARGE = 256 * 1024,      /* the one for what the small one did not hold [bytes] */
    XIE_STREAM_LIMIT = 64 * 1024,       /* unless set [bytes] */
    XIE_STREAM_LIMIT_MOST = 1024 << 20, /* settable [bytes] */
    XIE_STREAM_PARTS_MOST = 64,         /* of one xie_stream_writev */
    XIE_COPY_AT_ONCE = 64 * 1024,       /* bytes of xie_stream_copy's buffer, or of a pipe */
    XIE_STREAM_SEPARATOR_MOST = 16,     /* bytes of one */
    XIE_STREAM_SEPARATORS_MOST = 16     /* of one xie_stream_read_until_any */
};

struct xie_protocol;
struct xie_transport;

/* What a stream stands on. Each may suspend; at most one read and one write at a time. */
struct xie_stream_ops {
    /* Wait for bytes: 1..cap of them, 0 at the end. Interrupted, nothing is lost. */
    ssize_t (*read)(struct xie_stream *stream, void *buf, size_t cap);
    /* The same, of what is there: -EAGAIN instead of a wait. NULL: it cannot be told, nor wait. */
    ssize_t (*read_now)(struct xie_stream *stream, void *buf, size_t cap);
    /* Wait until there may be something to read, without a buffer. return 0, or an error */
    int (*wait)(struct xie_stream *stream);
    /* Write some of parts (none empty), at least a byte. Interrupted before that: nothing. */
    ssize_t (*write)(struct xie_stream *stream, const struct iovec *parts, int count);
    int (*write_eof)(struct xie_stream *stream);
    /* The stream is being closed: make a read and a write that wait outside xie_gate_run
     * return soon. NULL when none does. */
    void (*interrupt)(struct xie_stream *stream);
    /* Nobody uses it any more: give everything back, the memory too (xie_stream_fini first).
     * reset: without sending the rest. */
    void (*close)(struct xie_stream *stream, bool reset);
    int (*fd)(const struct xie_stream *stream);
    /* xie_transport_adopt, where there is more to it than a descriptor. NULL: there is not. */
    int (*become_transport)(struct xie_stream *stream, const struct xie_protocol *protocol,
                            void *arg, struct xie_transport **transport);
};

/* The buffer holds data[start..end). It is the small one while little comes at a time, so that
 * a connection that waits costs less than 512 bytes; a byte is kept free for a string's end. */
struct xie_stream {
    const struct xie_stream_ops *ops;
    void *layer; /* of ops that were put over others while the stream was in use: theirs */
    struct xie_gate gate;
    char *data; /* small, or on the heap */
    size_t cap, start, end;
    size_t limit;
    uint64_t written;
    int ended;    /* what every further read returns once the buffer is empty; 1: the end */
    bool drained; /* the last read got less than there was room for */
    bool burst;   /* what came last was more than the small buffer holds */
    bool reset;   /* closed by xie_stream_abort */
    char small[XIE_STREAM_SMALL];
};

XIE_API void xie_stream_init(struct xie_stream *stream, const struct xie_stream_ops *ops);
void xie_stream_fini(struct xie_stream *stream);
/* Memory for its buffer, which fini gives back. NULL: none */
char *xie_stream_buffer_take(size_t cap);

/* For one who is inside the gate: get more bytes into the buffer, on the way to want in all.
 * return bytes; 0 at the end */
ssize_t xie_stream_fill(struct xie_stream *stream, size_t want);
/* One of its reads failed beneath: what that means for those to come. */
void xie_stream_failed(struct xie_stream *stream, ssize_t error);
/* Move what there is between two sockets, at most len, as long as no more need be waited for: of
 * who is inside both, with nothing in from's buffer, which has room for XIE_COPY_AT_ONCE.
 * return bytes moved; 0 too where it cannot be done. What was read and not written is put there */
int64_t xie_stream_splice(struct xie_stream *from, struct xie_stream *to, uint64_t len);
/* As fill, on the other side: write all of parts (none empty), which are used up meanwhile; the
 * stream counts what went out. */
int xie_stream_push(struct xie_stream *stream, struct iovec *parts, int count);
/* For who is on both sides: the bytes that were read and not yet given out. */
static inline size_t xie_stream_unread(const struct xie_stream *stream, const char **data)
{
    *data = stream->data + stream->start;
    return stream->end - stream->start;
}
/* Replace them, and forget an end: what comes next is read from other ops. errors -ENOMEM */
XIE_API int xie_stream_refill(struct xie_stream *stream, const char *data, size_t len);

/* A stream on a descriptor that connect, accept or adopt will supply: the memory is had
 * before the connection is, so that none is lost for want of it. */
struct xie_stream *xie_socket_new(void);

enum xie_fd_kind {
    XIE_FD_OTHER,  /* a pipe's end, a tty: non-blocking */
    XIE_FD_TCP,    /* a socket, non-blocking, whose short reads tell that no more is there */
    XIE_FD_SOCKET, /* any other, non-blocking */
    XIE_FD_SHARED, /* a socket that may be blocking, for others */
    XIE_FD_POLLED, /* may be blocking, or say the end before there was a beginning: poll first */
    XIE_FD_FILE    /* is never "not ready", but may be slow */
};
void xie_socket_attach(struct xie_stream *stream, int fd, enum xie_fd_kind kind);
/* Two streams on the descriptors that make supplies. */
int xie_socket_pair(struct xie_stream *pair[2], int (*make)(int fds[2]), enum xie_fd_kind kind);
/* The descriptor of a stream that is nothing but a socket of its own (no TLS), to do by the
 * kernel what the stream would do; -EOPNOTSUPP. */
int xie_socket_fd(const struct xie_stream *stream);
/* Give back one that no descriptor was attached to. */
void xie_socket_free(struct xie_stream *stream);
/* The descriptor beneath, and of what kind; the caller's own after xie_socket_free.
 * errors -EOPNOTSUPP there is none, or it may be blocking */
int xie_socket_beneath(const struct xie_stream *stream, enum xie_fd_kind *kind);
/* The socket is about to carry a stream: no delay for small writes, where it is TCP. return what it
 * is to be attached as */
enum xie_fd_kind xie_socket_tune(int fd, int family);
/* Wait until fd, of an object with this gate, is ready for events (POLLIN, POLLOUT).
 * return  those it is ready for, POLLERR and POLLHUP; or an error */
int xie_fd_ready(const struct xie_gate *gate, int fd, int events, const char *what);
/* Close a descriptor of this thread's loop. */
void xie_socket_close(int fd);

#endif
