/* dispatch.c - what becomes of an event: an answer, a command, kept, or on_event.
 * Floor 9. Handlers run as tasks of one group, which a failure of theirs must not end. */
/* SPDX-License-Identifier: MIT */
#include "onebot/dispatch.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/talk.h"

/* --- handlers ----------------------------------------------------------------------- */

static void pass_on(struct onebot_bot *bot, struct onebot_letter *letter);

/* Whoever spoke while this handler ran gets to where they would have got without it. */
static void end_talk(struct onebot_talk *talk)
{
    struct onebot_bot *bot = talk->bot;
    struct onebot_letter *letter;
    onebot_mail_close(&talk->box);
    while ((letter = onebot_mail_take(&talk->box)))
        pass_on(bot, letter);
    while (!xie_list_empty(&talk->answers))
        onebot_letter_free(XIE_CONTAINER(talk->answers.next, struct onebot_letter, link));
    onebot_letter_free(talk->letter);
    xie_release(talk);
    bot->full = false;
    if (--bot->running == 0 && bot->stopping)
        xie_event_set(&bot->stop_change);
}

static int run_handler(void *arg)
{
    struct onebot_talk *talk = arg;
    struct onebot_bot *bot = talk->bot;
    const struct onebot_event *event = &talk->letter->event;
    int result = talk->handler(&talk->letter->event);
    if (result < 0 && !(result == -ECANCELED && bot->stopping))
        onebot_log(&bot->log, ONEBOT_ERROR, "handler %s%s (user %lld, group %lld) failed: %s",
                   *event->command ? "/" : "", talk->name, (long long)event->user_id,
                   (long long)event->group_id, xie_strerror(result));
    end_talk(talk);
    return 0;
}

static int spawn(struct onebot_talk *talk)
{
    struct onebot_bot *bot = talk->bot;
    struct xie_task_options options = {.name = talk->name, .stack_size = bot->options.stack_size};
    int error = xie_group_spawn_with(&bot->handlers, run_handler, talk, &options);
    if (error)
        return error;
    bot->running++;
    return 0;
}

static void drop(struct onebot_bot *bot, struct onebot_letter *letter, const char *why)
{
    onebot_log(&bot->log, ONEBOT_ERROR, "event dropped (%s, user %lld, group %lld): %s",
               letter->event.post_type, (long long)letter->event.user_id,
               (long long)letter->event.group_id, why);
    onebot_letter_free(letter);
}

/* One line for the first event that finds no room, not one for each. */
static void drop_full(struct onebot_bot *bot, struct onebot_letter *letter)
{
    if (bot->full) {
        onebot_letter_free(letter);
        return;
    }
    bot->full = true;
    drop(bot, letter, "max_handlers run already; so are those that follow");
}

static void start(struct onebot_bot *bot, struct onebot_letter *letter, onebot_handler *handler,
                  const char *name)
{
    if (bot->stopping) {
        onebot_letter_free(letter);
        return;
    }
    if (bot->running >= bot->options.max_handlers) {
        drop_full(bot, letter);
        return;
    }
    struct onebot_talk *talk = xie_alloc_zero(sizeof *talk);
    int error = -ENOMEM;
    if (talk) {
        talk->bot = bot;
        talk->handler = handler;
        talk->name = name;
        talk->letter = letter;
        letter->talk = talk;
        xie_list_init(&talk->answers);
        error = spawn(talk);
    }
    if (error) {
        xie_release(talk);
        drop(bot, letter, xie_strerror(error));
    }
}

/* --- events ------------------------------------------------------------------------- */

static void other(struct onebot_bot *bot, struct onebot_letter *letter)
{
    if (!bot->options.on_event) {
        onebot_letter_free(letter);
        return;
    }
    letter->event.arg = bot->options.arg;
    start(bot, letter, bot->options.on_event, "on_event");
}

static void pass_on(struct onebot_bot *bot, struct onebot_letter *letter)
{
    if (!onebot_mail_keep(&bot->mail, letter))
        other(bot, letter);
}

static void message(struct onebot_bot *bot, struct onebot_letter *letter)
{
    if (onebot_mail_answer(&bot->mail, letter))
        return;
    const struct onebot_command *command;
    int found = onebot_letter_command(letter, bot->options.commands, &command);
    if (found < 0)
        drop(bot, letter, xie_strerror(found));
    else if (found)
        start(bot, letter, command->handler, command->name);
    else
        pass_on(bot, letter);
}

/* Those without an id are not told apart: they all run. */
static bool came_before(struct onebot_bot *bot, const struct onebot_event *event)
{
    struct onebot_message_key key = {.self_id = event->self_id,
                                     .message_id = event->message_id,
                                     .user_id = event->user_id,
                                     .time = event->time};
    return strcmp(event->post_type, "message") == 0 && event->message_id &&
           onebot_recent_seen(&bot->recent, &key);
}

/* Between a second and an hour, whatever is announced; 0 is no announcement. */
static void note_heartbeat(struct onebot_bot *bot, const json_t *event)
{
    int64_t interval = onebot_int(event, "interval");
    if (interval <= 0)
        return;
    interval = interval < 1000 ? 1000 : interval > 3600000 ? 3600000 : interval;
    bot->heartbeat_ns = interval * XIE_MILLISECOND;
}

void onebot_dispatch(struct onebot_bot *bot, json_t *event)
{
    if (strcmp(onebot_string(event, "meta_event_type"), "heartbeat") == 0) {
        note_heartbeat(bot, event);
        json_decref(event);
        return;
    }
    struct onebot_letter *letter = onebot_letter_new(bot, event);
    if (!letter)
        onebot_log(&bot->log, ONEBOT_ERROR, "event dropped: %s", xie_strerror(-ENOMEM));
    else if (came_before(bot, &letter->event))
        onebot_letter_free(letter);
    else if (onebot_event_is_message(&letter->event))
        message(bot, letter);
    else
        other(bot, letter);
}
