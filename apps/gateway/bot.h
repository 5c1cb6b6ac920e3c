/* bot.h - one connection of a bot by WebSocket, whoever opened it.
 * Gateway, ninth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_BOT_H
#define GATEWAY_BOT_H

#include <xie/address.h>

#include "gateway.h"
#include "socket.h"
#include "tardy.h"

/* What it is and may, filled in by whoever has the connection; the rest is zero. */
struct bot {
    struct caller caller; /* its number comes with bot_begin */
    const char *path;
    bool calls, events;
    char peer[XIE_ADDRESS_TEXT];

    struct seat *seat; /* its account's, from bot_begin on */
    struct tardy tardy;
};

/* A socket_begin and a socket_message; arg is the bot. */
int bot_begin(struct socket *socket, void *arg);
int bot_message(struct socket *socket, const char *data, size_t len, void *arg);
/* The socket is gone. */
void bot_end(struct bot *bot);

#endif
