/* process.c - the promises of <xie/process.h>: how a child ends, waiting, signals, the close. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/fault.h"
#include "io/process_kit.h"
#include "refuse.h"

/* --- how it ended --------------------------------------------------------------------- */

WITH_CHILDREN(the_code_it_ended_with)
{
    static const int codes[] = {0, 1, 2, 127, 128, 255};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char line[32];
        struct xie_process_status status = {.code = -2, .signal = -2, .core = true};
        snprintf(line, sizeof line, "exit %d", codes[i]);
        struct xie_process *child = kit_open(&(struct xie_process_options){.shell = line});
        CHECK_EQ(xie_process_wait(child, &status), 0);
        CHECK_EQ(status.code, codes[i]);
        CHECK_EQ(status.signal, 0);
        CHECK(!status.core);
        xie_process_close(child);
    }
    return 0;
}

WITH_CHILDREN(the_signal_that_ended_it)
{
    static const int numbers[] = {SIGKILL, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct xie_process_status status = {0};
        struct xie_process *child = kit_reader();
        CHECK_EQ(xie_process_send_signal(child, numbers[i]), 0);
        CHECK_EQ(xie_process_wait(child, &status), 0);
        CHECK_EQ(status.code, -1);
        CHECK_EQ(status.signal, numbers[i]);
        CHECK(!status.core);
        xie_process_close(child);
    }
    return 0;
}

/* Whether this machine lets core be dumped at all is found out without the library. */
WITH_CHILDREN(that_it_dumped_core)
{
    static const char line[] = "ulimit -c unlimited 2>/dev/null; kill -ABRT $$";
    char folder[] = "/tmp/xie-core-XXXXXX", clean[64];
    int waited = 0;
    REQUIRE(mkdtemp(folder));
    pid_t other = fork();
    if (!other)
        _exit(chdir(folder) || execl("/bin/sh", "sh", "-c", line, NULL));
    waitpid(other, &waited, 0);
    struct xie_process_status status = {0};
    struct xie_process *child =
        kit_open(&(struct xie_process_options){.shell = line, .cwd = folder});
    CHECK_EQ(xie_process_wait(child, &status), 0);
    CHECK_EQ(status.signal, SIGABRT);
    CHECK_EQ(status.core, WIFSIGNALED(waited) && WCOREDUMP(waited));
    xie_process_close(child);
    snprintf(clean, sizeof clean, "rm -rf %s", folder);
    CHECK_EQ(kit_shell(clean), 0);
    return 0;
}

WITH_CHILDREN(the_status_without_waiting)
{
    struct xie_process_status status = {.code = 77};
    struct xie_process *child = kit_reader();
    CHECK_EQ(xie_process_status(child, &status), -EBUSY);
    CHECK_EQ(status.code, 77);
    CHECK_EQ(xie_process_send_signal(child, SIGKILL), 0);
    while (xie_process_status(child, &status) == -EBUSY)
        usleep(1000); /* nobody waits for it on the loop */
    CHECK_EQ(status.signal, SIGKILL);
    CHECK_EQ(xie_process_wait(child, NULL), 0);
    xie_process_close(child);
    return 0;
}

/* --- waiting ------------------------------------------------------------------------ */

static int wait_for(void *arg)
{
    struct xie_process_status status = {.code = 77};
    int error = xie_process_wait(arg, &status);
    if (error)
        CHECK_EQ(status.code, 77); /* untouched */
    return error ? error : status.code;
}

enum { WAITERS = 5 };

WITH_CHILDREN(several_tasks_wait_for_one)
{
    struct xie_task *tasks[WAITERS];
    int codes[WAITERS];
    struct xie_process *child =
        kit_open(&(struct xie_process_options){.shell = "read x; exit $x", .in = XIE_PROCESS_PIPE});
    for (int i = 0; i < WAITERS; i++)
        tasks[i] = xie_spawn(wait_for, child);
    xie_sleep(0);
    kit_send(xie_process_stream(child, 0), "7\n");
    CHECK_EQ(xie_gather(tasks, WAITERS, codes), 0);
    for (int i = 0; i < WAITERS; i++)
        CHECK_EQ(codes[i], 7);
    CHECK_EQ(wait_for(child), 7); /* and afterwards */
    xie_process_close(child);
    return 0;
}

