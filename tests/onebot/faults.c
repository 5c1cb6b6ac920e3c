/* faults.c - each allocation, system call and operation fails once; the bot gets over it.
 * Server and bot are in one process, so both are hit; only the first steps of a run may fail
 * as a whole. */
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

struct scene {
    struct xie_listener *listener;
    char url[LEAN_URL];
    int64_t last_id;
    struct xie_event done;
    bool finished;        /* a handler ran to its end */
    int64_t cancel_after; /* cancel everything then; 0: at the handler's end */
    bool rules;           /* by rules, and with more in it */
};

/* --- the implementation: no allocation of its own ----------------------------------- */

static void answer(void *arg, struct xie_ws *ws, const char *call)
{
    struct scene *scene = arg;
    if (strstr(call, "question"))
        lean_say(ws, ++scene->last_id, "answer");
    else if (strstr(call, "again"))
        lean_say(ws, ++scene->last_id, "7");
    lean_answer(ws, call);
}

/* What a failure swallowed is said again. */
static void say_again(void *arg, struct xie_ws *ws)
{
    struct scene *scene = arg;
    lean_say(ws, ++scene->last_id, scene->rules ? "/go “a b” 1m30s" : "/go");
}

static int on_request(struct xie_http *http, void *arg)
{
    static const struct lean_side side = {answer, say_again};
    struct xie_ws *ws;
    int error = xie_ws_accept(http, NULL, &ws);
    if (error)
        return error;
    lean_converse(&side, arg, ws);
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

static int run_bot(void *arg)
{
    struct scene *scene = arg;
    const struct onebot_command commands[] = {{"go", "", on_go, scene}, {NULL, NULL, NULL, NULL}};
    struct onebot_options options = lean_options();
    options.url = scene->url;
    options.commands = scene->rules ? NULL : commands;
    options.book.rules = scene->rules ? rules : NULL;
    options.book.nicknames[0] = "bot";
    options.connect_timeout_ns = 100 * XIE_MILLISECOND;
    int result = onebot_run(&options);
    if (result != -ECANCELED)
        xie_event_set(&scene->done); /* it never began */
    return result == -ECANCELED ? 0 : result;
}

static int main_task(void *arg)
{
    static xie_task_fn *const tasks[] = {serve, run_bot, NULL};
    struct scene *scene = arg;
    scene_now = scene;
    int error = lean_listen(&scene->listener, "ws", scene->url);
    error = lean_together(error, tasks, scene, &scene->done, scene->cancel_after);
    xie_listener_close(scene->listener);
    return error;
}

/* --- the driver --------------------------------------------------------------------- */

static bool by_rules; /* which of the two scenes */

/* One run in which call number nth of its kind fails; did any? */
static bool run_once(unsigned kind, int error, uint64_t nth)
{
    struct scene scene = {.rules = by_rules};
    lean_fail(kind, error, nth);
    int result = lean_run(main_task, &scene, nth);
    if (!scene.finished && result >= 0)
        tap_failed(__FILE__, __LINE__, "failure %llu: no handler finished, result %d",
                   (unsigned long long)nth, result);
    return xie_fault_plan.failed > 0;
}

static void run_all(unsigned kind, int error)
{
    uint64_t step = lean_stride(1, 17), nth = 1;
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
    for (int64_t after = 1; finished < 10; after += lean_stride(1, 50) * 20 * XIE_MICROSECOND) {
        struct scene scene = {.cancel_after = after, .rules = by_rules};
        CHECK_EQ(lean_run(main_task, &scene, (uint64_t)after), 0);
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
