/* debug.c - debug mode and reports: the promises of <xie/debug.h>. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/memory.h"
#include "kit.h"

static int count_of(const char *text, const char *needle)
{
    int count = 0;
    for (; (text = strstr(text, needle)) != NULL; text++)
        count++;
    return count;
}

static int number(void *arg)
{
    return (int)(long)arg;
}

static int forever(void *arg)
{
    (void)arg;
    return xie_sleep(XIE_NEVER);
}

/* --- a program in debug mode, in a child, with its stderr ------------------------------ */

struct program {
    int (*fn)(void *arg);
    void *arg;
    int64_t slow_ns;
    bool off;
};

static void run_program(void *arg)
{
    const struct program *program = arg;
    size_t live = xie_alloc_live();
    struct xie_loop_options options = {.debug = !program->off,
                                       .slow_callback_ns = program->slow_ns};
    int result = xie_run_with(&options, program->fn, program->arg);
    _exit(result || xie_alloc_live() != live);
}

static char text[64 * 1024];
static int debug_run(int (*fn)(void *arg), void *arg, int64_t slow_ns)
{
    struct program program = {fn, arg, slow_ns, false};
    return tap_child(run_program, &program, text, sizeof text);
}

/* --- slow --------------------------------------------------------------------------- */

/* Until something is seen on stderr, the task goes on without waiting: only so is it sure that
 * it is named while it blocks, on the slowest machine too. */
static bool is_named(int fd)
{
    struct pollfd stderr_of_us = {.fd = fd, .events = POLLIN};
    return poll(&stderr_of_us, 1, 5) > 0;
}

static int listen_to_stderr(int *kept)
{
    int fds[2];
    REQUIRE(!pipe(fds));
    *kept = dup(2);
    dup2(fds[1], 2);
    close(fds[1]);
    return fds[0];
}

static int named_while_it_blocks(void *arg)
{
    (void)arg;
    int kept, fd = listen_to_stderr(&kept);
    while (!is_named(fd))
        ;
    char line[4096] = "";
    CHECK(read(fd, line, sizeof line - 1) > 0);
    dup2(kept, 2);
    fputs(line, stderr); /* for who looks at all of it */
    return 0;
}

static int spawn_blocking(void *arg)
{
    return xie_join(xie_spawn(named_while_it_blocks, arg));
}

static void need_true_frames(void)
{
    if (tap_valgrind())
        tap_skip("valgrind now and then complains of the frame in which the signal came");
}

static void a_task_that_blocks_is_named_while_it_does(void)
{
    need_true_frames();
    CHECK_EQ(debug_run(spawn_blocking, NULL, 5 * XIE_MILLISECOND), 0);
    CHECK(strstr(text, "task 'named_while_it_blocks' (spawned at "));
    CHECK(strstr(text, "debug.c:"));
    CHECK(strstr(text, "has been running for "));
    /* And at its end; it blocked for as long as that. */
    CHECK(strstr(text, ") ran for "));
}

static void block(void *arg)
{
    CHECK_EQ(named_while_it_blocks(arg), 0);
}

static int block_in_a_call(void *arg)
{
    struct xie_call call = {0};
    CHECK_EQ(xie_call_soon(&call, block, arg), 0);
    xie_sleep(0);
    return xie_call_pending(&call);
}

static void so_is_a_callback(void)
{
    need_true_frames();
    char needle[64];
    CHECK_EQ(debug_run(block_in_a_call, NULL, 5 * XIE_MILLISECOND), 0);
    snprintf(needle, sizeof needle, "a callback (function %p) has been running",
             (void *)(void (*)(void))block);
    CHECK(strstr(text, needle));
    CHECK(strstr(text, ") ran for "));
}

static int named_again(void *arg)
{
    (void)arg;
    int kept, fd = listen_to_stderr(&kept);
    char lines[16 * 1024] = "";
    size_t len = 0;
    while (count_of(lines, "has been running") < 3)
        if (is_named(fd)) {
            ssize_t got = read(fd, lines + len, sizeof lines - 1 - len);
            REQUIRE(got > 0);
            len += (size_t)got;
        }
    dup2(kept, 2);
    return 0;
}

