/* connect.c - being connected, again and again.
 * Floor 9. One reader, one writer; when either ends, so does the connection. */
/* SPDX-License-Identifier: MIT */
#include "onebot/connect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie/tls.h>
#include <xie/web.h>

#include "base/memory.h"
#include "onebot/dispatch.h"

enum {
    HEARTBEATS_MISSED = 3,
    FRAMES_PER_TURN = 64 /* read at once before others run */
};

/* One connection, or an attempt at one. */
struct connection {
    struct onebot_bot *bot;
    struct xie_ws *ws;
    bool proved;                    /* an event or an answer has come */
    bool silent;                    /* ended for want of heartbeats */
    int status;                     /* HTTP, of the handshake; 0: none came */
    int64_t retcode;                /* of a refusal after the handshake */
    struct xie_tls_failure failure; /* of TLS, in words; "" when it was not that */
};

/* --- reading and writing ------------------------------------------------------------ */

/* Sending is one task's work: a caller that is interrupted must not break a frame. */
static int write_frames(void *arg)
{
    struct connection *connection = arg;
    struct onebot_frame *frame;
    int error;
    while ((error = onebot_calls_next_frame(&connection->bot->calls, &frame)) == 0) {
        error = xie_ws_send(connection->ws, XIE_WS_TEXT, frame->text, frame->len);
        xie_release(frame);
        if (error < 0)
            break;
    }
    return error;
}

static int read_frame(struct connection *connection, struct xie_scope *silence)
{
    struct onebot_bot *bot = connection->bot;
    char *text;
    size_t len;
    int kind = xie_ws_receive(connection->ws, &text, &len);
    if (kind <= 0)
        return kind ? kind : XIE_EOF;
    kind = onebot_frame(bot, text, len, &connection->retcode);
    if (kind == ONEBOT_EVENT && bot->heartbeat_ns)
        xie_scope_reschedule(silence, xie_now() + HEARTBEATS_MISSED * bot->heartbeat_ns);
    if (kind == ONEBOT_EVENT || kind == ONEBOT_ANSWER)
        connection->proved = true;
    return kind;
}

/* Until the connection ends; returns why. Any event counts as a heartbeat: what matters is
 * that they still come. */
static int read_frames(struct connection *connection)
{
    struct xie_scope silence;
    int result = 0;
    xie_scope_open(&silence, XIE_NEVER);
    for (unsigned count = 1; result >= 0; count++) {
        result = read_frame(connection, &silence);
        if (count % FRAMES_PER_TURN == 0 && result >= 0)
            xie_sleep(0); /* if it fails, so does the next receive */
    }
    xie_scope_close(&silence);
    connection->silent = xie_scope_expired(&silence);
    return result;
}

static void set_online(struct onebot_bot *bot, bool online)
{
    bot->online = online;
    if (online)
        onebot_calls_open(&bot->calls);
    if (online || bot->stopping)
        xie_event_set(&bot->online_change);
    else
        xie_event_clear(&bot->online_change);
}

static void fail_calls(struct onebot_bot *bot)
{
    size_t failed = onebot_calls_close(&bot->calls);
    if (failed)
        onebot_log(&bot->log, ONEBOT_WARNING, "%zu call%s failed with the connection", failed,
                   failed == 1 ? "" : "s");
}

/* Calls fail before the writer is waited for: at once, that is. */
static int converse(struct connection *connection)
{
    struct onebot_bot *bot = connection->bot;
    struct xie_group pair;
    bot->heartbeat_ns = 0;
    xie_group_open(&pair);
    int reason = xie_group_spawn(&pair, write_frames, connection);
    if (!reason) {
        set_online(bot, true);
        reason = read_frames(connection);
        set_online(bot, false);
    }
    fail_calls(bot);
    xie_group_cancel(&pair);
    int writer = xie_group_wait(&pair);
    xie_group_close(&pair);
    return reason == -ECANCELED && writer < 0 ? writer : reason;
}

/* --- one connection ----------------------------------------------------------------- */

/* Fields of the handshake; authorization has room for the token. */
static int open_connection(struct connection *connection, char *authorization)
{
    const struct onebot_options *options = &connection->bot->options;
    const struct xie_http_field fields[] = {{"Authorization", authorization}, {NULL, NULL}};
    int64_t ping = options->ping_interval_ns;
    struct xie_ws_options ws_options = {.max_message = options->max_message,
                                        .tls = options->tls,
                                        .tls_failure = &connection->failure,
                                        .fields = *authorization ? fields : NULL,
                                        .ping_interval_ns = ping == XIE_NEVER ? 0 : ping};
    int error = -ETIMEDOUT;
    XIE_TIMEOUT(options->connect_timeout_ns)
        error = xie_ws_connect(options->url, &ws_options, &connection->status, &connection->ws);
    return error;
}

