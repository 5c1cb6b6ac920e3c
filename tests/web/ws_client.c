/* ws_client.c - our WebSocket client against URLs and servers that are wrong. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "web/handshake.h"

/* --- addresses ---------------------------------------------------------------------- */

static int connect_to(const char *url)
{
    struct xie_ws *ws = (struct xie_ws *)&ws;
    int status = -1;
    int err = xie_ws_connect(url, NULL, &status, &ws);
    CHECK(ws == (struct xie_ws *)&ws); /* untouched */
    CHECK_EQ(status, 0);
    return err;
}

static int bad_urls(void)
{
    static const char *const urls[] = {
        "",
        "ws",
        "ws:",
        "ws:/a",
        "ws://",
        "ws:///path",
        "//a/",
        "a.example",
        "/path",
        "http://a/",
        "ftp://a/",
        "wsx://a/",
        "ws://user@a/",
        "ws://user:secret@a/",
        "ws://a/#part",
        "ws://a/ b",
        "ws://a b/",
        "ws://a:b/",
        "ws://a:0/",
        "ws://a:65536/",
        "ws://a:99999999999/",
        "ws://[::1/",
        "ws://::1/",
        "ws://[v1.x]/",
        "ws://%61/",
        "ws://a/%",
        "ws://a/%zz",
        "ws://a/\r\nX: y",
        "ws://a/\xc3\xa9",
        "ws://a/?q=\"",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        int err = connect_to(urls[i]);
        if (err != XIE_EURL)
            tap_failed(__FILE__, __LINE__, "%s: %d", urls[i], err);
    }
    CHECK_EQ(connect_to("ws://no.such.host.invalid/"), XIE_EDNS_NONAME);
    return 0;
}

static void addresses(void)
{
    kit_alone(bad_urls);
}

static int refused(void)
{
    struct xie_listener *listener;
    struct xie_address address;
    char url[64];
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &listener) == 0);
    CHECK_EQ(xie_listener_address(listener, &address), 0);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", xie_address_port(&address));
    xie_listener_close(listener);
    CHECK_EQ(connect_to(url), -ECONNREFUSED);
    return 0;
}

static void refused_port(void)
{
    kit_alone(refused);
}

/* --- what is sent ------------------------------------------------------------------- */

static struct kit_fake fake;
static const struct xie_ws_options *with;
static int last_status;

/* Connect to the fake server with the format of an URL for its port. */
__attribute__((format(printf, 1, 0))) static int connect_fake(const char *format,
                                                              struct xie_ws **ws)
{
    char url[256];
    kit_fake_open(&fake);
    snprintf(url, sizeof url, format, fake.port);
    struct xie_task *server = xie_spawn(kit_fake_serve, &fake);
    last_status = -1;
    int err = xie_ws_connect(url, with, &last_status, ws);
    if (err < 0)
        CHECK_EQ(xie_join(server), 0);
    else
        xie_detach(server);
    kit_fake_close(&fake);
    return err;
}

static const struct xie_http_field extra[] = {
    {"Authorization", "Bearer x"}, {"Sec-WebSocket-Protocol", "chat, onebot"}, {NULL, NULL}};
static const struct xie_ws_options with_extra = {.fields = extra};

static int requests(void)
{
    struct xie_ws *ws = NULL;
    char host[64];
    fake.answer = kit_accept;
    with = &with_extra;
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/a%%20b/c?d=e&f", &ws), 0);
    CHECK_EQ(last_status, 101);
    CHECK(strstr(fake.request, "GET /a%20b/c?d=e&f HTTP/1.1\r\n") == fake.request);
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", fake.port);
    CHECK(strstr(fake.request, host));
    CHECK(strstr(fake.request, "\r\nUpgrade: websocket\r\n"));
    CHECK(strstr(fake.request, "\r\nConnection: Upgrade\r\n"));
    CHECK(strstr(fake.request, "\r\nSec-WebSocket-Version: 13\r\n"));
    CHECK(strstr(fake.request, "\r\nAuthorization: Bearer x\r\n"));
    CHECK(!strstr(fake.request, "Extensions"));
    xie_ws_free(ws);
    with = NULL;
    CHECK_EQ(connect_fake("ws://localhost:%u", &ws), 0);
    CHECK(strstr(fake.request, "GET / HTTP/1.1\r\n") == fake.request);
    xie_ws_free(ws);
    CHECK_EQ(connect_fake("Ws://127.0.0.1:%u?x", &ws), 0);
    CHECK(strstr(fake.request, "GET /?x HTTP/1.1\r\n") == fake.request);
    xie_ws_free(ws);
    return 0;
}

static void what_is_sent(void)
{
    kit_alone(requests);
}

