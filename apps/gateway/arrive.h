/* arrive.h - segments as they arrive: pictures have an address, dice have fallen.
 * Gateway, second floor. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_ARRIVE_H
#define GATEWAY_ARRIVE_H

#include "gateway.h"

/* What others get of these segments (borrowed) of the message that will have that id: those with
 * bytes in them a url where the page serves them, dice and rps a result; where they had none. The
 * result is a number that follows from the id. New reference, NULL without memory. */
json_t *arrive_segments(const struct gateway *gateway, int64_t message_id, json_t *segments);

/* The data of a message's segment by its place; NULL: it has no bytes. */
const json_t *arrive_data(const struct message *message, int64_t at);

#endif
