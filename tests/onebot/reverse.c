/* reverse.c - reverse WebSocket: who may come, in which role, as whom, and how often. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

static void listening(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){0});
}

static void with_token(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){.token = "s3cret token"});
}

static int on_echo(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_self_id(event->bot), event->self_id);
    rig->count++;
    int error = onebot_reply(event, "for %lld: %s", (long long)event->self_id, event->args);
    xie_event_set(&rig->done);
    return error;
}

/* The guest gets this said by the bot, and confirms it. */
static void expect_said(struct guest *guest, const char *text)
{
    json_t *call = guest_call(guest);
    json_t *message = json_object_get(json_object_get(call, "params"), "message");
    CHECK_STR(onebot_string(json_object_get(json_array_get(message, 0), "data"), "text"), text);
    guest_answer(guest, call, json_pack("{s:i}", "message_id", 5));
}

/* --- who may ------------------------------------------------------------------------ */

static const struct {
    struct knock knock;
    int status; /* 101: welcome */
} knocks[] = {
    {{.self_id = "1", .authorization = "Bearer s3cret token"}, 101},
    {{.self_id = "1", .authorization = "bearer  s3cret token"}, 101},
    {{.self_id = "1", .authorization = "Token s3cret token"}, 101},
    {{.self_id = "1", .query = "access_token=s3cret+token"}, 101},
    {{.self_id = "1", .query = "access_token=s3cret%20token", .authorization = "Bearer "}, 101},
    {{.self_id = "1"}, 401},
    {{.self_id = "1", .authorization = "Bearer"}, 401},
    {{.self_id = "1", .authorization = "Bearer "}, 401},
    {{.self_id = "1", .authorization = "Basic s3cret token"}, 401},
    {{.self_id = "1", .authorization = "Bearers3cret token"}, 401},
    {{.self_id = "1", .query = "access_token="}, 401},
    {{.self_id = "1", .authorization = "Bearer s3cret toke"}, 403},
    {{.self_id = "1", .authorization = "Bearer s3cret tokeN"}, 403},
    {{.self_id = "1", .authorization = "Bearer s3cret token s3cret token"}, 403},
    {{.self_id = "1", .authorization = "Bearer x", .query = "access_token=s3cret+token"}, 403},
    {{.authorization = "Token s3cret token"}, 400},
    {{.self_id = "", .authorization = "Token s3cret token"}, 400},
    {{.self_id = "0", .authorization = "Token s3cret token"}, 400},
    {{.self_id = "-1", .authorization = "Token s3cret token"}, 400},
    {{.self_id = "1x", .authorization = "Token s3cret token"}, 400},
    {{.self_id = "99999999999999999999", .authorization = "Token s3cret token"}, 400},
    {{.self_id = "1", .role = "Both", .authorization = "Token s3cret token"}, 400},
    {{.self_id = "1", .role = "api", .authorization = "Token s3cret token"}, 101},
    {{.self_id = "1", .role = "EVENT", .authorization = "Token s3cret token"}, 101},
    {{.self_id = "1", .role = "uniVersal", .authorization = "Token s3cret token"}, 101},
};

static void script_knocks(struct rig *rig)
{
    for (size_t i = 0; i < sizeof knocks / sizeof *knocks; i++) {
        struct guest guest = {0};
        int status = 0;
        int error = guest_knock(&guest, rig, &knocks[i].knock, &status);
        if (status != knocks[i].status)
            tap_failed(__FILE__, __LINE__, "knock %zu: status %d, not %d", i, status,
                       knocks[i].status);
        CHECK_EQ(error == 0, status == 101);
        guest_leave(&guest);
    }
    CHECK(rig_logged(rig, "no token (HTTP 401)"));
    CHECK(rig_logged(rig, "wrong token (HTTP 403)"));
    CHECK(!rig_logged(rig, "s3cret"));
    CHECK(!rig_logged(rig, "neither token nor secret"));
}

