/* client_raw.c - the client, and answers byte for byte: in odd pieces, cut anywhere, and such as
 * no server should send. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"

static struct xie_http_client *client;

/* What came of a request: an error, or the status; and the body. */
struct outcome {
    int result;
    char body[256];
    ssize_t len;
};

static struct outcome ask_as(struct raw *raw, const char *method, bool stream)
{
    struct xie_http_request request = {
        .url = raw_url(raw, "/"), .method = method, .stream = stream, .max_head = 600};
    struct xie_http_response *response = NULL;
    struct outcome outcome = {0};
    char *body;
    outcome.result = xie_http_fetch(client, &request, &response);
    CHECK_EQ(outcome.result < 0, !response);
    if (!response)
        return outcome;
    outcome.result = xie_http_response_status(response);
    outcome.len = xie_http_response_body(response, &body);
    if (outcome.len < 0)
        outcome.result = (int)outcome.len;
    else
        snprintf(outcome.body, sizeof outcome.body, "%s", body);
    xie_http_response_free(response);
    return outcome;
}

static struct outcome ask(struct raw *raw)
{
    return ask_as(raw, "GET", false);
}

/* One answer on a connection of its own. */
static struct outcome answer(const char *text, const char *method, bool stream)
{
    struct raw_script scripts[] = {{.answers = {text}}, RAW_END};
    struct raw raw = {.scripts = scripts};
    raw_open(&raw);
    struct outcome outcome = ask_as(&raw, method, stream);
    raw_close(&raw);
    return outcome;
}

static void with_client(int (*fn)(void))
{
    CHECK_EQ(xie_http_client_open(NULL, &client), 0);
    fn();
    xie_http_client_close(client);
    client = NULL;
}

/* --- pieces ------------------------------------------------------------------------------- */

static const char *const good[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n"
    "Trailer: t\r\n\r\n",
    "HTTP/1.1 200\r\ntransfer-encoding: Chunked\r\n\r\n05\r\nhello\r\n000\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
};

static int split(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (size_t at = 1; at <= strlen(good[i]); at++) {
            struct raw_script scripts[] = {{.answers = {good[i]}}, RAW_END};
            struct raw raw = {.scripts = scripts, .split = at, .bytewise = at == strlen(good[i])};
            raw_open(&raw);
            struct outcome outcome = ask_as(&raw, NULL, at % 2);
            CHECK_EQ(outcome.result, 200);
            CHECK_STR(outcome.body, "hello");
            raw_close(&raw);
        }
    }
    return 0;
}

static int split_both(void)
{
    split();
    with_client(split);
    return 0;
}

static void split_at_every_byte(void)
{
    tap_limit(60);
    kit_alone(split_both);
}

static int cut(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[512];
        for (size_t at = 0; at < strlen(good[i]); at++) {
            snprintf(text, sizeof text, "%.*s", (int)at, good[i]);
            CHECK_EQ(answer(text, "GET", at % 2).result, XIE_EOF);
        }
    }
    return 0;
}

static int cut_both(void)
{
    cut();
    with_client(cut);
    return 0;
}

static void ended_at_every_byte(void)
{
    tap_limit(60);
    kit_alone(cut_both);
}

/* --- what is no answer ------------------------------------------------------------------------ */

static int bad(void)
{
    static const char *const answers[] = {
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "RTSP/1.0 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        /* How long? */
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct outcome outcome = answer(answers[i], "GET", i % 2);
        if (outcome.result != XIE_EHTTP)
            tap_failed(__FILE__, __LINE__, "%d for %s", outcome.result, answers[i]);
        outcome = answer(answers[i], "GET", i % 2 == 0);
        CHECK_EQ(outcome.result, XIE_EHTTP);
    }
    return 0;
}

static void malformed_answers(void)
{
    kit_alone(bad);
}

