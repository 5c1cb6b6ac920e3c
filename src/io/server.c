/* server.c - listeners whose connections are served, each in a task of its own.
 * Floor 5. A task accepts for each listener; nothing here outlives xie_server_free. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/misuse.h"
#include "io/listener.h"

struct xie_server {
    xie_server_handler *handler;
    void *arg;
    struct xie_server_options options;
    const char *name, *where;
    unsigned refs;            /* the owner's, and one for each place, connection and waiter */
    struct xie_link places;   /* listeners, in the order they came */
    struct xie_link clients;  /* connections */
    struct xie_event changed; /* one of them has ended */
    struct xie_server_counts counts;
    int error; /* that ended a listener */
    bool closed;
};

struct place {
    struct xie_link link;
    struct xie_server *server;
    struct xie_listener *listener; /* NULL: closed, or about to be */
};

struct client {
    struct xie_link link;
    struct xie_server *server;
    struct xie_stream *stream;
    struct xie_task *task;
    bool reset;
};

static void server_unref(struct xie_server *server)
{
    if (--server->refs == 0)
        xie_release(server);
}

/* --- connections -------------------------------------------------------------------------------
 */

/* What a client that leaves makes of a read or write is nobody's failure. */
static bool is_worth_a_line(int error)
{
    return error != -ECONNRESET && error != -EPIPE && error != -ECONNABORTED &&
           error != xie_check();
}

static void failed(const struct client *self, int error)
{
    struct xie_server *server = self->server;
    struct xie_address peer;
    char text[XIE_ADDRESS_TEXT] = "a client that has left";
    server->counts.failed++;
    if (!is_worth_a_line(error))
        return;
    if (!xie_stream_peer(self->stream, &peer))
        xie_address_format(&peer, text);
    xie_report("server handler '%s' (%s) failed for %s: %s", server->name, server->where, text,
               xie_strerror(error));
}

static void client_end(struct client *self)
{
    struct xie_server *server = self->server;
    xie_list_remove(&self->link);
    xie_release(self);
    server->counts.open--;
    xie_event_set(&server->changed);
    server_unref(server);
}

static int client_run(void *arg)
{
    struct client *self = arg;
    int result = self->server->handler(self->stream, self->server->arg);
    if (result < 0)
        failed(self, result);
    if (result != XIE_STREAM_TAKEN && self->reset)
        xie_stream_abort(self->stream);
    else if (result != XIE_STREAM_TAKEN)
        xie_stream_close(self->stream);
    xie_detach(self->task);
    client_end(self);
    return 0;
}

/* The stream is the handler's, or still the caller's. */
static int client_start(struct xie_server *server, struct xie_stream *stream)
{
    struct xie_task_options options = {.stack_size = server->options.stack_size};
    struct client *self = xie_alloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct client){.server = server, .stream = stream};
    self->task = xie_spawn_at(client_run, self, &options, server->name, server->where);
    if (!self->task) {
        xie_release(self);
        return -ENOMEM;
    }
    xie_list_push(&server->clients, &self->link);
    server->refs++;
    server->counts.open++;
    server->counts.accepted++;
    return 0;
}

/* --- accepting -----------------------------------------------------------------------------------
 */

static int wait_for_room(struct place *self)
{
    struct xie_server *server = self->server;
    size_t most = server->options.max_connections;
    int error = 0;
    while (!error && most && server->counts.open >= most) {
        xie_event_clear(&server->changed);
        error = xie_listener_hold(self->listener, &server->changed);
    }
    return error;
}

/* Room is asked for again once somebody has come, since another listener may have been quicker. */
static int accept_next(struct place *self)
{
    struct xie_stream *stream = NULL;
    int error = wait_for_room(self);
    if (!error)
        error = xie_listener_accept(self->listener, &stream);
    if (!error)
        error = wait_for_room(self);
    if (!error)
        error = client_start(self->server, stream);
    if (error)
        xie_stream_abort(stream);
    /* Without memory this client is turned away; the next one may find some. */
    return error == -ENOMEM ? xie_sleep(XIE_MEMORY_PAUSE) : error;
}

static void place_close(struct place *self)
{
    struct xie_listener *listener = self->listener;
    self->listener = NULL;
    if (!listener)
        return;
    listener->owner = NULL;
    xie_listener_close(listener);
}

static int accept_all(void *arg)
{
    struct place *self = arg;
    struct xie_server *server = self->server;
    int error = 0;
    while (self->listener && !error)
        error = accept_next(self);
    if (self->listener && error != xie_check()) {
        xie_report("server '%s' (%s): accept: %s; this listener is closed", server->name,
                   server->where, xie_strerror(error));
        server->error = error;
    }
    place_close(self);
    xie_list_remove(&self->link);
    xie_release(self);
    xie_event_set(&server->changed);
    server_unref(server);
    return 0;
}

int xie_server_add(struct xie_server *server, struct xie_listener *listener)
{
    if (server->closed)
        return XIE_ECLOSED;
    if (listener->owner)
        return -EBUSY;
    struct place *self = xie_alloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct place){.server = server, .listener = listener};
    struct xie_task *task = xie_spawn_at(accept_all, self, NULL, "xie_server", server->where);
    if (!task) {
        xie_release(self);
        return -ENOMEM;
    }
    xie_detach(task);
    xie_list_push(&server->places, &self->link);
    listener->owner = &self->listener;
    server->refs++;
    return 0;
}

/* --- listening -----------------------------------------------------------------------------------
 */

enum { XIE_PORT_TRIES = 8 }; /* for a port that is free at every address */

static void close_all(struct xie_listener **listeners, int count)
{
    for (int i = 0; i < count; i++)
        xie_listener_close(listeners[i]);
}

