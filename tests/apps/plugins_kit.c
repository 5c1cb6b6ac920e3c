/* plugins_kit.c - the plugins of examples/plugins, as their authors would test them. */
/* SPDX-License-Identifier: MIT */
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/store.h>
#include <xie/onebot/testing.h>
#include <xie/web.h>

enum { HOOK_PORT = 7070, BOSS = 10008, DAY = 24 * 60 * 60 };
static const char secret[] = "a secret of the tests";

static const char settings[] =
    "superusers: [10008]\n"
    "plugins:\n"
    "  announce: {zone: UTC}\n"
    "  checkin: {zone: UTC, points: 10, bonus: 2}\n"
    "  guard: {words: [spam, 广告], messages: 4, window: 10s, mute: 1m,\n"
    "          answer: coroutine}\n"
    "  hook: {port: 7070, secret: a secret of the tests,\n"
    "         groups: [20001, 20002]}\n"
    "  vote: {lasts: 1m}\n";

/* The program around the bot: a store that outlives it. */
static int run(struct onebot_test *t, const struct onebot_options *given)
{
    struct onebot_options options = *given;
    char path[512];
    const char *folder = (onebot_test_folder)(t);
    if (!folder)
        return -ENOENT;
    snprintf(path, sizeof path, "%s/memory.db", folder);
    int error = onebot_store_open(path, NULL, &options.store);
    if (error)
        return error;
    error = onebot_run(&options);
    onebot_store_close(options.store);
    return error;
}

/* Everybody there is: Alice owns the group that Bob and Carol are in. */
struct cast {
    int64_t alice, bob, carol, group;
};

static struct cast cast(struct onebot_test *t)
{
    struct cast who = {.alice = (onebot_test_person)(t, "Alice"),
                       .bob = (onebot_test_person)(t, "Bob"),
                       .carol = (onebot_test_person)(t, "Carol")};
    who.group =
        (onebot_test_group)(t, "Friends", (const int64_t[]){who.alice, who.bob, who.carol, 0});
    return who;
}

/* A superuser, who is no friend of any group. */
static int64_t boss(struct onebot_test *t)
{
    int64_t person = 0;
    while (person < BOSS)
        if (!(person = (onebot_test_person)(t, "Boss")))
            return 0;
    return person;
}

/* --- faq ---------------------------------------------------------------------------- */

static void faq_answers_what_it_was_taught(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.alice, who.group, "/learn \"When is  the party?\" At *eight*.");
    onebot_test_hears(t, who.bob, who.group, "I know now: when is the party");
    onebot_test_says(t, who.bob, who.group, "when is the PARTY");
    onebot_test_hears(t, who.bob, who.group, "At \\*eight\\*.");
    onebot_test_restarts(t);
    onebot_test_says(t, who.carol, who.group, "When is the party?!");
    onebot_test_hears(t, who.carol, who.group, "At \\*eight\\*.");
    onebot_test_says(t, who.carol, who.group, "When is the party？！。");
    onebot_test_hears(t, who.carol, who.group, "At \\*eight\\*.");
    onebot_test_says(t, who.carol, who.group, "And where?");
    onebot_test_quiet(t, who.carol, who.group);
    onebot_test_says(t, who.alice, who.group, "/forget When is the party?");
    onebot_test_hears(t, who.alice, who.group, "Forgotten: when is the party");
    onebot_test_says(t, who.carol, who.group, "When is the party?");
    onebot_test_quiet(t, who.carol, who.group);
}

static void faq_is_taught_by_admins_alone(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.bob, who.group, "/learn x y");
    onebot_test_hears(t, who.bob, who.group, "That is for the admins of a group, in it.");
    onebot_test_says(t, who.bob, who.group, "x");
    onebot_test_quiet(t, who.bob, who.group);
    int64_t chief = boss(t);
    onebot_test_says(t, chief, 0, "/learn x y");
    onebot_test_hears(t, chief, 0, "That is for the admins of a group, in it.");
}

