/* stream_option.c - the promises of <xie/stream.h>: options, and who is on the other side. */
/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "io/kit.h"

IN_TASK(options_are_set_and_told)
{
    struct xie_stream *pair[2];
    int value = -1;
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_get_option(pair[0], IPPROTO_TCP, TCP_NODELAY, &value), 0);
    CHECK_EQ(value, 1);
    CHECK_EQ(xie_stream_set_option(pair[0], IPPROTO_TCP, TCP_NODELAY, 0), 0);
    CHECK_EQ(xie_stream_get_option(pair[0], IPPROTO_TCP, TCP_NODELAY, &value), 0);
    CHECK_EQ(value, 0);
    CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, SO_KEEPALIVE, 1), 0);
    CHECK_EQ(xie_stream_get_option(pair[0], SOL_SOCKET, SO_KEEPALIVE, &value), 0);
    CHECK_EQ(value, 1);
    CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, SO_SNDBUF, 20000), 0);
    CHECK_EQ(xie_stream_get_option(pair[0], SOL_SOCKET, SO_SNDBUF, &value), 0);
    CHECK(value >= 20000);
    CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, SO_RCVBUF, 20000), 0);
    CHECK_EQ(xie_stream_get_option(pair[0], SOL_SOCKET, SO_RCVBUF, &value), 0);
    CHECK(value >= 20000);
    kit_close(pair);
    return 0;
}

IN_TASK(options_that_are_not_there)
{
    struct xie_stream *pair[2];
    int value = 77;
    kit_tcp_pair(pair);
    CHECK(xie_stream_set_option(pair[0], 9999, 1, 1) < 0);
    CHECK(xie_stream_get_option(pair[0], 9999, 1, &value) < 0);
    CHECK_EQ(value, 77);
    kit_close(pair);
    CHECK_EQ(xie_pipe(pair), 0);
    CHECK_EQ(xie_stream_set_option(pair[0], SOL_SOCKET, SO_SNDBUF, 1), -EOPNOTSUPP);
    CHECK_EQ(xie_stream_get_option(pair[0], SOL_SOCKET, SO_SNDBUF, &value), -EOPNOTSUPP);
    CHECK_EQ(value, 77);
    kit_close(pair);
    return 0;
}

IN_TASK(the_other_side_of_a_unix_socket_is_known)
{
    struct xie_stream *pair[2];
    struct xie_credentials who = {0};
    kit_pair(pair);
    CHECK_EQ(xie_stream_credentials(pair[0], &who), 0);
    CHECK_EQ(who.pid, getpid());
    CHECK_EQ(who.uid, getuid());
    CHECK_EQ(who.gid, getgid());
    kit_close(pair);
    return 0;
}

IN_TASK(the_other_side_of_anything_else_is_not)
{
    struct xie_stream *pair[2];
    struct xie_credentials who = {.pid = 77};
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_credentials(pair[0], &who), -EOPNOTSUPP);
    kit_close(pair);
    CHECK_EQ(xie_pipe(pair), 0);
    CHECK_EQ(xie_stream_credentials(pair[0], &who), -EOPNOTSUPP);
    CHECK_EQ(who.pid, 77);
    kit_close(pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"options_are_set_and_told", options_are_set_and_told},
        {"options_that_are_not_there", options_that_are_not_there},
        {"the_other_side_of_a_unix_socket_is_known", the_other_side_of_a_unix_socket_is_known},
        {"the_other_side_of_anything_else_is_not", the_other_side_of_anything_else_is_not},
        {0},
    };
    return tap_main(argc, argv, tests);
}
