/* dispatch.h - what becomes of a frame: an answer to a call, or an event for a handler.
 * Floor 9. Nothing here waits. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_DISPATCH_H
#define XIE_ONEBOT_DISPATCH_H

#include "onebot/bot.h"

enum onebot_kind {
    ONEBOT_JUNK,  /* nothing we know; said in the log */
    ONEBOT_EVENT, /* by post_type */
    ONEBOT_ANSWER /* to a call, by its echo */
};

/**
 * Deal with a frame that was received.
 *
 * return  an enum onebot_kind
 * errors  XIE_EAUTH it says that the token is refused; *retcode is set
 */
int onebot_frame(struct onebot_bot *bot, const char *text, size_t len, int64_t *retcode);

/* Deal with an event; takes it over. */
void onebot_dispatch(struct onebot_bot *bot, json_t *event);

#endif
