/* message.c - a message being made: the array of its segments, and the first error.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/message.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/bot.h"
#include "onebot/buffer.h"
#include "onebot/event.h"
#include "onebot/field.h"
#include "onebot/utf8.h"

/* --- what is made of ---------------------------------------------------------------- */

void onebot_message_fail(struct onebot_message *message, int error)
{
    if (!message->error)
        message->error = error;
}

void onebot_message_push(struct onebot_message *message, json_t *segment)
{
    if (!segment)
        onebot_message_fail(message, -ENOMEM);
    if (!message->error && !message->segments && !(message->segments = json_array()))
        message->error = -ENOMEM;
    if (message->error)
        json_decref(segment);
    else if (json_array_append_new(message->segments, segment)) /* releases it on failure */
        message->error = -ENOMEM;
}

/* Set a member of data; false: there is no memory. */
static bool set_string(json_t *data, const char *key, const char *value)
{
    json_t *string = onebot_json_text(value, strlen(value));
    return string && json_object_set_new(data, key, string) == 0;
}

void onebot_message_strings(struct onebot_message *message, const char *type,
                            const char *const *pairs)
{
    if (message->error)
        return;
    json_t *data = json_object();
    bool fine = data != NULL;
    for (; fine && pairs[0]; pairs += 2)
        fine = !pairs[1] || set_string(data, pairs[0], pairs[1]);
    if (!fine) {
        json_decref(data);
        onebot_message_fail(message, -ENOMEM);
        return;
    }
    onebot_message_push(message, json_pack("{s:s, s:o}", "type", type, "data", data));
}

json_t *onebot_message_take(struct onebot_message *message)
{
    json_t *segments = message->segments;
    *message = (struct onebot_message){0};
    return segments;
}

/* --- public ------------------------------------------------------------------------- */

void onebot_message_clear(struct onebot_message *message)
{
    json_decref(message->segments);
    *message = (struct onebot_message){0};
}

struct onebot_message onebot_message_copy(const struct onebot_message *message)
{
    struct onebot_message copy = {.error = message->error};
    if (!message->segments)
        return copy;
    copy.segments = json_copy(message->segments); /* which may leave out what has no room */
    if (json_array_size(copy.segments) != json_array_size(message->segments))
        onebot_message_fail(&copy, -ENOMEM);
    return copy;
}

void onebot_message_text(struct onebot_message *message, const char *format, ...)
{
    if (message->error)
        return;
    va_list args;
    va_start(args, format);
    char *text = onebot_utf8_format(format, args);
    va_end(args);
    if (text)
        onebot_message_strings(message, "text", ONEBOT_PAIRS("text", text));
    else
        onebot_message_fail(message, -ENOMEM);
    xie_release(text);
}

void onebot_message_segment(struct onebot_message *message, const char *type, const char *format,
                            ...)
{
    if (message->error)
        return;
    json_error_t why;
    va_list args;
    va_start(args, format);
    json_t *data = json_vpack_ex(&why, 0, format ? format : "{}", args);
    va_end(args);
    json_t *name = onebot_json_text(type, strlen(type));
    if (!data)
        onebot_message_fail(message, onebot_pack_error(&why));
    else if (!json_is_object(data))
        onebot_message_fail(message, -EINVAL);
    else if (!name)
        onebot_message_fail(message, -ENOMEM);
    if (message->error) {
        json_decref(data);
        json_decref(name);
        return;
    }
    onebot_message_push(message, json_pack("{s:o, s:o}", "type", name, "data", data));
}

/* --- sending ------------------------------------------------------------------------ */

static int send_to(struct onebot_bot *bot, const struct onebot_person *to, int64_t temporary_group,
                   struct onebot_message *message, int64_t *message_id)
{
    int error = message->error;
    if (!error && (!json_array_size(message->segments) || (!to->group_id && !to->user_id)))
        error = -EINVAL;
    if (error) {
        onebot_message_clear(message);
        return error;
    }
    return onebot_send_segments(bot, to, temporary_group, onebot_message_take(message), message_id);
}

int onebot_send_message(struct onebot_bot *bot, int64_t group_id, int64_t user_id,
                        int64_t *message_id, struct onebot_message *message)
{
    struct onebot_person to = {.group_id = group_id, .user_id = user_id};
    return send_to(bot, &to, 0, message, message_id);
}

int onebot_reply_message(struct onebot_event *event, struct onebot_message *message)
{
    struct onebot_letter *letter = onebot_letter_of(event);
    return send_to(event->bot, &letter->person, letter->temporary_group, message, NULL);
}

const struct onebot_message *onebot_event_message(const struct onebot_event *event)
{
    return &XIE_CONTAINER(event, const struct onebot_letter, event)->message;
}
