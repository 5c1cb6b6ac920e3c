/* http_bad.c - requests that no honest client sends, bytes in odd pieces, clients that go. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static int served;    /* requests that reached the handler */
static bool smuggled; /* one of them was hidden in another */
static bool whole;    /* a body came to its end */

static int site(struct xie_http *http, void *arg)
{
    char *body;
    (void)arg;
    served++;
    smuggled |= !strcmp(xie_http_path(http), "/smuggled");
    if (!strcmp(xie_http_method(http), "GET"))
        return xie_http_answer(http, 200, "text/plain", "ok", 2);
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    whole = true;
    return xie_http_answer(http, 200, "text/plain", body, (size_t)len);
}

#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

struct probe {
    int status;
    const char *text;
    size_t len; /* 0: strlen */
};

#define BYTES(text) (text), sizeof(text) - 1

/* Each is refused, the connection closed, and what follows in it not looked at. */
static int run_probes(const struct probe *probes)
{
    for (const struct probe *at = probes; at->text; at++) {
        size_t len = at->len ? at->len : strlen(at->text);
        char *text = malloc(len + sizeof SMUGGLED);
        memcpy(text, at->text, len);
        memcpy(text + len, SMUGGLED, sizeof SMUGGLED);
        char *answer = kit_ask_bytes(text, len + sizeof SMUGGLED - 1);
        if (kit_status(answer) != at->status || kit_answers(answer) != 1 || smuggled ||
            !strstr(answer, "\r\nConnection: close\r\n"))
            tap_failed(__FILE__, __LINE__, "%.60s: %d, not %d; smuggled: %d", at->text,
                       kit_status(answer), at->status, smuggled);
        smuggled = false;
        free(answer);
        free(text);
    }
    return 0;
}

