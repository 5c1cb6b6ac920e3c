/* cancel.c - operations taken back, descriptors closed and used again, crowds: on every backend. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "ops.h"

/* --- taking back -------------------------------------------------------------------- */

static void canceled_once_and_nothing_taken(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    make_pair(fds);
    struct probe probe = recv_probe(fds[1], &got, 1);
    probe_start(&probe);
    settle();
    xie_op_cancel(&loop, &probe.op);
    xie_op_cancel(&loop, &probe.op);
    CHECK_EQ(probe_finish(&probe), -ECANCELED);
    xie_op_cancel(&loop, &probe.op);
    settle();
    CHECK_EQ(probe.calls, 1);
    send_all(fds[0], "x", 1);
    CHECK_EQ(probe_run(&probe), 1);
    CHECK_EQ(got, 'x');
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void canceled_in_the_turn_of_its_submission(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    make_pair(fds);
    struct probe probe = recv_probe(fds[1], &got, 1);
    probe_start(&probe);
    xie_op_cancel(&loop, &probe.op);
    CHECK_EQ(probe_finish(&probe), -ECANCELED);
    send_all(fds[0], "x", 1);
    recv_all(fds[1], &got, 1);
    CHECK_EQ(got, 'x');
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void cancel_of_what_is_done_does_nothing(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    make_pair(fds);
    send_all(fds[0], "xy", 2);
    struct probe probe = recv_probe(fds[1], &got, 1);
    CHECK_EQ(probe_run(&probe), 1);
    xie_op_cancel(&loop, &probe.op);
    settle();
    CHECK_EQ(probe.op.result, 1);
    CHECK(probe.calls <= 1);
    recv_all(fds[1], &got, 1);
    CHECK_EQ(got, 'y');
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* The new operation stands where the old one stood, as in a loop over a frame. */
static void the_next_operation_at_the_same_address_is_not_hit(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    make_pair(fds);
    for (int i = 0; i < 100; i++) {
        struct probe probe = recv_probe(fds[1], &got, 1);
        probe_start(&probe);
        if (i % 2)
            settle();
        xie_op_cancel(&loop, &probe.op);
        CHECK_EQ(probe_finish(&probe), -ECANCELED);
        probe_start(&probe);
        settle();
        CHECK(!probe_over(&probe));
        send_all(fds[0], "x", 1);
        CHECK_EQ(probe_finish(&probe), 1);
    }
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* A byte sent around the time of the cancel is either the result's or still there. */
static void cancel_races_and_no_byte_is_lost(void)
{
    int fds[2], won = 0;
    loop_begin();
    make_pair(fds);
    for (int i = 0; i < 400; i++) {
        char byte = (char)i, got = 0;
        struct probe probe = recv_probe(fds[1], &got, 1);
        probe_start(&probe);
        if (i & 1)
            settle();
        if (i & 2)
            send_all(fds[0], &byte, 1);
        xie_op_cancel(&loop, &probe.op);
        if (!(i & 2))
            send_all(fds[0], &byte, 1);
        int64_t result = probe_finish(&probe);
        CHECK(result == 1 || result == -ECANCELED);
        won += result == 1;
        if (result != 1)
            recv_all(fds[1], &got, 1);
        CHECK_EQ(got, byte);
    }
    CHECK(won < 400);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void cancel_races_and_no_connection_is_lost(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    loop_begin();
    int listener = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(!xie_sys_bind(listener, (struct sockaddr *)&address, len));
    REQUIRE(!xie_sys_listen(listener, 8));
    REQUIRE(!xie_sys_getsockname(listener, (struct sockaddr *)&address, &len));
    for (int i = 0; i < 50; i++) {
        struct probe acceptor = {.op = {.kind = XIE_OP_ACCEPT, .fd = listener}};
        struct probe connector = {.op = {.kind = XIE_OP_CONNECT}};
        probe_start(&acceptor);
        if (i & 1)
            settle();
        connector.op.fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
        connector.op.address = (struct sockaddr *)&address;
        connector.op.address_len = len;
        CHECK_EQ(probe_run(&connector), 0);
        xie_op_cancel(&loop, &acceptor.op);
        int64_t accepted = probe_finish(&acceptor);
        CHECK(accepted >= 0 || accepted == -ECANCELED);
        if (accepted < 0)
            accepted = probe_run(&acceptor);
        REQUIRE(accepted >= 0);
        shut((int)accepted);
        shut(connector.op.fd);
    }
    shut(listener);
    loop_end();
}

static void one_of_several_is_taken_back(void)
{
    int fds[2];
    char got[3] = "";
    struct probe probes[3];
    loop_begin();
    make_pair(fds);
    for (int i = 0; i < 3; i++) {
        probes[i] = recv_probe(fds[1], &got[i], 1);
        probe_start(&probes[i]);
    }
    settle();
    xie_op_cancel(&loop, &probes[1].op);
    CHECK_EQ(probe_finish(&probes[1]), -ECANCELED);
    send_all(fds[0], "ab", 2);
    CHECK_EQ(probe_finish(&probes[0]), 1);
    CHECK_EQ(probe_finish(&probes[2]), 1);
    CHECK_EQ(got[0] + got[2], 'a' + 'b');
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* --- numbers used again ------------------------------------------------------------- */

/* Make fd the number of a new pair's second end; return the first. */
static int pair_at(int fd)
{
    int fds[2];
    make_pair(fds);
    if (fds[0] == fd)
        return fds[1];
    if (fds[1] != fd) {
        REQUIRE(dup2(fds[1], fd) == fd);
        xie_sys_close(fds[1]);
    }
    return fds[0];
}

static void a_number_used_again_hears_its_own_events(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    make_pair(fds);
    for (int i = 0; i < 20; i++) {
        struct probe probe = recv_probe(fds[1], &got, 1);
        probe_start(&probe);
        settle();
        if (i & 1) { /* something happens on the old one, and nobody looks */
            xie_op_cancel(&loop, &probe.op);
            probe_finish(&probe);
            send_all(fds[0], "old", 3);
        } else {
            send_all(fds[0], "x", 1);
            CHECK_EQ(probe_finish(&probe), 1);
        }
        int number = fds[1];
        shut(number);
        shut(fds[0]);
        make_pair(fds);
        CHECK_EQ(fds[1], number);
        probe = recv_probe(fds[1], &got, 1);
        probe_start(&probe);
        settle();
        CHECK(!probe_over(&probe));
        send_all(fds[0], "n", 1);
        CHECK_EQ(probe_finish(&probe), 1);
        CHECK_EQ(got, 'n');
    }
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* The file lives on under another number: its events are none of the number's new file's. */
static void a_duplicate_does_not_disturb_the_number(void)
{
    int fds[2];
    char got = 0;
    loop_begin();
    if (on_backend("sim"))
        tap_skip("sim's descriptors cannot be duplicated");
    make_pair(fds);
    struct probe probe = recv_probe(fds[1], &got, 1);
    probe_start(&probe);
    send_all(fds[0], "x", 1);
    CHECK_EQ(probe_finish(&probe), 1);
    int twin = dup(fds[1]), number = fds[1];
    shut(number);
    int peer = pair_at(number);
    probe = recv_probe(number, &got, 1);
    struct probe watcher = poll_probe(number, POLLIN);
    probe_start(&probe);
    probe_start(&watcher);
    CHECK_EQ(xie_sys_send(fds[0], "old", 3, 0), 3);
    settle();
    CHECK(!probe_over(&probe));
    CHECK(!probe_over(&watcher));
    send_all(peer, "n", 1);
    CHECK_EQ(probe_finish(&probe), 1);
    CHECK_EQ(got, 'n');
    xie_op_cancel(&loop, &watcher.op);
    probe_finish(&watcher);
    shut(number);
    REQUIRE(dup2(twin, number) == number); /* the old file comes back under its old number */
    char old[3];
    recv_all(number, old, 3);
    probe_start(&probe);
    CHECK(!probe.at_once);
    send_all(fds[0], "b", 1);
    CHECK_EQ(probe_finish(&probe), 1);
    CHECK_EQ(got, 'b');
    shut(twin);
    shut(number);
    shut(peer);
    shut(fds[0]);
    loop_end();
}

static void forget_while_pending(void *arg)
{
    int fds[2];
    char got;
    (void)arg;
    loop_begin();
    make_pair(fds);
    struct probe probe = recv_probe(fds[1], &got, 1);
    probe_start(&probe);
    settle();
    xie_op_forget(&loop, fds[1]);
}

static void a_close_under_a_pending_operation_aborts(void)
{
    char text[256];
    loop_begin();
    bool seen = !on_backend("uring"); /* which need not know descriptors */
    loop_end();
    if (!seen)
        tap_skip("not seen by this backend");
    int status = tap_child(forget_while_pending, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status));
    CHECK(strstr(text, "pending"));
}

/* --- crowds ------------------------------------------------------------------------- */

static void many_on_one_descriptor(void)
{
    enum { MANY = 300 };
    static struct probe probes[MANY];
    static char got[MANY];
    int fds[2], sum = 0;
    loop_begin();
    make_pair(fds);
    for (int i = 0; i < MANY; i++) {
        probes[i] = recv_probe(fds[1], &got[i], 1);
        probe_start(&probes[i]);
    }
    settle();
    for (int i = 0; i < MANY; i++)
        send_all(fds[0], &(char){(char)(i % 100)}, 1);
    for (int i = 0; i < MANY; i++) {
        CHECK_EQ(probe_finish(&probes[i]), 1);
        sum += got[i];
        if (!on_backend("uring") && i) /* there the kernel chooses */
            CHECK(probes[i].order > probes[i - 1].order);
    }
    CHECK_EQ(sum, MANY / 100 * 4950);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

/* Both directions and watchers at once, each finished by its own event. */
static void every_kind_on_one_descriptor(void)
{
    static char block[1 << 20], piece[1 << 16];
    int fds[2];
    char got;
    loop_begin();
    make_pair(fds);
    struct probe writer = send_probe(fds[0], block, sizeof block);
    do {
        probe_start(&writer);
        settle();
    } while (probe_over(&writer));
    struct probe reader = recv_probe(fds[0], &got, 1);
    struct probe in = poll_probe(fds[0], POLLIN), out = poll_probe(fds[0], POLLOUT);
    probe_start(&reader);
    probe_start(&in);
    probe_start(&out);
    settle();
    CHECK(!probe_over(&writer) && !probe_over(&reader) && !probe_over(&in) && !probe_over(&out));
    while (!probe_over(&writer) || !probe_over(&out)) {
        struct probe drain = recv_probe(fds[1], piece, sizeof piece);
        probe_start(&drain);
        settle();
        xie_op_cancel(&loop, &drain.op); /* all may have been read */
        int64_t result = probe_finish(&drain);
        CHECK(result > 0 || result == -ECANCELED);
    }
    CHECK(!probe_over(&reader) && !probe_over(&in));
    send_all(fds[1], "ab", 2);
    CHECK_EQ(probe_finish(&reader), 1);
    CHECK(probe_finish(&in) & POLLIN);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static void raise_descriptors(unsigned want)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < want)
        tap_skip("at most %u descriptors", (unsigned)limit.rlim_max);
    limit.rlim_cur = limit.rlim_cur < want ? want : limit.rlim_cur;
    REQUIRE(!setrlimit(RLIMIT_NOFILE, &limit));
}

/* More than fits any queue of the kernel's, submitted and taken back in one turn. */
static void two_thousand_descriptors(void)
{
    enum { MANY = 2000 };
    static struct probe probes[MANY];
    static int fds[MANY];
    static char got[MANY];
    raise_descriptors(MANY + 100);
    tap_limit(60);
    loop_begin();
    for (int i = 0; i < MANY; i += 2)
        make_pair(&fds[i]);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            probes[i] = recv_probe(fds[i], &got[i], 1);
            probe_start(&probes[i]);
        }
        if (round)
            settle();
        for (int i = 0; i < MANY; i++)
            if (round < 2)
                xie_op_cancel(&loop, &probes[i].op);
            else
                send_all(fds[i ^ 1], &(char){(char)i}, 1);
        for (int i = 0; i < MANY; i++)
            CHECK_EQ(probe_finish(&probes[i]), round < 2 ? -ECANCELED : 1);
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_EQ(got[i], (char)i);
        shut(fds[i]);
    }
    loop_end();
}

/* More done at once than io_uring's queue of completions holds. */
static void ten_thousand_done_at_once(void)
{
    enum { MANY = 10000 };
    struct probe *probes = calloc(MANY, sizeof *probes);
    int fds[2];
    loop_begin();
    make_pair(fds);
    for (int i = 0; i < MANY; i++) {
        probes[i] = poll_probe(fds[1], POLLIN);
        probe_start(&probes[i]);
    }
    settle();
    send_all(fds[0], "x", 1);
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(probe_finish(&probes[i]), POLLIN);
    free(probes);
    shut(fds[0]);
    shut(fds[1]);
    loop_end();
}

static const struct tap_test tests[] = {
    {"canceled once, and nothing taken", canceled_once_and_nothing_taken},
    {"canceled in the turn of its submission", canceled_in_the_turn_of_its_submission},
    {"cancel of what is done does nothing", cancel_of_what_is_done_does_nothing},
    {"the next operation at the same address is not hit",
     the_next_operation_at_the_same_address_is_not_hit},
    {"cancel races and no byte is lost", cancel_races_and_no_byte_is_lost},
    {"cancel races and no connection is lost", cancel_races_and_no_connection_is_lost},
    {"one of several is taken back", one_of_several_is_taken_back},
    {"a number used again hears its own events", a_number_used_again_hears_its_own_events},
    {"a duplicate does not disturb the number", a_duplicate_does_not_disturb_the_number},
    {"a close under a pending operation aborts", a_close_under_a_pending_operation_aborts},
    {"many on one descriptor", many_on_one_descriptor},
    {"every kind on one descriptor", every_kind_on_one_descriptor},
    {"two thousand descriptors", two_thousand_descriptors},
    {"ten thousand done at once", ten_thousand_done_at_once},
    {0}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
