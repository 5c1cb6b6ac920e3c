/* dispatch.c - what becomes of an event: it is read, seen for the first time, and goes its way.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/dispatch.h"

#include <errno.h>
#include <string.h>

#include "onebot/keep.h"
#include "onebot/walk.h"

/* A message by its id; others, but what is about a connection itself, by their whole content, if
 * there is a time in it. */
static bool came_before(struct onebot_bot *bot, const struct onebot_event *event, uint64_t source)
{
    struct onebot_message_key key = {.self_id = event->self_id,
                                     .message_id = event->message_id,
                                     .user_id = event->user_id,
                                     .time = event->time};
    if (strcmp(event->post_type, "message") == 0 && event->message_id)
        return onebot_recent_seen(&bot->recent, &key);
    return event->time && strcmp(event->post_type, "meta_event") != 0 &&
           onebot_copies_seen(&bot->copies, event->raw, source);
}

static void walk(struct onebot_letter *letter)
{
    letter->number = ++letter->event.bot->program->mail.last;
    if (!onebot_keep_holds(letter))
        onebot_walk(letter);
}

void onebot_dispatch(struct onebot_bot *bot, json_t *event, uint64_t source)
{
    if (strcmp(onebot_string(event, "meta_event_type"), "heartbeat") == 0) {
        json_decref(event);
        return;
    }
    struct onebot_letter *letter = onebot_letter_new(bot, event);
    bot->met = true;
    if (!letter)
        onebot_log(&bot->program->log, ONEBOT_ERROR, "event dropped: %s", xie_strerror(-ENOMEM));
    else if (came_before(bot, &letter->event, source))
        onebot_letter_free(letter);
    else
        walk(letter);
}
