/* quick.c - what a handler may answer to an event instead of calling: .handle_quick_operation.
 * Gateway, sixth floor. Each part of an operation becomes the call that it is short for. */
/* SPDX-License-Identifier: MIT */
#include "quick.h"

#include <string.h>

#include "letters.h"
#include "mute.h"
#include "rank.h"
#include "request.h"
#include "segment.h"

/* Run an action with these parameters (taken); false: the call has failed. */
static bool run(struct call *call, action_fn *action, json_t *params)
{
    struct call inner = {.gateway = call->gateway, .self = call->self, .params = params};
    json_t *data = params ? action(&inner) : NULL;
    bool good = data;
    call->retcode = inner.retcode;
    memcpy(call->why, inner.why, sizeof call->why);
    json_decref(data);
    json_decref(params);
    return good;
}

static bool wants(const json_t *operation, const char *name, bool otherwise)
{
    bool flag = otherwise;
    json_t *value = json_object_get(operation, name);
    return parse_flag(value, &flag) ? flag : otherwise;
}

/* What is to be said, with an at before it in a group. */
static json_t *reply_message(const json_t *context, const json_t *operation, json_t *reply)
{
    char why[PARSE_WHY];
    json_t *segments = segment_normalise(reply, wants(operation, "auto_escape", false), why);
    int64_t user_id;
    if (!segments || !json_object_get(context, "group_id") ||
        json_is_object(json_object_get(context, "anonymous")) ||
        !wants(operation, "at_sender", true) ||
        !parse_integer(json_object_get(context, "user_id"), &user_id))
        return segments;
    json_t *at = json_pack("{s:s, s:{s:o}}", "type", "at", "data", "qq",
                           json_sprintf("%lld", (long long)user_id));
    json_t *space = json_pack("{s:s, s:{s:s}}", "type", "text", "data", "text", " ");
    if (json_array_insert_new(segments, 0, space) + json_array_insert_new(segments, 0, at) == 0)
        return segments;
    json_decref(segments);
    return NULL;
}

/* The group that it is answered in; in private the one that a temporary talk goes through. NULL:
 * none. */
static json_t *group_of(const json_t *context)
{
    const char *type = json_string_value(json_object_get(context, "message_type"));
    bool private = type && strcmp(type, "private") == 0;
    return json_object_get(private ? json_object_get(context, "sender") : context, "group_id");
}

static bool reply(struct call *call, const json_t *context, const json_t *operation)
{
    json_t *words = json_object_get(operation, "reply");
    if (!words || json_is_null(words))
        return true;
    json_t *message = reply_message(context, operation, words);
    if (!message) {
        call_fail(call, RETCODE_BAD_PARAMS, "operation.reply is no message");
        return false;
    }
    return run(call, letters_send,
               json_pack("{s:O*, s:O*, s:O*, s:o}", "message_type",
                         json_object_get(context, "message_type"), "group_id", group_of(context),
                         "user_id", json_object_get(context, "user_id"), "message", message));
}

/* delete, kick and ban, in that order. */
static bool judge(struct call *call, const json_t *context, const json_t *operation)
{
    json_t *group_id = json_object_get(context, "group_id");
    json_t *user_id = json_object_get(context, "user_id");
    json_t *anonymous = json_object_get(context, "anonymous");
    json_t *duration = json_object_get(operation, "ban_duration");
    bool masked = json_is_object(anonymous);
    if (wants(operation, "delete", false) &&
        !run(call, letters_delete,
             json_pack("{s:O*}", "message_id", json_object_get(context, "message_id"))))
        return false;
    if (wants(operation, "kick", false) && !masked &&
        !run(call, rank_kick, json_pack("{s:O*, s:O*}", "group_id", group_id, "user_id", user_id)))
        return false;
    if (!wants(operation, "ban", false))
        return true;
    return run(call, masked ? mute_anonymous : mute_member,
               json_pack("{s:O*, s:O*, s:O*, s:O*}", "group_id", group_id, "user_id", user_id,
                         "duration", duration, "anonymous", anonymous));
}

static bool answer(struct call *call, const json_t *context, const json_t *operation)
{
    const char *type = json_string_value(json_object_get(context, "request_type"));
    json_t *approve = json_object_get(operation, "approve");
    if (!approve || json_is_null(approve))
        return true;
    bool friend = type && strcmp(type, "friend") == 0;
    return run(call, friend ? request_answer_friend : request_answer_group,
               json_pack("{s:O*, s:O, s:O*, s:O*, s:O*}", "flag", json_object_get(context, "flag"),
                         "approve", approve, "sub_type", json_object_get(context, "sub_type"),
                         "remark", json_object_get(operation, "remark"), "reason",
                         json_object_get(operation, "reason")));
}

json_t *quick_operation(struct call *call)
{
    json_t *context = call_param(call, "context"), *operation = call_param(call, "operation");
    const char *kind = json_string_value(json_object_get(context, "post_type"));
    if (!json_is_object(context) || !json_is_object(operation) || !kind)
        return call_fail(call, RETCODE_BAD_PARAMS,
                         "parameters context (an event) and operation must be objects");
    bool good = true;
    if (strcmp(kind, "message") == 0)
        good = reply(call, context, operation) && judge(call, context, operation);
    else if (strcmp(kind, "request") == 0)
        good = answer(call, context, operation);
    return good ? json_null() : NULL;
}
