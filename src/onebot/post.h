/* post.h - events by HTTP POST.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_POST_H
#define XIE_ONEBOT_POST_H

#include <xie/web.h>

#include "onebot/way.h"

/* Deal with an event by HTTP POST; answers 204, or the status of a refusal. */
int onebot_take_post(struct onebot_way *way, struct xie_http *http);

#endif
