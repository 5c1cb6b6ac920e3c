/* gateway_edges.c - the gateway's edges: bounds in bytes, cut texts, tasks that cannot start.
 * Tests, apps. Linked with the program's own objects; what needs a loop runs on the simulator. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xie.h>
#include <xie/web.h>

#include "actions.h"
#include "call.h"
#include "gateway_kit.h"
#include "late.h"
#include "parse.h"
#include "post.h"
#include "remark.h"
#include "scene.h"
#include "tap.h"
#include "traffic.h"

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

static const struct caller bot = {&gateway, WORLD_BOT, 1};

/* The reply to a call, parsed; the test owns it. */
static json_t *reply_to(const char *text, size_t len)
{
    struct frame *frame = NULL;
    CHECK_EQ(actions_answer_text(&bot, text, len, &frame), 0);
    json_t *reply = frame ? json_loadb(frame->text, frame->len, 0, NULL) : NULL;
    frame_unref(frame);
    return reply;
}

static json_int_t retcode_of(const char *text)
{
    json_t *reply = reply_to(text, strlen(text));
    json_int_t retcode = json_integer_value(json_object_get(reply, "retcode"));
    json_decref(reply);
    return retcode;
}

static char *letters(size_t len)
{
    char *text = malloc(len + 1);
    memset(text, 'x', len);
    text[len] = 0;
    return text;
}

/* --- texts -------------------------------------------------------------------------- */

static void repaired(void)
{
    static const char *const texts[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"汉字é🍵", "汉字é🍵"},
        {"汉\xe5\xad", "汉"},
        {"汉\xe5", "汉"},
        {"\xf0\x9f\x8d", ""},
        {"a\x80z", "az"},
        {"\xc0\xaf\xc1\xbf", ""}, /* overlong */
        {"\xe0\x9f\xbf.\xf0\x8f\xbf\xbf", "."},
        {"\xed\xa0\x80.\xed\x9f\xbf", ".\xed\x9f\xbf"}, /* a surrogate, and the last before them */
        {"\xf4\x8f\xbf\xbf.\xf4\x90\x80\x80", "\xf4\x8f\xbf\xbf."}, /* beyond U+10FFFF */
        {"\xff\xfe", ""},
        {"\xe6\xe6\xb1\x89", "汉"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", texts[i][0]);
        parse_repair(text);
        CHECK_STR(text, texts[i][1]);
        CHECK_EQ(parse_utf8(texts[i][0]), strcmp(texts[i][0], texts[i][1]) == 0);
    }
}

/* jansson takes what is left of any bytes. */
static void repaired_for_jansson(void)
{
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[9] = "";
        for (int i = 0; i < 8; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] =
                (char)("\x80\xbf\x9f\xc2\xe0\xed\xef\xf0\xf4\xff\x8f\x90\xa0z"[(seed >> 16) % 14]);
        }
        parse_repair(text);
        json_t *string = json_string(text);
        CHECK(string);
        json_decref(string);
    }
}

/* A Chinese frame cut or broken anywhere, and names of any length: a reply comes. */
static void always_a_reply(void)
{
    static const char whole[] =
        "{\"action\":\"发送\",\"params\":{\"群\":[\"汉字🍵\",真,1]},\"群\":no}";
    char text[sizeof whole + 300];
    begin();
    for (size_t cut = 0; cut < sizeof whole; cut++) {
        json_t *reply = reply_to(whole, cut);
        CHECK_EQ(json_integer_value(json_object_get(reply, "retcode")), RETCODE_BAD_PARAMS);
        json_decref(reply);
        memcpy(text, whole, sizeof whole);
        text[cut] = (char)0xe6;
        reply = reply_to(text, sizeof whole - 1);
        CHECK(json_string_length(json_object_get(reply, "message")));
        json_decref(reply);
    }
    for (int more = 0; more < 4; more++) {
        int len = snprintf(text, sizeof text, "{\"action\":\"%.*s", more, "xxxx");
        for (int i = 0; i < 60; i++)
            len += snprintf(text + len, sizeof text - (size_t)len, "汉");
        snprintf(text + len, sizeof text - (size_t)len, "\"}");
        CHECK_EQ(retcode_of(text), RETCODE_NO_ACTION);
    }
    end();
}

/* --- forwards ----------------------------------------------------------------------- */

/* A forward of count nodes that say len letters each; false: the call has failed. */
static bool make(struct call *call, size_t count, size_t len, struct forward *draft)
{
    char *text = letters(len);
    json_t *nodes = json_array(), *segments = NULL;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(nodes, json_pack("{s:s, s:{s:i, s:s, s:s}}", "type", "node", "data",
                                               "uin", 5, "name", "N", "content", text));
    segments = forward_make(call, nodes, draft);
    json_decref(nodes);
    json_decref(segments);
    free(text);
    return segments;
}

