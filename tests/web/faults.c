/* faults.c - each allocation, system call and operation fails once, in turn: a clean error or
 * none, and nothing leaks. Both sides run in this process, so both are hit. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "kit.h"
#include "web/deflate.h"

/* Both sides'; compressed where a test says so. */
static struct xie_ws_options options;

static int handle_page(struct xie_http *http)
{
    char *body;
    int form = xie_http_form(http);
    ssize_t len = xie_http_body(http, &body);
    if (len < 0 || (form < 0 && form != -EINVAL))
        return len < 0 ? (int)len : form;
    int err = xie_http_set_field(http, "X-Field", xie_http_path(http));
    if (err < 0)
        return err;
    return xie_http_answer(http, 200, "text/plain", body, (size_t)len);
}

static int handle_ws(struct xie_http *http)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind = xie_ws_accept(http, &options, &ws);
    if (kind < 0)
        return kind;
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0) {
        if (xie_ws_send(ws, (enum xie_ws_kind)kind, data, len) < 0)
            break;
    }
    xie_ws_free(ws);
    return 0;
}

static int handle(struct xie_http *http, void *arg)
{
    (void)arg;
    return xie_ws_requested(http) ? handle_ws(http) : handle_page(http);
}

/* --- the conversations -------------------------------------------------------------- */

static uint16_t port;

/* return 0 when all went as without a fault. */
static int pages(void)
{
    static const char requests[] = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                                   "Content-Type: application/x-www-form-urlencoded\r\n\r\nabc"
                                   "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                                   "\r\n3\r\nabc\r\n0\r\n\r\n"
                                   "GET /c?d=e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct xie_stream *stream;
    char data[4096] = "";
    size_t used = 0;
    int err = xie_tcp_connect("127.0.0.1", port, &stream);
    if (err < 0)
        return err;
    ssize_t n = xie_stream_write(stream, requests, sizeof requests - 1);
    while (n > 0 && used < sizeof data - 1) {
        n = xie_stream_read(stream, data + used, sizeof data - 1 - used);
        used += n > 0 ? (size_t)n : 0;
    }
    xie_stream_close(stream);
    return kit_answers(data) == 3 && !strstr(data, " 503 ") ? 0 : XIE_EHTTP;
}

static ssize_t give(void *arg, void *buf, size_t cap)
{
    int *left = arg;
    memset(buf, 'g', cap < 1000 ? cap : 1000);
    return --*left >= 0 ? (ssize_t)(cap < 1000 ? cap : 1000) : 0;
}

static int fetch(struct xie_http_client *client, const struct xie_http_request *request, size_t len)
{
    struct xie_http_response *response = NULL;
    char *body;
    int err = xie_http_fetch(client, request, &response);
    CHECK_EQ(err < 0, !response);
    if (err < 0)
        return err;
    int status = xie_http_response_status(response);
    ssize_t got = xie_http_response_body(response, &body);
    CHECK(got < 0 || status != 200 || (size_t)got == len);
    xie_http_response_free(response);
    return got < 0 ? (int)got : status == 200 ? 0 : XIE_EHTTP;
}

static int fetches_with(struct xie_http_client *client)
{
    char url[64];
    int left = 3;
    struct xie_http_field fields[] = {{"X-A", "b"}, {NULL, NULL}};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", port);
    struct xie_http_request get = {.url = url, .fields = fields};
    struct xie_http_request put = {.url = url, .method = "PUT", .body = "abc", .body_len = 3};
    struct xie_http_request post = {.url = url, .source = give, .source_arg = &left};
    struct xie_http_request pieces = {.url = url, .stream = true};
    int err = fetch(client, &get, 0);
    err = err ? err : fetch(client, &put, 3);
    err = err ? err : fetch(client, &post, 3000);
    err = err ? err : fetch(client, &pieces, 0);
    return err ? err : fetch(NULL, &get, 0);
}

/* Each connection a place, so that one kept by mistake would show. */
static int fetches(void)
{
    struct xie_http_client_options single = {.max_connections = 1};
    struct xie_http_client *client;
    size_t idle;
    int err = xie_http_client_open(&single, &client);
    if (err < 0)
        return err;
    err = fetches_with(client);
    CHECK_EQ(xie_http_client_count(client, &idle), idle);
    xie_http_client_close(client);
    return err;
}

static int talk(struct xie_ws *ws)
{
    char *data;
    size_t len;
    CHECK_EQ(xie_ws_deflates(ws), options.deflate);
    for (int i = 0; i < 2; i++) {
        int err = xie_ws_send(ws, XIE_WS_TEXT, "hello", 5);
        if (!err)
            err = xie_ws_ping(ws);
        if (err < 0)
            return err;
        int kind = xie_ws_receive(ws, &data, &len);
        if (kind <= 0)
            return kind < 0 ? kind : XIE_ECLOSED;
        CHECK_EQ(len, 5);
        CHECK(!memcmp(data, "hello", 5));
    }
    return xie_ws_close(ws, 1000, "bye");
}

