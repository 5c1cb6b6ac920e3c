/* actions.h - a call in, a frame with its reply out.
 * Gateway, eighth floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ACTIONS_H
#define GATEWAY_ACTIONS_H

#include "gateway.h"

/**
 * Answer {action, params?, echo?} with {status, retcode, data, message?, echo?}.
 *
 * caller   borrowed; when its account has been closed the call is refused
 * request  borrowed; NULL: it was no object, for the reason why
 * reply    receives one reference, owned; NULL: a fault has it that there is none
 * return   0
 * errors   -ENOMEM; -ECONNABORTED a fault has it that the connection ends
 * note     anything is answered: an unknown action, wrong parameters. Does not wait
 * source   OneBot 11, communication/ws
 */
int actions_answer(const struct caller *caller, const json_t *request, const char *why,
                   struct frame **reply);
/* The same from a text, which may be no JSON. */
int actions_answer_text(const struct caller *caller, const char *text, size_t len,
                        struct frame **reply);

/* Is there such an action, with or without a suffix? */
bool actions_known(const char *name);

#endif
