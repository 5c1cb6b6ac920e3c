/* post.c - events by HTTP POST: signatures, tokens, whose they are, and what is refused. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "onebot/authorize.h"

static int on_count(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count++;
    snprintf(rig->text, sizeof rig->text, "%lld:%s", (long long)onebot_self_id(event->bot),
             event->args);
    xie_event_set(&rig->done);
    return 0;
}

/* "X-Self-ID: …" and a signature of body, made with secret, as lines of fields. */
static const char *signed_fields(const char *self_id, const char *secret, const char *body)
{
    static char text[256];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)body, strlen(body), digest,
         &len);
    int at = snprintf(text, sizeof text, "X-Self-ID: %s\r\nX-Signature: sha1=", self_id);
    for (unsigned i = 0; i < len; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%02x", digest[i]);
    snprintf(text + at, sizeof text - (size_t)at, "\r\n");
    return text;
}

/* --- signatures --------------------------------------------------------------------- */

/* The examples of RFC 2202, 3: cases 1, 2 and 6. */
static void test_the_signature_of_the_standard(void)
{
    static const char hi[] = "X-", jefe[] = "what do ya want for nothing?";
    static const char larger[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    char key[81];
    memset(key, 0x0b, 20);
    key[20] = 0;
    CHECK_EQ(
        onebot_check_signature("sha1=b617318655057264e28bc0b6fb378c8ef146be00", "Hi There", 8, key),
        0);
    CHECK_EQ(onebot_check_signature("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", jefe,
                                    strlen(jefe), "Jefe"),
             0);
    CHECK_EQ(onebot_check_signature("SHA1=EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79", jefe,
                                    strlen(jefe), "Jefe"),
             0);
    memset(key, 0xaa, 80);
    key[80] = 0;
    CHECK_EQ(onebot_check_signature("sha1=aa4ae5e15272d00e95705637ce8a3b55ed402112", larger,
                                    strlen(larger), key),
             0);
    CHECK_EQ(onebot_check_signature(NULL, hi, 2, "k"), 401);
    CHECK_EQ(onebot_check_signature("", hi, 2, "k"), 401);
}

static void test_wrong_signatures(void)
{
    static const char body[] = "what do ya want for nothing?";
    static const char right[] = "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
    char wrong[sizeof right];
    for (size_t i = 0; i < sizeof right - 1; i++) {
        memcpy(wrong, right, sizeof right);
        wrong[i] = wrong[i] == '1' ? '2' : '1';
        CHECK_EQ(onebot_check_signature(wrong, body, strlen(body), "Jefe"), 403);
        memcpy(wrong, right, sizeof right);
        wrong[i] = 0;
        CHECK_EQ(onebot_check_signature(wrong, body, strlen(body), "Jefe"), i ? 403 : 401);
    }
    CHECK_EQ(onebot_check_signature("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c790", body,
                                    strlen(body), "Jefe"),
             403);
    CHECK_EQ(onebot_check_signature(right, body, strlen(body) - 1, "Jefe"), 403);
    CHECK_EQ(onebot_check_signature(right, body, strlen(body), "jefe"), 403);
}

static void test_secrets_are_compared_whole(void)
{
    CHECK(onebot_same_secret("abc", 3, "abc", 3));
    CHECK(!onebot_same_secret("abd", 3, "abc", 3));
    CHECK(!onebot_same_secret("ab", 2, "abc", 3));
    CHECK(!onebot_same_secret("abca", 4, "abc", 3));
    CHECK(!onebot_same_secret("abcabc", 6, "abc", 3));
    CHECK(!onebot_same_secret("", 0, "abc", 3));
    CHECK(!onebot_same_secret("", 0, "", 0)); /* nothing is no secret */
    CHECK(!onebot_same_secret("a", 1, "", 0));
}

static void with_secret(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){.secret = "hush"});
}

