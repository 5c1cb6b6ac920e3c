/* ways_faults.c - each allocation, system call and operation fails once, by every way where the
 * implementation comes to us or is called by HTTP; the bot gets over it.
 * Both sides are in one process, so both are hit; only the first steps of a run may fail as a
 * whole. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot.h>
#include <xie/web.h>

#include "base/fault.h"
#include "base/memory.h"
#include "tap.h"

enum way { REVERSE, HTTP };

struct scene {
    enum way way;
    struct xie_listener *bot_listener, *api_listener;
    char bot_url[64], api_url[64];
    int64_t last_id;
    bool asked; /* the bot's question has come */
    struct xie_event done;
    bool finished;        /* a handler ran to its end */
    int64_t cancel_after; /* cancel everything then; 0: at the handler's end */
};

static int make_message(struct scene *scene, char json[256], const char *text)
{
    return snprintf(json, 256,
                    "{\"post_type\":\"message\",\"message_type\":\"private\",\"self_id\":1,"
                    "\"user_id\":2,\"time\":3,\"message_id\":%lld,\"message\":\"%s\"}",
                    (long long)++scene->last_id, text);
}

/* --- an implementation that comes by WebSocket -------------------------------------- */

static void say(struct scene *scene, struct xie_ws *ws, const char *text)
{
    char json[256];
    int len = make_message(scene, json, text);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
}

static void answer(struct scene *scene, struct xie_ws *ws, const char *call)
{
    char json[128];
    const char *echo = strstr(call, "\"echo\":\"");
    if (strstr(call, "question"))
        say(scene, ws, "answer");
    int len = snprintf(json, sizeof json, "{\"status\":\"ok\",\"data\":{\"message_id\":5},%.*s}",
                       echo ? (int)strcspn(echo, "}") : 0, echo);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
}

/* Says "/go" whenever nothing has come for a while, until the connection ends. */
static void converse(struct scene *scene, struct xie_ws *ws)
{
    char *text;
    size_t len;
    for (int kind = -ETIMEDOUT; kind > 0 || kind == -ETIMEDOUT;) {
        XIE_TIMEOUT(20 * XIE_MILLISECOND)
            kind = xie_ws_receive(ws, &text, &len);
        if (kind > 0)
            answer(scene, ws, text);
        else if (kind == -ETIMEDOUT && xie_check() == 0)
            say(scene, ws, "/go");
        else
            break;
    }
}

static void come_by_websocket(struct scene *scene)
{
    static const struct xie_http_field fields[] = {
        {"X-Self-ID", "1"}, {"X-Client-Role", "Universal"}, {NULL, NULL}};
    const struct xie_ws_options options = {.fields = fields};
    struct xie_ws *ws;
    int error = -ETIMEDOUT;
    XIE_TIMEOUT(100 * XIE_MILLISECOND)
        error = xie_ws_connect(scene->bot_url, &options, NULL, &ws);
    if (error)
        return;
    converse(scene, ws);
    xie_ws_free(ws);
}

/* --- one that posts, and is called by HTTP ------------------------------------------ */

static void post(struct scene *scene, const char *text)
{
    static const struct xie_http_field fields[] = {{"X-Self-ID", "1"}, {NULL, NULL}};
    char json[256];
    struct xie_http_response *response;
    int len = make_message(scene, json, text);
    const struct xie_http_request request = {
        .url = scene->bot_url, .fields = fields, .body = json, .body_len = (uint64_t)len};
    int error = -ETIMEDOUT;
    XIE_TIMEOUT(100 * XIE_MILLISECOND)
        error = xie_http_fetch(NULL, &request, &response);
    if (!error)
        xie_http_response_free(response);
}

static int on_call(struct xie_http *http, void *arg)
{
    static const char ok[] = "{\"status\":\"ok\",\"data\":{\"message_id\":5,\"user_id\":1}}";
    struct scene *scene = arg;
    char *body;
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    scene->asked |= strstr(body, "question") != NULL;
    return xie_http_answer(http, 200, "application/json", ok, sizeof ok - 1);
}

