/* buffer.h - text that grows; the first failure is kept.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_BUFFER_H
#define XIE_ONEBOT_BUFFER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero is an empty one. */
struct onebot_buffer {
    char *text; /* with a 0 byte behind once something was added; released by xie_release */
    size_t len, cap;
    bool failed; /* there was no memory: nothing more is added */
};

void onebot_buffer_add(struct onebot_buffer *buffer, const char *text, size_t len);
/* A JSON value as JSON text. */
void onebot_buffer_add_json(struct onebot_buffer *buffer, const json_t *value);
/* It is empty again. */
void onebot_buffer_clear(struct onebot_buffer *buffer);

/* A JSON string of bytes, each of which that is not part of a character becomes U+FFFD. NULL when
 * there is no memory. */
json_t *onebot_json_text(const char *text, size_t len);

#endif