static size_t weight_of(size_t len)
{
    struct call call = {.gateway = &gateway, .self = WORLD_BOT};
    struct forward draft = {0};
    REQUIRE(make(&call, 1, len, &draft));
    json_decref(draft.nodes);
    return draft.bytes;
}

static void forward_byte_limit(void)
{
    struct call call = {.gateway = &gateway, .self = WORLD_BOT};
    struct forward draft = {0}, other = {0};
    begin();
    size_t most = FORWARD_BYTES - weight_of(1) + 1;
    CHECK(make(&call, 1, most, &draft));
    CHECK_EQ(draft.bytes, FORWARD_BYTES);
    CHECK(!make(&call, 1, most + 1, &other));
    CHECK_EQ(call.retcode, RETCODE_REFUSED);
    CHECK(!other.nodes && strstr(call.why, "bytes"));
    CHECK(!make(&call, 2, most / 2, &other)); /* all of its nodes count */
    forward_keep(&gateway, &draft);
    CHECK_EQ(retcode_of("{\"action\":\"get_forward_msg\",\"params\":{\"id\":\"1\"}}"), 0);
    REQUIRE(make(&call, 1, 1, &draft)); /* one more letter: the first one goes */
    forward_keep(&gateway, &draft);
    CHECK_EQ(gateway.forwards.bytes, draft.bytes);
    CHECK_EQ(retcode_of("{\"action\":\"get_forward_msg\",\"params\":{\"id\":\"1\"}}"), 100);
    CHECK_EQ(retcode_of("{\"action\":\"get_forward_msg\",\"params\":{\"id\":\"2\"}}"), 0);
    end();
}

static void forwards_go_by_bytes(void)
{
    struct call call = {.gateway = &gateway, .self = WORLD_BOT};
    struct forward draft = {0};
    char text[80];
    begin();
    for (int i = 1; i <= 10; i++) {
        REQUIRE(make(&call, 1, FORWARD_BYTES / 4, &draft));
        forward_keep(&gateway, &draft);
        CHECK(gateway.forwards.bytes <= FORWARD_BYTES);
    }
    for (int i = 1; i <= 11; i++) { /* three of them fit */
        snprintf(text, sizeof text, "{\"action\":\"get_forward_msg\",\"params\":{\"id\":\"%d\"}}",
                 i);
        CHECK_EQ(retcode_of(text), i >= 8 && i <= 10 ? 0 : 100);
    }
    end();
}

/* A send that is refused drops none that can be read. */
static void refused_forwards_are_not_kept(void)
{
    static const char format[] =
        "{\"action\":\"send_group_forward_msg\",\"params\":{\"group_id\":%d,"
        "\"messages\":[{\"type\":\"node\",\"data\":{\"uin\":5,\"name\":\"N\","
        "\"content\":\"x\"}}]}}";
    char text[200];
    begin();
    for (int i = 0; i < GATEWAY_FORWARDS; i++) {
        snprintf(text, sizeof text, format, 20001);
        CHECK_EQ(retcode_of(text), 0);
        snprintf(text, sizeof text, format, 5);
        CHECK_EQ(retcode_of(text), 100);
    }
    CHECK_EQ(gateway.forwards.last, GATEWAY_FORWARDS);
    CHECK_EQ(retcode_of("{\"action\":\"get_forward_msg\",\"params\":{\"id\":\"1\"}}"), 0);
    end();
}

/* --- rate-limited calls ------------------------------------------------------------- */

static json_t *nothing(struct call *call)
{
    (void)call;
    return json_null();
}

static int put_late(size_t bytes)
{
    char *text = letters(bytes - strlen("{\"x\":\"\"}"));
    json_t *params = json_pack("{s:s}", "x", text);
    int result = late_put(&gateway, WORLD_BOT, nothing, params);
    json_decref(params);
    free(text);
    return result;
}

static int run_late_calls(void *arg)
{
    (void)arg;
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, late_run, &gateway), 0);
        CHECK_EQ(xie_sleep(60 * XIE_SECOND), 0);
        CHECK_EQ(gateway.late_bytes, 0);
        CHECK_EQ(put_late(LATE_BYTES), 0); /* there is room again */
        xie_group_cancel(&group);
    }
    return 0;
}

static void late_byte_limit(void)
{
    begin();
    CHECK_EQ(put_late(LATE_BYTES + 1), 0); /* one alone may be longer */
    CHECK_EQ(put_late(10), -EAGAIN);
    CHECK_EQ(late_put(&gateway, WORLD_BOT, nothing, NULL), -EAGAIN);
    late_fini(&gateway);
    gateway.late_bytes = 0;
    late_init(&gateway);
    CHECK_EQ(put_late(LATE_BYTES - 10), 0);
    CHECK_EQ(put_late(11), -EAGAIN);
    CHECK_EQ(put_late(10), 0);
    CHECK_EQ(late_put(&gateway, WORLD_BOT, nothing, NULL), 0);
    CHECK_EQ(retcode_of("{\"action\":\"send_msg_rate_limited\",\"params\":{\"user_id\":10001}}"),
             RETCODE_BUSY);
    CHECK_EQ(xie_run(run_late_calls, NULL), 0);
    end();
}

