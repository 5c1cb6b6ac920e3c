/* faults.c - each allocation, system call and operation of what transports do fails in turn: the
 * errors are clean, connection_lost comes once, and nothing leaks. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <unistd.h>

#include "fault.h"
#include "proto/kit.h"

/* --- a server and a client ---------------------------------------------------------- */

struct world {
    struct xie_listener *listener;
    struct note client;
    int made, lost, error;
};

static void server_made(void *self, struct xie_transport *transport)
{
    struct world *world = self;
    world->made++;
    if (xie_transport_set_write_buffer_limits(transport, 1000, 0))
        xie_transport_abort(transport);
}

static void server_data(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    static char large[100000];
    (void)self;
    if (memchr(data, '?', len)) {
        xie_transport_write(transport, large, sizeof large);
        xie_transport_write_eof(transport);
    }
}

static void server_lost(void *self, struct xie_transport *transport, int error)
{
    struct world *world = self;
    (void)transport;
    world->lost++;
    if (error)
        world->error = error;
}

static const struct xie_protocol serving = {
    .connection_made = server_made, .connection_lost = server_lost, .data_received = server_data};

static int serve(void *arg)
{
    struct world *world = arg;
    int error = xie_serve_protocol(world->listener, &serving, world);
    xie_listener_close(world->listener); /* who is in its backlog must hear of it */
    return error;
}

static void got_all(struct note *note, const char *data, size_t len)
{
    (void)data, (void)len;
    if (note->got == 100000)
        xie_transport_close(note->transport);
}

/* return 0 when all came, else the first error */
static int converse(struct world *world)
{
    struct xie_address address;
    struct note *client = &world->client;
    client->on_data = got_all;
    int error = xie_listener_address(world->listener, &address);
    if (!error)
        error = xie_create_connection("127.0.0.1", xie_address_port(&address), &noting, client,
                                      &client->transport);
    if (error)
        return error;
    xie_transport_write(client->transport, "question?", 9);
    error = xie_transport_wait(client->transport);
    if (!client->lost) /* given up */
        return error;
    return error ? error : client->got == 100000 ? 0 : world->error ? world->error : XIE_EOF;
}

/* A server goes on without memory: where there is none any more, the client gives up. */
static int give_up(void *arg)
{
    while (xie_fault_plan.failed < 10)
        if (xie_sleep(XIE_MILLISECOND))
            return 0;
    xie_scope_cancel(arg);
    return 0;
}

static int converse_or_give_up(struct world *world)
{
    int error = -ECANCELED;
    XIE_SCOPE(patience, XIE_NEVER) {
        struct xie_task *other = xie_spawn(give_up, &patience);
        error = other ? converse(world) : -ENOMEM;
        xie_task_cancel(other);
        if (other)
            xie_join(other);
        if (world->client.made && !world->client.lost)
            xie_transport_abort(world->client.transport);
    }
    XIE_SHIELD
        UNTIL(&world->client, world->client.lost == world->client.made);
    return error;
}

static int serve_and_connect(void *arg)
{
    struct world world = {0};
    (void)arg;
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &world.listener);
    if (error)
        return error;
    struct xie_task *task = xie_spawn(serve, &world);
    if (!task) {
        xie_listener_close(world.listener);
        return -ENOMEM;
    }
    error = converse_or_give_up(&world);
    xie_task_cancel(task);
    int served = xie_join(task);
    CHECK_EQ(world.made, world.lost);
    return error || served == -ECANCELED ? error : served;
}

/* --- pipes, Unix sockets, datagrams ------------------------------------------------- */

static int pipes(void *arg)
{
    struct note reader = {0}, writer = {0};
    int fds[2];
    (void)arg;
    if (pipe2(fds, O_CLOEXEC))
        return -errno;
    int error = xie_connect_read_pipe(fds[0], &noting, &reader, &reader.transport);
    if (error) {
        close(fds[0]);
        close(fds[1]);
        return error;
    }
    error = xie_connect_write_pipe(fds[1], &noting, &writer, &writer.transport);
    if (error) {
        close(fds[1]);
    } else {
        xie_transport_write(writer.transport, "words", 5);
        xie_transport_write_eof(writer.transport);
        error = xie_transport_wait(writer.transport);
        CHECK_EQ(writer.lost, 1);
    }
    if (!reader.lost) {
        int other = xie_transport_wait(reader.transport);
        error = error ? error : other;
    }
    CHECK_EQ(reader.lost, 1);
    return error ? error : reader.error ? reader.error : reader.got == 5 ? 0 : XIE_EOF;
}

static int datagrams(void *arg)
{
    struct note one = {0}, other = {0};
    struct xie_address any, bound = {0};
    (void)arg;
    xie_address_parse(&any, "127.0.0.1", 0);
    int error = xie_create_datagram_endpoint(&any, NULL, &noting, &other, &other.transport);
    if (error)
        return error;
    error = xie_transport_local(other.transport, &bound);
    if (!error)
        error = xie_create_datagram_endpoint(NULL, &bound, &noting, &one, &one.transport);
    if (!error)
        error = xie_transport_sendto(one.transport, "words", 5, NULL);
    while (!error && !other.datas && !other.lost && !other.errors) {
        xie_event_clear(&other.changed);
        error = xie_event_wait(&other.changed);
    }
    if (!error && !other.datas)
        error = other.error ? other.error : -EIO;
    if (one.transport) {
        xie_transport_close(one.transport);
        int end = xie_transport_wait(one.transport);
        error = error ? error : end;
        CHECK_EQ(one.lost, 1);
    }
    if (other.transport) {
        xie_transport_close(other.transport);
        int end = xie_transport_wait(other.transport);
        error = error ? error : end;
    }
    CHECK_EQ(other.lost, 1);
    return error;
}

