/* keep_death.c - kept conversations survive kill -9 in each write and at each call, and each
 * allocation, system call and operation that fails; nothing is ever said twice. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xie.h>
#include <xie/onebot/store.h>
#include <xie/web.h>

#include "base/fault.h"
#include "base/memory.h"
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

static char folder[64], path[96];

/* --- the implementation: no allocation of its own ----------------------------------- */

struct scene {
    struct xie_listener *listener;
    char url[160];
    struct onebot_store *store;
    struct xie_event done;
    int64_t stop_after; /* the bot stops then, once, and starts again; 0: it does not */
    bool finished;      /* all is over */
    bool in_vain;       /* it could not even begin */
};

static void say(struct xie_ws *ws, const char *text)
{
    char json[256];
    int len = snprintf(json, sizeof json,
                       "{\"post_type\":\"message\",\"message_type\":\"private\",\"self_id\":1,"
                       "\"user_id\":2,\"time\":3,\"message_id\":%ld,\"message\":\"%s\"}",
                       ++world->last_id, text);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
}

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

static void answer(struct xie_ws *ws, const char *call)
{
    char json[128];
    const char *echo = strstr(call, "\"echo\":\""), *text = strstr(call, "\"text\":\"");
    if (text && world->count < SAID)
        snprintf(world->said[world->count++], TEXT, "%.*s", (int)strcspn(text + 8, "\""), text + 8);
    maybe_die(true);
    int len = snprintf(json, sizeof json, "{\"status\":\"ok\",\"data\":{\"message_id\":5},%.*s}",
                       echo ? (int)strcspn(echo, "}") : 0, echo);
    xie_ws_send(ws, XIE_WS_TEXT, json, (size_t)len);
    maybe_die(false);
}

/* The person says "/go" whenever nothing has come for a while: it begins a conversation, or
 * answers a question, or finds that one runs already. */
static int on_request(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *text;
    size_t len;
    (void)arg;
    int kind = xie_ws_accept(http, NULL, &ws);
    if (kind < 0)
        return kind;
    hello(ws);
    for (kind = -ETIMEDOUT; kind > 0 || kind == -ETIMEDOUT;) {
        XIE_TIMEOUT(20 * XIE_MILLISECOND)
            kind = xie_ws_receive(ws, &text, &len);
        if (kind > 0)
            answer(ws, text);
        else if (kind != -ETIMEDOUT || xie_check())
            break;
        else if (!world->done)
            say(ws, "/go");
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

static void no_log(void *arg, enum onebot_level level, const char *line)
{
    (void)arg;
    if (getenv("XIE_TEST_LOG"))
        fprintf(stderr, "%d %s\n", (int)level, line);
}

static int run_once(struct scene *scene)
{
    struct onebot_options options = {.url = scene->url,
                                     .book = {.rules = rules},
                                     .call_timeout_ns = 100 * XIE_MILLISECOND,
                                     .connect_timeout_ns = 100 * XIE_MILLISECOND,
                                     .retry_least_ns = XIE_MILLISECOND,
                                     .retry_most_ns = XIE_MILLISECOND,
                                     .ping_interval_ns = 50 * XIE_MILLISECOND,
                                     .grace_ns = XIE_MILLISECOND,
                                     .keep_signals = true,
                                     .store = scene->store,
                                     .log = no_log};
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
    const struct onebot_store_options quiet = {.log = no_log, .relaxed = true};
    int error = onebot_store_open(*path ? path : NULL, &quiet, &scene->store);
    if (!error)
        error = listen_somewhere(scene);
    XIE_GROUP(group) {
        if (!error)
            error = xie_group_spawn(&group, serve, scene);
        if (!error)
            error = xie_group_spawn(&group, run_bot, scene);
        if (!error)
            error = xie_group_spawn(&group, watch, scene);
        if (!error)
            error = xie_event_wait(&scene->done);
        xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error && error != -ECANCELED ? error : failed;
    }
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
    const char *backend = getenv("XIE_BACKEND");
    if (getenv("XIE_TEST_EACH"))
        return 1;
    return backend && !strcmp(backend, "sim") && !tap_slow() ? on_sim : otherwise;
}

/* --- kill -9 ------------------------------------------------------------------------ */

static ssize_t (*real_pwrite)(int fd, const void *bytes, size_t len, off_t offset);
static int writes_left; /* before the process is killed, half way through one; 0: it is not */

static ssize_t bad_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    if (writes_left && --writes_left == 0) {
        real_pwrite(fd, bytes, len / 2, offset);
        kill(getpid(), SIGKILL);
    }
    return real_pwrite(fd, bytes, len, offset);
}

static void stand_before_sqlite(void)
{
    static const char *const names[] = {"pwrite", "pwrite64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    for (int i = 0; i < 2; i++) {
        sqlite3_syscall_ptr old = vfs->xGetSystemCall(vfs, names[i]);
        if (!old)
            continue;
        CHECK_EQ(vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)bad_pwrite), SQLITE_OK);
        real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))old;
    }
    REQUIRE(real_pwrite);
}

