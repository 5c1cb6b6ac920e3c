/* sim_tcp.c - TCP in memory behaves as tcp(7) says. */
/* SPDX-License-Identifier: MIT */
#include "sim_world.h"

/* --- connecting --------------------------------------------------------------------- */

static void connecting_takes_a_round_trip(void)
{
    world_begin(1);
    int listener = listen_tcp(0, 1), client = connect_tcp(port_of(listener));
    struct sockaddr_in address = ip4("127.0.0.1", port_of(listener));
    CHECK_EQ(xie_sys_accept(listener, NULL, NULL), -EAGAIN);
    CHECK_EQ(xie_sys_connect(client, ADDRESS(address)), -EALREADY);
    CHECK_EQ(say(client, "x"), -EAGAIN);
    CHECK_EQ(hear(client), -EAGAIN);
    pass(XIE_MILLISECOND); /* the latency of each way */
    CHECK_EQ(xie_sys_connect(client, ADDRESS(address)), -EALREADY);
    pass(XIE_MILLISECOND);
    CHECK_EQ(socket_error(client), 0);
    CHECK_EQ(xie_sys_connect(client, ADDRESS(address)), 0);
    CHECK_EQ(xie_sys_connect(client, ADDRESS(address)), -EISCONN);
    world_end();
}

static void both_ends_know_their_names(void)
{
    struct sockaddr_in a, b;
    socklen_t a_len = sizeof(a), b_len = sizeof(b);
    world_begin(1);
    int listener = listen_tcp(0, 1), client = connect_tcp(port_of(listener));
    pass(XIE_SECOND);
    int server = xie_sys_accept(listener, (struct sockaddr *)&a, &a_len);
    CHECK_EQ(xie_sys_getsockname(client, (struct sockaddr *)&b, &b_len), 0);
    CHECK_EQ(a_len, sizeof(a));
    CHECK(!memcmp(&a, &b, sizeof(a)));
    CHECK_EQ(ntohl(b.sin_addr.s_addr), INADDR_LOOPBACK);
    CHECK_EQ(xie_sys_getpeername(client, (struct sockaddr *)&a, &a_len), 0);
    CHECK_EQ(xie_sys_getsockname(server, (struct sockaddr *)&b, &b_len), 0);
    CHECK(!memcmp(&a, &b, sizeof(a)));
    CHECK_EQ(ntohs(a.sin_port), port_of(listener));
    CHECK_EQ(xie_sys_getpeername(listener, (struct sockaddr *)&a, &a_len), -ENOTCONN);
    world_end();
}

static void nobody_listens(void)
{
    world_begin(1);
    int listener = listen_tcp(0, 1), port = port_of(listener);
    xie_sys_close(listener);
    int client = connect_tcp((uint16_t)port);
    pass(XIE_SECOND);
    CHECK_EQ(socket_error(client), ECONNREFUSED);
    CHECK_EQ(socket_error(client), 0);
    world_end();
}

static void nobody_is_there(void)
{
    world_begin(1);
    struct sockaddr_in far = ip4("10.1.2.3", 80), silent = ip4("192.0.2.7", 80);
    int client = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_connect(client, ADDRESS(far)), -ENETUNREACH);
    CHECK_EQ(xie_sys_connect(client, ADDRESS(silent)), -EINPROGRESS);
    pass(10 * XIE_SECOND);
    CHECK_EQ(socket_error(client), 0);
    pass(5 * XIE_MINUTE);
    CHECK_EQ(socket_error(client), ETIMEDOUT);
    world_end();
}

