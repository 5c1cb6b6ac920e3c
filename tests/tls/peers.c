/* peers.c - against somebody else's TLS: Python's asyncio, OpenSSL's own tools, curl. */
/* SPDX-License-Identifier: MIT */
#include "duo.h"
#include "peer.h"

/* --- what both sides do -------------------------------------------------------------- */

enum { MUCH = 300000 };

static int echo(struct xie_stream *stream)
{
    char buf[20000];
    ssize_t len;
    while ((len = xie_stream_read(stream, buf, sizeof buf)) > 0)
        if (xie_stream_write(stream, buf, (size_t)len) < 0)
            return -EPIPE;
    return (int)len;
}

static int send_pattern(void *stream)
{
    char *buf = malloc(MUCH);
    kit_fill(buf, MUCH, 0);
    ssize_t result = xie_stream_write(stream, buf, MUCH);
    free(buf);
    return (int)result;
}

/* Send the pattern, and read it back at the same time. */
static void exchange(struct xie_stream *stream)
{
    char *buf = malloc(MUCH);
    struct xie_task *task = xie_spawn(send_pattern, stream);
    for (size_t at = 0; at < MUCH;) {
        ssize_t len = xie_stream_read(stream, buf, MUCH);
        REQUIRE(len > 0);
        CHECK(kit_same(buf, (size_t)len, at));
        at += (size_t)len;
    }
    CHECK_EQ(xie_join(task), MUCH);
    free(buf);
}

/* --- Python's asyncio ---------------------------------------------------------------- */

static const char script[] =
    "import asyncio, ssl, sys\n"
    "kind, ca, own, port = sys.argv[1:5]\n"
    "N = 300000\n"
    "data = bytes((i ^ i >> 8 ^ i >> 15 ^ i >> 23) & 255 for i in range(N))\n"
    "def client_context():\n"
    "    context = ssl.create_default_context(cafile=ca)\n"
    "    context.set_alpn_protocols(['other', 'mine'])\n"
    "    return context\n"
    "def server_context():\n"
    "    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\n"
    "    context.load_cert_chain(own)\n"
    "    context.set_alpn_protocols(['mine'])\n"
    "    return context\n"
    "async def talk(reader, writer):\n"
    "    async def send():\n"
    "        for at in range(0, N, 33333):\n"
    "            writer.write(data[at:at + 33333])\n"
    "            await writer.drain()\n"
    "    sending = asyncio.create_task(send())\n"
    "    back = await reader.readexactly(N)\n"
    "    await sending\n"
    "    chosen = writer.get_extra_info('ssl_object').selected_alpn_protocol()\n"
    "    writer.close()\n"
    "    await writer.wait_closed()\n"
    "    print('same' if back == data else 'other bytes', chosen)\n"
    "async def client():\n"
    "    await talk(*await asyncio.open_connection('localhost', int(port), ssl=client_context()))\n"
    "async def upgrade():\n"
    "    reader, writer = await asyncio.open_connection('localhost', int(port))\n"
    "    writer.write(b'STARTTLS\\n')\n"
    "    print(await reader.readline())\n"
    "    await writer.start_tls(client_context(), server_hostname='localhost')\n"
    "    await talk(reader, writer)\n"
    "async def server():\n"
    "    done = asyncio.Event()\n"
    "    async def on(reader, writer):\n"
    "        while block := await reader.read(30000):\n"
    "            writer.write(block)\n"
    "            await writer.drain()\n"
    "        writer.close()\n"
    "        print('end')\n"
    "        done.set()\n"
    "    server = await asyncio.start_server(on, '127.0.0.1', 0, ssl=server_context())\n"
    "    print(server.sockets[0].getsockname()[1], flush=True)\n"
    "    await done.wait()\n"
    "asyncio.run(globals()[kind]())\n";

static void python_start(struct peer *peer, const char *kind, const char *port)
{
    const char *const argv[] = {"python3",  "-c",         script, kind,
                                cert("ca"), cert("good"), port,   NULL};
    peer_start(peer, argv);
}