static int interims(void)
{
    char text[4096] = "";
    for (int i = 0; i < 8; i++)
        strcat(text, "HTTP/1.1 102 Processing\r\n\r\n");
    strcat(text, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    CHECK_EQ(answer(text, "GET", false).result, 200);
    char more[4096] = "HTTP/1.1 102 Processing\r\n\r\n";
    strcat(more, text);
    CHECK_EQ(answer(more, "GET", false).result, XIE_EHTTP);
    return 0;
}

static void answers_before_the_answer(void)
{
    kit_alone(interims);
}

/* The head of the answer may have 600 bytes here, and so may what stands between the pieces of a
 * body. */
static int limits(void)
{
    char text[4096], filler[2000];
    memset(filler, 'f', sizeof filler);
    int plain = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: \r\n\r\n");
    for (int over = 0; over < 2; over++) {
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: %.*s\r\n\r\n",
                 600 - plain + over, filler);
        CHECK_EQ(answer(text, "GET", false).result, over ? XIE_ELIMIT : 200);
        snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: %.*s\r\n"
                 "\r\n",
                 over ? 700 : 500, filler);
        struct outcome outcome = answer(text, "GET", true);
        CHECK_EQ(outcome.result, over ? XIE_ELIMIT : 200);
        CHECK(over || !strcmp(outcome.body, "x"));
        snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;%.*s\r\nx\r\n0\r\n\r\n",
                 over ? 700 : 500, filler);
        CHECK_EQ(answer(text, "GET", true).result, over ? XIE_ELIMIT : 200);
    }
    return 0;
}

/* 16 KiB and 16 MiB, where nothing else was asked for. */
static int defaults(void)
{
    static char filler[17000], text[20000];
    struct xie_http_response *response = NULL;
    memset(filler, 'f', sizeof filler - 1);
    int plain = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: \r\n\r\n");
    for (int over = 0; over < 2; over++) {
        struct raw_script scripts[] = {{.answers = {text}}, {.answers = {text}}, RAW_END};
        struct raw raw = {.scripts = scripts};
        raw_open(&raw);
        struct xie_http_request request = {.url = raw_url(&raw, "/")};
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: %.*s\r\n\r\n",
                 (16 << 10) - plain + over, filler);
        CHECK_EQ(xie_http_fetch(NULL, &request, &response), over ? XIE_ELIMIT : 0);
        if (!over)
            xie_http_response_free(response);
        /* One that is too long is refused by its head; the other one ends early. */
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                 (16 << 20) + over);
        CHECK_EQ(xie_http_fetch(NULL, &request, &response), over ? XIE_ELIMIT : XIE_EOF);
        raw_close(&raw);
    }
    return 0;
}

static void limits_unless_set(void)
{
    kit_alone(defaults);
}

static void heads_and_trailers_have_a_limit(void)
{
    kit_alone(limits);
}

/* --- how answers end ----------------------------------------------------------------------------
 */

static int ends(void)
{
    struct outcome outcome = answer("HTTP/1.1 200 OK\r\n\r\nto the end", "GET", false);
    CHECK_EQ(outcome.result, 200);
    CHECK_STR(outcome.body, "to the end");
    outcome = answer("HTTP/1.0 200 OK\r\n\r\nto the end", "GET", true);
    CHECK_EQ(outcome.result, 200);
    CHECK_STR(outcome.body, "to the end");
    outcome = answer("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nthree", "GET", false);
    CHECK_EQ(outcome.result, 200);
    CHECK_STR(outcome.body, "thr");
    outcome = answer("HTTP/1.1 204 No\r\n\r\nnothing", "GET", false);
    CHECK_EQ(outcome.result, 204);
    CHECK_EQ(outcome.len, 0);
    struct raw_script scripts[] = {{.answers = {"HTTP/1.1 200 OK\r\n\r\ncut"}, .reset = true},
                                   RAW_END};
    struct raw raw = {.scripts = scripts};
    raw_open(&raw);
    outcome = ask(&raw);
    CHECK(outcome.result == -ECONNRESET || outcome.result == 200); /* what overtook what? */
    raw_close(&raw);
    return 0;
}

