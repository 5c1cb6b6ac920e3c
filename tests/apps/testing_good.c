/* testing_good.c - tests by the kit that pass: each thing that it offers, once.
 * Tests, apps. On every backend; testing.c has those that fail. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xie.h>

#include "testing_bot.h"

static bool on_sim(void)
{
    return strcmp(xie_loop_backend(xie_loop_current()), "sim") == 0;
}

/* --- words -------------------------------------------------------------------------- */

static void words_in_order(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice, bob);
    onebot_test_says(t, alice, group, "/twice");
    int64_t first = onebot_test_hears(t, alice, group, "one");
    onebot_test_hears(t, bob, group, "t*");
    ONEBOT_TEST_CHECK(t, strcmp(onebot_test_text(t, first), "one") == 0);
    ONEBOT_TEST_CHECK(t, !onebot_test_text(t, 12345));
    onebot_test_quiet(t, alice, group);
    onebot_test_quiet(t, 0, 0);
}

static void places_are_apart(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice), other = onebot_test_group(t, "B", bob);
    onebot_test_says(t, alice, 0, "/echo private");
    onebot_test_says(t, bob, 0, "/echo bob");
    onebot_test_says(t, alice, group, "/echo friends");
    onebot_test_says(t, bob, other, "/echo %s", "100%");
    onebot_test_hears(t, bob, other, "100%");
    onebot_test_hears(t, alice, group, "friends");
    onebot_test_hears(t, bob, 0, "bob");
    onebot_test_hears(t, alice, 0, "private");
}

static void pictures(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    int64_t group = onebot_test_group(t, "Friends", alice);
    onebot_test_sends(t, alice, group, "look: [CQ:image,file=dog.jpg]");
    onebot_test_hears(t, alice, group, "nice dog.jpg");
    onebot_test_says(t, alice, group, "[CQ:image,file=dog.jpg] is but text");
    onebot_test_says(t, alice, group, "/picture");
    onebot_test_hears(t, alice, group, "[CQ:at,qq=10001] [look] [CQ:image,file=*cat.jpg]");
}

static void conversations(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice, bob);
    onebot_test_says(t, alice, group, "/ask");
    onebot_test_hears(t, alice, group, "What?");
    onebot_test_says(t, bob, group, "not I");
    onebot_test_says(t, alice, group, "this");
    onebot_test_hears(t, alice, group, "So: this");
}

/* --- people ------------------------------------------------------------------------- */

static void deeds(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice, bob), eve = onebot_test_person(t, "Eve");
    onebot_test_does(t, alice, "send_poke", "{s:I, s:I}", "group_id", (json_int_t)group,
                     "target_id", (json_int_t)onebot_test_bot(t));
    onebot_test_hears(t, alice, group, "notice notify poke");
    onebot_test_joins(t, eve, group);
    onebot_test_hears(t, eve, group, "notice group_increase approve");
    onebot_test_does(t, alice, "set_group_admin", "{s:I, s:I, s:b}", "group_id", (json_int_t)group,
                     "user_id", (json_int_t)bob, "enable", 1);
    onebot_test_hears(t, alice, group, "notice group_admin set");
    onebot_test_does(t, bob, "set_group_kick", "{s:I, s:I}", "group_id", (json_int_t)group,
                     "user_id", (json_int_t)eve);
    onebot_test_hears(t, alice, group, "notice group_decrease kick");
    int64_t said = onebot_test_says(t, bob, group, "oh");
    onebot_test_does(t, bob, "delete_msg", "{s:I}", "message_id", (json_int_t)said);
    onebot_test_hears(t, bob, group, "notice group_recall ");
    onebot_test_event(t, "{s:s, s:s, s:s, s:I, s:I}", "post_type", "notice", "notice_type", "weird",
                      "sub_type", "thing", "group_id", (json_int_t)group, "user_id",
                      (json_int_t)alice);
    onebot_test_hears(t, alice, group, "notice weird thing");
}

