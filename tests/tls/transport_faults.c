/* transport_faults.c - each allocation, system call and operation of TLS beneath protocols fails in
 * turn, ours and OpenSSL's: the errors are clean, connection_lost comes once, nothing leaks. */
/* SPDX-License-Identifier: MIT */
#include <openssl/crypto.h>

#include "duo.h"
#include "fault.h"

/* --- a server and a client ---------------------------------------------------------------- */

struct world {
    struct xie_listener *listener;
    struct xie_tls_context *contexts[2];
    struct told client;
    int lost, error;
};

static void server_data(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    static char large[100000];
    (void)self;
    if (!memchr(data, '?', len))
        return;
    xie_transport_write(transport, large, sizeof large);
    xie_transport_write_eof(transport);
}

static void server_lost(void *self, struct xie_transport *transport, int error)
{
    struct world *world = self;
    (void)transport;
    world->lost++;
    if (error)
        world->error = error;
}

static const struct xie_protocol serving = {.connection_lost = server_lost,
                                            .data_received = server_data};

static int serve(void *arg)
{
    struct world *world = arg;
    int error = xie_tls_serve_protocol(world->listener, world->contexts[1], &serving, world);
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
    struct told *client = &world->client;
    client->note.on_data = got_all;
    int error = xie_listener_address(world->listener, &address);
    if (!error)
        error =
            xie_tls_create_connection(world->contexts[0], "127.0.0.1", xie_address_port(&address),
                                      NULL, &telling, client, &client->transport);
    if (error)
        return error;
    xie_transport_write(client->transport, "question?", 9);
    error = xie_transport_wait(client->transport);
    CHECK_EQ(client->note.lost, 1);
    bool all = client->note.got == 100000;
    return error ? error : all ? 0 : world->error ? world->error : XIE_EOF;
}

static int serve_and_connect(struct world *world)
{
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &world->listener);
    if (error)
        return error;
    struct xie_task *task = xie_spawn(serve, world);
    if (!task) {
        xie_listener_close(world->listener);
        return -ENOMEM;
    }
    error = converse(world);
    xie_task_cancel(task);
    int served = xie_join(task);
    return error || served == -ECANCELED ? error : served;
}

static int with_contexts(int (*run)(struct world *world))
{
    struct world world = {0};
    struct xie_tls_options client = client_options(), server = server_options();
    int error = xie_tls_context_new(&client, &world.contexts[0], NULL);
    error = error ? error : xie_tls_context_new(&server, &world.contexts[1], NULL);
    error = error ? error : run(&world);
    xie_tls_context_unref(world.contexts[0]);
    xie_tls_context_unref(world.contexts[1]);
    return error;
}

static int server(void *arg)
{
    (void)arg;
    return with_contexts(serve_and_connect);
}

/* --- a connection in use, from streams, on both sides ---------------------------------------- */

static struct xie_tls_context *upgrade_context;

static void take_line(struct note *note, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len);
    if (!end || note->keep_open)
        return;
    size_t rest = len - (size_t)(end + 1 - data);
    note->keep_open = true;
    note->got = 0;
    note->wrong = false;
    if (xie_transport_unread(note->transport, rest))
        return;
    if (xie_tls_transport_start(note->transport, upgrade_context, NULL))
        xie_transport_abort(note->transport);
    else
        xie_transport_write(note->transport, "ready", 5);
}

static void hang_up(struct note *note, const char *data, size_t len)
{
    (void)data, (void)len;
    if (note->got == 5)
        xie_transport_close(note->transport);
}

static void follow(struct note *note)
{
    xie_transport_close(note->transport);
}

static int upgrade_both(struct world *world)
{
    struct told one = {.note.on_data = hang_up};
    struct told other = {.note = {.on_data = take_line, .on_end = follow}};
    struct xie_stream *pair[2];
    upgrade_context = world->contexts[1];
    int error = xie_stream_pair(pair);
    if (error)
        return error;
    error = xie_transport_adopt(pair[0], &telling, &one, &one.transport);
    if (error)
        xie_stream_abort(pair[0]);
    int second = xie_transport_adopt(pair[1], &telling, &other, &other.transport);
    if (second)
        xie_stream_abort(pair[1]);
    if (!error) {
        xie_transport_write(one.transport, "STARTTLS\n", 9);
        error = xie_tls_transport_start(one.transport, world->contexts[0], "localhost");
        if (error)
            xie_transport_abort(one.transport);
        xie_transport_ref(one.transport);
        int handshake = xie_tls_transport_wait(one.transport, NULL);
        int end = xie_transport_wait(one.transport);
        error = error ? error : end ? end : handshake;
        xie_transport_unref(one.transport);
    }
    if (!second && !other.note.lost) {
        second = xie_transport_wait(other.transport);
        CHECK_EQ(other.note.lost, 1);
    }
    second = second ? second : other.note.error;
    return error ? error : second ? second : one.note.got == 5 ? 0 : XIE_EOF;
}

static int upgrade(void *arg)
{
    (void)arg;
    return with_contexts(upgrade_both);
}

/* --- a TLS stream taken over while it sends ----------------------------------------------------
 */

static int read_all(void *stream)
{
    static char block[16 * 1024];
    ssize_t len;
    while ((len = xie_stream_read(stream, block, sizeof block)) > 0)
        continue;
    xie_stream_close(stream);
    return (int)len;
}

static int write_much(void *stream)
{
    static char block[500000];
    ssize_t sent = xie_stream_write(stream, block, sizeof block);
    return sent < 0 ? (int)sent : 0;
}

struct start {
    struct xie_stream *stream;
    struct xie_tls_context *context;
};

