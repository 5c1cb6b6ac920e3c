/* ws.c - the promises of <xie/web.h> about WebSockets, between our client and our server. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static struct xie_ws_options server_options;
static int server_ended;     /* what the server's last receive or send returned */
static uint16_t server_code; /* and what the peer had closed with */
static char server_reason[128];

static void note_end(struct xie_ws *ws, int result)
{
    const char *reason;
    server_ended = result;
    server_code = xie_ws_close_code(ws, &reason);
    snprintf(server_reason, sizeof server_reason, "%s", reason);
}

/* Gives every message back. */
static int echo(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    (void)arg;
    if (!xie_ws_requested(http))
        return xie_http_answer(http, 200, "text/plain", "page", 4);
    int result = xie_ws_accept(http, &server_options, &ws);
    if (result < 0)
        return result;
    while ((result = xie_ws_receive(ws, &data, &len)) > 0) {
        CHECK_EQ(data[len], 0);
        int sent = xie_ws_send(ws, (enum xie_ws_kind)result, data, len);
        if (sent < 0)
            break;
    }
    note_end(ws, result);
    xie_ws_free(ws);
    return 0;
}

static struct xie_ws *connect_with(const struct xie_ws_options *options, const char *path)
{
    char url[128];
    struct xie_ws *ws = NULL;
    int status = -1;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u%s", kit_port, path);
    int err = xie_ws_connect(url, options, &status, &ws);
    CHECK_EQ(err, 0);
    CHECK_EQ(status, 101);
    REQUIRE(ws);
    return ws;
}

static struct xie_ws *connect_here(void)
{
    return connect_with(NULL, "/");
}

static void expect_text(struct xie_ws *ws, const char *text)
{
    char *data;
    size_t len;
    int kind = xie_ws_receive(ws, &data, &len);
    CHECK_EQ(kind, XIE_WS_TEXT);
    if (kind != XIE_WS_TEXT)
        return;
    CHECK_EQ(len, strlen(text));
    CHECK_STR(data, text);
}

static void say(struct xie_ws *ws, const char *text)
{
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, text, strlen(text)), 0);
}

/* --- messages ----------------------------------------------------------------------- */

static int client_echo(void)
{
    struct xie_ws *ws = connect_here();
    char *data;
    size_t len;
    say(ws, "\xe4\xbd\xa0\xe5\xa5\xbd");
    expect_text(ws, "\xe4\xbd\xa0\xe5\xa5\xbd");
    say(ws, "");
    expect_text(ws, "");
    CHECK_EQ(xie_ws_send(ws, XIE_WS_BINARY, "\xff\0\x80", 3), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_BINARY);
    CHECK_EQ(len, 3);
    CHECK(!memcmp(data, "\xff\0\x80", 4));
    CHECK_EQ(xie_ws_ping(ws), 0);
    say(ws, "after a ping");
    expect_text(ws, "after a ping");
    CHECK_EQ(xie_ws_close_code(ws, NULL), 0);
    CHECK_EQ(xie_ws_close(ws, 1000, "bye"), 0);
    CHECK_EQ(xie_ws_close_code(ws, NULL), 1000);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "x", 1), XIE_ECLOSED);
    CHECK_EQ(xie_ws_ping(ws), XIE_ECLOSED);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), 0);
    CHECK_EQ(xie_ws_close(ws, 1000, NULL), 0);
    xie_ws_free(ws);
    return 0;
}

static void messages(void)
{
    kit_run(echo, NULL, client_echo);
    CHECK_EQ(server_ended, 0);
    CHECK_EQ(server_code, 1000);
    CHECK_STR(server_reason, "bye");
}

static int client_sizes(void)
{
    /* Around every way a frame's length is written, and beyond a read and a write. */
    static const size_t sizes[] = {0,     1,     125,   126,   127,    4095,      4096,
                                   65535, 65536, 65537, 70000, 300000, (1 << 20), (3 << 20)};
    static char block[3 << 20];
    struct xie_ws *ws = connect_here();
    char *data;
    size_t len;
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_EQ(xie_ws_send(ws, XIE_WS_BINARY, block, sizes[i]), 0);
        REQUIRE(xie_ws_receive(ws, &data, &len) == XIE_WS_BINARY);
        CHECK_EQ(len, sizes[i]);
        CHECK(len == sizes[i] && !memcmp(data, block, len));
    }
    xie_ws_free(ws);
    return 0;
}

