/* actions_message.c - the rows of actions with messages. */
/* SPDX-License-Identifier: MIT */
#include "actions.h"

static struct onebot_message hello(void)
{
    struct onebot_message message = {0};
    onebot_message_text(&message, "hi");
    return message;
}

static int sent(struct onebot_sent *sent)
{
    CHECK_EQ(sent->message_id, num(38171548296));
    CHECK_STR(sent->forward_id, str("F"));
    return typed(&sent->call);
}

#define SEND(name, ...)                                               \
    static int do_##name(struct onebot_event *event)                  \
    {                                                                 \
        struct onebot_message message = hello();                      \
        struct onebot_sent it = onebot_##name(__VA_ARGS__, &message); \
        CHECK(message.segments == NULL);                              \
        return sent(&it);                                             \
    }

SEND(send_private_msg, event->bot, 5, 0)
SEND(send_group_msg, event->bot, 6)
SEND(send_msg, event->bot, 6, 5)
SEND(send_group_forward_msg, event->bot, 6)
SEND(send_private_forward_msg, event->bot, 5)
SEND(send_forward_msg, event->bot, 0, 5)

static int do_temporary(struct onebot_event *event)
{
    struct onebot_message message = hello();
    struct onebot_sent it = onebot_send_private_msg(event->bot, 5, 6, &message);
    return sent(&it);
}

PLAIN(delete_msg, event->bot, -7)
PLAIN(mark_msg_as_read, event->bot, 7)
PLAIN(forward_friend_single_msg, event->bot, 5, 7)
PLAIN(forward_group_single_msg, event->bot, 6, 7)
PLAIN(set_essence_msg, event->bot, 7)
PLAIN(delete_essence_msg, event->bot, 7)
PLAIN(set_msg_emoji_like, event->bot, 7, "76", true)
PLAIN(set_group_reaction, event->bot, 6, 7, "76", false)

static void check_past(const struct onebot_past_message *past)
{
    CHECK_EQ(past->time, num(1700000000));
    CHECK_EQ(past->message_id, num(7));
    CHECK_EQ(past->real_id, num(8));
    CHECK_EQ(past->message_seq, num(9));
    CHECK_EQ(past->group_id, num(6));
    CHECK_EQ(past->user_id, num(5));
    CHECK_STR(past->message_type, str("group"));
    CHECK_STR(past->raw_message, str("hi"));
    CHECK_EQ(past->sender.user_id, num(5));
    CHECK_EQ(past->sender.age, num(30));
    CHECK_STR(past->sender.nickname, str("N"));
    CHECK_STR(past->sender.card, str("C"));
    CHECK_STR(past->sender.level, str("15"));
    CHECK_STR(past->sender.role, str("owner"));
}

#define PAST                                                                             \
    "{\"time\":1700000000,\"message_type\":\"group\",\"message_id\":7,\"real_id\":8,"    \
    "\"message_seq\":9,\"group_id\":6,\"raw_message\":\"hi\",\"sender\":{\"user_id\":5," \
    "\"nickname\":\"N\",\"card\":\"C\",\"age\":30,\"level\":15,\"role\":\"owner\"},"     \
    "\"message\":[{\"type\":\"text\",\"data\":{\"text\":\"hi\"}}]}"

static int do_get_msg(struct onebot_event *event)
{
    struct onebot_message_info it = onebot_get_msg(event->bot, 7);
    struct onebot_message message = {0};
    struct onebot_segment segment = {.text = ""};
    check_past(&it.message);
    onebot_message_read(&message, it.message.message);
    onebot_message_get(&message, 0, &segment);
    CHECK_STR(segment.text, str("hi"));
    onebot_message_clear(&message);
    return typed(&it.call);
}

static int history(struct onebot_message_list *list)
{
    CHECK_EQ(list->count, num(2));
    for (size_t i = 0; i < list->count; i++)
        check_past(&list->items[i]);
    return typed(&list->call);
}

static int do_get_group_msg_history(struct onebot_event *event)
{
    struct onebot_message_list it = onebot_get_group_msg_history(event->bot, 6, 9, 20);
    return history(&it);
}

static int do_get_friend_msg_history(struct onebot_event *event)
{
    struct onebot_message_list it = onebot_get_friend_msg_history(event->bot, 5, 0, 20);
    return history(&it);
}

/* By the standard, nodes; elsewhere whole messages. */
static int do_get_forward_msg(struct onebot_event *event)
{
    struct onebot_message_list it = onebot_get_forward_msg(event->bot, "R");
    CHECK_EQ(it.count, num(2));
    for (size_t i = 0; i < it.count; i++) {
        CHECK_EQ(it.items[i].user_id, 5);
        CHECK_EQ(it.items[i].sender.user_id, 5);
        CHECK_STR(it.items[i].sender.nickname, "N");
        CHECK_STR(json_string_value(it.items[i].message), "hi");
    }
    return typed(&it.call);
}

