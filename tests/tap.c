/* tap.c - runs the tests of one program, each in a child of its own.
 * Knows nothing of the library. The child tells its failures through shared memory. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

enum {
    LIMIT_S = 20,      /* what a test may take unless it says otherwise */
    SLOW_FACTOR = 10,  /* and this much longer where everything is slower */
    MESSAGE_CAP = 1024 /* one failure's text [bytes] */
};

/* What a test's process tells the one that started it; in a shared mapping, so that a crash
 * and the test's own children lose nothing. */
struct report {
    unsigned failures;
    unsigned limit_s;
    bool skipped;
    char reason[256];
};

static struct report *report;
/* The real standard output: a test's own prints go to stderr, so that they are no TAP. */
static int tap_fd = STDOUT_FILENO;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

bool tap_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD"); /* how valgrind gets into a process */
    return preload && strstr(preload, "vgpreload");
}

bool tap_slow(void)
{
    const char *slow = getenv("XIE_TEST_SLOW"); /* set where a machine is emulated */
    return SANITIZED || tap_valgrind() || (slow && *slow);
}

void tap_limit(unsigned seconds)
{
    __atomic_store_n(&report->limit_s, seconds, __ATOMIC_RELAXED);
}

/* A comment line on the real standard output; a message of several lines stays a comment. */
static void tap_note(const char *message)
{
    char text[2 * MESSAGE_CAP];
    size_t used = 0;
    text[used++] = '#';
    text[used++] = ' ';
    for (const char *c = message; *c && used < sizeof text - 4; c++) {
        text[used++] = *c;
        if (*c == '\n') {
            text[used++] = '#';
            text[used++] = ' ';
        }
    }
    text[used++] = '\n';
    /* One write, so that lines of several processes do not mix. */
    if (write(tap_fd, text, used) < 0)
        _exit(1);
}

void tap_failed(const char *file, int line, const char *format, ...)
{
    char message[MESSAGE_CAP];
    int place = snprintf(message, sizeof message, "%s:%d: ", file, line);
    size_t used = (size_t)place < sizeof message ? (size_t)place : 0;
    va_list args;
    va_start(args, format);
    vsnprintf(message + used, sizeof message - used, format, args);
    va_end(args);
    __atomic_add_fetch(&report->failures, 1, __ATOMIC_RELAXED);
    tap_note(message);
}

void tap_end(void)
{
    /* Not exit(): this may be a coroutine's stack, with half the test still on others. */
    _exit(1);
}

void tap_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(report->reason, sizeof report->reason, format, args);
    va_end(args);
    report->skipped = true;
    _exit(0);
}

/* Read a pipe to its end into text, dropping what does not fit. */
static void read_all(int fd, char *text, unsigned cap)
{
    char chunk[512];
    unsigned used = 0;
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        unsigned room = cap > used + 1 ? cap - used - 1 : 0;
        unsigned take = (unsigned)got < room ? (unsigned)got : room;
        memcpy(text + used, chunk, take);
        used += take;
    }
    if (cap)
        text[used] = '\0';
}

int tap_child(void (*fn)(void *arg), void *arg, char *text, unsigned cap)
{
    int ends[2], status = -1;
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* its crash is expected */
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        fn(arg);
        _exit(0);
    }
    close(ends[1]);
    read_all(ends[0], text, cap);
    close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int64_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Wait for the child, at most for its limit. Returns false when it had to be killed. */
static bool await(pid_t child, const sigset_t *chld, int *status)
{
    int64_t start = seconds_now();
    const struct timespec tick = {.tv_sec = 1};
    for (;;) {
        pid_t got = waitpid(child, status, WNOHANG);
        if (got == child)
            return true;
        int64_t limit = __atomic_load_n(&report->limit_s, __ATOMIC_RELAXED);
        if (seconds_now() - start > (tap_slow() ? limit * SLOW_FACTOR : limit))
            break;
        sigtimedwait(chld, NULL, &tick);
    }
    kill(-child, SIGKILL);
    waitpid(child, status, 0);
    return false;
}