static const struct probe lines[] = {
    {400, "GET / HTTP/1.1\nHost: a\n\n", 0},
    {400, "GET / HTTP/1.1\r\nHost: a\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n\n", 0},
    {400, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 0},
    {400, BYTES("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n")},
    {400,
     "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01"
     "b\r\n\r\n",
     0},
    {400,
     "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f"
     "b\r\n\r\n",
     0},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\nHost\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", 0},
    {400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {505, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 0},
    {400, "GET /\r\nHost: a\r\n\r\n", 0},
    {400, "get / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "FROB / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "DESCRIBE rtsp://a/ RTSP/1.0\r\nHost: a\r\n\r\n", 0},
    {400, "OPTIONS * RTSP/1.0\r\nHost: a\r\n\r\n", 0},
    {400, BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a greeting in another protocol")},
    {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 0},
    {505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 0},
    {505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 0},
    {0, NULL, 0},
};

static int client_lines(void)
{
    run_probes(lines);
    CHECK_EQ(served, 0);
    return 0;
}

static void odd_lines(void)
{
    kit_run(site, NULL, client_lines);
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct probe targets[] = {
    {400, GET("/%"), 0},
    {400, GET("/%2"), 0},
    {400, GET("/%zz"), 0},
    {400, GET("/%0"), 0},
    {400, GET("/%00"), 0},
    {400, GET("/a%00b"), 0},
    {400, GET("/?a=%00"), 0},
    {400, GET("/?a=%"), 0},
    {400, GET("/?%4x=1"), 0},
    {400, GET("/#part"), 0},
    {400, GET("/\xc3\xa9"), 0},
    {400, GET("foo"), 0},
    {400, GET("*"), 0},
    {400, GET("ftp://a/"), 0},
    {400, GET("http://"), 0},
    {400, GET("http://user@a/"), 0},
    {501, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\n\r\n", 0},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 0},
    {400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 0},
    {0, NULL, 0},
};

static int client_targets(void)
{
    run_probes(targets);
    CHECK_EQ(served, 0);
    return 0;
}

static void odd_targets(void)
{
    kit_run(site, NULL, client_targets);
}

#define POST(fields) "POST / HTTP/1.1\r\nHost: a\r\n" fields "\r\n\r\n"

static const struct probe lengths[] = {
    {400, POST("Content-Length: 5\r\nTransfer-Encoding: chunked") "0\r\n\r\n", 0},
    {400, POST("Transfer-Encoding: chunked\r\nContent-Length: 5") "0\r\n\r\n", 0},
    {400, POST("Content-Length: 5\r\nContent-Length: 5") "hello", 0},
    {400, POST("Content-Length: 5\r\nContent-Length: 6") "hello", 0},
    {400, POST("Content-Length: 5, 5") "hello", 0},
    {400, POST("Content-Length: +5") "hello", 0},
    {400, POST("Content-Length: -5") "hello", 0},
    {400, POST("Content-Length: 0x5") "hello", 0},
    {400, POST("Content-Length: 5 5") "hello", 0},
    {400, POST("Content-Length:") "hello", 0},
    {400, POST("Content-Length: 18446744073709551616") "hello", 0},
    {400, POST("Content-Length : 5") "hello", 0},
    {501, POST("Transfer-Encoding: gzip, chunked") "0\r\n\r\n", 0},
    {400, POST("Transfer-Encoding: chunked, chunked") "0\r\n\r\n", 0},
    {400, POST("Transfer-Encoding: chunked, gzip") "0\r\n\r\n", 0},
    {400, POST("Transfer-Encoding: gzip") "0\r\n\r\n", 0},
    {400, POST("Transfer-Encoding: xchunked") "0\r\n\r\n", 0},
    {400, POST("Transfer-Encoding: identity") "0\r\n\r\n", 0},
    {400, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") "0\r\n\r\n", 0},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0},
    {0, NULL, 0},
};

static int client_lengths(void)
{
    run_probes(lengths);
    CHECK_EQ(served, 0);
    return 0;
}

static void doubtful_lengths(void)
{
    kit_run(site, NULL, client_lengths);
}

#define CHUNKED(body) POST("Transfer-Encoding: chunked") body

static const struct probe chunks[] = {
    {400, CHUNKED("g\r\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("-5\r\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("0x5\r\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("\r\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED(" 5\r\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("5 \r\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("5\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("5\rhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("5\r\nhello\n0\r\n\r\n"), 0},
    {400, CHUNKED("5\r\nhello0\r\n\r\n"), 0},
    {400, CHUNKED("5\r\nhelloX\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("5;a\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("10000000000000005\r\nhello\r\n0\r\n\r\n"), 0},
    {400, CHUNKED("5\r\nhello\r\n0\r\nX y\r\n\r\n"), 0},
    {400, CHUNKED("5\r\nhello\r\n0\r\n\n"), 0},
    {400, CHUNKED("5\r\nhello\r\n0\r\nX: a\r\n\n"), 0},
    {400, CHUNKED("5\r\nhello\r\n0\r\nX: a\n\r\n"), 0},
    {413, CHUNKED("ffffffff\r\nhello\r\n0\r\n\r\n"), 0},
    {0, NULL, 0},
};

static int client_chunks(void)
{
    run_probes(chunks);
    CHECK(!whole);
    return 0;
}

static const struct xie_http_options tiny = {.max_body = 16};

static void bad_chunks(void)
{
    kit_run(site, &tiny, client_chunks);
}

/* --- pieces ------------------------------------------------------------------------- */

static const char exchange[] = "POST /1?x=%41 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n"
                               "5;n=v\r\nhello\r\nA\r\n, stranger\r\n0\r\nT: x\r\n\r\n"
                               "\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                               "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";

static int client_bytewise(void)
{
    struct xie_stream *stream = kit_open();
    for (size_t i = 0; i < sizeof exchange - 1; i++) {
        kit_put_bytes(stream, exchange + i, 1);
        xie_sleep(0);
    }
    xie_stream_write_eof(stream);
    char *text = kit_rest(stream, NULL);
    CHECK_EQ(kit_answers(text), 3);
    CHECK(strstr(text, "hello, stranger") && strstr(text, "abc"));
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void byte_by_byte(void)
{
    kit_run(site, NULL, client_bytewise);
}

static int client_split(void)
{
    for (size_t at = 0; at < sizeof exchange; at++) {
        struct xie_stream *stream = kit_open();
        kit_put_bytes(stream, exchange, at);
        xie_sleep(2 * XIE_MILLISECOND);
        kit_put_bytes(stream, exchange + at, sizeof exchange - 1 - at);
        xie_stream_write_eof(stream);
        char *text = kit_rest(stream, NULL);
        CHECK_EQ(kit_answers(text), 3);
        free(text);
        xie_stream_close(stream);
    }
    return 0;
}

static void split_anywhere(void)
{
    kit_run(site, NULL, client_split);
}

/* The end, or a reset, after every byte: whatever was whole is answered, nothing else. */
static int client_cut(void)
{
    for (size_t at = 0; at < sizeof exchange; at++) {
        struct xie_stream *stream = kit_open();
        kit_put_bytes(stream, exchange, at);
        xie_stream_write_eof(stream);
        char *text = kit_rest(stream, NULL);
        CHECK(kit_answers(text) <= 3 && !strstr(text, " 500 "));
        CHECK_EQ(kit_answers(text) == 3, at == sizeof exchange - 1);
        free(text);
        xie_stream_close(stream);

        stream = kit_open();
        kit_put_bytes(stream, exchange, at);
        if (at % 3)
            xie_sleep(XIE_MILLISECOND);
        xie_stream_abort(stream);
    }
    xie_sleep(100 * XIE_MILLISECOND);
    CHECK_EQ(xie_task_count(), 2); /* this and the server: every connection has ended */
    return 0;
}

static void cut_anywhere(void)
{
    kit_run(site, NULL, client_cut);
}

/* A client that asks for more and more and takes nothing, then goes. */
static int client_greedy(void)
{
    struct xie_stream *stream = kit_open();
    XIE_TIMEOUT(300 * XIE_MILLISECOND) {
        while (xie_stream_write(stream, GET("/"), sizeof GET("/") - 1) > 0)
            ;
    }
    xie_stream_abort(stream);
    xie_sleep(100 * XIE_MILLISECOND);
    CHECK_EQ(xie_task_count(), 2);
    CHECK(served > 0);
    return 0;
}

static void greedy_client(void)
{
    kit_run(site, NULL, client_greedy);
}

/* Garbage of every first byte. */
static int client_garbage(void)
{
    for (int first = 0; first < 256; first++) {
        char text[64];
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)(first + (int)i * first);
        free(kit_ask_bytes(text, sizeof text));
    }
    CHECK_EQ(served, 0);
    char *text = kit_ask(GET("/"));
    CHECK_EQ(kit_status(text), 200);
    free(text);
    return 0;
}

static void garbage(void)
{
    kit_run(site, NULL, client_garbage);
}

/* A large body is refused early; the answer arrives though the client goes on sending. */
static int client_pushy(void)
{
    struct xie_stream *stream = kit_open();
    static char block[1 << 16];
    kit_put(stream, POST("Content-Length: 100000000"));
    XIE_TIMEOUT(500 * XIE_MILLISECOND) {
        for (int i = 0; i < 64 && xie_stream_write(stream, block, sizeof block) > 0; i++)
            ;
    }
    char *text = kit_rest(stream, NULL);
    CHECK_EQ(kit_status(text), 413);
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void early_refusal_arrives(void)
{
    kit_run(site, &tiny, client_pushy);
}

static int client_upgrade(void)
{
    char *text = kit_ask("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                         "Upgrade: h2c\r\n\r\n" GET("/2"));
    CHECK_EQ(kit_answers(text), 2);
    free(text);
    text = kit_ask("POST /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   "Content-Length: 3\r\n\r\nabc" GET("/2"));
    CHECK_EQ(kit_answers(text), 2);
    CHECK(strstr(text, "abc"));
    free(text);
    return 0;
}

static void upgrade_not_taken(void)
{
    kit_run(site, NULL, client_upgrade);
}

static const struct tap_test tests[] = {
    {"odd lines and versions are refused, with all that follows", odd_lines},
    {"odd targets and hosts are refused, with all that follows", odd_targets},
    {"doubtful lengths are refused, with all that follows", doubtful_lengths},
    {"bad chunks are refused, with all that follows", bad_chunks},
    {"byte by byte", byte_by_byte},
    {"split at every place", split_anywhere},
    {"ended and reset at every place", cut_anywhere},
    {"a client that asks and never reads", greedy_client},
    {"garbage", garbage},
    {"an early refusal arrives", early_refusal_arrives},
    {"an upgrade that the handler does not take", upgrade_not_taken},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
