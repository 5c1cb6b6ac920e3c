/* cut.c - the connection breaks after each byte of a call, on its way there and back.
 * What must hold: a call that failed as not sent was never seen; none is seen twice; one that
 * succeeded was seen. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

/* Stands between the bot and its implementation. */
static struct proxy {
    struct xie_listener *listener;
    uint16_t target;
    int64_t up, down; /* bytes let through before it cuts */
    char url[160];
} proxy;

static struct verdict {
    int error;
    unsigned seen; /* calls of "act" that the implementation read whole */
} verdict;

struct half {
    struct xie_stream *from, *to;
    int64_t *left;
    struct xie_group *pair;
};

/* The first to end ends both. */
static int copy_half(void *arg)
{
    struct half *half = arg;
    char buf[512];
    while (*half->left) {
        ssize_t n = xie_stream_read(half->from, buf, sizeof buf);
        ssize_t pass = n < *half->left ? n : (ssize_t)*half->left;
        if (n <= 0 || xie_stream_write(half->to, buf, (size_t)pass) < 0)
            break;
        *half->left -= pass;
    }
    xie_group_cancel(half->pair);
    return 0;
}

static int pass_on(struct xie_stream *client, void *arg)
{
    struct xie_stream *server;
    (void)arg;
    if (xie_tcp_connect("127.0.0.1", proxy.target, &server))
        return 0;
    XIE_GROUP(pair) {
        struct half halves[2] = {{client, server, &proxy.up, &pair},
                                 {server, client, &proxy.down, &pair}};
        REQUIRE(xie_group_spawn(&pair, copy_half, &halves[0]) == 0);
        REQUIRE(xie_group_spawn(&pair, copy_half, &halves[1]) == 0);
        xie_group_wait(&pair);
    }
    xie_stream_close(server);
    proxy.up = proxy.down = INT64_MAX; /* whoever comes after is not cut */
    return 0;
}

static uint16_t port_of(struct xie_listener *listener)
{
    struct xie_address address;
    REQUIRE(xie_listener_address(listener, &address) == 0);
    return xie_address_port(&address);
}

static void start_proxy(struct xie_listener *target, const char *scheme)
{
    proxy = (struct proxy){.up = INT64_MAX, .down = INT64_MAX, .target = port_of(target)};
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &proxy.listener) == 0);
    snprintf(proxy.url, sizeof proxy.url, "%s://127.0.0.1:%u/", scheme, port_of(proxy.listener));
}

static struct xie_server *run_proxy(void)
{
    struct xie_server *server;
    REQUIRE(xie_server_new(pass_on, NULL, NULL, &server) == 0);
    REQUIRE(xie_server_add(server, proxy.listener) == 0);
    return server;
}

static int on_act(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    xie_event_set(&rig->go);
    struct onebot_result result = onebot_call(event->bot, "act", "{s:s}", "text", "some words");
    verdict.error = result.error;
    json_decref(result.data);
    xie_event_set(&rig->done);
    return 0;
}

static void judge(int64_t n)
{
    bool fits = verdict.error == 0                   ? verdict.seen == 1
                : verdict.error == XIE_ENOTCONNECTED ? verdict.seen == 0
                : verdict.error == XIE_EUNKNOWN      ? verdict.seen <= 1
                                                     : false;
    if (!fits)
        tap_failed(__FILE__, __LINE__, "cut after %lld bytes: error %d, seen %u times",
                   (long long)n, verdict.error, verdict.seen);
}

/* Each byte on sim; every few where time is real. */
static int64_t stride(void)
{
    const char *backend = getenv("XIE_BACKEND");
    return backend && !strcmp(backend, "sim") && !tap_slow() ? 1 : 23;
}

/* --- a WebSocket -------------------------------------------------------------------- */

static int64_t cut_up, cut_down;

static void by_proxy(struct rig *rig)
{
    start_proxy(rig->fake.listener, "ws");
    rig->options.url = proxy.url;
    rig->fake.silent = true;
    verdict = (struct verdict){.error = 1};
}

static void count_seen(struct fake *fake)
{
    for (size_t i = 0; i < json_array_size(fake->calls); i++)
        verdict.seen += !strcmp(onebot_string(json_array_get(fake->calls, i), "action"), "act");
}

/* The call may have come whole by a connection that is cut now. */
static void answer_if_it_can(struct fake *fake)
{
    char text[128];
    int len = snprintf(text, sizeof text, "{\"status\":\"ok\",\"echo\":\"%lld\"}",
                       (long long)onebot_int(json_array_get(fake->calls, 0), "echo"));
    xie_ws_send(fake->ws, XIE_WS_TEXT, text, (size_t)len);
}

