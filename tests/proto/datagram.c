/* datagram.c - transports of datagrams: whole ones, errors that end nothing, the queue. */
/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <unistd.h>

#include "proto/kit.h"

/* One bound to a port of the loopback. */
static struct xie_address open_bound(struct note *note)
{
    struct xie_address any, bound = {0};
    REQUIRE(!xie_address_parse(&any, "127.0.0.1", 0));
    REQUIRE(!xie_create_datagram_endpoint(&any, NULL, &noting, note, &note->transport));
    REQUIRE(!xie_transport_local(note->transport, &bound));
    return bound;
}

static void end_both(struct note *one, struct note *other)
{
    xie_transport_close(one->transport);
    xie_transport_close(other->transport);
    kit_end(one);
    kit_end(other);
    CHECK(!one->error && !other->error);
}

IN_TASK(datagrams_come_whole)
{
    struct note one = {0}, other = {0};
    struct xie_address to = open_bound(&other);
    open_bound(&one);
    CHECK_EQ(xie_transport_sendto(one.transport, "three", 5, &to), 0);
    UNTIL(&other, other.datas == 1);
    CHECK_EQ(xie_transport_sendto(one.transport, "", 0, &to), 0); /* one without bytes counts */
    UNTIL(&other, other.datas == 2);
    CHECK_EQ(xie_transport_sendto(one.transport, " words", 6, &to), 0);
    UNTIL(&other, other.datas == 3);
    CHECK_STR(other.text, "three words");
    CHECK(other.made == 1 && !other.errors);
    end_both(&one, &other);
    return 0;
}

static struct xie_address sender;

static void answer(void *self, struct xie_transport *transport, const struct xie_address *from,
                   const char *data, size_t len)
{
    (void)self;
    sender = *from;
    CHECK_EQ(xie_transport_sendto(transport, data, len, from), 0);
}

IN_TASK(the_sender_is_named_and_can_be_answered)
{
    static const struct xie_protocol answering = {.datagram_received = answer};
    struct xie_address any, server = {0}, own;
    struct xie_transport *transport;
    struct note client = {0};
    REQUIRE(!xie_address_parse(&any, "127.0.0.1", 0));
    REQUIRE(!xie_create_datagram_endpoint(&any, NULL, &answering, NULL, &transport));
    REQUIRE(!xie_transport_local(transport, &server));
    REQUIRE(!xie_create_datagram_endpoint(NULL, &server, &noting, &client, &client.transport));
    CHECK_EQ(xie_transport_sendto(client.transport, "question", 8, NULL), 0);
    UNTIL(&client, client.datas == 1);
    CHECK_STR(client.text, "question");
    CHECK_EQ(xie_transport_local(client.transport, &own), 0);
    CHECK_EQ(xie_address_port(&own), xie_address_port(&sender));
    CHECK_EQ(xie_transport_peer(client.transport, &own), 0);
    CHECK_EQ(xie_address_port(&own), xie_address_port(&server));
    xie_transport_abort(transport);
    CHECK_EQ(xie_transport_wait(transport), 0);
    xie_transport_close(client.transport);
    kit_end(&client);
    return 0;
}

IN_TASK(the_largest_comes_whole)
{
    static char large[65507];
    struct note one = {0}, other = {0};
    struct xie_address to = open_bound(&other);
    open_bound(&one);
    kit_fill(large, sizeof large, 0);
    int sent = xie_transport_sendto(one.transport, large, sizeof large, &to);
    if (sent == -EMSGSIZE || sent == -ENOBUFS)
        tap_skip("no datagram of 65507 bytes goes here");
    CHECK_EQ(sent, 0);
    UNTIL(&other, other.datas == 1);
    CHECK_EQ(other.got, sizeof large);
    CHECK(kit_same(other.text, sizeof other.text - 1, 0));
    CHECK_EQ(xie_transport_sendto(one.transport, large, sizeof large + 1, &to), -EMSGSIZE);
    CHECK_EQ(xie_transport_sendto(one.transport, "on", 2, &to), 0); /* goes on */
    UNTIL(&other, other.datas == 2);
    end_both(&one, &other);
    return 0;
}

IN_TASK(a_refusal_is_told_and_ends_nothing)
{
    struct note one = {0}, gone = {0};
    struct xie_address nobody = open_bound(&gone);
    xie_transport_close(gone.transport);
    kit_end(&gone);
    REQUIRE(!xie_create_datagram_endpoint(NULL, &nobody, &noting, &one, &one.transport));
    UNTIL(&one, one.made);
    CHECK_EQ(xie_transport_sendto(one.transport, "anybody?", 8, NULL), 0);
    UNTIL(&one, one.errors == 1);
    CHECK_EQ(one.error, -ECONNREFUSED);
    kit_settle();
    CHECK_EQ(one.errors, 1); /* once */
    CHECK(!one.lost && !xie_transport_is_closing(one.transport));
    xie_transport_close(one.transport);
    kit_end(&one);
    return 0;
}

IN_TASK(paused_it_tells_nothing)
{
    struct note one = {0}, other = {0};
    struct xie_address to = open_bound(&other);
    open_bound(&one);
    xie_transport_pause_reading(other.transport);
    CHECK_EQ(xie_transport_sendto(one.transport, "later", 5, &to), 0);
    kit_settle();
    CHECK_EQ(other.datas, 0);
    xie_transport_resume_reading(other.transport);
    UNTIL(&other, other.datas == 1);
    end_both(&one, &other);
    return 0;
}

