/* burst.c - several records of one write: how they leave, and what counts as written when what is
 * beneath takes little, stops, or fails at any point. */
/* SPDX-License-Identifier: MIT */
#include "io/stream.h"
#include "kit.h"
#include "tls/layer.h"

enum { RECORD = 16384, BURST = 4 * RECORD, MUCH = 100000, ROOM = 1 << 20 };

/* --- what is beneath the client: it takes bytes as it is told ------------------------- */

static const struct xie_stream_ops *real;
static struct {
    size_t most;  /* bytes of a call */
    size_t taken; /* bytes of all */
    size_t stop;  /* it takes so many, then it waits for `open`, or fails: as a socket does, by
                     `error` once, and -EPIPE from then on */
    int error;
    struct xie_event open;
    unsigned calls;
} beneath;

static ssize_t take(struct xie_stream *stream, const struct iovec *parts, int count)
{
    struct iovec part = parts[0];
    CHECK_EQ(count, 1);
    beneath.calls++;
    while (beneath.taken >= beneath.stop) {
        bool fails = beneath.error;
        int error = fails ? beneath.error : xie_event_wait(&beneath.open);
        beneath.error = fails ? -EPIPE : 0;
        if (error)
            return error;
    }
    if (part.iov_len > beneath.most)
        part.iov_len = beneath.most;
    if (part.iov_len > beneath.stop - beneath.taken)
        part.iov_len = beneath.stop - beneath.taken;
    ssize_t sent = real->write(stream, &part, 1);
    beneath.taken += sent > 0 ? (size_t)sent : 0;
    return sent;
}

/* Two ends that hold all of it, with that beneath the client. */
static void burst_open(struct ends *ends, size_t most, size_t stop, int error)
{
    static struct xie_stream_ops ops;
    struct xie_stream *raw[2];
    struct xie_tls_options client = client_options(), server = server_options();
    server.no_resumption = true;
    *ends = (struct ends){.contexts = {context_of(&client), context_of(&server)}};
    REQUIRE(!xie_stream_memory(ROOM, raw));
    ends_shake(ends, raw, "localhost");
    REQUIRE(!ends->client_error && !ends->server_error);
    struct xie_tls_layer *layer = xie_tls_layer_of(ends->client);
    real = layer->ops;
    ops = *real;
    ops.write = take;
    layer->ops = &ops;
    memset(&beneath, 0, sizeof beneath);
    beneath.most = most;
    beneath.stop = stop;
    beneath.error = error;
}

/* The server reads len bytes, no more and no fewer. */
static void hears(const struct ends *ends, size_t len)
{
    char *buf = malloc(len + 1), byte;
    ssize_t more = 0;
    size_t at = 0;
    for (ssize_t got; at < len; at += (size_t)got)
        REQUIRE((got = xie_stream_read(ends->server, buf + at, len + 1 - at)) > 0);
    CHECK_EQ(at, len);
    CHECK(kit_same(buf, len, 0));
    XIE_TIMEOUT(XIE_MILLISECOND)
        more = xie_stream_read(ends->server, &byte, 1);
    CHECK_EQ(more, -ETIMEDOUT);
    free(buf);
}

/* Write len bytes by a task that is cancelled once beneath has stopped, if it does. */
struct writer {
    struct xie_stream *stream;
    size_t len;
};

static int write_filled(void *arg)
{
    const struct writer *self = arg;
    char *buf = malloc(self->len);
    kit_fill(buf, self->len, 0);
    int result = (int)xie_stream_write(self->stream, buf, self->len);
    free(buf);
    return result;
}

/* How many bytes beneath a record of 16 KiB has. */
static size_t record_size(void)
{
    struct ends ends;
    burst_open(&ends, SIZE_MAX, SIZE_MAX, 0);
    CHECK_EQ(write_filled(&(struct writer){ends.client, BURST}), BURST);
    size_t size = beneath.taken / 4;
    CHECK_EQ(size * 4, beneath.taken);
    CHECK(size > RECORD);
    ends_close(&ends);
    return size;
}

/* --- how they leave ------------------------------------------------------------------- */

