/* cq.c - the text form of messages: CQ codes, escaped and taken apart.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/cq.h"

#include <string.h>

#include "base/memory.h"

static const struct {
    char plain;
    bool value_only;
    char escaped[6];
} escapes[] = {
    {'&', false, "&amp;"},
    {'[', false, "&#91;"},
    {']', false, "&#93;"},
    {',', true, "&#44;"},
};
enum { ESCAPES = sizeof escapes / sizeof *escapes, ESCAPED_LEN = 5 };

static const char *escaped_form(char plain, bool value)
{
    for (size_t i = 0; i < ESCAPES; i++)
        if (escapes[i].plain == plain && (value || !escapes[i].value_only))
            return escapes[i].escaped;
    return NULL;
}

void onebot_cq_escape(struct onebot_buffer *to, const char *text, size_t len, bool value)
{
    if (!len) {
        onebot_buffer_add(to, "", 0); /* text may be NULL */
        return;
    }
    size_t plain = 0; /* bytes before text[i] that stand for themselves */
    for (size_t i = 0; i < len; i++) {
        const char *form = escaped_form(text[i], value);
        plain++;
        if (!form)
            continue;
        onebot_buffer_add(to, text + i + 1 - plain, plain - 1);
        onebot_buffer_add(to, form, ESCAPED_LEN);
        plain = 0;
    }
    onebot_buffer_add(to, text + len - plain, plain);
}

/* Which escape text begins with; ESCAPES: none. */
static size_t find_escape(const char *text, size_t len, bool value)
{
    for (size_t i = 0; i < ESCAPES && len >= ESCAPED_LEN; i++)
        if ((value || !escapes[i].value_only) && !memcmp(text, escapes[i].escaped, ESCAPED_LEN))
            return i;
    return ESCAPES;
}

/* One pass from the left is the same as replacing &amp; last: what an escape leaves behind is
 * not looked at again. */
size_t onebot_cq_unescape(char *text, size_t len, bool value)
{
    size_t from = 0, to = 0;
    while (from < len) {
        size_t i = find_escape(text + from, len - from, value);
        text[to++] = i < ESCAPES ? escapes[i].plain : text[from];
        from += i < ESCAPES ? ESCAPED_LEN : 1;
    }
    return to;
}

/* Length of the code "[CQ:…]" that the rest begins with; 0 when it begins with none. */
static size_t code_length(struct onebot_cq_reader *reader, const char *at)
{
    size_t len = (size_t)(reader->end - at);
    if (reader->unclosed || len < 6 || memcmp(at, "[CQ:", 4) != 0)
        return 0;
    if (at[4] == ']' || at[4] == ',') /* without a name; seen before the end is looked for */
        return 0;
    const char *end = memchr(at, ']', len);
    reader->unclosed = !end;
    return end ? (size_t)(end - at) + 1 : 0;
}

bool onebot_cq_next(struct onebot_cq_reader *reader, struct onebot_cq_piece *piece)
{
    const char *at = reader->text;
    if (at == reader->end)
        return false;
    size_t code = code_length(reader, at);
    if (code) {
        *piece = (struct onebot_cq_piece){.code = true, .text = at + 4, .len = code - 5};
        reader->text = at + code;
        return true;
    }
    do {
        at = memchr(at + 1, '[', (size_t)(reader->end - at) - 1);
    } while (at && !code_length(reader, at));
    at = at ? at : reader->end;
    *piece = (struct onebot_cq_piece){.text = reader->text, .len = (size_t)(at - reader->text)};
    reader->text = at;
    return true;
}

/* --- words -------------------------------------------------------------------------- */

/* Words being gathered; the capacity was counted before. */
struct words {
    char *text;
    size_t len;
};

static void add(struct words *words, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i])
            words->text[words->len++] = text[i];
}

static void add_string(struct words *words, const char *text, size_t len)
{
    struct onebot_cq_reader reader = {.text = text, .end = text + len};
    struct onebot_cq_piece piece;
    while (onebot_cq_next(&reader, &piece)) {
        if (piece.code)
            continue;
        size_t start = words->len;
        add(words, piece.text, piece.len);
        words->len = start + onebot_cq_unescape(words->text + start, words->len - start, false);
    }
}

/* The string in a text segment; NULL for other segments. */
static const json_t *segment_text(const json_t *segment)
{
    const char *type = json_string_value(json_object_get(segment, "type"));
    if (!type || strcmp(type, "text") != 0)
        return NULL;
    return json_object_get(json_object_get(segment, "data"), "text");
}

static size_t most_bytes(const json_t *message)
{
    size_t sum = json_string_length(message) + json_string_length(segment_text(message));
    for (size_t i = 0; i < json_array_size(message); i++)
        sum += json_string_length(segment_text(json_array_get(message, i)));
    return sum;
}

static void add_segment(struct words *words, const json_t *segment)
{
    const json_t *text = segment_text(segment);
    if (json_is_string(text))
        add(words, json_string_value(text), json_string_length(text));
}

char *onebot_cq_text(const json_t *message)
{
    struct words words = {.text = xie_alloc(most_bytes(message) + 1)};
    if (!words.text)
        return NULL;
    if (json_is_string(message))
        add_string(&words, json_string_value(message), json_string_length(message));
    add_segment(&words, message);
    for (size_t i = 0; i < json_array_size(message); i++)
        add_segment(&words, json_array_get(message, i));
    words.text[words.len] = 0;
    return words.text;
}
