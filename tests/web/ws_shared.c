/* ws_shared.c - answers to messages that came together share a write, and none is held back. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

enum { MESSAGES = 16, ANSWER = 2 + 6 };

static const char opening[] =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* The opening and all messages in one write; up to the end of the server's head. */
static struct xie_stream *open_with_messages(void)
{
    char bytes[sizeof opening + MESSAGES * (6 + 6)], *head;
    size_t len = sizeof opening - 1;
    memcpy(bytes, opening, len);
    for (int i = 0; i < MESSAGES; i++) {
        memcpy(bytes + len, "\x81\x86\0\0\0\0answer", 12);
        len += 12;
    }
    struct xie_stream *stream = kit_open();
    kit_put_bytes(stream, bytes, len);
    CHECK(xie_stream_read_until(stream, "\r\n\r\n", 4, &head) > 0);
    return stream;
}

/* Read so many answers; a bound only for what would hang. */
static void expect_answers(struct xie_stream *stream, int count)
{
    char answer[ANSWER];
    for (int i = 0; i < count; i++) {
        ssize_t len = -ETIMEDOUT;
        XIE_TIMEOUT(60 * XIE_SECOND)
            len = xie_stream_read_exactly(stream, answer, sizeof answer);
        CHECK_EQ(len, ANSWER);
        if (len != ANSWER)
            return;
        CHECK(!memcmp(answer,
                      "\x81\x06"
                      "answer",
                      ANSWER));
    }
}

/* --- they share ----------------------------------------------------------------------- */

static int echo(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind, err = xie_ws_accept(http, NULL, &ws);
    (void)arg;
    if (err < 0)
        return err;
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0)
        CHECK_EQ(xie_ws_send(ws, (enum xie_ws_kind)kind, data, len), 0);
    xie_ws_free(ws);
    return 0;
}

/* Without Nagle each write is a segment of its own, or shares one with its like: never more. */
static int client_counts(void)
{
    struct xie_stream *stream = open_with_messages();
    expect_answers(stream, MESSAGES);
    struct tcp_info info;
    socklen_t len = sizeof info;
    int fd = xie_stream_fd(stream);
    if (!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len)) /* sim's are no sockets */
        CHECK(info.tcpi_data_segs_in < MESSAGES / 2);
    xie_stream_close(stream);
    return 0;
}

static void they_share(void)
{
    kit_run(echo, NULL, client_counts);
}

/* --- none is held back ---------------------------------------------------------------- */

static struct xie_event go;

/* Answers the first message and then waits for something else, with more messages at hand. */
static int answer_and_wait(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int err = xie_ws_accept(http, NULL, &ws);
    (void)arg;
    if (err < 0)
        return err;
    CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_TEXT);
    CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, data, len), 0);
    CHECK_EQ(xie_event_wait(&go), 0);
    xie_ws_free(ws);
    return 0;
}

static int client_hears(void)
{
    struct xie_stream *stream = open_with_messages();
    expect_answers(stream, 1);
    xie_event_set(&go);
    free(kit_rest(stream, NULL));
    xie_stream_close(stream);
    return 0;
}

static void it_comes_while_the_sender_waits(void)
{
    go = (struct xie_event){0};
    kit_run(answer_and_wait, NULL, client_hears);
}

static int answer_and_free(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int err = xie_ws_accept(http, NULL, &ws);
    (void)arg;
    if (err < 0)
        return err;
    /* All of them are read, so that the end is no reset. */
    for (int i = 0; i < MESSAGES; i++) {
        CHECK_EQ(xie_ws_receive(ws, &data, &len), XIE_WS_TEXT);
        if (i == MESSAGES - 2)
            CHECK_EQ(xie_ws_send(ws, XIE_WS_TEXT, data, len), 0);
    }
    xie_ws_free(ws);
    return 0;
}

