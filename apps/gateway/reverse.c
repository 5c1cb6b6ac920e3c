/* reverse.c - connections to bots that listen: reverse WebSocket.
 * Gateway, tenth floor. */
/* SPDX-License-Identifier: MIT */
#include "reverse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xie.h>
#include <xie/web.h>

#include "bot.h"
#include "remark.h"
#include "roster.h"

enum {
    REVERSE_PATIENCE_S = 10, /* to connect and shake hands */
    REVERSE_MESSAGE = 16 * 1024 * 1024
};

static int shake_hands(const struct reverse *reverse, const struct seat *seat, struct xie_ws **ws)
{
    char self_id[24], token[512];
    struct xie_http_field fields[4] = {{"X-Self-ID", self_id}, {"X-Client-Role", reverse->role}};
    struct xie_ws_options options = {.max_message = REVERSE_MESSAGE,
                                     .fields = fields,
                                     .ping_interval_ns = SOCKET_PING_S * XIE_SECOND};
    int result = -ETIMEDOUT;
    const char *known = roster_token(reverse->gateway, seat);
    snprintf(self_id, sizeof self_id, "%lld", (long long)reverse->account_id);
    if (known) {
        snprintf(token, sizeof token, "Bearer %s", known);
        fields[2] = (struct xie_http_field){"Authorization", token};
    }
    XIE_TIMEOUT(REVERSE_PATIENCE_S *XIE_SECOND) {
        result = xie_ws_connect(reverse->url, &options, NULL, ws);
    }
    return result;
}

static void live(const struct reverse *reverse, struct xie_ws *ws)
{
    struct bot bot = {.caller = {.gateway = reverse->gateway, .self = reverse->account_id},
                      .path = reverse->role,
                      .calls = strcmp(reverse->role, "Event") != 0,
                      .events = strcmp(reverse->role, "API") != 0};
    snprintf(bot.peer, sizeof bot.peer, "%s", reverse->url);
    (void)socket_live(ws, reverse->url, bot_begin, bot_message, &bot);
    bot_end(&bot);
}

int reverse_run(void *arg)
{
    const struct reverse *reverse = arg;
    struct seat *seat = roster_seat(reverse->gateway, reverse->account_id);
    bool said = false;
    int result;
    do {
        struct xie_ws *ws;
        if ((result = roster_wait(reverse->gateway, reverse->account_id, seat)) < 0)
            break;
        result = shake_hands(reverse, seat, &ws);
        if (result == XIE_EURL || result == -EPROTONOSUPPORT) {
            remark("--reverse: '%s': %s", reverse->url, xie_strerror(result));
            return result;
        }
        if (result == 0)
            live(reverse, ws);
        else if (!said)
            remark("%s: %s; trying on", reverse->url, xie_strerror(result));
        said = result < 0;
        result = xie_sleep(REVERSE_PAUSE_MS * XIE_MILLISECOND);
    } while (result == 0);
    return result;
}
