/* rules.c - which rule an event runs, in which order, and with what. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "onebot/event.h"
#include "onebot/own.h"
#include "onebot/regex.h"

static struct rig *rig_now; /* of the test that runs; each is a process */

/* Writes "arg:args|" down. */
static int note(struct onebot_event *event)
{
    size_t len = strlen(rig_now->text);
    snprintf(rig_now->text + len, sizeof rig_now->text - len, "%s:%s|",
             event->arg ? (const char *)event->arg : "?", event->args);
    return 0;
}

static void with(struct rig *rig, const struct onebot_book *book)
{
    rig_now = rig;
    rig->options.book = *book;
    rig->options.on_event = note;
    rig->options.arg = "none";
}

static void wait_text(const char *want)
{
    while (strlen(rig_now->text) < strlen(want))
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
    CHECK_STR(rig_now->text, want);
    rig_now->text[0] = 0;
}

/* A message in the group comes to this. */
static void comes_to(const char *text, const char *want)
{
    fake_wait_connections(&rig_now->fake, 1);
    fake_message(&rig_now->fake, FAKE_USER, FAKE_GROUP, text);
    wait_text(want);
}

static void comes_to_private(const char *text, const char *want)
{
    fake_wait_connections(&rig_now->fake, 1);
    fake_message(&rig_now->fake, FAKE_USER, 0, text);
    wait_text(want);
}

/* An event's JSON, as text, comes to this. */
static void event_to(const char *json, const char *want)
{
    fake_wait_connections(&rig_now->fake, 1);
    fake_send_text(&rig_now->fake, json);
    wait_text(want);
}

/* --- commands ----------------------------------------------------------------------- */

static void commands(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"remind", "提醒", "r"}, .handler = note, .arg = "R"},
        {.command = {"Mixed"}, .any_case = true, .handler = note, .arg = "M"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_commands(struct rig *rig)
{
    (void)rig;
    comes_to("/remind 5 tea", "R:5 tea|");
    comes_to("/提醒\u30005\u3000茶 ", "R:5\u3000茶|");
    comes_to("  /r  [CQ:at,qq=7] x ", "R:@7 x|");
    comes_to("/r[CQ:at,qq=7]", "R:@7|");
    comes_to("[CQ:reply,id=9][CQ:at,qq=7] /r x", "R:x|");
    comes_to("/mIxEd x", "M:x|");
    comes_to("/Remind x", "none:/Remind x|");
    comes_to("/remindx", "none:/remindx|");
    comes_to("/ remind", "none:/ remind|");
    comes_to("remind", "none:remind|");
    comes_to("x /remind", "none:x /remind|");
    comes_to("!remind", "none:!remind|");
    comes_to("/", "none:/|");
    comes_to("", "none:|");
}

static void test_commands_and_aliases(void)
{
    play(&(struct play){commands, NULL, script_commands});
}

static int on_which(struct onebot_event *event)
{
    CHECK_STR(event->command, "remind"); /* by whichever name */
    return note(event);
}

static void prefixes(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"remind", "提醒"}, .handler = on_which, .arg = "R"}, {0}};
    with(rig, &(struct onebot_book){.rules = rules, .prefixes = {"!", "！", "->", ""}});
}

static void script_prefixes(struct rig *rig)
{
    (void)rig;
    comes_to("!remind a", "R:a|");
    comes_to("！提醒 a", "R:a|");
    comes_to("->remind a", "R:a|");
    comes_to("remind a", "R:a|");
    comes_to("/remind a", "none:/remind a|");
}

static void test_prefixes(void)
{
    play(&(struct play){prefixes, NULL, script_prefixes});
}

/* Every alternative is looked at, up to the last there may be. */
static void eight(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"a", "b", "c", "d", "e", "f", "g", "h"}, .handler = note, .arg = "C"},
        {.keyword = {"1", "2", "3", "4", "5", "6", "7", "8"}, .handler = note, .arg = "K"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules,
                                    .prefixes = {"1", "2", "3", "4", "5", "6", "7", "8"}});
}

static void script_eight(struct rig *rig)
{
    (void)rig;
    comes_to("8h", "C:|");
    comes_to("1a x", "C:x|");
    comes_to("x8", "K:x8|");
    comes_to("x9", "none:x9|");
}

