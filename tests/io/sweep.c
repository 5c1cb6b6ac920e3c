/* sweep.c - each call beneath floor 5 fails, alone and with all after it: clean errors, no leak. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "base/sys.h"
#include "fault.h"
#include "tap.h"

/* --- a listener, and somebody who comes --------------------------------------------- */

struct meeting {
    struct xie_listener *listener;
    struct xie_address address;
};

static int answer(struct xie_stream *stream)
{
    char *line;
    size_t len;
    int got = xie_stream_read_line(stream, &line, &len);
    if (got <= 0)
        return got < 0 ? got : XIE_EOF;
    struct iovec parts[] = {{line, len}, {"\n", 1}};
    ssize_t result = xie_stream_writev(stream, parts, 2);
    if (result >= 0)
        result = xie_stream_read(stream, &(char){0}, 1);
    return (int)result;
}

static int serve(void *arg)
{
    struct meeting *meeting = arg;
    struct xie_stream *stream;
    int error = xie_listener_accept(meeting->listener, &stream);
    if (error)
        return error;
    error = answer(stream);
    xie_stream_close(stream);
    return error;
}

static int ask(struct xie_stream *stream)
{
    char got[6];
    ssize_t result = xie_stream_write(stream, "hello\n", 6);
    if (result >= 0)
        result = xie_stream_read_exactly(stream, got, 6);
    if (result >= 0)
        result = memcmp(got, "hello\n", 6) ? -EPROTO : xie_stream_write_eof(stream);
    return (int)result;
}

static int come(void *arg)
{
    struct meeting *meeting = arg;
    struct xie_stream *stream;
    int error = xie_stream_connect(&meeting->address, &stream);
    if (error)
        return error;
    error = ask(stream);
    xie_stream_close(stream);
    return error;
}

/* The first to fail takes the other with it. */
static int meet(struct meeting *meeting)
{
    int error = xie_listener_address(meeting->listener, &meeting->address);
    XIE_GROUP(group) {
        if (!error)
            error = xie_group_spawn(&group, serve, meeting);
        if (!error)
            error = xie_group_spawn(&group, come, meeting);
        if (error)
            xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error ? error : failed;
    }
    xie_listener_close(meeting->listener);
    return error;
}

static int tcp(void *arg)
{
    struct meeting meeting;
    (void)arg;
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &meeting.listener);
    return error ? error : meet(&meeting);
}

static int tcp_everywhere(void *arg)
{
    struct meeting meeting;
    (void)arg;
    int error = xie_tcp_listen(NULL, 0, 4, &meeting.listener);
    if (!error)
        xie_listener_close(meeting.listener);
    return error;
}

static int unix_file(void *arg)
{
    struct meeting meeting;
    char path[64];
    (void)arg;
    snprintf(path, sizeof(path), "/tmp/xie-sweep-%d", (int)getpid());
    int error = xie_unix_listen(path, 0, &meeting.listener);
    return error ? error : meet(&meeting);
}

/* --- streams of other kinds --------------------------------------------------------- */

enum { LARGE = 200000, LINE = 40000 };

static int pour(void *arg)
{
    static char block[LARGE];
    memset(block, 'x', sizeof(block));
    block[LINE] = ';';
    ssize_t result = xie_stream_write(arg, block, sizeof(block));
    return (int)(result < 0 ? result : 0);
}

static int drink(struct xie_stream *stream)
{
    char buf[5000], *data;
    ssize_t result = xie_stream_read_until(stream, ";", 1, &data);
    for (size_t left = LARGE - LINE - 1; result > 0 && left; left -= (size_t)result)
        result = xie_stream_read(stream, buf, sizeof(buf));
    return result < 0 ? (int)result : result ? 0 : XIE_EOF;
}

static int pair(void *arg)
{
    struct xie_stream *ends[2];
    (void)arg;
    int error = xie_stream_pair(ends);
    if (error)
        return error;
    XIE_GROUP(group) {
        error = xie_group_spawn(&group, pour, ends[0]);
        if (!error)
            error = drink(ends[1]);
        if (error)
            xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = failed ? failed : error;
    }
    xie_stream_close(ends[0]);
    xie_stream_abort(ends[1]);
    return error;
}

static int adopt(void *arg)
{
    int fds[2], error;
    struct xie_stream *ends[2] = {NULL, NULL};
    char *line;
    (void)arg;
    if (pipe(fds))
        return -errno;
    error = xie_stream_adopt(fds[0], &ends[0]);
    if (!error)
        error = xie_stream_adopt(fds[1], &ends[1]);
    if (!error)
        error = (int)xie_stream_write(ends[1], "line\n", 5);
    if (error >= 0)
        error = xie_stream_read_line(ends[0], &line, NULL);
    for (int i = 0; i < 2; i++) {
        if (ends[i])
            xie_stream_close(ends[i]);
        else
            close(fds[i]); /* not adopted: still ours */
    }
    return error < 0 ? error : 0;
}

/* --- threads, names, signals -------------------------------------------------------- */

static int work(void *arg)
{
    (void)arg;
    return 0;
}

static int thread(void *arg)
{
    return xie_to_thread(work, arg, NULL);
}

static int resolve(void *arg)
{
    struct xie_address addresses[4];
    (void)arg;
    int count = xie_resolve("localhost", 80, addresses, 4);
    return count < 0 ? count : 0;
}

static int signals(void *arg)
{
    static const int list[] = {SIGUSR1, SIGUSR2, 0};
    struct xie_signals *signals;
    (void)arg;
    int error = xie_signals_open(list, &signals);
    if (error)
        return error;
    raise(SIGUSR1);
    int number = xie_signals_wait(signals);
    xie_signals_close(signals);
    return number < 0 ? number : number == SIGUSR1 ? 0 : -EPROTO;
}

/* --- tests -------------------------------------------------------------------------- */

/* Much may fail here without harm: options for speed, an address among several. */
#define PROGRAMS(each)                                                                 \
    each(tcp) each(tcp_everywhere) each(unix_file) each(pair) each(adopt) each(thread) \
        each(resolve) each(signals)

#define SWEEP(program)                                                                     \
    static void sweep_##program(void)                                                      \
    {                                                                                      \
        struct fault_program swept = {.name = #program, .run = program, .tolerant = true}; \
        tap_limit(180);                                                                    \
        fault_sweep_all(&swept);                                                           \
    }
PROGRAMS(SWEEP)

int main(int argc, char **argv)
{
#define ENTRY(program) {#program, sweep_##program},
    static const struct tap_test tests[] = {PROGRAMS(ENTRY){0}};
    return tap_main(argc, argv, tests);
}
