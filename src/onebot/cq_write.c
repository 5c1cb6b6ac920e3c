/* cq_write.c - a message as a string in CQ form.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/cq.h"
#include "onebot/message.h"

static void write_message(struct onebot_buffer *to, const json_t *message);

static void add(struct onebot_buffer *to, const char *text)
{
    onebot_buffer_add(to, text, strlen(text));
}

static void add_string(struct onebot_buffer *to, const json_t *string, bool value)
{
    onebot_cq_escape(to, json_string_value(string), json_string_length(string), value);
}

/* What can be written only by other means first, as a value. */
static void add_escaped(struct onebot_buffer *to, const json_t *value, bool message)
{
    struct onebot_buffer text = {0};
    if (message)
        write_message(&text, value);
    else
        onebot_buffer_add_json(&text, value);
    onebot_cq_escape(to, text.text, text.len, true);
    to->failed |= text.failed;
    onebot_buffer_clear(&text);
}

static void add_value(struct onebot_buffer *to, const char *key, const json_t *value)
{
    bool nested = json_is_object(value) || json_is_array(value);
    if (json_is_string(value))
        add_string(to, value, true);
    else if (json_is_boolean(value))
        add(to, json_is_true(value) ? "1" : "0");
    else
        add_escaped(to, value, nested && strcmp(key, "content") == 0);
}

static void write_code(struct onebot_buffer *to, const json_t *type, const json_t *data)
{
    const char *key;
    size_t len;
    json_t *value;
    add(to, "[CQ:");
    add_string(to, type, true);
    json_object_keylen_foreach((json_t *)data, key, len, value)
    {
        if (json_is_null(value))
            continue;
        add(to, ",");
        onebot_cq_escape(to, key, len, true);
        add(to, "=");
        add_value(to, key, value);
    }
    add(to, "]");
}

static void write_segment(struct onebot_buffer *to, const json_t *segment)
{
    enum onebot_segment_kind kind = ONEBOT_SEGMENT_UNKNOWN;
    const json_t *type = json_object_get(segment, "type");
    const json_t *data = json_object_get(segment, "data");
    if (!json_string_length(type))
        return;
    onebot_segment_shape(type, &kind);
    if (kind == ONEBOT_SEGMENT_TEXT)
        add_string(to, json_object_get(data, "text"), false);
    else
        write_code(to, type, data);
}

/* In array form, or one segment. */
static void write_message(struct onebot_buffer *to, const json_t *message)
{
    if (json_is_object(message))
        write_segment(to, message);
    for (size_t i = 0; i < json_array_size(message); i++)
        write_segment(to, json_array_get(message, i));
}

ssize_t onebot_message_string(const struct onebot_message *message, char **text)
{
    struct onebot_buffer buffer = {0};
    if (message->error)
        return message->error;
    onebot_buffer_add(&buffer, "", 0); /* a 0 byte, if nothing else */
    write_message(&buffer, message->segments);
    if (buffer.failed) {
        onebot_buffer_clear(&buffer);
        return -ENOMEM;
    }
    *text = buffer.text;
    return (ssize_t)buffer.len;
}