static void serve_python(const char *kind)
{
    struct xie_tls_options options = server_options();
    struct xie_listener *listener;
    struct xie_stream *stream;
    struct peer peer;
    char port[8], *line;
    options.alpn = "mine";
    need("python3 -c 'import ssl'");
    struct xie_tls_context *context = context_of(&options);
    listen_here(&listener, port);
    python_start(&peer, kind, port);
    REQUIRE(!xie_listener_accept(listener, &stream));
    if (!strcmp(kind, "upgrade")) {
        CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
        kit_send(stream, "go ahead\n");
    }
    CHECK_EQ(xie_tls_start(stream, context, NULL, NULL), 0);
    CHECK_EQ(echo(stream), 0);
    xie_stream_close(stream);
    peer_says(&peer, "same mine");
    CHECK_EQ(peer_end(&peer), 0);
    xie_listener_close(listener);
    xie_tls_context_unref(context);
}

IN_TASK(pythons_client)
{
    serve_python("client");
    return 0;
}

IN_TASK(pythons_client_that_upgrades)
{
    serve_python("upgrade");
    return 0;
}

IN_TASK(pythons_server)
{
    struct xie_tls_options options = client_options();
    struct xie_stream *stream = NULL;
    struct xie_tls_info info = {0};
    struct peer peer;
    char *line = NULL, byte;
    options.alpn = "other,mine";
    need("python3 -c 'import ssl'");
    struct xie_tls_context *context = context_of(&options);
    python_start(&peer, "server", "0");
    REQUIRE(xie_stream_read_line(peer.out, &line, NULL) == 1);
    REQUIRE(!xie_tls_connect(context, "127.0.0.1", (uint16_t)atoi(line), NULL, &stream));
    CHECK_EQ(xie_tls_info(stream, &info), 0);
    CHECK_STR(info.alpn, "mine");
    exchange(stream);
    CHECK_EQ(xie_stream_write_eof(stream), 0);
    CHECK_EQ(xie_stream_read(stream, &byte, 1), 0);
    xie_stream_close(stream);
    peer_says(&peer, "end");
    CHECK_EQ(peer_end(&peer), 0);
    xie_tls_context_unref(context);
    return 0;
}

/* --- OpenSSL's tools ----------------------------------------------------------------- */

/* s_client connects to a server of ours; what is typed in tells it what to do. */
static struct xie_stream *meet_s_client(struct peer *peer, const char *version)
{
    struct xie_tls_options options = server_options();
    struct xie_listener *listener;
    struct xie_stream *stream;
    char port[8], place[32];
    need("openssl version");
    struct xie_tls_context *context = context_of(&options);
    listen_here(&listener, port);
    snprintf(place, sizeof place, "127.0.0.1:%s", port);
    const char *const argv[] = {"openssl", "s_client",    "-connect",
                                place,     "-servername", "localhost",
                                "-CAfile", cert("ca"),    "-verify_return_error",
                                version,   NULL};
    peer_start(peer, argv);
    REQUIRE(!xie_listener_accept(listener, &stream));
    CHECK_EQ(xie_tls_start(stream, context, NULL, NULL), 0);
    xie_listener_close(listener);
    xie_tls_context_unref(context);
    return stream;
}

static void check_line(struct xie_stream *stream, const char *expected)
{
    char *line = NULL;
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, expected);
}

IN_TASK(openssl_s_client_changes_keys)
{
    struct peer peer;
    struct xie_stream *stream = meet_s_client(&peer, "-tls1_3");
    char byte;
    kit_send(peer.in, "hello\n");
    check_line(stream, "hello");
    for (int i = 0; i < 3; i++) {
        kit_send(peer.in, "K\n"); /* its keys, and ours too */
        peer_says(&peer, "KEYUPDATE");
        kit_send(peer.in, "after\n");
        check_line(stream, "after");
        kit_send(stream, "answer\n");
        peer_says(&peer, "answer");
    }
    kit_send(peer.in, "Q\n");
    CHECK_EQ(xie_stream_read(stream, &byte, 1), 0);
    xie_stream_close(stream);
    CHECK_EQ(peer_end(&peer), 0);
    return 0;
}

