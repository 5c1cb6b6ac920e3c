/* past.c - actions on what was said before: history, marks, passing a message on.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "past.h"

#include "event.h"

/* Is it of that group, or of the private talk with that one? */
static bool is_there(const struct call *call, const struct message *message, int64_t group_id,
                     int64_t other_id)
{
    if (group_id)
        return message->group_id == group_id;
    return (message->user_id == call->self && message->target_id == other_id) ||
           (message->user_id == other_id && message->target_id == call->self);
}

/* The latest messages of a place up to message_seq (an id, as NapCat has it; 0: the newest), the
 * oldest first. */
static json_t *messages(struct call *call, int64_t group_id, int64_t other_id)
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
        if (!message || !is_there(call, message, group_id, other_id))
            continue;
        count--;
        json_t *event = event_message(call->gateway, message);
        int failed = json_object_set_new(event, "self_id", json_integer(call->self));
        if (json_array_insert_new(list, 0, event) + failed < 0) {
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
    return call_message(call) ? json_null() : NULL;
}

json_t *past_pass_on(struct call *call)
{
    struct refusal refusal = {0};
    struct place place = {0};
    const char *key = call_param(call, "group_id") ? "group_id" : "user_id";
    const struct message *message = call_message(call);
    if (!message || !call_id(call, key, *key == 'g' ? &place.group_id : &place.target_id))
        return NULL;
    json_t *segments = json_incref(message->segments); /* a new message may push the old one out */
    int64_t sent = chat_say(call->gateway, call->self, &place, segments, &refusal);
    json_decref(segments);
    return sent ? json_pack("{s:I}", "message_id", (json_int_t)sent) : call_refused(call, &refusal);
}
