/* end.c - how TLS begins on a stream in use, and every way it ends. */
/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>

#include "base/sys.h"
#include "io/stream.h"
#include "kit.h"
#include "tls/layer.h"

static void check_reads(struct xie_stream *stream, ssize_t expected)
{
    char byte;
    CHECK_EQ(xie_stream_read(stream, &byte, 1), expected);
}

/* --- beginning on a stream in use --------------------------------------------------- */

struct upgrade {
    struct xie_stream *stream;
    struct xie_tls_context *context;
};

static int ask_for_tls(void *arg)
{
    struct upgrade *self = arg;
    kit_send(self->stream, "STARTTLS\r\n");
    int error = xie_tls_start(self->stream, self->context, "localhost", NULL);
    if (!error)
        kit_send(self->stream, "private\n");
    return error;
}

/* Everything the client sends at first is there at once: its line and the beginning of TLS. */
IN_TASK(what_was_read_too_much_belongs_to_tls)
{
    struct xie_stream *pair[2];
    struct xie_tls_options options = client_options(), server = server_options();
    struct upgrade client = {.context = context_of(&options)};
    struct xie_tls_context *context = context_of(&server);
    char *line = NULL;
    kit_pair(pair);
    client.stream = pair[0];
    struct xie_task *task = xie_spawn(ask_for_tls, &client);
    while (xie_stream_written(pair[0]) < 10)
        xie_sleep(0);
    const char *unread;
    CHECK_EQ(xie_stream_read_line(pair[1], &line, NULL), 1);
    CHECK_STR(line, "STARTTLS");
    /* Where both came apart, wait for it: it must be in the stream's own buffer. */
    CHECK(xie_stream_peek(pair[1], &line) > 0);
    CHECK(xie_stream_unread(pair[1], &unread) > 0);
    struct xie_stream *same = pair[1];
    CHECK_EQ(xie_tls_start(pair[1], context, NULL, NULL), 0);
    CHECK(same == pair[1]);
    CHECK_EQ(xie_stream_read_line(pair[1], &line, NULL), 1);
    CHECK_STR(line, "private");
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
    xie_tls_context_unref(context);
    xie_tls_context_unref(client.context);
    return 0;
}

static int read_one(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

static int write_much(void *stream)
{
    enum { MUCH = 4 << 20 };
    char *much = calloc(1, MUCH);
    ssize_t result = xie_stream_write(stream, much, MUCH);
    free(much);
    return (int)result;
}

IN_TASK(a_stream_that_somebody_uses_is_left_alone)
{
    struct xie_stream *pair[2];
    struct xie_tls_context *context = context_of(NULL);
    kit_pair(pair);
    struct xie_task *task = xie_spawn(read_one, pair[0]);
    xie_sleep(0);
    CHECK_EQ(xie_tls_start(pair[0], context, "localhost", NULL), -EBUSY);
    CHECK_EQ(xie_tls_unwrap(pair[0]), -EBUSY);
    kit_send(pair[1], "x");
    CHECK_EQ(xie_join(task), 1);
    task = xie_spawn(write_much, pair[0]);
    while (!xie_stream_written(pair[0]))
        xie_sleep(0);
    CHECK_EQ(xie_tls_start(pair[0], context, "localhost", NULL), -EBUSY);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    check_reads(pair[1], 1); /* in plain text */
    xie_tls_context_unref(context);
    kit_close(pair);
    return 0;
}

/* --- ends in order ------------------------------------------------------------------ */

static void ends_of_version(struct ends *ends, int version)
{
    struct xie_tls_options client = client_options();
    client.max_version = version;
    *ends = (struct ends){.contexts = {context_of(&client)}};
    ends_open(ends);
}

IN_TASK(a_close_is_told_as_an_end)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        struct ends ends;
        ends_of_version(&ends, version);
        kit_send(ends.client, "x");
        xie_stream_close(ends.client);
        ends.client = NULL;
        check_reads(ends.server, 1);
        check_reads(ends.server, 0);
        check_reads(ends.server, 0);
        ends_close(&ends);
    }
    return 0;
}

