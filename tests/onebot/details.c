/* details.c - every kind of event, read; and memory that fails while it is. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "onebot/action.h"
#include "onebot/event.h"
#include "tap.h"

static size_t begin(void)
{
    json_set_alloc_funcs(xie_alloc, xie_release);
    return xie_alloc_live();
}

static struct onebot_letter *read_event(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    REQUIRE(json != NULL);
    struct onebot_letter *letter = onebot_letter_new(NULL, json);
    REQUIRE(letter != NULL);
    return letter;
}

static const struct onebot_detail *detail_of(struct onebot_letter *letter)
{
    return onebot_event_detail(&letter->event);
}

/* --- messages ----------------------------------------------------------------------- */

static void test_a_group_message(void)
{
    size_t live = begin();
    struct onebot_letter *letter = read_event(
        "{\"post_type\":\"message\",\"message_type\":\"group\",\"sub_type\":\"anonymous\","
        "\"self_id\":1,\"user_id\":\"38171548296\",\"group_id\":6,\"message_id\":-7,\"font\":14,"
        "\"message_seq\":8,\"real_seq\":\"9\",\"raw_message\":\"hi\",\"message_format\":\"array\","
        "\"group_name\":\"G\",\"target_id\":3,\"sender\":{\"user_id\":5,\"nickname\":\"N\","
        "\"card\":\"C\",\"sex\":\"male\",\"age\":\"30\",\"area\":\"A\",\"level\":15,\"role\":"
        "\"owner\",\"title\":\"T\"},\"anonymous\":{\"id\":80000000,\"name\":\"X\",\"flag\":\"F\"},"
        "\"message\":[{\"type\":\"at\",\"data\":{\"qq\":5}}]}");
    const struct onebot_detail *detail = detail_of(letter);
    CHECK_EQ(detail->kind, ONEBOT_EVENT_GROUP_MESSAGE);
    CHECK(!detail->own);
    CHECK_EQ(detail->message.user_id, 38171548296);
    CHECK_EQ(detail->message.group_id, 6);
    CHECK_EQ(detail->message.message_id, -7);
    CHECK_EQ(detail->message.message_seq, 8);
    CHECK_EQ(detail->message.real_seq, 9);
    CHECK_EQ(detail->message.font, 14);
    CHECK_EQ(detail->message.target_id, 3);
    CHECK_STR(detail->message.raw_message, "hi");
    CHECK_STR(detail->message.message_format, "array");
    CHECK_STR(detail->message.group_name, "G");
    CHECK_EQ(detail->message.sender.user_id, 5);
    CHECK_EQ(detail->message.sender.age, 30);
    CHECK_STR(detail->message.sender.level, "15"); /* a number there */
    CHECK_STR(detail->message.sender.area, "A");
    CHECK_STR(detail->message.sender.title, "T");
    CHECK_EQ(detail->message.anonymous.id, 80000000);
    CHECK_STR(detail->message.anonymous.name, "X");
    CHECK_STR(detail->message.anonymous.flag, "F");
    struct onebot_segment segment;
    CHECK(onebot_message_get(onebot_event_message(&letter->event), 0, &segment));
    CHECK_EQ(segment.at.user_id, 5);
    onebot_letter_free(letter);
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_messages_with_little_in_them(void)
{
    size_t live = begin();
    struct onebot_letter *letter =
        read_event("{\"post_type\":\"message\",\"message_type\":\"private\",\"anonymous\":null,"
                   "\"sender\":5,\"message\":\"a[CQ:face,id=1]\"}");
    const struct onebot_detail *detail = detail_of(letter);
    CHECK_EQ(detail->kind, ONEBOT_EVENT_PRIVATE_MESSAGE);
    CHECK(detail->own); /* both are nobody */
    CHECK_EQ(detail->message.anonymous.id, 0);
    CHECK_STR(detail->message.anonymous.flag, "");
    CHECK_STR(detail->message.sender.nickname, "");
    CHECK_STR(detail->message.raw_message, "");
    CHECK_EQ(json_array_size(onebot_event_message(&letter->event)->segments), 2);
    onebot_letter_free(letter);
    letter = read_event("{\"post_type\":\"notice\",\"notice_type\":\"friend_add\"}");
    CHECK_EQ(json_array_size(onebot_event_message(&letter->event)->segments), 0);
    CHECK_EQ(onebot_event_message(&letter->event)->error, 0);
    onebot_letter_free(letter);
    CHECK_EQ(xie_alloc_live(), live);
}

static void own_is(const char *text, bool own, enum onebot_event_kind kind)
{
    struct onebot_letter *letter = read_event(text);
    CHECK_EQ(detail_of(letter)->own, own);
    CHECK_EQ(detail_of(letter)->kind, kind);
    onebot_letter_free(letter);
}

static void test_own_messages(void)
{
    size_t live = begin();
    own_is("{\"post_type\":\"message_sent\",\"message_type\":\"group\",\"user_id\":1}", true,
           ONEBOT_EVENT_GROUP_MESSAGE);
    own_is("{\"post_type\":\"message_sent\",\"message_type\":\"private\"}", true,
           ONEBOT_EVENT_PRIVATE_MESSAGE);
    own_is("{\"post_type\":\"message\",\"message_type\":\"group\",\"user_id\":\"1\",\"self_id\":1}",
           true, ONEBOT_EVENT_GROUP_MESSAGE);
    own_is("{\"post_type\":\"message\",\"message_type\":\"group\",\"user_id\":2,\"self_id\":1}",
           false, ONEBOT_EVENT_GROUP_MESSAGE);
    own_is("{\"post_type\":\"notice\",\"notice_type\":\"group_ban\",\"user_id\":1,\"self_id\":1}",
           false, ONEBOT_EVENT_GROUP_BAN);
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- the others: one event with every field, read by its kind ----------------------- */

#define EVERYTHING                                                                           \
    "\"group_id\":6,\"user_id\":5,\"operator_id\":\"4\",\"sender_id\":3,\"target_id\":2,"    \
    "\"message_id\":7,\"duration\":60,\"file\":{\"id\":\"I\",\"name\":\"N\",\"url\":\"U\","  \
    "\"size\":12,\"busid\":102},\"card_new\":\"new\",\"card_old\":\"old\",\"honor_type\":"   \
    "\"talkative\",\"likes\":[{\"emoji_id\":76,\"count\":2},{\"emoji_id\":\"77\"}],"         \
    "\"client\":{\"app_id\":1,\"device_name\":\"D\",\"device_kind\":\"K\"},\"online\":true," \
    "\"tag\":\"T\",\"message\":\"M\",\"status_text\":\"S\",\"event_type\":1,\"times\":9,"    \
    "\"comment\":\"C\",\"flag\":\"F\",\"interval\":5000,\"status\":{\"online\":true,"        \
    "\"good\":true}"

static void check_upload(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->upload.group_id, 6);
    CHECK_EQ(detail->upload.user_id, 5);
    CHECK_STR(detail->upload.file.id, "I");
    CHECK_STR(detail->upload.file.name, "N");
    CHECK_STR(detail->upload.file.url, "U");
    CHECK_EQ(detail->upload.file.size, 12);
    CHECK_EQ(detail->upload.file.busid, 102);
}

static void check_member(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->member.group_id, 6);
    CHECK_EQ(detail->member.user_id, 5);
    CHECK_EQ(detail->member.operator_id, 4);
    CHECK_EQ(detail->member.duration, 60);
}

