/* pattern.c - is this what was expected: texts with stars, parts of JSON.
 * Kit, ground. Linear in the text for one star after the other: only the latest is tried again. */
/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <stdio.h>
#include <string.h>

/* The byte that pattern begins with, an escape counted as what it means; *len: how long it is. */
static char literal(const char *pattern, size_t *len)
{
    bool escape = pattern[0] == '\\' && (pattern[1] == '*' || pattern[1] == '\\');
    *len = escape ? 2 : 1;
    return pattern[*len - 1];
}

bool kit_fits(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL; /* behind the latest star; where it was tried */
    for (;;) {
        size_t len;
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
            continue;
        }
        if (!*pattern && !*text)
            return true;
        if (*pattern && *text && literal(pattern, &len) == *text) {
            pattern += len;
            text++;
            continue;
        }
        if (!star || !*from)
            return false;
        pattern = star;
        text = ++from;
    }
}

/* A number, boolean or string as the text that it would be in a form. */
static bool as_text(const json_t *value, char text[64])
{
    if (json_is_integer(value))
        snprintf(text, 64, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, 64, "%.15g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(text, 64, "%s", json_is_true(value) ? "true" : "false");
    else
        return false;
    return true;
}

static bool has_flag(const json_t *value, bool expected)
{
    const char *text = json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) == expected;
    if (json_is_integer(value))
        return json_integer_value(value) == expected;
    return text &&
           (!strcmp(text, expected ? "true" : "false") || !strcmp(text, expected ? "1" : "0"));
}

static bool has_scalar(const json_t *value, const json_t *expected)
{
    char mine[64], theirs[64];
    if (json_is_boolean(expected))
        return has_flag(value, json_is_true(expected));
    const char *pattern = json_string_value(expected), *text = json_string_value(value);
    if (!text && as_text(value, theirs))
        text = theirs;
    if (pattern)
        return text && kit_fits(pattern, text);
    return as_text(expected, mine) && text && !strcmp(mine, text);
}

bool kit_has(const json_t *value, const json_t *expected)
{
    const char *name;
    json_t *part;
    size_t i;
    if (json_is_object(expected)) {
        json_object_foreach((json_t *)expected, name, part)
        {
            const json_t *own = json_object_get(value, name);
            if (!own || !kit_has(own, part))
                return false;
        }
        return json_is_object(value);
    }
    if (json_is_array(expected)) {
        json_array_foreach(expected, i, part)
        {
            if (!kit_has(json_array_get(value, i), part))
                return false;
        }
        return json_is_array(value) && json_array_size(value) == json_array_size(expected);
    }
    if (json_is_null(expected))
        return json_is_null(value);
    return value && has_scalar(value, expected);
}
