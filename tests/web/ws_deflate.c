/* ws_deflate.c - compressed messages: what is agreed upon, what goes over the wire, and what breaks
 * the rules. RFC 7692; its own examples are here as bytes. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kit.h"
#include "web/deflate.h"
#include "web/ws.h"

#define OPENING                                                                  \
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define EXTENSIONS "Sec-WebSocket-Extensions: "

static struct xie_ws_options ours = {.deflate = true}; /* the server's */
static int ended, deflates;

static int echo(struct xie_http *http, void *arg)
{
    struct xie_ws *ws;
    char *data;
    size_t len;
    int kind = xie_ws_accept(http, &ours, &ws);
    (void)arg;
    ended = kind;
    if (kind < 0)
        return kind;
    ended = 1;
    deflates = xie_ws_deflates(ws);
    while ((kind = xie_ws_receive(ws, &data, &len)) > 0)
        xie_ws_send(ws, (enum xie_ws_kind)kind, data, len);
    ended = kind;
    xie_ws_free(ws);
    return 0;
}

static void need_deflate(void)
{
    if (!xie_deflate_built())
        tap_skip("zlib is not built in");
}

/* --- a server's answer to offers ---------------------------------------------------------- */

/* What the server with these options answers to an offer. */
static void offered(struct xie_ws_options options, const char *offer, const char *answer)
{
    char text[1024];
    ours = options;
    snprintf(text, sizeof text, OPENING "%s%s\r\n\r\n", *offer ? EXTENSIONS : "X: ", offer);
    char *got = kit_ask(text);
    CHECK_EQ(kit_status(got), 101);
    char *found = strstr(got, EXTENSIONS);
    if (found)
        found[strcspn(found, "\r")] = 0;
    const char *value = found ? found + strlen(EXTENSIONS) : "";
    if (strcmp(value, answer))
        tap_failed(__FILE__, __LINE__, "to \"%s\": \"%s\", not \"%s\"", offer, value, answer);
    CHECK_EQ(deflates, *answer != 0);
    free(got);
}

#define PMD "permessage-deflate"

