/* accounts.c - several ways at once: of one account, of several, and whose they turn out to be. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "guest.h"

/* Says whose it was, by the connection of that account. */
static int on_echo(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count++;
    CHECK_EQ(onebot_wait_connected(event->bot),
             0); /* the answer to whose it is may be on its way */
    int error = onebot_reply(event, "by %lld", (long long)onebot_self_id(event->bot));
    xie_event_set(&rig->done);
    return error;
}

static int on_note(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    size_t len = strlen(rig->text);
    snprintf(rig->text + len, sizeof rig->text - len, "%lld/%s:%s ",
             (long long)onebot_self_id(event->bot), event->detail_type, event->sub_type);
    return 0;
}

/* --- two accounts ------------------------------------------------------------------- */

/* The short form for one, the table for the other. */
static void two_accounts(struct rig *rig)
{
    fake_listen(&rig->others[0]);
    rig->others[0].self_id = 2;
    rig->endpoints[0].url = rig->others[0].url;
    rig->options.endpoints = rig->endpoints;
}

static void script_two(struct rig *rig)
{
    struct fake *one = &rig->fake, *two = &rig->others[0];
    fake_wait_connections(one, 1);
    rig_wait_log(rig, "connected to ws://");
    while (!two->connections)
        xie_sleep(XIE_MILLISECOND);
    fake_message(one, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(one, 0), "by 10000");
    fake_message(two, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(two, 0), "by 2");
    CHECK_EQ(json_array_size(one->calls), 1);
    CHECK_EQ(json_array_size(two->calls), 1);
}

static void test_two_accounts(void)
{
    play(&(struct play){two_accounts, on_echo, script_two});
}

/* What befalls one is nothing to the other. */
static void two_silent(struct rig *rig)
{
    two_accounts(rig);
    rig->fake.silent = rig->others[0].silent = true;
}

static int on_slow(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_result result = onebot_call(event->bot, "slow", NULL);
    CHECK_EQ(result.error, event->self_id == 2 ? 0 : XIE_EUNKNOWN);
    json_decref(result.data);
    rig->count++;
    xie_event_set(event->self_id == 2 ? &rig->done : &rig->go);
    return 0;
}

static void script_one_breaks(struct rig *rig)
{
    struct fake *one = &rig->fake, *two = &rig->others[0];
    fake_wait_connections(one, 1);
    fake_wait_connections(two, 1);
    fake_message(one, FAKE_USER, FAKE_GROUP, "/go");
    fake_message(two, FAKE_USER, FAKE_GROUP, "/go");
    fake_wait_calls(one, 1);
    fake_wait_calls(two, 1);
    fake_cut(one);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    CHECK_EQ(rig->count, 1);
    fake_answer(two, 0, json_null());
    wait_done(rig);
    CHECK_EQ(two->connections, 1);
}

static void test_one_breaks_alone(void)
{
    play(&(struct play){two_silent, on_slow, script_one_breaks});
}

/* --- one account by two ways -------------------------------------------------------- */

static void one_twice(struct rig *rig)
{
    two_accounts(rig);
    rig->others[0].self_id = FAKE_SELF;
    rig->options.on_event = on_note;
}

static int64_t send_both(struct rig *rig, const char *text)
{
    int64_t id = fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, text);
    rig->others[0].last_id = id - 1;
    CHECK_EQ(fake_message(&rig->others[0], FAKE_USER, FAKE_GROUP, text), id);
    return id;
}

static void notice(struct fake *fake, const char *sub_type)
{
    char text[256];
    snprintf(text, sizeof text,
             "{\"post_type\":\"notice\",\"notice_type\":\"n\",\"sub_type\":\"%s\","
             "\"time\":1700000000,\"self_id\":10000}",
             sub_type);
    fake_send_text(fake, text);
}

/* How often on_note has noted this of account 10000. */
static unsigned told(struct rig *rig, const char *what)
{
    char note[64];
    unsigned count = 0;
    int len = snprintf(note, sizeof note, "10000/%s ", what);
    for (const char *at = rig->text; (at = strstr(at, note)); at += len)
        count++;
    return count;
}

/* Handlers run once, whatever comes by both, in whatever order; but what one way says twice has
 * happened twice. */