static void requests(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), eve = onebot_test_person(t, "Eve");
    int64_t group = onebot_test_group(t, "Friends", alice);
    onebot_test_friend(t, eve, false);
    onebot_test_rank(t, group, onebot_test_bot(t), ONEBOT_ADMIN);
    onebot_test_does(t, eve, "add_friend", "{s:s}", "comment", "no");
    onebot_test_decides(t, eve, false);
    onebot_test_does(t, eve, "add_friend", "{s:s}", "comment", "please");
    onebot_test_decides(t, eve, true);
    onebot_test_hears(t, eve, 0, "notice friend_add ");
    onebot_test_does(t, eve, "join_group", "{s:I, s:s}", "group_id", (json_int_t)group, "comment",
                     "please");
    onebot_test_decides(t, eve, true);
    onebot_test_calls(t, ".handle_quick_operation", "{s:{s:b}, s:{s:s}}", "operation", "approve", 0,
                      "context", "comment", "n*");
    onebot_test_says(t, eve, group, "/echo I am in");
    onebot_test_hears(t, eve, group, "notice group_increase approve");
    onebot_test_hears(t, eve, group, "I am in");
}

static void ranks(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice, bob);
    onebot_test_says(t, alice, group, "/ban %lld", (long long)bob);
    onebot_test_hears(t, alice, group, "I may not: *");
    onebot_test_calls(t, "set_group_ban", NULL);
    onebot_test_rank(t, group, onebot_test_bot(t), ONEBOT_ADMIN);
    onebot_test_says(t, alice, group, "/ban %lld", (long long)bob);
    const json_t *params = onebot_test_calls(t, "set_group_ban", "{s:I, s:s, s:i}", "user_id",
                                             (json_int_t)bob, "group_id", "2*", "duration", 600);
    ONEBOT_TEST_CHECK(t, onebot_int(params, "user_id") == bob);
    onebot_test_hears(t, alice, group, "notice group_ban ban");
    onebot_test_hears(t, alice, group, "Done.");
    onebot_test_calls_no(t, "set_group_ban");
}

/* --- time, and bad days ------------------------------------------------------------- */

/* Side by side, without a pause; behind what was heard, with one. */
static void at_the_same_time(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    onebot_test_starts(t);
    int64_t began = xie_now();
    onebot_test_says(t, alice, 0, "/echo one");
    onebot_test_says(t, bob, 0, "/echo two");
    ONEBOT_TEST_CHECK(t, !on_sim() || xie_now() == began);
    onebot_test_hears(t, bob, 0, "two");
    onebot_test_hears(t, alice, 0, "one");
    began = xie_now();
    onebot_test_says(t, alice, 0, "/echo three");
    ONEBOT_TEST_CHECK(t, xie_now() - began >= 5 * XIE_MILLISECOND);
    onebot_test_hears(t, alice, 0, "three");
}

static void time_passes(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), began = xie_now();
    int64_t hour = on_sim() ? XIE_HOUR : 200 * XIE_MILLISECOND;
    onebot_test_says(t, alice, 0, on_sim() ? "/later 1h" : "/later 200ms");
    onebot_test_quiet(t, alice, 0);
    onebot_test_passes(t, hour);
    onebot_test_hears(t, alice, 0, "later");
    ONEBOT_TEST_CHECK(t, xie_now() - began >= hour);
}

/* Nobody speaks who is muted, until the virtual minutes are over. */
static void muted_for_a_while(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice, bob);
    onebot_test_rank(t, group, onebot_test_bot(t), ONEBOT_ADMIN);
    onebot_test_says(t, alice, group, "/ban %lld", (long long)bob);
    onebot_test_hears(t, alice, group, "notice group_ban ban");
    onebot_test_hears(t, alice, group, "Done.");
    if (!on_sim())
        return;
    onebot_test_passes(t, 601 * XIE_SECOND);
    onebot_test_says(t, bob, group, "/echo free");
    onebot_test_hears(t, bob, group, "free");
}

static void connections_end(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/echo before");
    onebot_test_hears(t, alice, 0, "before");
    onebot_test_disconnects(t);
    onebot_test_says(t, alice, 0, "/echo between");
    onebot_test_hears(t, alice, 0, "between");
    onebot_test_away(t, on_sim() ? 10 * XIE_MINUTE : 100 * XIE_MILLISECOND);
    onebot_test_says(t, alice, 0, "/echo after");
    onebot_test_hears(t, alice, 0, "after");
}