static int socket_talk(void)
{
    char url[64];
    struct xie_ws *ws = NULL;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", port);
    int err = xie_ws_connect(url, &options, NULL, &ws);
    CHECK_EQ(err < 0, ws == NULL);
    if (err < 0)
        return err;
    err = talk(ws);
    xie_ws_free(ws);
    return err;
}

static int packed_talk(void)
{
    options = (struct xie_ws_options){.deflate = true, .deflate_least = 1};
    return socket_talk();
}

static int alone_talk(void)
{
    options = (struct xie_ws_options){.deflate = true, .deflate_least = 1, .own_alone = true};
    return socket_talk();
}

/* Three messages and a close in one write: their answers share one. */
static int shared_talk(void)
{
    static const char bytes[] =
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        "\x81\x82\0\0\0\0in\x82\x82\0\0\0\0in\x81\x82\0\0\0\0in\x88\x82\0\0\0\0\x03\xe8";
    static const char answers[] = "\x81\x02in\x82\x02in\x81\x02in\x88\x02\x03\xe8";
    struct xie_stream *stream;
    char data[4096];
    size_t used = 0;
    options = (struct xie_ws_options){0};
    int err = xie_tcp_connect("127.0.0.1", port, &stream);
    if (err < 0)
        return err;
    ssize_t n = xie_stream_write(stream, bytes, sizeof bytes - 1);
    while (n > 0 && used < sizeof data) {
        n = xie_stream_read(stream, data + used, sizeof data - used);
        used += n > 0 ? (size_t)n : 0;
    }
    xie_stream_close(stream);
    size_t len = sizeof answers - 1;
    return used > len && !memcmp(data + used - len, answers, len) ? 0 : XIE_EOF;
}

/* --- the driver --------------------------------------------------------------------- */

static int (*conversation)(void);
static int outcome;

static int serve(void *arg)
{
    int err = xie_http_serve(arg, NULL, handle, NULL);
    CHECK(err < 0);
    return 0;
}

static int run(void *arg)
{
    const struct xie_fault *plan = arg;
    struct xie_listener *listener;
    struct xie_address address = {0};
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &listener) == 0);
    REQUIRE(xie_listener_address(listener, &address) == 0);
    port = xie_address_port(&address);
    struct xie_task *server = xie_spawn(serve, listener);
    xie_sleep(0);
    xie_fault_plan = *plan;
    outcome = 1;
    /* Where a fault took the server, the client's patience ends it. */
    XIE_TIMEOUT(XIE_SECOND) {
        outcome = conversation();
    }
    xie_fault_plan.kinds = 0;
    for (int i = 0; i < 20 && xie_task_count() > 2; i++)
        xie_sleep(XIE_MILLISECOND);
    xie_task_cancel(server);
    CHECK_EQ(xie_join(server), 0);
    CHECK_EQ(xie_task_count(), 1);
    xie_listener_close(listener);
    return 0;
}

/* Fail the nth, for n = 1, 2, … until there are no more. */
static void sweep(int (*fn)(void), unsigned kinds, int error)
{
    uint64_t nth = 1, broken = 0;
    tap_limit(120);
    conversation = fn;
    for (bool more = true; more; nth++) {
        struct xie_fault plan = {.kinds = kinds, .nth = nth, .error = error};
        size_t before = xie_alloc_live();
        int err = xie_run(run, &plan);
        CHECK_EQ(err, 0);
        CHECK_EQ(xie_alloc_live(), before);
        more = xie_fault_plan.failed > 0;
        broken += outcome != 0;
        if (!more)
            CHECK_EQ(outcome, 0);
        CHECK(nth < 5000);
    }
    CHECK(nth > 3); /* there was something to fail */
    CHECK(broken > 0);
}

static void memory_pages(void)
{
    sweep(pages, XIE_FAULT_MEMORY, -ENOMEM);
}

static void memory_socket(void)
{
    sweep(socket_talk, XIE_FAULT_MEMORY, -ENOMEM);
}

static void faults_shared(void)
{
    sweep(shared_talk, XIE_FAULT_MEMORY, -ENOMEM);
    sweep(shared_talk, XIE_FAULT_SYSCALL, -ECONNRESET);
    sweep(shared_talk, XIE_FAULT_OPERATION, -EIO);
}

static void need_deflate(void)
{
    if (!xie_deflate_built())
        tap_skip("zlib is not built in");
}

static void faults_packed(void)
{
    need_deflate();
    sweep(packed_talk, XIE_FAULT_MEMORY, -ENOMEM);
    sweep(packed_talk, XIE_FAULT_SYSCALL, -ECONNRESET);
    sweep(packed_talk, XIE_FAULT_OPERATION, -EIO);
}

static void memory_alone(void)
{
    need_deflate();
    sweep(alone_talk, XIE_FAULT_MEMORY, -ENOMEM);
}

