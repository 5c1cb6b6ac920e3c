/* stream_end.c - the promises of <xie/stream.h>: opening, adopting, closing, resetting. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/sys.h"
#include "io/kit.h"

/* --- close while others are in it ----------------------------------------------------------------
 */

static int in_read(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

static int in_exactly(void *stream)
{
    static char buf[50000];
    return (int)xie_stream_read_exactly(stream, buf, sizeof buf);
}

static int in_line(void *stream)
{
    char *line;
    return xie_stream_read_line(stream, &line, NULL);
}

static int in_peek(void *stream)
{
    char *data;
    return (int)xie_stream_peek(stream, &data);
}

static int in_write(void *stream)
{
    static char out[8000000];
    return (int)xie_stream_write(stream, out, sizeof out);
}

static int (*const readers[])(void *stream) = {in_read, in_exactly, in_line, in_peek};

IN_TASK(close_ends_those_who_read_and_write)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        struct xie_stream *pair[2];
        kit_tcp_pair(pair);
        kit_send(pair[1], i == 1 ? "half" : "");
        struct xie_task *reader = xie_spawn(readers[i], pair[0]);
        struct xie_task *writer = xie_spawn(in_write, pair[0]);
        xie_sleep(2 * XIE_MILLISECOND);
        CHECK(!xie_task_done(reader) && !xie_task_done(writer));
        xie_stream_close(pair[0]);
        CHECK(xie_task_done(reader) && xie_task_done(writer)); /* they return first */
        CHECK_EQ(xie_join(reader), XIE_ECLOSED);
        CHECK_EQ(xie_join(writer), XIE_ECLOSED);
        xie_stream_close(pair[1]);
    }
    return 0;
}

static int close_cancelled(void *arg)
{
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        xie_stream_close(arg);
    }
    return 0;
}

/* The scope of the one who closes does not matter, nor does that of the one who reads. */
IN_TASK(close_works_in_a_cancelled_scope)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    struct xie_task *reader = xie_spawn(in_read, pair[0]);
    xie_sleep(XIE_MILLISECOND);
    close_cancelled(pair[0]);
    CHECK_EQ(xie_join(reader), XIE_ECLOSED);
    xie_stream_close(pair[1]);

    kit_pair(pair);
    reader = xie_spawn(in_read, pair[0]);
    xie_sleep(XIE_MILLISECOND);
    xie_task_cancel(reader); /* both at once */
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_join(reader), XIE_ECLOSED);
    xie_stream_close(pair[1]);
    return 0;
}

/* At every point of the reader's way: before it runs, as its bytes come, after. */
IN_TASK(close_at_every_point)
{
    for (int when = 0; when < 12; when++)
        for (int bytes = 0; bytes < 2; bytes++) {
            struct xie_stream *pair[2];
            kit_pair(pair);
            struct xie_task *reader = xie_spawn(in_read, pair[0]);
            for (int i = 0; i < when; i++) {
                if (bytes && i == when / 2)
                    kit_send(pair[1], "x");
                xie_sleep(0);
            }
            if (xie_task_done(reader) || when == 0) { /* not begun: a stream closed is gone */
                CHECK(when == 0 || xie_task_result(reader) == 1);
                xie_task_cancel(reader);
                xie_join(reader);
                xie_stream_close(pair[0]);
            } else {
                xie_stream_close(pair[0]);
                CHECK_EQ(xie_join(reader), XIE_ECLOSED);
            }
            xie_stream_close(pair[1]);
        }
    return 0;
}

static void close_in_call(void *arg)
{
    xie_stream_close(arg);
}

IN_TASK(a_callback_may_close)
{
    struct xie_stream *pair[2];
    struct xie_call call = {0};
    kit_pair(pair);
    struct xie_task *reader = xie_spawn(in_read, pair[0]);
    struct xie_task *writer = xie_spawn(in_write, pair[0]);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(xie_call_soon(&call, close_in_call, pair[0]), 0);
    CHECK_EQ(xie_join(reader), XIE_ECLOSED);
    CHECK_EQ(xie_join(writer), XIE_ECLOSED);
    CHECK_EQ(xie_call_soon(&call, close_in_call, pair[1]), 0); /* nobody is in it */
    xie_sleep(0);
    return 0;
}

IN_TASK(null_is_closed_already)
{
    xie_stream_close(NULL);
    xie_stream_abort(NULL);
    xie_listener_close(NULL);
    return 0;
}

static int read_slowly(void *arg)
{
    static char buf[100000];
    ssize_t len;
    int sum = 0;
    while ((len = xie_stream_read(arg, buf, sizeof buf)) > 0) {
        sum += (int)len;
        xie_sleep(XIE_MILLISECOND);
    }
    return len < 0 ? (int)len : sum;
}