static void a_full_backlog_keeps_others_waiting(void)
{
    world_begin(1);
    int listener = listen_tcp(0, 1);
    int clients[3];
    struct sockaddr_in address = ip4("127.0.0.1", port_of(listener));
    for (int i = 0; i < 3; i++)
        clients[i] = connect_tcp(port_of(listener));
    pass(XIE_MILLISECOND * 500);
    CHECK_EQ(xie_sys_connect(clients[1], ADDRESS(address)), 0);
    CHECK_EQ(xie_sys_connect(clients[2], ADDRESS(address)), -EALREADY);
    CHECK(xie_sys_accept(listener, NULL, NULL) >= 0);
    pass(3 * XIE_SECOND);
    CHECK_EQ(xie_sys_connect(clients[2], ADDRESS(address)), 0);
    CHECK(xie_sys_accept(listener, NULL, NULL) >= 0);
    CHECK(xie_sys_accept(listener, NULL, NULL) >= 0);
    CHECK_EQ(xie_sys_accept(listener, NULL, NULL), -EAGAIN);
    world_end();
}

static void closing_while_connecting_is_clean(void)
{
    world_begin(1);
    int listener = listen_tcp(0, 4);
    uint16_t port = port_of(listener);
    xie_sys_close(connect_tcp(port));
    int second = connect_tcp(port);
    pass(XIE_MILLISECOND);
    xie_sys_close(second); /* between the two ways: the listener has it */
    pass(XIE_SECOND);
    int server = xie_sys_accept(listener, NULL, NULL);
    CHECK(server >= 0);
    CHECK_EQ(hear(server), 0);
    CHECK_EQ(xie_sys_accept(listener, NULL, NULL), -EAGAIN);
    world_end();
}

static void a_closed_listener_resets_its_queue(void)
{
    world_begin(1);
    int listener = listen_tcp(0, 4), client = connect_tcp(port_of(listener));
    pass(XIE_SECOND);
    xie_sys_close(listener);
    pass(XIE_SECOND);
    CHECK_EQ(hear(client), -ECONNRESET);
    CHECK_EQ(hear(client), 0);
    world_end();
}

/* --- addresses ---------------------------------------------------------------------- */

static void ports_are_chosen_apart(void)
{
    world_begin(3);
    enum { MANY = 300 };
    uint16_t ports[MANY];
    for (int i = 0; i < MANY; i++) {
        int fd = open_at(SOCK_STREAM, "0.0.0.0", 0);
        ports[i] = port_of(fd);
        CHECK(ports[i] >= 32768 && ports[i] < 61000);
        for (int j = 0; j < i; j++)
            CHECK(ports[i] != ports[j]);
    }
    world_end();
}

