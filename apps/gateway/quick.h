/* quick.h - what a handler may answer to an event instead of calling: .handle_quick_operation.
 * Gateway, sixth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_QUICK_H
#define GATEWAY_QUICK_H

#include "call.h"

/* An action_fn: parameters context (the event) and operation. source OneBot 11, api/hidden */
json_t *quick_operation(struct call *call);

#endif