static void script_signed(struct rig *rig)
{
    char body[512], other[512];
    guest_message(body, FAKE_SELF, FAKE_GROUP, 1, "/go  a\\u00e4 ");
    guest_message(other, FAKE_SELF, FAKE_GROUP, 2, "/go b");
    CHECK_EQ(guest_post(rig, signed_fields("10000", "hush", body), body), 204);
    wait_done(rig);
    CHECK_STR(rig->text, "10000:a\xC3\xA4");
    CHECK_EQ(guest_post(rig, signed_fields("10000", "Hush", other), other), 403);
    CHECK_EQ(guest_post(rig, signed_fields("10000", "hush", body), other), 403);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\n", other), 401);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\nAuthorization: Bearer hush\r\n", other), 401);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\nX-Signature: sha1=\r\n", other), 403);
    CHECK_EQ(rig->count, 1);
    CHECK(!rig_logged(rig, "hush"));
    CHECK_EQ(guest_post(rig, signed_fields("10000", "hush", other), other), 204);
    while (rig->count < 2)
        xie_sleep(XIE_MILLISECOND);
}

static void test_with_a_secret(void)
{
    play(&(struct play){with_secret, on_count, script_signed});
}

/* --- tokens ------------------------------------------------------------------------- */

static void with_token(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){.token = "t0ken"});
}

static void script_token(struct rig *rig)
{
    char body[512];
    guest_message(body, FAKE_SELF, FAKE_GROUP, 1, "/go");
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\n", body), 401);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\nAuthorization: Bearer x\r\n", body), 403);
    CHECK_EQ(guest_post(rig, signed_fields("10000", "token", body), body), 403);
    CHECK_EQ(rig->count, 0);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\nAuthorization: Token t0ken\r\n", body), 204);
    guest_message(body, FAKE_SELF, FAKE_GROUP, 2, "/go");
    CHECK_EQ(guest_post(rig, signed_fields("10000", "t0ken", body), body), 204);
    while (rig->count < 2)
        xie_sleep(XIE_MILLISECOND);
}

static void test_with_a_token(void)
{
    play(&(struct play){with_token, on_count, script_token});
}

/* --- what is refused ---------------------------------------------------------------- */

static void listening(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){0});
    rig->options.max_message = 600;
    rig->options.max_accounts = 2;
}

static void script_refused(struct rig *rig)
{
    static const char self[] = "X-Self-ID: 10000\r\n";
    char body[512], large[800];
    guest_message(body, FAKE_SELF, FAKE_GROUP, 1, "/go");
    CHECK_EQ(guest_post(rig, "", body), 400);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10001\r\n", body), 400);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 1e4\r\n", body), 400);
    CHECK_EQ(guest_post(rig, self, ""), 400);
    CHECK_EQ(guest_post(rig, self, "{\"post_type\":\"message\""), 400);
    CHECK_EQ(guest_post(rig, self, "[]"), 400);
    CHECK_EQ(guest_post(rig, self, "{}"), 400);
    CHECK_EQ(guest_post(rig, self, "{\"post_type\":1}"), 400);
    memset(large, ' ', sizeof large);
    large[sizeof large - 1] = 0;
    CHECK_EQ(guest_post(rig, self, large), 413);
    CHECK_EQ(rig->count, 0);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 1\r\n", "{\"post_type\":\"notice\"}"), 204);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 2\r\n", "{\"post_type\":\"notice\"}"), 204);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 3\r\n", "{\"post_type\":\"notice\"}"), 503);
    CHECK(rig_logged(rig, "(HTTP 400)"));
}

static void test_what_is_refused(void)
{
    play(&(struct play){listening, on_count, script_refused});
}

