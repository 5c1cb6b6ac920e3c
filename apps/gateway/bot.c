/* bot.c - one connection of a bot by WebSocket, whoever opened it.
 * Gateway, ninth floor. */
/* SPDX-License-Identifier: MIT */
#include "bot.h"

#include <errno.h>
#include <stdlib.h>

#include "actions.h"
#include "event.h"
#include "traffic.h"

struct watch {
    struct gateway *gateway;
    struct xie_group *group;
};

/* Ends the connection at a restart. */
static int watch_restart(void *arg)
{
    struct watch watch = *(struct watch *)arg;
    free(arg);
    int result = xie_event_wait(&watch.gateway->restart);
    if (result == 0)
        xie_group_cancel(watch.group);
    return result;
}

static int spawn_watch(struct gateway *gateway, struct xie_group *group)
{
    struct watch *watch = malloc(sizeof *watch);
    if (!watch)
        return -ENOMEM;
    *watch = (struct watch){gateway, group};
    int result = xie_group_spawn(group, watch_restart, watch);
    if (result < 0)
        free(watch);
    return result;
}

int bot_begin(struct socket *socket, void *arg)
{
    struct bot *bot = arg;
    struct gateway *gateway = bot->gateway;
    bot->begun = true;
    bot->number = ++gateway->last_bot;
    gateway->bots++;
    traffic_bot(gateway, bot->number, "connected", bot->peer, bot->path);
    int result = spawn_watch(gateway, socket->out.group);
    if (result < 0 || !bot->events)
        return result;
    struct frame *hello = frame_take(event_lifecycle("connect"));
    result = outbox_put(&socket->out, hello);
    frame_unref(hello);
    if (result == 0)
        audience_join(&gateway->events, &socket->out);
    return result;
}

int bot_message(struct socket *socket, const char *data, size_t len, void *arg)
{
    struct bot *bot = arg;
    if (!bot->calls)
        return 0;
    struct frame *reply;
    int result = actions_answer_text(bot->gateway, bot->number, data, len, &reply);
    if (result == 0 && reply)
        result = tardy_put(&bot->tardy, &bot->gateway->faults, &socket->out, reply);
    frame_unref(reply);
    return result;
}

void bot_end(struct bot *bot)
{
    tardy_fini(&bot->tardy);
    if (!bot->begun)
        return;
    bot->gateway->bots--;
    traffic_bot(bot->gateway, bot->number, "gone", bot->peer, bot->path);
}
