/* transport.c - TLS beneath protocols comes to stand, or says why not: clients, servers, upgrades
 * of a connection in use. */
/* SPDX-License-Identifier: MIT */
#include "duo.h"

/* --- what was agreed upon ------------------------------------------------------------- */

IN_TASK(protocols_that_know_nothing_of_it_speak_over_tls)
{
    struct duo duo = {0};
    struct xie_tls_info info;
    char text[2000];
    duo_open(&duo);
    duo_say(&duo.client, &duo.server, "a question");
    duo_say(&duo.server, &duo.client, "an answer");
    CHECK_EQ(xie_tls_transport_info(duo.client.transport, &info), 0);
    CHECK_STR(info.version, "TLSv1.3");
    CHECK(strstr(info.cipher, "TLS_") && !info.alpn && !info.reason);
    CHECK_STR(info.host, "localhost");
    CHECK(info.verified && !info.resumed);
    CHECK_EQ(xie_tls_transport_info(duo.server.transport, &info), 0);
    CHECK_STR(info.host, "localhost");
    CHECK(!info.verified);
    CHECK_EQ(xie_tls_transport_peer(duo.client.transport, XIE_TLS_SUBJECT, text, sizeof text), 12);
    CHECK_STR(text, "CN=localhost");
    CHECK_EQ(xie_tls_transport_peer(duo.client.transport, XIE_TLS_ISSUER, text, 4), 17);
    CHECK_STR(text, "CN=");
    CHECK_EQ(xie_tls_transport_peer(duo.server.transport, XIE_TLS_SUBJECT, NULL, 0), -ENOENT);
    CHECK_EQ(duo.client.started, 0); /* connection_made said it */
    xie_transport_ref(duo.client.transport);
    struct xie_transport *client = duo.client.transport;
    duo_close(&duo);
    CHECK(duo.client.info.verified); /* in connection_lost too */
    CHECK_EQ(xie_tls_transport_info(client, &info), -EINVAL);
    CHECK_EQ(xie_tls_transport_peer(client, XIE_TLS_SUBJECT, NULL, 0), -EINVAL);
    CHECK_EQ(xie_tls_transport_wait(client, NULL), -EINVAL);
    xie_transport_unref(client);
    return 0;
}

IN_TASK(without_tls_there_is_none_of_it)
{
    struct note note = {0};
    struct xie_tls_info info;
    struct xie_stream *peer = kit_transport(&note);
    CHECK_EQ(xie_tls_transport_info(note.transport, &info), -EINVAL);
    CHECK_EQ(xie_tls_transport_peer(note.transport, XIE_TLS_PEM, NULL, 0), -EINVAL);
    CHECK_EQ(xie_tls_transport_wait(note.transport, NULL), -EINVAL);
    xie_stream_close(peer);
    kit_end(&note);
    return 0;
}

/* --- servers and clients -------------------------------------------------------------- */

struct world {
    struct xie_listener *listener;
    struct xie_tls_context *contexts[2];
    uint16_t port;
    struct xie_task *task;
    int made, lost, open;
    int error; /* of the last */
    char reason[256];
    struct xie_event changed;
};

static void world_made(void *self, struct xie_transport *transport)
{
    struct world *world = self;
    struct xie_tls_info info;
    CHECK_EQ(xie_tls_transport_info(transport, &info), 0);
    world->made++;
    world->open++;
    xie_event_set(&world->changed);
}

static void world_data(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    (void)self;
    xie_transport_write(transport, data, len);
}

static void world_lost(void *self, struct xie_transport *transport, int error)
{
    struct world *world = self;
    struct xie_tls_info info;
    world->lost++;
    world->error = error;
    *world->reason = 0;
    if (!xie_tls_transport_info(transport, &info) && info.reason)
        snprintf(world->reason, sizeof world->reason, "%s", info.reason);
    xie_event_set(&world->changed);
}

static const struct xie_protocol echoing = {
    .connection_made = world_made, .connection_lost = world_lost, .data_received = world_data};

static int serve(void *arg)
{
    struct world *world = arg;
    return xie_tls_serve_protocol(world->listener, world->contexts[1], &echoing, world);
}

