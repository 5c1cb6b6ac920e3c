/* naming.h - actions that give names: card, title, the group's name.
 * Gateway, sixth floor. Each is an action_fn. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_NAMING_H
#define GATEWAY_NAMING_H

#include "call.h"

json_t *naming_card(struct call *call);
json_t *naming_group(struct call *call);
json_t *naming_title(struct call *call);

#endif
