/* ways_secure.c - every way over TLS, and what is not trusted. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "tls/kit.h"

static struct xie_tls_context *ours, *theirs; /* a client's, a server's */

static int on_echo(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    int error = onebot_reply(event, "secret");
    xie_event_set(&rig->done);
    return error;
}

/* --- we connect --------------------------------------------------------------------- */

static void secure_url(struct rig *rig)
{
    static char url[200];
    snprintf(url, sizeof url, "wss%s", strchr(rig->fake.url, ':'));
    rig->fake.tls = theirs;
    rig->endpoints[0] = (struct onebot_endpoint){.url = url, .tls = ours};
    rig->options.endpoints = rig->endpoints;
    rig->options.url = NULL;
}

static void secure_by_options(struct rig *rig)
{
    secure_url(rig);
    rig->endpoints[0].tls = NULL;
    rig->options.tls = ours;
}

static void not_trusted(struct rig *rig)
{
    secure_url(rig);
    rig->endpoints[0].tls = NULL; /* whom the system trusts */
}

static void script_forward(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "secret");
    wait_done(rig);
    CHECK(rig_logged(rig, "connected to wss://127.0.0.1:"));
}

static void script_not_trusted(struct rig *rig)
{
    rig_wait_log(rig, "cannot connect to wss://127.0.0.1:");
    CHECK(rig_logged(rig, "certificate"));
    while (rig_count_log(rig, "next try in ") < 3)
        xie_event_wait(&rig->fake.changed);
    CHECK_EQ(rig->fake.connections, 0);
}

static void test_forward(void)
{
    play(&(struct play){secure_url, on_echo, script_forward});
    play(&(struct play){secure_by_options, on_echo, script_forward});
}

static void test_who_is_not_trusted(void)
{
    play(&(struct play){not_trusted, on_echo, script_not_trusted});
}

/* It reads nothing and answers no ping: what it was sent never leaves, but nobody waits. */
static void secure_deaf(struct rig *rig)
{
    secure_url(rig);
    rig->fake.deaf = true;
    rig->options.ping_interval_ns = 200 * XIE_MILLISECOND;
}

/* More than sockets hold, and of no pattern: it is deflated. */
static int on_flood(struct onebot_event *event)
{
    enum { LARGE = 16 << 20 };
    char *text = calloc(1, LARGE + 1);
    uint32_t random = 1;
    REQUIRE(text != NULL);
    for (size_t i = 0; i < LARGE; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (char)('0' + (random >> 26));
    }
    struct onebot_result result = onebot_call(event->bot, "a", "{s:s}", "text", text);
    CHECK(result.error == XIE_EUNKNOWN || result.error == XIE_ENOTCONNECTED);
    free(text);
    return 0;
}

static void script_deaf(struct rig *rig)
{
    say_go(rig);
    int64_t before = rig->fake.connected_at;
    fake_wait_connections(&rig->fake, 2);
    CHECK(rig->fake.connected_at - before < XIE_HOUR); /* sim need not wait to get there */
    CHECK(rig_logged(rig, "connection lost: "));
}

static void test_a_half_open_connection(void)
{
    play(&(struct play){secure_deaf, on_flood, script_deaf});
}

/* --- they come ---------------------------------------------------------------------- */

static void secure_port(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){.tls = theirs, .token = "t"});
}

static void script_reverse(struct rig *rig)
{
    struct guest guest = {0}, plain = {0};
    struct knock knock = {.self_id = "10000", .authorization = "Bearer t", .tls = ours};
    int status;
    CHECK_EQ(guest_knock(&guest, rig, &knock, &status), 0);
    guest_say(&guest, FAKE_GROUP, "/go");
    guest_answer(&guest, guest_call(&guest), json_pack("{s:i}", "message_id", 5));
    wait_done(rig);
    guest_leave(&guest);
    knock.authorization = "Bearer T";
    CHECK_EQ(guest_knock(&guest, rig, &knock, &status), XIE_EAUTH);
    CHECK_EQ(status, 403);
    knock.tls = NULL;
    CHECK(guest_knock(&plain, rig, &knock, &status) < 0);
    CHECK_EQ(status, 0); /* no word of HTTP without TLS */
}

