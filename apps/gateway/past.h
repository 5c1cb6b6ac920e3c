/* past.h - actions on what was said before: history, marks, passing a message on.
 * Gateway, sixth floor. Each is an action_fn; extensions that NapCat and others have. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_PAST_H
#define GATEWAY_PAST_H

#include "call.h"

enum { PAST_COUNT = 20, PAST_COUNT_MOST = 200 }; /* messages of one answer */

json_t *past_group(struct call *call);   /* get_group_msg_history */
json_t *past_friend(struct call *call);  /* get_friend_msg_history */
json_t *past_read(struct call *call);    /* mark_msg_as_read and its like */
json_t *past_pass_on(struct call *call); /* forward_group_single_msg, forward_friend_single_msg */

#endif
