/* stream_copy.c - the promises of <xie/stream.h>: relaying, and interrupting it anywhere. */
/* SPDX-License-Identifier: MIT */
#include "io/kit.h"

enum { MUCH = 700000 };

/* from -> relay -> to, each a pair of its own. */
struct relay {
    struct xie_stream *from[2], *to[2]; /* [0] the relay's, [1] the world's */
    uint64_t len;
};

static void open_relay(struct relay *self, void (*make)(struct xie_stream *pair[2]))
{
    make(self->from);
    make(self->to);
    self->len = UINT64_MAX;
}

static void close_relay(struct relay *self)
{
    kit_close(self->from);
    kit_close(self->to);
}

static void memory_pair(struct xie_stream *pair[2])
{
    REQUIRE(xie_stream_memory(5000, pair) == 0);
}

static int send_much(void *arg)
{
    static char out[MUCH];
    kit_fill(out, MUCH, 0);
    ssize_t sent = xie_stream_write(arg, out, MUCH);
    return sent < 0 ? (int)sent : xie_stream_write_eof(arg);
}

static int receive_all(void *arg)
{
    static char buf[30000];
    uint64_t at = 0;
    ssize_t len;
    while ((len = xie_stream_read(arg, buf, sizeof buf)) > 0) {
        CHECK(kit_same(buf, (size_t)len, at));
        at += (uint64_t)len;
    }
    return len < 0 ? (int)len : (int)at;
}

/* The same of bytes in any order. */
static int receive_count(struct xie_stream *stream)
{
    static char buf[30000];
    int count = 0;
    ssize_t len;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0)
        count += (int)len;
    return len < 0 ? (int)len : count;
}

static int run_relay(void *arg)
{
    struct relay *self = arg;
    return (int)xie_stream_copy(self->from[0], self->to[0], self->len);
}

static void relay_much(void (*make)(struct xie_stream *pair[2]))
{
    struct relay relay;
    open_relay(&relay, make);
    struct xie_task *sender = xie_spawn(send_much, relay.from[1]);
    struct xie_task *receiver = xie_spawn(receive_all, relay.to[1]);
    CHECK_EQ(run_relay(&relay), MUCH);
    CHECK_EQ(xie_stream_written(relay.to[0]), MUCH);
    CHECK(!xie_task_done(receiver)); /* the end is not passed on */
    CHECK_EQ(xie_stream_write_eof(relay.to[0]), 0);
    CHECK_EQ(xie_join(sender), 0);
    CHECK_EQ(xie_join(receiver), MUCH);
    CHECK_EQ(run_relay(&relay), 0); /* at the end */
    close_relay(&relay);
}

IN_TASK(all_of_it_up_to_the_end)
{
    tap_limit(60);
    relay_much(kit_tcp_pair);
    relay_much(kit_pair);
    relay_much(memory_pair);
    return 0;
}

IN_TASK(so_many_bytes_and_no_more)
{
    struct relay relay;
    char buf[16];
    open_relay(&relay, kit_pair);
    kit_send(relay.from[1], "one two");
    relay.len = 4;
    CHECK_EQ(run_relay(&relay), 4);
    relay.len = 0;
    CHECK_EQ(run_relay(&relay), 0);
    CHECK_EQ(xie_stream_read_exactly(relay.to[1], buf, 4), 4);
    CHECK(!memcmp(buf, "one ", 4));
    CHECK_EQ(xie_stream_read_exactly(relay.from[0], buf, 3), 3);
    CHECK(!memcmp(buf, "two", 3));
    kit_send(relay.from[1], "three");
    CHECK_EQ(xie_stream_write_eof(relay.from[1]), 0);
    relay.len = 6;
    CHECK_EQ(run_relay(&relay), 5); /* the end came first */
    close_relay(&relay);
    return 0;
}

IN_TASK(a_small_limit_will_do)
{
    struct relay relay;
    open_relay(&relay, memory_pair);
    CHECK_EQ(xie_stream_set_limit(relay.from[0], 1), 0);
    kit_send(relay.from[1], "byte by byte");
    CHECK_EQ(xie_stream_write_eof(relay.from[1]), 0);
    CHECK_EQ(run_relay(&relay), 12);
    close_relay(&relay);
    return 0;
}

static int echo(void *stream)
{
    return (int)xie_stream_copy(stream, stream, UINT64_MAX);
}

IN_TASK(a_stream_may_be_copied_to_itself)
{
    struct xie_stream *pair[2];
    char buf[5];
    kit_tcp_pair(pair);
    struct xie_task *task = xie_spawn(echo, pair[0]);
    kit_send(pair[1], "hello");
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 5), 5);
    CHECK(!memcmp(buf, "hello", 5));
    CHECK_EQ(xie_stream_write_eof(pair[1]), 0);
    CHECK_EQ(xie_join(task), 5);
    kit_close(pair);
    return 0;
}

