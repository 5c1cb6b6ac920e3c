/* bytes.h - a row of bytes that grows at its end and is taken from its front.
 * Floor 8. What was read and not yet understood; a body or message being put together. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_BYTES_H
#define XIE_WEB_BYTES_H

#include <stddef.h>

/* Zero is a valid empty one. */
struct xie_bytes {
    char *data;
    size_t start; /* of the first byte in data */
    size_t len;   /* bytes used from there */
    size_t cap;   /* bytes allocated at data */
};

/* The first byte; NULL only when nothing was ever reserved. */
static inline char *xie_bytes_first(const struct xie_bytes *bytes)
{
    return bytes->start ? bytes->data + bytes->start : bytes->data;
}

/* Have room for so many bytes after the last; moves what there is. 0 or -ENOMEM. */
int xie_bytes_reserve(struct xie_bytes *bytes, size_t room);
/* Where the next byte goes, and for how many there is room. */
char *xie_bytes_end(const struct xie_bytes *bytes);
size_t xie_bytes_room(const struct xie_bytes *bytes);
/* Copy some in at the end. 0 or -ENOMEM, then nothing has changed. */
int xie_bytes_add(struct xie_bytes *bytes, const void *data, size_t len);
/* Drop len bytes from the front. */
void xie_bytes_take(struct xie_bytes *bytes, size_t len);
/* Drop everything; memory stays. */
void xie_bytes_clear(struct xie_bytes *bytes);
/* Give the memory back: empty again. */
void xie_bytes_fini(struct xie_bytes *bytes);

#endif
