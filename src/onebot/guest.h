/* guest.h - somebody who comes to us by HTTP: whose account it says it is, and being turned away.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_GUEST_H
#define XIE_ONEBOT_GUEST_H

#include <xie/web.h>

#include "onebot/way.h"

/* The account that a request names by "X-Self-ID"; 0: none. */
int64_t onebot_guest_account(const struct xie_http *http);
/* Answer with a refusal, and say so in the log. */
int onebot_guest_refuse(struct onebot_way *way, struct xie_http *http, int status, const char *why);

#endif
