/* mark.h - actions that mark a message: reactions, and the group's best (essence).
 * Gateway, sixth floor. Each is an action_fn; extensions that NapCat and others have. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_MARK_H
#define GATEWAY_MARK_H

#include "call.h"

json_t *mark_emoji(struct call *call);        /* set_msg_emoji_like */
json_t *mark_reaction(struct call *call);     /* set_group_reaction */
json_t *mark_essence(struct call *call);      /* set_essence_msg */
json_t *mark_no_essence(struct call *call);   /* delete_essence_msg */
json_t *mark_essence_list(struct call *call); /* get_essence_msg_list */

#endif