static void world_open(struct world *world, const struct xie_tls_options *client,
                       const struct xie_tls_options *server)
{
    struct xie_address address;
    *world = (struct world){.contexts = {context_of(client), context_of(server)}};
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &world->listener));
    REQUIRE(!xie_listener_address(world->listener, &address));
    world->port = xie_address_port(&address);
    world->task = xie_spawn(serve, world);
}

static void world_close(struct world *world)
{
    xie_listener_close(world->listener);
    CHECK_EQ(xie_join(world->task), 0); /* when the last connection has ended */
    xie_tls_context_unref(world->contexts[0]);
    xie_tls_context_unref(world->contexts[1]);
}

static void client_ends(struct note *note, const char *data, size_t len)
{
    (void)data, (void)len;
    if (note->got == 5)
        xie_transport_close(note->transport);
}

/* return the error of the connection */
static int ask(struct world *world, const char *host, struct xie_tls_info *info)
{
    struct told told = {.note.on_data = client_ends};
    int error = xie_tls_create_connection(world->contexts[0], host, world->port, &told.failure,
                                          &telling, &told, &told.transport);
    CHECK_EQ(told.note.made + told.note.lost, 0); /* nothing is told before the return */
    if (error)
        return error;
    CHECK_EQ(xie_transport_write(told.transport, "hello", 5), 0);
    error = xie_transport_wait(told.transport);
    CHECK_STR(told.note.text, "hello");
    if (info)
        *info = told.info;
    return error;
}

IN_TASK(a_server_and_clients_without_tasks_for_each)
{
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_tls_info info = {0};
    struct world world;
    client.alpn = "other,mine";
    server.alpn = "mine";
    world_open(&world, &client, &server);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(ask(&world, "127.0.0.1", &info), 0);
        CHECK_EQ(info.resumed, i > 0);
    }
    UNTIL(&world, world.lost == 3);
    CHECK(world.made == 3 && !world.error);
    world_close(&world);
    return 0;
}

IN_TASK(a_client_that_cannot_connect_says_why_and_calls_nothing)
{
    struct xie_tls_options client = client_options(), server = server_options();
    struct told told = {0};
    struct world world;
    server.cert_file = cert("other");
    world_open(&world, &client, &server);
    CHECK_EQ(xie_tls_create_connection(world.contexts[0], "127.0.0.1", world.port, &told.failure,
                                       &telling, &told, NULL),
             XIE_ETLS_HOST);
    CHECK(strstr(told.failure.text, "127.0.0.1: "));
    CHECK_EQ(xie_tls_create_connection(world.contexts[1], "127.0.0.1", world.port, NULL, &telling,
                                       &told, NULL),
             -EINVAL);
    UNTIL(&world, world.lost == 1);
    CHECK_EQ(world.made, 0);
    CHECK_EQ(world.error, XIE_ETLS_REFUSED);
    world_close(&world);
    CHECK_EQ(told.note.made + told.note.lost, 0);
    return 0;
}

static void *refuse(void *arg)
{
    (void)arg;
    return NULL;
}

IN_TASK(a_protocol_may_refuse_a_client_and_a_server_refuses_no_other_context)
{
    static const struct xie_protocol refusing = {.create = refuse};
    struct xie_tls_options client = client_options(), server = server_options();
    struct world world;
    struct xie_transport *transport = NULL;
    world_open(&world, &client, &server);
    CHECK_EQ(xie_tls_create_connection(world.contexts[0], "127.0.0.1", world.port, NULL, &refusing,
                                       NULL, &transport),
             -ENOMEM);
    CHECK(!transport);
    UNTIL(&world, world.lost == 1);
    CHECK_EQ(xie_tls_serve_protocol(world.listener, world.contexts[0], &echoing, &world), -EINVAL);
    world_close(&world);
    return 0;
}

