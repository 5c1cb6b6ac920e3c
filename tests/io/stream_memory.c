/* stream_memory.c - the promises of <xie/stream.h>: streams in memory, bounded both ways. */
/* SPDX-License-Identifier: MIT */
#include "io/kit.h"

enum { MUCH = 400000 };

static void memory_pair(size_t cap, struct xie_stream *pair[2])
{
    REQUIRE(xie_stream_memory(cap, pair) == 0);
}

static int write_much(void *arg)
{
    static char out[MUCH];
    kit_fill(out, MUCH, 0);
    ssize_t sent = xie_stream_write(arg, out, MUCH);
    return sent < 0 ? (int)sent : xie_stream_write_eof(arg);
}

static int read_much(void *arg)
{
    char buf[700];
    uint32_t random = 5;
    uint64_t at = 0;
    ssize_t len;
    while ((len = xie_stream_read(arg, buf, 1 + kit_random(&random, sizeof buf))) > 0) {
        CHECK(kit_same(buf, (size_t)len, at));
        at += (uint64_t)len;
    }
    CHECK_EQ(len, 0);
    return (int)at;
}

IN_TASK(bytes_go_both_ways_in_order)
{
    static const size_t caps[] = {0, 1000, 257, 1 << 20};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        struct xie_stream *pair[2];
        struct xie_task *tasks[4];
        memory_pair(caps[i], pair);
        for (int end = 0; end < 2; end++) {
            tasks[2 * end] = xie_spawn(write_much, pair[end]);
            tasks[2 * end + 1] = xie_spawn(read_much, pair[end]);
        }
        for (int end = 0; end < 2; end++) {
            CHECK_EQ(xie_join(tasks[2 * end]), 0);
            CHECK_EQ(xie_join(tasks[2 * end + 1]), MUCH);
        }
        kit_close(pair);
    }
    return 0;
}

IN_TASK(the_capacity_has_bounds)
{
    struct xie_stream *pair[2] = {NULL, NULL};
    CHECK_EQ(xie_stream_memory(((size_t)1 << 30) + 1, pair), -EINVAL);
    CHECK_EQ(xie_stream_memory(SIZE_MAX, pair), -EINVAL);
    CHECK(!pair[0] && !pair[1]);
    memory_pair(1, pair);
    struct xie_task *task = xie_spawn(write_much, pair[0]);
    char buf[100];
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 100), 100); /* byte by byte */
    CHECK(kit_same(buf, 100, 0));
    CHECK(xie_stream_written(pair[0]) <= 101); /* no byte more is on its way */
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    kit_close(pair);
    return 0;
}

static void without_a_loop(void)
{
    struct xie_stream *pair[2];
    CHECK_EQ(xie_stream_memory(0, pair), -EPERM);
}

IN_TASK(a_full_one_holds_the_writer_back)
{
    struct xie_stream *pair[2];
    char buf[64];
    memory_pair(64, pair);
    CHECK_EQ(xie_stream_write(pair[0], buf, 64), 64); /* at the limit */
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_stream_write(pair[0], "x", 1), -ETIMEDOUT); /* above */
    CHECK_EQ(xie_stream_written(pair[0]), 64);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 64), 64);
    CHECK_EQ(xie_stream_write(pair[0], "x", 1), 1);
    CHECK_EQ(xie_stream_write(pair[1], buf, 64), 64); /* the other way is its own */
    kit_close(pair);
    return 0;
}

static int read_byte(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

IN_TASK(half_closed_it_goes_on_the_other_way)
{
    struct xie_stream *pair[2];
    char buf[8];
    memory_pair(0, pair);
    kit_send(pair[0], "question");
    CHECK_EQ(xie_stream_write_eof(pair[0]), 0);
    CHECK_EQ(xie_stream_write_eof(pair[0]), 0); /* twice is once */
    CHECK_EQ(xie_stream_write(pair[0], "more", 4), -EPIPE);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 8), 8);
    CHECK_EQ(read_byte(pair[1]), 0);
    kit_send(pair[1], "answer");
    CHECK_EQ(xie_stream_read_exactly(pair[0], buf, 6), 6);
    CHECK(!memcmp(buf, "answer", 6));
    struct xie_task *task = xie_spawn(read_byte, pair[0]);
    xie_sleep(0);
    CHECK_EQ(xie_stream_write_eof(pair[1]), 0); /* wakes who waits */
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
    return 0;
}

