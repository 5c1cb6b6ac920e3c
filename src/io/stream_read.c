/* stream_read.c - buffered reading: some, exactly, until, lines; a look at what there is.
 * Floor 5. What was read and not yet given out is always in the buffer, whatever happens. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "io/stream.h"

static inline size_t have(const struct xie_stream *stream)
{
    return stream->end - stream->start;
}

static inline char *first(const struct xie_stream *stream)
{
    return stream->data + stream->start;
}

/* --- the buffer --------------------------------------------------------------------- */

/* Back to the small buffer; nothing is in the large one. */
static void shrink(struct xie_stream *stream)
{
    xie_stream_fini(stream);
    stream->data = stream->small;
    stream->cap = XIE_STREAM_SMALL;
}

/* Move what is there to a buffer of want bytes and the string's end, or more: twice the old
 * one's size, so that a byte is moved twice on average, but not past the limit. */
static int grow(struct xie_stream *stream, size_t want)
{
    size_t cap = stream->cap * 2 < XIE_STREAM_CHUNK ? XIE_STREAM_CHUNK : stream->cap * 2;
    if (cap > stream->limit + 1)
        cap = stream->limit + 1;
    if (cap < want + 1)
        cap = want + 1;
    char *data = xie_stream_buffer_take(cap);
    if (!data)
        return -ENOMEM;
    size_t len = have(stream);
    memcpy(data, first(stream), len);
    shrink(stream);
    stream->data = data;
    stream->cap = cap;
    stream->start = 0;
    stream->end = len;
    return 0;
}

/* Make room for want bytes in all, more than there are. */
static int make_room(struct xie_stream *stream, size_t want)
{
    if (stream->start == stream->end) {
        stream->start = stream->end = 0;
        /* The kernel had no more when we last looked: this read may wait for long. (Where the
         * last bytes just filled the buffer, the wait keeps a large one: seldom.) */
        if (stream->drained)
            shrink(stream);
    }
    if (want < stream->cap - stream->start)
        return 0;
    if (want >= stream->cap || have(stream) > stream->cap / 2)
        return grow(stream, want);
    memmove(stream->data, first(stream), have(stream));
    stream->end -= stream->start;
    stream->start = 0;
    return 0;
}

/* What a failed read means for those to come: kernels report a broken connection once and an
 * end ever after, which would pass for a clean one. What may succeed later is not kept. */
void xie_stream_failed(struct xie_stream *stream, ssize_t error)
{
    switch (error) {
    case -ENOMEM:
    case -ENOBUFS:
    case -EAGAIN:
    case -EFAULT: /* the caller's buffer is at fault */
    case -ECANCELED:
    case XIE_ECLOSED:
        return;
    case -ETIMEDOUT: /* of the connection, or of a scope */
        if (xie_check())
            return;
    }
    stream->ended = (int)error;
}

/* One read beneath the buffer. */
static ssize_t read_below(struct xie_stream *stream, void *buf, size_t cap)
{
    if (stream->ended)
        return stream->ended < 0 ? stream->ended : 0;
    ssize_t len = stream->ops->read(stream, buf, cap);
    if (len < 0)
        xie_stream_failed(stream, len);
    else if (len == 0)
        stream->ended = 1;
    return len;
}

/* Who sets a small limit wants little memory; the usual one does not bound what is read at once. */
static size_t large(const struct xie_stream *stream)
{
    return stream->limit < XIE_STREAM_LIMIT ? stream->limit : XIE_STREAM_LARGE;
}

/* Read what is there beneath the buffer, behind what it has. */
static ssize_t read_now(struct xie_stream *stream)
{
    size_t room = stream->cap - 1 - stream->end;
    ssize_t len = stream->ops->read_now(stream, stream->data + stream->end, room);
    stream->drained = len < (ssize_t)room;
    if (len > 0)
        stream->end += (size_t)len;
    else if (len == 0)
        stream->ended = 1;
    else if (len == -ETIMEDOUT) /* of the connection: nothing has waited */
        stream->ended = (int)len;
    else
        xie_stream_failed(stream, len);
    return len;
}

/* The small buffer was filled, so that more may be there: take it by a second read into a large
 * one, which does not wait. Without memory for that it is the next read's. return bytes */
static ssize_t fill_more(struct xie_stream *stream)
{
    if (have(stream) >= large(stream) || grow(stream, large(stream)))
        return 0;
    ssize_t len = read_now(stream);
    stream->burst = len > 0;
    return len > 0 ? len : 0;
}

/* The same where as much came the last time: wait without a buffer, then read into a large one,
 * which others used meanwhile. return -EAGAIN too: the wait was told of something else than bytes,
 * and may be told so for ever (an error queue: socket(7), SO_TIMESTAMPING) */
