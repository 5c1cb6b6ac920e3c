/* process_start.c - the promises of xie_process_open: what a child is given, and what goes wrong.
 */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "io/process_kit.h"

/* A folder for one test, with a script in it. */
static char folder[] = "/tmp/xie-start-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make_file(const char *name, const char *text, mode_t mode)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    REQUIRE(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void make_folder(void)
{
    REQUIRE(mkdtemp(folder) != NULL);
    make_file("tool", "#!/bin/sh\necho tool $*\n", 0755);
    make_file("text", "echo text\n", 0755);
    make_file("closed", "#!/bin/sh\necho closed\n", 0644);
    make_file("lost", "#!/nowhere/sh\n", 0755);
    REQUIRE(mkdir(in_folder("sub"), 0755) == 0);
    make_file("sub/tool", "no program\n", 0644);
}

static void remove_folder(void)
{
    char line[64];
    snprintf(line, sizeof line, "rm -r %s", folder);
    CHECK_EQ(kit_shell(line), 0);
}

static void expect(struct xie_process_options options, const char *text)
{
    char out[256];
    CHECK_EQ(kit_say(options, out, sizeof out), 0);
    CHECK_STR(out, text);
}

static void refuse(struct xie_process_options options, int error)
{
    struct xie_process *process = (void *)1;
    CHECK_EQ(xie_process_open(&options, &process), error);
    CHECK(process == (void *)1); /* untouched */
}

/* --- the program -------------------------------------------------------------------- */

WITH_CHILDREN(where_the_program_is_looked_for)
{
    char path[128], other[128];
    const char *const tool[] = {"tool", "a", "b c", NULL};
    make_folder();
    snprintf(path, sizeof path, "PATH=/nowhere:%s:/bin", folder);
    expect((struct xie_process_options){.argv = tool, .env = ARGV(path)}, "tool a b c\n");
    setenv("PATH", path + 5, 1);
    expect((struct xie_process_options){.argv = tool}, "tool a b c\n");
    /* An empty place, first, in the middle, or last, is the working directory. */
    static const char *const empty[] = {"PATH=:/bin", "PATH=/nowhere::/bin",
                                        "PATH=/nowhere:", "PATH="};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        expect((struct xie_process_options){.argv = tool, .env = ARGV(empty[i]), .cwd = folder},
               "tool a b c\n");
    /* One that may not be executed hides no other; but if there is no other, it says so. */
    snprintf(other, sizeof other, "PATH=%s/sub:/etc/passwd:%s:/bin", folder, folder);
    expect((struct xie_process_options){.argv = tool, .env = ARGV(other)}, "tool a b c\n");
    snprintf(other, sizeof other, "PATH=%s/sub:/bin", folder);
    refuse((struct xie_process_options){.argv = tool, .env = ARGV(other)}, -EACCES);
    /* Without a PATH: where every system has its own. */
    expect((struct xie_process_options){.argv = ARGV("echo", "x"), .env = ARGV("A=1")}, "x\n");
    /* With a '/' nowhere else, and from the new working directory on. */
    expect((struct xie_process_options){.argv = ARGV("./tool"), .cwd = folder}, "tool\n");
    refuse((struct xie_process_options){.argv = ARGV("sub/none"), .cwd = folder}, -ENOENT);
    expect((struct xie_process_options){.argv = ARGV("name", "-c", "echo $0"), .program = "sh"},
           "name\n");
    remove_folder();
    return 0;
}

WITH_CHILDREN(programs_that_cannot_be_executed)
{
    static char large[200000];
    make_folder();
    struct xie_process_options options = {.cwd = folder};
    static const struct {
        const char *name;
        int error;
    } programs[] = {{"./none", -ENOENT},    {"", -ENOENT},      {"no-such-program", -ENOENT},
                    {"./closed", -EACCES},  {"./sub", -EACCES}, {"./text", -ENOEXEC},
                    {"./text/x", -ENOTDIR}, {"./lost", -ENOENT}};
    size_t count = sizeof programs / sizeof *programs;
    if (tap_valgrind()) /* which gives up on the last, and on what is too large */
        count--;
    for (size_t i = 0; i < count; i++) {
        options.argv = ARGV(programs[i].name);
        refuse(options, programs[i].error);
    }
    memset(large, 'x', sizeof large - 1);
    options.argv = ARGV("true", large); /* one argument may have 128 KiB */
    if (!tap_valgrind())
        refuse(options, -E2BIG);
    options.argv = ARGV("cat");
    options.in = options.out = options.err = XIE_PROCESS_PIPE;
    options.program = "/nowhere/cat";
    refuse(options, -ENOENT);
    remove_folder();
    return 0;
}

