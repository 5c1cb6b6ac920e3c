/* calls.h - the bot's calls: noted, and answered where the test says how.
 * Kit, third floor. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_CALLS_H
#define KIT_CALLS_H

#include "kit.h"

struct call;

/* What the gateway's stand_in has; arg is the test. */
json_t *kit_calls_answer(void *arg, struct call *call, const char *action, bool *taken);
void kit_calls_note(void *arg, const json_t *request, const json_t *reply);

void kit_call_release(void *call);
void kit_answer_release(void *answer);

#endif
