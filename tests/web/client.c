/* client.c - the promises of <xie/http.h> about the client, against our own server. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static int requests, longest; /* that the server saw; bytes of the longest body */
static char seen[4096];       /* method, path and some fields of the last one */

static void note(struct xie_http *http)
{
    static const char *const names[] = {"host",       "authorization", "cookie",        "x-mine",
                                        "connection", "expect",        "content-length"};
    int used = snprintf(seen, sizeof seen, "%s %s\n", xie_http_method(http), xie_http_path(http));
    requests++;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = xie_http_field(http, names[i]);
        if (value)
            used += snprintf(seen + used, sizeof seen - (size_t)used, "%s: %s\n", names[i], value);
    }
}

static int redirect(struct xie_http *http, int status, const char *to)
{
    xie_http_set_field(http, "Location", to);
    return xie_http_answer(http, status, "text/plain", "elsewhere", 9);
}

static int large(struct xie_http *http)
{
    static char text[1 << 20];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7 + i / 256);
    return xie_http_answer(http, 200, "text/plain", text, sizeof text);
}

static int echo(struct xie_http *http)
{
    char *body;
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    longest = len > longest ? (int)len : longest;
    return xie_http_answer(http, 200, "text/plain", body, (size_t)len);
}

static int site(struct xie_http *http, void *arg)
{
    const char *path = xie_http_path(http);
    int hop;
    (void)arg;
    note(http);
    if (!strcmp(path, "/large"))
        return large(http);
    if (!strcmp(path, "/none"))
        return xie_http_answer(http, 204, NULL, NULL, 0);
    if (!strcmp(path, "/close"))
        xie_http_set_field(http, "Connection", "close");
    if (!strcmp(path, "/never"))
        return xie_sleep_until(XIE_NEVER);
    if (!strcmp(path, "/refuse"))
        return xie_http_answer(http, 403, "text/plain", "no", 2);
    if (sscanf(path, "/hop/%d", &hop) == 1) {
        char to[32];
        snprintf(to, sizeof to, "%d?x#part", hop - 1);
        return hop ? redirect(http, 302, to) : xie_http_answer(http, 200, "text/plain", "end", 3);
    }
    if (!strncmp(path, "/to/", 4))
        return redirect(http, 307, xie_http_query(http, "url"));
    xie_http_set_field(http, "X-Twice", "one");
    xie_http_set_field(http, "X-Twice", "two");
    return echo(http);
}

static const char *url(const char *path)
{
    static char urls[4][512];
    static unsigned turn;
    char *text = urls[turn++ % 4];
    snprintf(text, sizeof urls[0], "http://127.0.0.1:%u%s", kit_port, path);
    return text;
}

static struct xie_http_client *client;

static int ask(const struct xie_http_request *request, struct xie_http_response **response)
{
    *response = NULL;
    int err = xie_http_fetch(client, request, response);
    CHECK_EQ(err < 0, *response == NULL);
    return err;
}

/* Ask and compare status and body. */
static void expect(const struct xie_http_request *request, int status, const char *text)
{
    struct xie_http_response *response;
    char *body = NULL;
    int err = ask(request, &response);
    CHECK_EQ(err, 0);
    if (err)
        return;
    CHECK_EQ(xie_http_response_status(response), status);
    CHECK_EQ(xie_http_response_body(response, &body), strlen(text));
    CHECK_STR(body, text);
    xie_http_response_free(response);
}

static void refused(const struct xie_http_request *request, int error)
{
    struct xie_http_response *response;
    CHECK_EQ(ask(request, &response), error);
    xie_http_response_free(response);
}

/* Each test twice: with a client that keeps connections, and without one. */
static int (*body)(void);

static int both_ways(void)
{
    client = NULL;
    body();
    CHECK_EQ(xie_http_client_open(NULL, &client), 0);
    body();
    CHECK_EQ(xie_http_client_count(client, NULL), 1);
    xie_http_client_close(client);
    client = NULL;
    return 0;
}

static void twice(int (*fn)(void))
{
    body = fn;
    kit_run(site, NULL, both_ways);
}

/* --- one call ----------------------------------------------------------------------------- */

