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
 * reply   receives one reference, owned; NULL: a fault has it that there is none
 * return  0
 * errors  -ENOMEM; -ECONNABORTED a fault has it that the connection ends
 * note    anything is answered: no JSON, an unknown action, wrong parameters. Does not wait
 * source  OneBot 11, communication/ws
 */
int actions_answer(struct gateway *gateway, int64_t bot, const char *text, size_t len,
                   struct frame **reply);

#endif
