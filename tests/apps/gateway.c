/* gateway.c - the gateway's inside: codes, segments, history, actions, memory running out.
 * Tests, apps. Without sockets; gateway.py tests the program from outside. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xie/onebot.h>

#include "actions.h"
#include "call.h"
#include "chat.h"
#include "cq.h"
#include "gateway_kit.h"
#include "parse.h"
#include "request.h"
#include "scarce.h"
#include "scene.h"
#include "segment.h"
#include "tap.h"
#include "traffic.h"

/* --- helpers ------------------------------------------------------------------------ */

static const struct caller bot = {&gateway, WORLD_BOT, 1};

static int64_t said(int64_t user_id, int64_t group_id, bool anonymous, const char *text,
                    struct refusal *refusal)
{
    json_t *segments = segment_text(text);
    struct place place = {.group_id = group_id,
                          .target_id = WORLD_BOT,
                          .way = anonymous ? MESSAGE_ANONYMOUS : MESSAGE_PLAIN};
    int64_t id = chat_say(&gateway, user_id, &place, segments, refusal);
    json_decref(segments);
    return id;
}

/* The reply to a call, parsed; the test owns it. */
static json_t *call(const char *text)
{
    json_error_t error;
    struct frame *frame = NULL;
    CHECK_EQ(actions_answer_text(&bot, text, strlen(text), &frame), 0);
    json_t *reply = frame ? json_loadb(frame->text, frame->len, 0, &error) : NULL;
    frame_unref(frame);
    return reply;
}

static void check_retcode(const char *text, int retcode, const char *word)
{
    json_t *reply = call(text);
    const char *message = json_string_value(json_object_get(reply, "message"));
    CHECK_EQ(json_integer_value(json_object_get(reply, "retcode")), retcode);
    CHECK_STR(json_string_value(json_object_get(reply, "status")), retcode ? "failed" : "ok");
    if (retcode && (!message || !strstr(message, word)))
        tap_failed(__FILE__, __LINE__, "%s: message %s lacks %s", text, message, word);
    json_decref(reply);
}

static void check_parse(const char *text, const char *expected)
{
    json_t *segments = cq_parse(text);
    char *dumped = json_dumps(segments, JSON_COMPACT);
    CHECK_STR(dumped, expected);
    free(dumped);
    json_decref(segments);
}

#define TEXT(text) "[{\"type\":\"text\",\"data\":{\"text\":\"" text "\"}}]"

/* --- CQ codes ----------------------------------------------------------------------- */

static void cq_text(void)
{
    check_parse("", "[]");
    check_parse("hello", TEXT("hello"));
    check_parse("a&#91;b&#93;c&amp;d", TEXT("a[b]c&d"));
    check_parse("&amp;#91;", TEXT("&#91;")); /* unescaped once */
    check_parse("&amp", TEXT("&amp"));
    check_parse("&#44;", TEXT(","));
}

static void cq_codes(void)
{
    check_parse("[CQ:at,qq=10001]", "[{\"type\":\"at\",\"data\":{\"qq\":\"10001\"}}]");
    check_parse("[CQ:dice]", "[{\"type\":\"dice\",\"data\":{}}]");
    check_parse(
        "[CQ:share,url=http://a/?x=1&amp;y=2,title=a&#44;b]",
        "[{\"type\":\"share\",\"data\":{\"url\":\"http://a/?x=1&y=2\",\"title\":\"a,b\"}}]");
    check_parse("x[CQ:face,id=1]y", "[{\"type\":\"text\",\"data\":{\"text\":\"x\"}},"
                                    "{\"type\":\"face\",\"data\":{\"id\":\"1\"}},"
                                    "{\"type\":\"text\",\"data\":{\"text\":\"y\"}}]");
}