/* Cancelled at many moments and begun anew: what was read and not written comes next. */
static void interrupt_often(void (*make)(struct xie_stream *pair[2]))
{
    struct relay relay;
    int result = -ETIMEDOUT;
    open_relay(&relay, make);
    struct xie_task *sender = xie_spawn(send_much, relay.from[1]);
    struct xie_task *receiver = xie_spawn(receive_all, relay.to[1]);
    for (int64_t turn = 1; result == -ETIMEDOUT; turn++) /* ever longer: it comes to an end */
        XIE_TIMEOUT(turn * 5 * XIE_MICROSECOND)
            result = run_relay(&relay);
    CHECK(result >= 0);
    CHECK_EQ(xie_stream_written(relay.to[0]), MUCH);
    CHECK_EQ(xie_stream_write_eof(relay.to[0]), 0);
    CHECK_EQ(xie_join(sender), 0);
    CHECK_EQ(xie_join(receiver), MUCH);
    close_relay(&relay);
}

IN_TASK(interrupted_often_nothing_is_lost)
{
    tap_limit(60);
    interrupt_often(kit_tcp_pair);
    interrupt_often(memory_pair);
    return 0;
}

IN_TASK(interrupted_while_it_writes_the_rest_stays)
{
    struct relay relay;
    char *data;
    open_relay(&relay, memory_pair);
    struct xie_task *sender = xie_spawn(send_much, relay.from[1]);
    struct xie_task *task = xie_spawn(run_relay, &relay);
    while (xie_stream_written(relay.to[0]) < 5000) /* nobody reads: then it is full */
        xie_sleep(XIE_MILLISECOND);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    uint64_t gone = xie_stream_written(relay.to[0]);
    CHECK_EQ(gone, 5000);
    ssize_t len = xie_stream_peek(relay.from[0], &data);
    CHECK(len > 0 && kit_same(data, (size_t)len, gone));
    xie_task_cancel(sender);
    xie_join(sender);
    close_relay(&relay);
    return 0;
}

/* With nobody who reads, bytes are on their way through the kernel when it is interrupted. */
static void interrupt_full(void (*make)(struct xie_stream *pair[2]))
{
    struct relay relay;
    open_relay(&relay, make);
    CHECK_EQ(xie_stream_set_option(relay.to[0], SOL_SOCKET, SO_SNDBUF, 20000), 0);
    struct xie_task *sender = xie_spawn(send_much, relay.from[1]);
    for (int i = 0; i < 3; i++) {
        int result = 0;
        XIE_TIMEOUT(3 * XIE_MILLISECOND)
            result = run_relay(&relay);
        CHECK(result == -ETIMEDOUT || xie_stream_written(relay.to[0]) == MUCH);
    }
    uint64_t gone = xie_stream_written(relay.to[0]);
    struct xie_task *receiver = xie_spawn(receive_all, relay.to[1]);
    CHECK_EQ(run_relay(&relay), MUCH - (int64_t)gone);
    CHECK_EQ(xie_stream_write_eof(relay.to[0]), 0);
    CHECK_EQ(xie_join(sender), 0);
    CHECK_EQ(xie_join(receiver), MUCH);
    close_relay(&relay);
}

IN_TASK(interrupted_while_much_is_under_way)
{
    tap_limit(60);
    interrupt_full(kit_tcp_pair);
    interrupt_full(kit_pair);
    return 0;
}

/* --- errors --------------------------------------------------------------------------- */