IN_TASK(after_write_eof_reading_goes_on)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        struct ends ends;
        ends_of_version(&ends, version);
        kit_send(ends.client, "x");
        CHECK_EQ(xie_stream_write_eof(ends.client), 0);
        CHECK_EQ(xie_stream_write_eof(ends.client), 0);
        CHECK_EQ(xie_stream_write(ends.client, "x", 1), -EPIPE);
        check_reads(ends.server, 1);
        check_reads(ends.server, 0);
        check_passes(ends.server, ends.client, "the other direction is open");
        CHECK_EQ(xie_stream_write_eof(ends.server), 0);
        check_reads(ends.client, 0);
        ends_close(&ends);
    }
    return 0;
}

static int close_one(void *stream)
{
    xie_stream_close(stream);
    return 0;
}

static void close_in_callback(void *stream)
{
    xie_stream_close(stream);
}

IN_TASK(a_close_from_a_callback_is_told_too)
{
    struct ends ends = {0};
    struct xie_call call = {0};
    ends_open(&ends);
    CHECK_EQ(xie_call_soon(&call, close_in_callback, ends.client), 0);
    ends.client = NULL;
    check_reads(ends.server, 0);
    while (xie_task_count() > 1) /* the library's own, which closes */
        xie_sleep(0);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_close_from_a_callback_sends_a_reader_away)
{
    struct ends ends = {0};
    struct xie_call call = {0};
    ends_open(&ends);
    struct xie_task *task = xie_spawn(read_one, ends.client);
    xie_sleep(0);
    CHECK_EQ(xie_call_soon(&call, close_in_callback, ends.client), 0);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    ends.client = NULL;
    check_reads(ends.server, 0);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_close_in_a_triggered_scope_is_told_too)
{
    struct ends ends = {0};
    ends_open(&ends);
    XIE_TIMEOUT(-1)
        xie_stream_close(ends.client);
    ends.client = NULL;
    check_reads(ends.server, 0);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_close_sends_reader_and_writer_away)
{
    struct ends ends = {0};
    struct xie_tls_options client = client_options();
    client.shutdown_ns = XIE_MILLISECOND;
    ends.contexts[0] = context_of(&client);
    ends_open(&ends);
    struct xie_task *reader = xie_spawn(read_one, ends.client);
    struct xie_task *writer = xie_spawn(write_much, ends.client);
    while (!xie_stream_written(ends.client) && !xie_tls_layer_of(ends.client)->sending.start)
        xie_sleep(0);
    xie_sleep(XIE_MILLISECOND); /* by now it most likely waits for room */
    xie_stream_close(ends.client);
    CHECK_EQ(xie_join(reader), XIE_ECLOSED);
    CHECK_EQ(xie_join(writer), XIE_ECLOSED);
    ends.client = NULL;
    ends_close(&ends);
    return 0;
}

/* Until there is no room for anything: whatever can go on does so while this task sleeps. */
static void write_until_stuck(struct xie_stream *stream)
{
    const struct xie_tls_layer *layer = xie_tls_layer_of(stream);
    struct xie_task *task = xie_spawn(write_much, stream);
    uint64_t before;
    size_t start;
    do {
        before = xie_stream_written(stream);
        start = layer->sending.start;
        xie_sleep(5 * XIE_MILLISECOND);
    } while (!xie_tls_pending(layer) || xie_stream_written(stream) != before ||
             layer->sending.start != start);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
}

/* The peer takes nothing: what waits never leaves, and a close does not wait for it for long. */
IN_TASK(a_close_is_bounded)
{
    struct ends ends = {0};
    struct xie_tls_options client = client_options();
    char *buf = calloc(1, 60000);
    ssize_t len;
    client.shutdown_ns = XIE_MILLISECOND;
    ends.contexts[0] = context_of(&client);
    ends_open(&ends);
    write_until_stuck(ends.client);
    xie_stream_close(ends.client);
    ends.client = NULL;
    while ((len = xie_stream_read(ends.server, buf, 60000)) > 0)
        continue;
    /* A reset where the client had not read what TLS itself had sent it. */
    CHECK(len == XIE_ETLS_TRUNCATED || len == -ECONNRESET);
    free(buf);
    ends_close(&ends);
    return 0;
}

