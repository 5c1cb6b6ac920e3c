/* outbox.c - what waits to be sent to one peer, bounded.
 * Gateway, ground. Answers wait for room (the peer is not read meanwhile); events never wait. */
/* SPDX-License-Identifier: MIT */
#include "outbox.h"

#include <errno.h>

#include "remark.h"

void outbox_open(struct outbox *out, outbox_send *send, void *to, struct xie_group *group,
                 const char *who)
{
    *out = (struct outbox){.send = send, .to = to, .group = group, .who = who};
    xie_queue_init(&out->frames, OUTBOX_FRAMES);
}

static int try_put(struct outbox *out, struct frame *frame)
{
    if (xie_queue_count(&out->frames) > 0 && out->bytes + frame->len > OUTBOX_BYTES)
        return -EAGAIN;
    int result = xie_queue_try_put(&out->frames, frame);
    if (result < 0)
        return result;
    frame_ref(frame);
    out->bytes += frame->len;
    return 0;
}

int outbox_put(struct outbox *out, struct frame *frame)
{
    int result = frame ? try_put(out, frame) : -ENOMEM;
    while (result == -EAGAIN) {
        result = xie_event_wait(&out->room);
        if (result == 0)
            result = try_put(out, frame);
    }
    return result;
}

static struct frame *taken(struct outbox *out, void *item)
{
    struct frame *frame = item;
    out->bytes -= frame->len;
    xie_event_set(&out->room);
    xie_event_clear(&out->room);
    return frame;
}

int outbox_run(void *arg)
{
    struct outbox *out = arg;
    void *item;
    while (xie_queue_get(&out->frames, &item) == 0) {
        struct frame *frame = taken(out, item);
        int result = out->send(out->to, frame);
        frame_unref(frame);
        if (result < 0)
            break;
    }
    xie_group_cancel(out->group);
    return 0;
}

void outbox_close(struct outbox *out)
{
    struct audience *audience = out->audience;
    if (audience) {
        *(out->prev ? &out->prev->next : &audience->head) = out->next;
        if (out->next)
            out->next->prev = out->prev;
        audience->count--;
        out->audience = NULL;
    }
    void *item;
    while (xie_queue_try_get(&out->frames, &item) == 0)
        frame_unref(item);
    xie_queue_close(&out->frames);
    xie_queue_fini(&out->frames);
}

void audience_join(struct audience *audience, struct outbox *out)
{
    out->audience = audience;
    out->prev = NULL;
    out->next = audience->head;
    if (out->next)
        out->next->prev = out;
    audience->head = out;
    audience->count++;
}

/* Said once; its tasks end soon, and until then it is passed over. */
static void drop(struct outbox *out)
{
    remark("%s reads too slowly: disconnected with %zu frames waiting", out->who,
           xie_queue_count(&out->frames));
    out->dropped = true;
    xie_group_cancel(out->group);
}

void audience_put(struct audience *audience, struct frame *frame)
{
    for (struct outbox *out = audience->head; frame && out; out = out->next) {
        if (!out->dropped && try_put(out, frame) < 0)
            drop(out);
    }
}
