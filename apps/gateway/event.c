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

/* Add what every event has but whom it is told; not by json_object_update_missing, which tells no
 * error. */
static json_t *finished(json_t *event, const char *post_type)
{
    json_t *common =
        json_pack("{s:I, s:s}", "time", (json_int_t)clock_now(), "post_type", post_type);
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

/* The first group that both sides of a temporary talk are in; 0: they are in none any more. */
static int64_t through(struct gateway *gateway, const struct message *message)
{
    const struct group *group =
        world_common_group(&gateway->world, message->user_id, message->target_id);
    return group ? group->group_id : 0;
}

static json_t *sender_in_private(struct gateway *gateway, const struct message *message,
                                 const struct person *person)
{
    int64_t group_id = message->way == MESSAGE_TEMPORARY ? through(gateway, message) : 0;
    return json_pack("{s:I, s:s, s:s, s:i, s:o*}", "user_id", (json_int_t)person->user_id,
                     "nickname", person->nickname, "sex", person->sex, "age", person->age,
                     "group_id", group_id ? json_integer(group_id) : NULL);
}

json_t *event_sender(struct gateway *gateway, const struct message *message)
{
    if (message->way == MESSAGE_ANONYMOUS)
        return json_pack("{s:i, s:s, s:s, s:i}", "user_id", MASK_NOBODY, "nickname",
                         mask_name(message->user_id), "sex", "unknown", "age", 0);
    const struct person *person = world_person(&gateway->world, message->user_id);
    struct group *group = world_group(&gateway->world, message->group_id);
    const struct member *member = group ? world_member(group, message->user_id) : NULL;
    json_t *sender = sender_in_private(gateway, message, person);
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
    if (message->way != MESSAGE_ANONYMOUS)
        return json_null();
    mask_flag(message->group_id, message->user_id, flag);
    return json_pack("{s:I, s:s, s:s}", "id", (json_int_t)(message->user_id % 10000), "name",
                     mask_name(message->user_id), "flag", flag);
}

/* What one has of a message by where it was said. */
static json_t *place(struct gateway *gateway, const struct message *message)
{
    static const char *const in_group[] = {
        [MESSAGE_PLAIN] = "normal", [MESSAGE_ANONYMOUS] = "anonymous", [MESSAGE_NOTICE] = "notice"};
    static const char *const in_private[] = {
        [MESSAGE_PLAIN] = "friend", [MESSAGE_TEMPORARY] = "group", [MESSAGE_OTHER] = "other"};
    const struct group *group = world_group(&gateway->world, message->group_id);
    if (group)
        return json_pack("{s:s, s:s, s:I, s:s, s:o}", "message_type", "group", "sub_type",
                         in_group[message->way], "group_id", (json_int_t)message->group_id,
                         "group_name", group->name, "anonymous", anonymous(message));
    return json_pack("{s:s, s:s, s:I}", "message_type", "private", "sub_type",
                     in_private[message->way], "target_id", (json_int_t)message->target_id);
}

json_t *event_message(struct gateway *gateway, const struct message *message)
{
    char *raw = cq_format(message->segments);
    json_t *where = place(gateway, message);
    json_t *event = json_pack(
        "{s:I, s:I, s:o, s:I, s:O, s:s, s:i, s:o, s:s}", "message_id",
        (json_int_t)message->message_id, "message_seq", (json_int_t)message->message_id, "real_seq",
        json_sprintf("%lld", (long long)message->message_id), "user_id",
        (json_int_t)event_author(message), "message", message->segments, "raw_message", raw, "font",
        0, "sender", event_sender(gateway, message), "message_format", "array");
    free(raw);
    int failed = event && where ? json_object_update(event, where) : -1;
    json_decref(where);
    if (!failed)
        return finished(event, "message");
    json_decref(event);
    return NULL;
}

int64_t event_author(const struct message *message)
{
    return message->way == MESSAGE_ANONYMOUS ? MASK_NOBODY : message->user_id;
}

json_t *event_recall(const struct message *message, int64_t operator_id)
{
    int64_t by = operator_id == message->user_id ? event_author(message) : operator_id;
    if (!message->group_id)
        return event_new("notice", "friend_recall", NULL, "{s:I, s:I, s:I}", "user_id",
                         (json_int_t)message->user_id, "message_id",
                         (json_int_t)message->message_id, "target_id",
                         (json_int_t)message->target_id);
    return event_new("notice", "group_recall", NULL, "{s:I, s:I, s:I, s:I}", "group_id",
                     (json_int_t)message->group_id, "user_id", (json_int_t)event_author(message),
                     "operator_id", (json_int_t)by, "message_id", (json_int_t)message->message_id);
}

/* To whom an event is told, where it does not say so itself. */
static json_t *told_to(json_t *event, int64_t self_id)
{
    if (event && json_object_get(event, "self_id"))
        return event;
    if (event && json_object_set_new(event, "self_id", json_integer(self_id)) == 0)
        return event;
    json_decref(event);
    return NULL;
}

json_t *event_lifecycle(int64_t self_id, const char *sub_type)
{
    return told_to(event_new("meta_event", "lifecycle", sub_type, "{}"), self_id);
}

static json_t *heartbeat(void)
{
    return finished(json_pack("{s:s, s:{s:b, s:b}, s:i}", "meta_event_type", "heartbeat", "status",
                              "online", 1, "good", 1, "interval", GATEWAY_HEARTBEAT_MS),
                    "meta_event");
}

static bool is(const json_t *event, const char *name, const char *value)
{
    const char *text = json_string_value(json_object_get(event, name));
    return text && strcmp(text, value) == 0;
}

static bool names(const json_t *event, const char *name, int64_t user_id)
{
    return json_integer_value(json_object_get(event, name)) == user_id;
}

/* What happens in a group is told to its members, and to one who is not any more; what happens in
 * private to the two. */
static bool concerns(struct gateway *gateway, const json_t *event, int64_t self_id)
{
    json_t *group_id = json_object_get(event, "group_id");
    struct group *group = world_group(&gateway->world, json_integer_value(group_id));
    return names(event, "user_id", self_id) ||
           (group ? world_member(group, self_id) != NULL : names(event, "target_id", self_id));
}

/* An event as one account is told of it: its own messages are `message_sent`, its own removal is
 * `kick_me`. */
static json_t *own_view(json_t *event, int64_t self_id, bool own)
{
    const char *name = NULL, *value = NULL;
    if (own && is(event, "post_type", "message")) {
        name = "post_type";
        value = "message_sent";
    } else if (own && is(event, "notice_type", "group_decrease") && is(event, "sub_type", "kick")) {
        name = "sub_type";
        value = "kick_me";
    }
    json_t *view = told_to(json_copy(event), self_id);
    if (!view || !name || json_object_set_new(view, name, json_string(value)) == 0)
        return view;
    json_decref(view);
    return NULL;
}

/* Does the account at that place want this view (taken) of an event? NULL: no. */
static json_t *wanted(const struct gateway *gateway, size_t at, json_t *view)
{
    if (!view || gateway->seats[at].report_self || !is(view, "post_type", "message_sent"))
        return view;
    json_decref(view);
    return NULL;
}

/* To the account at that place, unless it is deaf; the view is taken. */
static void tell(struct gateway *gateway, size_t at, json_t *view)
{
    struct seat *seat = &gateway->seats[at];
    struct frame *frame = seat->faults.deaf ? NULL : frame_take(fault_ids(&seat->faults, view));
    if (frame) {
        audience_put(&seat->events, frame);
        if (seat->faults.duplicate_events)
            audience_put(&seat->events, frame);
        traffic_event(gateway, view, seat->events.count);
    }
    frame_unref(frame);
    json_decref(view);
}

/* The event is author_id's own; taken. */
static void emit(struct gateway *gateway, json_t *event, int64_t author_id)
{
    for (size_t i = 0; event && i < gateway->world.account_count; i++) {
        const struct account *account = &gateway->world.accounts[i];
        if (account->open && concerns(gateway, event, account->user_id))
            tell(gateway, i,
                 wanted(gateway, i,
                        own_view(event, account->user_id, account->user_id == author_id)));
    }
    json_decref(event);
}

void event_emit(struct gateway *gateway, json_t *event)
{
    emit(gateway, event, json_integer_value(json_object_get(event, "user_id")));
}

void event_emit_message(struct gateway *gateway, const struct message *message)
{
    emit(gateway, event_message(gateway, message), message->user_id);
}

void event_emit_to(struct gateway *gateway, int64_t account_id, json_t *event)
{
    const struct account *account = world_account(&gateway->world, account_id);
    if (event && account)
        tell(gateway, (size_t)(account - gateway->world.accounts),
             told_to(json_copy(event), account_id));
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
        for (size_t i = 0; result == 0 && i < gateway->world.account_count; i++) {
            if (gateway->seats[i].events.count)
                event_emit_to(gateway, gateway->world.accounts[i].user_id, heartbeat());
        }
    } while (result == 0);
    return result;
}
