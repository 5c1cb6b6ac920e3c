/* process_fork.c - a program that forks while a loop runs: the child has none, the parent's goes
 * on undisturbed. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sys/syscall.h>

#include "base/misuse.h"
#include "io/process_kit.h"

static void check(bool fine)
{
    if (!fine)
        _exit(1);
}

static void nothing(void *arg)
{
    (void)arg;
}

static int do_nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* --- the child ---------------------------------------------------------------------- */

struct world {
    struct xie_loop *loop;
    struct xie_stream *pair[2];
    struct xie_future future;
    struct xie_lock lock;
};

static void ask_everything(void *arg)
{
    struct world *world = arg;
    struct xie_stream *stream;
    struct xie_process *process;
    struct xie_signals *signals;
    struct xie_call call = {0};
    const int list[] = {SIGUSR1, 0};
    char byte;
    check(!xie_loop_current() && !xie_task_current());
    check(xie_sleep(0) == -EPERM);
    check(xie_sleep(XIE_SECOND) == -EPERM);
    check(xie_stream_read(world->pair[0], &byte, 1) == -EPERM);
    check(xie_stream_write(world->pair[0], &byte, 1) == -EPERM);
    check(xie_future_wait(&world->future, NULL) == -EPERM);
    check(xie_lock_take(&world->lock) == -EPERM);
    check(xie_tcp_connect("127.0.0.1", 1, &stream) == -EPERM);
    check(xie_process_open(&(struct xie_process_options){.shell = "exit"}, &process) == -EPERM);
    check(xie_signals_open(list, &signals) == -EPERM);
    check(xie_to_thread(do_nothing, NULL, NULL) == -EPERM);
    check(!xie_spawn(do_nothing, NULL));
    check(xie_call_soon(&call, nothing, NULL) == -EPERM);
    check(xie_loop_call(world->loop, nothing, NULL) == XIE_ECLOSED);
    check(xie_check() == 0);
    check(xie_now() > 0);
    _exit(0);
}

WITH_CHILDREN(the_child_has_no_loop)
{
    char text[4096];
    struct world world = {.loop = xie_loop_current()};
    kit_pair(world.pair);
    CHECK_EQ(tap_child(ask_everything, &world, text, sizeof text), 0);
    CHECK(strstr(text, "made outside a task"));
    kit_close(world.pair);
    return 0;
}

/* Forks; the child falls back into the library's hands. */
static void fork_once(void *arg)
{
    pid_t *child = arg;
    *child = fork();
}

static int main_forks(void *arg)
{
    fork_once(arg);
    return 0;
}

static int callback_forks(void *arg)
{
    struct xie_call call = {0};
    xie_call_soon(&call, fork_once, arg);
    return xie_sleep(0);
}

/* Others are ready, asleep, or wait for what the child gives: none of them may run there. */
static int speak(void *arg)
{
    (void)arg;
    xie_report("a task runs");
    return 0;
}

static int sleep_and_speak(void *arg)
{
    int error = xie_sleep(0);
    return error ? error : speak(arg);
}

static int wait_and_speak(void *arg)
{
    int error = xie_future_wait(arg, NULL);
    return error ? error : speak(arg);
}

struct birth {
    pid_t child;
    struct xie_future future;
};

static int task_forks(void *arg)
{
    struct birth *birth = arg;
    fork_once(&birth->child);
    xie_future_resolve(&birth->future, NULL);
    return 0;
}

static int task_forks_beside_others(void *arg)
{
    struct birth birth = {0};
    struct xie_task *tasks[] = {xie_spawn(sleep_and_speak, NULL),
                                xie_spawn(wait_and_speak, &birth.future),
                                xie_spawn(task_forks, &birth), xie_spawn(speak, NULL)};
    int error = xie_gather(tasks, 4, NULL);
    *(pid_t *)arg = birth.child;
    return error;
}

/* In a process of its own: the child must abort, and the parent end well. */
static void run_forking(void *arg)
{
    int (*const *main_fn)(void *arg) = arg;
    int status = -1;
    pid_t child = 0;
    check(xie_run(*main_fn, &child) == 0);
    check(child > 0 && waitpid(child, &status, 0) == child);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    _exit(0);
}

