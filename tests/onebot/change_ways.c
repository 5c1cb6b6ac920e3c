/* change_ways.c - ways of every kind that come and go while the bot runs: ports that pass from one
 * to the next, those who come to them, calls by HTTP, and attempts that hang. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

static struct onebot_bot *handle;

/* As the rig's, but for the ways: these. */
static int change(struct rig *rig, const struct onebot_endpoint *endpoints)
{
    struct onebot_options options = rig->options;
    options.url = NULL;
    options.endpoints = endpoints;
    return onebot_change(handle, &options);
}

static int on_say(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    int error = onebot_reply(event, "by %lld", (long long)onebot_self_id(event->bot));
    rig->count++;
    xie_event_set(&rig->done);
    return error;
}

/* --- a port that the bot has opened ------------------------------------------------- */

static void listening(struct rig *rig)
{
    rig->endpoints[0] = (struct onebot_endpoint){.listen = "127.0.0.1:0", .token = "one"};
    rig->options.endpoints = rig->endpoints;
    rig->options.url = NULL;
    rig->options.handle = &handle;
}

/* As the latest line says. */
static uint16_t port_said(struct rig *rig)
{
    static const char line[] = "listening on ";
    size_t at = json_array_size(rig->log);
    while (at--) {
        const char *text = strstr(json_string_value(json_array_get(rig->log, at)), line);
        if (text)
            return (uint16_t)atoi(strrchr(text, ':') + 1);
    }
    return 0;
}

static int knock(uint16_t port, const char *token, struct guest *guest, int *status)
{
    char url[64], bearer[64];
    const struct xie_http_field fields[] = {
        {"X-Self-ID", "5"}, {"Authorization", bearer}, {NULL, NULL}};
    const struct xie_ws_options options = {.fields = fields};
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", port);
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    guest->self_id = 5;
    return xie_ws_connect(url, &options, status, &guest->ws);
}

static void greet(struct rig *rig, struct guest *guest)
{
    guest_say(guest, FAKE_GROUP, "/go");
    json_t *call = guest_call(guest);
    CHECK(call != NULL);
    guest_answer(guest, call, json_null());
    wait_done(rig);
    xie_event_clear(&rig->done);
}

/* The port is never closed, so whoever comes while it passes on gets in afterwards. */
static void script_port_passes(struct rig *rig)
{
    struct guest old = {0}, late = {0};
    const struct onebot_endpoint other[] = {{.listen = "127.0.0.1:0", .token = "two"}, {0}};
    int status = 0;
    rig_wait_log(rig, "listening on ");
    uint16_t port = port_said(rig);
    REQUIRE(knock(port, "one", &old, NULL) == 0);
    greet(rig, &old);
    CHECK_EQ(change(rig, other), 0);
    guest_wait_end(&old);
    guest_leave(&old);
    late.last_id = old.last_id;
    CHECK_EQ(knock(port, "one", &late, &status), XIE_EAUTH);
    CHECK_EQ(status, 403);
    REQUIRE(knock(port, "two", &late, NULL) == 0);
    greet(rig, &late);
    CHECK_EQ(port_said(rig), port);
    CHECK_EQ(rig_count_log(rig, "listening on "), 2);
    CHECK_EQ(change(rig, other), 0); /* the same: who has come stays */
    greet(rig, &late);
    CHECK_EQ(change(rig, &other[1]), 0);
    guest_wait_end(&late);
    guest_leave(&late);
    CHECK_EQ(knock(port, "two", &late, NULL), -ECONNREFUSED);
}

static void test_a_port_passes_on(void)
{
    play(&(struct play){listening, on_say, script_port_passes});
}

/* --- the same port of another address ----------------------------------------------- */

/* It cannot be opened before the other is closed. */
static void script_another_address(struct rig *rig)
{
    char all[32], one[32];
    struct guest guest = {0};
    rig_wait_log(rig, "listening on ");
    uint16_t port = port_said(rig);
    snprintf(all, sizeof all, ":%u", port);
    snprintf(one, sizeof one, "127.0.0.1:%u", port);
    const struct onebot_endpoint everywhere[] = {{.listen = all, .token = "one"}, {0}};
    const struct onebot_endpoint here[] = {{.listen = one, .token = "one"}, {0}};
    const struct onebot_endpoint twice[] = {
        {.listen = one, .token = "one"}, {.listen = all, .token = "one"}, {0}};
    CHECK_EQ(change(rig, everywhere), 0);
    while (rig_count_log(rig, "listening on ") < 2)
        xie_event_wait(&rig->fake.changed);
    REQUIRE(knock(port, "one", &guest, NULL) == 0);
    greet(rig, &guest);
    CHECK_EQ(change(rig, here), 0);
    guest_wait_end(&guest);
    guest_leave(&guest);
    while (rig_count_log(rig, "listening on ") < 3)
        xie_event_wait(&rig->fake.changed);
    REQUIRE(knock(port, "one", &guest, NULL) == 0);
    greet(rig, &guest);
    CHECK_EQ(change(rig, twice), -EADDRINUSE); /* the first stays: nobody hands anything on */
    CHECK_EQ(rig_count_log(rig, "cannot listen on :"), 1);
    greet(rig, &guest);
    guest_leave(&guest);
}

