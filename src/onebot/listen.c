/* listen.c - implementations that come to us.
 * Floor 9. One port for any number of accounts and for both kinds: who asks for a WebSocket gets
 * one, who posts brings an event. */
/* SPDX-License-Identifier: MIT */
#include "onebot/listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "onebot/authorize.h"
#include "onebot/guest.h"
#include "onebot/link.h"
#include "onebot/post.h"

enum { BAD = 400, METHOD = 405, FULL = 503 };
enum { SPARE = 100 }; /* connections beside those of each account and role */

/* A WebSocket that somebody opened to us, in its task's frame. */
struct visit {
    struct xie_link at; /* of the way's */
    struct onebot_link link;
    struct xie_scope *scope; /* around its serving */
    bool replaced;
    char name[sizeof "account -9223372036854775808 (Universal)"];
};

/* --- who comes ---------------------------------------------------------------------- */

/* In any case; without the field it is for both. */
static bool read_role(const struct xie_http *http, enum onebot_role *role)
{
    static const char *const names[] = {
        [ONEBOT_UNIVERSAL] = "Universal", [ONEBOT_API] = "API", [ONEBOT_EVENT] = "Event"};
    const char *text = xie_http_field(http, "X-Client-Role");
    *role = ONEBOT_UNIVERSAL;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(text, names[i])) {
            *role = (enum onebot_role)i;
            return true;
        }
    return !text;
}

static const char *role_name(enum onebot_role role)
{
    return role == ONEBOT_API ? "API" : role == ONEBOT_EVENT ? "Event" : "Universal";
}

/* --- WebSockets --------------------------------------------------------------------- */

/* Whoever comes again has lost the connection before, whether we have noticed or not. */
static void replace_older(struct onebot_way *way, const struct visit *visit)
{
    for (struct xie_link *at = way->links.next; at != &way->links; at = at->next) {
        struct visit *older = XIE_CONTAINER(at, struct visit, at);
        if (older->link.seat.bot != visit->link.seat.bot || older->link.role != visit->link.role)
            continue;
        older->replaced = true;
        xie_scope_cancel(older->scope);
    }
}

static int serve(struct onebot_way *way, struct visit *visit)
{
    int reason = 0;
    replace_older(way, visit);
    onebot_log(&way->program->log, ONEBOT_INFO, "%s connected to %s", visit->name, way->name);
    XIE_SCOPE(scope, XIE_NEVER) {
        visit->scope = &scope;
        xie_list_push(&way->links, &visit->at);
        reason = onebot_link_serve(&visit->link);
        xie_list_remove(&visit->at);
    }
    if (visit->replaced)
        onebot_log(&way->program->log, ONEBOT_WARNING, "%s: replaced by a new connection",
                   visit->name);
    else if (reason != -ECANCELED)
        onebot_link_say_lost(&visit->link, reason);
    onebot_link_leave(&visit->link, reason);
    return 0;
}

static int welcome(struct onebot_way *way, struct xie_http *http, struct visit *visit)
{
    const struct onebot_options *options = &way->program->options;
    struct xie_ws_options ws_options = {
        .max_message = options->max_message,
        .ping_interval_ns = options->ping_interval_ns == XIE_NEVER ? 0 : options->ping_interval_ns};
    int error = xie_ws_accept(http, &ws_options, &visit->link.ws);
    return error < 0 ? error : serve(way, visit);
}

static bool has(const char *text)
{
    return text && *text;
}

/* Nothing of a WebSocket is signed: where there is a secret alone, it is the token. */
static const char *token_of(const struct onebot_endpoint *endpoint)
{
    return has(endpoint->token) ? endpoint->token : endpoint->secret;
}

static int take_socket(struct onebot_way *way, struct xie_http *http)
{
    struct visit visit = {.link.seat.settled = true};
    int64_t self_id = onebot_guest_account(http);
    int status = onebot_check_token(xie_http_field(http, "Authorization"),
                                    xie_http_query(http, "access_token"), token_of(&way->endpoint));
    if (status)
        return onebot_guest_refuse(way, http, status,
                                   status == ONEBOT_NO_TOKEN ? "no token" : "wrong token");
    if (!self_id)
        return onebot_guest_refuse(way, http, BAD, "X-Self-ID names no account");
    if (!read_role(http, &visit.link.role))
        return onebot_guest_refuse(way, http, BAD, "X-Client-Role is none");
    if (way->program->stopping)
        return onebot_guest_refuse(way, http, FULL, "stopping");
    int error = onebot_bot_of(way->program, self_id, &visit.link.seat.bot);
    if (error)
        return onebot_guest_refuse(way, http, FULL, "too many accounts");
    snprintf(visit.name, sizeof visit.name, "account %lld (%s)", (long long)self_id,
             role_name(visit.link.role));
    visit.link.name = visit.name;
    visit.link.remembered = &visit.link.seat.bot->heartbeats_ns[visit.link.role];
    return welcome(way, http, &visit);
}

/* --- serving ------------------------------------------------------------------------ */

static int on_request(struct xie_http *http, void *arg)
{
    struct onebot_way *way = arg;
    if (xie_ws_requested(http))
        return take_socket(way, http);
    if (strcmp(xie_http_method(http), "POST") == 0)
        return onebot_take_post(way, http);
    xie_http_set_field(http, "Allow", "POST");
    return onebot_guest_refuse(way, http, METHOD, "neither a WebSocket nor a POST");
}

static size_t most_posted(const struct onebot_options *options)
{
    return options->max_message < ONEBOT_POST_MOST ? options->max_message : ONEBOT_POST_MOST;
}

/* One whose port another way had may have found it taken: it is tried until it is free. */
static int open_late(struct onebot_way *way)
{
    int error;
    while ((error = onebot_way_open(way)) && !xie_check()) {
        onebot_way_say_closed(way, error);
        xie_sleep(way->program->options.retry_least_ns);
    }
    return error;
}

static void say_listening(struct onebot_way *way, struct xie_listener *listener)
{
    const struct onebot_endpoint *endpoint = &way->endpoint;
    const struct onebot_log *log = &way->program->log;
    struct xie_address address;
    if (xie_listener_address(listener, &address) == 0)
        xie_address_format(&address, way->name);
    if (!has(endpoint->token) && !has(endpoint->secret))
        onebot_log(log, ONEBOT_WARNING,
                   "whoever can connect can say what it likes: there is neither token nor secret");
    onebot_log(log, ONEBOT_INFO, "listening on %s", way->name);
}

int onebot_listen(struct onebot_way *way)
{
    const struct onebot_options *options = &way->program->options;
    if (open_late(way))
        return 0;
    struct xie_listener *listener = way->listener ? way->listener : way->endpoint.listener;
    say_listening(way, listener);
    struct xie_http_options http_options = {.max_connections = 3 * options->max_accounts + SPARE,
                                            .max_body = most_posted(options),
                                            .tls = way->endpoint.tls};
    while (!xie_check()) {
        int error = xie_http_serve(listener, &http_options, on_request, way);
        if (xie_check() || error == XIE_ECLOSED || !error)
            break;
        onebot_log(&way->program->log, ONEBOT_ERROR, "serving %s failed: %s", way->name,
                   xie_strerror(error));
        xie_sleep(options->retry_least_ns);
    }
    return 0;
}
