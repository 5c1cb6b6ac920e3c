/* sendfile.c - the promises of <xie/file.h>: from a file to a stream of any kind. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <unistd.h>

#include "io/kit.h"

enum { SIZE = 900001 };

static struct xie_file *file;
static struct xie_file *unsuitable; /* sendfile(2) cannot read it */

static void open_file(void)
{
    static char out[SIZE];
    char path[] = "/tmp/xie-sendfile-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    REQUIRE(xie_file_open(path, O_RDWR, 0, &file) == 0);
    unlink(path);
    kit_fill(out, SIZE, 0);
    REQUIRE(xie_file_write(file, out, SIZE, 0) == SIZE);
}

static void close_file(void)
{
    xie_file_close(file);
}

static void memory_pair(struct xie_stream *pair[2])
{
    REQUIRE(xie_stream_memory(5000, pair) == 0);
}

/* [0] writes */
static void pipe_pair(struct xie_stream *pair[2])
{
    struct xie_stream *ends[2];
    REQUIRE(xie_pipe(ends) == 0);
    pair[0] = ends[1];
    pair[1] = ends[0];
}

static void (*const makes[])(struct xie_stream *pair[2]) = {kit_tcp_pair, kit_pair, memory_pair,
                                                            pipe_pair};
enum { MAKES = sizeof makes / sizeof *makes };

struct receiver {
    struct xie_stream *stream;
    uint64_t at, count; /* of the file; how many came */
};

static int receive_all(void *arg)
{
    struct receiver *self = arg;
    char *buf = malloc(40000);
    ssize_t len;
    while ((len = xie_stream_read(self->stream, buf, 40000)) > 0) {
        CHECK(kit_same(buf, (size_t)len, self->at + self->count));
        self->count += (uint64_t)len;
    }
    free(buf);
    return (int)len;
}

IN_TASK(a_whole_file_to_any_stream)
{
    tap_limit(60);
    open_file();
    for (int i = 0; i < MAKES; i++) {
        struct xie_stream *pair[2];
        makes[i](pair);
        struct receiver receiver = {.stream = pair[1]};
        struct xie_task *task = xie_spawn(receive_all, &receiver);
        CHECK_EQ(xie_stream_sendfile(pair[0], file, 0, UINT64_MAX), SIZE);
        CHECK_EQ(xie_stream_written(pair[0]), SIZE);
        CHECK_EQ(xie_file_position(file), 0);
        xie_stream_close(pair[0]);
        CHECK_EQ(xie_join(task), 0);
        CHECK_EQ(receiver.count, SIZE);
        xie_stream_close(pair[1]);
    }
    close_file();
    return 0;
}

IN_TASK(a_part_of_it)
{
    open_file();
    for (int i = 0; i < MAKES; i++) {
        struct xie_stream *pair[2];
        char buf[20];
        makes[i](pair);
        CHECK_EQ(xie_stream_sendfile(pair[0], file, 1000, 13), 13);
        CHECK_EQ(xie_stream_sendfile(pair[0], file, SIZE - 7, 100), 7); /* the end */
        CHECK_EQ(xie_stream_sendfile(pair[0], file, SIZE, 100), 0);
        CHECK_EQ(xie_stream_sendfile(pair[0], file, SIZE + 1000, UINT64_MAX), 0);
        CHECK_EQ(xie_stream_sendfile(pair[0], file, 0, 0), 0);
        CHECK_EQ(xie_stream_sendfile(pair[0], file, -1, 1), -EINVAL);
        CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 20), 20);
        CHECK(kit_same(buf, 13, 1000) && kit_same(buf + 13, 7, SIZE - 7));
        kit_close(pair);
    }
    close_file();
    return 0;
}

/* As a client that has asked, and said so. */
IN_TASK(to_a_peer_that_will_write_no_more)
{
    struct xie_stream *pair[2];
    open_file();
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_write_eof(pair[1]), 0);
    CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, SO_SNDBUF, 20000), 0);
    struct receiver receiver = {.stream = pair[1]};
    struct xie_task *task = xie_spawn(receive_all, &receiver);
    CHECK_EQ(xie_stream_sendfile(pair[0], file, 0, UINT64_MAX), SIZE);
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(receiver.count, SIZE);
    xie_stream_close(pair[1]);
    close_file();
    return 0;
}

/* A device has no pages to send: the copy takes over. */
IN_TASK(what_the_kernel_cannot_send_is_copied)
{
    struct xie_stream *pair[2];
    char buf[10] = "xxxxxxxxx";
    CHECK_EQ(xie_file_open("/proc/self/stat", O_RDONLY, 0, &unsuitable), 0);
    kit_tcp_pair(pair);
    int64_t sent = xie_stream_sendfile(pair[0], unsuitable, 0, UINT64_MAX);
    CHECK(sent > 10);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 10), 10);
    CHECK_EQ(atoi(buf), getpid());
    kit_close(pair);
    xie_file_close(unsuitable);
    return 0;
}

