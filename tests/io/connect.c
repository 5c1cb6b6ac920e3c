/* connect.c - the promises of <xie/connect.h>: several addresses, one connection. */
/* SPDX-License-Identifier: MIT */
#include "io/names.h"

#define NAMES                                                                   \
    "six.test=2001:db8::1,2001:db8::2,127.0.0.1 loop.test=127.0.0.3,127.0.0.1 " \
    "four.test=127.0.0.3"

/* --- who answers, who does not ------------------------------------------------------ */

/* Nobody listens there. */
static struct xie_address refused(void)
{
    struct xie_address address;
    xie_listener_close(net_listen("127.0.0.1", &address));
    return address;
}

/* A place that never answers: a listener whose backlog is full. */
struct silent {
    struct xie_listener *listener;
    struct xie_address address;
    struct xie_stream *filling[8];
    int count;
};

static void silent_open(struct silent *self)
{
    struct xie_listen_options options = {.host = "127.0.0.1", .backlog = 1};
    int error = 0;
    self->count = 0;
    REQUIRE(xie_listen(&options, &self->listener) == 0);
    REQUIRE(xie_listener_address(self->listener, &self->address) == 0);
    while (!error && self->count < 8) {
        XIE_TIMEOUT(self->count < 2 ? XIE_NEVER : 30 * XIE_MILLISECOND)
            error = xie_stream_connect(&self->address, &self->filling[self->count]);
        self->count += !error;
    }
    REQUIRE(error == -ETIMEDOUT);
}

static void silent_close(struct silent *self)
{
    for (int i = 0; i < self->count; i++)
        xie_stream_close(self->filling[i]);
    xie_listener_close(self->listener);
}

static bool is_peer(struct xie_stream *stream, const struct xie_address *address)
{
    struct xie_address peer;
    return !xie_stream_peer(stream, &peer) && net_same(&peer, address);
}

static void only_on_sim(void)
{
    if (!kit_on("sim"))
        tap_skip("needs sim's clock and its network where nobody answers");
    names_are(NAMES);
}

/* --- one after the other -------------------------------------------------------------------- */

IN_TASK(the_first_that_answers)
{
    struct xie_address list[2];
    struct xie_listener *first = net_listen("127.0.0.1", &list[0]);
    struct xie_listener *second = net_listen("127.0.0.1", &list[1]);
    struct xie_connect_options options = {.addresses = list, .count = 2, .delay_ns = XIE_NEVER};
    struct xie_stream *stream;
    CHECK_EQ(xie_connect(&options, &stream), 0);
    CHECK(is_peer(stream, &list[0]));
    xie_stream_close(stream);
    xie_listener_close(first);
    xie_listener_close(second);
    return 0;
}