/* What comes of peers that do not speak TLS, or do not end what they began. */
IN_TASK(a_server_goes_on_after_handshakes_that_fail)
{
    static const int errors[] = {XIE_ETLS_PROTOCOL, XIE_ETLS_TRUNCATED, -ETIMEDOUT};
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_stream *peer;
    struct world world;
    for (int i = 0; i < 3; i++) {
        server.handshake_ns = i == 2 ? 2 * XIE_MILLISECOND : 0;
        world_open(&world, &client, &server);
        REQUIRE(!xie_tcp_connect("127.0.0.1", world.port, &peer));
        if (i == 0)
            kit_send(peer, "GET / HTTP/1.0\r\n\r\n");
        if (i == 1)
            xie_stream_write_eof(peer);
        UNTIL(&world, world.lost == 1);
        CHECK_EQ(world.error, errors[i]);
        CHECK(strstr(world.reason, "client: "));
        CHECK_EQ(world.made, 0);
        xie_stream_close(peer);
        if (i < 2) {
            CHECK_EQ(ask(&world, "127.0.0.1", NULL), 0);
            UNTIL(&world, world.lost == 2);
            CHECK_EQ(world.made, 1);
        }
        world_close(&world);
    }
    return 0;
}

IN_TASK(a_cancelled_server_aborts_those_who_shake_hands_too)
{
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_stream *peer;
    struct world world;
    char byte;
    world_open(&world, &client, &server);
    REQUIRE(!xie_tcp_connect("127.0.0.1", world.port, &peer));
    kit_settle(); /* it was accepted, most likely */
    xie_task_cancel(world.task);
    CHECK_EQ(xie_join(world.task), -ECANCELED);
    xie_listener_close(world.listener);
    CHECK(xie_stream_read(peer, &byte, 1) <= 0);
    xie_stream_close(peer);
    CHECK_EQ(world.made, 0);
    xie_tls_context_unref(world.contexts[0]);
    xie_tls_context_unref(world.contexts[1]);
    return 0;
}

/* --- whom to believe ------------------------------------------------------------------ */

static void fails(const struct xie_tls_options *client, const struct xie_tls_options *server,
                  const char *host, int client_error, int server_error, const char *words)
{
    struct duo duo = {.contexts = {context_of(client), context_of(server)}};
    duo_begin(&duo, host);
    kit_end(&duo.client.note);
    kit_end(&duo.server.note);
    CHECK_EQ(duo.client.note.error, client_error);
    CHECK_EQ(duo.server.note.error, server_error);
    CHECK(
        strstr(client_error == XIE_ETLS_REFUSED ? duo.server.failure.text : duo.client.failure.text,
               words));
    duo_end(&duo);
}

IN_TASK(verification_and_the_hosts_name_are_checked_unless_switched_off)
{
    struct xie_tls_options client = client_options(), server = server_options();
    fails(&client, &server, "another.example", XIE_ETLS_HOST, XIE_ETLS_REFUSED,
          "another.example: hostname mismatch");
    server.cert_file = cert("expired");
    fails(&client, &server, "localhost", XIE_ETLS_CERTIFICATE, XIE_ETLS_REFUSED,
          "certificate has expired");
    server.cert_file = cert("foreign");
    fails(&client, &server, "localhost", XIE_ETLS_CERTIFICATE, XIE_ETLS_REFUSED, "localhost: ");
    client.alpn = "mine";
    server = server_options();
    server.alpn = "yours";
    fails(&client, &server, "localhost", XIE_ETLS_ALPN, XIE_ETLS_ALPN, "localhost: ");
    client = (struct xie_tls_options){.verify = XIE_TLS_VERIFY_NONE};
    server = server_options();
    server.cert_file = cert("self");
    struct duo duo = {.contexts = {context_of(&client), context_of(&server)}};
    duo_begin(&duo, NULL);
    UNTIL(&duo.client.note, duo.client.note.made);
    duo_say(&duo.server, &duo.client, "trust me");
    duo_close(&duo);
    return 0;
}

/* With TLS 1.3 a client is done before it is judged: then it is told by the first read. */
IN_TASK(a_client_without_a_certificate_is_refused_where_one_is_required)
{
    for (int version = XIE_TLS_1_2; version <= XIE_TLS_1_3; version++) {
        struct xie_tls_options client = client_options(), server = server_options();
        server.ca_file = cert("ca");
        server.verify = XIE_TLS_VERIFY_REQUIRED;
        server.max_version = version;
        struct duo duo = {.contexts = {context_of(&client), context_of(&server)}};
        duo_begin(&duo, "localhost");
        kit_end(&duo.client.note);
        kit_end(&duo.server.note);
        CHECK_EQ(duo.client.note.error, XIE_ETLS_REFUSED);
        CHECK_EQ(duo.server.note.error, XIE_ETLS_CERTIFICATE);
        CHECK_EQ(duo.client.note.made, version == XIE_TLS_1_3);
        CHECK_EQ(duo.server.note.made, 0);
        duo_end(&duo);
        client.cert_file = cert("client");
        duo = (struct duo){.contexts = {context_of(&client), context_of(&server)}};
        duo_open(&duo);
        char text[20];
        CHECK_EQ(xie_tls_transport_peer(duo.server.transport, XIE_TLS_SUBJECT, text, 20), 9);
        CHECK_STR(text, "CN=client");
        duo_close(&duo);
    }
    return 0;
}