static void script_one_twice(struct rig *rig)
{
    struct fake *one = &rig->fake, *two = &rig->others[0];
    fake_wait_connections(one, 1);
    fake_wait_connections(two, 1);
    fake_send_text(one, "{\"post_type\":\"notice\",\"notice_type\":\"early\"}");
    while (!*rig->text)
        xie_sleep(XIE_MILLISECOND);
    CHECK_STR(rig->text, "0/early: "); /* not known before it is said */
    notice(one, "a");
    notice(two, "a");
    notice(two, "b");
    notice(two, "b");
    notice(one, "b");
    notice(one, "b");
    notice(one, "b");
    for (int i = 0; i < 2; i++) { /* without a time, or about the connection: no copies */
        fake_send_text(i ? two : one, "{\"post_type\":\"notice\",\"notice_type\":\"n\","
                                      "\"sub_type\":\"c\",\"self_id\":10000}");
        fake_send_text(i ? two : one, "{\"post_type\":\"meta_event\",\"self_id\":10000,"
                                      "\"meta_event_type\":\"lifecycle\",\"time\":1700000000}");
    }
    send_both(rig, "end");
    while (told(rig, "n:b") < 3 || told(rig, "n:c") < 2 || told(rig, "lifecycle:") < 2 ||
           !told(rig, "group:normal"))
        xie_sleep(XIE_MILLISECOND);
    settle();
    CHECK_EQ(told(rig, "n:a"), 1);
    CHECK_EQ(told(rig, "n:b"), 3);
    CHECK_EQ(told(rig, "n:c"), 2);
    CHECK_EQ(told(rig, "lifecycle:"), 2);
    CHECK_EQ(told(rig, "group:normal"), 1);
}

static void test_one_account_twice(void)
{
    play(&(struct play){one_twice, NULL, script_one_twice});
}

/* Whichever way the calls go: when it breaks, they go by the other. */
static void script_one_way_left(struct rig *rig)
{
    struct fake *one = &rig->fake, *two = &rig->others[0];
    fake_wait_connections(one, 1);
    fake_wait_connections(two, 1);
    send_both(rig, "/go");
    wait_done(rig);
    xie_event_clear(&rig->done);
    two->busy = true; /* it does not come back */
    fake_cut(two);
    rig_wait_log(rig, "connection lost: ");
    size_t before = json_array_size(one->calls);
    fake_message(one, FAKE_USER, FAKE_GROUP, "/go again");
    CHECK_STR(fake_said(one, before), "by 10000");
    wait_done(rig);
    CHECK_EQ(rig->count, 2);
}

static void test_one_way_left(void)
{
    play(&(struct play){one_twice, on_echo, script_one_way_left});
}

/* --- calls and events apart --------------------------------------------------------- */

static void split_at(struct rig *rig, int64_t self_id)
{
    static char api[180], event[180];
    snprintf(api, sizeof api, "%sapi", rig->fake.url);
    snprintf(event, sizeof event, "%sevent", rig->fake.url);
    rig->endpoints[0] =
        (struct onebot_endpoint){.url = api, .role = ONEBOT_API, .self_id = self_id};
    rig->endpoints[1] = (struct onebot_endpoint){.url = event, .role = ONEBOT_EVENT};
    rig->options.endpoints = rig->endpoints;
    rig->options.url = NULL;
}

static void split(struct rig *rig)
{
    split_at(rig, 0);
}

static void split_and_named(struct rig *rig)
{
    split_at(rig, FAKE_SELF);
}

static void script_split(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 2);
    CHECK_STR(fake_action(fake, 0), "get_login_info");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(fake, 1), "by 10000");
    wait_done(rig);
    CHECK_EQ(json_array_size(fake->paths), 2);
}

static void test_calls_and_events_apart(void)
{
    play(&(struct play){split, on_echo, script_split});
}

static void script_named(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 2);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(fake, 0), "by 10000");
    wait_done(rig);
}

static void test_the_account_is_given(void)
{
    play(&(struct play){split_and_named, on_echo, script_named});
}

/* Who does not say whose it is gets no calls, and is asked again. */
static void split_silent(struct rig *rig)
{
    split(rig);
    rig->fake.silent = true;
}

static void refuse_call(struct fake *fake, size_t n)
{
    fake_send_text(&(struct fake){.ws = fake->ws}, "junk");
    fake_wait_calls(fake, n + 1);
    char text[128];
    snprintf(text, sizeof text,
             "{\"status\":\"failed\",\"retcode\":1,\"wording\":\"not now\","
             "\"echo\":\"%lld\"}",
             (long long)onebot_int(json_array_get(fake->calls, n), "echo"));
    fake_send_text(&(struct fake){.ws = fake->ws}, text);
}

