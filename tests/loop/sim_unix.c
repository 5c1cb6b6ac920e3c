/* sim_unix.c - Unix sockets in memory behave as unix(7) says. */
/* SPDX-License-Identifier: MIT */
#include "sim_world.h"

#include <stddef.h>

static socklen_t path(struct sockaddr_un *address, const char *text)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    strcpy(address->sun_path, text);
    if (*text == '@')
        address->sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text) + (*text != '@'));
}

static int bind_at(int type, const char *text)
{
    struct sockaddr_un address;
    socklen_t len = path(&address, text);
    int fd = xie_sys_socket(AF_UNIX, type, 0);
    int error = xie_sys_bind(fd, (struct sockaddr *)&address, len);
    if (error)
        xie_sys_close(fd);
    return error ? error : fd;
}

static int listen_at(const char *text, int backlog)
{
    int fd = bind_at(SOCK_STREAM, text);
    REQUIRE(fd >= 0);
    CHECK_EQ(xie_sys_listen(fd, backlog), 0);
    return fd;
}

static int connect_at(int type, const char *text)
{
    struct sockaddr_un address;
    socklen_t len = path(&address, text);
    int fd = xie_sys_socket(AF_UNIX, type, 0);
    int error = xie_sys_connect(fd, (struct sockaddr *)&address, len);
    if (error)
        xie_sys_close(fd);
    return error ? error : fd;
}

static void a_connection_is_there_at_once(void)
{
    world_begin(1);
    int listener = listen_at("/tmp/a", 1), client = connect_at(SOCK_STREAM, "/tmp/a");
    CHECK(client >= 0);
    int server = xie_sys_accept(listener, NULL, NULL);
    CHECK(server >= 0);
    CHECK_EQ(say(client, "hello"), 5);
    CHECK_HEARD(server, "hello");
    CHECK_EQ(say(server, "back"), 4);
    CHECK_HEARD(client, "back");
    struct sockaddr_un name;
    socklen_t len = sizeof(name);
    CHECK_EQ(xie_sys_getpeername(client, (struct sockaddr *)&name, &len), 0);
    CHECK_STR(name.sun_path, "/tmp/a");
    len = sizeof(name);
    CHECK_EQ(xie_sys_getpeername(server, (struct sockaddr *)&name, &len), 0);
    CHECK_EQ(len, sizeof(sa_family_t)); /* nameless */
    world_end();
}

static void a_name_outlives_its_socket(void)
{
    world_begin(1);
    CHECK_EQ(connect_at(SOCK_STREAM, "/tmp/b"), -ENOENT);
    int listener = listen_at("/tmp/b", 1);
    CHECK_EQ(bind_at(SOCK_STREAM, "/tmp/b"), -EADDRINUSE);
    CHECK_EQ(connect_at(SOCK_DGRAM, "/tmp/b"), -EPROTOTYPE);
    xie_sys_close(listener);
    CHECK_EQ(connect_at(SOCK_STREAM, "/tmp/b"), -ECONNREFUSED);
    CHECK_EQ(bind_at(SOCK_STREAM, "/tmp/b"), -EADDRINUSE);
    CHECK_EQ(xie_sys_unlink("/tmp/b"), 0);
    CHECK_EQ(xie_sys_unlink("/tmp/b"), -ENOENT);
    CHECK_EQ(connect_at(SOCK_STREAM, "/tmp/b"), -ENOENT);
    xie_sys_close(listen_at("/tmp/b", 1));
    world_end();
}

static void an_abstract_name_goes_with_its_socket(void)
{
    world_begin(1);
    int listener = listen_at("@name", 1);
    CHECK(connect_at(SOCK_STREAM, "@name") >= 0);
    CHECK_EQ(connect_at(SOCK_STREAM, "@names"), -ECONNREFUSED);
    CHECK_EQ(bind_at(SOCK_STREAM, "@name"), -EADDRINUSE);
    xie_sys_close(listener);
    CHECK_EQ(connect_at(SOCK_STREAM, "@name"), -ECONNREFUSED);
    xie_sys_close(listen_at("@name", 1));
    world_end();
}

static void a_directory_must_exist(void)
{
    world_begin(1);
    CHECK_EQ(bind_at(SOCK_STREAM, "/no/such/directory/x"), -ENOENT);
    int fd = bind_at(SOCK_STREAM, "here"); /* in the current one */
    CHECK(fd >= 0);
    world_end();
    CHECK(access("here", F_OK)); /* and no file was made */
}

static void a_full_backlog_says_again(void)
{
    world_begin(1);
    int listener = listen_at("/tmp/c", 1);
    CHECK(connect_at(SOCK_STREAM, "/tmp/c") >= 0);
    CHECK(connect_at(SOCK_STREAM, "/tmp/c") >= 0);
    CHECK_EQ(connect_at(SOCK_STREAM, "/tmp/c"), -EAGAIN);
    CHECK(xie_sys_accept(listener, NULL, NULL) >= 0);
    CHECK(connect_at(SOCK_STREAM, "/tmp/c") >= 0);
    world_end();
}

static void a_bound_socket_that_does_not_listen_refuses(void)
{
    world_begin(1);
    int fd = bind_at(SOCK_STREAM, "/tmp/d");
    CHECK_EQ(connect_at(SOCK_STREAM, "/tmp/d"), -ECONNREFUSED);
    CHECK_EQ(hear(fd), -ENOTCONN);
    CHECK_EQ(say(fd, "x"), -ENOTCONN);
    int nameless = xie_sys_socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(xie_sys_listen(nameless, 1), -EINVAL);
    world_end();
}

