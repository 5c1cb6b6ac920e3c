/* beneath.c - what TLS stands on: memory, itself; and what streams do by the descriptor, which TLS
 * must not let them. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <xie/transport.h>

#include "base/sys.h"
#include "io/stream.h"
#include "kit.h"
#include "tls/layer.h"

/* --- memory ------------------------------------------------------------------------- */

/* TLS once or twice over two ends that hold cap bytes each way. */
static void memory_open(struct ends *ends, size_t cap, int layers)
{
    struct xie_stream *raw[2];
    struct xie_tls_options client = client_options(), server = server_options();
    client.shutdown_ns = server.shutdown_ns = XIE_MILLISECOND;
    server.no_resumption =
        true; /* a handshake that has ended sends no tickets, which may not fit */
    *ends = (struct ends){.contexts = {context_of(&client), context_of(&server)}};
    REQUIRE(!xie_stream_memory(cap, raw));
    for (int i = 0; i < layers; i++) {
        ends_shake(ends, raw, "localhost");
        if (ends->client_error || ends->server_error)
            tap_failed(__FILE__, __LINE__, "%s; %s", ends->client_failure.text,
                       ends->server_failure.text);
        REQUIRE(!ends->client_error && !ends->server_error);
    }
}

enum { MUCH = 300000 };

static int send_much(void *stream)
{
    char *buf = malloc(MUCH);
    kit_fill(buf, MUCH, 0);
    int result = (int)xie_stream_write(stream, buf, MUCH);
    free(buf);
    return result;
}

static int take_much(void *stream)
{
    char *buf = malloc(MUCH);
    uint64_t at = 0;
    ssize_t len;
    while (at < MUCH && (len = xie_stream_read(stream, buf, MUCH)) > 0) {
        CHECK(kit_same(buf, (size_t)len, at));
        at += (uint64_t)len;
    }
    free(buf);
    return (int)at;
}

