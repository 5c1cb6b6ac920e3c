/* out.h - what is to be written to a stream, in order, by whoever comes first.
 * Floor 8. Several tasks add; one at a time writes, for all of them in one call. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_OUT_H
#define XIE_WEB_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xie/stream.h>
#include <xie/sync.h>
#include <xie/task.h>

#include "base/list.h"

/* Bytes that are written whole, or not begun. */
struct xie_chunk {
    struct xie_link link;
    const char *bytes; /* data below, or borrowed */
    size_t len, off;   /* off bytes of len are written */
    size_t cap;        /* of data */
    bool owned;        /* somebody waits for it and frees it; else freed when written */
    bool flying;       /* in the write that is going on */
    bool done;         /* all written */
    bool pong;         /* outdated by a later one */
    bool needed;       /* goes out although its owner has gone */
    char data[];
};

struct xie_out {
    struct xie_stream *stream; /* borrowed */
    struct xie_link chunks;
    struct xie_lock lock;      /* whoever writes has it */
    struct xie_scope *writing; /* around the write that is going on */
    struct xie_task *flusher;
    int64_t stall_ns; /* for one write of at most 256 KiB; then the stream counts as broken */
    size_t pending;   /* bytes not written */
    int error;        /* the stream is broken: nothing more is written */
    bool flushing;    /* the flusher runs */
};

void xie_out_init(struct xie_out *out, struct xie_stream *stream, int64_t stall_ns);

/* A chunk with room for cap bytes, its own; NULL without memory. */
struct xie_chunk *xie_chunk_new(size_t cap);
/* Copy bytes in; cap has to allow it. */
void xie_chunk_add(struct xie_chunk *chunk, const void *data, size_t len);

/* Free one that was not put anywhere. */
void xie_chunk_free(struct xie_chunk *chunk);

/* Put it last; an owned one stays the caller's, see xie_out_leave. */
void xie_out_add(struct xie_out *out, struct xie_chunk *chunk, bool owned);

/**
 * Write until `mine` is written; NULL: until nothing is left.
 *
 * return  0
 * errors  those of xie_stream_write; -ECANCELED -ETIMEDOUT: ask mine->done
 * note    what others added meanwhile goes out in the same calls
 */
int xie_out_drain(struct xie_out *out, struct xie_chunk *mine);

/* The owner of a chunk goes: it is freed; taken back if no byte of it was written; if some
 * were, or it is needed, the rest stays to be written with the next drain or kick. */
void xie_out_leave(struct xie_out *out, struct xie_chunk *chunk);

/* Have what nobody waits for written by a task of its own, without waiting. When no task
 * can be had it goes out with the next drain. */
void xie_out_kick(struct xie_out *out);

/* Drop a pong that has not been begun: only the latest ping needs its answer. */
void xie_out_drop_pong(struct xie_out *out);

/* Write nothing more: drains return error. Does not wait. */
void xie_out_abort(struct xie_out *out, int error);
/* The same, and wait until nobody writes, scopes around notwithstanding. */
void xie_out_stop(struct xie_out *out, int error);
/* Stop, and free what was not written. Nobody may be in drain. */
void xie_out_fini(struct xie_out *out);

#endif
