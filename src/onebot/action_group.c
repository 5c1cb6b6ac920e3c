/* action_group.c - actions with groups.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/action.h"

/* --- what there is ------------------------------------------------------------------ */

#define GROUP(kind, member, keys) ONEBOT_FIELD(onebot_group, kind, member, keys)
#define MEMBER(kind, member, keys) ONEBOT_FIELD(onebot_member, kind, member, keys)
#define HONORED(kind, member, keys) ONEBOT_FIELD(onebot_honored, kind, member, keys)
#define HONORS(member, keys) \
    ONEBOT_LIST(onebot_honor_info, member.items, member.count, &honored_shape, keys)

static const struct onebot_field group_fields[] = {
    GROUP(INT, group_id, "group_id"),
    GROUP(INT, member_count, "member_count"),
    GROUP(INT, max_member_count, "max_member_count"),
    GROUP(TEXT, group_name, "group_name"),
    GROUP(TEXT, group_remark, "group_remark|group_memo"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape group_shape = {sizeof(struct onebot_group), group_fields,
                                                JSON_OBJECT};
static const struct onebot_field group_info_fields[] = {
    ONEBOT_PART(onebot_group_info, group, &group_shape, ""),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape group_info_shape = {sizeof(struct onebot_group_info),
                                                     group_info_fields, JSON_OBJECT};
static const struct onebot_field groups_fields[] = {
    ONEBOT_LIST(onebot_group_list, items, count, &group_shape, ""),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape groups_shape = {sizeof(struct onebot_group_list), groups_fields,
                                                 JSON_ARRAY};

struct onebot_group_info onebot_get_group_info(struct onebot_bot *bot, int64_t group_id,
                                               bool no_cache)
{
    struct onebot_group_info info;
    onebot_call_shaped(bot, &group_info_shape, &info, "get_group_info", "{s:I, s:b}", "group_id",
                       group_id, "no_cache", no_cache);
    return info;
}

struct onebot_group_list onebot_get_group_list(struct onebot_bot *bot)
{
    struct onebot_group_list list;
    onebot_call_shaped(bot, &groups_shape, &list, "get_group_list", NULL);
    return list;
}

static const struct onebot_field member_fields[] = {
    MEMBER(INT, group_id, "group_id"),
    MEMBER(INT, user_id, "user_id"),
    MEMBER(INT, age, "age"),
    MEMBER(INT, join_time, "join_time"),
    MEMBER(INT, last_sent_time, "last_sent_time"),
    MEMBER(INT, title_expire_time, "title_expire_time"),
    MEMBER(TEXT, nickname, "nickname"),
    MEMBER(TEXT, card, "card"),
    MEMBER(TEXT, sex, "sex"),
    MEMBER(TEXT, area, "area"),
    MEMBER(TEXT, level, "level"),
    MEMBER(TEXT, title, "title"),
    MEMBER(TEXT, role, "role"),
    MEMBER(BOOL, unfriendly, "unfriendly"),
    MEMBER(BOOL, card_changeable, "card_changeable"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape member_shape = {sizeof(struct onebot_member), member_fields,
                                                 JSON_OBJECT};
static const struct onebot_field member_info_fields[] = {
    ONEBOT_PART(onebot_member_info, member, &member_shape, ""),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape member_info_shape = {sizeof(struct onebot_member_info),
                                                      member_info_fields, JSON_OBJECT};
static const struct onebot_field members_fields[] = {
    ONEBOT_LIST(onebot_member_list, items, count, &member_shape, ""),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape members_shape = {sizeof(struct onebot_member_list), members_fields,
                                                  JSON_ARRAY};

struct onebot_member_info onebot_get_group_member_info(struct onebot_bot *bot, int64_t group_id,
                                                       int64_t user_id, bool no_cache)
{
    struct onebot_member_info info;
    onebot_call_shaped(bot, &member_info_shape, &info, "get_group_member_info", "{s:I, s:I, s:b}",
                       "group_id", group_id, "user_id", user_id, "no_cache", no_cache);
    return info;
}

struct onebot_member_list onebot_get_group_member_list(struct onebot_bot *bot, int64_t group_id)
{
    struct onebot_member_list list;
    onebot_call_shaped(bot, &members_shape, &list, "get_group_member_list", "{s:I}", "group_id",
                       group_id);
    return list;
}

static const struct onebot_field honored_fields[] = {
    HONORED(INT, user_id, "user_id"),          HONORED(INT, day_count, "day_count"),
    HONORED(TEXT, nickname, "nickname"),       HONORED(TEXT, avatar, "avatar"),
    HONORED(TEXT, description, "description"), ONEBOT_FIELDS_END,
};
static const struct onebot_shape honored_shape = {sizeof(struct onebot_honored), honored_fields,
                                                  JSON_OBJECT};
static const struct onebot_field honor_fields[] = {
    ONEBOT_FIELD(onebot_honor_info, INT, group_id, "group_id"),
    ONEBOT_PART(onebot_honor_info, current_talkative, &honored_shape, "current_talkative"),
    HONORS(talkative, "talkative_list"),
    HONORS(performer, "performer_list"),
    HONORS(legend, "legend_list"),
    HONORS(strong_newbie, "strong_newbie_list"),
    HONORS(emotion, "emotion_list"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape honor_shape = {sizeof(struct onebot_honor_info), honor_fields,
                                                JSON_OBJECT};

struct onebot_honor_info onebot_get_group_honor_info(struct onebot_bot *bot, int64_t group_id,
                                                     const char *type)
{
    struct onebot_honor_info info;
    onebot_call_shaped(bot, &honor_shape, &info, "get_group_honor_info", "{s:I, s:s}", "group_id",
                       group_id, "type", type);
    return info;
}

/* --- what an admin does ------------------------------------------------------------- */

struct onebot_result onebot_set_group_kick(struct onebot_bot *bot, int64_t group_id,
                                           int64_t user_id, bool reject_add_request)
{
    return onebot_call_plain(bot, "set_group_kick", "{s:I, s:I, s:b}", "group_id", group_id,
                             "user_id", user_id, "reject_add_request", reject_add_request);
}

struct onebot_result onebot_set_group_ban(struct onebot_bot *bot, int64_t group_id, int64_t user_id,
                                          int64_t seconds)
{
    return onebot_call_plain(bot, "set_group_ban", "{s:I, s:I, s:I}", "group_id", group_id,
                             "user_id", user_id, "duration", seconds);
}

/* Both spellings of the flag that the standard has. */
struct onebot_result onebot_set_group_anonymous_ban(struct onebot_bot *bot, int64_t group_id,
                                                    const char *flag, int64_t seconds)
{
    return onebot_call_plain(bot, "set_group_anonymous_ban", "{s:I, s:s, s:s, s:I}", "group_id",
                             group_id, "anonymous_flag", flag, "flag", flag, "duration", seconds);
}

static struct onebot_result enable_in(struct onebot_bot *bot, const char *action, int64_t group_id,
                                      bool enable)
{
    return onebot_call_plain(bot, action, "{s:I, s:b}", "group_id", group_id, "enable", enable);
}

struct onebot_result onebot_set_group_whole_ban(struct onebot_bot *bot, int64_t group_id,
                                                bool enable)
{
    return enable_in(bot, "set_group_whole_ban", group_id, enable);
}

struct onebot_result onebot_set_group_anonymous(struct onebot_bot *bot, int64_t group_id,
                                                bool enable)
{
    return enable_in(bot, "set_group_anonymous", group_id, enable);
}

struct onebot_result onebot_set_group_admin(struct onebot_bot *bot, int64_t group_id,
                                            int64_t user_id, bool enable)
{
    return onebot_call_plain(bot, "set_group_admin", "{s:I, s:I, s:b}", "group_id", group_id,
                             "user_id", user_id, "enable", enable);
}

struct onebot_result onebot_set_group_card(struct onebot_bot *bot, int64_t group_id,
                                           int64_t user_id, const char *card)
{
    return onebot_call_plain(bot, "set_group_card", "{s:I, s:I, s:s}", "group_id", group_id,
                             "user_id", user_id, "card", card);
}

struct onebot_result onebot_set_group_name(struct onebot_bot *bot, int64_t group_id,
                                           const char *name)
{
    return onebot_call_plain(bot, "set_group_name", "{s:I, s:s}", "group_id", group_id,
                             "group_name", name);
}

struct onebot_result onebot_set_group_leave(struct onebot_bot *bot, int64_t group_id, bool dismiss)
{
    return onebot_call_plain(bot, "set_group_leave", "{s:I, s:b}", "group_id", group_id,
                             "is_dismiss", dismiss);
}

struct onebot_result onebot_set_group_special_title(struct onebot_bot *bot, int64_t group_id,
                                                    int64_t user_id, const char *title,
                                                    int64_t seconds)
{
    return onebot_call_plain(bot, "set_group_special_title", "{s:I, s:I, s:s, s:I}", "group_id",
                             group_id, "user_id", user_id, "special_title", title, "duration",
                             seconds);
}

/* sub_type is also called type. */
struct onebot_result onebot_set_group_add_request(struct onebot_bot *bot, const char *flag,
                                                  const char *sub_type, bool approve,
                                                  const char *reason)
{
    return onebot_call_plain(bot, "set_group_add_request", "{s:s, s:s, s:s, s:b, s:s*}", "flag",
                             flag, "sub_type", sub_type, "type", sub_type, "approve", approve,
                             "reason", reason);
}
