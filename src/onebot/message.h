/* message.h - a message being made: what the files that make it share.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_MESSAGE_INNER_H
#define XIE_ONEBOT_MESSAGE_INNER_H

#include <xie/onebot.h>

#include "onebot/shape.h"

/* Keep the first error. */
void onebot_message_fail(struct onebot_message *message, int error);

/* Add a segment; takes it over. NULL: there was no memory. */
void onebot_message_push(struct onebot_message *message, json_t *segment);

/* Add one whose data is strings: keys and values by turns, ended by a key NULL; what has a value
 * NULL is left out. */
void onebot_message_strings(struct onebot_message *message, const char *type,
                            const char *const *pairs);

/* Such keys and values; a compound literal, which is why it is a macro. */
#define ONEBOT_PAIRS(...) \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

/* Take the segments out, or return NULL when there are none; the message is empty then. */
json_t *onebot_message_take(struct onebot_message *message);

/* Is it a type of the standard or its extensions, and how is its data read? NULL: no. */
const struct onebot_shape *onebot_segment_shape(const json_t *type, enum onebot_segment_kind *kind);

#endif
