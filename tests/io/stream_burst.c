/* stream_burst.c - more than the small buffer holds at a time, and reads that took all there was.
 */
/* SPDX-License-Identifier: MIT */
#include <linux/net_tstamp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "io/kit.h"
#include "io/stream.h"

/* Bytes of a burst: around the sizes of both buffers. */
static const size_t bursts[] = {1,     254,    255,    256,    300,    1024, 65535, 65536,
                                65537, 262143, 262144, 262145, 600000, 20,   70000};
enum { BURSTS = sizeof bursts / sizeof bursts[0], BURST_MOST = 600000 };

static int send_bursts(void *arg)
{
    static char out[BURST_MOST];
    struct xie_stream *stream = arg;
    uint64_t at = 0;
    char word[8];
    for (int i = 0; i < BURSTS; i++) {
        kit_fill(out, bursts[i], at);
        at += bursts[i];
        CHECK_EQ(xie_stream_write(stream, out, bursts[i]), (ssize_t)bursts[i]);
        CHECK_EQ(xie_stream_read_exactly(stream, word, 2), 2); /* it has them all */
    }
    return xie_stream_write_eof(stream);
}

/* The next burst by looking, and taking what was seen. */
static void hear_burst(struct xie_stream *stream, size_t len, uint64_t at)
{
    char *data;
    for (size_t got = 0; got < len;) {
        ssize_t seen = xie_stream_peek(stream, &data);
        REQUIRE(seen > 0 && (size_t)seen <= len - got);
        CHECK(seen <= 256 * 1024);
        CHECK(kit_same(data, (size_t)seen, at + got));
        xie_stream_consume(stream, (size_t)seen);
        got += (size_t)seen;
    }
}

static void check_bursts(struct xie_stream *pair[2])
{
    uint64_t at = 0;
    char *data;
    XIE_GROUP(group) {
        xie_group_spawn(&group, send_bursts, pair[1]);
        for (int i = 0; i < BURSTS; i++) {
            hear_burst(pair[0], bursts[i], at);
            at += bursts[i];
            CHECK_EQ(xie_stream_write(pair[0], "ok", 2), 2);
        }
        CHECK_EQ(xie_stream_peek(pair[0], &data), 0);
    }
    xie_stream_close(pair[0]);
    xie_stream_close(pair[1]);
}

IN_TASK(bursts_of_every_size_come_whole_over_tcp)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    check_bursts(pair);
    return 0;
}

IN_TASK(bursts_of_every_size_come_whole_by_other_roads)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    check_bursts(pair);
    REQUIRE(!xie_stream_memory(1000, pair));
    check_bursts(pair);
    return 0;
}

static int peek_for_ever(void *arg)
{
    char *data;
    return (int)xie_stream_peek(arg, &data);
}

static int be_closed(void *arg)
{
    xie_stream_close(arg);
    return 0;
}

/* Put a stream into the state where it waits without a buffer. */
static void burst_once(struct xie_stream *pair[2])
{
    char out[1000], in[100];
    kit_fill(out, sizeof out, 0);
    REQUIRE(xie_stream_write(pair[1], out, sizeof out) == sizeof out);
    for (size_t got = 0; got < sizeof out;) {
        ssize_t len = xie_stream_read(pair[0], in, sizeof in);
        REQUIRE(len > 0);
        CHECK(kit_same(in, (size_t)len, got));
        got += (size_t)len;
    }
}

IN_TASK(a_wait_after_a_burst_is_interrupted_and_loses_nothing)
{
    struct xie_stream *pair[2];
    char *data;
    kit_tcp_pair(pair);
    burst_once(pair);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_stream_peek(pair[0], &data), -ETIMEDOUT);
    struct xie_task *task = xie_spawn(peek_for_ever, pair[0]);
    xie_sleep(0);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(xie_stream_write(pair[1], "x", 1), 1);
    CHECK_EQ(xie_stream_peek(pair[0], &data), 1);
    CHECK_EQ(*data, 'x');
    xie_stream_close(pair[0]);
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(a_wait_after_a_burst_ends_with_a_close)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    burst_once(pair);
    struct xie_task *reader = xie_spawn(peek_for_ever, pair[0]);
    xie_sleep(0);
    struct xie_task *closer = xie_spawn(be_closed, pair[0]);
    CHECK_EQ(xie_join(reader), XIE_ECLOSED);
    CHECK_EQ(xie_join(closer), 0);
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(a_reset_after_a_burst_is_told_behind_it)
{
    struct xie_stream *pair[2];
    char *data;
    kit_tcp_pair(pair);
    burst_once(pair);
    xie_stream_abort(pair[1]);
    CHECK_EQ(xie_stream_peek(pair[0], &data), -ECONNRESET);
    CHECK_EQ(xie_stream_peek(pair[0], &data), -ECONNRESET); /* it stays broken */
    xie_stream_close(pair[0]);
    return 0;
}

