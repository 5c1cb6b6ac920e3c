/* actions.h - a frame with a call in, a frame with its reply out.
 * Gateway, eighth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ACTIONS_H
#define GATEWAY_ACTIONS_H

#include "gateway.h"

/**
 * Answer {action, params?, echo?} with {status, retcode, data, message?, echo?}.
 *
 * bot     the connection's number, for the log of traffic
 * return  one reference, owned; NULL without memory
 * note    anything is answered: no JSON, an unknown action, wrong parameters. Does not wait
 * source  OneBot 11, communication/ws
 */
struct frame *actions_answer(struct gateway *gateway, int64_t bot, const char *text, size_t len);

#endif