/* --- in the midst of use -------------------------------------------------------------- */

static struct xie_tls_context *upgrade_context;
static bool start_first;

/* Takes a line; what is behind it is TLS. */
static void upgrade(struct note *note, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len);
    if (!end || !note->keep_open) /* used here for: not upgraded yet */
        return;
    note->keep_open = false;
    size_t rest = len - (size_t)(end + 1 - data);
    note->got -= rest;
    CHECK_EQ(xie_transport_write(note->transport, "go ahead\n", 9), 0);
    if (start_first)
        CHECK_EQ(xie_tls_transport_start(note->transport, upgrade_context, NULL), 0);
    CHECK_EQ(xie_transport_unread(note->transport, rest), 0);
    if (!start_first)
        CHECK_EQ(xie_tls_transport_start(note->transport, upgrade_context, NULL), 0);
    note->got = 0;
    CHECK_EQ(xie_transport_write(note->transport, "private", 7), 0); /* waits for TLS */
}

/* The client does not wait for the answer: its line and its first TLS bytes come as one. */
IN_TASK(what_was_read_too_much_belongs_to_tls)
{
    for (int order = 0; order < 2; order++) {
        struct duo duo = {.server.note = {.on_data = upgrade, .keep_open = true}};
        int fds[2];
        start_first = order;
        duo_contexts(&duo);
        upgrade_context = duo.contexts[1];
        REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
        duo_plain(&duo, fds);
        UNTIL(&duo.client.note, duo.client.note.made);
        xie_transport_pause_reading(duo.client.transport);
        CHECK_EQ(xie_transport_write(duo.client.transport, "STARTTLS\n", 9), 0);
        /* "go ahead" is still to be read, in plain: so the client takes that first */
        xie_transport_resume_reading(duo.client.transport);
        UNTIL(&duo.client.note, duo.client.note.got == 9);
        CHECK_STR(duo.client.note.text, "go ahead\n");
        duo.client.note.got = 0;
        CHECK_EQ(xie_tls_transport_start(duo.client.transport, duo.contexts[0], "localhost"), 0);
        CHECK_EQ(xie_transport_write(duo.client.transport, "secret", 6), 0);
        UNTIL(&duo.server.note, duo.server.note.got == 6);
        UNTIL(&duo.client.note, duo.client.note.got == 7);
        CHECK(!memcmp(duo.server.note.text, "secret", 6));
        CHECK(!memcmp(duo.client.note.text, "private", 7));
        CHECK(duo.client.started == 1 && duo.server.started == 1);
        CHECK(duo.client.note.made == 1 && duo.server.note.made == 1);
        duo_close(&duo);
    }
    return 0;
}

static struct xie_stream *pipelining; /* a client that sends its line and hello as one */

static int hello_at_once(void *context)
{
    int error = xie_tls_start(pipelining, context, "localhost", NULL);
    ssize_t sent = error ? error : xie_stream_write(pipelining, "secret", 6);
    return sent < 0 ? (int)sent : 0;
}

/* A stream's client, for whom nothing is answered in plain. */
static void upgrade_silently(struct note *note, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len);
    if (!end || !note->keep_open)
        return;
    note->keep_open = false;
    size_t rest = len - (size_t)(end + 1 - data);
    note->got = 0;
    CHECK_EQ(xie_transport_unread(note->transport, rest), 0);
    CHECK_EQ(xie_tls_transport_start(note->transport, upgrade_context, NULL), 0);
}

