/* stream_cancel.c - interrupting reads and writes anywhere: no byte is lost or doubled. */
/* SPDX-License-Identifier: MIT */
#include "io/kit.h"

enum { RECORDS = 400, PAYLOAD_MOST = 3000 };

/* The text is a row of records: a line with the payload's length, then the payload. */
static size_t payload_of(int record)
{
    return (size_t)(record * 7919 % PAYLOAD_MOST);
}

static char letter_of(int record, size_t at)
{
    return (char)('a' + ((size_t)record + at) % 26);
}

struct writer {
    struct xie_stream *stream;
    int64_t deadline; /* of each write */
};

/* Write all of it, going on after each interruption from where xie_stream_written says. */
static int write_on(struct writer *self, const char *buf, size_t len)
{
    uint64_t start = xie_stream_written(self->stream), done = 0;
    while (done < len) {
        ssize_t sent = 0;
        XIE_TIMEOUT(self->deadline)
            sent = xie_stream_write(self->stream, buf + done, len - done);
        if (sent < 0 && sent != -ETIMEDOUT)
            return (int)sent;
        uint64_t now = xie_stream_written(self->stream) - start;
        CHECK(sent < 0 || now == len);
        done = now;
    }
    return 0;
}

static int write_records(void *arg)
{
    struct writer *self = arg;
    char buf[PAYLOAD_MOST + 16];
    for (int record = 0; record < RECORDS; record++) {
        size_t len = (size_t)snprintf(buf, 16, "%zu\r\n", payload_of(record));
        for (size_t at = 0; at < payload_of(record); at++)
            buf[len++] = letter_of(record, at);
        int error = write_on(self, buf, len);
        if (error)
            return error;
        if (record % 8 == 0)
            xie_sleep(100 * XIE_MICROSECOND);
    }
    return xie_stream_write_eof(self->stream);
}

static unsigned interruptions;

/* Read a record's line, trying again after each interruption. 1 a line, 0 the end. */
static int line_of(struct xie_stream *stream, int64_t deadline, size_t *payload)
{
    for (;;) {
        char *line;
        int result = 0;
        XIE_TIMEOUT(deadline)
            result = xie_stream_read_line(stream, &line, NULL);
        if (result == 1)
            *payload = (size_t)atoi(line);
        if (result != -ETIMEDOUT)
            return result;
        interruptions++;
    }
}

static void payload_exactly(struct xie_stream *stream, int64_t deadline, char *buf, size_t len)
{
    ssize_t got = -ETIMEDOUT;
    while (got == -ETIMEDOUT) {
        XIE_TIMEOUT(deadline)
            got = xie_stream_read_exactly(stream, buf, len);
        interruptions += got == -ETIMEDOUT;
    }
    CHECK_EQ(got, len);
}

static void payload_by_reads(struct xie_stream *stream, int64_t deadline, char *buf, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = 0;
        XIE_TIMEOUT(deadline)
            got = xie_stream_read(stream, buf + done, len - done);
        if (got > 0)
            done += (size_t)got;
        else if (got == -ETIMEDOUT)
            interruptions++;
        else
            return;
    }
}

static void read_records(struct xie_stream *stream, int64_t deadline)
{
    static char buf[PAYLOAD_MOST];
    for (int record = 0; record < RECORDS; record++) {
        size_t len = 0, same = 0;
        REQUIRE(line_of(stream, deadline, &len) == 1);
        REQUIRE(len == payload_of(record));
        if (record % 2)
            payload_exactly(stream, deadline, buf, len);
        else
            payload_by_reads(stream, deadline, buf, len);
        while (same < len && buf[same] == letter_of(record, same))
            same++;
        REQUIRE(same == len);
    }
    size_t none;
    CHECK_EQ(line_of(stream, deadline, &none), 0);
}

static void records(int64_t read_deadline, int64_t write_deadline)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    struct writer writer = {pair[0], write_deadline};
    struct xie_task *task = xie_spawn(write_records, &writer);
    read_records(pair[1], read_deadline);
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
}

IN_TASK(deadlines_of_every_size_lose_no_byte)
{
    static const int64_t deadlines[] = {20 * XIE_MICROSECOND, 70 * XIE_MICROSECOND,
                                        150 * XIE_MICROSECOND, XIE_MILLISECOND};
    int64_t scale = tap_slow() && !kit_on("sim") ? 20 : 1; /* or nothing would ever be done */
    tap_limit(60);
    for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++) {
        records(deadlines[i] * scale, XIE_SECOND);
        records(XIE_SECOND, deadlines[i] * scale);
    }
    /* How many come depends on the machine: on a slow one everything is there in time. */
    for (int64_t deadline = deadlines[0]; !interruptions && deadline; deadline /= 4)
        records(deadline, XIE_SECOND);
    CHECK(interruptions > 0);
    return 0;
}