IN_TASK(openssl_s_client_may_not_renegotiate)
{
    struct peer peer;
    struct xie_stream *stream = meet_s_client(&peer, "-tls1_2");
    char byte;
    kit_send(peer.in, "hello\n");
    check_line(stream, "hello");
    kit_send(peer.in, "R\n");
    ssize_t result = xie_stream_read(stream, &byte, 1);
    CHECK(result <= 0); /* it gives up, in one way or another */
    xie_stream_close(stream);
    CHECK(peer_end(&peer) != 0);
    return 0;
}

IN_TASK(openssl_s_server)
{
    struct xie_tls_options options = client_options();
    struct peer peer;
    struct xie_stream *stream = NULL;
    struct xie_tls_info info = {0};
    char *line = NULL, *port;
    need("openssl version");
    options.cert_file = cert("client");
    struct xie_tls_context *context = context_of(&options);
    for (int i = 0; i < 2; i++) {
        const char *const argv[] = {"openssl", "s_server",   "-accept", "127.0.0.1:0",
                                    "-cert",   cert("good"), "-key",    cert("good"),
                                    "-CAfile", cert("ca"),   "-Verify", "2",
                                    "-rev",    "-naccept",   "1",       i ? "-tls1_2" : "-tls1_3",
                                    NULL};
        peer_start(&peer, argv);
        do
            REQUIRE(xie_stream_read_line(peer.out, &line, NULL) == 1);
        while (strncmp(line, "ACCEPT", 6) || !(port = strrchr(line, ':')));
        REQUIRE(!xie_tls_connect(context, "localhost", (uint16_t)atoi(port + 1), NULL, &stream));
        CHECK_EQ(xie_tls_info(stream, &info), 0);
        CHECK(info.verified);
        kit_send(stream, "olleh\n");
        check_line(stream, "hello");
        kit_send(stream, "CLOSE\n");
        CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 0); /* it ends TLS in order */
        xie_stream_close(stream);
        peer_end(&peer);
    }
    xie_tls_context_unref(context);
    return 0;
}

/* --- curl ---------------------------------------------------------------------------- */

IN_TASK(curl_reads_a_page)
{
    struct xie_tls_options options = server_options();
    struct xie_listener *listener;
    struct xie_stream *stream;
    struct peer peer;
    char port[8], url[40], *line = NULL;
    need("curl --version");
    struct xie_tls_context *context = context_of(&options);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", listen_here(&listener, port));
    const char *const argv[] = {"curl", "-s", "--noproxy", "*", "--cacert", cert("ca"), url, NULL};
    peer_start(&peer, argv);
    REQUIRE(!xie_listener_accept(listener, &stream));
    REQUIRE(!xie_tls_start(stream, context, NULL, NULL));
    do
        REQUIRE(xie_stream_read_line(stream, &line, NULL) == 1);
    while (*line);
    kit_send(stream, "HTTP/1.0 200 OK\r\n\r\nthe page\n");
    xie_stream_close(stream);
    peer_says(&peer, "the page");
    CHECK_EQ(peer_end(&peer), 0);
    xie_listener_close(listener);
    xie_tls_context_unref(context);
    return 0;
}

/* --- and beneath protocols ------------------------------------------------------------- */

/* Ours echoes; the line STARTTLS begins TLS, where `waiting`. */
struct echoing {
    struct told told;
    struct xie_tls_context *context;
    bool waiting;
};

static void echo_on(struct note *note, const char *data, size_t len)
{
    struct echoing *self = (struct echoing *)note; /* its first member's first */
    if (!self->waiting) {
        xie_transport_write(note->transport, data, len);
        return;
    }
    const char *end = memchr(data, '\n', len);
    if (!end)
        return;
    self->waiting = false;
    CHECK_EQ(xie_transport_write(note->transport, "go ahead\n", 9), 0);
    CHECK_EQ(xie_transport_unread(note->transport, len - (size_t)(end + 1 - data)), 0);
    CHECK_EQ(xie_tls_transport_start(note->transport, self->context, NULL), 0);
}

static void echo_less(struct note *note)
{
    xie_transport_pause_reading(note->transport);
}

static void echo_more(struct note *note)
{
    xie_transport_resume_reading(note->transport);
}