static int serve_api(void *arg)
{
    struct scene *scene = arg;
    while (!xie_check())
        xie_http_serve(scene->api_listener, NULL, on_call, scene);
    return 0;
}

static void come_by_post(struct scene *scene)
{
    post(scene, scene->asked ? "answer" : "/go");
    scene->asked = false;
}

/* What a failure swallowed is said again. */
static int come(void *arg)
{
    struct scene *scene = arg;
    while (!xie_check()) {
        if (scene->way == REVERSE)
            come_by_websocket(scene);
        else
            come_by_post(scene);
        xie_sleep(5 * XIE_MILLISECOND);
    }
    return 0;
}

/* --- the bot ------------------------------------------------------------------------ */

static int on_go(struct onebot_event *event)
{
    struct scene *scene = event->arg;
    struct onebot_answer answered = {.error = -ETIMEDOUT};
    struct onebot_result result = onebot_call(event->bot, "a", "{s:s}", "k", "v");
    CHECK_EQ(result.data == NULL, result.error != 0);
    json_decref(result.data);
    if (result.error)
        return result.error;
    XIE_TIMEOUT(200 * XIE_MILLISECOND)
        answered = onebot_ask(event, "question");
    CHECK_EQ(answered.text == NULL, answered.error != 0);
    if (answered.error)
        return answered.error;
    int error = onebot_reply(event, "thank you");
    if (error)
        return error;
    scene->finished = true;
    xie_event_set(&scene->done);
    return 0;
}

static void no_log(void *arg, enum onebot_level level, const char *line)
{
    (void)arg;
    if (getenv("XIE_TEST_LOG"))
        fprintf(stderr, "%d %s\n", (int)level, line);
}

static int run_bot(void *arg)
{
    struct scene *scene = arg;
    const struct onebot_command commands[] = {{"go", "", on_go, scene}, {NULL, NULL, NULL, NULL}};
    const struct onebot_endpoint endpoints[] = {
        {.listener = scene->bot_listener},
        {.url = scene->way == HTTP ? scene->api_url : NULL},
        {0},
    };
    struct onebot_options options = {.endpoints = endpoints,
                                     .commands = commands,
                                     .call_timeout_ns = 100 * XIE_MILLISECOND,
                                     .retry_least_ns = XIE_MILLISECOND,
                                     .retry_most_ns = XIE_MILLISECOND,
                                     .ping_interval_ns = 50 * XIE_MILLISECOND,
                                     .grace_ns = XIE_MILLISECOND,
                                     .group_pace = {.interval_ns = 1},
                                     .pace = {.interval_ns = 1},
                                     .keep_signals = true, /* sim waits really for signals */
                                     .log = no_log};
    int result = onebot_run(&options);
    if (result != -ECANCELED)
        xie_event_set(&scene->done); /* it never began */
    return result == -ECANCELED ? 0 : result;
}

static int listen_somewhere(struct xie_listener **listener, const char *scheme, char url[64])
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    int error = xie_tcp_listen("127.0.0.1", 0, 0, listener);
    if (!error)
        error = xie_listener_address(*listener, &address);
    if (!error)
        snprintf(url, 64, "%s://%.40s/", scheme, xie_address_format(&address, text));
    return error;
}

static int start(struct scene *scene, struct xie_group *group)
{
    int error = listen_somewhere(&scene->bot_listener, scene->way == REVERSE ? "ws" : "http",
                                 scene->bot_url);
    if (!error)
        error = listen_somewhere(&scene->api_listener, "http", scene->api_url);
    if (!error)
        error = xie_group_spawn(group, serve_api, scene);
    if (!error)
        error = xie_group_spawn(group, come, scene);
    return error ? error : xie_group_spawn(group, run_bot, scene);
}

