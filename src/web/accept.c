/* accept.c - a request becomes a WebSocket.
 * Floor 8. RFC 6455 section 4.2. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "extension.h"
#include "field.h"
#include "handshake.h"
#include "http.h"
#include "ws.h"

enum { OK = 0, BAD = 400, UPGRADE_REQUIRED = 426 };

bool xie_ws_requested(const struct xie_http *http)
{
    return http->message.parser.method == HTTP_GET &&
           xie_field_has(xie_http_field(http, "upgrade"), "websocket") &&
           xie_field_has(xie_http_field(http, "connection"), "upgrade");
}

/* 0, or the status to refuse the opening with. */
static int check_opening(const struct xie_http *http)
{
    const char *key = xie_http_field(http, "sec-websocket-key");
    const char *version = xie_http_field(http, "sec-websocket-version");
    if (!xie_ws_requested(http))
        return UPGRADE_REQUIRED;
    if (!http->message.parser.http_minor || !http->message.complete)
        return BAD;
    if (!version || strcmp(version, "13"))
        return UPGRADE_REQUIRED;
    if (xie_message_count(&http->message, "sec-websocket-key") != 1 || !xie_ws_key_ok(key))
        return BAD;
    return OK;
}

static struct xie_chunk *make_answer(struct xie_http *http, const char *proof,
                                     const char *extension)
{
    static const char field[] = "Sec-WebSocket-Extensions: ";
    static const char line[] = "HTTP/1.1 101 Switching Protocols\r\n"
                               "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: ";
    struct xie_chunk *chunk = xie_chunk_new(sizeof line + XIE_WS_ACCEPT + 4 + http->fields.len +
                                            sizeof field + XIE_EXTENSION + 2);
    if (!chunk)
        return NULL;
    xie_chunk_add(chunk, line, sizeof line - 1);
    xie_chunk_add(chunk, proof, XIE_WS_ACCEPT - 1);
    xie_chunk_add(chunk, "\r\n", 2);
    if (*extension) {
        xie_chunk_add(chunk, field, sizeof field - 1);
        xie_chunk_add(chunk, extension, strlen(extension));
        xie_chunk_add(chunk, "\r\n", 2);
    }
    if (http->fields.len)
        xie_chunk_add(chunk, xie_bytes_first(&http->fields), http->fields.len);
    xie_chunk_add(chunk, "\r\n", 2);
    return chunk;
}

/* From here on the stream is the WebSocket's, if the answer can be sent. */
static int turn(struct xie_http *http, struct xie_ws *ws, struct xie_chunk *answer)
{
    http->answered = http->close = http->taken = true;
    http->ws = ws;
    ws->http = http;
    int err = xie_http_send(http, answer, NULL, 0);
    xie_out_stop(&http->out, XIE_ECLOSED);
    if (err < 0)
        xie_ws_free(ws);
    return err;
}

int xie_ws_accept(struct xie_http *http, const struct xie_ws_options *options, struct xie_ws **ws)
{
    char proof[XIE_WS_ACCEPT], extension[XIE_EXTENSION];
    struct xie_deflate_terms terms;
    struct xie_ws *made;
    if (xie_extension_check(options) < 0)
        return -EINVAL;
    if (http->answered)
        return -EBUSY;
    if (xie_check() < 0)
        return xie_sleep(0);
    int status = check_opening(http);
    if (status) {
        int err = xie_http_refuse(http, status);
        return err < 0 ? err : XIE_EWS_HANDSHAKE;
    }
    int err = xie_ws_proof(xie_http_field(http, "sec-websocket-key"), proof);
    if (err < 0)
        return err;
    xie_extension_choose(options, &http->message, &terms, extension);
    struct xie_chunk *answer = make_answer(http, proof, extension);
    if (!answer)
        return -ENOMEM;
    err = xie_ws_new(http->stream, options, false, &terms, &http->in, &made);
    if (err < 0) {
        xie_chunk_free(answer);
        return err;
    }
    err = turn(http, made, answer);
    if (!err)
        *ws = made;
    return err;
}
