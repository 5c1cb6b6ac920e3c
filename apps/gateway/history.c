/* history.c - the messages said, the newest of them, found by id and waited for.
 * Gateway, ground. Ids are consecutive, so that a ring is the index. */
/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <stdlib.h>
#include <string.h>

static struct message **slot(const struct history *history, int64_t message_id)
{
    return (struct message **)&history->ring[message_id % HISTORY_MESSAGES];
}

void history_init(struct history *history, int64_t first)
{
    memset(history, 0, sizeof *history);
    history->oldest = history->next = first;
}

void message_free(struct message *message)
{
    if (!message)
        return;
    json_decref(message->segments);
    free(message->text);
    frame_unref(message->frame);
    free(message);
}

/* About what a message costs. */
static size_t weight(const struct message *message)
{
    return sizeof *message + 2 * message->bytes + message->frame->len;
}

static void forget_oldest(struct history *history)
{
    struct message **oldest = slot(history, history->oldest++);
    history->bytes -= weight(*oldest);
    message_free(*oldest);
    *oldest = NULL;
}

void history_fini(struct history *history)
{
    while (history->oldest < history->next)
        forget_oldest(history);
}

void history_add(struct history *history, struct message *message)
{
    if (history->next - history->oldest == HISTORY_MESSAGES)
        forget_oldest(history);
    *slot(history, history->next++) = message;
    history->bytes += weight(message);
    while (history->bytes > HISTORY_BYTES && history->oldest < history->next - 1)
        forget_oldest(history);
    xie_event_set(&history->said);
    xie_event_clear(&history->said);
}

struct message *history_get(const struct history *history, int64_t message_id)
{
    if (message_id < history->oldest || message_id >= history->next)
        return NULL;
    struct message *message = *slot(history, message_id);
    return message->recalled ? NULL : message;
}

void history_recall(struct history *history, struct message *message, struct frame *frame)
{
    history->bytes -= weight(message);
    message->recalled = true;
    frame_unref(message->frame);
    message->frame = frame_ref(frame);
    json_decref(message->segments);
    message->segments = NULL;
    free(message->text);
    message->text = NULL;
    message->bytes = 0;
    history->bytes += weight(message);
}

int64_t history_after(const struct history *history, int64_t message_id)
{
    if (message_id < history->oldest)
        return history->oldest;
    return message_id < history->next ? message_id + 1 : history->next;
}
