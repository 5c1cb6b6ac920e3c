/* text.c - what the bot's floor does without a connection: text, fields, memory, pauses. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot.h>

#include "base/memory.h"
#include "onebot/connect.h"
#include "onebot/cq.h"
#include "onebot/event.h"
#include "onebot/log.h"
#include "onebot/recent.h"
#include "onebot/utf8.h"
#include "tap.h"

/* --- CQ strings --------------------------------------------------------------------- */

static void escape_is(const char *plain, bool value, const char *want)
{
    struct onebot_buffer escaped = {0};
    onebot_cq_escape(&escaped, plain, strlen(plain), value);
    CHECK_STR(escaped.text, want);
    size_t len = onebot_cq_unescape(escaped.text, escaped.len, value);
    CHECK_EQ(len, strlen(plain));
    CHECK(memcmp(escaped.text, plain, len) == 0);
    onebot_buffer_clear(&escaped);
}

static void test_escape_and_back(void)
{
    escape_is("", false, "");
    escape_is("a,b", false, "a,b");
    escape_is("a,b", true, "a&#44;b");
    escape_is("[CQ:at,qq=all]", false, "&#91;CQ:at,qq=all&#93;");
    escape_is("[x,y]&", true, "&#91;x&#44;y&#93;&amp;");
    escape_is("&amp;", false, "&amp;amp;");
    escape_is("&#91;", false, "&amp;#91;");
    escape_is("你好&", false, "你好&amp;");
}

static void unescape_is(const char *escaped, bool value, const char *want)
{
    char text[64];
    strcpy(text, escaped);
    text[onebot_cq_unescape(text, strlen(text), value)] = 0;
    CHECK_STR(text, want);
}

static void test_unescape_leaves_the_rest(void)
{
    unescape_is("&amp;#91;", false, "&#91;"); /* once, not twice */
    unescape_is("&amp;amp;", false, "&amp;");
    unescape_is("&#44;", false, "&#44;"); /* no escape in text */
    unescape_is("&#44;", true, ",");
    unescape_is("&am", true, "&am");
    unescape_is("&", true, "&");
    unescape_is("&lt;&#91", true, "&lt;&#91");
}

