/* receive.c - waiting for messages, and noticing that the peer is gone.
 * Floor 8. Whoever receives reads, answers pings and keeps the silence clock. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "utf8.h"
#include "ws.h"

/* The connection fails with no more words. */
static int die(struct xie_ws *ws, int error)
{
    xie_ws_end(ws, error);
    xie_out_abort(&ws->out, error);
    return error;
}

/* What wslay wanted to close with. It says nothing where the head of a frame was wrong. */
static uint16_t verdict(struct xie_ws *ws)
{
    wslay_event_send(ws->parser); /* into nowhere: ws->making is NULL */
    return wslay_event_get_status_code_sent(ws->parser) == WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA
               ? WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA
               : WSLAY_CODE_PROTOCOL_ERROR;
}

/* The peer broke the rules or a limit: tell it which, and receive no more. */
static void fail(struct xie_ws *ws, int error, uint16_t code)
{
    xie_ws_send_close(ws, code, "", 0);
    xie_ws_end(ws, error);
}

/* wslay reads no further. It looks for text two bytes late in each piece of a close frame that
 * arrives in pieces: then, what came of it before has to do, in whole characters. */
static void refused(struct xie_ws *ws)
{
    uint16_t code = verdict(ws);
    if (code == WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA && ws->close_len) {
        while (ws->close_len > 2 && !xie_web_utf8(ws->close_frame + 2, ws->close_len - 2))
            ws->close_len--;
        ws->close_len = ws->close_len == 1 ? 0 : ws->close_len; /* half a code is none */
        xie_ws_take_close(ws);
    }
    if (ws->parse_error)
        fail(ws, ws->parse_error, ws->fail_code);
    else if (!ws->close_received)
        fail(ws, XIE_EWS_PROTOCOL, code);
}

/* Frame by frame, until there is a message, or one that needs more than has come. 0 or -ENOMEM */
static int feed(struct xie_ws *ws)
{
    while (xie_list_empty(&ws->inbox) && !ws->parse_error && !ws->close_received &&
           !xie_ws_parser_stopped(ws)) {
        if (ws->lent ? !ws->in.len : !xie_ws_next_frame(ws))
            return 0;
        if (!ws->lent)
            continue;
        if (xie_ws_wake_parser(ws) < 0)
            return -ENOMEM;
        wslay_event_recv(ws->parser);
    }
    return 0;
}

/* Parse what has been read. */
static int parse(struct xie_ws *ws)
{
    if (feed(ws) < 0)
        return -ENOMEM;
    if (ws->parse_error)
        fail(ws, ws->parse_error, ws->fail_code);
    else if (xie_ws_parser_stopped(ws) && !ws->close_received)
        refused(ws);
    if (ws->error)
        return 0;
    if (!ws->close_received)
        return xie_ws_pump(ws);
    /* Their close is answered by its like, unless it is the answer to ours. */
    int err = xie_ws_send_close(ws, ws->code, ws->reason, strlen(ws->reason));
    xie_event_set(&ws->closed);
    return err == XIE_ECLOSED ? 0 : err;
}

/* An interval has passed without a sign of life: ask for one; the second time give up. */
static int silent(struct xie_ws *ws)
{
    if (ws->pinged)
        return die(ws, -ETIMEDOUT);
    struct xie_chunk *chunk = xie_ws_frame(ws, WSLAY_PING, WSLAY_RSV_NONE, NULL, 0);
    if (!chunk)
        return -ENOMEM;
    xie_out_add(&ws->out, chunk, false);
    xie_out_kick(&ws->out);
    ws->pinged = true;
    ws->heard = xie_now();
    return 0;
}

static void heard(struct xie_ws *ws, size_t len)
{
    ws->in.len += len;
    ws->pinged = false;
    if (ws->ping_interval_ns)
        ws->heard = xie_now();
    if (len >= ws->read_size && ws->read_size < XIE_WS_READ_MAX)
        ws->read_size *= 2;
}

