/* actions_group.c - the rows of actions with groups. */
/* SPDX-License-Identifier: MIT */
#include "actions.h"

static void check_group(const struct onebot_group *group)
{
    CHECK_EQ(group->group_id, num(38171548296));
    CHECK_STR(group->group_name, str("G"));
    CHECK_STR(group->group_remark, str("R"));
    CHECK_EQ(group->member_count, num(3));
    CHECK_EQ(group->max_member_count, num(200));
}

static int do_get_group_info(struct onebot_event *event)
{
    struct onebot_group_info it = onebot_get_group_info(event->bot, 6, false);
    check_group(&it.group);
    return typed(&it.call);
}

static int do_get_group_list(struct onebot_event *event)
{
    struct onebot_group_list it = onebot_get_group_list(event->bot);
    CHECK_EQ(it.count, num(2));
    for (size_t i = 0; i < it.count; i++)
        check_group(&it.items[i]);
    return typed(&it.call);
}

static void check_member(const struct onebot_member *member)
{
    CHECK_EQ(member->group_id, num(6));
    CHECK_EQ(member->user_id, num(5));
    CHECK_EQ(member->age, num(30));
    CHECK_EQ(member->join_time, num(1));
    CHECK_EQ(member->last_sent_time, num(2));
    CHECK_EQ(member->title_expire_time, num(-1));
    CHECK_STR(member->nickname, str("N"));
    CHECK_STR(member->card, str("C"));
    CHECK_STR(member->sex, str("female"));
    CHECK_STR(member->area, str("A"));
    CHECK_STR(member->level, str("15"));
    CHECK_STR(member->title, str("T"));
    CHECK_STR(member->role, str("admin"));
    CHECK_EQ(member->unfriendly, num(1));
    CHECK_EQ(member->card_changeable, num(1));
}

static int do_get_group_member_info(struct onebot_event *event)
{
    struct onebot_member_info it = onebot_get_group_member_info(event->bot, 6, 5, true);
    check_member(&it.member);
    return typed(&it.call);
}

static int do_get_group_member_list(struct onebot_event *event)
{
    struct onebot_member_list it = onebot_get_group_member_list(event->bot, 6);
    CHECK_EQ(it.count, num(2));
    for (size_t i = 0; i < it.count; i++)
        check_member(&it.items[i]);
    return typed(&it.call);
}

static void check_honors(const struct onebot_honors *honors, int64_t user)
{
    CHECK_EQ(honors->count, num(1));
    if (honors->count) {
        CHECK_EQ(honors->items->user_id, user);
        CHECK_STR(honors->items->nickname, "N");
        CHECK_STR(honors->items->avatar, "A");
        CHECK_STR(honors->items->description, "D");
    }
}

static int do_get_group_honor_info(struct onebot_event *event)
{
    struct onebot_honor_info it = onebot_get_group_honor_info(event->bot, 6, "all");
    CHECK_EQ(it.group_id, num(6));
    CHECK_EQ(it.current_talkative.user_id, num(5));
    CHECK_EQ(it.current_talkative.day_count, num(7));
    CHECK_STR(it.current_talkative.nickname, str("N"));
    check_honors(&it.talkative, 1);
    check_honors(&it.performer, 2);
    check_honors(&it.legend, 3);
    check_honors(&it.strong_newbie, 4);
    check_honors(&it.emotion, 5);
    return typed(&it.call);
}

static int do_no_reason(struct onebot_event *event)
{
    return plain(onebot_set_group_add_request(event->bot, "F", "invite", true, NULL));
}

PLAIN(set_group_kick, event->bot, 6, 5, true)
PLAIN(set_group_ban, event->bot, 6, 5, 1800)
PLAIN(set_group_anonymous_ban, event->bot, 6, "F", 60)
PLAIN(set_group_whole_ban, event->bot, 6, false)
PLAIN(set_group_admin, event->bot, 6, 5, true)
PLAIN(set_group_anonymous, event->bot, 6, true)
PLAIN(set_group_card, event->bot, 6, 5, "")
PLAIN(set_group_name, event->bot, 6, "名")
PLAIN(set_group_leave, event->bot, 6, false)
PLAIN(set_group_special_title, event->bot, 6, 5, "T", -1)
PLAIN(set_group_add_request, event->bot, "F", "add", false, "R")

