/* serve.c - servers and connections by name, path and descriptor; the two ends of pipes. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/fault.h"
#include "proto/kit.h"

/* --- a server ----------------------------------------------------------------------- */

struct server {
    struct xie_listener *listener;
    struct xie_address address;
    int made, lost, live, refused;
    int refuse; /* so many first */
    int error;  /* the last connection_lost was told */
    struct xie_event changed;
};

static void *admit(void *arg)
{
    struct server *server = arg;
    if (server->refused == server->refuse)
        return server;
    server->refused++;
    return NULL;
}

static void served(void *self, struct xie_transport *transport)
{
    struct server *server = self;
    (void)transport;
    server->made++;
    server->live++;
    xie_event_set(&server->changed);
}

static void left(void *self, struct xie_transport *transport, int error)
{
    struct server *server = self;
    (void)transport;
    server->lost++;
    server->live--;
    server->error = error;
    xie_event_set(&server->changed);
}

static void echo(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)self;
    CHECK(xie_transport_write(transport, data, len) >= 0 || xie_fault_plan.failed);
}

static const struct xie_protocol echoing = {
    .create = admit, .connection_made = served, .connection_lost = left, .data_received = echo};

static int serve(void *arg)
{
    struct server *server = arg;
    return xie_serve_protocol(server->listener, &echoing, server);
}

static void begin(struct server *server, const char *path)
{
    if (path) {
        REQUIRE(xie_unix_listen(path, 0, &server->listener) == 0);
        return;
    }
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &server->listener) == 0);
    REQUIRE(xie_listener_address(server->listener, &server->address) == 0);
}

/* Until the answer comes, or the server has met its third want of memory. return 0, or an error */
static int kit_ask_once(struct xie_stream *stream)
{
    char byte;
    ssize_t got = xie_stream_write(stream, "x", 1);
    while (got >= 0) {
        XIE_TIMEOUT(XIE_MILLISECOND)
            got = xie_stream_read(stream, &byte, 1);
        if (got == 1 || got != -ETIMEDOUT || xie_fault_plan.failed >= 3)
            break;
        got = 0;
    }
    return got == 1 ? 0 : got < 0 ? (int)got : -ECONNRESET;
}

static void ask(struct note *note, const char *text)
{
    size_t before = note->got;
    CHECK_EQ(xie_transport_write(note->transport, text, strlen(text)), 0);
    UNTIL(note, note->got == before + strlen(text));
    CHECK_STR(note->text + before, text);
}

IN_TASK(a_server_gives_each_connection_a_transport)
{
    enum { COUNT = 10 };
    struct server server = {0};
    static struct note clients[COUNT];
    begin(&server, NULL);
    struct xie_task *task = xie_spawn(serve, &server);
    for (int i = 0; i < COUNT; i++) {
        struct xie_transport *transport = NULL;
        CHECK_EQ(xie_create_connection("127.0.0.1", xie_address_port(&server.address), &noting,
                                       &clients[i], &transport),
                 0);
        CHECK(transport && !clients[i].made);
        clients[i].transport = transport;
    }
    for (int i = 0; i < COUNT; i++)
        ask(&clients[i], "echo this");
    CHECK(server.live == COUNT && !xie_task_done(task));
    /* No new ones; the call returns when the last has gone. */
    xie_listener_close(server.listener);
    for (int i = 0; i < COUNT; i++) {
        kit_settle();
        CHECK(!xie_task_done(task));
        xie_transport_close(clients[i].transport);
    }
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(server.lost, COUNT);
    for (int i = 0; i < COUNT; i++)
        kit_end(&clients[i]);
    return 0;
}

IN_TASK(a_server_that_is_cancelled_aborts_its_connections)
{
    struct server server = {0};
    struct note client = {0};
    begin(&server, NULL);
    struct xie_task *task = xie_spawn(serve, &server);
    REQUIRE(!xie_create_connection("127.0.0.1", xie_address_port(&server.address), &noting, &client,
                                   NULL));
    UNTIL(&client, client.made);
    ask(&client, "x");
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(server.made == 1 && server.lost == 1 && server.error == 0);
    kit_end(&client);
    CHECK_EQ(client.error, -ECONNRESET);
    xie_listener_close(server.listener); /* not closed by the server */
    return 0;
}