IN_TASK(what_was_written_arrives_after_close)
{
    static char out[16000]; /* within any buffers, sim's too */
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_write(pair[0], out, sizeof out), (ssize_t)sizeof out);
    xie_stream_close(pair[0]);
    CHECK_EQ(read_slowly(pair[1]), (int)sizeof out);
    xie_stream_close(pair[1]);
    return 0;
}

/* --- resets ------------------------------------------------------------------------- */

IN_TASK(abort_resets)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    struct xie_task *reader = xie_spawn(in_read, pair[1]);
    xie_sleep(XIE_MILLISECOND);
    xie_stream_abort(pair[0]);
    CHECK_EQ(xie_join(reader), -ECONNRESET);
    CHECK_EQ(in_read(pair[1]), -ECONNRESET); /* the kernel would say: the end */
    CHECK_EQ(in_line(pair[1]), -ECONNRESET);
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(bytes_before_a_reset_are_read_first)
{
    struct xie_stream *pair[2];
    char *data, buf[5];
    kit_tcp_pair(pair);
    kit_send(pair[0], "last");
    CHECK_EQ(xie_stream_read_until(pair[1], "t", 1, &data), 4); /* all in the buffer */
    kit_send(pair[0], "last");
    CHECK(xie_stream_peek(pair[1], &data) > 0);
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 5), -ETIMEDOUT);
    xie_stream_abort(pair[0]);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 4), 4);
    CHECK(!memcmp(buf, "last", 4));
    CHECK_EQ(in_read(pair[1]), -ECONNRESET);
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(a_partial_line_survives_a_reset)
{
    struct xie_stream *pair[2];
    char buf[4];
    kit_tcp_pair(pair);
    kit_send(pair[0], "half");
    struct xie_task *reader = xie_spawn(in_line, pair[1]);
    xie_sleep(5 * XIE_MILLISECOND);
    xie_stream_abort(pair[0]);
    CHECK_EQ(xie_join(reader), -ECONNRESET);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 4), 4);
    CHECK(!memcmp(buf, "half", 4));
    CHECK_EQ(in_read(pair[1]), -ECONNRESET);
    xie_stream_close(pair[1]);
    return 0;
}

/* --- adopting ----------------------------------------------------------------------- */

static void check_talk(struct xie_stream *from, struct xie_stream *to)
{
    char buf[5];
    kit_send(from, "hello");
    CHECK_EQ(xie_stream_read_exactly(to, buf, 5), 5);
    CHECK(!memcmp(buf, "hello", 5));
}

