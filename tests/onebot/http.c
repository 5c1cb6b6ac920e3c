/* http.c - calls by HTTP: what is sent, what each answer means, and being out of reach. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "loop/sim.h"

/* An implementation that takes calls by HTTP: it answers by the action's name. */
static struct site {
    struct xie_listener *listener;
    char url[200];
    json_t *calls; /* {action, params, authorization, type, token} */
    unsigned held, most_held;
    bool deaf;         /* answer nothing */
    unsigned refusals; /* of the next requests, by 403 */
    bool logged_out;   /* get_login_info fails */
    struct xie_event release;
    struct xie_task *task;
} site;

static const struct {
    const char *action;
    int status;
    const char *body;
    int error, retcode;
    const char *wording; /* contained */
} answers[] = {
    {"get_login_info", 200, "{\"status\":\"ok\",\"data\":{\"user_id\":\"10000\"}}", 0, 0, ""},
    {"send_group_msg", 200, "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"message_id\":7}}", 0, 0,
     ""},
    {"value", 200, "{\"status\":\"ok\",\"retcode\":0,\"data\":5}", 0, 0, ""},
    {"async", 200, "{\"status\":\"async\",\"retcode\":1,\"data\":null}", 0, 1, ""},
    {"bare", 200, "{\"retcode\":0}", 0, 0, ""},
    {"failed", 200, "{\"status\":\"failed\",\"retcode\":100,\"wording\":\"w0rds\"}", XIE_EFAILED,
     100, "w0rds"},
    {"unknown", 404, "no such page", XIE_EACTION, 0, "(HTTP 404)"},
    {"unknown_json", 404, "{\"status\":\"failed\",\"retcode\":1404,\"msg\":\"which?\"}",
     XIE_EACTION, 1404, "which?"},
    {"bad", 400, "", XIE_EFAILED, 0, "(HTTP 400)"},
    {"type", 406, "<html>", XIE_EFAILED, 0, "(HTTP 406)"},
    {"broken", 500, "{}", XIE_EFAILED, 0, "(HTTP 500)"},
    {"broken_json", 502, "{\"status\":\"failed\",\"retcode\":-1,\"message\":\"m\"}", XIE_EFAILED,
     -1, "m"},
    {"moved", 302, "", XIE_EFAILED, 0, "(HTTP 302)"},
    {"text", 200, "hello", XIE_EJSON, 0, "(HTTP 200)"},
    {"empty", 200, "", XIE_EJSON, 0, "(HTTP 200)"},
    {"nothing", 204, "", XIE_EJSON, 0, "(HTTP 204)"},
    {"array", 200, "[]", XIE_EJSON, 0, "(HTTP 200)"},
    {"object", 200, "{\"data\":1}", XIE_EJSON, 0, "(HTTP 200)"},
    {"half", 200, "{\"status\":\"ok\"", XIE_EJSON, 0, "(HTTP 200)"},
};
enum { ANSWERS = sizeof answers / sizeof *answers };

static void record(struct xie_http *http, const char *action)
{
    char *body;
    ssize_t len = xie_http_body(http, &body);
    const char *authorization = xie_http_field(http, "Authorization");
    const char *token = xie_http_query(http, "access_token");
    json_t *params = len > 0 ? json_loadb(body, (size_t)len, 0, NULL) : NULL;
    CHECK(params != NULL);
    CHECK_STR(xie_http_method(http), "POST");
    json_array_append_new(
        site.calls, json_pack("{s:s, s:o, s:s, s:s, s:s}", "action", action, "params", params,
                              "authorization", authorization ? authorization : "", "type",
                              xie_http_field(http, "Content-Type"), "token", token ? token : ""));
}

static int hold(struct xie_http *http)
{
    site.held++;
    if (site.held > site.most_held)
        site.most_held = site.held;
    xie_event_wait(&site.release);
    site.held--;
    return xie_http_answer(http, 200, "application/json", "{\"retcode\":0}", 13);
}

static int on_request(struct xie_http *http, void *arg)
{
    const char *action = strrchr(xie_http_path(http), '/') + 1;
    (void)arg;
    record(http, action);
    if (site.refusals && site.refusals--)
        return xie_http_answer(http, 403, "text/plain", "no", 2);
    if (site.deaf || !strcmp(action, "hold"))
        return hold(http);
    if (site.logged_out && !strcmp(action, "get_login_info"))
        action = "failed";
    for (size_t i = 0; i < ANSWERS; i++)
        if (!strcmp(action, answers[i].action))
            return xie_http_answer(http, answers[i].status, "application/json", answers[i].body,
                                   strlen(answers[i].body));
    return xie_http_answer(http, 500, "text/plain", "", 0);
}