static void script_not_said(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_calls(fake, 1);
    refuse_call(fake, 0);
    rig_wait_log(rig, "api does not say whose account it is: not now");
    fake_wait_calls(fake, 2);
    CHECK_STR(fake_action(fake, 1), "get_login_info");
    fake_answer(fake, 1, json_pack("{s:i}", "user_id", 0));
    fake_wait_calls(fake, 3);
    fake_answer(fake, 2, json_pack("{s:s}", "user_id", "10000"));
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(fake, 3), "by 10000");
    fake_answer(fake, 3, json_null());
    wait_done(rig);
    CHECK_EQ(rig_count_log(rig, "does not say whose"), 2);
}

static void test_who_does_not_say_whose(void)
{
    play(&(struct play){split_silent, on_echo, script_not_said});
}

/* To wait for the answer has a deadline of its own. */
static void split_patient(struct rig *rig)
{
    split_silent(rig);
    rig->options.call_timeout_ns = XIE_NEVER;
    rig->options.connect_timeout_ns = 100 * XIE_MILLISECOND;
}

static void script_never_said(struct rig *rig)
{
    rig_wait_log(rig, "api does not say whose account it is: ");
    rig_wait_log(rig, "next try in ");
    CHECK_STR(fake_action(&rig->fake, 1), "get_login_info");
}

static void test_who_never_says_whose(void)
{
    play(&(struct play){split_patient, NULL, script_never_said});
}

/* It answers, but has no account for days: an answer that names none proves nothing. */
static void split_logged_out(struct rig *rig)
{
    split_silent(rig);
    rig->options.retry_least_ns = 4 * XIE_MILLISECOND;
    rig->options.retry_most_ns = 240 * XIE_MILLISECOND;
    rig->endpoints[1] = (struct onebot_endpoint){0};
}

static void script_logged_out(struct rig *rig)
{
    for (unsigned n = 0; n < 8; n++) {
        fake_wait_connections(&rig->fake, n + 1);
        refuse_call(&rig->fake, n);
    }
    while (rig_count_log(rig, "next try in ") < 8)
        xie_event_wait(&rig->fake.changed);
    CHECK(rig_logged(rig, "next try in 0.1 s") || rig_logged(rig, "next try in 0.2 s"));
}

static void test_logged_out(void)
{
    play(&(struct play){split_logged_out, NULL, script_logged_out});
}

/* Until it has said whose it is, again, nobody's calls go out by it. */
static int on_unknown(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_call(event->bot, "too early", NULL).error, XIE_ENOTCONNECTED);
    xie_event_set(&rig->go);
    return on_echo(event);
}

static void script_unknown(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 2);
    fake_wait_calls(fake, 1);
    fake_answer(fake, 0, json_pack("{s:i}", "user_id", FAKE_SELF));
    settle();
    fake_cut(fake);
    CHECK_STR(fake_action(fake, 1), "get_login_info");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    fake_answer(fake, 1, json_pack("{s:i}", "user_id", FAKE_SELF));
    CHECK_STR(fake_said(fake, 2), "by 10000");
    fake_answer(fake, 2, json_null());
    wait_done(rig);
}

static void test_not_known_again(void)
{
    play(&(struct play){split_silent, on_unknown, script_unknown});
}

/* --- the account changes ------------------------------------------------------------ */

/* Each account keeps its bot. */
static int on_change(struct onebot_event *event)
{
    CHECK(onebot_account(event->bot, event->self_id) == event->bot);
    CHECK(onebot_account(event->bot, FAKE_SELF) != NULL);
    return on_echo(event);
}

/* Its connection breaks, and the next one says that it is of this account. */
static void come_back_as(struct rig *rig, int64_t self_id)
{
    unsigned before = rig->fake.connections;
    rig->fake.self_id = self_id;
    fake_cut(&rig->fake);
    fake_wait_connections(&rig->fake, before + 1);
}

static void expect_by(struct rig *rig, size_t n, const char *said)
{
    xie_event_clear(&rig->done);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(&rig->fake, n), said);
    wait_done(rig);
}

static void script_changes(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    expect_by(rig, 0, "by 10000");
    come_back_as(rig, 7);
    expect_by(rig, 1, "by 7");
    come_back_as(rig, FAKE_SELF);
    expect_by(rig, 2, "by 10000");
}

