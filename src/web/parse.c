/* parse.c - bytes become messages: wslay's callbacks.
 * Floor 8. They run inside the parser and never wait. wslay hands payloads over as they
 * come, so that memory follows what has arrived, not what a frame's head announces. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "handshake.h"
#include "utf8.h"
#include "ws.h"

static void fail(struct xie_ws *ws, int error, uint16_t code)
{
    ws->parse_error = error;
    ws->fail_code = code;
    wslay_event_shutdown_read(ws->parser);
}

static ssize_t on_read(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags, void *arg)
{
    struct xie_ws *ws = arg;
    (void)flags;
    /* One frame at a time: between two, it has nothing of ours in its own 4 KiB. */
    if (!ws->in.len || !ws->lent) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size_t n = ws->in.len < len ? ws->in.len : len;
    n = ws->lent < n ? (size_t)ws->lent : n;
    memcpy(buf, xie_bytes_first(&ws->in), n);
    xie_bytes_take(&ws->in, n);
    ws->lent -= n;
    return (ssize_t)n;
}

static ssize_t on_write(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags,
                        void *arg)
{
    struct xie_ws *ws = arg;
    (void)ctx, (void)flags;
    if (ws->making)
        xie_chunk_add(ws->making, data, len);
    return (ssize_t)len;
}

static int on_mask(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, void *arg)
{
    (void)ctx, (void)len, (void)arg; /* it is 4 */
    return xie_ws_mask(buf);
}

static void on_frame(wslay_event_context_ptr ctx,
                     const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
    struct xie_ws *ws = arg;
    (void)ctx;
    ws->opcode = frame->opcode;
    if (ws->parse_error)
        return;
    /* The bit belongs to the first frame of a message: RFC 7692 section 6. */
    if (frame->rsv &&
        (wslay_is_ctrl_frame(frame->opcode) || frame->opcode == WSLAY_CONTINUATION_FRAME)) {
        fail(ws, XIE_EWS_PROTOCOL, WSLAY_CODE_PROTOCOL_ERROR);
        return;
    }
    if (wslay_is_ctrl_frame(frame->opcode))
        return;
    if (!ws->partial)
        ws->partial = xie_alloc_zero(sizeof *ws->partial);
    if (!ws->partial)
        fail(ws, -ENOMEM, WSLAY_CODE_INTERNAL_SERVER_ERROR);
    else if (frame->rsv)
        ws->partial->packed = true;
    else if (!ws->partial->packed &&
             frame->payload_length > ws->max_message - ws->partial->data.len)
        fail(ws, XIE_ELIMIT, WSLAY_CODE_MESSAGE_TOO_BIG);
}