static void check_change(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->change.group_id, 6);
    CHECK_EQ(detail->change.user_id, 5);
    CHECK_STR(detail->change.now, "new");
    CHECK_STR(detail->change.before, "old");
}

static void check_recall(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->recall.group_id, 6);
    CHECK_EQ(detail->recall.user_id, 5);
    CHECK_EQ(detail->recall.operator_id, 4);
    CHECK_EQ(detail->recall.message_id, 7);
}

static void check_poke(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->poke.group_id, 6);
    CHECK_EQ(detail->poke.user_id, 3);
    CHECK_EQ(detail->poke.target_id, 2);
}

static void check_honor(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->honor.group_id, 6);
    CHECK_EQ(detail->honor.user_id, 5);
    CHECK_EQ(detail->honor.target_id, 2);
    CHECK_STR(detail->honor.honor_type, "talkative");
}

static void check_reaction(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->reaction.group_id, 6);
    CHECK_EQ(detail->reaction.user_id, 4);
    CHECK_EQ(detail->reaction.message_id, 7);
    CHECK(detail->reaction.added);
    REQUIRE(detail->reaction.count == 2);
    CHECK_STR(detail->reaction.likes[0].emoji, "76");
    CHECK_EQ(detail->reaction.likes[0].count, 2);
    CHECK_STR(detail->reaction.likes[1].emoji, "77");
    CHECK_EQ(detail->reaction.likes[1].count, 0);
}

