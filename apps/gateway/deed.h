/* deed.h - what people do that no message is: poke, open a red packet, gain an honour.
 * Gateway, sixth floor. Each is an action_fn of the page's /api/act; poking is the accounts' too.
 */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_DEED_H
#define GATEWAY_DEED_H

#include "call.h"

json_t *deed_poke(struct call *call);
json_t *deed_lucky_king(struct call *call);
json_t *deed_honor(struct call *call);

#endif
