/* stream_write.c - the promises of <xie/stream.h>, writing: all of it, several parts, the end. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <signal.h>

#include "io/kit.h"

enum { MUCH = 3000000 };

struct transfer {
    struct xie_stream *stream;
    uint32_t random;
    uint64_t done;
};

/* Write MUCH bytes in chunks of random length, some in parts, and then the end. */
static int send_much(void *arg)
{
    static char out[70000];
    struct transfer *self = arg;
    while (self->done < MUCH) {
        size_t len = 1 + kit_random(&self->random, sizeof out);
        if (len > MUCH - self->done)
            len = (size_t)(MUCH - self->done);
        char *chunk = malloc(len);
        kit_fill(chunk, len, self->done);
        size_t cut = kit_random(&self->random, (unsigned)len);
        struct iovec parts[] = {{chunk, cut}, {NULL, 0}, {chunk + cut, len - cut}};
        bool whole = kit_random(&self->random, 2);
        ssize_t sent = whole ? xie_stream_write(self->stream, chunk, len)
                             : xie_stream_writev(self->stream, parts, 3);
        free(chunk);
        CHECK_EQ(sent, len);
        if (sent < 0)
            return (int)sent;
        self->done += len;
    }
    CHECK_EQ(xie_stream_written(self->stream), MUCH);
    return xie_stream_write_eof(self->stream);
}

/* Read to the end in chunks of random length and by random calls. */
static int receive_much(void *arg)
{
    static char buffers[2][50000];
    static int used;
    struct transfer *self = arg;
    char *buf = buffers[used++ % 2], *data;
    for (;;) {
        size_t cap = 1 + kit_random(&self->random, sizeof buffers[0]);
        ssize_t len;
        if (kit_random(&self->random, 3) == 0) {
            len = xie_stream_peek(self->stream, &data);
            if (len > 0 && (size_t)len > cap)
                len = (ssize_t)cap;
            if (len > 0)
                memcpy(buf, data, (size_t)len);
            if (len > 0)
                xie_stream_consume(self->stream, (size_t)len);
        } else {
            len = xie_stream_read(self->stream, buf, cap);
        }
        if (len <= 0)
            return (int)len;
        CHECK(kit_same(buf, (size_t)len, self->done));
        self->done += (uint64_t)len;
    }
}

static void both_ways(void (*make)(struct xie_stream *pair[2]))
{
    struct xie_stream *pair[2];
    make(pair);
    struct transfer ends[4] = {{pair[0], 1, 0}, {pair[1], 2, 0}, {pair[0], 3, 0}, {pair[1], 4, 0}};
    XIE_GROUP(group) {
        xie_group_spawn(&group, send_much, &ends[0]);
        xie_group_spawn(&group, send_much, &ends[1]);
        xie_group_spawn(&group, receive_much, &ends[2]);
        xie_group_spawn(&group, receive_much, &ends[3]);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    for (int i = 0; i < 4; i++)
        CHECK_EQ(ends[i].done, MUCH);
    kit_close(pair);
}

IN_TASK(megabytes_both_ways_over_tcp)
{
    tap_limit(60);
    both_ways(kit_tcp_pair);
    return 0;
}

IN_TASK(megabytes_both_ways_over_unix)
{
    tap_limit(60);
    both_ways(kit_pair);
    return 0;
}

/* --- parts -------------------------------------------------------------------------------------
 */

IN_TASK(parts_go_out_as_one)
{
    struct xie_stream *pair[2];
    struct iovec parts[65];
    char letters[65], buf[65];
    kit_pair(pair);
    for (int i = 0; i < 65; i++) {
        letters[i] = (char)('0' + i);
        parts[i] = (struct iovec){&letters[i], 1};
    }
    CHECK_EQ(xie_stream_writev(pair[0], parts, 0), -EINVAL);
    CHECK_EQ(xie_stream_writev(pair[0], parts, -1), -EINVAL);
    CHECK_EQ(xie_stream_writev(pair[0], parts, 65), -EINVAL);
    CHECK_EQ(xie_stream_written(pair[0]), 0);
    CHECK_EQ(xie_stream_writev(pair[0], parts, 64), 64);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 64), 64);
    CHECK(!memcmp(buf, letters, 64));
    CHECK_EQ(xie_stream_writev(pair[0], parts, 1), 1);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 1), 1);
    CHECK_EQ(xie_stream_written(pair[0]), 65);
    CHECK_EQ(parts[0].iov_len, 1); /* the caller's own are not used up */
    kit_close(pair);
    return 0;
}

IN_TASK(nothing_to_write_is_written)
{
    struct xie_stream *pair[2];
    struct iovec none[2] = {{NULL, 0}, {NULL, 0}};
    struct iovec huge[2] = {{none, SSIZE_MAX}, {none, 1}};
    kit_pair(pair);
    CHECK_EQ(xie_stream_write(pair[0], NULL, 0), 0);
    CHECK_EQ(xie_stream_writev(pair[0], none, 2), 0);
    CHECK_EQ(xie_stream_write(pair[0], none, (size_t)SSIZE_MAX + 1), -EINVAL);
    CHECK_EQ(xie_stream_writev(pair[0], huge, 2), -EINVAL);
    CHECK_EQ(xie_stream_written(pair[0]), 0);
    kit_close(pair);
    return 0;
}