static int serve(void *arg)
{
    (void)arg;
    return xie_http_serve(site.listener, NULL, on_request, NULL);
}

/* Listen at a port that the kernel chooses. */
static void open_site(void)
{
    struct xie_address address;
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &site.listener) == 0);
    REQUIRE(xie_listener_address(site.listener, &address) == 0);
    snprintf(site.url, sizeof site.url, "http://127.0.0.1:%u/", xie_address_port(&address));
}

static void start_site(void)
{
    site.task = xie_spawn(serve, NULL);
    REQUIRE(site.task != NULL);
}

static void close_site(void)
{
    xie_task_cancel(site.task);
    xie_join(site.task);
    xie_listener_close(site.listener);
}

/* Events come by reverse WebSocket, calls go by HTTP. */
static void by_http(struct rig *rig)
{
    memset(&site, 0, sizeof site);
    site.calls = json_array();
    open_site();
    rig_listen(rig, (struct onebot_endpoint){0});
    rig->endpoints[1] = (struct onebot_endpoint){.url = site.url};
}

static void finish(struct guest *guest)
{
    guest_leave(guest);
    close_site();
    json_decref(site.calls);
}

static const char *called(size_t n)
{
    return onebot_string(json_array_get(site.calls, n), "action");
}

static int done(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->done);
    return 0;
}

static void script_go(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    guest_say(&guest, FAKE_GROUP, "/go");
    wait_done(rig);
    finish(&guest);
}

/* --- answers ------------------------------------------------------------------------ */

static int on_answers(struct onebot_event *event)
{
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    for (size_t i = 0; i < ANSWERS; i++) {
        struct onebot_result result = onebot_call(event->bot, answers[i].action, NULL);
        if (result.error != answers[i].error)
            tap_failed(__FILE__, __LINE__, "%s: %d (%s)", answers[i].action, result.error,
                       result.wording);
        CHECK_EQ(result.retcode, answers[i].retcode);
        CHECK(strstr(result.wording, answers[i].wording) != NULL);
        CHECK_EQ(result.data == NULL, result.error != 0);
        json_decref(result.data);
    }
    return done(event);
}

static void test_what_each_answer_means(void)
{
    play(&(struct play){by_http, on_answers, script_go});
}

/* --- requests ----------------------------------------------------------------------- */

static void with_token(struct rig *rig)
{
    by_http(rig);
    strcat(site.url, "one/bot/?access_token=s3cret");
    rig->endpoints[1].token = "t0ken";
}

static int on_requests(struct onebot_event *event)
{
    int64_t id = 0;
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    CHECK_EQ(onebot_send(event->bot, 1, 0, &id, "\xC3\xA4\""), 0);
    CHECK_EQ(id, 7);
    CHECK_EQ(onebot_call(event->bot, "a b?c#d%e/../f", NULL).error, XIE_EFAILED);
    CHECK_EQ(onebot_call(event->bot, ".handle_quick_operation", NULL).error, XIE_EFAILED);
    CHECK_EQ(onebot_call(event->bot, "\xFF", NULL).error, -EINVAL);
    return done(event);
}

static void script_requests(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    guest_say(&guest, FAKE_GROUP, "/go");
    wait_done(rig);
    CHECK_EQ(json_array_size(site.calls), 4);
    CHECK_STR(called(0), "get_login_info");
    json_t *call = json_array_get(site.calls, 1);
    CHECK_STR(called(1), "send_group_msg");
    CHECK_STR(onebot_string(call, "authorization"), "Bearer t0ken");
    CHECK_STR(onebot_string(call, "token"), "s3cret");
    CHECK_STR(onebot_string(call, "type"), "application/json");
    json_t *params = json_object_get(call, "params");
    CHECK_EQ(onebot_int(params, "group_id"), 1);
    json_t *segment = json_array_get(json_object_get(params, "message"), 0);
    CHECK_STR(onebot_string(json_object_get(segment, "data"), "text"), "\xC3\xA4\"");
    CHECK_STR(called(2), "f"); /* after the last slash, which it wrote itself: "%2F" */
    CHECK_STR(called(3), ".handle_quick_operation");
    CHECK_EQ(json_object_size(json_object_get(json_array_get(site.calls, 3), "params")), 0);
    CHECK(!rig_logged(rig, "s3cret") && !rig_logged(rig, "t0ken"));
    finish(&guest);
}

static void test_what_is_sent(void)
{
    play(&(struct play){with_token, on_requests, script_requests});
}

