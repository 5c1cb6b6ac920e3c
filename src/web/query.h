/* query.h - pairs of names and values: a query, or a form in a body.
 * Floor 8. Decoded into one row of bytes: name, 0, value, 0, … */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_QUERY_H
#define XIE_WEB_QUERY_H

#include <stdbool.h>

#include "bytes.h"

/* What len bytes of a target or a form need at most, decoded: each pair takes two 0 bytes for its
 * "=" and "&", the last one more. */
static inline size_t xie_query_room(size_t len)
{
    return 2 * len + 8;
}

/* Append text decoded, and a 0 byte; plus: a '+' is a space. There must be room. false: it is
 * malformed. */
bool xie_query_text(struct xie_bytes *target, const char *text, size_t len, bool plus);
/* The same for each pair of a query, which may be NULL when len is 0. */
bool xie_query_pairs(struct xie_bytes *target, const char *query, size_t len);

#endif
