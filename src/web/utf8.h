/* utf8.h - is this text?
 * Floor 8. RFC 3629. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_UTF8_H
#define XIE_WEB_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF, nothing cut off. */
bool xie_web_utf8(const void *data, size_t len);

#endif
