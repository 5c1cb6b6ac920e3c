/* server.c - accepting connections and running the handler for each request.
 * Floor 8. A task per connection, in a group: none outlives xie_http_serve. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "http.h"
#include "io/listener.h"
#include "secure.h"

static const struct xie_http_options defaults = {
    .max_head = 16 << 10,
    .max_body = 1 << 20,
    .max_connections = 1000,
    .head_timeout_ns = 10 * XIE_SECOND,
    .body_timeout_ns = 60 * XIE_SECOND,
    .idle_timeout_ns = 60 * XIE_SECOND,
    .write_timeout_ns = 60 * XIE_SECOND,
};

static int64_t either(int64_t given, int64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

static void fill_options(struct xie_http_options *to, const struct xie_http_options *from)
{
    *to = defaults;
    if (!from)
        return;
    to->tls = from->tls;
    to->max_head = from->max_head ? from->max_head : to->max_head;
    to->max_body = from->max_body ? from->max_body : to->max_body;
    to->max_connections = from->max_connections ? from->max_connections : to->max_connections;
    to->head_timeout_ns = either(from->head_timeout_ns, to->head_timeout_ns);
    to->body_timeout_ns = either(from->body_timeout_ns, to->body_timeout_ns);
    to->idle_timeout_ns = either(from->idle_timeout_ns, to->idle_timeout_ns);
    to->write_timeout_ns = either(from->write_timeout_ns, to->write_timeout_ns);
}

/* Run the handler and answer for it if it did not. return 0: go on to the next request. */
static int answer(struct xie_http *http)
{
    int result = http->server->handler(http, http->server->arg);
    if (http->ws)
        xie_misuse("an HTTP handler returned without freeing its WebSocket");
    if (http->taken || http->broken)
        return -1;
    if (!http->answered && xie_check() < 0)
        return -1; /* cancelled: there is nobody left to answer for it */
    if (!http->answered)
        (void)(result < 0 ? xie_http_refuse(http, 500)
                          : xie_http_answer(http, 204, NULL, "", 0)); /* http tells how it went */
    if (!http->answered || http->broken || http->out.error || http->close)
        return -1;
    return xie_http_skip_body(http);
}

static struct xie_http *http_new(struct xie_http_server *server, struct xie_stream *stream)
{
    struct xie_http *http = xie_alloc_zero(sizeof *http);
    if (!http)
        return NULL;
    http->server = server;
    http->stream = stream;
    http->read_size = XIE_HTTP_READ;
    xie_list_init(&http->link);
    xie_out_init(&http->out, stream, server->options.write_timeout_ns);
    return http;
}

static void http_free(struct xie_http *http)
{
    xie_out_fini(&http->out);
    if (!http->taken)
        xie_stream_close(http->stream);
    xie_message_fini(&http->message);
    xie_bytes_fini(&http->in);
    xie_bytes_fini(&http->target);
    xie_bytes_fini(&http->form);
    xie_bytes_fini(&http->fields);
    xie_release(http);
}

/* Before the first request there is TLS, where asked for. Bounded as a head is, and cut short by
 * the server's end, as is waiting for a request. */
static int secure(struct xie_http *http)
{
    struct xie_http_server *server = http->server;
    struct xie_scope scope;
    if (!server->options.tls)
        return 0;
    if (server->stopping)
        return -ECANCELED;
    xie_scope_open(&scope, server->options.head_timeout_ns);
    http->idle = &scope;
    xie_list_push(&server->idle, &http->link);
    int err = xie_secure_start(http->stream, server->options.tls);
    xie_list_remove(&http->link);
    http->idle = NULL;
    xie_scope_close(&scope);
    return err;
}

int xie_http_connection(void *arg)
{
    struct xie_http *http = arg;
    struct xie_http_server *server = http->server;
    int err = secure(http);
    while (!err && xie_http_next(http) > 0 && !answer(http))
        ;
    if (!err && !http->broken && !http->taken)
        xie_http_linger(http);
    http_free(http);
    server->count--;
    xie_event_set(&server->ended);
    return 0; /* whatever befell this one, the others go on */
}

static int start(struct xie_http_server *server, struct xie_stream *stream)
{
    struct xie_http *http = http_new(server, stream);
    if (!http) {
        xie_stream_close(stream);
        return -ENOMEM;
    }
    int err = xie_group_spawn(server->group, xie_http_connection, http);
    if (err < 0) {
        http_free(http);
        return err;
    }
    server->count++;
    return 0;
}

/* Without memory a client is turned away; the next one may find some. */
static int wait_for_memory(struct xie_http_server *server, struct xie_listener *listener)
{
    int err = 0;
    xie_event_clear(&server->ended);
    XIE_TIMEOUT(10 * XIE_MILLISECOND)
        err = xie_listener_hold(listener, &server->ended);
    return err == -ETIMEDOUT ? xie_check() : err;
}

static int accept_all(struct xie_http_server *server, struct xie_listener *listener)
{
    for (;;) {
        struct xie_stream *stream;
        int err = 0;
        while (!err && server->count >= server->options.max_connections) {
            xie_event_clear(&server->ended);
            err = xie_listener_hold(listener, &server->ended);
        }
        if (!err)
            err = xie_listener_accept(listener, &stream);
        if (!err)
            err = start(server, stream);
        if (err == -ENOMEM)
            err = wait_for_memory(server, listener);
        if (err < 0)
            return err;
    }
}

/* Those that answer finish that answer; those that wait for a request wait no longer. */
static void stop(struct xie_http_server *server)
{
    server->stopping = true;
    for (struct xie_link *at = server->idle.next; at != &server->idle; at = at->next)
        xie_scope_cancel(XIE_CONTAINER(at, struct xie_http, link)->idle);
}

int xie_http_serve(struct xie_listener *listener, const struct xie_http_options *options,
                   xie_http_handler *handler, void *arg)
{
    struct xie_http_server server = {.handler = handler, .arg = arg};
    struct xie_group group;
    fill_options(&server.options, options);
    xie_list_init(&server.idle);
    server.group = &group;
    xie_group_open(&group);
    int err = accept_all(&server, listener);
    if (err == XIE_ECLOSED) {
        stop(&server);
        err = xie_group_wait(&group);
    } else {
        xie_group_cancel(&group);
    }
    xie_group_close(&group);
    return err;
}