static void test_who_may_come(void)
{
    play(&(struct play){with_token, NULL, script_knocks});
}

/* Of a WebSocket nothing can be signed: the secret is the token then. */
static void with_secret(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){.secret = "hush"});
}

static void script_secret(struct rig *rig)
{
    struct guest guest = {0};
    struct knock knock = {.self_id = "1"};
    int status;
    CHECK_EQ(guest_knock(&guest, rig, &knock, &status), XIE_EAUTH);
    CHECK_EQ(status, 401);
    knock.authorization = "Bearer hus";
    CHECK_EQ(guest_knock(&guest, rig, &knock, &status), XIE_EAUTH);
    CHECK_EQ(status, 403);
    knock.authorization = "Bearer hush";
    CHECK_EQ(guest_knock(&guest, rig, &knock, &status), 0);
    CHECK(!rig_logged(rig, "hush"));
    guest_leave(&guest);
}

/* Where there is a token, it is that one. */
static void with_both(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){.secret = "hush", .token = "t0ken"});
}

static void script_both(struct rig *rig)
{
    struct guest guest = {0};
    struct knock knock = {.self_id = "1", .authorization = "Bearer hush"};
    int status;
    CHECK_EQ(guest_knock(&guest, rig, &knock, &status), XIE_EAUTH);
    CHECK_EQ(status, 403);
    knock.authorization = "Bearer t0ken";
    CHECK_EQ(guest_knock(&guest, rig, &knock, &status), 0);
    guest_leave(&guest);
}

static void test_a_secret_alone(void)
{
    play(&(struct play){with_secret, NULL, script_secret});
    play(&(struct play){with_both, NULL, script_both});
}

static void script_no_token(struct rig *rig)
{
    struct guest guest = {0};
    rig_wait_log(rig, "there is neither token nor secret");
    guest_connect(&guest, rig, FAKE_SELF, "Universal");
    guest_say(&guest, FAKE_GROUP, "/go hello");
    expect_said(&guest, "for 10000: hello");
    wait_done(rig);
    CHECK(rig_logged(rig, "account 10000 (Universal) connected to 127.0.0.1:"));
    guest_leave(&guest);
    rig_wait_log(rig, "account 10000 (Universal): connection lost: ");
}

static void test_no_token(void)
{
    play(&(struct play){listening, on_echo, script_no_token});
}

/* --- roles -------------------------------------------------------------------------- */

static void script_two_make_one(struct rig *rig)
{
    struct guest calls = {0}, events = {0};
    guest_connect(&events, rig, FAKE_SELF, "Event");
    guest_connect(&calls, rig, FAKE_SELF, "API");
    rig_wait_log(rig, "account 10000 (API) connected");
    guest_say(&events, FAKE_GROUP, "/go one");
    expect_said(&calls, "for 10000: one");
    wait_done(rig);
    guest_leave(&calls);
    guest_leave(&events);
}

static void test_two_connections_make_one_bot(void)
{
    play(&(struct play){listening, on_echo, script_two_make_one});
}

static int on_deaf(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_reply(event, "nobody takes it"), XIE_ENOTCONNECTED);
    xie_event_set(&rig->go);
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    CHECK_EQ(onebot_reply(event, "now"), 0);
    xie_event_set(&rig->done);
    return 0;
}

static void script_events_alone(struct rig *rig)
{
    struct guest calls = {0}, events = {0};
    guest_connect(&events, rig, FAKE_SELF, "Event");
    guest_say(&events, FAKE_GROUP, "/go");
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    guest_connect(&calls, rig, FAKE_SELF, "API");
    expect_said(&calls, "now");
    wait_done(rig);
    guest_leave(&calls);
    guest_leave(&events);
}

static void test_events_alone_take_no_calls(void)
{
    play(&(struct play){listening, on_deaf, script_events_alone});
}

/* --- replaced ----------------------------------------------------------------------- */