static void and_again_while_it_goes_on(void)
{
    CHECK_EQ(debug_run(named_again, NULL, 2 * XIE_MILLISECOND), 0);
}

static int where_it_is(void *arg)
{
    (void)arg;
    int kept, fd = listen_to_stderr(&kept);
    char lines[16 * 1024] = "";
    size_t len = 0;
    while (count_of(lines, "\n") < 4) /* the line, and some frames */
        if (is_named(fd)) {
            ssize_t got = read(fd, lines + len, sizeof lines - 1 - len);
            REQUIRE(got > 0);
            len += (size_t)got;
        }
    dup2(kept, 2);
    CHECK(strstr(lines, "test-debug"));
    CHECK(strstr(lines, "[0x"));
    return 0;
}

static void its_stack_is_shown(void)
{
    if (tap_slow())
        tap_skip("signals come late, or stacks look different, under tools");
    CHECK_EQ(debug_run(where_it_is, NULL, 5 * XIE_MILLISECOND), 0);
}

static int waits(void *arg)
{
    (void)arg;
    return xie_sleep(60 * XIE_MILLISECOND);
}

/* On a loaded machine something may be slow for true: once without is enough. */
static void who_waits_is_not_slow(void)
{
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(debug_run(waits, NULL, 20 * XIE_MILLISECOND), 0);
        if (!*text)
            return;
    }
    tap_failed(__FILE__, __LINE__, "named although it waits: %s", text);
}

/* Tasks that switch to each other directly are told apart. */
static int spin(void *arg)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
           (long)arg);
    return 0;
}

static int one_spins(void *arg)
{
    (void)arg;
    xie_task_set_name(xie_task_current(), "renamed");
    struct xie_task_options options = {.name = "spinner"};
    struct xie_task *tasks[3] = {xie_spawn(number, NULL),
                                 xie_spawn_with(spin, (void *)60, &options),
                                 xie_spawn(number, NULL)};
    return xie_gather(tasks, 3, NULL);
}

static void the_one_that_runs_is_the_one_named(void)
{
    CHECK_EQ(debug_run(one_spins, NULL, 40 * XIE_MILLISECOND), 0);
    CHECK(strstr(text, "task 'spinner' (spawned at "));
    CHECK(strstr(text, ") ran for "));
}

static int new_name(void *arg)
{
    (void)arg;
    char *name = strdup("first");
    xie_task_set_name(xie_task_current(), name);
    spin((void *)5);
    xie_task_set_name(xie_task_current(), "second");
    free(name); /* nobody looks at it again */
    spin((void *)60);
    return 0;
}

static void a_name_may_change_meanwhile(void)
{
    need_true_frames();
    CHECK_EQ(debug_run(new_name, NULL, 40 * XIE_MILLISECOND), 0);
    CHECK(strstr(text, "task 'second' (spawned at "));
}

/* --- left behind -------------------------------------------------------------------- */

static int leave_handles(void *arg)
{
    (void)arg;
    xie_spawn(number, (void *)3);
    xie_spawn(forever, NULL); /* cancelled at the end */
    xie_spawn(number, (void *)-5L);
    xie_detach(xie_spawn(number, NULL));
    return xie_join(xie_spawn(number, NULL));
}

static void handles_nobody_gave_back_are_named(void)
{
    CHECK_EQ(debug_run(leave_handles, NULL, 10 * XIE_SECOND), 0);
    CHECK_EQ(count_of(text, "was neither joined nor detached"), 2);
    CHECK(strstr(text, "task 'number' (spawned at "));
    CHECK(strstr(text, "task 'forever' (spawned at "));
    CHECK_EQ(count_of(text, "nobody took its error"), 1);
    CHECK_EQ(count_of(text, "\n"), 3);
    struct program program = {leave_handles, NULL, 0, true};
    CHECK_EQ(tap_child(run_program, &program, text, sizeof text), 0);
    if (!getenv("XIE_DEBUG"))
        CHECK_EQ(count_of(text, "\n"), 1); /* outside debug mode, the error alone */
}