WITH_CHILDREN(the_working_directory)
{
    char here[256];
    expect((struct xie_process_options){.argv = ARGV("pwd"), .cwd = "/usr"}, "/usr\n");
    REQUIRE(getcwd(here, sizeof here - 1) != NULL);
    strcat(here, "\n");
    expect((struct xie_process_options){.argv = ARGV("pwd")}, here);
    refuse((struct xie_process_options){.argv = ARGV("pwd"), .cwd = "/nowhere"}, XIE_EDIRECTORY);
    refuse((struct xie_process_options){.argv = ARGV("pwd"), .cwd = "/etc/passwd"}, XIE_EDIRECTORY);
    refuse((struct xie_process_options){.argv = ARGV("pwd"), .cwd = ""}, XIE_EDIRECTORY);
    /* Which of the two is missing can be told. */
    refuse((struct xie_process_options){.argv = ARGV("/nowhere/pwd"), .cwd = "/"}, -ENOENT);
    return 0;
}

WITH_CHILDREN(the_environment)
{
    setenv("XIE_TEST_HERE", "ours", 1);
    expect((struct xie_process_options){.shell = "echo $XIE_TEST_HERE"}, "ours\n");
    expect((struct xie_process_options){.argv = ARGV("env"), .env = ARGV("A=1", "B= 2")},
           "A=1\nB= 2\n");
    expect((struct xie_process_options){.argv = ARGV("env"), .env = ARGV((char *)NULL)}, "");
    return 0;
}

WITH_CHILDREN(options_that_cannot_be)
{
    const char *const none[] = {NULL};
    struct xie_process_fd fds[65], twice[] = {{1, 3}, {1, 3}}, low = {1, 2}, closed = {999, 3};
    struct xie_process_options options = {0};
    refuse(options, -EINVAL);
    options.argv = none;
    refuse(options, -EINVAL);
    options.shell = "exit";
    refuse(options, -EINVAL);
    options.argv = ARGV("true");
    refuse(options, -EINVAL);
    options.shell = NULL;

    struct xie_process_options bad = options;
    bad.in = XIE_PROCESS_STDOUT;
    refuse(bad, -EINVAL);
    bad.in = -4;
    refuse(bad, -EINVAL);
    bad.in = 999;
    refuse(bad, -EBADF);

    bad = options;
    bad.fds = twice;
    bad.fd_count = 2;
    refuse(bad, -EINVAL);
    bad.fds = &low;
    bad.fd_count = 1;
    refuse(bad, -EINVAL);
    bad.fds = &closed;
    refuse(bad, -EBADF);
    for (int i = 0; i < 65; i++)
        fds[i] = (struct xie_process_fd){1, 3 + i};
    bad.fds = fds;
    bad.fd_count = 65;
    refuse(bad, -EINVAL);
    bad.fd_count = 64;
    expect(bad, "");

    bad = options;
    bad.grace_ns = -1;
    refuse(bad, -EINVAL);
    bad = options;
    bad.death_signal = 999;
    refuse(bad, -EINVAL);
    bad.death_signal = -1;
    refuse(bad, -EINVAL);
    bad = options;
    bad.output_limit = SIZE_MAX;
    refuse(bad, -EINVAL);
    expect(options, "");
    return 0;
}

/* --- descriptors -------------------------------------------------------------------- */

static const char to_both[] = "echo out; echo err >&2";