IN_TASK(a_failure_begins_the_next_at_once)
{
    struct xie_address list[3] = {refused(), refused()};
    struct xie_listener *listener = net_listen("127.0.0.1", &list[2]);
    struct xie_connect_options options = {.addresses = list, .count = 3, .delay_ns = XIE_NEVER};
    struct xie_stream *stream;
    CHECK_EQ(xie_connect(&options, &stream), 0); /* no delay ever passes */
    CHECK(is_peer(stream, &list[2]));
    xie_stream_close(stream);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(one_that_does_not_answer_is_overtaken)
{
    struct silent silent;
    struct xie_address list[2];
    silent_open(&silent);
    list[0] = silent.address;
    struct xie_listener *listener = net_listen("127.0.0.1", &list[1]);
    struct xie_connect_options options = {
        .addresses = list, .count = 2, .delay_ns = XIE_MILLISECOND};
    struct xie_stream *stream = NULL;
    int fds = net_open();
    size_t tasks = xie_task_count();
    CHECK_EQ(xie_connect(&options, &stream), 0);
    CHECK(is_peer(stream, &list[1]));
    CHECK_EQ(xie_task_count(), tasks); /* the loser is joined */
    xie_stream_close(stream);
    CHECK_EQ(net_open(), fds); /* and its socket closed */
    xie_listener_close(listener);
    silent_close(&silent);
    return 0;
}

/* Both answer in the same moment: one stream comes back, the other is closed. */
IN_TASK(two_that_answer_together)
{
    struct xie_address list[2];
    struct xie_listener *first = net_listen("127.0.0.1", &list[0]);
    struct xie_listener *second = net_listen("127.0.0.1", &list[1]);
    struct xie_connect_options options = {.addresses = list, .count = 2, .delay_ns = 1};
    int fds = net_open();
    for (int i = 0; i < 50; i++) {
        struct xie_stream *stream = NULL;
        options.delay_ns = 1 + i * 2 * XIE_MICROSECOND;
        CHECK_EQ(xie_connect(&options, &stream), 0);
        CHECK(is_peer(stream, &list[0]) || is_peer(stream, &list[1]));
        xie_stream_close(stream);
        CHECK_EQ(net_open(), fds);
    }
    CHECK_EQ(xie_task_count(), 1);
    xie_listener_close(first);
    xie_listener_close(second);
    return 0;
}

/* --- when, to the turn: virtual time --------------------------------------------------------- */

/* How long xie_connect takes, in milliseconds. */
static int64_t took(const struct xie_connect_options *options, int result)
{
    struct xie_stream *stream = NULL;
    int64_t begin = xie_now();
    CHECK_EQ(xie_connect(options, &stream), result);
    int64_t end = xie_now();
    xie_stream_close(stream);
    return (end - begin) / XIE_MILLISECOND;
}

IN_TASK(attempts_begin_250_ms_apart)
{
    only_on_sim();
    struct xie_address list[4] = {net_number("192.0.2.1", 7), net_number("2001:db8::1", 7),
                                  net_number("192.0.2.2", 7)};
    struct xie_listener *listener = net_listen("127.0.0.1", &list[3]);
    struct xie_connect_options options = {.addresses = list, .count = 4};
    int64_t alone = took(&(struct xie_connect_options){.addresses = &list[3], .count = 1}, 0);
    CHECK(alone < 10);
    int64_t ms = took(&options, 0);
    CHECK(ms >= 750 && ms < 760);
    options.delay_ns = 100 * XIE_MILLISECOND;
    ms = took(&options, 0);
    CHECK(ms >= 300 && ms < 310);
    options.count = 1; /* an attempt of its own is given up by the kernel alone */
    CHECK(took(&options, -ETIMEDOUT) > 60000);
    options.count = 3; /* all begin, and the last to fail ends it */
    ms = took(&options, -ETIMEDOUT);
    CHECK(ms > 60000 && ms < 2 * 66000);
    options.delay_ns = XIE_NEVER; /* one at a time */
    CHECK(took(&options, -ETIMEDOUT) > 3 * 60000);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(a_failure_moves_the_next_attempts_up)
{
    only_on_sim();
    struct xie_address list[4] = {net_number("192.0.2.1", 7), refused(),
                                  net_number("192.0.2.2", 7)};
    struct xie_listener *listener = net_listen("127.0.0.1", &list[3]);
    struct xie_connect_options options = {.addresses = list, .count = 4};
    int64_t ms = took(&options, 0); /* 250, its refusal, 250 */
    CHECK(ms >= 500 && ms < 515);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(families_take_turns)
{
    only_on_sim();
    struct xie_address address;
    struct xie_listener *listener = net_listen("127.0.0.1", &address);
    struct xie_connect_options options = {.host = "six.test", .port = xie_address_port(&address)};
    int64_t ms = took(&options, 0); /* six, four */
    CHECK(ms >= 250 && ms < 260);
    options.interleave = 2; /* six, six, four */
    ms = took(&options, 0);
    CHECK(ms >= 500 && ms < 510);
    options.interleave = 99;
    ms = took(&options, 0);
    CHECK(ms >= 500 && ms < 510);
    options.interleave = 0;
    options.family = AF_INET; /* four */
    CHECK(took(&options, 0) < 10);
    options.family = AF_INET6; /* six, six */
    CHECK(took(&options, -ETIMEDOUT) > 60000);
    options.host = "four.test";
    CHECK_EQ(took(&options, -EAFNOSUPPORT), 0);
    xie_listener_close(listener);
    return 0;
}

/* --- names and numbers ------------------------------------------------------------------------ */

IN_TASK(a_name_of_several_addresses)
{
    struct xie_address address;
    struct xie_stream *stream;
    names_are(NAMES);
    struct xie_listener *listener = net_listen("127.0.0.1", &address);
    CHECK_EQ(xie_tcp_connect("loop.test", xie_address_port(&address), &stream), 0);
    CHECK(is_peer(stream, &address)); /* 127.0.0.3 refused */
    xie_stream_close(stream);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(a_number_is_not_looked_up)
{
    struct xie_address address;
    struct xie_stream *stream;
    struct xie_listener *listener = net_listen("127.0.0.1", &address);
    CHECK_EQ(xie_tcp_connect("127.0.0.1", xie_address_port(&address), &stream), 0);
    CHECK_EQ(names_asked, 0);
    xie_stream_close(stream);
    xie_listener_close(listener);
    return 0;
}

IN_TASK(bad_options)
{
    struct xie_address list[XIE_CONNECT_MOST + 1] = {refused()};
    struct xie_address odd = {.len = 1}, path;
    struct xie_stream *stream = NULL;
    CHECK_EQ(xie_connect(&(struct xie_connect_options){.port = 1}, &stream), -EINVAL);
    CHECK_EQ(xie_connect(&(struct xie_connect_options){.host = ""}, &stream), -EINVAL);
    CHECK_EQ(xie_tcp_connect(NULL, 1, &stream), -EINVAL);
    CHECK_EQ(xie_connect(&(struct xie_connect_options){.addresses = list}, &stream), -EINVAL);
    CHECK_EQ(
        xie_connect(&(struct xie_connect_options){.addresses = list, .count = XIE_CONNECT_MOST + 1},
                    &stream),
        -EINVAL);
    CHECK_EQ(
        xie_connect(&(struct xie_connect_options){.addresses = list, .count = 1, .delay_ns = -1},
                    &stream),
        -EINVAL);
    CHECK_EQ(xie_stream_connect(&odd, &stream), -EINVAL);
    odd.len = sizeof odd.storage + 1;
    CHECK_EQ(xie_stream_connect(&odd, &stream), -EINVAL);
    CHECK_EQ(xie_address_unix(&path, "@xie-nobody"), 0);
    struct xie_connect_options options = {.addresses = list, .count = 1, .local = &path};
    CHECK_EQ(xie_connect(&options, &stream), -EAFNOSUPPORT);
    CHECK(!stream);
    return 0;
}

/* --- which error ------------------------------------------------------------------------------ */

static int connect_list(const struct xie_address *list, size_t count)
{
    struct xie_connect_options options = {.addresses = list, .count = count, .delay_ns = 1};
    struct xie_stream *stream = NULL;
    int error = xie_connect(&options, &stream);
    CHECK(!stream);
    return error;
}

IN_TASK(of_several_failures_the_first_that_says_something)
{
    struct xie_address list[XIE_CONNECT_MOST];
    for (size_t i = 0; i < XIE_CONNECT_MOST; i++)
        list[i] = refused();
    CHECK_EQ(connect_list(list, 1), -ECONNREFUSED);
    CHECK_EQ(connect_list(list, XIE_CONNECT_MOST), -ECONNREFUSED);
    xie_address_unix(&list[1], "@xie-nobody\1");
    xie_address_unix(&list[2], "/no/such/place");
    CHECK_EQ(connect_list(list + 1, 2), -ECONNREFUSED);
    CHECK_EQ(connect_list(list + 2, 2), -ENOENT);
    list[4].storage.ss_family = AF_MAX;
    CHECK_EQ(connect_list(list + 4, 1), -EAFNOSUPPORT);
    CHECK_EQ(connect_list(list + 4, 2), -ECONNREFUSED); /* the second's: the first says little */
    if (kit_on("sim")) {
        list[0] = net_number("10.0.0.1", 1);
        CHECK_EQ(connect_list(list, 1), -ENETUNREACH);
        CHECK_EQ(connect_list(list, 2), -ECONNREFUSED);
    }
    return 0;
}

/* --- the local end ---------------------------------------------------------------------------- */

IN_TASK(bound_to_a_local_address)
{
    struct xie_address address, local = net_number("127.0.0.2", 0), end;
    struct xie_listener *listener = net_listen("127.0.0.1", &address);
    struct xie_connect_options options = {.addresses = &address, .count = 1, .local = &local};
    struct xie_stream *client, *server;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(xie_connect(&options, &client), 0);
        CHECK_EQ(xie_listener_accept(listener, &server), 0);
        CHECK_EQ(xie_stream_peer(server, &end), 0);
        xie_address_set_port(&local, xie_address_port(&end)); /* and then that port */
        CHECK(is_peer(server, &local));
        xie_stream_abort(client); /* no TIME-WAIT */
        xie_stream_close(server);
    }
    options.family = AF_INET6;
    CHECK_EQ(xie_connect(&options, &client), -EAFNOSUPPORT);
    options.family = 0;
    local = net_number("::1", 0); /* peers of the other family are left out */
    CHECK_EQ(xie_connect(&options, &client), -EAFNOSUPPORT);
    local = address; /* the listener has it */
    int fds = net_open();
    CHECK_EQ(xie_connect(&options, &client), -EADDRINUSE);
    local = net_number("192.0.2.77", 0);
    CHECK_EQ(xie_connect(&options, &client), -EADDRNOTAVAIL);
    CHECK_EQ(net_open(), fds);
    xie_listener_close(listener);
    return 0;
}

/* Attempts beside each other have the same port: they differ by their peers. */
IN_TASK(a_local_port_for_several_attempts)
{
    struct silent silent;
    struct xie_address list[2], local;
    struct xie_stream *stream;
    silent_open(&silent);
    list[0] = silent.address;
    struct xie_listener *listener = net_listen("127.0.0.1", &list[1]);
    xie_listener_close(net_listen("127.0.0.2", &local)); /* a port that is free */
    struct xie_connect_options options = {
        .addresses = list, .count = 2, .local = &local, .delay_ns = XIE_MILLISECOND};
    CHECK_EQ(xie_connect(&options, &stream), 0);
    CHECK(is_peer(stream, &list[1]));
    xie_stream_abort(stream);
    xie_listener_close(listener);
    silent_close(&silent);
    return 0;
}

/* --- interrupted ------------------------------------------------------------------------------ */

IN_TASK(a_deadline_ends_all_attempts)
{
    struct silent silent;
    struct xie_address list[4];
    struct xie_stream *stream = NULL;
    struct xie_connect_options options = {
        .addresses = list, .count = 4, .delay_ns = XIE_MICROSECOND};
    silent_open(&silent);
    for (int i = 0; i < 4; i++)
        list[i] = silent.address;
    int fds = net_open();
    size_t tasks = xie_task_count();
    XIE_TIMEOUT(20 * XIE_MILLISECOND)
        CHECK_EQ(xie_connect(&options, &stream), -ETIMEDOUT);
    XIE_TIMEOUT(0)
        CHECK_EQ(xie_connect(&options, &stream), -ETIMEDOUT);
    CHECK(!stream);
    CHECK_EQ(net_open(), fds);
    CHECK_EQ(xie_task_count(), tasks);
    silent_close(&silent);
    return 0;
}

struct attempt {
    struct xie_connect_options options;
    struct xie_stream *stream;
};

static int run_attempt(void *arg)
{
    struct attempt *self = arg;
    return xie_connect(&self->options, &self->stream);
}

/* Cancelled at each point of the way: a stream or an error, never both, and nothing left. */
IN_TASK(cancelled_at_each_point)
{
    struct silent silent;
    struct xie_address list[4];
    silent_open(&silent);
    list[0] = silent.address;
    list[1] = refused();
    list[2] = silent.address;
    struct xie_listener *listener = net_listen("127.0.0.1", &list[3]);
    int fds = net_open();
    for (int when = 0; when < 40; when++) {
        struct attempt attempt = {.options = {.addresses = list, .count = 4, .delay_ns = 1}};
        struct xie_task *task = xie_spawn(run_attempt, &attempt);
        for (int i = 0; i < when; i++)
            xie_sleep(0);
        xie_task_cancel(task);
        int error = xie_join(task);
        CHECK(error == 0 || error == -ECANCELED);
        CHECK_EQ(!error, attempt.stream != NULL);
        xie_stream_close(attempt.stream);
        CHECK_EQ(net_open(), fds);
        CHECK_EQ(xie_task_count(), 1);
    }
    xie_listener_close(listener);
    silent_close(&silent);
    return 0;
}

/* --- after each test on sim: no socket of it was left open --------------------------------------
 */

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the first that answers", the_first_that_answers},
        {"a failure begins the next attempt at once", a_failure_begins_the_next_at_once},
        {"one that does not answer is overtaken, and called off",
         one_that_does_not_answer_is_overtaken},
        {"two that answer together: one wins, the other is closed", two_that_answer_together},
        {"attempts begin 250 ms apart, or as far as is said", attempts_begin_250_ms_apart},
        {"a failure moves the next attempts up", a_failure_moves_the_next_attempts_up},
        {"families take turns, or as interleave says", families_take_turns},
        {"a name of several addresses", a_name_of_several_addresses},
        {"a number is not looked up", a_number_is_not_looked_up},
        {"bad options are -EINVAL", bad_options},
        {"of several failures the first that says something",
         of_several_failures_the_first_that_says_something},
        {"bound to a local address, and a local port", bound_to_a_local_address},
        {"a local port for several attempts", a_local_port_for_several_attempts},
        {"a deadline ends all attempts", a_deadline_ends_all_attempts},
        {"cancelled at each point", cancelled_at_each_point},
        {0},
    };
    return tap_main(argc, argv, tests);
}
