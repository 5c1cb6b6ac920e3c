/* stream_copy.c - relaying from one stream to another.
 * Floor 5. What was read stays in the reader's buffer until it is written, so that nothing is
 * lost whenever it ends. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "io/stream.h"

enum { XIE_COPY_AT_ONCE = 64 * 1024 }; /* bytes of the buffer, if the limit allows them */

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

/* A close of either interrupts this task in whatever it waits for; but between two waits only
 * its mark is there to see. */
static int64_t relay(struct xie_stream *from, struct xie_stream *to, uint64_t len)
{
    uint64_t done = 0;
    size_t most = from->limit < XIE_COPY_AT_ONCE ? from->limit : XIE_COPY_AT_ONCE;
    while (done < len) {
        ssize_t step = XIE_ECLOSED;
        bool empty = from->start == from->end, closed = from->gate.closed || to->gate.closed;
        if (!closed)
            step = empty ? xie_stream_fill(from, most) : write_some(from, to, len - done);
        if (step < 0)
            return step;
        if (step == 0)
            break;
        done += empty ? 0 : (uint64_t)step;
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
