/* readiness.c - try-then-arm against a kernel made up by the test: spurious and stale events,
 * refusals, the order of those who wait. */
/* SPDX-License-Identifier: MIT */
#include "loop/readiness.h"

#include <fcntl.h>
#include <netinet/in.h>

#include "ops.h"

static struct xie_readiness readiness;
static int arms, disarms, drops; /* calls */
static int arm_error, seen;      /* what arm and look answer */

static int fake_arm(struct xie_loop *of, int fd, struct xie_slot *slot)
{
    (void)of, (void)fd;
    arms++;
    slot->armed = !arm_error;
    return arm_error;
}

static void fake_disarm(struct xie_loop *of, int fd, struct xie_slot *slot)
{
    (void)of, (void)fd, (void)slot;
    disarms++;
}

static void fake_drop(struct xie_loop *of, int fd, struct xie_slot *slot)
{
    (void)of, (void)fd, (void)slot;
    drops++;
}

static int fake_look(struct xie_loop *of, int fd, int events)
{
    (void)of, (void)fd;
    return seen & (events | POLLERR | POLLHUP);
}

static const struct xie_poller fake_poller = {
    .arm = fake_arm, .disarm = fake_disarm, .drop = fake_drop, .look = fake_look, .tells = true};

static bool fake_submit(struct xie_loop *of, struct xie_op *op)
{
    return xie_readiness_submit(of, &readiness, op);
}

static void fake_cancel(struct xie_loop *of, struct xie_op *op)
{
    xie_readiness_cancel(of, &readiness, op);
}

static const struct xie_backend fake = {
    .name = "fake", .submit = fake_submit, .cancel = fake_cancel};

static void begin(int fds[2])
{
    loop = (struct xie_loop){.backend = &fake};
    REQUIRE(!xie_readiness_init(&readiness, &fake_poller));
    make_pair(fds);
}

static void end(const int fds[2])
{
    CHECK_EQ(loop.pending, 0);
    xie_readiness_fini(&readiness);
    xie_sys_close(fds[0]);
    xie_sys_close(fds[1]);
    CHECK_EQ(xie_alloc_live(), 0);
}

static void say(int fd, int events)
{
    struct xie_slot *slot = xie_readiness_slot(&readiness, fd);
    xie_readiness_ready(&loop, &readiness, fd, slot->generation, events);
}

static void spurious_events_do_nothing(void)
{
    int fds[2];
    char got = 0;
    begin(fds);
    struct probe reader = recv_probe(fds[0], &got, 1), watcher = poll_probe(fds[0], POLLIN);
    probe_start(&reader);
    probe_start(&watcher);
    for (int i = 0; i < 3; i++)
        say(fds[0], POLLIN | POLLOUT | POLLERR | POLLHUP);
    say(fds[1], POLLIN); /* nobody waits */
    CHECK(!probe_over(&reader) && !probe_over(&watcher));
    REQUIRE(xie_sys_send(fds[1], "x", 1, 0) == 1);
    seen = POLLIN;
    say(fds[0], POLLIN);
    CHECK_EQ(reader.calls, 1);
    CHECK_EQ(watcher.calls, 1);
    CHECK_EQ(watcher.op.result, POLLIN);
    end(fds);
}

/* An unfinished connect has no error: only a look tells it from a finished one. */
static void a_spurious_event_finishes_no_connect(void)
{
    int fds[2];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    begin(fds);
    int listener = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(!xie_sys_bind(listener, (struct sockaddr *)&address, len));
    REQUIRE(!xie_sys_listen(listener, 1));
    REQUIRE(!xie_sys_getsockname(listener, (struct sockaddr *)&address, &len));
    struct probe connector = {.op = {.kind = XIE_OP_CONNECT}};
    connector.op.fd = xie_sys_socket(AF_INET, SOCK_STREAM, 0);
    connector.op.address = (struct sockaddr *)&address;
    connector.op.address_len = len;
    probe_start(&connector);
    REQUIRE(!connector.at_once);
    say(connector.op.fd, POLLOUT);
    CHECK(!probe_over(&connector));
    seen = POLLOUT;
    say(connector.op.fd, POLLOUT);
    CHECK_EQ(connector.calls, 1);
    CHECK_EQ(connector.op.result, 0);
    xie_sys_close(connector.op.fd);
    xie_sys_close(listener);
    end(fds);
}

static void stale_events_do_nothing(void)
{
    int fds[2];
    char got = 0;
    begin(fds);
    uint32_t old = xie_readiness_slot(&readiness, fds[0])->generation;
    xie_readiness_forget(&loop, &readiness, fds[0]);
    struct probe reader = recv_probe(fds[0], &got, 1);
    probe_start(&reader);
    REQUIRE(xie_sys_send(fds[1], "x", 1, 0) == 1);
    xie_readiness_ready(&loop, &readiness, fds[0], old, POLLIN);
    xie_readiness_ready(&loop, &readiness, 100000, 0, POLLIN);
    CHECK(!probe_over(&reader));
    say(fds[0], POLLIN);
    CHECK_EQ(reader.calls, 1);
    end(fds);
}

static void who_comes_later_waits_behind(void)
{
    int fds[2];
    char got[2] = "";
    begin(fds);
    struct probe first = recv_probe(fds[0], &got[0], 1), second = recv_probe(fds[0], &got[1], 1);
    probe_start(&first);
    REQUIRE(xie_sys_send(fds[1], "ab", 2, 0) == 2);
    probe_start(&second); /* there is something to read, but not for this one */
    CHECK(!second.at_once);
    say(fds[0], POLLIN);
    CHECK(first.calls == 1 && second.calls == 1);
    CHECK(got[0] == 'a' && got[1] == 'b');
    end(fds);
}