static int server_agrees(void)
{
    struct xie_ws_options off = {0}, on = {.deflate = true};
    offered(off, PMD, "");
    offered(on, "", "");
    offered(on, PMD, PMD);
    offered(on, "Permessage-Deflate", PMD);
    offered(on, " x-other ; a=b , " PMD " ; client_max_window_bits", PMD);
    offered(on, "x-other; a=\"b\", " PMD, PMD);
    offered(on, PMD "; server_no_context_takeover", PMD "; server_no_context_takeover");
    offered(on, PMD "; client_no_context_takeover", PMD "; client_no_context_takeover");
    offered(on, PMD "; server_max_window_bits=10", PMD "; server_max_window_bits=10");
    offered(on, PMD "; server_max_window_bits=\"10\"", PMD "; server_max_window_bits=10");
    offered(on, PMD "; server_max_window_bits=15", PMD "; server_max_window_bits=15");
    offered(on, PMD "; client_max_window_bits=9", PMD "; client_max_window_bits=9");
    offered(on, PMD "; client_max_window_bits=8", PMD "; client_max_window_bits=8");
    offered(on, PMD "; client_max_window_bits=15", PMD);
    /* What cannot be done is passed over for what can. */
    offered(on, PMD "; server_max_window_bits=8", "");
    offered(on, PMD "; server_max_window_bits=8, " PMD, PMD);
    offered(on, PMD "; what_is_this, " PMD "; client_no_context_takeover",
            PMD "; client_no_context_takeover");
    static const char *const wrong[] = {
        PMD "; server_max_window_bits",
        PMD "; server_max_window_bits=7",
        PMD "; server_max_window_bits=16",
        PMD "; server_max_window_bits=010",
        PMD "; server_max_window_bits=1x",
        PMD "; server_max_window_bits=",
        PMD "; server_max_window_bits=10; server_max_window_bits=10",
        PMD "; client_max_window_bits=7",
        PMD "; client_max_window_bits=16",
        PMD "; client_max_window_bits; client_max_window_bits",
        PMD "; server_no_context_takeover=1",
        PMD "; server_no_context_takeover; server_no_context_takeover",
        PMD "; client_no_context_takeover=\"\"",
        PMD "; ",
        PMD " x",
        PMD "=1",
        "\"" PMD "\"",
        PMD "; server_max_window_bits=\"10",
        PMD "-frame",
        ";",
        ",",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        offered(on, wrong[i], "");
    return 0;
}

static int server_demands(void)
{
    struct xie_ws_options alone = {.deflate = true, .own_alone = true, .peer_alone = true};
    struct xie_ws_options small = {.deflate = true, .own_window_bits = 11, .peer_window_bits = 12};
    offered(alone, PMD, PMD "; server_no_context_takeover; client_no_context_takeover");
    offered(small, PMD, PMD "; server_max_window_bits=11");
    offered(small, PMD "; client_max_window_bits",
            PMD "; server_max_window_bits=11; client_max_window_bits=12");
    offered(small, PMD "; client_max_window_bits=10; server_max_window_bits=10",
            PMD "; server_max_window_bits=10; client_max_window_bits=10");
    offered(small, PMD "; client_max_window_bits=14; server_max_window_bits=14",
            PMD "; server_max_window_bits=11; client_max_window_bits=12");
    return 0;
}

static int server_all(void)
{
    server_agrees();
    return server_demands();
}

static void what_a_server_agrees_to(void)
{
    need_deflate();
    kit_run(echo, NULL, server_all);
}

/* --- a client's offer, and answers to it -------------------------------------------------------
 */

static struct kit_fake fake;

/* The client with these options offers this; to this answer it says so. */
static void answered(struct xie_ws_options options, const char *offer, const char *answer,
                     int result)
{
    char head[512], url[64];
    struct xie_ws *ws = NULL;
    snprintf(head, sizeof head,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %%s\r\n%s%s\r\n\r\n",
             *answer ? EXTENSIONS : "X: ", answer);
    fake = (struct kit_fake){.answer = head, .hold = true};
    kit_fake_open(&fake);
    struct xie_task *server = xie_spawn(kit_fake_serve, &fake);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", fake.port);
    int err = xie_ws_connect(url, &options, NULL, &ws);
    if (err != result)
        tap_failed(__FILE__, __LINE__, "\"%s\" for \"%s\": %d", answer, offer, err);
    CHECK(err || xie_ws_deflates(ws) == (*answer != 0));
    xie_ws_free(ws);
    xie_join(server);
    char *found = strstr(fake.request, EXTENSIONS);
    if (found)
        found[strcspn(found, "\r")] = 0;
    CHECK_STR(found ? found + strlen(EXTENSIONS) : "", offer);
    kit_fake_close(&fake);
}

#define OFFER PMD "; client_max_window_bits"

static int client_offers(void)
{
    const int no = XIE_EWS_HANDSHAKE;
    struct xie_ws_options off = {0}, on = {.deflate = true};
    struct xie_ws_options all = {.deflate = true,
                                 .own_alone = true,
                                 .peer_alone = true,
                                 .own_window_bits = 11,
                                 .peer_window_bits = 12};
    static const char most[] = PMD "; server_no_context_takeover; client_no_context_takeover; "
                                   "server_max_window_bits=12; client_max_window_bits=11";
    answered(off, "", "", 0);
    answered(off, "", PMD, no);
    answered(on, OFFER, "", 0);
    answered(on, OFFER, PMD, 0);
    answered(on, OFFER, PMD "; server_no_context_takeover; client_no_context_takeover", 0);
    answered(on, OFFER, PMD "; server_max_window_bits=8; client_max_window_bits=8", 0);
    answered(all, most, "", 0);
    answered(all, most, PMD "; server_no_context_takeover; server_max_window_bits=12", 0);
    answered(all, most, most, 0);
    /* Less than was demanded. */
    answered(all, most, PMD, no);
    answered(all, most, PMD "; server_max_window_bits=12", no);
    answered(all, most, PMD "; server_no_context_takeover", no);
    answered(all, most, PMD "; server_no_context_takeover; server_max_window_bits=13", no);
    answered(all, most,
             PMD "; server_no_context_takeover; server_max_window_bits=12; "
                 "client_max_window_bits=12",
             no);
    static const char *const wrong[] = {
        PMD "; client_max_window_bits",
        PMD "; server_max_window_bits",
        PMD "; server_max_window_bits=7",
        PMD "; client_max_window_bits=16",
        PMD "; server_no_context_takeover=1",
        PMD "; client_no_context_takeover; client_no_context_takeover",
        PMD "; other",
        PMD ", " PMD,
        PMD "\r\nSec-WebSocket-Extensions: " PMD,
        PMD ", x",
        "x-webkit-deflate-frame",
        ",",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        answered(on, OFFER, wrong[i], no);
    return 0;
}

static void what_a_client_offers(void)
{
    need_deflate();
    kit_alone(client_offers);
}

static int bits(void)
{
    static const int wrong[] = {-1, 1, 8, 16};
    struct xie_ws *ws = NULL;
    char url[64];
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", kit_port);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct xie_ws_options options = {.own_window_bits = wrong[i]};
        CHECK_EQ(xie_ws_connect(url, &options, NULL, &ws), -EINVAL);
        ours = options;
        KIT_STATUS(OPENING "\r\n", 500);
        CHECK_EQ(ended, -EINVAL);
        options = (struct xie_ws_options){.peer_window_bits = wrong[i]};
        CHECK_EQ(xie_ws_connect(url, &options, NULL, &ws), -EINVAL);
    }
    return 0;
}

static void window_bits(void)
{
    kit_run(echo, NULL, bits);
}

/* --- messages both ways ----------------------------------------------------------------------- */

static size_t fill(char *text, size_t len, unsigned seed)
{
    /* Words, which compress, and noise, which does not. */
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        text[i] = (char)((i / 1000) % 3 == 2 ? (int)(seed >> 16 & 0x7f) : "message and "[i % 12]);
    }
    return len;
}