static void test_eight_alternatives(void)
{
    play(&(struct play){eight, NULL, script_eight});
}

/* --- arguments ---------------------------------------------------------------------- */

static int on_ban(struct onebot_event *event)
{
    const struct onebot_value *why = onebot_arg(event, "why");
    return onebot_reply(event, "%lld for %lld s, %s%s",
                        (long long)onebot_arg(event, "who")->integer,
                        (long long)(onebot_arg(event, "time")->integer / XIE_SECOND),
                        why->given ? "since " : "no reason", why->text);
}

static const struct onebot_argument ban[] = {
    {.name = "who", .type = ONEBOT_PERSON, .help = "the person"},
    {.name = "time", .type = ONEBOT_DURATION, .otherwise = "30m", .least = 1, .most = XIE_HOUR},
    {.name = "why", .type = ONEBOT_REST, .optional = true},
    {0}};

static void arguments(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"ban", "禁言"},
         .help = "silence somebody",
         .arguments = ban,
         .handler = on_ban},
        {.command = {"help"}, .help = "this list", .handler = onebot_help},
        {.command = {"secret"},
         .help = "for superusers",
         .permission = {.least_rank = ONEBOT_SUPERUSER},
         .handler = note},
        {.command = {"hidden"}, .handler = note},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules, .language = ONEBOT_ENGLISH});
}

static void script_arguments(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/ban [CQ:at,qq=123] 1m30s too loud");
    CHECK_STR(fake_said(fake, 0), "123 for 90 s, since too loud");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/禁言 456");
    CHECK_STR(fake_said(fake, 1), "456 for 1800 s, no reason");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/禁言 456 2h");
    CHECK_STR(fake_said(fake, 2), "time: \"2h\" is not a time like 1h30m from 0 ms to 1 h\n"
                                  "Usage: /禁言 <who> [time] [why…]");
    fake_message(fake, FAKE_USER, 0, "/ban");
    CHECK_STR(fake_said(fake, 3), "Missing: who, a person: @ or a number\n"
                                  "Usage: /ban <who> [time] [why…]");
    CHECK_EQ(rig_count_log(rig, "handler"), 0);
}

static void test_arguments_in_a_handler(void)
{
    play(&(struct play){arguments, NULL, script_arguments});
}

static void script_help(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/help");
    CHECK_STR(fake_said(fake, 0),
              "/ban <who> [time] [why…] - silence somebody\n/help - this list\n/go - the table's");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/help /禁言");
    CHECK_STR(fake_said(fake, 1), "/ban <who> [time] [why…] - silence somebody\n"
                                  "  who: a person: @ or a number - the person\n"
                                  "  time: a time like 1h30m from 0 ms to 1 h, otherwise 30m\n"
                                  "  why: a text, may be left out\nalso: 禁言");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/help go");
    CHECK_STR(fake_said(fake, 2), "/go - the table's");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/help secret");
    CHECK_STR(fake_said(fake, 3), "There is no command \"secret\"");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/help hidden"); /* out of the list only */
    CHECK_STR(fake_said(fake, 4), "/hidden");
}

static void with_table(struct rig *rig)
{
    arguments(rig);
    rig->commands[0] = (struct onebot_command){"go", "the table's", note, "T"};
}

static void test_help(void)
{
    play(&(struct play){with_table, NULL, script_help});
}

