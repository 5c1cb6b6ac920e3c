/* deflate.h - messages of a WebSocket made smaller, and whole again.
 * Floor 8. RFC 7692 section 7.2, by zlib where this build has it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_DEFLATE_H
#define XIE_WEB_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

/* What both sides agreed upon. */
struct xie_deflate_terms {
    bool on;
    bool own_alone, peer_alone; /* each message of that side by itself, without a history */
    int own_bits, peer_bits;    /* the windows of those who compress: 8..15 */
};

struct xie_deflate;

/* Is there a zlib in this build? */
bool xie_deflate_built(void);
/* Little memory before the first message. NULL: none to be had. */
struct xie_deflate *xie_deflate_new(const struct xie_deflate_terms *terms);
void xie_deflate_free(struct xie_deflate *deflate); /* NULL is allowed */

/* Can messages be compressed in a window so small as was agreed? zlib has none of 8 bits. */
bool xie_deflate_able(const struct xie_deflate *deflate);

/**
 * Compress a message.
 *
 * out     receives it, at its end
 * errors  -ENOMEM; then the next message has no history
 * cost    256 KiB of memory; kept for the next one, unless each goes by itself
 */
int xie_deflate_pack(struct xie_deflate *deflate, const void *data, size_t len,
                     struct xie_bytes *out);
/* The last message is not going to be sent: the next one may not refer to it. */
void xie_deflate_forget(struct xie_deflate *deflate);

/**
 * Undo it, piece by piece.
 *
 * end     there is no more of the message
 * limit   of the bytes in out, beyond it XIE_ELIMIT
 * errors  XIE_EWS_PROTOCOL it is not compressed data; -ENOMEM
 * cost    memory follows what came out, never more than limit; and 44 KiB
 */
int xie_deflate_unpack(struct xie_deflate *deflate, const void *data, size_t len, bool end,
                       struct xie_bytes *out, size_t limit);

#endif