/* Whoever polls for all may be the one that goes. */
WITH_CHILDREN(one_of_several_is_cancelled)
{
    for (int gone = 0; gone < WAITERS; gone++) {
        struct xie_task *tasks[WAITERS];
        struct xie_process *child = kit_reader();
        for (int i = 0; i < WAITERS; i++)
            tasks[i] = xie_spawn(wait_for, child);
        xie_sleep(0);
        xie_task_cancel(tasks[gone]);
        CHECK_EQ(xie_join(tasks[gone]), -ECANCELED);
        for (int i = 0; i < WAITERS; i++)
            CHECK(i == gone || !xie_task_done(tasks[i]));
        xie_process_close_stream(child, 0);
        for (int i = 0; i < WAITERS; i++)
            if (i != gone)
                CHECK_EQ(xie_join(tasks[i]), 0);
        xie_process_close(child);
    }
    return 0;
}

struct pair {
    struct xie_process *process;
    struct xie_task *next;
};

static int wait_and_cancel_next(void *arg)
{
    struct pair *pair = arg;
    int error = xie_process_wait(pair->process, NULL);
    xie_task_cancel(pair->next); /* whose turn it is, but it has not run yet */
    return error;
}

WITH_CHILDREN(one_that_is_cancelled_when_its_turn_comes)
{
    struct pair pair = {.process = kit_reader()};
    struct xie_task *first = xie_spawn(wait_and_cancel_next, &pair);
    xie_sleep(0);
    pair.next = xie_spawn(wait_for, pair.process);
    xie_sleep(0);
    struct xie_task *third = xie_spawn(wait_for, pair.process);
    xie_sleep(0);
    xie_task_cancel(first);
    CHECK_EQ(xie_join(first), -ECANCELED);
    CHECK_EQ(xie_join(pair.next), -ECANCELED);
    xie_process_close_stream(pair.process, 0);
    CHECK_EQ(xie_join(third), 0);
    xie_process_close(pair.process);
    return 0;
}

/* In every order of steps: the first goes, and the second at some moment after it. */
WITH_CHILDREN(both_are_cancelled_at_any_moment)
{
    struct xie_process *child = kit_reader();
    for (int steps = 0; steps < 6; steps++) {
        struct xie_task *first = xie_spawn(wait_for, child), *second = xie_spawn(wait_for, child);
        xie_sleep(0);
        xie_task_cancel(first);
        for (int i = 0; i < steps; i++)
            xie_sleep(0);
        xie_task_cancel(second);
        CHECK_EQ(xie_join(first), -ECANCELED);
        CHECK_EQ(xie_join(second), -ECANCELED);
    }
    xie_process_close_stream(child, 0);
    CHECK_EQ(wait_for(child), 0);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(a_deadline_leaves_the_child_alone)
{
    struct xie_process_status status = {.code = 77};
    struct xie_process *child = kit_reader();
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_process_wait(child, &status), -ETIMEDOUT);
    CHECK_EQ(status.code, 77);
    CHECK_EQ(xie_process_status(child, &status), -EBUSY);
    xie_process_close_stream(child, 0);
    CHECK_EQ(xie_process_wait(child, &status), 0);
    CHECK_EQ(status.code, 0);
    XIE_TIMEOUT(0) /* every call that can wait asks the scope first */
        CHECK_EQ(xie_process_wait(child, &status), -ETIMEDOUT);
    xie_process_close(child);
    return 0;
}

/* --- signals ------------------------------------------------------------------------ */

WITH_CHILDREN(signals_that_cannot_be_sent)
{
    struct xie_process *child = kit_reader();
    CHECK_EQ(xie_process_send_signal(child, 0), 0);
    CHECK_EQ(xie_process_send_signal(child, 999), -EINVAL);
    CHECK_EQ(xie_process_send_signal(child, -1), -EINVAL);
    xie_process_close_stream(child, 0);
    CHECK_EQ(wait_for(child), 0);
    CHECK_EQ(xie_process_send_signal(child, SIGTERM), -ESRCH);
    CHECK_EQ(xie_process_send_signal(child, 0), -ESRCH);
    xie_process_close(child);
    return 0;
}

