/* stream_memory.c - two streams joined by memory: no kernel, no descriptor.
 * Floor 5. A ring of bytes for each direction; who finds it empty, or full, waits. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "io/stream.h"

enum { XIE_MEMORY_CAP = 64 * 1024 }; /* unless given [bytes] */

/* What one end reads and the other writes. */
struct way {
    char *ring;
    size_t first, len;
    struct xie_waiters reader, writer;
    bool ended; /* nothing more will be written */
    bool deaf;  /* nobody will read */
    bool reset; /* an end was aborted: what was under way is lost */
};

struct memory {
    struct end {
        struct xie_stream stream;
        struct memory *whole;
        struct way *in, *out;
    } ends[2];
    struct way ways[2];
    size_t cap;
    int open; /* ends that are not closed yet: the last frees */
    char bytes[];
};

static struct end *of(const struct xie_stream *stream)
{
    return XIE_CONTAINER(stream, struct end, stream);
}

/* Wait for the other end, or for a close of this one. */
static int wait_for_other(struct xie_stream *stream, struct xie_waiters *waiters, const char *what)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self); /* the scopes may have changed since the last wait */
    if (error)
        return error;
    return stream->gate.closed ? XIE_ECLOSED : xie_waiters_wait(waiters, self, what, NULL);
}

/* --- bytes -------------------------------------------------------------------------- */

static size_t less(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The free part at the ring's end takes len bytes, or as many as have room. return how many */
static size_t put(struct way *way, size_t cap, const char *bytes, size_t len)
{
    len = less(len, cap - way->len);
    size_t at = (way->first + way->len) % cap, head = less(len, cap - at);
    memcpy(way->ring + at, bytes, head);
    memcpy(way->ring, bytes + head, len - head);
    way->len += len;
    return len;
}

static size_t take(struct way *way, size_t cap, char *buf, size_t len)
{
    len = less(len, way->len);
    size_t head = less(len, cap - way->first);
    memcpy(buf, way->ring + way->first, head);
    memcpy(buf + head, way->ring, len - head);
    way->first = (way->first + len) % cap;
    way->len -= len;
    return len;
}

static ssize_t memory_read(struct xie_stream *stream, void *buf, size_t cap)
{
    struct way *in = of(stream)->in;
    while (!in->len) {
        if (in->reset)
            return -ECONNRESET;
        if (in->ended)
            return 0;
        int error = wait_for_other(stream, &in->reader, "xie_stream_read");
        if (error)
            return error;
    }
    size_t len = take(in, of(stream)->whole->cap, buf, cap);
    xie_waiters_wake(&in->writer);
    return (ssize_t)len;
}

static ssize_t memory_write(struct xie_stream *stream, const struct iovec *parts, int count)
{
    struct way *out = of(stream)->out;
    size_t cap = of(stream)->whole->cap, sum = 0;
    while (out->reset || out->deaf || out->ended || out->len == cap) {
        if (out->reset)
            return -ECONNRESET;
        if (out->len < cap || out->deaf || out->ended)
            return -EPIPE;
        int error = wait_for_other(stream, &out->writer, "xie_stream_write");
        if (error)
            return error;
    }
    for (int i = 0; i < count && out->len < cap; i++)
        sum += put(out, cap, parts[i].iov_base, parts[i].iov_len);
    xie_waiters_wake(&out->reader);
    return (ssize_t)sum;
}

/* --- the end ------------------------------------------------------------------------ */

static int memory_write_eof(struct xie_stream *stream)
{
    of(stream)->out->ended = true;
    xie_waiters_wake(&of(stream)->out->reader);
    return 0;
}

static void hang_up(struct way *way, bool reset)
{
    if (reset) {
        way->reset = true;
        way->len = 0;
    }
    xie_waiters_wake(&way->reader);
    xie_waiters_wake(&way->writer);
}

static void memory_close(struct xie_stream *stream, bool reset)
{
    struct end *self = of(stream);
    struct memory *whole = self->whole;
    self->out->ended = self->in->deaf = true;
    hang_up(self->out, reset);
    hang_up(self->in, reset);
    xie_stream_fini(stream);
    if (!--whole->open)
        xie_release(whole);
}

static int memory_fd(const struct xie_stream *stream)
{
    (void)stream;
    return -EOPNOTSUPP;
}

static const struct xie_stream_ops memory_ops = {
    .read = memory_read,
    .write = memory_write,
    .write_eof = memory_write_eof,
    .close = memory_close,
    .fd = memory_fd,
};

int xie_stream_memory(size_t cap, struct xie_stream *pair[2])
{
    if (!cap)
        cap = XIE_MEMORY_CAP;
    if (cap > XIE_STREAM_LIMIT_MOST)
        return -EINVAL;
    if (!xie_loop_current())
        return -EPERM;
    struct memory *whole = xie_alloc(sizeof *whole + 2 * cap);
    if (!whole)
        return -ENOMEM;
    *whole = (struct memory){.cap = cap, .open = 2};
    for (int i = 0; i < 2; i++) {
        whole->ways[i].ring = whole->bytes + (size_t)i * cap;
        whole->ends[i].whole = whole;
        whole->ends[i].in = &whole->ways[i];
        whole->ends[i].out = &whole->ways[1 - i];
        xie_stream_init(&whole->ends[i].stream, &memory_ops);
        pair[i] = &whole->ends[i].stream;
    }
    return 0;
}
