/* testing_bot.c - the bot that the tests of the kit test: a command for each thing to see.
 * Tests, apps. */
/* SPDX-License-Identifier: MIT */
#include "testing_bot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/store.h>
#include <xie/web.h>

static struct onebot_store *store;

static int on_echo(struct onebot_event *event)
{
    return onebot_reply(event, "%s", event->args);
}

static int on_twice(struct onebot_event *event)
{
    int error = onebot_reply(event, "one");
    return error ? error : onebot_reply(event, "two");
}

static int on_later(struct onebot_event *event)
{
    int error = xie_sleep(onebot_arg(event, "time")->integer);
    return error ? error : onebot_reply(event, "later");
}

static int on_ask(struct onebot_event *event)
{
    struct onebot_answer answer = onebot_ask(event, "What?");
    return answer.error ? answer.error : onebot_reply(event, "So: %s", answer.text);
}

/* Fails, and the log says so. */
static int on_fail(struct onebot_event *event)
{
    (void)event;
    return -EIO;
}

/* Never ends, and does not mind being cancelled. */
static int on_stubborn(struct onebot_event *event)
{
    (void)event;
    XIE_SHIELD {
        (void)xie_sleep_until(XIE_NEVER);
    }
    return 0;
}

static int on_stop(struct onebot_event *event)
{
    onebot_stop(event->bot);
    return 0;
}

static int on_ban(struct onebot_event *event)
{
    struct onebot_result result = onebot_call(
        event->bot, "set_group_ban", "{s:I, s:I, s:i}", "group_id", (json_int_t)event->group_id,
        "user_id", (json_int_t)onebot_arg(event, "person")->integer, "duration", 600);
    json_decref(result.data);
    return onebot_reply(event, result.error ? "I may not: %s" : "Done.%s", result.wording);
}

/* An action that QQ here does not have. */
static int on_voices(struct onebot_event *event)
{
    struct onebot_result result = onebot_call(event->bot, "get_voices", NULL);
    int error = onebot_reply(event, result.error ? "no voices: %s" : "voices: %s",
                             result.error ? xie_strerror(result.error)
                                          : onebot_string(result.data, "best"));
    json_decref(result.data);
    return error;
}

static int on_fetch(struct onebot_event *event)
{
    struct xie_http_request request = {.url = event->args, .body = "{\"a\":1}", .body_len = 7};
    struct xie_http_response *response;
    char *body;
    int error = -ETIMEDOUT;
    XIE_TIMEOUT(5 * XIE_SECOND)
        error = xie_http_fetch(NULL, &request, &response);
    if (error)
        return onebot_reply(event, "error");
    ssize_t len = xie_http_response_body(response, &body);
    error = onebot_reply(event, "%d %s", xie_http_response_status(response), len > 0 ? body : "");
    xie_http_response_free(response);
    return error;
}

static int on_picture(struct onebot_event *event)
{
    struct onebot_message message = {0};
    onebot_message_at(&message, event->user_id);
    onebot_message_text(&message, " [look] ");
    onebot_message_image(&message, "http://example.org/cat.jpg");
    return onebot_reply_message(event, &message);
}

/* A restart that comes after the test. */
static int on_restart(struct onebot_event *event)
{
    struct onebot_result result = onebot_set_restart(event->bot, 60000);
    json_decref(result.data);
    return onebot_reply(event, "in a minute");
}

static int on_count(struct onebot_event *event)
{
    const struct onebot_key key = {.space = "test", .name = "count"};
    int64_t count = 0;
    int error = onebot_store_add(store, &key, 1, &count);
    return error ? error : onebot_reply(event, "%lld", (long long)count);
}

static int on_image(struct onebot_event *event)
{
    json_t *segment;
    size_t i;
    json_array_foreach(json_object_get(event->raw, "message"), i, segment)
    {
        if (strcmp(onebot_string(segment, "type"), "image") == 0)
            return onebot_reply(event, "nice %s",
                                onebot_string(json_object_get(segment, "data"), "file"));
    }
    return onebot_pass_on(event);
}

static int on_notice(struct onebot_event *event)
{
    if (strcmp(event->sub_type, "when") == 0)
        return onebot_reply(event, "%lld", (long long)onebot_int(event->raw, "time"));
    return onebot_reply(event, "notice %s %s", event->detail_type, event->sub_type);
}

static int on_request(struct onebot_event *event)
{
    const char *comment = onebot_string(event->raw, "comment");
    if (strcmp(comment, "ignore") == 0)
        return 0;
    return onebot_quick(event, "{s:b}", "approve", strcmp(comment, "no") != 0);
}

int testing_run_with_store(struct onebot_test *t, const struct onebot_options *options)
{
    char path[256];
    const char *folder = (onebot_test_folder)(t);
    if (!folder)
        return -ENOMEM;
    snprintf(path, sizeof path, "%s/bot.db", folder);
    int error = onebot_store_open(path, NULL, &store);
    if (!error)
        error = onebot_run(options);
    onebot_store_close(store);
    store = NULL;
    return error;
}

static const struct onebot_argument duration[] = {{.name = "time", .type = ONEBOT_DURATION}, {0}};
static const struct onebot_argument person[] = {{.name = "person", .type = ONEBOT_PERSON}, {0}};

const struct onebot_rule testing_rules[] = {
    {.command = {"echo"}, .handler = on_echo},
    {.command = {"twice"}, .handler = on_twice},
    {.command = {"later"}, .arguments = duration, .handler = on_later},
    {.command = {"ask"}, .handler = on_ask},
    {.command = {"fail"}, .handler = on_fail},
    {.command = {"stubborn"}, .handler = on_stubborn},
    {.command = {"stop"}, .handler = on_stop},
    {.command = {"ban"}, .arguments = person, .handler = on_ban},
    {.command = {"voices"}, .handler = on_voices},
    {.command = {"fetch"}, .handler = on_fetch},
    {.command = {"picture"}, .handler = on_picture},
    {.command = {"restart"}, .handler = on_restart},
    {.command = {"count"}, .handler = on_count},
    {.event = "notice", .handler = on_notice},
    {.event = "request", .handler = on_request},
    {.handler = on_image},
    {0},
};
