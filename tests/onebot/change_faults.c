/* change_faults.c - changes in which each call fails once, that are interrupted at each point, and
 * beside which the bot stops. Everything stands in one process, so that all sides are hit. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>
#include <xie/onebot.h>
#include <xie/web.h>

#include "base/memory.h"
#include "fault.h"
#include "tap.h"

enum { TRIES = 3, STEPS = 4 };

/* Two implementations that take what comes, and a bot that goes from one to the other. */
struct scene {
    struct xie_listener *listeners[2];
    char urls[2][64];
    unsigned open[2], connections[2];
    struct onebot_bot *handle;
    struct xie_task *bot;
    enum { NOTHING, THE_CHANGE, THE_BOT, ITS_TASK } ends; /* while a change is made */
    unsigned after;                                       /* turns of this loop */
    int changed;                                          /* of the change that is looked at */
    bool over;                                            /* it has returned */
    bool ended;                                           /* onebot_run has */
};

static struct scene *scene;

/* --- the implementations ------------------------------------------------------------ */

static int on_request(struct xie_http *http, void *arg)
{
    size_t which = arg == scene->listeners[1];
    struct xie_ws *ws;
    char *text;
    size_t len;
    int kind = xie_ws_accept(http, NULL, &ws);
    if (kind < 0)
        return kind;
    scene->connections[which]++;
    scene->open[which]++;
    while (kind >= 0 && (kind = xie_ws_receive(ws, &text, &len)) > 0)
        continue;
    scene->open[which]--;
    xie_ws_free(ws);
    return 0;
}

static int serve(void *arg)
{
    struct xie_listener *listener = arg;
    while (!xie_check())
        xie_http_serve(listener, NULL, on_request, listener);
    return 0;
}

static int listen_somewhere(size_t which)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &scene->listeners[which]);
    if (!error)
        error = xie_listener_address(scene->listeners[which], &address);
    if (!error)
        snprintf(scene->urls[which], sizeof scene->urls[which], "ws://%.40s/",
                 xie_address_format(&address, text));
    return error;
}

/* --- the bot ------------------------------------------------------------------------ */

static void no_log(void *arg, enum onebot_level level, const char *line)
{
    (void)arg;
    if (getenv("XIE_TEST_LOG"))
        fprintf(stderr, "%d %s\n", (int)level, line);
}

static struct onebot_options usual(const struct onebot_endpoint *endpoints)
{
    return (struct onebot_options){
        .endpoints = endpoints,
        .connect_timeout_ns = 100 * XIE_MILLISECOND,
        .retry_least_ns = XIE_MILLISECOND,
        .retry_most_ns = XIE_MILLISECOND,
        .grace_ns = XIE_MILLISECOND,
        .keep_signals = true, /* sim waits really for signals */
        .log = no_log,
        .handle = &scene->handle,
    };
}

static int run_bot(void *arg)
{
    const struct onebot_endpoint endpoints[] = {{.url = scene->urls[0]}, {0}};
    const struct onebot_options options = usual(endpoints);
    (void)arg;
    int result = onebot_run(&options);
    scene->ended = true;
    return result;
}

static int change_to(const struct onebot_endpoint *endpoints)
{
    const struct onebot_options options = usual(endpoints);
    return scene->handle ? onebot_change(scene->handle, &options) : XIE_ECLOSED;
}

/* --- what becomes of it ------------------------------------------------------------- */

/* One after the other, each tried again when it was refused. */
static int change_often(void)
{
    const struct onebot_endpoint ways[STEPS][4] = {
        {{.url = scene->urls[1], .self_id = 5}, {0}},
        {{.url = scene->urls[0]}, {.url = scene->urls[1]}, {.listen = "localhost:0"}, {0}},
        {{.url = scene->urls[0]}, {.listen = "localhost:0", .token = "t"}, {0}},
        {{.url = scene->urls[0]}, {0}}};
    int error = 0;
    for (size_t step = 0; step < STEPS; step++) {
        error = -EIO;
        for (int i = 0; i < TRIES && error && !scene->ended; i++)
            error = change_to(ways[step]);
        xie_sleep(XIE_MILLISECOND);
    }
    CHECK(!error || scene->ended || xie_fault_plan.forever); /* one failure is got over */
    return error;
}

static int change_once(void *arg)
{
    const struct onebot_endpoint next[] = {{.url = scene->urls[1]}, {.listen = "localhost:0"}, {0}};
    (void)arg;
    scene->changed = change_to(next);
    scene->over = true;
    return 0;
}

static int wait_connected(size_t which, unsigned count)
{
    int error = 0;
    while (!error && !scene->ended && scene->open[which] < count)
        error = xie_sleep(XIE_MILLISECOND);
    return error;
}

