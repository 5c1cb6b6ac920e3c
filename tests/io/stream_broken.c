/* stream_broken.c - the promises of <xie/stream.h> about connections that broke, or are of another
 * kind than a call is for: which error each has. */
/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "io/kit.h"

static int read_byte(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

/* One whose peer has reset it, and which has heard of that. */
static struct xie_stream *broken(void)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    struct xie_task *reader = xie_spawn(read_byte, pair[1]);
    xie_sleep(XIE_MILLISECOND);
    xie_stream_abort(pair[0]);
    CHECK_EQ(xie_join(reader), -ECONNRESET);
    return pair[1];
}

IN_TASK(a_broken_one_is_connected_to_nobody)
{
    struct xie_stream *stream = broken();
    struct xie_address address = {.len = 77};
    CHECK_EQ(xie_stream_write_eof(stream), -ENOTCONN);
    CHECK_EQ(xie_stream_peer(stream, &address), -ENOTCONN);
    CHECK_EQ(address.len, 77); /* untouched */
    CHECK_EQ(xie_stream_read_shut(stream), -ENOTCONN);
    CHECK_EQ(read_byte(stream), -ECONNRESET); /* as before: shutting it failed */
    CHECK(!xie_stream_at_eof(stream));
    ssize_t sent = xie_stream_write(stream, "x", 1);
    CHECK(sent == -EPIPE || sent == -ECONNRESET);
    CHECK_EQ(xie_stream_written(stream), 0);
    xie_stream_close(stream);
    return 0;
}

static int by_read(struct xie_stream *stream)
{
    char buf[8];
    return (int)xie_stream_read(stream, buf, sizeof buf);
}

static int by_read_exactly(struct xie_stream *stream)
{
    char buf[8];
    return (int)xie_stream_read_exactly(stream, buf, sizeof buf);
}

static int by_read_until(struct xie_stream *stream)
{
    char *data;
    return (int)xie_stream_read_until(stream, "\n", 1, &data);
}

static int by_read_line(struct xie_stream *stream)
{
    char *line;
    return xie_stream_read_line(stream, &line, NULL);
}

static int by_peek(struct xie_stream *stream)
{
    char *data;
    return (int)xie_stream_peek(stream, &data);
}

static int by_copy(struct xie_stream *stream)
{
    return (int)xie_stream_copy(stream, stream, 10);
}

static int (*const readers[])(struct xie_stream *stream) = {
    by_read, by_read_exactly, by_read_until, by_read_line, by_peek, by_copy};
enum { READERS = sizeof readers / sizeof *readers };

/* Whatever the call: the same again, once what came before is read. */
IN_TASK(what_a_broken_one_returned_it_returns_again)
{
    struct xie_stream *stream = broken();
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < READERS; i++)
            CHECK_EQ(readers[i](stream), -ECONNRESET);
    xie_stream_close(stream);
    return 0;
}

IN_TASK(what_has_ended_ends_again)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    kit_send(pair[0], "end");
    xie_stream_close(pair[0]);
    CHECK_EQ(by_read_until(pair[1]), XIE_EOF);
    CHECK(!xie_stream_at_eof(pair[1])); /* something is left */
    CHECK_EQ(by_read(pair[1]), 3);
    CHECK(xie_stream_at_eof(pair[1]));
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < READERS; i++)
            CHECK_EQ(readers[i](pair[1]), i == 1 ? XIE_EOF : 0);
    xie_stream_close(pair[1]);
    return 0;
}

/* Of TCP the peer goes on without being told; what it sends is never read. */
IN_TASK(a_shut_side_of_tcp_reads_nothing_more)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    kit_send(pair[0], "before");
    CHECK_EQ(xie_stream_read_shut(pair[1]), 0);
    kit_send(pair[0], "after");
    xie_sleep(5 * XIE_MILLISECOND);
    kit_send(pair[0], "and later");
    CHECK_EQ(read_byte(pair[1]), 0);
    CHECK(xie_stream_at_eof(pair[1]));
    kit_send(pair[1], "x"); /* the other way goes on */
    CHECK_EQ(read_byte(pair[0]), 1);
    kit_close(pair);
    return 0;
}

IN_TASK(options_have_their_errors)
{
    struct xie_stream *pair[2];
    int value = 77;
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_get_option(pair[0], SOL_SOCKET, 9999, &value), -ENOPROTOOPT);
    if (kit_on("sim")) {
        CHECK_EQ(xie_stream_set_option(pair[0], IPPROTO_TCP, TCP_KEEPIDLE, 30), 0);
    } else {
        CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, 9999, 1), -ENOPROTOOPT);
        CHECK_EQ(xie_stream_set_option(pair[0], IPPROTO_TCP, 9999, 1), -ENOPROTOOPT);
        CHECK_EQ(xie_stream_get_option(pair[0], IPPROTO_TCP, 9999, &value), -ENOPROTOOPT);
        CHECK_EQ(xie_stream_set_option(pair[0], IPPROTO_TCP, TCP_KEEPIDLE, 0), -EINVAL);
        CHECK_EQ(xie_stream_set_option(pair[0], IPPROTO_TCP, TCP_KEEPIDLE, -1), -EINVAL);
    }
    kit_close(pair);
    kit_pair(pair);
    CHECK_EQ(xie_stream_set_option(pair[0], IPPROTO_TCP, TCP_NODELAY, 1), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_get_option(pair[0], IPPROTO_TCP, TCP_NODELAY, &value), -EOPNOTSUPP);
    kit_close(pair);
    CHECK_EQ(xie_stream_memory(0, pair), 0);
    CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, SO_KEEPALIVE, 1), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_get_option(pair[0], SOL_SOCKET, SO_KEEPALIVE, &value), -EOPNOTSUPP);
    CHECK_EQ(value, 77);
    kit_close(pair);
    return 0;
}

/* On failure the descriptor is the caller's as before. */
IN_TASK(what_was_not_taken_over_is_still_ours)
{
    struct xie_stream *stream = NULL;
    struct xie_listener *listener = NULL;
    struct xie_datagram *datagram = NULL;
    int fds[2];
    REQUIRE(pipe(fds) == 0);
    CHECK_EQ(xie_listener_adopt(fds[0], &listener), -ENOTSOCK);
    CHECK_EQ(xie_datagram_adopt(fds[0], &datagram), -ENOTSOCK);
    CHECK_EQ(xie_listener_adopt(-1, &listener), -EBADF);
    CHECK_EQ(xie_datagram_adopt(-1, &datagram), -EBADF);
    CHECK_EQ(xie_stream_adopt(-1, &stream), -EBADF);
    CHECK_EQ(xie_stream_borrow(-1, &stream), -EBADF);
    CHECK_EQ(xie_fd_wait(-1, 1), -EBADF);
    CHECK(!stream && !listener && !datagram);
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(close(fds[0]), 0);
    CHECK_EQ(close(fds[1]), 0);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_broken_one_is_connected_to_nobody", a_broken_one_is_connected_to_nobody},
        {"what_a_broken_one_returned_it_returns_again",
         what_a_broken_one_returned_it_returns_again},
        {"what_has_ended_ends_again", what_has_ended_ends_again},
        {"a_shut_side_of_tcp_reads_nothing_more", a_shut_side_of_tcp_reads_nothing_more},
        {"options_have_their_errors", options_have_their_errors},
        {"what_was_not_taken_over_is_still_ours", what_was_not_taken_over_is_still_ours},
        {0},
    };
    return tap_main(argc, argv, tests);
}