static int lines_with(const char *text, const char *what)
{
    int count = 0;
    for (; (text = strstr(text, what)); text++)
        count++;
    return count;
}

static void who_returns_in_the_child_aborts(void)
{
    static char text[1 << 16]; /* TSan takes a fork on a task's stack for a race, and says so */
    int (*kinds[])(void *arg) = {main_forks, callback_forks, task_forks_beside_others};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(tap_child(run_forking, &kinds[i], text, sizeof text), 0);
        CHECK_EQ(lines_with(text, "went on with a task of its parent's loop"), 1);
        CHECK_EQ(lines_with(text, "a task runs"), i == 2 ? 3 : 0); /* the parent's, once each */
    }
}

static int live(void *arg)
{
    struct xie_stream *pair[2];
    struct xie_process_result result = {0};
    char byte = 0;
    (void)arg;
    kit_pair(pair);
    int error = xie_sleep(XIE_MILLISECOND);
    if (!error && xie_stream_write(pair[0], "x", 1) == 1)
        error = xie_stream_read(pair[1], &byte, 1) == 1 && byte == 'x' ? 0 : -EPROTO;
    kit_close(pair);
    if (!error)
        error = xie_process_run(&(struct xie_process_options){.shell = "exit 3"}, NULL, 0, &result);
    return error ? error : result.status.code;
}

static void live_anew(void *arg)
{
    struct xie_loop_options options = {.backend = arg};
    _exit(xie_run_with(&options, live, NULL) == 3 && !xie_loop_current() ? 0 : 1);
}

WITH_CHILDREN(the_child_may_have_a_loop_of_its_own)
{
    char text[512];
    void *backends[] = {NULL, "epoll", "poll", "sim"};
    for (int i = 0; i < 4; i++) {
        int status = tap_child(live_anew, backends[i], text, sizeof text);
        CHECK_EQ(status, 0);
        CHECK_STR(text, "");
    }
    CHECK_EQ(live(NULL), 3);
    return 0;
}

/* --- the parent --------------------------------------------------------------------- */

static void close_everything(void *arg)
{
    struct world *world = arg;
    char byte;
    xie_stream_read(world->pair[1], &byte, 1);
    xie_stream_close(world->pair[0]); /* nobody is in a call of this one */
    xie_future_resolve(&world->future, NULL);
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    _exit(0);
}

static int read_all(void *arg)
{
    char text[64] = "";
    ssize_t got = xie_stream_read_exactly(arg, text, 11);
    return got == 11 && !memcmp(text, "hello world", 11) ? 0 : -EPROTO;
}

static int wait_for_future(void *arg)
{
    return xie_future_wait(arg, NULL);
}

static int take_lock(void *arg)
{
    int error = xie_lock_take(arg);
    if (!error)
        xie_lock_give(arg);
    return error;
}

