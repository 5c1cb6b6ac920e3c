/* frame.h - one encoded JSON text, shared by every queue it waits in.
 * Gateway, ground. Counted: an event to a hundred sockets is encoded and stored once. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_FRAME_H
#define GATEWAY_FRAME_H

#include <stddef.h>

#include <jansson.h>

struct frame {
    size_t refs, len;
    char text[]; /* len bytes and a 0 */
};

/* Encode json, which stays the caller's (NULL is allowed and gives NULL). One reference,
 * owned; NULL without memory. */
struct frame *frame_new(const json_t *json);
/* The same, and json's reference is given up in any case. */
struct frame *frame_take(json_t *json);
struct frame *frame_ref(struct frame *frame);
/* NULL is allowed. */
void frame_unref(struct frame *frame);

#endif