/* It has ended, and nobody has looked. */
WITH_CHILDREN(a_signal_for_a_zombie)
{
    char line[8];
    int fds[2];
    kit_pipe(fds);
    struct xie_process *child =
        kit_open(&(struct xie_process_options){.argv = ARGV("true"), .out = fds[1]});
    close(fds[1]);
    kit_hear(fds[0], line, sizeof line); /* until it has closed all it had */
    siginfo_t info;
    CHECK_EQ(waitid(P_PID, (id_t)xie_process_pid(child), &info, WEXITED | WNOWAIT), 0);
    CHECK_EQ(xie_process_send_signal(child, SIGTERM), -ESRCH);
    xie_process_close(child);
    return 0;
}

/* --- groups ------------------------------------------------------------------------- */

/* A child whose own children keep a pipe open: it ends when the last of them is gone. */
static struct xie_process *open_family(const char *line, enum xie_process_group group, int *fd)
{
    int fds[2];
    char ready[2] = "";
    kit_pipe(fds);
    struct xie_process *child = kit_open(
        &(struct xie_process_options){.shell = line,
                                      .group = group,
                                      .out = XIE_PROCESS_PIPE,
                                      .fds = &(struct xie_process_fd){.ours = fds[1], .child = 9},
                                      .fd_count = 1});
    close(fds[1]);
    CHECK_EQ(xie_stream_read(xie_process_stream(child, 1), ready, 1), 1);
    *fd = fds[0];
    return child;
}

static const char parent_stays[] = "sleep 1000 >/dev/null & echo; wait";
static const char parent_ends[] = "sleep 1000 >/dev/null & echo";

WITH_CHILDREN(a_signal_reaches_the_whole_group)
{
    for (enum xie_process_group group = XIE_PROCESS_NEW_GROUP; group <= XIE_PROCESS_NEW_SESSION;
         group++) {
        char text[8];
        int fd;
        struct xie_process_status status = {0};
        struct xie_process *child = open_family(parent_stays, group, &fd);
        CHECK_EQ(xie_process_send_signal(child, SIGTERM), 0);
        kit_hear(fd, text, sizeof text); /* ends only when both have */
        CHECK_EQ(xie_process_wait(child, &status), 0);
        CHECK_EQ(status.signal, SIGTERM);
        xie_process_close(child);
    }
    return 0;
}