/* --- a cancellation at each point of a read's way ----------------------------------- */

static char got[8];
static size_t got_len;

static int read_four(void *arg)
{
    ssize_t len = xie_stream_read_exactly(arg, got, 4);
    got_len = len < 0 ? 0 : (size_t)len;
    return (int)len;
}

/* The reader is cancelled when the loop has gone round `when` times, while four bytes come at
 * some of these times. It has them all, or the next reader has. */
static void cancel_at(int when, int first, int second)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    got_len = 0;
    struct xie_task *task = xie_spawn(read_four, pair[1]);
    for (int i = 0; i <= when || i <= second; i++) {
        if (i == when)
            xie_task_cancel(task);
        if (i == first)
            kit_send(pair[0], "ab");
        if (i == second)
            kit_send(pair[0], "cd");
        xie_sleep(0);
    }
    int result = xie_join(task);
    CHECK(result == 4 || result == -ECANCELED);
    if (result != 4)
        CHECK_EQ(read_four(pair[1]), 4);
    CHECK(got_len == 4 && !memcmp(got, "abcd", 4));
    kit_close(pair);
}

IN_TASK(a_cancellation_at_every_point_loses_no_byte)
{
    for (int when = 0; when < 10; when++)
        for (int first = 0; first < 5; first++)
            for (int second = first; second < 6; second++)
                cancel_at(when, first, second);
    return 0;
}

/* --- what a triggered scope does to each call --------------------------------------- */

/* Every call returns the scope's word and does nothing, even where it would not have to wait. */
IN_TASK(in_a_triggered_scope_nothing_is_done)
{
    struct xie_stream *pair[2];
    struct iovec part = {(void *)"x", 1};
    char buf[4], *data = NULL;
    kit_pair(pair);
    kit_send(pair[0], "line\n");
    CHECK(xie_stream_peek(pair[1], &data) > 0);
    data = NULL;
    XIE_TIMEOUT(-1) {
        CHECK_EQ(xie_stream_read(pair[1], buf, 4), -ETIMEDOUT);
        CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 4), -ETIMEDOUT);
        CHECK_EQ(xie_stream_read_until(pair[1], "\n", 1, &data), -ETIMEDOUT);
        CHECK_EQ(xie_stream_read_line(pair[1], &data, NULL), -ETIMEDOUT);
        CHECK_EQ(xie_stream_peek(pair[1], &data), -ETIMEDOUT);
        CHECK_EQ(xie_stream_write(pair[1], "x", 1), -ETIMEDOUT);
        CHECK_EQ(xie_stream_writev(pair[1], &part, 1), -ETIMEDOUT);
        CHECK_EQ(xie_stream_write_eof(pair[1]), -ETIMEDOUT);
    }
    CHECK(!data);
    CHECK_EQ(xie_stream_written(pair[1]), 0);
    CHECK_EQ(xie_stream_read_line(pair[1], &data, NULL), 1);
    CHECK_STR(data, "line");
    kit_close(pair);
    return 0;
}

static void outside_a_task(void *arg)
{
    struct xie_stream **pair = arg;
    char byte;
    CHECK_EQ(xie_stream_read(pair[0], &byte, 1), -EPERM);
    CHECK_EQ(xie_stream_write(pair[0], "x", 1), -EPERM);
}

IN_TASK(outside_a_task_they_are_errors)
{
    struct xie_stream *pair[2];
    struct xie_call call = {0};
    kit_pair(pair);
    kit_send(pair[1], "x");
    CHECK_EQ(xie_call_soon(&call, outside_a_task, pair), 0);
    xie_sleep(0);
    char byte;
    CHECK_EQ(xie_stream_read(pair[0], &byte, 1), 1); /* and the stream is as it was */
    kit_close(pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"deadlines_of_every_size_lose_no_byte", deadlines_of_every_size_lose_no_byte},
        {"a_cancellation_at_every_point_loses_no_byte",
         a_cancellation_at_every_point_loses_no_byte},
        {"in_a_triggered_scope_nothing_is_done", in_a_triggered_scope_nothing_is_done},
        {"outside_a_task_they_are_errors", outside_a_task_they_are_errors},
        {0},
    };
    return tap_main(argc, argv, tests);
}