static int on_replaced(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_result result = onebot_call(event->bot, "a", NULL);
    CHECK_EQ(result.error, XIE_EUNKNOWN);
    result = onebot_call(event->bot, "b", NULL); /* the new one is there already */
    CHECK_EQ(result.error, 0);
    json_decref(result.data);
    xie_event_set(&rig->done);
    return 0;
}

/* The old one says nothing more, as half-open ones do. */
static void script_replaced(struct rig *rig)
{
    struct guest older = {0}, newer = {0}, other = {0};
    guest_connect(&older, rig, FAKE_SELF, "");
    guest_connect(&other, rig, FAKE_SELF, "Event"); /* of another role: it stays */
    guest_say(&older, FAKE_GROUP, "/go");
    json_t *lost = guest_call(&older);
    guest_connect(&newer, rig, FAKE_SELF, "Universal");
    json_t *call = guest_call(&newer);
    CHECK_STR(onebot_string(call, "action"), "b");
    guest_answer(&newer, call, json_null());
    wait_done(rig);
    CHECK(rig_logged(rig, "1 call failed with the connection"));
    rig_wait_log(rig, "account 10000 (Universal): replaced by a new connection");
    CHECK_EQ(rig_count_log(rig, "replaced by"), 1);
    guest_wait_end(&older);
    json_decref(lost);
    guest_leave(&older);
    guest_leave(&other);
    guest_leave(&newer);
}

static void test_a_second_connection_replaces_the_first(void)
{
    play(&(struct play){listening, on_replaced, script_replaced});
}

/* An answer that comes on another connection than the call went out on is nobody's. */
static void script_foreign_answer(struct rig *rig)
{
    struct guest calls = {0}, other = {0};
    guest_connect(&other, rig, FAKE_SELF, "Universal");
    guest_connect(&calls, rig, FAKE_SELF, "API");
    rig_wait_log(rig, "(API) connected");
    guest_say(&other, FAKE_GROUP, "/go x");
    json_t *call = guest_call(&calls);
    guest_answer(&other, json_incref(call), json_pack("{s:i}", "message_id", 1));
    rig_wait_log(rig, "an answer that no call waits for");
    CHECK(!xie_event_is_set(&rig->done));
    guest_answer(&calls, call, json_pack("{s:i}", "message_id", 2));
    wait_done(rig);
    guest_leave(&calls);
    guest_leave(&other);
}

static void test_an_answer_by_another_connection(void)
{
    play(&(struct play){listening, on_echo, script_foreign_answer});
}

/* The calls go over to the older one when the newer has gone. */
static void script_falls_back(struct rig *rig)
{
    struct guest first = {0}, second = {0};
    guest_connect(&first, rig, FAKE_SELF, "Universal");
    guest_connect(&second, rig, FAKE_SELF, "API");
    rig_wait_log(rig, "(API) connected");
    guest_leave(&second);
    rig_wait_log(rig, "(API): connection lost: ");
    guest_say(&first, FAKE_GROUP, "/go still");
    expect_said(&first, "for 10000: still");
    wait_done(rig);
    guest_leave(&first);
}

static void test_calls_fall_back(void)
{
    play(&(struct play){listening, on_echo, script_falls_back});
}

/* --- many accounts ------------------------------------------------------------------ */

enum { MANY = 50 };

static void script_many(struct rig *rig)
{
    static struct guest guests[MANY];
    memset(guests, 0, sizeof guests);
    for (int i = 0; i < MANY; i++)
        guest_connect(&guests[i], rig, 5000 + i, "");
    for (int i = MANY - 1; i >= 0; i--)
        guest_say(&guests[i], FAKE_GROUP, "/go x");
    for (int i = 0; i < MANY; i++) {
        char text[64];
        snprintf(text, sizeof text, "for %d: x", 5000 + i);
        expect_said(&guests[i], text);
    }
    while (rig->count < MANY)
        xie_sleep(XIE_MILLISECOND);
    for (int i = 0; i < MANY; i++)
        guest_leave(&guests[i]);
}

