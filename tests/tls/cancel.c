/* cancel.c - interrupting anything anywhere: no byte is lost, doubled or left behind; and both
 * directions busy while keys change. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"
#include "tls/context.h"
#include "tls/layer.h"

enum { MUCH = 400000 };

/* --- deadlines of every size --------------------------------------------------------- */

struct side {
    struct xie_stream *stream;
    int64_t deadline;     /* of each call */
    unsigned rekey;       /* change keys after each so many calls; 0: never */
    unsigned interrupted; /* how often it was */
};

static void change_keys(const struct side *self, unsigned call)
{
    if (self->rekey && call % self->rekey == 0)
        CHECK_EQ(SSL_key_update(xie_tls_of(self->stream)->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
}

/* Write all, going on after each interruption from where xie_stream_written says. */
static int send_on(void *arg)
{
    struct side *self = arg;
    size_t cap = 50000;
    char *buf = malloc(cap);
    ssize_t sent = 0;
    uint64_t start = xie_stream_written(self->stream), at = 0;
    for (unsigned call = 0; at < MUCH && (sent >= 0 || sent == -ETIMEDOUT); call++) {
        size_t len = (call * 7919 + 1) % cap;
        len = len < MUCH - at ? len : (size_t)(MUCH - at);
        kit_fill(buf, len, at);
        change_keys(self, call);
        XIE_TIMEOUT(self->deadline)
            sent = xie_stream_write(self->stream, buf, len);
        CHECK(sent < 0 || xie_stream_written(self->stream) - start == at + len);
        at = xie_stream_written(self->stream) - start;
        self->interrupted += sent < 0;
        if (call % 8 == 0) /* or the peer would never have to wait */
            xie_sleep(200 * XIE_MICROSECOND);
    }
    free(buf);
    if (sent < 0 && sent != -ETIMEDOUT)
        return (int)sent;
    return xie_stream_write_eof(self->stream);
}

static int read_on(void *arg)
{
    struct side *self = arg;
    size_t cap = 20000;
    char *buf = malloc(cap);
    ssize_t got = 1;
    uint64_t at = 0;
    for (unsigned call = 0; got > 0 || got == -ETIMEDOUT; call++) {
        XIE_TIMEOUT(self->deadline)
            got = xie_stream_read(self->stream, buf, call * 7919 % cap + 1);
        if (got > 0) {
            CHECK(kit_same(buf, (size_t)got, at));
            at += (uint64_t)got;
        }
        self->interrupted += got < 0;
        if (call % 32 == 0)
            xie_sleep(200 * XIE_MICROSECOND);
    }
    CHECK_EQ(at, MUCH);
    free(buf);
    return (int)got;
}

/* Both directions at once. */
static void transfer(struct ends *ends, int64_t read_deadline, int64_t write_deadline,
                     unsigned rekey, unsigned *interrupted)
{
    struct side sides[] = {{ends->client, write_deadline, rekey, 0},
                           {ends->server, read_deadline, 0, 0},
                           {ends->server, write_deadline, rekey, 0},
                           {ends->client, read_deadline, 0, 0}};
    XIE_GROUP(group) {
        for (int i = 0; i < 4; i++)
            xie_group_spawn(&group, i % 2 ? read_on : send_on, &sides[i]);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    for (int i = 0; i < 4; i++)
        *interrupted += sides[i].interrupted;
}

IN_TASK(deadlines_of_every_size_lose_no_byte)
{
    static const int64_t deadlines[] = {20 * XIE_MICROSECOND, 150 * XIE_MICROSECOND,
                                        XIE_MILLISECOND};
    int64_t scale = tap_slow() && !kit_on("sim") ? 50 : 1; /* or nothing would ever be done */
    unsigned interrupted = 0;
    tap_limit(60);
    for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++) {
        for (int reading = 0; reading < 2; reading++) {
            struct ends ends = {0};
            ends_open(&ends);
            transfer(&ends, reading ? deadlines[i] * scale : XIE_NEVER,
                     reading ? XIE_NEVER : deadlines[i] * scale, 0, &interrupted);
            ends_close(&ends);
        }
    }
    CHECK(interrupted > 0 || !kit_on("sim")); /* elsewhere it depends on the machine */
    return 0;
}

IN_TASK(keys_change_while_both_directions_are_busy)
{
    unsigned interrupted = 0;
    struct ends ends = {0};
    ends_open(&ends);
    transfer(&ends, XIE_NEVER, XIE_NEVER, 3, &interrupted);
    CHECK_EQ(interrupted, 0);
    ends_close(&ends);
    return 0;
}

IN_TASK(keys_change_in_the_midst_of_interruptions)
{
    unsigned interrupted = 0;
    struct ends ends = {0};
    ends_open(&ends);
    transfer(&ends, 100 * XIE_MICROSECOND, 100 * XIE_MICROSECOND, 2, &interrupted);
    ends_close(&ends);
    return 0;
}

/* --- a cancellation at each point ---------------------------------------------------- */

static int start_client(void *arg)
{
    struct ends *ends = arg;
    return xie_tls_start(ends->client, ends->contexts[0], "localhost", NULL);
}

static int start_server(void *arg)
{
    struct ends *ends = arg;
    return xie_tls_start(ends->server, ends->contexts[1], NULL, NULL);
}

/* One end's handshake is cancelled after a while; called again, it goes on.
 * return false: it was over before */
static bool cancel_handshake(const struct ends *model, int side, int64_t when)
{
    static xie_task_fn *const starts[] = {start_client, start_server};
    struct xie_stream *raw[2];
    struct ends ends = {.contexts = {xie_tls_context_ref(model->contexts[0]),
                                     xie_tls_context_ref(model->contexts[1])}};
    kit_pair(raw);
    ends.client = raw[0];
    ends.server = raw[1];
    struct xie_task *task = xie_spawn(starts[side], &ends);
    struct xie_task *other = xie_spawn(starts[!side], &ends);
    xie_sleep(when);
    xie_task_cancel(task);
    int result = xie_join(task);
    CHECK(result == 0 || result == -ECANCELED);
    if (result) {
        char byte;
        CHECK_EQ(xie_stream_read(raw[side], &byte, 1), -ENOTCONN);
        CHECK_EQ(starts[side](&ends), 0);
    }
    CHECK_EQ(xie_join(other), 0);
    check_passes(ends.client, ends.server, "whole");
    check_passes(ends.server, ends.client, "whole");
    ends_close(&ends);
    return result;
}

IN_TASK(a_cancelled_handshake_goes_on_when_called_again)
{
    struct ends model = {0};
    ends_open(&model);
    for (int side = 0; side < 2; side++) {
        int64_t when = 0;
        while (cancel_handshake(&model, side, when))
            when += when / 8 + 5 * XIE_MICROSECOND;
        CHECK(when > 0);
    }
    ends_close(&model);
    return 0;
}

static int write_line(void *stream)
{
    return (int)xie_stream_write(stream, "line\n", 5);
}

static int read_line(void *stream)
{
    char *line;
    int result = xie_stream_read_line(stream, &line, NULL);
    CHECK(result != 1 || !strcmp(line, "line"));
    return result;
}

IN_TASK(a_cancelled_read_leaves_its_bytes_to_the_next)
{
    struct ends ends = {0};
    ends_open(&ends);
    for (int when = 0; when < 8; when++) {
        for (int write = 0; write < 4; write++) {
            struct xie_task *reader = xie_spawn(read_line, ends.server), *writer = NULL;
            for (int i = 0; i < 8; i++) {
                if (i == when)
                    xie_task_cancel(reader);
                if (i == write)
                    writer = xie_spawn(write_line, ends.client);
                xie_sleep(0);
            }
            int result = xie_join(reader);
            CHECK(result == 1 || result == -ECANCELED);
            if (result < 0)
                CHECK_EQ(read_line(ends.server), 1);
            CHECK_EQ(xie_join(writer), 5);
        }
    }
    ends_close(&ends);
    return 0;
}

IN_TASK(a_cancelled_write_is_whole_or_was_not)
{
    struct ends ends = {0};
    ends_open(&ends);
    for (int when = 0; when < 8; when++) {
        uint64_t before = xie_stream_written(ends.client);
        struct xie_task *writer = xie_spawn(write_line, ends.client);
        for (int i = 0; i < when; i++)
            xie_sleep(0);
        xie_task_cancel(writer);
        int result = xie_join(writer);
        uint64_t written = xie_stream_written(ends.client) - before;
        CHECK(result == 5 || result == -ECANCELED);
        CHECK_EQ(written, result == 5 ? 5 : 0);
        if (written)
            CHECK_EQ(read_line(ends.server), 1);
    }
    check_passes(ends.client, ends.server, "and nothing else");
    ends_close(&ends);
    return 0;
}

IN_TASK(in_a_triggered_scope_nothing_is_done)
{
    struct xie_stream *pair[2], *made = NULL;
    struct ends ends = {0};
    char byte;
    ends_open(&ends);
    kit_pair(pair);
    XIE_TIMEOUT(-1) {
        CHECK_EQ(xie_tls_connect(ends.contexts[0], "localhost", 1, NULL, &made), -ETIMEDOUT);
        CHECK_EQ(xie_tls_start(pair[0], ends.contexts[0], "localhost", NULL), -ETIMEDOUT);
        CHECK_EQ(xie_tls_unwrap(ends.client), -ETIMEDOUT);
        CHECK_EQ(xie_stream_write(ends.client, "x", 1), -ETIMEDOUT);
        CHECK_EQ(xie_stream_read(ends.client, &byte, 1), -ETIMEDOUT);
        CHECK_EQ(xie_stream_write_eof(ends.client), -ETIMEDOUT);
    }
    CHECK(!made);
    CHECK_EQ(xie_stream_written(ends.client), 0);
    check_passes(pair[0], pair[1], "plain");
    check_passes(ends.client, ends.server, "secret");
    kit_close(pair);
    ends_close(&ends);
    return 0;
}

/* --- who may not wait for whom ------------------------------------------------------- */

/* What an interrupted write has encrypted arrives although the writer never calls again. */
IN_TASK(what_counts_as_written_arrives_by_itself)
{
    struct ends ends = {0};
    char *buf = calloc(1, 1 << 20);
    ends_open(&ends);
    for (int64_t limit = XIE_MILLISECOND; !xie_stream_written(ends.client); limit *= 2)
        XIE_TIMEOUT(limit)
            CHECK(xie_stream_write(ends.client, buf, 1 << 20) == -ETIMEDOUT);
    uint64_t written = xie_stream_written(ends.client);
    for (uint64_t got = 0; got < written;) {
        ssize_t len = xie_stream_read(ends.server, buf, 1 << 20);
        REQUIRE(len > 0);
        got += (uint64_t)len;
        CHECK(got <= written);
    }
    free(buf);
    ends_close(&ends);
    return 0;
}

static int write_blocked(void *stream)
{
    char *buf = calloc(1, 1 << 20);
    ssize_t result = xie_stream_write(stream, buf, 1 << 20);
    free(buf);
    return (int)result;
}

/* The client's writer waits for room; the server changes keys and wants an answer, and writes.
 * The client reads all of it. */
IN_TASK(a_reader_does_not_wait_for_a_blocked_writer)
{
    struct ends ends = {0};
    char text[6] = "";
    ends_open(&ends);
    struct xie_task *writer = xie_spawn(write_blocked, ends.client);
    while (!xie_stream_written(ends.client) && !xie_tls_layer_of(ends.client)->sending.start)
        xie_sleep(0);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(SSL_key_update(xie_tls_of(ends.server)->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        kit_send(ends.server, "hello");
        CHECK_EQ(xie_stream_read_exactly(ends.client, text, 5), 5);
        CHECK_STR(text, "hello");
    }
    CHECK(!xie_task_done(writer));
    char *buf = malloc(1 << 20);
    for (ssize_t got = 0, len; got < 1 << 20; got += len)
        REQUIRE((len = xie_stream_read(ends.server, buf, 1 << 20)) > 0);
    CHECK_EQ(xie_join(writer), 1 << 20);
    free(buf);
    ends_close(&ends);
    return 0;
}

/* The server's tickets come and nobody reads them; a close then must not become a reset that
 * overtakes the last bytes. */
IN_TASK(who_only_writes_is_heard_to_the_end)
{
    struct ends ends = {0};
    struct xie_stream *raw[2];
    char buf[2000], byte;
    ends_open(&ends);
    kit_tcp_pair(raw);
    struct ends tcp = {
        .contexts = {xie_tls_context_ref(ends.contexts[0]), xie_tls_context_ref(ends.contexts[1])}};
    ends_shake(&tcp, raw, "localhost");
    kit_fill(buf, sizeof buf, 0);
    CHECK_EQ(xie_stream_write(tcp.client, buf, sizeof buf), sizeof buf);
    xie_stream_close(tcp.client);
    tcp.client = NULL;
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(xie_stream_read_exactly(tcp.server, buf, sizeof buf), sizeof buf);
    CHECK(kit_same(buf, sizeof buf, 0));
    CHECK_EQ(xie_stream_read(tcp.server, &byte, 1), 0);
    ends_close(&tcp);
    ends_close(&ends);
    return 0;
}

/* What goes to the client passes up to a byte, then only when it is let. */
struct gatekeeper {
    struct xie_stream *from, *to;
    size_t most, passed;
    struct xie_event open;
};

static int keep_gate(void *arg)
{
    struct gatekeeper *self = arg;
    char buf[4000];
    ssize_t len;
    while ((len = xie_stream_read(self->from, buf, sizeof buf)) > 0) {
        size_t now = self->passed >= self->most ? 0 : self->most - self->passed;
        now = now < (size_t)len ? now : (size_t)len;
        self->passed += (size_t)len;
        if (now && xie_stream_write(self->to, buf, now) < 0)
            return 0;
        if (now < (size_t)len)
            xie_event_wait(&self->open);
        if (now < (size_t)len && xie_stream_write(self->to, buf + now, (size_t)len - now) < 0)
            return 0;
    }
    xie_stream_write_eof(self->to);
    return 0;
}

/* A client whose server's last ticket comes in two records. The gate holds its last bytes back.
 * SIZE_MAX: nothing. return how many bytes came from the server */
static size_t talk_through_gate(size_t most, int (*then)(struct xie_stream *stream))
{
    struct xie_stream *left[2], *right[2], *raw[2];
    struct xie_tls_options client = client_options(), server = server_options();
    client.cert_file = cert("client"); /* a part of the ticket, which makes it long */
    server.ca_file = cert("ca");
    server.verify = XIE_TLS_VERIFY_REQUIRED;
    struct ends ends = {.contexts = {context_of(&client), context_of(&server)}};
    CHECK_EQ(SSL_CTX_set_max_send_fragment(ends.contexts[1]->ssl, 512), 1);
    kit_pair(left);
    kit_pair(right);
    raw[0] = left[0];
    raw[1] = right[1];
    struct gatekeeper there = {.from = left[1], .to = right[0], .most = SIZE_MAX};
    struct gatekeeper back = {.from = right[0], .to = left[1], .most = most};
    struct xie_task *tasks[] = {xie_spawn(keep_gate, &there), xie_spawn(keep_gate, &back)};
    ends_shake(&ends, raw, "localhost");
    REQUIRE(!ends.client_error && !ends.server_error);
    while (then && !SSL_in_init(xie_tls_of(ends.client)->ssl)) { /* the first half must be in */
        char byte;
        XIE_TIMEOUT(XIE_MILLISECOND)
            xie_stream_read(ends.client, &byte, 1);
    }
    struct xie_task *task = then ? xie_spawn(write_line, ends.client) : NULL;
    xie_sleep(XIE_MILLISECOND);
    CHECK(!then || !xie_task_done(task)); /* it waits for the other half */
    xie_event_set(&back.open);
    if (then) {
        CHECK_EQ(xie_join(task), 5);
        CHECK_EQ(then(ends.client), 0);
        CHECK_EQ(read_line(ends.server), 1);
    }
    size_t count = back.passed;
    ends_close(&ends);
    xie_gather(tasks, 2, NULL);
    xie_stream_close(left[1]);
    xie_stream_close(right[0]);
    return count;
}

IN_TASK(a_writer_reads_where_tls_needs_it)
{
    size_t all = talk_through_gate(SIZE_MAX, NULL);
    talk_through_gate(all - 40, xie_stream_write_eof);
    return 0;
}

/* --- limits ------------------------------------------------------------------------- */

IN_TASK(a_handshake_is_bounded)
{
    struct xie_stream *pair[2];
    struct xie_tls_options options = client_options();
    struct xie_tls_failure failure = {""};
    char byte;
    options.handshake_ns = 2 * XIE_MILLISECOND;
    struct xie_tls_context *context = context_of(&options);
    kit_pair(pair);
    CHECK_EQ(xie_tls_start(pair[0], context, "localhost", &failure), -ETIMEDOUT);
    CHECK(strstr(failure.text, "localhost"));
    CHECK_EQ(xie_tls_start(pair[0], context, "localhost", &failure), -ETIMEDOUT);
    CHECK_EQ(xie_stream_read(pair[0], &byte, 1), -ETIMEDOUT);
    CHECK(!xie_check());
    xie_tls_context_unref(context);
    kit_close(pair);
    return 0;
}

IN_TASK(answers_that_nobody_takes_are_bounded)
{
    struct ends ends = {0};
    static char answer[16 * 1024];
    int count = 0;
    char byte;
    ends_open(&ends);
    struct xie_tls *tls = xie_tls_of(ends.client);
    while (BIO_write(SSL_get_wbio(tls->ssl), answer, sizeof answer) == sizeof answer)
        count++;
    CHECK_EQ(count, XIE_TLS_ANSWERS / sizeof answer + 1);
    xie_stream_abort(ends.client);
    ends.client = NULL;
    CHECK(xie_stream_read(ends.server, &byte, 1) < 0);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_close_ends_a_handshake)
{
    struct xie_stream *pair[2];
    struct xie_tls_context *context = context_of(NULL);
    kit_pair(pair);
    struct ends ends = {.client = pair[0], .contexts = {context}};
    struct xie_task *task = xie_spawn(start_client, &ends);
    xie_sleep(0);
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    xie_stream_close(pair[1]);
    xie_tls_context_unref(context);
    return 0;
}

/* One that waits keeps no buffer of ours: the layer and OpenSSL's object are all. */
IN_TASK(a_connection_that_waits_keeps_no_buffers)
{
    struct ends ends = {0};
    unsigned interrupted = 0;
    ends_open(&ends);
    transfer(&ends, XIE_NEVER, XIE_NEVER, 0, &interrupted);
    ends_close(&ends);
    ends = (struct ends){0};
    ends_open(&ends);
    check_passes(ends.client, ends.server, "a little");
    struct xie_task *reader = xie_spawn(read_line, ends.server);
    xie_sleep(XIE_MILLISECOND);
    const struct xie_tls_layer *layer = xie_tls_layer_of(ends.server);
    const struct xie_tls *tls = layer->tls;
    CHECK(tls->in.data == tls->small);
    CHECK(!tls->out.data && !layer->sending.data);
    CHECK(sizeof *layer + sizeof *tls < 1400);
    kit_send(ends.client, "line\n");
    CHECK_EQ(xie_join(reader), 1);
    ends_close(&ends);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"deadlines_of_every_size_lose_no_byte", deadlines_of_every_size_lose_no_byte},
        {"keys_change_while_both_directions_are_busy", keys_change_while_both_directions_are_busy},
        {"keys_change_in_the_midst_of_interruptions", keys_change_in_the_midst_of_interruptions},
        {"a_cancelled_handshake_goes_on_when_called_again",
         a_cancelled_handshake_goes_on_when_called_again},
        {"a_cancelled_read_leaves_its_bytes_to_the_next",
         a_cancelled_read_leaves_its_bytes_to_the_next},
        {"a_cancelled_write_is_whole_or_was_not", a_cancelled_write_is_whole_or_was_not},
        {"in_a_triggered_scope_nothing_is_done", in_a_triggered_scope_nothing_is_done},
        {"what_counts_as_written_arrives_by_itself", what_counts_as_written_arrives_by_itself},
        {"a_reader_does_not_wait_for_a_blocked_writer",
         a_reader_does_not_wait_for_a_blocked_writer},
        {"who_only_writes_is_heard_to_the_end", who_only_writes_is_heard_to_the_end},
        {"a_writer_reads_where_tls_needs_it", a_writer_reads_where_tls_needs_it},
        {"a_handshake_is_bounded", a_handshake_is_bounded},
        {"answers_that_nobody_takes_are_bounded", answers_that_nobody_takes_are_bounded},
        {"a_close_ends_a_handshake", a_close_ends_a_handshake},
        {"a_connection_that_waits_keeps_no_buffers", a_connection_that_waits_keeps_no_buffers},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
