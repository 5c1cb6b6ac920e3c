/* detail.c - what each event says, as a struct for each kind.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/detail.h"

#include <errno.h>
#include <string.h>

#include "onebot/action.h"
#include "onebot/bot.h"
#include "onebot/event.h"

#define DETAIL(kind, member, keys) ONEBOT_FIELD(onebot_detail, kind, member, keys)
#define LIKE(kind, member, keys) ONEBOT_FIELD(onebot_emoji_like, kind, member, keys)

/* --- fields ------------------------------------------------------------------------- */

static const struct onebot_field message_fields[] = {
    DETAIL(INT, message.message_id, "message_id"),
    DETAIL(INT, message.message_seq, "message_seq"),
    DETAIL(INT, message.real_seq, "real_seq"),
    DETAIL(INT, message.font, "font"),
    DETAIL(INT, message.user_id, "user_id"),
    DETAIL(INT, message.group_id, "group_id"),
    DETAIL(INT, message.target_id, "target_id"),
    DETAIL(TEXT, message.raw_message, "raw_message"),
    DETAIL(TEXT, message.message_format, "message_format"),
    DETAIL(TEXT, message.group_name, "group_name"),
    DETAIL(INT, message.anonymous.id, "anonymous.id"),
    DETAIL(TEXT, message.anonymous.name, "anonymous.name"),
    DETAIL(TEXT, message.anonymous.flag, "anonymous.flag"),
    ONEBOT_PART(onebot_detail, message.sender, &onebot_speaker_shape, "sender"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field member_fields[] = {
    DETAIL(INT, member.group_id, "group_id"),
    DETAIL(INT, member.user_id, "user_id"),
    DETAIL(INT, member.operator_id, "operator_id"),
    DETAIL(INT, member.duration, "duration"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field upload_fields[] = {
    DETAIL(INT, upload.group_id, "group_id"),
    DETAIL(INT, upload.user_id, "user_id"),
    DETAIL(TEXT, upload.file.id, "file.id|file.file_id"),
    DETAIL(TEXT, upload.file.name, "file.name"),
    DETAIL(TEXT, upload.file.url, "file.url"),
    DETAIL(INT, upload.file.size, "file.size"),
    DETAIL(INT, upload.file.busid, "file.busid"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field change_fields[] = {
    DETAIL(INT, change.group_id, "group_id"),
    DETAIL(INT, change.user_id, "user_id"),
    DETAIL(TEXT, change.now, "card_new|name_new|title"),
    DETAIL(TEXT, change.before, "card_old|name_old|title_old"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field recall_fields[] = {
    DETAIL(INT, recall.group_id, "group_id"),
    DETAIL(INT, recall.user_id, "user_id"),
    DETAIL(INT, recall.operator_id, "operator_id"),
    DETAIL(INT, recall.message_id, "message_id"),
    ONEBOT_FIELDS_END,
};

/* In private some name the sender apart from the person talked with. */
static const struct onebot_field poke_fields[] = {
    DETAIL(INT, poke.group_id, "group_id"),
    DETAIL(INT, poke.user_id, "sender_id|user_id"),
    DETAIL(INT, poke.target_id, "target_id"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field honor_fields[] = {
    DETAIL(INT, honor.group_id, "group_id"),
    DETAIL(INT, honor.user_id, "user_id"),
    DETAIL(INT, honor.target_id, "target_id"),
    DETAIL(TEXT, honor.honor_type, "honor_type"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field like_fields[] = {
    LIKE(TEXT, emoji, "emoji_id|code"),
    LIKE(INT, count, "count"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape like_shape = {sizeof(struct onebot_emoji_like), like_fields,
                                               JSON_OBJECT};

static const struct onebot_field reaction_fields[] = {
    DETAIL(INT, reaction.group_id, "group_id"),
    DETAIL(INT, reaction.user_id, "operator_id|user_id"),
    DETAIL(INT, reaction.message_id, "message_id"),
    ONEBOT_LIST(onebot_detail, reaction.likes, reaction.count, &like_shape, "likes"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field essence_fields[] = {
    DETAIL(INT, essence.group_id, "group_id"),
    DETAIL(INT, essence.sender_id, "sender_id"),
    DETAIL(INT, essence.operator_id, "operator_id"),
    DETAIL(INT, essence.message_id, "message_id"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field client_fields[] = {
    DETAIL(BOOL, client.online, "online"),
    DETAIL(TEXT, client.app_id, "client.app_id"),
    DETAIL(TEXT, client.device_name, "client.device_name"),
    DETAIL(TEXT, client.device_kind, "client.device_kind"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field offline_fields[] = {
    DETAIL(INT, offline.user_id, "user_id"),
    DETAIL(TEXT, offline.tag, "tag"),
    DETAIL(TEXT, offline.message, "message"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field tip_fields[] = {
    DETAIL(INT, tip.group_id, "group_id"),
    DETAIL(INT, tip.user_id, "user_id"),
    DETAIL(INT, tip.operator_id, "operator_id"),
    DETAIL(INT, tip.message_id, "message_id"),
    DETAIL(INT, tip.event_type, "event_type"),
    DETAIL(INT, tip.times, "times"),
    DETAIL(TEXT, tip.text, "status_text|content|operator_nick"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field request_fields[] = {
    DETAIL(INT, request.group_id, "group_id"),
    DETAIL(INT, request.user_id, "user_id"),
    DETAIL(TEXT, request.comment, "comment"),
    DETAIL(TEXT, request.flag, "flag"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field heartbeat_fields[] = {
    DETAIL(INT, heartbeat.interval_ms, "interval"),
    DETAIL(MAYBE, heartbeat.online, "status.online"),
    DETAIL(BOOL, heartbeat.good, "status.good"),
    ONEBOT_FIELDS_END,
};

static const struct onebot_field no_fields[] = {ONEBOT_FIELDS_END};

/* --- kinds -------------------------------------------------------------------------- */

static const struct {
    const char *post_type, *detail_type;
    const char *sub_type; /* NULL: no matter which */
    enum onebot_event_kind kind;
    const struct onebot_field *fields;
} kinds[] = {
    {"message", "private", NULL, ONEBOT_EVENT_PRIVATE_MESSAGE, message_fields},
    {"message", "group", NULL, ONEBOT_EVENT_GROUP_MESSAGE, message_fields},
    {"message_sent", "private", NULL, ONEBOT_EVENT_PRIVATE_MESSAGE, message_fields},
    {"message_sent", "group", NULL, ONEBOT_EVENT_GROUP_MESSAGE, message_fields},
    {"notice", "group_upload", NULL, ONEBOT_EVENT_GROUP_UPLOAD, upload_fields},
    {"notice", "group_admin", NULL, ONEBOT_EVENT_GROUP_ADMIN, member_fields},
    {"notice", "group_decrease", NULL, ONEBOT_EVENT_GROUP_DECREASE, member_fields},
    {"notice", "group_increase", NULL, ONEBOT_EVENT_GROUP_INCREASE, member_fields},
    {"notice", "group_ban", NULL, ONEBOT_EVENT_GROUP_BAN, member_fields},
    {"notice", "group_card", NULL, ONEBOT_EVENT_GROUP_CARD, change_fields},
    {"notice", "friend_add", NULL, ONEBOT_EVENT_FRIEND_ADD, member_fields},
    {"notice", "group_recall", NULL, ONEBOT_EVENT_GROUP_RECALL, recall_fields},
    {"notice", "friend_recall", NULL, ONEBOT_EVENT_FRIEND_RECALL, recall_fields},
    {"notice", "notify", "poke", ONEBOT_EVENT_POKE, poke_fields},
    {"notice", "notify", "lucky_king", ONEBOT_EVENT_LUCKY_KING, honor_fields},
    {"notice", "notify", "honor", ONEBOT_EVENT_HONOR, honor_fields},
    {"notice", "notify", "title", ONEBOT_EVENT_GROUP_TITLE, change_fields},
    {"notice", "notify", "group_name", ONEBOT_EVENT_GROUP_NAME, change_fields},
    {"notice", "notify", "input_status", ONEBOT_EVENT_INPUT_STATUS, tip_fields},
    {"notice", "notify", "profile_like", ONEBOT_EVENT_PROFILE_LIKE, tip_fields},
    {"notice", "notify", "gray_tip", ONEBOT_EVENT_GRAY_TIP, tip_fields},
    {"notice", "group_msg_emoji_like", NULL, ONEBOT_EVENT_REACTION, reaction_fields},
    {"notice", "reaction", NULL, ONEBOT_EVENT_REACTION, reaction_fields},
    {"notice", "essence", NULL, ONEBOT_EVENT_ESSENCE, essence_fields},
    {"notice", "offline_file", NULL, ONEBOT_EVENT_OFFLINE_FILE, upload_fields},
    {"notice", "client_status", NULL, ONEBOT_EVENT_CLIENT_STATUS, client_fields},
    {"notice", "bot_offline", NULL, ONEBOT_EVENT_BOT_OFFLINE, offline_fields},
    {"request", "friend", NULL, ONEBOT_EVENT_FRIEND_REQUEST, request_fields},
    {"request", "group", NULL, ONEBOT_EVENT_GROUP_REQUEST, request_fields},
    {"meta_event", "lifecycle", NULL, ONEBOT_EVENT_LIFECYCLE, no_fields},
    {"meta_event", "heartbeat", NULL, ONEBOT_EVENT_HEARTBEAT, heartbeat_fields},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Linear: messages stand first, and others are rare. */
static size_t find_kind(const struct onebot_event *event)
{
    for (size_t i = 0; i < KINDS; i++)
        if (!strcmp(event->post_type, kinds[i].post_type) &&
            !strcmp(event->detail_type, kinds[i].detail_type) &&
            (!kinds[i].sub_type || !strcmp(event->sub_type, kinds[i].sub_type)))
            return i;
    return KINDS;
}

/* The one like of a "reaction" stands in the event itself. */
static int read_reaction(const struct onebot_event *event, struct onebot_detail *detail,
                         struct onebot_memory **memory)
{
    static const struct onebot_field single_fields[] = {
        ONEBOT_LIST(onebot_detail, reaction.likes, reaction.count, &like_shape, "likes"),
        ONEBOT_FIELDS_END,
    };
    static const struct onebot_shape single = {sizeof *detail, single_fields, JSON_OBJECT};
    const json_t *is_add = json_object_get(event->raw, "is_add");
    detail->reaction.added = is_add ? onebot_truth(is_add) : strcmp(event->sub_type, "remove") != 0;
    if (detail->reaction.count || !json_object_get(event->raw, "code"))
        return 0;
    json_t *list = json_pack("{s:[O]}", "likes", event->raw);
    int error = list ? onebot_shape_read(&single, list, detail, memory) : -ENOMEM;
    json_decref(list);
    return error;
}

int onebot_detail_read(const struct onebot_event *event, struct onebot_detail *detail,
                       struct onebot_memory **memory)
{
    size_t i = find_kind(event);
    *detail = (struct onebot_detail){.own = onebot_event_is_own(event)};
    if (i == KINDS)
        return 0;
    struct onebot_shape shape = {sizeof *detail, kinds[i].fields, JSON_OBJECT};
    detail->kind = kinds[i].kind;
    int error = onebot_shape_read(&shape, event->raw, detail, memory);
    if (!error && detail->kind == ONEBOT_EVENT_REACTION)
        error = read_reaction(event, detail, memory);
    return error;
}

const struct onebot_detail *onebot_event_detail(const struct onebot_event *event)
{
    return &XIE_CONTAINER(event, const struct onebot_letter, event)->detail;
}

/* --- requests ----------------------------------------------------------------------- */

static struct onebot_result answer(const struct onebot_event *event, bool approve,
                                   const char *remark, const char *reason)
{
    const struct onebot_detail *detail = onebot_event_detail(event);
    if (detail->kind == ONEBOT_EVENT_FRIEND_REQUEST)
        return onebot_set_friend_add_request(event->bot, detail->request.flag, approve, remark);
    if (detail->kind == ONEBOT_EVENT_GROUP_REQUEST)
        return onebot_set_group_add_request(event->bot, detail->request.flag, event->sub_type,
                                            approve, reason);
    return onebot_failure(-EINVAL, "the event is no request");
}

struct onebot_result onebot_approve(const struct onebot_event *event, const char *remark)
{
    return answer(event, true, remark, NULL);
}

struct onebot_result onebot_reject(const struct onebot_event *event, const char *reason)
{
    return answer(event, false, NULL, reason);
}
