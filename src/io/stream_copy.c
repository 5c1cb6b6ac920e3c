/* stream_copy.c - relaying from one stream to another.
 * Floor 5. What was read stays in the reader's buffer until it is written, so that nothing is
 * lost whenever it ends. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "io/stream.h"

/* One write of what is in the buffer, at most len. return bytes, or an error */
static ssize_t write_some(struct xie_stream *from, struct xie_stream *to, uint64_t len)
{
    size_t count = from->end - from->start;
    struct iovec part = {from->data + from->start, count < len ? count : (size_t)len};
    ssize_t sent = to->ops->write(to, &part, 1);
    if (sent <= 0)
        return sent < 0 ? sent : -EIO;
    to->written += (uint64_t)sent;
    from->start += (size_t)sent;
    return sent;
}

/* One step: a write of what is in the buffer, or a read into it, or, after a read that filled it,
 * as much as the kernel can do alone. *done counts what went out. return 0 at the end */
static int64_t step(struct xie_stream *from, struct xie_stream *to, uint64_t len, uint64_t *done)
{
    size_t most = from->limit < XIE_COPY_AT_ONCE ? from->limit : XIE_COPY_AT_ONCE;
    int64_t sent = 0;
    if (from->start < from->end)
        sent = write_some(from, to, len);
    else if (!from->drained && from->cap > XIE_COPY_AT_ONCE)
        sent = xie_stream_splice(from, to, len);
    if (sent > 0)
        *done += (uint64_t)sent;
    return sent ? sent : xie_stream_fill(from, most);
}

/* A close of either interrupts this task in whatever it waits for; but between two waits only
 * its mark is there to see. */
static int64_t relay(struct xie_stream *from, struct xie_stream *to, uint64_t len)
{
    uint64_t done = 0;
    while (done < len) {
        if (from->gate.closed || to->gate.closed)
            return XIE_ECLOSED;
        int64_t result = step(from, to, len - done, &done);
        if (result < 0)
            return result;
        if (result == 0)
            break;
    }
    return (int64_t)done;
}

int64_t xie_stream_copy(struct xie_stream *from, struct xie_stream *to, uint64_t len)
{
    int error = xie_gate_enter(&from->gate, XIE_READING);
    if (error)
        return error;
    error = xie_gate_enter(&to->gate, XIE_WRITING);
    if (error)
        return xie_gate_leave(&from->gate, XIE_READING, error);
    int64_t result = relay(from, to, len);
    result = xie_gate_leave(&to->gate, XIE_WRITING, result);
    return xie_gate_leave(&from->gate, XIE_READING, result);
}
