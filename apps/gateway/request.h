/* request.h - asking to be a friend or a member, and the accounts' answers.
 * Gateway, sixth floor. The first four are what people do, the last two what bots do. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include "call.h"

json_t *request_friend(struct call *call);
json_t *request_unfriend(struct call *call);
json_t *request_join(struct call *call);
json_t *request_invite(struct call *call);

json_t *request_answer_friend(struct call *call);
json_t *request_answer_group(struct call *call);

#endif
