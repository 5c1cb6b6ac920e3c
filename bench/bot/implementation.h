/* implementation.h - the OneBot 11 implementation that the load plays, between its two files. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BOT_IMPLEMENTATION_H
#define BENCH_BOT_IMPLEMENTATION_H

#include <stddef.h>
#include <stdint.h>

#include <xie.h>
#include <xie/web.h>

enum { BOT_PROBE = 9999 }; /* the slot of questions whether it is awake */

/* A bot, and the window that it is in. Messages of slot N are of group 20000 + N, one outstanding
 * in each. */
struct bot {
    struct xie_listener *listener;
    struct xie_ws *ws;
    struct xie_event connected, idle;
    void (*next)(struct bot *bot, size_t slot);
    int64_t end, last; /* of the window; of the last answer */
    uint64_t wanted;   /* conversations of this window */
    uint64_t started;  /* messages sent, of this window: not the probes */
    uint64_t answered, outstanding;
    int64_t serial; /* of messages */
};

/* Listen, print "port N", and serve by a task of the group. */
int bot_listen(struct bot *bot, struct xie_group *group);
/* Send the bot a message of a group's: of a person of its own for "/talk". */
void bot_say(struct bot *bot, size_t slot, const char *text);

#endif
