/* field.c - what may stand in the name and value of a header field.
 * Floor 8. Rules of RFC 9110 section 5 and RFC 3986 section 2.1; no state, no memory. */
/* SPDX-License-Identifier: MIT */
#include "field.h"

#include <string.h>
#include <strings.h>
#include <xie/error.h>

bool xie_field_token(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return c && strchr("!#$%&'*+-.^_`|~", c);
}

bool xie_field_name_ok(const char *name)
{
    size_t len = 0;
    while (xie_field_token(name[len]))
        len++;
    return len > 0 && !name[len];
}

bool xie_field_value_ok(const char *value)
{
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool xie_field_has(const char *list, const char *word)
{
    size_t len = strlen(word);
    while (list && *list) {
        list += strspn(list, " \t,");
        size_t item = strcspn(list, ",");
        size_t end = item;
        while (end && (list[end - 1] == ' ' || list[end - 1] == '\t'))
            end--;
        if (end == len && !strncasecmp(list, word, len))
            return true;
        list += item;
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ssize_t xie_field_unescape(char *out, const char *in, size_t len, bool plus)
{
    size_t used = 0;
    for (size_t at = 0; at < len; at++) {
        char c = in[at];
        if (c == '%') {
            int high = len - at > 2 ? hex_digit(in[at + 1]) : -1;
            int low = high < 0 ? -1 : hex_digit(in[at + 2]);
            if (low < 0 || !(high | low))
                return XIE_EHTTP;
            c = (char)(high << 4 | low);
            at += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[used++] = c;
    }
    return (ssize_t)used;
}
