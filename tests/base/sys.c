/* sys.c - the table of system calls: flags, errors, interruption, faults.
 * Tests of floor 0. */
/* SPDX-License-Identifier: MIT */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "tap.h"

static bool flags_are_set(int fd)
{
    return fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void new_descriptors_are_nonblocking_and_cloexec(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(listener >= 0);
    CHECK(flags_are_set(listener));
    CHECK_EQ(xie_sys_bind(listener, (struct sockaddr *)&address, len), 0);
    CHECK_EQ(xie_sys_listen(listener, 1), 0);
    CHECK_EQ(xie_sys_accept(listener, NULL, NULL), -EAGAIN);
    CHECK_EQ(xie_sys_getsockname(listener, (struct sockaddr *)&address, &len), 0);
    int client = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    int result = xie_sys_connect(client, (struct sockaddr *)&address, len);
    CHECK(result == 0 || result == -EINPROGRESS);
    int server;
    while ((server = xie_sys_accept(listener, NULL, NULL)) == -EAGAIN)
        ;
    REQUIRE(server >= 0);
    CHECK(flags_are_set(server));
    int pair[2], event = xie_sys_eventfd();
    CHECK_EQ(xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CHECK(flags_are_set(pair[0]) && flags_are_set(pair[1]) && flags_are_set(event));
    for (int fds[] = {listener, client, server, pair[0], pair[1], event, -1}, i = 0; fds[i] >= 0;
         i++)
        CHECK_EQ(xie_sys_close(fds[i]), 0);
}

static void errors_are_returned_negative(void)
{
    char byte = 0;
    struct iovec part = {&byte, 1};
    CHECK_EQ(xie_sys_recv(-1, &byte, 1, 0), -EBADF);
    CHECK_EQ(xie_sys_send(-1, &byte, 1, 0), -EBADF);
    CHECK_EQ(xie_sys_readv(-1, &part, 1), -EBADF);
    CHECK_EQ(xie_sys_writev(-1, &part, 1), -EBADF);
    CHECK_EQ(xie_sys_close(-1), -EBADF);
    CHECK_EQ(xie_sys_nonblock(-1), -EBADF);
    CHECK_EQ(xie_sys_listen(-1, 1), -EBADF);
    CHECK_EQ(xie_sys_shutdown(-1, SHUT_WR), -EBADF);
    CHECK_EQ(xie_sys_unlink("/no/such/file"), -ENOENT);
    CHECK_EQ(xie_sys_sigaction(-1, NULL, NULL), -EINVAL);
    CHECK_EQ(xie_sys_unmap((void *)1, 1), -EINVAL);
}

static void a_dead_peer_is_no_signal(void)
{
    int pair[2];
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    xie_sys_close(pair[1]);
    signal(SIGPIPE, SIG_DFL);
    CHECK_EQ(xie_sys_send(pair[0], &byte, 1, 0), -EPIPE);
    CHECK_EQ(xie_sys_sendmsg(pair[0], &message, 0), -EPIPE);
    xie_sys_close(pair[0]);
}

static void descriptors_passed_over_are_cloexec(void)
{
    int pair[2], sent, got = -1;
    char byte = 0;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.space = {0}};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    sent = pair[0];
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &sent, sizeof(sent));
    CHECK_EQ(xie_sys_sendmsg(pair[0], &message, 0), 1);
    CHECK_EQ(xie_sys_recvmsg(pair[1], &message, 0), 1);
    memcpy(&got, CMSG_DATA(&control.header), sizeof(got));
    CHECK(fcntl(got, F_GETFD) & FD_CLOEXEC);
    xie_sys_close(got);
    xie_sys_close(pair[0]);
    xie_sys_close(pair[1]);
}

static void nonblock_makes_a_pipe_so(void)
{
    int ends[2];
    char byte;
    struct iovec part = {&byte, 1};
    REQUIRE(!pipe(ends));
    CHECK_EQ(xie_sys_nonblock(ends[0]), 0);
    CHECK_EQ(xie_sys_nonblock(ends[0]), 0);
    CHECK_EQ(xie_sys_readv(ends[0], &part, 1), -EAGAIN);
    xie_sys_close(ends[0]);
    xie_sys_close(ends[1]);
}

static void the_clock_never_goes_back(void)
{
    int64_t last = xie_sys_clock();
    for (int i = 0; i < 1000; i++) {
        int64_t now = xie_sys_clock();
        CHECK(now >= last);
        last = now;
    }
}

/* A table of our own. */
static int interruptions;
static int interrupted_listen(int fd, int backlog)
{
    (void)backlog;
    return interruptions-- > 0 ? -EINTR : fd;
}
static int64_t still_clock(void)
{
    return 42;
}
static const struct xie_sys own = {.clock = still_clock, .listen = interrupted_listen};

static void an_interrupted_call_is_made_again(void)
{
    xie_sys_use(&own);
    interruptions = 3;
    CHECK_EQ(xie_sys_listen(7, 0), 7);
    CHECK_EQ(interruptions, -1);
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = 1, .error = -EINTR};
    CHECK_EQ(xie_sys_listen(8, 0), 8);
    CHECK_EQ(xie_fault_plan.failed, 1);
    xie_sys_use(NULL);
}

