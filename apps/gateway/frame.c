/* frame.c - one encoded JSON text, shared by every queue it waits in.
 * Gateway, ground. Encodes twice: once to measure, once into memory of exactly that size. */
/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <stdlib.h>

struct frame *frame_new(const json_t *json)
{
    size_t len = json ? json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
    if (!len)
        return NULL;
    struct frame *frame = malloc(sizeof *frame + len + 1);
    if (!frame)
        return NULL;
    if (json_dumpb(json, frame->text, len, JSON_COMPACT | JSON_ENCODE_ANY) != len) {
        free(frame);
        return NULL;
    }
    frame->refs = 1;
    frame->len = len;
    frame->text[len] = 0;
    return frame;
}

struct frame *frame_take(json_t *json)
{
    struct frame *frame = frame_new(json);
    json_decref(json);
    return frame;
}

struct frame *frame_ref(struct frame *frame)
{
    frame->refs++;
    return frame;
}

void frame_unref(struct frame *frame)
{
    if (frame && --frame->refs == 0)
        free(frame);
}
