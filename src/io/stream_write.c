/* stream_write.c - writing all of it, from one place or several.
 * Floor 5. No copy is made: the caller's memory goes to the kernel. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "io/stream.h"

/* Take len bytes off the front of parts; returns how many parts are used up. */
static int advance(struct iovec *parts, size_t len)
{
    int used = 0;
    while (len && len >= parts[used].iov_len)
        len -= parts[used++].iov_len;
    if (len) {
        parts[used].iov_base = (char *)parts[used].iov_base + len;
        parts[used].iov_len -= len;
    }
    return used;
}

int xie_stream_push(struct xie_stream *stream, struct iovec *parts, int count)
{
    while (count) {
        ssize_t sent = stream->ops->write(stream, parts, count);
        if (sent <= 0) /* 0 bytes of more than 0: no kernel says so; never loop on it */
            return sent < 0 ? (int)sent : -EIO;
        stream->written += (uint64_t)sent;
        int used = advance(parts, (size_t)sent);
        parts += used;
        count -= used;
    }
    return 0;
}

static ssize_t write_all(struct xie_stream *stream, struct iovec *parts, int count, size_t total)
{
    int error = xie_gate_enter(&stream->gate, XIE_WRITING);
    if (error)
        return error;
    error = xie_stream_push(stream, parts, count);
    return xie_gate_leave(&stream->gate, XIE_WRITING, error ? error : (ssize_t)total);
}

ssize_t xie_stream_write(struct xie_stream *stream, const void *buf, size_t len)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
    if (len > SSIZE_MAX)
        return -EINVAL;
    return write_all(stream, &part, len > 0, len);
}

/* Write a copy of parts, which left has room for. */
static ssize_t write_parts(struct xie_stream *stream, const struct iovec *parts, int count,
                           struct iovec *left)
{
    int used = 0;
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > SSIZE_MAX - total)
            return -EINVAL;
        total += parts[i].iov_len;
        if (parts[i].iov_len)
            left[used++] = parts[i];
    }
    return write_all(stream, left, used, total);
}

static __attribute__((noinline)) ssize_t write_many(struct xie_stream *stream,
                                                    const struct iovec *parts, int count)
{
    struct iovec left[XIE_STREAM_PARTS_MOST];
    return write_parts(stream, parts, count, left);
}

ssize_t xie_stream_writev(struct xie_stream *stream, const struct iovec *parts, int count)
{
    struct iovec
        few[8]; /* a kilobyte less of stack than many take, which else a page would be for */
    if (count < 1 || count > XIE_STREAM_PARTS_MOST)
        return -EINVAL;
    if (count > (int)(sizeof few / sizeof *few))
        return write_many(stream, parts, count);
    return write_parts(stream, parts, count, few);
}

int xie_stream_write_eof(struct xie_stream *stream)
{
    int error = xie_gate_enter(&stream->gate, XIE_WRITING);
    if (error)
        return error;
    return (int)xie_gate_leave(&stream->gate, XIE_WRITING, stream->ops->write_eof(stream));
}
