/* keep_death.c - kept conversations survive kill -9 in each write and at each call, and each
 * allocation, system call and operation that fails; nothing is ever said twice. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xie.h>
#include <xie/onebot/store.h>

#include "base/fault.h"
#include "base/memory.h"
#include "disk.h"
#include "lean.h"
#include "tap.h"

enum { SAID = 256, TEXT = 32 };

/* What outlives a process: its tests look at it. */
static struct world {
    char said[SAID][TEXT]; /* by the bot */
    unsigned count;
    long last_id;        /* of messages */
    long first, done;    /* which conversation was kept first; which has ended well */
    long once;           /* conversations whose step was made */
    unsigned kills_left; /* calls until the process is killed; 0: it is not */
    bool before;         /* the answer */
} * world;

/* --- the implementation: no allocation of its own ----------------------------------- */

struct scene {
    struct xie_listener *listener;
    char url[LEAN_URL];
    struct onebot_store *store;
    struct xie_event done;
    int64_t stop_after; /* the bot stops then, once, and starts again; 0: it does not */
    bool finished;      /* all is over */
    bool in_vain;       /* it could not even begin */
};

static void hello(struct xie_ws *ws)
{
    static const char json[] = "{\"post_type\":\"meta_event\",\"meta_event_type\":\"lifecycle\","
                               "\"sub_type\":\"connect\",\"self_id\":1,\"time\":3}";
    xie_ws_send(ws, XIE_WS_TEXT, json, sizeof json - 1);
}

static void maybe_die(bool before)
{
    if (world->kills_left && before == world->before && --world->kills_left == 0)
        kill(getpid(), SIGKILL);
}

static void answer(void *arg, struct xie_ws *ws, const char *call)
{
    const char *text = strstr(call, "\"text\":\"");
    (void)arg;
    if (text && world->count < SAID)
        snprintf(world->said[world->count++], TEXT, "%.*s", (int)strcspn(text + 8, "\""), text + 8);
    maybe_die(true);
    lean_answer(ws, call);
    maybe_die(false);
}

/* The person says "/go" whenever nothing has come for a while: it begins a conversation, or
 * answers a question, or finds that one runs already. */
static void say_again(void *arg, struct xie_ws *ws)
{
    (void)arg;
    if (!world->done)
        lean_say(ws, ++world->last_id, "/go");
}