static void restarts(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/count");
    onebot_test_hears(t, alice, 0, "1");
    onebot_test_restarts(t);
    onebot_test_says(t, alice, 0, "/count");
    onebot_test_hears(t, alice, 0, "2");
    ONEBOT_TEST_CHECK(t, access(onebot_test_folder(t), W_OK) == 0);
}

/* What one test stores is not there in the next. */
static void stores_are_fresh(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/count");
    onebot_test_hears(t, alice, 0, "1");
}

static void faults(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_faults(t, "{s:i, s:i}", "refuse", 1, "retcode", 1234);
    onebot_test_says(t, alice, 0, "/echo lost");
    onebot_test_logs(t, "handler /echo *");
    onebot_test_quiet(t, alice, 0);
    onebot_test_faults(t, "{s:i}", "risk", 1);
    onebot_test_says(t, alice, 0, "/echo risky");
    onebot_test_hears(t, alice, 0, "risky");
    onebot_test_logs(t, "handler /echo *");
    onebot_test_faults(t, "{s:i}", "disconnect", 1);
    onebot_test_says(t, alice, 0, "/twice");
    onebot_test_hears(t, alice, 0, "one");
    onebot_test_logs(t, "handler /twice *");
    onebot_test_faults(t, "{s:i, s:b}", "delay_ms", 50, "string_ids", 1);
    onebot_test_says(t, alice, 0, "/twice");
    onebot_test_hears(t, alice, 0, "one");
    onebot_test_hears(t, alice, 0, "two");
    onebot_test_faults(t, NULL);
}

/* --- answers by the test ------------------------------------------------------------ */

static void scripted_answers(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/voices");
    onebot_test_hears(t, alice, 0, "no voices: *");
    onebot_test_answers(t, "get_voices", "{s:s}", "best", "Miku");
    onebot_test_says(t, alice, 0, "/voices");
    onebot_test_hears(t, alice, 0, "voices: Miku");
    onebot_test_fails(t, "get_voices", -1, "never");
    onebot_test_says(t, alice, 0, "/voices");
    onebot_test_hears(t, alice, 0, "no voices: *");
    onebot_test_fails(t, "get_voices", 1400, "not today");
    onebot_test_says(t, alice, 0, "/voices");
    onebot_test_hears(t, alice, 0, "no voices: *");
    onebot_test_answers(t, "send_private_msg", "{s:i}", "message_id", 1);
    onebot_test_says(t, alice, 0, "/echo swallowed");
    onebot_test_calls(t, "send_private_msg", "{s:[{s:{s:s}}]}", "message", "data", "text",
                      "swallowed");
    onebot_test_quiet(t, alice, 0);
    onebot_test_answers(t, "send_private_msg", NULL);
    onebot_test_says(t, alice, 0, "/echo there");
    onebot_test_hears(t, alice, 0, "there");
}

static void web(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    const char *url = onebot_test_web_url(t);
    onebot_test_web(t, "http://api.example/x?q=*", 200, "[1]");
    onebot_test_says(t, alice, 0, "/fetch %s/x?q=%s", url, "a%20b");
    onebot_test_hears(t, alice, 0, "200 [1]");
    ONEBOT_TEST_CHECK(
        t, strcmp(onebot_test_fetches(t, "http://api.example/x?q=a b"), "{\"a\":1}") == 0);
    onebot_test_says(t, alice, 0, "/fetch %s/y", url);
    onebot_test_hears(t, alice, 0, "404 *");
    onebot_test_web(t, "http://api.example/*", 503, "busy");
    onebot_test_says(t, alice, 0, "/fetch %s/x", url);
    onebot_test_hears(t, alice, 0, "503 busy");
}

/* On sim by the name of any host. */
static void web_by_name(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    if (!on_sim())
        return;
    onebot_test_web(t, "http://one.example/*", 200, "1");
    onebot_test_web(t, "http://two.example/*", 200, "2");
    onebot_test_web(t, "http://never.example/", 0, NULL);
    onebot_test_says(t, alice, 0, "/fetch http://two.example/a");
    onebot_test_hears(t, alice, 0, "200 2");
    onebot_test_says(t, alice, 0, "/fetch http://one.example/a");
    onebot_test_hears(t, alice, 0, "200 1");
    onebot_test_says(t, alice, 0, "/fetch http://never.example/");
    onebot_test_hears(t, alice, 0, "error");
    onebot_test_says(t, alice, 0, "/fetch http://unknown.example/");
    onebot_test_hears(t, alice, 0, "error");
    ONEBOT_TEST_CHECK(t, getenv("XIE_SIM_HOSTS"));
}