/* --- the end ------------------------------------------------------------------------ */

static int answer_at_end(void *arg)
{
    char buf[16];
    ssize_t len, sum = 0;
    while ((len = xie_stream_read(arg, buf, sizeof buf)) > 0)
        sum += len;
    CHECK_EQ(len, 0);
    xie_sleep(XIE_MILLISECOND);
    kit_send(arg, "answer");
    return (int)sum;
}

static void half_close(void (*make)(struct xie_stream *pair[2]))
{
    struct xie_stream *pair[2];
    char buf[6];
    make(pair);
    struct xie_task *task = xie_spawn(answer_at_end, pair[1]);
    kit_send(pair[0], "question");
    CHECK_EQ(xie_stream_write_eof(pair[0]), 0);
    CHECK_EQ(xie_stream_write(pair[0], "more", 4), -EPIPE);
    CHECK_EQ(xie_stream_read_exactly(pair[0], buf, 6), 6);
    CHECK(!memcmp(buf, "answer", 6));
    CHECK_EQ(xie_join(task), 8);
    kit_close(pair);
}

IN_TASK(half_closed_reading_goes_on)
{
    half_close(kit_pair);
    half_close(kit_tcp_pair);
    return 0;
}

/* --- a peer that does not read, or is gone ------------------------------------------ */

static int write_for_ever(void *arg)
{
    static char out[100000];
    ssize_t len;
    while ((len = xie_stream_write(arg, out, sizeof out)) > 0)
        ;
    return (int)len;
}

IN_TASK(written_tells_how_much_went_out)
{
    struct xie_stream *pair[2];
    char buf[5000];
    uint64_t received = 0;
    ssize_t len = 0;
    kit_tcp_pair(pair);
    XIE_TIMEOUT(20 * XIE_MILLISECOND)
        CHECK_EQ(write_for_ever(pair[0]), -ETIMEDOUT);
    uint64_t written = xie_stream_written(pair[0]);
    CHECK(written > 0);
    xie_stream_close(pair[0]);
    while ((len = xie_stream_read(pair[1], buf, sizeof buf)) > 0)
        received += (uint64_t)len;
    CHECK_EQ(len, 0);
    CHECK_EQ(received, written);
    xie_stream_close(pair[1]);
    return 0;
}

static int write_once(void *arg)
{
    return (int)xie_stream_write(arg, "x", 1);
}

IN_TASK(one_writer_at_a_time)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    struct xie_task *task = xie_spawn(write_for_ever, pair[0]);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK_EQ(write_once(pair[0]), -EBUSY);
    CHECK_EQ(xie_stream_write_eof(pair[0]), -EBUSY);
    kit_send(pair[1], "y");
    char byte;
    CHECK_EQ(xie_stream_read(pair[0], &byte, 1), 1); /* reading is another side */
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    kit_close(pair);
    return 0;
}

IN_TASK(a_vanished_reader_is_an_error_not_a_signal)
{
    struct xie_stream *pair[2];
    signal(SIGPIPE, SIG_DFL);
    kit_pair(pair);
    xie_stream_close(pair[1]);
    CHECK_EQ(write_once(pair[0]), -EPIPE);
    CHECK_EQ(write_once(pair[0]), -EPIPE);
    struct iovec parts[2] = {{(void *)"a", 1}, {(void *)"b", 1}};
    CHECK_EQ(xie_stream_writev(pair[0], parts, 2), -EPIPE);
    CHECK_EQ(xie_stream_written(pair[0]), 0);
    xie_stream_close(pair[0]);

    kit_tcp_pair(pair);
    struct xie_task *task = xie_spawn(write_for_ever, pair[0]);
    xie_sleep(5 * XIE_MILLISECOND);
    xie_stream_close(pair[1]);
    int error = xie_join(task);
    CHECK(error == -EPIPE || error == -ECONNRESET);
    xie_stream_close(pair[0]);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"megabytes_both_ways_over_tcp", megabytes_both_ways_over_tcp},
        {"megabytes_both_ways_over_unix", megabytes_both_ways_over_unix},
        {"parts_go_out_as_one", parts_go_out_as_one},
        {"nothing_to_write_is_written", nothing_to_write_is_written},
        {"half_closed_reading_goes_on", half_closed_reading_goes_on},
        {"written_tells_how_much_went_out", written_tells_how_much_went_out},
        {"one_writer_at_a_time", one_writer_at_a_time},
        {"a_vanished_reader_is_an_error_not_a_signal", a_vanished_reader_is_an_error_not_a_signal},
        {0},
    };
    return tap_main(argc, argv, tests);
}
