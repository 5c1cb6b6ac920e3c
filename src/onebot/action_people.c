/* action_people.c - actions with persons and with the implementation itself.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/action.h"
#include "onebot/bot.h"
#include "onebot/event.h"

/* --- persons ------------------------------------------------------------------------ */

#define LOGIN(kind, member, keys) ONEBOT_FIELD(onebot_login_info, kind, member, keys)
#define STRANGER(kind, member, keys) ONEBOT_FIELD(onebot_stranger_info, kind, member, keys)
#define FRIEND(kind, member, keys) ONEBOT_FIELD(onebot_friend, kind, member, keys)

static const struct onebot_field login_fields[] = {
    LOGIN(INT, user_id, "user_id"),
    LOGIN(TEXT, nickname, "nickname"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape login_shape = {sizeof(struct onebot_login_info), login_fields,
                                                JSON_OBJECT};

struct onebot_login_info onebot_get_login_info(struct onebot_bot *bot)
{
    struct onebot_login_info info;
    onebot_call_shaped(bot, &login_shape, &info, "get_login_info", NULL);
    return info;
}

static const struct onebot_field stranger_fields[] = {
    STRANGER(INT, user_id, "user_id"),
    STRANGER(INT, age, "age"),
    STRANGER(TEXT, nickname, "nickname"),
    STRANGER(TEXT, sex, "sex"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape stranger_shape = {sizeof(struct onebot_stranger_info),
                                                   stranger_fields, JSON_OBJECT};

struct onebot_stranger_info onebot_get_stranger_info(struct onebot_bot *bot, int64_t user_id,
                                                     bool no_cache)
{
    struct onebot_stranger_info info;
    onebot_call_shaped(bot, &stranger_shape, &info, "get_stranger_info", "{s:I, s:b}", "user_id",
                       user_id, "no_cache", no_cache);
    return info;
}

static const struct onebot_field friend_fields[] = {
    FRIEND(INT, user_id, "user_id"),
    FRIEND(TEXT, nickname, "nickname"),
    FRIEND(TEXT, remark, "remark"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape friend_shape = {sizeof(struct onebot_friend), friend_fields,
                                                 JSON_OBJECT};
static const struct onebot_field friends_fields[] = {
    ONEBOT_LIST(onebot_friend_list, items, count, &friend_shape, ""),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape friends_shape = {sizeof(struct onebot_friend_list), friends_fields,
                                                  JSON_ARRAY};

struct onebot_friend_list onebot_get_friend_list(struct onebot_bot *bot)
{
    struct onebot_friend_list list;
    onebot_call_shaped(bot, &friends_shape, &list, "get_friend_list", NULL);
    return list;
}

struct onebot_result onebot_send_like(struct onebot_bot *bot, int64_t user_id, int times)
{
    return onebot_call_plain(bot, "send_like", "{s:I, s:i}", "user_id", user_id, "times", times);
}

struct onebot_result onebot_set_friend_add_request(struct onebot_bot *bot, const char *flag,
                                                   bool approve, const char *remark)
{
    return onebot_call_plain(bot, "set_friend_add_request", "{s:s, s:b, s:s*}", "flag", flag,
                             "approve", approve, "remark", remark);
}

struct onebot_result onebot_friend_poke(struct onebot_bot *bot, int64_t user_id)
{
    return onebot_call_plain(bot, "friend_poke", "{s:I}", "user_id", user_id);
}

struct onebot_result onebot_group_poke(struct onebot_bot *bot, int64_t group_id, int64_t user_id)
{
    return onebot_call_plain(bot, "group_poke", "{s:I, s:I}", "group_id", group_id, "user_id",
                             user_id);
}

struct onebot_result onebot_send_poke(struct onebot_bot *bot, int64_t group_id, int64_t user_id)
{
    return onebot_call_plain(bot, "send_poke", group_id ? "{s:I, s:I}" : "{s:I}", "user_id",
                             user_id, "group_id", group_id);
}

/* --- the implementation ------------------------------------------------------------- */

#define CREDENTIALS(kind, member, keys) ONEBOT_FIELD(onebot_credentials, kind, member, keys)
#define STATUS(kind, member, keys) ONEBOT_FIELD(onebot_status_info, kind, member, keys)
#define VERSION(kind, member, keys) ONEBOT_FIELD(onebot_version_info, kind, member, keys)

static const struct onebot_field credentials_fields[] = {
    CREDENTIALS(TEXT, cookies, "cookies"),
    CREDENTIALS(INT, csrf_token, "csrf_token|token"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape credentials_shape = {sizeof(struct onebot_credentials),
                                                      credentials_fields, JSON_OBJECT};

struct onebot_credentials onebot_get_cookies(struct onebot_bot *bot, const char *domain)
{
    struct onebot_credentials credentials;
    onebot_call_shaped(bot, &credentials_shape, &credentials, "get_cookies", "{s:s*}", "domain",
                       domain);
    return credentials;
}

struct onebot_credentials onebot_get_csrf_token(struct onebot_bot *bot)
{
    struct onebot_credentials credentials;
    onebot_call_shaped(bot, &credentials_shape, &credentials, "get_csrf_token", NULL);
    return credentials;
}

struct onebot_credentials onebot_get_credentials(struct onebot_bot *bot, const char *domain)
{
    struct onebot_credentials credentials;
    onebot_call_shaped(bot, &credentials_shape, &credentials, "get_credentials", "{s:s*}", "domain",
                       domain);
    return credentials;
}

static const struct onebot_field yes_fields[] = {
    ONEBOT_FIELD(onebot_yes, BOOL, yes, "yes"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape yes_shape = {sizeof(struct onebot_yes), yes_fields, JSON_OBJECT};

struct onebot_yes onebot_can_send_image(struct onebot_bot *bot)
{
    struct onebot_yes yes;
    onebot_call_shaped(bot, &yes_shape, &yes, "can_send_image", NULL);
    return yes;
}

struct onebot_yes onebot_can_send_record(struct onebot_bot *bot)
{
    struct onebot_yes yes;
    onebot_call_shaped(bot, &yes_shape, &yes, "can_send_record", NULL);
    return yes;
}

static const struct onebot_field status_fields[] = {
    STATUS(MAYBE, online, "online"),
    STATUS(BOOL, good, "good"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape status_shape = {sizeof(struct onebot_status_info), status_fields,
                                                 JSON_OBJECT};

struct onebot_status_info onebot_get_status(struct onebot_bot *bot)
{
    struct onebot_status_info info;
    onebot_call_shaped(bot, &status_shape, &info, "get_status", NULL);
    return info;
}

static const struct onebot_field version_fields[] = {
    VERSION(TEXT, app_name, "app_name"),
    VERSION(TEXT, app_version, "app_version"),
    VERSION(TEXT, protocol_version, "protocol_version"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape version_shape = {sizeof(struct onebot_version_info),
                                                  version_fields, JSON_OBJECT};

struct onebot_version_info onebot_get_version_info(struct onebot_bot *bot)
{
    struct onebot_version_info info;
    onebot_call_shaped(bot, &version_shape, &info, "get_version_info", NULL);
    return info;
}

struct onebot_result onebot_set_restart(struct onebot_bot *bot, int64_t delay_ms)
{
    return onebot_call_plain(bot, "set_restart", "{s:I}", "delay", delay_ms);
}

struct onebot_result onebot_clean_cache(struct onebot_bot *bot)
{
    return onebot_call_plain(bot, "clean_cache", NULL);
}

struct onebot_result onebot_handle_quick_operation(const struct onebot_event *event,
                                                   json_t *operation)
{
    return onebot_call_plain(event->bot, ".handle_quick_operation", "{s:O, s:O}", "context",
                             event->raw, "operation", operation);
}