static void sizes(void)
{
    kit_run(echo, NULL, client_sizes);
    CHECK_EQ(server_ended, XIE_EOF); /* freed without a close */
    CHECK_EQ(server_code, 1006);
}

static int client_misuse(void)
{
    struct xie_ws *ws = connect_here();
    char reason[126];
    CHECK_EQ(xie_ws_send(ws, (enum xie_ws_kind)3, "x", 1), -EINVAL);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "\xff", 1), -EILSEQ);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "a\xc3", 2), -EILSEQ);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "\xed\xa0\x80", 3), -EILSEQ);
    CHECK_EQ(xie_ws_close(ws, 999, NULL), -EINVAL);
    CHECK_EQ(xie_ws_close(ws, 1005, NULL), -EINVAL);
    CHECK_EQ(xie_ws_close(ws, 1006, NULL), -EINVAL);
    CHECK_EQ(xie_ws_close(ws, 5000, NULL), -EINVAL);
    memset(reason, 'r', sizeof reason);
    reason[124] = 0;
    CHECK_EQ(xie_ws_close(ws, 1000, reason), -EINVAL);
    CHECK_EQ(xie_ws_close(ws, 1000, "\xff"), -EINVAL);
    say(ws, "still open");
    expect_text(ws, "still open");
    reason[123] = 0;
    CHECK_EQ(xie_ws_close(ws, 4999, reason), 0);
    xie_ws_free(ws);
    xie_ws_free(NULL);
    return 0;
}

static void refused_arguments(void)
{
    kit_run(echo, NULL, client_misuse);
    CHECK_EQ(server_code, 4999);
    CHECK_EQ(strlen(server_reason), 123);
}

/* --- limits ------------------------------------------------------------------------- */

static int client_limit(void)
{
    static char block[1001];
    struct xie_ws *ws = connect_here();
    char *data;
    size_t len;
    CHECK_EQ(xie_ws_send(ws, XIE_WS_BINARY, block, 1000), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_BINARY);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_BINARY, block, 1001), 0);
    CHECK_EQ(xie_ws_receive(ws, &data, &len), 0);
    CHECK_EQ(xie_ws_close_code(ws, NULL), 1009);
    xie_ws_free(ws);
    return 0;
}

static void max_message(void)
{
    server_options.max_message = 1000;
    kit_run(echo, NULL, client_limit);
    CHECK_EQ(server_ended, XIE_ELIMIT);
}

/* --- several tasks ------------------------------------------------------------------ */

enum { SENDERS = 8, EACH = 50 };
static struct xie_ws *shared;

static int send_many(void *arg)
{
    long who = (long)arg;
    for (int i = 0; i < EACH; i++) {
        char text[3000];
        int head = snprintf(text, sizeof text, "%ld %d ", who, i);
        size_t len = (size_t)head + (size_t)(who * 331 + i * 7) % 2500;
        memset(text + head, 'a' + (int)who, len - (size_t)head);
        CHECK_EQ(xie_ws_send(shared, XIE_WS_TEXT, text, len), 0);
        if (i % 5 == (int)who % 5)
            xie_sleep(0);
    }
    return 0;
}

static int client_many(void)
{
    int next[SENDERS] = {0};
    shared = connect_here();
    XIE_GROUP(group) {
        for (long who = 0; who < SENDERS; who++)
            xie_group_spawn(&group, send_many, (void *)who);
        for (int i = 0; i < SENDERS * EACH; i++) {
            char *data;
            size_t len;
            int who, number;
            REQUIRE(xie_ws_receive(shared, &data, &len) == XIE_WS_TEXT);
            REQUIRE(sscanf(data, "%d %d", &who, &number) == 2);
            CHECK_EQ(number, next[who]++);
            char *tail = strrchr(data, ' ') + 1;
            CHECK_EQ(strspn(tail, (char[]){(char)('a' + who), 0}), strlen(tail));
        }
    }
    xie_ws_free(shared);
    return 0;
}

static void many_senders(void)
{
    kit_run(echo, NULL, client_many);
}

static int receive_once(void *arg)
{
    char *data;
    size_t len;
    (void)arg;
    return xie_ws_receive(shared, &data, &len);
}

