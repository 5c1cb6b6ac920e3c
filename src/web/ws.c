/* ws.c - making a WebSocket and taking it apart.
 * Floor 8. A call inside holds it; free turns everybody out, waits, then closes. */
/* SPDX-License-Identifier: MIT */
#include "ws.h"

#include <errno.h>

#include "base/memory.h"
#include "http.h"

enum { DEFAULT_MESSAGE = 64 << 20 };

void xie_ws_message_free(struct xie_ws_message *message)
{
    if (!message)
        return;
    xie_bytes_fini(&message->data);
    xie_release(message);
}

/* Everything but the stream. */
static void release(struct xie_ws *ws)
{
    struct xie_link *head = &ws->inbox;
    while (!xie_list_empty(head)) {
        struct xie_ws_message *message = XIE_CONTAINER(head->next, struct xie_ws_message, link);
        xie_list_remove(&message->link);
        xie_ws_message_free(message);
    }
    xie_ws_message_free(ws->current);
    xie_ws_message_free(ws->partial);
    wslay_event_context_free(ws->parser);
    xie_deflate_free(ws->deflate);
    xie_bytes_fini(&ws->in);
    xie_release(ws);
}

static int make_deflate(struct xie_ws *ws, const struct xie_ws_options *options,
                        const struct xie_deflate_terms *terms)
{
    if (!terms->on)
        return 0;
    ws->deflate = xie_deflate_new(terms);
    if (!ws->deflate)
        return -ENOMEM;
    ws->own_alone = terms->own_alone;
    ws->deflate_least = options->deflate_least ? options->deflate_least : XIE_WS_DEFLATE_LEAST;
    return 0;
}

bool xie_ws_deflates(const struct xie_ws *ws)
{
    return ws->deflate;
}

int xie_ws_new(struct xie_stream *stream, const struct xie_ws_options *options, bool client,
               const struct xie_deflate_terms *terms, struct xie_bytes *early,
               struct xie_ws **result)
{
    struct xie_ws *ws = xie_alloc_zero(sizeof *ws);
    if (!ws)
        return -ENOMEM;
    ws->stream = stream;
    ws->client = client;
    ws->max_message = options && options->max_message ? options->max_message : DEFAULT_MESSAGE;
    ws->ping_interval_ns = options ? options->ping_interval_ns : 0;
    ws->heard = ws->left = xie_now();
    ws->read_size = XIE_WS_READ;
    xie_list_init(&ws->inbox);
    xie_out_init(&ws->out, stream, XIE_NEVER);
    if (make_deflate(ws, options, terms) < 0) {
        release(ws);
        return -ENOMEM;
    }
    ws->in = *early;
    *early = (struct xie_bytes){0};
    *result = ws;
    return 0;
}

int xie_ws_enter(struct xie_ws *ws)
{
    if (ws->freeing)
        return XIE_ECLOSED;
    ws->users++;
    return 0;
}

void xie_ws_leave(struct xie_ws *ws)
{
    if (!--ws->users && ws->freeing)
        xie_event_set(&ws->gone);
}

void xie_ws_end(struct xie_ws *ws, int error)
{
    if (!ws->error)
        ws->error = error;
    xie_event_set(&ws->closed);
}

/* Is there something that a send has put off, and a peer that may take it? */
static bool owes(const struct xie_ws *ws)
{
    if (ws->error && ws->error != XIE_EOF)
        return false;
    return ws->put_off && ws->out.pending && !ws->out.error;
}

/* What a send has put off goes out, if the peer takes it; of who is in a hurry, soon. */
static void write_put_off(struct xie_ws *ws)
{
    struct xie_scope scope;
    xie_scope_open_shield(&scope, (xie_check() ? XIE_WS_HURRY_S : XIE_WS_CLOSE_S) * XIE_SECOND);
    xie_out_drain(&ws->out, NULL);
    xie_scope_close(&scope);
}

void xie_ws_free(struct xie_ws *ws)
{
    if (!ws)
        return;
    bool owed = owes(ws);
    ws->freeing = true;
    /* Before the wait for the peer: what came in it would be lost with the one who receives. */
    xie_ws_end(ws, XIE_ECLOSED);
    if (ws->reading)
        xie_scope_cancel(ws->reading);
    if (owed)
        write_put_off(ws);
    xie_out_abort(&ws->out, XIE_ECLOSED);
    XIE_SHIELD {
        while (ws->users)
            xie_event_wait(&ws->gone);
    }
    xie_out_fini(&ws->out);
    xie_stream_close(ws->stream);
    if (ws->http)
        ws->http->ws = NULL;
    release(ws);
}
