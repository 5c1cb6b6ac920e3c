/* secure.c - https and wss: servers and clients over TLS. */
/* SPDX-License-Identifier: MIT */
#include <xie/web.h>

#include "base/sys.h"
#include "tls/kit.h"

struct site {
    struct xie_listener *listener;
    struct xie_http_options options;
    uint16_t port;
};

/* Echo a WebSocket's messages; answer other requests with a word. */
static int handle(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind;
    (void)arg;
    if (!xie_ws_requested(http))
        return xie_http_answer(http, 200, "text/plain", "page", 4);
    int error = xie_ws_accept(http, NULL, &ws);
    if (error)
        return error;
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0)
        xie_ws_send(ws, (enum xie_ws_kind)kind, data, len);
    xie_ws_free(ws);
    return 0;
}

static int serve(void *arg)
{
    struct site *site = arg;
    return xie_http_serve(site->listener, &site->options, handle, NULL);
}

static struct xie_task *site_open(struct site *site, struct xie_tls_context *context)
{
    struct xie_address address;
    *site = (struct site){.options.tls = context};
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &site->listener));
    REQUIRE(!xie_listener_address(site->listener, &address));
    site->port = xie_address_port(&address);
    return xie_spawn(serve, site);
}

static void site_close(struct site *site, struct xie_task *task)
{
    xie_listener_close(site->listener);
    CHECK_EQ(xie_join(task), 0);
}

static struct xie_tls_failure failure; /* of the last talk */

/* A WebSocket to the site by this name and context. */
static int talk(const struct site *site, const char *host, struct xie_tls_context *context)
{
    struct xie_ws_options options = {.tls = context, .tls_failure = &failure};
    struct xie_ws *ws = NULL;
    char url[64], *data;
    size_t len;
    snprintf(url, sizeof url, "wss://%s:%u/", host, site->port);
    int error = xie_ws_connect(url, &options, NULL, &ws);
    if (error)
        return error;
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "hello", 5), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_TEXT);
    CHECK(len == 5 && !memcmp(data, "hello", 5));
    xie_ws_free(ws);
    return 0;
}

IN_TASK(a_websocket_over_tls)
{
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_tls_context *ours = context_of(&client), *theirs = context_of(&server);
    struct site site;
    struct xie_task *task = site_open(&site, theirs);
    CHECK_EQ(talk(&site, "localhost", ours), 0);
    CHECK_EQ(talk(&site, "127.0.0.1", ours), 0);
    CHECK_EQ(talk(&site, "localhost", NULL), XIE_ETLS_CERTIFICATE);
    CHECK(!strncmp(failure.text, "localhost: ", 11) && strstr(failure.text, "certificate"));
    setenv("SSL_CERT_FILE", cert("ca"), 1);
    CHECK_EQ(talk(&site, "localhost", NULL), 0);
    site_close(&site, task);
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
    return 0;
}

IN_TASK(a_certificate_for_another_host_is_no_websocket)
{
    struct xie_tls_options client = client_options(), server = server_options();
    server.cert_file = cert("other");
    struct xie_tls_context *ours = context_of(&client), *theirs = context_of(&server);
    struct site site;
    struct xie_task *task = site_open(&site, theirs);
    CHECK_EQ(talk(&site, "localhost", ours), XIE_ETLS_HOST);
    CHECK(!strncmp(failure.text, "localhost: ", 11) && strstr(failure.text, "mismatch"));
    struct xie_ws_options quiet = {.tls = ours}; /* nobody asks for words */
    struct xie_ws *ws = NULL;
    char url[64];
    snprintf(url, sizeof url, "wss://localhost:%u/", site.port);
    CHECK_EQ(xie_ws_connect(url, &quiet, NULL, &ws), XIE_ETLS_HOST);
    site_close(&site, task);
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
    return 0;
}

/* What is no matter of TLS has no words of it, not even those of the time before. */
IN_TASK(another_failure_leaves_no_words)
{
    struct xie_ws_options options = {.tls_failure = &failure};
    struct xie_listener *listener;
    struct xie_address address;
    struct xie_ws *ws = NULL;
    char url[64];
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &listener));
    REQUIRE(!xie_listener_address(listener, &address));
    xie_listener_close(listener);
    snprintf(url, sizeof url, "wss://127.0.0.1:%u/", xie_address_port(&address));
    strcpy(failure.text, "words of another time");
    CHECK_EQ(xie_ws_connect(url, &options, NULL, &ws), -ECONNREFUSED);
    CHECK_STR(failure.text, "");
    strcpy(failure.text, "words of another time");
    CHECK_EQ(xie_ws_connect("http://localhost/", &options, NULL, &ws), XIE_EURL);
    CHECK_STR(failure.text, "");
    return 0;
}