static void check_essence(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->essence.group_id, 6);
    CHECK_EQ(detail->essence.sender_id, 3);
    CHECK_EQ(detail->essence.operator_id, 4);
    CHECK_EQ(detail->essence.message_id, 7);
}

static void check_client(const struct onebot_detail *detail)
{
    CHECK(detail->client.online);
    CHECK_STR(detail->client.app_id, "1");
    CHECK_STR(detail->client.device_name, "D");
    CHECK_STR(detail->client.device_kind, "K");
}

static void check_offline(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->offline.user_id, 5);
    CHECK_STR(detail->offline.tag, "T");
    CHECK_STR(detail->offline.message, "M");
}

static void check_tip(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->tip.group_id, 6);
    CHECK_EQ(detail->tip.user_id, 5);
    CHECK_EQ(detail->tip.operator_id, 4);
    CHECK_EQ(detail->tip.message_id, 7);
    CHECK_EQ(detail->tip.event_type, 1);
    CHECK_EQ(detail->tip.times, 9);
    CHECK_STR(detail->tip.text, "S");
}

static void check_request(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->request.group_id, 6);
    CHECK_EQ(detail->request.user_id, 5);
    CHECK_STR(detail->request.comment, "C");
    CHECK_STR(detail->request.flag, "F");
}

static void check_heartbeat(const struct onebot_detail *detail)
{
    CHECK_EQ(detail->heartbeat.interval_ms, 5000);
    CHECK_EQ(detail->heartbeat.online, 1);
    CHECK(detail->heartbeat.good);
}

static void check_nothing(const struct onebot_detail *detail)
{
    CHECK(!detail->own);
}