/* --- reads that took all there was: the next waits for news, and misses none ---------------- */

/* Read that many bytes, with room for more: by short reads, straight from the socket. */
static void hear(struct xie_stream *stream, size_t len)
{
    char in[1000];
    for (size_t got = 0; got < len;) {
        ssize_t more = xie_stream_read(stream, in, sizeof in);
        REQUIRE(more > 0 && (size_t)more <= len - got);
        got += (size_t)more;
    }
}

IN_TASK(an_end_that_came_with_the_bytes_is_not_missed)
{
    struct xie_stream *pair[2];
    char in[1000];
    kit_tcp_pair(pair);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_stream_read(pair[0], in, sizeof in), -ETIMEDOUT); /* it is waited for once */
    CHECK_EQ(xie_stream_write(pair[1], "last", 4), 4);
    xie_stream_close(pair[1]);
    xie_sleep(5 * XIE_MILLISECOND); /* both are there, and were told at once */
    hear(pair[0], 4);
    CHECK_EQ(xie_stream_read(pair[0], in, sizeof in), 0);
    xie_stream_close(pair[0]);
    return 0;
}

/* tcp(7): a read stops where urgent data was, though more is there. */
IN_TASK(urgent_data_stops_no_reader)
{
    struct xie_stream *pair[2];
    char in[1000], all[16] = "";
    kit_tcp_pair(pair);
    if (kit_on("sim")) {
        tap_skip("sim has no urgent data");
    } else {
        int fd = xie_stream_fd(pair[1]);
        XIE_TIMEOUT(XIE_MILLISECOND)
            CHECK_EQ(xie_stream_read(pair[0], in, sizeof in), -ETIMEDOUT);
        REQUIRE(send(fd, "ab", 2, 0) == 2 && send(fd, "!", 1, MSG_OOB) == 1);
        REQUIRE(send(fd, "cd", 2, 0) == 2);
        xie_sleep(5 * XIE_MILLISECOND);
        for (size_t len = 0; len < 4;) {
            ssize_t got = xie_stream_read(pair[0], in, sizeof in);
            REQUIRE(got > 0 && len + (size_t)got < sizeof all);
            memcpy(all + len, in, (size_t)got);
            len += (size_t)got;
        }
        CHECK(!strcmp(all, "abcd"));
    }
    xie_stream_close(pair[0]);
    xie_stream_close(pair[1]);
    return 0;
}

/* What comes while nobody reads is news to the next who does. */
IN_TASK(what_came_between_two_reads_is_not_missed)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(xie_stream_write(pair[1], "one", 3), 3);
        hear(pair[0], 3);
        CHECK_EQ(xie_stream_write(pair[1], "more", 4), 4);
        if (i % 2)
            xie_sleep(XIE_MILLISECOND / 10); /* its edge is told to nobody */
        hear(pair[0], 4);
    }
    xie_stream_close(pair[0]);
    xie_stream_close(pair[1]);
    return 0;
}

enum { MUCH = 60000 };

static int write_much(void *arg)
{
    static char out[MUCH];
    kit_fill(out, sizeof out, 0);
    ssize_t sent = xie_stream_write(arg, out, sizeof out);
    return sent < 0 ? (int)sent : 0;
}

/* A small limit bounds what is looked at too; the usual one does not. */
IN_TASK(a_small_limit_bounds_a_look)
{
    enum { LIMIT = 5000 };
    struct xie_stream *pair[2];
    char *data;
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[0], LIMIT), 0);
    struct xie_task *writer = xie_spawn(write_much, pair[1]);
    for (size_t got = 0; got < MUCH;) {
        ssize_t seen = xie_stream_peek(pair[0], &data);
        REQUIRE(seen > 0 && seen <= LIMIT);
        CHECK(kit_same(data, (size_t)seen, got));
        xie_stream_consume(pair[0], (size_t)seen);
        got += (size_t)seen;
    }
    CHECK_EQ(xie_join(writer), 0);
    kit_close(pair);
    return 0;
}

/* Reads that fill the caller's buffer say nothing of what is left: more, nothing, or the end. */
IN_TASK(full_reads_lose_nothing)
{
    enum { CHUNK = MUCH / 3 };
    static char in[CHUNK];
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    for (int round = 0; round < 3; round++) {
        struct xie_task *writer = xie_spawn(write_much, pair[1]);
        for (size_t got = 0; got < MUCH;) {
            ssize_t len = xie_stream_read(pair[0], in, CHUNK);
            REQUIRE(len > 0 && (size_t)len <= MUCH - got);
            CHECK(kit_same(in, (size_t)len, got));
            got += (size_t)len;
        }
        CHECK_EQ(xie_join(writer), 0);
        XIE_TIMEOUT(XIE_MILLISECOND)
            CHECK_EQ(xie_stream_read(pair[0], in, CHUNK), -ETIMEDOUT);
    }
    xie_stream_close(pair[1]);
    CHECK_EQ(xie_stream_read(pair[0], in, CHUNK), 0);
    xie_stream_close(pair[0]);
    return 0;
}

