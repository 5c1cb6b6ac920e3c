/* segment.h - a message as an array of segments: made from what a bot sent, shown as text.
 * Gateway, ground. Every segment here is {type: string, data: object}, checked once. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_SEGMENT_H
#define GATEWAY_SEGMENT_H

#include <stdbool.h>

#include "parse.h"
#include "world.h"

/**
 * Make segments from a `message` parameter.
 *
 * message  a string (CQ codes read unless plain), an array of segments, or one segment
 * why      receives the reason for a refusal, naming the place in the message
 * return   new reference; NULL refused, or without memory (why is empty then)
 * note     data may be null; numbers and booleans in it become strings, which is what the
 *          standard says they are
 */
json_t *segment_normalise(const json_t *message, bool plain, char why[PARSE_WHY]);

/* One text segment in an array. new reference; NULL without memory. */
json_t *segment_text(const char *text);

/* What a person reads: text as it is, "@card " for at, "[图片]" and the like for the rest.
 * group may be NULL. return owned, by free(); NULL without memory */
char *segment_show(const json_t *segments, const struct world *world, struct group *group);

#endif