/* --- the wrong thread --------------------------------------------------------------- */

struct wrong {
    void *(*thread)(void *arg);
    struct xie_future future;
    struct xie_event event;
    struct xie_queue queue;
    struct xie_task *task;
    struct xie_call call;
};

static void *resolve(void *arg)
{
    xie_future_resolve(&((struct wrong *)arg)->future, NULL);
    return NULL;
}

static void *set(void *arg)
{
    xie_event_set(&((struct wrong *)arg)->event);
    return NULL;
}

static void *put(void *arg)
{
    xie_queue_try_put(&((struct wrong *)arg)->queue, NULL);
    return NULL;
}

static void *cancel_task(void *arg)
{
    xie_task_cancel(((struct wrong *)arg)->task);
    return NULL;
}

static void *cancel_call(void *arg)
{
    xie_call_cancel(&((struct wrong *)arg)->call);
    return NULL;
}

static void nothing(void *arg)
{
    (void)arg;
}

static int wait_future(void *arg)
{
    return xie_future_wait(arg, NULL);
}

static int wait_event(void *arg)
{
    return xie_event_wait(arg);
}

static int wait_queue(void *arg)
{
    void *item;
    return xie_queue_get(arg, &item);
}

static int from_a_thread(void *arg)
{
    struct wrong *wrong = arg;
    pthread_t thread;
    xie_queue_init(&wrong->queue, 0);
    xie_spawn(wait_future, &wrong->future);
    xie_spawn(wait_event, &wrong->event);
    xie_spawn(wait_queue, &wrong->queue);
    wrong->task = xie_spawn(forever, NULL);
    xie_call_later(&wrong->call, XIE_HOUR, nothing, NULL);
    xie_sleep(0);
    REQUIRE(!pthread_create(&thread, NULL, wrong->thread, wrong));
    pthread_join(thread, NULL);
    return 0;
}