static int client_busy(void)
{
    shared = connect_here();
    struct xie_task *reader = xie_spawn(receive_once, NULL);
    char *data;
    size_t len;
    xie_sleep(0);
    CHECK_EQ(xie_ws_receive(shared, &data, &len), -EBUSY);
    say(shared, "for the other");
    CHECK_EQ(xie_join(reader), XIE_WS_TEXT);
    /* A close while another receives goes by that one. */
    reader = xie_spawn(receive_once, NULL);
    xie_sleep(0);
    CHECK_EQ(xie_ws_close(shared, 1000, NULL), 0);
    CHECK_EQ(xie_join(reader), 0);
    xie_ws_free(shared);
    return 0;
}

static void one_receiver(void)
{
    kit_run(echo, NULL, client_busy);
}

static int send_forever(void *arg)
{
    static char block[1 << 20];
    (void)arg;
    for (;;) {
        int err = xie_ws_send(shared, XIE_WS_BINARY, block, sizeof block);
        if (err < 0)
            return err;
    }
}

/* Accepts, then neither reads nor ends until the client is gone. */
static bool release_deaf;
static int deaf(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    (void)arg;
    int err = xie_ws_accept(http, NULL, &ws);
    if (err < 0)
        return err;
    while (!release_deaf && !err)
        err = xie_sleep(10 * XIE_MILLISECOND);
    xie_ws_free(ws);
    return 0;
}

static int client_freed(void)
{
    shared = connect_here();
    struct xie_task *reader = xie_spawn(receive_once, NULL);
    struct xie_task *writers[3];
    for (int i = 0; i < 3; i++)
        writers[i] = xie_spawn(send_forever, NULL);
    xie_sleep(200 * XIE_MILLISECOND); /* all are stuck by now */
    for (int i = 0; i < 3; i++)
        CHECK(!xie_task_done(writers[i]));
    xie_ws_free(shared);
    CHECK(xie_task_done(reader));
    for (int i = 0; i < 3; i++)
        CHECK(xie_task_done(writers[i]));
    CHECK_EQ(xie_join(reader), XIE_ECLOSED);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_join(writers[i]), XIE_ECLOSED);
    release_deaf = true;
    return 0;
}

static void free_turns_everyone_out(void)
{
    kit_run(deaf, NULL, client_freed);
}

/* --- interruptions ------------------------------------------------------------------ */

static int client_receive_cut(void)
{
    struct xie_ws *ws = connect_here();
    char *data;
    size_t len;
    for (int i = 0; i < 5; i++) {
        XIE_TIMEOUT(5 * XIE_MILLISECOND) {
            CHECK_EQ(xie_ws_receive(ws, &data, &len), -ETIMEDOUT);
        }
    }
    say(ws, "one");
    XIE_TIMEOUT(-1) {
        CHECK_EQ(xie_ws_receive(ws, &data, &len), -ETIMEDOUT);
        CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "never", 5), -ETIMEDOUT);
        CHECK_EQ(xie_ws_ping(ws), -ETIMEDOUT);
        CHECK_EQ(xie_ws_close(ws, 1000, NULL), -ETIMEDOUT);
    }
    expect_text(ws, "one");
    say(ws, "two");
    expect_text(ws, "two");
    xie_ws_free(ws);
    return 0;
}

static void receive_loses_nothing(void)
{
    kit_run(echo, NULL, client_receive_cut);
}

/* Counts what comes, once it is told to begin. */
static bool begin_reading;
static int counted[2], garbled;
static int late_reader(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    (void)arg;
    int err = xie_ws_accept(http, NULL, &ws);
    if (err < 0)
        return err;
    while (!begin_reading && !err)
        err = xie_sleep(10 * XIE_MILLISECOND);
    while ((err = xie_ws_receive(ws, &data, &len)) > 0) {
        counted[err == XIE_WS_TEXT]++;
        for (size_t i = 0; i < len; i++)
            garbled += data[i] != (err == XIE_WS_TEXT ? 't' : 'b');
    }
    note_end(ws, err);
    xie_ws_free(ws);
    return 0;
}

/* Deadlines end sends before, in and behind a frame that is stuck: the connection stays
 * whole, and what was taken back is not sent. */
