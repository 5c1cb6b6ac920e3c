/* implementation.c - OneBot 11 as far as a bot needs it to come up, and to answer messages. */
/* SPDX-License-Identifier: MIT */
#include "implementation.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SELF = 10000, GROUPS = 20000, PERSONS = 1000000 };

void bot_say(struct bot *bot, size_t slot, const char *text)
{
    char event[1024];
    int64_t serial = ++bot->serial, person = PERSONS + (strcmp(text, "/talk") ? 0 : serial);
    int len = snprintf(
        event, sizeof event,
        "{\"time\":%" PRId64 ",\"self_id\":%d,\"post_type\":\"message\",\"message_type\":\"group\","
        "\"sub_type\":\"normal\",\"message_id\":%" PRId64 ",\"group_id\":%zu,\"user_id\":%" PRId64
        ",\"anonymous\":null,\"message\":[{\"type\":\"text\",\"data\":{\"text\":\"%s\"}}],"
        "\"raw_message\":\"%s\",\"font\":0,\"sender\":{\"user_id\":%" PRId64
        ",\"nickname\":\"somebody\",\"card\":\"\",\"role\":\"member\",\"sex\":\"unknown\","
        "\"age\":0,\"area\":\"\",\"level\":\"1\",\"title\":\"\"}}",
        (int64_t)time(NULL), SELF, serial, GROUPS + slot, person, text, text, person);
    if (slot != BOT_PROBE)
        bot->started++, bot->outstanding++;
    xie_ws_send(bot->ws, XIE_WS_TEXT, event, (size_t)len);
}

/* A message of the bot's, to a group: it answers the one that is outstanding there. */
static void answered(struct bot *bot, const json_t *params)
{
    const json_t *group = json_object_get(params, "group_id");
    long long id = json_is_string(group) ? atoll(json_string_value(group))
                                         : (long long)json_integer_value(group);
    bot->last = xie_now();
    if (id == GROUPS + BOT_PROBE) {
        bot->answered++;
        return;
    }
    if (id < GROUPS || !bot->outstanding)
        return;
    bot->answered++;
    bot->outstanding--;
    bot->next(bot, (size_t)(id - GROUPS));
    if (!bot->outstanding)
        xie_event_set(&bot->idle);
}

/* What an action returns: as much as bots look at. */
static json_t *data_of(struct bot *bot, const char *action)
{
    if (!strncmp(action, "send_", 5))
        return json_pack("{s:I}", "message_id", (json_int_t)++bot->serial);
    if (!strcmp(action, "get_login_info"))
        return json_pack("{s:i,s:s}", "user_id", SELF, "nickname", "bench");
    if (!strcmp(action, "get_status"))
        return json_pack("{s:b,s:b}", "online", 1, "good", 1);
    if (!strcmp(action, "get_version_info"))
        return json_pack("{s:s,s:s,s:s}", "app_name", "bench", "app_version", "1",
                         "protocol_version", "v11");
    if (!strncmp(action, "get_", 4) && strstr(action, "_list"))
        return json_array();
    return json_object();
}

static int call(struct bot *bot, const json_t *request)
{
    const char *action = json_string_value(json_object_get(request, "action"));
    json_t *echo = json_object_get(request, "echo");
    if (!action)
        return -EPROTO;
    json_t *reply = json_pack("{s:s,s:i,s:o,s:O*}", "status", "ok", "retcode", 0, "data",
                              data_of(bot, action), "echo", echo);
    char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
    int error = text ? xie_ws_send(bot->ws, XIE_WS_TEXT, text, strlen(text)) : -ENOMEM;
    free(text);
    json_decref(reply);
    if (!error && !strncmp(action, "send_", 5))
        answered(bot, json_object_get(request, "params"));
    return error;
}

static int welcome(struct bot *bot)
{
    char event[256];
    int len = snprintf(event, sizeof event,
                       "{\"time\":%" PRId64 ",\"self_id\":%d,\"post_type\":\"meta_event\","
                       "\"meta_event_type\":\"lifecycle\",\"sub_type\":\"connect\"}",
                       (int64_t)time(NULL), SELF);
    return xie_ws_send(bot->ws, XIE_WS_TEXT, event, (size_t)len);
}

static int converse(struct xie_http *http, void *arg)
{
    struct bot *bot = arg;
    char *text;
    size_t len;
    if (bot->ws || !xie_ws_requested(http))
        return xie_http_answer(http, 400, NULL, NULL, 0);
    int error = xie_ws_accept(http, NULL, &bot->ws);
    if (!error)
        error = welcome(bot);
    if (!error)
        xie_event_set(&bot->connected);
    while (!error && xie_ws_receive(bot->ws, &text, &len) > 0) {
        json_t *request = json_loadb(text, len, 0, NULL);
        error = request ? call(bot, request) : -EPROTO;
        json_decref(request);
    }
    xie_ws_free(bot->ws);
    bot->ws = NULL;
    return error;
}

static int serve(void *arg)
{
    struct bot *bot = arg;
    return xie_http_serve(bot->listener, NULL, converse, bot);
}

int bot_listen(struct bot *bot, struct xie_group *group)
{
    struct xie_address place;
    int error = xie_tcp_listen("127.0.0.1", 0, 0, &bot->listener);
    if (!error)
        error = xie_listener_address(bot->listener, &place);
    if (!error)
        error = xie_group_spawn(group, serve, bot);
    if (!error)
        printf("port %d\n", xie_address_port(&place));
    return error;
}