static int do_bundle_of_messages(struct onebot_event *event)
{
    struct onebot_message_list it = onebot_get_forward_msg(event->bot, "R");
    CHECK_EQ(it.count, num(2));
    for (size_t i = 0; i < it.count; i++) {
        CHECK_EQ(it.items[i].user_id, 5);
        CHECK_STR(it.items[i].sender.nickname, "N");
        CHECK_STR(json_string_value(it.items[i].message), "hi");
    }
    return typed(&it.call);
}

static int do_get_essence_msg_list(struct onebot_event *event)
{
    struct onebot_essence_list it = onebot_get_essence_msg_list(event->bot, 6);
    CHECK_EQ(it.count, num(1));
    if (it.count) {
        CHECK_EQ(it.items->message_id, 7);
        CHECK_EQ(it.items->sender_id, 5);
        CHECK_EQ(it.items->sender_time, 1);
        CHECK_EQ(it.items->operator_id, 4);
        CHECK_EQ(it.items->operator_time, 2);
        CHECK_STR(it.items->sender_nick, "S");
        CHECK_STR(it.items->operator_nick, "O");
    }
    return typed(&it.call);
}

#define HI "[{\"type\":\"text\",\"data\":{\"text\":\"hi\"}}]"
#define SENT "{\"message_id\":38171548296,\"forward_id\":\"F\"}"

const struct action message_actions[] = {
    ROW(send_private_msg, ANY, "{\"user_id\":5,\"message\":" HI "}", SENT),
    {"send_private_msg", do_temporary, "{\"user_id\":5,\"group_id\":6,\"message\":" HI "}", SENT,
     KIND_ANY},
    ROW(send_group_msg, ANY, "{\"group_id\":6,\"message\":" HI "}",
        "{\"message_id\":38171548296,\"res_id\":\"F\"}"),
    ROW(send_msg, ANY, "{\"message_type\":\"group\",\"group_id\":6,\"message\":" HI "}", SENT),
    ROW(send_group_forward_msg, ANY, "{\"group_id\":6,\"messages\":" HI "}", SENT),
    ROW(send_private_forward_msg, ANY, "{\"user_id\":5,\"messages\":" HI "}", SENT),
    ROW(send_forward_msg, ANY, "{\"message_type\":\"private\",\"user_id\":5,\"messages\":" HI "}",
        SENT),
    ROW(delete_msg, PLAIN, "{\"message_id\":-7}", "{}"),
    ROW(mark_msg_as_read, PLAIN, "{\"message_id\":7}", "{\"told\":\"all the same\"}"),
    ROW(forward_friend_single_msg, PLAIN, "{\"user_id\":5,\"message_id\":7}", "{}"),
    ROW(forward_group_single_msg, PLAIN, "{\"group_id\":6,\"message_id\":7}", "{}"),
    ROW(set_essence_msg, PLAIN, "{\"message_id\":7}", "[]"),
    ROW(delete_essence_msg, PLAIN, "{\"message_id\":7}", "true"),
    ROW(set_msg_emoji_like, PLAIN, "{\"message_id\":7,\"emoji_id\":\"76\",\"set\":true}", "{}"),
    ROW(set_group_reaction, PLAIN,
        "{\"group_id\":6,\"message_id\":7,\"code\":\"76\",\"is_add\":false}", "{}"),
    ROW(get_msg, OBJECT, "{\"message_id\":7}", PAST),
    ROW(get_group_msg_history, LIST,
        "{\"group_id\":6,\"count\":20,\"message_seq\":9,\"message_id\":9}",
        "{\"messages\":[" PAST "," PAST "]}"),
    ROW(get_friend_msg_history, LIST, "{\"user_id\":5,\"count\":20}", "[" PAST "," PAST "]"),
    ROW(get_forward_msg, LIST, "{\"id\":\"R\",\"message_id\":\"R\"}",
        "{\"message\":[{\"type\":\"node\",\"data\":{\"user_id\":5,\"nickname\":\"N\",\"content\":"
        "\"hi\"}},{\"type\":\"node\",\"data\":{\"uin\":5,\"name\":\"N\",\"content\":\"hi\"}}]}"),
    {"get_forward_msg", do_bundle_of_messages, "{\"id\":\"R\",\"message_id\":\"R\"}",
     "{\"messages\":[{\"sender\":{\"user_id\":5,\"nickname\":\"N\"},\"content\":\"hi\"},"
     "{\"sender\":{\"user_id\":5,\"nickname\":\"N\"},\"message\":\"hi\"}]}",
     KIND_LIST},
    ROW(get_essence_msg_list, LIST, "{\"group_id\":6}",
        "[{\"message_id\":7,\"sender_id\":5,\"sender_time\":1,\"sender_nick\":\"S\","
        "\"operator_id\":4,\"operator_time\":2,\"operator_nick\":\"O\"}]"),
    {NULL, NULL, NULL, NULL, KIND_PLAIN},
};