IN_TASK(adopting_a_socket)
{
    struct xie_stream *pair[2];
    int fds[2];
    CHECK_EQ(xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    CHECK_EQ(xie_stream_adopt(fds[0], &pair[0]), 0);
    CHECK_EQ(xie_stream_adopt(fds[1], &pair[1]), 0);
    CHECK_EQ(xie_stream_fd(pair[0]), fds[0]);
    check_talk(pair[0], pair[1]);
    check_talk(pair[1], pair[0]);
    kit_close(pair);
    return 0;
}

IN_TASK(adopting_a_pipe)
{
    struct xie_stream *pair[2], *none = NULL;
    struct xie_address address;
    int fds[2];
    CHECK_EQ(pipe(fds), 0); /* blocking: made non-blocking */
    CHECK_EQ(xie_stream_adopt(fds[0], &pair[0]), 0);
    CHECK_EQ(xie_stream_adopt(fds[1], &pair[1]), 0);
    CHECK(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
    struct xie_task *reader = xie_spawn(in_read, pair[0]);
    xie_sleep(XIE_MILLISECOND);
    CHECK(!xie_task_done(reader));
    kit_send(pair[1], "x");
    CHECK_EQ(xie_join(reader), 1);
    check_talk(pair[1], pair[0]);
    CHECK_EQ(xie_stream_write_eof(pair[1]), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_local(pair[0], &address), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_peer(pair[0], &address), -EOPNOTSUPP);
    reader = xie_spawn(in_read, pair[0]);
    xie_sleep(XIE_MILLISECOND);
    xie_stream_close(pair[1]);
    CHECK_EQ(xie_join(reader), 0);
    xie_stream_close(pair[0]);
    CHECK_EQ(fcntl(fds[0], F_GETFL), -1); /* it was owned */
    CHECK_EQ(xie_stream_adopt(fds[0], &none), -EBADF);
    CHECK(!none);
    return 0;
}

IN_TASK(a_full_pipe_waits_and_a_broken_one_fails)
{
    struct xie_stream *pair[2];
    static char in[100000];
    int fds[2];
    CHECK_EQ(pipe(fds), 0);
    CHECK_EQ(xie_stream_adopt(fds[0], &pair[0]), 0);
    CHECK_EQ(xie_stream_adopt(fds[1], &pair[1]), 0);
    CHECK_EQ(xie_stream_set_limit(pair[0], sizeof in), 0);
    struct xie_task *writer = xie_spawn(in_write, pair[1]);
    CHECK_EQ(xie_stream_read_exactly(pair[0], in, sizeof in), (ssize_t)sizeof in);
    CHECK(!xie_task_done(writer));
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_join(writer), -EPIPE); /* and no SIGPIPE */
    CHECK(xie_stream_written(pair[1]) >= sizeof in);
    xie_stream_close(pair[1]);
    return 0;
}

/* --- connecting --------------------------------------------------------------------- */

IN_TASK(a_refused_connection)
{
    struct xie_stream *stream = NULL;
    struct xie_listener *listener;
    struct xie_address address;
    int fds = kit_fds();
    CHECK_EQ(xie_tcp_listen("127.0.0.1", 0, 0, &listener), 0);
    CHECK_EQ(xie_listener_address(listener, &address), 0);
    xie_listener_close(listener);
    CHECK_EQ(xie_stream_connect(&address, &stream), -ECONNREFUSED);
    CHECK_EQ(xie_tcp_connect("127.0.0.1", xie_address_port(&address), &stream), -ECONNREFUSED);
    CHECK_EQ(xie_tcp_connect("localhost", xie_address_port(&address), &stream), -ECONNREFUSED);
    CHECK_EQ(xie_tcp_connect("", 1, &stream), -EINVAL);
    CHECK_EQ(xie_tcp_connect(NULL, 1, &stream), -EINVAL);
    CHECK_EQ(xie_unix_connect("/nowhere/at/all", &stream), -ENOENT);
    CHECK_EQ(xie_unix_connect("@nobody-listens-here", &stream), -ECONNREFUSED);
    CHECK_EQ(xie_unix_connect("", &stream), -EINVAL);
    address.len = 0;
    CHECK_EQ(xie_stream_connect(&address, &stream), -EINVAL);
    address.len = sizeof address.storage + 1;
    CHECK_EQ(xie_stream_connect(&address, &stream), -EINVAL);
    CHECK(!stream); /* untouched */
    CHECK_EQ(kit_fds(), fds);
    return 0;
}

static char full[32]; /* a name of this process's own: others run at the same time */

static int connect_full(void *stream)
{
    return xie_unix_connect(full, stream);
}

/* The backlog is full, so the connection hangs: the deadline ends it and nothing is left. Once
 * there is room it is made. */
IN_TASK(a_connect_that_hangs)
{
    enum { COUNT = 6 };
    struct xie_stream *clients[COUNT] = {0}, *server;
    struct xie_task *tasks[COUNT];
    struct xie_listener *listener;
    int hung = 0, fds = kit_fds();
    snprintf(full, sizeof full, "@xie-full-%d", (int)getpid());
    REQUIRE(xie_unix_listen(full, 1, &listener) == 0);
    for (int i = 0; i < COUNT; i++)
        tasks[i] = xie_spawn(connect_full, &clients[i]);
    xie_sleep(5 * XIE_MILLISECOND);
    for (int i = 0; i < COUNT; i++)
        hung += !xie_task_done(tasks[i]);
    CHECK(hung >= 2);
    int open_then = kit_fds();
    xie_task_cancel(tasks[COUNT - 1]);
    CHECK_EQ(xie_join(tasks[COUNT - 1]), -ECANCELED);
    CHECK(!clients[COUNT - 1]);
    CHECK(kit_on("sim") || kit_fds() == open_then - 1);
    for (int i = 0; i < COUNT - 1; i++) {
        CHECK_EQ(xie_listener_accept(listener, &server), 0);
        xie_stream_close(server);
    }
    for (int i = 0; i < COUNT - 1; i++) {
        CHECK_EQ(xie_join(tasks[i]), 0);
        xie_stream_close(clients[i]);
    }
    xie_listener_close(listener);
    CHECK_EQ(kit_fds(), fds);
    return 0;
}

IN_TASK(no_connect_in_a_triggered_scope)
{
    struct xie_stream *stream = NULL;
    struct xie_address address;
    CHECK_EQ(xie_address_parse(&address, "127.0.0.1", 1), 0);
    XIE_TIMEOUT(-1) {
        CHECK_EQ(xie_stream_connect(&address, &stream), -ETIMEDOUT);
        CHECK_EQ(xie_tcp_connect("127.0.0.1", 1, &stream), -ETIMEDOUT);
        CHECK_EQ(xie_tcp_connect("localhost", 1, &stream), -ETIMEDOUT);
        CHECK_EQ(xie_unix_connect("@x", &stream), -ETIMEDOUT);
    }
    CHECK(!stream);
    return 0;
}

IN_TASK(tcp_streams_do_not_delay)
{
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    for (int i = 0; i < 2; i++) {
        int on = 0;
        socklen_t len = sizeof on;
        CHECK_EQ(xie_sys_getsockopt(xie_stream_fd(pair[i]), IPPROTO_TCP, TCP_NODELAY, &on, &len),
                 0);
        CHECK(on);
    }
    kit_close(pair);
    return 0;
}

IN_TASK(the_two_ends_know_each_other)
{
    struct xie_stream *pair[2];
    struct xie_address a, b;
    char first[XIE_ADDRESS_TEXT], second[XIE_ADDRESS_TEXT];
    kit_tcp_pair(pair);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(xie_stream_local(pair[i], &a), 0);
        CHECK_EQ(xie_stream_peer(pair[1 - i], &b), 0);
        CHECK_STR(xie_address_format(&a, first), xie_address_format(&b, second));
        CHECK(!strncmp(first, "127.0.0.1:", 10));
    }
    kit_close(pair);
    return 0;
}