/* Cancelled at many moments and begun anew from where the count says. */
IN_TASK(interrupted_often_the_count_is_exact)
{
    tap_limit(60);
    open_file();
    for (int i = 0; i < MAKES; i++) {
        struct xie_stream *pair[2];
        int64_t result = -ETIMEDOUT;
        makes[i](pair);
        struct receiver receiver = {.stream = pair[1]};
        struct xie_task *task = xie_spawn(receive_all, &receiver);
        for (int64_t turn = 1; result == -ETIMEDOUT; turn++) {
            int64_t at = (int64_t)xie_stream_written(pair[0]);
            XIE_TIMEOUT(turn * 20 * XIE_MICROSECOND)
                result = xie_stream_sendfile(pair[0], file, at, UINT64_MAX);
        }
        CHECK(result >= 0);
        CHECK_EQ(xie_stream_written(pair[0]), SIZE);
        xie_stream_close(pair[0]);
        CHECK_EQ(xie_join(task), 0);
        CHECK_EQ(receiver.count, SIZE);
        xie_stream_close(pair[1]);
    }
    close_file();
    return 0;
}

static int send_all(void *arg)
{
    return (int)xie_stream_sendfile(arg, file, 0, UINT64_MAX);
}

IN_TASK(the_file_may_be_closed_meanwhile)
{
    int fds = kit_fds();
    for (int i = 0; i < MAKES; i++) {
        struct xie_stream *pair[2];
        open_file();
        makes[i](pair);
        struct xie_task *task = xie_spawn(send_all, pair[0]);
        xie_sleep(XIE_MILLISECOND);
        close_file();
        struct receiver receiver = {.stream = pair[1]};
        struct xie_task *other = xie_spawn(receive_all, &receiver);
        CHECK_EQ(xie_join(task), SIZE);
        xie_stream_close(pair[0]);
        CHECK_EQ(xie_join(other), 0);
        CHECK_EQ(receiver.count, SIZE);
        xie_stream_close(pair[1]);
    }
    CHECK_EQ(kit_fds(), fds);
    return 0;
}

static int send_for_ever(void *arg)
{
    int64_t result;
    while ((result = xie_stream_sendfile(arg, file, 0, UINT64_MAX)) == SIZE)
        ;
    return (int)result;
}

IN_TASK(a_peer_that_is_gone_or_does_not_read)
{
    open_file();
    for (int i = 0; i < MAKES; i++) {
        struct xie_stream *pair[2];
        makes[i](pair);
        struct xie_task *task = xie_spawn(send_for_ever, pair[0]);
        xie_sleep(5 * XIE_MILLISECOND);
        CHECK(!xie_task_done(task));
        CHECK_EQ(xie_stream_write(pair[0], "x", 1), -EBUSY);
        CHECK_EQ(xie_stream_sendfile(pair[0], file, 0, 1), -EBUSY);
        xie_stream_close(pair[1]);
        int error = xie_join(task);
        CHECK(error == -EPIPE || error == -ECONNRESET); /* and no signal */
        xie_stream_close(pair[0]);
    }
    close_file();
    return 0;
}

IN_TASK(a_close_ends_it)
{
    open_file();
    for (int i = 0; i < MAKES; i++)
        for (int turns = 0; turns < 4; turns++) {
            struct xie_stream *pair[2];
            makes[i](pair);
            struct xie_task *task = xie_spawn(send_for_ever, pair[0]);
            for (int turn = 0; turn <= turns; turn++)
                xie_sleep(turn == 2 ? XIE_MILLISECOND : 0);
            xie_stream_close(pair[0]);
            CHECK_EQ(xie_join(task), XIE_ECLOSED);
            xie_stream_close(pair[1]);
        }
    close_file();
    return 0;
}

IN_TASK(in_a_triggered_scope_nothing_is_sent)
{
    struct xie_stream *pair[2];
    open_file();
    kit_pair(pair);
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_stream_sendfile(pair[0], file, 0, 10), -ETIMEDOUT);
    CHECK_EQ(xie_stream_written(pair[0]), 0);
    kit_close(pair);
    close_file();
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_whole_file_to_any_stream", a_whole_file_to_any_stream},
        {"a_part_of_it", a_part_of_it},
        {"to_a_peer_that_will_write_no_more", to_a_peer_that_will_write_no_more},
        {"what_the_kernel_cannot_send_is_copied", what_the_kernel_cannot_send_is_copied},
        {"interrupted_often_the_count_is_exact", interrupted_often_the_count_is_exact},
        {"the_file_may_be_closed_meanwhile", the_file_may_be_closed_meanwhile},
        {"a_peer_that_is_gone_or_does_not_read", a_peer_that_is_gone_or_does_not_read},
        {"a_close_ends_it", a_close_ends_it},
        {"in_a_triggered_scope_nothing_is_sent", in_a_triggered_scope_nothing_is_sent},
        {0},
    };
    return tap_main(argc, argv, tests);
}
