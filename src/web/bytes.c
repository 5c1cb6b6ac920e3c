/* bytes.c - a row of bytes that grows at its end and is taken from its front.
 * Floor 8. Growth doubles, so appending costs amortised constant time per byte. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_CAP = 64 };

size_t xie_bytes_room(const struct xie_bytes *bytes)
{
    return bytes->cap - bytes->start - bytes->len;
}

char *xie_bytes_end(const struct xie_bytes *bytes)
{
    return bytes->data + bytes->start + bytes->len;
}

int xie_bytes_reserve(struct xie_bytes *bytes, size_t room)
{
    if (xie_bytes_room(bytes) >= room && bytes->data)
        return 0;
    /* Moving pays only when it frees at least half: else it would happen for each byte. */
    if (bytes->cap - bytes->len >= room && bytes->start >= bytes->cap / 2 && bytes->data) {
        memmove(bytes->data, bytes->data + bytes->start, bytes->len);
        bytes->start = 0;
        return 0;
    }
    size_t used = bytes->start + bytes->len;
    if (room > SIZE_MAX / 2 - used)
        return -ENOMEM;
    size_t cap = bytes->cap ? bytes->cap : FIRST_CAP;
    while (cap < used + room)
        cap *= 2;
    char *data = xie_resize(bytes->data, cap);
    if (!data)
        return -ENOMEM;
    bytes->data = data;
    bytes->cap = cap;
    return 0;
}

int xie_bytes_add(struct xie_bytes *bytes, const void *data, size_t len)
{
    int err = xie_bytes_reserve(bytes, len);
    if (err < 0)
        return err;
    if (len)
        memcpy(xie_bytes_end(bytes), data, len);
    bytes->len += len;
    return 0;
}

void xie_bytes_take(struct xie_bytes *bytes, size_t len)
{
    bytes->start += len;
    bytes->len -= len;
    if (!bytes->len)
        bytes->start = 0;
}

void xie_bytes_clear(struct xie_bytes *bytes)
{
    bytes->start = bytes->len = 0;
}

void xie_bytes_fini(struct xie_bytes *bytes)
{
    xie_release(bytes->data);
    *bytes = (struct xie_bytes){0};
}
