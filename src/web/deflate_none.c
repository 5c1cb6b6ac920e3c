/* deflate_none.c - a build without zlib compresses nothing, and agrees to nothing.
 * Floor 8. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "deflate.h"

bool xie_deflate_built(void)
{
    return false;
}

struct xie_deflate *xie_deflate_new(const struct xie_deflate_terms *terms)
{
    (void)terms;
    return NULL;
}

void xie_deflate_free(struct xie_deflate *deflate)
{
    (void)deflate;
}

bool xie_deflate_able(const struct xie_deflate *deflate)
{
    (void)deflate;
    return false;
}

void xie_deflate_forget(struct xie_deflate *deflate)
{
    (void)deflate;
}

int xie_deflate_pack(struct xie_deflate *deflate, const void *data, size_t len,
                     struct xie_bytes *out)
{
    (void)deflate;
    (void)data;
    (void)len;
    (void)out;
    return -EPROTONOSUPPORT;
}

int xie_deflate_unpack(struct xie_deflate *deflate, const void *data, size_t len, bool end,
                       struct xie_bytes *out, size_t limit)
{
    (void)deflate;
    (void)data;
    (void)len;
    (void)end;
    (void)out;
    (void)limit;
    return -EPROTONOSUPPORT;
}