IN_TASK(a_hello_in_one_piece_with_the_line_before_it_is_not_lost)
{
    struct duo duo = {.server.note = {.on_data = upgrade_silently, .keep_open = true}};
    struct xie_stream *pair[2];
    char text[5];
    duo_contexts(&duo);
    upgrade_context = duo.contexts[1];
    kit_pair(pair);
    pipelining = pair[1];
    kit_send(pair[1], "STARTTLS\n");
    struct xie_task *task = xie_spawn(hello_at_once, duo.contexts[0]);
    kit_settle(); /* both are in the kernel before anybody reads */
    REQUIRE(!xie_transport_adopt(pair[0], &telling, &duo.server, &duo.server.transport));
    xie_transport_ref(duo.server.transport);
    CHECK_EQ(xie_join(task), 0);
    UNTIL(&duo.server.note, duo.server.note.got == 6);
    CHECK(!memcmp(duo.server.note.text, "secret", 6));
    CHECK_EQ(duo.server.started, 1);
    CHECK_EQ(xie_transport_write(duo.server.transport, "reply", 5), 0);
    CHECK_EQ(xie_stream_read_exactly(pair[1], text, 5), 5);
    xie_stream_close(pair[1]);
    kit_end(&duo.server.note);
    CHECK(duo.server.note.ends == 1 && !duo.server.note.error);
    xie_transport_unref(duo.server.transport);
    xie_tls_context_unref(duo.contexts[0]);
    xie_tls_context_unref(duo.contexts[1]);
    return 0;
}

/* The same with a stream, which has read all of it ahead before it becomes a transport. */
IN_TASK(what_a_stream_has_read_ahead_is_tls_too)
{
    struct duo duo = {0};
    struct xie_stream *pair[2];
    char *line;
    duo_contexts(&duo);
    kit_pair(pair);
    pipelining = pair[1];
    kit_send(pair[1], "STARTTLS\n");
    struct xie_task *task = xie_spawn(hello_at_once, duo.contexts[0]);
    kit_settle();
    CHECK_EQ(xie_stream_read_line(pair[0], &line, NULL), 1);
    CHECK_STR(line, "STARTTLS");
    REQUIRE(!xie_transport_adopt(pair[0], &telling, &duo.server, &duo.server.transport));
    xie_transport_ref(duo.server.transport);
    CHECK_EQ(xie_tls_transport_start(duo.server.transport, duo.contexts[1], NULL), 0);
    CHECK_EQ(xie_join(task), 0);
    UNTIL(&duo.server.note, duo.server.note.got == 6);
    CHECK_STR(duo.server.note.text, "secret");
    xie_stream_close(pair[1]);
    kit_end(&duo.server.note);
    CHECK_EQ(duo.server.note.error, 0);
    xie_transport_unref(duo.server.transport);
    xie_tls_context_unref(duo.contexts[0]);
    xie_tls_context_unref(duo.contexts[1]);
    return 0;
}

static size_t plain; /* bytes before TLS */

/* Takes these, to the byte. */
static void take_plain(struct note *note, const char *data, size_t len)
{
    struct xie_tls_info info;
    if (note->got < plain || !xie_tls_transport_info(note->transport, &info))
        return;
    size_t rest = note->got - plain;
    note->got -= rest;
    note->wrong = !kit_same(data, len - rest, plain - (len - rest));
    CHECK_EQ(xie_transport_unread(note->transport, rest), 0);
    CHECK_EQ(xie_tls_transport_start(note->transport, upgrade_context, NULL), 0);
}