/* --- many at once ------------------------------------------------------------------- */

enum { MANY = 40, PARALLEL = 16 };

struct one {
    struct onebot_bot *bot;
    int error;
};

static int call_hold(void *arg)
{
    struct one *one = arg;
    struct onebot_result result = onebot_call(one->bot, "hold", NULL);
    json_decref(result.data);
    one->error = result.error;
    return 0;
}

static int on_many(struct onebot_event *event)
{
    struct one ones[MANY];
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    XIE_GROUP(group) {
        for (int i = 0; i < MANY; i++) {
            ones[i] = (struct one){event->bot, 1};
            CHECK_EQ(xie_group_spawn(&group, call_hold, &ones[i]), 0);
        }
    }
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(ones[i].error, 0);
    return done(event);
}

static void script_many(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    guest_say(&guest, FAKE_GROUP, "/go");
    while (site.held < PARALLEL)
        xie_sleep(XIE_MILLISECOND);
    settle();
    CHECK_EQ(site.most_held, PARALLEL);
    xie_event_set(&site.release);
    wait_done(rig);
    CHECK_EQ(site.most_held, PARALLEL);
    finish(&guest);
}

static void test_many_at_once(void)
{
    play(&(struct play){by_http, on_many, script_many});
}

/* --- deadlines, and leaving --------------------------------------------------------- */

/* Those that wait for room have not been sent, and never are. */
static int on_scopes(struct onebot_event *event)
{
    struct one ones[PARALLEL];
    struct rig *rig = event->arg;
    int error = 0;
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    XIE_GROUP(group) {
        for (int i = 0; i < PARALLEL; i++) {
            ones[i] = (struct one){event->bot, 1};
            CHECK_EQ(xie_group_spawn(&group, call_hold, &ones[i]), 0);
        }
        while (site.held < PARALLEL)
            xie_sleep(XIE_MILLISECOND);
        XIE_TIMEOUT(5 * XIE_MILLISECOND)
            error = onebot_call(event->bot, "value", NULL).error;
        xie_group_cancel(&group);
    }
    CHECK_EQ(error, -ETIMEDOUT);
    for (int i = 0; i < PARALLEL; i++)
        CHECK_EQ(ones[i].error, -ECANCELED);
    struct onebot_result result = onebot_call(event->bot, "async", NULL); /* there is room again */
    CHECK_EQ(result.error, 0);
    json_decref(result.data);
    xie_event_set(&rig->go);
    return done(event);
}

static void script_scopes(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    guest_say(&guest, FAKE_GROUP, "/go");
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    xie_event_set(&site.release);
    wait_done(rig);
    for (size_t i = 0; i < json_array_size(site.calls); i++)
        CHECK(strcmp(called(i), "value") != 0);
    finish(&guest);
}

static void test_scopes(void)
{
    play(&(struct play){by_http, on_scopes, script_scopes});
}

static void short_calls(struct rig *rig)
{
    by_http(rig);
    rig->endpoints[1].self_id = FAKE_SELF;
    rig->options.call_timeout_ns = 20 * XIE_MILLISECOND;
}

static int on_late(struct onebot_event *event)
{
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    struct onebot_result result = onebot_call(event->bot, "hold", NULL);
    CHECK_EQ(result.error, -ETIMEDOUT);
    CHECK_EQ(xie_check(), 0);
    return done(event);
}

static void test_no_answer_in_time(void)
{
    play(&(struct play){short_calls, on_late, script_go});
}

/* --- out of reach ------------------------------------------------------------------- */

static void given(struct rig *rig)
{
    by_http(rig);
    rig->endpoints[1].self_id = FAKE_SELF;
}

static int on_unreachable(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_call(event->bot, "value", NULL).error, XIE_ENOTCONNECTED);
    xie_event_set(&rig->go);
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    struct onebot_result result = onebot_call(event->bot, "value", NULL);
    CHECK_EQ(result.error, 0);
    CHECK_EQ(json_integer_value(result.data), 5);
    json_decref(result.data);
    return done(event);
}

/* Nobody listens at its port; then somebody does. */
static void script_unreachable(struct rig *rig)
{
    struct guest guest = {0};
    struct xie_address address;
    REQUIRE(xie_listener_address(site.listener, &address) == 0);
    xie_listener_close(site.listener);
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    guest_say(&guest, FAKE_GROUP, "/go");
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    rig_wait_log(rig, "cannot connect to http://127.0.0.1:");
    rig_wait_log(rig, "next try in");
    REQUIRE(xie_tcp_listen("127.0.0.1", xie_address_port(&address), 0, &site.listener) == 0);
    start_site();
    wait_done(rig);
    finish(&guest);
}