static void calls_from_the_wrong_thread_abort(void)
{
    static const struct {
        void *(*thread)(void *arg);
        const char *said;
    } calls[] = {
        {resolve, "task 'wait_future' (spawned at "}, {set, "task 'wait_event' (spawned at "},
        {put, "task 'wait_queue' (spawned at "},      {cancel_task, "task 'forever' (spawned at "},
        {cancel_call, "xie_call_cancel of a call"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct wrong wrong = {.thread = calls[i].thread};
        CHECK(debug_run(from_a_thread, &wrong, 10 * XIE_SECOND) != 0);
        CHECK(strstr(text, "misuse: "));
        CHECK(strstr(text, calls[i].said));
        CHECK(strstr(text, "another thread"));
    }
}

/* --- switched on -------------------------------------------------------------------- */

static int is_on(void *arg)
{
    (void)arg;
    return xie_loop_debug(xie_loop_current());
}

static void by_option_or_environment(void)
{
    struct xie_loop_options options = {.debug = true};
    unsetenv("XIE_DEBUG");
    CHECK_EQ(xie_run(is_on, NULL), 0);
    CHECK_EQ(xie_run_with(&options, is_on, NULL), 1);
    setenv("XIE_DEBUG", "1", 1);
    CHECK_EQ(xie_run(is_on, NULL), 1);
    setenv("XIE_DEBUG", "0", 1);
    CHECK_EQ(xie_run(is_on, NULL), 0);
    setenv("XIE_DEBUG", "", 1);
    CHECK_EQ(xie_run(is_on, NULL), 0);
}

static int since(void *arg)
{
    struct xie_call_graph_entry entry, later;
    char line[512];
    int64_t before = xie_now();
    struct xie_task *task = xie_spawn(forever, arg);
    xie_sleep(0);
    int64_t after = xie_now();
    CHECK_EQ(xie_capture_call_graph(task, &entry, 1), 1);
    CHECK(entry.since >= before && entry.since <= after);
    xie_sleep(3 * XIE_MILLISECOND);
    CHECK_EQ(xie_capture_call_graph(task, &later, 1), 1);
    CHECK_EQ(later.since, entry.since);
    xie_format_call_graph(task, line, sizeof line);
    CHECK(strstr(line, " waits in xie_sleep, for "));
    CHECK(strstr(line, " ms\n"));
    CHECK(!strstr(line, ", for 0 ms\n"));
    xie_task_cancel(task);
    xie_join(task);
    return 0;
}

static void the_call_graph_tells_since_when(void)
{
    CHECK_EQ(debug_run(since, NULL, 10 * XIE_SECOND), 0);
    CHECK_STR(text, "");
}

static void never_slow(void)
{
    CHECK_EQ(debug_run(waits, NULL, XIE_NEVER), 0);
    CHECK_STR(text, "");
}

/* Nobody could wait that long if the watch were taken for one who may wake the loop. */
static int sleep_a_year(void *arg)
{
    int error = 0;
    (void)arg;
    for (int day = 0; day < 365 && !error; day++)
        error = xie_sleep(24 * XIE_HOUR);
    return error;
}

static int wait_in_vain(void *arg)
{
    return xie_event_wait(arg);
}

static void run_on_sim(void *arg)
{
    struct xie_loop_options options = {.backend = "sim", .debug = true};
    struct xie_event never = {0};
    CHECK_EQ(xie_run_with(&options, sleep_a_year, arg), 0);
    int error = xie_run_with(&options, wait_in_vain, &never);
    _exit(error == XIE_EDEADLOCK ? 0 : 1);
}

static void on_sim_time_jumps_as_ever(void)
{
    if (tap_slow())
        tap_skip("TSan's own threads in a child of a child look like somebody at work");
    CHECK_EQ(tap_child(run_on_sim, NULL, text, sizeof text), 0);
    CHECK(strstr(text, "the loop cannot go on"));
}

static void *run_loop(void *arg)
{
    struct xie_loop_options options = {.debug = true, .slow_callback_ns = 10 * XIE_SECOND};
    CHECK_EQ(xie_run_with(&options, waits, arg), 0);
    return NULL;
}

static void a_watch_for_each_loop(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, run_loop, NULL));
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static int forks(void *arg)
{
    struct xie_loop *loop = xie_loop_current();
    int status = -1;
    (void)arg;
    pid_t child = fork();
    if (!child)
        _exit(xie_loop_debug(loop)); /* it has no thread to watch it */
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQ(status, 0);
    return !xie_loop_debug(loop);
}

static void a_child_made_by_fork_is_not_watched(void)
{
    CHECK_EQ(debug_run(forks, NULL, 10 * XIE_SECOND), 0);
}

static void watched_anew(void *arg)
{
    struct xie_loop_options options = {.debug = true, .slow_callback_ns = 5 * XIE_MILLISECOND};
    _exit(xie_run_with(&options, named_while_it_blocks, arg) ? 1 : 0);
}

