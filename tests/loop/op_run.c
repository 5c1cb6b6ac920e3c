/* op_run.c - operations of tasks: they suspend, return their value, and obey scopes. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>

#include "base/sys.h"
#include "tap.h"
#include "task/wait.h"

#include <errno.h>

static int64_t task_recv(int fd, void *buf, size_t len)
{
    struct xie_op op = {.kind = XIE_OP_RECV, .fd = fd};
    op.buf = buf;
    op.len = len;
    return xie_op_run(&op, "task_recv");
}

static int64_t task_send(int fd, const void *buf, size_t len)
{
    struct xie_op op = {.kind = XIE_OP_SEND, .fd = fd};
    op.buf = (void *)(uintptr_t)buf;
    op.len = len;
    return xie_op_run(&op, "task_send");
}

static void close_pair(const int fds[2])
{
    for (int i = 0; i < 2; i++) {
        xie_op_forget(xie_loop_current(), fds[i]);
        xie_sys_close(fds[i]);
    }
}

/* --- a deadline --------------------------------------------------------------------- */

static int recv_until_too_late(void *arg)
{
    int fds[2];
    char got = 0;
    int64_t result = 0;
    (void)arg;
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        result = task_recv(fds[1], &got, 1);
    CHECK_EQ(result, -ETIMEDOUT);
    CHECK_EQ(task_send(fds[0], "x", 1), 1);
    CHECK_EQ(task_recv(fds[1], &got, 1), 1);
    CHECK_EQ(got, 'x');
    close_pair(fds);
    return 0;
}

static void a_deadline_takes_it_back(void)
{
    CHECK_EQ(xie_run(recv_until_too_late, NULL), 0);
}

/* --- a deadline near the byte ------------------------------------------------------- */

static int send_soon(void *arg)
{
    int fd = *(int *)arg;
    int error = xie_sleep(200 * XIE_MICROSECOND);
    return error ? error : (int)task_send(fd, "x", 1);
}

static int race(void *arg)
{
    int fds[2];
    (void)arg;
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    for (int i = 0; i < 100; i++) {
        char got = 0;
        int64_t result = 0;
        struct xie_task *sender = xie_spawn(send_soon, &fds[0]);
        XIE_TIMEOUT((150 + i) * XIE_MICROSECOND)
            result = task_recv(fds[1], &got, 1);
        if (result != 1)
            CHECK_EQ(result, -ETIMEDOUT);
        if (result != 1)
            CHECK_EQ(task_recv(fds[1], &got, 1), 1);
        CHECK_EQ(got, 'x');
        CHECK_EQ(xie_join(sender), 1);
    }
    close_pair(fds);
    return 0;
}

static void a_byte_near_the_deadline_is_not_lost(void)
{
    CHECK_EQ(xie_run(race, NULL), 0);
}

/* --- many --------------------------------------------------------------------------- */

enum { BALLS = 50, ROUNDS = 100 };

static int play(void *arg)
{
    int fd = *(int *)arg;
    char ball;
    for (int i = 0; i < ROUNDS; i++) {
        if (task_send(fd, "o", 1) != 1 || task_recv(fd, &ball, 1) != 1)
            return -EIO;
    }
    return 0;
}

static int play_all(void *arg)
{
    static int fds[BALLS][2];
    (void)arg;
    for (int i = 0; i < BALLS; i++)
        REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]));
    int result = 0;
    XIE_GROUP(players) {
        for (int i = 0; i < BALLS; i++) {
            CHECK_EQ(xie_group_spawn(&players, play, &fds[i][0]), 0);
            CHECK_EQ(xie_group_spawn(&players, play, &fds[i][1]), 0);
        }
        result = xie_group_wait(&players);
    }
    for (int i = 0; i < BALLS; i++)
        close_pair(fds[i]);
    return result;
}

static void many_tasks_each_get_their_own(void)
{
    CHECK_EQ(xie_run(play_all, NULL), 0);
}

static const struct tap_test tests[] = {
    {"a deadline takes it back", a_deadline_takes_it_back},
    {"a byte near the deadline is not lost", a_byte_near_the_deadline_is_not_lost},
    {"many tasks each get their own", many_tasks_each_get_their_own},
    {0}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
