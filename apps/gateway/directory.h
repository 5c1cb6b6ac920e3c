/* directory.h - actions that look things up: accounts, friends, groups, members.
 * Gateway, sixth floor. Each is an action_fn. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_DIRECTORY_H
#define GATEWAY_DIRECTORY_H

#include "call.h"

json_t *directory_login_info(struct call *call);
json_t *directory_stranger_info(struct call *call);
json_t *directory_friend_list(struct call *call);
json_t *directory_group_info(struct call *call);
json_t *directory_group_list(struct call *call);
json_t *directory_member_info(struct call *call);
json_t *directory_member_list(struct call *call);

#endif