/* Two connections do not use the same key. */
static int keys(void)
{
    struct xie_ws *ws = NULL;
    char first[64] = "", second[64] = "";
    fake.answer = kit_accept;
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/", &ws), 0);
    const char *key = strstr(fake.request, "Sec-WebSocket-Key: ");
    CHECK(key && sscanf(key, "Sec-WebSocket-Key: %60s", first) == 1 && strlen(first) == 24);
    xie_ws_free(ws);
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/", &ws), 0);
    key = strstr(fake.request, "Sec-WebSocket-Key: ");
    CHECK(key && sscanf(key, "Sec-WebSocket-Key: %60s", second) == 1);
    CHECK(strcmp(first, second));
    xie_ws_free(ws);
    return 0;
}

static void fresh_keys(void)
{
    kit_alone(keys);
}

static int bad_fields(void)
{
    static const struct xie_http_field fields[][2] = {
        {{"Host", "b"}},
        {{"connection", "close"}},
        {{"Sec-WebSocket-Key", "x"}},
        {{"Sec-WebSocket-Extensions", "permessage-deflate"}},
        {{"Content-Length", "1"}},
        {{"X", "a\r\nY: b"}},
        {{"X Y", "a"}},
        {{"", "a"}},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct xie_ws_options options = {.fields = fields[i]};
        struct xie_ws *ws;
        CHECK_EQ(xie_ws_connect("ws://127.0.0.1:1/", &options, NULL, &ws), -EINVAL);
    }
    return 0;
}

static void fields_refused(void)
{
    kit_alone(bad_fields);
}

/* --- answers ------------------------------------------------------------------------------------
 */

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"
#define UP "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define PROOF "Sec-WebSocket-Accept: %s\r\n"

static const struct {
    const char *answer;
    int error, status;
} wrong[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", XIE_EWS_HANDSHAKE, 200},
    {"HTTP/1.1 404 Not Found\r\n\r\n", XIE_EWS_HANDSHAKE, 404},
    {"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", XIE_EWS_HANDSHAKE, 302},
    {"HTTP/1.1 401 Unauthorized\r\n\r\n", XIE_EAUTH, 401},
    {"HTTP/1.1 403 Forbidden\r\n\r\n", XIE_EAUTH, 403},
    {SWITCH UP "\r\n", XIE_EWS_HANDSHAKE, 101},
    {SWITCH UP "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", XIE_EWS_HANDSHAKE,
     101},
    {SWITCH UP "Sec-WebSocket-Accept: x%s\r\n\r\n", XIE_EWS_HANDSHAKE, 101},
    {SWITCH UP "Sec-WebSocket-Accept: x\r\n" PROOF "\r\n", XIE_EWS_HANDSHAKE, 101},
    {SWITCH "Upgrade: websocket\r\n" PROOF "\r\n", XIE_EWS_HANDSHAKE, 101},
    {SWITCH "Connection: Upgrade\r\n" PROOF "\r\n", XIE_EWS_HANDSHAKE, 101},
    {SWITCH "Upgrade: h2c\r\nConnection: Upgrade\r\n" PROOF "\r\n", XIE_EWS_HANDSHAKE, 101},
    {"HTTP/1.0 101 Switching\r\n" UP PROOF "\r\n", XIE_EWS_HANDSHAKE, 101},
    {SWITCH UP PROOF "Sec-WebSocket-Protocol: chat\r\n\r\n", XIE_EWS_HANDSHAKE, 101},
    {SWITCH UP PROOF "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", XIE_EWS_HANDSHAKE,
     101},
    {"HTTP/1.1 101 Switching\n\n", XIE_EHTTP, 0},
    {"SSH-2.0-x\r\n\r\n", XIE_EHTTP, 0},
    {"HTTP/1.1 1010 x\r\n\r\n", XIE_EHTTP, 0},
    {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", XIE_EHTTP, 0},
    {"\x16\x03\x01", XIE_EHTTP, 0},
    {"", XIE_EOF, 0},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade", XIE_EOF, 0},
    {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n", XIE_EWS_HANDSHAKE, 404},
};

static int wrong_answers(void)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct xie_ws *ws = NULL;
        fake.answer = wrong[i].answer;
        int err = connect_fake("ws://127.0.0.1:%u/", &ws);
        if (err != wrong[i].error || last_status != wrong[i].status || ws)
            tap_failed(__FILE__, __LINE__, "%s: %d with %d, not %d with %d", wrong[i].answer, err,
                       last_status, wrong[i].error, wrong[i].status);
    }
    return 0;
}

static void answers_refused(void)
{
    kit_alone(wrong_answers);
}