#define GROUP                                                                \
    "{\"group_id\":38171548296,\"group_name\":\"G\",\"group_remark\":\"R\"," \
    "\"member_count\":3,\"max_member_count\":200}"
#define MEMBER                                                                            \
    "{\"group_id\":6,\"user_id\":5,\"nickname\":\"N\",\"card\":\"C\",\"sex\":\"female\"," \
    "\"age\":30,\"area\":\"A\",\"join_time\":1,\"last_sent_time\":2,\"level\":15,"        \
    "\"role\":\"admin\",\"unfriendly\":true,\"title\":\"T\",\"title_expire_time\":-1,"    \
    "\"card_changeable\":1}"
#define HONOR(id) \
    "[{\"user_id\":" #id ",\"nickname\":\"N\",\"avatar\":\"A\",\"description\":\"D\"}]"

const struct action group_actions[] = {
    ROW(get_group_info, OBJECT, "{\"group_id\":6,\"no_cache\":false}", GROUP),
    ROW(get_group_list, LIST, "{}", "[" GROUP "," GROUP "]"),
    ROW(get_group_member_info, OBJECT, "{\"group_id\":6,\"user_id\":5,\"no_cache\":true}", MEMBER),
    ROW(get_group_member_list, LIST, "{\"group_id\":6}", "[" MEMBER "," MEMBER "]"),
    ROW(get_group_honor_info, OBJECT, "{\"group_id\":6,\"type\":\"all\"}",
        "{\"group_id\":6,\"current_talkative\":{\"user_id\":5,\"nickname\":\"N\",\"avatar\":\"A\","
        "\"day_count\":7},\"talkative_list\":" HONOR(1) ",\"performer_list\":" HONOR(
            2) ",\"legend_list\":" HONOR(3) ",\"strong_newbie_list\":" HONOR(4) ",\"emotion_"
                                                                                "list\":" HONOR(
                                                                                    5) "}"),
    ROW(set_group_kick, PLAIN, "{\"group_id\":6,\"user_id\":5,\"reject_add_request\":true}", "{}"),
    ROW(set_group_ban, PLAIN, "{\"group_id\":6,\"user_id\":5,\"duration\":1800}", "{}"),
    ROW(set_group_anonymous_ban, PLAIN,
        "{\"group_id\":6,\"anonymous_flag\":\"F\",\"flag\":\"F\",\"duration\":60}", "{}"),
    ROW(set_group_whole_ban, PLAIN, "{\"group_id\":6,\"enable\":false}", "{}"),
    ROW(set_group_admin, PLAIN, "{\"group_id\":6,\"user_id\":5,\"enable\":true}", "{}"),
    ROW(set_group_anonymous, PLAIN, "{\"group_id\":6,\"enable\":true}", "{}"),
    ROW(set_group_card, PLAIN, "{\"group_id\":6,\"user_id\":5,\"card\":\"\"}", "{}"),
    ROW(set_group_name, PLAIN, "{\"group_id\":6,\"group_name\":\"名\"}", "{}"),
    ROW(set_group_leave, PLAIN, "{\"group_id\":6,\"is_dismiss\":false}", "{}"),
    ROW(set_group_special_title, PLAIN,
        "{\"group_id\":6,\"user_id\":5,\"special_title\":\"T\",\"duration\":-1}", "{}"),
    ROW(set_group_add_request, PLAIN,
        "{\"flag\":\"F\",\"sub_type\":\"add\",\"type\":\"add\",\"approve\":false,\"reason\":\"R\"}",
        "{}"),
    {"set_group_add_request", do_no_reason,
     "{\"flag\":\"F\",\"sub_type\":\"invite\",\"type\":\"invite\",\"approve\":true}", "{}",
     KIND_PLAIN},
    {NULL, NULL, NULL, NULL, KIND_PLAIN},
};