static void ends_of_answers(void)
{
    kit_alone(ends);
}

#define KEPT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* What has no body has none whatever its fields say, and the connection goes on. */
static int bodiless(void)
{
    struct raw_script scripts[] = {
        {.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                     "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n",
                     "HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n",
                     "HTTP/1.0 200 OK\r\nConnection: x, Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
                     KEPT}},
        RAW_END};
    struct raw raw = {.scripts = scripts};
    raw_open(&raw);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(ask_as(&raw, "HEAD", false).len, 0);
    CHECK_EQ(ask(&raw).result, 204);
    CHECK_EQ(ask(&raw).result, 304);
    CHECK_STR(ask(&raw).body, "ok");
    CHECK_STR(ask(&raw).body, "ok");
    CHECK_EQ(raw.connections, 1);
    raw_close(&raw);
    return 0;
}

static int bodiless_kept(void)
{
    with_client(bodiless);
    return 0;
}

static void answers_without_a_body(void)
{
    kit_alone(bodiless_kept);
}

/* --- when a connection is kept
 * --------------------------------------------------------------------- */

/* After each of these the next request gets a connection of its own, and its own answer. */
static int not_kept(void)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: a\r\nConnection: b, Close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\n\r\nok",
        /* More than was asked for: whose answer would that be? */
        KEPT "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake",
        KEPT "x",
        KEPT "\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct raw_script scripts[] = {
            {.answers = {answers[i], KEPT}}, {.answers = {KEPT}}, RAW_END};
        struct raw raw = {.scripts = scripts, .split = i > 3 ? strlen(KEPT) : 0};
        scripts[0].hold = i != 3;
        scripts[0].answers[1] = NULL;
        raw_open(&raw);
        CHECK_STR(ask(&raw).body, "ok");
        raw_settle(&raw, 1);
        CHECK_STR(ask(&raw).body, "ok");
        CHECK_EQ(raw.connections, 2);
        raw_close(&raw);
    }
    return 0;
}

static int not_kept_kept(void)
{
    with_client(not_kept);
    return 0;
}

/* sim may say that there is nothing to read where there is. The kernel does not, and the client
 * has to go by its word. */
static void believe_sim(void)
{
    setenv("XIE_SIM_AGAIN", "0", 1);
}

static void connections_that_are_not_kept(void)
{
    believe_sim();
    kit_alone(not_kept_kept);
}

static void play(const struct raw_script *scripts, const char *second, int result, int connections)
{
    struct raw raw = {.scripts = scripts};
    raw_open(&raw);
    CHECK_EQ(xie_http_client_open(NULL, &client), 0);
    CHECK_EQ(ask(&raw).result, 200);
    struct outcome outcome = ask_as(&raw, second, false);
    if (result == -ECONNRESET)
        CHECK(outcome.result == XIE_EOF || outcome.result == -ECONNRESET ||
              outcome.result == -EPIPE);
    else
        CHECK_EQ(outcome.result, result);
    CHECK_EQ(raw.connections, connections);
    CHECK_EQ(xie_http_client_count(client, NULL), result == 200);
    xie_http_client_close(client);
    raw_close(&raw);
}

/* A kept connection ends when it is asked again. */
static int died(void)
{
    static const struct raw_script once[] = {
        {.answers = {KEPT, ""}}, {.answers = {KEPT}, .hold = true}, RAW_END};
    static const struct raw_script by_reset[] = {
        {.answers = {KEPT, ""}, .reset = true}, {.answers = {KEPT}, .hold = true}, RAW_END};
    static const struct raw_script again[] = {
        {.answers = {KEPT, ""}}, {.answers = {""}}, {.answers = {KEPT}}, RAW_END};
    static const struct raw_script a_byte[] = {
        {.answers = {KEPT, "H"}}, {.answers = {KEPT}}, RAW_END};
    play(once, "GET", 200, 2);
    play(once, "OPTIONS", 200, 2);
    play(once, "PUT", 200, 2);
    play(once, "DELETE", 200, 2);
    play(by_reset, "GET", 200, 2);
    play(once, "POST", -ECONNRESET, 1); /* it may have been done */
    play(once, "PATCH", -ECONNRESET, 1);
    play(by_reset, "POST", -ECONNRESET, 1);
    play(again, "GET", -ECONNRESET, 2); /* once more, not for ever */
    play(a_byte, "GET", XIE_EOF, 1);    /* it was alive */
    return 0;
}

