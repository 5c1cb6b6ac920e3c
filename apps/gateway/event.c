/* event.c - the OneBot events that this gateway makes.
 * Gateway, third floor. Fields as in the standard, and message_format, which bots look for. */
/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cq.h"
#include "mask.h"
#include "traffic.h"

/* Add what every event has; not by json_object_update_missing, which tells no error. */
static json_t *finished(json_t *event, const char *post_type)
{
    json_t *common = json_pack("{s:I, s:I, s:s}", "time", (json_int_t)clock_now(), "self_id",
                               (json_int_t)WORLD_BOT, "post_type", post_type);
    int failed = common && event ? json_object_update(event, common) : -1;
    json_decref(common);
    if (!failed)
        return event;
    json_decref(event);
    return NULL;
}

json_t *event_new(const char *post_type, const char *type, const char *sub_type, const char *format,
                  ...)
{
    char key[32];
    va_list fields;
    va_start(fields, format);
    json_t *event = json_vpack_ex(NULL, 0, format, fields);
    va_end(fields);
    snprintf(key, sizeof key, "%s_type", post_type);
    int failed = event ? json_object_set_new(event, key, json_string(type)) : -1;
    if (!failed && sub_type)
        failed = json_object_set_new(event, "sub_type", json_string(sub_type));
    if (!failed)
        return finished(event, post_type);
    json_decref(event);
    return NULL;
}

json_t *event_sender(struct gateway *gateway, const struct message *message)
{
    if (message->anonymous)
        return json_pack("{s:i, s:s, s:s, s:i}", "user_id", MASK_NOBODY, "nickname",
                         mask_name(message->user_id), "sex", "unknown", "age", 0);
    const struct person *person = world_person(&gateway->world, message->user_id);
    struct group *group = world_group(&gateway->world, message->group_id);
    const struct member *member = group ? world_member(group, message->user_id) : NULL;
    json_t *sender =
        json_pack("{s:I, s:s, s:s, s:i}", "user_id", (json_int_t)person->user_id, "nickname",
                  person->nickname, "sex", person->sex, "age", person->age);
    if (!member || !sender)
        return sender;
    json_t *more =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "card", member->card, "area", person->area, "level",
                  member->level, "role", world_role_name(member->role), "title", member->title);
    int failed = more ? json_object_update(sender, more) : -1;
    json_decref(more);
    if (!failed)
        return sender;
    json_decref(sender);
    return NULL;
}

/* {id, name, flag}; null when it was said under one's name. */
static json_t *anonymous(const struct message *message)
{
    char flag[MASK_FLAG];
    if (!message->anonymous)
        return json_null();
    mask_flag(message->group_id, message->user_id, flag);
    return json_pack("{s:I, s:s, s:s}", "id", (json_int_t)(message->user_id % 10000), "name",
                     mask_name(message->user_id), "flag", flag);
}

json_t *event_message(struct gateway *gateway, const struct message *message)
{
    bool group = message->group_id;
    const char *in_group = message->anonymous ? "anonymous" : "normal";
    int64_t user_id = message->anonymous ? MASK_NOBODY : message->user_id;
    char *raw = cq_format(message->segments);
    json_t *event =
        json_pack("{s:s, s:s, s:I, s:I, s:O, s:s, s:i, s:o, s:s}", "message_type",
                  group ? "group" : "private", "sub_type", group ? in_group : "friend",
                  "message_id", (json_int_t)message->message_id, "user_id", (json_int_t)user_id,
                  "message", message->segments, "raw_message", raw, "font", 0, "sender",
                  event_sender(gateway, message), "message_format", "array");
    free(raw);
    if (event && group) {
        int failed = json_object_set_new(event, "group_id", json_integer(message->group_id)) |
                     json_object_set_new(event, "anonymous", anonymous(message));
        if (failed) {
            json_decref(event);
            return NULL;
        }
    }
    return finished(event, "message");
}

json_t *event_recall(const struct message *message, int64_t operator_id)
{
    if (!message->group_id)
        return event_new("notice", "friend_recall", NULL, "{s:I, s:I}", "user_id",
                         (json_int_t)message->user_id, "message_id",
                         (json_int_t)message->message_id);
    return event_new("notice", "group_recall", NULL, "{s:I, s:I, s:I, s:I}", "group_id",
                     (json_int_t)message->group_id, "user_id", (json_int_t)message->user_id,
                     "operator_id", (json_int_t)operator_id, "message_id",
                     (json_int_t)message->message_id);
}

json_t *event_lifecycle(const char *sub_type)
{
    return event_new("meta_event", "lifecycle", sub_type, "{}");
}

json_t *event_heartbeat(void)
{
    return finished(json_pack("{s:s, s:{s:b, s:b}, s:i}", "meta_event_type", "heartbeat", "status",
                              "online", 1, "good", 1, "interval", GATEWAY_HEARTBEAT_MS),
                    "meta_event");
}

/* What happens in a group is told to its members, and to one who is not any more. */
static bool concerns_bot(struct gateway *gateway, const json_t *event)
{
    json_t *group_id = json_object_get(event, "group_id");
    struct group *group = world_group(&gateway->world, json_integer_value(group_id));
    bool request = json_object_get(event, "request_type"); /* it may be an invitation */
    return !group || request || world_member(group, WORLD_BOT) ||
           json_integer_value(json_object_get(event, "user_id")) == WORLD_BOT;
}

void event_emit(struct gateway *gateway, json_t *event)
{
    const struct faults *faults = &gateway->faults;
    bool told = concerns_bot(gateway, event) && !faults->deaf;
    struct frame *frame = told ? frame_take(fault_ids(faults, event)) : NULL;
    if (frame) {
        audience_put(&gateway->events, frame);
        if (faults->duplicate_events)
            audience_put(&gateway->events, frame);
        traffic_event(gateway, event, gateway->events.count);
    }
    frame_unref(frame);
    json_decref(event);
}

int event_beat(void *arg)
{
    struct gateway *gateway = arg;
    int64_t next = xie_now();
    int result;
    do {
        next += GATEWAY_HEARTBEAT_MS * XIE_MILLISECOND;
        result = xie_sleep_until(next);
        if (result == 0 && gateway->events.count)
            event_emit(gateway, event_heartbeat());
    } while (result == 0);
    return result;
}