/* All of it, or nothing. */
static int look(void)
{
    bool done = scene->changed == 0;
    CHECK(done || scene->changed == -ECANCELED);
    int error = wait_connected(done, 1);
    xie_sleep(3 * XIE_MILLISECOND);
    CHECK_EQ(scene->open[0], !done);
    CHECK_EQ(scene->open[1], done);
    CHECK_EQ(scene->connections[0], 1);
    CHECK_EQ(scene->connections[1], done);
    return error;
}

/* The change begins first, the interruption comes so many turns later. */
static int interrupt(void)
{
    int error = wait_connected(0, 1), result;
    struct xie_task *change = xie_spawn(change_once, NULL);
    if (!change || error)
        return -ENOMEM;
    for (unsigned i = 0; i < scene->after; i++)
        xie_sleep(0);
    if (scene->ends == THE_CHANGE)
        xie_task_cancel(change);
    else if (scene->ends == THE_BOT)
        onebot_stop(scene->handle);
    else
        xie_task_cancel(scene->bot);
    xie_join(change);
    if (scene->ends == THE_CHANGE)
        return look();
    return xie_task_wait(scene->bot, &result);
}

static int run_scene(struct xie_group *group)
{
    int error = listen_somewhere(0);
    if (!error)
        error = listen_somewhere(1);
    for (size_t i = 0; i < 2 && !error; i++)
        error = xie_group_spawn(group, serve, scene->listeners[i]);
    if (error)
        return error;
    scene->bot = xie_spawn(run_bot, NULL);
    if (!scene->bot)
        return -ENOMEM;
    xie_sleep(0);
    if (!scene->handle)
        error = -EIO;
    else
        error = scene->ends ? interrupt() : change_often();
    xie_task_cancel(scene->bot);
    int result = xie_join(scene->bot);
    return error ? error : result == -ECANCELED ? 0 : result;
}

static int main_task(void *arg)
{
    struct scene here = *(struct scene *)arg;
    int error = 0;
    scene = &here;
    XIE_GROUP(group) {
        error = run_scene(&group);
        xie_group_cancel(&group);
        xie_group_wait(&group);
    }
    CHECK(here.handle == NULL);
    xie_listener_close(here.listeners[0]);
    xie_listener_close(here.listeners[1]);
    *(struct scene *)arg = here;
    return error;
}

/* --- the drivers -------------------------------------------------------------------- */

static bool is_sim(void)
{
    const char *backend = getenv("XIE_BACKEND");
    return backend && strcmp(backend, "sim") == 0;
}

static int each_from_nothing(void *arg)
{
    (void)arg;
    return main_task(&(struct scene){0});
}

static void test_each_call_fails(void)
{
    const struct fault_program program = {
        .name = "changes", .run = each_from_nothing, .tolerant = true};
    if (!is_sim())
        tap_skip("time must stand still: each attempt takes some of it");
    tap_limit(120);
    json_set_alloc_funcs(xie_alloc, xie_release);
    fault_sweep(&program, XIE_FAULT_MEMORY, -ENOMEM);
    fault_sweep(&program, XIE_FAULT_SYSCALL, -EIO);
    fault_sweep(&program, XIE_FAULT_OPERATION, -ECONNRESET);
    fault_sweep(&program, XIE_FAULT_OPERATION, -ECANCELED);
}

/* One run of a scene that must be clean. The thread that looks up names puts its things away in
 * its own time. */
static void run_clean(struct scene *made, int result)
{
    size_t before = xie_alloc_live();
    CHECK_EQ(xie_run(main_task, made), result);
    for (int ms = 0; xie_alloc_live() != before && ms < 2000; ms++)
        usleep(1000);
    CHECK_EQ(xie_alloc_live(), before);
}

/* At every turn, until the change was over before for some turns; error: of one that was not. */
static void at_each_turn(int ends, int error)
{
    unsigned over = 0, refused = 0;
    tap_limit(120);
    for (unsigned after = 0; over < 10 && after < 10000; after++) {
        struct scene made = {.ends = ends, .after = after};
        run_clean(&made, 0);
        CHECK(made.over && (made.changed == 0 || made.changed == error));
        over += made.changed == 0;
        refused += made.changed != 0;
    }
    CHECK_EQ(over, 10);
    CHECK(refused > 0 || ends == ITS_TASK); /* which hears of it some turns later */
}

static void test_interrupted_at_each_point(void)
{
    at_each_turn(THE_CHANGE, -ECANCELED);
}

static void test_while_the_bot_stops(void)
{
    at_each_turn(THE_BOT, XIE_ECLOSED);
}

static void test_while_the_bot_is_cancelled(void)
{
    at_each_turn(ITS_TASK, XIE_ECLOSED);
}

static const struct tap_test tests[] = {
    {"each call fails", test_each_call_fails},
    {"interrupted at each point", test_interrupted_at_each_point},
    {"while the bot stops", test_while_the_bot_stops},
    {"while the bot is cancelled", test_while_the_bot_is_cancelled},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
