/* mark.c - actions that mark a message: reactions, and the group's best (essence).
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include <string.h>

#include "clock.h"
#include "event.h"
#include "mask.h"

/* The message of a group that message_id names, who acts being its member; NULL: the call has
 * failed. */
static struct message *marked(struct call *call, const struct member **self)
{
    struct message *message = call_message(call);
    struct group *group = message ? world_group(&call->gateway->world, message->group_id) : NULL;
    *self = group ? world_member(group, call->self) : NULL;
    if (*self || !message)
        return message;
    call_fail(call, RETCODE_REFUSED, "message %lld is of no group of user %lld",
              (long long)message->message_id, (long long)call->self);
    return NULL;
}

/* --- reactions ---------------------------------------------------------------------- */

/* Where a message has that reaction, or room for it; NULL: the call has failed. */
static struct reaction *reaction_of(struct call *call, struct message *message, const char *emoji)
{
    struct reaction *place = NULL;
    for (size_t i = 0; i < MESSAGE_REACTIONS; i++) {
        struct reaction *reaction = &message->reactions[i];
        if (reaction->count && strcmp(reaction->emoji, emoji) == 0)
            return reaction;
        place = place || reaction->count ? place : reaction;
    }
    if (!place)
        call_fail(call, RETCODE_REFUSED, "message %lld has %d kinds of reactions already",
                  (long long)message->message_id, MESSAGE_REACTIONS);
    return place;
}

/* NapCat's notice. */
static json_t *likes_event(struct call *call, const struct message *message, const char *emoji,
                           int64_t count)
{
    return event_new("notice", "group_msg_emoji_like", NULL, "{s:I, s:I, s:I, s:[{s:s, s:I}]}",
                     "group_id", (json_int_t)message->group_id, "user_id", (json_int_t)call->self,
                     "message_id", (json_int_t)message->message_id, "likes", "emoji_id", emoji,
                     "count", (json_int_t)count);
}

/* Lagrange's. */
static json_t *reaction_event(struct call *call, const struct message *message, const char *emoji,
                              int64_t count, bool on)
{
    return event_new("notice", "reaction", on ? "add" : "remove", "{s:I, s:I, s:I, s:s, s:I}",
                     "group_id", (json_int_t)message->group_id, "operator_id",
                     (json_int_t)call->self, "message_id", (json_int_t)message->message_id, "code",
                     emoji, "count", (json_int_t)count);
}

/* The names of the parameters differ, and the notice. */
static json_t *react(struct call *call, const char *emoji_key, const char *flag_key, bool lagrange)
{
    const struct member *self;
    bool on = true;
    char emoji[MESSAGE_EMOJI];
    struct message *message = marked(call, &self);
    if (!message || !call_flag(call, flag_key, &on) ||
        !call_text(call, emoji_key, emoji, sizeof emoji))
        return NULL;
    if (!*emoji)
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter %s is missing", emoji_key);
    struct reaction *place = reaction_of(call, message, emoji);
    if (!place)
        return NULL;
    int64_t count = on ? place->count + 1 : place->count ? place->count - 1 : 0;
    json_t *event = lagrange ? reaction_event(call, message, emoji, count, on)
                             : likes_event(call, message, emoji, count);
    if (event) {
        place->count = count;
        memcpy(place->emoji, emoji, sizeof emoji);
    }
    return call_told(call, event);
}

json_t *mark_emoji(struct call *call)
{
    return react(call, "emoji_id", "set", false);
}

json_t *mark_reaction(struct call *call)
{
    return react(call, "code", "is_add", true);
}

/* --- essence ------------------------------------------------------------------------ */

static json_t *set_essence(struct call *call, bool on)
{
    const struct member *self;
    struct message *message = marked(call, &self);
    if (!message || !call_role(call, self, ROLE_ADMIN))
        return NULL;
    if ((message->essence_by != 0) == on)
        return json_null();
    json_t *event = event_new(
        "notice", "essence", on ? "add" : "delete", "{s:I, s:I, s:I, s:I}", "group_id",
        (json_int_t)message->group_id, "message_id", (json_int_t)message->message_id, "sender_id",
        (json_int_t)event_author(message), "operator_id", (json_int_t)call->self);
    if (event) {
        message->essence_by = on ? call->self : 0;
        message->essence_time = clock_now();
    }
    return call_told(call, event);
}

json_t *mark_essence(struct call *call)
{
    return set_essence(call, true);
}

json_t *mark_no_essence(struct call *call)
{
    return set_essence(call, false);
}

static json_t *essence(const struct gateway *gateway, const struct message *message)
{
    bool masked = message->way == MESSAGE_ANONYMOUS;
    return json_pack("{s:I, s:s, s:I, s:I, s:s, s:I, s:I, s:O}", "sender_id",
                     (json_int_t)event_author(message), "sender_nick",
                     masked ? mask_name(message->user_id)
                            : world_person(&gateway->world, message->user_id)->nickname,
                     "sender_time", (json_int_t)message->time, "operator_id",
                     (json_int_t)message->essence_by, "operator_nick",
                     world_person(&gateway->world, message->essence_by)->nickname, "operator_time",
                     (json_int_t)message->essence_time, "message_id",
                     (json_int_t)message->message_id, "content", message->segments);
}

json_t *mark_essence_list(struct call *call)
{
    const struct gateway *gateway = call->gateway;
    struct group *group = call_group(call, NULL);
    json_t *list = group ? json_array() : NULL;
    for (int64_t id = gateway->history.next - 1; list && id >= gateway->history.oldest; id--) {
        const struct message *message = history_get(&gateway->history, id);
        if (!message || message->group_id != group->group_id || !message->essence_by)
            continue;
        if (json_array_append_new(list, essence(gateway, message)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
