/* way.c - an endpoint of the options, checked and made ready.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/way.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie/server.h>

#include "base/memory.h"
#include "onebot/connect.h"
#include "onebot/listen.h"
#include "onebot/settings_tls.h"
#include "web/url.h"

/* --- is it sound -------------------------------------------------------------------- */

static int refuse(const struct onebot_way *way, int error, const char *what)
{
    onebot_log(&way->program->log, ONEBOT_ERROR, "%s", what);
    return error;
}

/* A line break in the token would write header fields of its own. */
static bool is_clean(const char *token)
{
    for (; token && *token; token++)
        if ((unsigned char)*token < 0x20 || *token == 0x7F)
            return false;
    return true;
}

/* How much of a URL a log may show: not its query, which may hold a token, and of one with a
 * password in it the scheme alone. */
static int shown(const char *url)
{
    size_t len = strcspn(url, "?");
    return (int)(memchr(url, '@', len) ? strcspn(url, ":") : len);
}

static void name(struct onebot_way *way, const char *text, int len)
{
    if (snprintf(way->name, sizeof way->name, "%.*s", len, text) >= (int)sizeof way->name)
        strcpy(way->name + sizeof way->name - sizeof "...", "...");
}

/* What would be found out by the first try to connect, and by no later one. */
static int check_url(struct onebot_way *way)
{
    static const struct {
        const char *scheme;
        enum onebot_kind_of_way kind;
        bool tls;
    } known[] = {{"ws", ONEBOT_FORWARD, false},
                 {"wss", ONEBOT_FORWARD, true},
                 {"http", ONEBOT_HTTP, false},
                 {"https", ONEBOT_HTTP, true}};
    struct xie_url url;
    int error = xie_url_split(way->endpoint.url, &url);
    if (error)
        return error;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(url.scheme, known[i].scheme) == 0) {
            way->kind = known[i].kind;
            return known[i].tls && !onebot_tls_is_built_in() ? -EPROTONOSUPPORT : 0;
        }
    return XIE_EURL;
}

static int init_connecting(struct onebot_way *way)
{
    const char *url = way->endpoint.url;
    if (!url)
        return refuse(way, XIE_EURL, "no URL was given");
    name(way, url, shown(url));
    int error = check_url(way);
    if (error && error != -ENOMEM)
        onebot_log(&way->program->log, ONEBOT_ERROR, "cannot connect to %s: %s", way->name,
                   xie_strerror(error));
    return error;
}

static bool listens(const struct onebot_endpoint *endpoint)
{
    return endpoint->listen || endpoint->listener;
}

static int init(struct onebot_way *way)
{
    const char *where = way->endpoint.listen;
    if (!is_clean(way->endpoint.token))
        return refuse(way, -EINVAL, "the token has control characters");
    if (!listens(&way->endpoint))
        return init_connecting(way);
    way->kind = ONEBOT_LISTEN;
    if (!where)
        where = "a listener";
    name(way, where, (int)strlen(where));
    return 0;
}

/* --- coming and going --------------------------------------------------------------- */

/* Its strings are its own, so that a change of the options does not take them away. */
static int copy_strings(struct onebot_way *way)
{
    struct onebot_endpoint *endpoint = &way->endpoint;
    const char **const strings[] = {&endpoint->url, &endpoint->listen, &endpoint->token,
                                    &endpoint->secret};
    way->strings = xie_copy_strings(strings, sizeof strings / sizeof *strings);
    return way->strings ? 0 : -ENOMEM;
}

int onebot_way_new(struct onebot_program *program, const struct onebot_endpoint *endpoint,
                   struct onebot_way **way)
{
    struct onebot_way *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    *made = (struct onebot_way){.program = program, .endpoint = *endpoint};
    made->source = ++program->last_source;
    xie_list_init(&made->link);
    xie_list_init(&made->links);
    int error = copy_strings(made);
    if (!error)
        error = init(made);
    if (error)
        onebot_way_free(made);
    else
        *way = made;
    return error;
}

void onebot_way_free(struct onebot_way *way)
{
    if (!way)
        return;
    if (way->own && way->own->self_id <= 0 && !way->own->met)
        onebot_bot_free(way->own);
    xie_listener_close(way->listener);
    xie_list_remove(&way->link);
    xie_release(way->strings);
    xie_release(way);
}

/* --- is it the same ----------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool onebot_way_is(const struct onebot_way *way, const struct onebot_endpoint *endpoint)
{
    const struct onebot_endpoint *mine = &way->endpoint;
    return same(mine->url, endpoint->url) && same(mine->listen, endpoint->listen) &&
           mine->listener == endpoint->listener && same(mine->token, endpoint->token) &&
           same(mine->secret, endpoint->secret) && mine->role == endpoint->role &&
           mine->self_id == endpoint->self_id && mine->tls == endpoint->tls;
}

/* --- making it ready ---------------------------------------------------------------- */

int onebot_way_open(struct onebot_way *way)
{
    char host[XIE_HOST_TEXT];
    struct xie_listen_options options = {.host = host};
    if (way->kind != ONEBOT_LISTEN || way->endpoint.listener || way->listener)
        return 0;
    int error = xie_address_split(way->endpoint.listen, host, sizeof host, &options.port);
    return error ? -EINVAL : xie_listen(&options, &way->listener);
}

void onebot_way_say_closed(const struct onebot_way *way, int error)
{
    if (error == -EINVAL)
        onebot_log(&way->program->log, ONEBOT_ERROR, "where to listen is not \"host:port\"");
    else
        onebot_log(&way->program->log, ONEBOT_ERROR, "cannot listen on %s: %s", way->name,
                   xie_strerror(error));
}

int onebot_way_settle(struct onebot_way *way)
{
    bool http = way->kind == ONEBOT_HTTP, deaf = http || way->endpoint.role == ONEBOT_API;
    int64_t self_id = way->endpoint.self_id;
    if (way->kind == ONEBOT_LISTEN)
        return 0;
    if (self_id > 0 && !http) {
        const struct xie_link *last = way->program->bots.prev;
        int error = onebot_bot_of(way->program, self_id, &way->bot);
        if (!error && way->program->bots.prev != last)
            way->own = way->bot;
        if (error == XIE_ELIMIT)
            onebot_log(&way->program->log, ONEBOT_ERROR, "account %lld: too many accounts",
                       (long long)self_id);
        return error;
    }
    way->own = way->bot = onebot_bot_new(way->program, deaf ? ONEBOT_NOBODY : 0);
    return way->bot ? 0 : -ENOMEM;
}

void onebot_way_unsettle(struct onebot_way *way)
{
    if (way->own)
        onebot_bot_free(way->own);
    way->own = way->bot = NULL;
}

/* --- its task ----------------------------------------------------------------------- */

static int run(void *arg)
{
    struct onebot_way *way = arg;
    XIE_SCOPE(scope, XIE_NEVER) {
        way->scope = &scope;
        if (way->leaving)
            xie_scope_cancel(&scope);
        if (!xie_event_wait(&way->begin))
            (void)(way->kind == ONEBOT_LISTEN ? onebot_listen(way) : onebot_keep_connected(way));
        way->scope = NULL;
    }
    xie_event_set(&way->ended);
    return 0;
}

int onebot_way_start(struct onebot_way *way, struct xie_group *group)
{
    const struct xie_task_options options = {.name = "onebot_way_run",
                                             .context = way->program->task};
    int error = xie_group_spawn_with(group, run, way, &options);
    way->started = !error;
    return error;
}

void onebot_way_stop(struct onebot_way *way)
{
    way->leaving = true;
    if (way->scope)
        xie_scope_cancel(way->scope);
}
