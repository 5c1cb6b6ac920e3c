/* faults.c - each allocation, system call and operation of a whole conversation fails in turn:
 * the errors are clean, and nothing leaks. */
/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "base/fault.h"
#include "io/kit.h"

/* --- a conversation: listen, connect, accept, talk, close --------------------------- */

struct talk {
    struct xie_listener *listener;
    struct xie_address address;
};

static int talk_client(struct xie_stream *stream)
{
    struct iovec parts[] = {{(void *)"he", 2}, {(void *)"llo\n", 4}};
    static char large[20000];
    char *line;
    ssize_t result = xie_stream_writev(stream, parts, 2);
    if (result < 0)
        return (int)result;
    int got = xie_stream_read_line(stream, &line, NULL);
    if (got != 1)
        return got < 0 ? got : XIE_EOF;
    CHECK_STR(line, "hello yourself");
    result = xie_stream_read_exactly(stream, large, sizeof large);
    if (result < 0)
        return (int)result;
    CHECK(kit_same(large, sizeof large, 0));
    return xie_stream_write_eof(stream);
}

static int talk_server(struct xie_stream *stream)
{
    static char large[20000];
    char *line, byte;
    int got = xie_stream_read_line(stream, &line, NULL);
    if (got != 1)
        return got < 0 ? got : XIE_EOF;
    CHECK_STR(line, "hello");
    kit_fill(large, sizeof large, 0);
    ssize_t result = xie_stream_write(stream, "hello yourself\n", 15);
    if (result > 0)
        result = xie_stream_write(stream, large, sizeof large);
    return result < 0 ? (int)result : (int)xie_stream_read(stream, &byte, 1);
}

static int serve(void *arg)
{
    struct talk *talk = arg;
    struct xie_stream *stream;
    int result = xie_listener_accept(talk->listener, &stream);
    if (result)
        return result;
    result = talk_server(stream);
    xie_stream_close(stream);
    return result;
}

static int connect_and_talk(void *arg)
{
    struct talk *talk = arg;
    struct xie_stream *stream;
    int result = xie_stream_connect(&talk->address, &stream);
    if (result)
        return result;
    result = talk_client(stream);
    xie_stream_close(stream);
    return result;
}

static int listen_tcp(struct talk *talk)
{
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &talk->listener);
    if (!error)
        error = xie_listener_address(talk->listener, &talk->address);
    return error;
}

/* return the error the conversation met first, 0 when there was none: the side that does not
 * hear of it is cancelled by the group. */
static int converse(struct talk *talk)
{
    int error = listen_tcp(talk);
    if (!error) {
        XIE_GROUP(group) {
            error = xie_group_spawn(&group, serve, talk);
            if (!error)
                error = xie_group_spawn(&group, connect_and_talk, talk);
            if (error)
                xie_group_cancel(&group);
            int failure = xie_group_wait(&group);
            error = error ? error : failure;
        }
    }
    xie_listener_close(talk->listener);
    return error;
}

static int run_converse(void *arg)
{
    struct talk talk = {0};
    (void)arg;
    return converse(&talk);
}

/* --- the driver --------------------------------------------------------------------- */

/* Fail the first call of these kinds, then the second, until the plan's turn never comes. */
static void fail_each(unsigned kinds, int error, int (*body)(void *arg))
{
    int fds = kit_fds(), failures = 0;
    size_t live = xie_alloc_live();
    bool came = true;
    for (uint64_t nth = 1; came && nth < 1000; nth++) {
        xie_fault_plan = (struct xie_fault){kinds, .nth = nth, .error = error};
        int result = xie_run(body, NULL);
        xie_fault_plan.kinds = 0;
        came = xie_fault_plan.failed;
        failures += result != 0;
        CHECK(came || result == 0);
        if (xie_alloc_live() != live || kit_fds() != fds) {
            tap_failed(__FILE__, __LINE__,
                       "call %d failing with %d: %d allocations, %d descriptors", (int)nth, error,
                       (int)(xie_alloc_live() - live), kit_fds() - fds);
            return;
        }
    }
    CHECK(!came); /* it came to an end */
    CHECK(failures > 0);
}

static void each_allocation(void)
{
    tap_limit(120);
    fail_each(XIE_FAULT_MEMORY, -ENOMEM, run_converse);
}

static void each_system_call(void)
{
    tap_limit(120);
    fail_each(XIE_FAULT_SYSCALL, -EIO, run_converse);
    fail_each(XIE_FAULT_SYSCALL, -ENOBUFS, run_converse);
}

static void each_operation(void)
{
    tap_limit(120);
    fail_each(XIE_FAULT_OPERATION, -ECONNRESET, run_converse);
    fail_each(XIE_FAULT_OPERATION, -EIO, run_converse);
}

/* --- the rest of the floor ---------------------------------------------------------- */

static int add_one(void *arg)
{
    return ++*(int *)arg;
}

/* Everything that opens something and waits for nobody. */
static int open_all(void *arg)
{
    struct xie_stream *pair[2] = {0}, *adopted = NULL;
    struct xie_listener *listener = NULL;
    struct xie_address found;
    char path[40];
    int number = 0, fds[2] = {-1, -1}, error;
    (void)arg;
    snprintf(path, sizeof path, "/tmp/xie-test-%d", (int)getpid());
    if ((error = xie_stream_pair(pair)) || (error = xie_unix_listen(path, 0, &listener)))
        goto out;
    if ((error = pipe(fds)) || (error = xie_stream_adopt(fds[0], &adopted)))
        goto out;
    if ((error = xie_resolve("localhost", 1, &found, 1)) < 0)
        goto out;
    error = xie_to_thread(add_one, &number, NULL);
    error = error == 1 ? 0 : error;
out:
    xie_stream_close(adopted);
    if (!adopted && fds[0] >= 0)
        close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
    xie_listener_close(listener);
    xie_stream_close(pair[0]);
    xie_stream_close(pair[1]);
    if (access(path, F_OK) == 0) {
        CHECK(!error && xie_fault_plan.failed); /* what failed is its removal */
        unlink(path);
    }
    return error;
}

static void each_call_of_what_opens(void)
{
    tap_limit(120);
    CHECK_EQ(xie_run(open_all, NULL), 0); /* the pools' threads, and what libc allocates once */
    fail_each(XIE_FAULT_MEMORY, -ENOMEM, open_all);
    fail_each(XIE_FAULT_SYSCALL, -ENFILE, open_all);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"each_allocation", each_allocation},
        {"each_system_call", each_system_call},
        {"each_operation", each_operation},
        {"each_call_of_what_opens", each_call_of_what_opens},
        {0},
    };
    return tap_main(argc, argv, tests);
}