static void *other_thread(void *arg)
{
    *(int64_t *)arg = xie_sys_clock();
    return NULL;
}

static void the_table_belongs_to_the_thread(void)
{
    pthread_t thread;
    int64_t now = 0;
    xie_sys_use(&own);
    CHECK_EQ(xie_sys_clock(), 42);
    REQUIRE(!pthread_create(&thread, NULL, other_thread, &now));
    pthread_join(thread, NULL);
    CHECK(now != 42);
    xie_sys_use(NULL);
    CHECK(xie_sys_clock() != 42);
}

static void arm(void)
{
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_SYSCALL, .nth = 1, .error = -EMFILE};
}

static void memory_calls_fail_by_plan(void)
{
    int error = 0;
    arm();
    CHECK(!xie_sys_map(4096, &error));
    CHECK_EQ(error, -EMFILE);
    char *memory = xie_sys_map(4096, &error);
    REQUIRE(memory);
    memory[4095] = 1;
    arm();
    CHECK_EQ(xie_sys_protect(memory, 4096, PROT_NONE), -EMFILE);
    CHECK_EQ(xie_sys_protect(memory, 4096, PROT_READ), 0);
    arm();
    CHECK_EQ(xie_sys_advise(memory, 4096, MADV_DONTNEED), -EMFILE);
    CHECK_EQ(xie_sys_advise(memory, 4096, MADV_DONTNEED), 0);
    CHECK_EQ(memory[4095], 0);
    arm();
    CHECK_EQ(xie_sys_unmap(memory, 4096), 0);
    CHECK_EQ(xie_fault_plan.failed, 0);
    CHECK(!xie_sys_map((size_t)1 << 62, &error) && error == -EMFILE);
    CHECK(!xie_sys_map((size_t)1 << 62, &error));
    CHECK_EQ(error, tap_valgrind() ? -EINVAL : -ENOMEM);
}

#define FAILS(call)              \
    do {                         \
        arm();                   \
        CHECK_EQ(call, -EMFILE); \
    } while (0)

static void calls_fail_by_plan(void)
{
    char space[64];
    struct sockaddr *address = (struct sockaddr *)space;
    socklen_t len = sizeof(space);
    int pair[2];
    FAILS(xie_sys_socket(AF_UNIX, SOCK_STREAM, 0));
    FAILS(xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    FAILS(xie_sys_bind(-1, address, len));
    FAILS(xie_sys_listen(-1, 1));
    FAILS(xie_sys_accept(-1, address, &len));
    FAILS(xie_sys_connect(-1, address, len));
    FAILS(xie_sys_recv(-1, space, 1, 0));
    FAILS(xie_sys_send(-1, space, 1, 0));
    FAILS(xie_sys_recvmsg(-1, NULL, 0));
    FAILS(xie_sys_sendmsg(-1, NULL, 0));
    FAILS(xie_sys_readv(-1, NULL, 0));
    FAILS(xie_sys_writev(-1, NULL, 0));
    FAILS(xie_sys_shutdown(-1, SHUT_RD));
    FAILS(xie_sys_getsockname(-1, address, &len));
    FAILS(xie_sys_getpeername(-1, address, &len));
    FAILS(xie_sys_getsockopt(-1, 0, 0, space, &len));
    FAILS(xie_sys_setsockopt(-1, 0, 0, space, len));
    FAILS(xie_sys_unlink("/no/such/file"));
    FAILS(xie_sys_nonblock(-1));
    FAILS(xie_sys_eventfd());
    FAILS(xie_sys_lstat("/", &(struct stat){0}));
    FAILS(xie_sys_sigaction(-1, NULL, NULL));
}

static void close_never_fails_by_plan(void)
{
    int fd = xie_sys_eventfd();
    arm();
    CHECK_EQ(xie_sys_close(fd), 0);
    CHECK_EQ(fcntl(fd, F_GETFD), -1);
    CHECK_EQ(xie_fault_plan.seen, 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"new descriptors are non-blocking and close-on-exec",
         new_descriptors_are_nonblocking_and_cloexec},
        {"errors are returned negative", errors_are_returned_negative},
        {"a dead peer is no signal", a_dead_peer_is_no_signal},
        {"descriptors passed over are close-on-exec", descriptors_passed_over_are_cloexec},
        {"nonblock makes a pipe so", nonblock_makes_a_pipe_so},
        {"the clock never goes back", the_clock_never_goes_back},
        {"an interrupted call is made again", an_interrupted_call_is_made_again},
        {"the table belongs to the thread", the_table_belongs_to_the_thread},
        {"memory calls fail by plan", memory_calls_fail_by_plan},
        {"calls fail by plan", calls_fail_by_plan},
        {"close never fails by plan", close_never_fails_by_plan},
        {0},
    };
    return tap_main(argc, argv, tests);
}
