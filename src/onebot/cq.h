/* cq.h - the text form of messages: CQ codes, escaped and taken apart.
 * Floor 9. OneBot 11, "message": the string form and the array form mean the same. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CQ_H
#define XIE_ONEBOT_CQ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "onebot/buffer.h"

/* Add text (NULL with len 0) fit to stand in a message, or (value) as a value inside a code. */
void onebot_cq_escape(struct onebot_buffer *to, const char *text, size_t len, bool value);

/* Undo it in place; len bytes, the new length is returned (no 0 byte is added). What is no
 * escape stays as it is. */
size_t onebot_cq_unescape(char *text, size_t len, bool value);

/* A message in string form, taken apart from the left: set text and end, and the rest to zero. */
struct onebot_cq_reader {
    const char *text, *end;
    bool unclosed; /* no "]" follows any more: looked for once, not at each "[CQ:" */
};

/* A piece of it, still escaped: text between codes, or what stands between "[CQ:" and "]". */
struct onebot_cq_piece {
    bool code;
    const char *text;
    size_t len;
};

/* The next piece; false: there is none. Two texts never follow each other. */
bool onebot_cq_next(struct onebot_cq_reader *reader, struct onebot_cq_piece *piece);

/* The words of a message in any form (string, array, one segment): its text segments joined,
 * other segments left out, 0 bytes dropped. NULL when there is no memory; released by
 * xie_release. */
char *onebot_cq_text(const json_t *message);

#endif
