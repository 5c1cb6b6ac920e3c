/* pattern.h - is this what was expected: texts with stars, parts of JSON.
 * Kit, ground. Pure functions. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_PATTERN_H
#define KIT_PATTERN_H

#include <stdbool.h>

#include <jansson.h>

/* "*" is any text, "\*" a star, "\\" a backslash; the whole text must fit. */
bool kit_fits(const char *pattern, const char *text);

/* Is all of expected in value? Objects may have more members, strings are patterns, a number may
 * be its own string, a boolean 0 or 1. */
bool kit_has(const json_t *value, const json_t *expected);

#endif
