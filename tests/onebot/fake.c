/* fake.c - a OneBot implementation inside the test, and a bot that is connected to it. */
/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void pulse(struct fake *fake)
{
    xie_event_set(&fake->changed);
    xie_event_clear(&fake->changed);
}

/* --- the server --------------------------------------------------------------------- */

static bool authorized(struct fake *fake, struct xie_http *http)
{
    char want[128];
    const char *given = xie_http_field(http, "Authorization");
    if (fake->busy)
        xie_http_answer(http, 503, "text/plain", "busy", 4);
    if (fake->busy || !fake->token)
        return !fake->busy;
    snprintf(want, sizeof want, "Bearer %s", fake->token);
    if (given && !strcmp(given, want))
        return true;
    xie_http_answer(http, given ? 403 : 401, "text/plain", "no", 2);
    return false;
}

static int64_t self_of(const struct fake *fake)
{
    return fake->self_id ? fake->self_id : FAKE_SELF;
}

static void answer_by_itself(struct fake *fake)
{
    size_t n = json_array_size(fake->calls) - 1;
    if (fake->silent)
        return;
    if (fake->delay_ns)
        xie_sleep(fake->delay_ns);
    if (!strcmp(fake_action(fake, n), "get_login_info"))
        fake_answer(fake, n, json_pack("{s:I}", "user_id", (json_int_t)self_of(fake)));
    else
        fake_answer(fake, n, json_pack("{s:I}", "message_id", (json_int_t)++fake->last_id));
}

/* Until it ends or is cut. */
static void converse(struct fake *fake, struct xie_ws *ws)
{
    char *text;
    size_t len;
    XIE_SCOPE(talk, XIE_NEVER) {
        if (ws != fake->events)
            fake->talk = &talk;
        while (fake->deaf && xie_event_wait(&fake->changed) == 0)
            continue;
        while (xie_ws_receive(ws, &text, &len) > 0) {
            json_t *call = json_loadb(text, len, 0, NULL);
            CHECK(json_is_object(call));
            json_array_append_new(fake->calls, call);
            pulse(fake);
            answer_by_itself(fake);
        }
    }
}

static int on_request(struct xie_http *http, void *arg)
{
    struct fake *fake = arg;
    struct xie_ws *ws;
    if (!authorized(fake, http))
        return 0;
    if (xie_ws_accept(http, NULL, &ws) < 0)
        return 0;
    bool events = !strcmp(xie_http_path(http), "/event");
    json_array_append_new(fake->paths, json_string(xie_http_path(http)));
    fake->connected_at = xie_now();
    fake->connections++;
    *(events ? &fake->events : &fake->ws) = ws;
    pulse(fake);
    if (fake->refuse_late)
        fake_send_text(fake, "{\"status\":\"failed\",\"retcode\":1403,\"message\":\"token\"}");
    if (fake->refuse_late || fake->hang_up)
        xie_ws_close(ws, 1000, "");
    else
        converse(fake, ws);
    if (fake->ws == ws)
        fake->ws = NULL;
    if (fake->events == ws)
        fake->events = NULL;
    xie_ws_free(ws);
    return 0;
}

static int serve(void *arg)
{
    struct fake *fake = arg;
    const struct xie_http_options options = {.tls = fake->tls};
    int result = xie_http_serve(fake->listener, &options, on_request, fake);
    return result < 0 && result != -ECANCELED ? result : 0;
}

/* --- what it does ------------------------------------------------------------------- */

static void send_text(const struct fake *fake, struct xie_ws *ws, const char *text)
{
    REQUIRE(ws != NULL || fake->late);
    int error = ws ? xie_ws_send(ws, XIE_WS_TEXT, text, strlen(text)) : XIE_ECLOSED;
    CHECK(!error || fake->late);
}

static struct xie_ws *for_events(const struct fake *fake)
{
    return fake->events ? fake->events : fake->ws;
}

void fake_send_text(struct fake *fake, const char *text)
{
    send_text(fake, for_events(fake), text);
}

static void send_json(const struct fake *fake, struct xie_ws *ws, json_t *json)
{
    REQUIRE(json != NULL);
    size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = calloc(1, len + 1);
    json_dumpb(json, text, len, JSON_COMPACT);
    json_decref(json);
    send_text(fake, ws, text);
    free(text);
}

void fake_send(struct fake *fake, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *json = json_vpack_ex(NULL, 0, format, args);
    va_end(args);
    send_json(fake, for_events(fake), json);
}

int64_t fake_message(struct fake *fake, int64_t user, int64_t group, const char *text)
{
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:{s:I, s:s, s:s, s:s}}", "post_type",
        "message", "message_type", group ? "group" : "private", "sub_type",
        group ? "normal" : "friend", "time", (json_int_t)1700000000, "self_id",
        (json_int_t)self_of(fake), "user_id", (json_int_t)user, "group_id", (json_int_t)group,
        "message_id", (json_int_t)++fake->last_id, "message", text, "sender", "user_id",
        (json_int_t)user, "nickname", "Nick", "card", "Card", "role", "admin");
    if (!group)
        json_object_del(json, "group_id");
    send_json(fake, for_events(fake), json);
    return fake->last_id;
}

void fake_answer(struct fake *fake, size_t n, json_t *data)
{
    json_t *echo = json_object_get(json_array_get(fake->calls, n), "echo");
    send_json(fake, fake->ws,
              json_pack("{s:s, s:i, s:o, s:O}", "status", "ok", "retcode", 0, "data", data, "echo",
                        echo));
}

void fake_cut(struct fake *fake)
{
    REQUIRE(fake->ws != NULL);
    fake->ws = NULL;
    xie_scope_cancel(fake->talk);
}