/* Unix datagrams wait for their reader, so that a queue can be seen. */
static void unix_pair(struct note *one, struct note *other)
{
    int fds[2];
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
    REQUIRE(!xie_connect_datagram_socket(fds[0], &noting, one, &one->transport));
    REQUIRE(!xie_connect_datagram_socket(fds[1], &noting, other, &other->transport));
}

/* Send until the kernel takes no more; return how many. */
static int stuff(struct note *note)
{
    int sent = 0;
    do {
        CHECK(xie_transport_sendto(note->transport, "0123456789", 10, NULL) >= 0);
        sent++;
    } while (!xie_transport_get_write_buffer_size(note->transport));
    return sent;
}

IN_TASK(what_finds_no_room_waits_in_order)
{
    struct note one = {0}, other = {0};
    unix_pair(&one, &other);
    xie_transport_pause_reading(other.transport);
    int sent = stuff(&one);
    size_t size = xie_transport_get_write_buffer_size(one.transport);
    CHECK(size >= 10);
    CHECK_EQ(xie_transport_set_write_buffer_limits(one.transport, size, 0), 0);
    CHECK_EQ(xie_transport_sendto(one.transport, "last", 4, NULL), 1);
    UNTIL(&one, one.pauses == 1);
    xie_transport_close(one.transport); /* sends what waits */
    kit_settle();
    CHECK_EQ(one.lost, 0);
    xie_transport_resume_reading(other.transport);
    UNTIL(&other, other.datas == sent + 1);
    CHECK_EQ(other.got, (size_t)sent * 10 + 4);
    kit_end(&one);
    CHECK_EQ(one.error, 0);
    xie_transport_close(other.transport);
    kit_end(&other);
    return 0;
}

IN_TASK(abort_drops_the_queue)
{
    struct note one = {0}, other = {0};
    unix_pair(&one, &other);
    xie_transport_pause_reading(other.transport);
    stuff(&one);
    xie_transport_abort(one.transport);
    CHECK_EQ(xie_transport_sendto(one.transport, "x", 1, NULL), XIE_ECLOSED);
    kit_end(&one);
    CHECK_EQ(one.error, 0);
    xie_transport_close(other.transport);
    kit_end(&other);
    return 0;
}

IN_TASK(an_error_of_one_that_waited_is_told)
{
    struct note one = {0}, other = {0};
    unix_pair(&one, &other);
    xie_transport_pause_reading(other.transport);
    stuff(&one);
    xie_transport_pause_reading(one.transport); /* so that only sending finds out */
    xie_transport_abort(other.transport);
    kit_end(&other);
    UNTIL(&one, one.errors);
    CHECK(one.error == -ECONNREFUSED || one.error == -ECONNRESET || one.error == -ENOTCONN ||
          one.error == -EPIPE);
    CHECK_EQ(one.lost, 0);
    xie_transport_close(one.transport);
    kit_end(&one);
    return 0;
}

IN_TASK(bytes_and_datagrams_are_not_the_same)
{
    struct note one = {0}, other = {0};
    struct xie_transport *transport = NULL;
    int fds[2];
    unix_pair(&one, &other);
    CHECK_EQ(xie_transport_write(one.transport, "x", 1), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_write_eof(one.transport), -EOPNOTSUPP);
    CHECK(!xie_transport_can_write_eof(one.transport));
    CHECK_EQ(xie_transport_sendto(one.transport, "", XIE_TRANSPORT_BUFFER_MOST + 1UL, NULL),
             -ENOBUFS);
    end_both(&one, &other);

    struct note bytes = {0};
    struct xie_stream *peer = kit_transport(&bytes);
    CHECK_EQ(xie_transport_sendto(bytes.transport, "x", 1, NULL), -EOPNOTSUPP);
    xie_stream_close(peer);
    kit_end(&bytes);

    CHECK_EQ(xie_create_datagram_endpoint(NULL, NULL, &noting, &one, &transport), -EINVAL);
    CHECK_EQ(xie_connect_datagram_socket(-1, &noting, &one, &transport), -EBADF);
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    CHECK_EQ(xie_connect_datagram_socket(fds[0], &noting, &one, &transport), -EINVAL);
    CHECK(!transport && !xie_sys_close(fds[0]) && !xie_sys_close(fds[1]));
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"datagrams_come_whole", datagrams_come_whole},
        {"the_sender_is_named_and_can_be_answered", the_sender_is_named_and_can_be_answered},
        {"the_largest_comes_whole", the_largest_comes_whole},
        {"a_refusal_is_told_and_ends_nothing", a_refusal_is_told_and_ends_nothing},
        {"paused_it_tells_nothing", paused_it_tells_nothing},
        {"what_finds_no_room_waits_in_order", what_finds_no_room_waits_in_order},
        {"abort_drops_the_queue", abort_drops_the_queue},
        {"an_error_of_one_that_waited_is_told", an_error_of_one_that_waited_is_told},
        {"bytes_and_datagrams_are_not_the_same", bytes_and_datagrams_are_not_the_same},
        {0},
    };
    return tap_main(argc, argv, tests);
}
