/* forward.h - messages forwarded together: kept by an id, shown as one segment.
 * Gateway, sixth floor. The latest GATEWAY_FORWARDS can be read. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_FORWARD_H
#define GATEWAY_FORWARD_H

#include "call.h"

enum { FORWARD_NODES = 200 }; /* of one forward, as in QQ */

/**
 * Keep nodes, and make the segments of a message that stands for them.
 *
 * nodes   an array of node segments: {id} of a message, or a sender (user_id or uin, nickname or
 *         name) and content; borrowed
 * return  [{type: forward, data: {id}}], new reference; NULL: the call has failed
 */
json_t *forward_keep(struct call *call, const json_t *nodes);

/* action_fn: get_forward_msg. */
json_t *forward_get(struct call *call);

void forward_fini(struct gateway *gateway);

#endif