static void test_many_accounts_on_one_port(void)
{
    play(&(struct play){listening, on_echo, script_many});
}

static void two_accounts(struct rig *rig)
{
    rig->options.max_accounts = 2;
    listening(rig);
}

static void script_max_accounts(struct rig *rig)
{
    struct guest first = {0}, second = {0}, third = {0}, again = {0};
    struct knock knock = {.self_id = "3"};
    int status;
    guest_connect(&first, rig, 1, "");
    guest_connect(&second, rig, 2, "");
    CHECK_EQ(guest_knock(&third, rig, &knock, &status), XIE_EWS_HANDSHAKE);
    CHECK_EQ(status, 503);
    guest_leave(&second);
    guest_connect(&again, rig, 2, "");
    guest_leave(&first);
    guest_leave(&again);
}

static void test_max_accounts(void)
{
    play(&(struct play){two_accounts, NULL, script_max_accounts});
}

static int on_other(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_bot *other = onebot_account(event->bot, 2);
    CHECK(onebot_account(event->bot, 1) == event->bot);
    CHECK(onebot_account(event->bot, 3) == NULL);
    CHECK(onebot_account(event->bot, 0) == NULL);
    REQUIRE(other != NULL);
    CHECK_EQ(onebot_self_id(other), 2);
    CHECK_EQ(onebot_send(other, FAKE_GROUP, 0, NULL, "by the other"), 0);
    xie_event_set(&rig->done);
    return 0;
}

static void script_other(struct rig *rig)
{
    struct guest first = {0}, second = {0};
    guest_connect(&second, rig, 2, "");
    guest_connect(&first, rig, 1, "");
    guest_say(&first, FAKE_GROUP, "/go");
    expect_said(&second, "by the other");
    wait_done(rig);
    guest_leave(&first);
    guest_leave(&second);
}

static void test_one_account_uses_another(void)
{
    play(&(struct play){listening, on_other, script_other});
}

/* A message heard by two accounts in one group runs for both; one heard twice by the same
 * account, by whatever connection, once. */
static void script_twice(struct rig *rig)
{
    struct guest universal = {0}, events = {0}, other = {0};
    char json[512];
    guest_connect(&universal, rig, FAKE_SELF, "");
    guest_connect(&events, rig, FAKE_SELF, "Event");
    guest_connect(&other, rig, 2, "");
    guest_message(json, FAKE_SELF, FAKE_GROUP, 77, "/go a");
    guest_send(&events, json);
    guest_send(&universal, json);
    expect_said(&universal, "for 10000: a");
    guest_message(json, 2, FAKE_GROUP, 77, "/go a");
    guest_send(&other, json);
    expect_said(&other, "for 2: a");
    guest_message(json, FAKE_SELF, FAKE_GROUP, 78, "/go b");
    guest_send(&events, json);
    expect_said(&universal, "for 10000: b");
    while (rig->count < 3)
        xie_sleep(XIE_MILLISECOND);
    settle();
    CHECK_EQ(rig->count, 3);
    guest_leave(&universal);
    guest_leave(&events);
    guest_leave(&other);
}

static void test_messages_that_come_twice(void)
{
    play(&(struct play){listening, on_echo, script_twice});
}

/* --- silence, and the end ----------------------------------------------------------- */

static void script_heartbeats(struct rig *rig)
{
    struct guest guest = {0};
    guest_connect(&guest, rig, FAKE_SELF, "");
    guest_send(&guest, "{\"post_type\":\"meta_event\",\"meta_event_type\":\"heartbeat\","
                       "\"self_id\":10000,\"interval\":1000}");
    rig_wait_log(rig, "account 10000 (Universal): connection lost: no heartbeat for 3 intervals");
    guest_wait_end(&guest);
    guest_leave(&guest);
}

