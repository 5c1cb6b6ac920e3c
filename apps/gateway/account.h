/* account.h - actions about a bot's own account, and what it may and can do.
 * Gateway, sixth floor. Each is an action_fn. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ACCOUNT_H
#define GATEWAY_ACCOUNT_H

#include "call.h"

enum { ACCOUNT_LIKES = 10 }; /* for one person on one day, as in QQ */

json_t *account_status(struct call *call);
json_t *account_version(struct call *call);
json_t *account_can_send(struct call *call);
json_t *account_like(struct call *call);
json_t *account_cookies(struct call *call);
json_t *account_csrf_token(struct call *call);
json_t *account_credentials(struct call *call);
json_t *account_clean_cache(struct call *call);
json_t *account_restart(struct call *call);
json_t *account_honors(struct call *call);

#endif
