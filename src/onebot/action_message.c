/* action_message.c - actions with messages.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "onebot/action.h"
#include "onebot/bot.h"
#include "onebot/message.h"

/* --- shapes ------------------------------------------------------------------------- */

#define SENT(kind, member, keys) ONEBOT_FIELD(onebot_sent, kind, member, keys)
#define SPEAKER(kind, member, keys) ONEBOT_FIELD(onebot_speaker, kind, member, keys)
#define PAST(kind, member, keys) ONEBOT_FIELD(onebot_past_message, kind, member, keys)
#define ESSENCE(kind, member, keys) ONEBOT_FIELD(onebot_essence, kind, member, keys)

static const struct onebot_field sent_fields[] = {
    SENT(INT, message_id, "message_id"),
    SENT(TEXT, forward_id, "forward_id|res_id|resId"),
    ONEBOT_FIELDS_END,
};
/* Any data will do: what was sent was sent. */
static const struct onebot_shape sent_shape = {sizeof(struct onebot_sent), sent_fields, JSON_NULL};

static const struct onebot_field speaker_fields[] = {
    SPEAKER(INT, user_id, "user_id"),
    SPEAKER(INT, group_id, "group_id"),
    SPEAKER(INT, age, "age"),
    SPEAKER(TEXT, nickname, "nickname"),
    SPEAKER(TEXT, card, "card"),
    SPEAKER(TEXT, sex, "sex"),
    SPEAKER(TEXT, area, "area"),
    SPEAKER(TEXT, level, "level"),
    SPEAKER(TEXT, role, "role"),
    SPEAKER(TEXT, title, "title"),
    ONEBOT_FIELDS_END,
};
const struct onebot_shape onebot_speaker_shape = {sizeof(struct onebot_speaker), speaker_fields,
                                                  JSON_OBJECT};