static void faq_tells_what_it_knows_by_pages(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.bob, who.group, "/known");
    onebot_test_hears(t, who.bob, who.group, "Nothing (more).");
    for (int i = 10; i < 31; i++) {
        onebot_test_says(t, who.alice, who.group, "/learn q%d a", i);
        onebot_test_hears(t, who.alice, who.group, "I know now: *");
        onebot_test_passes(t, 4 * XIE_SECOND); /* not to flood: the guard stands there too */
    }
    onebot_test_says(t, who.bob, who.group, "/known");
    onebot_test_hears(t, who.bob, who.group, "I know:\nq10\nq11*q29\n… /known \"q29\" *");
    onebot_test_says(t, who.bob, who.group, "/known q29");
    onebot_test_hears(t, who.bob, who.group, "I know:\nq30");
}

/* --- checkin ------------------------------------------------------------------------ */

static void checkin_counts_days_in_a_row(struct onebot_test *t)
{
    struct cast who = cast(t);
    const int64_t day = 24 * XIE_HOUR;
    onebot_test_says(t, who.bob, who.group, "/checkin");
    onebot_test_hears(t, who.bob, who.group, "+10: 10 points. Day 1 in a row.");
    onebot_test_says(t, who.bob, who.group, "/签到");
    onebot_test_hears(t, who.bob, who.group, "You have been here today. 10 points.");
    onebot_test_passes(t, day);
    onebot_test_says(t, who.bob, who.group, "/checkin");
    onebot_test_hears(t, who.bob, who.group, "+12: 22 points. Day 2 in a row.");
    onebot_test_says(t, who.carol, who.group, "/checkin");
    onebot_test_hears(t, who.carol, who.group, "+10: 10 points. Day 1 in a row.");
    onebot_test_passes(t, 2 * day);
    onebot_test_restarts(t);
    onebot_test_says(t, who.bob, who.group, "/checkin");
    onebot_test_hears(t, who.bob, who.group, "+10: 32 points. Day 1 in a row.");
    onebot_test_says(t, who.alice, who.group, "/rank");
    onebot_test_hears(t, who.alice, who.group, "The best:\n1. Bob, 32\n2. Carol, 10");
}

static void checkin_is_for_groups(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.bob, 0, "/checkin");
    onebot_test_hears(t, who.bob, 0, "Only in a group.");
    onebot_test_says(t, who.bob, who.group, "/rank");
    onebot_test_hears(t, who.bob, who.group, "Nobody has checked in yet.");
}

/* --- vote --------------------------------------------------------------------------- */

static void vote_counts_the_last_word_of_each(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.alice, who.group, "/vote Where to? | the lake | the hills");
    onebot_test_hears(t, who.bob, who.group,
                      "Where to?\n1. the lake\n2. the hills\nSay a number, within 60 s.");
    onebot_test_says(t, who.bob, who.group, "2");
    onebot_test_says(t, who.carol, who.group, "1");
    onebot_test_says(t, who.alice, who.group, "3");
    onebot_test_says(t, who.alice, who.group, "1 of course");
    onebot_test_says(t, who.bob, who.group, "1");
    onebot_test_says(t, who.carol, who.group, "/vote Another? | a | b");
    onebot_test_hears(t, who.carol, who.group, "One vote at a time.");
    onebot_test_passes(t, XIE_MINUTE);
    onebot_test_hears(t, who.carol, who.group, "Where to?\nthe lake: 2\nthe hills: 0");
}

static void vote_says_what_is_wrong(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.bob, who.group, "/vote Where to?");
    onebot_test_hears(t, who.bob, who.group, "Give two choices at least, *");
    onebot_test_passes(t, 10 * XIE_SECOND);
    onebot_test_says(t, who.bob, who.group, "/vote Where to? | | x");
    onebot_test_hears(t, who.bob, who.group, "One of the choices is empty.");
    onebot_test_passes(t, 10 * XIE_SECOND);
    onebot_test_says(t, who.bob, who.group, "/vote |a|b");
    onebot_test_hears(t, who.bob, who.group, "What is the question?");
    onebot_test_passes(t, 10 * XIE_SECOND);
    onebot_test_says(t, who.bob, who.group, "/vote x|1|2|3|4|5|6|7|8|9|10");
    onebot_test_hears(t, who.bob, who.group, "These are more than nine choices.");
}

