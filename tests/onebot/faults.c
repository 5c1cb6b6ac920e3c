/* faults.c - each allocation, system call and operation fails once; the bot gets over it.
 * Server and bot are in one process, so both are hit; only the first steps of a run may fail
 * as a whole. */
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

struct scene {
    struct xie_listener *listener;
    char url[160];
    int64_t last_id;
    struct xie_event done;
    bool finished;        /* a handler ran to its end */
    int64_t cancel_after; /* cancel everything then; 0: at the handler's end */
    bool rules;           /* by rules, and with more in it */
};

/* --- the implementation: no allocation of its own ----------------------------------- */

static void say(struct scene *scene, struct xie_ws *ws, const char *text)
{
    char json[256];
    int len = snprintf(json, sizeof json,
                       "{\"post_type\":\"message\",\"message_type\":\"private\",\"self_id\":1,"
                       "\"user_id\":2,\"time\":3,\"message_id\":%lld,\"message\":\"%s\"}",
                       (long long)++scene->last_id, text);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
}

static void answer(struct scene *scene, struct xie_ws *ws, const char *call)
{
    char json[128];
    const char *echo = strstr(call, "\"echo\":\"");
    if (strstr(call, "question"))
        say(scene, ws, "answer");
    else if (strstr(call, "again"))
        say(scene, ws, "7");
    int len = snprintf(json, sizeof json, "{\"status\":\"ok\",\"data\":{\"message_id\":5},%.*s}",
                       echo ? (int)strcspn(echo, "}") : 0, echo);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
}

/* Says "/go" whenever nothing has come for a while: what a failure swallowed is said again. */
static int on_request(struct xie_http *http, void *arg)
{
    struct scene *scene = arg;
    struct xie_ws *ws;
    char *text;
    size_t len;
    int kind = xie_ws_accept(http, NULL, &ws);
    if (kind < 0)
        return kind;
    for (kind = -ETIMEDOUT; kind > 0 || kind == -ETIMEDOUT;) {
        XIE_TIMEOUT(20 * XIE_MILLISECOND)
            kind = xie_ws_receive(ws, &text, &len);
        if (kind > 0)
            answer(scene, ws, text);
        else if (kind == -ETIMEDOUT && xie_check() == 0)
            say(scene, ws, scene->rules ? "/go “a b” 1m30s" : "/go");
        else
            break;
    }
    xie_ws_free(ws);
    return 0;
}

static int serve(void *arg)
{
    struct scene *scene = arg;
    while (!xie_check())
        xie_http_serve(scene->listener, NULL, on_request, scene);
    return 0;
}

/* --- the bot ------------------------------------------------------------------------ */

/* A typed call and a message of several segments. */
static int typed(struct onebot_event *event)
{
    struct onebot_message message = {0};
    struct onebot_message_info info = onebot_get_msg(event->bot, 5);
    int error = info.call.error;
    CHECK_EQ(info.message.message_id, error ? 0 : 5);
    onebot_result_free(&info.call);
    if (error)
        return error;
    onebot_message_cq(&message, "[CQ:at,qq=%d] %s", 5, "[x]");
    onebot_message_image(&message, "file:///x");
    return onebot_reply_message(event, &message);
}

static int on_go(struct onebot_event *event)
{
    struct scene *scene = event->arg;
    struct onebot_result result = onebot_call(event->bot, "a", "{s:s}", "k", "v");
    CHECK_EQ(result.data == NULL, result.error != 0);
    json_decref(result.data);
    if (result.error)
        return result.error;
    struct onebot_answer answer = onebot_ask(event, "question");
    CHECK_EQ(answer.text == NULL, answer.error != 0);
    if (answer.error)
        return answer.error;
    int error = onebot_reply(event, "thank you");
    if (!error)
        error = typed(event);
    if (error)
        return error;
    scene->finished = true;
    xie_event_set(&scene->done);
    return 0;
}

/* --- by rules ----------------------------------------------------------------------- */

static struct scene *scene_now;

static const struct onebot_argument arguments[] = {{.name = "text"},
                                                   {.name = "time", .type = ONEBOT_DURATION},
                                                   {.name = "more", .optional = true},
                                                   {0}};

static int on_rule(struct onebot_event *event)
{
    CHECK_STR(onebot_arg(event, "text")->text, "a b");
    CHECK_EQ(onebot_arg(event, "time")->integer, 90 * XIE_SECOND);
    struct onebot_query query = {.type = ONEBOT_INTEGER, .again = "again", .late = "late"};
    struct onebot_answer answer = onebot_ask_for(event, &query, "question");
    CHECK_EQ(answer.text == NULL, answer.error != 0);
    if (answer.error)
        return answer.error;
    CHECK_EQ(answer.value.integer, 7);
    query = (struct onebot_query){.user_id = 5};
    XIE_TIMEOUT(XIE_MILLISECOND) /* another mailbox */
        answer = onebot_ask_for(event, &query, NULL);
    if (answer.error != -ETIMEDOUT)
        return answer.error;
    int error = onebot_pass_on(event);
    if (!error)
        error = onebot_help(event);
    if (error)
        return error;
    scene_now->finished = true;
    xie_event_set(&scene_now->done);
    return 0;
}