/* --- what it has seen --------------------------------------------------------------- */

void fake_wait_calls(struct fake *fake, size_t count)
{
    while (json_array_size(fake->calls) < count)
        REQUIRE(xie_event_wait(&fake->changed) == 0);
}

void fake_wait_connections(struct fake *fake, unsigned count)
{
    while (fake->connections < count)
        REQUIRE(xie_event_wait(&fake->changed) == 0);
}

const char *fake_action(struct fake *fake, size_t n)
{
    fake_wait_calls(fake, n + 1);
    return onebot_string(json_array_get(fake->calls, n), "action");
}

json_t *fake_params(struct fake *fake, size_t n)
{
    fake_wait_calls(fake, n + 1);
    return json_object_get(json_array_get(fake->calls, n), "params");
}

const char *fake_said(struct fake *fake, size_t n)
{
    json_t *message = json_object_get(fake_params(fake, n), "message");
    return onebot_string(json_object_get(json_array_get(message, 0), "data"), "text");
}

unsigned rig_count_log(struct rig *rig, const char *text)
{
    unsigned count = 0;
    for (size_t i = 0; i < json_array_size(rig->log); i++)
        count += strstr(json_string_value(json_array_get(rig->log, i)), text) != NULL;
    return count;
}

bool rig_logged(struct rig *rig, const char *text)
{
    return rig_count_log(rig, text) > 0;
}

void rig_wait_log(struct rig *rig, const char *text)
{
    while (!rig_logged(rig, text))
        REQUIRE(xie_event_wait(&rig->fake.changed) == 0);
}

void settle(void)
{
    for (int i = 0; i < 50; i++)
        xie_sleep(XIE_MILLISECOND / 10);
}

/* --- a bot beside it ---------------------------------------------------------------- */

void rig_log(void *arg, enum onebot_level level, const char *line)
{
    struct rig *rig = arg;
    CHECK(level == ONEBOT_INFO || level == ONEBOT_WARNING || level == ONEBOT_ERROR);
    CHECK(strchr(line, '\n') == NULL);
    if (getenv("XIE_TEST_LOG"))
        fprintf(stderr, "%s\n", line);
    json_array_append_new(rig->log, json_string(line));
    pulse(&rig->fake);
}

static int run_bot(void *arg)
{
    struct rig *rig = arg;
    rig->bot_result = onebot_run(&rig->options);
    pulse(&rig->fake);
    return rig->bot_result == -ECANCELED ? 0 : rig->bot_result;
}

void rig_start(struct rig *rig)
{
    rig->bot = xie_spawn(run_bot, rig);
}

void rig_stop(struct rig *rig)
{
    xie_task_cancel(rig->bot);
    xie_join(rig->bot);
    rig->bot = NULL;
}

void fake_listen(struct fake *fake)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &fake->listener) == 0);
    REQUIRE(xie_listener_address(fake->listener, &address) == 0);
    snprintf(fake->url, sizeof fake->url, "ws://%s/", xie_address_format(&address, text));
}

static void fake_open(struct fake *fake, struct xie_group *group)
{
    fake->calls = json_array();
    fake->paths = json_array();
    if (fake->listener)
        REQUIRE(xie_group_spawn(group, serve, fake) == 0);
}

static void fake_close(struct fake *fake)
{
    xie_listener_close(fake->listener);
    json_decref(fake->calls);
    json_decref(fake->paths);
}

void rig_listen(struct rig *rig, struct onebot_endpoint endpoint)
{
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &rig->ours) == 0);
    endpoint.listener = rig->ours;
    rig->endpoints[0] = endpoint;
    rig->options.endpoints = rig->endpoints;
    rig->options.url = NULL;
}

uint16_t rig_port(struct rig *rig)
{
    struct xie_address address;
    REQUIRE(xie_listener_address(rig->ours, &address) == 0);
    return xie_address_port(&address);
}

static void set_options(struct rig *rig)
{
    rig->options = (struct onebot_options){.url = rig->fake.url,
                                           .commands = rig->commands,
                                           .arg = rig,
                                           .retry_least_ns = 10 * XIE_MILLISECOND,
                                           .retry_most_ns = 40 * XIE_MILLISECOND,
                                           .grace_ns = 10 * XIE_MILLISECOND,
                                           .keep_signals = true,
                                           .log = rig_log,
                                           .log_arg = rig};
}

static int main_task(void *arg)
{
    const struct play *play = arg;
    struct rig rig = {.log = json_array()};
    if (play->handler)
        rig.commands[0] = (struct onebot_command){"go", "", play->handler, &rig};
    fake_listen(&rig.fake);
    set_options(&rig);
    if (play->set)
        play->set(&rig);
    XIE_GROUP(group) {
        fake_open(&rig.fake, &group);
        fake_open(&rig.others[0], &group);
        fake_open(&rig.others[1], &group);
        rig_start(&rig);
        play->script(&rig);
        if (rig.bot)
            rig_stop(&rig);
        xie_group_cancel(&group);
    }
    fake_close(&rig.fake);
    fake_close(&rig.others[0]);
    fake_close(&rig.others[1]);
    xie_listener_close(rig.ours);
    json_decref(rig.log);
    return 0;
}

void play(const struct play *play)
{
    json_set_alloc_funcs(xie_alloc, xie_release);
    size_t before = xie_alloc_live();
    struct play copy = *play;
    CHECK_EQ(xie_run(main_task, &copy), 0);
    CHECK_EQ(xie_alloc_live(), before);
}

void say_go(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    rig->trigger = fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
}

void wait_done(struct rig *rig)
{
    REQUIRE(xie_event_wait(&rig->done) == 0);
}