static void abort_in_callback(void *stream)
{
    xie_stream_abort(stream);
}

/* A task of the library is stuck with what an interrupted writer left: that holds up neither a
 * close nor an abort. */
IN_TASK(a_callbacks_close_and_abort_are_bounded)
{
    static void (*const how[])(void *) = {close_in_callback, abort_in_callback};
    for (int i = 0; i < 2; i++) {
        struct ends ends = {0};
        struct xie_call call = {0};
        struct xie_tls_options client = client_options();
        client.shutdown_ns = XIE_MILLISECOND;
        ends.contexts[0] = context_of(&client);
        ends_open(&ends);
        write_until_stuck(ends.client);
        CHECK(xie_tls_layer_of(ends.client)->flusher);
        CHECK_EQ(xie_call_soon(&call, how[i], ends.client), 0);
        ends.client = NULL;
        while (xie_task_count() > 1) /* the library's own, which ends */
            xie_sleep(XIE_MILLISECOND);
        ends_close(&ends);
    }
    return 0;
}

/* In a triggered scope others run before it is told so. */
static int read_too_late(void *stream)
{
    int result = 0;
    XIE_TIMEOUT(-1)
        result = read_one(stream);
    return result;
}

IN_TASK(while_a_close_waits_nobody_gets_in)
{
    struct ends ends = {0};
    ends_open(&ends);
    write_until_stuck(ends.client);
    struct xie_task *task = xie_spawn(close_one, ends.client);
    xie_sleep(XIE_MILLISECOND);
    check_reads(ends.client, XIE_ECLOSED);
    CHECK_EQ(xie_stream_write(ends.client, "x", 1), XIE_ECLOSED);
    struct xie_task *late = xie_spawn(read_too_late, ends.client);
    for (int i = 0; i < 20; i++, xie_sleep(0)) /* else what it is in would be given back */
        CHECK(!ends.client->gate.inside[XIE_READING]);
    CHECK_EQ(xie_join(late), -ETIMEDOUT);
    CHECK(!xie_task_done(task));
    xie_stream_abort(ends.server); /* that is what it waits for */
    ends.server = NULL;
    CHECK_EQ(xie_join(task), 0);
    ends.client = NULL;
    ends_close(&ends);
    return 0;
}

static int close_twice(void *arg)
{
    struct ends ends = {0};
    (void)arg;
    ends_open(&ends);
    write_until_stuck(ends.client);
    xie_spawn(close_one, ends.client);
    xie_sleep(XIE_MILLISECOND);
    xie_stream_close(ends.client);
    return 0;
}

static void run_close_twice(void *arg)
{
    xie_run(close_twice, arg);
}

static void a_second_close_is_told(void)
{
    char text[300];
    int status = tap_child(run_close_twice, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status));
    CHECK(strstr(text, "closed twice"));
}

IN_TASK(nothing_of_a_stream_stays_open)
{
    int before = kit_fds();
    struct ends ends = {0};
    ends_open(&ends);
    CHECK(xie_stream_fd(ends.client) >= 0);
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    struct ends tcp = {
        .contexts = {xie_tls_context_ref(ends.contexts[0]), xie_tls_context_ref(ends.contexts[1])}};
    struct xie_address address, peer;
    ends_shake(&tcp, pair, "127.0.0.1");
    CHECK_EQ(xie_stream_local(tcp.client, &address), 0);
    CHECK_EQ(xie_stream_peer(tcp.server, &peer), 0);
    CHECK_EQ(xie_address_port(&address), xie_address_port(&peer));
    ends_close(&tcp);
    ends_close(&ends);
    CHECK_EQ(kit_fds(), before);
    return 0;
}

/* --- ends without order ------------------------------------------------------------- */

