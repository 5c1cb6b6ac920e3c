/* action.h - calling an action whose data has a shape, or none.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_ACTION_H
#define XIE_ONEBOT_ACTION_H

#include "onebot/shape.h"

/* Call and read the data into a typed result, whose first member is a struct onebot_result; the
 * whole of it is set, whatever becomes of the call. format as onebot_call's. */
void onebot_call_shaped(struct onebot_bot *bot, const struct onebot_shape *shape, void *to,
                        const char *action, const char *format, ...);

/* An action without data: what it may have told all the same is released. */
struct onebot_result onebot_call_plain(struct onebot_bot *bot, const char *action,
                                       const char *format, ...);

/* Read a result into a typed one, as above; takes it over. */
void onebot_result_shape(const struct onebot_shape *shape, void *to, struct onebot_result result,
                         const char *action);

/* Of past messages; events read their senders by the second. */
extern const struct onebot_shape onebot_past_message_shape, onebot_speaker_shape;

#endif