static void test_the_same_port_of_another_address(void)
{
    play(&(struct play){listening, on_say, script_another_address});
}

/* Somebody was faster: it is tried until they are gone. */
static void script_taken_meanwhile(struct rig *rig)
{
    char all[32];
    struct guest guest = {0};
    struct xie_listener *thief;
    rig_wait_log(rig, "listening on ");
    uint16_t port = port_said(rig);
    snprintf(all, sizeof all, ":%u", port);
    const struct onebot_endpoint everywhere[] = {{.listen = all, .token = "one"}, {0}};
    /* Its task begins when this one waits: the port is free until then. */
    CHECK_EQ(change(rig, everywhere), 0);
    REQUIRE(xie_tcp_listen("127.0.0.1", port, 0, &thief) == 0);
    rig_wait_log(rig, "cannot listen on :");
    xie_listener_close(thief);
    while (rig_count_log(rig, "listening on ") < 2)
        xie_event_wait(&rig->fake.changed);
    REQUIRE(knock(port, "one", &guest, NULL) == 0);
    greet(rig, &guest);
    guest_leave(&guest);
}

static void test_a_port_that_is_taken_meanwhile(void)
{
    play(&(struct play){listening, on_say, script_taken_meanwhile});
}

/* --- a listener that was given ------------------------------------------------------ */

static void given_listener(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){.token = "one"});
    rig->options.handle = &handle;
}

/* It goes unclosed, and may be given again; who came meanwhile has waited. */
static void script_given(struct rig *rig)
{
    static const struct onebot_endpoint none[] = {{0}};
    struct guest guest = {0};
    const struct knock with_token = {.self_id = "5", .authorization = "Bearer one"};
    REQUIRE(guest_knock(&guest, rig, &with_token, NULL) == 0);
    greet(rig, &guest);
    CHECK_EQ(change(rig, none), 0);
    guest_wait_end(&guest);
    guest_leave(&guest);
    int error = 0;
    XIE_TIMEOUT(50 * XIE_MILLISECOND)
        error = guest_knock(&guest, rig, &with_token, NULL);
    CHECK_EQ(error, -ETIMEDOUT); /* the kernel's backlog has it, nobody else */
    CHECK_EQ(change(rig, rig->endpoints), 0);
    REQUIRE(guest_knock(&guest, rig, &with_token, NULL) == 0);
    greet(rig, &guest);
    guest_leave(&guest);
}

static void test_a_listener_that_was_given(void)
{
    play(&(struct play){given_listener, on_say, script_given});
}

/* --- attempts that hang ------------------------------------------------------------- */

/* Nobody accepts there: the handshake gets no answer. */
static void hanging(struct rig *rig)
{
    static char http[160];
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &rig->ours) == 0);
    snprintf(http, sizeof http, "http://127.0.0.1:%u/", rig_port(rig));
    rig->endpoints[0] = (struct onebot_endpoint){.url = rig->fake.url};
    snprintf(rig->text, sizeof rig->text, "ws://127.0.0.1:%u/", rig_port(rig));
    rig->endpoints[1] = (struct onebot_endpoint){.url = rig->text};
    rig->endpoints[2] = (struct onebot_endpoint){.url = http, .self_id = 6};
    rig->options.endpoints = rig->endpoints;
    rig->options.url = NULL;
    rig->options.connect_timeout_ns = 24 * XIE_HOUR;
    rig->options.handle = &handle;
}

static void script_hanging(struct rig *rig)
{
    struct onebot_endpoint one[] = {rig->endpoints[0], {0}};
    fake_wait_connections(&rig->fake, 1);
    settle();
    int64_t before = xie_now();
    CHECK_EQ(change(rig, one), 0);
    CHECK(xie_now() - before < XIE_HOUR);
    CHECK_EQ(rig_count_log(rig, "is no endpoint any more"), 2);
    CHECK_EQ(rig_count_log(rig, "cannot connect"), 0); /* it was given up, it has not failed */
    say_go(rig);
    wait_done(rig);
    CHECK_EQ(rig->fake.connections, 1);
}

static void test_attempts_that_hang(void)
{
    play(&(struct play){hanging, on_say, script_hanging});
}

/* Between two attempts, where the next is far away. */
static void pausing(struct rig *rig)
{
    hanging(rig);
    xie_listener_close(rig->ours);
    rig->ours = NULL;
    rig->options.retry_least_ns = rig->options.retry_most_ns = 24 * XIE_HOUR;
}

