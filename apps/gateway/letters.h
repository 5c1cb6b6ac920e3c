/* letters.h - actions on messages: send, delete, get.
 * Gateway, sixth floor. Each is an action_fn. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_LETTERS_H
#define GATEWAY_LETTERS_H

#include "call.h"

json_t *letters_send(struct call *call);         /* send_msg: group or private, inferred */
json_t *letters_send_private(struct call *call); /* send_private_msg */
json_t *letters_send_group(struct call *call);   /* send_group_msg */
json_t *letters_delete(struct call *call);       /* delete_msg */
json_t *letters_get(struct call *call);          /* get_msg */

#endif