static int protocols(void)
{
    struct xie_ws *ws = NULL;
    with = &with_extra;
    fake.answer = SWITCH UP PROOF "Sec-WebSocket-Protocol: onebot\r\n\r\n";
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/", &ws), 0);
    xie_ws_free(ws);
    fake.answer = SWITCH UP PROOF "Sec-WebSocket-Protocol: other\r\n\r\n";
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/", &ws), XIE_EWS_HANDSHAKE);
    fake.answer = "HTTP/1.1 103 Early Hints\r\n\r\n" SWITCH
                  "upgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\n" PROOF "\r\n";
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/", &ws), 0);
    xie_ws_free(ws);
    return 0;
}

static void answers_accepted(void)
{
    kit_alone(protocols);
}

/* A head without end, and interim answers without end. */
static int endless(void)
{
    static char long_head[20000];
    struct xie_ws *ws = NULL;
    int used = sprintf(long_head, SWITCH "X: ");
    memset(long_head + used, 'x', sizeof long_head - 1 - (size_t)used);
    fake.answer = long_head;
    fake.hold = true;
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/", &ws), XIE_ELIMIT);
    *long_head = 0;
    for (int i = 0; i < 100; i++)
        strcat(long_head, "HTTP/1.1 103 Early Hints\r\n\r\n");
    CHECK_EQ(connect_fake("ws://127.0.0.1:%u/", &ws), XIE_EWS_HANDSHAKE);
    CHECK_EQ(last_status, 103);
    return 0;
}

static void endless_answers(void)
{
    kit_alone(endless);
}

/* --- time --------------------------------------------------------------------------- */

/* A server that takes the connection and is silent. */
static int silent(void)
{
    struct xie_ws *ws = NULL;
    char url[64];
    fake.answer = "";
    fake.hold = true;
    kit_fake_open(&fake);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", fake.port);
    struct xie_task *server = xie_spawn(kit_fake_serve, &fake);
    XIE_TIMEOUT(50 * XIE_MILLISECOND) {
        CHECK_EQ(xie_ws_connect(url, NULL, NULL, &ws), -ETIMEDOUT);
    }
    XIE_TIMEOUT(-1) {
        CHECK_EQ(xie_ws_connect(url, NULL, NULL, &ws), -ETIMEDOUT);
    }
    CHECK(!ws);
    CHECK_EQ(xie_join(server), 0);
    kit_fake_close(&fake);
    return 0;
}

static void silent_server(void)
{
    kit_alone(silent);
}

struct attempt {
    char url[64];
    struct xie_ws *ws;
};

static int try(void *arg)
{
    struct attempt *attempt = arg;
    return xie_ws_connect(attempt->url, NULL, NULL, &attempt->ws);
}

/* Cancelled after 0, 1, 2, … turns of the loop, until it succeeds before: always either a
 * connection or nothing. */
static int cancel_everywhere(void)
{
    bool connected = false;
    for (int turns = 0; !connected && turns < 1000; turns++) {
        struct attempt attempt = {.ws = NULL};
        fake.answer = kit_accept;
        kit_fake_open(&fake);
        snprintf(attempt.url, sizeof attempt.url, "ws://127.0.0.1:%u/", fake.port);
        struct xie_task *server = xie_spawn(kit_fake_serve, &fake);
        struct xie_task *client = xie_spawn(try, &attempt);
        for (int i = 0; i < turns && !xie_task_done(client); i++)
            xie_sleep(i < 20 ? 0 : XIE_MILLISECOND);
        xie_task_cancel(client);
        int err = xie_join(client);
        CHECK(err == 0 || err == -ECANCELED);
        CHECK_EQ(err == 0, attempt.ws != NULL);
        connected = !err;
        xie_ws_free(attempt.ws);
        xie_task_cancel(server);
        xie_join(server);
        kit_fake_close(&fake);
    }
    CHECK(connected);
    return 0;
}

static void cancelled_anywhere(void)
{
    kit_alone(cancel_everywhere);
}

/* --- frames ------------------------------------------------------------------------- */

static int receive_after(const void *bytes, size_t len, int *code)
{
    struct xie_ws *ws = NULL;
    char *data;
    size_t got;
    fake.answer = kit_accept;
    fake.then = bytes;
    fake.then_len = len;
    REQUIRE(connect_fake("ws://127.0.0.1:%u/", &ws) == 0);
    int result;
    while ((result = xie_ws_receive(ws, &data, &got)) > 0)
        ;
    CHECK_EQ(xie_ws_receive(ws, &data, &got), result);
    *code = xie_ws_close_code(ws, NULL);
    xie_ws_free(ws);
    return result;
}

#define RECEIVE(bytes, result, code_wanted)                               \
    do {                                                                  \
        int code;                                                         \
        CHECK_EQ(receive_after(bytes, sizeof(bytes) - 1, &code), result); \
        CHECK_EQ(code, code_wanted);                                      \
    } while (0)

