/* letters.c - actions on messages: send, delete, get.
 * Gateway, sixth floor. Parameters in, chat.c does it, an id out. */
/* SPDX-License-Identifier: MIT */
#include "letters.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cq.h"
#include "event.h"
#include "forward.h"
#include "segment.h"

/* Is it a message of nodes, which is a forward? */
static bool is_forward(const json_t *segments)
{
    const char *type = json_string_value(json_object_get(json_array_get(segments, 0), "type"));
    return type && strcmp(type, "node") == 0;
}

/* The `message` parameter as segments, or the `messages` of a forward, which draft is then; NULL:
 * the call has failed. */
static json_t *message_param(struct call *call, struct forward *draft)
{
    json_t *message = call_param(call, "message"), *nodes = call_param(call, "messages");
    bool plain = false;
    char why[PARSE_WHY];
    if (!message && nodes)
        return forward_make(call, nodes, draft);
    if (!message)
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter message is missing");
    if (!call_flag(call, "auto_escape", &plain))
        return NULL;
    json_t *segments = segment_normalise(message, plain, why);
    if (!segments)
        return why[0] ? call_fail(call, RETCODE_BAD_PARAMS, "%s", why) : NULL;
    if (json_array_size(segments) == 0) {
        json_decref(segments);
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter message is empty");
    }
    if (!is_forward(segments))
        return segments;
    json_t *forward = forward_make(call, segments, draft);
    json_decref(segments);
    return forward;
}

static bool may_be_anonymous(struct call *call, int64_t group_id)
{
    struct group *group = world_group(&call->gateway->world, group_id);
    const struct member *self = group ? world_member(group, call->self) : NULL;
    return self && group->anonymous && self->masked_until <= clock_now();
}

/* The segment `anonymous` at a message's beginning is none of it, but says how it is to be said;
 * with ignore under one's name, where it may not be without. */
static void take_mask(struct call *call, json_t *segments, struct place *place)
{
    json_t *first = json_array_get(segments, 0);
    const char *type = json_string_value(json_object_get(first, "type"));
    bool ignore = false;
    if (!type || strcmp(type, "anonymous") != 0)
        return;
    (void)parse_flag(json_object_get(json_object_get(first, "data"), "ignore"), &ignore);
    if (!ignore || may_be_anonymous(call, place->group_id))
        place->way = MESSAGE_ANONYMOUS;
    json_array_remove(segments, 0);
}

static json_t *send_to(struct call *call, struct place *place)
{
    struct refusal refusal = {0};
    struct forward forward = {0};
    json_t *segments = message_param(call, &forward);
    if (!segments)
        return NULL;
    take_mask(call, segments, place);
    int64_t id = chat_say(call->gateway, call->self, place, segments, &refusal);
    json_decref(segments);
    if (id && forward.nodes)
        forward_keep(call->gateway, &forward);
    else
        json_decref(forward.nodes);
    return id ? json_pack("{s:I}", "message_id", (json_int_t)id) : call_refused(call, &refusal);
}

json_t *letters_send_private(struct call *call)
{
    struct place place = {0};
    int64_t group_id;
    if (!call_id(call, "user_id", &place.target_id))
        return NULL;
    if (call_param(call, "group_id") && call_id(call, "group_id", &group_id) &&
        !world_friends(&call->gateway->world, call->self, place.target_id))
        place.way = MESSAGE_TEMPORARY; /* what a group_id beside user_id is for */
    return call->retcode ? NULL : send_to(call, &place);
}

json_t *letters_send_group(struct call *call)
{
    struct place place = {0};
    return call_id(call, "group_id", &place.group_id) ? send_to(call, &place) : NULL;
}

json_t *letters_send(struct call *call)
{
    json_t *type = call_param(call, "message_type");
    const char *name = json_string_value(type);
    if (type && (!name || (strcmp(name, "private") != 0 && strcmp(name, "group") != 0)))
        return call_fail(call, RETCODE_BAD_PARAMS,
                         "parameter message_type must be \"private\" or \"group\"");
    if (!type && !call_param(call, "group_id") && !call_param(call, "user_id"))
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter user_id or group_id is missing");
    bool group = name ? strcmp(name, "group") == 0 : call_param(call, "group_id") != NULL;
    return group ? letters_send_group(call) : letters_send_private(call);
}

json_t *letters_delete(struct call *call)
{
    struct refusal refusal = {0};
    const struct message *message = call_message(call);
    if (!message)
        return NULL;
    if (!chat_recall(call->gateway, call->self, message->message_id, &refusal))
        return call_refused(call, &refusal);
    return json_null();
}

json_t *letters_get(struct call *call)
{
    const struct message *message = call_message(call);
    if (!message)
        return NULL;
    json_int_t id = message->message_id;
    char *raw = cq_format(message->segments);
    json_t *data = json_pack(
        "{s:I, s:s, s:I, s:I, s:o, s:O, s:s}", "time", (json_int_t)message->time, "message_type",
        message->group_id ? "group" : "private", "message_id", id, "real_id", id, "sender",
        event_sender(call->gateway, message), "message", message->segments, "raw_message", raw);
    free(raw);
    if (data && message->group_id &&
        json_object_set_new(data, "group_id", json_integer(message->group_id)) < 0) {
        json_decref(data);
        return NULL;
    }
    return data;
}