IN_TASK(a_connection_that_just_ends_is_truncated)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        struct ends ends;
        struct xie_tls_info info;
        ends_of_version(&ends, version);
        kit_send(ends.client, "x");
        CHECK_EQ(xie_sys_shutdown(xie_stream_fd(ends.client), SHUT_WR), 0);
        check_reads(ends.server, 1);
        check_reads(ends.server, XIE_ETLS_TRUNCATED);
        check_reads(ends.server, XIE_ETLS_TRUNCATED);
        CHECK_EQ(xie_tls_info(ends.server, &info), 0);
        CHECK(info.reason);
        ends_close(&ends);
    }
    return 0;
}

IN_TASK(an_abort_is_no_end_in_order)
{
    struct ends ends = {0};
    char byte;
    ends_open(&ends);
    xie_stream_abort(ends.client);
    ends.client = NULL;
    ssize_t result = xie_stream_read(ends.server, &byte, 1);
    CHECK(result == XIE_ETLS_TRUNCATED || result == -ECONNRESET);
    ends_close(&ends);
    return 0;
}

/* What goes one way passes only up to a byte; then the connection ends. */
struct relay {
    struct xie_stream *from, *to;
    size_t most;
};

static int pass_on(void *arg)
{
    struct relay *self = arg;
    char buf[2000];
    ssize_t len = 1;
    while (self->most && len > 0) {
        len = xie_stream_read(self->from, buf, self->most < sizeof buf ? self->most : sizeof buf);
        if (len > 0 && xie_stream_write(self->to, buf, (size_t)len) < 0)
            break;
        self->most -= len > 0 ? (size_t)len : 0;
    }
    xie_stream_write_eof(self->to);
    return 0;
}

/* return false: the handshake was over before the cut came */
static bool cut_at(const struct ends *model, bool to_client, size_t at)
{
    struct xie_stream *left[2], *right[2], *raw[2];
    struct ends ends = {.contexts = {model->contexts[0], model->contexts[1]}};
    kit_pair(left);
    kit_pair(right);
    raw[0] = left[0];
    raw[1] = right[1];
    struct relay there = {left[1], right[0], to_client ? SIZE_MAX : at};
    struct relay back = {right[0], left[1], to_client ? at : SIZE_MAX};
    struct xie_task *tasks[] = {xie_spawn(pass_on, &there), xie_spawn(pass_on, &back)};
    ends_shake(&ends, raw, "localhost");
    bool cut = to_client ? ends.client_error : ends.server_error;
    if (cut)
        CHECK_EQ(to_client ? ends.client_error : ends.server_error, XIE_ETLS_TRUNCATED);
    xie_stream_close(ends.client);
    xie_stream_close(ends.server);
    xie_gather(tasks, 2, NULL);
    xie_stream_close(left[1]);
    xie_stream_close(right[0]);
    return cut;
}

IN_TASK(an_end_at_any_byte_of_the_handshake_is_truncated)
{
    struct ends model = {0};
    size_t step = tap_slow() ? 97 : 1;
    tap_limit(60);
    ends_open(&model);
    for (int to_client = 0; to_client < 2; to_client++) {
        size_t at = 0;
        while (cut_at(&model, to_client, at))
            at += at < 12 ? 1 : step;
        CHECK(at > 100);
    }
    ends_close(&model);
    return 0;
}

/* Send what TLS knows nothing of. */
static void send_beneath(struct xie_stream *stream, const char *bytes, size_t len)
{
    while (len) {
        ssize_t sent = xie_sys_send(xie_stream_fd(stream), bytes, len, 0);
        REQUIRE(sent > 0 || sent == -EAGAIN);
        bytes += sent > 0 ? sent : 0;
        len -= sent > 0 ? (size_t)sent : 0;
        xie_sleep(0);
    }
}

