/* ways.c - all ways of a program: which the options ask for, and making them ready together.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/ways.h"

#include <errno.h>
#include <string.h>
#include <xie/server.h>

static struct onebot_way *way_at(struct xie_link *link)
{
    return XIE_CONTAINER(link, struct onebot_way, link);
}

/* --- making ------------------------------------------------------------------------- */

/* One of the program's that is this and that no endpoint before it is; NULL: none. Quadratic in
 * the endpoints: a thousand are compared within milliseconds. */
static struct onebot_way *find_same(struct onebot_program *program,
                                    const struct onebot_endpoint *endpoint)
{
    for (struct xie_link *at = program->ways.next; at != &program->ways; at = at->next)
        if (!way_at(at)->stays && onebot_way_is(way_at(at), endpoint))
            return way_at(at);
    return NULL;
}

static bool connects(const struct onebot_endpoint *endpoint)
{
    return !endpoint->listen && !endpoint->listener;
}

static int make(struct onebot_program *program, const struct onebot_options *options,
                const struct onebot_endpoint *given, struct xie_link *fresh)
{
    struct onebot_endpoint endpoint = *given;
    if (connects(&endpoint) && !endpoint.tls)
        endpoint.tls = options->tls;
    struct onebot_way *way = find_same(program, &endpoint);
    if (way) {
        way->stays = true;
        return 0;
    }
    int error = onebot_way_new(program, &endpoint, &way);
    if (!error)
        xie_list_push(fresh, &way->link);
    return error;
}

/* The short form first, then the table. */
int onebot_ways_make(struct onebot_program *program, const struct onebot_options *options,
                     struct xie_link *fresh)
{
    const struct onebot_endpoint *endpoint = options->endpoints;
    const struct onebot_endpoint first = {.url = options->url, .token = options->token};
    int error = 0;
    for (struct xie_link *at = program->ways.next; at != &program->ways; at = at->next)
        way_at(at)->stays = false;
    if (options->url || !endpoint)
        error = make(program, options, &first, fresh);
    for (; endpoint && (endpoint->url || !connects(endpoint)) && !error; endpoint++)
        error = make(program, options, endpoint, fresh);
    return error;
}

/* --- listening ---------------------------------------------------------------------- */

static uint16_t port_of(struct xie_listener *listener)
{
    struct xie_address address;
    return listener && !xie_listener_address(listener, &address) ? xie_address_port(&address) : 0;
}

/* One that goes and listens where this way is to: by the words, or by the port alone. */
static struct onebot_way *find_older(struct onebot_program *program, const struct onebot_way *way,
                                     uint16_t port)
{
    for (struct xie_link *at = program->ways.next; at != &program->ways; at = at->next) {
        struct onebot_way *older = way_at(at);
        if (older->stays || !older->listener || older->heir)
            continue;
        if (port ? port_of(older->listener) == port
                 : strcmp(older->endpoint.listen, way->endpoint.listen) == 0)
            return older;
    }
    return NULL;
}

static uint16_t port_named(const struct onebot_way *way)
{
    char host[XIE_HOST_TEXT];
    uint16_t port = 0;
    return xie_address_split(way->endpoint.listen, host, sizeof host, &port) ? 0 : port;
}

static int open_one(struct onebot_program *program, struct onebot_way *way)
{
    struct onebot_way *older = NULL;
    if (way->kind != ONEBOT_LISTEN || way->endpoint.listener)
        return 0;
    older = find_older(program, way, 0);
    if (older) {
        older->heir = way;
        return 0;
    }
    int error = onebot_way_open(way);
    if (error == -EADDRINUSE && port_named(way) && find_older(program, way, port_named(way)))
        return 0; /* as soon as that one has let go of it */
    if (error && error != -ECANCELED)
        onebot_way_say_closed(way, error);
    return error;
}

int onebot_ways_open(struct onebot_program *program, struct xie_link *fresh)
{
    int error = 0;
    for (struct xie_link *at = program->ways.next; at != &program->ways; at = at->next)
        way_at(at)->heir = NULL;
    for (struct xie_link *at = fresh->next; at != fresh && !error; at = at->next)
        error = open_one(program, way_at(at));
    return error;
}

/* --- starting ----------------------------------------------------------------------- */

/* Their accounts go before anybody else can have run. */
static void undo(struct xie_link *fresh)
{
    for (struct xie_link *at = fresh->next; at != fresh; at = at->next) {
        onebot_way_unsettle(way_at(at));
        onebot_way_stop(way_at(at));
    }
}

int onebot_ways_start(struct onebot_program *program, struct xie_link *fresh)
{
    struct xie_link *at;
    int error = 0;
    for (at = fresh->next; at != fresh && !error; at = at->next)
        error = onebot_way_settle(way_at(at));
    for (at = fresh->next; at != fresh && !error; at = at->next)
        error = onebot_way_start(way_at(at), program->service);
    if (error)
        undo(fresh);
    return error;
}

void onebot_ways_begin(struct onebot_program *program, struct xie_link *fresh)
{
    while (!xie_list_empty(fresh)) {
        struct onebot_way *way = way_at(fresh->next);
        xie_list_remove(&way->link);
        xie_list_push(&program->ways, &way->link);
        xie_event_set(&way->begin);
    }
}

void onebot_ways_free(struct xie_link *ways)
{
    while (!xie_list_empty(ways)) {
        struct onebot_way *way = way_at(ways->next);
        XIE_SHIELD {
            if (way->started)
                xie_event_wait(&way->ended);
        }
        onebot_way_free(way);
    }
}