static void script_websocket(struct rig *rig)
{
    struct xie_server *server = run_proxy();
    say_go(rig);
    if (cut_up != INT64_MAX)
        proxy.up = cut_up;
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    if (cut_up == INT64_MAX) {
        fake_wait_calls(&rig->fake, 1);
        proxy.down = cut_down;
        fake_answer(&rig->fake, 0, json_null());
        wait_done(rig);
    } else {
        while (!xie_event_is_set(&rig->done) && !json_array_size(rig->fake.calls))
            xie_sleep(XIE_MILLISECOND);
        if (!xie_event_is_set(&rig->done) && rig->fake.ws)
            answer_if_it_can(&rig->fake);
        wait_done(rig);
    }
    fake_wait_connections(&rig->fake, verdict.error ? 2 : 1); /* and it comes back */
    settle();
    count_seen(&rig->fake);
    xie_server_free(server);
}

static void test_a_websocket_on_the_way_there(void)
{
    tap_limit(120);
    cut_down = INT64_MAX;
    verdict.error = 1;
    for (cut_up = 1; verdict.error; cut_up += stride()) {
        play(&(struct play){by_proxy, on_act, script_websocket});
        judge(cut_up);
    }
    CHECK(cut_up > 60); /* the frame's head, mask, and text */
}

static void test_a_websocket_on_the_way_back(void)
{
    tap_limit(120);
    cut_up = INT64_MAX;
    verdict.error = 1;
    for (cut_down = 1; verdict.error; cut_down += stride()) {
        play(&(struct play){by_proxy, on_act, script_websocket});
        judge(cut_down);
        CHECK_EQ(verdict.seen, 1);
    }
    CHECK(cut_down > 40);
}

/* --- HTTP --------------------------------------------------------------------------- */

static struct xie_listener *site;

static int on_request(struct xie_http *http, void *arg)
{
    static const char answer[] = "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"user_id\":10000}}";
    char *body;
    (void)arg;
    if (xie_http_body(http, &body) < 0)
        return 0;
    verdict.seen += !strcmp(xie_http_path(http), "/act");
    return xie_http_answer(http, 200, "application/json", answer, sizeof answer - 1);
}

static int serve_site(void *arg)
{
    (void)arg;
    return xie_http_serve(site, NULL, on_request, NULL);
}

static void by_http(struct rig *rig)
{
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &site) == 0);
    start_proxy(site, "http");
    rig_listen(rig, (struct onebot_endpoint){0});
    rig->endpoints[1] = (struct onebot_endpoint){.url = proxy.url};
    verdict = (struct verdict){.error = 1};
}

static void script_http(struct rig *rig)
{
    struct guest guest = {0};
    struct xie_server *server = run_proxy();
    struct xie_task *task = xie_spawn(serve_site, NULL);
    guest_connect(&guest, rig, FAKE_SELF, "Event");
    rig_wait_log(rig, "connected to http://");
    proxy.up = cut_up;
    proxy.down = cut_down;
    guest_say(&guest, FAKE_GROUP, "/go");
    wait_done(rig);
    settle();
    guest_leave(&guest);
    xie_task_cancel(task);
    xie_join(task);
    xie_listener_close(site);
    xie_server_free(server);
}

static void test_http_on_the_way_there(void)
{
    tap_limit(120);
    cut_down = INT64_MAX;
    verdict.error = 1;
    for (cut_up = 1; verdict.error; cut_up += stride()) {
        play(&(struct play){by_http, on_act, script_http});
        judge(cut_up);
    }
    CHECK(cut_up > 100);
}

static void test_http_on_the_way_back(void)
{
    tap_limit(120);
    cut_up = INT64_MAX;
    verdict.error = 1;
    for (cut_down = 1; verdict.error; cut_down += stride()) {
        play(&(struct play){by_http, on_act, script_http});
        judge(cut_down);
        CHECK_EQ(verdict.seen, 1);
    }
    CHECK(cut_down > 100);
}

static const struct tap_test tests[] = {
    {"a WebSocket, on the way there", test_a_websocket_on_the_way_there},
    {"a WebSocket, on the way back", test_a_websocket_on_the_way_back},
    {"HTTP, on the way there", test_http_on_the_way_there},
    {"HTTP, on the way back", test_http_on_the_way_back},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
