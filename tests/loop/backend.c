/* backend.c - which backend is chosen, and what happens where one is not to be had. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "ops.h"
#include "refuse.h"

#ifdef SYS_epoll_wait
#define EPOLL_MILLISECONDS SYS_epoll_wait
#else
#define EPOLL_MILLISECONDS SYS_epoll_pwait
#endif

static const char *const names[] = {"epoll", "poll", "uring"};
enum { NAMES = 3 };

static bool available(const char *name)
{
    struct xie_loop_options options = {.backend = name};
    if (xie_loop_open(&loop, &options))
        return false;
    xie_loop_close(&loop);
    return true;
}

/* --- choosing ----------------------------------------------------------------------- */

static void by_name(void)
{
    for (int i = 0; i < NAMES; i++) {
        struct xie_loop_options options = {.backend = names[i]};
        if (!available(names[i]))
            continue;
        setenv("XIE_BACKEND", "nonsense", 1); /* the options come first */
        CHECK_EQ(xie_loop_open(&loop, &options), 0);
        CHECK_STR(xie_loop_backend(&loop), names[i]);
        xie_loop_close(&loop);
        setenv("XIE_BACKEND", names[i], 1);
        CHECK_EQ(xie_loop_open(&loop, NULL), 0);
        CHECK_STR(xie_loop_backend(&loop), names[i]);
        xie_loop_close(&loop);
    }
}

static void the_best_without_a_name(void)
{
    const char *best = available("uring") ? "uring" : "epoll";
    unsetenv("XIE_BACKEND");
    CHECK_EQ(xie_loop_open(&loop, NULL), 0);
    CHECK_STR(xie_loop_backend(&loop), best);
    xie_loop_close(&loop);
    setenv("XIE_BACKEND", "", 1);
    CHECK_EQ(xie_loop_open(&loop, NULL), 0);
    CHECK_STR(xie_loop_backend(&loop), best);
    xie_loop_close(&loop);
}

static void open_nonsense(void *arg)
{
    struct xie_loop_options options = {.backend = arg};
    setenv("XIE_BACKEND", "nonsense", 1);
    _exit(xie_loop_open(&loop, &options) == -EINVAL ? 0 : 1);
}

static void an_unknown_name_is_explained(void)
{
    char text[256];
    CHECK_EQ(tap_child(open_nonsense, NULL, text, sizeof text), 0);
    CHECK(strstr(text, "xie: XIE_BACKEND=nonsense is not one of this build's: "));
    CHECK(strstr(text, "epoll, ") && strstr(text, "poll, sim\n"));
    CHECK_EQ(tap_child(open_nonsense, "elsewhere", text, sizeof text), 0);
    CHECK(strstr(text, "xie: backend elsewhere is not one of this build's: "));
}

/* --- a kernel or a sandbox that refuses --------------------------------------------- */

struct refusal {
    int calls[4]; /* ended by 0 */
    int error;
    const char *backend; /* asked for by name; NULL: none */
    const char *expected;
};

/* Exits with 0 when the expected backend was got, and works. */
static void open_refused(void *arg)
{
    const struct refusal *refusal = arg;
    struct xie_loop_options options = {.backend = refusal->backend};
    int fds[2];
    char got = 0;
    unsetenv("XIE_BACKEND");
    refuse(refusal->calls, refusal->error);
    int error = xie_loop_open(&loop, &options);
    if (!refusal->expected)
        _exit(error == -refusal->error ? 0 : 2);
    if (error || strcmp(xie_loop_backend(&loop), refusal->expected))
        _exit(3);
    make_pair(fds);
    struct probe reader = recv_probe(fds[1], &got, 1);
    probe_start(&reader);
    send_all(fds[0], "x", 1);
    if (probe_finish(&reader) != 1 || got != 'x')
        _exit(4);
    int64_t start = xie_now(), pause = XIE_MILLISECOND - 1;
    if (loop.backend->wait(&loop, pause) || xie_now() - start < pause)
        _exit(5);
    xie_loop_close(&loop);
    _exit(0);
}

