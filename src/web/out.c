/* out.c - what is to be written to a stream, in order, by whoever comes first.
 * Floor 8. The lock is fair and taken in the order of adding, so chunks go in turn. */
/* SPDX-License-Identifier: MIT */
#include "out.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "task/reach.h"

enum {
    FEW = 6,    /* parts of a write, on the stack of whoever writes */
    PARTS = 64, /* for as many there is other memory */
    BATCH = 256 << 10
};

static struct xie_chunk *of_link(struct xie_link *link)
{
    return XIE_CONTAINER(link, struct xie_chunk, link);
}

void xie_out_init(struct xie_out *out, struct xie_stream *stream, int64_t stall_ns)
{
    *out = (struct xie_out){.stream = stream, .stall_ns = stall_ns};
    xie_list_init(&out->chunks);
}

struct xie_chunk *xie_chunk_new(size_t cap)
{
    struct xie_chunk *chunk = cap > SIZE_MAX / 2 ? NULL : xie_alloc(sizeof *chunk + cap);
    if (!chunk)
        return NULL;
    *chunk = (struct xie_chunk){.cap = cap};
    chunk->bytes = chunk->data;
    xie_list_init(&chunk->link);
    return chunk;
}

void xie_chunk_add(struct xie_chunk *chunk, const void *data, size_t len)
{
    memcpy(chunk->data + chunk->len, data, len);
    chunk->len += len;
}

void xie_chunk_free(struct xie_chunk *chunk)
{
    xie_release(chunk);
}

void xie_out_add(struct xie_out *out, struct xie_chunk *chunk, bool owned)
{
    chunk->owned = owned;
    xie_list_push(&out->chunks, &chunk->link);
    out->pending += chunk->len;
}

static void unlink_chunk(struct xie_out *out, struct xie_chunk *chunk)
{
    xie_list_remove(&chunk->link);
    out->pending -= chunk->len - chunk->off;
    if (!chunk->owned)
        xie_release(chunk);
}

static int gather(struct xie_out *out, struct iovec *parts, int most)
{
    size_t total = 0;
    int count = 0;
    struct xie_link *link = out->chunks.next;
    for (; link != &out->chunks && count < most && total < BATCH; link = link->next) {
        struct xie_chunk *chunk = of_link(link);
        size_t len = chunk->len - chunk->off;
        if (len > BATCH - total)
            len = BATCH - total;
        parts[count++] = (struct iovec){(char *)(uintptr_t)chunk->bytes + chunk->off, len};
        chunk->flying = true;
        total += len;
    }
    return count;
}

/* So many bytes of those in flight are written; the rest has landed where it was. */
static void settle(struct xie_out *out, uint64_t written)
{
    struct xie_link *link = out->chunks.next, *next;
    for (; link != &out->chunks && of_link(link)->flying; link = next) {
        struct xie_chunk *chunk = of_link(link);
        size_t left = chunk->len - chunk->off;
        size_t len = written < left ? (size_t)written : left;
        next = link->next;
        chunk->flying = false;
        chunk->off += len;
        out->pending -= len;
        written -= len;
        chunk->done = chunk->off == chunk->len;
        if (chunk->done)
            unlink_chunk(out, chunk);
    }
}

/* Are there more than a few? */
static bool many(const struct xie_out *out)
{
    const struct xie_link *link = out->chunks.next;
    for (int i = 0; link != &out->chunks; link = link->next)
        if (++i > FEW)
            return true;
    return false;
}

static int write_some(struct xie_out *out)
{
    struct iovec few[FEW];
    struct iovec *parts = many(out) ? xie_alloc(PARTS * sizeof *parts) : NULL;
    int count = parts ? gather(out, parts, PARTS) : gather(out, few, FEW);
    uint64_t before = xie_stream_written(out->stream);
    struct xie_scope scope;
    xie_scope_open(&scope, out->stall_ns);
    out->writing = &scope;
    ssize_t n = xie_stream_writev(out->stream, parts ? parts : few, count);
    out->writing = NULL;
    xie_scope_close(&scope);
    xie_release(parts);
    settle(out, xie_stream_written(out->stream) - before);
    if (n >= 0)
        return 0;
    /* Not the caller's scopes: it is the kernel's word, or the peer takes nothing. */
    if ((n != -ECANCELED && n != -ETIMEDOUT) || !xie_check())
        xie_out_abort(out, (int)n);
    return (int)n;
}

static bool wanted(const struct xie_out *out, const struct xie_chunk *mine)
{
    if (xie_list_empty(&out->chunks))
        return false;
    return !mine || !mine->done || !of_link(out->chunks.next)->owned;
}

int xie_out_drain(struct xie_out *out, struct xie_chunk *mine)
{
    int err = xie_lock_take(&out->lock);
    if (!err) {
        while (!err && !out->error && wanted(out, mine))
            err = write_some(out);
        xie_lock_give(&out->lock);
    }
    if (mine && mine->done)
        return 0;
    return out->error ? out->error : err;
}

void xie_out_leave(struct xie_out *out, struct xie_chunk *chunk)
{
    chunk->owned = false;
    if (chunk->done)
        xie_release(chunk);
    else if (!chunk->flying && !chunk->off && !chunk->needed)
        unlink_chunk(out, chunk);
    else
        xie_out_kick(out);
}

static int flush(void *arg)
{
    struct xie_out *out = arg;
    xie_out_drain(out, NULL);
    out->flushing = false;
    return 0;
}

/* Take the handle of a flusher that is ending. It may be asked for in a cancelled scope,
 * where a join without a shield would do nothing. */
static void join_flusher(struct xie_out *out)
{
    XIE_SHIELD {
        xie_join(out->flusher);
    }
    out->flusher = NULL;
}

void xie_out_kick(struct xie_out *out)
{
    if (out->flushing || out->error)
        return;
    if (out->flusher)
        join_flusher(out);
    out->flusher = xie_spawn(flush, out);
    xie_task_disinherit(out->flusher);
    out->flushing = out->flusher != NULL;
}

void xie_out_drop_pong(struct xie_out *out)
{
    struct xie_link *link = out->chunks.next, *next;
    for (; link != &out->chunks; link = next) {
        struct xie_chunk *chunk = of_link(link);
        next = link->next;
        if (chunk->pong && !chunk->flying && !chunk->off)
            unlink_chunk(out, chunk);
    }
}

void xie_out_abort(struct xie_out *out, int error)
{
    if (!out->error)
        out->error = error;
    if (out->writing)
        xie_scope_cancel(out->writing);
}

void xie_out_stop(struct xie_out *out, int error)
{
    xie_out_abort(out, error);
    if (!out->flusher)
        return;
    xie_task_cancel(out->flusher);
    join_flusher(out);
}

void xie_out_fini(struct xie_out *out)
{
    xie_out_stop(out, XIE_ECLOSED);
    while (!xie_list_empty(&out->chunks))
        unlink_chunk(out, of_link(out->chunks.next));
}
