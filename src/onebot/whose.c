/* whose.c - asking a connection that hears no events whose account it is.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "onebot/bot.h"

int onebot_seat_ask(struct onebot_seat *seat, const char *name)
{
    const struct onebot_log *log = &seat->bot->program->log;
    json_t *params = json_object();
    if (!params)
        return -ENOMEM;
    struct onebot_result result = {.error = -ETIMEDOUT};
    XIE_TIMEOUT(seat->bot->program->options.connect_timeout_ns)
        result = onebot_call_json(seat->bot, "get_login_info", params);
    int64_t self_id = onebot_int(result.data, "user_id");
    json_decref(result.data);
    int error = result.error;
    if (!error && self_id <= 0)
        error = XIE_EJSON;
    if (!error)
        error = onebot_seat_settle(seat, self_id);
    bool broken = error == XIE_ENOTCONNECTED || error == XIE_EUNKNOWN || error == XIE_EAUTH;
    if (error && error != -ECANCELED && !broken) /* of a broken connection others tell */
        onebot_log(log, ONEBOT_WARNING, "%s does not say whose account it is: %s", name,
                   *result.wording ? result.wording : xie_strerror(error));
    return error;
}