/* What a wait was told of, and nobody could read for want of memory, is there for the next. */
IN_TASK(a_burst_without_memory_for_it_is_not_missed)
{
    struct xie_stream *pair[2];
    char in[3];
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[0], 32768), 0); /* no buffer of these is kept warm */
    burst_once(pair);
    struct xie_task *reader = xie_spawn(peek_for_ever, pair[0]);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(xie_stream_write(pair[1], "one", 3), 3);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(xie_join(reader), -ENOMEM);
    xie_fault_plan.kinds = 0;
    XIE_TIMEOUT(60 * XIE_SECOND)
        CHECK_EQ(xie_stream_read_exactly(pair[0], in, 3), 3);
    kit_close(pair);
    return 0;
}

/* socket(7): a timestamp that nobody takes makes the socket ready for ever, with nothing to read.
 */
IN_TASK(an_error_queue_makes_no_reader_spin)
{
    enum { STAMPS = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE };
    struct xie_stream *pair[2];
    struct pollfd look = {.events = POLLIN};
    int stamps = STAMPS;
    char *data;
    kit_tcp_pair(pair);
    burst_once(pair);
    look.fd = xie_stream_fd(pair[0]);
    setsockopt(look.fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps);
    CHECK_EQ(xie_stream_write(pair[0], "stamped", 7), 7);
    hear(pair[1], 7);
    if (poll(&look, 1, 0) != 1 || look.revents != POLLERR) {
        tap_skip("no timestamps here");
    } else {
        /* Calls are counted, and none fails. */
        xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = UINT64_MAX, .error = -EIO};
        XIE_TIMEOUT(20 * XIE_MILLISECOND)
            CHECK_EQ(xie_stream_peek(pair[0], &data), -ETIMEDOUT);
        CHECK(xie_fault_plan.seen < 20 || kit_on("poll")); /* poll(2) says it again each time */
        xie_fault_plan.kinds = 0;
        CHECK_EQ(xie_stream_write(pair[1], "x", 1), 1);
        CHECK_EQ(xie_stream_peek(pair[0], &data), 1);
    }
    kit_close(pair);
    return 0;
}

/* Only of a socket can be had what is there, without a wait: others need no room for it. */
IN_TASK(a_pipe_takes_no_large_buffer)
{
    struct xie_stream *pair[2];
    char out[1000], in[1000], *data;
    REQUIRE(!xie_pipe(pair));
    kit_fill(out, sizeof out, 0);
    CHECK_EQ(xie_stream_write(pair[1], out, sizeof out), sizeof out);
    size_t live = xie_alloc_live();
    CHECK_EQ(xie_stream_peek(pair[0], &data), XIE_STREAM_SMALL - 1);
    CHECK_EQ(xie_alloc_live(), live);
    CHECK_EQ(xie_stream_read_exactly(pair[0], in, sizeof in), sizeof in);
    CHECK(kit_same(in, sizeof in, 0));
    kit_close(pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"bursts_of_every_size_come_whole_over_tcp", bursts_of_every_size_come_whole_over_tcp},
        {"bursts_of_every_size_come_whole_by_other_roads",
         bursts_of_every_size_come_whole_by_other_roads},
        {"a_wait_after_a_burst_is_interrupted_and_loses_nothing",
         a_wait_after_a_burst_is_interrupted_and_loses_nothing},
        {"a_wait_after_a_burst_ends_with_a_close", a_wait_after_a_burst_ends_with_a_close},
        {"a_reset_after_a_burst_is_told_behind_it", a_reset_after_a_burst_is_told_behind_it},
        {"an_end_that_came_with_the_bytes_is_not_missed",
         an_end_that_came_with_the_bytes_is_not_missed},
        {"urgent_data_stops_no_reader", urgent_data_stops_no_reader},
        {"what_came_between_two_reads_is_not_missed", what_came_between_two_reads_is_not_missed},
        {"a_small_limit_bounds_a_look", a_small_limit_bounds_a_look},
        {"full_reads_lose_nothing", full_reads_lose_nothing},
        {"a_burst_without_memory_for_it_is_not_missed",
         a_burst_without_memory_for_it_is_not_missed},
        {"an_error_queue_makes_no_reader_spin", an_error_queue_makes_no_reader_spin},
        {"a_pipe_takes_no_large_buffer", a_pipe_takes_no_large_buffer},
        {0},
    };
    return tap_main(argc, argv, tests);
}