static int start_server(void *arg)
{
    struct start *start = arg;
    int error = xie_tls_start(start->stream, start->context, NULL, NULL);
    if (error) { /* for want of memory there may be no alert: the client must hear of it so */
        xie_stream_abort(start->stream);
        start->stream = NULL;
    }
    return error;
}

static int shake(struct world *world, struct xie_stream *pair[2])
{
    struct start start = {pair[1], world->contexts[1]};
    struct xie_task *task = xie_spawn(start_server, &start);
    if (!task)
        return -ENOMEM;
    int error = xie_tls_start(pair[0], world->contexts[0], "localhost", NULL);
    if (error)
        xie_task_cancel(task);
    int other = xie_join(task);
    pair[1] = start.stream;
    return error ? error : other;
}

/* pair[0] is gone afterwards. */
static int take_over(struct xie_stream *pair[2])
{
    struct told told = {0};
    struct xie_task *writer = xie_spawn(write_much, pair[0]);
    if (writer) {
        xie_sleep(XIE_MILLISECOND);
        xie_task_cancel(writer);
        xie_join(writer);
    }
    int error = xie_transport_adopt(pair[0], &telling, &told, &told.transport);
    if (error) {
        xie_stream_abort(pair[0]); /* nobody reads: a close would wait for shutdown_ns */
        return error;
    }
    xie_transport_ref(told.transport);
    xie_transport_write(told.transport, "more", 4);
    struct xie_task *reader = xie_spawn(read_all, pair[1]);
    if (!reader)
        xie_transport_abort(told.transport);
    else
        xie_transport_close(told.transport);
    error = xie_transport_wait(told.transport);
    CHECK_EQ(told.note.lost, 1);
    xie_transport_unref(told.transport);
    int other = reader ? xie_join(reader) : -ENOMEM;
    if (!reader)
        xie_stream_close(pair[1]);
    pair[1] = NULL;
    return error ? error : other;
}

/* As many layers of TLS as that. */
static int adopt_layers(struct world *world, int layers)
{
    struct xie_stream *pair[2];
    int error = xie_stream_pair(pair);
    if (error)
        return error;
    while (!error && layers--)
        error = shake(world, pair);
    if (error)
        xie_stream_abort(pair[0]);
    else
        error = take_over(pair);
    xie_stream_close(pair[1]);
    return error;
}

static int adopt_both(struct world *world)
{
    return adopt_layers(world, 1);
}

/* The lower one has changed hands when the upper one cannot. */
static int adopt_tls_on_tls(struct world *world)
{
    return adopt_layers(world, 2);
}

static int adopt_upper(void *arg)
{
    (void)arg;
    return with_contexts(adopt_tls_on_tls);
}

static int adopt(void *arg)
{
    (void)arg;
    return with_contexts(adopt_both);
}

/* --- each in turn ---------------------------------------------------------------------------- */

static const struct fault_program programs[] = {
    {"server", server, NULL, .tolerant = true},
    {"upgrade", upgrade, NULL, .tolerant = true},
    {"adopt", adopt, NULL, .tolerant = true},
    {"adopt TLS on TLS", adopt_upper, NULL, .tolerant = true},
};

static void sweep_servers(void)
{
    tap_limit(120);
    fault_sweep_all(&programs[0]);
}

static void sweep_upgrades(void)
{
    tap_limit(120);
    fault_sweep_all(&programs[1]);
}

static void sweep_adoptions(void)
{
    tap_limit(120);
    fault_sweep_all(&programs[2]);
}

/* Memory alone: what fails beneath is tried above. */
static void sweep_adoptions_of_tls_on_tls(void)
{
    tap_limit(120);
    fault_sweep(&programs[3], XIE_FAULT_MEMORY, -ENOMEM);
}

/* --- OpenSSL's memory --------------------------------------------------------------------------
 */

static bool theirs_fail; /* its allocations are counted by the plan too */

static void *theirs(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return theirs_fail && xie_fault_check(XIE_FAULT_MEMORY) ? NULL : malloc(size);
}

static void *theirs_again(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return theirs_fail && xie_fault_check(XIE_FAULT_MEMORY) ? NULL : realloc(memory, size);
}

static void theirs_freed(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* There are thousands: not each is tried, but other ones each time the step is crossed. */
static void memory_of_openssl(void)
{
    unsigned step = tap_slow() ? 1999 : 211;
    tap_limit(120);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        size_t live = xie_alloc_live();
        unsigned tried = 0;
        theirs_fail = true;
        for (uint64_t nth = 1;; nth += step, tried++) {
            xie_fault_plan =
                (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = nth, .error = -ENOMEM};
            int result = xie_run(programs[i].run, NULL);
            bool failed = xie_fault_plan.failed;
            xie_fault_plan.kinds = 0;
            CHECK(result <= 0);
            CHECK_EQ(xie_alloc_live(), live);
            if (!failed)
                break;
        }
        CHECK(tried > 3);
        theirs_fail = false;
        CHECK_EQ(xie_run(programs[i].run, NULL), 0); /* and it works again */
    }
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"servers_when_anything_fails", sweep_servers},
        {"upgrades_when_anything_fails", sweep_upgrades},
        {"adoptions_when_anything_fails", sweep_adoptions},
        {"adoptions_of_tls_on_tls_without_memory", sweep_adoptions_of_tls_on_tls},
        {"memory_of_openssl", memory_of_openssl},
        {0},
    };
    CRYPTO_set_mem_functions(theirs, theirs_again, theirs_freed);
    certs_make();
    return tap_main(argc, argv, tests);
}