static ssize_t fill_burst(struct xie_stream *stream)
{
    int error = stream->ended ? 0 : stream->ops->wait(stream);
    if (error < 0)
        xie_stream_failed(stream, error);
    error = error ? error : grow(stream, large(stream));
    if (error)
        return error;
    ssize_t len = stream->ended ? (stream->ended < 0 ? stream->ended : 0) : read_now(stream);
    if (len <= 0)
        shrink(stream);
    stream->burst = len >= XIE_STREAM_SMALL;
    return len;
}

ssize_t xie_stream_fill(struct xie_stream *stream, size_t want)
{
    int error = make_room(stream, want);
    if (error)
        return error;
    ssize_t len = -EAGAIN;
    if (stream->burst && stream->data == stream->small && !stream->end)
        len = fill_burst(stream);
    if (len != -EAGAIN)
        return len;
    size_t room = stream->cap - 1 - stream->end;
    len = read_below(stream, stream->data + stream->end, room);
    if (len > 0)
        stream->end += (size_t)len;
    stream->drained = len < (ssize_t)room;
    if (len > 0 && !stream->drained && stream->data == stream->small && stream->ops->read_now)
        len += fill_more(stream);
    return len;
}

/* Give out len bytes of the buffer. */
static void take(struct xie_stream *stream, void *buf, size_t len)
{
    if (len) /* buf may be NULL */
        memcpy(buf, first(stream), len);
    stream->start += len;
    if (stream->start == stream->end && stream->drained) {
        stream->start = stream->end = 0;
        shrink(stream);
    }
}

static ssize_t leave(struct xie_stream *stream, ssize_t result)
{
    return xie_gate_leave(&stream->gate, XIE_READING, result);
}

/* --- some, and exactly -------------------------------------------------------------- */

static ssize_t read_some(struct xie_stream *stream, void *buf, size_t cap)
{
    if (!have(stream) && cap >= XIE_STREAM_SMALL) {
        shrink(stream);
        stream->start = stream->end = 0;
        return read_below(stream, buf, cap);
    }
    if (!have(stream)) {
        ssize_t len = xie_stream_fill(stream, 1);
        if (len <= 0)
            return len;
    }
    size_t len = have(stream) < cap ? have(stream) : cap;
    take(stream, buf, len);
    return (ssize_t)len;
}

ssize_t xie_stream_read(struct xie_stream *stream, void *buf, size_t cap)
{
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    if (cap > SSIZE_MAX)
        cap = SSIZE_MAX;
    return leave(stream, cap ? read_some(stream, buf, cap) : 0);
}

static ssize_t gather(struct xie_stream *stream, void *buf, size_t len)
{
    while (have(stream) < len) {
        ssize_t more = xie_stream_fill(stream, len);
        if (more <= 0)
            return more < 0 ? more : XIE_EOF;
    }
    take(stream, buf, len);
    return (ssize_t)len;
}

/* Straight into the caller's memory; but what had come is put back when the rest does not
 * come, and room for that is made before. Untouched room costs address space alone. */
static ssize_t gather_large(struct xie_stream *stream, char *buf, size_t len)
{
    int error = have(stream) ? 0 : make_room(stream, len);
    if (!error && stream->cap <= len)
        error = grow(stream, len);
    if (error)
        return error;
    size_t done = have(stream);
    memcpy(buf, first(stream), done);
    ssize_t more = 1;
    while (done < len && (more = read_below(stream, buf + done, len - done)) > 0)
        done += (size_t)more;
    stream->start = 0;
    stream->end = done == len ? 0 : done;
    if (done == len) {
        shrink(stream);
        return (ssize_t)len;
    }
    memcpy(stream->data, buf, done);
    return more < 0 ? more : XIE_EOF;
}

ssize_t xie_stream_read_exactly(struct xie_stream *stream, void *buf, size_t len)
{
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    if (len > stream->limit)
        return leave(stream, XIE_ELIMIT);
    if (len < have(stream) + XIE_STREAM_CHUNK)
        return leave(stream, gather(stream, buf, len));
    return leave(stream, gather_large(stream, buf, len));
}

/* --- until, and lines --------------------------------------------------------------- */

/* One of several, as {bytes, length}. Which of them ends first within data[..len), of which no
 * separator ends in [..seen)? return where it ends, 0: none does */
static size_t earliest(const char *data, size_t seen, size_t len, const struct iovec *separators,
                       int count, int *which)
{
    size_t best = 0;
    for (int i = 0; i < count; i++) {
        size_t size = separators[i].iov_len, window = best ? best : len;
        size_t start = seen < size ? 0 : seen - size + 1;
        if (start >= window)
            continue;
        const char *at = memmem(data + start, window - start, separators[i].iov_base, size);
        if (!at)
            continue;
        size_t end = (size_t)(at - data) + size;
        if (best && end == best && size <= separators[*which].iov_len)
            continue;
        best = end;
        *which = i;
    }
    return best;
}