WITH_CHILDREN(the_parent_is_not_disturbed)
{
    char text[4096];
    struct world world = {.loop = xie_loop_current()};
    kit_pair(world.pair);
    int64_t before = xie_now();
    CHECK_EQ(xie_lock_take(&world.lock), 0);
    struct xie_task *tasks[] = {xie_spawn(read_all, world.pair[1]),
                                xie_spawn(wait_for_future, &world.future),
                                xie_spawn(take_lock, &world.lock)};
    xie_sleep(0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(tap_child(close_everything, &world, text, sizeof text), 0);
    kit_send(world.pair[0], "hello ");
    CHECK_EQ(xie_sleep(5 * XIE_MILLISECOND), 0);
    CHECK(xie_now() - before >= 5 * XIE_MILLISECOND);
    for (int i = 0; i < 3; i++)
        CHECK(!xie_task_done(tasks[i]));
    kit_send(world.pair[0], "world");
    CHECK_EQ(xie_join(tasks[0]), 0);
    xie_future_resolve(&world.future, NULL);
    CHECK_EQ(xie_join(tasks[1]), 0);
    xie_lock_give(&world.lock);
    CHECK_EQ(xie_join(tasks[2]), 0);
    kit_close(world.pair);
    return 0;
}

/* A child that forgets itself kills nobody. */
static void close_process(void *arg)
{
    xie_process_close(arg);
    _exit(0);
}

WITH_CHILDREN(the_parents_children_are_not_the_childs)
{
    char text[512];
    struct xie_process *process = kit_reader();
    int status = tap_child(close_process, process, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK_EQ(kill(xie_process_pid(process), 0), 0);
    xie_process_close_stream(process, 0);
    struct xie_process_status end = {.code = -1};
    CHECK_EQ(xie_process_wait(process, &end), 0);
    CHECK_EQ(end.code, 0);
    xie_process_close(process);
    return 0;
}

/* --- signals ------------------------------------------------------------------------ */

static void raise_it(void *arg)
{
    raise(*(int *)arg);
    _exit(0);
}

static int wait_for_signal(void *arg)
{
    return xie_signals_wait(arg);
}

WITH_CHILDREN(signals_in_the_child_are_the_childs)
{
    char text[64];
    int numbers[] = {SIGUSR1, SIGINT};
    const int list[] = {SIGUSR1, SIGUSR2, 0};
    struct xie_signals *signals;
    CHECK_EQ(xie_signals_open(list, &signals), 0);
    struct xie_task *task = xie_spawn(wait_for_signal, signals);
    xie_sleep(0);
    for (int i = 0; i < 2; i++) {
        int status = tap_child(raise_it, &numbers[i], text, sizeof text);
        CHECK(WIFSIGNALED(status));
        CHECK_EQ(WTERMSIG(status), numbers[i]);
    }
    for (int i = 0; i < 5; i++)
        CHECK_EQ(xie_sleep(0), 0); /* nobody cancelled us */
    CHECK(!xie_task_done(task));
    raise(SIGUSR2);
    CHECK_EQ(xie_join(task), SIGUSR2);
    xie_signals_close(signals);
    return 0;
}

/* What was before is xie_run's own: that cancels the main task, of which there is none. */
WITH_CHILDREN(an_interrupt_ends_the_child)
{
    char text[64];
    int number = SIGINT;
    const int list[] = {SIGINT, 0};
    struct xie_signals *signals;
    if (tap_slow())
        tap_skip("TSan has handlers of its own before ours, and keeps what they raise");
    CHECK_EQ(xie_signals_open(list, &signals), 0);
    int status = tap_child(raise_it, &number, text, sizeof text);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGINT);
    raise(SIGINT);
    CHECK_EQ(xie_signals_wait(signals), SIGINT);
    xie_signals_close(signals);
    return 0;
}

static void *fork_on_thread(void *arg)
{
    char text[64];
    int number = SIGINT;
    (void)arg;
    int status = tap_child(raise_it, &number, text, sizeof text);
    return (void *)(intptr_t)(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

/* A thread that has no loop, beside one that has. */
WITH_CHILDREN(another_thread_forks)
{
    pthread_t thread;
    void *fine = NULL;
    struct xie_stream *pair[2];
    kit_pair(pair);
    struct xie_task *task = xie_spawn(read_all, pair[1]);
    xie_sleep(0);
    CHECK_EQ(pthread_create(&thread, NULL, fork_on_thread, NULL), 0);
    pthread_join(thread, &fine);
    CHECK(fine);
    kit_send(pair[0], "hello world");
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the_child_has_no_loop", the_child_has_no_loop},
        {"who_returns_in_the_child_aborts", who_returns_in_the_child_aborts},
        {"the_child_may_have_a_loop_of_its_own", the_child_may_have_a_loop_of_its_own},
        {"the_parent_is_not_disturbed", the_parent_is_not_disturbed},
        {"the_parents_children_are_not_the_childs", the_parents_children_are_not_the_childs},
        {"signals_in_the_child_are_the_childs", signals_in_the_child_are_the_childs},
        {"an_interrupt_ends_the_child", an_interrupt_ends_the_child},
        {"another_thread_forks", another_thread_forks},
        {0},
    };
    return tap_main(argc, argv, tests);
}