static int read_one(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

IN_TASK(over_memory_of_every_size)
{
    static const size_t caps[] = {7, 600, 0};
    for (int layers = 1; layers <= 2; layers++)
        for (int i = tap_slow() ? 1 : 0; i < 3; i++) {
            struct ends ends;
            memory_open(&ends, caps[i], layers);
            struct xie_task *tasks[] = {
                xie_spawn(send_much, ends.client), xie_spawn(send_much, ends.server),
                xie_spawn(take_much, ends.client), xie_spawn(take_much, ends.server)};
            for (int k = 0; k < 4; k++)
                CHECK_EQ(xie_join(tasks[k]), MUCH);
            struct xie_task *reader = xie_spawn(read_one, ends.server);
            xie_stream_close(ends.client);
            ends.client = NULL;
            CHECK_EQ(xie_join(reader), 0);
            ends_close(&ends);
        }
    return 0;
}

enum how { CLOSE, ABORT, CALLBACK_CLOSE, CALLBACK_ABORT, CANCELLED, HOWS };

static void call_close(void *stream)
{
    xie_stream_close(stream);
}

static void call_abort(void *stream)
{
    xie_stream_abort(stream);
}

static void end_by(struct xie_stream *stream, enum how how)
{
    static struct xie_call call;
    call = (struct xie_call){0};
    if (how == CLOSE)
        xie_stream_close(stream);
    else if (how == ABORT)
        xie_stream_abort(stream);
    else if (how == CANCELLED)
        XIE_TIMEOUT(-1)
            xie_stream_close(stream);
    else
        CHECK_EQ(xie_call_soon(&call, how == CALLBACK_CLOSE ? call_close : call_abort, stream), 0);
    for (int i = 0; i < 3; i++)
        xie_sleep(0);
}

/* A reader waits, and a writer whom the peer leaves without room; after `steps` others' steps. */
IN_TASK(every_end_over_memory_sends_away_who_is_inside)
{
    for (int layers = 1; layers <= 2; layers++)
        for (int how = 0; how < HOWS; how++)
            for (int steps = 1; steps < 5; steps++) {
                struct ends ends;
                memory_open(&ends, 5000, layers);
                struct xie_task *reader = xie_spawn(read_one, ends.client);
                struct xie_task *writer = xie_spawn(send_much, ends.client);
                for (int i = 0; i < steps; i++)
                    xie_sleep(0);
                end_by(ends.client, (enum how)how);
                ends.client = NULL;
                CHECK_EQ(xie_join(reader), XIE_ECLOSED);
                CHECK_EQ(xie_join(writer), XIE_ECLOSED);
                while (xie_task_count() > 1)
                    xie_sleep(XIE_MILLISECOND);
                int left = take_much(ends.server);
                CHECK(left >= 0 && left < MUCH);
                CHECK(read_one(ends.server) < 0);
                ends_close(&ends);
            }
    return 0;
}

/* What an interrupted writer left is stuck with a task of the library. */
IN_TASK(every_end_over_memory_is_bounded)
{
    for (int layers = 1; layers <= 2; layers++)
        for (int how = 0; how < HOWS; how++) {
            struct ends ends;
            memory_open(&ends, 5000, layers);
            XIE_TIMEOUT(XIE_MILLISECOND)
                CHECK_EQ(send_much(ends.client), -ETIMEDOUT);
            xie_sleep(0);
            end_by(ends.client, (enum how)how);
            ends.client = NULL;
            while (xie_task_count() > 1)
                xie_sleep(XIE_MILLISECOND);
            ends_close(&ends);
        }
    return 0;
}

struct shaking {
    struct xie_stream *stream;
    struct xie_tls_context *context;
};

static int shake(void *arg)
{
    struct shaking *self = arg;
    return xie_tls_start(self->stream, self->context, "localhost", NULL);
}

/* The handshake of one who hears nothing, and whom nobody lets speak. */
IN_TASK(every_end_in_the_midst_of_a_handshake)
{
    struct xie_tls_options options = client_options();
    options.shutdown_ns = XIE_MILLISECOND;
    struct xie_tls_context *context = context_of(&options);
    for (int how = 0; how < HOWS; how++)
        for (int steps = 1; steps < 4; steps++)
            for (size_t cap = 10; cap <= 10000; cap *= 1000) {
                struct xie_stream *pair[2];
                REQUIRE(!xie_stream_memory(cap, pair));
                struct shaking self = {pair[0], context};
                struct xie_task *task = xie_spawn(shake, &self);
                for (int i = 0; i < steps; i++)
                    xie_sleep(0);
                end_by(pair[0], (enum how)how);
                CHECK_EQ(xie_join(task), XIE_ECLOSED);
                xie_stream_close(pair[1]);
            }
    xie_tls_context_unref(context);
    return 0;
}

/* --- by the descriptor -------------------------------------------------------------- */

struct relay {
    struct xie_stream *from, *to;
    uint64_t len;
};

static int relay(void *arg)
{
    struct relay *self = arg;
    return (int)xie_stream_copy(self->from, self->to, self->len);
}

/* Plain to TLS, TLS to plain, TLS to TLS: never by the kernel alone. */
IN_TASK(a_relay_goes_through_tls)
{
    for (int kind = 1; kind < 4; kind++) {
        struct ends in = {0}, out = {0};
        struct xie_stream *left[2], *right[2];
        kit_pair(left);
        kit_pair(right);
        if (kind & 1) {
            ends_open(&in);
            kit_close(left);
            left[0] = in.client;
            left[1] = in.server;
        }
        if (kind & 2) {
            ends_open(&out);
            kit_close(right);
            right[0] = out.client;
            right[1] = out.server;
        }
        struct relay middle = {left[1], right[0], MUCH};
        struct xie_task *tasks[] = {xie_spawn(send_much, left[0]), xie_spawn(relay, &middle),
                                    xie_spawn(take_much, right[1])};
        for (int i = 0; i < 3; i++)
            CHECK_EQ(xie_join(tasks[i]), MUCH);
        CHECK_EQ(xie_stream_written(right[0]), MUCH);
        if (kind & 1)
            ends_close(&in);
        else
            kit_close(left);
        if (kind & 2)
            ends_close(&out);
        else
            kit_close(right);
    }
    return 0;
}

static int send_file(void *arg)
{
    struct relay *self = arg;
    struct xie_file *file = NULL;
    int error = xie_file_open(cert("plain"), O_RDONLY, 0, &file);
    if (error)
        return error;
    int sent = (int)xie_stream_sendfile(self->to, file, 0, self->len);
    xie_file_close(file);
    return sent;
}

IN_TASK(a_file_goes_through_tls)
{
    struct ends ends = {0};
    char *text = malloc(MUCH);
    kit_fill(text, MUCH, 0);
    CHECK_EQ(xie_file_save(cert("plain"), text, MUCH, 0600), 0);
    ends_open(&ends);
    struct relay sending = {.to = ends.client, .len = MUCH};
    struct xie_task *task = xie_spawn(send_file, &sending);
    CHECK_EQ(take_much(ends.server), MUCH);
    CHECK_EQ(xie_join(task), MUCH);
    unlink(cert("plain"));
    free(text);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_socket_beneath_is_asked_and_never_taken)
{
    struct ends ends = {0};
    struct xie_stream *raw[2];
    int value = 0;
    enum xie_fd_kind kind;
    ends_open(&ends);
    kit_tcp_pair(raw);
    struct ends tcp = {
        .contexts = {xie_tls_context_ref(ends.contexts[0]), xie_tls_context_ref(ends.contexts[1])}};
    int fd = xie_stream_fd(raw[0]);
    ends_shake(&tcp, raw, "localhost");
    REQUIRE(!tcp.client_error && !tcp.server_error);
    CHECK_EQ(xie_stream_fd(tcp.client), fd);
    CHECK_EQ(xie_socket_fd(tcp.client), -EOPNOTSUPP);
    CHECK_EQ(xie_socket_beneath(tcp.client, &kind), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_get_option(tcp.client, IPPROTO_TCP, TCP_NODELAY, &value), 0);
    CHECK_EQ(value, 1);
    ends_close(&tcp);
    ends_close(&ends);
    return 0;
}

IN_TASK(what_is_read_no_more_ends_nothing_else)
{
    struct ends ends = {0};
    char byte;
    ends_open(&ends);
    kit_send(ends.server, "unread");
    CHECK_EQ(xie_stream_read_shut(ends.client), 0);
    CHECK_EQ(xie_stream_read(ends.client, &byte, 1), 0);
    CHECK(xie_stream_at_eof(ends.client));
    check_passes(ends.client, ends.server, "still written");
    ends_close(&ends);
    memory_open(&ends, 0, 1);
    CHECK_EQ(xie_stream_read_shut(ends.client), -EOPNOTSUPP);
    check_passes(ends.server, ends.client, "still read");
    ends_close(&ends);
    return 0;
}

/* --- separators and limits ---------------------------------------------------------- */

IN_TASK(separators_and_limits_are_of_plain_text)
{
    static const char *const separators[] = {"\r\n\r\n", ";", NULL};
    struct ends ends;
    char *data = NULL;
    int which = -1;
    memory_open(&ends, 700, 1);
    CHECK_EQ(xie_stream_set_limit(ends.server, 10), 0);
    static const char text[] = "head\r\n\r\nfield;line\n0123456789too long\n";
    struct xie_task *sent = xie_spawn(send_much, ends.server); /* the other direction is busy */
    struct xie_task *taker = xie_spawn(take_much, ends.client);
    CHECK_EQ(xie_stream_write(ends.client, text, sizeof text - 1), sizeof text - 1);
    CHECK_EQ(xie_stream_read_until_any(ends.server, separators, &data, &which), 8);
    CHECK_EQ(which, 0);
    CHECK_EQ(xie_stream_read_until_any(ends.server, separators, &data, &which), 6);
    CHECK_EQ(which, 1);
    CHECK(!memcmp(data, "field;", 6));
    CHECK_EQ(xie_stream_read_line(ends.server, &data, NULL), 1);
    CHECK_STR(data, "line");
    CHECK_EQ(xie_stream_read_line(ends.server, &data, NULL), XIE_ELIMIT);
    CHECK(xie_stream_buffered(ends.server, &data) >= 10);
    CHECK(!memcmp(data, "0123456789", 10));
    CHECK_EQ(xie_join(sent), MUCH);
    CHECK_EQ(xie_join(taker), MUCH);
    ends_close(&ends);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"over_memory_of_every_size", over_memory_of_every_size},
        {"every_end_over_memory_sends_away_who_is_inside",
         every_end_over_memory_sends_away_who_is_inside},
        {"every_end_over_memory_is_bounded", every_end_over_memory_is_bounded},
        {"every_end_in_the_midst_of_a_handshake", every_end_in_the_midst_of_a_handshake},
        {"a_relay_goes_through_tls", a_relay_goes_through_tls},
        {"a_file_goes_through_tls", a_file_goes_through_tls},
        {"a_socket_beneath_is_asked_and_never_taken", a_socket_beneath_is_asked_and_never_taken},
        {"what_is_read_no_more_ends_nothing_else", what_is_read_no_more_ends_nothing_else},
        {"separators_and_limits_are_of_plain_text", separators_and_limits_are_of_plain_text},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