static int on_request(struct xie_http *http, void *arg)
{
    static const struct lean_side side = {answer, say_again};
    struct xie_ws *ws;
    int error = xie_ws_accept(http, NULL, &ws);
    if (error)
        return error;
    hello(ws);
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

/* What may have happened is not done again. */
static int good(int error)
{
    return error == XIE_EUNKNOWN ? 0 : error;
}

static int converse(struct onebot_event *event)
{
    long id = (long)event->message_id;
    int error = good(onebot_reply(event, "a %ld", id));
    if (!error)
        error = onebot_ask(event, "q %ld", id).error;
    if (!error)
        error = onebot_keep_sleep(event, XIE_MILLISECOND);
    int once = error ? error : onebot_keep_once(event, "once");
    if (once > 0) {
        CHECK(world->once != id);
        world->once = id;
    }
    struct onebot_result value = onebot_keep_value(event, "s", "r");
    error = once < 0 ? once : value.error;
    if (!error)
        error = onebot_ask(event, "%s %ld", json_string_value(value.data), id).error;
    json_decref(value.data);
    return error ? error : good(onebot_reply(event, "z %ld", id));
}

static int on_go(struct onebot_event *event)
{
    int error = onebot_keep(event);
    if (error)
        return error;
    if (!world->first)
        world->first = (long)event->message_id;
    error = converse(event);
    if (!error)
        world->done = (long)event->message_id;
    return error;
}

static const struct onebot_rule rules[] = {
    {.command = {"go"}, .turns = {.busy = ONEBOT_REJECT}, .handler = on_go}, {0}};

static int run_once(struct scene *scene)
{
    struct onebot_options options = lean_options();
    options.url = scene->url;
    options.book.rules = rules;
    options.connect_timeout_ns = 100 * XIE_MILLISECOND;
    options.store = scene->store;
    return onebot_run(&options);
}

/* Once or twice. */
static int run_bot(void *arg)
{
    struct scene *scene = arg;
    int result = 0;
    if (scene->stop_after)
        XIE_TIMEOUT(scene->stop_after)
            result = run_once(scene);
    if (!xie_check())
        result = run_once(scene);
    if (result != -ECANCELED) {
        scene->in_vain = true;
        xie_event_set(&scene->done);
    }
    return result == -ECANCELED ? 0 : result;
}

/* --- both --------------------------------------------------------------------------- */

static bool nothing_kept(struct scene *scene)
{
    struct onebot_key key = {.space = "xie.kept", .name = ""};
    struct onebot_stored got = onebot_store_list(scene->store, &key, NULL, 0);
    bool nothing = !got.error && json_object_size(got.value) == 0;
    json_decref(got.value);
    return nothing;
}

/* A task: until the conversation has ended, and that is written down; of one whose deletion was
 * made to fail, the next run of the program would find the end. */
static int watch(void *arg)
{
    struct scene *scene = arg;
    unsigned looks = 0;
    while (!xie_sleep(5 * XIE_MILLISECOND) && (!world->done || !nothing_kept(scene)))
        if (world->done && xie_fault_plan.failed && ++looks == 10)
            break;
    scene->finished = world->done;
    xie_event_set(&scene->done);
    return 0;
}

static int main_task(void *arg)
{
    struct scene *scene = arg;
    static xie_task_fn *const tasks[] = {serve, run_bot, watch, NULL};
    const struct onebot_store_options quiet = {.log = lean_log, .relaxed = true};
    int error = onebot_store_open(*disk_path ? disk_path : NULL, &quiet, &scene->store);
    if (!error)
        error = lean_listen(&scene->listener, "ws", scene->url);
    error = lean_together(error, tasks, scene, &scene->done, 0);
    xie_listener_close(scene->listener);
    onebot_store_close(scene->store);
    return error;
}

static void make_world(void)
{
    world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(world != MAP_FAILED);
}

static void check_nothing_twice(uint64_t step)
{
    for (unsigned i = 0; i < world->count; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(world->said[i], world->said[j]) == 0)
                tap_failed(__FILE__, __LINE__, "step %llu: \"%s\" is said twice",
                           (unsigned long long)step, world->said[i]);
}

/* Every few steps, fewer where time is real; XIE_TEST_EACH=1: each. */
static unsigned stride(unsigned on_sim, unsigned otherwise)
{
    return getenv("XIE_TEST_EACH") ? 1 : lean_stride(on_sim, otherwise);
}

/* --- kill -9 ------------------------------------------------------------------------ */

/* A process; return whether it was killed. */
static bool run_process(int kill_at)
{
    int status = 0;
    pid_t child = fork();
    if (!child) {
        struct scene scene = {.stop_after = 0};
        if (kill_at)
            disk_stand_before_sqlite();
        disk_writes_left = kill_at;
        int result = xie_run(main_task, &scene);
        _exit(result || !scene.finished ? 1 : 0);
    }
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    if (!WIFSIGNALED(status))
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    else
        CHECK_EQ(WTERMSIG(status), SIGKILL);
    return WIFSIGNALED(status);
}

/* Killed there, then run to its end. return false: it came to its end at once */
static bool kill_and_go_on(int write, unsigned call, bool before, uint64_t step)
{
    memset(world, 0, sizeof *world);
    world->kills_left = call;
    world->before = before;
    bool killed = run_process(write);
    world->kills_left = 0;
    if (killed)
        CHECK(!run_process(0));
    check_nothing_twice(step);
    CHECK(world->done && world->done == world->first); /* the one that was begun went on */
    CHECK_EQ(world->once, world->done);
    disk_remove_files();
    return killed;
}

static void test_killed_within_each_write(void)
{
    unsigned step = stride(3, 23), at = 1;
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    disk_make();
    while (kill_and_go_on((int)at, 0, false, at))
        at += step;
    CHECK(at > 20);
    disk_remove();
}

static void test_killed_at_each_call(void)
{
    unsigned at = 1;
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    disk_make();
    for (int before = 0; before < 2; before++)
        for (at = 1; kill_and_go_on(0, at, before, at); at++)
            continue;
    CHECK(at == 5); /* a, q, r, z */
    disk_remove();
}

/* Again and again: what is left of it is always enough. */
static void test_killed_again_and_again(void)
{
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    disk_make();
    bool killed = true;
    for (unsigned i = 0; killed && i < 40; i++)
        killed = run_process(12 + 3 * (int)i);
    CHECK(!killed);
    check_nothing_twice(0);
    CHECK(world->done && world->done == world->first);
    disk_remove();
}

/* --- faults ------------------------------------------------------------------------- */

static bool run_clean(struct scene *scene, uint64_t step)
{
    memset(world, 0, sizeof *world);
    int result = lean_run(main_task, scene, step);
    bool failed = xie_fault_plan.failed > 0;
    lean_fail(0, 0, 0);
    if (!scene->finished && result >= 0 && !scene->in_vain)
        tap_failed(__FILE__, __LINE__, "step %llu: not finished, result %d",
                   (unsigned long long)step, result);
    check_nothing_twice(step);
    return failed;
}

static bool run_with(unsigned kind, int error, uint64_t nth)
{
    struct scene scene = {.stop_after = 45 * XIE_MILLISECOND};
    lean_fail(kind, error, nth);
    return run_clean(&scene, nth);
}

static void run_all(unsigned kind, int error)
{
    uint64_t step = kind == XIE_FAULT_MEMORY ? stride(29, 211) : stride(7, 37), nth = 1;
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    json_set_alloc_funcs(xie_alloc, xie_release);
    run_with(0, 0, 0); /* whatever is made once for the process */
    while (run_with(kind, error, nth))
        nth += step;
    CHECK(nth > step);
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

/* Stopped at every point, and gone on from there. */
static void test_stopped_at_every_point(void)
{
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    json_set_alloc_funcs(xie_alloc, xie_release);
    run_with(0, 0, 0);
    for (int64_t after = 1; after < 100 * XIE_MILLISECOND;
         after += stride(4, 40) * 500 * XIE_MICROSECOND) {
        struct scene scene = {.stop_after = after};
        run_clean(&scene, (uint64_t)after);
        CHECK(scene.finished && world->done == world->first);
    }
}

static const struct tap_test tests[] = {
    {"killed within each write", test_killed_within_each_write},
    {"killed at each call", test_killed_at_each_call},
    {"killed again and again", test_killed_again_and_again},
    {"each allocation fails once", test_memory},
    {"each system call fails once", test_system_calls},
    {"each operation fails once", test_operations},
    {"stopped at every point", test_stopped_at_every_point},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