WITH_CHILDREN(a_signal_reaches_a_group_without_its_leader)
{
    char text[8];
    int fd;
    struct xie_process *child = open_family(parent_ends, XIE_PROCESS_NEW_GROUP, &fd);
    CHECK_EQ(wait_for(child), 0);
    CHECK_EQ(xie_process_send_signal(child, 0), 0);
    CHECK_EQ(xie_process_send_signal(child, SIGTERM), 0);
    kit_hear(fd, text, sizeof text);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(the_close_ends_the_whole_group)
{
    static const char *const lines[] = {parent_stays, parent_ends};
    for (int waited = 0; waited < 2; waited++)
        for (int i = 0; i < 2; i++) {
            char text[8];
            int fd;
            struct xie_process *child = open_family(lines[i], XIE_PROCESS_NEW_GROUP, &fd);
            if (waited && i)
                CHECK_EQ(wait_for(child), 0);
            xie_process_close(child);
            kit_hear(fd, text, sizeof text);
        }
    return 0;
}

WITH_CHILDREN(without_a_group_only_the_child_is_ended)
{
    char text[8] = "";
    int fd;
    struct xie_process *child =
        open_family("(read x; echo $x >&9) </dev/fd/0 & echo; wait", XIE_PROCESS_SAME, &fd);
    xie_process_close(child);
    kit_hear(fd, text, sizeof text); /* the other went on, and ended by itself */
    CHECK_STR(text, "\n");
    return 0;
}

static void numbers_of(const char *text, int *pid, int *group, int *session)
{
    CHECK_EQ(sscanf(text, "%d %d %d", pid, group, session), 3);
}

WITH_CHILDREN(whose_group_and_session)
{
    static const char line[] = "read pid name state parent group session rest </proc/self/stat; "
                               "echo $pid $group $session";
    char text[64];
    int pid, group, session;
    kit_say((struct xie_process_options){.shell = line}, text, sizeof text);
    numbers_of(text, &pid, &group, &session);
    CHECK(group == getpgid(0) && session == getsid(0));
    kit_say((struct xie_process_options){.shell = line, .group = XIE_PROCESS_NEW_GROUP}, text,
            sizeof text);
    numbers_of(text, &pid, &group, &session);
    CHECK(group == pid && session == getsid(0));
    kit_say((struct xie_process_options){.shell = line, .group = XIE_PROCESS_NEW_SESSION}, text,
            sizeof text);
    numbers_of(text, &pid, &group, &session);
    CHECK(group == pid && session == pid);
    return 0;
}

/* --- closing ------------------------------------------------------------------------ */

WITH_CHILDREN(the_close_kills_and_reaps)
{
    struct xie_process *child =
        kit_open(&(struct xie_process_options){.argv = ARGV("sleep", "1000")});
    int pid = xie_process_pid(child);
    CHECK_EQ(kill(pid, 0), 0);
    xie_process_close(child);
    CHECK(kill(pid, 0) == -1 && errno == ESRCH);
    xie_process_close(NULL);
    return 0;
}

WITH_CHILDREN(the_close_of_one_that_has_ended)
{
    for (int waited = 0; waited < 2; waited++) {
        struct xie_process *child =
            kit_open(&(struct xie_process_options){.argv = ARGV("true"), .out = XIE_PROCESS_PIPE});
        if (waited)
            CHECK_EQ(wait_for(child), 0);
        else
            CHECK_EQ(xie_stream_read(xie_process_stream(child, 1), &(char){0}, 1), 0);
        xie_process_close(child);
    }
    return 0;
}

/* Tells that it is ready, and says something when it is asked to end. */
static struct xie_process *open_polite(const char *line, int64_t grace_ns, int *fd)
{
    int fds[2];
    char ready[2];
    kit_pipe(fds);
    struct xie_process *child = kit_open(&(struct xie_process_options){.shell = line,
                                                                       .grace_ns = grace_ns,
                                                                       .in = XIE_PROCESS_PIPE,
                                                                       .out = XIE_PROCESS_PIPE,
                                                                       .err = fds[1]});
    close(fds[1]);
    CHECK_EQ(xie_stream_read(xie_process_stream(child, 1), ready, 1), 1);
    *fd = fds[0];
    return child;
}

static const char says_bye[] =
    "trap 'sleep 0.02; echo bye >&2; exit' TERM; echo; while :; do sleep 0.01; done";

WITH_CHILDREN(the_close_leaves_time_to_end)
{
    char text[8];
    int fd;
    struct xie_process *child = open_polite(says_bye, XIE_HOUR, &fd);
    xie_process_close(child);
    kit_hear(fd, text, sizeof text);
    CHECK_STR(text, "bye\n");
    return 0;
}

WITH_CHILDREN(a_cancelled_scope_shortens_no_grace)
{
    char text[8];
    int fd;
    struct xie_process *child = open_polite(says_bye, XIE_HOUR, &fd);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        xie_process_close(child);
    }
    kit_hear(fd, text, sizeof text);
    CHECK_STR(text, "bye\n");
    return 0;
}

WITH_CHILDREN(when_the_grace_is_over_it_is_killed)
{
    char text[8];
    int fd;
    struct xie_process *child =
        open_polite("trap '' TERM; echo; exec sleep 1000", XIE_MILLISECOND, &fd);
    xie_process_close(child);
    kit_hear(fd, text, sizeof text);
    CHECK_STR(text, "");
    return 0;
}

static int read_one(void *arg)
{
    return (int)xie_stream_read(arg, &(char){0}, 1);
}

WITH_CHILDREN(the_close_ends_those_who_wait)
{
    struct xie_task *tasks[WAITERS];
    struct xie_process *child = kit_open(
        &(struct xie_process_options){.argv = ARGV("sleep", "1000"), .out = XIE_PROCESS_PIPE});
    for (int i = 0; i < WAITERS - 1; i++)
        tasks[i] = xie_spawn(wait_for, child);
    tasks[WAITERS - 1] = xie_spawn(read_one, xie_process_stream(child, 1));
    xie_sleep(0);
    xie_process_close(child);
    for (int i = 0; i < WAITERS - 1; i++)
        CHECK_EQ(xie_join(tasks[i]), XIE_ECLOSED);
    int read = xie_join(tasks[WAITERS - 1]);
    CHECK(read == XIE_ECLOSED || read == 0); /* the child's end may come first */
    return 0;
}

static void close_it(void *arg)
{
    xie_process_close(arg);
}

