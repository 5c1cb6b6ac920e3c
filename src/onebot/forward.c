/* forward.c - a WebSocket that we open: one connection.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/forward.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie/tls.h>

#include "base/memory.h"
#include "onebot/link.h"

/* An attempt at a connection. */
struct attempt {
    struct onebot_way *way;
    struct onebot_link link;
    int status;                     /* HTTP, of the handshake; 0: none came */
    struct xie_tls_failure failure; /* of TLS, in words; "" when it was not that */
};

/* Fields of the handshake; authorization has room for the token. */
static int open_link(struct attempt *attempt, char *authorization)
{
    const struct onebot_options *options = &attempt->way->program->options;
    const struct onebot_endpoint *endpoint = &attempt->way->endpoint;
    const struct xie_http_field fields[] = {{"Authorization", authorization}, {NULL, NULL}};
    int64_t ping = options->ping_interval_ns;
    struct xie_ws_options ws_options = {.max_message = options->max_message,
                                        .tls = endpoint->tls,
                                        .tls_failure = &attempt->failure,
                                        .fields = *authorization ? fields : NULL,
                                        .ping_interval_ns = ping == XIE_NEVER ? 0 : ping};
    int error = -ETIMEDOUT;
    XIE_TIMEOUT(options->connect_timeout_ns)
        error = xie_ws_connect(endpoint->url, &ws_options, &attempt->status, &attempt->link.ws);
    return error;
}

static int authorize_and_open(struct attempt *attempt)
{
    const char *token = attempt->way->endpoint.token;
    size_t cap = sizeof "Bearer " + (token ? strlen(token) : 0);
    char *authorization = xie_alloc_zero(cap);
    if (!authorization)
        return -ENOMEM;
    if (token && *token)
        snprintf(authorization, cap, "Bearer %s", token);
    int error = open_link(attempt, authorization);
    xie_release(authorization);
    return error;
}

static void say_not_opened(const struct attempt *attempt, int error)
{
    const struct onebot_log *log = &attempt->way->program->log;
    const char *name = attempt->way->name, *words = attempt->failure.text;
    if (error == XIE_EAUTH)
        onebot_log(log, ONEBOT_ERROR, "the token was refused by %s (HTTP %d)", name,
                   attempt->status);
    else if (attempt->status)
        onebot_log(log, ONEBOT_WARNING, "cannot connect to %s: %s (HTTP %d)", name,
                   xie_strerror(error), attempt->status);
    else
        onebot_log(log, ONEBOT_WARNING, "cannot connect to %s: %s", name,
                   *words ? words : xie_strerror(error));
}

/* Until the peer says whose it is, the connection is taken for that of the account it had
 * before. One that only takes calls asks each time. */
static int serve(struct attempt *attempt)
{
    struct onebot_way *way = attempt->way;
    struct onebot_link *link = &attempt->link;
    link->role = way->endpoint.role;
    link->name = way->name;
    link->remembered = &way->heartbeat_ns;
    link->seat.bot = way->bot;
    link->seat.settled = way->endpoint.self_id > 0;
    onebot_log(&way->program->log, ONEBOT_INFO, "connected to %s", way->name);
    int reason = onebot_link_serve(link);
    if (way->bot->self_id != ONEBOT_NOBODY)
        way->bot = link->seat.bot;
    if (reason != -ECANCELED || !xie_check())
        onebot_link_say_lost(link, reason);
    onebot_link_leave(link, reason);
    return reason;
}

int onebot_forward(struct onebot_way *way, bool *proved)
{
    struct attempt attempt = {.way = way};
    int error = authorize_and_open(&attempt);
    if (!error) {
        error = serve(&attempt);
        /* While QQ is logged out, for days perhaps, it answers, but not whose it is. */
        *proved =
            attempt.link.proved && (attempt.link.role != ONEBOT_API || attempt.link.seat.settled);
    } else if (error != -ECANCELED || !xie_check()) {
        say_not_opened(&attempt, error);
    }
    return error;
}
