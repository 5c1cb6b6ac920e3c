/* field.h - what may stand in the name and value of a header field.
 * Floor 8. RFC 9110 section 5. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_FIELD_H
#define XIE_WEB_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A character of a token (names, methods). */
bool xie_field_token(char c);
/* A name that may be sent: a token of at least one character. */
bool xie_field_name_ok(const char *name);
/* A value that may be sent: no control character but the tab; so no line can be added. */
bool xie_field_value_ok(const char *value);
/* Is word, in any case, an element of this comma-separated list? NULL has none. */
bool xie_field_has(const char *list, const char *word);

/**
 * Undo percent-encoding.
 *
 * out     receives at most len bytes, and may be in
 * plus    a '+' is a space, as forms write it
 * return  bytes written
 * errors  XIE_EHTTP a '%' without two hexadecimal digits, or one that makes a 0 byte
 */
ssize_t xie_field_unescape(char *out, const char *in, size_t len, bool plus);

#endif
