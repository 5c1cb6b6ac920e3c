/* parts.c - the pieces that know nothing of connections: bytes, fields, text, URLs, heads. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "tap.h"
#include "web/bytes.h"
#include "web/field.h"
#include "web/handshake.h"
#include "web/message.h"
#include "web/url.h"
#include "web/utf8.h"
#include <xie/error.h>

static void bytes(void)
{
    struct xie_bytes row = {0};
    unsigned next_in = 0, next_out = 0;
    CHECK(!xie_bytes_first(&row));
    for (size_t step = 1; step < 2000; step = step * 3 / 2 + 1) {
        for (size_t i = 0; i < step; i++) {
            unsigned char byte = (unsigned char)next_in++;
            CHECK_EQ(xie_bytes_add(&row, &byte, 1), 0);
        }
        for (size_t i = 0; i < step / 2; i++) {
            CHECK_EQ((unsigned char)*xie_bytes_first(&row), (unsigned char)next_out++);
            xie_bytes_take(&row, 1);
        }
    }
    CHECK_EQ(row.len, next_in - next_out);
    CHECK(row.cap < 4 * 4096 * 4);
    CHECK_EQ(xie_bytes_reserve(&row, (size_t)-1), -ENOMEM);
    CHECK_EQ(xie_bytes_reserve(&row, 100000), 0);
    CHECK(xie_bytes_room(&row) >= 100000);
    xie_bytes_fini(&row);
    CHECK_EQ(row.cap, 0);
}

/* Taking from the front of a full row does not let it grow for ever. */
static void bytes_stay_small(void)
{
    struct xie_bytes row = {0};
    for (int i = 0; i < 100000; i++) {
        CHECK_EQ(xie_bytes_add(&row, "abc", 3), 0);
        if (row.len > 300)
            xie_bytes_take(&row, 3);
    }
    CHECK(row.cap <= 4096);
    xie_bytes_fini(&row);
}

static void field_lists(void)
{
    CHECK(xie_field_has("a, b", "b"));
    CHECK(xie_field_has("  Upgrade ", "upgrade"));
    CHECK(xie_field_has("keep-alive,Upgrade", "upgrade"));
    CHECK(xie_field_has(",,x ,\tb\t,", "b"));
    CHECK(!xie_field_has("upgraded", "upgrade"));
    CHECK(!xie_field_has("up grade", "upgrade"));
    CHECK(!xie_field_has("", "upgrade"));
    CHECK(!xie_field_has(NULL, "upgrade"));
    CHECK(!xie_field_has("a;upgrade", "upgrade"));
}

static void unescaping(void)
{
    char out[32];
    CHECK_EQ(xie_field_unescape(out, "a%20b%2f+", 9, false), 5);
    CHECK(!memcmp(out, "a b/+", 5));
    CHECK_EQ(xie_field_unescape(out, "a+b", 3, true), 3);
    CHECK(!memcmp(out, "a b", 3));
    CHECK_EQ(xie_field_unescape(out, "%41%5A", 6, false), 2);
    CHECK_EQ(xie_field_unescape(out, "%", 1, false), XIE_EHTTP);
    CHECK_EQ(xie_field_unescape(out, "%4", 2, false), XIE_EHTTP);
    CHECK_EQ(xie_field_unescape(out, "%4g", 3, false), XIE_EHTTP);
    CHECK_EQ(xie_field_unescape(out, "%g4", 3, false), XIE_EHTTP);
    CHECK_EQ(xie_field_unescape(out, "%00", 3, false), XIE_EHTTP);
    CHECK_EQ(xie_field_unescape(out, "%41", 2, false), XIE_EHTTP); /* its length is 2 */
    CHECK_EQ(xie_field_unescape(out, "", 0, false), 0);
}

static bool text_ok(const char *text)
{
    return xie_web_utf8(text, strlen(text));
}