/* A callback cannot wait: with a task in a call, and with none. */
WITH_CHILDREN(the_close_from_a_callback)
{
    for (int waits = 0; waits < 2; waits++) {
        struct xie_call call = {0};
        struct xie_process *child = kit_reader();
        struct xie_task *task = waits ? xie_spawn(wait_for, child) : NULL;
        xie_sleep(0);
        CHECK_EQ(xie_call_soon(&call, close_it, child), 0);
        xie_sleep(0);
        CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
        if (task)
            CHECK_EQ(xie_join(task), XIE_ECLOSED);
    }
    return 0;
}

/* As one that changed its user would be: but it is we who do. */
WITH_CHILDREN(the_close_of_one_that_may_not_be_signalled)
{
    if (getuid())
        tap_skip("not root, who alone can change users");
    struct xie_process *child = kit_open(&(struct xie_process_options){
        .argv = ARGV("cat"), .in = XIE_PROCESS_PIPE, .out = XIE_PROCESS_PIPE});
    CHECK_EQ(setresuid(65534, 65534, 0), 0);
    CHECK_EQ(xie_process_send_signal(child, SIGTERM), -EPERM);
    xie_process_close(child);
    CHECK_EQ(setresuid(0, 0, 0), 0);
    return 0;
}

/* The task is in its call when the second comes: the memory is there. */
static int close_twice(void *arg)
{
    struct xie_call first = {0}, second = {0};
    struct xie_process *child = kit_reader();
    (void)arg;
    struct xie_task *task = xie_spawn(wait_for, child);
    xie_sleep(0);
    xie_call_soon(&first, close_it, child);
    xie_call_soon(&second, close_it, child);
    return xie_join(task);
}

static void run_close_twice(void *arg)
{
    xie_run(close_twice, arg);
}

static void *close_on_thread(void *arg)
{
    xie_process_close(arg);
    return NULL;
}

static int close_elsewhere(void *arg)
{
    pthread_t thread;
    (void)arg;
    pthread_create(&thread, NULL, close_on_thread, kit_reader());
    pthread_join(thread, NULL);
    return 0;
}

static void run_close_elsewhere(void *arg)
{
    xie_run(close_elsewhere, arg);
}

static void mistakes_abort(void)
{
    char text[512];
    int status = tap_child(run_close_twice, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "closed twice"));
    status = tap_child(run_close_elsewhere, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "another thread's loop"));
}

static void without_a_loop(void)
{
    struct xie_process *child = (void *)1;
    CHECK_EQ(xie_process_open(&(struct xie_process_options){.shell = "exit"}, &child), -EPERM);
    CHECK(child == (void *)1);
}

/* --- other people's children, and other people's habits --------------------------------------- */

WITH_CHILDREN(the_programs_own_children_are_untouched)
{
    int status = -1;
    struct sigaction before, after;
    CHECK_EQ(sigaction(SIGCHLD, NULL, &before), 0);
    pid_t ended = fork();
    if (!ended)
        _exit(5);
    pid_t running = fork();
    if (!running)
        _exit((int)(sleep(1000) * 0) + 6);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(kit_shell("exit 3"), 3);
    CHECK_EQ(sigaction(SIGCHLD, NULL, &after), 0);
    CHECK(before.sa_handler == after.sa_handler);
    CHECK_EQ(waitpid(ended, &status, 0), ended);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
    CHECK_EQ(waitpid(running, NULL, WNOHANG), 0);
    kill(running, SIGKILL);
    CHECK_EQ(waitpid(running, &status, 0), running);
    return 0;
}

/* Linux 6.15 keeps the status for whoever has a pidfd. */
static void check_reaped(int error, const struct xie_process_status *status, int code)
{
    struct utsname system;
    int major = 0, minor = 0;
    uname(&system);
    sscanf(system.release, "%d.%d", &major, &minor);
    bool kept = (major > 6 || (major == 6 && minor >= 15)) && !tap_valgrind();
    if (kept && !tap_slow()) /* on a crowded machine the kernel may take longer than one looks */
        CHECK_EQ(error, 0);
    if (error)
        CHECK_EQ(error, XIE_EREAPED);
    else
        CHECK_EQ(status->code, code);
}