IN_TASK(a_page_over_tls)
{
    struct xie_tls_options client = client_options(), server = server_options();
    struct xie_tls_context *ours = context_of(&client), *theirs = context_of(&server);
    struct site site;
    struct xie_stream *stream = NULL;
    char *line = NULL;
    struct xie_task *task = site_open(&site, theirs);
    REQUIRE(!xie_tls_connect(ours, "localhost", site.port, NULL, &stream));
    kit_send(stream, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "HTTP/1.1 200 OK");
    while (xie_stream_read_line(stream, &line, NULL) == 1 && *line)
        continue;
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "page");
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 0); /* an end in order */
    xie_stream_close(stream);
    site_close(&site, task);
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
    return 0;
}

/* Fetch a page by this name and context; the status, or the error. */
static int fetch(const struct site *site, const char *host, struct xie_http_client *client,
                 struct xie_tls_context *context, struct xie_tls_failure *words)
{
    struct xie_http_response *response = NULL;
    char url[64], *body;
    snprintf(url, sizeof url, "https://%s:%u/", host, site->port);
    struct xie_http_request request = {.url = url, .tls = context, .tls_failure = words};
    int error = xie_http_fetch(client, &request, &response);
    if (error)
        return error;
    int status = xie_http_response_status(response);
    CHECK_EQ(xie_http_response_body(response, &body), 4);
    CHECK_STR(body, "page");
    xie_http_response_free(response);
    return status;
}

IN_TASK(pages_fetched_over_tls)
{
    struct xie_tls_options options = client_options(), server = server_options();
    struct xie_tls_context *ours = context_of(&options), *theirs = context_of(&server);
    struct xie_http_client_options kept = {.tls = ours};
    struct xie_http_client *client, *other;
    struct site site;
    struct xie_task *task = site_open(&site, theirs);
    REQUIRE(!xie_http_client_open(&kept, &client));
    REQUIRE(!xie_http_client_open(NULL, &other));
    CHECK_EQ(fetch(&site, "localhost", NULL, ours, NULL), 200);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(fetch(&site, "localhost", client, NULL, NULL), 200);
        CHECK_EQ(xie_http_client_count(client, NULL), 1);
    }
    CHECK_EQ(fetch(&site, "127.0.0.1", client, NULL, NULL), 200);
    CHECK_EQ(xie_http_client_count(client, NULL), 2);
    /* Whom the system trusts is asked once, when first needed. */
    setenv("SSL_CERT_FILE", cert("ca"), 1);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(fetch(&site, "localhost", other, NULL, NULL), 200);
    CHECK_EQ(xie_http_client_count(other, NULL), 1);
    /* A connection that one context trusted is not another's. */
    CHECK_EQ(fetch(&site, "localhost", other, ours, NULL), 200);
    CHECK_EQ(xie_http_client_count(other, NULL), 2);
    xie_http_client_close(client);
    xie_http_client_close(other);
    site_close(&site, task);
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
    return 0;
}

IN_TASK(what_failed_is_told_in_words)
{
    struct xie_tls_options options = client_options(), server = server_options();
    server.cert_file = cert("other");
    struct xie_tls_context *ours = context_of(&options), *theirs = context_of(&server);
    struct xie_tls_failure words = {""};
    struct xie_http_client *client;
    struct site site;
    struct xie_task *task = site_open(&site, theirs);
    REQUIRE(!xie_http_client_open(NULL, &client));
    CHECK_EQ(fetch(&site, "localhost", client, ours, &words), XIE_ETLS_HOST);
    CHECK(strstr(words.text, "localhost"));
    CHECK_EQ(xie_http_client_count(client, NULL), 0);
    unsetenv("SSL_CERT_FILE");
    words.text[0] = 0;
    CHECK_EQ(fetch(&site, "localhost", client, NULL, &words), XIE_ETLS_CERTIFICATE);
    CHECK(*words.text);
    xie_http_client_close(client);
    site_close(&site, task);
    REQUIRE(!xie_http_client_open(NULL, &client));
    CHECK_EQ(fetch(&site, "localhost", client, ours, &words), -ECONNREFUSED);
    CHECK_STR(words.text, "");
    xie_http_client_close(client);
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
    return 0;
}

/* --- servers that cheat ------------------------------------------------------------------ */

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage"
#define FAKE "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake"

struct cheat {
    struct xie_tls_context *context;
    struct xie_listener *listener;
    const char *says[3]; /* each in a record of its own, on every connection */
    bool cut;            /* TCP ends after it, TLS does not */
    int connections, said;
};

static void cheat_one(struct cheat *cheat, struct xie_stream *stream)
{
    char *head, byte;
    if (xie_tls_start(stream, cheat->context, NULL, NULL) ||
        xie_stream_read_until(stream, "\r\n\r\n", 4, &head) <= 0)
        return;
    for (int i = 0; i < 3 && cheat->says[i]; i++)
        kit_send(stream, cheat->says[i]);
    if (cheat->cut)
        CHECK_EQ(xie_sys_shutdown(xie_stream_fd(stream), SHUT_WR), 0);
    cheat->said++;
    while (xie_stream_read(stream, &byte, 1) > 0)
        continue;
}

