/* stream.h - inside a stream: its buffer, and what it stands on.
 * Floor 5. The reading and writing code knows no descriptor: sockets, TLS and memory are
 * tables of six functions beneath it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_STREAM_H
#define XIE_IO_STREAM_H

#include <xie/stream.h>

#include "base/list.h"
#include "io/gate.h"

enum {
    XIE_STREAM_SMALL = 256,             /* the buffer inside the struct [bytes] */
    XIE_STREAM_CHUNK = 16 * 1024,       /* the first buffer on the heap [bytes] */
    XIE_STREAM_LIMIT = 64 * 1024,       /* unless set [bytes] */
    XIE_STREAM_LIMIT_MOST = 1024 << 20, /* settable [bytes] */
    XIE_STREAM_PARTS_MOST = 64          /* of one xie_stream_writev */
};

/* What a stream stands on. Each may suspend; at most one read and one write at a time. */
struct xie_stream_ops {
    /* Wait for bytes: 1..cap of them, 0 at the end. Interrupted, nothing is lost. */
    ssize_t (*read)(struct xie_stream *stream, void *buf, size_t cap);
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
    bool reset;   /* closed by xie_stream_abort */
    char small[XIE_STREAM_SMALL];
};

XIE_API void xie_stream_init(struct xie_stream *stream, const struct xie_stream_ops *ops);
void xie_stream_fini(struct xie_stream *stream);

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
void xie_socket_attach(struct xie_stream *stream, int fd, bool is_socket);
/* Give back one that no descriptor was attached to. */
void xie_socket_free(struct xie_stream *stream);
/* The socket is about to carry a stream: no delay for small writes, where it is TCP. */
void xie_socket_tune(int fd, int family);
/* Close a descriptor of this thread's loop. */
void xie_socket_close(int fd);

#endif