static int client_hears_all(void)
{
    struct xie_stream *stream = open_with_messages();
    size_t len;
    char *text = kit_rest(stream, &len);
    CHECK_EQ(len, ANSWER);
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void it_comes_although_the_sender_frees(void)
{
    kit_run(answer_and_free, NULL, client_hears_all);
}

/* --- a message that is all that has come ------------------------------------------------ */

enum { LONG = 3000, LONG_HEAD = 8 };

/* A text of 3000 letters, the last one replaced; the two bytes that its answer begins with, or
 * the code that it is closed with. */
static int answer_to_long(unsigned char last)
{
    static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
    static const unsigned char bye[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};
    unsigned char bytes[LONG_HEAD + LONG + sizeof bye] = {0x81, 0xfe, LONG >> 8, LONG & 255};
    struct xie_stream *stream = kit_open();
    char *head;
    kit_put(stream, opening);
    CHECK(xie_stream_read_until(stream, "\r\n\r\n", 4, &head) > 0);
    memcpy(bytes + 4, mask, 4);
    for (size_t i = 0; i < LONG; i++)
        bytes[LONG_HEAD + i] = (i + 1 < LONG ? 'a' : last) ^ mask[i % 4];
    kit_put_bytes(stream, bytes, LONG_HEAD + LONG);
    unsigned char answer[4 + LONG];
    CHECK_EQ(xie_stream_read_exactly(stream, answer, 4), 4);
    if (answer[0] == 0x81) {
        CHECK_EQ(xie_stream_read_exactly(stream, answer + 4, LONG), LONG);
        CHECK_EQ(answer[4], 'a');
        CHECK_EQ(answer[3 + LONG], last);
        kit_put_bytes(stream, bye, sizeof bye);
    }
    free(kit_rest(stream, NULL));
    xie_stream_close(stream);
    return answer[0] == 0x81 ? answer[0] << 8 | answer[1] : answer[2] << 8 | answer[3];
}

static int client_long(void)
{
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(answer_to_long('z'), 0x817e);
        CHECK_EQ(answer_to_long(0xff), 1007);
    }
    return 0;
}

static void long_texts(void)
{
    kit_run(echo, NULL, client_long);
}

/* --- a peer that takes nothing for a while ---------------------------------------------- */

enum { PIECE = 4096, PIECE_FRAME = 4 + PIECE };

static char piece[PIECE];
static struct xie_ws *held;
static struct xie_event full, left;
static size_t sent;
static int received;

static int receive_held(void *arg)
{
    char *data;
    size_t len;
    (void)arg;
    received = xie_ws_receive(held, &data, &len);
    xie_event_set(&left);
    return 0;
}

/* Send until the peer takes no more. */
static void fill_held(void)
{
    int err = 0;
    while (!err)
        XIE_TIMEOUT(50 * XIE_MILLISECOND)
            err = xie_ws_send(held, XIE_WS_BINARY, piece, PIECE);
    CHECK_EQ(err, -ETIMEDOUT);
    xie_event_set(&full);
}

/* The opening, and what else there is, in one write, to be read by little. */
static struct xie_stream *open_narrow(const char *more, size_t len)
{
    char bytes[sizeof opening + 64], *head;
    struct xie_stream *stream = kit_open();
    CHECK_EQ(xie_stream_set_option(stream, SOL_SOCKET, SO_RCVBUF, 20000), 0);
    memcpy(bytes, opening, sizeof opening - 1);
    memcpy(bytes + sizeof opening - 1, more, len);
    kit_put_bytes(stream, bytes, sizeof opening - 1 + len);
    CHECK(xie_stream_read_until(stream, "\r\n\r\n", 4, &head) > 0);
    return stream;
}

enum { HALF = 12, REST = 124 }; /* of a binary frame of 128 bytes */
static const char half[] = "\x82\xfe\x00\x80\0\0\0\0half";

static int free_beside_a_receiver(struct xie_http *http, void *arg)
{
    (void)arg;
    int err = xie_ws_accept(http, NULL, &held);
    if (err < 0)
        return err;
    struct xie_task *reader = xie_spawn(receive_held, NULL);
    fill_held();
    xie_ws_free(held); /* waits for the peer, which sends the other half */
    CHECK(xie_task_done(reader));
    CHECK_EQ(xie_join(reader), 0);
    CHECK_EQ(received, XIE_ECLOSED);
    return 0;
}