static int talk(void)
{
    expect(&(struct xie_http_request){.url = url("/echo")}, 200, "");
    CHECK(strstr(seen, "GET /echo\n") == seen);
    CHECK(strstr(seen, "host: 127.0.0.1:"));
    CHECK(!strstr(seen, "content-length"));
    CHECK_EQ(!strstr(seen, "connection: close"), client != NULL);
    expect(&(struct xie_http_request){.url = url("/echo"), .body = "abc", .body_len = 3}, 200,
           "abc");
    CHECK(strstr(seen, "POST /echo\n") == seen);
    expect(
        &(struct xie_http_request){.url = url("/echo"), .method = "PUT", .body = "", .body_len = 0},
        200, "");
    CHECK(strstr(seen, "PUT /echo\n") == seen && strstr(seen, "content-length: 0\n"));
    expect(&(struct xie_http_request){.url = url("/echo"), .method = "POST"}, 200, "");
    CHECK(strstr(seen, "content-length: 0\n"));
    expect(&(struct xie_http_request){.url = url("")}, 200, "");
    CHECK(strstr(seen, "GET /\n") == seen);
    expect(&(struct xie_http_request){.url = url("?a=b#c")}, 200, "");
    expect(&(struct xie_http_request){.url = url("/refuse")}, 403, "no");
    expect(&(struct xie_http_request){.url = url("/none")}, 204, "");
    expect(&(struct xie_http_request){.url = url("/close")}, 200, "");
    expect(&(struct xie_http_request){.url = url("/echo"), .method = "HEAD"}, 200, "");
    expect(&(struct xie_http_request){.url = url("/echo")}, 200, "");
    return 0;
}

static void one_call(void)
{
    twice(talk);
}

static int fields(void)
{
    struct xie_http_response *response;
    struct xie_http_field field, mine[] = {{"X-Mine", "v w"}, {NULL, NULL}};
    CHECK_EQ(ask(&(struct xie_http_request){.url = url("/echo"), .fields = mine}, &response), 0);
    CHECK(strstr(seen, "x-mine: v w\n"));
    CHECK_STR(xie_http_response_field(response, "x-twice", 0), "one");
    CHECK_STR(xie_http_response_field(response, "X-Twice", 1), "two");
    CHECK(!xie_http_response_field(response, "x-twice", 2));
    CHECK(!xie_http_response_field(response, "x-none", 0));
    CHECK(!strcmp(xie_http_response_url(response), url("/echo")));
    size_t count = 0, twos = 0;
    while (xie_http_response_field_at(response, count, &field)) {
        twos += !strcmp(field.name, "X-Twice") && !strcmp(field.value, "two");
        count++;
    }
    CHECK_EQ(twos, 1);
    CHECK(count >= 4);
    CHECK_EQ(xie_http_response_field_at(response, 1000, &field), 0);
    xie_http_response_free(response);
    return 0;
}

static void answer_fields(void)
{
    twice(fields);
}

