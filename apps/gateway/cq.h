/* cq.h - messages as strings with CQ codes, and back.
 * Gateway, ground. [CQ:name,key=value,...]; what is not a well-formed code is text. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_CQ_H
#define GATEWAY_CQ_H

#include <stddef.h>

#include <jansson.h>

/* Read a string into an array of segments {type, data}, values being strings.
 * return new reference; NULL without memory. source OneBot 11, message/string */
json_t *cq_parse(const char *text);

/* Write segments as a string; values that are no strings are written as JSON.
 * return owned, by free(); NULL without memory */
char *cq_format(const json_t *segments);

#endif
