/* sim_trace.c - one seed, one run: shown by a program of many connections. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>

#include "base/memory.h"
#include "tap.h"

enum { CLIENTS = 40, ROUNDS = 12, BLOCK = 3000 };

/* What a run was. */
struct run {
    uint64_t seed, trace, order; /* order: a hash of who finished when */
    int64_t end;
    uint16_t port;
    int served, failed;
    bool may_fail;
};

static struct run *run;

static int serve_one(void *arg)
{
    struct xie_stream *stream = arg;
    char buf[1000];
    ssize_t len;
    while ((len = xie_stream_read(stream, buf, sizeof(buf))) > 0)
        if ((len = xie_stream_write(stream, buf, (size_t)len)) < 0)
            break;
    xie_stream_close(stream);
    CHECK(!len || len == -ECANCELED || run->may_fail);
    return 0;
}

static int serve(void *arg)
{
    struct xie_listener *listener = arg;
    XIE_GROUP(group) {
        for (;;) {
            struct xie_stream *stream;
            int error = xie_listener_accept(listener, &stream);
            if (error)
                return error;
            if (xie_group_spawn(&group, serve_one, stream))
                xie_stream_close(stream);
        }
    }
    return 0;
}

static int talk(struct xie_stream *stream, int number)
{
    char sent[BLOCK], got[BLOCK];
    for (int round = 0; round < ROUNDS; round++) {
        size_t len = (size_t)(1 + (number * 997 + round * 331) % BLOCK);
        memset(sent, number + round, len);
        ssize_t result = xie_stream_write(stream, sent, len);
        if (result >= 0)
            result = xie_stream_read_exactly(stream, got, len);
        if (result < 0)
            return (int)result;
        CHECK(!memcmp(sent, got, len));
        xie_sleep(XIE_MILLISECOND * (number % 3));
    }
    return 0;
}

static int client(void *arg)
{
    int number = (int)(intptr_t)arg;
    struct xie_stream *stream;
    int error = xie_tcp_connect("127.0.0.1", run->port, &stream);
    if (!error) {
        error = talk(stream, number);
        xie_stream_close(stream);
    }
    run->order = run->order * 31 + (uint64_t)number;
    if (error)
        run->failed++;
    else
        run->served++;
    return 0;
}

static int program(void *arg)
{
    struct xie_listener *listener;
    struct xie_address address;
    (void)arg;
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &listener);
    if (error)
        return error;
    xie_listener_address(listener, &address);
    run->port = xie_address_port(&address);
    struct xie_task *server = xie_spawn(serve, listener);
    XIE_GROUP(group) {
        for (intptr_t i = 1; i <= CLIENTS; i++)
            CHECK_EQ(xie_group_spawn(&group, client, (void *)i), 0);
    }
    xie_task_cancel(server);
    xie_join(server);
    xie_listener_close(listener);
    run->end = xie_now();
    run->trace = xie_loop_trace(xie_loop_current());
    return 0;
}

static struct run run_with(uint64_t seed, bool may_fail)
{
    struct xie_loop_options options = {.backend = "sim", .seed = seed};
    struct run result = {.seed = seed, .may_fail = may_fail};
    size_t live = xie_alloc_live();
    run = &result;
    CHECK_EQ(xie_run_with(&options, program, NULL), 0);
    CHECK_EQ(xie_alloc_live(), live);
    CHECK_EQ(result.served + result.failed, CLIENTS);
    CHECK(may_fail || !result.failed);
    return result;
}

static bool same(const struct run *a, const struct run *b)
{
    return a->trace == b->trace && a->order == b->order && a->end == b->end && a->port == b->port;
}

static void one_seed_is_one_run(void)
{
    tap_limit(120);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct run first = run_with(seed, false);
        char *elsewhere = malloc(12345); /* addresses play no part */
        struct run second = run_with(seed, false);
        free(elsewhere);
        CHECK(first.trace != 0);
        CHECK(same(&first, &second));
    }
}

static void each_seed_is_its_own_run(void)
{
    enum { SEEDS = 8 };
    struct run runs[SEEDS];
    int orders = 0;
    tap_limit(120);
    for (uint64_t i = 0; i < SEEDS; i++) {
        runs[i] = run_with(100 + i, false);
        for (uint64_t j = 0; j < i; j++)
            CHECK(runs[i].trace != runs[j].trace);
        orders += i && runs[i].order != runs[i - 1].order;
    }
    CHECK(orders > SEEDS / 2); /* not the hash alone: things happened in another order */
}

static void faults_are_repeated_too(void)
{
    tap_limit(120);
    setenv("XIE_SIM_RESET", "20", 1);
    struct run first = run_with(7, true), second = run_with(7, true);
    CHECK(same(&first, &second));
    CHECK(first.failed > 0 && first.served > 0);
    CHECK_EQ(first.failed, second.failed);
    unsetenv("XIE_SIM_RESET");
}

static void the_environment_names_the_seed(void)
{
    struct run result = {0}, again = {0};
    tap_limit(60);
    setenv("XIE_BACKEND", "sim", 1);
    setenv("XIE_SEED", "42", 1);
    run = &result;
    CHECK_EQ(xie_run(program, NULL), 0);
    again = run_with(42, false);
    CHECK(same(&result, &again));
}

static int trace_of_nothing(void *arg)
{
    *(uint64_t *)arg = xie_loop_trace(xie_loop_current());
    return 0;
}

static void other_backends_have_no_trace(void)
{
    struct xie_loop_options options = {.backend = "poll"};
    uint64_t trace = 1;
    CHECK_EQ(xie_run_with(&options, trace_of_nothing, &trace), 0);
    CHECK_EQ(trace, 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"one seed is one run", one_seed_is_one_run},
        {"each seed is its own run", each_seed_is_its_own_run},
        {"faults are repeated too", faults_are_repeated_too},
        {"the environment names the seed", the_environment_names_the_seed},
        {"other backends have no trace", other_backends_have_no_trace},
        {0},
    };
    return tap_main(argc, argv, tests);
}