static bool on_sim(void)
{
    const char *backend = getenv("XIE_BACKEND");
    return backend && !strcmp(backend, "sim");
}

/* On sim nobody else takes the port meanwhile. */
static void test_out_of_reach(void)
{
    if (!on_sim())
        tap_skip("a port that was given back may be another's");
    play(&(struct play){given, on_unreachable, script_unreachable});
}

/* One refusal may be of that action alone: it is asked once more before the others fail. */
static int on_refused_once(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct one one = {event->bot, 1};
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, call_hold, &one), 0);
        while (!site.held)
            xie_sleep(XIE_MILLISECOND);
        site.refusals = 1;
        CHECK_EQ(onebot_call(event->bot, "value", NULL).error, XIE_EAUTH);
        while (strcmp(called(json_array_size(site.calls) - 1), "get_status") != 0)
            xie_sleep(XIE_MILLISECOND);
        settle();
        xie_event_set(&site.release);
    }
    CHECK_EQ(one.error, 0);
    CHECK(!rig_logged(rig, "the token was refused"));
    return done(event);
}

static void no_pings(struct rig *rig)
{
    given(rig);
    rig->options.ping_interval_ns = XIE_NEVER;
}

static void test_a_refused_action(void)
{
    play(&(struct play){given, on_refused_once, script_go});
    play(&(struct play){no_pings, on_refused_once, script_go});
}

static int on_refused(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    site.refusals = 2;
    struct onebot_result result = onebot_call(event->bot, "value", NULL);
    CHECK_EQ(result.error, XIE_EAUTH);
    CHECK(strstr(result.wording, "(HTTP 403)") != NULL);
    rig_wait_log(rig, "the token was refused by http://127.0.0.1:");
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    result = onebot_call(event->bot, "value", NULL);
    CHECK_EQ(result.error, 0);
    json_decref(result.data);
    return done(event);
}

static void test_a_refused_token(void)
{
    play(&(struct play){given, on_refused, script_go});
    play(&(struct play){no_pings, on_refused, script_go});
}

/* --- what is wrong here, not there ------------------------------------------------------ */

static int no_socket(int domain, int type, int protocol)
{
    (void)domain, (void)type, (void)protocol;
    return -EMFILE;
}

/* From now on no socket can be had. */
static void exhaust(struct xie_sys *table)
{
    *table = on_sim() ? xie_sim_sys : xie_sys_linux;
    table->socket = no_socket;
    xie_sys_use(table);
}

static void replenish(void)
{
    xie_sys_use(on_sim() ? &xie_sim_sys : NULL);
}

/* The call that needs a file more fails, not the one that has a connection. */
static int on_no_files(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct one one = {event->bot, 1};
    struct xie_sys table;
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    rig_wait_log(rig, "connected to http://127.0.0.1:");
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, call_hold, &one), 0);
        while (!site.held)
            xie_sleep(XIE_MILLISECOND);
        exhaust(&table);
        CHECK_EQ(onebot_call(event->bot, "value", NULL).error, XIE_ENOTCONNECTED);
        replenish();
        settle();
        xie_event_set(&site.release);
    }
    CHECK_EQ(one.error, 0);
    CHECK(!rig_logged(rig, "connection lost"));
    return done(event);
}

static void test_no_files(void)
{
    play(&(struct play){given, on_no_files, script_go});
}

/* --- nobody there but the implementation ------------------------------------------------ */

static void logged_out(struct rig *rig)
{
    by_http(rig);
    site.logged_out = true;
    rig->options.retry_least_ns = 4 * XIE_MILLISECOND;
    rig->options.retry_most_ns = 240 * XIE_MILLISECOND;
}

/* It answers, but has no account: the pauses grow all the same. */
static void script_logged_out(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    rig_wait_log(rig, "does not say whose account it is: w0rds");
    while (rig_count_log(rig, "next try in ") < 8)
        xie_event_wait(&rig->fake.changed);
    CHECK(rig_logged(rig, "next try in 0.1 s") || rig_logged(rig, "next try in 0.2 s"));
    CHECK(rig_logged(rig, "cannot connect to http://127.0.0.1:"));
    site.logged_out = false;
    rig_wait_log(rig, "connected to http://127.0.0.1:");
    finish(&guest);
}

static void test_logged_out(void)
{
    play(&(struct play){logged_out, NULL, script_logged_out});
}

/* --- hanging ---------------------------------------------------------------------------- */