IN_TASK(what_is_no_tls_is_told)
{
    struct xie_stream *pair[2];
    struct xie_tls_options options = server_options();
    struct xie_tls_context *context = context_of(&options);
    struct xie_tls_failure failure = {""};
    struct ends ends = {0};
    kit_pair(pair);
    kit_send(pair[0], "GET / HTTP/1.1\r\n\r\n");
    CHECK_EQ(xie_tls_start(pair[1], context, NULL, &failure), XIE_ETLS_PROTOCOL);
    CHECK(strstr(failure.text, "http request"));
    CHECK_EQ(xie_tls_start(pair[1], context, NULL, &failure), XIE_ETLS_PROTOCOL);
    check_reads(pair[1], XIE_ETLS_PROTOCOL);
    CHECK_EQ(xie_stream_write(pair[1], "x", 1), XIE_ETLS_PROTOCOL);
    CHECK_EQ(xie_stream_write_eof(pair[1]), XIE_ETLS_PROTOCOL);
    CHECK_EQ(xie_tls_unwrap(pair[1]), XIE_ETLS_PROTOCOL);
    kit_close(pair);
    ends_open(&ends);
    send_beneath(ends.client, "\x17\x03\x03\0\x16nonsense, nothing else", 27);
    check_reads(ends.server, XIE_ETLS_PROTOCOL);
    check_reads(ends.client, XIE_ETLS_REFUSED); /* an alert went back */
    ends_close(&ends);
    xie_tls_context_unref(context);
    return 0;
}

/* --- and back to plain text --------------------------------------------------------- */

static int unwrap_one(void *stream)
{
    return xie_tls_unwrap(stream);
}

IN_TASK(tls_is_taken_off_again)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        struct ends ends;
        struct xie_tls_info info;
        ends_of_version(&ends, version);
        check_passes(ends.server, ends.client, "secret");
        struct xie_task *task = xie_spawn(unwrap_one, ends.client);
        CHECK_EQ(xie_tls_unwrap(ends.server), 0);
        CHECK_EQ(xie_join(task), 0);
        CHECK_EQ(xie_tls_info(ends.client, &info), -EINVAL);
        check_passes(ends.server, ends.client, "plain");
        check_passes(ends.client, ends.server, "plain");
        struct xie_stream *raw[] = {ends.client, ends.server};
        ends_shake(&ends, raw, "localhost"); /* and on again */
        CHECK_EQ(ends.client_error, 0);
        check_passes(ends.client, ends.server, "secret again");
        ends_close(&ends);
    }
    return 0;
}

static int unwrap_and_talk(void *stream)
{
    char long_text[3000];
    int error = xie_tls_unwrap(stream);
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\n';
    return error ? error : (int)xie_stream_write(stream, long_text, sizeof long_text);
}

/* The peer's plain text comes right behind its end of TLS. */
IN_TASK(plain_text_behind_the_end_of_tls_is_kept)
{
    struct ends ends = {0};
    char *line = NULL;
    size_t len;
    ends_open(&ends);
    struct xie_task *task = xie_spawn(unwrap_and_talk, ends.client);
    CHECK_EQ(xie_stream_write_eof(ends.server), 0);
    CHECK_EQ(xie_join(task), 3000);
    check_reads(ends.server, 0);
    CHECK_EQ(xie_tls_unwrap(ends.server), 0);
    CHECK_EQ(xie_stream_read_line(ends.server, &line, &len), 1);
    CHECK_EQ(len, 2999);
    ends_close(&ends);
    return 0;
}

IN_TASK(unwrap_loses_nothing_that_is_unread)
{
    struct ends ends = {0};
    char *line = NULL;
    ends_open(&ends);
    kit_send(ends.server, "first\nsecond\n");
    CHECK_EQ(xie_stream_read_line(ends.client, &line, NULL), 1);
    CHECK_EQ(xie_tls_unwrap(ends.client), -EBUSY); /* in the stream's buffer */
    CHECK_EQ(xie_stream_read_line(ends.client, &line, NULL), 1);
    CHECK_STR(line, "second");
    kit_send(ends.server, "third\n");
    CHECK_EQ(xie_tls_unwrap(ends.client), -EBUSY); /* on its way */
    CHECK_EQ(xie_stream_read_line(ends.client, &line, NULL), 1);
    CHECK_STR(line, "third");
    check_reads(ends.server, 0);
    CHECK_EQ(xie_tls_unwrap(ends.server), 0);
    check_reads(ends.client, 0);
    CHECK_EQ(xie_tls_unwrap(ends.client), 0);
    check_passes(ends.server, ends.client, "plain");
    ends_close(&ends);
    return 0;
}

