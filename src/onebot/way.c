/* way.c - an endpoint of the options, checked and made ready.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/way.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <xie/server.h>

#include "onebot/connect.h"
#include "onebot/listen.h"

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

static void name_by_url(struct onebot_way *way)
{
    const char *url = way->endpoint.url;
    int len = snprintf(way->name, sizeof way->name, "%.*s", shown(url), url);
    if (len >= (int)sizeof way->name)
        strcpy(way->name + sizeof way->name - sizeof "...", "...");
}

/* --- ways that listen --------------------------------------------------------------- */

static int open_listener(struct onebot_way *way)
{
    char host[XIE_HOST_TEXT];
    struct xie_listen_options options = {.host = host};
    int error = xie_address_split(way->endpoint.listen, host, sizeof host, &options.port);
    if (error)
        return refuse(way, -EINVAL, "where to listen is not \"host:port\"");
    error = xie_listen(&options, &way->listener);
    if (error)
        onebot_log(&way->program->log, ONEBOT_ERROR, "cannot listen on %s: %s",
                   way->endpoint.listen, xie_strerror(error));
    return error;
}

static int name_by_address(struct onebot_way *way, struct xie_listener *listener)
{
    struct xie_address address;
    int error = xie_listener_address(listener, &address);
    if (error)
        return error;
    xie_address_format(&address, way->name);
    onebot_log(&way->program->log, ONEBOT_INFO, "listening on %s", way->name);
    return 0;
}

static bool has(const char *text)
{
    return text && *text;
}

static int init_listening(struct onebot_way *way)
{
    const struct onebot_endpoint *endpoint = &way->endpoint;
    way->kind = ONEBOT_LISTEN;
    int error = endpoint->listener ? 0 : open_listener(way);
    if (error)
        return error;
    if (!has(endpoint->token) && !has(endpoint->secret))
        onebot_log(&way->program->log, ONEBOT_WARNING,
                   "whoever can connect can say what it likes: there is neither token nor secret");
    return name_by_address(way, endpoint->listener ? endpoint->listener : way->listener);
}

/* --- ways that connect -------------------------------------------------------------- */

/* Which account a connection belongs to before it has said so. */
static int first_bot(struct onebot_way *way)
{
    bool http = way->kind == ONEBOT_HTTP, deaf = http || way->endpoint.role == ONEBOT_API;
    if (way->endpoint.self_id > 0 && !http) {
        int error = onebot_bot_of(way->program, way->endpoint.self_id, &way->bot);
        if (error == XIE_ELIMIT)
            onebot_log(&way->program->log, ONEBOT_ERROR, "account %lld: too many accounts",
                       (long long)way->endpoint.self_id);
        return error;
    }
    way->bot = onebot_bot_new(way->program, deaf ? ONEBOT_NOBODY : 0);
    return way->bot ? 0 : -ENOMEM;
}

static int init_connecting(struct onebot_way *way)
{
    if (!way->endpoint.url)
        return refuse(way, XIE_EURL, "no URL was given");
    bool http = strncasecmp(way->endpoint.url, "http", 4) == 0;
    way->kind = http ? ONEBOT_HTTP : ONEBOT_FORWARD;
    name_by_url(way);
    return first_bot(way);
}

/* --- all ---------------------------------------------------------------------------- */

int onebot_way_init(struct onebot_way *way, struct onebot_program *program,
                    const struct onebot_endpoint *endpoint)
{
    *way = (struct onebot_way){.program = program, .endpoint = *endpoint};
    way->source = ++program->last_source;
    xie_list_init(&way->links);
    if (!is_clean(endpoint->token))
        return refuse(way, -EINVAL, "the token has control characters");
    bool listens = endpoint->listen || endpoint->listener;
    if (!listens && !endpoint->tls)
        way->endpoint.tls = program->options.tls;
    return listens ? init_listening(way) : init_connecting(way);
}

void onebot_way_fini(struct onebot_way *way)
{
    xie_listener_close(way->listener);
}

int onebot_way_run(void *arg)
{
    struct onebot_way *way = arg;
    return way->kind == ONEBOT_LISTEN ? onebot_listen(way) : onebot_keep_connected(way);
}
