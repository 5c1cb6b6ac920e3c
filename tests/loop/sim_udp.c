/* sim_udp.c - UDP in memory behaves as udp(7) says; loss and disorder on request. */
/* SPDX-License-Identifier: MIT */
#include "sim_world.h"

static int bound(void)
{
    int fd = open_at(SOCK_DGRAM, "127.0.0.1", 0);
    REQUIRE(fd >= 0);
    return fd;
}

static ssize_t send_to(int fd, uint16_t port, const char *text)
{
    struct sockaddr_in to = ip4("127.0.0.1", port);
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {
        .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1};
    return xie_sys_sendmsg(fd, &message, 0);
}

static void datagrams_come_whole_and_in_order(void)
{
    world_begin(1);
    int a = bound(), b = bound();
    sim->chances.jitter_ns = 1000000000;
    char text[3] = "a0";
    for (int i = 0; i < 26; i++, text[0]++)
        CHECK_EQ(send_to(a, port_of(b), text), 2);
    CHECK_EQ(hear(b), -EAGAIN);
    pass(XIE_MINUTE);
    text[0] = 'a';
    for (int i = 0; i < 26; i++, text[0]++)
        CHECK_HEARD(b, text);
    CHECK_EQ(hear(b), -EAGAIN);
    world_end();
}

static void the_sender_is_named(void)
{
    world_begin(1);
    int a = xie_sys_socket(AF_INET, SOCK_DGRAM, 0), b = bound();
    struct sockaddr_in from;
    char buf[4];
    struct iovec part = {buf, sizeof(buf)};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
    CHECK_EQ(send_to(a, port_of(b), "long one"), 8);
    pass(XIE_SECOND);
    CHECK_EQ(xie_sys_recvmsg(b, &message, MSG_PEEK | MSG_TRUNC), 8);
    CHECK_EQ(message.msg_flags, MSG_TRUNC);
    CHECK_EQ(xie_sys_recvmsg(b, &message, 0), 4);
    CHECK_EQ(message.msg_flags, MSG_TRUNC);
    CHECK_EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
    CHECK_EQ(ntohs(from.sin_port), port_of(a));
    CHECK_EQ(hear(b), -EAGAIN); /* the rest is gone */
    world_end();
}

static void a_connected_socket_hears_its_peer_only(void)
{
    world_begin(1);
    int a = bound(), b = bound(), c = bound();
    struct sockaddr_in address = ip4("127.0.0.1", port_of(a));
    CHECK_EQ(xie_sys_connect(b, ADDRESS(address)), 0);
    CHECK_EQ(say(b, "to a"), 4);
    CHECK_EQ(send_to(c, port_of(b), "stranger"), 8);
    CHECK_EQ(send_to(a, port_of(b), "friend"), 6);
    pass(XIE_SECOND);
    CHECK_HEARD(a, "to a");
    CHECK_HEARD(b, "friend");
    CHECK_EQ(hear(b), -EAGAIN);
    CHECK_EQ(say(a, "x"), -EDESTADDRREQ);
    world_end();
}

static void nobody_there_is_told_to_the_connected(void)
{
    world_begin(1);
    int a = bound(), b = bound();
    uint16_t port = port_of(b);
    struct sockaddr_in address = ip4("127.0.0.1", port);
    xie_sys_close(b);
    CHECK_EQ(send_to(a, port, "x"), 1);
    pass(XIE_SECOND);
    CHECK_EQ(hear(a), -EAGAIN);
    CHECK_EQ(xie_sys_connect(a, ADDRESS(address)), 0);
    CHECK_EQ(say(a, "x"), 1);
    pass(XIE_SECOND);
    CHECK_EQ(hear(a), -ECONNREFUSED);
    CHECK_EQ(hear(a), -EAGAIN);
    world_end();
}

static void a_full_receiver_loses(void)
{
    world_begin(1);
    int a = bound(), b = bound(), got = 0;
    char block[1001];
    memset(block, 'x', 1000);
    block[1000] = 0;
    for (int i = 0; i < 200; i++)
        CHECK_EQ(send_to(a, port_of(b), block), 1000);
    pass(XIE_SECOND);
    while (hear(b) == 1)
        got++;
    CHECK(got > 5 && got < 50);
    world_end();
}

static void a_datagram_has_a_limit(void)
{
    static char block[XIE_SIM_PACKET_MOST + 2];
    world_begin(1);
    int a = bound(), b = bound();
    memset(block, 'x', sizeof(block) - 1);
    CHECK_EQ(send_to(a, port_of(b), block), -EMSGSIZE);
    block[XIE_SIM_PACKET_MOST] = 0;
    CHECK_EQ(send_to(a, port_of(b), block), XIE_SIM_PACKET_MOST);
    pass(XIE_SECOND);
    CHECK_EQ(xie_sys_recv(b, block, sizeof(block), 0), XIE_SIM_PACKET_MOST);
    world_end();
}

static void loss_must_be_asked_for(void)
{
    world_begin(1);
    int a = bound(), b = bound(), got = 0;
    sim->chances.drop = 500;
    for (int i = 0; i < 400; i++)
        CHECK_EQ(send_to(a, port_of(b), "x"), 1);
    pass(XIE_SECOND);
    while (hear(b) == 1)
        got++;
    CHECK(got > 100 && got < 300);
    sim->chances.drop = 0;
    for (int i = 0; i < 400; i++)
        send_to(a, port_of(b), "x");
    pass(XIE_SECOND);
    for (got = 0; hear(b) == 1;)
        got++;
    CHECK_EQ(got, 400);
    world_end();
}

static void disorder_must_be_asked_for(void)
{
    world_begin(1);
    int a = bound(), b = bound(), late = 0;
    sim->chances.reorder = 200;
    char text[2] = {1, 0}, last = 0, got;
    for (; text[0] < 100; text[0]++)
        CHECK_EQ(send_to(a, port_of(b), text), 1);
    pass(XIE_SECOND);
    for (int i = 1; i < 100; i++) {
        CHECK_EQ(xie_sys_recv(b, &got, 1, 0), 1);
        late += got < last;
        last = got;
    }
    CHECK(late > 0);
    world_end();
}

static void what_is_under_way_at_the_end_is_no_leak(void)
{
    world_begin(1);
    int a = bound(), b = bound();
    CHECK_EQ(send_to(a, port_of(b), "x"), 1);
    pass(XIE_SECOND);
    CHECK_EQ(send_to(a, port_of(b), "y"), 1);
    world_end();
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"datagrams come whole and in order", datagrams_come_whole_and_in_order},
        {"the sender is named", the_sender_is_named},
        {"a connected socket hears its peer only", a_connected_socket_hears_its_peer_only},
        {"nobody there is told to the connected", nobody_there_is_told_to_the_connected},
        {"a full receiver loses", a_full_receiver_loses},
        {"a datagram has a limit", a_datagram_has_a_limit},
        {"loss must be asked for", loss_must_be_asked_for},
        {"disorder must be asked for", disorder_must_be_asked_for},
        {"what is under way at the end is no leak", what_is_under_way_at_the_end_is_no_leak},
        {0},
    };
    return tap_main(argc, argv, tests);
}