/* The task that sends for an interrupted writer may not have run yet. */
IN_TASK(unwrap_may_follow_an_interrupted_write)
{
    struct ends ends = {0};
    char *buf = malloc(200000);
    ends_open(&ends);
    CHECK_EQ(xie_stream_write_eof(ends.server), 0);
    check_reads(ends.client, 0); /* the peer's end has come already */
    for (int64_t limit = XIE_MILLISECOND; !xie_stream_written(ends.client); limit *= 2)
        XIE_TIMEOUT(limit)
            CHECK(write_much(ends.client) < 0);
    struct xie_task *task = xie_spawn(unwrap_one, ends.client);
    while (xie_stream_read(ends.server, buf, 200000) > 0)
        continue;
    CHECK_EQ(xie_tls_unwrap(ends.server), 0);
    CHECK_EQ(xie_join(task), 0);
    check_passes(ends.client, ends.server, "plain");
    free(buf);
    ends_close(&ends);
    return 0;
}

struct late_reader {
    struct xie_stream *stream;
    struct xie_event start;
};

static int read_late(void *arg)
{
    struct late_reader *self = arg;
    char buf[4096];
    ssize_t len;
    xie_event_wait(&self->start);
    while ((len = xie_stream_read(self->stream, buf, sizeof buf)) > 0)
        continue;
    return (int)len;
}

/* The task that would send has not begun when unwrap has sent all itself. */
IN_TASK(unwrap_may_be_quicker_than_the_task_that_sends)
{
    struct ends ends = {0};
    ends_open(&ends);
    CHECK_EQ(xie_stream_write_eof(ends.server), 0);
    check_reads(ends.client, 0);
    struct late_reader reader = {.stream = ends.server};
    struct xie_task *task = xie_spawn(read_late, &reader);
    char record[16000] = "";
    for (int64_t limit = XIE_MILLISECOND; !xie_tls_layer_of(ends.client)->flusher; limit *= 2)
        XIE_TIMEOUT(limit)
            while (!xie_tls_layer_of(ends.client)->flusher &&
                   xie_stream_write(ends.client, record, sizeof record) > 0)
                continue;
    xie_event_set(&reader.start);
    CHECK_EQ(xie_tls_unwrap(ends.client), 0);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(xie_tls_unwrap(ends.server), 0);
    check_passes(ends.client, ends.server, "plain");
    ends_close(&ends);
    return 0;
}

IN_TASK(an_interrupted_unwrap_goes_on)
{
    struct ends ends = {0};
    ends_open(&ends);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_tls_unwrap(ends.client), -ETIMEDOUT);
    struct xie_task *task = xie_spawn(unwrap_one, ends.client);
    CHECK_EQ(xie_tls_unwrap(ends.server), 0);
    CHECK_EQ(xie_join(task), 0);
    check_passes(ends.server, ends.client, "plain");
    ends_close(&ends);
    return 0;
}

/* --- TLS over TLS ------------------------------------------------------------------- */

IN_TASK(tls_stands_on_tls)
{
    struct ends ends = {0};
    ends_open(&ends);
    struct xie_stream *raw[] = {ends.client, ends.server};
    ends_shake(&ends, raw, "127.0.0.1");
    CHECK_EQ(ends.client_error, 0);
    CHECK_EQ(ends.server_error, 0);
    check_passes(ends.client, ends.server, "twice");
    check_passes(ends.server, ends.client, "wrapped");
    struct xie_task *task = xie_spawn(unwrap_one, ends.client);
    CHECK_EQ(xie_tls_unwrap(ends.server), 0);
    CHECK_EQ(xie_join(task), 0);
    check_passes(ends.client, ends.server, "once");
    ends_shake(&ends, raw, "localhost");
    check_passes(ends.server, ends.client, "twice again");
    ends_close(&ends);
    return 0;
}