/* A connection that a peer makes to us, as a transport with TLS, or one that waits for it. */
static void echoing_accept(struct echoing *self, struct xie_listener *listener, bool waiting)
{
    struct xie_tls_options options = server_options();
    struct xie_stream *stream;
    options.alpn = "mine";
    *self = (struct echoing){.context = context_of(&options), .waiting = waiting};
    self->told.note.on_data = echo_on;
    self->told.note.on_pause = echo_less;
    self->told.note.on_resume = echo_more;
    REQUIRE(!xie_listener_accept(listener, &stream));
    REQUIRE(!xie_transport_adopt(stream, &telling, self, &self->told.transport));
    self->told.note.transport = xie_transport_ref(self->told.transport);
    if (!waiting)
        CHECK_EQ(xie_tls_transport_start(self->told.transport, self->context, NULL), 0);
}

static void echoing_end(struct echoing *self)
{
    kit_end(&self->told.note);
    xie_transport_unref(self->told.transport);
    xie_tls_context_unref(self->context);
}

static void protocol_serves_python(const char *kind)
{
    struct xie_listener *listener;
    struct echoing server;
    struct peer peer;
    char port[8];
    need("python3 -c 'import ssl'");
    listen_here(&listener, port);
    python_start(&peer, kind, port);
    echoing_accept(&server, listener, !strcmp(kind, "upgrade"));
    peer_says(&peer, "same mine");
    CHECK_EQ(peer_end(&peer), 0);
    echoing_end(&server);
    CHECK_EQ(server.told.note.error, 0);
    CHECK_EQ(server.told.started, !strcmp(kind, "upgrade"));
    xie_listener_close(listener);
}

IN_TASK(a_protocol_serves_pythons_client)
{
    protocol_serves_python("client");
    return 0;
}

IN_TASK(a_protocol_serves_pythons_client_that_upgrades)
{
    protocol_serves_python("upgrade");
    return 0;
}

static void ask_no_more(struct note *note, const char *data, size_t len)
{
    (void)data, (void)len;
    if (note->got == MUCH)
        CHECK_EQ(xie_transport_write_eof(note->transport), 0);
}

IN_TASK(a_protocol_asks_pythons_server)
{
    struct xie_tls_options options = client_options();
    struct told told = {.note.on_data = ask_no_more};
    static char block[MUCH];
    struct xie_tls_info info;
    struct peer peer;
    char *line = NULL;
    options.alpn = "other,mine";
    need("python3 -c 'import ssl'");
    struct xie_tls_context *context = context_of(&options);
    python_start(&peer, "server", "0");
    REQUIRE(xie_stream_read_line(peer.out, &line, NULL) == 1);
    REQUIRE(!xie_tls_create_connection(context, "127.0.0.1", (uint16_t)atoi(line), NULL, &telling,
                                       &told, &told.transport));
    xie_transport_ref(told.transport);
    CHECK_EQ(xie_tls_transport_info(told.transport, &info), 0);
    CHECK_STR(info.alpn, "mine");
    kit_fill(block, sizeof block, 0);
    CHECK_EQ(xie_transport_write(told.transport, block, sizeof block), 1);
    kit_end(&told.note);
    CHECK(told.note.got == MUCH && !told.note.wrong && told.note.ends == 1 && !told.note.error);
    xie_transport_unref(told.transport);
    peer_says(&peer, "end");
    CHECK_EQ(peer_end(&peer), 0);
    xie_tls_context_unref(context);
    return 0;
}

/* s_client of this version, connected to a protocol of ours that echoes. */
static void protocol_meets_s_client(struct echoing *server, struct peer *peer, const char *version)
{
    struct xie_listener *listener;
    char port[8], place[32];
    need("openssl version");
    listen_here(&listener, port);
    snprintf(place, sizeof place, "127.0.0.1:%s", port);
    const char *const argv[] = {"openssl", "s_client",    "-connect",
                                place,     "-servername", "localhost",
                                "-CAfile", cert("ca"),    "-verify_return_error",
                                version,   NULL};
    peer_start(peer, argv);
    echoing_accept(server, listener, false);
    xie_listener_close(listener);
}