IN_TASK(cancelled_while_it_waits_for_the_last_it_aborts_them)
{
    struct server server = {0};
    struct note client = {0};
    begin(&server, NULL);
    struct xie_task *task = xie_spawn(serve, &server);
    REQUIRE(!xie_create_connection("127.0.0.1", xie_address_port(&server.address), &noting, &client,
                                   NULL));
    UNTIL(&client, client.made);
    ask(&client, "x");
    xie_listener_close(server.listener);
    kit_settle();
    CHECK(!xie_task_done(task));
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(server.lost, 1);
    kit_end(&client);
    return 0;
}

IN_TASK(who_is_refused_is_reset_and_the_next_is_served)
{
    struct server server = {.refuse = 2};
    begin(&server, NULL);
    struct xie_task *task = xie_spawn(serve, &server);
    for (int i = 0; i < 3; i++) {
        struct note client = {0};
        int error = xie_create_connection("127.0.0.1", xie_address_port(&server.address), &noting,
                                          &client, NULL);
        if (error == -ECONNRESET && i < 2)
            continue; /* it was reset before it could be looked at */
        REQUIRE(!error);
        UNTIL(&client, client.made);
        if (i == 2) {
            ask(&client, "at last");
            xie_transport_close(client.transport);
        }
        kit_end(&client);
        CHECK_EQ(client.error, i == 2 ? 0 : -ECONNRESET);
    }
    CHECK(server.made == 1 && server.refused == 2);
    xie_listener_close(server.listener);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

/* One connection finds no memory, in each place in turn: it is reset, or waits, and the server goes
 * on. */
IN_TASK(a_server_outlives_want_of_memory)
{
    struct server server = {0};
    int failed = 1;
    begin(&server, NULL);
    struct xie_task *task = xie_spawn(serve, &server);
    for (unsigned nth = 1; failed; nth++) {
        struct xie_stream *stream = NULL;
        xie_fault_plan =
            (struct xie_fault){XIE_FAULT_MEMORY, .nth = nth, .forever = nth % 2, .error = -ENOMEM};
        int error = xie_tcp_connect("127.0.0.1", xie_address_port(&server.address), &stream);
        if (!error)
            error = kit_ask_once(stream);
        CHECK(error == 0 || error == -ENOMEM || error == -ECONNRESET || error == -ETIMEDOUT);
        failed = (int)xie_fault_plan.failed;
        xie_fault_plan = (struct xie_fault){0};
        xie_stream_abort(stream);
        REQUIRE(!xie_task_done(task));
        struct note client = {0};
        REQUIRE(!xie_create_connection("127.0.0.1", xie_address_port(&server.address), &noting,
                                       &client, &client.transport));
        ask(&client, "still there?");
        xie_transport_close(client.transport);
        kit_end(&client);
    }
    xie_listener_close(server.listener);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

/* In the pause for want of memory, too. */
IN_TASK(a_server_without_memory_can_be_closed_and_cancelled)
{
    for (int cancel = 0; cancel < 2; cancel++) {
        struct server server = {0};
        begin(&server, NULL);
        xie_fault_plan =
            (struct xie_fault){XIE_FAULT_MEMORY, .nth = 2, .forever = true, .error = -ENOMEM};
        struct xie_task *task = xie_spawn(serve, &server); /* the one that is had */
        while (xie_fault_plan.failed < 3)
            xie_sleep(XIE_MILLISECOND);
        CHECK(!xie_task_done(task));
        if (cancel)
            xie_task_cancel(task);
        else
            xie_listener_close(server.listener);
        CHECK_EQ(xie_join(task), cancel ? -ECANCELED : 0);
        if (cancel)
            xie_listener_close(server.listener);
        xie_fault_plan = (struct xie_fault){0};
    }
    return 0;
}

IN_TASK(a_listener_in_use_serves_no_second)
{
    struct server server = {0}, other = {0};
    begin(&server, NULL);
    struct xie_task *task = xie_spawn(serve, &server);
    xie_sleep(0);
    other.listener = server.listener;
    CHECK_EQ(serve(&other), -EBUSY);
    xie_listener_close(server.listener);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

IN_TASK(unix_sockets_serve_and_connect)
{
    struct server server = {0};
    struct note client = {0};
    char path[64];
    snprintf(path, sizeof path, "/tmp/xie-proto-%d", (int)getpid());
    CHECK_EQ(xie_create_unix_connection(path, &noting, &client, NULL), -ENOENT);
    begin(&server, path);
    struct xie_task *task = xie_spawn(serve, &server);
    REQUIRE(!xie_create_unix_connection(path, &noting, &client, NULL));
    UNTIL(&client, client.made);
    ask(&client, "local");
    struct xie_address peer;
    char text[XIE_ADDRESS_TEXT], expected[80];
    CHECK_EQ(xie_transport_peer(client.transport, &peer), 0);
    snprintf(expected, sizeof expected, "unix:%s", path);
    CHECK_STR(xie_address_format(&peer, text), expected);
    xie_transport_close(client.transport);
    kit_end(&client);
    xie_listener_close(server.listener);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

IN_TASK(both_ends_know_their_addresses)
{
    struct server server = {0};
    struct note client = {0};
    struct xie_address peer, local = {0};
    begin(&server, NULL);
    struct xie_task *task = xie_spawn(serve, &server);
    REQUIRE(!xie_create_connection("127.0.0.1", xie_address_port(&server.address), &noting, &client,
                                   NULL));
    UNTIL(&client, client.made);
    CHECK_EQ(xie_transport_peer(client.transport, &peer), 0);
    CHECK_EQ(xie_address_port(&peer), xie_address_port(&server.address));
    CHECK_EQ(xie_transport_local(client.transport, &local), 0);
    CHECK(xie_address_port(&local) != 0);
    CHECK(xie_transport_fd(client.transport) >= 0);
    xie_transport_close(client.transport);
    kit_end(&client);
    xie_listener_close(server.listener);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

IN_TASK(a_connection_refused_is_an_error_and_nothing_is_called)
{
    struct server server = {0};
    struct note client = {0};
    struct xie_transport *transport = NULL;
    begin(&server, NULL);
    xie_listener_close(server.listener);
    CHECK_EQ(xie_create_connection("127.0.0.1", xie_address_port(&server.address), &noting, &client,
                                   &transport),
             -ECONNREFUSED);
    CHECK_EQ(xie_create_connection(NULL, 1, &noting, &client, &transport), -EINVAL);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        CHECK_EQ(xie_create_connection("127.0.0.1", 1, &noting, &client, &transport), -ECANCELED);
    }
    kit_settle();
    CHECK(!transport && !client.made && !client.lost);
    return 0;
}

/* --- descriptors -------------------------------------------------------------------- */

IN_TASK(a_socket_made_elsewhere)
{
    struct note one = {0}, other = {0};
    int fds[2];
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    CHECK_EQ(xie_connect_accepted_socket(fds[0], &noting, &one, &one.transport), 0);
    CHECK_EQ(xie_connect_accepted_socket(fds[1], &noting, &other, NULL), 0);
    CHECK_EQ(xie_transport_fd(one.transport), fds[0]);
    CHECK_EQ(xie_transport_write(one.transport, "across", 6), 0); /* before connection_made */
    UNTIL(&other, other.got == 6);
    xie_transport_close(one.transport);
    kit_end(&one);
    kit_end(&other);
    CHECK_EQ(other.ends, 1);
    return 0;
}

IN_TASK(what_is_no_socket_is_refused)
{
    struct xie_transport *transport = NULL;
    struct note note = {0};
    int fds[2];
    REQUIRE(!pipe(fds));
    CHECK_EQ(xie_connect_accepted_socket(fds[0], &noting, &note, &transport), -ENOTSOCK);
    CHECK_EQ(xie_connect_accepted_socket(-1, &noting, &note, &transport), -EBADF);
    CHECK_EQ(xie_connect_read_pipe(-1, &noting, &note, &transport), -EBADF);
    CHECK_EQ(xie_connect_write_pipe(-1, &noting, &note, &transport), -EBADF);
    CHECK(!transport && !close(fds[0]) && !close(fds[1])); /* still the caller's */
    return 0;
}

static void pipe_pair(struct note *reader, struct note *writer)
{
    int fds[2];
    REQUIRE(!pipe2(fds, O_CLOEXEC));
    REQUIRE(!xie_connect_read_pipe(fds[0], &noting, reader, &reader->transport));
    REQUIRE(!xie_connect_write_pipe(fds[1], &noting, writer, &writer->transport));
}

IN_TASK(the_two_ends_of_a_pipe)
{
    struct note reader = {0}, writer = {0};
    struct xie_address address;
    static char block[300000];
    pipe_pair(&reader, &writer);
    CHECK_EQ(xie_transport_write(reader.transport, "x", 1), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_write_eof(reader.transport), -EOPNOTSUPP);
    CHECK(!xie_transport_can_write_eof(reader.transport));
    CHECK(!xie_transport_is_reading(writer.transport));
    CHECK_EQ(xie_transport_peer(reader.transport, &address), -EOPNOTSUPP);
    CHECK_EQ(xie_transport_local(reader.transport, &address), -EOPNOTSUPP);
    kit_fill(block, sizeof block, 0);
    CHECK_EQ(xie_transport_write(writer.transport, block, sizeof block), 1);
    CHECK(xie_transport_can_write_eof(writer.transport));
    CHECK_EQ(xie_transport_write_eof(writer.transport), 0); /* after what waits */
    kit_end(&reader);
    CHECK(reader.got == sizeof block && !reader.wrong && reader.ends == 1);
    kit_end(&writer);
    CHECK(writer.error == 0 && writer.pauses == 1 && writer.resumes == 1);
    return 0;
}

IN_TASK(a_writer_hears_at_once_that_the_reader_went)
{
    struct note reader = {0}, writer = {0};
    pipe_pair(&reader, &writer);
    UNTIL(&writer, writer.made);
    kit_settle();
    xie_transport_close(reader.transport);
    kit_end(&writer); /* without having written a byte */
    CHECK_EQ(writer.error, 0);
    kit_end(&reader);

    struct note again = {0};
    memset(&reader, 0, sizeof reader);
    pipe_pair(&reader, &again);
    xie_transport_pause_reading(reader.transport);
    kit_stuff(&again);
    xie_transport_close(reader.transport);
    kit_end(&again);
    CHECK_EQ(again.error, -EPIPE);
    kit_end(&reader);
    return 0;
}

/* A socket in the place of a pipe: its peer's end of writing is not its end of reading. */
IN_TASK(a_peer_that_writes_no_more_still_reads)
{
    struct note note = {0};
    struct xie_stream *peer;
    int fds[2];
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    REQUIRE(!xie_connect_write_pipe(fds[0], &noting, &note, &note.transport));
    REQUIRE(!xie_stream_adopt(fds[1], &peer));
    UNTIL(&note, note.made);
    CHECK_EQ(xie_stream_write_eof(peer), 0);
    kit_settle();
    REQUIRE(!note.lost);
    size_t sent = kit_stuff(&note);
    kit_settle();
    kit_drain(peer, 0, sent);
    CHECK_EQ(note.lost, 0);
    xie_transport_close(note.transport);
    kit_end(&note);
    CHECK_EQ(note.error, 0);
    xie_stream_close(peer);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_server_gives_each_connection_a_transport", a_server_gives_each_connection_a_transport},
        {"a_server_that_is_cancelled_aborts_its_connections",
         a_server_that_is_cancelled_aborts_its_connections},
        {"cancelled_while_it_waits_for_the_last_it_aborts_them",
         cancelled_while_it_waits_for_the_last_it_aborts_them},
        {"who_is_refused_is_reset_and_the_next_is_served",
         who_is_refused_is_reset_and_the_next_is_served},
        {"a_server_outlives_want_of_memory", a_server_outlives_want_of_memory},
        {"a_server_without_memory_can_be_closed_and_cancelled",
         a_server_without_memory_can_be_closed_and_cancelled},
        {"a_listener_in_use_serves_no_second", a_listener_in_use_serves_no_second},
        {"unix_sockets_serve_and_connect", unix_sockets_serve_and_connect},
        {"both_ends_know_their_addresses", both_ends_know_their_addresses},
        {"a_connection_refused_is_an_error_and_nothing_is_called",
         a_connection_refused_is_an_error_and_nothing_is_called},
        {"a_socket_made_elsewhere", a_socket_made_elsewhere},
        {"what_is_no_socket_is_refused", what_is_no_socket_is_refused},
        {"the_two_ends_of_a_pipe", the_two_ends_of_a_pipe},
        {"a_writer_hears_at_once_that_the_reader_went",
         a_writer_hears_at_once_that_the_reader_went},
        {"a_peer_that_writes_no_more_still_reads", a_peer_that_writes_no_more_still_reads},
        {0},
    };
    return tap_main(argc, argv, tests);
}