static const struct {
    const char *post, *key, *type, *sub;
    enum onebot_event_kind kind;
    void (*check)(const struct onebot_detail *detail);
} events[] = {
    {"notice", "notice_type", "group_upload", "", ONEBOT_EVENT_GROUP_UPLOAD, check_upload},
    {"notice", "notice_type", "group_admin", "set", ONEBOT_EVENT_GROUP_ADMIN, check_member},
    {"notice", "notice_type", "group_decrease", "disband", ONEBOT_EVENT_GROUP_DECREASE,
     check_member},
    {"notice", "notice_type", "group_increase", "invite", ONEBOT_EVENT_GROUP_INCREASE,
     check_member},
    {"notice", "notice_type", "group_ban", "ban", ONEBOT_EVENT_GROUP_BAN, check_member},
    {"notice", "notice_type", "group_card", "", ONEBOT_EVENT_GROUP_CARD, check_change},
    {"notice", "notice_type", "friend_add", "", ONEBOT_EVENT_FRIEND_ADD, check_member},
    {"notice", "notice_type", "group_recall", "", ONEBOT_EVENT_GROUP_RECALL, check_recall},
    {"notice", "notice_type", "friend_recall", "", ONEBOT_EVENT_FRIEND_RECALL, check_recall},
    {"notice", "notice_type", "notify", "poke", ONEBOT_EVENT_POKE, check_poke},
    {"notice", "notice_type", "notify", "lucky_king", ONEBOT_EVENT_LUCKY_KING, check_honor},
    {"notice", "notice_type", "notify", "honor", ONEBOT_EVENT_HONOR, check_honor},
    {"notice", "notice_type", "notify", "title", ONEBOT_EVENT_GROUP_TITLE, check_change},
    {"notice", "notice_type", "notify", "group_name", ONEBOT_EVENT_GROUP_NAME, check_change},
    {"notice", "notice_type", "notify", "input_status", ONEBOT_EVENT_INPUT_STATUS, check_tip},
    {"notice", "notice_type", "notify", "profile_like", ONEBOT_EVENT_PROFILE_LIKE, check_tip},
    {"notice", "notice_type", "notify", "gray_tip", ONEBOT_EVENT_GRAY_TIP, check_tip},
    {"notice", "notice_type", "notify", "new", ONEBOT_EVENT_UNKNOWN, check_nothing},
    {"notice", "notice_type", "group_msg_emoji_like", "", ONEBOT_EVENT_REACTION, check_reaction},
    {"notice", "notice_type", "reaction", "add", ONEBOT_EVENT_REACTION, check_reaction},
    {"notice", "notice_type", "essence", "add", ONEBOT_EVENT_ESSENCE, check_essence},
    {"notice", "notice_type", "offline_file", "", ONEBOT_EVENT_OFFLINE_FILE, check_upload},
    {"notice", "notice_type", "client_status", "", ONEBOT_EVENT_CLIENT_STATUS, check_client},
    {"notice", "notice_type", "bot_offline", "", ONEBOT_EVENT_BOT_OFFLINE, check_offline},
    {"notice", "notice_type", "new", "", ONEBOT_EVENT_UNKNOWN, check_nothing},
    {"request", "request_type", "friend", "", ONEBOT_EVENT_FRIEND_REQUEST, check_request},
    {"request", "request_type", "group", "add", ONEBOT_EVENT_GROUP_REQUEST, check_request},
    {"request", "request_type", "new", "", ONEBOT_EVENT_UNKNOWN, check_nothing},
    {"meta_event", "meta_event_type", "lifecycle", "connect", ONEBOT_EVENT_LIFECYCLE,
     check_nothing},
    {"meta_event", "meta_event_type", "heartbeat", "", ONEBOT_EVENT_HEARTBEAT, check_heartbeat},
    {"new", "notice_type", "group_ban", "", ONEBOT_EVENT_UNKNOWN, check_nothing},
    {"message", "message_type", "guild", "", ONEBOT_EVENT_UNKNOWN, check_nothing},
};
enum { EVENTS = sizeof events / sizeof *events };

static void test_every_kind(void)
{
    char text[1500];
    size_t live = begin();
    for (size_t i = 0; i < EVENTS; i++) {
        snprintf(text, sizeof text,
                 "{\"post_type\":\"%s\",\"%s\":\"%s\",\"sub_type\":\"%s\"," EVERYTHING "}",
                 events[i].post, events[i].key, events[i].type, events[i].sub);
        struct onebot_letter *letter = read_event(text);
        CHECK_EQ(detail_of(letter)->kind, events[i].kind);
        events[i].check(detail_of(letter));
        CHECK_EQ(onebot_int(letter->event.raw, "times"), 9);
        onebot_letter_free(letter);
    }
    CHECK_EQ(xie_alloc_live(), live);
}