IN_TASK(after_a_close_comes_the_rest_and_the_end)
{
    struct xie_stream *pair[2];
    char buf[5];
    memory_pair(0, pair);
    kit_send(pair[0], "last");
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_stream_write(pair[1], "x", 1), -EPIPE);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 5), XIE_EOF);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 4), 4);
    CHECK(!memcmp(buf, "last", 4));
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(an_abort_is_a_reset_on_both_sides)
{
    struct xie_stream *pair[2];
    memory_pair(0, pair);
    kit_send(pair[0], "lost");
    xie_stream_abort(pair[0]);
    CHECK_EQ(read_byte(pair[1]), -ECONNRESET);
    CHECK_EQ(read_byte(pair[1]), -ECONNRESET);
    CHECK_EQ(xie_stream_write(pair[1], "x", 1), -ECONNRESET);
    xie_stream_close(pair[1]);

    memory_pair(4, pair);
    kit_send(pair[1], "full");
    struct xie_task *reader = xie_spawn(read_byte, pair[1]);
    struct xie_task *writer = xie_spawn(write_much, pair[1]);
    xie_sleep(0);
    xie_stream_abort(pair[0]); /* wakes who waits */
    CHECK_EQ(xie_join(reader), -ECONNRESET);
    CHECK_EQ(xie_join(writer), -ECONNRESET);
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(a_close_wakes_both_sides)
{
    struct xie_stream *pair[2];
    memory_pair(16, pair);
    struct xie_task *reader = xie_spawn(read_byte, pair[0]);
    struct xie_task *writer = xie_spawn(write_much, pair[0]);
    struct xie_task *other = xie_spawn(write_much, pair[1]);
    xie_sleep(0);
    CHECK_EQ(xie_join(reader), 1);
    reader = xie_spawn(read_much, pair[1]);
    xie_sleep(0);
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_join(writer), XIE_ECLOSED); /* on this side */
    CHECK_EQ(xie_join(other), -EPIPE);       /* on the other */
    CHECK(xie_join(reader) >= 16);
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(one_reader_and_one_writer_here_too)
{
    struct xie_stream *pair[2];
    memory_pair(16, pair);
    struct xie_task *reader = xie_spawn(read_byte, pair[0]);
    struct xie_task *writer = xie_spawn(write_much, pair[0]);
    xie_sleep(0);
    CHECK_EQ(read_byte(pair[0]), -EBUSY);
    CHECK_EQ(xie_stream_write(pair[0], "x", 1), -EBUSY);
    xie_task_cancel(reader);
    CHECK_EQ(xie_join(reader), -ECANCELED);
    xie_task_cancel(writer);
    CHECK_EQ(xie_join(writer), -ECANCELED);
    CHECK_EQ(xie_stream_written(pair[0]), 16);
    kit_send(pair[1], "y");
    CHECK_EQ(read_byte(pair[0]), 1);
    kit_close(pair);
    return 0;
}

/* A reader and a writer, cancelled at every turn: no byte is lost or doubled. */
static int write_some(void *arg)
{
    struct xie_stream *stream = arg;
    uint64_t at = xie_stream_written(stream);
    char out[40];
    kit_fill(out, sizeof out, at);
    return (int)xie_stream_write(stream, out, sizeof out);
}

IN_TASK(cancelled_anywhere_no_byte_is_lost)
{
    struct xie_stream *pair[2];
    uint64_t at = 0;
    memory_pair(16, pair);
    for (int when = 0; when < 200; when++) {
        char buf[24];
        struct xie_task *task = xie_spawn(write_some, pair[0]);
        for (int i = 0; i < when % 7; i++) {
            ssize_t len = 0;
            xie_sleep(0);
            XIE_TIMEOUT(i % 2 ? XIE_MICROSECOND : XIE_NEVER)
                len = xie_stream_read(pair[1], buf, 1 + (size_t)(when % 24));
            CHECK(len == -ETIMEDOUT || kit_same(buf, (size_t)len, at));
            at += len > 0 ? (uint64_t)len : 0;
            if (xie_task_done(task))
                break;
        }
        xie_task_cancel(task);
        int result = xie_join(task);
        CHECK(result == 40 || result == -ECANCELED);
        while (at < xie_stream_written(pair[0])) {
            ssize_t len = xie_stream_read(pair[1], buf, sizeof buf);
            CHECK(len > 0 && kit_same(buf, (size_t)len, at));
            at += (uint64_t)len;
        }
    }
    kit_close(pair);
    return 0;
}

IN_TASK(there_is_nothing_of_a_socket_about_it)
{
    struct xie_stream *pair[2];
    struct xie_address address;
    struct xie_credentials credentials;
    int value;
    int fds = kit_fds();
    memory_pair(0, pair);
    CHECK_EQ(kit_fds(), fds);
    CHECK_EQ(xie_stream_fd(pair[0]), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_local(pair[0], &address), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_peer(pair[0], &address), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, SO_SNDBUF, 1), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_get_option(pair[0], SOL_SOCKET, SO_SNDBUF, &value), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_credentials(pair[0], &credentials), -EOPNOTSUPP);
    kit_close(pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"bytes_go_both_ways_in_order", bytes_go_both_ways_in_order},
        {"the_capacity_has_bounds", the_capacity_has_bounds},
        {"without_a_loop", without_a_loop},
        {"a_full_one_holds_the_writer_back", a_full_one_holds_the_writer_back},
        {"half_closed_it_goes_on_the_other_way", half_closed_it_goes_on_the_other_way},
        {"after_a_close_comes_the_rest_and_the_end", after_a_close_comes_the_rest_and_the_end},
        {"an_abort_is_a_reset_on_both_sides", an_abort_is_a_reset_on_both_sides},
        {"a_close_wakes_both_sides", a_close_wakes_both_sides},
        {"one_reader_and_one_writer_here_too", one_reader_and_one_writer_here_too},
        {"cancelled_anywhere_no_byte_is_lost", cancelled_anywhere_no_byte_is_lost},
        {"there_is_nothing_of_a_socket_about_it", there_is_nothing_of_a_socket_about_it},
        {0},
    };
    return tap_main(argc, argv, tests);
}