static void a_port_is_one_listeners(void)
{
    world_begin(1);
    int on = 1, listener = listen_tcp(0, 1);
    uint16_t port = port_of(listener);
    CHECK_EQ(open_at(SOCK_STREAM, "127.0.0.1", port), -EADDRINUSE);
    CHECK_EQ(open_at(SOCK_STREAM, "0.0.0.0", port), -EADDRINUSE);
    CHECK(open_at(SOCK_STREAM, "127.0.0.2", port) >= 0);
    CHECK(open_at(SOCK_DGRAM, "127.0.0.1", port) >= 0);
    CHECK_EQ(open_at(SOCK_STREAM, "10.0.0.1", 0), -EADDRNOTAVAIL);
    int second = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = ip4("127.0.0.1", port);
    for (int fd = listener;; fd = second) {
        CHECK_EQ(xie_sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
        if (fd == second)
            break;
    }
    CHECK_EQ(xie_sys_bind(second, ADDRESS(address)), -EADDRINUSE); /* it listens */
    xie_sys_close(listener);
    CHECK_EQ(xie_sys_bind(second, ADDRESS(address)), 0);
    CHECK_EQ(xie_sys_bind(second, ADDRESS(address)), -EINVAL);
    world_end();
}

static void reuse_needs_the_agreement_of_both(void)
{
    world_begin(1);
    int on = 1, first = open_at(SOCK_STREAM, "127.0.0.1", 0), fds[2];
    struct sockaddr_in address = ip4("127.0.0.1", port_of(first));
    for (int i = 0; i < 2; i++) {
        fds[i] = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
        xie_sys_setsockopt(fds[i], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    CHECK_EQ(xie_sys_bind(fds[0], ADDRESS(address)), -EADDRINUSE);
    xie_sys_setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    CHECK_EQ(xie_sys_bind(fds[0], ADDRESS(address)), 0);
    world_end();
}

static void listeners_may_share_a_port(void)
{
    world_begin(5);
    int on = 1, fds[2], got[2] = {0, 0};
    struct sockaddr_in address = ip4("127.0.0.1", 7777);
    for (int i = 0; i < 2; i++) {
        fds[i] = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
        xie_sys_setsockopt(fds[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
        CHECK_EQ(xie_sys_bind(fds[i], ADDRESS(address)), 0);
        CHECK_EQ(xie_sys_listen(fds[i], 100), 0);
    }
    for (int i = 0; i < 40; i++)
        connect_tcp(7777);
    pass(XIE_SECOND);
    for (int i = 0; i < 2; i++)
        while (xie_sys_accept(fds[i], NULL, NULL) >= 0)
            got[i]++;
    CHECK_EQ(got[0] + got[1], 40);
    CHECK(got[0] > 5 && got[1] > 5);
    world_end();
}

static int listen_six(int only, const char *host)
{
    struct sockaddr_in6 any = ip6(host, 6666);
    int fd = xie_sys_socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)), 0);
    CHECK_EQ(xie_sys_bind(fd, ADDRESS(any)), 0);
    CHECK_EQ(xie_sys_listen(fd, 4), 0);
    return fd;
}

static void version_six_hears_version_four(void)
{
    world_begin(1);
    struct sockaddr_in6 peer;
    socklen_t len = sizeof(peer);
    int listener = listen_six(0, "::"), client = connect_tcp(6666);
    pass(XIE_SECOND);
    CHECK(xie_sys_accept(listener, (struct sockaddr *)&peer, &len) >= 0);
    CHECK_EQ(len, sizeof(peer));
    CHECK_EQ(peer.sin6_family, AF_INET6);
    CHECK(IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
    CHECK_EQ(ntohs(peer.sin6_port), port_of(client));
    xie_sys_close(listener);
    listener = listen_six(1, "::");
    client = connect_tcp(6666);
    pass(XIE_SECOND);
    CHECK_EQ(socket_error(client), ECONNREFUSED);
    xie_sys_close(listener);
    listener = listen_six(0, "::1");
    struct sockaddr_in6 here = ip6("::1", 6666);
    client = xie_sys_socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_connect(client, ADDRESS(here)), -EINPROGRESS);
    pass(XIE_SECOND);
    CHECK_EQ(socket_error(client), 0);
    CHECK(xie_sys_accept(listener, NULL, NULL) >= 0);
    world_end();
}

static void bad_addresses_are_refused(void)
{
    world_begin(1);
    struct sockaddr_in four = ip4("127.0.0.1", 1);
    struct sockaddr_in6 six = ip6("::1", 1);
    int fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_bind(fd, ADDRESS(six)), -EAFNOSUPPORT);
    CHECK_EQ(xie_sys_connect(fd, (struct sockaddr *)&four, 4), -EINVAL);
    CHECK_EQ(xie_sys_connect(fd, (struct sockaddr *)&four, 1), -EINVAL);
    CHECK_EQ(xie_sys_connect(fd, (struct sockaddr *)&four, 1000), -EINVAL);
    CHECK_EQ(xie_sys_socket(AF_APPLETALK, SOCK_STREAM, 0), -EAFNOSUPPORT);
    CHECK_EQ(xie_sys_socket(AF_INET, SOCK_RAW, 0), -ESOCKTNOSUPPORT);
    CHECK_EQ(xie_sys_socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
    CHECK_EQ(xie_sys_close(fd), 0);
    CHECK_EQ(xie_sys_close(fd), -EBADF);
    CHECK_EQ(hear(fd), -EBADF);
    CHECK_EQ(xie_sys_listen(XIE_SIM_FIRST + 999999, 1), -EBADF);
    world_end();
}

/* --- bytes -------------------------------------------------------------------------- */

static void bytes_come_in_order_after_a_while(void)
{
    world_begin(1);
    int ends[2];
    tcp_pair(ends);
    sim->chances.jitter_ns = 1000000000;
    CHECK_EQ(say(ends[0], "one "), 4);
    CHECK_EQ(hear(ends[1]), -EAGAIN);
    for (int i = 0; i < 30; i++)
        CHECK_EQ(say(ends[0], (char[]){(char)('a' + i), 0}), 1);
    pass(XIE_MINUTE);
    CHECK_HEARD(ends[1], "one abcdefghijklmnopqrstuvwxyz{|}~");
    CHECK_EQ(hear(ends[1]), -EAGAIN);
    world_end();
}

static void peeking_takes_nothing(void)
{
    world_begin(1);
    int ends[2];
    char buf[8] = "";
    tcp_pair(ends);
    say(ends[0], "word");
    pass(XIE_SECOND);
    CHECK_EQ(xie_sys_recv(ends[1], buf, 2, MSG_PEEK), 2);
    CHECK_STR(buf, "wo");
    CHECK_EQ(xie_sys_recv(ends[1], buf, 0, 0), 0);
    CHECK_HEARD(ends[1], "word");
    world_end();
}

static void many_parts_are_one_stream(void)
{
    world_begin(1);
    int ends[2];
    char a[3] = "", b[8] = "";
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cdefg", 5}}, in[] = {{a, 2}, {b, 7}};
    struct msghdr message = {.msg_iov = in, .msg_iovlen = 2};
    tcp_pair(ends);
    CHECK_EQ(xie_sys_writev(ends[0], out, 3), 7);
    pass(XIE_SECOND);
    CHECK_EQ(xie_sys_recvmsg(ends[1], &message, 0), 7);
    CHECK_STR(a, "ab");
    CHECK_STR(b, "cdefg");
    message.msg_iov = out;
    message.msg_iovlen = 3;
    CHECK_EQ(xie_sys_sendmsg(ends[1], &message, 0), 7);
    pass(XIE_SECOND);
    CHECK_EQ(xie_sys_readv(ends[0], in, 2), 7);
    CHECK_STR(b, "cdefg");
    world_end();
}

static void buffers_are_bounded(void)
{
    static char block[1 << 16];
    world_begin(1);
    int ends[2], small = 1;
    size_t sent = 0, got = 0;
    ssize_t step;
    tcp_pair(ends);
    CHECK_EQ(xie_sys_setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    CHECK_EQ(xie_sys_setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    while ((step = xie_sys_send(ends[0], block, sizeof(block), 0)) > 0)
        sent += (size_t)step;
    CHECK_EQ(step, -EAGAIN);
    CHECK_EQ(sent, 2 * XIE_SIM_BUFFER_LEAST);
    pass(XIE_SECOND);
    CHECK_EQ(say(ends[0], "x"), -EAGAIN);
    while ((step = xie_sys_recv(ends[1], block, 1000, 0)) > 0)
        got += (size_t)step;
    CHECK_EQ(got, sent);
    CHECK_EQ(say(ends[0], "x"), 1);
    world_end();
}

static void the_ring_turns_and_grows(void)
{
    world_begin(1);
    int ends[2];
    unsigned char next_out = 0, next_in = 0, buf[3000];
    tcp_pair(ends);
    for (int round = 0; round < 200; round++) {
        size_t len = 1 + xie_sim_below(sim, sizeof(buf));
        for (size_t i = 0; i < len; i++)
            buf[i] = next_out++;
        ssize_t sent = xie_sys_send(ends[0], buf, len, 0);
        REQUIRE(sent > 0);
        next_out = (unsigned char)(next_out - (len - (size_t)sent));
        pass(10 * XIE_MILLISECOND);
        len = round % 3 ? sizeof(buf) : 1;
        ssize_t got = xie_sys_recv(ends[1], buf, len, 0);
        REQUIRE(got > 0);
        for (ssize_t i = 0; i < got; i++)
            if (buf[i] != next_in++)
                tap_failed(__FILE__, __LINE__, "byte %zd of round %d", i, round);
    }
    world_end();
}

/* --- ends
 * -----------------------------------------------------------------------------------------------
 */

static void half_a_close_leaves_the_other_half(void)
{
    world_begin(1);
    int ends[2];
    tcp_pair(ends);
    say(ends[0], "last");
    CHECK_EQ(xie_sys_shutdown(ends[0], SHUT_WR), 0);
    CHECK_EQ(xie_sys_shutdown(ends[0], SHUT_WR), 0);
    CHECK_EQ(say(ends[0], "x"), -EPIPE);
    pass(XIE_SECOND);
    CHECK_HEARD(ends[1], "last");
    CHECK_EQ(hear(ends[1]), 0);
    CHECK_EQ(say(ends[1], "answer"), 6);
    pass(XIE_SECOND);
    CHECK_HEARD(ends[0], "answer");
    CHECK_EQ(hear(ends[0]), -EAGAIN);
    CHECK_EQ(xie_sys_shutdown(ends[0], 17), -EINVAL);
    world_end();
}

static void a_close_delivers_what_was_sent(void)
{
    world_begin(1);
    int ends[2];
    tcp_pair(ends);
    say(ends[0], "farewell");
    xie_sys_close(ends[0]);
    CHECK_EQ(hear(ends[1]), -EAGAIN);
    pass(XIE_SECOND);
    CHECK_HEARD(ends[1], "farewell");
    CHECK_EQ(hear(ends[1]), 0);
    CHECK_EQ(hear(ends[1]), 0);
    world_end();
}

static void an_abort_is_a_reset(void)
{
    world_begin(1);
    struct linger none = {.l_onoff = 1};
    int ends[2];
    tcp_pair(ends);
    say(ends[0], "data");
    CHECK_EQ(xie_sys_setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
    xie_sys_close(ends[0]);
    pass(XIE_SECOND);
    CHECK_HEARD(ends[1], "data"); /* what has come is not lost, on Linux */
    CHECK_EQ(hear(ends[1]), -ECONNRESET);
    CHECK_EQ(hear(ends[1]), 0);
    CHECK_EQ(say(ends[1], "x"), -EPIPE);
    world_end();
}

static void unread_bytes_make_a_close_a_reset(void)
{
    world_begin(1);
    int ends[2];
    tcp_pair(ends);
    say(ends[0], "ignored");
    pass(XIE_SECOND);
    xie_sys_close(ends[1]);
    pass(XIE_SECOND);
    CHECK_EQ(say(ends[0], "x"), -ECONNRESET);
    CHECK_EQ(say(ends[0], "x"), -EPIPE);
    world_end();
}

static void writing_to_who_has_left_breaks_later(void)
{
    world_begin(1);
    int ends[2];
    tcp_pair(ends);
    xie_sys_close(ends[1]);
    pass(XIE_SECOND);
    CHECK_EQ(say(ends[0], "who?"), 4);
    CHECK_EQ(say(ends[0], "who?"), 4);
    pass(XIE_SECOND);
    CHECK_EQ(say(ends[0], "who?"), -EPIPE);
    CHECK_EQ(say(ends[0], "who?"), -EPIPE);
    CHECK_EQ(hear(ends[0]), 0);
    world_end();
}

static void calls_before_a_connection_fail(void)
{
    world_begin(1);
    int fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0), listener = listen_tcp(0, 1);
    CHECK_EQ(hear(fd), -ENOTCONN);
    CHECK_EQ(say(fd, "x"), -EPIPE);
    CHECK_EQ(hear(listener), -ENOTCONN);
    CHECK_EQ(xie_sys_shutdown(fd, SHUT_WR), -ENOTCONN);
    CHECK_EQ(xie_sys_accept(fd, NULL, NULL), -EINVAL);
    CHECK_EQ(xie_sys_recv(fd, NULL, 0, MSG_OOB), -EOPNOTSUPP);
    world_end();
}

/* --- options ------------------------------------------------------------------------ */

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    int error = xie_sys_getsockopt(fd, level, name, &value, &len);
    return error ? error : value;
}

static void options_are_kept(void)
{
    world_begin(1);
    int on = 1, fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0), size = 5000,
        listener = listen_tcp(0, 1);
    CHECK_EQ(option(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    CHECK_EQ(option(fd, SOL_SOCKET, SO_DOMAIN), AF_INET);
    CHECK_EQ(option(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    CHECK_EQ(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
    CHECK_EQ(option(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
    CHECK_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    CHECK_EQ(xie_sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    CHECK_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    CHECK_EQ(xie_sys_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
    CHECK_EQ(option(fd, SOL_SOCKET, SO_SNDBUF), 10000);
    CHECK_EQ(xie_sys_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, 1), -EINVAL);
    CHECK_EQ(xie_sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), -ENOPROTOOPT);
    CHECK_EQ(option(fd, SOL_SOCKET, 9999), -ENOPROTOOPT);
    int dgram = xie_sys_socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(xie_sys_setsockopt(dgram, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), -ENOPROTOOPT);
    CHECK_EQ(xie_sys_nonblock(fd), 0);
    world_end();
}

/* --- chance ------------------------------------------------------------------------- */

static void calls_may_do_less(void)
{
    world_begin(1);
    int ends[2];
    char block[1000] = "", got[1000];
    tcp_pair(ends);
    sim->chances.short_write = 1000;
    ssize_t sent = xie_sys_send(ends[0], block, sizeof(block), 0);
    CHECK(sent > 0 && sent < (ssize_t)sizeof(block));
    pass(XIE_SECOND);
    sim->chances.short_read = 1000;
    ssize_t read = xie_sys_recv(ends[1], got, sizeof(got), 0);
    CHECK(read > 0 && read < sent);
    world_end();
}

static void interruptions_are_not_seen(void)
{
    world_begin(1);
    int ends[2];
    sim->chances.interrupt = 900;
    tcp_pair(ends);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(say(ends[0], "x"), 1);
    world_end();
}

static void connections_break_when_asked_to(void)
{
    world_begin(1);
    int ends[2];
    tcp_pair(ends);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(say(ends[0], "x"), 1);
    sim->chances.reset = 1000;
    CHECK_EQ(say(ends[0], "x"), -ECONNRESET);
    CHECK_EQ(say(ends[0], "x"), -EPIPE);
    pass(XIE_SECOND);
    while (hear(ends[1]) == 1)
        ;
    CHECK_EQ(hear(ends[1]), 0);
    world_end();
}

/* --- operations --------------------------------------------------------------------- */

static struct xie_op *done_ops[8];
static unsigned done_count;

static void note_done(struct xie_op *op)
{
    done_ops[done_count++] = op;
}

static void again_means_soon(void)
{
    world_begin(1);
    int ends[2];
    char byte;
    struct xie_op op = {.kind = XIE_OP_RECV, .done = note_done};
    tcp_pair(ends);
    op.fd = ends[1];
    op.buf = &byte;
    op.len = 1;
    sim->chances.again = 999;
    CHECK(!xie_op_submit(&loop, &op));
    sim->chances.again = 0;
    CHECK_EQ(say(ends[0], "x"), 1);
    pass(XIE_SECOND);
    CHECK_EQ(done_count, 1);
    CHECK_EQ(op.result, 1);
    sim->chances.again = 900;
    ssize_t sent;
    int tries = 0;
    while ((sent = say(ends[0], "y")) == -EAGAIN)
        tries++;
    CHECK_EQ(sent, 1);
    CHECK(tries > 0);
    if (!xie_op_submit(&loop, &op))
        pass(XIE_SECOND);
    CHECK_EQ(op.result, 1);
    xie_op_forget(&loop, ends[1]);
    world_end();
}

/* Two sockets become readable at one time: which is told first? */
static struct xie_op *first_told(uint64_t seed, struct xie_op ops[2])
{
    int pairs[2][2];
    char byte;
    world_begin(seed);
    done_count = 0;
    for (int i = 0; i < 2; i++) {
        tcp_pair(pairs[i]);
        ops[i] = (struct xie_op){.kind = XIE_OP_RECV, .done = note_done, .fd = pairs[i][1]};
        ops[i].buf = &byte;
        ops[i].len = 1;
        CHECK(!xie_op_submit(&loop, &ops[i]));
    }
    for (int i = 0; i < 2; i++)
        say(pairs[i][0], "x");
    pass(XIE_SECOND);
    CHECK_EQ(done_count, 2);
    for (int i = 0; i < 2; i++)
        xie_op_forget(&loop, pairs[i][1]);
    world_end();
    return done_ops[0];
}

static void any_order_is_told(void)
{
    struct xie_op ops[2];
    int firsts = 0;
    for (uint64_t seed = 1; seed <= 40; seed++)
        firsts += first_told(seed, ops) == &ops[0];
    CHECK(firsts > 5 && firsts < 35);
}

static void connect_is_an_operation_like_others(void)
{
    world_begin(1);
    int listener = listen_tcp(0, 4);
    struct sockaddr_in address = ip4("127.0.0.1", port_of(listener));
    struct xie_op connects[2], accepts = {.kind = XIE_OP_ACCEPT, .fd = listener, .done = note_done};
    CHECK(!xie_op_submit(&loop, &accepts));
    for (int i = 0; i < 2; i++) {
        connects[i] = (struct xie_op){.kind = XIE_OP_CONNECT, .done = note_done};
        connects[i].fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
        connects[i].address = (struct sockaddr *)&address;
        connects[i].address_len = sizeof(address);
        if (i) /* nobody is there */
            address.sin_port = htons(9);
        CHECK(!xie_op_submit(&loop, &connects[i]));
    }
    pass(XIE_SECOND);
    CHECK_EQ(done_count, 3);
    CHECK_EQ(connects[0].result, 0);
    CHECK_EQ(connects[1].result, -ECONNREFUSED);
    CHECK(accepts.result >= XIE_SIM_FIRST);
    xie_op_forget(&loop, listener);
    xie_op_forget(&loop, connects[0].fd);
    xie_op_forget(&loop, connects[1].fd);
    world_end();
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"connecting takes a round trip", connecting_takes_a_round_trip},
        {"both ends know their names", both_ends_know_their_names},
        {"nobody listens", nobody_listens},
        {"nobody is there", nobody_is_there},
        {"a full backlog keeps others waiting", a_full_backlog_keeps_others_waiting},
        {"closing while connecting is clean", closing_while_connecting_is_clean},
        {"a closed listener resets its queue", a_closed_listener_resets_its_queue},
        {"ports are chosen apart", ports_are_chosen_apart},
        {"a port is one listener's", a_port_is_one_listeners},
        {"reuse needs the agreement of both", reuse_needs_the_agreement_of_both},
        {"listeners may share a port", listeners_may_share_a_port},
        {"version 6 hears version 4", version_six_hears_version_four},
        {"bad addresses are refused", bad_addresses_are_refused},
        {"bytes come in order, after a while", bytes_come_in_order_after_a_while},
        {"peeking takes nothing", peeking_takes_nothing},
        {"many parts are one stream", many_parts_are_one_stream},
        {"buffers are bounded", buffers_are_bounded},
        {"the ring turns and grows", the_ring_turns_and_grows},
        {"half a close leaves the other half", half_a_close_leaves_the_other_half},
        {"a close delivers what was sent", a_close_delivers_what_was_sent},
        {"an abort is a reset", an_abort_is_a_reset},
        {"unread bytes make a close a reset", unread_bytes_make_a_close_a_reset},
        {"writing to who has left breaks later", writing_to_who_has_left_breaks_later},
        {"calls before a connection fail", calls_before_a_connection_fail},
        {"options are kept", options_are_kept},
        {"calls may do less", calls_may_do_less},
        {"interruptions are not seen", interruptions_are_not_seen},
        {"connections break when asked to", connections_break_when_asked_to},
        {"again means soon", again_means_soon},
        {"any order is told", any_order_is_told},
        {"connect is an operation like others", connect_is_an_operation_like_others},
        {0},
    };
    return tap_main(argc, argv, tests);
}