static void test_missed_heartbeats(void)
{
    play(&(struct play){listening, NULL, script_heartbeats});
}

static void say_lifecycle(struct guest *guest)
{
    guest_send(guest, "{\"post_type\":\"meta_event\",\"meta_event_type\":\"lifecycle\","
                      "\"sub_type\":\"connect\",\"self_id\":10000}");
}

/* Those of one connection are expected once more, on the next. */
static void script_heartbeats_end(struct rig *rig)
{
    static const char lost[] = "connection lost: no heartbeat for 3 intervals of 1 s";
    struct guest guest = {0};
    for (int i = 0; i < 3; i++) {
        guest_connect(&guest, rig, FAKE_SELF, "");
        say_lifecycle(&guest);
        if (i == 0)
            guest_send(&guest, "{\"post_type\":\"meta_event\",\"meta_event_type\":\"heartbeat\","
                               "\"self_id\":10000,\"interval\":1000}");
        if (i < 2)
            guest_wait_end(&guest);
        else
            xie_sleep(4 * XIE_SECOND);
        CHECK_EQ(rig_count_log(rig, lost), i < 2 ? i + 1 : 2);
        guest_leave(&guest);
    }
}

static void test_heartbeats_that_end(void)
{
    play(&(struct play){listening, NULL, script_heartbeats_end});
}

/* --- events of another account ------------------------------------------------------ */

static void script_other_account(struct rig *rig)
{
    struct guest guest = {0};
    guest_connect(&guest, rig, FAKE_SELF, "");
    guest.self_id = 2;
    guest_say(&guest, FAKE_GROUP, "/go a");
    guest_say(&guest, FAKE_GROUP, "/go b");
    guest_wait_end(&guest);
    rig_wait_log(rig, "account 10000 (Universal): connection lost: ");
    CHECK_EQ(rig_count_log(rig, "account 10000 (Universal): an event of account 2"), 1);
    CHECK_EQ(rig->count, 0);
    guest_leave(&guest);
}

static void test_events_of_another_account(void)
{
    play(&(struct play){listening, on_echo, script_other_account});
}

/* --- half open, and stopping -------------------------------------------------------- */

static void pinging(struct rig *rig)
{
    rig->options.ping_interval_ns = 50 * XIE_MILLISECOND;
    listening(rig);
}

/* It receives nothing, so it answers no ping. */
static void script_half_open(struct rig *rig)
{
    struct guest guest = {0};
    guest_connect(&guest, rig, FAKE_SELF, "");
    rig_wait_log(rig, "account 10000 (Universal): connection lost: ");
    guest_leave(&guest);
}

static void test_a_half_open_connection(void)
{
    play(&(struct play){pinging, NULL, script_half_open});
}

static int on_grace(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    onebot_stop(event->bot);
    xie_event_set(&rig->go);
    CHECK_EQ(onebot_reply(event, "the last word"), 0);
    xie_event_set(&rig->done);
    return 0;
}

static void grace(struct rig *rig)
{
    rig->options.grace_ns = 10 * XIE_MINUTE;
    listening(rig);
}

static void script_stop(struct rig *rig)
{
    struct guest guest = {0}, late = {0};
    struct knock knock = {.self_id = "2"};
    int status;
    guest_connect(&guest, rig, FAKE_SELF, "");
    guest_say(&guest, FAKE_GROUP, "/go");
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    CHECK_EQ(guest_knock(&late, rig, &knock, &status), XIE_EWS_HANDSHAKE);
    CHECK_EQ(status, 503);
    expect_said(&guest, "the last word");
    wait_done(rig);
    guest_wait_end(&guest);
    CHECK_EQ(xie_ws_close_code(guest.ws, NULL), 1000);
    guest_leave(&guest);
    while (!xie_task_done(rig->bot))
        xie_event_wait(&rig->fake.changed);
    CHECK_EQ(rig->bot_result, 0);
}