static int on_any(struct onebot_event *event)
{
    CHECK(onebot_capture(event, 0) != NULL);
    return 0;
}

static const struct onebot_rule rules[] = {
    {.regex = "(a)|b", .pass = true, .priority = 1, .handler = on_any},
    {.command = {"go"},
     .arguments = arguments,
     .cooldown = {.every_ns = XIE_SECOND, .times = 1000},
     .turns = {.busy = ONEBOT_QUEUE, .told = "wait"},
     .handler = on_rule},
    {.command = {"go"},
     .permission = {.least_rank = ONEBOT_OWNER, .refusal = ""},
     .handler = on_any},
    {0}};

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
    struct onebot_options options = {
        .url = scene->url,
        .commands = scene->rules ? NULL : commands,
        .book = {.rules = scene->rules ? rules : NULL, .nicknames = {"bot"}},
        .call_timeout_ns = 100 * XIE_MILLISECOND,
        .connect_timeout_ns = 100 * XIE_MILLISECOND,
        .retry_least_ns = XIE_MILLISECOND,
        .retry_most_ns = XIE_MILLISECOND,
        .ping_interval_ns = 50 * XIE_MILLISECOND,
        .grace_ns = XIE_MILLISECOND,
        .keep_signals = true, /* sim waits really for signals */
        .log = no_log};
    int result = onebot_run(&options);
    if (result != -ECANCELED)
        xie_event_set(&scene->done); /* it never began */
    return result == -ECANCELED ? 0 : result;
}

static int listen_somewhere(struct scene *scene)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &scene->listener);
    if (!error)
        error = xie_listener_address(scene->listener, &address);
    if (!error)
        snprintf(scene->url, sizeof scene->url, "ws://%s/", xie_address_format(&address, text));
    return error;
}

static int main_task(void *arg)
{
    struct scene *scene = arg;
    scene_now = scene;
    int error = listen_somewhere(scene);
    XIE_GROUP(group) {
        if (!error)
            error = xie_group_spawn(&group, serve, scene);
        if (!error)
            error = xie_group_spawn(&group, run_bot, scene);
        if (!error)
            error =
                scene->cancel_after ? xie_sleep(scene->cancel_after) : xie_event_wait(&scene->done);
        xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error && error != -ECANCELED ? error : failed;
    }
    xie_listener_close(scene->listener);
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

static bool by_rules; /* which of the two scenes */

/* One run in which call number nth of its kind fails; did any? */
static bool run_once(unsigned kind, int error, uint64_t nth)
{
    struct scene scene = {.rules = by_rules};
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

static void run_all(unsigned kind, int error)
{
    uint64_t step = stride(17), nth = 1;
    tap_limit(120);
    json_set_alloc_funcs(xie_alloc, xie_release);
    run_once(0, 0, 0); /* whatever is made once for the process */
    while (run_once(kind, error, nth))
        nth += step;
    CHECK(nth > 17);
}

static void test_memory(void)
{
    run_all(XIE_FAULT_MEMORY, -ENOMEM);
}

static void test_system_calls(void)
{
    run_all(XIE_FAULT_SYSCALL, -EIO);
}

static void test_operations(void)
{
    run_all(XIE_FAULT_OPERATION, -ECONNRESET);
}

/* What nobody has cancelled is a failure like others. */
static void test_operations_cancelled(void)
{
    run_all(XIE_FAULT_OPERATION, -ECANCELED);
}

/* On sim time stands still while anything can run, so that each step is another wait. */
static void test_cancelled_at_every_point(void)
{
    unsigned finished = 0;
    tap_limit(120);
    json_set_alloc_funcs(xie_alloc, xie_release);
    run_once(0, 0, 0);
    for (int64_t after = 1; finished < 10; after += stride(50) * 20 * XIE_MICROSECOND) {
        struct scene scene = {.cancel_after = after, .rules = by_rules};
        CHECK_EQ(run_clean(&scene, (uint64_t)after), 0);
        finished += scene.finished;
    }
}

static void test_rules_memory(void)
{
    by_rules = true;
    test_memory();
}

static void test_rules_system_calls(void)
{
    by_rules = true;
    test_system_calls();
}

static void test_rules_operations(void)
{
    by_rules = true;
    test_operations();
}

static void test_rules_cancelled(void)
{
    by_rules = true;
    test_cancelled_at_every_point();
}

static const struct tap_test tests[] = {
    {"each allocation fails once", test_memory},
    {"each system call fails once", test_system_calls},
    {"each operation fails once", test_operations},
    {"each operation is cancelled once", test_operations_cancelled},
    {"cancelled at every point", test_cancelled_at_every_point},
    {"by rules: each allocation fails once", test_rules_memory},
    {"by rules: each system call fails once", test_rules_system_calls},
    {"by rules: each operation fails once", test_rules_operations},
    {"by rules: cancelled at every point", test_rules_cancelled},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