/* --- guard -------------------------------------------------------------------------- */

static void guard_recalls_what_is_forbidden(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_rank(t, who.group, onebot_test_bot(t), ONEBOT_ADMIN);
    int64_t id = onebot_test_says(t, who.bob, who.group, "Buy my SPAM");
    onebot_test_calls(t, "delete_msg", "{s:I}", "message_id", (json_int_t)id);
    onebot_test_says(t, who.alice, who.group, "No spam, please");
    onebot_test_says(t, who.carol, 0, "spam");
    onebot_test_calls_no(t, "delete_msg");
}

static void guard_mutes_who_floods(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_rank(t, who.group, onebot_test_bot(t), ONEBOT_ADMIN);
    for (int i = 0; i < 5; i++)
        onebot_test_says(t, who.bob, who.group, "hello %d", i);
    onebot_test_calls(t, "set_group_ban", "{s:I, s:i}", "user_id", (json_int_t)who.bob, "duration",
                      60);
    onebot_test_hears(t, who.carol, who.group, "Bob is silent for 60 s.");
    onebot_test_passes(t, 2 * XIE_MINUTE);
    for (int i = 0; i < 5; i++)
        onebot_test_says(t, who.bob, who.group, "hello again %d", i);
    onebot_test_hears(t, who.carol, who.group, "Bob is silent for 120 s.");
    onebot_test_calls(t, "set_group_ban", "{s:I}", "user_id", (json_int_t)who.bob);
    for (int64_t seconds = 240; seconds < 2 * DAY; seconds *= 2) {
        onebot_test_passes(t, 25 * XIE_HOUR);
        for (int i = 0; i < 5; i++)
            onebot_test_says(t, who.bob, who.group, "and again %d", i);
        onebot_test_calls(t, "set_group_ban", "{s:I}", "duration",
                          (json_int_t)(seconds < DAY ? seconds : DAY));
    }
    for (int i = 0; i < 20; i++)
        onebot_test_says(t, who.alice, who.group, "I own this place");
    onebot_test_calls_no(t, "set_group_ban");
}

static void guard_lets_in_who_knows(struct onebot_test *t)
{
    struct cast who = cast(t);
    int64_t dave = onebot_test_person(t, "Dave"), eve = onebot_test_person(t, "Eve");
    onebot_test_rank(t, who.group, onebot_test_bot(t), ONEBOT_ADMIN);
    onebot_test_does(t, dave, "join_group", "{s:I, s:s}", "group_id", (json_int_t)who.group,
                     "comment", "it is a Coroutine");
    onebot_test_decides(t, dave, true);
    onebot_test_does(t, eve, "join_group", "{s:I, s:s}", "group_id", (json_int_t)who.group,
                     "comment", "let me in");
    onebot_test_calls(t, "set_group_add_request", NULL);
    onebot_test_calls_no(t, "set_group_add_request");
}

/* --- announce ----------------------------------------------------------------------- */

static void announce_speaks_by_the_clock(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.alice, who.group, "/announce \"*/10 * * * *\" Drink water.");
    onebot_test_hears(t, who.alice, who.group, "It is announcement 1.");
    onebot_test_passes(t, 10 * XIE_MINUTE);
    onebot_test_hears(t, who.bob, who.group, "Drink water.");
    onebot_test_restarts(t);
    onebot_test_starts(t);
    onebot_test_passes(t, 10 * XIE_MINUTE);
    onebot_test_hears(t, who.bob, who.group, "Drink water.");
    onebot_test_says(t, who.bob, who.group, "/announcements");
    onebot_test_hears(t, who.bob, who.group, "1. \\*/10 \\* \\* \\* \\*: Drink water.");
    onebot_test_says(t, who.alice, who.group, "/withdraw 2");
    onebot_test_hears(t, who.alice, who.group, "There is no announcement 2 here.");
    onebot_test_says(t, who.alice, who.group, "/withdraw 1");
    onebot_test_hears(t, who.alice, who.group, "Withdrawn.");
    onebot_test_passes(t, XIE_HOUR);
    onebot_test_quiet(t, who.bob, who.group);
}

