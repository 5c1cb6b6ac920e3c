/* utf8.h - text that may be broken, made fit for JSON and for a line of a log.
 * Floor 9. Knows RFC 3629 only. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_UTF8_H
#define XIE_ONEBOT_UTF8_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed character at text, 1..4; 0 when there is none. The string's end
 * (a 0 byte) counts as none. */
size_t onebot_utf8_char(const char *text);

/* A copy with every byte that is not part of a character turned into U+FFFD; NULL when there
 * is no memory. Released by xie_release. */
char *onebot_utf8_repair(const char *text);

/* Make text one line in place: control characters (C1 included) and broken bytes become '?'.
 * cut: the end was cut off, perhaps inside a character, which is then dropped. */
void onebot_utf8_one_line(char *text, bool cut);

/* printf into memory of its own, repaired; NULL when there is none. */
char *onebot_utf8_format(const char *format, va_list args);

#endif