IN_TASK(both_layers_of_tls_end_in_order)
{
    struct ends ends = {0};
    ends_open(&ends);
    struct xie_stream *raw[] = {ends.client, ends.server};
    ends_shake(&ends, raw, "localhost");
    kit_send(ends.client, "x");
    xie_stream_close(ends.client);
    ends.client = NULL;
    check_reads(ends.server, 1);
    check_reads(ends.server, 0);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_close_of_both_layers_is_bounded)
{
    struct ends ends = {0};
    struct xie_tls_options client = client_options();
    client.shutdown_ns = XIE_MILLISECOND;
    ends.contexts[0] = context_of(&client);
    ends_open(&ends);
    struct xie_stream *raw[] = {ends.client, ends.server};
    ends_shake(&ends, raw, "localhost");
    write_until_stuck(ends.client);
    xie_stream_close(ends.client);
    ends.client = NULL;
    xie_stream_abort(ends.server);
    ends.server = NULL;
    ends_close(&ends);
    return 0;
}

IN_TASK(an_end_without_order_is_told_through_both_layers)
{
    struct ends ends = {0};
    ends_open(&ends);
    struct xie_stream *raw[] = {ends.client, ends.server};
    ends_shake(&ends, raw, "localhost");
    CHECK_EQ(xie_sys_shutdown(xie_stream_fd(ends.client), SHUT_WR), 0);
    check_reads(ends.server, XIE_ETLS_TRUNCATED);
    ends_close(&ends);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_was_read_too_much_belongs_to_tls", what_was_read_too_much_belongs_to_tls},
        {"a_stream_that_somebody_uses_is_left_alone", a_stream_that_somebody_uses_is_left_alone},
        {"a_close_is_told_as_an_end", a_close_is_told_as_an_end},
        {"after_write_eof_reading_goes_on", after_write_eof_reading_goes_on},
        {"a_close_from_a_callback_is_told_too", a_close_from_a_callback_is_told_too},
        {"a_close_from_a_callback_sends_a_reader_away",
         a_close_from_a_callback_sends_a_reader_away},
        {"a_close_in_a_triggered_scope_is_told_too", a_close_in_a_triggered_scope_is_told_too},
        {"a_close_sends_reader_and_writer_away", a_close_sends_reader_and_writer_away},
        {"a_close_is_bounded", a_close_is_bounded},
        {"a_callbacks_close_and_abort_are_bounded", a_callbacks_close_and_abort_are_bounded},
        {"while_a_close_waits_nobody_gets_in", while_a_close_waits_nobody_gets_in},
        {"a_second_close_is_told", a_second_close_is_told},
        {"nothing_of_a_stream_stays_open", nothing_of_a_stream_stays_open},
        {"a_connection_that_just_ends_is_truncated", a_connection_that_just_ends_is_truncated},
        {"an_abort_is_no_end_in_order", an_abort_is_no_end_in_order},
        {"an_end_at_any_byte_of_the_handshake_is_truncated",
         an_end_at_any_byte_of_the_handshake_is_truncated},
        {"what_is_no_tls_is_told", what_is_no_tls_is_told},
        {"tls_is_taken_off_again", tls_is_taken_off_again},
        {"plain_text_behind_the_end_of_tls_is_kept", plain_text_behind_the_end_of_tls_is_kept},
        {"unwrap_loses_nothing_that_is_unread", unwrap_loses_nothing_that_is_unread},
        {"unwrap_may_follow_an_interrupted_write", unwrap_may_follow_an_interrupted_write},
        {"unwrap_may_be_quicker_than_the_task_that_sends",
         unwrap_may_be_quicker_than_the_task_that_sends},
        {"an_interrupted_unwrap_goes_on", an_interrupted_unwrap_goes_on},
        {"tls_stands_on_tls", tls_stands_on_tls},
        {"both_layers_of_tls_end_in_order", both_layers_of_tls_end_in_order},
        {"a_close_of_both_layers_is_bounded", a_close_of_both_layers_is_bounded},
        {"an_end_without_order_is_told_through_both_layers",
         an_end_without_order_is_told_through_both_layers},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
