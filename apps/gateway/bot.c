/* bot.c - one connection of a bot by WebSocket, whoever opened it.
 * Gateway, ninth floor. */
/* SPDX-License-Identifier: MIT */
#include "bot.h"

#include <errno.h>

#include "actions.h"
#include "event.h"
#include "roster.h"
#include "traffic.h"

int bot_begin(struct socket *socket, void *arg)
{
    struct bot *bot = arg;
    struct gateway *gateway = bot->caller.gateway;
    struct seat *seat = roster_seat(gateway, bot->caller.self);
    if (!seat) /* closed while this one shook hands */
        return -EACCES;
    bot->seat = seat;
    bot->caller.bot = ++gateway->last_bot;
    gateway->bots++;
    seat->bots++;
    traffic_bot(&bot->caller, "connected", bot->peer, bot->path);
    int result = roster_watch(seat, socket->out.group);
    if (result < 0 || !bot->events)
        return result;
    struct frame *hello = frame_take(event_lifecycle(bot->caller.self, "connect"));
    result = outbox_put(&socket->out, hello);
    frame_unref(hello);
    if (result == 0)
        audience_join(&seat->events, &socket->out);
    return result;
}

int bot_message(struct socket *socket, const char *data, size_t len, void *arg)
{
    struct bot *bot = arg;
    if (!bot->calls)
        return 0;
    struct frame *reply;
    int result = actions_answer_text(&bot->caller, data, len, &reply);
    if (result == 0 && reply)
        result = tardy_put(&bot->tardy, &bot->seat->faults, &socket->out, reply);
    frame_unref(reply);
    return result;
}

void bot_end(struct bot *bot)
{
    tardy_fini(&bot->tardy);
    if (!bot->seat)
        return;
    bot->caller.gateway->bots--;
    bot->seat->bots--;
    traffic_bot(&bot->caller, "gone", bot->peer, bot->path);
}
