/* quick.c - what an event offers to be done with it.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>

#include "onebot/bot.h"
#include "onebot/field.h"

int onebot_quick(struct onebot_event *event, const char *format, ...)
{
    json_error_t why;
    va_list args;
    va_start(args, format);
    json_t *operation = json_vpack_ex(&why, 0, format, args);
    va_end(args);
    if (!operation)
        return onebot_pack_error(&why);
    if (!json_is_object(operation)) {
        json_decref(operation);
        return -EINVAL;
    }
    json_t *params = json_pack("{s:O, s:o}", "context", event->raw, "operation", operation);
    if (!params)
        return -ENOMEM;
    struct onebot_result result = onebot_call_json(event->bot, ".handle_quick_operation", params);
    json_decref(result.data);
    return result.error;
}