static void round_trips(struct xie_ws *ws)
{
    static const size_t sizes[] = {0, 1, 127, 128, 129, 1000, 65535, 65536, 300000, 129, 5};
    static char text[300000];
    char *data;
    size_t len;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fill(text, sizes[i], (unsigned)i);
        CHECK_EQ(xie_ws_send(ws, i % 2 ? XIE_WS_TEXT : XIE_WS_BINARY, text, sizes[i]), 0);
        CHECK_EQ(xie_ws_receive(ws, &data, &len), i % 2 ? XIE_WS_TEXT : XIE_WS_BINARY);
        CHECK_EQ(len, sizes[i]);
        CHECK(len == sizes[i] && !memcmp(data, text, len) && !data[len]);
        if (i == 3)
            CHECK_EQ(xie_ws_ping(ws), 0);
    }
    CHECK_EQ(xie_ws_close(ws, 1000, NULL), 0);
}

static int both_ways(void)
{
    static const int windows[] = {0, 9, 12};
    char url[64];
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", kit_port);
    for (int i = 0; i < 48; i++) {
        struct xie_ws_options options = {.deflate = true,
                                         .own_alone = i & 1,
                                         .peer_alone = i & 2,
                                         .own_window_bits = windows[i / 16],
                                         .peer_window_bits = windows[i / 16]};
        ours = (struct xie_ws_options){.deflate = true,
                                       .own_alone = i & 4,
                                       .peer_alone = i & 8,
                                       .own_window_bits = windows[i % 3],
                                       .peer_window_bits = windows[i % 3]};
        struct xie_ws *ws = NULL;
        int err = xie_ws_connect(url, &options, NULL, &ws);
        CHECK_EQ(err, 0);
        if (err)
            continue;
        CHECK_EQ(xie_ws_deflates(ws), true);
        round_trips(ws);
        xie_ws_free(ws);
    }
    return 0;
}

static void messages_both_ways(void)
{
    need_deflate();
    tap_limit(60);
    kit_run(echo, NULL, both_ways);
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* A frame under a mask of zeros. */
static size_t frame(unsigned char *out, unsigned first, const void *payload, size_t len)
{
    size_t at = 0;
    out[at++] = (unsigned char)first;
    out[at++] = (unsigned char)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        out[at++] = (unsigned char)(len >> 8);
        out[at++] = (unsigned char)len;
    }
    memset(out + at, 0, 4);
    memcpy(out + at + 4, payload, len);
    return at + 4 + len;
}

static struct xie_stream *open_raw(const char *offer)
{
    struct xie_stream *stream = kit_open();
    char *head, text[512];
    snprintf(text, sizeof text, OPENING "%s%s\r\n\r\n", *offer ? EXTENSIONS : "X: ", offer);
    kit_put(stream, text);
    CHECK(xie_stream_read_until(stream, "\r\n\r\n", 4, &head) > 0);
    return stream;
}

struct bytes {
    const char *data;
    size_t len;
};

#define BYTES(text) ((struct bytes){text, sizeof(text) - 1})

static const unsigned char bye[] = "\x88\x82\0\0\0\0\x03\xe8";