static void check_refusal(struct refusal refusal, const char *said)
{
    char text[256];
    int status = tap_child(open_refused, &refusal, text, sizeof text);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        tap_skip("no seccomp");
    CHECK_EQ(status, 0);
    CHECK_STR(text, said);
}

static void without_io_uring_epoll_is_taken_silently(void)
{
    check_refusal((struct refusal){{SYS_io_uring_setup}, EPERM, NULL, "epoll"}, "");
    check_refusal((struct refusal){{SYS_io_uring_setup}, ENOSYS, NULL, "epoll"}, "");
    check_refusal((struct refusal){{SYS_io_uring_setup}, ENOMEM, NULL, "epoll"}, "");
}

static void a_ring_that_cannot_be_entered_is_noticed(void)
{
    check_refusal((struct refusal){{SYS_io_uring_enter}, EPERM, NULL, "epoll"}, "");
    check_refusal((struct refusal){{SYS_io_uring_register}, EPERM, NULL, "epoll"}, "");
}

static void without_epoll_poll_is_taken_silently(void)
{
    check_refusal((struct refusal){{SYS_io_uring_setup, SYS_epoll_create1}, EPERM, NULL, "poll"},
                  "");
}

static void a_named_one_that_is_refused_is_an_error(void)
{
    check_refusal((struct refusal){{SYS_epoll_create1}, EPERM, "epoll", NULL},
                  "xie: backend epoll cannot be used here: Operation not permitted\n");
}

static void epoll_without_nanoseconds_is_never_early(void)
{
    check_refusal((struct refusal){{SYS_epoll_pwait2}, ENOSYS, "epoll", "epoll"}, "");
}

/* Shown by refusing what it would fall back to. */
static void epoll_waits_by_nanoseconds_where_it_can(void)
{
    struct epoll_event event;
    struct timespec now = {0};
    if (tap_slow() || (epoll_pwait2(-1, &event, 1, &now, NULL) && errno == ENOSYS))
        tap_skip("this kernel cannot");
    check_refusal((struct refusal){{EPOLL_MILLISECONDS}, EPERM, "epoll", "epoll"}, "");
}

/* --- failures on the way ------------------------------------------------------------ */