/* Bytes that wait, and bytes given back, need memory: without it the connection ends. */
static int buffers(void *arg)
{
    struct note note = {0};
    struct xie_stream *pair[2];
    static char large[500 * 1024];
    (void)arg;
    int error = xie_stream_pair(pair);
    if (error)
        return error;
    error = xie_transport_adopt(pair[0], &noting, &note, &note.transport);
    if (error) {
        kit_close(pair);
        return error;
    }
    xie_transport_ref(note.transport);
    struct xie_transport *transport = note.transport;
    int written = xie_transport_write(transport, large, sizeof large);
    if (written == 1)
        written = xie_transport_write(transport, large, sizeof large); /* it grows */
    xie_transport_abort(transport);
    error = xie_transport_wait(transport);
    CHECK(written >= 0 || error < 0);
    xie_transport_unref(transport);
    xie_stream_close(pair[1]);
    CHECK_EQ(note.lost, 1);
    return error;
}

/* --- one failure, and what follows -------------------------------------------------- */

static int unread_result;

static void unread_without_memory(struct note *note, const char *data, size_t len)
{
    (void)data;
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    unread_result = xie_transport_unread(note->transport, len);
    xie_fault_plan.kinds = 0;
}

IN_TASK(without_memory_unread_ends_the_connection)
{
    struct note note = {.on_data = unread_without_memory};
    struct xie_stream *peer = kit_transport(&note);
    kit_send(peer, "x");
    kit_end(&note);
    CHECK_EQ(unread_result, -ENOMEM);
    CHECK_EQ(note.error, -ENOMEM);
    CHECK_EQ(note.datas, 1);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(without_memory_write_ends_the_connection)
{
    struct note note = {0};
    struct xie_stream *peer = kit_transport(&note);
    static char large[1 << 20];
    kit_stuff(&note);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    int written = xie_transport_write(note.transport, large, sizeof large);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(written, -ENOMEM);
    CHECK_EQ(xie_transport_write(note.transport, "x", 1), XIE_ECLOSED);
    CHECK_EQ(note.lost, 0);
    kit_end(&note);
    CHECK_EQ(note.error, -ENOMEM);
    xie_stream_close(peer);
    return 0;
}

IN_TASK(without_memory_a_datagram_is_not_kept_and_that_is_all)
{
    struct note one = {0}, other = {0};
    int fds[2], sent = 0;
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
    REQUIRE(!xie_connect_datagram_socket(fds[0], &noting, &one, &one.transport));
    REQUIRE(!xie_connect_datagram_socket(fds[1], &noting, &other, &other.transport));
    xie_transport_pause_reading(other.transport);
    while (!xie_transport_get_write_buffer_size(one.transport)) {
        CHECK_EQ(xie_transport_sendto(one.transport, "x", 1, NULL), 0);
        sent++;
    }
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    int result = xie_transport_sendto(one.transport, "y", 1, NULL);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(result, -ENOMEM);
    CHECK_EQ(xie_transport_sendto(one.transport, "z", 1, NULL), 0);
    xie_transport_resume_reading(other.transport);
    UNTIL(&other, other.datas == sent + 1);
    xie_transport_close(one.transport);
    xie_transport_close(other.transport);
    kit_end(&one);
    kit_end(&other);
    CHECK(!one.error && !other.error);
    return 0;
}

static void sweep_servers(void)
{
    tap_limit(120);
    fault_sweep_all(&(struct fault_program){"server", serve_and_connect, NULL, .tolerant = true});
}

static void sweep_pipes(void)
{
    tap_limit(120);
    fault_sweep_all(&(struct fault_program){"pipes", pipes, NULL, .tolerant = true});
}

static void sweep_datagrams(void)
{
    tap_limit(120);
    fault_sweep_all(&(struct fault_program){"datagrams", datagrams, NULL, .tolerant = true});
}

static void sweep_buffers(void)
{
    tap_limit(120);
    fault_sweep_all(&(struct fault_program){"buffers", buffers, NULL, .tolerant = true});
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"without_memory_unread_ends_the_connection", without_memory_unread_ends_the_connection},
        {"without_memory_write_ends_the_connection", without_memory_write_ends_the_connection},
        {"without_memory_a_datagram_is_not_kept_and_that_is_all",
         without_memory_a_datagram_is_not_kept_and_that_is_all},
        {"servers_when_anything_fails", sweep_servers},
        {"pipes_when_anything_fails", sweep_pipes},
        {"datagrams_when_anything_fails", sweep_datagrams},
        {"buffers_when_anything_fails", sweep_buffers},
        {0},
    };
    return tap_main(argc, argv, tests);
}