static int authorize_and_open(struct connection *connection)
{
    const char *token = connection->bot->options.token;
    size_t cap = sizeof "Bearer " + (token ? strlen(token) : 0);
    char *authorization = xie_alloc_zero(cap);
    if (!authorization)
        return -ENOMEM;
    if (token && *token)
        snprintf(authorization, cap, "Bearer %s", token);
    int error = open_connection(connection, authorization);
    xie_release(authorization);
    return error;
}

/* Cancelled from outside we leave politely, but not for long. */
static void leave(struct connection *connection, int reason)
{
    XIE_SHIELD {
        XIE_TIMEOUT(XIE_SECOND) {
            if (reason == -ECANCELED)
                xie_ws_close(connection->ws, 1000, "");
        }
    }
    xie_ws_free(connection->ws);
}

/* How much of the URL a log may show: not its query, which may hold a token, and of one with a
 * password in it the scheme alone. */
static int shown(const char *url)
{
    size_t len = strcspn(url, "?");
    return (int)(memchr(url, '@', len) ? strcspn(url, ":") : len);
}

static void say_lost(struct connection *connection, int reason)
{
    const struct onebot_log *log = &connection->bot->log;
    const char *why = "";
    uint16_t code = xie_ws_close_code(connection->ws, &why);
    if (reason == XIE_EAUTH)
        onebot_log(log, ONEBOT_ERROR, "the token was refused (retcode %lld)",
                   (long long)connection->retcode);
    else if (connection->silent)
        onebot_log(log, ONEBOT_WARNING, "connection lost: no heartbeat for %d intervals of %.3g s",
                   HEARTBEATS_MISSED, (double)connection->bot->heartbeat_ns / (double)XIE_SECOND);
    else if (reason == XIE_EOF && code && code != 1006)
        onebot_log(log, ONEBOT_WARNING, "connection closed by the peer: code %u %s", code,
                   why ? why : "");
    else
        onebot_log(log, ONEBOT_WARNING, "connection lost: %s", xie_strerror(reason));
}

static void say_not_opened(struct connection *connection, int error)
{
    const struct onebot_log *log = &connection->bot->log;
    const char *url = connection->bot->options.url, *words = connection->failure.text;
    if (error == XIE_EAUTH)
        onebot_log(log, ONEBOT_ERROR, "the token was refused by %.*s (HTTP %d)", shown(url), url,
                   connection->status);
    else if (connection->status)
        onebot_log(log, ONEBOT_WARNING, "cannot connect to %.*s: %s (HTTP %d)", shown(url), url,
                   xie_strerror(error), connection->status);
    else
        onebot_log(log, ONEBOT_WARNING, "cannot connect to %.*s: %s", shown(url), url,
                   *words ? words : xie_strerror(error));
}

/* Connect and serve; returns why it ended. */
static int connect_once(struct connection *connection)
{
    struct onebot_bot *bot = connection->bot;
    int error = authorize_and_open(connection);
    if (error < 0) {
        if (error != -ECANCELED)
            say_not_opened(connection, error);
        return error;
    }
    onebot_log(&bot->log, ONEBOT_INFO, "connected to %.*s", shown(bot->options.url),
               bot->options.url);
    int reason = converse(connection);
    if (reason != -ECANCELED)
        say_lost(connection, reason);
    leave(connection, reason);
    return reason;
}

/* --- again and again ---------------------------------------------------------------- */

int64_t onebot_retry_pause(unsigned failures, int64_t least_ns, int64_t most_ns, uint64_t random)
{
    int64_t pause = least_ns;
    while (failures-- > 1 && pause < most_ns)
        pause = pause > most_ns / 2 ? most_ns : pause * 2;
    if (pause > most_ns)
        pause = most_ns;
    return pause - (int64_t)(random % ((uint64_t)pause / 2 + 1));
}

/* splitmix64 of the clock: on sim the same seed gives the same pauses. */
static uint64_t random_now(void)
{
    uint64_t x = (uint64_t)xie_now() + UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static int64_t pause_after(const struct connection *connection, int error, unsigned *failures)
{
    const struct onebot_options *options = &connection->bot->options;
    *failures = connection->proved ? 1 : *failures + 1;
    if (error == XIE_EAUTH)
        return options->retry_most_ns;
    return onebot_retry_pause(*failures, options->retry_least_ns, options->retry_most_ns,
                              random_now());
}

/* The only failures that another try cannot mend. */
static bool is_final(int error)
{
    return error == XIE_EURL || error == -EPROTONOSUPPORT;
}

int onebot_keep_connected(void *arg)
{
    struct onebot_bot *bot = arg;
    unsigned failures = 0;
    while (!xie_check()) {
        struct connection connection = {.bot = bot};
        int error = connect_once(&connection);
        if (is_final(error)) {
            bot->result = error;
            onebot_stop(bot);
            return 0;
        }
        if (error == -ECANCELED)
            return 0;
        int64_t pause = pause_after(&connection, error, &failures);
        onebot_log(&bot->log, ONEBOT_INFO, "next try in %.1f s",
                   (double)pause / (double)XIE_SECOND);
        xie_sleep(pause);
    }
    return 0;
}
