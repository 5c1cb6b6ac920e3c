/* parse.c - JSON that comes from outside: bounded in depth, lenient about numbers in strings.
 * Gateway, ground. */
/* SPDX-License-Identifier: MIT */
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xie/onebot.h>

json_t *parse_object(const char *text, size_t len, char why[PARSE_WHY])
{
    json_error_t error;
    if (len == 0) {
        snprintf(why, PARSE_WHY, "empty: a JSON object is expected");
        return NULL;
    }
    json_t *root = onebot_decode(text, len, JSON_DECODE_ANY, &error);
    if (!root) {
        snprintf(why, PARSE_WHY, "not valid JSON: line %d, column %d: %.120s", error.line,
                 error.column, error.text);
        parse_repair(why);
        return NULL;
    }
    if (!json_is_object(root)) {
        snprintf(why, PARSE_WHY, "a JSON object is expected");
        json_decref(root);
        return NULL;
    }
    return root;
}

bool parse_number(const char *text, int64_t *integer)
{
    char *end;
    if ((*text < '0' || *text > '9') && *text != '-')
        return false; /* strtoll would skip blanks and take a plus */
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return false;
    *integer = number;
    return true;
}

bool parse_integer(const json_t *value, int64_t *integer)
{
    if (json_is_string(value))
        return parse_number(json_string_value(value), integer);
    if (!json_is_integer(value))
        return false;
    *integer = json_integer_value(value);
    return true;
}

bool parse_flag(const json_t *value, bool *flag)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            *flag = i % 2;
            return true;
        }
    }
    if (json_is_boolean(value)) {
        *flag = json_is_true(value);
        return true;
    }
    if (!json_is_integer(value) || (json_integer_value(value) & ~1LL))
        return false;
    *flag = json_integer_value(value) == 1;
    return true;
}

/* The bytes of the character that text begins with; 0: of none. RFC 3629, section 4. */
static size_t character(const unsigned char *text)
{
    static const struct {
        unsigned char first, last; /* of its first byte */
        unsigned char least, most; /* of its second */
        unsigned char bytes;
    } kinds[] = {
        {0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    size_t i = 0, len = 2;
    while (i < sizeof kinds / sizeof *kinds && (*text < kinds[i].first || *text > kinds[i].last))
        i++;
    if (i == sizeof kinds / sizeof *kinds || text[1] < kinds[i].least || text[1] > kinds[i].most)
        return 0;
    while (len < kinds[i].bytes && (text[len] & 0xc0) == 0x80)
        len++;
    return len < kinds[i].bytes ? 0 : kinds[i].bytes;
}

void parse_repair(char *text)
{
    char *end = text;
    while (*text) {
        size_t len = character((const unsigned char *)text);
        memmove(end, text, len);
        end += len;
        text += len ? len : 1;
    }
    *end = 0;
}

bool parse_utf8(const char *text)
{
    size_t len = 1;
    for (; *text && len; text += len)
        len = character((const unsigned char *)text);
    return len;
}

size_t parse_characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}
