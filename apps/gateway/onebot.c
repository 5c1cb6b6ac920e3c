/* onebot.c - the side on which bots connect: WebSockets at /, /api and /event.
 * Gateway, tenth floor. Several bots at once; each gets every event of its account. */
/* SPDX-License-Identifier: MIT */
#include "onebot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot.h"
#include "call.h"
#include "guard.h"
#include "roster.h"
#include "socket.h"
#include "traffic.h"

enum { BOT_CONNECTIONS = 256 };

static int refused_begin(struct socket *socket, void *arg)
{
    struct bot *bot = arg;
    traffic_bot(&bot->caller, "refused", bot->peer, bot->path);
    static const char why[] = "token验证失败";
    json_t *json = json_pack("{s:s, s:i, s:n, s:s, s:s, s:n}", "status", "failed", "retcode",
                             RETCODE_FORBIDDEN, "data", "message", why, "wording", why, "echo");
    struct frame *frame = frame_take(json);
    if (frame)
        (void)xie_ws_send(socket->ws, XIE_WS_TEXT, frame->text, frame->len);
    frame_unref(frame);
    (void)xie_ws_close(socket->ws, 1008, why);
    return -EACCES;
}

static int answer_error(struct xie_http *http, int status, const char *why)
{
    char body[PARSE_WHY + 64];
    int len = snprintf(body, sizeof body,
                       "{\"status\":\"failed\",\"retcode\":%d,\"data\":null,\"message\":\"%s\"}\n",
                       1000 + status, why);
    return xie_http_answer(http, status, "application/json; charset=utf-8", body, (size_t)len);
}

/* What the rest of a path, behind a door's account, is for; false: it is for nothing. */
static bool find_side(struct bot *bot, const char *rest)
{
    static const struct {
        const char *path;
        bool calls, events;
    } sides[] = {{"", true, true},       {"/", true, true},       {"/api", true, false},
                 {"/api/", true, false}, {"/event", false, true}, {"/event/", false, true}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        if (strcmp(rest, sides[i].path) == 0) {
            bot->calls = sides[i].calls;
            bot->events = sides[i].events;
            return true;
        }
    }
    return false;
}

static int refuse_before(struct xie_http *http, struct bot *bot, int status, const char *why)
{
    traffic_bot(&bot->caller, "refused", bot->peer, bot->path);
    if (status == 401)
        (void)xie_http_set_field(http, "WWW-Authenticate", "Bearer");
    return answer_error(http, status, why);
}

static int bot_live(struct xie_http *http, struct bot *bot, const struct door *door)
{
    struct gateway *gateway = door->gateway;
    const char *token = roster_token(gateway, roster_seat(gateway, bot->caller.self));
    int refused = guard_token(http, token);
    const char *website = token ? NULL : guard_website(http, door->host);
    if (website)
        return refuse_before(http, bot, 403, website);
    if (refused && !gateway->auth_after_upgrade)
        return refuse_before(http, bot, refused,
                             refused == 401 ? "a token is asked for" : "the token is wrong");
    if (!xie_ws_requested(http))
        return answer_error(http, 426, "WebSocket only: this is the side for bots");
    if (refused)
        return socket_serve(http, "bot", ONEBOT_MESSAGE, refused_begin, NULL, bot);
    return socket_serve(http, "bot", ONEBOT_MESSAGE, bot_begin, bot_message, bot);
}

static int onebot_request(struct xie_http *http, void *arg)
{
    const struct door *door = arg;
    struct bot bot = {
        .caller = {.gateway = door->gateway}, .path = xie_http_path(http), .peer = "?"};
    struct xie_address address;
    if (xie_http_peer(http, &address) == 0)
        xie_address_format(&address, bot.peer);
    const char *rest = roster_door(door, bot.path, &bot.caller.self);
    if (!find_side(&bot, rest))
        return answer_error(http, 404, "the paths are /, /api and /event, or behind /ACCOUNT");
    if (!roster_seat(door->gateway, bot.caller.self))
        return refuse_before(http, &bot, 404, "there is no such account");
    int result = bot_live(http, &bot, door);
    bot_end(&bot);
    return result;
}

int onebot_serve(struct xie_listener *listener, struct door *door)
{
    struct xie_http_options options = {.max_connections = BOT_CONNECTIONS};
    return xie_http_serve(listener, &options, onebot_request, door);
}