static void test_the_account_changes(void)
{
    play(&(struct play){NULL, on_change, script_changes});
}

/* One that changes while it lasts ends: its calls were the other's. */
static void script_changes_meanwhile(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    expect_by(rig, 0, "by 10000");
    rig->fake.self_id = 7;
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    fake_wait_connections(&rig->fake, 2);
    CHECK_EQ(rig_count_log(rig, "an event of account 7 on a connection of account 10000"), 1);
    CHECK_EQ(rig->count, 1);
    expect_by(rig, 1, "by 7");
}

static void test_the_account_changes_meanwhile(void)
{
    play(&(struct play){NULL, on_change, script_changes_meanwhile});
}

/* --- too many ----------------------------------------------------------------------- */

static void one_account(struct rig *rig)
{
    two_accounts(rig);
    rig->options.max_accounts = 1;
}

/* Its events are nobody's. */
static void script_too_many(struct rig *rig)
{
    struct fake *one = &rig->fake, *two = &rig->others[0];
    fake_wait_connections(one, 1);
    expect_by(rig, 0, "by 10000");
    fake_wait_connections(two, 1);
    fake_message(two, FAKE_USER, FAKE_GROUP, "/go");
    rig_wait_log(rig, "account 2: ");
    rig_wait_log(rig, "connection lost: ");
    fake_wait_connections(two, 2);
    settle();
    CHECK_EQ(rig->count, 1);
    expect_by(rig, 1, "by 10000");
}

static void test_too_many_accounts(void)
{
    play(&(struct play){one_account, on_echo, script_too_many});
}

static void one_account_named(struct rig *rig)
{
    one_account(rig);
    rig->endpoints[0].self_id = 2;
    rig->endpoints[1] = (struct onebot_endpoint){.url = rig->fake.url, .self_id = 3};
}

static void script_too_many_named(struct rig *rig)
{
    while (!xie_task_done(rig->bot))
        xie_event_wait(&rig->fake.changed);
    CHECK_EQ(rig->bot_result, XIE_ELIMIT);
    CHECK_EQ(rig_count_log(rig, "account 3: too many accounts"), 1);
}

static void test_too_many_accounts_named(void)
{
    play(&(struct play){one_account_named, NULL, script_too_many_named});
}

/* --- all ways at once --------------------------------------------------------------- */

/* Forward calls, reverse events of the same account, another account beside. */
static void mixed(struct rig *rig)
{
    static char api[180];
    snprintf(api, sizeof api, "%sapi", rig->fake.url);
    rig_listen(rig, (struct onebot_endpoint){0});
    rig->endpoints[1] = (struct onebot_endpoint){.url = api, .role = ONEBOT_API};
}

static void script_mixed(struct rig *rig)
{
    struct guest events = {0}, other = {0};
    char body[512];
    CHECK_STR(fake_action(&rig->fake, 0), "get_login_info");
    guest_connect(&events, rig, FAKE_SELF, "Event");
    guest_connect(&other, rig, 3, "");
    guest_say(&events, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(&rig->fake, 1), "by 10000");
    guest_message(body, FAKE_SELF, FAKE_GROUP, 99, "/go");
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\n", body), 204);
    CHECK_STR(fake_said(&rig->fake, 2), "by 10000");
    guest_say(&other, FAKE_GROUP, "/go");
    guest_answer(&other, guest_call(&other), json_pack("{s:i}", "message_id", 5));
    while (rig->count < 3)
        xie_sleep(XIE_MILLISECOND);
    guest_leave(&events);
    guest_leave(&other);
}

static void test_all_ways_at_once(void)
{
    play(&(struct play){mixed, on_echo, script_mixed});
}

static const struct tap_test tests[] = {
    {"two accounts", test_two_accounts},
    {"one breaks alone", test_one_breaks_alone},
    {"one account twice", test_one_account_twice},
    {"one way left", test_one_way_left},
    {"calls and events apart", test_calls_and_events_apart},
    {"the account is given", test_the_account_is_given},
    {"who does not say whose it is", test_who_does_not_say_whose},
    {"who never says whose it is", test_who_never_says_whose},
    {"logged out for long", test_logged_out},
    {"not known again", test_not_known_again},
    {"the account changes", test_the_account_changes},
    {"the account changes meanwhile", test_the_account_changes_meanwhile},
    {"too many accounts", test_too_many_accounts},
    {"too many accounts that are named", test_too_many_accounts_named},
    {"all ways at once", test_all_ways_at_once},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
