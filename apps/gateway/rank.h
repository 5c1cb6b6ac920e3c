/* rank.h - actions on who is in a group, and as what: kick, leave, appoint.
 * Gateway, sixth floor. Each is an action_fn; who may do it is decided by role, as in QQ. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_RANK_H
#define GATEWAY_RANK_H

#include "call.h"

json_t *rank_kick(struct call *call);
json_t *rank_leave(struct call *call);
json_t *rank_admin(struct call *call);

#endif
