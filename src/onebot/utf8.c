/* utf8.c - text that may be broken, made fit for JSON and for a line of a log.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The table of RFC 3629 section 4: the second byte's range depends on the first. */
size_t onebot_utf8_char(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return s[0] != 0;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < low || s[1] > high)
        return 0;
    if (s[0] < 0xE0)
        return 2;
    if (!continues(s[2]))
        return 0;
    if (s[0] < 0xF0)
        return 3;
    return continues(s[3]) ? 4 : 0;
}

char *onebot_utf8_repair(const char *text)
{
    size_t broken = 0, len = 0;
    for (size_t step; text[len]; len += step) {
        step = onebot_utf8_char(text + len);
        broken += step == 0;
        step += step == 0;
    }
    char *fixed = xie_alloc(len + broken * (sizeof replacement - 2) + 1);
    if (!fixed)
        return NULL;
    char *to = fixed;
    while (*text) {
        size_t step = onebot_utf8_char(text);
        const char *from = step ? text : replacement;
        size_t count = step ? step : sizeof replacement - 1;
        memcpy(to, from, count);
        to += count;
        text += step ? step : 1;
    }
    *to = 0;
    return fixed;
}

/* Is the rest of the string the beginning of a character? */
static bool unfinished(const char *text)
{
    unsigned char first = (unsigned char)*text;
    size_t want = first > 0xF4 ? 0 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
    return strlen(text) < want;
}

void onebot_utf8_one_line(char *text, bool cut)
{
    while (*text) {
        size_t step = onebot_utf8_char(text);
        if (!step && cut && unfinished(text)) {
            *text = 0;
            return;
        }
        unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
        if (!step || first < 0x20 || first == 0x7F)
            *text = '?';
        else if (first == 0xC2 && second < 0xA0) /* U+0080 to U+009F */
            text[0] = text[1] = '?';
        text += step ? step : 1;
    }
}

char *onebot_utf8_format(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = len < 0 ? NULL : xie_alloc((size_t)len + 1);
    if (!text)
        return NULL;
    vsnprintf(text, (size_t)len + 1, format, args);
    char *fixed = onebot_utf8_repair(text);
    xie_release(text);
    return fixed;
}