/* While it is asked where it is, which it cannot tell, as the signal is blocked. */
static int forks_while_it_is_asked(void *arg)
{
    static char said[16 * 1024];
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    named_while_it_blocks(arg);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(tap_child(watched_anew, NULL, said, sizeof said), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return 0;
}

static void a_fork_while_the_watch_looks(void)
{
    if (tap_slow())
        tap_skip("TSan forbids threads in the child of a program with threads");
    CHECK_EQ(debug_run(forks_while_it_is_asked, NULL, 5 * XIE_MILLISECOND), 0);
}

/* --- the handler of reports --------------------------------------------------------- */

struct heard {
    int count, error;
    char message[512], task[64], where[128];
    int waited;
};

static void hear(const struct xie_exception_context *context, void *arg)
{
    struct heard *heard = arg;
    heard->count++;
    heard->error = context->error;
    snprintf(heard->message, sizeof heard->message, "%s", context->message);
    snprintf(heard->task, sizeof heard->task, "%s", context->task ? context->task : "-");
    snprintf(heard->where, sizeof heard->where, "%s", context->where ? context->where : "-");
    heard->waited = xie_check() ? -1 : xie_task_current() != NULL;
}

static int handled(void *arg)
{
    struct heard heard = {0};
    (void)arg;
    CHECK_EQ(xie_loop_set_exception_handler(hear, &heard), 0);
    xie_detach(xie_spawn(number, (void *)-5L));
    xie_sleep(0);
    CHECK_EQ(heard.count, 1);
    CHECK_EQ(heard.error, -5);
    CHECK_STR(heard.task, "number");
    CHECK(strstr(heard.where, "debug.c:"));
    CHECK(strstr(heard.message, "nobody took its error"));
    CHECK_EQ(heard.waited, 0); /* as in a callback: no task runs, nobody may wait */

    CHECK_EQ(xie_task_wait(xie_task_current(), NULL), XIE_EDEADLOCK);
    CHECK_EQ(heard.count, 3); /* a call for each line */
    CHECK_EQ(heard.error, XIE_EDEADLOCK);
    CHECK_STR(heard.task, "main");
    CHECK(xie_task_current());

    XIE_TIMEOUT(0) {
        for (int i = 0; i < 1001; i++)
            xie_sleep(1);
    }
    CHECK_EQ(heard.count, 4);
    CHECK(strstr(heard.message, "goes on although"));
    CHECK_EQ(heard.error, -ETIMEDOUT);

    struct xie_exception_context own = {.message = "something of ours", .error = -EIO};
    xie_loop_call_exception_handler(&own);
    CHECK_EQ(heard.count, 5);
    CHECK_STR(heard.message, "something of ours");
    CHECK_STR(heard.task, "-");

    CHECK_EQ(xie_loop_set_exception_handler(NULL, NULL), 0);
    xie_detach(xie_spawn(number, (void *)-7L));
    xie_sleep(0);
    xie_loop_call_exception_handler(&own);
    own = (struct xie_exception_context){.message = "hm", .task = "t", .where = "w:1"};
    xie_loop_call_exception_handler(&own);
    CHECK_EQ(heard.count, 5);
    return 0;
}

static void run_handled(void *arg)
{
    _exit(xie_run(handled, arg) ? 1 : 0);
}

static void a_handler_receives_the_reports(void)
{
    CHECK_EQ(tap_child(run_handled, NULL, text, sizeof text), 0);
    CHECK(strstr(text, xie_strerror(-7)));
    CHECK(strstr(text, "xie: something of ours: Input/output error\n"));
    CHECK(strstr(text, "xie: hm (task 't', spawned at w:1)\n"));
    CHECK_EQ(count_of(text, "\n"), 3);
    CHECK_EQ(xie_loop_set_exception_handler(hear, NULL), -EPERM);
}

static int left_to_the_end(void *arg)
{
    xie_spawn(number, (void *)-5L);
    return xie_loop_set_exception_handler(hear, arg);
}

static void reports_at_the_end_too(void)
{
    struct heard heard = {0};
    CHECK_EQ(xie_run(left_to_the_end, &heard), 0);
    CHECK_EQ(heard.count, 1);
    CHECK_EQ(heard.error, -5);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a task that blocks is named while it does", a_task_that_blocks_is_named_while_it_does},
        {"so is a callback", so_is_a_callback},
        {"and again while it goes on", and_again_while_it_goes_on},
        {"its stack is shown", its_stack_is_shown},
        {"who waits is not slow", who_waits_is_not_slow},
        {"the one that runs is the one named", the_one_that_runs_is_the_one_named},
        {"a name may change meanwhile", a_name_may_change_meanwhile},
        {"handles nobody gave back are named", handles_nobody_gave_back_are_named},
        {"calls from the wrong thread abort", calls_from_the_wrong_thread_abort},
        {"by option or environment", by_option_or_environment},
        {"the call graph tells since when", the_call_graph_tells_since_when},
        {"a limit that is never reached", never_slow},
        {"on sim time jumps as ever", on_sim_time_jumps_as_ever},
        {"a watch for each loop", a_watch_for_each_loop},
        {"a fork while the watch looks", a_fork_while_the_watch_looks},
        {"a child made by fork is not watched", a_child_made_by_fork_is_not_watched},
        {"a handler receives the reports", a_handler_receives_the_reports},
        {"reports at the end of the loop too", reports_at_the_end_too},
        {0},
    };
    return tap_main(argc, argv, tests);
}