/* Listen at all of them, on one port; or at none. */
static int listen_all(const struct xie_listen_options *options, struct xie_address *addresses,
                      int count, struct xie_listener **listeners)
{
    uint16_t port = options->port;
    for (int i = 0; i < count; i++) {
        struct xie_address found;
        xie_address_set_port(&addresses[i], port);
        listeners[i] = NULL;
        int error = xie_listen_at(options, &addresses[i], &listeners[i]);
        if (!error && !i && !port) {
            error = xie_listener_address(listeners[i], &found);
            port = error ? 0 : xie_address_port(&found);
        }
        if (!error)
            continue;
        close_all(listeners, i + (listeners[i] != NULL));
        return error;
    }
    return 0;
}

static int add_all(struct xie_server *server, struct xie_listener **listeners, int count)
{
    for (int i = 0; i < count; i++) {
        int error = xie_server_add(server, listeners[i]);
        if (!error)
            continue;
        close_all(listeners, count); /* those that are the server's too: it goes on without */
        return error;
    }
    return 0;
}

int xie_server_listen(struct xie_server *server, const struct xie_listen_options *options)
{
    struct all {
        struct xie_address addresses[XIE_LISTEN_MOST];
        struct xie_listener *listeners[XIE_LISTEN_MOST];
    } *all = xie_alloc_zero(sizeof *all);
    server->refs++; /* it may be freed during the look-up */
    int count = all ? xie_listen_find(options, all->addresses) : -ENOMEM;
    int error = count < 0 ? count : -EADDRINUSE;
    for (int i = 0; error == -EADDRINUSE && i < (options->port ? 1 : XIE_PORT_TRIES); i++)
        error = listen_all(options, all->addresses, count, all->listeners);
    if (!error)
        error = add_all(server, all->listeners, count);
    xie_release(all);
    server_unref(server);
    return error;
}

/* --- the server ------------------------------------------------------------------------------ */

int xie_server_new_at(xie_server_handler *handler, void *arg,
                      const struct xie_server_options *options, const char *name, const char *where,
                      struct xie_server **server)
{
    if (!xie_loop_current())
        return -EPERM;
    struct xie_server *made = xie_alloc(sizeof *made);
    if (!made)
        return -ENOMEM;
    *made = (struct xie_server){.handler = handler, .arg = arg, .name = name, .where = where};
    if (options)
        made->options = *options;
    made->refs = 1;
    xie_list_init(&made->places);
    xie_list_init(&made->clients);
    *server = made;
    return 0;
}

static bool is_own_handler(const struct xie_server *server)
{
    struct xie_task *self = xie_task_current();
    const struct xie_link *head = &server->clients;
    for (const struct xie_link *at = head->next; at != head; at = at->next)
        if (self && XIE_CONTAINER(at, struct client, link)->task == self)
            return true;
    return false;
}

/* Until every task of it has ended. */
static int wait_until_idle(struct xie_server *server)
{
    int error = 0;
    while (!error && (!xie_list_empty(&server->places) || !xie_list_empty(&server->clients))) {
        xie_event_clear(&server->changed);
        error = xie_event_wait(&server->changed);
    }
    return error;
}

int xie_server_wait(struct xie_server *server)
{
    struct xie_task *self;
    server->refs++;
    int error = xie_wait_enter(&self);
    if (!error)
        error = is_own_handler(server) ? XIE_EDEADLOCK : wait_until_idle(server);
    if (!error)
        error = server->error;
    server_unref(server);
    return error;
}

int xie_server_serve(struct xie_server *server)
{
    server->refs++;
    int error = xie_server_wait(server);
    if (error && error == xie_check()) {
        xie_server_close(server);
        xie_server_close_clients(server);
        XIE_SHIELD
            wait_until_idle(server);
    }
    server_unref(server);
    return error;
}

/* A place goes when its task has heard of it. */
void xie_server_close(struct xie_server *server)
{
    struct xie_link *head = &server->places;
    server->closed = true;
    server->refs++;
    for (;;) {
        struct xie_link *at = head->next;
        while (at != head && !XIE_CONTAINER(at, struct place, link)->listener)
            at = at->next;
        if (at == head)
            break;
        place_close(XIE_CONTAINER(at, struct place, link));
    }
    server_unref(server);
}

static void cancel_clients(struct xie_server *server, bool reset)
{
    struct xie_link *head = &server->clients;
    for (struct xie_link *at = head->next; at != head; at = at->next) {
        struct client *self = XIE_CONTAINER(at, struct client, link);
        self->reset |= reset;
        xie_task_cancel(self->task);
    }
}

void xie_server_close_clients(struct xie_server *server)
{
    cancel_clients(server, false);
}

void xie_server_abort_clients(struct xie_server *server)
{
    cancel_clients(server, true);
}

bool xie_server_is_serving(const struct xie_server *server)
{
    return xie_server_listener(server, 0) != NULL;
}

struct xie_listener *xie_server_listener(const struct xie_server *server, size_t index)
{
    const struct xie_link *head = &server->places;
    for (const struct xie_link *at = head->next; at != head; at = at->next) {
        struct place *place = XIE_CONTAINER(at, struct place, link);
        if (place->listener && !index--)
            return place->listener;
    }
    return NULL;
}

struct xie_server_counts xie_server_counts(const struct xie_server *server)
{
    return server->counts;
}

void xie_server_free(struct xie_server *server)
{
    if (!server)
        return;
    if (is_own_handler(server))
        xie_misuse("xie_server_free: in a handler of this server, which it would wait for");
    xie_server_close(server);
    xie_server_close_clients(server);
    XIE_SHIELD
        wait_until_idle(server);
    server_unref(server);
}
