/* unfold.c - a forward opened by a person: GET /api/forward.
 * Gateway, eighth floor. What bots get by get_forward_msg, for the page. */
/* SPDX-License-Identifier: MIT */
#include "unfold.h"

#include "forward.h"
#include "reply.h"

int unfold_request(struct xie_http *http, struct gateway *gateway)
{
    const char *id = xie_http_query(http, "id");
    if (!id || !*id)
        return reply_error(http, 400, "id is missing");
    json_t *params = json_pack("{s:s}", "id", id);
    if (!params)
        return reply_error(http, 400, "id is no text"); /* of UTF-8; or there was no memory */
    struct call call = {.gateway = gateway, .self = WORLD_BOT, .params = params};
    json_t *data = forward_get(&call);
    json_decref(params);
    if (!data)
        return reply_error(http, call.retcode == RETCODE_BAD_PARAMS ? 400 : 404, call.why);
    json_t *shown = json_pack("{s:O}", "messages", json_object_get(data, "messages"));
    json_decref(data);
    return reply_json(http, 200, shown);
}