/* Read more. return 0 something has changed. */
static int more(struct xie_ws *ws)
{
    struct xie_scope scope;
    xie_ws_rest_parser(ws);
    if (xie_bytes_reserve(&ws->in, ws->read_size) < 0)
        return -ENOMEM;
    xie_scope_open(&scope,
                   ws->ping_interval_ns ? ws->heard + ws->ping_interval_ns - xie_now() : XIE_NEVER);
    ws->reading = &scope;
    ssize_t n = xie_stream_read(ws->stream, xie_bytes_end(&ws->in), ws->read_size);
    ws->reading = NULL;
    xie_scope_close(&scope);
    if (ws->freeing) /* whatever came: nobody would be left to own it */
        return XIE_ECLOSED;
    if (n > 0) {
        heard(ws, (size_t)n);
        return 0;
    }
    if (!n) {
        xie_ws_end(ws, XIE_EOF);
        return 0;
    }
    if ((n == -ECANCELED || n == -ETIMEDOUT) && xie_check() < 0)
        return (int)n;
    return n == -ETIMEDOUT && xie_scope_expired(&scope) ? silent(ws) : die(ws, (int)n);
}

/* The last words: our close frame goes out. After an error the peer may still be sending;
 * closing under it would make the kernel throw our frame away, so its bytes are read. */
static int part(struct xie_ws *ws)
{
    char sink[XIE_WS_READ];
    if (ws->parted || ws->out.error)
        return ws->error;
    ws->parted = true;
    XIE_SCOPE(scope, XIE_WS_CLOSE_S * XIE_SECOND) {
        ws->reading = &scope;
        if (xie_out_drain(&ws->out, NULL) < 0 || !ws->error || ws->error == XIE_EOF)
            break;
        if (xie_stream_write_eof(ws->stream) < 0)
            break;
        while (xie_stream_read(ws->stream, sink, sizeof sink) > 0)
            ;
    }
    ws->reading = NULL;
    return ws->freeing ? XIE_ECLOSED : ws->error;
}

static struct xie_ws_message *next(struct xie_ws *ws)
{
    struct xie_ws_message *message = XIE_CONTAINER(ws->inbox.next, struct xie_ws_message, link);
    xie_list_remove(&message->link);
    return message;
}

/* return 1 a message; 0 the peer closed; an error. */
static int receive(struct xie_ws *ws, struct xie_ws_message **message)
{
    int err = 0;
    while (!err) {
        if (ws->freeing)
            return XIE_ECLOSED;
        if (xie_list_empty(&ws->inbox) && (ws->close_received || ws->error))
            return part(ws);
        if (xie_list_empty(&ws->inbox)) {
            err = parse(ws);
            bool idle = xie_list_empty(&ws->inbox) && !ws->close_received && !ws->error;
            if (!err && idle)
                err = more(ws);
        } else if (message) {
            *message = next(ws);
            return 1;
        } else {
            xie_ws_message_free(next(ws));
        }
    }
    return err;
}

int xie_ws_receive_inside(struct xie_ws *ws, struct xie_ws_message **message)
{
    /* While nobody receives, nobody could hear the peer: that time is not its silence. */
    ws->receiving = true;
    if (ws->ping_interval_ns)
        ws->heard += xie_now() - ws->left;
    int result = receive(ws, message);
    if (ws->ping_interval_ns)
        ws->left = xie_now();
    ws->receiving = false;
    return result;
}

int xie_ws_receive(struct xie_ws *ws, char **data, size_t *len)
{
    if (ws->receiving)
        return -EBUSY;
    if (xie_check() < 0)
        return xie_sleep(0);
    int result = xie_ws_enter(ws);
    if (result < 0)
        return result;
    xie_ws_give_back(ws);
    result = xie_ws_receive_inside(ws, &ws->current);
    if (result > 0) {
        *data = xie_bytes_first(&ws->current->data);
        *len = ws->current->data.len;
        result = (int)ws->current->kind;
    }
    xie_ws_leave(ws);
    return result;
}
