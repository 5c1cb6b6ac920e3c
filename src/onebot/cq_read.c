/* cq_read.c - a message in any form as an array of segments.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/cq.h"
#include "onebot/message.h"

/* --- from a string ------------------------------------------------------------------ */

/* Unescaped in place; text is the caller's copy. */
static json_t *unescaped(char *text, size_t len, bool value)
{
    return onebot_json_text(text, onebot_cq_unescape(text, len, value));
}

/* The same of a name, which has no 0 bytes: they count as no part of a character. */
static json_t *unescaped_name(char *text, size_t len)
{
    for (char *zero = text; (zero = memchr(zero, 0, len - (size_t)(zero - text)));)
        *zero = '\xFF';
    return unescaped(text, len, true);
}

/* "key=value" into data; without "=" the value is "". Of one key twice the last counts. */
static bool set_pair(json_t *data, char *pair, size_t len)
{
    char *equals = memchr(pair, '=', len);
    size_t key_len = equals ? (size_t)(equals - pair) : len;
    size_t skip = equals ? key_len + 1 : key_len;
    json_t *value = unescaped(pair + skip, len - skip, true);
    json_t *key = unescaped_name(pair, key_len);
    bool fine = key && value;
    if (fine)
        fine = json_object_setn_new(data, json_string_value(key), json_string_length(key),
                                    json_incref(value)) == 0;
    json_decref(key);
    json_decref(value);
    return fine;
}

static json_t *read_pairs(char *text, char *end)
{
    json_t *data = json_object();
    while (data && text < end) {
        char *comma = memchr(text, ',', (size_t)(end - text));
        char *stop = comma ? comma : end;
        if (stop > text && !set_pair(data, text, (size_t)(stop - text))) {
            json_decref(data);
            return NULL;
        }
        text = comma ? comma + 1 : end;
    }
    return data;
}

static json_t *segment_of(json_t *type, json_t *data)
{
    if (type && data)
        return json_pack("{s:o, s:o}", "type", type, "data", data);
    json_decref(type);
    json_decref(data);
    return NULL;
}

/* What stands between "[CQ:" and "]". */
static json_t *read_code(char *text, size_t len)
{
    char *comma = memchr(text, ',', len), *end = text + len;
    char *name_end = comma ? comma : end;
    json_t *data = read_pairs(comma ? comma + 1 : end, end);
    return segment_of(unescaped_name(text, (size_t)(name_end - text)), data);
}

static json_t *read_text(char *text, size_t len)
{
    json_t *string = unescaped(text, len, false);
    json_t *data = string ? json_pack("{s:o}", "text", string) : NULL;
    return segment_of(data ? json_string("text") : NULL, data);
}

/* copy is worked upon, and has a 0 byte at its end. */
static void parse(struct onebot_message *message, char *copy, size_t len)
{
    struct onebot_cq_reader reader = {.text = copy, .end = copy + len};
    struct onebot_cq_piece piece;
    while (!message->error && onebot_cq_next(&reader, &piece)) {
        char *text = copy + (piece.text - copy);
        onebot_message_push(message,
                            piece.code ? read_code(text, piece.len) : read_text(text, piece.len));
    }
}

void onebot_message_parse(struct onebot_message *message, const char *text, size_t len)
{
    if (message->error || !len)
        return;
    char *copy = xie_alloc(len + 1);
    if (!copy) {
        onebot_message_fail(message, -ENOMEM);
        return;
    }
    memcpy(copy, text, len);
    copy[len] = 0;
    parse(message, copy, len);
    xie_release(copy);
}

/* --- from JSON ---------------------------------------------------------------------- */

static json_t *as_string(const json_t *value)
{
    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "1" : "0");
    struct onebot_buffer text = {0};
    onebot_buffer_add_json(&text, value);
    json_t *string = text.failed ? NULL : json_stringn(text.text, text.len);
    onebot_buffer_clear(&text);
    return string;
}

static bool is_plain(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value);
}

static bool is_standard(const json_t *data)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)data, key, value) if (is_plain(value)) return false;
    return json_is_object(data);
}

/* A copy whose numbers and booleans are strings; of what is no object, an empty one. */
static json_t *standard_data(const json_t *data)
{
    const char *key;
    size_t len;
    json_t *value, *copy = json_object();
    if (!copy)
        return NULL;
    json_object_keylen_foreach((json_t *)data, key, len, value)
    {
        json_t *member = is_plain(value) ? as_string(value) : json_incref(value);
        if (!member || json_object_setn_new(copy, key, len, member)) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy;
}

static void add_segment(struct onebot_message *message, json_t *segment)
{
    enum onebot_segment_kind kind;
    json_t *data = json_object_get(segment, "data");
    json_t *type = json_object_get(segment, "type");
    if (!json_string_length(type))
        return;
    if (!onebot_segment_shape(type, &kind) || is_standard(data))
        onebot_message_push(message, json_incref(segment));
    else
        onebot_message_push(message, segment_of(json_incref(type), standard_data(data)));
}

void onebot_message_read(struct onebot_message *message, const json_t *json)
{
    if (message->error)
        return;
    if (json_is_string(json))
        onebot_message_parse(message, json_string_value(json), json_string_length(json));
    if (json_is_object(json))
        add_segment(message, (json_t *)json);
    for (size_t i = 0; i < json_array_size(json); i++)
        add_segment(message, json_array_get(json, i));
}
