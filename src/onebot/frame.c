/* frame.c - what a frame from the implementation is.
 * Floor 9. Answers and events come on one connection: a post_type makes an event. */
/* SPDX-License-Identifier: MIT */
#include "onebot/frame.h"

#include <errno.h>
#include <string.h>

#include "onebot/dispatch.h"

enum { EXCERPT = 80 }; /* bytes of a strange frame that the log shows */

static int excerpt(size_t len)
{
    return len < EXCERPT ? (int)len : EXCERPT;
}

/* One that was not given may come as null or "". */
static bool has_echo(const json_t *json)
{
    const json_t *echo = json_object_get(json, "echo");
    return echo && !json_is_null(echo) && !(json_is_string(echo) && !json_string_length(echo));
}

/* Implementations that accept every connection send this first, and close: a failure without
 * an echo, as no call of ours has. */
static bool refuses_token(const json_t *json, int64_t *retcode)
{
    static const int64_t codes[] = {1403, 1401, 403, 401};
    if (has_echo(json) || strcmp(onebot_string(json, "status"), "failed") != 0)
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (onebot_int(json, "retcode") == codes[i]) {
            *retcode = codes[i];
            return true;
        }
    return false;
}

static int read_answer(struct onebot_link *link, json_t *json)
{
    if (onebot_calls_answer(&link->seat.sender, json)) {
        onebot_own_answer(&link->seat.bot->own, json);
        return ONEBOT_IS_ANSWER;
    }
    if (refuses_token(json, &link->retcode))
        return XIE_EAUTH;
    char echo[EXCERPT + 1] = "missing"; /* a longer one is cut off */
    if (json_object_get(json, "echo")) {
        memset(echo, 0, sizeof echo);
        json_dumpb(json_object_get(json, "echo"), echo, EXCERPT, JSON_COMPACT | JSON_ENCODE_ANY);
    }
    onebot_log(&link->seat.bot->program->log, ONEBOT_WARNING,
               "an answer that no call waits for (late, or not ours): echo %s", echo);
    return ONEBOT_IS_JUNK;
}

/* Between a second and an hour, whatever is announced; 0 is no announcement. */
static void note_heartbeat(struct onebot_link *link, const json_t *event)
{
    int64_t interval = onebot_int(event, "interval");
    if (interval <= 0 || strcmp(onebot_string(event, "meta_event_type"), "heartbeat") != 0)
        return;
    interval = interval < 1000 ? 1000 : interval > 3600000 ? 3600000 : interval;
    link->heartbeat_ns = interval * XIE_MILLISECOND;
    link->announced = true;
    if (link->remembered)
        *link->remembered = link->heartbeat_ns;
}

/* An event that is not the connection's account's is nobody's: neither is what comes after it. */
static int check_account(struct onebot_link *link, int64_t self_id)
{
    const struct onebot_log *log = &link->seat.bot->program->log;
    int error = onebot_seat_settle(&link->seat, self_id);
    if (error) {
        onebot_log(log, ONEBOT_ERROR, "account %lld: %s", (long long)self_id,
                   error == XIE_ELIMIT ? "too many accounts" : xie_strerror(error));
        return error;
    }
    if (self_id <= 0 || self_id == link->seat.bot->self_id)
        return 0;
    onebot_log(log, ONEBOT_ERROR, "%s: an event of account %lld on a connection of account %lld",
               link->name, (long long)self_id, (long long)link->seat.bot->self_id);
    return -EPROTO;
}

static int read_event(struct onebot_link *link, json_t *event)
{
    int error = check_account(link, onebot_int(event, "self_id"));
    if (error)
        return error;
    note_heartbeat(link, event);
    onebot_dispatch(link->seat.bot, json_incref(event), link->source);
    return ONEBOT_IS_EVENT;
}

int onebot_frame(struct onebot_link *link, const char *text, size_t len)
{
    const struct onebot_log *log = &link->seat.bot->program->log;
    json_error_t why;
    json_t *json = onebot_decode(text, len, JSON_ALLOW_NUL, &why);
    if (!json) {
        onebot_log(log, ONEBOT_WARNING, "a frame of %zu bytes is not JSON (%s): %.*s", len,
                   *why.text ? why.text : "no memory", excerpt(len), text);
        return ONEBOT_IS_JUNK;
    }
    int kind = ONEBOT_IS_JUNK;
    if (json_is_string(json_object_get(json, "post_type")))
        kind = read_event(link, json);
    else if (json_object_get(json, "echo") || json_object_get(json, "status"))
        kind = read_answer(link, json);
    else
        onebot_log(log, ONEBOT_WARNING, "a frame is neither event nor answer: %.*s", excerpt(len),
                   text);
    json_decref(json);
    return kind;
}