IN_TASK(openssl_s_client_changes_a_protocols_keys)
{
    struct echoing server;
    struct peer peer;
    protocol_meets_s_client(&server, &peer, "-tls1_3");
    kit_send(peer.in, "hello\n");
    peer_says(&peer, "hello");
    for (int i = 0; i < 3; i++) {
        kit_send(peer.in, "K\n"); /* its keys, and ours too */
        peer_says(&peer, "KEYUPDATE");
        kit_send(peer.in, "after\n");
        peer_says(&peer, "after");
    }
    kit_send(peer.in, "Q\n");
    echoing_end(&server);
    CHECK(server.told.note.ends == 1 && !server.told.note.error);
    CHECK_EQ(peer_end(&peer), 0);
    return 0;
}

IN_TASK(openssl_s_client_may_not_renegotiate_with_a_protocol)
{
    struct echoing server;
    struct peer peer;
    protocol_meets_s_client(&server, &peer, "-tls1_2");
    kit_send(peer.in, "hello\n");
    peer_says(&peer, "hello");
    kit_send(peer.in, "R\n");
    echoing_end(&server); /* it gives up, in one way or another */
    CHECK_EQ(server.told.note.got, 6);
    CHECK(peer_end(&peer) != 0);
    return 0;
}

static void say_close(struct note *note, const char *data, size_t len)
{
    (void)data, (void)len;
    if (note->got == 6)
        CHECK_EQ(xie_transport_write(note->transport, "CLOSE\n", 6), 0);
}

IN_TASK(a_protocol_asks_openssl_s_server)
{
    struct xie_tls_options options = client_options();
    struct peer peer;
    char *line = NULL, *port;
    need("openssl version");
    options.cert_file = cert("client");
    struct xie_tls_context *context = context_of(&options);
    for (int i = 0; i < 2; i++) {
        struct told told = {.note.on_data = say_close};
        const char *const argv[] = {"openssl", "s_server",   "-accept", "127.0.0.1:0",
                                    "-cert",   cert("good"), "-key",    cert("good"),
                                    "-CAfile", cert("ca"),   "-Verify", "2",
                                    "-rev",    "-naccept",   "1",       i ? "-tls1_2" : "-tls1_3",
                                    NULL};
        peer_start(&peer, argv);
        do
            REQUIRE(xie_stream_read_line(peer.out, &line, NULL) == 1);
        while (strncmp(line, "ACCEPT", 6) || !(port = strrchr(line, ':')));
        REQUIRE(!xie_tls_create_connection(context, "localhost", (uint16_t)atoi(port + 1), NULL,
                                           &telling, &told, &told.transport));
        CHECK_EQ(xie_transport_write(told.transport, "olleh\n", 6), 0);
        kit_end(&told.note); /* it ends TLS in order */
        CHECK(!strncmp(told.note.text, "hello\n", 6));
        CHECK(told.note.ends == 1 && !told.note.error && told.info.verified);
        CHECK_STR(told.info.version, i ? "TLSv1.2" : "TLSv1.3");
        peer_end(&peer);
    }
    xie_tls_context_unref(context);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"pythons_client", pythons_client},
        {"pythons_client_that_upgrades", pythons_client_that_upgrades},
        {"pythons_server", pythons_server},
        {"openssl_s_client_changes_keys", openssl_s_client_changes_keys},
        {"openssl_s_client_may_not_renegotiate", openssl_s_client_may_not_renegotiate},
        {"openssl_s_server", openssl_s_server},
        {"curl_reads_a_page", curl_reads_a_page},
        {"a_protocol_serves_pythons_client", a_protocol_serves_pythons_client},
        {"a_protocol_serves_pythons_client_that_upgrades",
         a_protocol_serves_pythons_client_that_upgrades},
        {"a_protocol_asks_pythons_server", a_protocol_asks_pythons_server},
        {"openssl_s_client_changes_a_protocols_keys", openssl_s_client_changes_a_protocols_keys},
        {"openssl_s_client_may_not_renegotiate_with_a_protocol",
         openssl_s_client_may_not_renegotiate_with_a_protocol},
        {"a_protocol_asks_openssl_s_server", a_protocol_asks_openssl_s_server},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
