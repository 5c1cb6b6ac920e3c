/* actions_people.c - the rows of actions with persons and the implementation. */
/* SPDX-License-Identifier: MIT */
#include "actions.h"

static int do_get_login_info(struct onebot_event *event)
{
    struct onebot_login_info it = onebot_get_login_info(event->bot);
    CHECK_EQ(it.user_id, num(38171548296));
    CHECK_STR(it.nickname, str("Bot"));
    return typed(&it.call);
}

static int do_get_stranger_info(struct onebot_event *event)
{
    struct onebot_stranger_info it = onebot_get_stranger_info(event->bot, 5, true);
    CHECK_EQ(it.user_id, num(5));
    CHECK_EQ(it.age, num(30));
    CHECK_STR(it.nickname, str("N"));
    CHECK_STR(it.sex, str("male"));
    return typed(&it.call);
}

static int do_get_friend_list(struct onebot_event *event)
{
    struct onebot_friend_list it = onebot_get_friend_list(event->bot);
    CHECK_EQ(it.count, num(2));
    if (it.count) {
        CHECK_EQ(it.items[0].user_id, 5);
        CHECK_STR(it.items[0].nickname, "N");
        CHECK_STR(it.items[0].remark, "R");
        CHECK_EQ(it.items[1].user_id, 0); /* nothing is known of the other */
        CHECK_STR(it.items[1].nickname, "");
    }
    return typed(&it.call);
}

static int do_handle_quick_operation(struct onebot_event *event)
{
    json_t *operation = json_pack("{s:s}", "reply", "hi");
    int error = plain(onebot_handle_quick_operation(event, operation));
    json_decref(operation);
    return error;
}

static int do_no_remark(struct onebot_event *event)
{
    return plain(onebot_set_friend_add_request(event->bot, "F", false, NULL));
}

static int do_private_poke(struct onebot_event *event)
{
    return plain(onebot_send_poke(event->bot, 0, 5));
}

PLAIN(send_like, event->bot, 5, 10)
PLAIN(set_friend_add_request, event->bot, "F", true, "R")
PLAIN(friend_poke, event->bot, 5)
PLAIN(group_poke, event->bot, 6, 5)
PLAIN(send_poke, event->bot, 6, 5)
PLAIN(set_restart, event->bot, 2000)
PLAIN(clean_cache, event->bot)

static int credentials(struct onebot_credentials *it, const char *cookies, int64_t token)
{
    CHECK_STR(it->cookies, str(cookies));
    CHECK_EQ(it->csrf_token, num(token));
    return typed(&it->call);
}

static int do_get_cookies(struct onebot_event *event)
{
    struct onebot_credentials it = onebot_get_cookies(event->bot, "qun.qq.com");
    return credentials(&it, "K", 0);
}

static int do_get_csrf_token(struct onebot_event *event)
{
    struct onebot_credentials it = onebot_get_csrf_token(event->bot);
    return credentials(&it, "", 1234);
}

static int do_get_credentials(struct onebot_event *event)
{
    struct onebot_credentials it = onebot_get_credentials(event->bot, NULL);
    return credentials(&it, "K", 1234);
}

static int do_can_send_image(struct onebot_event *event)
{
    struct onebot_yes it = onebot_can_send_image(event->bot);
    CHECK_EQ(it.yes, num(1));
    return typed(&it.call);
}

static int do_can_send_record(struct onebot_event *event)
{
    struct onebot_yes it = onebot_can_send_record(event->bot);
    CHECK_EQ(it.yes, num(1));
    return typed(&it.call);
}

static int do_get_status(struct onebot_event *event)
{
    struct onebot_status_info it = onebot_get_status(event->bot);
    bool there = num(1) || mode == MODE_WRONG_TYPES; /* something is, though it says nothing */
    CHECK_EQ(it.online, there ? num(1) : -1);
    CHECK_EQ(it.good, num(1));
    return typed(&it.call);
}