IN_TASK(four_records_leave_together)
{
    static const struct {
        size_t len;
        unsigned calls;
    } rows[] = {{1, 1}, {RECORD, 1}, {RECORD + 1, 1}, {BURST, 1}, {BURST + 1, 2}, {MUCH, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ends ends;
        burst_open(&ends, SIZE_MAX, SIZE_MAX, 0);
        struct writer writer = {ends.client, rows[i].len};
        CHECK_EQ(write_filled(&writer), rows[i].len);
        CHECK_EQ(beneath.calls, rows[i].calls);
        CHECK_EQ(xie_stream_written(ends.client), rows[i].len);
        hears(&ends, rows[i].len);
        ends_close(&ends);
    }
    return 0;
}

/* Records end anywhere in parts of any size. */
IN_TASK(parts_make_whole_records)
{
    enum { PARTS = 20 };
    static char block[MUCH];
    struct iovec parts[PARTS];
    struct ends ends;
    size_t at = 0;
    kit_fill(block, sizeof block, 0);
    for (int i = 0; i < PARTS; i++) {
        size_t len = i == PARTS - 1 ? sizeof block - at : (size_t)i % 5 * 2000 + i % 3;
        parts[i] = (struct iovec){block + at, len};
        at += len;
    }
    burst_open(&ends, SIZE_MAX, SIZE_MAX, 0);
    CHECK_EQ(xie_stream_writev(ends.client, parts, PARTS), MUCH);
    CHECK_EQ(beneath.calls, 2); /* seven records */
    hears(&ends, MUCH);
    ends_close(&ends);
    return 0;
}

IN_TASK(short_writes_lose_no_byte)
{
    static const size_t most[] = {997, RECORD, RECORD + 1};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        struct ends ends;
        burst_open(&ends, most[i], SIZE_MAX, 0);
        CHECK_EQ(write_filled(&(struct writer){ends.client, MUCH}), MUCH);
        CHECK_EQ(xie_stream_written(ends.client), MUCH);
        hears(&ends, MUCH);
        ends_close(&ends);
    }
    return 0;
}

/* --- what counts ---------------------------------------------------------------------- */

/* Points about the ends of four records. */
static size_t point(size_t record, int i)
{
    return record * (size_t)(i / 3) + (size_t)(i % 3) - (i > 0 ? 1 : 0);
}

/* Those that left as a whole, which is what the peer has; of the errors the first is told first. */
IN_TASK(where_it_fails_whole_records_count)
{
    size_t record = record_size();
    for (int i = 1; i < 13; i++) {
        struct ends ends;
        size_t stop = point(record, i), whole = stop / record * RECORD;
        burst_open(&ends, SIZE_MAX, stop, -ECONNRESET);
        struct writer writer = {ends.client, BURST};
        CHECK_EQ(write_filled(&writer), -ECONNRESET);
        CHECK_EQ(xie_stream_written(ends.client), whole);
        hears(&ends, whole);
        CHECK_EQ(write_filled(&writer), -EPIPE);
        CHECK_EQ(xie_stream_written(ends.client), whole);
        ends_close(&ends);
    }
    return 0;
}

/* What is encrypted goes out, at most four records, and counts: no more and no less arrives. */
IN_TASK(a_cancelled_write_counts_what_goes_out)
{
    size_t record = record_size();
    for (int i = 1; i < 14; i++) {
        struct ends ends;
        size_t stop = point(record, i);
        burst_open(&ends, SIZE_MAX, stop, 0);
        struct writer writer = {ends.client, MUCH};
        struct xie_task *task = xie_spawn(write_filled, &writer);
        while (beneath.taken < stop || !beneath.calls)
            xie_sleep(0);
        xie_sleep(XIE_MILLISECOND); /* it waits */
        CHECK(!xie_task_done(task));
        xie_task_cancel(task);
        size_t written = stop < 4 * record ? BURST : MUCH;
        CHECK_EQ(xie_join(task), written < MUCH ? -ECANCELED : MUCH); /* nothing is left to do */
        CHECK_EQ(xie_stream_written(ends.client), written);
        CHECK(xie_tls_pending(xie_tls_layer_of(ends.client)));
        beneath.stop = SIZE_MAX;
        xie_event_set(&beneath.open);
        hears(&ends, written);
        ends_close(&ends);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"four_records_leave_together", four_records_leave_together},
        {"parts_make_whole_records", parts_make_whole_records},
        {"short_writes_lose_no_byte", short_writes_lose_no_byte},
        {"where_it_fails_whole_records_count", where_it_fails_whole_records_count},
        {"a_cancelled_write_counts_what_goes_out", a_cancelled_write_counts_what_goes_out},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