/* Send frames (first byte, payload) in steps; what comes back must be this. Then a close. */
static void exchange(const char *offer, const struct bytes *frames, size_t step, struct bytes want)
{
    unsigned char out[1024];
    char got[256] = "";
    size_t used = 0;
    struct xie_stream *stream = open_raw(offer);
    for (; frames->data; frames++)
        used +=
            frame(out + used, (unsigned char)frames->data[0], frames->data + 1, frames->len - 1);
    for (size_t at = 0; at < used; at += step) {
        xie_stream_write(stream, out + at, step < used - at ? step : used - at);
        xie_sleep(0);
    }
    ssize_t n = xie_stream_read_exactly(stream, got, want.len);
    if (n < 0 || memcmp(got, want.data, want.len))
        tap_failed(__FILE__, __LINE__, "%zd, in steps of %zu; the server's end: %d", n, step,
                   ended);
    xie_stream_write(stream, bye, sizeof bye - 1);
    CHECK_EQ(xie_stream_read_exactly(stream, got, 4), 4);
    CHECK(!memcmp(got, "\x88\x02\x03\xe8", 4));
    xie_stream_close(stream);
}

#define HELLO "\xf2\x48\xcd\xc9\xc9\x07\x00"

/* Each of the RFC's examples decodes; the echo is too short to be compressed. */
static int examples(void)
{
    ours = (struct xie_ws_options){.deflate = true};
    static const struct bytes examples[][4] = {
        {{"\xc1" HELLO, 8}, {NULL, 0}},
        {{"\x41\xf2\x48\xcd", 4}, {"\x80\xc9\xc9\x07\x00", 5}, {NULL, 0}},
        {{"\xc1\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 12}, {NULL, 0}},
        {{"\xc1\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 9}, {NULL, 0}},
        {{"\xc1\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 14}, {NULL, 0}},
        {{"\x41\xf2", 2}, {"\x00", 1}, {"\x80\x48\xcd\xc9\xc9\x07\x00", 7}, {NULL, 0}},
        {{"\x81Hello", 6}, {NULL, 0}}, /* one that is not compressed, all the same */
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        for (size_t step = 1; step < 40; step++)
            exchange(PMD, examples[i], step, BYTES("\x81\x05Hello"));
    }
    /* A second one that refers to the first, and an empty one. */
    static const struct bytes two[] = {
        {"\xc1" HELLO, 8}, {"\xc1\xf2\x00\x11\x00\x00", 6}, {"\xc2\x00", 2}, {NULL, 0}};
    exchange(PMD, two, 1000, BYTES("\x81\x05Hello\x81\x05Hello\x82\x00"));
    /* After an end of the stream within, too. */
    static const struct bytes again[] = {
        {"\xc1\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 9}, {"\xc1\xf2\x00\x11\x00\x00", 6}, {NULL, 0}};
    exchange(PMD, again, 1000, BYTES("\x81\x05Hello\x81\x05Hello"));
    return 0;
}

/* And what we send are the RFC's bytes too: that of section 7.2.3.2 with a history, and without. */
static int own_bytes(void)
{
    static const struct bytes two[] = {{"\x81Hello", 6}, {"\x81Hello", 6}, {NULL, 0}};
    ours = (struct xie_ws_options){.deflate = true, .deflate_least = 5};
    exchange(PMD, two, 1000, BYTES("\xc1\x07" HELLO "\xc1\x05\xf2\x00\x11\x00\x00"));
    ours.own_alone = true;
    exchange(PMD, two, 1000, BYTES("\xc1\x07" HELLO "\xc1\x07" HELLO));
    ours.deflate_least = 6;
    exchange(PMD, two, 1000, BYTES("\x81\x05Hello\x81\x05Hello"));
    ours = (struct xie_ws_options){.deflate = true, .deflate_least = 5};
    exchange("", two, 1000, BYTES("\x81\x05Hello\x81\x05Hello"));
    return 0;
}

/* Unless something else is asked for, a message of 128 bytes is worth it, and no shorter one. */
static int least(void)
{
    unsigned char out[200], text[200], head[2];
    ours = (struct xie_ws_options){.deflate = true};
    memset(text, 'l', sizeof text);
    for (size_t len = 127; len <= 128; len++) {
        struct xie_stream *stream = open_raw(PMD);
        xie_stream_write(stream, out, frame(out, 0x82, text, len));
        CHECK_EQ(xie_stream_read_exactly(stream, head, 2), 2);
        CHECK_EQ(head[0], len < 128 ? 0x82 : 0xc2);
        CHECK_EQ(head[1] < 20, len == 128);
        xie_stream_close(stream);
    }
    return 0;
}

static int all_examples(void)
{
    examples();
    least();
    return own_bytes();
}

static void the_examples_of_the_rfc(void)
{
    need_deflate();
    tap_limit(60);
    kit_run(echo, NULL, all_examples);
}

/* --- what breaks the rules -------------------------------------------------------------------- */

/* The code that the server closes with for these frames, and what its receive returned. */
static void breaks(const char *offer, struct bytes one, struct bytes two, int code, int result)
{
    unsigned char out[1024];
    struct bytes frames[] = {one, two};
    struct xie_stream *stream = open_raw(offer);
    size_t used = 0, got;
    for (int i = 0; i < 2 && frames[i].data; i++)
        used += frame(out + used, (unsigned char)frames[i].data[0], frames[i].data + 1,
                      frames[i].len - 1);
    xie_stream_write(stream, out, used);
    unsigned char *text = (unsigned char *)kit_rest(stream, &got);
    CHECK(got >= 4);
    if (got >= 4)
        CHECK_EQ(text[got - 2] << 8 | text[got - 1], code);
    free(text);
    xie_stream_close(stream);
    for (int i = 0; i < 1000 && ended == 1; i++)
        xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(ended, result);
}

static int broken(void)
{
    const struct bytes none = {NULL, 0};
    ours = (struct xie_ws_options){.deflate = true, .max_message = 64};
    /* The bit where nobody agreed to it, and where it does not belong. */
    breaks("", BYTES("\xc1" HELLO), none, 1002, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\xc9x"), none, 1002, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\xc8"), none, 1002, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\x41\xf2\x48\xcd"), BYTES("\xc0\xc9\xc9\x07\x00"), 1002, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\x01x"), BYTES("\xc0y"), 1002, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\xa1x"), none, 1002, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\x91x"), none, 1002, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\xe1" HELLO), none, 1002, XIE_EWS_PROTOCOL);
    /* Not what was compressed. */
    breaks(PMD, BYTES("\xc2\xff\xff\xff"), none, 1007, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\xc2\xf2\x48\xcd"), none, 1007, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\xc2"), none, 1007, XIE_EWS_PROTOCOL);
    breaks(PMD, BYTES("\xc2\x00\x05\x00\xfa\xff\x48\x65"), none, 1007, XIE_EWS_PROTOCOL);
    /* Further back than there is anything; and beyond a history that was forbidden. */
    breaks(PMD, BYTES("\xc2\xf2\x00\x11\x00\x00"), none, 1007, XIE_EWS_PROTOCOL);
    breaks(PMD "; client_no_context_takeover", BYTES("\xc1" HELLO),
           BYTES("\xc1\xf2\x00\x11\x00\x00"), 1007, XIE_EWS_PROTOCOL);
    /* Text that is none: a stored block with half a character. */
    breaks(PMD, BYTES("\xc1\x00\x01\x00\xfe\xff\xc3\x00"), none, 1007, XIE_EWS_PROTOCOL);
    return 0;
}

static void what_breaks_the_rules(void)
{
    need_deflate();
    kit_run(echo, NULL, broken);
}

/* len bytes of one letter, as a compressed message. */
static size_t bomb(char *out, size_t cap, size_t len)
{
    struct xie_deflate_terms terms = {.on = true, .own_alone = true, .own_bits = 15};
    struct xie_deflate *deflate = xie_deflate_new(&terms);
    struct xie_bytes packed = {0};
    char *text = malloc(len);
    REQUIRE(text && deflate);
    memset(text, 'b', len);
    CHECK_EQ(xie_deflate_pack(deflate, text, len, &packed), 0);
    REQUIRE(packed.len + 1 <= cap);
    out[0] = (char)0xc2;
    memcpy(out + 1, xie_bytes_first(&packed), packed.len);
    size_t size = packed.len + 1;
    free(text);
    xie_bytes_fini(&packed);
    xie_deflate_free(deflate);
    return size;
}

static int bombs(void)
{
    char text[800];
    static const size_t limits[] = {64, 1023, 1024, 1025, 5000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        ours = (struct xie_ws_options){.deflate = true, .max_message = limits[i]};
        for (size_t len = limits[i] - 1; len <= limits[i] + 1; len++) {
            struct bytes message = {text, bomb(text, sizeof text, len)};
            if (len > limits[i]) {
                breaks(PMD, message, (struct bytes){NULL, 0}, 1009, XIE_ELIMIT);
                continue;
            }
            /* It fits: the echo, then our close. */
            breaks(PMD, message, (struct bytes){"\x88\x03\xe8", 3}, 1000, 0);
        }
    }
    /* Half a million bytes in some five hundred: none of them is ever held. */
    ours.max_message = 1000;
    struct bytes message = {text, bomb(text, sizeof text, 500000)};
    breaks(PMD, message, (struct bytes){NULL, 0}, 1009, XIE_ELIMIT);
    return 0;
}

static void small_messages_with_much_in_them(void)
{
    need_deflate();
    kit_run(echo, NULL, bombs);
}

/* --- interrupted ------------------------------------------------------------------------------ */

static struct xie_ws *ends[2];

static int make_ends(bool alone)
{
    struct xie_stream *pair[2];
    struct xie_deflate_terms terms = {
        .on = true, .own_alone = alone, .peer_alone = alone, .own_bits = 15, .peer_bits = 15};
    const struct xie_ws_options options = {.deflate = true};
    struct xie_bytes none = {0};
    CHECK_EQ(xie_stream_memory(2000, pair), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(xie_ws_new(pair[i], &options, i, &terms, &none, &ends[i]), 0);
    return 0;
}

static char noise[4000], words[2000];

static int send_noise(void *arg)
{
    (void)arg;
    return xie_ws_send(ends[1], XIE_WS_BINARY, noise, sizeof noise);
}

static int send_words(void *arg)
{
    return xie_ws_send(ends[1], XIE_WS_BINARY, words, (size_t)(uintptr_t)arg);
}

static void expect(const char *text, size_t want)
{
    char *data = NULL;
    size_t len = 0;
    CHECK_EQ(xie_ws_receive(ends[0], &data, &len), XIE_WS_BINARY);
    CHECK_EQ(len, want);
    CHECK(len == want && !memcmp(data, text, len));
}

/* Messages wait behind one that nobody takes; some are called off. Whatever goes out in the end
 * must decode: it may not refer to what did not. */
static void called_off(bool alone, const bool off[3])
{
    struct xie_task *tasks[3];
    make_ends(alone);
    struct xie_task *first = xie_spawn(send_noise, NULL);
    xie_sleep(0);
    for (size_t i = 0; i < 3; i++) {
        tasks[i] = xie_spawn(send_words, (void *)(uintptr_t)(1000 + i));
        xie_sleep(0);
    }
    for (int i = 2; i >= 0; i--) {
        if (off[i]) {
            xie_task_cancel(tasks[i]);
            CHECK_EQ(xie_join(tasks[i]), -ECANCELED);
        }
    }
    expect(noise, sizeof noise);
    for (size_t i = 0; i < 3; i++) {
        bool later = false; /* one after it stays that was compressed with it in mind */
        for (size_t j = i + 1; j < 3; j++)
            later |= !off[j];
        if (!off[i] || (later && !alone))
            expect(words, 1000 + i);
    }
    for (int i = 0; i < 3; i++) {
        if (!off[i])
            CHECK_EQ(xie_join(tasks[i]), 0);
    }
    CHECK_EQ(xie_join(first), 0);
    /* The next one refers to what went out, at most. */
    struct xie_task *last = xie_spawn(send_words, (void *)(uintptr_t)1500);
    expect(words, 1500);
    CHECK_EQ(xie_join(last), 0);
    xie_ws_free(ends[0]);
    xie_ws_free(ends[1]);
}

static int call_off(void)
{
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(rand() >> 5);
    fill(words, sizeof words, 7);
    for (int i = 0; i < 16; i++) {
        bool off[3] = {i & 1, i & 2, i & 4};
        called_off(i & 8, off);
    }
    return 0;
}

static void messages_called_off(void)
{
    need_deflate();
    kit_alone(call_off);
}

static const struct tap_test tests[] = {
    {"what a server agrees to", what_a_server_agrees_to},
    {"what a client offers and takes", what_a_client_offers},
    {"window bits that make no sense", window_bits},
    {"messages both ways, in all terms", messages_both_ways},
    {"the examples of the RFC", the_examples_of_the_rfc},
    {"what breaks the rules", what_breaks_the_rules},
    {"small messages with much in them", small_messages_with_much_in_them},
    {"messages called off", messages_called_off},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