/* With nothing in it, and with the wrong things in it, every kind is read. */
static void test_every_kind_with_nothing_in_it(void)
{
    static const char *const rest[] = {"", ",\"user_id\":{},\"file\":[],\"likes\":[1,null],\"client"
                                           "\":5,\"status\":\"x\",\"flag\":[],\"sender\":[[]]"};
    char text[512];
    size_t live = begin();
    for (size_t i = 0; i < 2 * EVENTS; i++) {
        snprintf(text, sizeof text, "{\"post_type\":\"%s\",\"%s\":\"%s\",\"sub_type\":\"%s\"%s}",
                 events[i / 2].post, events[i / 2].key, events[i / 2].type, events[i / 2].sub,
                 rest[i % 2]);
        struct onebot_letter *letter = read_event(text);
        const struct onebot_detail *detail = detail_of(letter);
        CHECK_EQ(detail->kind, events[i / 2].kind);
        if (events[i / 2].check == check_request)
            CHECK_STR(detail->request.flag, "");
        if (events[i / 2].check == check_reaction)
            CHECK(detail->reaction.count == 0 && detail->reaction.user_id == 0);
        if (events[i / 2].check == check_upload)
            CHECK_STR(detail->upload.file.name, "");
        if (events[i / 2].check == check_heartbeat)
            CHECK_EQ(detail->heartbeat.online, -1);
        onebot_letter_free(letter);
    }
    CHECK_EQ(xie_alloc_live(), live);
}

static void reaction_is(const char *text, bool added, const char *emoji, int64_t count)
{
    struct onebot_letter *letter = read_event(text);
    const struct onebot_detail *detail = detail_of(letter);
    CHECK_EQ(detail->kind, ONEBOT_EVENT_REACTION);
    CHECK_EQ(detail->reaction.added, added);
    REQUIRE(detail->reaction.count == 1);
    CHECK_STR(detail->reaction.likes->emoji, emoji);
    CHECK_EQ(detail->reaction.likes->count, count);
    CHECK_EQ(detail->reaction.user_id, 5);
    onebot_letter_free(letter);
}

static void test_reactions_of_both_dialects(void)
{
    size_t live = begin();
    reaction_is("{\"post_type\":\"notice\",\"notice_type\":\"reaction\",\"sub_type\":\"remove\","
                "\"operator_id\":5,\"code\":\"76\",\"count\":3}",
                false, "76", 3);
    reaction_is("{\"post_type\":\"notice\",\"notice_type\":\"reaction\",\"sub_type\":\"add\","
                "\"operator_id\":5,\"code\":76,\"count\":\"1\"}",
                true, "76", 1);
    reaction_is("{\"post_type\":\"notice\",\"notice_type\":\"group_msg_emoji_like\",\"user_id\":5,"
                "\"likes\":[{\"emoji_id\":\"128077\",\"count\":1}],\"is_add\":false}",
                false, "128077", 1);
    reaction_is("{\"post_type\":\"notice\",\"notice_type\":\"group_msg_emoji_like\",\"user_id\":5,"
                "\"likes\":[{\"emoji_id\":\"128077\",\"count\":1}]}",
                true, "128077", 1);
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- no memory ---------------------------------------------------------------------- */

static void arm(uint64_t nth)
{
    memset(&xie_fault_plan, 0, sizeof xie_fault_plan);
    xie_fault_plan.nth = nth;
    xie_fault_plan.error = -ENOMEM;
    xie_fault_plan.kinds = XIE_FAULT_MEMORY;
}

static void check_whole_message(struct onebot_letter *letter)
{
    CHECK_STR(detail_of(letter)->message.sender.level, "15");
    CHECK_STR(letter->event.text, "ab");
    CHECK_EQ(json_array_size(onebot_event_message(&letter->event)->segments), 3);
}

static void check_one_like(struct onebot_letter *letter)
{
    REQUIRE(detail_of(letter)->reaction.count == 1);
    CHECK_STR(detail_of(letter)->reaction.likes[0].emoji, "76");
}

static void check_two_likes(struct onebot_letter *letter)
{
    REQUIRE(detail_of(letter)->reaction.count == 2);
    CHECK_STR(detail_of(letter)->reaction.likes[1].emoji, "77");
}

/* The event is not there at all rather than there in part. */
static void test_an_event_without_memory(void)
{
    static const char *const texts[] = {
        "{\"post_type\":\"message\",\"message_type\":\"group\",\"sender\":{\"level\":15},"
        "\"message\":\"a[CQ:at,qq=5]b\",\"user_id\":7}",
        "{\"post_type\":\"notice\",\"notice_type\":\"reaction\",\"code\":76,\"count\":1}",
        "{\"post_type\":\"notice\",\"notice_type\":\"group_msg_emoji_like\",\"likes\":["
        "{\"emoji_id\":76},{\"emoji_id\":77}]}"};
    static void (*const checks[])(struct onebot_letter *
                                  letter) = {check_whole_message, check_one_like, check_two_likes};
    size_t live = begin();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool failed = true;
        for (uint64_t nth = 1; failed; nth++) {
            json_t *json = json_loads(texts[i], 0, NULL);
            arm(nth);
            struct onebot_letter *letter = onebot_letter_new(NULL, json);
            xie_fault_plan.kinds = 0;
            failed = xie_fault_plan.failed > 0;
            CHECK(letter || failed);
            if (letter)
                checks[i](letter);
            onebot_letter_free(letter);
            CHECK_EQ(xie_alloc_live(), live);
        }
    }
}