static void utf8(void)
{
    CHECK(text_ok(""));
    CHECK(xie_web_utf8("a\0b", 3));
    CHECK(text_ok("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    CHECK(text_ok("\xed\x9f\xbf\xee\x80\x80"));
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x7f",
        "\xc2\xc0",
        "\xe0\x9f\xbf",
        "\xe0\xa0",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xef\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "a\xe4\xbd",
        "\xe4\xbd\x41",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!text_ok(bad[i]));
}

static void urls(void)
{
    struct xie_url url;
    CHECK_EQ(xie_url_split("WS://[2001:DB8::1]:99/a/b?c=d?e", &url), 0);
    CHECK_STR(url.scheme, "ws");
    CHECK_STR(url.host, "2001:DB8::1");
    CHECK(url.literal);
    CHECK_EQ(url.port, 99);
    CHECK(url.path_len == 4 && !memcmp(url.path, "/a/b", 4));
    CHECK(url.query_len == 5 && !memcmp(url.query, "c=d?e", 5));
    CHECK_EQ(xie_url_split("ws://a.example", &url), 0);
    CHECK(!url.literal && !url.port && !url.path_len && !url.query);
    CHECK_EQ(xie_url_split("ws://10.0.0.1:/?", &url), 0);
    CHECK_EQ(url.port, 0);
    CHECK(url.query && !url.query_len);
    CHECK_EQ(xie_url_split("ws://a:65535/", &url), 0);
    CHECK_EQ(url.port, 65535);
    char longest[300] = "ws://";
    memset(longest + 5, 'a', 255);
    CHECK_EQ(xie_url_split(longest, &url), 0);
    longest[5 + 255] = 'a';
    CHECK_EQ(xie_url_split(longest, &url), XIE_EURL);
}

static void join(const char *base, const char *reference, const char *want)
{
    char *text = NULL;
    int err = xie_url_join(base, reference, &text);
    CHECK_EQ(err, want ? 0 : XIE_EURL);
    if (want)
        CHECK_STR(text, want);
    xie_release(text);
}

/* The examples of RFC 3986 section 5.4, and what servers write instead. */
static void references(void)
{
    static const char base[] = "http://a/b/c/d;p?q";
    join(base, "g:h", "g:h");
    join(base, "g", "http://a/b/c/g");
    join(base, "./g", "http://a/b/c/g");
    join(base, "g/", "http://a/b/c/g/");
    join(base, "/g", "http://a/g");
    join(base, "//g", "http://g");
    join(base, "?y", "http://a/b/c/d;p?y");
    join(base, "g?y#s", "http://a/b/c/g?y");
    join(base, "", "http://a/b/c/d;p?q");
    join(base, "#s", "http://a/b/c/d;p?q");
    join(base, "..", "http://a/b/");
    join(base, "../../g", "http://a/g");
    join(base, "../../../g", "http://a/g");
    join("http://a", "b", "http://a/b");
    join("http://a:81?x", "/b", "http://a:81/b");
    join(base, "http://b:82/c", "http://b:82/c");
    join(base, "caf\xc3\xa9 {1|2}", "http://a/b/c/caf%C3%A9%20%7B1%7C2%7D");
    join(base, "100%", "http://a/b/c/100%25");
    join(base, "%41%4g", "http://a/b/c/%41%254g");
    join(base, "\"<>\\^`", "http://a/b/c/%22%3C%3E%5C%5E%60");
    join(base, "http://[::1", NULL);
    join(base, "http://a:b/", NULL);
}

static void proofs(void)
{
    char key[XIE_WS_KEY], other[XIE_WS_KEY], proof[XIE_WS_ACCEPT];
    CHECK_EQ(xie_ws_proof("dGhlIHNhbXBsZSBub25jZQ==", proof), 0);
    CHECK_STR(proof, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455 section 1.3 */
    CHECK_EQ(xie_ws_key(key), 0);
    CHECK_EQ(xie_ws_key(other), 0);
    CHECK(strcmp(key, other) != 0);
    CHECK(xie_ws_key_ok(key));
    CHECK(!xie_ws_key_ok(""));
    CHECK(!xie_ws_key_ok("dGhlIHNhbXBsZSBub25jZQ="));
    CHECK(!xie_ws_key_ok("dGhlIHNhbXBsZSBub25jZQ==="));
    CHECK(!xie_ws_key_ok("dGhlIHNhbXBsZSBub25jZTE="));
    CHECK(!xie_ws_key_ok("dGhlIHNhb*BsZSBub25jZQ=="));
}

static ssize_t scan(const char *text)
{
    struct xie_scan state = {0};
    return xie_head_scan(&state, text, strlen(text));
}

static void heads(void)
{
    CHECK_EQ(scan("GET / HTTP/1.1\r\nA: b\r\n\r\nmore"), 24);
    CHECK_EQ(scan("GET / HTTP/1.1\r\n\r\n"), 18);
    CHECK_EQ(scan("\r\nGET / HTTP/1.1\r\n\r\n"), 20);
    CHECK_EQ(scan(""), 0);
    CHECK_EQ(scan("\r"), 0);
    CHECK_EQ(scan("GET / HTTP/1.1\r\nA: b\r\n"), 0);
    CHECK_EQ(scan("\r\n\r\n"), XIE_EHTTP);
    CHECK_EQ(scan("a\n"), XIE_EHTTP);
    CHECK_EQ(scan("a\rb"), XIE_EHTTP);
    CHECK_EQ(scan("a\r\n b: c\r\n"), XIE_EHTTP);
    CHECK_EQ(scan("a\r\nb\r\n"), XIE_EHTTP);
    CHECK_EQ(scan("a\x01"), XIE_EHTTP);
}

static const struct tap_test tests[] = {
    {"a row of bytes grows and is taken", bytes},
    {"a row of bytes does not grow without need", bytes_stay_small},
    {"references to URLs", references},
    {"lists in fields", field_lists},
    {"percent-encoding is undone", unescaping},
    {"UTF-8", utf8},
    {"URLs", urls},
    {"keys and proofs", proofs},
    {"the end of a head", heads},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