/* --- an idle stream ----------------------------------------------------------------- */

static size_t allocated;

/* Each block's size stands before it. */
static void *count_resize(void *memory, size_t size)
{
    size_t *old = memory ? (size_t *)memory - 2 : NULL;
    if (old)
        allocated -= *old;
    size_t *now = realloc(old, size + 2 * sizeof *now);
    if (!now)
        return NULL;
    allocated += *now = size;
    return now + 2;
}

static void count_release(void *memory)
{
    if (!memory)
        return;
    allocated -= ((size_t *)memory)[-2];
    free((size_t *)memory - 2);
}

static int park_readers(void *arg)
{
    enum { PAIRS = 100 };
    static struct xie_stream *pairs[PAIRS][2];
    static struct xie_task *tasks[PAIRS];
    static char buf[5000];
    (void)arg;
    if (kit_on("sim"))
        tap_skip("sim's sockets are allocated too");
    kit_pair(pairs[0]); /* what the backend makes for the first */
    kit_close(pairs[0]);
    size_t before = allocated;
    for (int i = 0; i < PAIRS; i++)
        kit_pair(pairs[i]);
    CHECK((allocated - before) / (2 * PAIRS) < 512);
    for (int i = 0; i < PAIRS; i++) {
        /* much came, so that the buffer grew; then it is empty, and the reader waits */
        CHECK_EQ(xie_stream_write(pairs[i][0], buf, sizeof buf), (ssize_t)sizeof buf);
        CHECK_EQ(xie_stream_read_exactly(pairs[i][1], buf, sizeof buf), (ssize_t)sizeof buf);
        tasks[i] = xie_spawn(in_line, pairs[i][1]);
    }
    xie_sleep(XIE_MILLISECOND);
    CHECK((allocated - before) / (2 * PAIRS) < 512);
    for (int i = 0; i < PAIRS; i++) {
        xie_stream_close(pairs[i][0]);
        CHECK_EQ(xie_join(tasks[i]), 0);
        xie_stream_close(pairs[i][1]);
    }
    return 0;
}

static void an_idle_stream_is_small(void)
{
    static const struct xie_allocator counting = {count_resize, count_release};
    xie_set_allocator(&counting);
    CHECK_EQ(xie_run(park_readers, NULL), 0);
    CHECK_EQ(allocated, 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"close_ends_those_who_read_and_write", close_ends_those_who_read_and_write},
        {"close_works_in_a_cancelled_scope", close_works_in_a_cancelled_scope},
        {"close_at_every_point", close_at_every_point},
        {"a_callback_may_close", a_callback_may_close},
        {"null_is_closed_already", null_is_closed_already},
        {"what_was_written_arrives_after_close", what_was_written_arrives_after_close},
        {"abort_resets", abort_resets},
        {"bytes_before_a_reset_are_read_first", bytes_before_a_reset_are_read_first},
        {"a_partial_line_survives_a_reset", a_partial_line_survives_a_reset},
        {"adopting_a_socket", adopting_a_socket},
        {"adopting_a_pipe", adopting_a_pipe},
        {"a_full_pipe_waits_and_a_broken_one_fails", a_full_pipe_waits_and_a_broken_one_fails},
        {"a_refused_connection", a_refused_connection},
        {"a_connect_that_hangs", a_connect_that_hangs},
        {"no_connect_in_a_triggered_scope", no_connect_in_a_triggered_scope},
        {"tcp_streams_do_not_delay", tcp_streams_do_not_delay},
        {"the_two_ends_know_each_other", the_two_ends_know_each_other},
        {"an_idle_stream_is_small", an_idle_stream_is_small},
        {0},
    };
    return tap_main(argc, argv, tests);
}