static void a_pair_is_connected(void)
{
    world_begin(1);
    int fds[2], tcp[2];
    CHECK_EQ(xie_sys_socketpair(AF_INET, SOCK_STREAM, 0, tcp), -EOPNOTSUPP);
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    CHECK_EQ(say(fds[0], "over"), 4);
    CHECK_HEARD(fds[1], "over");
    CHECK_EQ(say(fds[1], "and out"), 7);
    xie_sys_close(fds[1]);
    CHECK_EQ(say(fds[0], "x"), -EPIPE); /* known at once */
    CHECK_HEARD(fds[0], "and out");
    CHECK_EQ(hear(fds[0]), 0);
    world_end();
}

static void unread_bytes_make_a_close_a_reset(void)
{
    world_begin(1);
    int fds[2];
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    say(fds[0], "ignored");
    xie_sys_close(fds[1]);
    CHECK_EQ(say(fds[0], "x"), -EPIPE);
    CHECK_EQ(hear(fds[0]), -ECONNRESET);
    CHECK_EQ(hear(fds[0]), 0);
    world_end();
}

static void who_stops_reading_is_not_written_to(void)
{
    world_begin(1);
    int fds[2];
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    CHECK_EQ(xie_sys_shutdown(fds[1], SHUT_RD), 0);
    CHECK_EQ(hear(fds[1]), 0);
    CHECK_EQ(say(fds[0], "x"), -EPIPE);
    CHECK_EQ(say(fds[1], "x"), 1);
    world_end();
}

static void datagrams_keep_their_edges(void)
{
    world_begin(1);
    int fds[2];
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
    CHECK_EQ(say(fds[0], "one"), 3);
    CHECK_EQ(say(fds[0], ""), 0);
    CHECK_EQ(say(fds[0], "three"), 5);
    CHECK_HEARD(fds[1], "one");
    CHECK_HEARD(fds[1], "");
    CHECK_HEARD(fds[1], "three");
    CHECK_EQ(hear(fds[1]), -EAGAIN);
    xie_sys_close(fds[1]);
    CHECK_EQ(say(fds[0], "x"), -ECONNREFUSED);
    world_end();
}

static unsigned dones;
static void count_done(struct xie_op *op)
{
    (void)op;
    dones++;
}

static void a_full_receiver_is_waited_for(void)
{
    world_begin(1);
    int fds[2];
    char block[1024] = "";
    ssize_t sent;
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
    while ((sent = xie_sys_send(fds[0], block, sizeof(block), 0)) > 0)
        ;
    CHECK_EQ(sent, -EAGAIN);
    struct xie_op op = {.kind = XIE_OP_SEND, .fd = fds[0], .done = count_done};
    op.buf = block;
    op.len = sizeof(block);
    CHECK(!xie_op_submit(&loop, &op));
    pass(XIE_SECOND); /* does not spin */
    CHECK_EQ(dones, 0);
    CHECK_EQ(xie_sys_recv(fds[1], block, sizeof(block), 0), sizeof(block));
    pass(XIE_SECOND);
    CHECK_EQ(dones, 1);
    CHECK_EQ(op.result, sizeof(block));
    CHECK(!xie_op_submit(&loop, &op));
    xie_sys_close(fds[1]);
    pass(XIE_SECOND);
    CHECK_EQ(op.result, -ECONNREFUSED);
    xie_op_forget(&loop, fds[0]);
    world_end();
}

static void datagrams_go_by_name(void)
{
    world_begin(1);
    int a = bind_at(SOCK_DGRAM, "/tmp/e"), b = xie_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un to;
    socklen_t len = path(&to, "/tmp/e");
    struct iovec part = {"hi", 2};
    struct msghdr message = {
        .msg_name = &to, .msg_namelen = len, .msg_iov = &part, .msg_iovlen = 1};
    CHECK_EQ(say(b, "x"), -ENOTCONN);
    CHECK_EQ(xie_sys_sendmsg(b, &message, 0), 2);
    CHECK_HEARD(a, "hi");
    CHECK_EQ(xie_sys_connect(b, (struct sockaddr *)&to, len), 0);
    CHECK_EQ(say(b, "again"), 5);
    CHECK_HEARD(a, "again");
    xie_sys_close(a);
    CHECK_EQ(say(b, "x"), -ECONNREFUSED);
    world_end();
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a connection is there at once", a_connection_is_there_at_once},
        {"a name outlives its socket", a_name_outlives_its_socket},
        {"an abstract name goes with its socket", an_abstract_name_goes_with_its_socket},
        {"a directory must exist", a_directory_must_exist},
        {"a full backlog says again", a_full_backlog_says_again},
        {"a bound socket that does not listen refuses",
         a_bound_socket_that_does_not_listen_refuses},
        {"a pair is connected", a_pair_is_connected},
        {"unread bytes make a close a reset", unread_bytes_make_a_close_a_reset},
        {"who stops reading is not written to", who_stops_reading_is_not_written_to},
        {"datagrams keep their edges", datagrams_keep_their_edges},
        {"a full receiver is waited for", a_full_receiver_is_waited_for},
        {"datagrams go by name", datagrams_go_by_name},
        {0},
    };
    return tap_main(argc, argv, tests);
}
