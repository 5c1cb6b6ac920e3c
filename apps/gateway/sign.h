/* sign.h - notices that QQ gives by itself: somebody types, likes a profile, an account goes.
 * Gateway, sixth floor. Each is an action_fn of the page's /api/act: a person sees to it. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_SIGN_H
#define GATEWAY_SIGN_H

#include "call.h"

json_t *sign_input(struct call *call);   /* input_status {account_id?, status_text?, event_type?} */
json_t *sign_like(struct call *call);    /* profile_like {account_id?, times?} */
json_t *sign_file(struct call *call);    /* offline_file {account_id?, name, size?, url?} */
json_t *sign_tip(struct call *call);     /* gray_tip {group_id, content} */
json_t *sign_client(struct call *call);  /* client_status {account_id?, online?, device_name?} */
json_t *sign_offline(struct call *call); /* bot_offline {account_id?, tag?, message?} */

#endif