static void announce_says_what_is_wrong(struct onebot_test *t)
{
    struct cast who = cast(t);
    onebot_test_says(t, who.alice, who.group, "/announce \"61 * * * *\" x");
    onebot_test_hears(t, who.alice, who.group, "When? minute*");
    onebot_test_says(t, who.bob, who.group, "/announce \"1 * * * *\" x");
    onebot_test_hears(t, who.bob, who.group, "That is for the admins of a group, in it.");
    onebot_test_says(t, who.bob, who.group, "/announcements");
    onebot_test_hears(t, who.bob, who.group, "There is none.");
    int64_t chief = boss(t);
    onebot_test_says(t, chief, 0, "/announce \"1 * * * *\" x");
    onebot_test_hears(t, chief, 0, "That is for the admins of a group, in it.");
}

/* --- hook --------------------------------------------------------------------------- */

/* POST it, signed with a key. return the status, or an error */
static int post(const char *body, const char *key)
{
    unsigned char mac[32];
    char field[80] = "sha256=";
    struct xie_http_client *client;
    struct xie_http_response *response;
    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)body, strlen(body), mac, NULL);
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(field + 7 + 2 * i, 3, "%02x", mac[i]);
    int error = xie_http_client_open(NULL, &client);
    if (error)
        return error;
    const struct xie_http_field fields[] = {{"X-Signature", field}, {NULL, NULL}};
    const struct xie_http_request request = {.method = "POST",
                                             .url = "http://127.0.0.1:7070/",
                                             .fields = fields,
                                             .body = body,
                                             .body_len = strlen(body)};
    int status = xie_http_fetch(client, &request, &response);
    if (!status) {
        status = xie_http_response_status(response);
        xie_http_response_free(response);
    }
    xie_http_client_close(client);
    return status;
}

static void hook_says_what_is_posted(struct onebot_test *t)
{
    struct cast who = cast(t);
    char body[200], other[200];
    onebot_test_starts(t);
    snprintf(body, sizeof body, "{\"group\": %lld, \"text\": \"The build is green.\"}",
             (long long)who.group);
    snprintf(other, sizeof other, "{\"group\": 999, \"text\": \"x\"}");
    ONEBOT_TEST_CHECK(t, post(body, secret) == 200);
    onebot_test_hears(t, who.bob, who.group, "The build is green.");
    ONEBOT_TEST_CHECK(t, post(body, "another secret") == 401);
    ONEBOT_TEST_CHECK(t, post(other, secret) == 403);
    ONEBOT_TEST_CHECK(t, post("{}", secret) == 400);
    ONEBOT_TEST_CHECK(t, post("no JSON", secret) == 400);
    onebot_test_quiet(t, who.bob, who.group);
}

static const struct onebot_test_case cases[] = {
    ONEBOT_TEST(faq_answers_what_it_was_taught),
    ONEBOT_TEST(faq_is_taught_by_admins_alone),
    ONEBOT_TEST(faq_tells_what_it_knows_by_pages),
    ONEBOT_TEST(checkin_counts_days_in_a_row),
    ONEBOT_TEST(checkin_is_for_groups),
    ONEBOT_TEST(vote_counts_the_last_word_of_each),
    ONEBOT_TEST(vote_says_what_is_wrong),
    ONEBOT_TEST(guard_recalls_what_is_forbidden),
    ONEBOT_TEST(guard_mutes_who_floods),
    ONEBOT_TEST(guard_lets_in_who_knows),
    ONEBOT_TEST(announce_speaks_by_the_clock),
    ONEBOT_TEST(announce_says_what_is_wrong),
    ONEBOT_TEST(hook_says_what_is_posted),
    {0},
};

ONEBOT_TEST_MAIN(.cases = cases, .settings = settings, .run = run,
                 .options = {.plugin_folder = PLUGINS, .book = {.language = ONEBOT_ENGLISH}})
