/* qq.c - the simulated QQ of a test: begun, served, ended; who comes and goes.
 * Kit, third floor. With qq_people.c the only file that looks into the gateway's structs. */
/* SPDX-License-Identifier: MIT */
#include "qq.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "clock.h"
#include "cq.h"
#include "event.h"
#include "forward.h"
#include "gateway.h"
#include "late.h"
#include "onebot.h"
#include "remark.h"
#include "roster.h"
#include "scene.h"
#include "shelf.h"
#include "traffic.h"

/* --- begin and end ------------------------------------------------------------------ */

static void on_remark(void *arg, const char *line)
{
    kit_story(arg, "QQ: %s", line);
}

static void init(struct onebot_test *t)
{
    struct gateway *gateway = t->gateway;
    gateway->run = clock_now() * 1000;
    gateway->stand_in = (struct stand_in){kit_calls_answer, kit_calls_note, t};
    world_empty(&gateway->world);
    history_init(&gateway->history, 1);
    late_init(gateway);
    remark_to(on_remark, t);
}

static int listen_here(struct xie_listener **listener, const char *scheme, char *url, size_t size)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    int error = xie_tcp_listen("127.0.0.1", 0, 0, listener);
    if (!error)
        error = xie_listener_address(*listener, &address);
    if (!error)
        snprintf(url, size, "%s://%s/", scheme, xie_address_format(&address, text));
    return error;
}

int kit_qq_open(struct onebot_test *t)
{
    t->gateway = calloc(1, sizeof *t->gateway);
    if (!t->gateway)
        return -ENOMEM;
    init(t);
    return listen_here(&t->listener, "ws", t->url, sizeof t->url);
}

void kit_qq_close(struct onebot_test *t)
{
    struct gateway *gateway = t->gateway;
    xie_listener_close(t->listener);
    if (!gateway)
        return;
    remark_to(NULL, NULL);
    late_fini(gateway);
    forward_fini(gateway);
    history_fini(&gateway->history);
    traffic_fini(gateway);
    scene_fini(gateway);
    shelf_fini(gateway);
    free(gateway);
}

/* --- its tasks ---------------------------------------------------------------------- */

/* Until the test ends; or until QQ is away, and then with those whose connections end. */
static int kit_serve(void *arg)
{
    struct onebot_test *t = arg;
    struct door door = {.gateway = t->gateway, .host = "localhost"};
    XIE_SCOPE(scope, XIE_NEVER) {
        t->serving = &scope;
        (void)onebot_serve(t->listener, &door);
        t->serving = NULL;
    }
    kit_pulse(t);
    return 0;
}

static int kit_beat(void *arg)
{
    struct onebot_test *t = arg;
    return event_beat(t->gateway);
}

static int kit_late(void *arg)
{
    struct onebot_test *t = arg;
    return late_run(t->gateway);
}

int kit_qq_spawn(struct onebot_test *t)
{
    t->gateway->tasks = t->group;
    int error = xie_group_spawn(t->group, kit_serve, t);
    if (!error)
        error = xie_group_spawn(t->group, kit_beat, t);
    if (!error)
        error = xie_group_spawn(t->group, kit_late, t);
    if (!error)
        error = xie_group_spawn(t->group, kit_qq_listen, t);
    return error;
}

/* --- connections -------------------------------------------------------------------- */

bool kit_qq_connected(const struct onebot_test *t)
{
    return t->gateway->seats[0].events.count > 0;
}

void kit_qq_disconnect(struct onebot_test *t)
{
    roster_end_connections(&t->gateway->seats[0]);
}

/* Who connects is let go of at once. */
static int kit_turn_away(void *arg)
{
    struct onebot_test *t = arg;
    struct xie_stream *stream;
    int result;
    while ((result = xie_listener_accept(t->listener, &stream)) == 0)
        xie_stream_abort(stream);
    return result == -ECANCELED || result == -ETIMEDOUT ? 0 : result;
}

bool kit_qq_away(struct onebot_test *t, int64_t ns)
{
    int64_t until = xie_now() + ns;
    int error = 0;
    kit_story(t, "QQ is away for %.3f s", (double)ns / (double)XIE_SECOND);
    if (t->serving)
        xie_scope_cancel(t->serving);
    while (t->serving && !error)
        error = xie_event_wait(&t->change);
    XIE_TIMEOUT_AT(until) {
        while (!error && xie_now() < until)
            error = kit_turn_away(t);
    }
    if (!error)
        error = xie_group_spawn(t->group, kit_serve, t);
    kit_story(t, "QQ is back");
    if (error && !t->failed)
        kit_fail(t, "QQ does not come back: %s", xie_strerror(error));
    return !t->failed;
}

/* --- what the bot says -------------------------------------------------------------- */

/* Texts as they are, the rest as CQ codes. NULL without memory. */
static char *shown(const json_t *segments)
{
    char *text = NULL;
    size_t len, i;
    json_t *segment;
    bool good = true;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    json_array_foreach(segments, i, segment)
    {
        const char *type = onebot_string(segment, "type");
        if (strcmp(type, "text") == 0) {
            fputs(onebot_string(json_object_get(segment, "data"), "text"), out);
            continue;
        }
        json_t *alone = json_pack("[O]", segment);
        char *code = alone ? cq_format(alone) : NULL;
        fputs(code ? code : "", out);
        good = good && code;
        free(code);
        json_decref(alone);
    }
    good = fclose(out) == 0 && good;
    if (good)
        return text;
    free(text);
    return NULL;
}

static void note(struct onebot_test *t, const struct message *message)
{
    char *text = shown(message->segments);
    struct kit_words *words = text ? kit_list_add(&t->words, sizeof *words) : NULL;
    if (!words) {
        free(text);
        kit_no_memory(t);
        return;
    }
    words->message_id = message->message_id;
    words->user_id = message->target_id;
    words->group_id = message->group_id;
    words->text = text;
    kit_story(t, "the bot %s%s: %s", message->group_id ? "in " : "to ",
              message->group_id ? world_group(&t->gateway->world, message->group_id)->name
                                : kit_qq_name(t, message->target_id),
              text);
}

int kit_qq_listen(void *arg)
{
    struct onebot_test *t = arg;
    struct history *history = &t->gateway->history;
    int64_t id = history->next;
    int result = 0;
    while (result == 0) {
        for (; id < history->next; id++) {
            const struct message *message = history_get(history, id);
            if (message && message->user_id == WORLD_BOT)
                note(t, message);
        }
        kit_pulse(t);
        result = xie_event_wait(&history->said);
    }
    return result;
}