/* Whose end is known beforehand is not asked: then anything may be sent. */
static int known(void)
{
    static const struct raw_script scripts[] = {
        {.answers = {KEPT}}, {.answers = {KEPT}, .hold = true}, RAW_END};
    struct raw raw = {.scripts = scripts};
    raw_open(&raw);
    CHECK_EQ(ask(&raw).result, 200);
    raw_settle(&raw, 1);
    CHECK_EQ(ask_as(&raw, "POST", false).result, 200);
    CHECK_EQ(raw.connections, 2);
    raw_close(&raw);
    return 0;
}

static int died_kept(void)
{
    died();
    with_client(known);
    return 0;
}

static void a_kept_connection_that_died(void)
{
    believe_sim();
    kit_alone(died_kept);
}

/* A fresh one that ends without a word is an error at once. */
static int silent(void)
{
    static const struct raw_script scripts[] = {{.answers = {""}}, {.answers = {KEPT}}, RAW_END};
    struct raw raw = {.scripts = scripts};
    raw_open(&raw);
    CHECK_EQ(ask(&raw).result, XIE_EOF);
    CHECK_EQ(raw.connections, 1);
    raw_close(&raw);
    return 0;
}

static int silent_both(void)
{
    silent();
    with_client(silent);
    return 0;
}

static void a_fresh_connection_that_ends(void)
{
    kit_alone(silent_both);
}

/* --- what is sent
 * --------------------------------------------------------------------------------- */

static ssize_t two_pieces(void *arg, void *buf, size_t cap)
{
    int *left = arg;
    CHECK(cap >= 3);
    memcpy(buf, "abc", 3);
    return (*left)-- > 0 ? 3 : 0;
}

static int words(void)
{
    static const struct raw_script scripts[] = {
        {.answers = {KEPT, KEPT}}, {.answers = {KEPT}, .hold = true}, RAW_END};
    struct raw raw = {.scripts = scripts};
    struct xie_http_response *response;
    struct xie_http_field fields[] = {{"A", "b"}, {"C", ""}, {NULL, NULL}};
    int left = 2;
    char text[256];
    raw_open(&raw);
    struct xie_http_request request = {.url = raw_url(&raw, "/p?q=1#f"), .fields = fields};
    CHECK_EQ(xie_http_fetch(client, &request, &response), 0);
    xie_http_response_free(response);
    snprintf(text, sizeof text, "GET /p?q=1 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nA: b\r\nC: \r\n\r\n",
             raw.port);
    CHECK_STR(raw.log, text);
    raw.logged = 0;
    raw_close(&raw);

    static const struct raw_script upload[] = {{.answers = {"", KEPT}}, RAW_END};
    raw = (struct raw){.scripts = upload};
    raw_open(&raw);
    request = (struct xie_http_request){
        .url = raw_url(&raw, "?x"), .source = two_pieces, .source_arg = &left};
    CHECK_EQ(xie_http_fetch(NULL, &request, &response), 0);
    xie_http_response_free(response);
    snprintf(text, sizeof text,
             "POST /?x HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nTransfer-Encoding: chunked\r\n"
             "Connection: close\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n",
             raw.port);
    CHECK_STR(raw.log, text);
    raw_close(&raw);
    return 0;
}

static int words_kept(void)
{
    with_client(words);
    return 0;
}

static void the_very_words_of_a_request(void)
{
    kit_alone(words_kept);
}