static void test_reverse(void)
{
    play(&(struct play){secure_port, on_echo, script_reverse});
}

/* --- HTTP, both ways ---------------------------------------------------------------- */

static struct xie_listener *site;
static json_t *seen;

static int on_request(struct xie_http *http, void *arg)
{
    static const char answer[] = "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"user_id\":10000}}";
    (void)arg;
    json_array_append_new(seen, json_string(xie_http_path(http)));
    return xie_http_answer(http, 200, "application/json", answer, sizeof answer - 1);
}

static int serve_site(void *arg)
{
    const struct xie_http_options options = {.tls = theirs};
    (void)arg;
    return xie_http_serve(site, &options, on_request, NULL);
}

static void secure_http(struct rig *rig)
{
    static char url[64];
    struct xie_address address;
    secure_port(rig);
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &site) == 0);
    REQUIRE(xie_listener_address(site, &address) == 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", xie_address_port(&address));
    rig->endpoints[1] = (struct onebot_endpoint){.url = url, .tls = ours};
    seen = json_array();
}

static int post_secure(struct rig *rig, const char *body)
{
    static const struct xie_http_field fields[] = {
        {"X-Self-ID", "10000"}, {"Authorization", "Bearer t"}, {NULL, NULL}};
    char url[64];
    struct xie_http_response *response;
    snprintf(url, sizeof url, "https://localhost:%u/", rig_port(rig));
    const struct xie_http_request request = {
        .url = url, .fields = fields, .body = body, .body_len = strlen(body), .tls = ours};
    REQUIRE(xie_http_fetch(NULL, &request, &response) == 0);
    int status = xie_http_response_status(response);
    xie_http_response_free(response);
    return status;
}

static void script_http(struct rig *rig)
{
    char body[512];
    struct xie_task *task = xie_spawn(serve_site, NULL);
    guest_message(body, FAKE_SELF, FAKE_GROUP, 1, "/go");
    CHECK_EQ(post_secure(rig, body), 204);
    wait_done(rig);
    CHECK_EQ(json_array_size(seen), 2);
    CHECK_STR(json_string_value(json_array_get(seen, 0)), "/get_login_info");
    CHECK_STR(json_string_value(json_array_get(seen, 1)), "/send_group_msg");
    xie_task_cancel(task);
    xie_join(task);
    xie_listener_close(site);
    json_decref(seen);
}

static void test_http(void)
{
    play(&(struct play){secure_http, on_echo, script_http});
}

/* Contexts outlive each bot that borrows them. */
static void with_contexts(void (*test)(void))
{
    struct xie_tls_options client = client_options(), server = server_options();
    client.no_resumption = true; /* kept sessions would look like a leak of the bot */
    ours = context_of(&client);
    theirs = context_of(&server);
    test();
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
}

static void forward(void)
{
    with_contexts(test_forward);
}

/* It would wait so long for the last bytes to leave that the test would not end. */
static void half_open(void)
{
    struct xie_tls_options client = client_options(), server = server_options();
    client.no_resumption = true;
    client.shutdown_ns = 1000 * XIE_HOUR;
    server.shutdown_ns = XIE_MILLISECOND;
    ours = context_of(&client);
    theirs = context_of(&server);
    test_a_half_open_connection();
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
}

static void strangers(void)
{
    with_contexts(test_who_is_not_trusted);
}

static void reverse(void)
{
    with_contexts(test_reverse);
}

static void http(void)
{
    with_contexts(test_http);
}

static const struct tap_test tests[] = {
    {"forward WebSocket", forward},
    {"a half-open connection is left without waiting for it", half_open},
    {"who is not trusted", strangers},
    {"reverse WebSocket", reverse},
    {"HTTP, both ways", http},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    certs_make();
    return tap_main(argc, argv, tests);
}