WITH_CHILDREN(a_program_that_ignores_sigchld)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 20; i++) {
        struct xie_process_status status = {.code = 77};
        struct xie_process *child = kit_open(&(struct xie_process_options){.shell = "exit 9"});
        int error = xie_process_wait(child, &status);
        check_reaped(error, &status, 9);
        CHECK_EQ(xie_process_wait(child, &status), error); /* it does not change */
        CHECK_EQ(xie_process_send_signal(child, SIGTERM), -ESRCH);
        xie_process_close(child);
    }
    struct xie_process *child = kit_reader();
    xie_process_close(child);
    CHECK_EQ(xie_process_open(&(struct xie_process_options){.argv = ARGV("/nowhere")}, &child),
             -ENOENT);
    char text[8];
    int fd;
    child = open_family(parent_ends, XIE_PROCESS_NEW_GROUP, &fd);
    (void)xie_process_wait(child, NULL);
    if (xie_process_send_signal(child, SIGKILL)) /* before Linux 6.9 nobody can reach it */
        tap_skip("this kernel cannot signal a group whose leader is gone");
    kit_hear(fd, text, sizeof text);
    xie_process_close(child);
    return 0;
}

WITH_CHILDREN(a_program_that_waits_for_any_child)
{
    struct xie_process_status status = {.code = 77};
    struct xie_process *child = kit_open(&(struct xie_process_options){.shell = "exit 9"});
    CHECK_EQ(waitpid(-1, NULL, 0), xie_process_pid(child));
    check_reaped(xie_process_wait(child, &status), &status, 9);
    xie_process_close(child);
    return 0;
}

/* --- older kernels ------------------------------------------------------------------ */

WITH_CHILDREN(a_kernel_that_knows_less)
{
    char text[32], *line;
    int fd, foreign = open("/dev/null", O_RDONLY); /* not close-on-exec */
    if (tap_valgrind())
        tap_skip("valgrind makes calls of its own");
    refuse((const int[]){SYS_close_range, SYS_pidfd_send_signal, SYS_ioctl, 0}, ENOSYS);

    CHECK_EQ(kit_say((struct xie_process_options){.argv = ARGV("ls", "/proc/self/fd")}, text,
                     sizeof text),
             0);
    CHECK_STR(text, "0\n1\n2\n3\n");
    close(foreign);

    struct xie_process *child = kit_reader();
    CHECK_EQ(xie_process_send_signal(child, 999), -EINVAL);
    CHECK_EQ(xie_process_send_signal(child, SIGKILL), 0);
    CHECK_EQ(wait_for(child), -1);
    CHECK_EQ(xie_process_send_signal(child, SIGKILL), -ESRCH);
    xie_process_close(child);

    child = open_family(parent_ends, XIE_PROCESS_NEW_GROUP, &fd);
    CHECK_EQ(wait_for(child), 0);
    xie_process_close(child);
    kit_hear(fd, text, sizeof text);

    signal(SIGCHLD, SIG_IGN); /* now nobody can tell */
    child = kit_open(&(struct xie_process_options){.shell = "exit 9"});
    for (int i = 0; i < 2; i++)
        CHECK_EQ(xie_process_wait(child, NULL), XIE_EREAPED);
    CHECK_EQ(xie_process_status(child, &(struct xie_process_status){0}), XIE_EREAPED);
    xie_process_close(child);
    child = kit_open(&(struct xie_process_options){.shell = "sleep 1000 >/dev/null & echo $!",
                                                   .out = XIE_PROCESS_PIPE,
                                                   .group = XIE_PROCESS_NEW_GROUP});
    CHECK_EQ(xie_stream_read_line(xie_process_stream(child, 1), &line, NULL), 1);
    int left = atoi(line);
    CHECK_EQ(xie_process_wait(child, NULL), XIE_EREAPED);
    CHECK_EQ(xie_process_send_signal(child, SIGKILL), -ENOSYS); /* the number may be another's */
    xie_process_close(child);
    CHECK(left > 0 && !kill(left, SIGKILL));
    return 0;
}

/* --- many --------------------------------------------------------------------------- */

