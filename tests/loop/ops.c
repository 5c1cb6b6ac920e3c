/* ops.c - each kind of operation, done at once and done later, on every backend. */
/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

/* --- sockets ------------------------------------------------------------------------ */

static void recv_of_what_is_there(void)
{
    int fds[2];
    char got[4] = "";
    loop_begin();
    make_pair(fds);
    send_all(fds[0], "abc", 3);
    recv_all(fds[1], got, 3);
    CHECK_STR(got, "abc");
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void recv_of_what_comes_later(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    make_pair(fds);
    struct probe probe = recv_probe(fds[1], &got, 1);
    probe_start(&probe);
    CHECK(!probe.at_once);
    CHECK_EQ(loop.pending, 1);
    settle();
    CHECK(!probe_over(&probe));
    send_all(fds[0], "x", 1);
    CHECK_EQ(probe_finish(&probe), 1);
    CHECK_EQ(got, 'x');
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void recv_at_the_end_is_zero(void)
{
    int fds[2];
    char got;
    loop_begin();
    make_pair(fds);
    struct probe probe = recv_probe(fds[1], &got, 1);
    probe_start(&probe);
    settle();
    CHECK(!probe_over(&probe));
    shut(fds[0]);
    CHECK_EQ(probe_finish(&probe), 0);
    CHECK_EQ(probe_run(&probe), 0);
    shut(fds[1]);
    loop_end();
}

static void recv_may_look_without_taking(void)
{
    int fds[2];
    char got[2] = "";
    loop_begin();
    make_pair(fds);
    send_all(fds[0], "p", 1);
    struct probe probe = recv_probe(fds[1], got, 1);
    probe.op.flags = MSG_PEEK;
    CHECK_EQ(probe_run(&probe), 1);
    CHECK_STR(got, "p");
    got[0] = 0;
    recv_all(fds[1], got, 1);
    CHECK_STR(got, "p");
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* A length has 64 bits, and the lowest 32 may be 0: that is not the end of the stream. */
static void recv_takes_any_length(void)
{
    int fds[2];
    size_t len = (size_t)1 << 32;
    char *buf =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (buf == MAP_FAILED)
        tap_skip("no address space");
    loop_begin();
    make_pair(fds);
    send_all(fds[0], "y", 1);
    struct probe probe = recv_probe(fds[1], buf, len);
    CHECK_EQ(probe_run(&probe), 1);
    CHECK_EQ(buf[0], 'y');
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* Fill the way out; return how much went. */
static size_t fill(struct probe *probe)
{
    size_t sent = 0;
    while (probe_start(probe), settle(), probe_over(probe)) {
        REQUIRE(probe->op.result > 0);
        sent += (size_t)probe->op.result;
    }
    return sent;
}

static void send_waits_for_room(void)
{
    int fds[2];
    static char block[1 << 16];
    loop_begin();
    make_pair(fds);
    struct probe probe = send_probe(fds[0], block, sizeof block);
    size_t sent = fill(&probe), got = 0;
    while (got < sent || !probe_over(&probe)) {
        static char piece[1 << 16];
        struct probe reader = recv_probe(fds[1], piece, sizeof piece);
        got += (size_t)probe_run(&reader);
    }
    CHECK(probe_finish(&probe) > 0);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void send_to_nobody_is_an_error_and_no_signal(void)
{
    int fds[2];
    loop_begin();
    signal(SIGPIPE, SIG_DFL); /* would kill */
    make_pair(fds);
    shut(fds[1]);
    struct probe probe = send_probe(fds[0], "x", 1);
    CHECK_EQ(probe_run(&probe), -EPIPE);
    struct iovec part = {.iov_base = (char[]){'x'}, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    probe = (struct probe){.op = {.kind = XIE_OP_SENDMSG, .fd = fds[0]}};
    probe.op.message = &message;
    CHECK_EQ(probe_run(&probe), -EPIPE);
    shut(fds[0]);
    loop_end();
}

static void messages_have_parts(void)
{
    int fds[2];
    char a[2] = "", b[3] = "";
    struct iovec out[] = {{(char[]){'1'}, 1}, {(char[]){'2', '3'}, 2}};
    struct iovec in[] = {{a, 1}, {b, 2}};
    struct msghdr sent = {.msg_iov = out, .msg_iovlen = 2}, got = {.msg_iov = in, .msg_iovlen = 2};
    loop_begin();
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
    struct probe reader = {.op = {.kind = XIE_OP_RECVMSG, .fd = fds[1]}};
    reader.op.message = &got;
    probe_start(&reader);
    CHECK(!reader.at_once);
    settle();
    struct probe writer = {.op = {.kind = XIE_OP_SENDMSG, .fd = fds[0]}};
    writer.op.message = &sent;
    CHECK_EQ(probe_run(&writer), 3);
    CHECK_EQ(probe_finish(&reader), 3);
    CHECK_STR(a, "1");
    CHECK_STR(b, "23");
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* --- pipes -------------------------------------------------------------------------- */

static struct probe parts_probe(enum xie_op_kind kind, int fd, const struct iovec *parts, int count)
{
    struct probe probe = {.op = {.kind = (uint8_t)kind, .fd = fd}};
    probe.op.parts = parts;
    probe.op.count = count;
    return probe;
}

static void pipe_read_waits_and_ends(void)
{
    int fds[2];
    char a[2] = "", b[3] = "";
    struct iovec in[] = {{a, 1}, {b, 2}}, out[] = {{(char[]){'x', 'y', 'z'}, 3}};
    loop_begin();
    REQUIRE(!pipe2(fds, O_NONBLOCK | O_CLOEXEC));
    struct probe reader = parts_probe(XIE_OP_READV, fds[0], in, 2);
    probe_start(&reader);
    CHECK(!reader.at_once);
    settle();
    CHECK(!probe_over(&reader));
    struct probe writer = parts_probe(XIE_OP_WRITEV, fds[1], out, 1);
    CHECK_EQ(probe_run(&writer), 3);
    CHECK_EQ(probe_finish(&reader), 3);
    CHECK_STR(a, "x");
    CHECK_STR(b, "yz");
    shut(fds[1]);
    CHECK_EQ(probe_run(&reader), 0);
    shut(fds[0]);
    loop_end();
}

static void pipe_write_waits_for_room(void)
{
    int fds[2];
    static char block[1 << 16];
    struct iovec out = {block, sizeof block}, in = {block, sizeof block};
    loop_begin();
    REQUIRE(!pipe2(fds, O_NONBLOCK | O_CLOEXEC));
    struct probe writer = parts_probe(XIE_OP_WRITEV, fds[1], &out, 1);
    size_t sent = fill(&writer);
    CHECK(sent >= 4096);
    struct probe reader = parts_probe(XIE_OP_READV, fds[0], &in, 1);
    CHECK(probe_run(&reader) > 0);
    CHECK(probe_finish(&writer) > 0);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void pipe_write_without_reader_is_an_error(void)
{
    int fds[2];
    struct iovec out = {(char[]){'x'}, 1};
    loop_begin();
    REQUIRE(!pipe2(fds, O_NONBLOCK | O_CLOEXEC));
    shut(fds[0]);
    struct probe writer = parts_probe(XIE_OP_WRITEV, fds[1], &out, 1);
    CHECK_EQ(probe_run(&writer), -EPIPE);
    shut(fds[1]);
    loop_end();
}

/* Files are always ready; epoll refuses them. */
static void file_is_read_from_where_it_stands(void)
{
    char got[4] = "", name[] = "/tmp/xie-ops-XXXXXX";
    struct iovec in = {got, 3};
    loop_begin();
    int fd = mkstemp(name);
    REQUIRE(fd >= 0 && !unlink(name) && write(fd, "-file", 5) == 5);
    REQUIRE(lseek(fd, 1, SEEK_SET) == 1);
    struct probe reader = parts_probe(XIE_OP_READV, fd, &in, 1);
    CHECK_EQ(probe_run(&reader), 3);
    CHECK_STR(got, "fil");
    CHECK_EQ(probe_run(&reader), 1);
    CHECK_EQ(probe_run(&reader), 0);
    struct probe watcher = poll_probe(fd, POLLIN);
    CHECK(probe_run(&watcher) & POLLIN);
    shut(fd);
    loop_end();
}

/* --- connections -------------------------------------------------------------------- */

static struct sockaddr_in any_port(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_on(struct sockaddr_in *address, int backlog)
{
    socklen_t len = sizeof *address;
    int fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    *address = any_port();
    REQUIRE(!xie_sys_bind(fd, (struct sockaddr *)address, len));
    REQUIRE(!xie_sys_listen(fd, backlog));
    REQUIRE(!xie_sys_getsockname(fd, (struct sockaddr *)address, &len));
    return fd;
}

static struct probe connect_probe(struct sockaddr_in *address)
{
    struct probe probe = {.op = {.kind = XIE_OP_CONNECT}};
    probe.op.fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(probe.op.fd >= 0);
    probe.op.address = (struct sockaddr *)address;
    probe.op.address_len = sizeof *address;
    return probe;
}

static struct probe accept_probe(int fd, struct sockaddr_in *peer)
{
    struct probe probe = {.op = {.kind = XIE_OP_ACCEPT, .fd = fd}};
    probe.op.address = (struct sockaddr *)peer;
    probe.op.address_len = peer ? sizeof *peer : 0;
    return probe;
}

static void accept_waits_and_tells_the_peer(void)
{
    struct sockaddr_in address, peer = {0}, own;
    socklen_t len = sizeof own;
    char got = 0;
    loop_begin();
    int listener = listen_on(&address, 8);
    struct probe acceptor = accept_probe(listener, &peer);
    probe_start(&acceptor);
    CHECK(!acceptor.at_once);
    settle();
    CHECK(!probe_over(&acceptor));
    struct probe connector = connect_probe(&address);
    CHECK_EQ(probe_run(&connector), 0);
    int accepted = (int)probe_finish(&acceptor);
    REQUIRE(accepted >= 0);
    REQUIRE(!xie_sys_getsockname(connector.op.fd, (struct sockaddr *)&own, &len));
    CHECK_EQ(acceptor.op.address_len, sizeof peer);
    CHECK_EQ(peer.sin_port, own.sin_port);
    send_all(connector.op.fd, "k", 1);
    recv_all(accepted, &got, 1);
    CHECK_EQ(got, 'k');
    shut(accepted);
    shut(connector.op.fd);
    shut(listener);
    loop_end();
}

static void accepted_descriptors_are_nonblocking_and_closed_on_exec(void)
{
    struct sockaddr_in address;
    loop_begin();
    if (on_backend("sim"))
        tap_skip("sim's descriptors are not the kernel's");
    int listener = listen_on(&address, 8);
    struct probe connector = connect_probe(&address);
    CHECK_EQ(probe_run(&connector), 0);
    struct probe acceptor = accept_probe(listener, NULL);
    int accepted = (int)probe_run(&acceptor);
    REQUIRE(accepted >= 0);
    CHECK(fcntl(accepted, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(accepted, F_GETFD) & FD_CLOEXEC);
    shut(accepted);
    shut(connector.op.fd);
    shut(listener);
    loop_end();
}

static void connect_where_nobody_listens_is_refused(void)
{
    struct sockaddr_in address;
    loop_begin();
    shut(listen_on(&address, 1));
    struct probe connector = connect_probe(&address);
    CHECK_EQ(probe_run(&connector), -ECONNREFUSED);
    shut(connector.op.fd);
    loop_end();
}

/* A queue that is full leaves the caller waiting: the only connect on loopback that hangs. */
static void connect_that_hangs_can_be_taken_back(void)
{
    enum { MOST = 16 };
    struct sockaddr_in address;
    struct probe connectors[MOST];
    int count = 0;
    loop_begin();
    if (on_backend("sim"))
        tap_skip("sim's connects do not hang");
    int listener = listen_on(&address, 0);
    for (; count < MOST; count++) {
        connectors[count] = connect_probe(&address);
        probe_start(&connectors[count]);
        settle();
        if (!probe_over(&connectors[count]))
            break;
    }
    REQUIRE(count < MOST);
    xie_op_cancel(&loop, &connectors[count].op);
    CHECK_EQ(probe_finish(&connectors[count]), -ECANCELED);
    for (int i = 0; i <= count; i++)
        shut(connectors[i].op.fd);
    shut(listener);
    loop_end();
}

/* --- poll --------------------------------------------------------------------------- */

static void poll_tells_what_is_ready(void)
{
    int fds[2];
    loop_begin();
    make_pair(fds);
    struct probe in = poll_probe(fds[0], POLLIN), out = poll_probe(fds[0], POLLOUT);
    struct probe both = poll_probe(fds[0], POLLIN | POLLOUT);
    probe_start(&in);
    CHECK_EQ(probe_run(&out), POLLOUT);
    CHECK_EQ(probe_run(&both), POLLOUT);
    settle();
    CHECK(!probe_over(&in));
    send_all(fds[1], "x", 1);
    CHECK_EQ(probe_finish(&in), POLLIN);
    CHECK_EQ(probe_run(&both), POLLIN | POLLOUT);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* Send until no more is taken, now or later: sim says so by chance, too. return how much was */
static size_t stuff(int fd)
{
    static char block[4096];
    size_t sent = 0;
    for (int vain = 0; vain < 30;) {
        ssize_t result = xie_sys_send(fd, block, sizeof block, 0);
        REQUIRE(result > 0 || result == -EAGAIN);
        sent += result > 0 ? (size_t)result : 0;
        vain = result > 0 ? 0 : vain + 1;
        if (vain)
            settle();
    }
    return sent;
}

static void take(int fd, size_t len)
{
    static char block[4096];
    for (size_t part; len; len -= part) {
        part = len < sizeof block ? len : sizeof block;
        recv_all(fd, block, part);
    }
}

/* The peer has said all it has to say, which is no room. */
static void room_is_waited_for_after_the_peers_end(void)
{
    int fds[2];
    loop_begin();
    make_pair(fds);
    size_t sent = stuff(fds[0]);
    REQUIRE(!xie_sys_shutdown(fds[1], SHUT_WR));
    settle();
    struct probe probes[] = {poll_probe(fds[0], POLLOUT), poll_probe(fds[0], POLLOUT),
                             send_probe(fds[0], "x", 1), send_probe(fds[0], "x", 1)};
    for (int i = 0; i < 4; i++) {
        if (probes[i].op.kind == XIE_OP_SEND)
            probes[i].op.flags = MSG_DONTWAIT;
        probe_start(&probes[i]);
    }
    for (int i = 0; i < 10; i++)
        settle();
    for (int i = 0; i < 4; i++)
        CHECK(!probe_over(&probes[i]));
    for (int i = 0; i < 4; i += 2) {
        xie_op_cancel(&loop, &probes[i].op);
        CHECK_EQ(probe_finish(&probes[i]), -ECANCELED);
    }
    take(fds[1], sent);
    CHECK_EQ(probe_finish(&probes[1]), POLLOUT);
    CHECK_EQ(probe_finish(&probes[3]), 1);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void poll_tells_of_a_hang_up_unasked(void)
{
    int fds[2];
    loop_begin();
    REQUIRE(!pipe2(fds, O_NONBLOCK | O_CLOEXEC));
    struct probe watcher = poll_probe(fds[0], POLLIN);
    probe_start(&watcher);
    settle();
    shut(fds[1]);
    CHECK(probe_finish(&watcher) & POLLHUP);
    shut(fds[0]);
    loop_end();
}

static void poll_takes_nothing_from_a_reader(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    make_pair(fds);
    struct probe reader = recv_probe(fds[0], &got, 1);
    struct probe watchers[] = {poll_probe(fds[0], POLLIN), poll_probe(fds[0], POLLIN)};
    probe_start(&watchers[0]);
    probe_start(&reader);
    probe_start(&watchers[1]);
    settle();
    send_all(fds[1], "x", 1);
    CHECK_EQ(probe_finish(&reader), 1);
    CHECK_EQ(got, 'x');
    for (int i = 0; i < 2; i++) {
        xie_op_cancel(&loop, &watchers[i].op); /* they may have come too late to see it */
        int64_t result = probe_finish(&watchers[i]);
        CHECK(result == POLLIN || result == -ECANCELED);
    }
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* --- files at a place ------------------------------------------------------------------ */

static struct probe file_probe(enum xie_op_kind kind, int fd, void *buf, size_t len, int64_t offset)
{
    struct probe probe = {.op = {.kind = (uint8_t)kind, .fd = fd}};
    probe.op.buf = buf;
    probe.op.len = len;
    probe.op.offset = offset;
    return probe;
}

static void files_at_a_place(void)
{
    char out[] = "abcdef", got[8] = "";
    loop_begin();
    if (!loop.backend->files)
        tap_skip("this backend leaves files to the pool");
    int fd = memfd_create("file", MFD_CLOEXEC);
    struct probe write = file_probe(XIE_OP_WRITE_AT, fd, out, 6, 3);
    CHECK_EQ(probe_run(&write), 6);
    struct probe read = file_probe(XIE_OP_READ_AT, fd, got, 8, 4);
    CHECK_EQ(probe_run(&read), 5);
    CHECK_STR(got, "bcdef");
    read.op.offset = 9;
    CHECK_EQ(probe_run(&read), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0); /* where the file stands is another matter */
    struct probe sync = {.op = {.kind = XIE_OP_SYNC, .fd = fd}};
    for (sync.op.flags = 0; sync.op.flags < 2; sync.op.flags++)
        CHECK_EQ(probe_run(&sync), 0);
    sync.op.fd = 900000;
    CHECK_EQ(probe_run(&sync), -EBADF);
    read.op.fd = write.op.fd = 900000;
    CHECK_EQ(probe_run(&read), -EBADF);
    CHECK_EQ(probe_run(&write), -EBADF);
    shut(fd);
    loop_end();
}

/* Taken back at once: it is done whole, or not at all. */
static void a_file_operation_taken_back_ends(void)
{
    static char out[100000];
    loop_begin();
    if (!loop.backend->files)
        tap_skip("this backend leaves files to the pool");
    int fd = memfd_create("file", MFD_CLOEXEC);
    struct probe write = file_probe(XIE_OP_WRITE_AT, fd, out, sizeof out, 0);
    probe_start(&write);
    xie_op_cancel(&loop, &write.op);
    int64_t result = probe_finish(&write);
    CHECK(result == (int64_t)sizeof out || result == -ECANCELED);
    CHECK_EQ(lseek(fd, 0, SEEK_END), result < 0 ? 0 : result);
    shut(fd);
    loop_end();
}

/* --- what is no descriptor ---------------------------------------------------------- */

static void bad_descriptors_are_errors(void)
{
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    static const int bad[] = {-1, 900000};
    loop_begin();
    for (int i = 0; i < 2; i++) {
        for (int kind = XIE_OP_RECV; kind <= XIE_OP_POLL; kind++) {
            struct sockaddr_in address = any_port();
            struct probe probe = recv_probe(bad[i], &byte, 1);
            probe.op.kind = (uint8_t)kind;
            if (kind == XIE_OP_RECVMSG || kind == XIE_OP_SENDMSG)
                probe.op.message = &message;
            else if (kind == XIE_OP_READV || kind == XIE_OP_WRITEV)
                probe.op.parts = &part, probe.op.count = 1;
            else if (kind == XIE_OP_ACCEPT || kind == XIE_OP_CONNECT)
                probe.op.address = (struct sockaddr *)&address,
                probe.op.address_len = sizeof address;
            else if (kind == XIE_OP_POLL)
                probe.op.flags = POLLIN;
            if (probe_run(&probe) != -EBADF)
                tap_failed(__FILE__, __LINE__, "kind %d on %d: %lld", kind, bad[i],
                           (long long)probe.op.result);
        }
    }
    loop_end();
}

static const struct tap_test tests[] = {
    {"recv of what is there", recv_of_what_is_there},
    {"recv of what comes later", recv_of_what_comes_later},
    {"recv at the end is zero", recv_at_the_end_is_zero},
    {"recv may look without taking", recv_may_look_without_taking},
    {"recv takes any length", recv_takes_any_length},
    {"send waits for room", send_waits_for_room},
    {"send to nobody is an error and no signal", send_to_nobody_is_an_error_and_no_signal},
    {"messages have parts", messages_have_parts},
    {"pipe: read waits, and ends", pipe_read_waits_and_ends},
    {"pipe: write waits for room", pipe_write_waits_for_room},
    {"pipe: write without a reader is an error", pipe_write_without_reader_is_an_error},
    {"a file is read from where it stands", file_is_read_from_where_it_stands},
    {"accept waits and tells the peer", accept_waits_and_tells_the_peer},
    {"accepted descriptors are non-blocking and closed on exec",
     accepted_descriptors_are_nonblocking_and_closed_on_exec},
    {"connect where nobody listens is refused", connect_where_nobody_listens_is_refused},
    {"connect that hangs can be taken back", connect_that_hangs_can_be_taken_back},
    {"poll tells what is ready", poll_tells_what_is_ready},
    {"room is waited for after the peer's end", room_is_waited_for_after_the_peers_end},
    {"poll tells of a hang-up unasked", poll_tells_of_a_hang_up_unasked},
    {"poll takes nothing from a reader", poll_takes_nothing_from_a_reader},
    {"files at a place", files_at_a_place},
    {"a file operation taken back ends", a_file_operation_taken_back_ends},
    {"bad descriptors are errors", bad_descriptors_are_errors},
    {0}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
