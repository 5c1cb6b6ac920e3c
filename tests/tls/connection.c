/* connection.c - two ends that talk: versions, protocols, names, sessions; what each call promises
 * while all goes well. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "kit.h"
#include "tls/context.h"

/* --- bytes both ways ---------------------------------------------------------------- */

IN_TASK(plain_text_passes_both_ways)
{
    struct ends ends = {0};
    ends_open(&ends);
    check_passes(ends.client, ends.server, "hello");
    check_passes(ends.server, ends.client, "hello yourself");
    ends_close(&ends);
    return 0;
}

enum { MUCH = 1000000 };

static int send_much(void *stream)
{
    size_t cap = 70001;
    char *buf = malloc(cap);
    ssize_t sent = 0;
    for (uint64_t at = 0; at < MUCH;) {
        size_t len = MUCH - at < cap ? (size_t)(MUCH - at) : cap;
        kit_fill(buf, len, at);
        sent = xie_stream_write(stream, buf, len);
        at = sent < 0 ? MUCH : at + len;
    }
    free(buf);
    return sent < 0 ? (int)sent : xie_stream_write_eof(stream);
}

static int read_much(void *stream)
{
    size_t cap = 30000;
    char *buf = malloc(cap);
    uint64_t at = 0;
    ssize_t len;
    while ((len = xie_stream_read(stream, buf, cap)) > 0) {
        REQUIRE(kit_same(buf, (size_t)len, at));
        at += (uint64_t)len;
    }
    CHECK_EQ(at, MUCH);
    free(buf);
    return (int)len;
}

static void much_both_ways(int version)
{
    struct ends ends = {0};
    struct xie_tls_options client = client_options();
    client.max_version = version;
    ends.contexts[0] = context_of(&client);
    ends_open(&ends);
    XIE_GROUP(group) {
        xie_group_spawn(&group, send_much, ends.client);
        xie_group_spawn(&group, read_much, ends.server);
        xie_group_spawn(&group, read_much, ends.client);
        xie_group_spawn(&group, send_much, ends.server);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    CHECK_EQ(xie_stream_written(ends.client), MUCH);
    ends_close(&ends);
}

IN_TASK(much_passes_both_ways_at_once)
{
    much_both_ways(XIE_TLS_1_3);
    much_both_ways(XIE_TLS_1_2);
    return 0;
}

static char large[40000];

static int send_parts(void *stream)
{
    struct iovec parts[] = {
        {(void *)"a", 1}, {NULL, 0}, {(void *)"bc", 2}, {large, sizeof large}, {(void *)"end", 3}};
    return (int)xie_stream_writev(stream, parts, 5);
}

IN_TASK(parts_are_gathered_in_order)
{
    struct ends ends = {0};
    char got[sizeof large];
    ends_open(&ends);
    kit_fill(large, sizeof large, 0);
    struct xie_task *task = xie_spawn(send_parts, ends.client);
    CHECK_EQ(xie_stream_read_exactly(ends.server, got, 3), 3);
    CHECK(!memcmp(got, "abc", 3));
    CHECK_EQ(xie_stream_read_exactly(ends.server, got, sizeof large), sizeof large);
    CHECK(kit_same(got, sizeof large, 0));
    CHECK_EQ(xie_stream_read_exactly(ends.server, got, 3), 3);
    CHECK(!memcmp(got, "end", 3));
    CHECK_EQ(xie_join(task), 1 + 2 + sizeof large + 3);
    ends_close(&ends);
    return 0;
}

IN_TASK(lines_and_separators_work_as_on_any_stream)
{
    struct ends ends = {0};
    char *line = NULL;
    ends_open(&ends);
    kit_send(ends.client, "one\r\ntwo;three");
    CHECK_EQ(xie_stream_read_line(ends.server, &line, NULL), 1);
    CHECK_STR(line, "one");
    CHECK_EQ(xie_stream_read_until(ends.server, ";", 1, &line), 4);
    CHECK_EQ(xie_stream_peek(ends.server, &line), 5);
    CHECK(!memcmp(line, "three", 5));
    ends_close(&ends);
    return 0;
}

/* --- connecting --------------------------------------------------------------------- */

struct service {
    struct xie_listener *listener;
    struct xie_tls_context *context;
    int connections;
    uint16_t port;
};

static int serve(void *arg)
{
    struct service *service = arg;
    struct xie_stream *stream;
    while (service->connections-- && !xie_listener_accept(service->listener, &stream)) {
        char byte;
        if (!xie_tls_start(stream, service->context, NULL, NULL))
            while (xie_stream_read(stream, &byte, 1) == 1)
                xie_stream_write(stream, &byte, 1);
        xie_stream_close(stream);
    }
    return 0;
}

static struct xie_task *service_open(struct service *service, const struct xie_tls_options *options,
                                     int connections)
{
    struct xie_address address;
    service->context = context_of(options);
    service->connections = connections;
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &service->listener));
    REQUIRE(!xie_listener_address(service->listener, &address));
    service->port = xie_address_port(&address);
    return xie_spawn(serve, service);
}