static void cq_broken(void)
{
    check_parse("[CQ:", TEXT("[CQ:"));
    check_parse("[CQ:]", TEXT("[CQ:]"));
    check_parse("[CQ:at", TEXT("[CQ:at"));
    check_parse("[CQ:at,qq=1", TEXT("[CQ:at,qq=1"));
    check_parse("[CQ:a t,qq=1]", TEXT("[CQ:a t,qq=1]"));
    check_parse("[CQ:at,qq]", "[{\"type\":\"at\",\"data\":{}}]");
    check_parse("[CQ:at,q[CQ:dice]", "[{\"type\":\"text\",\"data\":{\"text\":\"[CQ:at,q\"}},"
                                     "{\"type\":\"dice\",\"data\":{}}]");
}

static void cq_round_trip(void)
{
    static const char *const texts[] = {
        "plain, with comma", "&#91;x&#93; &amp; y", "[CQ:image,file=base64://AA==]",
        "[CQ:share,url=http://a/?b=1&#44;2,title=&#91;t&#93;]tail", "汉字[CQ:at,qq=all] 🍵"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *segments = cq_parse(texts[i]);
        char *again = cq_format(segments);
        CHECK_STR(again, texts[i]);
        free(again);
        json_decref(segments);
    }
}

/* --- JSON from outside -------------------------------------------------------------- */

static bool parses(int depth)
{
    char text[2 * 200 + 16], why[PARSE_WHY];
    int len = sprintf(text, "{\"a\":");
    for (int i = 1; i < depth; i++)
        text[len++] = '[';
    for (int i = 1; i < depth; i++)
        text[len++] = ']';
    text[len++] = '}';
    if (depth == 1)
        len = sprintf(text, "{}");
    json_t *root = parse_object(text, (size_t)len, why);
    json_decref(root);
    return root;
}

