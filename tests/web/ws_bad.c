/* ws_bad.c - frames and handshakes that break the rules, in odd pieces, cut anywhere. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

#define OPENING                                                                              \
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" \
    "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static struct xie_ws_options options;
static int ended, accepted, messages;
static size_t last_len;

static int echo(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    (void)arg;
    accepted = xie_http_set_field(http, "X-Extra", "1");
    accepted = xie_ws_accept(http, &options, &ws);
    if (accepted < 0) {
        CHECK_EQ(xie_ws_accept(http, &options, &ws), -EBUSY);
        return accepted;
    }
    int kind;
    ended = 1;
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0) {
        messages++;
        last_len = len;
        xie_ws_send(ws, (enum xie_ws_kind)kind, data, len);
    }
    ended = kind;
    xie_ws_free(ws);
    return 0;
}

/* --- openings ----------------------------------------------------------------------- */

static int client_openings(void)
{
    KIT_STATUS("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426);
    CHECK_EQ(accepted, XIE_EWS_HANDSHAKE);
    KIT_STATUS("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\n" KEY "\r\n",
               426);
    KIT_STATUS(OPENING "\r\n", 400);
    KIT_STATUS(OPENING KEY KEY "\r\n", 400);
    KIT_STATUS(OPENING "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n\r\n", 400);
    KIT_STATUS(OPENING "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=\r\n\r\n", 400);
    KIT_STATUS(OPENING "Sec-WebSocket-Key: dGhl*HNhbXBsZSBub25jZQ==\r\n\r\n", 400);
    KIT_STATUS(OPENING KEY "Content-Length: 1\r\n\r\nx", 400);
    KIT_STATUS("GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\n" KEY "\r\n",
               400);
    char *text =
        kit_ask("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 8\r\n" KEY "\r\n");
    CHECK_EQ(kit_status(text), 426);
    CHECK(strstr(text, "\r\nSec-WebSocket-Version: 13\r\n"));
    free(text);
    text = kit_ask(OPENING KEY "\r\n");
    CHECK_EQ(kit_status(text), 101);
    /* The example of RFC 6455 section 1.3. */
    CHECK(strstr(text, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(strstr(text, "\r\nX-Extra: 1\r\n"));
    free(text);
    return 0;
}

static void openings(void)
{
    kit_run(echo, NULL, client_openings);
}

/* --- frames to the server ----------------------------------------------------------- */

/* A masked frame with a short payload; returns its length. */
static size_t frame(unsigned char *out, unsigned first, const void *payload, size_t len)
{
    static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
    out[0] = (unsigned char)first;
    out[1] = (unsigned char)(0x80 | len);
    memcpy(out + 2, mask, 4);
    for (size_t i = 0; i < len; i++)
        out[6 + i] = ((const unsigned char *)payload)[i] ^ mask[i % 4];
    return 6 + len;
}

static struct xie_stream *open_raw(void)
{
    struct xie_stream *stream = kit_open();
    char *head;
    kit_put(stream, OPENING KEY "\r\n");
    CHECK(xie_stream_read_until(stream, "\r\n\r\n", 4, &head) > 0);
    return stream;
}

/* The code of a close frame that ends data; 0 without one, 1 for an empty one. */
static int close_code(const char *data, size_t len)
{
    const unsigned char *at = (const unsigned char *)data;
    for (size_t i = 0; i + 2 <= len;) {
        size_t size = at[i + 1] & 0x7f;
        if (at[i] == 0x88)
            return size >= 2 && i + 4 <= len ? at[i + 2] << 8 | at[i + 3] : 1;
        i += 2 + size;
    }
    return 0;
}

/* Send bytes after a good opening; the code that the server closes with. */
static int code_for(const void *bytes, size_t len)
{
    struct xie_stream *stream = open_raw();
    xie_stream_write(stream, bytes, len);
    size_t got;
    char *text = kit_rest(stream, &got);
    int code = close_code(text, got);
    free(text);
    xie_stream_close(stream);
    for (int i = 0; i < 100 && ended == 1; i++)
        xie_sleep(XIE_MILLISECOND);
    return code;
}

#define CODE_FOR(bytes) code_for(bytes, sizeof(bytes) - 1)

static void expect(const char *what, int code, int want, int error)
{
    if (code != want || ended != error)
        tap_failed(__FILE__, __LINE__, "%s: closed with %d, not %d; receive returned %d, not %d",
                   what, code, want, ended, error);
}

static int client_frames(void)
{
    expect("unmasked", CODE_FOR("\x81\x01x"), 1002, XIE_EWS_PROTOCOL);
    expect("RSV1", CODE_FOR("\xc1\x81\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("RSV2", CODE_FOR("\xa1\x81\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("RSV3", CODE_FOR("\x91\x81\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("opcode 3", CODE_FOR("\x83\x81\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("opcode 11", CODE_FOR("\x8b\x81\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("fragmented ping", CODE_FOR("\x09\x81\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("long ping", CODE_FOR("\x89\xfe\0\x7e\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("continuation of nothing", CODE_FOR("\x80\x81\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("text within a text", CODE_FOR("\x01\x81\1\2\3\4x\x81\x81\1\2\3\4x"), 1002,
           XIE_EWS_PROTOCOL);
    expect("16-bit length below 126", CODE_FOR("\x82\xfe\0\x01\1\2\3\4x"), 1002, XIE_EWS_PROTOCOL);
    expect("64-bit length below 65536", CODE_FOR("\x82\xff\0\0\0\0\0\0\0\x01\1\2\3\4x"), 1002,
           XIE_EWS_PROTOCOL);
    expect("length with its highest bit", CODE_FOR("\x82\xff\x80\0\0\0\0\0\0\x01\1\2\3\4x"), 1002,
           XIE_EWS_PROTOCOL);
    expect("huge length", CODE_FOR("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4x"), 1009,
           XIE_ELIMIT);
    expect("just too long", CODE_FOR("\x82\xff\0\0\0\0\x04\0\0\x01\1\2\3\4x"), 1009, XIE_ELIMIT);
    return 0;
}

static void bad_frames(void)
{
    kit_run(echo, NULL, client_frames);
}

static int close_with(const void *payload, size_t len)
{
    unsigned char bytes[256];
    return code_for(bytes, frame(bytes, 0x88, payload, len));
}

static int client_closes(void)
{
    expect("no code", close_with("", 0), 1, 0);
    expect("half a code", close_with("\x03", 1), 1002, XIE_EWS_PROTOCOL);
    expect("1000", close_with("\x03\xe8", 2), 1000, 0);
    expect("3000 and a reason", close_with("\x0b\xb8why", 5), 3000, 0);
    expect("0", close_with("\0\0", 2), 1002, XIE_EWS_PROTOCOL);
    expect("999", close_with("\x03\xe7", 2), 1002, XIE_EWS_PROTOCOL);
    expect("1004", close_with("\x03\xec", 2), 1002, XIE_EWS_PROTOCOL);
    expect("1005", close_with("\x03\xed", 2), 1002, XIE_EWS_PROTOCOL);
    expect("1006", close_with("\x03\xee", 2), 1002, XIE_EWS_PROTOCOL);
    expect("1011", close_with("\x03\xf3", 2), 1011, 0);
    expect("1012", close_with("\x03\xf4", 2), 1012, 0);
    expect("1014 and a reason", close_with("\x03\xf6why", 5), 1014, 0);
    expect("1014 and no text", close_with("\x03\xf6\xff", 3), 1007, XIE_EWS_PROTOCOL);
    expect("1015", close_with("\x03\xf7", 2), 1002, XIE_EWS_PROTOCOL);
    expect("2999", close_with("\x0b\xb7", 2), 1002, XIE_EWS_PROTOCOL);
    expect("5000", close_with("\x13\x88", 2), 1002, XIE_EWS_PROTOCOL);
    expect("a reason that is no text", close_with("\x03\xe8\xff", 3), 1007, XIE_EWS_PROTOCOL);
    return 0;
}

static void bad_closes(void)
{
    kit_run(echo, NULL, client_closes);
}

static int text_in_two(const char *first, const char *second)
{
    unsigned char bytes[256];
    size_t used = frame(bytes, 0x01, first, strlen(first));
    used += frame(bytes + used, 0x89, "ping", 4);
    used += frame(bytes + used, 0x80, second, strlen(second));
    used += frame(bytes + used, 0x88, "\x03\xe8", 2);
    return code_for(bytes, used);
}

static int client_texts(void)
{
    expect("a character over two frames",
           text_in_two("a\xe4\xbd", "\xa0"
                                    "b"),
           1000, 0);
    CHECK_EQ(messages, 1);
    expect("cut off", text_in_two("a", "\xe4\xbd"), 1007, XIE_EWS_PROTOCOL);
    expect("wrong in the second frame", text_in_two("a\xe4\xbd", "xx"), 1007, XIE_EWS_PROTOCOL);
    expect("a surrogate", text_in_two("\xed\xa0\x80", ""), 1007, XIE_EWS_PROTOCOL);
    expect("overlong", text_in_two("\xc0", "\x80"), 1007, XIE_EWS_PROTOCOL);
    expect("beyond Unicode", text_in_two("\xf4\x90", "\x80\x80"), 1007, XIE_EWS_PROTOCOL);
    CHECK_EQ(messages, 1);
    return 0;
}

static void texts(void)
{
    kit_run(echo, NULL, client_texts);
}

/* A close frame in two pieces, cut at each byte. */
static int close_in_two(const char *payload, size_t at)
{
    unsigned char bytes[256];
    size_t len = frame(bytes, 0x88, payload, strlen(payload)), got;
    struct xie_stream *stream = open_raw();
    kit_put_bytes(stream, bytes, at);
    xie_sleep(2 * XIE_MILLISECOND);
    xie_stream_write(stream, bytes + at, len - at);
    char *text = kit_rest(stream, &got);
    int code = close_code(text, got);
    free(text);
    xie_stream_close(stream);
    return code;
}

static int client_cut_closes(void)
{
    /* After its code: two characters of three bytes, a letter, one of three bytes. */
    static const char good[] = "\x03\xe8\xe4\xbd\xa0\xe5\xa5\xbd!\xe4\xbd\xa0";
    static const char bad[] = "\x03\xe8\xe4\xbd\xa0\xe5\xa5\xbd!\xe4\xbd";
    for (size_t at = 1; at < 6 + sizeof good - 1; at++) {
        int code = close_in_two(good, at);
        /* Where the code itself was cut, it may be lost (1: closed with none). */
        if (code != 1000 && code != 1)
            tap_failed(__FILE__, __LINE__, "cut at %zu: %d", at, code);
    }
    for (size_t at = 1; at < 6 + sizeof bad - 1; at++) {
        int code = close_in_two(bad, at);
        if (code != 1007 && code != 1000 && code != 1)
            tap_failed(__FILE__, __LINE__, "bad, cut at %zu: %d", at, code);
    }
    return 0;
}

static void cut_closes(void)
{
    kit_run(echo, NULL, client_cut_closes);
}

/* --- fragments and limits ----------------------------------------------------------- */

static int client_fragments(void)
{
    unsigned char bytes[8192];
    size_t used = frame(bytes, 0x02, "", 0);
    for (int i = 0; i < 10; i++) {
        used += frame(bytes + used, 0x00, "0123456789", 10);
        used += frame(bytes + used, 0x89, "", 0);
        used += frame(bytes + used, 0x8a, "unasked", 7);
    }
    used += frame(bytes + used, 0x80, "", 0);
    used += frame(bytes + used, 0x88, "\x03\xe8", 2);
    expect("exactly max_message", code_for(bytes, used), 1000, 0);
    CHECK_EQ(messages, 1);
    CHECK_EQ(last_len, 100);
    /* One byte more, though each frame is short. */
    used = frame(bytes, 0x02, "x", 1);
    for (int i = 0; i < 10; i++)
        used += frame(bytes + used, 0x00, "0123456789", 10);
    expect("more than max_message", code_for(bytes, used), 1009, XIE_ELIMIT);
    CHECK_EQ(messages, 1);
    return 0;
}

static void fragments(void)
{
    options.max_message = 100;
    kit_run(echo, NULL, client_fragments);
}

/* What came whole before a violation is delivered. */
static int client_before(void)
{
    unsigned char bytes[256];
    size_t used = frame(bytes, 0x81, "one", 3);
    used += frame(bytes + used, 0x81, "two", 3);
    memcpy(bytes + used, "\x81\x01x", 3);
    expect("two, then unmasked", code_for(bytes, used + 3), 1002, XIE_EWS_PROTOCOL);
    CHECK_EQ(messages, 2);
    return 0;
}

static void delivered_before(void)
{
    kit_run(echo, NULL, client_before);
}

/* A frame that announces 32 MiB and brings one byte costs no such memory. */
static size_t largest;

static void *watched_resize(void *memory, size_t size)
{
    largest = size > largest ? size : largest;
    return realloc(memory, size);
}

static int client_announcer(void)
{
    struct xie_stream *stream = open_raw();
    unsigned char head[] = {0x82, 0xff, 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 3, 4, 'x'};
    kit_put_bytes(stream, head, sizeof head);
    xie_sleep(20 * XIE_MILLISECOND);
    CHECK_EQ(ended, 1);
    xie_stream_close(stream);
    return 0;
}

static void announced_is_not_allocated(void)
{
    static const struct xie_allocator watched = {watched_resize, free};
    xie_set_allocator(&watched);
    kit_run(echo, NULL, client_announcer);
    CHECK_EQ(ended, XIE_EOF);
    CHECK(largest > 0 && largest < 1 << 20);
}

/* Pings without reading: most go unanswered, the latest one is what counts. */
static int client_flood(void)
{
    enum { TIMES = 400 };
    static unsigned char bytes[131 * 500];
    struct xie_stream *stream = open_raw();
    char payload[125] = {0};
    size_t used = 0, got;
    while (used + 131 <= sizeof bytes)
        used += frame(bytes + used, 0x89, payload, sizeof payload);
    for (int i = 0; i < TIMES; i++)
        kit_put_bytes(stream, bytes, used);
    used = frame(bytes, 0x88, "\x03\xe8", 2);
    kit_put_bytes(stream, bytes, used);
    char *text = kit_rest(stream, &got);
    CHECK_EQ(close_code(text, got), 1000);
    CHECK(got < TIMES / 2 * sizeof bytes); /* what sockets hold, and some */
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void ping_flood(void)
{
    kit_run(echo, NULL, client_flood);
    CHECK_EQ(ended, 0);
}

/* --- pieces ------------------------------------------------------------------------------------
 */

static size_t conversation(unsigned char *bytes)
{
    size_t used = sizeof OPENING KEY "\r\n" - 1;
    memcpy(bytes, OPENING KEY "\r\n", used);
    used += frame(bytes + used, 0x81, "hello", 5);
    used += frame(bytes + used, 0x01, "a\xe4\xbd", 3);
    used += frame(bytes + used, 0x89, "?", 1);
    used += frame(bytes + used, 0x80, "\xa0", 1);
    used += frame(bytes + used, 0x88, "\x03\xe8", 2);
    return used;
}

static int client_pieces(void)
{
    unsigned char bytes[1024];
    size_t len = conversation(bytes);
    struct xie_stream *stream = kit_open();
    for (size_t i = 0; i < len; i++) {
        kit_put_bytes(stream, bytes + i, 1);
        xie_sleep(0);
    }
    char *text = kit_rest(stream, NULL);
    CHECK_EQ(messages, 2);
    CHECK_EQ(kit_status(text), 101);
    free(text);
    xie_stream_close(stream);
    /* All at once: frames behind the opening are not lost. */
    stream = kit_open();
    kit_put_bytes(stream, bytes, len);
    text = kit_rest(stream, NULL);
    CHECK_EQ(messages, 4);
    free(text);
    xie_stream_close(stream);
    return 0;
}

static void pieces(void)
{
    kit_run(echo, NULL, client_pieces);
    CHECK_EQ(ended, 0);
}

static int client_truncated(void)
{
    unsigned char bytes[1024];
    size_t len = conversation(bytes);
    for (size_t at = 0; at < len; at++) {
        struct xie_stream *stream = kit_open();
        ended = 1;
        kit_put_bytes(stream, bytes, at);
        xie_stream_write_eof(stream);
        free(kit_rest(stream, NULL));
        xie_stream_close(stream);
        CHECK(at < sizeof OPENING KEY "\r\n" - 1 ? ended == 1 : ended == XIE_EOF);
    }
    for (size_t at = 0; at < len; at++) {
        struct xie_stream *stream = kit_open();
        kit_put_bytes(stream, bytes, at);
        if (at % 2)
            xie_sleep(XIE_MILLISECOND);
        xie_stream_abort(stream);
    }
    xie_sleep(100 * XIE_MILLISECOND);
    CHECK_EQ(xie_task_count(), 2);
    return 0;
}

static void truncated(void)
{
    kit_run(echo, NULL, client_truncated);
}

static const struct tap_test tests[] = {
    {"openings that are refused: 400, 426", openings},
    {"frames against the rules: 1002, too long: 1009", bad_frames},
    {"codes of closing", bad_closes},
    {"a close frame in two pieces", cut_closes},
    {"texts over frames; no UTF-8: 1007", texts},
    {"fragments count together", fragments},
    {"messages before a violation are delivered", delivered_before},
    {"an announced length is not allocated", announced_is_not_allocated},
    {"a flood of pings", ping_flood},
    {"byte by byte, and all at once", pieces},
    {"cut at every byte", truncated},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