static void service_close(struct service *service, struct xie_task *task)
{
    xie_join(task);
    xie_listener_close(service->listener);
    xie_tls_context_unref(service->context);
}

IN_TASK(connect_does_all_of_it)
{
    struct xie_tls_options client = client_options(), server = server_options();
    struct service service;
    struct xie_stream *stream = NULL;
    struct xie_task *task = service_open(&service, &server, 2);
    struct xie_tls_context *context = context_of(&client);
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    for (int i = 0; i < 2; i++) {
        char byte = 0;
        struct xie_tls_info info;
        CHECK_EQ(xie_tls_connect(context, hosts[i], service.port, NULL, &stream), 0);
        kit_send(stream, "x");
        CHECK_EQ(xie_stream_read(stream, &byte, 1), 1);
        CHECK_EQ(byte, 'x');
        CHECK_EQ(xie_tls_info(stream, &info), 0);
        CHECK_STR(info.host, hosts[i]);
        CHECK(info.verified);
        xie_stream_close(stream);
    }
    xie_tls_context_unref(context);
    service_close(&service, task);
    return 0;
}

IN_TASK(connect_without_a_context_trusts_whom_the_system_trusts)
{
    struct xie_tls_options server = server_options();
    struct service service;
    struct xie_stream *stream = NULL;
    struct xie_tls_failure failure = {""};
    struct xie_task *task = service_open(&service, &server, 2);
    CHECK_EQ(xie_tls_connect(NULL, "localhost", service.port, &failure, &stream),
             XIE_ETLS_CERTIFICATE);
    CHECK(strstr(failure.text, "localhost"));
    CHECK(!stream);
    setenv("SSL_CERT_FILE", cert("ca"), 1); /* what OpenSSL's default can be told by */
    CHECK_EQ(xie_tls_connect(NULL, "localhost", service.port, &failure, &stream), 0);
    xie_stream_close(stream);
    service_close(&service, task);
    return 0;
}

IN_TASK(connect_passes_on_why_it_could_not_connect)
{
    struct xie_listener *listener = NULL;
    struct xie_address address;
    struct xie_stream *stream = NULL;
    struct xie_tls_options server = server_options();
    struct xie_tls_context *context = context_of(&server);
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &listener));
    REQUIRE(!xie_listener_address(listener, &address));
    xie_listener_close(listener);
    CHECK_EQ(xie_tls_connect(NULL, "127.0.0.1", xie_address_port(&address), NULL, &stream),
             -ECONNREFUSED);
    CHECK_EQ(xie_tls_connect(NULL, "", 1, NULL, &stream), -EINVAL);
    CHECK_EQ(xie_tls_connect(context, "127.0.0.1", 1, NULL, &stream), -EINVAL);
    CHECK(!stream);
    xie_tls_context_unref(context);
    return 0;
}

