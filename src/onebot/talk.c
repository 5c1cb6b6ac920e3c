/* talk.c - handlers that start, run and end.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/talk.h"

#include <errno.h>

#include "base/memory.h"
#include "onebot/keep.h"
#include "onebot/walk.h"
#include "task/record.h"

/* --- ending ------------------------------------------------------------------------- */

static bool try_start(struct onebot_letter *letter, const struct onebot_start *start);

/* Those that cannot start are gone, and the next after them has the turn; behind all of them who is
 * kept and waits for it. */
static void start_next(struct onebot_program *program, struct onebot_turn *turn)
{
    const struct onebot_rule *rule = turn->key.rule;
    struct onebot_letter *next;
    bool started = false;
    while (!started && (next = onebot_turns_leave(&program->rules.turns, turn)))
        started = try_start(next, &(struct onebot_start){.handler = rule->handler,
                                                         .name = next->handler_name,
                                                         .plugin = next->plugin,
                                                         .turn = turn});
    if (!started)
        onebot_keep_turn(program);
}

/* Take out what its boxes have kept. */
static void close_boxes(struct onebot_talk *talk, struct xie_link *kept)
{
    while (!xie_list_empty(&talk->boxes)) {
        struct onebot_mailbox *box = XIE_CONTAINER(talk->boxes.next, struct onebot_mailbox, mine);
        struct onebot_letter *letter;
        onebot_mail_close(box);
        xie_list_remove(&box->mine);
        while ((letter = onebot_mail_take(box)))
            xie_list_push(kept, &letter->link);
        if (box != &talk->box)
            xie_release(box);
    }
}

/* Whoever spoke while this handler ran gets to where they would have got without it: its turn and
 * its place are free by now, unless those who waited for them have them. */
static void walk_on(struct xie_link *kept)
{
    while (!xie_list_empty(kept)) {
        struct onebot_letter *letter = XIE_CONTAINER(kept->next, struct onebot_letter, link);
        xie_list_remove(&letter->link);
        onebot_walk_again(letter);
    }
}

static void end_talk(struct onebot_talk *talk)
{
    struct onebot_program *program = talk->bot->program;
    struct onebot_turn *turn = talk->turn;
    struct xie_link kept;
    xie_list_init(&kept);
    close_boxes(talk, &kept);
    while (!xie_list_empty(&talk->answers))
        onebot_letter_free(XIE_CONTAINER(talk->answers.next, struct onebot_letter, link));
    onebot_letter_free(talk->letter);
    xie_release(talk->words);
    xie_release(talk);
    program->full = false;
    program->running--;
    if (turn)
        start_next(program, turn);
    walk_on(&kept);
    if (!program->running && program->stopping)
        xie_event_set(&program->stop_change);
}

/* --- running ------------------------------------------------------------------------ */

/* What the person, or whoever stops it, has brought about is no failure. */
static bool failed(const struct onebot_talk *talk, int result)
{
    if (onebot_journal_excuses(talk))
        return false;
    if (result == -ECANCELED)
        return !talk->bot->program->stopping && !talk->replaced &&
               !(talk->plugin && talk->plugin->ending);
    return result < 0 && result != XIE_EDECLINED;
}

static int run_in_scope(struct onebot_talk *talk)
{
    struct onebot_event *event = &talk->letter->event;
    struct xie_scope scope;
    xie_scope_open(&scope, XIE_NEVER);
    talk->scope = &scope;
    if (talk->replaced || onebot_journal_excuses(talk))
        xie_scope_cancel(&scope);
    int result = talk->handler ? talk->handler(event) : onebot_reply(event, "%s", talk->words);
    talk->scope = NULL;
    xie_scope_close(&scope);
    return result;
}

static int run_handler(void *arg)
{
    struct onebot_talk *talk = arg;
    const struct onebot_event *event = &talk->letter->event;
    int result = onebot_journal_bind(talk);
    if (!result)
        result = run_in_scope(talk);
    if (failed(talk, result))
        onebot_log(&talk->bot->program->log, ONEBOT_ERROR,
                   "handler %s%s (user %lld, group %lld) failed: %s", *event->command ? "/" : "",
                   talk->name, (long long)event->user_id, (long long)event->group_id,
                   xie_strerror(result));
    onebot_journal_end(talk);
    end_talk(talk);
    return 0;
}

struct onebot_talk *onebot_talk_current(void)
{
    const struct xie_task *task = xie_task_current();
    return task && task->fn == run_handler ? task->arg : NULL;
}

int64_t onebot_talk_deadline(void)
{
    const struct xie_task *task = xie_task_current();
    const struct xie_scope *scope = task ? task->scope : NULL;
    int64_t least = XIE_NEVER;
    for (; scope && scope != &task->base; scope = scope->shield ? NULL : scope->parent)
        if (xie_scope_when(scope) < least)
            least = xie_scope_when(scope);
    return least;
}

void onebot_talk_replace(struct onebot_talk *talk)
{
    talk->replaced = true;
    if (talk->scope)
        xie_scope_cancel(talk->scope);
}

/* --- starting ----------------------------------------------------------------------- */

void onebot_letter_drop(struct onebot_letter *letter, const char *why)
{
    onebot_log(&letter->event.bot->program->log, ONEBOT_ERROR,
               "event dropped (%s, user %lld, group %lld): %s", letter->event.post_type,
               (long long)letter->event.user_id, (long long)letter->event.group_id, why);
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
    onebot_letter_drop(letter, "max_handlers run already; so are those that follow");
}

static struct onebot_talk *talk_new(struct onebot_letter *letter, const struct onebot_start *start)
{
    struct onebot_talk *talk = xie_alloc_zero(sizeof *talk);
    if (!talk)
        return NULL;
    talk->bot = letter->event.bot;
    talk->handler = start->handler;
    talk->words = start->words;
    talk->name = start->name;
    talk->plugin = start->plugin;
    talk->letter = letter;
    talk->turn = start->turn;
    talk->journal = start->journal;
    xie_list_init(&talk->boxes);
    xie_list_init(&talk->answers);
    return talk;
}

static int spawn(struct onebot_letter *letter, const struct onebot_start *start)
{
    struct onebot_program *program = letter->event.bot->program;
    struct onebot_plugin *plugin = start->plugin;
    struct xie_task_options options = {.name = start->name,
                                       .stack_size = program->options.stack_size,
                                       .context = plugin ? plugin->task : program->task};
    struct onebot_talk *talk = talk_new(letter, start);
    if (!talk)
        return -ENOMEM;
    int error = xie_group_spawn_with(plugin ? plugin->group : &program->handlers, run_handler, talk,
                                     &options);
    if (error) {
        xie_release(talk);
        return error;
    }
    letter->talk = talk;
    if (start->turn)
        start->turn->talk = talk;
    program->running++;
    return 0;
}

/* return false: it is gone */
static bool try_start(struct onebot_letter *letter, const struct onebot_start *start)
{
    struct onebot_program *program = letter->event.bot->program;
    int error = 0;
    if (program->stopping)
        onebot_letter_free(letter);
    else if (program->running >= program->options.max_handlers)
        drop_full(program, letter);
    else if (!(error = spawn(letter, start)))
        return true;
    if (error)
        onebot_letter_drop(letter, xie_strerror(error));
    return false;
}

void onebot_talk_start(struct onebot_letter *letter, const struct onebot_start *start)
{
    struct onebot_program *program = letter->event.bot->program;
    if (try_start(letter, start))
        return;
    xie_release(start->words);
    onebot_journal_wait(start->journal);
    if (start->turn)
        start_next(program, start->turn);
}