static int do_unknown_status(struct onebot_event *event)
{
    struct onebot_status_info it = onebot_get_status(event->bot);
    CHECK_EQ(it.online, mode == MODE_WRONG_TYPES ? 0 : -1);
    CHECK_EQ(it.good, 0);
    return typed(&it.call);
}

static int do_get_version_info(struct onebot_event *event)
{
    struct onebot_version_info it = onebot_get_version_info(event->bot);
    CHECK_STR(it.app_name, str("NapCat.Onebot"));
    CHECK_STR(it.app_version, str("4.8"));
    CHECK_STR(it.protocol_version, str("v11"));
    return typed(&it.call);
}

/* What fake_message says: the event as it came. */
#define CONTEXT                                                                                  \
    "{\"post_type\":\"message\",\"message_type\":\"group\",\"sub_type\":\"normal\",\"time\":"    \
    "1700000000,\"self_id\":10000,\"user_id\":10001,\"group_id\":20001,\"message_id\":1,"        \
    "\"message\":\"/go\",\"sender\":{\"user_id\":10001,\"nickname\":\"Nick\",\"card\":\"Card\"," \
    "\"role\":\"admin\"}}"

const struct action people_actions[] = {
    ROW(get_login_info, OBJECT, "{}", "{\"user_id\":38171548296,\"nickname\":\"Bot\"}"),
    ROW(get_stranger_info, OBJECT, "{\"user_id\":5,\"no_cache\":true}",
        "{\"user_id\":5,\"nickname\":\"N\",\"sex\":\"male\",\"age\":30}"),
    ROW(get_friend_list, LIST, "{}",
        "[{\"user_id\":5,\"nickname\":\"N\",\"remark\":\"R\"},null,{}]"),
    ROW(send_like, PLAIN, "{\"user_id\":5,\"times\":10}", "{}"),
    ROW(set_friend_add_request, PLAIN, "{\"flag\":\"F\",\"approve\":true,\"remark\":\"R\"}", "{}"),
    {"set_friend_add_request", do_no_remark, "{\"flag\":\"F\",\"approve\":false}", "{}",
     KIND_PLAIN},
    ROW(friend_poke, PLAIN, "{\"user_id\":5}", "{}"),
    ROW(group_poke, PLAIN, "{\"group_id\":6,\"user_id\":5}", "{}"),
    ROW(send_poke, PLAIN, "{\"group_id\":6,\"user_id\":5}", "{}"),
    {"send_poke", do_private_poke, "{\"user_id\":5}", "{}", KIND_PLAIN},
    ROW(get_cookies, OBJECT, "{\"domain\":\"qun.qq.com\"}", "{\"cookies\":\"K\"}"),
    ROW(get_csrf_token, OBJECT, "{}", "{\"token\":1234}"),
    ROW(get_credentials, OBJECT, "{}", "{\"cookies\":\"K\",\"csrf_token\":1234}"),
    ROW(can_send_image, OBJECT, "{}", "{\"yes\":true}"),
    ROW(can_send_record, OBJECT, "{}", "{\"yes\":\"yes\"}"),
    ROW(get_status, OBJECT, "{}", "{\"online\":1,\"good\":true}"),
    {"get_status", do_unknown_status, "{}", "{\"online\":null,\"good\":\"no\"}", KIND_OBJECT},
    ROW(get_version_info, OBJECT, "{}",
        "{\"app_name\":\"NapCat.Onebot\",\"app_version\":\"4.8\",\"protocol_version\":\"v11\"}"),
    ROW(set_restart, PLAIN, "{\"delay\":2000}", "null"),
    ROW(clean_cache, PLAIN, "{}", "null"),
    {".handle_quick_operation", do_handle_quick_operation,
     "{\"context\":" CONTEXT ",\"operation\":{\"reply\":\"hi\"}}", "{}", KIND_PLAIN},
    {NULL, NULL, NULL, NULL, KIND_PLAIN},
};
