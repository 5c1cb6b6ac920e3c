/* act.c - a person does what no message is: POST /api/act.
 * Gateway, eighth floor. The same actions that bots have, in somebody's name, and a few more. */
/* SPDX-License-Identifier: MIT */
#include "act.h"

#include <string.h>

#include "api.h"
#include "reply.h"
#include "scene.h"
#include "table.h"

static json_t *perform(struct call *call, const json_t *body)
{
    const char *name = json_string_value(json_object_get(body, "action"));
    json_t *params = json_object_get(body, "params");
    const struct call outer = {.params = body};
    action_fn *action = name ? table_find(name, strlen(name), TABLE_PERSON) : NULL;
    if (!parse_integer(call_param(&outer, "user_id"), &call->self) ||
        !world_person(&call->gateway->world, call->self))
        return call_fail(call, RETCODE_BAD_PARAMS, "user_id is missing, or nobody's");
    if (world_is_account(&call->gateway->world, call->self))
        return call_fail(call, RETCODE_REFUSED, "%lld is an account: it acts through OneBot",
                         (long long)call->self);
    if (!action)
        return call_fail(call, RETCODE_BAD_PARAMS, "action is missing, or there is no action %.60s",
                         name ? name : "");
    if (params && !json_is_object(params) && !json_is_null(params))
        return call_fail(call, RETCODE_BAD_PARAMS, "params must be an object");
    call->params = json_is_object(params) ? params : NULL;
    return action(call);
}

int act_request(struct xie_http *http, struct gateway *gateway)
{
    int result = 0;
    struct call call = {.gateway = gateway};
    json_t *body = api_body(http, &result);
    if (!body)
        return result;
    json_t *data = perform(&call, body);
    json_decref(body);
    scene_tell(gateway);
    if (data)
        return reply_json(http, 200, json_pack("{s:o}", "data", data));
    if (!call.retcode)
        return reply_error(http, 500, "out of memory");
    return reply_error(http, call.retcode == RETCODE_BAD_PARAMS ? 400 : 403, call.why);
}