static int cheat_all(void *arg)
{
    struct cheat *cheat = arg;
    struct xie_stream *stream;
    while (!xie_listener_accept(cheat->listener, &stream)) {
        cheat->connections++;
        cheat_one(cheat, stream);
        xie_stream_abort(stream);
    }
    return 0;
}

static struct xie_task *cheat_open(struct cheat *cheat, struct site *site)
{
    struct xie_address address;
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &cheat->listener));
    REQUIRE(!xie_listener_address(cheat->listener, &address));
    site->port = xie_address_port(&address);
    return xie_spawn(cheat_all, cheat);
}

static void cheat_close(struct cheat *cheat, struct xie_task *task)
{
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), 0);
    xie_listener_close(cheat->listener);
}

/* An answer that lasts as long as the connection is not whole when TLS has not ended. */
IN_TASK(an_answer_cut_off_beneath_tls)
{
    struct xie_tls_options options = client_options(), server = server_options();
    struct xie_tls_context *ours = context_of(&options), *theirs = context_of(&server);
    struct cheat cheat = {.context = theirs, .says = {"HTTP/1.1 200 OK\r\n\r\npage"}, .cut = true};
    struct site site = {0};
    struct xie_task *task = cheat_open(&cheat, &site);
    CHECK_EQ(fetch(&site, "localhost", NULL, ours, NULL), XIE_ETLS_TRUNCATED);
    cheat_close(&cheat, task);
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
    return 0;
}

/* What comes behind an answer is nobody's, also where only TLS has seen it. */
IN_TASK(an_answer_with_another_behind_it)
{
    static const char *const answers[][3] = {{ANSWER FAKE}, {ANSWER, FAKE}};
    struct xie_tls_options options = client_options(), server = server_options();
    struct xie_tls_context *ours = context_of(&options), *theirs = context_of(&server);
    for (int i = 0; i < 2; i++) {
        struct cheat cheat = {.context = theirs};
        struct xie_http_client *client;
        struct site site = {0};
        memcpy(cheat.says, answers[i], sizeof cheat.says);
        struct xie_task *task = cheat_open(&cheat, &site);
        REQUIRE(!xie_http_client_open(NULL, &client));
        for (int turn = 1; turn <= 3; turn++) {
            CHECK_EQ(fetch(&site, "localhost", client, ours, NULL), 200);
            CHECK_EQ(cheat.connections, turn);
            while (cheat.said < turn && !xie_sleep(XIE_MILLISECOND))
                continue;
            if (!strcmp(xie_loop_backend(xie_loop_current()), "sim"))
                xie_sleep(XIE_SECOND); /* its network takes its time */
        }
        xie_http_client_close(client);
        cheat_close(&cheat, task);
    }
    xie_tls_context_unref(ours);
    xie_tls_context_unref(theirs);
    return 0;
}

/* Who connects and says nothing, or no TLS, gets no answer and holds up nobody's end. */
IN_TASK(a_server_ends_in_the_midst_of_handshakes)
{
    struct xie_tls_options server = server_options();
    struct xie_tls_context *theirs = context_of(&server);
    struct site site;
    struct xie_stream *silent = NULL, *plain = NULL;
    char byte;
    struct xie_task *task = site_open(&site, theirs);
    REQUIRE(!xie_tcp_connect("127.0.0.1", site.port, &silent));
    REQUIRE(!xie_tcp_connect("127.0.0.1", site.port, &plain));
    kit_send(plain, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (xie_stream_read(plain, &byte, 1) == 1) /* an alert, at most */
        CHECK(byte != 'H');
    site_close(&site, task);
    xie_stream_close(silent);
    xie_stream_close(plain);
    xie_tls_context_unref(theirs);
    return 0;
}

/* sim may say that there is nothing to read where there is. The kernel does not. */
static void believing_sim(void)
{
    setenv("XIE_SIM_AGAIN", "0", 1);
    an_answer_with_another_behind_it();
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_websocket_over_tls", a_websocket_over_tls},
        {"a_certificate_for_another_host_is_no_websocket",
         a_certificate_for_another_host_is_no_websocket},
        {"another_failure_leaves_no_words", another_failure_leaves_no_words},
        {"a_page_over_tls", a_page_over_tls},
        {"pages_fetched_over_tls", pages_fetched_over_tls},
        {"what_failed_is_told_in_words", what_failed_is_told_in_words},
        {"an_answer_cut_off_beneath_tls", an_answer_cut_off_beneath_tls},
        {"an_answer_with_another_behind_it", believing_sim},
        {"a_server_ends_in_the_midst_of_handshakes", a_server_ends_in_the_midst_of_handshakes},
        {0},
    };
    certs_make();
    return tap_main(argc, argv, tests);
}
