/* past.c - actions on what was said before: history, marks, passing a message on.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "past.h"

#include "event.h"

/* The latest messages of a place up to message_seq (an id, as NapCat has it; 0: the newest), the
 * oldest first. */
static json_t *messages(struct call *call, int64_t group_id, int64_t peer_id)
{
    struct history *history = &call->gateway->history;
    int64_t count = PAST_COUNT, id = 0;
    if (!call_number(call, "count", 1, PAST_COUNT_MOST, &count) ||
        !call_number(call, "message_seq", 0, INT64_MAX, &id))
        return NULL;
    json_t *list = json_array();
    id = id && id < history->next ? id : history->next - 1;
    for (; list && count && id >= history->oldest; id--) {
        const struct message *message = history_get(history, id);
        if (!message || message->group_id != group_id || message->peer_id != peer_id)
            continue;
        count--;
        if (json_array_insert_new(list, 0, event_message(call->gateway, message)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list ? json_pack("{s:o}", "messages", list) : NULL;
}

json_t *past_group(struct call *call)
{
    struct group *group = call_group(call, NULL);
    return group ? messages(call, group->group_id, 0) : NULL;
}

json_t *past_friend(struct call *call)
{
    int64_t user_id;
    if (!call_id(call, "user_id", &user_id))
        return NULL;
    if (!world_person(&call->gateway->world, user_id))
        return call_fail(call, RETCODE_REFUSED, "there is no user %lld", (long long)user_id);
    return messages(call, 0, user_id);
}

json_t *past_read(struct call *call)
{
    int64_t id;
    if (!call_id(call, "message_id", &id))
        return NULL;
    if (!history_get(&call->gateway->history, id))
        return call_fail(call, RETCODE_REFUSED, "there is no message %lld", (long long)id);
    return json_null();
}

json_t *past_pass_on(struct call *call)
{
    struct refusal refusal = {0};
    int64_t id, group_id = 0, user_id = 0;
    const char *key = call_param(call, "group_id") ? "group_id" : "user_id";
    if (!call_id(call, "message_id", &id) ||
        !call_id(call, key, *key == 'g' ? &group_id : &user_id))
        return NULL;
    const struct message *message = history_get(&call->gateway->history, id);
    if (!message)
        return call_fail(call, RETCODE_REFUSED, "there is no message %lld", (long long)id);
    json_t *segments = json_incref(message->segments); /* a new message may push the old one out */
    int64_t sent = chat_send(call->gateway, user_id, group_id, segments, &refusal);
    json_decref(segments);
    return sent ? json_pack("{s:I}", "message_id", (json_int_t)sent) : call_refused(call, &refusal);
}
