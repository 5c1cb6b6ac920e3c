/* send.c - frames go out: messages, pings, the close.
 * Floor 8. A frame is made at once, in the order of the calls, and written whole. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "utf8.h"
#include "ws.h"

void xie_ws_send_pong(struct xie_ws *ws, struct xie_chunk *chunk)
{
    /* A peer that pings without reading gets one answer, however often it asked. */
    xie_out_drop_pong(&ws->out);
    chunk->pong = true;
    xie_out_add(&ws->out, chunk, false);
    xie_out_kick(&ws->out);
}

int xie_ws_pump(struct xie_ws *ws)
{
    if (!ws->parser || !wslay_event_want_write(ws->parser))
        return 0;
    size_t heads = wslay_event_get_queued_msg_count(ws->parser) * XIE_WS_FRAME_HEAD;
    struct xie_chunk *chunk = xie_chunk_new(wslay_event_get_queued_msg_length(ws->parser) + heads);
    if (!chunk)
        return -ENOMEM;
    ws->making = chunk;
    wslay_event_send(ws->parser);
    ws->making = NULL;
    xie_ws_send_pong(ws, chunk);
    return 0;
}

int xie_ws_send_close(struct xie_ws *ws, uint16_t code, const char *reason, size_t len)
{
    char payload[2 + XIE_WS_REASON] = {(char)(code >> 8), (char)(code & 0xff)};
    if (ws->close_sent)
        return XIE_ECLOSED;
    memcpy(payload + 2, reason, len);
    size_t size = code == WSLAY_CODE_NO_STATUS_RCVD ? 0 : 2 + len;
    struct xie_chunk *chunk =
        xie_ws_frame(ws, WSLAY_CONNECTION_CLOSE, WSLAY_RSV_NONE, payload, size);
    if (!chunk)
        return -ENOMEM;
    ws->close_sent = true;
    if (ws->parser)
        wslay_event_shutdown_write(ws->parser);
    xie_out_add(&ws->out, chunk, false);
    xie_out_kick(&ws->out);
    return 0;
}

/* Is this worth compressing? An empty message would have nothing to end in. */
static bool packable(const struct xie_ws *ws, uint8_t opcode, size_t len)
{
    return ws->deflate && !wslay_is_ctrl_frame(opcode) && len && len >= ws->deflate_least &&
           xie_deflate_able(ws->deflate);
}

static struct xie_chunk *pack(struct xie_ws *ws, uint8_t opcode, const void *data, size_t len)
{
    struct xie_bytes packed = {0};
    struct xie_chunk *chunk = NULL;
    if (!xie_deflate_pack(ws->deflate, data, len, &packed)) {
        chunk = xie_ws_frame(ws, opcode, WSLAY_RSV1_BIT, xie_bytes_first(&packed), packed.len);
        if (!chunk)
            xie_deflate_forget(ws->deflate);
    }
    xie_bytes_fini(&packed);
    ws->packed++;
    return chunk;
}

/* A compressed message that is not sent may not be referred to: it is taken back only while no
 * later one was compressed with it in mind. */
static void leave(struct xie_ws *ws, struct xie_chunk *chunk, uint64_t number)
{
    bool history = number && !ws->own_alone && !chunk->done;
    chunk->needed = history && number != ws->packed;
    if (history && !chunk->needed && !chunk->off && !chunk->flying) {
        xie_deflate_forget(ws->deflate);
        ws->packed--;
    }
    xie_out_leave(&ws->out, chunk);
}

/* Messages are at hand that nobody has received yet, so that more may be sent at once: let it share
 * their write. A task of its own writes as soon as whoever sends waits; without one it is not put
 * off. */
static bool may_wait(struct xie_ws *ws, size_t len)
{
    if (!ws->in.len || len + ws->out.pending > XIE_WS_CORK)
        return false;
    xie_out_kick(&ws->out);
    return ws->out.flushing;
}

static int send_inside(struct xie_ws *ws, uint8_t opcode, const void *data, size_t len)
{
    /* In a triggered scope nothing is begun. */
    if (xie_check() < 0)
        return xie_sleep(0);
    if (ws->out.error)
        return ws->out.error;
    if (ws->close_sent || ws->error)
        return XIE_ECLOSED;
    bool packed = packable(ws, opcode, len);
    struct xie_chunk *chunk =
        packed ? pack(ws, opcode, data, len) : xie_ws_frame(ws, opcode, WSLAY_RSV_NONE, data, len);
    if (!chunk)
        return -ENOMEM;
    if (may_wait(ws, len)) {
        xie_out_add(&ws->out, chunk, false);
        ws->put_off = true;
        return 0;
    }
    uint64_t number = packed ? ws->packed : 0;
    xie_out_add(&ws->out, chunk, true);
    int err = xie_out_drain(&ws->out, chunk);
    if (!err && !ws->out.pending) /* it went out behind those; others may stand behind it */
        ws->put_off = false;
    leave(ws, chunk, number);
    return err;
}

static int send_frame(struct xie_ws *ws, uint8_t opcode, const void *data, size_t len)
{
    int err = xie_ws_enter(ws);
    if (err < 0)
        return err;
    err = send_inside(ws, opcode, data, len);
    xie_ws_leave(ws);
    return err;
}

int xie_ws_send(struct xie_ws *ws, enum xie_ws_kind kind, const void *data, size_t len)
{
    if (kind != XIE_WS_TEXT && kind != XIE_WS_BINARY)
        return -EINVAL;
    if (kind == XIE_WS_TEXT && !xie_web_utf8(data, len))
        return -EILSEQ;
    return send_frame(ws, kind == XIE_WS_TEXT ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, data, len);
}

int xie_ws_ping(struct xie_ws *ws)
{
    return send_frame(ws, WSLAY_PING, NULL, 0);
}