WITH_CHILDREN(a_thousand_children_at_once)
{
    enum { MOST = 1000 };
    static struct xie_process *children[MOST];
    static struct xie_task *tasks[MOST];
    int count = tap_slow() ? 50 : MOST;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 3000)
        count = (int)limit.rlim_cur / 3;
    for (int i = 0; i < count; i++) {
        children[i] = kit_reader();
        tasks[i] = xie_spawn(wait_for, children[i]);
    }
    xie_sleep(0);
    for (int i = 0; i < count; i++)
        if (i % 2)
            xie_process_close_stream(children[i], 0);
        else
            CHECK_EQ(xie_process_send_signal(children[i], SIGKILL), 0);
    for (int i = 0; i < count; i++)
        CHECK_EQ(xie_join(tasks[i]), i % 2 ? 0 : -1);
    for (int i = 0; i < count; i++)
        xie_process_close(children[i]);
    return 0;
}

/* A debugger that has the zombie keeps it from us; that is not asked for without a pause. */
WITH_CHILDREN(a_debugger_has_the_zombie)
{
    int let_go[2];
    struct xie_process_status status = {0};
    struct xie_process *child = kit_reader();
    pid_t tracer = tap_valgrind() ? 0 : kit_seize(xie_process_pid(child), let_go);
    if (!tracer) {
        xie_process_close(child);
        tap_skip("ptrace(2) is not allowed here");
    }
    CHECK_EQ(xie_process_send_signal(child, SIGKILL), 0);
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_SYSCALL};
    XIE_TIMEOUT(200 * XIE_MILLISECOND)
        CHECK_EQ(xie_process_wait(child, &status), -ETIMEDOUT);
    CHECK(xie_fault_plan.seen < 1000); /* without the pause they were tens of thousands */
    xie_fault_plan.kinds = 0;
    close(let_go[1]);
    CHECK_EQ(waitpid(tracer, NULL, 0), tracer);
    CHECK_EQ(xie_process_wait(child, &status), 0);
    CHECK_EQ(status.signal, SIGKILL);
    xie_process_close(child);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the_code_it_ended_with", the_code_it_ended_with},
        {"the_signal_that_ended_it", the_signal_that_ended_it},
        {"that_it_dumped_core", that_it_dumped_core},
        {"the_status_without_waiting", the_status_without_waiting},
        {"several_tasks_wait_for_one", several_tasks_wait_for_one},
        {"one_of_several_is_cancelled", one_of_several_is_cancelled},
        {"one_that_is_cancelled_when_its_turn_comes", one_that_is_cancelled_when_its_turn_comes},
        {"both_are_cancelled_at_any_moment", both_are_cancelled_at_any_moment},
        {"a_deadline_leaves_the_child_alone", a_deadline_leaves_the_child_alone},
        {"signals_that_cannot_be_sent", signals_that_cannot_be_sent},
        {"a_signal_for_a_zombie", a_signal_for_a_zombie},
        {"a_signal_reaches_the_whole_group", a_signal_reaches_the_whole_group},
        {"a_signal_reaches_a_group_without_its_leader",
         a_signal_reaches_a_group_without_its_leader},
        {"the_close_ends_the_whole_group", the_close_ends_the_whole_group},
        {"without_a_group_only_the_child_is_ended", without_a_group_only_the_child_is_ended},
        {"whose_group_and_session", whose_group_and_session},
        {"the_close_kills_and_reaps", the_close_kills_and_reaps},
        {"the_close_of_one_that_has_ended", the_close_of_one_that_has_ended},
        {"the_close_leaves_time_to_end", the_close_leaves_time_to_end},
        {"a_cancelled_scope_shortens_no_grace", a_cancelled_scope_shortens_no_grace},
        {"when_the_grace_is_over_it_is_killed", when_the_grace_is_over_it_is_killed},
        {"the_close_ends_those_who_wait", the_close_ends_those_who_wait},
        {"the_close_from_a_callback", the_close_from_a_callback},
        {"the_close_of_one_that_may_not_be_signalled", the_close_of_one_that_may_not_be_signalled},
        {"mistakes_abort", mistakes_abort},
        {"without_a_loop", without_a_loop},
        {"the_programs_own_children_are_untouched", the_programs_own_children_are_untouched},
        {"a_program_that_ignores_sigchld", a_program_that_ignores_sigchld},
        {"a_program_that_waits_for_any_child", a_program_that_waits_for_any_child},
        {"a_kernel_that_knows_less", a_kernel_that_knows_less},
        {"a_thousand_children_at_once", a_thousand_children_at_once},
        {"a_debugger_has_the_zombie", a_debugger_has_the_zombie},
        {0},
    };
    return tap_main(argc, argv, tests);
}
