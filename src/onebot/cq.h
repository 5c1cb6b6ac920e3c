/* cq.h - the text form of messages: CQ codes, escaped and taken apart.
 * Floor 9. OneBot 11, "message": the string form and the array form mean the same. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_CQ_H
#define XIE_ONEBOT_CQ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A copy fit to stand in a message's text, or (value) as the value inside a code. NULL when
 * there is no memory; released by xie_release. */
char *onebot_cq_escape(const char *text, bool value);

/* Undo it in place; len bytes, the new length is returned (no 0 byte is added). What is no
 * escape stays as it is. */
size_t onebot_cq_unescape(char *text, size_t len, bool value);

/* The words of a message in any form (string, array, one segment): its text segments joined,
 * other segments left out, 0 bytes dropped. NULL when there is no memory; released by
 * xie_release. */
char *onebot_cq_text(const json_t *message);

#endif
