/* http.c - the promises of <xie/web.h> about requests and answers. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static int served; /* requests that reached the handler */

static int answer_text(struct xie_http *http, const char *text)
{
    return xie_http_answer(http, 200, "text/plain", text, strlen(text));
}

static int echo(struct xie_http *http)
{
    char *body;
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    CHECK_EQ(body[len], 0);
    return xie_http_answer(http, 200, "text/plain", body, (size_t)len);
}

static int large(struct xie_http *http)
{
    static char text[1 << 20];
    memset(text, 'x', sizeof text);
    return xie_http_answer(http, 200, "text/plain", text, sizeof text);
}

static int site(struct xie_http *http, void *arg)
{
    const char *path = xie_http_path(http);
    (void)arg;
    served++;
    if (!strcmp(path, "/echo"))
        return echo(http);
    if (!strcmp(path, "/none"))
        return 0;
    if (!strcmp(path, "/fail"))
        return -EIO;
    if (!strcmp(path, "/slow"))
        xie_sleep(XIE_SECOND);
    if (!strcmp(path, "/large"))
        return large(http);
    return answer_text(http, path);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* --- answers ------------------------------------------------------------------------ */

static int client_answer(void)
{
    char *text = kit_ask(GET("/hello"));
    CHECK_EQ(kit_status(text), 200);
    CHECK(strstr(text, "HTTP/1.1 200 OK\r\n") == text);
    CHECK(strstr(text, "\r\nContent-Length: 6\r\n"));
    CHECK(strstr(text, "\r\nContent-Type: text/plain\r\n"));
    CHECK_STR(kit_body(text), "/hello");
    free(text);
    KIT_STATUS(GET("/none"), 204);
    KIT_STATUS(GET("/fail"), 500);
    text = kit_ask(GET("/none"));
    CHECK(!strstr(text, "Content-Length"));
    free(text);
    return 0;
}

static void answers(void)
{
    kit_run(site, NULL, client_answer);
}

static int client_date(void)
{
    char *text = kit_ask(GET("/"));
    const char *date = strstr(text, "\r\nDate: ");
    char day[4], month[4], zone[4];
    unsigned d, y, h, m, s;
    REQUIRE(date);
    CHECK_EQ(sscanf(date, "\r\nDate: %3[A-Z-a-z], %2u %3[A-Za-z] %4u %2u:%2u:%2u %3[GMT]\r\n", day,
                    &d, month, &y, &h, &m, &s, zone),
             8);
    CHECK(strstr("SunMonTueWedThuFriSat", day) && d >= 1 && d <= 31 && y >= 2024);
    CHECK_STR(zone, "GMT");
    free(text);
    return 0;
}

static void date(void)
{
    kit_run(site, NULL, client_date);
}

static int client_head(void)
{
    char *text = kit_ask("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" GET("/next"));
    CHECK(strstr(text, "\r\nContent-Length: 6\r\n"));
    CHECK(!strstr(text, "/hello"));
    CHECK_EQ(kit_answers(text), 2);
    CHECK(strstr(text, "/next"));
    free(text);
    return 0;
}

static void head(void)
{
    kit_run(site, NULL, client_head);
}

static int client_large(void)
{
    struct xie_stream *stream = kit_open();
    size_t len;
    kit_put(stream, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    char *text = kit_rest(stream, &len);
    CHECK_EQ(kit_body(text) + (1 << 20) - text, len);
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void large_answer(void)
{
    kit_run(site, NULL, client_large);
}

/* --- what a handler may do ---------------------------------------------------------- */

static int picky(struct xie_http *http, void *arg)
{
    struct xie_address address;
    (void)arg;
    CHECK_STR(xie_http_method(http), "POST");
    CHECK_STR(xie_http_path(http), "/a b/\xc3\xa9/../c");
    CHECK_STR(xie_http_field(http, "x-NAME"), "some value");
    CHECK_STR(xie_http_field(http, "x-empty"), "");
    CHECK_STR(xie_http_field(http, "x-twice"), "first");
    CHECK(!xie_http_field(http, "x-none"));
    CHECK_STR(xie_http_query(http, "q"), "1 2&=");
    CHECK_STR(xie_http_query(http, "flag"), "");
    CHECK_STR(xie_http_query(http, "k y"), "v+");
    CHECK(!xie_http_query(http, "none"));
    CHECK(!xie_http_query(http, "v+"));
    CHECK_EQ(xie_http_peer(http, &address), 0);
    CHECK(xie_address_port(&address) != 0);
    CHECK_EQ(xie_http_set_field(http, "X-Answer", "yes"), 0);
    CHECK_EQ(xie_http_set_field(http, "Date", "then"), 0);
    CHECK_EQ(xie_http_set_field(http, "X-Bad", "a\r\nEvil: yes"), -EINVAL);
    CHECK_EQ(xie_http_set_field(http, "X-Bad", "a\x01"), -EINVAL);
    CHECK_EQ(xie_http_set_field(http, "X Bad", "a"), -EINVAL);
    CHECK_EQ(xie_http_set_field(http, "", "a"), -EINVAL);
    CHECK_EQ(xie_http_set_field(http, "Content-Length", "7"), -EINVAL);
    CHECK_EQ(xie_http_set_field(http, "transfer-encoding", "chunked"), -EINVAL);
    CHECK_EQ(xie_http_set_field(http, "Connection", "upgrade"), -EINVAL);
    CHECK_EQ(xie_http_answer(http, 199, NULL, "", 0), -EINVAL);
    CHECK_EQ(xie_http_answer(http, 1000, NULL, "", 0), -EINVAL);
    CHECK_EQ(xie_http_answer(http, 200, "a\nb", "", 0), -EINVAL);
    CHECK_EQ(xie_http_answer(http, 299, NULL, "", 0), 0);
    CHECK_EQ(xie_http_answer(http, 200, NULL, "", 0), -EBUSY);
    CHECK_EQ(xie_http_set_field(http, "X-Late", "a"), -EBUSY);
    return -EIO; /* too late to matter */
}

static int client_picky(void)
{
    char *text =
        kit_ask("POST /a%20b/%C3%a9/../c?q=1+2%26%3D&&flag&k%20y=v%2B HTTP/1.1\r\nHost: a\r\n"
                "X-Name:  some value \t\r\nX-Empty:\r\nX-Twice: first\r\n"
                "X-Twice: second\r\nContent-Length: 0\r\n\r\n");
    CHECK_EQ(kit_status(text), 299);
    CHECK_EQ(kit_answers(text), 1);
    CHECK(strstr(text, "\r\nX-Answer: yes\r\n"));
    CHECK(strstr(text, "\r\nDate: then\r\n"));
    CHECK(!strstr(text, "GMT") && !strstr(text, "Evil") && !strstr(text, "X-Late"));
    free(text);
    return 0;
}

static void what_a_handler_sees(void)
{
    kit_run(picky, NULL, client_picky);
}

static int closing(struct xie_http *http, void *arg)
{
    (void)arg;
    served++;
    CHECK_EQ(xie_http_set_field(http, "Connection", "close"), 0);
    return answer_text(http, "bye");
}

static int client_closing(void)
{
    char *text = kit_ask(GET("/") GET("/"));
    CHECK_EQ(kit_answers(text), 1);
    CHECK(strstr(text, "\r\nConnection: close\r\n"));
    CHECK_EQ(served, 1);
    free(text);
    return 0;
}

static void handler_closes(void)
{
    kit_run(closing, NULL, client_closing);
}

static int client_absolute(void)
{
    char *text = kit_ask("GET http://b.example/x%2Fy?z=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_STR(kit_body(text), "/x/y");
    free(text);
    text = kit_ask("GET http://b.example HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_STR(kit_body(text), "/");
    free(text);
    text = kit_ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_STR(kit_body(text), "*");
    free(text);
    return 0;
}

static void forms_of_target(void)
{
    kit_run(site, NULL, client_absolute);
}

/* --- connections -------------------------------------------------------------------- */

/* Read one answer of a small body; return its status. */
static int one_answer(struct xie_stream *stream)
{
    char *line;
    int status = 0, len = 0;
    while (xie_stream_read_line(stream, &line, NULL) == 1 && *line) {
        sscanf(line, "HTTP/1.1 %d", &status);
        sscanf(line, "Content-Length: %d", &len);
    }
    char body[256];
    if (len)
        CHECK_EQ(xie_stream_read_exactly(stream, body, (size_t)len), len);
    return status;
}

static bool ended(struct xie_stream *stream)
{
    char byte;
    return xie_stream_read(stream, &byte, 1) == 0;
}

static int client_kept(void)
{
    struct xie_stream *stream = kit_open();
    for (int i = 0; i < 5; i++) {
        kit_put(stream, GET("/x"));
        CHECK_EQ(one_answer(stream), 200);
    }
    kit_put(stream, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK_EQ(one_answer(stream), 200);
    CHECK(ended(stream));
    xie_stream_close(stream);
    return 0;
}

static void keep_alive(void)
{
    kit_run(site, NULL, client_kept);
}

static int client_old(void)
{
    struct xie_stream *stream = kit_open();
    kit_put(stream, "GET / HTTP/1.0\r\n\r\n");
    CHECK_EQ(one_answer(stream), 200);
    CHECK(ended(stream));
    xie_stream_close(stream);
    stream = kit_open();
    kit_put(stream, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK_EQ(one_answer(stream), 200);
    kit_put(stream, "GET / HTTP/1.0\r\n\r\n");
    char *text = kit_rest(stream, NULL);
    CHECK_EQ(kit_status(text), 200);
    CHECK(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void http_1_0(void)
{
    kit_run(site, NULL, client_old);
}

static int client_pipelined(void)
{
    enum { COUNT = 100 };
    char all[COUNT * 64], *text;
    size_t used = 0;
    for (int i = 0; i < COUNT; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, GET("/%03d"), i);
    text = kit_ask(all);
    CHECK_EQ(kit_answers(text), COUNT);
    const char *at = text;
    for (int i = 0; i < COUNT; i++) {
        char want[8];
        snprintf(want, sizeof want, "/%03d", i);
        at = at ? strstr(at, want) : NULL;
    }
    CHECK(at); /* each, in order */
    free(text);
    return 0;
}

static void pipelining(void)
{
    kit_run(site, NULL, client_pipelined);
}

/* Several answers come in one read: they were written together. */
static int client_corked(void)
{
    struct xie_stream *stream = kit_open();
    char *data;
    kit_put(stream, GET("/1") GET("/2") GET("/3"));
    ssize_t n = xie_stream_peek(stream, &data);
    REQUIRE(n > 0);
    char text[4096] = "";
    memcpy(text, data, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    CHECK_EQ(kit_answers(text), 3);
    xie_stream_close(stream);
    return 0;
}

static void answers_share_a_write(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (backend && !strcmp(backend, "sim"))
        tap_skip("sim cuts what is written in pieces");
    kit_run(site, NULL, client_corked);
}

static int client_uncorked(void)
{
    struct xie_stream *stream = kit_open();
    int64_t start = xie_now();
    kit_put(stream, GET("/1") GET("/slow") GET("/3"));
    CHECK_EQ(one_answer(stream), 200);
    CHECK(served <= 2); /* the second has not come yet, or is still being answered */
    CHECK_EQ(one_answer(stream), 200);
    CHECK(xie_now() - start >= XIE_SECOND);
    CHECK_EQ(one_answer(stream), 200);
    xie_stream_close(stream);
    return 0;
}

static void no_answer_waits_for_the_next(void)
{
    kit_run(site, NULL, client_uncorked);
}

static int ask_slow(void *arg)
{
    (void)arg;
    KIT_STATUS(GET("/slow"), 200);
    return 0;
}

static int client_concurrent(void)
{
    int64_t start = xie_now();
    XIE_GROUP(group) {
        for (int i = 0; i < 20; i++)
            xie_group_spawn(&group, ask_slow, NULL);
        xie_sleep(XIE_MILLISECOND * 10);
        KIT_STATUS(GET("/x"), 200);
        CHECK(xie_now() - start < XIE_SECOND || tap_slow());
    }
    /* One after the other they would take 20 s. */
    CHECK(xie_now() - start < 10 * XIE_SECOND || tap_slow());
    return 0;
}

static void concurrent(void)
{
    kit_run(site, NULL, client_concurrent);
}

/* --- bodies ------------------------------------------------------------------------- */

static int client_bodies(void)
{
    char *text = kit_ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    CHECK_STR(kit_body(text), "hello");
    free(text);
    text = kit_ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nfoo\r\n4;name=value\r\n bar\r\n0\r\nTrailer: x\r\n\r\n");
    CHECK_STR(kit_body(text), "foo bar");
    free(text);
    text = kit_ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    CHECK_STR(kit_body(text), "");
    CHECK_EQ(kit_status(text), 200);
    free(text);
    return 0;
}

static void bodies(void)
{
    kit_run(site, NULL, client_bodies);
}

/* A body that the handler does not read is skipped, so that the next request is found. */
static int client_skipped(void)
{
    char *text = kit_ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                         "POST /y HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\nfoo\r\n0\r\n\r\n" GET("/z"));
    CHECK_EQ(kit_answers(text), 3);
    CHECK(strstr(text, "/z"));
    free(text);
    return 0;
}

static void skipped_bodies(void)
{
    kit_run(site, NULL, client_skipped);
}

static int client_continue(void)
{
    struct xie_stream *stream = kit_open();
    char *line;
    kit_put(stream, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                    "Expect: 100-continue\r\n\r\n");
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "HTTP/1.1 100 Continue");
    CHECK_EQ(xie_stream_read_line(stream, &line, NULL), 1);
    CHECK_STR(line, "");
    kit_put(stream, "abc");
    CHECK_EQ(one_answer(stream), 200);
    /* Not read, so not asked for: the connection cannot go on. */
    kit_put(stream, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                    "Expect: 100-continue\r\n\r\n");
    char *text = kit_rest(stream, NULL);
    CHECK_EQ(kit_status(text), 200);
    CHECK(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    xie_stream_close(stream);
    KIT_STATUS("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: more\r\n\r\nabc",
               417);
    return 0;
}

static void expect_continue(void)
{
    kit_run(site, NULL, client_continue);
}

/* --- limits ------------------------------------------------------------------------- */

static const struct xie_http_options small = {.max_head = 1000, .max_body = 100};

/* A request whose head has exactly len bytes. */
static char *head_of(size_t len)
{
    char *text = calloc(1, len + 1);
    int used = sprintf(text, "GET /x HTTP/1.1\r\nHost: a\r\nX: ");
    memset(text + used, 'y', len - (size_t)used - 4);
    memcpy(text + len - 4, "\r\n\r\n", 4);
    return text;
}

static int client_max_head(void)
{
    for (size_t len = 999; len <= 1001; len++) {
        char *text = head_of(len);
        KIT_STATUS(text, len <= 1000 ? 200 : 431);
        free(text);
    }
    char *text = head_of(100000);
    KIT_STATUS(text, 431);
    free(text);
    return 0;
}

static void max_head(void)
{
    kit_run(site, &small, client_max_head);
}

static int client_max_body(void)
{
    char head[128], text[1024];
    for (int len = 99; len <= 101; len++) {
        sprintf(head, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", len);
        snprintf(text, sizeof text, "%s%0*d", head, len, 0);
        KIT_STATUS(text, len <= 100 ? 200 : 413);
        sprintf(head, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x",
                len);
        snprintf(text, sizeof text, "%s\r\n%0*d\r\n0\r\n\r\n", head, len, 0);
        KIT_STATUS(text, len <= 100 ? 200 : 413);
    }
    /* Known from the head: refused before any of it comes, or is asked for. */
    struct xie_stream *stream = kit_open();
    kit_put(stream, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n"
                    "Expect: 100-continue\r\n\r\n");
    char *answer = kit_rest(stream, NULL);
    CHECK_EQ(kit_status(answer), 413);
    free(answer);
    xie_stream_close(stream);
    return 0;
}

static void max_body(void)
{
    kit_run(site, &small, client_max_body);
}

/* Chunks of one byte with long extensions: the limit is on the wire, too. */
static int client_chunk_overhead(void)
{
    struct xie_stream *stream = kit_open();
    char chunk[1100];
    kit_put(stream, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    snprintf(chunk, sizeof chunk, "1;%01000d\r\nx\r\n", 0);
    for (int i = 0; i < 50; i++) {
        if (xie_stream_write(stream, chunk, strlen(chunk)) < 0)
            break;
    }
    char *text = kit_rest(stream, NULL);
    CHECK_EQ(kit_status(text), 413);
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void chunk_overhead(void)
{
    kit_run(site, &small, client_chunk_overhead);
}

static const struct xie_http_options hasty = {.head_timeout_ns = 100 * XIE_MILLISECOND,
                                              .body_timeout_ns = 200 * XIE_MILLISECOND,
                                              .idle_timeout_ns = 300 * XIE_MILLISECOND};

/* Send text, then nothing; the status that comes, and after how long. */
static int wait_for(const char *text, int64_t least_ms)
{
    int64_t start = xie_now();
    struct xie_stream *stream = kit_open();
    kit_put(stream, text);
    char *answer = kit_rest(stream, NULL);
    CHECK(xie_now() - start >= least_ms * XIE_MILLISECOND);
    int status = kit_status(answer);
    free(answer);
    xie_stream_close(stream);
    return status;
}

static int client_hasty(void)
{
    CHECK_EQ(wait_for("GET /x HTTP/1.1\r\nHost", 100), 408);
    CHECK_EQ(wait_for("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", 200), 408);
    CHECK_EQ(wait_for("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", 200), 200);
    CHECK_EQ(wait_for("", 300), 0);
    CHECK_EQ(wait_for(GET("/x"), 300), 200);
    return 0;
}

static void deadlines(void)
{
    kit_run(site, &hasty, client_hasty);
}

/* A byte now and then does not move the deadline. */
static int client_drip(void)
{
    struct xie_stream *stream = kit_open();
    int64_t start = xie_now();
    int sent = 0;
    for (; sent < 1000; sent++) {
        if (xie_stream_write(stream, sent ? "x" : "G", 1) < 0)
            break;
        XIE_TIMEOUT(20 * XIE_MILLISECOND) {
            char *data;
            if (xie_stream_peek(stream, &data) > 0)
                sent = 1000;
        }
    }
    CHECK(sent >= 1000 && xie_now() - start < 5 * XIE_SECOND);
    char *answer = kit_rest(stream, NULL);
    CHECK_EQ(kit_status(answer), 408);
    free(answer);
    xie_stream_close(stream);
    return 0;
}

static void slow_head(void)
{
    kit_run(site, &hasty, client_drip);
}

static const struct xie_http_options impatient = {.write_timeout_ns = 200 * XIE_MILLISECOND};
static int endless_result;

static int endless(struct xie_http *http, void *arg)
{
    static char text[32 << 20]; /* more than any socket holds */
    (void)arg;
    endless_result = xie_http_answer(http, 200, "text/plain", text, sizeof text);
    return endless_result;
}

static int client_deaf(void)
{
    struct xie_stream *stream = kit_open();
    kit_put(stream, GET("/"));
    for (int i = 0; i < 100 && !endless_result; i++)
        xie_sleep(100 * XIE_MILLISECOND);
    CHECK_EQ(endless_result, -ETIMEDOUT);
    free(kit_rest(stream, NULL));
    xie_stream_close(stream);
    return 0;
}

static void deaf_client(void)
{
    kit_run(endless, &impatient, client_deaf);
}

static const struct xie_http_options two = {.max_connections = 2};

static int client_many(void)
{
    struct xie_stream *first = kit_open(), *second = kit_open(), *third = kit_open();
    char byte;
    kit_put(first, GET("/1"));
    kit_put(second, GET("/2"));
    CHECK_EQ(one_answer(first), 200);
    CHECK_EQ(one_answer(second), 200);
    kit_put(third, GET("/3"));
    XIE_TIMEOUT(100 * XIE_MILLISECOND) {
        CHECK_EQ(xie_stream_read(third, &byte, 1), -ETIMEDOUT);
    }
    xie_stream_close(first);
    CHECK_EQ(one_answer(third), 200);
    xie_stream_close(second);
    xie_stream_close(third);
    return 0;
}

static void max_connections(void)
{
    kit_run(site, &two, client_many);
}

/* --- the end of a server ------------------------------------------------------------ */

static int close_soon(void *arg)
{
    (void)arg;
    xie_sleep(100 * XIE_MILLISECOND);
    xie_listener_close(kit_listener);
    kit_listener = NULL;
    return 0;
}

static int client_closed(void)
{
    struct xie_stream *idle = kit_open(), *busy = kit_open();
    kit_put(idle, GET("/x"));
    CHECK_EQ(one_answer(idle), 200);
    kit_put(busy, GET("/slow"));
    struct xie_task *closer = xie_spawn(close_soon, NULL);
    CHECK(ended(idle));
    CHECK(!kit_done);
    char *text = kit_rest(busy, NULL);
    CHECK_EQ(kit_status(text), 200); /* the answer it was at */
    CHECK(strstr(text, "\r\nConnection: close\r\n"));
    free(text);
    xie_stream_close(idle);
    xie_stream_close(busy);
    CHECK_EQ(xie_join(closer), 0);
    for (int i = 0; i < 100 && !kit_done; i++)
        xie_sleep(50 * XIE_MILLISECOND);
    CHECK(kit_done);
    CHECK_EQ(kit_served, 0);
    return 0;
}

static int client_closed_when_full(void)
{
    struct xie_stream *first = kit_open(), *second = kit_open();
    kit_put(first, GET("/1"));
    kit_put(second, GET("/2"));
    CHECK_EQ(one_answer(first), 200);
    CHECK_EQ(one_answer(second), 200);
    xie_listener_close(kit_listener); /* nobody accepts from it just now */
    kit_listener = NULL;
    CHECK(ended(first));
    CHECK(ended(second));
    xie_stream_close(first);
    xie_stream_close(second);
    for (int i = 0; i < 1000 && !kit_done; i++)
        xie_sleep(5 * XIE_MILLISECOND);
    CHECK(kit_done);
    CHECK_EQ(kit_served, 0);
    return 0;
}

static void listener_closed_when_full(void)
{
    kit_run(site, &two, client_closed_when_full);
}

static void listener_closed(void)
{
    kit_run(site, NULL, client_closed);
}

static int after_cancel;

static int waiting(struct xie_http *http, void *arg)
{
    char *body;
    (void)arg;
    served++;
    if (!strcmp(xie_http_path(http), "/body"))
        after_cancel = (int)xie_http_body(http, &body);
    else
        after_cancel = xie_sleep_until(XIE_NEVER);
    CHECK_EQ(xie_http_answer(http, 200, NULL, "", 0), after_cancel);
    return after_cancel;
}

static int client_cancelled(void)
{
    /* Connections that wait in each place: for a request, in a head, a body, a handler. */
    static const char *const texts[] = {
        "", "GET /", GET("/wait"), "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na"};
    enum { COUNT = sizeof texts / sizeof *texts };
    struct xie_stream *streams[COUNT];
    for (int i = 0; i < COUNT; i++) {
        streams[i] = kit_open();
        kit_put(streams[i], texts[i]);
    }
    while (served < 2)
        xie_sleep(XIE_MILLISECOND);
    xie_sleep(10 * XIE_MILLISECOND);
    for (int i = 0; i < COUNT; i++)
        xie_stream_close(streams[i]);
    return 0; /* the kit cancels the server, and checks that nothing is left */
}

static void server_cancelled(void)
{
    kit_run(waiting, NULL, client_cancelled);
    CHECK_EQ(kit_served, -ECANCELED);
    CHECK(after_cancel < 0);
}

/* Cancelled while the connections are open: they end without an answer. */
static int client_cut(void)
{
    struct xie_stream *stream = kit_open();
    kit_put(stream, GET("/wait"));
    while (!served)
        xie_sleep(XIE_MILLISECOND);
    XIE_TIMEOUT(50 * XIE_MILLISECOND) {
        char byte;
        CHECK_EQ(xie_stream_read(stream, &byte, 1), -ETIMEDOUT);
    }
    xie_stream_close(stream);
    return 0;
}

static void cancelled_handler(void)
{
    kit_run(waiting, NULL, client_cut);
    CHECK_EQ(after_cancel, -ECANCELED);
}

/* --- scopes of the handler ---------------------------------------------------------- */

static int patient(struct xie_http *http, void *arg)
{
    char *body;
    (void)arg;
    XIE_TIMEOUT(50 * XIE_MILLISECOND) {
        CHECK_EQ(xie_http_body(http, &body), -ETIMEDOUT);
        CHECK_EQ(xie_http_answer(http, 200, NULL, "", 0), -ETIMEDOUT);
    }
    CHECK_EQ(xie_http_body(http, &body), 5);
    CHECK_STR(body, "hello");
    CHECK_EQ(xie_http_body(http, &body), 5); /* again the same */
    CHECK_STR(body, "hello");
    return xie_http_answer(http, 200, "text/plain", body, 5);
}

static int client_patient(void)
{
    struct xie_stream *stream = kit_open();
    kit_put(stream,
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhe");
    xie_sleep(150 * XIE_MILLISECOND);
    kit_put(stream, "llo");
    char *text = kit_rest(stream, NULL);
    CHECK_EQ(kit_status(text), 200);
    CHECK_STR(kit_body(text), "hello");
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void body_goes_on_after_a_deadline(void)
{
    kit_run(patient, NULL, client_patient);
}

static const struct tap_test tests[] = {
    {"an answer has status, type and length; none given: 204, error: 500", answers},
    {"an answer is dated", date},
    {"HEAD gets the head alone, and the next request is found", head},
    {"a large answer", large_answer},
    {"what a handler sees and may set", what_a_handler_sees},
    {"Connection: close set by the handler", handler_closes},
    {"absolute and asterisk targets", forms_of_target},
    {"keep-alive, and Connection: close by the client", keep_alive},
    {"HTTP/1.0 with and without keep-alive", http_1_0},
    {"a hundred pipelined requests are answered in order", pipelining},
    {"pipelined answers share a write", answers_share_a_write},
    {"no answer waits for a handler that waits", no_answer_waits_for_the_next},
    {"connections are served concurrently", concurrent},
    {"bodies by length and in chunks", bodies},
    {"a body not read is skipped", skipped_bodies},
    {"100-continue; other expectations 417", expect_continue},
    {"max_head at, below and above: 431", max_head},
    {"max_body at, below and above: 413", max_body},
    {"chunk extensions are bounded", chunk_overhead},
    {"deadlines of head, body and idling: 408", deadlines},
    {"dripping a head does not move its deadline", slow_head},
    {"a client that takes nothing of an answer", deaf_client},
    {"beyond max_connections accepting waits", max_connections},
    {"listener closed: idle ones end, busy ones finish", listener_closed},
    {"listener closed at max_connections", listener_closed_when_full},
    {"server cancelled: connections end wherever they are", server_cancelled},
    {"server cancelled: the handler sees it, the client gets nothing", cancelled_handler},
    {"a body interrupted by the handler's deadline goes on", body_goes_on_after_a_deadline},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