/* What is not to be sent is not even tried. */
static int misuse(void)
{
    static const char *const names[] = {"Host",
                                        "content-length",
                                        "Transfer-Encoding",
                                        "expect",
                                        "Connection",
                                        "Upgrade",
                                        "a b",
                                        "a\r\nb",
                                        "",
                                        "a:b",
                                        "TE",
                                        "Trailer"};
    int before = requests;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct xie_http_field bad[] = {{"X-Good", "1"}, {names[i], "x"}, {NULL, NULL}};
        refused(&(struct xie_http_request){.url = url("/"), .fields = bad}, -EINVAL);
    }
    static const char *const values[] = {"a\r\nb: c", "a\nb", "a\rb", "a\x01", "a\x7f", NULL};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct xie_http_field bad[] = {{"X-Bad", values[i]}, {NULL, NULL}};
        refused(&(struct xie_http_request){.url = url("/"), .fields = bad}, -EINVAL);
    }
    static const char *const methods[] = {"", "GET /", "G\r\nET", "CONNECT", "G\tT"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        refused(&(struct xie_http_request){.url = url("/"), .method = methods[i]}, -EINVAL);
    refused(&(struct xie_http_request){.url = url("/a\r\nb")}, -EINVAL);
    refused(&(struct xie_http_request){0}, -EINVAL);
    refused(&(struct xie_http_request){.url = url("/"), .body_len = 1}, -EINVAL);
    refused(
        &(struct xie_http_request){.url = url("/"), .body = "x", .source = xie_http_from_stream},
        -EINVAL);
    static const char *const urls[] = {
        "",        "/",           "ftp://a/",        "http://",           "http://a b",
        "ws://a/", "http://u@a/", "http://a:99999/", "http://a/\xc3\xa9", "http:a"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        refused(&(struct xie_http_request){.url = urls[i]}, XIE_EURL);
    CHECK_EQ(requests, before);
    expect(&(struct xie_http_request){.url = url("/refuse")}, 403, "no");
    return 0;
}

static void nothing_injected(void)
{
    twice(misuse);
}

static int unreachable(void)
{
    struct xie_listener *listener;
    struct xie_address address;
    char text[64];
    REQUIRE(!xie_tcp_listen("127.0.0.1", 0, 0, &listener));
    REQUIRE(!xie_listener_address(listener, &address));
    snprintf(text, sizeof text, "http://127.0.0.1:%u/", xie_address_port(&address));
    xie_listener_close(listener);
    refused(&(struct xie_http_request){.url = text}, -ECONNREFUSED);
    snprintf(text, sizeof text, "https://127.0.0.1:%u/", xie_address_port(&address));
    struct xie_http_response *response;
    int secure = ask(&(struct xie_http_request){.url = text}, &response);
    CHECK(secure == -ECONNREFUSED || secure == -EPROTONOSUPPORT); /* where TLS is not built in */
    /* A label of 64 characters: no name server has to be asked. */
    int err = ask(
        &(struct xie_http_request){
            .url = "http://aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd/"},
        &response);
    CHECK(err == XIE_EDNS_NONAME || err == XIE_EDNS_FAIL);
    expect(&(struct xie_http_request){.url = url("/refuse")}, 403, "no");
    return 0;
}

static void errors_of_connecting(void)
{
    twice(unreachable);
}

static int limits(void)
{
    refused(&(struct xie_http_request){.url = url("/large"), .max_body = (1 << 20) - 1},
            XIE_ELIMIT);
    struct xie_http_response *response;
    CHECK_EQ(ask(&(struct xie_http_request){.url = url("/large"), .max_body = 1 << 20}, &response),
             0);
    xie_http_response_free(response);
    expect(&(struct xie_http_request){.url = url("/large"), .method = "HEAD", .max_body = 1}, 200,
           "");
    refused(&(struct xie_http_request){.url = url("/refuse"), .max_head = 40}, XIE_ELIMIT);
    expect(&(struct xie_http_request){.url = url("/refuse"), .max_head = 400}, 403, "no");
    return 0;
}

static void too_long(void)
{
    twice(limits);
}

static int patience(void)
{
    struct xie_http_response *response = NULL;
    int err = 0;
    XIE_TIMEOUT(20 * XIE_MILLISECOND) {
        err = ask(&(struct xie_http_request){.url = url("/never")}, &response);
        CHECK_EQ(err, -ETIMEDOUT);
        int before = requests;
        CHECK_EQ(ask(&(struct xie_http_request){.url = url("/echo")}, &response), -ETIMEDOUT);
        CHECK_EQ(requests, before);
    }
    if (client)
        CHECK_EQ(xie_http_client_count(client, NULL), 0);
    expect(&(struct xie_http_request){.url = url("/refuse")}, 403, "no");
    return 0;
}

static void a_deadline(void)
{
    twice(patience);
}

/* --- in pieces ------------------------------------------------------------------------------ */

static int read_pieces(void)
{
    struct xie_http_response *response;
    char data[1000], *rest;
    size_t used = 0;
    ssize_t n;
    CHECK_EQ(ask(&(struct xie_http_request){.url = url("/large"), .stream = true}, &response), 0);
    CHECK_EQ(xie_http_response_read(response, data, 0), 0);
    while ((n = xie_http_response_read(response, data, sizeof data)) > 0) {
        for (ssize_t i = 0; i < n; i++, used++)
            CHECK(data[i] == (char)(used * 7 + used / 256));
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(used, 1 << 20);
    CHECK_EQ(xie_http_response_read(response, data, sizeof data), 0);
    xie_http_response_free(response);
    /* Some of it, then the rest at once. */
    CHECK_EQ(ask(&(struct xie_http_request){.url = url("/large"), .stream = true}, &response), 0);
    n = xie_http_response_read(response, data, 10);
    CHECK(n > 0 && n <= 10);
    CHECK_EQ(xie_http_response_body(response, &rest), (1 << 20) - n);
    CHECK(rest[0] == (char)(n * 7));
    xie_http_response_free(response);
    /* Some of it, and no more. */
    CHECK_EQ(ask(&(struct xie_http_request){.url = url("/large"), .stream = true}, &response), 0);
    CHECK(xie_http_response_read(response, data, sizeof data) > 0);
    xie_http_response_free(response);
    /* The limit is the caller's. */
    CHECK_EQ(ask(&(struct xie_http_request){.url = url("/large"), .stream = true, .max_body = 999},
                 &response),
             0);
    while ((n = xie_http_response_read(response, data, sizeof data)) > 0)
        ;
    CHECK_EQ(n, XIE_ELIMIT);
    CHECK_EQ(xie_http_response_read(response, data, sizeof data), XIE_ELIMIT);
    CHECK_EQ(xie_http_response_body(response, &rest), XIE_ELIMIT);
    xie_http_response_free(response);
    expect(&(struct xie_http_request){.url = url("/refuse")}, 403, "no");
    return 0;
}

static void a_body_read_in_pieces(void)
{
    twice(read_pieces);
}

struct pieces {
    size_t left, step;
    int error;
    bool waits;
};

static ssize_t give(void *arg, void *buf, size_t cap)
{
    struct pieces *pieces = arg;
    size_t len = pieces->left < pieces->step ? pieces->left : pieces->step;
    len = len < cap ? len : cap;
    if (pieces->waits)
        xie_sleep(0);
    if (!pieces->left && pieces->error)
        return pieces->error;
    memset(buf, 'p', len);
    pieces->left -= len;
    return (ssize_t)len;
}

static int write_pieces(void)
{
    struct pieces pieces = {.left = 10, .step = 3};
    struct xie_http_response *response;
    longest = 0;
    struct xie_http_request request = {.url = url("/echo"), .source = give, .source_arg = &pieces};
    expect(&request, 200, "pppppppppp");
    CHECK(strstr(seen, "POST ") == seen && !strstr(seen, "content-length"));
    pieces = (struct pieces){.left = 10, .step = 3, .waits = true};
    request.body_len = 10;
    request.method = "PUT";
    expect(&request, 200, "pppppppppp");
    CHECK(strstr(seen, "PUT ") == seen && strstr(seen, "content-length: 10\n"));
    pieces = (struct pieces){.left = 400000, .step = 100000, .waits = true};
    request.body_len = 0;
    CHECK_EQ(ask(&request, &response), 0);
    xie_http_response_free(response);
    CHECK_EQ(longest, 400000);
    /* None at all. */
    pieces = (struct pieces){.step = 1};
    expect(&request, 200, "");
    /* It has less than it said, or fails. */
    pieces = (struct pieces){.left = 9, .step = 3};
    request.body_len = 10;
    refused(&request, XIE_EOF);
    pieces = (struct pieces){.left = 9, .step = 3, .error = -EBADMSG};
    refused(&request, -EBADMSG);
    request.body_len = 0;
    pieces = (struct pieces){.left = 9, .step = 3, .error = -ECONNRESET};
    refused(&request, -ECONNRESET);
    expect(&(struct xie_http_request){.url = url("/refuse")}, 403, "no");
    return 0;
}

static void a_body_written_in_pieces(void)
{
    twice(write_pieces);
}

static int write_stream(void)
{
    struct xie_stream *pair[2];
    CHECK_EQ(xie_stream_memory(0, pair), 0);
    CHECK_EQ(xie_stream_write(pair[0], "from a stream", 13), 13);
    xie_stream_close(pair[0]);
    expect(&(struct xie_http_request){.url = url("/echo"),
                                      .source = xie_http_from_stream,
                                      .source_arg = pair[1]},
           200, "from a stream");
    xie_stream_close(pair[1]);
    return 0;
}

static void a_body_from_a_stream(void)
{
    twice(write_stream);
}

static int large_body(void)
{
    static char text[300000];
    struct xie_http_response *response;
    char *got;
    memset(text, 'l', sizeof text);
    struct xie_http_request request = {.url = url("/echo"), .body = text, .body_len = sizeof text};
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(ask(&request, &response), 0);
        CHECK_EQ(xie_http_response_body(response, &got), sizeof text);
        CHECK(!memcmp(got, text, sizeof text));
        xie_http_response_free(response);
        request.expect = true;
    }
    CHECK(strstr(seen, "expect: 100-continue\n"));
    /* The server has had enough before it has all: its word is heard. */
    request.url = url("/refuse");
    expect(&request, 403, "no");
    request.expect = false;
    expect(&request, 403, "no");
    static char much[4 << 20];
    request.body = much;
    request.body_len = sizeof much;
    request.url = url("/echo");
    CHECK_EQ(ask(&request, &response), 0);
    CHECK_EQ(xie_http_response_status(response), 413);
    xie_http_response_free(response);
    expect(&(struct xie_http_request){.url = url("/refuse")}, 403, "no");
    return 0;
}

static void a_large_body(void)
{
    twice(large_body);
}

/* --- redirects -------------------------------------------------------------------------------- */

static int hops(void)
{
    struct xie_http_response *response;
    CHECK_EQ(ask(&(struct xie_http_request){.url = url("/hop/10")}, &response), 0);
    CHECK_EQ(xie_http_response_status(response), 200);
    CHECK_STR(xie_http_response_url(response), url("/hop/0?x"));
    xie_http_response_free(response);
    refused(&(struct xie_http_request){.url = url("/hop/11")}, -ELOOP);
    expect(&(struct xie_http_request){.url = url("/hop/2"), .redirects = 2}, 200, "end");
    refused(&(struct xie_http_request){.url = url("/hop/3"), .redirects = 2}, -ELOOP);
    expect(&(struct xie_http_request){.url = url("/hop/1"), .redirects = -1}, 302, "elsewhere");
    /* Not for what is not safe. */
    int before = requests;
    expect(&(struct xie_http_request){.url = url("/hop/1"), .body = "b", .body_len = 1}, 302,
           "elsewhere");
    expect(&(struct xie_http_request){.url = url("/hop/1"), .method = "DELETE"}, 302, "elsewhere");
    CHECK_EQ(requests, before + 2);
    expect(&(struct xie_http_request){.url = url("/hop/1"), .method = "HEAD"}, 200, "");
    /* Nor once a source was asked: it has nothing left. */
    struct pieces pieces = {.left = 3, .step = 3};
    expect(
        &(struct xie_http_request){
            .url = url("/hop/1"), .method = "OPTIONS", .source = give, .source_arg = &pieces},
        302, "elsewhere");
    refused(&(struct xie_http_request){.url = url("/to/?url=ftp%3a%2f%2fa%2f")}, XIE_EURL);
    refused(&(struct xie_http_request){.url = url("/to/?url=http%3a%2f%2fu%40a%2f")}, XIE_EURL);
    expect(&(struct xie_http_request){.url = url("/to/?url=%2fa%20b")}, 200, "");
    CHECK(strstr(seen, "GET /a b\n") == seen);
    return 0;
}

static void redirects(void)
{
    twice(hops);
}

/* Credentials go to whom they were meant for, and no further. */
static int strangers(void)
{
    struct xie_http_field mine[] = {
        {"Authorization", "secret"}, {"cookie", "c=1"}, {"X-Mine", "kept"}, {NULL, NULL}};
    char path[128];
    struct xie_http_request request = {.fields = mine};
    request.url = url("/hop/1");
    expect(&request, 200, "end");
    CHECK(strstr(seen, "authorization: secret\n") && strstr(seen, "cookie: c=1\n"));
    /* The same server under another name is another host. */
    snprintf(path, sizeof path, "/to/?url=http%%3a%%2f%%2flocalhost%%3a%u%%2fhop%%2f1", kit_port);
    request.url = url(path);
    expect(&request, 200, "end");
    CHECK(strstr(seen, "host: localhost"));
    CHECK(!strstr(seen, "authorization") && !strstr(seen, "cookie"));
    CHECK(strstr(seen, "x-mine: kept\n"));
    return 0;
}

static int alone_strangers(void)
{
    client = NULL;
    return strangers();
}

static void credentials(void)
{
    kit_run(site, NULL, alone_strangers);
}

static const struct tap_test tests[] = {
    {"one call, one answer", one_call},
    {"the fields of an answer", answer_fields},
    {"nothing can be injected", nothing_injected},
    {"errors of connecting are told apart", errors_of_connecting},
    {"an answer that is too long", too_long},
    {"a deadline ends a request", a_deadline},
    {"a body read in pieces", a_body_read_in_pieces},
    {"a body written in pieces", a_body_written_in_pieces},
    {"a body from a stream", a_body_from_a_stream},
    {"a large body, and an early answer", a_large_body},
    {"redirects", redirects},
    {"credentials stay with their host", credentials},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