/* A node of a bundle has its speaker beside its content. */
static const struct onebot_field past_speaker_fields[] = {
    SPEAKER(INT, user_id, "sender.user_id|data.user_id|data.uin|user_id|uin"),
    SPEAKER(INT, group_id, "sender.group_id"),
    SPEAKER(INT, age, "sender.age"),
    SPEAKER(TEXT, nickname, "sender.nickname|data.nickname|data.name|nickname|name"),
    SPEAKER(TEXT, card, "sender.card"),
    SPEAKER(TEXT, sex, "sender.sex"),
    SPEAKER(TEXT, area, "sender.area"),
    SPEAKER(TEXT, level, "sender.level"),
    SPEAKER(TEXT, role, "sender.role"),
    SPEAKER(TEXT, title, "sender.title"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape past_speaker_shape = {sizeof(struct onebot_speaker),
                                                       past_speaker_fields, JSON_OBJECT};

static const struct onebot_field past_fields[] = {
    PAST(INT, time, "time|data.time"),
    PAST(INT, message_id, "message_id|data.id|data.message_id"),
    PAST(INT, real_id, "real_id"),
    PAST(INT, message_seq, "message_seq|real_seq"),
    PAST(INT, user_id, "user_id|sender.user_id|data.user_id|data.uin|uin"),
    PAST(INT, group_id, "group_id"),
    PAST(TEXT, message_type, "message_type"),
    PAST(TEXT, raw_message, "raw_message"),
    PAST(JSON, message, "message|content|data.content"),
    ONEBOT_PART(onebot_past_message, sender, &past_speaker_shape, ""),
    ONEBOT_FIELDS_END,
};
const struct onebot_shape onebot_past_message_shape = {sizeof(struct onebot_past_message),
                                                       past_fields, JSON_OBJECT};

static const struct onebot_field info_fields[] = {
    ONEBOT_PART(onebot_message_info, message, &onebot_past_message_shape, ""),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape info_shape = {sizeof(struct onebot_message_info), info_fields,
                                               JSON_OBJECT};

/* Histories are {"messages": […]}; a bundle {"message": […]} by the standard. */
static const struct onebot_field history_fields[] = {
    ONEBOT_LIST(onebot_message_list, items, count, &onebot_past_message_shape, "messages|"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape history_shape = {sizeof(struct onebot_message_list),
                                                  history_fields, JSON_ARRAY};
static const struct onebot_field forward_fields[] = {
    ONEBOT_LIST(onebot_message_list, items, count, &onebot_past_message_shape, "message|messages|"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape forward_shape = {sizeof(struct onebot_message_list),
                                                  forward_fields, JSON_ARRAY};

static const struct onebot_field essence_fields[] = {
    ESSENCE(INT, message_id, "message_id"),        ESSENCE(INT, sender_id, "sender_id"),
    ESSENCE(INT, sender_time, "sender_time"),      ESSENCE(INT, operator_id, "operator_id"),
    ESSENCE(INT, operator_time, "operator_time"),  ESSENCE(TEXT, sender_nick, "sender_nick"),
    ESSENCE(TEXT, operator_nick, "operator_nick"), ONEBOT_FIELDS_END,
};
static const struct onebot_shape essence_shape = {sizeof(struct onebot_essence), essence_fields,
                                                  JSON_OBJECT};
static const struct onebot_field essences_fields[] = {
    ONEBOT_LIST(onebot_essence_list, items, count, &essence_shape, "|msg_list"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape essences_shape = {sizeof(struct onebot_essence_list),
                                                   essences_fields, JSON_ARRAY};

/* --- sending ------------------------------------------------------------------------ */

/* Whether there is something to send, to somebody: else *sent says why not, and the message is
 * released. */
static bool ready(struct onebot_message *message, int64_t to, const char *action,
                  struct onebot_sent *sent)
{
    int error = message->error;
    if (!error && (!to || !json_array_size(message->segments)))
        error = -EINVAL;
    if (!error)
        return true;
    const char *why = error == -EINVAL && !to ? "to nobody" : "a message that could not be made";
    onebot_result_shape(&sent_shape, sent,
                        onebot_failure(error, "%s: %s: %s", action, why, xie_strerror(error)),
                        action);
    onebot_message_clear(message);
    return false;
}

/* To one place, with what is said under some name. */
static struct onebot_sent send_one(struct onebot_bot *bot, const char *action, const char *place,
                                   int64_t id, const char *what, struct onebot_message *message)
{
    struct onebot_sent sent;
    if (ready(message, id, action, &sent))
        onebot_call_shaped(bot, &sent_shape, &sent, action, "{s:I, s:o}", place, id, what,
                           onebot_message_take(message));
    return sent;
}

struct onebot_sent onebot_send_private_msg(struct onebot_bot *bot, int64_t user_id,
                                           int64_t group_id, struct onebot_message *message)
{
    static const char action[] = "send_private_msg";
    struct onebot_sent sent;
    if (!group_id)
        return send_one(bot, action, "user_id", user_id, "message", message);
    if (ready(message, user_id, action, &sent))
        onebot_call_shaped(bot, &sent_shape, &sent, action, "{s:I, s:I, s:o}", "user_id", user_id,
                           "group_id", group_id, "message", onebot_message_take(message));
    return sent;
}

struct onebot_sent onebot_send_group_msg(struct onebot_bot *bot, int64_t group_id,
                                         struct onebot_message *message)
{
    return send_one(bot, "send_group_msg", "group_id", group_id, "message", message);
}

/* As send_one, by an action that is told what kind of place it is. */
static struct onebot_sent send_typed(struct onebot_bot *bot, const char *action, int64_t group_id,
                                     int64_t user_id, const char *what,
                                     struct onebot_message *message)
{
    struct onebot_sent sent;
    int64_t id = group_id ? group_id : user_id;
    if (ready(message, id, action, &sent))
        onebot_call_shaped(bot, &sent_shape, &sent, action, "{s:s, s:I, s:o}", "message_type",
                           group_id ? "group" : "private", group_id ? "group_id" : "user_id", id,
                           what, onebot_message_take(message));
    return sent;
}

struct onebot_sent onebot_send_msg(struct onebot_bot *bot, int64_t group_id, int64_t user_id,
                                   struct onebot_message *message)
{
    return send_typed(bot, "send_msg", group_id, user_id, "message", message);
}

struct onebot_sent onebot_send_group_forward_msg(struct onebot_bot *bot, int64_t group_id,
                                                 struct onebot_message *nodes)
{
    return send_one(bot, "send_group_forward_msg", "group_id", group_id, "messages", nodes);
}

struct onebot_sent onebot_send_private_forward_msg(struct onebot_bot *bot, int64_t user_id,
                                                   struct onebot_message *nodes)
{
    return send_one(bot, "send_private_forward_msg", "user_id", user_id, "messages", nodes);
}

struct onebot_sent onebot_send_forward_msg(struct onebot_bot *bot, int64_t group_id,
                                           int64_t user_id, struct onebot_message *nodes)
{
    return send_typed(bot, "send_forward_msg", group_id, user_id, "messages", nodes);
}

struct onebot_result onebot_forward_friend_single_msg(struct onebot_bot *bot, int64_t user_id,
                                                      int64_t message_id)
{
    return onebot_call_plain(bot, "forward_friend_single_msg", "{s:I, s:I}", "user_id", user_id,
                             "message_id", message_id);
}

struct onebot_result onebot_forward_group_single_msg(struct onebot_bot *bot, int64_t group_id,
                                                     int64_t message_id)
{
    return onebot_call_plain(bot, "forward_group_single_msg", "{s:I, s:I}", "group_id", group_id,
                             "message_id", message_id);
}

/* --- one message -------------------------------------------------------------------- */

static struct onebot_result with_message(struct onebot_bot *bot, const char *action,
                                         int64_t message_id)
{
    return onebot_call_plain(bot, action, "{s:I}", "message_id", message_id);
}

struct onebot_result onebot_delete_msg(struct onebot_bot *bot, int64_t message_id)
{
    return with_message(bot, "delete_msg", message_id);
}

struct onebot_result onebot_mark_msg_as_read(struct onebot_bot *bot, int64_t message_id)
{
    return with_message(bot, "mark_msg_as_read", message_id);
}

struct onebot_result onebot_set_essence_msg(struct onebot_bot *bot, int64_t message_id)
{
    return with_message(bot, "set_essence_msg", message_id);
}

struct onebot_result onebot_delete_essence_msg(struct onebot_bot *bot, int64_t message_id)
{
    return with_message(bot, "delete_essence_msg", message_id);
}

struct onebot_message_info onebot_get_msg(struct onebot_bot *bot, int64_t message_id)
{
    struct onebot_message_info info;
    onebot_call_shaped(bot, &info_shape, &info, "get_msg", "{s:I}", "message_id", message_id);
    return info;
}

struct onebot_result onebot_set_msg_emoji_like(struct onebot_bot *bot, int64_t message_id,
                                               const char *emoji, bool set)
{
    return onebot_call_plain(bot, "set_msg_emoji_like", "{s:I, s:s, s:b}", "message_id", message_id,
                             "emoji_id", emoji, "set", set);
}

struct onebot_result onebot_set_group_reaction(struct onebot_bot *bot, int64_t group_id,
                                               int64_t message_id, const char *emoji, bool set)
{
    return onebot_call_plain(bot, "set_group_reaction", "{s:I, s:I, s:s, s:b}", "group_id",
                             group_id, "message_id", message_id, "code", emoji, "is_add", set);
}

/* --- many --------------------------------------------------------------------------- */

/* By the standard the id is called id; go-cqhttp called it message_id. */
struct onebot_message_list onebot_get_forward_msg(struct onebot_bot *bot, const char *id)
{
    struct onebot_message_list list;
    onebot_call_shaped(bot, &forward_shape, &list, "get_forward_msg", "{s:s, s:s}", "id", id,
                       "message_id", id);
    return list;
}

/* Where it begins is called message_seq, or message_id; without it only the first two pairs of
 * the format are used. */
static struct onebot_message_list history(struct onebot_bot *bot, const char *action,
                                          const char *place, int64_t id, int64_t seq, int count)
{
    struct onebot_message_list list;
    onebot_call_shaped(bot, &history_shape, &list, action,
                       seq ? "{s:I, s:i, s:I, s:I}" : "{s:I, s:i}", place, id, "count", count,
                       "message_seq", seq, "message_id", seq);
    return list;
}

struct onebot_message_list onebot_get_group_msg_history(struct onebot_bot *bot, int64_t group_id,
                                                        int64_t message_seq, int count)
{
    return history(bot, "get_group_msg_history", "group_id", group_id, message_seq, count);
}

struct onebot_message_list onebot_get_friend_msg_history(struct onebot_bot *bot, int64_t user_id,
                                                         int64_t message_seq, int count)
{
    return history(bot, "get_friend_msg_history", "user_id", user_id, message_seq, count);
}

struct onebot_essence_list onebot_get_essence_msg_list(struct onebot_bot *bot, int64_t group_id)
{
    struct onebot_essence_list list;
    onebot_call_shaped(bot, &essences_shape, &list, "get_essence_msg_list", "{s:I}", "group_id",
                       group_id);
    return list;
}
