/* api.h - calls by HTTP.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_API_H
#define XIE_ONEBOT_API_H

#include "onebot/way.h"

/* Take calls until the implementation cannot be reached, or refuses the token; returns why.
 * proved: it gave an answer, and it is known whose it is. */
int onebot_api(struct onebot_way *way, bool *proved);

#endif