static int frames(void)
{
    RECEIVE("\x81\x05hello\x88\x02\x03\xe8", 0, 1000);
    RECEIVE("\x88\0", 0, 1005);
    RECEIVE("\x81\x05hello", XIE_EOF, 1006);
    RECEIVE("\x81\x05hel", XIE_EOF, 1006);
    RECEIVE("\x81", XIE_EOF, 1006);
    RECEIVE("", XIE_EOF, 1006);
    RECEIVE("\x81\x81\1\2\3\4x", XIE_EWS_PROTOCOL, 1006); /* servers do not mask */
    RECEIVE("\xc1\x01x", XIE_EWS_PROTOCOL, 1006);
    RECEIVE("\x09\0", XIE_EWS_PROTOCOL, 1006);
    RECEIVE("\x81\x02\xff\xff", XIE_EWS_PROTOCOL, 1006);
    RECEIVE("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff\1", XIE_ELIMIT, 1006);
    RECEIVE("HTTP/1.1 200 OK\r\n\r\n", XIE_EWS_PROTOCOL, 1006);
    return 0;
}

static void bad_frames(void)
{
    kit_alone(frames);
}

/* --- what the client's frames look like ----------------------------------------------------------
 */

static unsigned char wire[4096];
static size_t wire_len;

static int record(void *arg)
{
    struct xie_stream *stream;
    char *head;
    (void)arg;
    CHECK_EQ(xie_listener_accept(fake.listener, &stream), 0);
    ssize_t len = xie_stream_read_until(stream, "\r\n\r\n", 4, &head);
    CHECK(len > 0);
    memcpy(fake.request, head, (size_t)len);
    fake.request[len] = 0;
    char proof[XIE_WS_ACCEPT] = "", key[64] = "", answer[512];
    sscanf(strstr(fake.request, "Sec-WebSocket-Key: "), "Sec-WebSocket-Key: %60s", key);
    CHECK_EQ(xie_ws_proof(key, proof), 0);
    snprintf(answer, sizeof answer, kit_accept, proof);
    kit_put(stream, answer);
    kit_put_bytes(stream, "\x89\x04ping", 6);
    char *rest = kit_rest(stream, &wire_len);
    memcpy(wire, rest, wire_len < sizeof wire ? wire_len : sizeof wire);
    free(rest);
    xie_stream_close(stream);
    return 0;
}

static int masking(void)
{
    struct xie_ws *ws = NULL;
    char url[64], *data;
    size_t len, at = 0;
    kit_fake_open(&fake);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", fake.port);
    struct xie_task *server = xie_spawn(record, NULL);
    REQUIRE(xie_ws_connect(url, NULL, NULL, &ws) == 0);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "AAAAAAAA", 8), 0);
    XIE_TIMEOUT(50 * XIE_MILLISECOND) {
        CHECK_EQ(xie_ws_receive(ws, &data, &len), -ETIMEDOUT); /* answers the ping */
    }
    xie_sleep(10 * XIE_MILLISECOND);
    xie_ws_free(ws);
    CHECK_EQ(xie_join(server), 0);
    kit_fake_close(&fake);
    unsigned char masks[100][4];
    for (int i = 0; i < 100; i++, at += 14) {
        CHECK_EQ(wire[at], 0x81);
        CHECK_EQ(wire[at + 1], 0x88); /* masked */
        memcpy(masks[i], wire + at + 2, 4);
        for (int j = 0; j < 8; j++)
            CHECK_EQ(wire[at + 6 + (size_t)j] ^ masks[i][j % 4], 'A');
        for (int j = 0; j < i; j++)
            CHECK(memcmp(masks[i], masks[j], 4)); /* equal ones: once in 900,000 runs */
    }
    CHECK_EQ(wire_len, at + 10);
    CHECK_EQ(wire[at], 0x8a);
    for (size_t j = 0; j < 4; j++)
        CHECK_EQ(wire[at + 6 + j] ^ wire[at + 2 + j], "ping"[j]);
    return 0;
}

static void masks_and_pongs(void)
{
    kit_alone(masking);
}

static const struct tap_test tests[] = {
    {"URLs that are none", addresses},
    {"a refused port", refused_port},
    {"what the client sends", what_is_sent},
    {"keys are fresh", fresh_keys},
    {"fields that are refused", fields_refused},
    {"answers that are refused", answers_refused},
    {"answers that are accepted", answers_accepted},
    {"answers without end", endless_answers},
    {"a silent server, and a deadline", silent_server},
    {"cancelled at every turn", cancelled_anywhere},
    {"bad frames from the server", bad_frames},
    {"masks and pongs of the client", masks_and_pongs},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