/* A process; return whether it was killed. */
static bool run_process(int kill_at)
{
    int status = 0;
    pid_t child = fork();
    if (!child) {
        struct scene scene = {.stop_after = 0};
        if (kill_at)
            stand_before_sqlite();
        writes_left = kill_at;
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

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[112];
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/xie-keep-XXXXXX");
    REQUIRE(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/bot.db", folder);
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
    remove_files();
    return killed;
}

static void test_killed_within_each_write(void)
{
    unsigned step = stride(3, 23), at = 1;
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    make_folder();
    while (kill_and_go_on((int)at, 0, false, at))
        at += step;
    CHECK(at > 20);
    CHECK(!rmdir(folder));
}

static void test_killed_at_each_call(void)
{
    unsigned at = 1;
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    make_folder();
    for (int before = 0; before < 2; before++)
        for (at = 1; kill_and_go_on(0, at, before, at); at++)
            continue;
    CHECK(at == 5); /* a, q, r, z */
    CHECK(!rmdir(folder));
}

/* Again and again: what is left of it is always enough. */
static void test_killed_again_and_again(void)
{
    tap_limit(getenv("XIE_TEST_EACH") ? 3000 : 120);
    make_world();
    make_folder();
    bool killed = true;
    for (unsigned i = 0; killed && i < 40; i++)
        killed = run_process(12 + 3 * (int)i);
    CHECK(!killed);
    check_nothing_twice(0);
    CHECK(world->done && world->done == world->first);
    remove_files();
    CHECK(!rmdir(folder));
}

/* --- faults ------------------------------------------------------------------------- */

static bool run_clean(struct scene *scene, uint64_t step)
{
    memset(world, 0, sizeof *world);
    size_t memory = xie_alloc_live();
    int result = xie_run(main_task, scene);
    bool failed = xie_fault_plan.failed > 0;
    memset(&xie_fault_plan, 0, sizeof xie_fault_plan);
    if (xie_alloc_live() != memory)
        tap_failed(__FILE__, __LINE__, "step %llu leaks: memory %zu to %zu",
                   (unsigned long long)step, memory, xie_alloc_live());
    if (!scene->finished && result >= 0 && !scene->in_vain)
        tap_failed(__FILE__, __LINE__, "step %llu: not finished, result %d",
                   (unsigned long long)step, result);
    check_nothing_twice(step);
    return failed;
}

static bool run_with(unsigned kind, int error, uint64_t nth)
{
    struct scene scene = {.stop_after = 45 * XIE_MILLISECOND};
    memset(&xie_fault_plan, 0, sizeof xie_fault_plan);
    xie_fault_plan.nth = nth;
    xie_fault_plan.error = error;
    xie_fault_plan.kinds = kind;
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