static int client_other_half(void)
{
    struct xie_stream *stream = open_narrow(half, HALF);
    CHECK_EQ(xie_event_wait(&full), 0);
    kit_put_bytes(stream, piece, REST);
    CHECK_EQ(xie_event_wait(&left), 0);
    while (xie_stream_read(stream, (char[PIECE]){0}, PIECE) > 0)
        ;
    xie_stream_close(stream);
    return 0;
}

static void what_comes_to_one_that_is_freed(void)
{
    full = left = (struct xie_event){0};
    kit_run(free_beside_a_receiver, NULL, client_other_half);
}

static int answer_held(void *arg)
{
    char *data;
    size_t len;
    (void)arg;
    CHECK_EQ(xie_ws_receive(held, &data, &len), XIE_WS_TEXT);
    CHECK_EQ(xie_ws_send(held, XIE_WS_TEXT, data, len), 0);
    xie_event_set(&left);
    return 0;
}

static int send_piece(void *arg)
{
    (void)arg;
    xie_ws_send(held, XIE_WS_BINARY, piece, PIECE); /* the free may tell it otherwise */
    return 0;
}

/* Frees as soon as a send that was stuck has gone out. */
static int send_and_free(struct xie_http *http, void *arg)
{
    (void)arg;
    int err = xie_ws_accept(http, NULL, &held);
    if (err < 0)
        return err;
    struct xie_task *reader = xie_spawn(answer_held, NULL);
    for (sent = 0; !xie_event_is_set(&left); sent++)
        REQUIRE(xie_ws_send(held, XIE_WS_BINARY, piece, PIECE) == 0);
    xie_ws_free(held);
    return xie_join(reader);
}

static int client_three_in_line(void)
{
    struct xie_stream *stream = open_narrow("", 0);
    size_t before, len;
    do {
        before = sent;
        xie_sleep(20 * XIE_MILLISECOND);
    } while (!sent || sent != before);
    /* One is stuck; behind it stands another's; an answer, with a message at hand, the last. */
    struct xie_task *other = xie_spawn(send_piece, NULL);
    xie_sleep(0);
    kit_put_bytes(stream, "\x81\x86\0\0\0\0answer\x81\x86\0\0\0\0answer", 24);
    CHECK_EQ(xie_event_wait(&left), 0);
    free(kit_rest(stream, &len));
    CHECK_EQ(len, (sent + 1) * PIECE_FRAME + ANSWER);
    CHECK_EQ(xie_join(other), 0);
    xie_stream_close(stream);
    return 0;
}

static void one_behind_anothers(void)
{
    full = left = (struct xie_event){0};
    kit_run(send_and_free, NULL, client_three_in_line);
}

static int free_in_a_hurry(struct xie_http *http, void *arg)
{
    (void)arg;
    int err = xie_ws_accept(http, NULL, &held);
    if (err < 0)
        return err;
    fill_held();
    int64_t start = xie_now();
    XIE_TIMEOUT(-1)
        xie_ws_free(held);
    CHECK(xie_now() - start >= XIE_SECOND);
    CHECK(xie_now() - start < 2 * XIE_SECOND);
    xie_event_set(&left);
    return 0;
}

static int client_takes_nothing(void)
{
    if (strcmp(xie_loop_backend(xie_loop_current()), "sim")) {
        tap_skip("the clock is not ours");
        return 0;
    }
    struct xie_stream *stream = open_narrow(half, HALF);
    CHECK_EQ(xie_event_wait(&left), 0);
    xie_stream_close(stream);
    return 0;
}

static void in_a_hurry(void)
{
    full = left = (struct xie_event){0};
    kit_run(free_in_a_hurry, NULL, client_takes_nothing);
}

static const struct tap_test tests[] = {
    {"answers to messages that came together share a write", they_share},
    {"one that may wait goes out while its sender waits", it_comes_while_the_sender_waits},
    {"one that may wait goes out before its sender frees", it_comes_although_the_sender_frees},
    {"a message that comes while it is freed is nobody's", what_comes_to_one_that_is_freed},
    {"one that may wait behind another's goes out before the free", one_behind_anothers},
    {"in a scope that has triggered a free waits for 1 s", in_a_hurry},
    {"a long text that comes alone is judged as others are", long_texts},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