static void json_depth(void)
{
    CHECK(parses(1));
    CHECK(parses(ONEBOT_JSON_DEPTH - 1));
    CHECK(parses(ONEBOT_JSON_DEPTH));
    CHECK(!parses(ONEBOT_JSON_DEPTH + 1));
    char why[PARSE_WHY], quoted[] =
                             "{\"a\":\"[[[[\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                             "[[[[[[[[[[[[[[[[[[[[[[[[[[\"}";
    json_t *root = parse_object(quoted, strlen(quoted), why);
    CHECK(root); /* brackets in strings do not count */
    json_decref(root);
}

static void numbers_and_flags(void)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } numbers[] = {{"0", true, 0},
                   {"-5", true, -5},
                   {"9223372036854775807", true, INT64_MAX},
                   {"9223372036854775808", false, 0},
                   {"", false, 0},
                   {" 1", false, 0},
                   {"+1", false, 0},
                   {"1x", false, 0},
                   {"-", false, 0}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t value = 0;
        CHECK_EQ(parse_number(numbers[i].text, &value), numbers[i].good);
        CHECK_EQ(value, numbers[i].value);
    }
    static const char *const flags[] = {"false",   "true",  "0",     "1",         "\"no\"",
                                        "\"yes\"", "\"0\"", "\"1\"", "\"false\"", "\"true\""};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        json_t *value = json_loads(flags[i], JSON_DECODE_ANY, NULL);
        bool flag = i % 2 == 0;
        CHECK(parse_flag(value, &flag));
        CHECK_EQ(flag, i % 2);
        json_decref(value);
    }
    json_t *two = json_integer(2);
    bool flag;
    CHECK(!parse_flag(two, &flag));
    json_decref(two);
}

/* --- segments ----------------------------------------------------------------------- */

static void check_normal(const char *message, const char *expected)
{
    char why[PARSE_WHY] = "";
    json_t *value = json_loads(message, JSON_DECODE_ANY, NULL);
    json_t *segments = segment_normalise(value, false, why);
    char *dumped = segments ? json_dumps(segments, JSON_COMPACT) : NULL;
    CHECK_STR(dumped ? dumped : why, expected);
    free(dumped);
    json_decref(segments);
    json_decref(value);
}

static void segment_shapes(void)
{
    check_normal("\"hi[CQ:dice]\"", "[{\"type\":\"text\",\"data\":{\"text\":\"hi\"}},"
                                    "{\"type\":\"dice\",\"data\":{}}]");
    check_normal("{\"type\":\"dice\",\"data\":null}", "[{\"type\":\"dice\",\"data\":{}}]");
    check_normal("[{\"type\":\"at\",\"data\":{\"qq\":10001,\"x\":true,\"y\":1.5}}]",
                 "[{\"type\":\"at\",\"data\":{\"qq\":\"10001\",\"x\":\"1\",\"y\":\"1.5\"}}]");
    check_normal("[{\"type\":\"node\",\"data\":{\"content\":[{\"type\":\"dice\"}]}}]",
                 "[{\"type\":\"node\",\"data\":{\"content\":[{\"type\":\"dice\"}]}}]");
    check_normal("[]", "[]");
    check_normal("5", "message must be a string, an array of segments or a segment");
    check_normal("[1]", "message[0] must be an object {type, data}");
    check_normal("[{\"type\":\"dice\"},{\"data\":{}}]", "message[1].type must be a string");
    check_normal("[{\"type\":\"at\",\"data\":3}]", "message[0].data must be an object");
    check_normal("[{\"type\":\"text\"}]", "message[0].data.text must be a string");
}

static void segment_shown(void)
{
    begin();
    json_t *segments = cq_parse("[CQ:reply,id=1][CQ:at,qq=10001]你好[CQ:image,file=x][CQ:odd]");
    char *text = segment_show(segments, &gateway.world, world_group(&gateway.world, 20001));
    CHECK_STR(text, "@掌柜·晚 你好[图片][odd]");
    free(text);
    text = segment_show(segments, &gateway.world, NULL);
    CHECK_STR(text, "@林晚 你好[图片][odd]");
    free(text);
    world_member(world_group(&gateway.world, 20001), 10001)->card[0] = 0;
    text = segment_show(segments, &gateway.world, world_group(&gateway.world, 20001));
    CHECK_STR(text, "@林晚 你好[图片][odd]"); /* has no card */
    free(text);
    json_decref(segments);
    end();
}

/* A segment whose file is no string is no file, whatever its url. */
static void file_that_is_no_string(void)
{
    static const char *const files[] = {"null", "{}", "[\"x\"]"};
    char text[200];
    begin();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(
            text, sizeof text,
            "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":20001,\"message\":{\"type\":"
            "\"image\",\"data\":{\"file\":%s,\"url\":\"http://x/a\"}}}}",
            files[i]);
        check_retcode(text, 0, "");
    }
    check_retcode("{\"action\":\"get_image\",\"params\":{\"file\":\"http://x/a\"}}",
                  RETCODE_REFUSED, "no image");
    end();
}

/* --- history ------------------------------------------------------------------------ */

static int64_t say(const char *text)
{
    struct refusal refusal = {0};
    return said(10001, 20001, false, text, &refusal);
}

static void history_count_limit(void)
{
    begin();
    for (int i = 0; i < HISTORY_MESSAGES; i++)
        REQUIRE(say("x") == i + 1);
    CHECK(history_get(&gateway.history, 1)); /* at the limit */
    CHECK_EQ(history_after(&gateway.history, 0), 1);
    say("one more");
    CHECK(!history_get(&gateway.history, 1));
    CHECK(history_get(&gateway.history, 2));
    CHECK_EQ(history_after(&gateway.history, 0), 2);
    CHECK_EQ(history_after(&gateway.history, HISTORY_MESSAGES), HISTORY_MESSAGES + 1);
    CHECK_EQ(history_after(&gateway.history, INT64_MAX), gateway.history.next);
    CHECK_EQ(history_after(&gateway.history, INT64_MIN), 2);
    end();
}

static void history_byte_limit(void)
{
    enum { MEGABYTE = 1024 * 1024 };
    begin();
    char *file = malloc(MEGABYTE + 1);
    memset(file, 'A', MEGABYTE);
    file[MEGABYTE] = 0;
    json_t *image = json_pack("[{s:s, s:{s:s}}]", "type", "image", "data", "file", file);
    struct refusal refusal = {0};
    for (int i = 0; i < 2 * HISTORY_BYTES / MEGABYTE; i++)
        REQUIRE(chat_say(&gateway, WORLD_BOT, &(struct place){.target_id = 10001}, image,
                         &refusal) > 0);
    CHECK(gateway.history.bytes <= HISTORY_BYTES);
    CHECK(history_get(&gateway.history, gateway.history.next - 1));
    CHECK(!history_get(&gateway.history, 1));
    json_decref(image);
    free(file);
    end();
}

static void history_recalled(void)
{
    struct refusal refusal = {0};
    begin();
    int64_t id = say("soon gone"), other = say("stays");
    CHECK(!chat_recall(&gateway, 10003, id, &refusal));
    CHECK_EQ(refusal.status, 403);
    CHECK(chat_recall(&gateway, 10001, id, &refusal));
    CHECK(!history_get(&gateway.history, id));
    CHECK(history_get(&gateway.history, other));
    CHECK(!chat_recall(&gateway, 10001, id, &refusal));
    CHECK_EQ(refusal.status, 404);
    end();
}

/* A higher role may recall in a group; nobody but its author in private. */
static void recall_by_role(void)
{
    struct refusal refusal = {0};
    begin();
    int64_t low = said(10003, 20001, false, "from a member", &refusal);
    int64_t high = said(10001, 20001, false, "from the owner", &refusal);
    int64_t private = said(10003, 0, false, "in private", &refusal);
    CHECK(!chat_recall(&gateway, 10002, high, &refusal));
    CHECK(chat_recall(&gateway, 10002, low, &refusal));
    CHECK(!chat_recall(&gateway, WORLD_BOT, private, &refusal));
    CHECK(chat_recall(&gateway, 10003, private, &refusal));
    end();
}

/* --- saying ------------------------------------------------------------------------- */

static void check_refused(int64_t user, int64_t group, const char *text, int status)
{
    struct refusal refusal = {0};
    CHECK_EQ(said(user, group, false, text, &refusal), 0);
    CHECK_EQ(refusal.status, status);
    CHECK(refusal.why[0]);
}

static void say_refusals(void)
{
    begin();
    check_refused(1, 20001, "x", 404);
    check_refused(10001, 1, "x", 404);
    check_refused(10003, 20002, "x", 403);
    check_refused(10001, 20001, "", 400);
    check_refused(10001, 20001, " \n\t", 400);
    CHECK_EQ(gateway.history.next, 1);
    end();
}

static void say_length_limit(void)
{
    static char text[3 * (GATEWAY_TEXT + 1) + 1];
    begin();
    for (int i = 0; i < GATEWAY_TEXT; i++)
        memcpy(text + 3 * i, "汉", 3); /* characters count, not bytes */
    CHECK(say(text) > 0);
    memcpy(text + 3 * GATEWAY_TEXT, "a", 1);
    check_refused(10001, 20001, text, 413);
    end();
}

/* --- actions ------------------------------------------------------------------------ */

static void actions_wrong_frames(void)
{
    begin();
    check_retcode("", 1400, "empty");
    check_retcode("{", 1400, "not valid JSON");
    check_retcode("[]", 1400, "object");
    check_retcode("{}", 1400, "action");
    check_retcode("{\"action\":5}", 1400, "action");
    check_retcode("{\"action\":\"get_status\",\"params\":[]}", 1400, "params");
    check_retcode("{\"action\":\"no_such\"}", 1404, "no_such");
    check_retcode("{\"action\":\"_async\"}", 1404, "_async");
    check_retcode("{\"action\":\"get_status\",\"params\":null}", 0, "");
    end();
}

static void actions_name_the_parameter(void)
{
    begin();
    check_retcode("{\"action\":\"get_msg\"}", 1400, "message_id");
    check_retcode("{\"action\":\"get_msg\",\"params\":{\"message_id\":\"x\"}}", 1400, "message_id");
    check_retcode("{\"action\":\"get_stranger_info\",\"params\":{\"user_id\":1.5}}", 1400,
                  "user_id");
    check_retcode("{\"action\":\"get_group_info\",\"params\":{\"group_id\":-1}}", 1400, "group_id");
    check_retcode("{\"action\":\"get_group_info\",\"params\":{\"group_id\":20001,"
                  "\"no_cache\":7}}",
                  1400, "no_cache");
    check_retcode("{\"action\":\"send_msg\",\"params\":{\"message\":\"x\"}}", 1400, "user_id");
    check_retcode("{\"action\":\"send_msg\",\"params\":{\"message_type\":\"p\",\"user_id\":10001,"
                  "\"message\":\"x\"}}",
                  1400, "message_type");
    check_retcode("{\"action\":\"send_group_msg\",\"params\":{\"group_id\":20001}}", 1400,
                  "message");
    check_retcode(
        "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":20001,\"message\":[{}]}}", 1400,
        "message[0].type");
    end();
}

static void actions_refused_by_the_world(void)
{
    begin();
    check_retcode("{\"action\":\"get_group_info\",\"params\":{\"group_id\":5}}", 100, "group 5");
    check_retcode("{\"action\":\"get_stranger_info\",\"params\":{\"user_id\":5}}", 100, "user 5");
    check_retcode("{\"action\":\"get_msg\",\"params\":{\"message_id\":5}}", 100, "message 5");
    check_retcode("{\"action\":\"delete_msg\",\"params\":{\"message_id\":5}}", 100, "message 5");
    check_retcode("{\"action\":\"get_group_member_info\",\"params\":{\"group_id\":20002,"
                  "\"user_id\":10005}}",
                  100, "10005");
    check_retcode("{\"action\":\"send_private_msg\",\"params\":{\"user_id\":10000,"
                  "\"message\":\"x\"}}",
                  100, "itself");
    end();
}

static void actions_strings_for_numbers(void)
{
    begin();
    check_retcode(
        "{\"action\":\"send_msg\",\"params\":{\"group_id\":\"20001\",\"message\":\"[CQ:x]\","
        "\"auto_escape\":\"yes\"}}",
        0, "");
    const struct message *message = history_get(&gateway.history, 1);
    REQUIRE(message);
    CHECK_STR(message->text, "[CQ:x]");
    CHECK_EQ(message->group_id, 20001);
    end();
}

static void actions_echo(void)
{
    static const char *const echoes[] = {
        "0", "null", "\"\"", "{\"a\":[1,{\"b\":null}]}", "1.5", "9223372036854775807", "\"汉\""};
    char text[200];
    begin();
    for (size_t i = 0; i < sizeof echoes / sizeof *echoes; i++) {
        snprintf(text, sizeof text, "{\"action\":\"x\",\"echo\":%s}", echoes[i]);
        json_t *reply = call(text), *echo = json_object_get(reply, "echo");
        char *dumped = echo ? json_dumps(echo, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        CHECK_STR(dumped, echoes[i]);
        free(dumped);
        json_decref(reply);
    }
    json_t *reply = call("{\"action\":\"get_status\"}");
    CHECK(!json_object_get(reply, "echo"));
    json_decref(reply);
    end();
}

static void actions_async(void)
{
    begin();
    json_t *reply = call("{\"action\":\"send_private_msg_async\",\"params\":{\"user_id\":10001,"
                         "\"message\":\"x\"},\"echo\":7}");
    CHECK_STR(json_string_value(json_object_get(reply, "status")), "async");
    CHECK_EQ(json_integer_value(json_object_get(reply, "retcode")), 1);
    CHECK(json_is_null(json_object_get(reply, "data")));
    CHECK_EQ(json_integer_value(json_object_get(reply, "echo")), 7);
    CHECK(history_get(&gateway.history, 1)); /* done, though the outcome was not told */
    json_decref(reply);
    end();
}

static void rate_limited_queue_limit(void)
{
    begin();
    for (int i = 0; i < LATE_CALLS; i++) {
        json_t *reply = call("{\"action\":\"get_status_rate_limited\"}");
        CHECK_STR(json_string_value(json_object_get(reply, "status")), "async");
        json_decref(reply);
    }
    check_retcode("{\"action\":\"get_status_rate_limited\"}", 1429, "wait already");
    end();
}

/* What a long frame costs the log of traffic is bounded, and it is all kept in a ring. */
static void traffic_bounded(void)
{
    begin();
    for (int i = 0; i < GATEWAY_TRAFFIC + 5; i++)
        check_retcode("{\"action\":\"get_status\"}", 0, "");
    CHECK_EQ(traffic_oldest(&gateway), 5);
    CHECK(!traffic_get(&gateway, 4));
    CHECK(traffic_get(&gateway, 5));
    CHECK(!traffic_get(&gateway, GATEWAY_TRAFFIC + 5));
    static char text[GATEWAY_TRAFFIC_BYTES + 100];
    int len = sprintf(text, "{\"action\":\"x\",\"echo\":\"");
    memset(text + len, 'e', GATEWAY_TRAFFIC_BYTES);
    strcpy(text + len + GATEWAY_TRAFFIC_BYTES, "\"}");
    json_decref(call(text));
    struct frame *last = traffic_get(&gateway, gateway.traffic.count - 1);
    CHECK(last->len < 1000 && strstr(last->text, "bytes)"));
    end();
}

/* It is cut, not inside of a character. */
static void long_action_in_the_traffic(void)
{
    static char text[GATEWAY_TRAFFIC_BYTES + 100];
    begin();
    int len = sprintf(text, "{\"action\":\"a");
    for (int i = 0; i < GATEWAY_TRAFFIC_BYTES / 3; i++)
        len += sprintf(text + len, "汉");
    strcpy(text + len, "\"}");
    json_decref(call(text));
    REQUIRE(gateway.traffic.count == 1);
    const struct frame *entry = traffic_get(&gateway, 0);
    CHECK(entry->len < 1000);
    json_t *json = json_loadb(entry->text, entry->len, 0, NULL);
    const char *action = json_string_value(json_object_get(json, "action"));
    REQUIRE(action);
    CHECK_EQ(strlen(action), 1 + (FAULT_ACTION - 2) / 3 * 3);
    json_decref(json);
    end();
}

/* --- memory that runs out ----------------------------------------------------------- */

/* Everything once; answers may be missing or failed, nothing may break. */
static void everything(void)
{
    gateway.seats[0].faults.string_ids = true;
    static const char *const calls[] = {
        "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":20001,"
        "\"message\":\"a&amp;b[CQ:at,qq=10001] c\"},\"echo\":{\"x\":1}}",
        "{\"action\":\"send_msg\",\"params\":{\"user_id\":10001,\"message\":"
        "[{\"type\":\"text\",\"data\":{\"text\":\"t\"}},{\"type\":\"at\",\"data\":{\"qq\":1}}]}}",
        "{\"action\":\"get_msg\",\"params\":{\"message_id\":1}}",
        "{\"action\":\"delete_msg\",\"params\":{\"message_id\":2}}",
        "{\"action\":\"get_friend_list\"}",
        "{\"action\":\"get_group_list\"}",
        "{\"action\":\"get_group_member_list\",\"params\":{\"group_id\":20002}}",
        "{\"action\":\"get_group_member_info\",\"params\":{\"group_id\":20002,\"user_id\":10001}}",
        "{\"action\":\"get_stranger_info\",\"params\":{\"user_id\":10001}}",
        "{\"action\":\"get_group_honor_info\",\"params\":{\"group_id\":20001,\"type\":\"all\"}}",
        "{\"action\":\"send_forward_msg\",\"params\":{\"group_id\":20002,\"messages\":[{\"type\":"
        "\"node\","
        "\"data\":{\"uin\":1,\"name\":\"n\",\"content\":\"c\"}},{\"type\":\"node\",\"data\":{"
        "\"id\":1}}]}}",
        "{\"action\":\"get_forward_msg\",\"params\":{\"id\":\"1\"}}",
        "{\"action\":\"get_image\",\"params\":{\"file\":\"x\"}}",
        "{\"action\":\"set_group_ban\",\"params\":{\"group_id\":20002,\"user_id\":10002}}",
        "{\"action\":\"set_group_whole_ban\",\"params\":{\"group_id\":20002}}",
        "{\"action\":\"set_group_name\",\"params\":{\"group_id\":20002,\"group_name\":\"n\"}}",
        "{\"action\":\"set_group_card\",\"params\":{\"group_id\":20002,\"user_id\":10000}}",
        "{\"action\":\"group_poke\",\"params\":{\"group_id\":20002,\"user_id\":10001}}",
        "{\"action\":\".handle_quick_operation\",\"params\":{\"context\":{\"post_type\":"
        "\"message\","
        "\"group_id\":20002,\"user_id\":10002},\"operation\":{\"reply\":\"r\",\"kick\":true}}}",
        "{\"action\":\"set_friend_add_request\",\"params\":{\"flag\":\"1\"}}",
        "{\"action\":\"set_group_leave\",\"params\":{\"group_id\":20002}}",
        "{\"action\":\"get_version_info_async\"}",
        "{\"action\":\"get_status_rate_limited\"}",
        "{\"action\":\"no_such\"}",
        "no json"};
    struct refusal refusal = {0};
    struct call stranger = {.gateway = &gateway, .self = 10004};
    int64_t id = said(10001, 20001, false, "hello [world]", &refusal);
    (void)said(10003, 20001, true, "who am I", &refusal);
    json_decref(request_unfriend(&stranger));
    json_decref(request_friend(&stranger));
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct frame *frame = NULL;
        (void)actions_answer_text(&bot, calls[i], strlen(calls[i]), &frame);
        frame_unref(frame);
    }
    if (id)
        (void)chat_recall(&gateway, 10001, id, &refusal);
}

static void scene_whole_or_not_at_all(void)
{
    long n = 0;
    json_set_alloc_funcs(__wrap_malloc, free);
    do {
        begin();
        gateway.viewers.count = 1; /* a page, whose queue is of no interest */
        scene_known(&gateway);
        memcpy(world_group(&gateway.world, 20001)->name, "renamed", sizeof "renamed");
        scarce_failed = false;
        scarce_left = n++;
        scene_tell(&gateway);
        scarce_left = -1;
        struct frame *whole = frame_take(scene_show(&gateway, "world"));
        CHECK(gateway.scene ? strcmp(gateway.scene->text, whole->text) == 0 : scarce_failed);
        scene_tell(&gateway);
        CHECK(gateway.scene && strcmp(gateway.scene->text, whole->text) == 0);
        CHECK(strstr(whole->text, "renamed"));
        frame_unref(whole);
        end();
    } while (scarce_failed);
    CHECK(n > 100);
}

static void memory_runs_out(void)
{
    long n = 0;
    tap_limit(120);
    json_set_alloc_funcs(__wrap_malloc, free);
    do {
        begin();
        scarce_failed = false;
        scarce_left = n++;
        everything();
        scarce_left = -1;
        int64_t before = gateway.history.next;
        CHECK_EQ(say("still here"), before);
        end();
    } while (scarce_failed);
    CHECK(n > 100); /* it did fail, in many places */
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"cq_text", cq_text},
        {"cq_codes", cq_codes},
        {"cq_broken", cq_broken},
        {"cq_round_trip", cq_round_trip},
        {"json_depth", json_depth},
        {"numbers_and_flags", numbers_and_flags},
        {"segment_shapes", segment_shapes},
        {"segment_shown", segment_shown},
        {"file_that_is_no_string", file_that_is_no_string},
        {"history_count_limit", history_count_limit},
        {"history_byte_limit", history_byte_limit},
        {"history_recalled", history_recalled},
        {"recall_by_role", recall_by_role},
        {"say_refusals", say_refusals},
        {"say_length_limit", say_length_limit},
        {"actions_wrong_frames", actions_wrong_frames},
        {"actions_name_the_parameter", actions_name_the_parameter},
        {"actions_refused_by_the_world", actions_refused_by_the_world},
        {"actions_strings_for_numbers", actions_strings_for_numbers},
        {"actions_echo", actions_echo},
        {"actions_async", actions_async},
        {"rate_limited_queue_limit", rate_limited_queue_limit},
        {"traffic_bounded", traffic_bounded},
        {"long_action_in_the_traffic", long_action_in_the_traffic},
        {"scene_whole_or_not_at_all", scene_whole_or_not_at_all},
        {"memory_runs_out", memory_runs_out},
        {0},
    };
    return tap_main(argc, argv, tests);
}