static void script_pausing(struct rig *rig)
{
    struct onebot_endpoint one[] = {rig->endpoints[0], {0}};
    while (rig_count_log(rig, "next try in ") < 2)
        xie_event_wait(&rig->fake.changed);
    int64_t before = xie_now();
    CHECK_EQ(change(rig, one), 0);
    CHECK(xie_now() - before < XIE_HOUR);
    say_go(rig);
    wait_done(rig);
}

static void test_pauses_between_attempts(void)
{
    play(&(struct play){pausing, on_say, script_pausing});
}

/* A peer that reads nothing is not waited for long. */
static void script_deaf(struct rig *rig)
{
    static const struct onebot_endpoint none[] = {{0}};
    fake_wait_connections(&rig->fake, 1);
    rig_wait_log(rig, "connected to ");
    int64_t before = xie_now();
    CHECK_EQ(change(rig, none), 0);
    CHECK(xie_now() - before < 24 * XIE_HOUR); /* on sim it is exact */
    if (getenv("XIE_BACKEND") && !strcmp(getenv("XIE_BACKEND"), "sim"))
        CHECK(xie_now() - before <= 2 * XIE_SECOND + XIE_MILLISECOND);
}

static void deaf(struct rig *rig)
{
    rig->fake.deaf = true;
    rig->options.handle = &handle;
}

static void test_a_peer_that_does_not_listen(void)
{
    play(&(struct play){deaf, on_say, script_deaf});
}

/* --- calls by HTTP ------------------------------------------------------------------ */

struct api {
    struct xie_listener *listener;
    char url[160];
    unsigned requests;
    struct xie_event asked;
};

/* "slow" gets no answer. */
static int on_request(struct xie_http *http, void *arg)
{
    static const char ok[] = "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"user_id\":10000}}";
    struct api *api = arg;
    if (!strcmp(xie_http_path(http), "/slow")) {
        xie_event_set(&api->asked);
        return xie_sleep_until(XIE_NEVER);
    }
    api->requests++;
    return xie_http_answer(http, 200, "application/json", ok, sizeof ok - 1);
}

static int serve(void *arg)
{
    struct api *api = arg;
    int error = xie_http_serve(api->listener, NULL, on_request, api);
    return error == -ECANCELED ? 0 : error;
}

static int on_slow(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_result result = onebot_call(event->bot, "slow", NULL);
    CHECK_EQ(result.error, XIE_EUNKNOWN);
    CHECK_EQ(onebot_reply(event, "by the other"), 0);
    xie_event_set(&rig->done);
    return 0;
}

static void set_handle(struct rig *rig)
{
    rig->options.handle = &handle;
    rig->options.ping_interval_ns = XIE_NEVER;
}

/* It is the latest, so calls go there; a request that is under way fails, and the next goes by what
 * is left. */
static void script_http(struct rig *rig)
{
    struct api api = {0};
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &api.listener) == 0);
    REQUIRE(xie_listener_address(api.listener, &address) == 0);
    snprintf(api.url, sizeof api.url, "http://%s/", xie_address_format(&address, text));
    const struct onebot_endpoint both[] = {
        {.url = rig->fake.url}, {.url = api.url, .self_id = FAKE_SELF}, {0}};
    const struct onebot_endpoint one[] = {both[0], {0}};
    XIE_GROUP(group) {
        REQUIRE(xie_group_spawn(&group, serve, &api) == 0);
        fake_wait_connections(&rig->fake, 1);
        fake_send_text(&rig->fake, "{\"post_type\":\"notice\",\"self_id\":10000}");
        CHECK_EQ(change(rig, both), 0);
        rig_wait_log(rig, "connected to http://");
        say_go(rig);
        CHECK_EQ(xie_event_wait(&api.asked), 0);
        CHECK_EQ(change(rig, one), 0);
        CHECK_STR(fake_said(&rig->fake, 0), "by the other");
        wait_done(rig);
        CHECK_EQ(rig->fake.connections, 1);
        CHECK_EQ(json_array_size(rig->fake.calls), 1);
        xie_group_cancel(&group);
    }
    xie_listener_close(api.listener);
}

static void test_calls_by_http(void)
{
    play(&(struct play){set_handle, on_slow, script_http});
}

static const struct tap_test tests[] = {
    {"a port passes on", test_a_port_passes_on},
    {"the same port of another address", test_the_same_port_of_another_address},
    {"a port that is taken meanwhile", test_a_port_that_is_taken_meanwhile},
    {"a listener that was given", test_a_listener_that_was_given},
    {"attempts that hang", test_attempts_that_hang},
    {"pauses between attempts", test_pauses_between_attempts},
    {"a peer that does not listen", test_a_peer_that_does_not_listen},
    {"calls by HTTP", test_calls_by_http},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