static void calls_pages(void)
{
    sweep(pages, XIE_FAULT_SYSCALL, -ECONNRESET);
}

static void calls_socket(void)
{
    sweep(socket_talk, XIE_FAULT_SYSCALL, -ECONNRESET);
}

static void memory_fetches(void)
{
    sweep(fetches, XIE_FAULT_MEMORY, -ENOMEM);
}

static void calls_fetches(void)
{
    sweep(fetches, XIE_FAULT_SYSCALL, -ECONNRESET);
}

static void operations_fetches(void)
{
    sweep(fetches, XIE_FAULT_OPERATION, -EIO);
}

static void operations_pages(void)
{
    sweep(pages, XIE_FAULT_OPERATION, -EIO);
}

static void operations_socket(void)
{
    sweep(socket_talk, XIE_FAULT_OPERATION, -EIO);
}

/* --- cancelled at every turn -------------------------------------------------------- */

static int converse(void *arg)
{
    (void)arg;
    return outcome = conversation();
}

/* Cancel the client, or the server, after so many turns of the loop. return 1: it was too
 * late for that. */
struct cut {
    int turns;
    bool server;
};

static int cut_after(void *arg)
{
    struct cut *cut = arg;
    struct xie_listener *listener;
    struct xie_address address = {0};
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &listener) == 0);
    REQUIRE(xie_listener_address(listener, &address) == 0);
    port = xie_address_port(&address);
    struct xie_task *server = xie_spawn(serve, listener);
    struct xie_task *client = xie_spawn(converse, NULL);
    for (int i = 0; i < cut->turns && !xie_task_done(client); i++)
        xie_sleep(i < 100 ? 0 : i < 200 ? 20 * XIE_MICROSECOND : XIE_MILLISECOND);
    bool late = xie_task_done(client);
    xie_task_cancel(cut->server ? server : client);
    int err = xie_join(cut->server ? server : client);
    CHECK(cut->server ? !err || err == -ECANCELED : err <= 0);
    xie_task_cancel(server);
    if (cut->server)
        xie_listener_close(listener); /* a client in its backlog would wait for ever */
    err = xie_join(cut->server ? client : server);
    CHECK(cut->server ? err <= 0 : !err);
    if (!cut->server)
        xie_listener_close(listener);
    CHECK_EQ(xie_task_count(), 1);
    return late;
}

static void cut_everywhere(int (*fn)(void), bool server)
{
    int late = 0, turns = 0;
    conversation = fn;
    tap_limit(120);
    for (; !late && turns < 2000; turns++) {
        struct cut cut = {turns, server};
        size_t before = xie_alloc_live();
        late = xie_run(cut_after, &cut);
        CHECK(late == 0 || late == 1);
        CHECK_EQ(xie_alloc_live(), before);
    }
    CHECK_EQ(late, 1);
    CHECK_EQ(outcome, 0);
    CHECK(turns > 3);
}

static void cut_pages_client(void)
{
    cut_everywhere(pages, false);
}

static void cut_pages_server(void)
{
    cut_everywhere(pages, true);
}

static void cut_fetches_client(void)
{
    cut_everywhere(fetches, false);
}

static void cut_fetches_server(void)
{
    cut_everywhere(fetches, true);
}

static void cut_socket_client(void)
{
    cut_everywhere(socket_talk, false);
}

static void cut_socket_server(void)
{
    cut_everywhere(socket_talk, true);
}

static void cut_shared(void)
{
    cut_everywhere(shared_talk, false);
    cut_everywhere(shared_talk, true);
}

static void cut_packed(void)
{
    need_deflate();
    cut_everywhere(packed_talk, false);
    cut_everywhere(packed_talk, true);
}

static const struct tap_test tests[] = {
    {"pages: each allocation fails once", memory_pages},
    {"pages: each system call fails once", calls_pages},
    {"pages: each operation fails once", operations_pages},
    {"a client: each allocation fails once", memory_fetches},
    {"a client: each system call fails once", calls_fetches},
    {"a client: each operation fails once", operations_fetches},
    {"a WebSocket: each allocation fails once", memory_socket},
    {"a WebSocket: each system call fails once", calls_socket},
    {"a WebSocket: each operation fails once", operations_socket},
    {"messages at once: each of these fails once", faults_shared},
    {"messages at once: each side is cancelled at every turn", cut_shared},
    {"a compressed WebSocket: each of these fails once", faults_packed},
    {"messages compressed by themselves: each allocation fails once", memory_alone},
    {"a compressed WebSocket: each side is cancelled at every turn", cut_packed},
    {"pages: the client is cancelled at every turn", cut_pages_client},
    {"pages: the server is cancelled at every turn", cut_pages_server},
    {"a client: it is cancelled at every turn", cut_fetches_client},
    {"a client: the server is cancelled at every turn", cut_fetches_server},
    {"a WebSocket: the client is cancelled at every turn", cut_socket_client},
    {"a WebSocket: the server is cancelled at every turn", cut_socket_server},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