static void count_line(void *count, const char *line)
{
    (void)line;
    ++*(int *)count;
}

static json_t *accepted(struct call *call)
{
    call->retcode = RETCODE_ASYNC;
    return json_null();
}

static json_t *refused(struct call *call)
{
    return call_fail(call, RETCODE_REFUSED, "no");
}

static int run_late_for_a_minute(void *arg)
{
    (void)arg;
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, late_run, &gateway), 0);
        CHECK_EQ(xie_sleep(60 * XIE_SECOND), 0);
        xie_group_cancel(&group);
    }
    return 0;
}

/* Only what failed is told; what is accepted did not. */
static void late_failures_are_told(void)
{
    int count = 0;
    begin();
    remark_to(count_line, &count);
    CHECK_EQ(late_put(&gateway, WORLD_BOT, accepted, NULL), 0);
    CHECK_EQ(late_put(&gateway, WORLD_BOT, nothing, NULL), 0);
    CHECK_EQ(xie_run(run_late_for_a_minute, NULL), 0);
    CHECK_EQ(count, 0);
    CHECK_EQ(late_put(&gateway, WORLD_BOT, refused, NULL), 0);
    CHECK_EQ(xie_run(run_late_for_a_minute, NULL), 0);
    CHECK_EQ(count, 1);
    remark_to(NULL, NULL);
    end();
}

/* --- restarting --------------------------------------------------------------------- */

static int restart_twice(void *arg)
{
    (void)arg;
    XIE_GROUP(group) {
        gateway.tasks = &group;
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(retcode_of("{\"action\":\"set_restart\",\"params\":{\"delay\":1000}}"), 1);
            CHECK_EQ(retcode_of("{\"action\":\"set_restart\"}"), RETCODE_BUSY);
            CHECK_EQ(xie_event_wait(&gateway.seats[0].ended), 0);
        }
    }
    return 0;
}

static int restart_that_waits(void *arg)
{
    (void)arg;
    XIE_GROUP(group) {
        gateway.tasks = &group;
        CHECK_EQ(retcode_of("{\"action\":\"set_restart\",\"params\":{\"delay\":60000}}"), 1);
        CHECK_EQ(xie_sleep(1), 0);
        xie_group_cancel(&group);
    }
    CHECK(!gateway.seats[0].restarting);
    gateway.seats[0].restarting = true; /* nobody is there any more who would touch it */
    return 0;
}

/* A restart that waits ends with the gateway's tasks, not with the loop. */
static void restart_ends_with_the_gateway(void)
{
    begin();
    CHECK_EQ(xie_run(restart_that_waits, NULL), 0);
    CHECK(gateway.seats[0].restarting);
    end();
}

static void one_restart_at_a_time(void)
{
    begin();
    CHECK_EQ(xie_run(restart_twice, NULL), 0);
    end();
}

/* --- events by HTTP without memory -------------------------------------------------- */

static long left = -1; /* of jansson's allocations: how many succeed; negative: all */
static bool failed, for_ever;

static void *scarce(size_t size)
{
    if (left == 0) {
        failed = true;
        left = for_ever ? 0 : -1;
        return NULL;
    }
    left -= left > 0;
    return malloc(size);
}

static int count_failures(void *arg)
{
    struct post post = {.gateway = &gateway, .account_id = WORLD_BOT, .url = "http://127.0.0.1:1/"};
    (void)arg;
    XIE_GROUP(group) {
        for_ever = true;
        left = 0;
        CHECK_EQ(xie_group_spawn(&group, post_run, &post), 0);
        CHECK_EQ(xie_sleep(10 * XIE_SECOND), 0);
        CHECK(failed);
        CHECK_EQ(gateway.bots, 1);
        xie_group_cancel(&group);
        CHECK_EQ(xie_group_wait(&group), 0);
        left = -1;
    }
    CHECK_EQ(gateway.bots, 0);
    return 0;
}

/* It begins again, and lets others run meanwhile. */
static void posting_waits_for_memory(void)
{
    json_set_alloc_funcs(scarce, free);
    begin();
    CHECK_EQ(xie_run(count_failures, NULL), 0);
    end();
}

static int asked;

static int answer_quickly(struct xie_http *http, void *arg)
{
    static const char operation[] = "{\"reply\":\"x\"}";
    (void)arg;
    asked++;
    return xie_http_answer(http, 200, "application/json", operation, strlen(operation));
}