/* How many bytes up to and including a separator, waiting for them; 0: the end came and the
 * rest is in the buffer. Each byte is looked at once, but for a separator's length. */
static ssize_t find(struct xie_stream *stream, const struct iovec *separators, int count,
                    int *which)
{
    size_t seen = 0;
    for (;;) {
        size_t len = have(stream) < stream->limit ? have(stream) : stream->limit;
        size_t end = earliest(first(stream), seen, len, separators, count, which);
        if (end)
            return (ssize_t)end;
        if (len == stream->limit)
            return XIE_ELIMIT;
        seen = len;
        ssize_t more = xie_stream_fill(stream, len + 1);
        if (more <= 0)
            return more;
    }
}

static ssize_t read_until(struct xie_stream *stream, const struct iovec *separators, int count,
                          char **data, int *which)
{
    int matched = 0;
    for (int i = 0; i < count; i++)
        if (separators[i].iov_len < 1 || separators[i].iov_len > XIE_STREAM_SEPARATOR_MOST)
            return -EINVAL;
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    ssize_t len = find(stream, separators, count, &matched);
    if (len == 0 && have(stream))
        len = XIE_EOF;
    char *found = first(stream);
    if (len > 0)
        stream->start += (size_t)len;
    len = leave(stream, len);
    if (len <= 0)
        return len;
    *data = found;
    if (which)
        *which = matched;
    return len;
}

ssize_t xie_stream_read_until(struct xie_stream *stream, const char *separator,
                              size_t separator_len, char **data)
{
    struct iovec one = {(void *)(uintptr_t)separator, separator_len};
    return read_until(stream, &one, 1, data, NULL);
}

ssize_t xie_stream_read_until_any(struct xie_stream *stream, const char *const *separators,
                                  char **data, int *which)
{
    struct iovec list[XIE_STREAM_SEPARATORS_MOST];
    int count = 0;
    for (; separators[count]; count++) {
        if (count == XIE_STREAM_SEPARATORS_MOST)
            return -EINVAL;
        list[count].iov_base = (void *)(uintptr_t)separators[count];
        list[count].iov_len = strlen(separators[count]);
    }
    return count ? read_until(stream, list, count, data, which) : -EINVAL;
}

int xie_stream_read_line(struct xie_stream *stream, char **line, size_t *len)
{
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    int which;
    struct iovec newline = {(void *)(uintptr_t) "\n", 1};
    ssize_t taken = find(stream, &newline, 1, &which);
    size_t count = taken > 0 ? (size_t)taken - 1 : 0;
    if (taken == 0)
        taken = (ssize_t)(count = have(stream));
    char *text = first(stream);
    if (taken > 0) {
        stream->start += (size_t)taken;
        if (count < (size_t)taken && count && text[count - 1] == '\r')
            count--;
        text[count] = 0; /* over the "\r" or "\n", or in the byte kept free at the end */
    }
    taken = leave(stream, taken);
    if (taken <= 0)
        return (int)taken;
    *line = text;
    if (len)
        *len = count;
    return 1;
}

/* --- looking without taking --------------------------------------------------------- */

ssize_t xie_stream_peek(struct xie_stream *stream, char **data)
{
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    ssize_t len = (ssize_t)have(stream);
    if (!len && (len = xie_stream_fill(stream, 1)) > 0)
        len = (ssize_t)have(stream);
    char *seen = first(stream);
    len = leave(stream, len);
    if (len > 0)
        *data = seen;
    return len;
}

static void check_alone(const struct xie_stream *stream, const char *what)
{
    if (stream->gate.inside[XIE_READING])
        xie_misuse("%s: another task reads this stream", what);
}

size_t xie_stream_buffered(const struct xie_stream *stream, char **data)
{
    check_alone(stream, "xie_stream_buffered");
    if (data)
        *data = first(stream);
    return have(stream);
}

bool xie_stream_at_eof(const struct xie_stream *stream)
{
    return stream->ended > 0 && !have(stream);
}

void xie_stream_consume(struct xie_stream *stream, size_t len)
{
    check_alone(stream, "xie_stream_consume");
    if (len > have(stream))
        xie_misuse("xie_stream_consume: %zu bytes of %zu", len, have(stream));
    stream->start += len;
}

int xie_stream_read_shut(struct xie_stream *stream)
{
    int error = xie_gate_enter(&stream->gate, XIE_READING);
    if (error)
        return error;
    int fd = xie_stream_fd(stream);
    error = fd < 0 ? fd : xie_sys_shutdown(fd, SHUT_RD);
    if (error == -ENOTSOCK)
        error = -EOPNOTSUPP;
    if (!error) {
        shrink(stream);
        stream->start = stream->end = 0;
        stream->ended = 1;
    }
    return (int)leave(stream, error);
}