static int descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    REQUIRE(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Each allocation and each system call of the opening fails once, without a leak. */
static void opening_fails_cleanly(void)
{
    static const unsigned kinds[] = {XIE_FAULT_MEMORY, XIE_FAULT_SYSCALL};
    for (int i = 0; i < NAMES; i++) {
        struct xie_loop_options options = {.backend = names[i]};
        if (!available(names[i]))
            continue;
        for (int k = 0; k < 2; k++) {
            int before = descriptors(), failures = 0;
            size_t live = xie_alloc_live();
            for (uint64_t nth = 1;; nth++) {
                xie_fault_plan = (struct xie_fault){kinds[k], nth, false, -ENOMEM, 0, 0};
                int error = xie_loop_open(&loop, &options);
                bool failed = xie_fault_plan.failed;
                xie_fault_plan.kinds = 0;
                if (!error)
                    xie_loop_close(&loop);
                CHECK_EQ(descriptors(), before);
                CHECK_EQ(xie_alloc_live(), live);
                if (!failed)
                    break;
                CHECK_EQ(error, -ENOMEM);
                failures++;
            }
            CHECK(failures >= 1);
        }
    }
}

/* The operation says what failed; the next try works. */
static void a_wait_that_cannot_be_armed_fails_cleanly(void)
{
    static const unsigned kinds[] = {XIE_FAULT_MEMORY, XIE_FAULT_SYSCALL};
    for (int i = 0; i < NAMES; i++)
        for (int k = 0; k < 2; k++)
            for (uint64_t nth = 1, failed = 1; failed; nth++) {
                struct xie_loop_options options = {.backend = names[i]};
                int fds[2];
                char got = 0;
                if (!available(names[i]))
                    break;
                REQUIRE(!xie_loop_open(&loop, &options));
                make_pair(fds);
                struct probe reader = recv_probe(fds[1], &got, 1);
                xie_fault_plan = (struct xie_fault){kinds[k], nth, false, -ENOSPC, 0, 0};
                probe_start(&reader);
                failed = xie_fault_plan.failed;
                xie_fault_plan.kinds = 0;
                if (failed) {
                    CHECK(reader.at_once);
                    CHECK_EQ(reader.op.result, k ? -ENOSPC : -ENOMEM);
                    probe_start(&reader);
                }
                CHECK(!reader.at_once);
                send_all(fds[0], "x", 1);
                CHECK_EQ(probe_finish(&reader), 1);
                shut(fds[0]);
                shut(fds[1]);
                loop_end();
            }
}

static void an_operation_can_be_made_to_fail(void)
{
    for (int i = 0; i < NAMES; i++) {
        struct xie_loop_options options = {.backend = names[i]};
        int fds[2];
        char got = 0;
        if (xie_loop_open(&loop, &options))
            continue;
        make_pair(fds);
        struct probe reader = recv_probe(fds[1], &got, 1);
        xie_fault_plan = (struct xie_fault){XIE_FAULT_OPERATION, 1, false, -ECONNRESET, 0, 0};
        probe_start(&reader);
        xie_fault_plan.kinds = 0;
        CHECK(reader.at_once);
        CHECK_EQ(reader.op.result, -ECONNRESET);
        CHECK_EQ(reader.op.state, XIE_OP_DONE);
        CHECK_EQ(loop.pending, 0);
        shut(fds[0]);
        shut(fds[1]);
        loop_end();
    }
}

/* After a fatal error some may be pending: the kernel must not write to them any more. */
static void uring_takes_back_what_is_pending_at_its_close(void)
{
    enum { MANY = 1500 }; /* more than fit the queue */
    struct xie_loop_options options = {.backend = "uring"};
    struct probe *probes = calloc(MANY, sizeof *probes);
    int fds[2];
    char got = 'o', found = 0;
    if (xie_loop_open(&loop, &options))
        tap_skip("no io_uring");
    make_pair(fds);
    for (int i = 0; i < MANY; i++) {
        probes[i] = recv_probe(fds[1], &got, 1);
        probe_start(&probes[i]);
        if (i == 10)
            settle();
        if (i == 20)
            xie_op_cancel(&loop, &probes[i].op);
    }
    xie_loop_close(&loop);
    for (int i = 0; i < MANY; i++) {
        CHECK_EQ(probes[i].calls, 1);
        CHECK_EQ(probes[i].op.result, -ECANCELED);
    }
    CHECK_EQ(send(fds[0], "x", 1, 0), 1);
    CHECK_EQ(recv(fds[1], &found, 1, 0), 1);
    CHECK_EQ(got, 'o');
    CHECK_EQ(found, 'x');
    close(fds[0]);
    close(fds[1]);
    free(probes);
}

static const struct tap_test tests[] = {
    {"by name", by_name},
    {"the best without a name", the_best_without_a_name},
    {"an unknown name is explained", an_unknown_name_is_explained},
    {"without io_uring epoll is taken silently", without_io_uring_epoll_is_taken_silently},
    {"a ring that cannot be entered is noticed", a_ring_that_cannot_be_entered_is_noticed},
    {"without epoll poll is taken silently", without_epoll_poll_is_taken_silently},
    {"a named one that is refused is an error", a_named_one_that_is_refused_is_an_error},
    {"epoll without nanoseconds is never early", epoll_without_nanoseconds_is_never_early},
    {"epoll waits by nanoseconds where it can", epoll_waits_by_nanoseconds_where_it_can},
    {"opening fails cleanly", opening_fails_cleanly},
    {"a wait that cannot be armed fails cleanly", a_wait_that_cannot_be_armed_fails_cleanly},
    {"an operation can be made to fail", an_operation_can_be_made_to_fail},
    {"uring takes back what is pending at its close",
     uring_takes_back_what_is_pending_at_its_close},
    {0}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