WITH_CHILDREN(where_standard_streams_go)
{
    struct xie_process_result result = {0};
    struct xie_process_options options = {
        .shell = to_both, .out = XIE_PROCESS_PIPE, .err = XIE_PROCESS_PIPE};
    CHECK_EQ(xie_process_run(&options, NULL, 0, &result), 0);
    CHECK_STR(result.out, "out\n");
    CHECK_STR(result.err, "err\n");
    xie_process_result_fini(&result);

    options.err = XIE_PROCESS_STDOUT;
    CHECK_EQ(xie_process_run(&options, NULL, 0, &result), 0);
    CHECK_STR(result.out, "out\nerr\n");
    CHECK(!result.err && !result.err_len);
    xie_process_result_fini(&result);

    options.err = XIE_PROCESS_NULL;
    expect(options, "out\n");
    expect((struct xie_process_options){.argv = ARGV("cat"), .in = XIE_PROCESS_NULL}, "");
    CHECK_EQ(kit_shell("echo x"), 0); /* to /dev/null: not among the lines of the tests */
    return 0;
}

WITH_CHILDREN(descriptors_given_for_standard_streams)
{
    char text[16];
    int in[2], out[2];
    kit_pipe(in);
    kit_pipe(out);
    CHECK_EQ(write(in[1], "there\n", 6), 6);
    close(in[1]);
    struct xie_process *child = kit_open(&(struct xie_process_options){
        .shell = "cat; echo back >&2", .in = in[0], .out = out[1], .err = XIE_PROCESS_STDOUT});
    CHECK(!xie_process_stream(child, 0) && !xie_process_stream(child, 1));
    CHECK(!xie_process_stream(child, 2) && !xie_process_stream(child, 3));
    CHECK(!xie_process_stream(child, -1));
    xie_process_close_stream(child, 0); /* harmless */
    close(in[0]);
    close(out[1]);
    kit_hear(out[0], text, sizeof text);
    CHECK_STR(text, "there\nback\n");
    xie_process_close(child);
    return 0;
}