/* A server that knows nothing of "Expect" gets the body after a second. */
static int unheard(void)
{
    static const struct raw_script scripts[] = {{.answers = {"", KEPT}},
                                                {.answers = {"HTTP/1.1 417 No\r\nContent-Length: 0"
                                                             "\r\n\r\n"},
                                                 .hold = true},
                                                RAW_END};
    struct raw raw = {.scripts = scripts};
    struct xie_http_response *response;
    raw_open(&raw);
    struct xie_http_request request = {
        .url = raw_url(&raw, "/"), .body = "body\r\n\r\n", .body_len = 8, .expect = true};
    int64_t before = xie_now();
    CHECK_EQ(xie_http_fetch(client, &request, &response), 0);
    CHECK(xie_now() - before >= XIE_SECOND);
    CHECK_EQ(xie_http_response_status(response), 200);
    xie_http_response_free(response);
    CHECK(strstr(raw.log, "Expect: 100-continue\r\n\r\nbody"));
    raw.logged = 0;
    CHECK_EQ(xie_http_fetch(NULL, &request, &response), 0);
    CHECK_EQ(xie_http_response_status(response), 417);
    xie_http_response_free(response);
    CHECK(!strstr(raw.log, "body"));
    raw_close(&raw);
    return 0;
}

static int unheard_kept(void)
{
    with_client(unheard);
    return 0;
}

static void expectations(void)
{
    kit_alone(unheard_kept);
}

/* A server that has answered reads no more of a body that has no end; nobody waits for it. */
static ssize_t endless(void *arg, void *buf, size_t cap)
{
    (void)arg;
    memset(buf, 'e', cap);
    return (ssize_t)cap;
}

static int enough(void)
{
    static const struct raw_script scripts[] = {
        {.answers = {"HTTP/1.1 413 Enough\r\nContent-Length: 2\r\n\r\nno"}, .stuck = true},
        {.answers = {"HTTP/1.1 413 Enough\r\nContent-Length: 2\r\n\r\nno"}, .stuck = true},
        RAW_END};
    struct raw raw = {.scripts = scripts};
    struct xie_http_response *response;
    size_t len = 32 << 20;
    char *body = calloc(1, len), *text;
    REQUIRE(body);
    raw_open(&raw);
    struct xie_http_request requests[] = {
        {.url = raw_url(&raw, "/"), .body = body, .body_len = len},
        {.url = raw_url(&raw, "/"), .source = endless}};
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(xie_http_fetch(client, &requests[i], &response), 0);
        CHECK_EQ(xie_http_response_status(response), 413);
        CHECK_EQ(xie_http_response_body(response, &text), 2);
        xie_http_response_free(response);
        if (client)
            CHECK_EQ(xie_http_client_count(client, NULL), 0);
        raw_settle(&raw, i + 1); /* it waits for the gate by now */
        xie_event_set(&raw.gate);
        xie_event_clear(&raw.gate); /* who waited has been let go, and nobody else */
    }
    xie_event_set(&raw.gate);
    raw_close(&raw);
    free(body);
    return 0;
}

static int enough_both(void)
{
    enough();
    with_client(enough);
    return 0;
}

static void an_answer_before_the_end_of_the_body(void)
{
    kit_alone(enough_both);
}

static const struct tap_test tests[] = {
    {"an answer split at every byte", split_at_every_byte},
    {"an answer that ends at every byte", ended_at_every_byte},
    {"malformed answers", malformed_answers},
    {"answers before the answer", answers_before_the_answer},
    {"heads and trailers have a limit", heads_and_trailers_have_a_limit},
    {"limits unless set", limits_unless_set},
    {"how answers end", ends_of_answers},
    {"answers without a body", answers_without_a_body},
    {"connections that are not kept", connections_that_are_not_kept},
    {"a kept connection that died", a_kept_connection_that_died},
    {"a fresh connection that ends", a_fresh_connection_that_ends},
    {"the very words of a request", the_very_words_of_a_request},
    {"expectations", expectations},
    {"an answer before the end of the body", an_answer_before_the_end_of_the_body},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