/* The child's side. */
static void run_child(const struct tap_test *test, const sigset_t *mask)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    test->run();
    exit(0); /* through atexit, where leaks are looked for */
}

/* Tell in words what is wrong with the way the test ended; false when nothing is. */
static bool ended_badly(bool in_time, int status, char *why, size_t cap)
{
    if (!in_time) {
        snprintf(why, cap, "took longer than %u s: killed", report->limit_s);
        return true;
    }
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        snprintf(why, cap, "killed by SIG%s (%s)", name ? name : "?", strsignal(WTERMSIG(status)));
        return true;
    }
    if (WEXITSTATUS(status) && !report->failures) {
        snprintf(why, cap, "ended with code %d", WEXITSTATUS(status));
        return true;
    }
    return false;
}

/* Returns true when the test passed or was skipped. */
static bool run_one(unsigned number, const struct tap_test *test)
{
    sigset_t chld, before;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &before);
    *report = (struct report){.limit_s = LIMIT_S};
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        printf("not ok %u - %s\n# fork: %s\n", number, test->name, strerror(errno));
        return false;
    }
    if (child == 0)
        run_child(test, &before);
    setpgid(child, child); /* both sides do it: whichever is first */
    int status = 0;
    bool in_time = await(child, &chld, &status);
    kill(-child, SIGKILL); /* what the test started and left */
    sigprocmask(SIG_SETMASK, &before, NULL);

    char why[256];
    bool bad = ended_badly(in_time, status, why, sizeof why);
    if (bad)
        tap_note(why);
    bad = bad || report->failures;
    printf("%s %u - %s%s%s\n", bad ? "not ok" : "ok", number, test->name,
           !bad && report->skipped ? " # SKIP " : "", !bad ? report->reason : "");
    return !bad;
}

static bool wanted(const struct tap_test *test, const char *filter)
{
    return !filter || strstr(test->name, filter);
}

/* Containers often refuse io_uring; then its tests are skipped, not failed. */
static bool backend_refused(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (!backend || strcmp(backend, "uring"))
        return false;
    struct io_uring_params params = {0};
    int fd = (int)syscall(SYS_io_uring_setup, 1, &params);
    if (fd >= 0)
        close(fd);
    return fd < 0 || !(params.features & IORING_FEAT_RSRC_TAGS); /* Linux 5.13 */
}

static int usage(const char *program, FILE *to, int code)
{
    fprintf(to,
            "usage: %s [--list | PART-OF-A-NAME]\n"
            "Run the tests, or list them, or run those whose name contains the argument.\n",
            program);
    return code;
}

/* As at the beginning of a program, whatever nohup(1) or a shell's & had ignored. */
static void default_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
}

int tap_main(int argc, char **argv, const struct tap_test *tests)
{
    const char *filter = argc > 1 ? argv[1] : NULL;
    bool list = filter && !strcmp(filter, "--list");
    if (filter && !strcmp(filter, "--help"))
        return usage(argv[0], stdout, 0);
    if (argc > 2 || (filter && filter[0] == '-' && !list))
        return usage(argv[0], stderr, 2);

    unsigned count = 0, number = 0, failed = 0;
    for (const struct tap_test *test = tests; test->name; test++) {
        if (list)
            puts(test->name);
        else if (wanted(test, filter))
            count++;
    }
    if (list)
        return 0;
    if (!count) {
        fprintf(stderr, "%s: no test's name contains \"%s\"\n", argv[0], filter ? filter : "");
        return 2;
    }
    if (backend_refused()) {
        puts("1..0 # SKIP this kernel refuses io_uring, or has an old one");
        return 0;
    }
    default_signals();
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* High, so that tests find the low numbers as they would in a program. */
    int high = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 200);
    tap_fd = high < 0 ? STDOUT_FILENO : high;
    printf("1..%u\n", count);
    for (const struct tap_test *test = tests; test->name; test++)
        if (wanted(test, filter))
            failed += !run_one(++number, test);
    munmap(report, sizeof *report);
    return failed ? 1 : 0;
}
