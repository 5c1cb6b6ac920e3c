/* deflate.c - messages of a WebSocket made smaller, and whole again.
 * Floor 8. Built where zlib is; else deflate_none.c is. zlib gets its memory by our road. */
/* SPDX-License-Identifier: MIT */
#include "deflate.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <xie/error.h>
#include <zlib.h>

#include "base/memory.h"

enum {
    LEAST_BITS = 9, /* of zlib's windows, where there is no header to say it */
    MEMORY = 8,     /* of 9: what deflateInit takes */
    BETWEEN = 128,  /* of data_type: a block has ended, and none begun */
    TAIL = 4,       /* 00 00 ff ff, the end of every message, is not sent */
    ROOM = 1024     /* least step of what comes out */
};

struct xie_deflate {
    struct xie_deflate_terms terms;
    z_stream pack, unpack;
    bool packing, unpacking; /* those are set up */
};

static void *get(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    return count && size > SIZE_MAX / count ? NULL : xie_alloc((size_t)count * size);
}

static void put(void *opaque, void *memory)
{
    (void)opaque;
    xie_release(memory);
}

bool xie_deflate_built(void)
{
    return true;
}

struct xie_deflate *xie_deflate_new(const struct xie_deflate_terms *terms)
{
    struct xie_deflate *deflate = xie_alloc_zero(sizeof *deflate);
    if (!deflate)
        return NULL;
    deflate->terms = *terms;
    deflate->pack.zalloc = deflate->unpack.zalloc = get;
    deflate->pack.zfree = deflate->unpack.zfree = put;
    return deflate;
}

static void stop_packing(struct xie_deflate *deflate)
{
    if (deflate->packing)
        deflateEnd(&deflate->pack);
    deflate->packing = false;
}

static void stop_unpacking(struct xie_deflate *deflate)
{
    if (deflate->unpacking)
        inflateEnd(&deflate->unpack);
    deflate->unpacking = false;
}

void xie_deflate_free(struct xie_deflate *deflate)
{
    if (!deflate)
        return;
    stop_packing(deflate);
    stop_unpacking(deflate);
    xie_release(deflate);
}

bool xie_deflate_able(const struct xie_deflate *deflate)
{
    return deflate->terms.own_bits >= LEAST_BITS;
}

void xie_deflate_forget(struct xie_deflate *deflate)
{
    if (deflate->packing)
        deflateReset(&deflate->pack);
}

/* --- packing --------------------------------------------------------------------------- */

static int start_packing(struct xie_deflate *deflate)
{
    if (deflate->packing)
        return 0;
    if (deflateInit2(&deflate->pack, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -deflate->terms.own_bits,
                     MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    deflate->packing = true;
    return 0;
}

/* zlib counts in unsigned int. */
static unsigned bounded(size_t len)
{
    return len < UINT_MAX ? (unsigned)len : UINT_MAX;
}

/* Up to the flush, which ends in TAIL whole bytes. */
static int pack_all(z_stream *pack, const unsigned char *data, size_t len, struct xie_bytes *out)
{
    size_t left = len;
    do {
        if (xie_bytes_reserve(out, left / 2 + ROOM) < 0)
            return -ENOMEM;
        unsigned in = bounded(left), room = bounded(xie_bytes_room(out));
        pack->next_in = (unsigned char *)(uintptr_t)data;
        pack->avail_in = in;
        pack->next_out = (unsigned char *)xie_bytes_end(out);
        pack->avail_out = room;
        deflate(pack, in < left ? Z_NO_FLUSH : Z_SYNC_FLUSH);
        out->len += room - pack->avail_out;
        data += in - pack->avail_in;
        left -= in - pack->avail_in;
    } while (left || !pack->avail_out);
    return 0;
}

int xie_deflate_pack(struct xie_deflate *deflate, const void *data, size_t len,
                     struct xie_bytes *out)
{
    int err = start_packing(deflate);
    if (!err)
        err = pack_all(&deflate->pack, data, len, out);
    if (!err)
        out->len -= TAIL;
    if (deflate->terms.own_alone)
        stop_packing(deflate);
    else if (err)
        xie_deflate_forget(deflate);
    return err;
}

/* --- unpacking ------------------------------------------------------------------------- */

static int start_unpacking(struct xie_deflate *deflate)
{
    int bits = deflate->terms.peer_bits;
    if (deflate->unpacking)
        return 0;
    if (inflateInit2(&deflate->unpack, bits < LEAST_BITS ? -LEAST_BITS : -bits) != Z_OK)
        return -ENOMEM;
    deflate->unpacking = true;
    return 0;
}

static int told(int result)
{
    if (result == Z_MEM_ERROR)
        return -ENOMEM;
    return result == Z_DATA_ERROR || result == Z_NEED_DICT || result == Z_STREAM_ERROR
               ? XIE_EWS_PROTOCOL
               : 0;
}

/* One step: what comes out is never more than limit, and a byte beyond it betrays the rest. */
static int unpack_some(z_stream *unpack, struct xie_bytes *out, size_t limit)
{
    unsigned char beyond = 0;
    size_t left = limit - out->len;
    if (left && xie_bytes_reserve(out, left < ROOM ? left : ROOM) < 0)
        return -ENOMEM;
    size_t room = xie_bytes_room(out);
    unsigned cap = bounded(room < left ? room : left);
    unpack->next_out = left ? (unsigned char *)xie_bytes_end(out) : &beyond;
    unpack->avail_out = left ? cap : 1;
    int result = inflate(unpack, Z_SYNC_FLUSH);
    if (!left && !unpack->avail_out)
        return XIE_ELIMIT;
    if (left)
        out->len += cap - unpack->avail_out;
    /* Who compresses may end a stream within a message (section 7.2.3.4): the next one goes on
     * with the same history. */
    if (result == Z_STREAM_END)
        result = inflateResetKeep(unpack);
    return told(result);
}

static int unpack_all(z_stream *unpack, const unsigned char *data, size_t len,
                      struct xie_bytes *out, size_t limit)
{
    int err = 0;
    bool full = false;
    while (!err && (len || full)) {
        unsigned in = bounded(len);
        unpack->next_in = (unsigned char *)(uintptr_t)data;
        unpack->avail_in = in;
        err = unpack_some(unpack, out, limit);
        full = !unpack->avail_out;
        data += in - unpack->avail_in;
        len -= in - unpack->avail_in;
    }
    return err;
}

int xie_deflate_unpack(struct xie_deflate *deflate, const void *data, size_t len, bool end,
                       struct xie_bytes *out, size_t limit)
{
    static const unsigned char tail[TAIL] = {0, 0, 0xff, 0xff};
    int err = start_unpacking(deflate);
    if (!err)
        err = unpack_all(&deflate->unpack, data, len, out, limit);
    if (!err && end)
        err = unpack_all(&deflate->unpack, tail, TAIL, out, limit);
    if (!err && end && !(deflate->unpack.data_type & BETWEEN))
        err = XIE_EWS_PROTOCOL; /* cut off within a block */
    if (end && deflate->terms.peer_alone)
        stop_unpacking(deflate);
    return err;
}