/* A list longer than an answer may be is cut at a character. */
static void long_help(struct rig *rig)
{
    static char line[3 * 100 + 1];
    static struct onebot_rule rules[20];
    for (int i = 0; i < 100; i++)
        memcpy(line + 3 * i, "协", 3);
    for (int i = 0; i < 18; i++)
        rules[i] = (struct onebot_rule){.command = {"c"}, .help = line, .handler = note};
    rules[18] = (struct onebot_rule){.command = {"help"}, .handler = onebot_help};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_long_help(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/help");
    size_t len = strlen(fake_said(&rig->fake, 0));
    CHECK(len < ONEBOT_HELP_TEXT && len >= ONEBOT_HELP_TEXT - 4);
    CHECK(strstr(fake_said(&rig->fake, 0), "\xEF\xBF\xBD") == NULL); /* no broken one */
}

static void test_a_long_list_is_cut(void)
{
    play(&(struct play){long_help, NULL, script_long_help});
}

/* --- words -------------------------------------------------------------------------- */

static void words(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.full = {"早", "早安"}, .handler = note, .arg = "F"},
        {.full = {"Hello"}, .any_case = true, .handler = note, .arg = "A"},
        {.prefix = {"查", "找"}, .suffix = {"吗"}, .handler = note, .arg = "B"},
        {.prefix = {"查", "找"}, .handler = note, .arg = "P"},
        {.suffix = {"吗", "？"}, .handler = note, .arg = "S"},
        {.keyword = {"猫", "Dog"}, .handler = note, .arg = "K"},
        {.keyword = {"cAt"}, .any_case = true, .handler = note, .arg = "C"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_words(struct rig *rig)
{
    (void)rig;
    comes_to(" 早安\u3000", "F:早安|");
    comes_to("早安！", "none:早安！|");
    comes_to("hELLO", "A:hELLO|");
    comes_to("查  天气 ", "P:天气|");
    comes_to("找", "P:|");
    comes_to("好 吗", "S:好|");
    comes_to("好？", "S:好|");
    comes_to("查好吗", "B:好|");
    comes_to("一只猫呀", "K:一只猫呀|");
    comes_to("Dogs", "K:Dogs|");
    comes_to("dogs", "none:dogs|");
    comes_to("CATS", "C:CATS|");
}

static void test_full_prefix_suffix_keyword(void)
{
    play(&(struct play){words, NULL, script_words});
}

/* --- regular expressions ------------------------------------------------------------ */

static int on_video(struct onebot_event *event)
{
    snprintf(rig_now->text, sizeof rig_now->text, "%s,%s,%s,%d|", onebot_capture(event, 0),
             onebot_capture(event, 1), onebot_capture(event, 2) ? onebot_capture(event, 2) : "null",
             onebot_capture(event, 3) == NULL);
    return 0;
}

static int on_pass(struct onebot_event *event)
{
    CHECK_STR(onebot_capture(event, 1), "q");
    return 0;
}

static void regexes(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.regex = "BV([0-9A-Za-z]{4})(?:\\?p=(\\d+))?", .handler = on_video},
        {.regex = "^(\\w+)协$", .handler = note, .arg = "U"},
        {.regex = "^éa$", .any_case = true, .handler = note, .arg = "I"},
        {.regex = "p(.)", .pass = true, .handler = on_pass}, /* its groups are its own */
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_regexes(struct rig *rig)
{
    (void)rig;
    comes_to("看 BV1abC?p=12 吧", "BV1abC?p=12,1abC,12,1|");
    comes_to("BV1abC", "BV1abC,1abC,null,1|");
    comes_to("同协", "U:同协|"); /* a letter of any script */
    comes_to("ÉA", "I:ÉA|");
    comes_to("éb", "none:éb|");
    comes_to("pq", "none:pq|");
}

static void test_regular_expressions(void)
{
    play(&(struct play){regexes, NULL, script_regexes});
}

static void stuck(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.regex = "^(a+)+$", .name = "evil", .handler = note, .arg = "E"},
        {.keyword = {"b"}, .handler = note, .arg = "K"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_stuck(struct rig *rig)
{
    comes_to("aaa", "E:aaa|");
    comes_to("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
             "K:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab|");
    comes_to("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
             "K:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab|");
    CHECK_EQ(rig_count_log(rig, "rule evil: its expression takes more than"), 1);
}

static void test_an_expression_that_never_ends(void)
{
    play(&(struct play){stuck, NULL, script_stuck});
}

static int search(const char *expression, const char *text)
{
    struct onebot_regex *regex;
    const struct onebot_match *match;
    char why[ONEBOT_REGEX_WHY];
    REQUIRE(onebot_regex_new(expression, false, &regex, why) == 0);
    int found = onebot_regex_search(regex, text, &match);
    onebot_regex_free(regex);
    return found;
}

/* Steps add up over the places of the text: each of these is below any limit for one place. */
static void test_steps_of_an_expression(void)
{
    static char text[ONEBOT_REGEX_TEXT + 2];
    memset(text, 'x', ONEBOT_REGEX_TEXT - 1);
    text[ONEBOT_REGEX_TEXT - 1] = 'y';
    CHECK_EQ(search("y$", text), 1);
    CHECK_EQ(search("(?:x.{0,20}z|y)", text), XIE_ELIMIT);
    CHECK_EQ(search("(?=.*foo)x", text), XIE_ELIMIT);
    CHECK_EQ(search("(?:.|.)*.*+y", text), XIE_ELIMIT);
    CHECK_EQ(search("(?:x|xx|xxx)*y$", text), XIE_ELIMIT);
}

/* What one item goes over counts too: here each is few items at each place. */
static void test_steps_of_long_items(void)
{
    static char text[ONEBOT_REGEX_TEXT + 1];
    memset(text, 'x', ONEBOT_REGEX_TEXT);
    CHECK_EQ(search("(x+)y|(x+)z", text), XIE_ELIMIT);
    CHECK_EQ(search("x++(?:y|z)", text), XIE_ELIMIT);
    CHECK_EQ(search("\\w++[^\\w]", text), XIE_ELIMIT);
    CHECK_EQ(search("^(x+)$", text), 1); /* once over all of it is no harm */
    CHECK_EQ(search("^x+y|^x+z", text), 0);
    memset(text, '1', ONEBOT_REGEX_TEXT);
    CHECK_EQ(search("\\d+[ay]", text), XIE_ELIMIT);
    CHECK_EQ(search("^\\d+$", text), 1);
    text[300] = 0; /* as long as people write */
    CHECK_EQ(search("\\d+[ay]|(\\d+)b", text), 0);
    memset(text, 'x', 300);
    text[300] = 0;
    CHECK_EQ(search("(x+)y|(x+)z|(x+)w", text), 0);
}

/* Nor is comparing with what was captured free. */
static void test_steps_of_back_references(void)
{
    static char text[ONEBOT_REGEX_TEXT + 1];
    memset(text, 'x', ONEBOT_REGEX_TEXT);
    CHECK_EQ(search("^(x+)\\1[yz]", text), XIE_ELIMIT);
    text[300] = 0;
    CHECK_EQ(search("(x+)\\1[yz]", text), 0);
    CHECK_EQ(search("^(x+)\\1$", text), 1);
}

static void test_texts_for_an_expression(void)
{
    static char text[ONEBOT_REGEX_TEXT + 2];
    memset(text, 'x', ONEBOT_REGEX_TEXT - 1);
    CHECK_EQ(search("^x", text), 1);
    text[ONEBOT_REGEX_TEXT - 1] = 'x';
    CHECK_EQ(search("^x", text), 1); /* as long as may be */
    text[ONEBOT_REGEX_TEXT] = 'x';
    CHECK_EQ(search("^x", text), 0);
}

static void test_groups_of_an_expression(void)
{
    struct onebot_regex *regex;
    char why[ONEBOT_REGEX_WHY], expression[4 * (ONEBOT_CAPTURES + 1) + 1] = "";
    for (int i = 0; i < ONEBOT_CAPTURES; i++)
        strcat(expression, "(a)");
    CHECK_EQ(onebot_regex_new(expression, false, &regex, why), 0);
    onebot_regex_free(regex);
    strcat(expression, "(a)");
    CHECK_EQ(onebot_regex_new(expression, false, &regex, why), -EINVAL);
    CHECK_STR(why, "more than 16 groups");
    CHECK_EQ(onebot_regex_new("a(b", false, &regex, why), -EINVAL);
    CHECK(strstr(why, "at byte 3: ") != NULL);
    CHECK_EQ(onebot_regex_new("a\xFF", false, &regex, why), -EINVAL);
}

/* --- to me -------------------------------------------------------------------------- */

static void to_me(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.keyword = {"早"}, .at_me = true, .handler = note, .arg = "M"},
        {.command = {"go"}, .handler = note, .arg = "C"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules, .nicknames = {"小协", "bot"}});
}

static void script_to_me(struct rig *rig)
{
    (void)rig;
    comes_to("[CQ:at,qq=10000] 早", "M:早|");
    comes_to("早[CQ:at,qq=10000]", "M:早|");
    comes_to("[CQ:at,qq=10001] 早", "none: 早|");
    comes_to("[CQ:at,qq=all] 早", "none: 早|");
    comes_to("小协，早", "M:早|");
    comes_to("bot: 早", "M:早|");
    comes_to("bottle 早", "none:bottle 早|");
    comes_to("早，小协", "none:早，小协|");
    comes_to("早", "none:早|");
    comes_to("[CQ:reply,id=4711] 早", "none: 早|");
    comes_to_private("早", "M:早|");
    comes_to("小协 /go x", "C:x|"); /* a command behind the nickname */
    comes_to("[CQ:at,qq=10000] 小协，/go", "C:|");
}

static void test_messages_to_the_bot(void)
{
    play(&(struct play){to_me, NULL, script_to_me});
}

static int on_speak(struct onebot_event *event)
{
    return onebot_reply(event, "words");
}

static void speaking(struct rig *rig)
{
    static const struct onebot_rule rules[] = {{.command = {"speak"}, .handler = on_speak},
                                               {.at_me = true, .handler = note, .arg = "M"},
                                               {0}};
    with(rig, &(struct onebot_book){.rules = rules});
    rig->fake.silent = true;
}

/* The reply stands right behind the confirmation of what it replies to. */
static void script_reply(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/speak");
    fake_wait_calls(&rig->fake, 1);
    fake_answer(&rig->fake, 0, json_pack("{s:I}", "message_id", (json_int_t)38171548296));
    comes_to("[CQ:reply,id=38171548296]well", "M:well|");
    comes_to("[CQ:reply,id=38171548297]well", "none:well|");
}

static void test_a_reply_to_the_bots_words(void)
{
    play(&(struct play){speaking, NULL, script_reply});
}

static void test_own_messages_that_are_remembered(void)
{
    static struct onebot_own own;
    json_t *sent = json_pack("{s:{s:I}}", "data", "message_id", (json_int_t)5);
    json_t *seen = json_pack("{s:{s:I, s:{}}}", "data", "message_id", (json_int_t)6, "sender");
    onebot_own_answer(&own, sent);
    onebot_own_answer(&own, seen); /* looked up: somebody's */
    onebot_own_answer(&own, NULL);
    CHECK(onebot_own_has(&own, 5) && !onebot_own_has(&own, 6) && !onebot_own_has(&own, 0));
    for (int i = 0; i < ONEBOT_OWN - 1; i++)
        onebot_own_add(&own, 1000 + i);
    CHECK(onebot_own_has(&own, 5)); /* the oldest still there */
    onebot_own_add(&own, 9);
    CHECK(!onebot_own_has(&own, 5) && onebot_own_has(&own, 9) && onebot_own_has(&own, 1000));
    json_decref(sent);
    json_decref(seen);
}

/* --- other events ------------------------------------------------------------------- */

static void events(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.event = "notice/notify/poke", .at_me = true, .handler = note, .arg = "poked"},
        {.event = "notice/notify/poke", .handler = note, .arg = "poke"},
        {.event = "notice/notify", .handler = note, .arg = "notify"},
        {.event = "request/group/invite", .handler = note, .arg = "invite"},
        {.event = "request/friend", .handler = note, .arg = "friend"},
        {.event = "message_sent", .handler = note, .arg = "own"},
        {.event = "meta_event/lifecycle", .handler = note, .arg = "life"},
        {.event = "message/private", .handler = note, .arg = "private"},
        {.event = "notice", .keyword = {"x"}, .handler = note, .arg = "never"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

#define NOTICE(type, sub) \
    "{\"post_type\":\"notice\",\"notice_type\":\"" type "\",\"sub_type\":\"" sub "\"}"
#define REQUEST(type, sub) \
    "{\"post_type\":\"request\",\"request_type\":\"" type "\",\"sub_type\":\"" sub "\"}"

static void script_events(struct rig *rig)
{
    (void)rig;
    event_to(NOTICE("notify", "poke"), "poke:|");
    event_to("{\"post_type\":\"notice\",\"notice_type\":\"notify\",\"sub_type\":\"poke\","
             "\"self_id\":10000,\"target_id\":\"10000\"}",
             "poked:|");
    event_to(NOTICE("notify", "honor"), "notify:|");
    event_to(NOTICE("notify", "pokes"), "notify:|");
    event_to(NOTICE("group_ban", "ban"), "none:|");
    event_to(NOTICE("", ""), "none:|");
    event_to(REQUEST("group", "invite"), "invite:|");
    event_to(REQUEST("group", "add"), "none:|");
    event_to(REQUEST("friend", ""), "friend:|");
    event_to("{\"post_type\":\"meta_event\",\"meta_event_type\":\"lifecycle\"}", "life:|");
    event_to("{\"post_type\":\"message_sent\",\"message\":\"x\"}", "own:x|");
    event_to("{\"post_type\":\"message\",\"message_type\":\"private\",\"user_id\":10000,"
             "\"self_id\":10000,\"message\":\"x\"}",
             "none:x|"); /* the account's own is no message to it */
    comes_to_private("x", "private:x|");
    comes_to("x", "none:x|");
}

static void test_notices_and_requests(void)
{
    play(&(struct play){events, NULL, script_events});
}

static void any_message(struct rig *rig)
{
    static const struct onebot_rule rules[] = {{.handler = note, .arg = "any"}, {0}};
    with(rig, &(struct onebot_book){.rules = rules});
}

static void script_any(struct rig *rig)
{
    (void)rig;
    comes_to("x", "any:x|");
    comes_to("", "any:|");
    event_to(NOTICE("notify", "poke"), "none:|");
}

static void test_any_message(void)
{
    play(&(struct play){any_message, NULL, script_any});
}

/* --- order -------------------------------------------------------------------------- */

static int on_leave(struct onebot_event *event)
{
    note(event);
    int error = onebot_pass_on(event);
    return error ? error : onebot_pass_on(event); /* the second time does nothing */
}

static void order(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.keyword = {"low"}, .priority = -5, .handler = note, .arg = "low"},
        {.keyword = {"first"}, .handler = note, .arg = "first"},
        {.keyword = {"first"}, .handler = note, .arg = "second"},
        {.keyword = {"high"}, .priority = 5, .handler = note, .arg = "high"},
        {.keyword = {"see"}, .priority = 9, .pass = true, .handler = note, .arg = "seen"},
        {.keyword = {"leave"}, .priority = 8, .handler = on_leave, .arg = "left"},
        {.full = {"twice"}, .pass = true, .handler = on_leave, .arg = "first"},
        {.prefix = {"/go"}, .priority = -1, .handler = note, .arg = "below the table"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
    rig->commands[0] = (struct onebot_command){"go", "", note, "T"};
}

/* Of two that run for one event, who writes first is chance. */
static void comes_to_both(const char *text, const char *one, const char *other)
{
    fake_wait_connections(&rig_now->fake, 1);
    fake_message(&rig_now->fake, FAKE_USER, FAKE_GROUP, text);
    while (strlen(rig_now->text) < strlen(one) + strlen(other))
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
    CHECK_EQ(strlen(rig_now->text), strlen(one) + strlen(other));
    CHECK(strstr(rig_now->text, one) && strstr(rig_now->text, other));
    rig_now->text[0] = 0;
}

static void script_order(struct rig *rig)
{
    (void)rig;
    comes_to("first low", "first:first low|");
    comes_to("low high first", "high:low high first|");
    comes_to_both("see low", "seen:see low|", "low:see low|");
    comes_to_both("see", "seen:see|", "none:see|");
    comes_to_both("see first", "seen:see first|", "first:see first|");
    comes_to_both("leave high", "left:leave high|", "high:leave high|");
    comes_to_both("leave", "left:leave|", "none:leave|");
    comes_to_both("twice", "first:twice|", "none:twice|"); /* those below see it once */
    comes_to("/go low", "T:low|");
    comes_to("/go first", "first:/go first|");
    comes_to("/gone", "below the table:ne|");
    settle();
    CHECK_STR(rig_now->text, "");
}

static void test_order_and_passing_on(void)
{
    play(&(struct play){order, NULL, script_order});
}

static void leaving(struct rig *rig)
{
    with(rig, &(struct onebot_book){0});
    rig->options.on_event = on_leave;
}

static void script_leaving(struct rig *rig)
{
    (void)rig;
    comes_to("x", "none:x|");
    settle();
    CHECK_STR(rig_now->text, "");
}

static void test_nothing_below_the_last(void)
{
    play(&(struct play){leaving, NULL, script_leaving});
}

/* Rules are looked at on a handler's stack too, the smallest there is included. */
static void small(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.keyword = {"leave"}, .handler = on_leave, .arg = "left"},
        {.regex = "^((?:l|le|ea|.)*)x$", .handler = note, .arg = "regex"},
        {.regex = "^(?:(?:l|le|ea|.)*)+e$", .handler = note, .arg = "regex"},
        {0}};
    with(rig, &(struct onebot_book){.rules = rules});
    rig->options.stack_size = 16 * 1024;
}

