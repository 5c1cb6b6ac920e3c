/* close.c - the closing handshake.
 * Floor 8. RFC 6455 section 7. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "utf8.h"
#include "ws.h"

bool xie_ws_code_ok(uint16_t code)
{
    if (code >= 3000 && code <= 4999)
        return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

/* Wait for the peer's close: through whoever receives, else by receiving. */
static int await_close(struct xie_ws *ws)
{
    int err = 0;
    while (!err && !ws->close_received && !ws->error) {
        if (!ws->receiving)
            return xie_ws_receive_inside(ws, NULL);
        xie_event_clear(&ws->closed);
        err = xie_event_wait(&ws->closed);
    }
    return err;
}

static int close_inside(struct xie_ws *ws, uint16_t code, const char *reason, size_t len)
{
    if (xie_check() < 0)
        return xie_sleep(0);
    if (ws->close_received)
        return 0;
    int err = ws->error ? ws->error : ws->out.error;
    if (!err && !ws->close_sent)
        err = xie_ws_send_close(ws, code, reason, len);
    if (err < 0)
        return err;
    XIE_TIMEOUT(XIE_WS_CLOSE_S *XIE_SECOND) {
        err = xie_out_drain(&ws->out, NULL);
        if (!err)
            err = await_close(ws);
    }
    if (ws->freeing)
        return XIE_ECLOSED;
    return ws->close_received ? 0 : err < 0 ? err : ws->error;
}

int xie_ws_close(struct xie_ws *ws, uint16_t code, const char *reason)
{
    size_t len = reason ? strlen(reason) : 0;
    if (!xie_ws_code_ok(code) || len > XIE_WS_REASON || !xie_web_utf8(reason, len))
        return -EINVAL;
    int err = xie_ws_enter(ws);
    if (err < 0)
        return err;
    err = close_inside(ws, code, reason ? reason : "", len);
    xie_ws_leave(ws);
    return err;
}

uint16_t xie_ws_close_code(const struct xie_ws *ws, const char **reason)
{
    if (reason)
        *reason = ws->reason;
    if (ws->close_received)
        return ws->code;
    return ws->error ? WSLAY_CODE_ABNORMAL_CLOSURE : 0;
}
