/* pool.c - the connections of an HTTP client: kept, shared out, bounded.
 * Floor 8. A place is handed to the first in line that can use it, before it runs: nobody takes
 * it from under it, and what it finds there it tries itself. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <xie/connect.h>

#include "base/memory.h"
#include "base/sys.h"
#include "client.h"
#include "secure.h"

enum { MAX_CONNECTIONS = 100, MAX_PER_HOST = 8 };

/* A request in line. */
struct turn {
    struct xie_link link;
    const struct xie_origin *origin;
    bool fresh;
    struct xie_conn *conn; /* what it was given */
    int error;             /* or why not */
    struct xie_event given;
};

static bool same(const struct xie_origin *a, const struct xie_origin *b)
{
    return a->port == b->port && a->secure == b->secure && a->tls == b->tls &&
           !strcasecmp(a->host, b->host);
}

static struct xie_conn *of_link(struct xie_link *link)
{
    return XIE_CONTAINER(link, struct xie_conn, link);
}

/* --- sharing out: nothing here waits ------------------------------------------------- */

static size_t count_in(const struct xie_link *list, const struct xie_origin *origin)
{
    size_t count = 0;
    for (struct xie_link *at = list->next; at != list; at = at->next)
        count += same(&of_link(at)->origin, origin);
    return count;
}

/* The one that was used last: the least likely to have died of age. */
static struct xie_conn *find_idle(struct xie_http_client *client, const struct xie_origin *origin)
{
    for (struct xie_link *at = client->idle.prev; at != &client->idle; at = at->prev) {
        if (same(&of_link(at)->origin, origin))
            return of_link(at);
    }
    return NULL;
}

static struct xie_conn *new_place(struct xie_http_client *client)
{
    struct xie_conn *conn = xie_alloc_zero(sizeof *conn);
    if (!conn)
        return NULL;
    xie_list_init(&conn->link);
    conn->client = client;
    if (client)
        client->count++;
    return conn;
}

/* A place for a connection to origin, moved to the busy ones. return 0 with *conn NULL: there is
 * no room. Linear in the connections, which are bounded. errors -ENOMEM */
static int find_place(struct xie_http_client *client, const struct xie_origin *origin, bool fresh,
                      struct xie_conn **found)
{
    struct xie_conn *conn = find_idle(client, origin);
    bool usable = conn && !fresh;
    bool fits = count_in(&client->busy, origin) + count_in(&client->idle, origin) <
                client->options.max_per_host;
    *found = NULL;
    if (!conn && !fits)
        return 0;
    bool room = fits && client->count < client->options.max_connections;
    if (!usable && room) {
        conn = new_place(client);
        if (!conn)
            return -ENOMEM;
    }
    if (!conn && !xie_list_empty(&client->idle))
        conn = of_link(client->idle.next); /* another host's, that nobody needs now */
    if (!conn)
        return 0;
    conn->stale = !usable;
    conn->origin = *origin;
    xie_list_remove(&conn->link);
    xie_list_push(&client->busy, &conn->link);
    *found = conn;
    return 0;
}

/* Something has become free: whoever stands in line and can use it is given it. */
static void share(struct xie_http_client *client)
{
    struct xie_link *at = client->waiting.next, *next;
    for (; at != &client->waiting; at = next) {
        struct turn *turn = XIE_CONTAINER(at, struct turn, link);
        next = at->next;
        turn->error = find_place(client, turn->origin, turn->fresh, &turn->conn);
        if (!turn->conn && !turn->error)
            continue;
        xie_list_remove(&turn->link);
        xie_event_set(&turn->given);
    }
}

/* --- opening and closing --------------------------------------------------------------- */

/* Has the peer said nothing since the last answer, its end included? */
static bool quiet(const struct xie_conn *conn)
{
    char byte;
    int fd = xie_stream_fd(conn->stream);
    if (conn->in.len || xie_stream_buffered(conn->stream, NULL) || xie_secure_unread(conn->stream))
        return false;
    return fd < 0 || xie_sys_recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -EAGAIN;
}

static int connect_to(struct xie_conn *conn, struct xie_tls_failure *failure)
{
    const struct xie_origin *origin = &conn->origin;
    if (!origin->secure)
        return xie_tcp_connect(origin->host, origin->port, &conn->stream);
    return xie_secure_connect(origin->tls, origin->host, origin->port, failure, &conn->stream);
}

/* Make what stands in a place a connection that works. */
static int ready(struct xie_conn *conn, struct xie_tls_failure *failure)
{
    conn->kept = conn->stream && !conn->stale && quiet(conn);
    if (conn->kept)
        return 0;
    struct xie_stream *old = conn->stream;
    conn->stream = NULL;
    conn->stale = false;
    xie_bytes_clear(&conn->in);
    xie_stream_close(old);
    return connect_to(conn, failure);
}

static int wait_in_line(struct xie_http_client *client, struct turn *turn)
{
    xie_list_push(&client->waiting, &turn->link);
    int err = xie_event_wait(&turn->given);
    xie_list_remove(&turn->link);
    /* Given something, it goes on with that, and is interrupted at its next wait. */
    return turn->conn || turn->error ? turn->error : err;
}