/* What waits when TLS is started leaves before it, in plain; what is written then, by TLS. */
IN_TASK(what_waits_leaves_in_plain_before_tls)
{
    struct duo duo = {.server.note.on_data = take_plain};
    int fds[2];
    duo_contexts(&duo);
    upgrade_context = duo.contexts[1];
    plain = SIZE_MAX;
    REQUIRE(!xie_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    duo_plain(&duo, fds);
    UNTIL(&duo.server.note, duo.client.note.made && duo.server.note.made);
    xie_transport_pause_reading(duo.server.transport);
    plain = kit_stuff(&duo.client.note);
    size_t waits = xie_transport_get_write_buffer_size(duo.client.transport);
    CHECK(waits > 0);
    CHECK_EQ(xie_tls_transport_start(duo.client.transport, duo.contexts[0], "localhost"), 0);
    CHECK_EQ(xie_transport_get_write_buffer_size(duo.client.transport), waits);
    char byte = kit_byte(plain);
    CHECK(xie_transport_write(duo.client.transport, &byte, 1) >= 0);
    CHECK_EQ(xie_transport_get_write_buffer_size(duo.client.transport), waits + 1);
    xie_transport_resume_reading(duo.server.transport);
    UNTIL(&duo.server.note, duo.server.note.got == plain + 1);
    CHECK(!duo.server.note.wrong && duo.server.started == 1 && duo.client.started == 1);
    CHECK_EQ(xie_transport_get_write_buffer_size(duo.client.transport), 0);
    duo_close(&duo);
    return 0;
}

static void start_again(struct told *told)
{
    if (told->started == 1)
        CHECK_EQ(xie_tls_transport_start(told->transport, upgrade_context, NULL), 0);
}

/* An https proxy spoken to by https: TLS in TLS, on both sides. */
IN_TASK(tls_stands_on_tls)
{
    struct duo duo = {.server.on_started = start_again};
    static char block[100000];
    duo_open(&duo);
    upgrade_context = duo.contexts[1];
    duo_say(&duo.client, &duo.server, "the outer one");
    CHECK_EQ(xie_tls_transport_start(duo.client.transport, duo.contexts[0], "localhost"), 0);
    CHECK_EQ(xie_tls_transport_start(duo.server.transport, duo.contexts[1], NULL), 0);
    UNTIL(&duo.client.note, duo.client.started == 1);
    CHECK_EQ(xie_tls_transport_start(duo.client.transport, duo.contexts[0], "localhost"), 0);
    UNTIL(&duo.server.note, duo.server.started == 2); /* three of them now */
    duo.server.note.got = duo.client.note.got = 0;
    kit_fill(block, sizeof block, 0);
    CHECK(xie_transport_write(duo.client.transport, block, sizeof block) >= 0);
    CHECK(xie_transport_write(duo.server.transport, block, sizeof block) >= 0);
    UNTIL(&duo.server.note, duo.server.note.got == sizeof block);
    UNTIL(&duo.client.note, duo.client.note.got == sizeof block);
    CHECK(xie_tls_wire_of(duo.client.transport)->below == &xie_tls_wire);
    duo_close(&duo);
    return 0;
}

IN_TASK(what_cannot_be_tls_stays_what_it_was)
{
    struct duo duo = {0};
    struct note note = {0};
    struct xie_address any;
    int fds[2];
    duo_contexts(&duo);
    struct xie_stream *peer = kit_transport(&note);
    CHECK_EQ(xie_tls_transport_start(note.transport, duo.contexts[0], NULL), -EINVAL);
    CHECK_EQ(xie_tls_transport_start(note.transport, duo.contexts[0], ""), -EINVAL);
    UNTIL(&note, note.made);
    kit_send(peer, "plain");
    UNTIL(&note, note.got == 5);
    CHECK_EQ(xie_transport_write_eof(note.transport), 0);
    CHECK_EQ(xie_tls_transport_start(note.transport, duo.contexts[1], NULL), -EPIPE);
    xie_transport_close(note.transport);
    CHECK_EQ(xie_tls_transport_start(note.transport, duo.contexts[1], NULL), XIE_ECLOSED);
    kit_end(&note);
    xie_stream_close(peer);
    /* twice at once */
    struct told one = {0};
    struct xie_stream *pair[2];
    kit_pair(pair);
    REQUIRE(!xie_transport_adopt(pair[0], &telling, &one, &one.transport));
    CHECK_EQ(xie_tls_transport_start(one.transport, duo.contexts[1], NULL), 0);
    CHECK_EQ(xie_tls_transport_start(one.transport, duo.contexts[1], NULL), -EBUSY);
    xie_transport_abort(one.transport);
    xie_transport_wait(one.transport);
    xie_stream_close(pair[1]);
    /* one way only, and datagrams */
    one = (struct told){0};
    REQUIRE(!pipe(fds));
    REQUIRE(!xie_connect_read_pipe(fds[0], &telling, &one, &one.transport));
    CHECK_EQ(xie_tls_transport_start(one.transport, duo.contexts[1], NULL), -EOPNOTSUPP);
    close(fds[1]);
    xie_transport_wait(one.transport);
    one = (struct told){0};
    xie_address_parse(&any, "127.0.0.1", 0);
    REQUIRE(!xie_create_datagram_endpoint(&any, NULL, &telling, &one, &one.transport));
    CHECK_EQ(xie_tls_transport_start(one.transport, duo.contexts[1], NULL), -EOPNOTSUPP);
    xie_transport_close(one.transport);
    xie_transport_wait(one.transport);
    xie_tls_context_unref(duo.contexts[0]);
    xie_tls_context_unref(duo.contexts[1]);
    return 0;
}

/* --- tasks that wait for it ------------------------------------------------------------ */

IN_TASK(tasks_wait_for_the_handshake)
{
    struct duo duo = {0};
    struct xie_tls_failure failure = {""};
    duo_begin(&duo, "localhost");
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_tls_transport_wait(duo.client.transport, &failure), -ETIMEDOUT);
    CHECK_EQ(xie_tls_transport_wait(duo.client.transport, &failure), 0);
    CHECK_EQ(xie_tls_transport_wait(duo.server.transport, NULL), 0);
    CHECK_EQ(xie_tls_transport_wait(duo.server.transport, NULL), 0);
    CHECK_STR(failure.text, "");
    duo_close(&duo);
    duo = (struct duo){0};
    duo_begin(&duo, "another.example");
    CHECK_EQ(xie_tls_transport_wait(duo.client.transport, &failure), XIE_ETLS_HOST);
    CHECK(strstr(failure.text, "another.example: "));
    CHECK_EQ(xie_tls_transport_wait(duo.server.transport, NULL), XIE_ETLS_REFUSED);
    duo_end(&duo);
    for (int how = 0; how < 2; how++) {
        duo = (struct duo){0};
        duo_begin(&duo, "localhost");
        if (how)
            xie_transport_abort(duo.client.transport);
        else
            xie_transport_close(duo.client.transport);
        CHECK_EQ(xie_tls_transport_wait(duo.client.transport, &failure), XIE_ECLOSED);
        kit_end(&duo.server.note);
        int error = duo.server.note.error;
        CHECK(error == XIE_ETLS_TRUNCATED || error == -ECONNRESET);
        CHECK(strstr(duo.server.failure.text, "client: "));
        CHECK_EQ(xie_tls_transport_wait(duo.server.transport, NULL), -EINVAL); /* no more */
        CHECK(!duo.client.note.made && !duo.client.note.error);
        duo_end(&duo);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"protocols_that_know_nothing_of_it_speak_over_tls",
         protocols_that_know_nothing_of_it_speak_over_tls},
        {"without_tls_there_is_none_of_it", without_tls_there_is_none_of_it},
        {"a_server_and_clients_without_tasks_for_each",
         a_server_and_clients_without_tasks_for_each},
        {"a_client_that_cannot_connect_says_why_and_calls_nothing",
         a_client_that_cannot_connect_says_why_and_calls_nothing},
        {"a_protocol_may_refuse_a_client_and_a_server_refuses_no_other_context",
         a_protocol_may_refuse_a_client_and_a_server_refuses_no_other_context},
        {"a_server_goes_on_after_handshakes_that_fail",
         a_server_goes_on_after_handshakes_that_fail},
        {"a_cancelled_server_aborts_those_who_shake_hands_too",
         a_cancelled_server_aborts_those_who_shake_hands_too},
        {"verification_and_the_hosts_name_are_checked_unless_switched_off",
         verification_and_the_hosts_name_are_checked_unless_switched_off},
        {"a_client_without_a_certificate_is_refused_where_one_is_required",
         a_client_without_a_certificate_is_refused_where_one_is_required},
        {"what_was_read_too_much_belongs_to_tls", what_was_read_too_much_belongs_to_tls},
        {"a_hello_in_one_piece_with_the_line_before_it_is_not_lost",
         a_hello_in_one_piece_with_the_line_before_it_is_not_lost},
        {"what_a_stream_has_read_ahead_is_tls_too", what_a_stream_has_read_ahead_is_tls_too},
        {"what_waits_leaves_in_plain_before_tls", what_waits_leaves_in_plain_before_tls},
        {"tls_stands_on_tls", tls_stands_on_tls},
        {"what_cannot_be_tls_stays_what_it_was", what_cannot_be_tls_stays_what_it_was},
        {"tasks_wait_for_the_handshake", tasks_wait_for_the_handshake},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