static int client_send_cut(void)
{
    static char block[8 << 20];
    struct xie_ws *ws = connect_here();
    int sent = 0, cut = 0;
    memset(block, 'b', sizeof block);
    while (!cut) {
        XIE_TIMEOUT(100 * XIE_MILLISECOND) {
            int err = xie_ws_send(ws, XIE_WS_BINARY, block, sizeof block);
            CHECK(err == 0 || err == -ETIMEDOUT);
            sent += !err;
            cut += err == -ETIMEDOUT;
        }
    }
    for (int i = 0; i < 5; i++) {
        XIE_TIMEOUT(20 * XIE_MILLISECOND) {
            CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "t-taken back", 12), -ETIMEDOUT);
        }
    }
    begin_reading = true;
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "ttt", 3), 0);
    CHECK_EQ(xie_ws_close(ws, 1000, NULL), 0);
    CHECK_EQ(counted[0], sent + cut);
    CHECK_EQ(counted[1], 1);
    CHECK_EQ(garbled, 0);
    xie_ws_free(ws);
    return 0;
}

static void interrupted_sends(void)
{
    kit_run(late_reader, NULL, client_send_cut);
    CHECK_EQ(server_ended, 0);
}

/* A send interrupted with nobody sending after it: the rest goes out by itself. */
static int client_rest(void)
{
    static char block[16 << 20];
    struct xie_ws *ws = connect_here();
    memset(block, 'b', sizeof block);
    XIE_TIMEOUT(100 * XIE_MILLISECOND) {
        CHECK_EQ(xie_ws_send(ws, XIE_WS_BINARY, block, sizeof block), -ETIMEDOUT);
    }
    begin_reading = true;
    for (int i = 0; i < 200 && !counted[0]; i++)
        xie_sleep(20 * XIE_MILLISECOND);
    CHECK_EQ(counted[0], 1);
    CHECK_EQ(garbled, 0);
    xie_ws_free(ws);
    return 0;
}

static void the_rest_goes_out(void)
{
    kit_run(late_reader, NULL, client_rest);
}

/* --- ends --------------------------------------------------------------------------- */

static int closing(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    (void)arg;
    int err = xie_ws_accept(http, NULL, &ws);
    if (err < 0)
        return err;
    for (int i = 0; i < 3; i++)
        say(ws, "left over");
    server_ended = xie_ws_close(ws, 1001, "going");
    xie_ws_free(ws);
    return 0;
}

static int client_is_closed(void)
{
    struct xie_ws *ws = connect_here();
    const char *reason;
    char *data;
    size_t len;
    for (int i = 0; i < 3; i++)
        expect_text(ws, "left over");
    CHECK_EQ(xie_ws_receive(ws, &data, &len), 0);
    CHECK_EQ(xie_ws_close_code(ws, &reason), 1001);
    CHECK_STR(reason, "going");
    CHECK_EQ(xie_ws_receive(ws, &data, &len), 0);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "x", 1), XIE_ECLOSED);
    xie_ws_free(ws);
    return 0;
}

static void server_closes(void)
{
    server_ended = 1;
    kit_run(closing, NULL, client_is_closed);
    CHECK_EQ(server_ended, 0);
}

static int client_discards(void)
{
    struct xie_ws *ws = connect_here();
    CHECK_EQ(xie_ws_close(ws, 1000, NULL), 0); /* the three messages are dropped */
    xie_ws_free(ws);
    return 0;
}

static void both_close(void)
{
    server_ended = 1;
    kit_run(closing, NULL, client_discards);
    CHECK_EQ(server_ended, 0);
}

static int client_unanswered(void)
{
    struct xie_ws *ws = connect_here();
    int64_t start = xie_now();
    CHECK_EQ(xie_ws_close(ws, 1000, NULL), -ETIMEDOUT);
    CHECK(xie_now() - start >= 2 * XIE_SECOND);
    xie_ws_free(ws);
    release_deaf = true;
    return 0;
}

static void close_unanswered(void)
{
    kit_run(deaf, NULL, client_unanswered);
}

static int forgetful(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    (void)arg;
    return xie_ws_accept(http, NULL, &ws);
}

static int client_forgotten(void)
{
    connect_here();
    xie_sleep(XIE_SECOND);
    return 0;
}

static void forget(void *arg)
{
    (void)arg;
    kit_run(forgetful, NULL, client_forgotten);
}