int xie_conn_take(struct xie_http_client *client, const struct xie_origin *origin, bool fresh,
                  struct xie_tls_failure *failure, struct xie_conn **conn)
{
    struct turn turn = {.origin = origin, .fresh = fresh};
    int err = 0;
    if (client)
        err = find_place(client, origin, fresh, &turn.conn);
    else if (!(turn.conn = new_place(NULL)))
        err = -ENOMEM;
    if (!err && !turn.conn)
        err = wait_in_line(client, &turn);
    if (err < 0)
        return err;
    turn.conn->origin = *origin;
    err = ready(turn.conn, failure);
    if (err < 0)
        xie_conn_drop(turn.conn);
    else
        *conn = turn.conn;
    return err;
}

static void close_conn(struct xie_conn *conn, bool reset)
{
    if (conn->stream && reset)
        xie_stream_abort(conn->stream);
    else
        xie_stream_close(conn->stream);
    xie_bytes_fini(&conn->in);
    xie_release(conn);
}

/* Take it off its client, whose room it gives back. */
static void detach(struct xie_conn *conn)
{
    struct xie_http_client *client = conn->client;
    xie_list_remove(&conn->link);
    conn->client = NULL;
    if (!client)
        return;
    client->count--;
    if (!client->closing)
        share(client);
}

void xie_conn_drop(struct xie_conn *conn)
{
    if (!conn)
        return;
    detach(conn);
    close_conn(conn, true);
}

/* --- idle ones --------------------------------------------------------------------------- */

static void sweep(void *arg);

static void arm(struct xie_http_client *client)
{
    if (xie_list_empty(&client->idle) || xie_call_pending(&client->sweep))
        return;
    int64_t since = of_link(client->idle.next)->since, patience = client->options.idle_timeout_ns;
    if (patience < XIE_NEVER - since)
        xie_call_at(&client->sweep, since + patience, sweep, client);
}

/* A callback: it cannot wait, and need not. */
static void sweep(void *arg)
{
    struct xie_http_client *client = arg;
    int64_t limit = xie_now() - client->options.idle_timeout_ns;
    while (!xie_list_empty(&client->idle) && of_link(client->idle.next)->since <= limit) {
        struct xie_conn *conn = of_link(client->idle.next);
        detach(conn);
        close_conn(conn, false);
    }
    arm(client);
}

void xie_conn_keep(struct xie_conn *conn)
{
    struct xie_http_client *client = conn->client;
    if (!client || client->closing || conn->in.len) {
        detach(conn);
        close_conn(conn, false);
        return;
    }
    xie_list_remove(&conn->link);
    xie_list_push(&client->idle, &conn->link);
    conn->since = xie_now();
    xie_bytes_fini(&conn->in); /* an idle connection costs no buffer */
    share(client);
    arm(client);
}

/* --- the client ---------------------------------------------------------------------------- */

int xie_client_enter(struct xie_http_client *client, struct xie_client_call *call)
{
    call->client = client;
    if (!client)
        return 0;
    if (client->closing)
        return XIE_ECLOSED;
    xie_scope_open(&call->scope, XIE_NEVER);
    xie_list_push(&client->calls, &call->link);
    return 0;
}

int xie_client_leave(struct xie_client_call *call, int result)
{
    struct xie_http_client *client = call->client;
    if (!client)
        return result;
    xie_list_remove(&call->link);
    xie_scope_close(&call->scope);
    if (!client->closing)
        return result;
    if (xie_list_empty(&client->calls))
        xie_event_set(&client->left);
    return result < 0 ? XIE_ECLOSED : result;
}

int xie_http_client_open(const struct xie_http_client_options *options,
                         struct xie_http_client **result)
{
    if (!xie_loop_current())
        return -EPERM;
    struct xie_http_client *client = xie_alloc_zero(sizeof *client);
    if (!client)
        return -ENOMEM;
    if (options)
        client->options = *options;
    if (!client->options.max_connections)
        client->options.max_connections = MAX_CONNECTIONS;
    if (!client->options.max_per_host)
        client->options.max_per_host = MAX_PER_HOST;
    if (client->options.idle_timeout_ns <= 0)
        client->options.idle_timeout_ns = 30 * XIE_SECOND;
    xie_list_init(&client->idle);
    xie_list_init(&client->busy);
    xie_list_init(&client->waiting);
    xie_list_init(&client->calls);
    *result = client;
    return 0;
}

/* Everybody leaves. */
static void turn_out(struct xie_http_client *client)
{
    client->closing = true;
    xie_call_cancel(&client->sweep);
    for (struct xie_link *at = client->calls.next; at != &client->calls; at = at->next)
        xie_scope_cancel(&XIE_CONTAINER(at, struct xie_client_call, link)->scope);
    XIE_SHIELD {
        while (!xie_list_empty(&client->calls)) {
            xie_event_clear(&client->left);
            xie_event_wait(&client->left);
        }
    }
}

void xie_http_client_close(struct xie_http_client *client)
{
    if (!client)
        return;
    turn_out(client);
    /* Closing may wait, and an answer be freed meanwhile: each list is asked anew. */
    while (!xie_list_empty(&client->busy)) {
        struct xie_conn *conn = of_link(client->busy.next);
        struct xie_stream *stream = conn->stream;
        detach(conn);
        conn->stream = NULL;
        conn->closed = true;
        xie_stream_abort(stream);
    }
    while (!xie_list_empty(&client->idle)) {
        struct xie_conn *conn = of_link(client->idle.next);
        detach(conn);
        close_conn(conn, false);
    }
    xie_secure_forget(client->defaults);
    xie_release(client);
}

size_t xie_http_client_count(const struct xie_http_client *client, size_t *idle)
{
    size_t count = 0;
    for (struct xie_link *at = client->idle.next; at != &client->idle; at = at->next)
        count++;
    if (idle)
        *idle = count;
    return client->count;
}
