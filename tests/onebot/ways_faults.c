/* ways_faults.c - each allocation, system call and operation fails once, by every way where the
 * implementation comes to us or is called by HTTP; the bot gets over it.
 * Both sides are in one process, so both are hit; only the first steps of a run may fail as a
 * whole. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>

#include "base/fault.h"
#include "base/memory.h"
#include "lean.h"
#include "tap.h"

enum way { REVERSE, HTTP };

struct scene {
    enum way way;
    struct xie_listener *bot_listener, *api_listener;
    char bot_url[LEAN_URL], api_url[LEAN_URL];
    int64_t last_id;
    bool asked; /* the bot's question has come */
    struct xie_event done;
    bool finished;        /* a handler ran to its end */
    int64_t cancel_after; /* cancel everything then; 0: at the handler's end */
};

/* --- an implementation that comes by WebSocket -------------------------------------- */

static void answer(void *arg, struct xie_ws *ws, const char *call)
{
    struct scene *scene = arg;
    if (strstr(call, "question"))
        lean_say(ws, ++scene->last_id, "answer");
    lean_answer(ws, call);
}

static void say_again(void *arg, struct xie_ws *ws)
{
    struct scene *scene = arg;
    lean_say(ws, ++scene->last_id, "/go");
}

static void come_by_websocket(struct scene *scene)
{
    static const struct xie_http_field fields[] = {
        {"X-Self-ID", "1"}, {"X-Client-Role", "Universal"}, {NULL, NULL}};
    static const struct lean_side side = {answer, say_again};
    const struct xie_ws_options options = {.fields = fields};
    struct xie_ws *ws;
    int error = -ETIMEDOUT;
    XIE_TIMEOUT(100 * XIE_MILLISECOND)
        error = xie_ws_connect(scene->bot_url, &options, NULL, &ws);
    if (error)
        return;
    lean_converse(&side, scene, ws);
    xie_ws_free(ws);
}

/* --- one that posts, and is called by HTTP ------------------------------------------ */

static void post(struct scene *scene, const char *text)
{
    static const struct xie_http_field fields[] = {{"X-Self-ID", "1"}, {NULL, NULL}};
    char json[LEAN_JSON];
    struct xie_http_response *response;
    int len = lean_message(json, ++scene->last_id, text);
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

static int run_bot(void *arg)
{
    struct scene *scene = arg;
    const struct onebot_command commands[] = {{"go", "", on_go, scene}, {NULL, NULL, NULL, NULL}};
    const struct onebot_endpoint endpoints[] = {
        {.listener = scene->bot_listener},
        {.url = scene->way == HTTP ? scene->api_url : NULL},
        {0},
    };
    struct onebot_options options = lean_options();
    options.endpoints = endpoints;
    options.commands = commands;
    options.group_pace.interval_ns = 1;
    options.pace.interval_ns = 1;
    int result = onebot_run(&options);
    if (result != -ECANCELED)
        xie_event_set(&scene->done); /* it never began */
    return result == -ECANCELED ? 0 : result;
}

static int main_task(void *arg)
{
    static xie_task_fn *const tasks[] = {serve_api, come, run_bot, NULL};
    struct scene *scene = arg;
    const char *scheme = scene->way == REVERSE ? "ws" : "http";
    int error = lean_listen(&scene->bot_listener, scheme, scene->bot_url);
    if (!error)
        error = lean_listen(&scene->api_listener, "http", scene->api_url);
    error = lean_together(error, tasks, scene, &scene->done, scene->cancel_after);
    xie_listener_close(scene->bot_listener);
    xie_listener_close(scene->api_listener);
    return error;
}

/* --- the driver --------------------------------------------------------------------- */

/* One run in which call number nth of its kind fails; did any? */
static bool run_once(enum way way, unsigned kind, int error, uint64_t nth)
{
    struct scene scene = {.way = way};
    lean_fail(kind, error, nth);
    int result = lean_run(main_task, &scene, nth);
    if (!scene.finished && result >= 0)
        tap_failed(__FILE__, __LINE__, "failure %llu: no handler finished, result %d",
                   (unsigned long long)nth, result);
    return xie_fault_plan.failed > 0;
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
        uint64_t step = lean_stride(1, 17), nth = 1;
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
    for (int64_t after = 1; finished < 10; after += lean_stride(1, 50) * 20 * XIE_MICROSECOND) {
        struct scene scene = {.way = way, .cancel_after = after};
        CHECK_EQ(lean_run(main_task, &scene, (uint64_t)after), 0);
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