static void script_small(struct rig *rig)
{
    (void)rig;
    comes_to_both("leave leave leave leave leave", "left:leave leave leave leave leave|",
                  "regex:leave leave leave leave leave|");
}

static void test_the_smallest_stacks(void)
{
    if (tap_slow())
        tap_skip("sanitizers need larger stacks");
    play(&(struct play){small, NULL, script_small});
}

/* --- rules that are not sound -------------------------------------------------------- */

static const struct onebot_argument no_person[] = {
    {.name = "who", .type = ONEBOT_PERSON, .otherwise = "x"}, {0}};

static void unsound(struct onebot_rule rule, const char *why)
{
    struct rig rig = {.log = json_array()};
    struct onebot_rule rules[] = {rule, {0}};
    rules[0].handler = note;
    rig.options = (struct onebot_options){
        .url = "ws://127.0.0.1:1", .book = {.rules = rules}, .log = rig_log, .log_arg = &rig};
    CHECK_EQ(onebot_run(&rig.options), -EINVAL);
    CHECK(rig_logged(&rig, why));
    json_decref(rig.log);
}

static int try_unsound(void *arg)
{
    (void)arg;
    unsound((struct onebot_rule){.name = "mine", .regex = "("}, "rule mine: at byte 1: ");
    unsound((struct onebot_rule){.command = {"a b"}}, "rule a b: a command's name has a space");
    unsound((struct onebot_rule){.command = {""}}, "rule message: one of its words is empty");
    unsound((struct onebot_rule){.keyword = {"x", ""}}, "rule x: one of its words is empty");
    unsound((struct onebot_rule){.full = {"x"}, .arguments = ban}, "rule x: it has arguments");
    unsound((struct onebot_rule){.command = {"x"}, .arguments = no_person}, "rule x: what an");
    unsound((struct onebot_rule){.event = "notice", .cooldown = {.every_ns = -1}}, "rule notice: ");
    return 0;
}