/* --- what was agreed upon ----------------------------------------------------------- */

static void versions(int client_most, int server_least, const char *expected)
{
    struct ends ends;
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_tls_info info = {0};
    client.max_version = client_most;
    server.min_version = server_least;
    ends_try(&ends, &client, &server, "localhost");
    CHECK_EQ(ends.client_error, expected ? 0 : XIE_ETLS_REFUSED);
    CHECK_EQ(ends.server_error, expected ? 0 : XIE_ETLS_PROTOCOL);
    if (expected) {
        CHECK_EQ(xie_tls_info(ends.server, &info), 0);
        CHECK_STR(info.version, expected);
        CHECK(info.cipher && *info.cipher);
        CHECK(!info.reason && !info.verified && !info.alpn);
    }
    ends_close(&ends);
}

IN_TASK(the_newest_version_both_have_is_taken)
{
    versions(0, 0, "TLSv1.3");
    versions(XIE_TLS_1_2, 0, "TLSv1.2");
    versions(XIE_TLS_1_2, XIE_TLS_1_3, NULL);
    return 0;
}

IN_TASK(ciphers_are_those_asked_for)
{
    struct ends ends;
    struct xie_tls_options client = client_options();
    struct xie_tls_info info = {0};
    client.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256";
    ends_try(&ends, &client, NULL, "localhost");
    CHECK_EQ(xie_tls_info(ends.client, &info), 0);
    CHECK_STR(info.cipher, "TLS_CHACHA20_POLY1305_SHA256");
    ends_close(&ends);
    client.max_version = XIE_TLS_1_2;
    client.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
    ends_try(&ends, &client, NULL, "localhost");
    CHECK_EQ(xie_tls_info(ends.client, &info), 0);
    CHECK_STR(info.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
    ends_close(&ends);
    return 0;
}

static void alpn(const char *client_has, const char *server_has, const char *expected, int error)
{
    struct ends ends;
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_tls_info ours = {0}, theirs = {0};
    client.alpn = client_has;
    server.alpn = server_has;
    ends_try(&ends, &client, &server, "localhost");
    CHECK_EQ(ends.client_error, error);
    CHECK_EQ(ends.server_error, error);
    if (!error) {
        CHECK_EQ(xie_tls_info(ends.client, &ours), 0);
        CHECK_EQ(xie_tls_info(ends.server, &theirs), 0);
        if (expected)
            CHECK_STR(ours.alpn, expected);
        CHECK(!expected == !theirs.alpn && !expected == !ours.alpn);
    } else
        CHECK(strstr(ends.client_failure.text, "localhost"));
    ends_close(&ends);
}

IN_TASK(the_protocol_is_the_servers_first_that_the_client_has)
{
    alpn("http/1.1,h2", "h2,http/1.1", "h2", 0);
    alpn("http/1.1", "h2,http/1.1", "http/1.1", 0);
    alpn("h2", NULL, NULL, 0);
    alpn(NULL, "h2", NULL, 0);
    alpn("h2", "http/1.1", NULL, XIE_ETLS_ALPN);
    return 0;
}

IN_TASK(the_peers_certificate_is_told)
{
    struct ends ends = {0};
    char text[4096];
    ends_open(&ends);
    CHECK_EQ(xie_tls_peer(ends.client, XIE_TLS_SUBJECT, text, sizeof text), 12);
    CHECK_STR(text, "CN=localhost");
    CHECK(xie_tls_peer(ends.client, XIE_TLS_ISSUER, text, sizeof text) > 0);
    CHECK_STR(text, "CN=test authority");
    CHECK(xie_tls_peer(ends.client, XIE_TLS_NAMES, text, sizeof text) > 0);
    CHECK_STR(text, "DNS:localhost, IP Address:127.0.0.1, DNS:*.wild.example");
    ssize_t len = xie_tls_peer(ends.client, XIE_TLS_PEM, text, sizeof text);
    CHECK(len > 0 && len == (ssize_t)strlen(text));
    CHECK(!strncmp(text, "-----BEGIN CERTIFICATE-----\n", 28));
    CHECK_EQ(xie_tls_peer(ends.client, XIE_TLS_SUBJECT, text, 4), 12);
    CHECK_STR(text, "CN=");
    CHECK_EQ(xie_tls_peer(ends.client, XIE_TLS_SUBJECT, NULL, 0), 12);
    CHECK_EQ(xie_tls_peer(ends.server, XIE_TLS_SUBJECT, text, sizeof text), -ENOENT);
    ends_close(&ends);
    return 0;
}

IN_TASK(a_stream_without_tls_has_none_of_it)
{
    struct xie_stream *pair[2];
    struct xie_tls_info info;
    kit_pair(pair);
    CHECK_EQ(xie_tls_info(pair[0], &info), -EINVAL);
    CHECK_EQ(xie_tls_peer(pair[0], XIE_TLS_PEM, NULL, 0), -EINVAL);
    CHECK_EQ(xie_tls_unwrap(pair[0]), -EINVAL);
    kit_close(pair);
    return 0;
}

/* --- names -------------------------------------------------------------------------- */

static struct xie_tls_context *by_name(const char *name, void *arg)
{
    struct xie_tls_context **contexts = arg;
    if (!strcmp(name, "other.example"))
        return contexts[1];
    return strcmp(name, "unknown.example") ? contexts[0] : NULL;
}

static void ask_for(const char *host, const struct xie_tls_options *server, const char *subject)
{
    struct ends ends;
    struct xie_tls_options client = client_options();
    struct xie_tls_info info = {0};
    char text[100] = "";
    ends_try(&ends, &client, server, host);
    CHECK_EQ(ends.client_error, subject ? 0 : XIE_ETLS_REFUSED);
    if (subject) {
        CHECK(xie_tls_peer(ends.client, XIE_TLS_SUBJECT, text, sizeof text) > 0);
        CHECK_STR(text, subject);
        CHECK_EQ(xie_tls_info(ends.server, &info), 0);
        if (strcmp(host, "127.0.0.1"))
            CHECK_STR(info.host, host);
        else
            CHECK(!info.host);
    }
    ends_close(&ends);
}

IN_TASK(a_server_shows_the_certificate_for_the_name_asked_for)
{
    struct xie_tls_options server = server_options(), other = server_options();
    struct xie_tls_context *contexts[2];
    contexts[0] = context_of(&server);
    other.cert_file = cert("other");
    contexts[1] = context_of(&other);
    server.by_name = by_name;
    server.by_name_arg = contexts;
    server.cert_file = NULL;
    ask_for("localhost", &server, "CN=localhost");
    ask_for("other.example", &server, "CN=other.example");
    ask_for("127.0.0.1", &server, "CN=localhost"); /* a number is never asked for */
    ask_for("unknown.example", &server, NULL);
    xie_tls_context_unref(contexts[0]);
    xie_tls_context_unref(contexts[1]);
    return 0;
}

IN_TASK(the_chosen_context_decides_about_clients_too)
{
    struct xie_tls_options server = server_options(), strict = server_options();
    struct xie_tls_context *contexts[2];
    struct ends ends;
    strict.cert_file = cert("other");
    strict.ca_file = cert("ca");
    strict.verify = XIE_TLS_VERIFY_REQUIRED;
    contexts[0] = context_of(&server);
    contexts[1] = context_of(&strict);
    server.by_name = by_name;
    server.by_name_arg = contexts;
    ends_try(&ends, NULL, &server, "other.example");
    CHECK_EQ(ends.server_error, XIE_ETLS_CERTIFICATE);
    ends_close(&ends);
    xie_tls_context_unref(contexts[0]);
    xie_tls_context_unref(contexts[1]);
    return 0;
}

/* --- sessions ----------------------------------------------------------------------- */

/* Shake hands with the contexts given and talk, so that tickets are read; whether resumed. */
static bool resumes(struct xie_tls_context *contexts[2], const char *host)
{
    struct ends ends = {
        .contexts = {xie_tls_context_ref(contexts[0]), xie_tls_context_ref(contexts[1])}};
    struct xie_tls_info ours = {0}, theirs = {0};
    ends_shake(&ends, NULL, host);
    REQUIRE(!ends.client_error && !ends.server_error);
    check_passes(ends.server, ends.client, "read after the ticket");
    CHECK_EQ(xie_tls_info(ends.client, &ours), 0);
    CHECK_EQ(xie_tls_info(ends.server, &theirs), 0);
    CHECK_EQ(ours.resumed, theirs.resumed);
    CHECK(ours.verified);
    ends_close(&ends);
    return ours.resumed;
}

static void sessions(int version)
{
    struct xie_tls_options client = client_options(), server = server_options();
    client.max_version = version;
    struct xie_tls_context *contexts[2] = {context_of(&client), context_of(&server)};
    CHECK(!resumes(contexts, "localhost"));
    CHECK(resumes(contexts, "localhost"));
    CHECK(!resumes(contexts, "127.0.0.1")); /* another host's is not used */
    CHECK(resumes(contexts, "127.0.0.1"));
    if (version == XIE_TLS_1_3) /* a new ticket came with the resumed one */
        CHECK(resumes(contexts, "localhost"));
    CHECK_EQ(xie_tls_context_reload(contexts[0], NULL), 0);
    CHECK(!resumes(contexts, "localhost"));
    CHECK_EQ(xie_tls_context_reload(contexts[1], NULL), 0);
    CHECK(!resumes(contexts, "localhost"));
    xie_tls_context_unref(contexts[0]);
    xie_tls_context_unref(contexts[1]);
}

IN_TASK(a_session_is_resumed_until_a_reload)
{
    sessions(XIE_TLS_1_3);
    sessions(XIE_TLS_1_2);
    return 0;
}

/* There is room for a part of them alone, and the client does nothing: the handshake is over. */
IN_TASK(a_servers_handshake_does_not_wait_until_its_tickets_are_read)
{
    struct ends ends = {0};
    struct xie_stream *raw[2];
    struct xie_tls_info info = {0};
    struct xie_tls_options client = client_options(), server = server_options();
    server.handshake_ns = XIE_SECOND; /* or it would be that long until it fails */
    for (int again = 0; again < 2; again++) {
        if (!again) {
            ends.contexts[0] = context_of(&client);
            ends.contexts[1] = context_of(&server);
        }
        REQUIRE(!xie_stream_memory(64, raw));
        ends_shake(&ends, raw, "localhost");
        REQUIRE(!ends.client_error && !ends.server_error);
        CHECK_EQ(xie_tls_info(ends.server, &info), 0);
        CHECK_EQ(info.resumed, again == 1); /* they came in the end */
        check_passes(ends.client, ends.server, "a question");
        check_passes(ends.server, ends.client, "an answer");
        if (!again) {
            kit_close((struct xie_stream *[]){ends.client, ends.server});
            ends.client = ends.server = NULL;
        }
    }
    ends_close(&ends);
    return 0;
}

IN_TASK(resumption_can_be_switched_off)
{
    for (int side = 0; side < 2; side++) {
        struct xie_tls_options client = client_options(), server = server_options();
        client.no_resumption = side == 0;
        server.no_resumption = side == 1;
        struct xie_tls_context *contexts[2] = {context_of(&client), context_of(&server)};
        CHECK(!resumes(contexts, "localhost"));
        CHECK(!resumes(contexts, "localhost"));
        xie_tls_context_unref(contexts[0]);
        xie_tls_context_unref(contexts[1]);
    }
    return 0;
}

/* The last 64 are kept, of a host the last one. */
static void sessions_kept_have_a_limit(void)
{
    struct xie_tls_context *context = context_of(NULL);
    SSL_SESSION *session = SSL_SESSION_new();
    for (uint16_t port = 0; port <= XIE_TLS_SESSIONS; port++) {
        SSL_SESSION_up_ref(session);
        CHECK(xie_tls_session_keep(context, "host", port, session));
    }
    SSL_SESSION_up_ref(session);
    CHECK(xie_tls_session_keep(context, "host", XIE_TLS_SESSIONS, session));
    CHECK(!xie_tls_session_take(context, "host", 0)); /* the oldest had to go */
    CHECK(!xie_tls_session_take(context, "other", 1));
    for (uint16_t port = 1; port <= XIE_TLS_SESSIONS; port++) {
        CHECK(xie_tls_session_take(context, "host", port) == session);
        CHECK(!xie_tls_session_take(context, "host", port)); /* each for one connection */
        SSL_SESSION_free(session);
    }
    SSL_SESSION_free(session);
    xie_tls_context_unref(context);
}

/* --- several threads ---------------------------------------------------------------- */

static int shake_some(void *arg)
{
    for (int i = 0; i < 5; i++) {
        struct xie_tls_context **contexts = arg;
        struct ends ends = {
            .contexts = {xie_tls_context_ref(contexts[0]), xie_tls_context_ref(contexts[1])}};
        ends_shake(&ends, NULL, "localhost");
        CHECK_EQ(ends.client_error, 0);
        check_passes(ends.server, ends.client, "with a ticket before it");
        ends_close(&ends);
    }
    return 0;
}

static void *run_loop(void *arg)
{
    CHECK_EQ(xie_run(shake_some, arg), 0);
    return NULL;
}

static void contexts_are_shared_by_loops_on_threads(void)
{
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_tls_context *contexts[] = {context_of(&client), context_of(&server)};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, run_loop, contexts));
    for (int i = 0; i < 4; i++)
        CHECK_EQ(xie_tls_context_reload(contexts[i % 2], NULL), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    xie_tls_context_unref(contexts[0]);
    xie_tls_context_unref(contexts[1]);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"plain_text_passes_both_ways", plain_text_passes_both_ways},
        {"much_passes_both_ways_at_once", much_passes_both_ways_at_once},
        {"parts_are_gathered_in_order", parts_are_gathered_in_order},
        {"lines_and_separators_work_as_on_any_stream", lines_and_separators_work_as_on_any_stream},
        {"connect_does_all_of_it", connect_does_all_of_it},
        {"connect_without_a_context_trusts_whom_the_system_trusts",
         connect_without_a_context_trusts_whom_the_system_trusts},
        {"connect_passes_on_why_it_could_not_connect", connect_passes_on_why_it_could_not_connect},
        {"the_newest_version_both_have_is_taken", the_newest_version_both_have_is_taken},
        {"ciphers_are_those_asked_for", ciphers_are_those_asked_for},
        {"the_protocol_is_the_servers_first_that_the_client_has",
         the_protocol_is_the_servers_first_that_the_client_has},
        {"the_peers_certificate_is_told", the_peers_certificate_is_told},
        {"a_stream_without_tls_has_none_of_it", a_stream_without_tls_has_none_of_it},
        {"a_server_shows_the_certificate_for_the_name_asked_for",
         a_server_shows_the_certificate_for_the_name_asked_for},
        {"the_chosen_context_decides_about_clients_too",
         the_chosen_context_decides_about_clients_too},
        {"a_session_is_resumed_until_a_reload", a_session_is_resumed_until_a_reload},
        {"a_servers_handshake_does_not_wait_until_its_tickets_are_read",
         a_servers_handshake_does_not_wait_until_its_tickets_are_read},
        {"resumption_can_be_switched_off", resumption_can_be_switched_off},
        {"sessions_kept_have_a_limit", sessions_kept_have_a_limit},
        {"contexts_are_shared_by_loops_on_threads", contexts_are_shared_by_loops_on_threads},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
