/* send.c - saying something, as plain text.
 * Floor 9. The array form of a message: nothing in it needs escaping, so nothing that a person
 * wrote can become a code. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>

#include "base/memory.h"
#include "onebot/bot.h"
#include "onebot/event.h"
#include "onebot/utf8.h"

/* Takes segments over, also on failure. */
static json_t *message_to(const struct onebot_person *to, int64_t temporary_group, json_t *segments)
{
    json_t *params = json_pack("{s:I, s:o}", to->group_id ? "group_id" : "user_id",
                               to->group_id ? to->group_id : to->user_id, "message", segments);
    if (!params || !temporary_group)
        return params;
    if (json_object_set_new(params, "group_id", json_integer(temporary_group)) == 0)
        return params;
    json_decref(params);
    return NULL;
}

int onebot_send_segments(struct onebot_bot *bot, const struct onebot_person *to,
                         int64_t temporary_group, json_t *segments, int64_t *message_id)
{
    json_t *params = message_to(to, temporary_group, segments);
    if (!params)
        return -ENOMEM;
    struct onebot_result result =
        onebot_call_json(bot, to->group_id ? "send_group_msg" : "send_private_msg", params);
    if (result.error)
        return result.error;
    if (message_id)
        *message_id = onebot_int(result.data, "message_id");
    json_decref(result.data);
    return 0;
}

int onebot_send_text(struct onebot_bot *bot, const struct onebot_person *to,
                     int64_t temporary_group, const char *text, int64_t *message_id)
{
    if (!to->group_id && !to->user_id)
        return -EINVAL;
    json_t *segments = json_pack("[{s:s, s:{s:s}}]", "type", "text", "data", "text", text);
    if (!segments)
        return -ENOMEM;
    return onebot_send_segments(bot, to, temporary_group, segments, message_id);
}

int onebot_send(struct onebot_bot *bot, int64_t group_id, int64_t user_id, int64_t *message_id,
                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = onebot_utf8_format(format, args);
    va_end(args);
    if (!text)
        return -ENOMEM;
    struct onebot_person to = {.group_id = group_id, .user_id = user_id};
    int error = onebot_send_text(bot, &to, 0, text, message_id);
    xie_release(text);
    return error;
}

int onebot_reply(struct onebot_event *event, const char *format, ...)
{
    struct onebot_letter *letter = onebot_letter_of(event);
    va_list args;
    va_start(args, format);
    char *text = onebot_utf8_format(format, args);
    va_end(args);
    if (!text)
        return -ENOMEM;
    int error = onebot_send_text(event->bot, &letter->person, letter->temporary_group, text, NULL);
    xie_release(text);
    return error;
}
