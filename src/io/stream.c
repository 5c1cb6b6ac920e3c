/* stream.c - a stream's beginning and end, whatever it stands on.
 * Floor 5. Reading is in stream_read.c, writing in stream_write.c, sockets in socket.c. */
/* SPDX-License-Identifier: MIT */
#include "io/stream.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "loop/warm.h"

void xie_stream_init(struct xie_stream *stream, const struct xie_stream_ops *ops)
{
    *stream = (struct xie_stream){.ops = ops, .cap = XIE_STREAM_SMALL, .limit = XIE_STREAM_LIMIT};
    stream->data = stream->small;
}

char *xie_stream_buffer_take(size_t cap)
{
    return cap == XIE_STREAM_LARGE + 1 ? xie_warm_take() : xie_alloc(cap);
}

void xie_stream_fini(struct xie_stream *stream)
{
    if (stream->data == stream->small)
        return;
    if (stream->cap == XIE_STREAM_LARGE + 1)
        xie_warm_give(stream->data);
    else
        xie_release(stream->data);
}

int xie_stream_refill(struct xie_stream *stream, const char *data, size_t len)
{
    char *made = len < XIE_STREAM_SMALL ? stream->small : xie_stream_buffer_take(len + 1);
    if (!made)
        return -ENOMEM;
    memmove(made, data, len);
    xie_stream_fini(stream);
    stream->data = made;
    stream->cap = made == stream->small ? XIE_STREAM_SMALL : len + 1;
    stream->start = 0;
    stream->end = len;
    stream->ended = 0;
    stream->drained = true;
    stream->burst = false;
    return 0;
}

int xie_stream_set_limit(struct xie_stream *stream, size_t limit)
{
    if (limit < 1 || limit > XIE_STREAM_LIMIT_MOST)
        return -EINVAL;
    stream->limit = limit;
    return 0;
}

uint64_t xie_stream_written(const struct xie_stream *stream)
{
    return stream->written;
}

int xie_stream_fd(const struct xie_stream *stream)
{
    return stream->ops->fd(stream);
}

static void stream_finish(struct xie_gate *gate)
{
    struct xie_stream *stream = XIE_CONTAINER(gate, struct xie_stream, gate);
    stream->ops->close(stream, stream->reset);
}

void xie_stream_close(struct xie_stream *stream)
{
    if (!stream)
        return;
    if (stream->ops->interrupt)
        stream->ops->interrupt(stream);
    xie_gate_close(&stream->gate, "xie_stream_close", stream_finish);
}

void xie_stream_abort(struct xie_stream *stream)
{
    if (!stream)
        return;
    stream->reset = true;
    xie_stream_close(stream);
}
