/* buffer.c - text that grows; the first failure is kept.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/buffer.h"

#include <string.h>

#include "base/memory.h"
#include "onebot/utf8.h"

static bool reserve(struct onebot_buffer *buffer, size_t more)
{
    size_t need = buffer->len + more + 1;
    if (buffer->failed)
        return false;
    if (buffer->text && need <= buffer->cap)
        return true;
    size_t cap = need < 64 ? 64 : need + need / 2;
    char *text = xie_resize(buffer->text, cap);
    if (!text) {
        buffer->failed = true;
        return false;
    }
    buffer->text = text;
    buffer->cap = cap;
    return true;
}

void onebot_buffer_add(struct onebot_buffer *buffer, const char *text, size_t len)
{
    if (!reserve(buffer, len))
        return;
    if (len)
        memcpy(buffer->text + buffer->len, text, len);
    buffer->len += len;
    buffer->text[buffer->len] = 0;
}

static int add_piece(const char *text, size_t len, void *buffer)
{
    onebot_buffer_add(buffer, text, len);
    return 0;
}

void onebot_buffer_add_json(struct onebot_buffer *buffer, const json_t *value)
{
    if (json_dump_callback(value, add_piece, buffer,
                           JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)))
        buffer->failed = true;
}

void onebot_buffer_clear(struct onebot_buffer *buffer)
{
    xie_release(buffer->text);
    *buffer = (struct onebot_buffer){0};
}

/* The bytes from text to end, repaired; 0 bytes stand for themselves. */
static void add_repaired(struct onebot_buffer *buffer, const char *text, const char *end)
{
    while (text < end) {
        char next[5] = {0}; /* bounded: text need not have a 0 byte behind */
        memcpy(next, text, (size_t)(end - text) < 4 ? (size_t)(end - text) : 4);
        size_t step = *text ? onebot_utf8_char(next) : 1;
        if (step)
            onebot_buffer_add(buffer, text, step);
        else
            onebot_buffer_add(buffer, "\xEF\xBF\xBD", 3);
        text += step ? step : 1;
    }
}

json_t *onebot_json_text(const char *text, size_t len)
{
    json_t *string = json_stringn(text, len); /* NULL: not UTF-8, or no memory */
    if (string)
        return string;
    struct onebot_buffer fixed = {0};
    add_repaired(&fixed, text, text + len);
    if (!fixed.failed)
        string = json_stringn(fixed.text ? fixed.text : "", fixed.len);
    onebot_buffer_clear(&fixed);
    return string;
}