/* --- the log, the limits ------------------------------------------------------------ */

static void errors_that_are_expected(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/fail");
    onebot_test_logs(t, "handler /fail *");
}

/* QQ ends before it. */
static void restart_that_waits(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/restart");
    onebot_test_calls(t, "set_restart", "{s:i}", "delay", 60000);
    onebot_test_hears(t, alice, 0, "in a minute");
}

/* An event has its time and its account, where it says so. */
static void events_of_any_kind(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_event(t, "{s:s, s:s, s:s, s:I, s:i, s:i}", "post_type", "notice", "notice_type",
                      "weird", "sub_type", "when", "user_id", (json_int_t)alice, "self_id", 10000,
                      "time", 5);
    onebot_test_hears(t, alice, 0, "5");
    onebot_test_event(t, "{s:s, s:s, s:s, s:I}", "post_type", "notice", "notice_type", "weird",
                      "sub_type", "when", "user_id", (json_int_t)alice);
    onebot_test_hears(t, alice, 0, "1*");
    onebot_test_event(t, "{s:s, s:s, s:i}", "post_type", "notice", "notice_type", "weird",
                      "self_id", 77);
    onebot_test_logs(t, "*an event of account 77 on a connection of account 10000");
}

static void as_many_as_there_can_be(struct onebot_test *t)
{
    int64_t people[ONEBOT_TEST_PEOPLE + 1] = {0}, group = 0;
    for (int i = 0; i < ONEBOT_TEST_PEOPLE; i++)
        people[i] = onebot_test_person(t, "Somebody");
    for (int i = 0; i < ONEBOT_TEST_GROUPS; i++)
        group = (onebot_test_group)(t, "Everybody", people);
    onebot_test_says(t, people[ONEBOT_TEST_PEOPLE - 1], group, "/echo we are many");
    onebot_test_hears(t, people[0], group, "we are many");
}

static int64_t helper(struct onebot_test *t)
{
    return (onebot_test_person)(t, "Alice");
}

static void helpers_and_args(struct onebot_test *t)
{
    ONEBOT_TEST_CHECK(t, helper(t) == 10001 && onebot_test_person(t, "Bob") == 10002);
    ONEBOT_TEST_CHECK(t, strcmp(onebot_test_arg(t), "the arg") == 0);
    ONEBOT_TEST_CHECK(t, !getenv("XIE_SIM_HOSTS")); /* as it was before the test of the web */
}

static const struct onebot_test_case cases[] = {
    ONEBOT_TEST(words_in_order),
    ONEBOT_TEST(places_are_apart),
    ONEBOT_TEST(pictures),
    ONEBOT_TEST(conversations),
    ONEBOT_TEST(deeds),
    ONEBOT_TEST(requests),
    ONEBOT_TEST(ranks),
    ONEBOT_TEST(at_the_same_time),
    ONEBOT_TEST(time_passes),
    ONEBOT_TEST(muted_for_a_while),
    ONEBOT_TEST(connections_end),
    ONEBOT_TEST(restarts),
    ONEBOT_TEST(stores_are_fresh),
    ONEBOT_TEST(faults),
    ONEBOT_TEST(scripted_answers),
    ONEBOT_TEST(web),
    ONEBOT_TEST(web_by_name),
    ONEBOT_TEST(errors_that_are_expected),
    ONEBOT_TEST(restart_that_waits),
    ONEBOT_TEST(events_of_any_kind),
    ONEBOT_TEST(as_many_as_there_can_be),
    ONEBOT_TEST(helpers_and_args),
    {0},
};

static const char settings[] = "superusers: [10001]\n"
                               "limits:\n"
                               "  retry_least: 20ms\n"
                               "endpoints:\n"
                               "  - url: ws://192.0.2.1:1/\n";

/* As little waiting as it takes where time is real. */
ONEBOT_TEST_MAIN(.cases = cases, .run = testing_run_with_store, .arg = (char[]){"the arg"},
                 .options = {.book = {.rules = testing_rules, .language = ONEBOT_ENGLISH}},
                 .settings = settings, .settle_ns = 50 * XIE_MILLISECOND)
