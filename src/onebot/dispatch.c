/* dispatch.c - what becomes of an event: an answer, a command, kept, or on_event.
 * Floor 9. Handlers run as tasks of one group, which a failure of theirs must not end. */
/* SPDX-License-Identifier: MIT */
#include "onebot/dispatch.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/talk.h"

/* --- handlers ----------------------------------------------------------------------- */

static void pass_on(struct onebot_program *program, struct onebot_letter *letter);

/* Whoever spoke while this handler ran gets to where they would have got without it. */
static void end_talk(struct onebot_talk *talk)
{
    struct onebot_program *program = talk->bot->program;
    struct onebot_letter *letter;
    onebot_mail_close(&talk->box);
    while ((letter = onebot_mail_take(&talk->box)))
        pass_on(program, letter);
    while (!xie_list_empty(&talk->answers))
        onebot_letter_free(XIE_CONTAINER(talk->answers.next, struct onebot_letter, link));
    onebot_letter_free(talk->letter);
    xie_release(talk);
    program->full = false;
    if (--program->running == 0 && program->stopping)
        xie_event_set(&program->stop_change);
}

static int run_handler(void *arg)
{
    struct onebot_talk *talk = arg;
    struct onebot_program *program = talk->bot->program;
    const struct onebot_event *event = &talk->letter->event;
    int result = talk->handler(&talk->letter->event);
    if (result < 0 && !(result == -ECANCELED && program->stopping))
        onebot_log(&program->log, ONEBOT_ERROR, "handler %s%s (user %lld, group %lld) failed: %s",
                   *event->command ? "/" : "", talk->name, (long long)event->user_id,
                   (long long)event->group_id, xie_strerror(result));
    end_talk(talk);
    return 0;
}

static int spawn(struct onebot_talk *talk)
{
    struct onebot_program *program = talk->bot->program;
    struct xie_task_options options = {.name = talk->name,
                                       .stack_size = program->options.stack_size};
    int error = xie_group_spawn_with(&program->handlers, run_handler, talk, &options);
    if (error)
        return error;
    program->running++;
    return 0;
}

static void drop(struct onebot_program *program, struct onebot_letter *letter, const char *why)
{
    onebot_log(&program->log, ONEBOT_ERROR, "event dropped (%s, user %lld, group %lld): %s",
               letter->event.post_type, (long long)letter->event.user_id,
               (long long)letter->event.group_id, why);
    onebot_letter_free(letter);
}

/* One line for the first event that finds no room, not one for each. */
static void drop_full(struct onebot_program *program, struct onebot_letter *letter)
{
    if (program->full) {
        onebot_letter_free(letter);
        return;
    }
    program->full = true;
    drop(program, letter, "max_handlers run already; so are those that follow");
}

static void start(struct onebot_program *program, struct onebot_letter *letter,
                  onebot_handler *handler, const char *name)
{
    if (program->stopping) {
        onebot_letter_free(letter);
        return;
    }
    if (program->running >= program->options.max_handlers) {
        drop_full(program, letter);
        return;
    }
    struct onebot_talk *talk = xie_alloc_zero(sizeof *talk);
    int error = -ENOMEM;
    if (talk) {
        talk->bot = letter->event.bot;
        talk->handler = handler;
        talk->name = name;
        talk->letter = letter;
        letter->talk = talk;
        xie_list_init(&talk->answers);
        error = spawn(talk);
    }
    if (error) {
        xie_release(talk);
        drop(program, letter, xie_strerror(error));
    }
}

/* --- events ------------------------------------------------------------------------- */

static void other(struct onebot_program *program, struct onebot_letter *letter)
{
    if (!program->options.on_event) {
        onebot_letter_free(letter);
        return;
    }
    letter->event.arg = program->options.arg;
    start(program, letter, program->options.on_event, "on_event");
}

static void pass_on(struct onebot_program *program, struct onebot_letter *letter)
{
    if (!onebot_mail_keep(&program->mail, letter))
        other(program, letter);
}

static void message(struct onebot_program *program, struct onebot_letter *letter)
{
    if (onebot_mail_answer(&program->mail, letter))
        return;
    const struct onebot_command *command;
    int found = onebot_letter_command(letter, program->options.commands, &command);
    if (found < 0)
        drop(program, letter, xie_strerror(found));
    else if (found)
        start(program, letter, command->handler, command->name);
    else
        pass_on(program, letter);
}

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

void onebot_dispatch(struct onebot_bot *bot, json_t *event, uint64_t source)
{
    if (strcmp(onebot_string(event, "meta_event_type"), "heartbeat") == 0) {
        json_decref(event);
        return;
    }
    struct onebot_letter *letter = onebot_letter_new(bot, event);
    if (!letter)
        onebot_log(&bot->program->log, ONEBOT_ERROR, "event dropped: %s", xie_strerror(-ENOMEM));
    else if (came_before(bot, &letter->event, source))
        onebot_letter_free(letter);
    else if (onebot_event_is_message(&letter->event))
        message(bot->program, letter);
    else
        other(bot->program, letter);
}