static void not_freed(void)
{
    char text[512];
    int status = tap_child(forget, NULL, text, sizeof text);
    CHECK(status != 0);
    CHECK(strstr(text, "without freeing its WebSocket"));
}

/* --- silence -----------------------------------------------------------------------------------
 */

static int quiet(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    (void)arg;
    int err = xie_ws_accept(http, &server_options, &ws);
    if (err < 0)
        return err;
    err = xie_ws_receive(ws, &data, &len);
    note_end(ws, err);
    if (err < 0) {
        CHECK_EQ(xie_ws_receive(ws, &data, &len), err);
        CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, "x", 1), err);
    }
    xie_ws_free(ws);
    return 0;
}

/* The peer has the socket open and does nothing: no pong either. */
static int client_half_open(void)
{
    shared = connect_here();
    int64_t start = xie_now();
    while (!server_ended)
        xie_sleep(10 * XIE_MILLISECOND);
    CHECK_EQ(server_ended, -ETIMEDOUT);
    CHECK_EQ(server_code, 1006);
    CHECK(xie_now() - start >= 180 * XIE_MILLISECOND);
    xie_ws_free(shared);
    return 0;
}

static void half_open(void)
{
    server_options.ping_interval_ns = 100 * XIE_MILLISECOND;
    kit_run(quiet, NULL, client_half_open);
}

/* A peer that only answers pings is alive. */
static int client_alive(void)
{
    shared = connect_here();
    struct xie_task *reader = xie_spawn(receive_once, NULL);
    xie_sleep(XIE_SECOND);
    CHECK_EQ(server_ended, 0);
    say(shared, "enough");
    xie_task_cancel(reader);
    CHECK_EQ(xie_join(reader), -ECANCELED);
    xie_sleep(50 * XIE_MILLISECOND);
    CHECK_EQ(server_ended, XIE_WS_TEXT);
    xie_ws_free(shared);
    return 0;
}

static void alive(void)
{
    server_options.ping_interval_ns = 100 * XIE_MILLISECOND;
    kit_run(quiet, NULL, client_alive);
}

/* The silence is noticed by who receives, and also ends who sends. */
static int client_stuck(void)
{
    const struct xie_ws_options options = {.ping_interval_ns = 100 * XIE_MILLISECOND};
    shared = connect_with(&options, "/");
    struct xie_task *writer = xie_spawn(send_forever, NULL);
    char *data;
    size_t len;
    CHECK_EQ(xie_ws_receive(shared, &data, &len), -ETIMEDOUT);
    CHECK_EQ(xie_join(writer), -ETIMEDOUT);
    xie_ws_free(shared);
    release_deaf = true;
    return 0;
}

static void stuck_senders_end(void)
{
    kit_run(deaf, NULL, client_stuck);
}

/* Time in which nobody receives is not the peer's silence. */
static int client_busy_elsewhere(void)
{
    const struct xie_ws_options options = {.ping_interval_ns = 100 * XIE_MILLISECOND};
    shared = connect_with(&options, "/");
    for (int i = 0; i < 5; i++) {
        say(shared, "hello");
        xie_sleep(500 * XIE_MILLISECOND);
        expect_text(shared, "hello");
    }
    xie_ws_free(shared);
    return 0;
}

static void time_away_is_no_silence(void)
{
    kit_run(echo, NULL, client_busy_elsewhere);
}

static const struct tap_test tests[] = {
    {"texts, binaries, pings, close", messages},
    {"messages of every size", sizes},
    {"arguments that are refused", refused_arguments},
    {"max_message at and above: 1009", max_message},
    {"many senders: no mixing, in order", many_senders},
    {"one receiver at a time; a close beside it", one_receiver},
    {"free turns out who receives and sends", free_turns_everyone_out},
    {"an interrupted receive loses nothing", receive_loses_nothing},
    {"interrupted sends leave the connection whole", interrupted_sends},
    {"the rest of an interrupted send goes out", the_rest_goes_out},
    {"the server closes; what it said before arrives", server_closes},
    {"both close at once", both_close},
    {"a close that is not answered ends after 2 s", close_unanswered},
    {"a handler that does not free aborts", not_freed},
    {"a half-open connection fails though nobody sends", half_open},
    {"a peer that answers pings is alive", alive},
    {"silence also ends those who send", stuck_senders_end},
    {"time in which nobody receives is no silence", time_away_is_no_silence},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
