/* stream_ops.c - streams on something that is no descriptor: the table of src/io/stream.h, on a
 * mirror in memory that gives back what was written, three bytes at most at a time. */
/* SPDX-License-Identifier: MIT */
#include "io/kit.h"
#include "io/stream.h"

struct mirror {
    struct xie_stream stream;
    struct xie_waiters readers;
    char bytes[4096];
    size_t start, end;
    bool ended;
    int *closed; /* 1: closed, 2: reset */
};

static struct mirror *of(struct xie_stream *stream)
{
    return XIE_CONTAINER(stream, struct mirror, stream);
}

static ssize_t mirror_read(struct xie_stream *stream, void *buf, size_t cap)
{
    struct mirror *self = of(stream);
    while (self->start == self->end) {
        if (self->ended || stream->gate.closed)
            return 0;
        int error = xie_waiters_wait(&self->readers, xie_task_current(), "mirror", NULL);
        if (error)
            return error;
    }
    size_t len = self->end - self->start < cap ? self->end - self->start : cap;
    len = len < 3 ? len : 3;
    memcpy(buf, self->bytes + self->start, len);
    self->start += len;
    return (ssize_t)len;
}

static ssize_t mirror_write(struct xie_stream *stream, const struct iovec *parts, int count)
{
    struct mirror *self = of(stream);
    size_t len = parts->iov_len < 3 ? parts->iov_len : 3;
    CHECK(count > 0 && len > 0); /* never an empty part */
    if (self->end + len > sizeof self->bytes)
        return -ENOBUFS;
    memcpy(self->bytes + self->end, parts->iov_base, len);
    self->end += len;
    xie_waiters_wake_all(&self->readers);
    return (ssize_t)len;
}

static int mirror_write_eof(struct xie_stream *stream)
{
    of(stream)->ended = true;
    xie_waiters_wake_all(&of(stream)->readers);
    return 0;
}

static void mirror_interrupt(struct xie_stream *stream)
{
    xie_waiters_wake_all(&of(stream)->readers);
}

static void mirror_close(struct xie_stream *stream, bool reset)
{
    *of(stream)->closed = reset ? 2 : 1;
    xie_stream_fini(stream);
    free(of(stream));
}

static int mirror_fd(const struct xie_stream *stream)
{
    (void)stream;
    return -ENOTSOCK;
}

static struct xie_stream *mirror_open(int *closed)
{
    static const struct xie_stream_ops ops = {.read = mirror_read,
                                              .write = mirror_write,
                                              .write_eof = mirror_write_eof,
                                              .interrupt = mirror_interrupt,
                                              .close = mirror_close,
                                              .fd = mirror_fd};
    struct mirror *self = calloc(1, sizeof *self);
    REQUIRE(self);
    xie_stream_init(&self->stream, &ops);
    self->closed = closed;
    *closed = 0;
    return &self->stream;
}

static int read_line(void *arg)
{
    char *line;
    int result = xie_stream_read_line(arg, &line, NULL);
    if (result == 1)
        CHECK_STR(line, "in seven pieces");
    return result;
}

IN_TASK(reading_and_writing_do_not_mind)
{
    int closed;
    char buf[600];
    struct xie_stream *stream = mirror_open(&closed);
    struct iovec parts[] = {{(void *)"in se", 5}, {NULL, 0}, {(void *)"ven pieces\n", 11}};
    struct xie_task *task = xie_spawn(read_line, stream);
    xie_sleep(0);
    CHECK_EQ(xie_stream_writev(stream, parts, 3), 16);
    CHECK_EQ(xie_join(task), 1);
    kit_fill(buf, 600, 0);
    CHECK_EQ(xie_stream_write(stream, buf, 600), 600);
    CHECK_EQ(xie_stream_written(stream), 616);
    memset(buf, 0, sizeof buf);
    CHECK_EQ(xie_stream_read_exactly(stream, buf, 600), 600);
    CHECK(kit_same(buf, 600, 0));
    CHECK_EQ(xie_stream_write_eof(stream), 0);
    CHECK_EQ(xie_stream_read(stream, buf, 600), 0);
    xie_stream_close(stream);
    CHECK_EQ(closed, 1);
    return 0;
}

IN_TASK(close_reaches_who_waits_there)
{
    int closed;
    struct xie_stream *stream = mirror_open(&closed);
    struct xie_task *task = xie_spawn(read_line, stream);
    xie_sleep(0);
    xie_stream_abort(stream);
    CHECK_EQ(closed, 2);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    return 0;
}

IN_TASK(there_are_no_ends_without_a_socket)
{
    int closed;
    struct xie_address address;
    struct xie_stream *stream = mirror_open(&closed);
    CHECK(xie_stream_local(stream, &address) < 0);
    CHECK(xie_stream_peer(stream, &address) < 0);
    xie_stream_close(stream);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"reading_and_writing_do_not_mind", reading_and_writing_do_not_mind},
        {"close_reaches_who_waits_there", close_reaches_who_waits_there},
        {"there_are_no_ends_without_a_socket", there_are_no_ends_without_a_socket},
        {0},
    };
    return tap_main(argc, argv, tests);
}