/* A piece of a compressed message, or its end. */
static void unpack(struct xie_ws *ws, const void *data, size_t len, bool end)
{
    int err = xie_deflate_unpack(ws->deflate, data, len, end, &ws->partial->data, ws->max_message);
    if (err == -ENOMEM)
        fail(ws, err, WSLAY_CODE_INTERNAL_SERVER_ERROR);
    else if (err == XIE_ELIMIT)
        fail(ws, err, WSLAY_CODE_MESSAGE_TOO_BIG);
    else if (err < 0)
        fail(ws, err, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
}

static void on_payload(wslay_event_context_ptr ctx,
                       const struct wslay_event_on_frame_recv_chunk_arg *payload, void *arg)
{
    struct xie_ws *ws = arg;
    (void)ctx;
    if (ws->parse_error)
        return;
    if (ws->opcode == WSLAY_CONNECTION_CLOSE) {
        memcpy(ws->close_frame + ws->close_len, payload->data, payload->data_length);
        ws->close_len += payload->data_length;
    }
    if (wslay_is_ctrl_frame(ws->opcode))
        return;
    if (ws->partial->packed)
        unpack(ws, payload->data, payload->data_length, false);
    else if (xie_bytes_add(&ws->partial->data, payload->data, payload->data_length) < 0)
        fail(ws, -ENOMEM, WSLAY_CODE_INTERNAL_SERVER_ERROR);
}

/* The close frame is what it will be. wslay would refuse the codes 1012 to 1014, which servers
 * send when they restart, so it has no say in the answer. RFC 6455 section 5.5.1. */
void xie_ws_take_close(struct xie_ws *ws)
{
    const unsigned char *frame = ws->close_frame;
    size_t len = ws->close_len > 2 ? ws->close_len - 2 : 0;
    wslay_event_shutdown_write(ws->parser);
    wslay_event_shutdown_read(ws->parser);
    ws->code = WSLAY_CODE_NO_STATUS_RCVD;
    if (ws->close_len >= 2)
        ws->code = (uint16_t)(frame[0] << 8 | frame[1]);
    if (ws->close_len == 1 || (ws->close_len && !xie_ws_code_ok(ws->code))) {
        fail(ws, XIE_EWS_PROTOCOL, WSLAY_CODE_PROTOCOL_ERROR);
    } else if (!xie_web_utf8(frame + 2, len)) {
        fail(ws, XIE_EWS_PROTOCOL, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
    } else {
        memcpy(ws->reason, frame + 2, len);
        ws->close_received = true;
    }
}

static void on_frame_end(wslay_event_context_ptr ctx, void *arg)
{
    struct xie_ws *ws = arg;
    (void)ctx;
    if (ws->opcode == WSLAY_CONNECTION_CLOSE && !ws->parse_error)
        xie_ws_take_close(ws);
}

/* The whole of a compressed message is here; its text could not be judged as it came. */
static bool unpacked(struct xie_ws *ws, enum xie_ws_kind kind)
{
    unpack(ws, NULL, 0, true);
    const struct xie_bytes *data = &ws->partial->data;
    if (!ws->parse_error && kind == XIE_WS_TEXT && !xie_web_utf8(xie_bytes_first(data), data->len))
        fail(ws, XIE_EWS_PROTOCOL, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
    return !ws->parse_error;
}

static void take_message(struct xie_ws *ws, enum xie_ws_kind kind)
{
    struct xie_ws_message *message = ws->partial;
    if (message->packed && !unpacked(ws, kind))
        return;
    if (xie_bytes_reserve(&message->data, 1) < 0) {
        fail(ws, -ENOMEM, WSLAY_CODE_INTERNAL_SERVER_ERROR);
        return;
    }
    *xie_bytes_end(&message->data) = 0;
    message->kind = kind;
    xie_list_push(&ws->inbox, &message->link);
    ws->partial = NULL;
}

static void on_message(wslay_event_context_ptr ctx,
                       const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct xie_ws *ws = arg;
    (void)ctx;
    if (ws->parse_error)
        return;
    if (!wslay_is_ctrl_frame(message->opcode))
        take_message(ws, message->opcode == WSLAY_TEXT_FRAME ? XIE_WS_TEXT : XIE_WS_BINARY);
}

const struct wslay_event_callbacks xie_ws_callbacks = {
    .recv_callback = on_read,
    .send_callback = on_write,
    .genmask_callback = on_mask,
    .on_frame_recv_start_callback = on_frame,
    .on_frame_recv_chunk_callback = on_payload,
    .on_frame_recv_end_callback = on_frame_end,
    .on_msg_recv_callback = on_message,
};

int xie_ws_wake_parser(struct xie_ws *ws)
{
    if (ws->parser)
        return 0;
    int err = ws->client ? wslay_event_context_client_init(&ws->parser, &xie_ws_callbacks, ws)
                         : wslay_event_context_server_init(&ws->parser, &xie_ws_callbacks, ws);
    if (err) {
        ws->parser = NULL;
        return -ENOMEM;
    }
    wslay_event_config_set_no_buffering(ws->parser, 1);
    /* Ours counts whole messages; wslay's would see only one frame at a time. */
    wslay_event_config_set_max_recv_msg_length(ws->parser, UINT64_MAX);
    if (ws->deflate)
        wslay_event_config_set_allowed_rsv_bits(ws->parser, WSLAY_RSV1_BIT);
    if (ws->close_sent)
        wslay_event_shutdown_write(ws->parser);
    return 0;
}

void xie_ws_rest_parser(struct xie_ws *ws)
{
    if (!ws->parser || ws->deflate || ws->lent || ws->head_len || ws->partial)
        return;
    if (ws->close_received || xie_ws_parser_stopped(ws) || wslay_event_want_write(ws->parser))
        return;
    wslay_event_context_free(ws->parser);
    ws->parser = NULL;
}

bool xie_ws_parser_stopped(const struct xie_ws *ws)
{
    return ws->parser && !wslay_event_get_read_enabled(ws->parser);
}