/* What is inherited counts as well: err to where our own output goes. */
static int merge_inherited(void *arg)
{
    dup2(*(int *)arg, STDOUT_FILENO);
    dup2(*(int *)arg, STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    struct xie_process *child =
        kit_open(&(struct xie_process_options){.shell = to_both, .err = XIE_PROCESS_STDOUT});
    int error = xie_process_wait(child, NULL);
    xie_process_close(child);
    return error;
}

static void run_merge_inherited(void *arg)
{
    if (xie_run(merge_inherited, arg))
        _exit(1);
}

static void standard_error_goes_where_ours_goes(void)
{
    char text[64];
    int fds[2];
    kit_pipe(fds);
    CHECK_EQ(tap_child(run_merge_inherited, &fds[1], text, sizeof text), 0);
    close(fds[1]);
    ssize_t got = read(fds[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    CHECK_STR(text, "out\nerr\n");
    close(fds[0]);
}

/* Each number in the child is another's number here, in a ring. */
WITH_CHILDREN(descriptors_that_change_places)
{
    enum { COUNT = 20 };
    struct xie_process_fd fds[COUNT];
    char line[COUNT * 24] = "", want[COUNT * 8] = "", text[COUNT * 8];
    int own[COUNT];
    for (int i = 0; i < COUNT; i++) {
        int ends[2];
        char letter[2] = {(char)('a' + i), '\n'};
        kit_pipe(ends);
        CHECK_EQ(write(ends[1], letter, 2), 2);
        close(ends[1]);
        own[i] = ends[0];
    }
    for (int i = 0; i < COUNT; i++) {
        size_t used = strlen(line);
        fds[i] = (struct xie_process_fd){.ours = own[i], .child = own[(i + 1) % COUNT]};
        snprintf(line + used, sizeof line - used, "cat /dev/fd/%d;", fds[i].child);
        snprintf(want + 2 * i, 3, "%c\n", 'a' + i);
    }
    struct xie_process_options options = {.shell = line, .fds = fds, .fd_count = COUNT};
    CHECK_EQ(kit_say(options, text, sizeof text), 0);
    CHECK_STR(text, want);
    for (int i = 0; i < COUNT; i++)
        close(own[i]);
    return 0;
}

/* The standard ones, too, may be given in a circle. */
static int swap_standard(void *arg)
{
    int null = open("/dev/null", O_WRONLY);
    dup2(*(int *)arg, STDERR_FILENO);
    dup2(null, STDOUT_FILENO);
    struct xie_process *child = kit_open(&(struct xie_process_options){
        .shell = to_both, .out = STDERR_FILENO, .err = STDOUT_FILENO});
    int error = xie_process_wait(child, NULL);
    xie_process_close(child);
    return error;
}

static void run_swap_standard(void *arg)
{
    if (xie_run(swap_standard, arg))
        _exit(1);
}

static void standard_streams_change_places(void)
{
    char text[64];
    int fds[2];
    kit_pipe(fds);
    CHECK_EQ(tap_child(run_swap_standard, &fds[1], text, sizeof text), 0);
    close(fds[1]);
    ssize_t got = read(fds[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    CHECK_STR(text, "out\n");
    close(fds[0]);
}

/* The child's streams stand where ours were closed. */
static int without_standard(void *arg)
{
    int *report = arg;
    char text[16] = "";
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    struct xie_process_result result = {0};
    struct xie_process_options options = {.shell = "cat; echo err >&2",
                                          .in = XIE_PROCESS_PIPE,
                                          .out = XIE_PROCESS_PIPE,
                                          .err = XIE_PROCESS_PIPE};
    int error = xie_process_run(&options, "in\n", 3, &result);
    if (!error)
        snprintf(text, sizeof text, "%s%s", result.out, result.err);
    xie_process_result_fini(&result);
    return error ? error : (int)write(report[1], text, strlen(text));
}

static void run_without_standard(void *arg)
{
    _exit(xie_run(without_standard, arg) < 0);
}

static void a_program_without_standard_streams(void)
{
    char text[64];
    int fds[2];
    kit_pipe(fds);
    CHECK_EQ(tap_child(run_without_standard, fds, text, sizeof text), 0);
    close(fds[1]);
    ssize_t got = read(fds[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    CHECK_STR(text, "in\nerr\n");
    close(fds[0]);
}

WITH_CHILDREN(a_child_has_no_other_descriptor)
{
    int foreign = open("/dev/null", O_RDONLY), high = fcntl(foreign, F_DUPFD, 500); /* as others */
    struct xie_stream *pair[2];
    kit_pair(pair);
    struct xie_process *child = kit_reader();
    expect((struct xie_process_options){.argv = ARGV("ls", "/proc/self/fd")}, "0\n1\n2\n3\n");
    expect((struct xie_process_options){.argv = ARGV("ls", "/proc/self/fd"),
                                        .fds = &(struct xie_process_fd){foreign, 700},
                                        .fd_count = 1},
           "0\n1\n2\n3\n700\n");
    xie_process_close(child);
    kit_close(pair);
    close(foreign);
    close(high);
    return 0;
}

/* What another thread's fork and exec would take along otherwise. */
WITH_CHILDREN(our_ends_are_close_on_exec)
{
    bool before[256];
    for (int fd = 0; fd < 256; fd++)
        before[fd] = fcntl(fd, F_GETFD) >= 0;
    struct xie_process *child = kit_open(&(struct xie_process_options){.argv = ARGV("cat"),
                                                                       .in = XIE_PROCESS_PIPE,
                                                                       .out = XIE_PROCESS_PIPE,
                                                                       .err = XIE_PROCESS_PIPE});
    int made = 0;
    for (int fd = 0; fd < 256; fd++)
        if (!before[fd] && fcntl(fd, F_GETFD) >= 0) {
            made++;
            CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
        }
    CHECK_EQ(made, 4); /* three pipes and the pidfd */
    xie_process_close(child);
    return 0;
}

/* --- signals ------------------------------------------------------------------------ */

static void nothing(int number)
{
    (void)number;
}

WITH_CHILDREN(signals_are_as_at_the_beginning)
{
    sigset_t some, before;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &some, &before);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, nothing);
    expect(
        (struct xie_process_options){
            .argv = ARGV("sed", "-n", "s/^Sig\\(Blk\\|Ign\\|Cgt\\):.//p", "/proc/self/status")},
        "0000000000000000\n0000000000000000\n0000000000000000\n");
    sigset_t now;
    sigprocmask(SIG_SETMASK, &before, &now);
    CHECK(sigismember(&now, SIGTERM) && sigismember(&now, SIGRTMIN) && !sigismember(&now, SIGINT));
    return 0;
}

static pid_t storm_pid;
static int storm_strange, storm_over;

/* In a child that shares our memory this would be seen here. */
static void storm_handler(int number)
{
    (void)number;
    if (getpid() != storm_pid)
        __atomic_store_n(&storm_strange, 1, __ATOMIC_RELAXED);
}

/* Signals for the process, and children of others, without an end. */
static void *storm(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&storm_over, __ATOMIC_RELAXED)) {
        kill(storm_pid, SIGUSR1);
        void *memory = malloc(100000);
        __asm__ volatile("" ::"r"(memory) : "memory");
        free(memory);
        sched_yield();
    }
    return NULL;
}

WITH_CHILDREN(beside_threads_and_signals)
{
    enum { THREADS = 2 };
    pthread_t threads[THREADS];
    storm_pid = getpid();
    signal(SIGUSR1, storm_handler);
    for (int i = 0; i < THREADS; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, storm, NULL));
    for (int i = 0; i < (tap_slow() ? 10 : 50); i++) {
        CHECK_EQ(kit_shell("exit 4"), 4);
        refuse((struct xie_process_options){.argv = ARGV("/nowhere")}, -ENOENT);
    }
    __atomic_store_n(&storm_over, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK(!storm_strange);
    return 0;
}

struct death {
    int report[2]; /* the child has the end to write to */
    int hold[2];   /* open until the test is over */
};

static int die_first(void *arg)
{
    static struct xie_process *child; /* never closed */
    struct death *death = arg;
    child =
        kit_open(&(struct xie_process_options){.argv = ARGV("cat"),
                                               .in = XIE_PROCESS_PIPE,
                                               .fds = &(struct xie_process_fd){death->report[1], 9},
                                               .fd_count = 1,
                                               .death_signal = SIGKILL});
    if (!fork()) { /* keeps the pipe open: its end is not what ends the child */
        close(death->report[1]);
        close(death->hold[1]);
        close(STDERR_FILENO);
        _exit((int)read(death->hold[0], &(char){0}, 1));
    }
    CHECK(child);
    kill(getpid(), SIGKILL);
    return 0;
}

static void run_die_first(void *arg)
{
    xie_run(die_first, arg);
}

static void a_child_is_told_of_our_death(void)
{
    char text[64];
    struct death death;
    kit_pipe(death.report);
    kit_pipe(death.hold);
    int status = tap_child(run_die_first, &death, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(death.report[1]);
    CHECK_EQ(read(death.report[0], text, 1), 0); /* returns when the child is gone */
    close(death.report[0]);
    close(death.hold[0]);
    close(death.hold[1]);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"where_the_program_is_looked_for", where_the_program_is_looked_for},
        {"programs_that_cannot_be_executed", programs_that_cannot_be_executed},
        {"the_working_directory", the_working_directory},
        {"the_environment", the_environment},
        {"options_that_cannot_be", options_that_cannot_be},
        {"where_standard_streams_go", where_standard_streams_go},
        {"descriptors_given_for_standard_streams", descriptors_given_for_standard_streams},
        {"standard_error_goes_where_ours_goes", standard_error_goes_where_ours_goes},
        {"descriptors_that_change_places", descriptors_that_change_places},
        {"standard_streams_change_places", standard_streams_change_places},
        {"a_program_without_standard_streams", a_program_without_standard_streams},
        {"a_child_has_no_other_descriptor", a_child_has_no_other_descriptor},
        {"our_ends_are_close_on_exec", our_ends_are_close_on_exec},
        {"signals_are_as_at_the_beginning", signals_are_as_at_the_beginning},
        {"beside_threads_and_signals", beside_threads_and_signals},
        {"a_child_is_told_of_our_death", a_child_is_told_of_our_death},
        {0},
    };
    return tap_main(argc, argv, tests);
}