static void test_stopping(void)
{
    play(&(struct play){grace, on_grace, script_stop});
}

/* The bot opens the port itself; the log says which. */
static void by_name(struct rig *rig)
{
    listening(rig);
    rig->endpoints[0] = (struct onebot_endpoint){.listen = "127.0.0.1:0"};
}

static void script_by_name(struct rig *rig)
{
    struct guest guest = {0};
    rig_wait_log(rig, "listening on 127.0.0.1:");
    for (size_t i = 0; i < json_array_size(rig->log); i++) {
        const char *line = json_string_value(json_array_get(rig->log, i));
        unsigned port;
        if (sscanf(line, "listening on 127.0.0.1:%u", &port) != 1)
            continue;
        char url[64];
        static const struct xie_http_field fields[] = {{"x-self-id", "10000"}, {NULL, NULL}};
        const struct xie_ws_options options = {.fields = fields};
        snprintf(url, sizeof url, "ws://127.0.0.1:%u", port);
        CHECK_EQ(xie_ws_connect(url, &options, NULL, &guest.ws), 0);
    }
    guest.self_id = FAKE_SELF;
    guest_say(&guest, FAKE_GROUP, "/go x");
    expect_said(&guest, "for 10000: x");
    wait_done(rig);
    guest_leave(&guest);
}

static void test_listening_by_name(void)
{
    play(&(struct play){by_name, on_echo, script_by_name});
}

/* --- where to listen ---------------------------------------------------------------- */

static void take_error(void *arg, enum onebot_level level, const char *line)
{
    if (level == ONEBOT_ERROR)
        snprintf(arg, 256, "%s", line);
}

static int listen_badly(const char *where, char line[256])
{
    const struct onebot_endpoint endpoints[] = {{.listen = where}, {0}};
    struct onebot_options options = {
        .endpoints = endpoints, .keep_signals = true, .log = take_error, .log_arg = line};
    return onebot_run(&options);
}

static int run_badly(void *arg)
{
    char line[256], where[XIE_ADDRESS_TEXT];
    struct xie_listener *taken;
    struct xie_address address;
    (void)arg;
    CHECK_EQ(listen_badly("127.0.0.1", line), -EINVAL);
    CHECK_STR(line, "where to listen is not \"host:port\"");
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &taken) == 0);
    REQUIRE(xie_listener_address(taken, &address) == 0);
    CHECK_EQ(listen_badly(xie_address_format(&address, where), line), -EADDRINUSE);
    CHECK(strstr(line, "cannot listen on 127.0.0.1:") != NULL);
    xie_listener_close(taken);
    return 0;
}

static void test_where_nobody_can_listen(void)
{
    CHECK_EQ(xie_run(run_badly, NULL), 0);
}

static const struct tap_test tests[] = {
    {"who may come", test_who_may_come},
    {"a secret alone", test_a_secret_alone},
    {"no token", test_no_token},
    {"two connections make one bot", test_two_connections_make_one_bot},
    {"events alone take no calls", test_events_alone_take_no_calls},
    {"a second connection replaces the first", test_a_second_connection_replaces_the_first},
    {"an answer by another connection is nobody's", test_an_answer_by_another_connection},
    {"calls fall back to the older connection", test_calls_fall_back},
    {"many accounts on one port", test_many_accounts_on_one_port},
    {"max_accounts below, at and above", test_max_accounts},
    {"one account uses another", test_one_account_uses_another},
    {"messages that come twice", test_messages_that_come_twice},
    {"missed heartbeats", test_missed_heartbeats},
    {"heartbeats that end", test_heartbeats_that_end},
    {"events of another account", test_events_of_another_account},
    {"a half-open connection", test_a_half_open_connection},
    {"stopping", test_stopping},
    {"listening by name", test_listening_by_name},
    {"where nobody can listen", test_where_nobody_can_listen},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