static void script_other_methods(struct rig *rig)
{
    static const char get[] = "GET / HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n";
    struct xie_stream *stream;
    char text[512] = "";
    REQUIRE(xie_tcp_connect("127.0.0.1", rig_port(rig), &stream) == 0);
    CHECK_EQ(xie_stream_write(stream, get, sizeof get - 1), sizeof get - 1);
    for (size_t len = 0; len < sizeof text - 1;) {
        ssize_t n = xie_stream_read(stream, text + len, sizeof text - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    CHECK(strncmp(text, "HTTP/1.1 405 ", 13) == 0);
    CHECK(strstr(text, "Allow: POST") != NULL);
    xie_stream_close(stream);
}

static void test_other_methods(void)
{
    play(&(struct play){listening, NULL, script_other_methods});
}

/* --- before the body ---------------------------------------------------------------- */

/* A request with a body that is still to come, of which this much has been sent. */
static struct xie_stream *begin_post(struct rig *rig, const char *fields, size_t len,
                                     const char *sent)
{
    struct xie_stream *stream;
    char text[1024];
    REQUIRE(xie_tcp_connect("127.0.0.1", rig_port(rig), &stream) == 0);
    int head = snprintf(text, sizeof text,
                        "POST / HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n%s"
                        "Content-Length: %zu\r\n\r\n%s",
                        fields, len, sent);
    REQUIRE(head < (int)sizeof text);
    CHECK_EQ(xie_stream_write(stream, text, (size_t)head), head);
    return stream;
}

static int end_post(struct xie_stream *stream)
{
    char text[256] = "";
    int status = 0;
    for (size_t len = 0; len < sizeof text - 1;) {
        ssize_t n = xie_stream_read(stream, text + len, sizeof text - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    sscanf(text, "HTTP/1.1 %d", &status);
    xie_stream_close(stream);
    return status;
}

/* What its head says already is not waited for. */
static void script_refused_by_the_head(struct rig *rig)
{
    static const char form[] = "X-Signature: sha1=0123456789abcdef0123456789ABCDEF01234567\r\n";
    char fields[256];
    CHECK_EQ(end_post(begin_post(rig, "X-Self-ID: 1\r\n", 100, "{")), 401);
    CHECK_EQ(end_post(begin_post(rig, "X-Self-ID: 1\r\nX-Signature: sha1=\r\n", 100, "{")), 403);
    snprintf(fields, sizeof fields, "X-Self-ID: 1\r\n%.*s0\r\n", (int)sizeof form - 3, form);
    CHECK_EQ(end_post(begin_post(rig, fields, 100, "{")), 403);
    CHECK_EQ(end_post(begin_post(rig, form, 100, "{")), 400);
    snprintf(fields, sizeof fields, "X-Self-ID: x\r\n%s", form);
    CHECK_EQ(end_post(begin_post(rig, fields, 100, "{")), 400);
    snprintf(fields, sizeof fields, "X-Self-ID: 1\r\n%s", form);
    CHECK_EQ(end_post(begin_post(rig, fields, 1, "{")), 403); /* that was read, and is wrong */
}

static void test_refused_by_the_head(void)
{
    play(&(struct play){with_secret, NULL, script_refused_by_the_head});
}

/* So many at most may be read of those that have proved nothing. */
static void script_unproved(struct rig *rig)
{
    static const char fields[] =
        "X-Self-ID: 1\r\nX-Signature: sha1=0123456789abcdef0123456789abcdef01234567\r\n";
    struct xie_stream *slow[ONEBOT_POSTS_UNPROVED];
    char body[512];
    guest_message(body, FAKE_SELF, FAKE_GROUP, 1, "no command");
    const char *right = signed_fields("10000", rig->endpoints[0].secret ? "hush" : "t0ken", body);
    for (int i = 0; i < ONEBOT_POSTS_UNPROVED - 1; i++)
        slow[i] = begin_post(rig, fields, 10, "{");
    settle();
    CHECK_EQ(guest_post(rig, right, body), 204);
    slow[ONEBOT_POSTS_UNPROVED - 1] = begin_post(rig, fields, 10, "{");
    int status;
    while ((status = guest_post(rig, right, body)) == 204) /* until that one has come */
        xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(status, 503);
    CHECK(rig_logged(rig, "too many unproved requests (HTTP 503)"));
    if (rig->endpoints[0].token) /* who has proved who it is may */
        CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\nAuthorization: Bearer t0ken\r\n", body), 204);
    CHECK_EQ(xie_stream_write(slow[0], "123456789", 9), 9);
    CHECK_EQ(end_post(slow[0]), 403);
    CHECK_EQ(guest_post(rig, right, body), 204);
    xie_stream_close(slow[1]);
    for (int i = 2; i < ONEBOT_POSTS_UNPROVED; i++)
        xie_stream_close(slow[i]);
}

static void test_unproved(void)
{
    play(&(struct play){with_secret, NULL, script_unproved});
    play(&(struct play){with_token, NULL, script_unproved});
}

/* An event with spaces behind it, of this length. */
static int post_large(struct rig *rig, size_t len)
{
    static const char event[] = "{\"post_type\":\"notice\"}";
    char *spaces = malloc(len);
    REQUIRE(spaces != NULL);
    memset(spaces, ' ', len);
    struct xie_stream *stream = begin_post(rig, "X-Self-ID: 1\r\n", len, event);
    size_t rest = len <= ONEBOT_POST_MOST ? len - strlen(event) : 0; /* else not waited for */
    CHECK_EQ(xie_stream_write(stream, spaces, rest), rest);
    free(spaces);
    return end_post(stream);
}

static void open_port(struct rig *rig)
{
    rig_listen(rig, (struct onebot_endpoint){0});
}

static void script_large(struct rig *rig)
{
    CHECK_EQ(post_large(rig, ONEBOT_POST_MOST - 1), 204);
    CHECK_EQ(post_large(rig, ONEBOT_POST_MOST), 204);
    CHECK_EQ(post_large(rig, ONEBOT_POST_MOST + 1), 413);
}

static void test_large_bodies(void)
{
    play(&(struct play){open_port, NULL, script_large});
}

/* --- the rest ----------------------------------------------------------------------- */

/* The same message by POST and by WebSocket runs once. */
static void script_twice(struct rig *rig)
{
    struct guest guest = {0};
    char body[512];
    guest_connect(&guest, rig, FAKE_SELF, "");
    guest_message(body, FAKE_SELF, FAKE_GROUP, 7, "/go");
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\n", body), 204);
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\n", body), 204);
    guest_send(&guest, body);
    guest_message(body, FAKE_SELF, FAKE_GROUP, 8, "/go");
    guest_send(&guest, body);
    while (rig->count < 2)
        xie_sleep(XIE_MILLISECOND);
    settle();
    CHECK_EQ(rig->count, 2);
    guest_leave(&guest);
}

static void test_messages_that_come_twice(void)
{
    play(&(struct play){listening, on_count, script_twice});
}

/* A handler that takes its time holds up no event: the answer to its question is one. */
static int on_ask(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_answer answer = onebot_ask(event, "well?");
    CHECK_STR(answer.text, "yes");
    xie_event_set(&rig->done);
    return 0;
}

static void script_ask(struct rig *rig)
{
    struct guest calls = {0};
    char body[512];
    guest_connect(&calls, rig, FAKE_SELF, "API");
    guest_message(body, FAKE_SELF, FAKE_GROUP, 1, "/go");
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\n", body), 204);
    guest_answer(&calls, guest_call(&calls), json_pack("{s:i}", "message_id", 2));
    guest_message(body, FAKE_SELF, FAKE_GROUP, 3, "yes");
    CHECK_EQ(guest_post(rig, "X-Self-ID: 10000\r\n", body), 204);
    wait_done(rig);
    guest_leave(&calls);
}

static void test_no_handler_holds_up_events(void)
{
    play(&(struct play){listening, on_ask, script_ask});
}

static const struct tap_test tests[] = {
    {"the signature of the standard", test_the_signature_of_the_standard},
    {"wrong signatures", test_wrong_signatures},
    {"secrets are compared whole", test_secrets_are_compared_whole},
    {"with a secret", test_with_a_secret},
    {"with a token", test_with_a_token},
    {"what is refused", test_what_is_refused},
    {"other methods", test_other_methods},
    {"refused by the head", test_refused_by_the_head},
    {"unproved bodies below, at and above", test_unproved},
    {"large bodies below, at and above", test_large_bodies},
    {"messages that come twice", test_messages_that_come_twice},
    {"no handler holds up events", test_no_handler_holds_up_events},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
