/* dispatch.h - what becomes of an event.
 * Floor 9. Nothing here waits. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_DISPATCH_H
#define XIE_ONEBOT_DISPATCH_H

#include "onebot/bot.h"

/* Deal with an event of an account; takes it over. source: number of the connection it came by */
void onebot_dispatch(struct onebot_bot *bot, json_t *event, uint64_t source);

#endif
