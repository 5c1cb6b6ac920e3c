/* link.h - one WebSocket to an implementation while it lasts, whoever opened it.
 * Floor 9. It belongs to one account at a time; which one is learned from what it says. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_LINK_H
#define XIE_ONEBOT_LINK_H

#include <xie/web.h>

#include "onebot/bot.h"

struct onebot_link {
    struct onebot_seat seat;
    struct xie_ws *ws;
    enum onebot_role role;
    const char *name;     /* for the log */
    uint64_t source;      /* its number */
    bool announced;       /* a heartbeat has come */
    bool proved;          /* an event or an answer has */
    bool silent;          /* ended for want of heartbeats */
    int64_t heartbeat_ns; /* announced on it, or on the one before; 0: none */
    int64_t *remembered;  /* where that is kept for the next one; NULL: nowhere */
    int64_t retcode;      /* of a refusal after the handshake */
};

/**
 * Send its account's calls and deal with what comes, until the connection ends. One that hears
 * no events and does not know whose it is asks.
 *
 * return  why it ended: XIE_EOF the peer closed; XIE_EAUTH it refused the token; -ECANCELED
 *         the caller's scope; -ETIMEDOUT no sign of life; XIE_EFAILED it would not say whose
 *         it is; those of onebot_frame; …
 * note    calls that it had sent fail at that moment
 */
int onebot_link_serve(struct onebot_link *link);

/* Say in the log why it ended. */
void onebot_link_say_lost(const struct onebot_link *link, int reason);
/* Close, politely when we were cancelled, and free the WebSocket. */
void onebot_link_leave(struct onebot_link *link, int reason);

#endif
