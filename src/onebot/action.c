/* action.c - calling an action whose data has a shape, or none.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/action.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "onebot/bot.h"

/* An empty list may be told as null; but null is also what an action gives that goes on. */
static bool fits(const struct onebot_shape *shape, const struct onebot_result *result)
{
    return onebot_shape_fits(shape, result->data) ||
           (shape->type == JSON_ARRAY && json_is_null(result->data) && result->retcode != 1);
}

void onebot_result_shape(const struct onebot_shape *shape, void *to, struct onebot_result result,
                         const char *action)
{
    memset(to, 0, shape->size);
    int error = 0;
    if (!result.error && !fits(shape, &result))
        error = XIE_EJSON;
    if (!result.error && !error)
        error = onebot_shape_read(shape, result.data, to, &result.memory);
    if (error) {
        int64_t retcode = result.retcode;
        onebot_result_free(&result);
        result = onebot_failure(error, "%s: %s", action,
                                error == XIE_EJSON ? "its data is not what it should be"
                                                   : xie_strerror(error));
        result.retcode = retcode;
    }
    if (result.error) /* strings are "" all the same; nothing to read allocates nothing */
        onebot_shape_read(shape, NULL, to, &result.memory);
    memcpy(to, &result, sizeof result);
}

void onebot_call_shaped(struct onebot_bot *bot, const struct onebot_shape *shape, void *to,
                        const char *action, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct onebot_result result = onebot_call_va(bot, action, format, args);
    va_end(args);
    onebot_result_shape(shape, to, result, action);
}

struct onebot_result onebot_call_plain(struct onebot_bot *bot, const char *action,
                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct onebot_result result = onebot_call_va(bot, action, format, args);
    va_end(args);
    if (result.error)
        return result;
    json_decref(result.data);
    result.data = json_null(); /* nobody's */
    return result;
}