static void test_rules_that_are_not_sound(void)
{
    json_set_alloc_funcs(malloc, free);
    CHECK_EQ(xie_run(try_unsound, NULL), 0);
}

static void misuse(void *arg)
{
    static struct onebot_letter letter;
    (void)arg;
    onebot_arg(&letter.event, "what");
}

static void test_an_argument_that_is_not_declared(void)
{
    char text[512];
    tap_child(misuse, NULL, text, sizeof text);
    CHECK(strstr(text, "misuse: onebot_arg: the rule declares no argument what") != NULL);
}

static const struct tap_test tests[] = {
    {"commands and aliases", test_commands_and_aliases},
    {"prefixes", test_prefixes},
    {"eight alternatives", test_eight_alternatives},
    {"arguments in a handler", test_arguments_in_a_handler},
    {"help", test_help},
    {"a long list is cut", test_a_long_list_is_cut},
    {"full, prefix, suffix, keyword", test_full_prefix_suffix_keyword},
    {"regular expressions", test_regular_expressions},
    {"an expression that never ends", test_an_expression_that_never_ends},
    {"steps of an expression", test_steps_of_an_expression},
    {"steps of long items", test_steps_of_long_items},
    {"steps of back references", test_steps_of_back_references},
    {"texts for an expression", test_texts_for_an_expression},
    {"groups of an expression", test_groups_of_an_expression},
    {"messages to the bot", test_messages_to_the_bot},
    {"a reply to the bot's words", test_a_reply_to_the_bots_words},
    {"own messages that are remembered", test_own_messages_that_are_remembered},
    {"notices and requests", test_notices_and_requests},
    {"any message", test_any_message},
    {"order and passing on", test_order_and_passing_on},
    {"nothing below the last", test_nothing_below_the_last},
    {"the smallest stacks", test_the_smallest_stacks},
    {"rules that are not sound", test_rules_that_are_not_sound},
    {"an argument that is not declared", test_an_argument_that_is_not_declared},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