static int read_byte(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

static int write_byte(void *stream)
{
    return (int)xie_stream_write(stream, "x", 1);
}

IN_TASK(others_in_the_way_and_scopes)
{
    struct relay relay;
    open_relay(&relay, memory_pair);
    XIE_TIMEOUT(-1)
        CHECK_EQ(run_relay(&relay), -ETIMEDOUT);
    struct xie_task *task = xie_spawn(read_byte, relay.from[0]);
    xie_sleep(0);
    CHECK_EQ(run_relay(&relay), -EBUSY);
    kit_send(relay.from[1], "x");
    CHECK_EQ(xie_join(task), 1);
    task = xie_spawn(send_much, relay.to[0]);
    xie_sleep(0);
    CHECK_EQ(run_relay(&relay), -EBUSY);
    xie_task_cancel(task);
    xie_join(task);
    task = xie_spawn(run_relay, &relay);
    xie_sleep(0);
    CHECK_EQ(read_byte(relay.from[0]), -EBUSY); /* and in its way */
    CHECK_EQ(write_byte(relay.to[0]), -EBUSY);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    close_relay(&relay);
    return 0;
}

IN_TASK(errors_of_either_side)
{
    struct relay relay;
    char buf[2];
    open_relay(&relay, memory_pair);
    kit_send(relay.from[1], "xy");
    xie_stream_close(relay.to[1]);
    CHECK_EQ(run_relay(&relay), -EPIPE);
    CHECK_EQ(xie_stream_read_exactly(relay.from[0], buf, 2), 2); /* still there */
    xie_stream_abort(relay.from[1]);
    CHECK_EQ(run_relay(&relay), -ECONNRESET);
    xie_stream_close(relay.from[0]);
    xie_stream_close(relay.to[0]);
    return 0;
}

static int send_without_end(void *arg)
{
    static char out[MUCH];
    return (int)xie_stream_write(arg, out, MUCH);
}

/* Whichever is closed, at whichever point: the relay ends, and the close returns. */
IN_TASK(a_close_of_either_ends_it)
{
    void (*const makes[])(struct xie_stream * pair[2]) = {memory_pair, kit_tcp_pair};
    for (int round = 0; round < 32; round++) {
        struct relay relay;
        bool close_from = round & 1, blocked = round & 2;
        open_relay(&relay, makes[round >> 2 & 1]);
        struct xie_task *task = xie_spawn(run_relay, &relay);
        struct xie_task *sender = blocked ? xie_spawn(send_without_end, relay.from[1]) : NULL;
        for (int turns = round >> 3; turns >= 0; turns--)
            xie_sleep(turns % 2 ? XIE_MILLISECOND : 0);
        xie_stream_close(close_from ? relay.from[0] : relay.to[0]);
        CHECK_EQ(xie_join(task), XIE_ECLOSED);
        if (sender) {
            xie_task_cancel(sender);
            xie_join(sender);
        }
        xie_stream_close(close_from ? relay.to[0] : relay.from[0]);
        xie_stream_close(relay.from[1]);
        xie_stream_close(relay.to[1]);
    }
    return 0;
}

/* --- one that never has to wait ----------------------------------------------------------- */

enum { CIRCLE = 100000 };

static int tick_and_cancel(void *task)
{
    for (int i = 0; i < 100; i++)
        xie_sleep(0);
    xie_task_cancel(task);
    return 0;
}

/* What it writes comes back to be read: both ends are ready for ever. */
static void go_round(void (*make)(struct xie_stream *pair[2]))
{
    static char bytes[CIRCLE];
    struct xie_stream *pair[2];
    make(pair);
    size_t len = kit_on("sim") ? CIRCLE / 20 : CIRCLE; /* by far slower */
    struct relay circle = {.from = {pair[0]}, .to = {pair[1]}, .len = UINT64_MAX};
    CHECK_EQ(xie_stream_write(pair[1], bytes, len), (ssize_t)len);
    struct xie_task *task = xie_spawn(run_relay, &circle);
    CHECK_EQ(xie_join(xie_spawn(tick_and_cancel, task)), 0);
    CHECK_EQ(xie_join(task), -ECANCELED);
    XIE_TIMEOUT(100 * XIE_MICROSECOND)
        CHECK_EQ(run_relay(&circle), -ETIMEDOUT);
    CHECK_EQ(xie_stream_write_eof(pair[1]), 0);
    CHECK_EQ(receive_count(pair[0]), (int)len);
    kit_close(pair);
}

IN_TASK(others_run_beside_one_that_never_waits)
{
    go_round(kit_pair);
    go_round(kit_tcp_pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"all_of_it_up_to_the_end", all_of_it_up_to_the_end},
        {"so_many_bytes_and_no_more", so_many_bytes_and_no_more},
        {"a_small_limit_will_do", a_small_limit_will_do},
        {"a_stream_may_be_copied_to_itself", a_stream_may_be_copied_to_itself},
        {"interrupted_often_nothing_is_lost", interrupted_often_nothing_is_lost},
        {"interrupted_while_it_writes_the_rest_stays", interrupted_while_it_writes_the_rest_stays},
        {"interrupted_while_much_is_under_way", interrupted_while_much_is_under_way},
        {"others_in_the_way_and_scopes", others_in_the_way_and_scopes},
        {"errors_of_either_side", errors_of_either_side},
        {"others_run_beside_one_that_never_waits", others_run_beside_one_that_never_waits},
        {"a_close_of_either_ends_it", a_close_of_either_ends_it},
        {0},
    };
    return tap_main(argc, argv, tests);
}
