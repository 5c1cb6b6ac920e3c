/* mute.h - actions that silence: one member, all of them, one without a name.
 * Gateway, sixth floor. Each is an action_fn; chat.c heeds what they set. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_MUTE_H
#define GATEWAY_MUTE_H

#include "call.h"

enum { MUTE_MOST = 30 * 24 * 3600 }; /* the longest [s], as in QQ */

json_t *mute_member(struct call *call);
json_t *mute_whole(struct call *call);
json_t *mute_anonymous_allowed(struct call *call);
json_t *mute_anonymous(struct call *call);

#endif