static int main_task(void *arg)
{
    struct scene *scene = arg;
    int error = 0;
    XIE_GROUP(group) {
        error = start(scene, &group);
        if (!error)
            error =
                scene->cancel_after ? xie_sleep(scene->cancel_after) : xie_event_wait(&scene->done);
        xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error && error != -ECANCELED ? error : failed;
    }
    xie_listener_close(scene->bot_listener);
    xie_listener_close(scene->api_listener);
    return error;
}

/* --- the driver --------------------------------------------------------------------- */

static size_t open_files(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Run it and see what is left; step says where we are. */
static int run_clean(struct scene *scene, uint64_t step)
{
    size_t memory = xie_alloc_live(), files = open_files();
    int result = xie_run(main_task, scene);
    xie_fault_plan.kinds = 0;
    if (xie_alloc_live() != memory || open_files() != files)
        tap_failed(__FILE__, __LINE__, "step %llu leaks: memory %zu to %zu, files %zu to %zu",
                   (unsigned long long)step, memory, xie_alloc_live(), files, open_files());
    return result;
}

/* One run in which call number nth of its kind fails; did any? */
static bool run_once(enum way way, unsigned kind, int error, uint64_t nth)
{
    struct scene scene = {.way = way};
    memset(&xie_fault_plan, 0, sizeof xie_fault_plan);
    xie_fault_plan.nth = nth;
    xie_fault_plan.error = error;
    xie_fault_plan.kinds = kind;
    int result = run_clean(&scene, nth);
    if (!scene.finished && result >= 0)
        tap_failed(__FILE__, __LINE__, "failure %llu: no handler finished, result %d",
                   (unsigned long long)nth, result);
    return xie_fault_plan.failed > 0;
}

/* Each step on sim; every few where time is real. */
static unsigned stride(unsigned otherwise)
{
    const char *backend = getenv("XIE_BACKEND");
    return backend && !strcmp(backend, "sim") && !tap_slow() ? 1 : otherwise;
}

static void begin(enum way way)
{
    tap_limit(120);
    json_set_alloc_funcs(xie_alloc, xie_release);
    run_once(way, 0, 0, 0); /* whatever is made once for the process */
}

static void run_all(enum way way)
{
    static const struct {
        unsigned kind;
        int error;
    } plans[] = {
        {XIE_FAULT_MEMORY, -ENOMEM},
        {XIE_FAULT_SYSCALL, -EIO},
        {XIE_FAULT_OPERATION, -ECONNRESET},
        {XIE_FAULT_OPERATION, -ECANCELED}, /* by nobody: a failure like others */
    };
    begin(way);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        uint64_t step = stride(17), nth = 1;
        while (run_once(way, plans[i].kind, plans[i].error, nth))
            nth += step;
        CHECK(nth > 10);
    }
}

static void test_reverse(void)
{
    run_all(REVERSE);
}

static void test_http(void)
{
    run_all(HTTP);
}

/* On sim time stands still while anything can run, so that each step is another wait. */
static void cancel_everywhere(enum way way)
{
    unsigned finished = 0;
    begin(way);
    for (int64_t after = 1; finished < 10; after += stride(50) * 20 * XIE_MICROSECOND) {
        struct scene scene = {.way = way, .cancel_after = after};
        CHECK_EQ(run_clean(&scene, (uint64_t)after), 0);
        finished += scene.finished;
    }
}

static void test_reverse_cancelled(void)
{
    cancel_everywhere(REVERSE);
}

static void test_http_cancelled(void)
{
    cancel_everywhere(HTTP);
}

static const struct tap_test tests[] = {
    {"reverse WebSocket: each call fails once", test_reverse},
    {"HTTP, both ways: each call fails once", test_http},
    {"reverse WebSocket: cancelled at every point", test_reverse_cancelled},
    {"HTTP, both ways: cancelled at every point", test_http_cancelled},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