struct part {
    int64_t id;
    const char *name;
};
struct whole {
    struct onebot_result call;
    const char *text;
    struct part *items;
    size_t count;
};
static const struct onebot_field part_fields[] = {
    ONEBOT_FIELD(part, INT, id, "id"), ONEBOT_FIELD(part, TEXT, name, "name"), ONEBOT_FIELDS_END};
static const struct onebot_shape part_shape = {sizeof(struct part), part_fields, JSON_OBJECT};
static const struct onebot_field whole_fields[] = {
    ONEBOT_LIST(whole, items, count, &part_shape, "items"),
    ONEBOT_FIELD(whole, TEXT, text, "text"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape whole_shape = {sizeof(struct whole), whole_fields, JSON_ARRAY};

static void test_a_result_without_memory(void)
{
    static const char text[] = "{\"items\":[{\"id\":1,\"name\":2},{\"id\":3,\"name\":\"x\"},"
                               "{\"id\":4,\"name\":5.5}],\"text\":7}";
    size_t live = begin();
    bool failed = true;
    for (uint64_t nth = 1; failed; nth++) {
        struct whole whole;
        struct onebot_result result = {.data = json_loads(text, 0, NULL)};
        arm(nth);
        onebot_result_shape(&whole_shape, &whole, result, "get_whole");
        xie_fault_plan.kinds = 0;
        failed = xie_fault_plan.failed > 0;
        CHECK_EQ(whole.call.error, failed ? -ENOMEM : 0);
        CHECK_EQ(whole.call.data == NULL, failed);
        CHECK_EQ(whole.count, failed ? 0 : 3);
        CHECK_EQ(whole.items == NULL, failed);
        CHECK_STR(whole.text, failed ? "" : "7");
        if (!failed) {
            CHECK_STR(whole.items[0].name, "2");
            CHECK_STR(whole.items[2].name, "5.5");
            CHECK(nth > 4);
        }
        onebot_result_free(&whole.call);
        CHECK_EQ(xie_alloc_live(), live);
    }
}

static const struct tap_test tests[] = {
    {"a group message", test_a_group_message},
    {"messages with little in them", test_messages_with_little_in_them},
    {"own messages", test_own_messages},
    {"every kind", test_every_kind},
    {"every kind with nothing in it", test_every_kind_with_nothing_in_it},
    {"reactions of both dialects", test_reactions_of_both_dialects},
    {"an event without memory", test_an_event_without_memory},
    {"a result without memory", test_a_result_without_memory},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
