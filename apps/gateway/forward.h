/* forward.h - messages forwarded together: kept by an id, shown as one segment.
 * Gateway, sixth floor. The latest GATEWAY_FORWARDS can be read, or fewer that are long. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_FORWARD_H
#define GATEWAY_FORWARD_H

#include "call.h"

enum {
    FORWARD_NODES = 200,              /* of one forward, as in QQ */
    FORWARD_BYTES = 16 * 1024 * 1024, /* most of all that are kept, as JSON */
};

/**
 * Make the segments of a message that stands for nodes.
 *
 * nodes   an array of node segments: {id} of a message, or a sender (user_id or uin, nickname or
 *         name) and content; borrowed
 * draft   the forward, for forward_keep once the message was sent; else the caller drops its
 *         nodes. Untouched on failure
 * return  [{type: forward, data: {id}}], new reference; NULL: the call has failed. The id is that
 *         of the next forward to be kept
 */
json_t *forward_make(struct call *call, const json_t *nodes, struct forward *draft);

/* Keep a draft, whose nodes are taken; the oldest go where it would be too many, or too much. */
void forward_keep(struct gateway *gateway, const struct forward *draft);

/* action_fn: get_forward_msg. */
json_t *forward_get(struct call *call);

void forward_fini(struct gateway *gateway);

#endif
