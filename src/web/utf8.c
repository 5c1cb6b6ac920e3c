/* utf8.c - is this text?
 * Floor 8. Checks what is sent; what is received, wslay checks as it comes. */
/* SPDX-License-Identifier: MIT */
#include "utf8.h"

#include <stdint.h>

/* How many bytes the character at `at` has, 0 if it is none; left: bytes there are. */
static size_t character(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0], low = 0x80, high = 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (len > left)
        return 0;
    /* The second byte excludes overlong forms, surrogates and what lies beyond. */
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

bool xie_web_utf8(const void *data, size_t len)
{
    const uint8_t *at = data;
    for (size_t step; len; at += step, len -= step) {
        step = character(at, len);
        if (!step)
            return false;
    }
    return true;
}