static int serve(void *arg)
{
    return xie_http_serve(arg, NULL, answer_quickly, NULL);
}

static int post_once(void *arg)
{
    struct xie_listener *listener;
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT], url[XIE_ADDRESS_TEXT + 16];
    struct post post = {.gateway = &gateway, .account_id = WORLD_BOT, .url = url};
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &listener) == 0);
    REQUIRE(xie_listener_address(listener, &address) == 0);
    snprintf(url, sizeof url, "http://%s/", xie_address_format(&address, text));
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, serve, listener), 0);
        left = *(long *)arg;
        CHECK_EQ(xie_group_spawn(&group, post_run, &post), 0);
        CHECK_EQ(xie_sleep(5 * XIE_SECOND), 0);
        left = -1;
        xie_group_cancel(&group);
    }
    xie_listener_close(listener);
    return 0;
}

/* What a quick operation failed of is said in words: by jansson's, or that there is no memory. */
static void check_why(bool *said)
{
    for (uint64_t seq = 0; seq < gateway.traffic.count; seq++) {
        json_t *entry = json_loads(traffic_get(&gateway, seq)->text, 0, NULL);
        json_t *reply = json_object_get(entry, "reply");
        const char *message = json_string_value(json_object_get(reply, "message"));
        if (json_integer_value(json_object_get(reply, "retcode")) == RETCODE_BAD_PARAMS) {
            REQUIRE(message);
            *said |= strcmp(message, "out of memory") == 0;
            CHECK(strcmp(message, "out of memory") == 0 || strstr(message, "JSON"));
        }
        json_decref(entry);
    }
}

static void quick_operations_without_memory(void)
{
    long n = 0;
    bool said = false;
    tap_limit(120);
    json_set_alloc_funcs(scarce, free);
    do {
        long succeed = n++;
        begin();
        failed = false;
        CHECK_EQ(xie_run(post_once, &succeed), 0);
        check_why(&said);
        end();
    } while (failed);
    CHECK(said && n > 50);
    CHECK(asked > n / 2);
}

/* --- the program's tasks ------------------------------------------------------------ */

static int spawns_left = -1; /* negative: all succeed */

int __real_xie_group_spawn_at(struct xie_group *group, xie_task_fn *fn, void *arg,
                              const struct xie_task_options *options, const char *name,
                              const char *where);
int __wrap_xie_group_spawn_at(struct xie_group *group, xie_task_fn *fn, void *arg,
                              const struct xie_task_options *options, const char *name,
                              const char *where);

int __wrap_xie_group_spawn_at(struct xie_group *group, xie_task_fn *fn, void *arg,
                              const struct xie_task_options *options, const char *name,
                              const char *where)
{
    if (spawns_left >= 0 && spawns_left-- == 0)
        return -ENOMEM;
    return __real_xie_group_spawn_at(group, fn, arg, options, name, where);
}

static void run_program(void *arg)
{
    static char *const words[] = {"xie-gateway",         "--onebot",  "127.0.0.1:0",      "--page",
                                  "127.0.0.1:0",         "--http",    "127.0.0.1:0",      "--post",
                                  "http://127.0.0.1:1/", "--reverse", "ws://127.0.0.1:1/"};
    char *argv[sizeof words / sizeof *words + 1] = {NULL};
    memcpy(argv, words, sizeof words);
    spawns_left = *(int *)arg;
    alarm(20); /* in case it runs */
    if (!freopen("/dev/null", "w", stdout))
        _exit(3);
    exit(__real_main(sizeof words / sizeof *words, argv));
}

static void every_task_starts_or_none(void)
{
    for (int i = 0; i < 7; i++) {
        char said[2000] = "";
        int status = tap_child(run_program, &i, said, sizeof said);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        CHECK(strstr(said, "xie-gateway: "));
        CHECK(strstr(said, xie_strerror(-ENOMEM)));
    }
}

int __wrap_main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"repaired", repaired},
        {"repaired_for_jansson", repaired_for_jansson},
        {"always_a_reply", always_a_reply},
        {"forward_byte_limit", forward_byte_limit},
        {"forwards_go_by_bytes", forwards_go_by_bytes},
        {"refused_forwards_are_not_kept", refused_forwards_are_not_kept},
        {"late_byte_limit", late_byte_limit},
        {"late_failures_are_told", late_failures_are_told},
        {"one_restart_at_a_time", one_restart_at_a_time},
        {"restart_ends_with_the_gateway", restart_ends_with_the_gateway},
        {"posting_waits_for_memory", posting_waits_for_memory},
        {"quick_operations_without_memory", quick_operations_without_memory},
        {"every_task_starts_or_none", every_task_starts_or_none},
        {0},
    };
    return tap_main(argc, argv, tests);
}