static void a_direction_is_told_of_its_own(void)
{
    int fds[2];
    char got = 0;
    begin(fds);
    struct probe reader = recv_probe(fds[0], &got, 1);
    probe_start(&reader);
    REQUIRE(xie_sys_send(fds[1], "x", 1, 0) == 1);
    say(fds[0], POLLOUT);
    CHECK(!probe_over(&reader));
    say(fds[0], POLLHUP); /* either may have to know */
    CHECK_EQ(reader.calls, 1);
    end(fds);
}

static void what_cannot_be_armed_fails(void)
{
    int fds[2];
    char got = 0;
    begin(fds);
    struct probe reader = recv_probe(fds[0], &got, 1);
    arm_error = -ENOSPC;
    CHECK_EQ(probe_run(&reader), -ENOSPC);
    CHECK(reader.at_once);
    arm_error = -EPERM; /* said to be always ready, and yet it would block */
    CHECK_EQ(probe_run(&reader), -EAGAIN);
    arm_error = 0;
    probe_start(&reader);
    CHECK(!reader.at_once);
    xie_op_cancel(&loop, &reader.op);
    CHECK_EQ(reader.op.result, -ECANCELED);
    end(fds);
}

static void the_poller_is_called_when_something_changes(void)
{
    int fds[2];
    char got = 0;
    begin(fds);
    xie_readiness_forget(&loop, &readiness, fds[0]);
    CHECK_EQ(drops, 0); /* nobody ever waited */
    struct probe reader = recv_probe(fds[0], &got, 1), watcher = poll_probe(fds[0], POLLOUT);
    probe_start(&reader);
    struct xie_slot *slot = xie_readiness_slot(&readiness, fds[0]);
    CHECK_EQ(xie_slot_events(slot), POLLIN);
    probe_start(&watcher);
    CHECK_EQ(arms, 2);
    CHECK_EQ(xie_slot_events(slot), POLLIN | POLLOUT);
    say(fds[0], POLLIN);
    CHECK_EQ(disarms, 0);
    seen = POLLOUT;
    say(fds[0], POLLOUT);
    CHECK_EQ(disarms, 1);
    CHECK_EQ(xie_slot_events(slot), POLLIN);
    xie_op_cancel(&loop, &reader.op);
    CHECK_EQ(disarms, 2);
    CHECK_EQ(xie_slot_events(slot), 0);
    xie_readiness_forget(&loop, &readiness, fds[0]);
    xie_readiness_forget(&loop, &readiness, fds[0]);
    CHECK_EQ(drops, 1);
    end(fds);
}

static void slots_stay_in_place(void)
{
    int fds[2];
    begin(fds);
    struct xie_slot *slot = xie_readiness_slot(&readiness, 3);
    CHECK(xie_readiness_slot(&readiness, 255) == slot + 252);
    xie_readiness_slot(&readiness, 100000);
    CHECK(xie_readiness_slot(&readiness, 3) == slot);
    CHECK(!xie_readiness_slot(&readiness, -1));
    end(fds);
}

/* Of an operation that says it need not look: it does where something was told meanwhile. */
static void who_has_just_looked_waits_for_news(void)
{
    static const int told[] = {0, POLLIN, POLLRDHUP, POLLPRI, POLLERR, POLLHUP};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        int fds[2];
        char got = 0;
        begin(fds);
        struct probe first = recv_probe(fds[0], &got, 1);
        REQUIRE(xie_sys_send(fds[1], "x", 1, 0) == 1);
        first.op.dry = 1;
        probe_start(&first);
        CHECK(!probe_over(&first)); /* though there is something */
        say(fds[0], POLLIN);
        CHECK_EQ(first.calls, 1);
        if (told[i])
            say(fds[0], told[i]); /* to nobody */
        REQUIRE(xie_sys_send(fds[1], "y", 1, 0) == 1);
        struct probe second = recv_probe(fds[0], &got, 1);
        second.op.dry = 1;
        probe_start(&second);
        CHECK_EQ(probe_over(&second), told[i] != 0);
        say(fds[0], POLLIN);
        CHECK(probe_over(&second));
        REQUIRE(xie_sys_send(fds[1], "z", 1, 0) == 1);
        struct probe third = recv_probe(fds[0], &got, 1);
        third.op.dry = 1;
        probe_start(&third); /* an end, once told, is not told again: nobody waits for it */
        CHECK_EQ(probe_over(&third), told[i] != 0);
        say(fds[0], POLLIN);
        CHECK(probe_over(&third));
        xie_readiness_forget(&loop, &readiness, fds[0]);
        end(fds);
    }
}

static const struct tap_test tests[] = {
    {"spurious events do nothing", spurious_events_do_nothing},
    {"a spurious event finishes no connect", a_spurious_event_finishes_no_connect},
    {"stale events do nothing", stale_events_do_nothing},
    {"who comes later waits behind", who_comes_later_waits_behind},
    {"a direction is told of its own", a_direction_is_told_of_its_own},
    {"what cannot be armed fails", what_cannot_be_armed_fails},
    {"the poller is called when something changes", the_poller_is_called_when_something_changes},
    {"who has just looked waits for news", who_has_just_looked_waits_for_news},
    {"slots stay in place", slots_stay_in_place},
    {0}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