/* message: JSON text. */
static void words_are(const char *message, const char *want)
{
    json_t *json = json_loads(message, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    char *words = onebot_cq_text(json);
    CHECK_STR(words, want);
    xie_release(words);
    json_decref(json);
}

static void test_words_of_a_string(void)
{
    words_are("\"hello\"", "hello");
    words_are("\"\"", "");
    words_are("\"[CQ:at,qq=1] /help\"", " /help");
    words_are("\"a[CQ:face,id=1]b[CQ:face,id=2]c\"", "abc");
    words_are("\"&#91;CQ:face&#93; &amp;amp; x&#44;y\"", "[CQ:face] &amp; x&#44;y");
    words_are("\"[CQ:face,id=1\"", "[CQ:face,id=1"); /* never closed: text */
    words_are("\"[x] [CQ\"", "[x] [CQ");
    words_are("\"[CQ:\"", "[CQ:");
    words_are("\"[\"", "[");
    words_are("\"a\\u0000b\"", "ab");
}

static void test_words_of_an_array(void)
{
    words_are("[{\"type\":\"at\",\"data\":{\"qq\":\"1\"}},{\"type\":\"text\",\"data\":{\"text\":"
              "\" /quiz [CQ:x] &amp;\"}}]",
              " /quiz [CQ:x] &amp;");
    words_are("[{\"type\":\"text\",\"data\":{\"text\":\"a\"}},{\"type\":\"shake\",\"data\":null},"
              "{\"type\":\"text\",\"data\":{\"text\":\"b\"}}]",
              "ab");
    words_are("{\"type\":\"text\",\"data\":{\"text\":\"one segment\"}}", "one segment");
    words_are("[]", "");
}

static void test_words_of_what_is_no_message(void)
{
    words_are("null", "");
    words_are("5", "");
    words_are("[1,\"x\",null,{},{\"type\":5},{\"type\":\"text\"},{\"type\":\"text\",\"data\":[]},"
              "{\"type\":\"text\",\"data\":{\"text\":7}}]",
              "");
    CHECK_EQ(xie_alloc_live(), 0);
}

/* --- fields ------------------------------------------------------------------------- */

static void test_integers_in_every_form(void)
{
    json_t *json = json_loads(
        "{\"n\":38171548296,\"s\":\"38171548296\",\"neg\":\"-5\",\"r\":12.0,\"t\":true,\"f\":false,"
        "\"bad\":\"12x\",\"empty\":\"\",\"big\":\"99999999999999999999\",\"huge\":1e300,"
        "\"null\":null,\"o\":{}}",
        0, NULL);
    CHECK_EQ(onebot_int(json, "n"), 38171548296);
    CHECK_EQ(onebot_int(json, "s"), 38171548296);
    CHECK_EQ(onebot_int(json, "neg"), -5);
    CHECK_EQ(onebot_int(json, "r"), 12);
    CHECK_EQ(onebot_int(json, "t"), 1);
    static const char *const none[] = {"f", "bad", "empty", "big", "huge", "null", "o", "missing"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_EQ(onebot_int(json, none[i]), 0);
    CHECK_EQ(onebot_int(NULL, "n"), 0);
    CHECK_STR(onebot_string(json, "s"), "38171548296");
    CHECK_STR(onebot_string(json, "n"), "");
    CHECK_STR(onebot_string(NULL, "n"), "");
    json_decref(json);
}

/* --- UTF-8 and lines ---------------------------------------------------------------- */

static void test_utf8_characters(void)
{
    CHECK_EQ(onebot_utf8_char("a"), 1);
    CHECK_EQ(onebot_utf8_char("é"), 2);
    CHECK_EQ(onebot_utf8_char("协"), 3);
    CHECK_EQ(onebot_utf8_char("\xF0\x9F\x98\x80"), 4);
    static const char *const broken[] = {"",
                                         "\x80",
                                         "\xC0\x80",
                                         "\xC1\xBF",
                                         "\xE0\x9F\x80",
                                         "\xED\xA0\x80",
                                         "\xE5\x8D",
                                         "\xF0\x8F\x80\x80",
                                         "\xF4\x90\x80\x80",
                                         "\xF5",
                                         "\xFF",
                                         "\xF0\x9F\x98"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        CHECK_EQ(onebot_utf8_char(broken[i]), 0);
}

static void test_broken_text_is_repaired(void)
{
    char *text = onebot_utf8_repair("a\xFF"
                                    "b\xE5\x8D");
    CHECK_STR(text, "a\xEF\xBF\xBD"
                    "b\xEF\xBF\xBD\xEF\xBF\xBD");
    xie_release(text);
    text = onebot_utf8_repair("协 fine");
    CHECK_STR(text, "协 fine");
    xie_release(text);
}

static void one_line_is(const char *from, bool cut, const char *want)
{
    char text[64];
    strcpy(text, from);
    onebot_utf8_one_line(text, cut);
    CHECK_STR(text, want);
}

static void test_one_line(void)
{
    one_line_is("a\nb\rc\x1b[31m\x7f", false, "a?b?c?[31m?");
    one_line_is("x\xC2\x9By", false, "x??y"); /* CSI in C1 */
    one_line_is("协\xC3\xA9", false, "协é");
    one_line_is("ab\xE5\x8D", true, "ab"); /* cut inside a character */
    one_line_is("ab\xE5\x8D", false, "ab??");
    one_line_is("ab\xFF", true, "ab?");
}

static void keep_line(void *arg, enum onebot_level level, const char *line)
{
    CHECK_EQ(level, ONEBOT_WARNING);
    strcpy(arg, line);
}

static void test_a_long_line_is_cut_at_a_character(void)
{
    static char kept[ONEBOT_LOG_LINE], longer[3 * ONEBOT_LOG_LINE + 1];
    struct onebot_log log = {.write = keep_line, .arg = kept};
    for (size_t i = 0; i < ONEBOT_LOG_LINE; i++)
        memcpy(longer + 3 * i, "协", 3);
    onebot_log(&log, ONEBOT_WARNING, "%s", longer);
    CHECK_EQ(strlen(kept), (ONEBOT_LOG_LINE - 1) / 3 * 3);
    for (size_t i = 0; kept[i]; i += 3)
        REQUIRE(memcmp(kept + i, "协", 3) == 0);
}

static void say(void *arg)
{
    struct onebot_log log = {0};
    (void)arg;
    onebot_log(&log, ONEBOT_ERROR, "one\ntwo %d", 3);
}

static void test_stderr_has_time_and_level(void)
{
    char text[256];
    tap_child(say, NULL, text, sizeof text);
    int year = 0;
    CHECK(sscanf(text, "%4d-%*2d-%*2d %*2d:%*2d:%*2d.%*3d", &year) == 1 && year > 2000);
    CHECK(strstr(text, " error   one?two 3\n") != NULL);
    CHECK(strchr(text, '\n') == strrchr(text, '\n'));
}

/* --- what was seen, and when to come back ------------------------------------------- */

static void test_recent_messages(void)
{
    static struct onebot_recent recent;
    struct onebot_message_key key = {.self_id = 1, .message_id = 5, .user_id = 2, .time = 7};
    CHECK(!onebot_recent_seen(&recent, &key));
    CHECK(onebot_recent_seen(&recent, &key));
    struct onebot_message_key other = key;
    other.self_id = 9;
    CHECK(!onebot_recent_seen(&recent, &other));
    other = key;
    other.time = 8; /* the implementation counts anew */
    CHECK(!onebot_recent_seen(&recent, &other));
    other = key;
    other.user_id = 3;
    CHECK(!onebot_recent_seen(&recent, &other));
    for (int i = 0; i < ONEBOT_RECENT - 4; i++) {
        other.message_id = 100 + i;
        CHECK(!onebot_recent_seen(&recent, &other));
    }
    CHECK(onebot_recent_seen(&recent, &key)); /* the oldest still there */
    other.message_id = 99;
    CHECK(!onebot_recent_seen(&recent, &other));
    CHECK(!onebot_recent_seen(&recent, &key)); /* one too many */
}

static void test_pauses_double_up_to_the_most(void)
{
    static const int64_t want[] = {1, 2, 4, 8, 16, 32, 60, 60};
    for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
        int64_t full = onebot_retry_pause(i + 1, XIE_SECOND, XIE_MINUTE, 0);
        CHECK_EQ(full, want[i] * XIE_SECOND);
        for (uint64_t random = 1; random; random <<= 7) {
            int64_t pause = onebot_retry_pause(i + 1, XIE_SECOND, XIE_MINUTE, random * 31);
            CHECK(pause <= full && pause >= full / 2);
        }
    }
    CHECK_EQ(onebot_retry_pause(4000000000u, XIE_SECOND, XIE_MINUTE, 0), XIE_MINUTE);
    CHECK_EQ(onebot_retry_pause(9, XIE_SECOND, XIE_NEVER, 0), 256 * XIE_SECOND);
    CHECK_EQ(onebot_retry_pause(4000000000u, XIE_SECOND, XIE_NEVER, 0), XIE_NEVER);
    CHECK_EQ(onebot_retry_pause(1, XIE_MINUTE, XIE_SECOND, 0), XIE_SECOND);
}

/* --- events and commands ------------------------------------------------------------ */

static struct onebot_letter *read_event(const char *text)
{
    return onebot_letter_new(NULL, json_loads(text, 0, NULL));
}

static void test_a_group_message_is_read(void)
{
    struct onebot_letter *letter = read_event(
        "{\"post_type\":\"message\",\"message_type\":\"group\",\"sub_type\":\"normal\","
        "\"time\":\"7\",\"self_id\":\"10000\",\"user_id\":\"10001\",\"group_id\":38171548296,"
        "\"message_id\":-3,\"message\":\"hi [CQ:face,id=1]&amp;\",\"sender\":{\"nickname\":\"N\","
        "\"card\":\"C\",\"role\":\"owner\"}}");
    struct onebot_event *event = &letter->event;
    CHECK_STR(event->post_type, "message");
    CHECK_STR(event->detail_type, "group");
    CHECK_STR(event->sub_type, "normal");
    CHECK_EQ(event->time, 7);
    CHECK_EQ(event->self_id, 10000);
    CHECK_EQ(event->user_id, 10001);
    CHECK_EQ(event->group_id, 38171548296);
    CHECK_EQ(event->message_id, -3);
    CHECK_STR(event->text, "hi &");
    CHECK_STR(event->args, "hi &");
    CHECK_STR(event->command, "");
    CHECK_STR(event->sender.nickname, "N");
    CHECK_STR(event->sender.card, "C");
    CHECK_STR(event->sender.name, "C");
    CHECK_STR(event->sender.role, "owner");
    CHECK(onebot_event_is_message(event) && !onebot_event_is_own(event));
    onebot_letter_free(letter);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void test_an_empty_event_has_no_nulls(void)
{
    struct onebot_letter *letter = read_event("{\"post_type\":\"what\"}");
    struct onebot_event *event = &letter->event;
    CHECK_STR(event->detail_type, "");
    CHECK_STR(event->sub_type, "");
    CHECK_STR(event->text, "");
    CHECK_STR(event->args, "");
    CHECK_STR(event->sender.name, "");
    CHECK_EQ(event->user_id, 0);
    CHECK(!onebot_event_is_message(event) && !onebot_event_is_own(event));
    onebot_letter_free(letter);
}

static void test_a_temporary_talk_is_private(void)
{
    struct onebot_letter *letter =
        read_event("{\"post_type\":\"message\",\"message_type\":\"private\",\"sub_type\":\"group\","
                   "\"user_id\":1,\"self_id\":2,\"sender\":{\"group_id\":20001}}");
    CHECK_EQ(letter->event.group_id, 0);
    CHECK_EQ(letter->temporary_group, 20001);
    onebot_letter_free(letter);
}

static void test_own_messages_are_known(void)
{
    struct onebot_letter *sent = read_event("{\"post_type\":\"message_sent\",\"user_id\":1}");
    CHECK(onebot_event_is_own(&sent->event) && !onebot_event_is_message(&sent->event));
    onebot_letter_free(sent);
    sent = read_event("{\"post_type\":\"message\",\"user_id\":\"1\",\"self_id\":1}");
    CHECK(onebot_event_is_own(&sent->event) && !onebot_event_is_message(&sent->event));
    onebot_letter_free(sent);
}

static int nothing(struct onebot_event *event)
{
    (void)event;
    return 0;
}

/* text: as in JSON. want: the command, NULL: none; args: of it. */
static void command_is(const char *text, const char *want, const char *args)
{
    static const struct onebot_command table[] = {
        {"quiz", "", nothing, NULL}, {"提醒", "", nothing, NULL}, {NULL, NULL, NULL, NULL}};
    char json[256];
    snprintf(json, sizeof json, "{\"post_type\":\"message\",\"message\":\"%s\"}", text);
    struct onebot_letter *letter = read_event(json);
    const struct onebot_command *command = NULL;
    CHECK_EQ(onebot_letter_command(letter, table, &command), want != NULL);
    CHECK_STR(letter->event.command, want ? want : "");
    CHECK_STR(letter->event.args, args);
    CHECK_STR(command ? command->name : "", want ? want : "");
    onebot_letter_free(letter);
}

static void test_commands_are_found(void)
{
    command_is("/quiz", "quiz", "");
    command_is("  /quiz  a b \\n", "quiz", "a b");
    command_is("[CQ:at,qq=1] /quiz\\tx", "quiz", "x");
    command_is("/提醒 5 茶", "提醒", "5 茶");
    command_is("/quizz", NULL, "/quizz");
    command_is("/qui", NULL, "/qui");
    command_is("/", NULL, "/");
    command_is("/ quiz", NULL, "/ quiz");
    command_is("quiz", NULL, "quiz");
    command_is("x /quiz", NULL, "x /quiz");
    command_is("", NULL, "");
    CHECK_EQ(xie_alloc_live(), 0);
}

static const struct tap_test tests[] = {
    {"escape and back", test_escape_and_back},
    {"unescape leaves what is no escape", test_unescape_leaves_the_rest},
    {"words of a string", test_words_of_a_string},
    {"words of an array", test_words_of_an_array},
    {"words of what is no message", test_words_of_what_is_no_message},
    {"integers in every form", test_integers_in_every_form},
    {"UTF-8 characters", test_utf8_characters},
    {"broken text is repaired", test_broken_text_is_repaired},
    {"one line", test_one_line},
    {"a long line is cut at a character", test_a_long_line_is_cut_at_a_character},
    {"stderr has time and level", test_stderr_has_time_and_level},
    {"recent messages", test_recent_messages},
    {"pauses double up to the most", test_pauses_double_up_to_the_most},
    {"a group message is read", test_a_group_message_is_read},
    {"an empty event has no NULLs", test_an_empty_event_has_no_nulls},
    {"a temporary talk is private", test_a_temporary_talk_is_private},
    {"own messages are known", test_own_messages_are_known},
    {"commands are found", test_commands_are_found},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