/* While it asks whose it is, too; others wait at the slowest pace. */
static void refusing(struct rig *rig)
{
    by_http(rig);
    site.refusals = 3;
}

static int on_value(struct onebot_event *event)
{
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    struct onebot_result result = onebot_call(event->bot, "value", NULL);
    CHECK_EQ(result.error, 0);
    json_decref(result.data);
    CHECK_EQ(onebot_self_id(event->bot), FAKE_SELF);
    return done(event);
}

static void script_refusing(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    while (rig_count_log(rig, "the token was refused by http://") < 3)
        xie_event_wait(&rig->fake.changed);
    CHECK(rig_logged(rig, "next try in 0.0 s"));
    rig_wait_log(rig, "connected to http://127.0.0.1:");
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    guest_say(&guest, FAKE_GROUP, "/go");
    wait_done(rig);
    finish(&guest);
}

static void test_refused_then_mended(void)
{
    play(&(struct play){refusing, on_value, script_refusing});
}

/* It hangs, with calls under way: they need not wait for their own deadline. */
static void pinging(struct rig *rig)
{
    by_http(rig);
    rig->options.ping_interval_ns = 50 * XIE_MILLISECOND;
    rig->options.call_timeout_ns = XIE_NEVER;
}

static int on_hanging(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    site.deaf = true;
    struct onebot_result result = onebot_call(event->bot, "value", NULL);
    CHECK_EQ(result.error, XIE_EUNKNOWN);
    rig_wait_log(rig, ": connection lost: ");
    CHECK_EQ(onebot_call(event->bot, "value", NULL).error, XIE_ENOTCONNECTED);
    site.deaf = false;
    xie_event_set(&site.release);
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    return done(event);
}

/* Without pings and without deadlines of calls, there is one for the question whose it is. */
static void patient(struct rig *rig)
{
    by_http(rig);
    site.deaf = true;
    rig->options.ping_interval_ns = XIE_NEVER;
    rig->options.call_timeout_ns = XIE_NEVER;
    rig->options.connect_timeout_ns = 100 * XIE_MILLISECOND;
}

static void script_patient(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    rig_wait_log(rig, "does not say whose account it is: ");
    rig_wait_log(rig, "cannot connect to http://127.0.0.1:");
    site.deaf = false;
    xie_event_set(&site.release);
    rig_wait_log(rig, "connected to http://127.0.0.1:");
    finish(&guest);
}

static void test_who_never_says_whose(void)
{
    play(&(struct play){patient, NULL, script_patient});
}

/* A machine that is slow may lose it again by its pings. */
static int on_value_at_last(struct onebot_event *event)
{
    struct onebot_result result;
    do {
        CHECK_EQ(onebot_wait_connected(event->bot), 0);
        result = onebot_call(event->bot, "value", NULL);
    } while (result.error == XIE_EUNKNOWN || result.error == XIE_ENOTCONNECTED);
    CHECK_EQ(result.error, 0);
    json_decref(result.data);
    return done(event);
}

/* Nor does it help to hang from the start. */
static void deaf_first(struct rig *rig)
{
    pinging(rig);
    site.deaf = true;
}

static void script_deaf_first(struct rig *rig)
{
    struct guest guest = {0};
    start_site();
    rig_wait_log(rig, "cannot connect to http://127.0.0.1:");
    CHECK_STR(called(0), "get_login_info");
    site.deaf = false;
    xie_event_set(&site.release);
    rig_wait_log(rig, "connected to http://127.0.0.1:");
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    guest_say(&guest, FAKE_GROUP, "/go");
    wait_done(rig);
    finish(&guest);
}

static void test_a_host_that_hangs_from_the_start(void)
{
    play(&(struct play){deaf_first, on_value_at_last, script_deaf_first});
}

static void test_a_host_that_hangs(void)
{
    play(&(struct play){pinging, on_hanging, script_go});
}

static const struct tap_test tests[] = {
    {"what each answer means", test_what_each_answer_means},
    {"what is sent", test_what_is_sent},
    {"many at once", test_many_at_once},
    {"scopes around calls", test_scopes},
    {"no answer in time", test_no_answer_in_time},
    {"out of reach, then back", test_out_of_reach},
    {"a refused action", test_a_refused_action},
    {"a refused token", test_a_refused_token},
    {"refused, then mended", test_refused_then_mended},
    {"no files", test_no_files},
    {"logged out for long", test_logged_out},
    {"who never says whose it is", test_who_never_says_whose},
    {"a host that hangs", test_a_host_that_hangs},
    {"a host that hangs from the start", test_a_host_that_hangs_from_the_start},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
