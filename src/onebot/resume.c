/* resume.c - kept conversations that wait, and are taken up when their account is there.
 * Floor 9. Those that wait are known by a few words each; the rest lies in the store. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/keep.h"
#include "onebot/record.h"
#include "onebot/walk.h"
#include "onebot/wall.h"

#define HOLD_NS XIE_SECOND

/* One that no handler has. */
struct waiting {
    struct xie_link link;
    char id[ONEBOT_RECORD_ID];
    int64_t self_id, began_ns;
    bool said;  /* what it waits for */
    bool tried; /* that is counted, in this run of the program */
};

void onebot_kept_init(struct onebot_kept *kept)
{
    xie_list_init(&kept->running);
    xie_list_init(&kept->waiting);
}

void onebot_kept_fini(struct onebot_kept *kept)
{
    while (!xie_list_empty(&kept->waiting)) {
        struct waiting *waiting = XIE_CONTAINER(kept->waiting.next, struct waiting, link);
        xie_list_remove(&waiting->link);
        xie_release(waiting);
    }
}

bool onebot_keep_is_old(const struct onebot_program *program, int64_t began_ns)
{
    int64_t age_ns = program->options.keep.age_ns;
    return age_ns != XIE_NEVER && onebot_wall_now() - began_ns >= age_ns;
}

/* --- those that wait ---------------------------------------------------------------- */

static struct waiting *add(struct onebot_kept *kept, const char *id, int64_t self_id,
                           int64_t began_ns)
{
    struct waiting *waiting = xie_alloc_zero(sizeof *waiting);
    if (!waiting)
        return NULL;
    strncpy(waiting->id, id, sizeof waiting->id - 1);
    waiting->self_id = self_id;
    waiting->began_ns = began_ns;
    xie_list_push(&kept->waiting, &waiting->link);
    return waiting;
}

void onebot_keep_ended(const struct onebot_journal *journal)
{
    struct onebot_kept *kept = &journal->program->kept;
    struct waiting *waiting = NULL;
    if (journal->frozen)
        waiting =
            add(kept, onebot_record_id(journal->record), journal->bot->self_id, journal->began_ns);
    /* Without memory it waits in the store alone, for the next start of the program. */
    if (waiting)
        waiting->tried = journal->tried;
    else
        kept->count--;
}

static void drop(struct onebot_program *program, struct onebot_record *record, const char *name,
                 const char *why)
{
    int error = onebot_record_delete(record, ONEBOT_RECORD_STEPS);
    onebot_log(&program->log, ONEBOT_WARNING, "a kept conversation of %s is dropped: %s%s%s", name,
               why, error ? "; it could not be deleted: " : "", error ? xie_strerror(error) : "");
}

/* --- when the program starts -------------------------------------------------------- */

static int drop_by_id(struct onebot_program *program, const char *id, const json_t *head,
                      const char *why)
{
    struct onebot_record *record = onebot_record_new(program->options.store, id);
    if (!record)
        return -ENOMEM;
    drop(program, record, onebot_string(head, "rule"), why);
    onebot_record_free(record);
    return 0;
}

static int load_one(struct onebot_program *program, const char *id, const json_t *head)
{
    int64_t began_ns = onebot_int(head, "began"), self_id = onebot_int(head, "self");
    if (strlen(id) >= ONEBOT_RECORD_ID)
        return 0; /* none of ours */
    if (self_id <= 0 || !*onebot_string(head, "rule") ||
        !json_is_object(json_object_get(head, "event")))
        return drop_by_id(program, id, head, "it is damaged");
    if (onebot_keep_is_old(program, began_ns))
        return drop_by_id(program, id, head, "it is too old");
    if (!add(&program->kept, id, self_id, began_ns))
        return -ENOMEM;
    program->kept.count++;
    return 0;
}

static int load_page(struct onebot_program *program, const json_t *page,
                     char last[ONEBOT_RECORD_KEY])
{
    const char *id;
    json_t *head;
    json_object_foreach((json_t *)page, id, head)
    {
        int error = load_one(program, id, head);
        if (error)
            return error;
        snprintf(last, ONEBOT_RECORD_KEY, "%s", id); /* whole, also of what is none of ours */
    }
    return 0;
}

int onebot_keep_load(struct onebot_program *program)
{
    char last[ONEBOT_RECORD_KEY] = "";
    json_t *page = NULL;
    int error = 0;
    bool more = program->options.store;
    while (more && !error) {
        error = onebot_record_list(program->options.store, last, &page);
        if (error)
            break;
        more = json_object_size(page) > 0;
        error = load_page(program, page, last);
        json_decref(page);
    }
    if (error)
        onebot_log(&program->log, ONEBOT_ERROR, "what conversations are kept cannot be read: %s",
                   xie_strerror(error));
    return error;
}

/* --- taking one up ------------------------------------------------------------------ */

/* What is read of it, on its way to its handler. */
struct taking {
    struct onebot_bot *bot;
    struct waiting *waiting;
    struct onebot_record *record;
    json_t *head, *steps;
    int64_t tries;
};

static size_t bytes_of(const json_t *head, const json_t *steps)
{
    size_t i, bytes = json_dumpb(head, NULL, 0, JSON_COMPACT);
    json_t *step;
    json_array_foreach(steps, i, step) bytes += json_dumpb(step, NULL, 0, JSON_COMPACT);
    return bytes;
}

/* Takes the record, and the steps if it is come to them, over. */
static struct onebot_journal *make_journal(struct taking *taking)
{
    struct onebot_journal *journal = onebot_journal_new(
        taking->bot, onebot_string(taking->head, "rule"), taking->record, taking->steps);
    taking->record = NULL;
    taking->steps = NULL;
    if (!journal)
        return NULL;
    journal->began_ns = taking->waiting->began_ns;
    journal->bytes = bytes_of(taking->head, journal->steps);
    journal->tried = taking->waiting->tried;
    journal->held = true;
    taking->bot->hold.busy++;
    return journal;
}

static void unhold(struct onebot_journal *journal)
{
    if (journal->held)
        journal->bot->hold.busy--;
    journal->held = false;
}

/* Its handler, or why not. What is not taken over is given back here. */
static int start(struct taking *taking)
{
    struct onebot_letter *letter =
        onebot_letter_new(taking->bot, json_incref(json_object_get(taking->head, "event")));
    struct onebot_journal *journal = letter ? make_journal(taking) : NULL;
    int error = journal ? 0 : -ENOMEM;
    if (!error) {
        letter->passed_on = true; /* then, or never */
        error = onebot_keep_start(letter, journal);
    }
    if (!error)
        return 0;
    onebot_letter_free(letter);
    if (journal) {
        unhold(journal);
        taking->record = journal->record; /* to be dropped, perhaps */
        journal->record = NULL;
        onebot_journal_free(journal);
    }
    return error;
}

/* A rule may come later, with a plugin; a turn will be free. */
static void say_why(struct taking *taking, const char *why)
{
    if (!taking->waiting->said)
        onebot_log(&taking->bot->program->log, ONEBOT_INFO, "a kept conversation waits: %s %s",
                   onebot_string(taking->head, "rule"), why);
    taking->waiting->said = true;
}

/* return 0 it runs, or is gone; an error: it still waits */
static int judge(struct taking *taking, int error)
{
    struct onebot_program *program = taking->bot->program;
    const char *why = error == -EINVAL   ? "its rule does not match its event any more"
                      : error == -ESRCH  ? "its rule is not there any more"
                      : error == -ERANGE ? "it has come no further, start after start"
                      : error == -ETIME  ? "it is too old"
                                         : NULL;
    if (error == -ENOENT)
        say_why(taking, "is not there");
    if (error == -EBUSY) {
        say_why(taking, "runs one at a time");
        program->kept.turn = true;
    }
    if (error == -ESTALE) { /* somebody has deleted it */
        program->kept.count--;
        return 0;
    }
    if (!why || !taking->record)
        return error;
    drop(program, taking->record, onebot_string(taking->head, "rule"), why);
    program->kept.count--;
    return 0;
}

static int read_and_start(struct taking *taking)
{
    int error = onebot_record_read(taking->record, &taking->head, &taking->steps, &taking->tries);
    if (error)
        return error == -ENOENT ? -ESTALE : error;
    if (onebot_keep_is_old(taking->bot->program, taking->waiting->began_ns))
        return -ETIME;
    if (taking->tries >= ONEBOT_KEEP_TRIES)
        return -ERANGE;
    if (taking->bot->program->running >= taking->bot->program->options.max_handlers)
        return XIE_ELIMIT;
    return start(taking);
}

static int take_up(struct onebot_bot *bot, struct waiting *waiting)
{
    struct taking taking = {.bot = bot,
                            .waiting = waiting,
                            .record = onebot_record_new(bot->program->options.store, waiting->id)};
    int error = taking.record ? judge(&taking, read_and_start(&taking)) : -ENOMEM;
    onebot_record_free(taking.record);
    json_decref(taking.head);
    json_decref(taking.steps);
    if (error && error != -ENOENT && error != -EBUSY)
        onebot_log(&bot->program->log, ONEBOT_ERROR, "a kept conversation still waits: %s",
                   xie_strerror(error));
    return error;
}

/* --- an account's ------------------------------------------------------------------- */

/* Take out all that wait for it. return false: none does */
static bool take_out(struct onebot_bot *bot, struct xie_link *out)
{
    struct xie_link *all = &bot->program->kept.waiting, *next;
    xie_list_init(out);
    for (struct xie_link *at = all->next; at != all; at = next) {
        next = at->next;
        if (XIE_CONTAINER(at, struct waiting, link)->self_id != bot->self_id)
            continue;
        xie_list_remove(at);
        xie_list_push(out, at);
    }
    return !xie_list_empty(out);
}

static bool any_waits(struct onebot_bot *bot)
{
    struct xie_link *all = &bot->program->kept.waiting;
    for (struct xie_link *at = all->next; at != all; at = at->next)
        if (XIE_CONTAINER(at, struct waiting, link)->self_id == bot->self_id)
            return true;
    return false;
}

/* Each once. return how many go on */
static size_t take_up_all(struct onebot_bot *bot)
{
    struct xie_link out;
    size_t taken = 0;
    take_out(bot, &out);
    while (!xie_list_empty(&out)) {
        struct waiting *waiting = XIE_CONTAINER(out.next, struct waiting, link);
        xie_list_remove(&waiting->link);
        if (bot->program->stopping || take_up(bot, waiting)) {
            xie_list_push(&bot->program->kept.waiting, &waiting->link);
            continue;
        }
        xie_release(waiting);
        taken++;
    }
    return taken;
}

/* Events go their way again, in the order they came: as if they came now, since who was taken up
 * meanwhile hears them. */
static void let_go(struct onebot_hold *hold)
{
    hold->on = false;
    while (!hold->on && !xie_list_empty(&hold->letters)) {
        struct onebot_letter *letter =
            XIE_CONTAINER(hold->letters.next, struct onebot_letter, link);
        xie_list_remove(&letter->link);
        hold->count--;
        letter->number = ++letter->event.bot->program->mail.last;
        onebot_walk(letter);
    }
}

/* Does one that comes in another's place wait for its end? */
static bool are_replaced(const struct onebot_program *program)
{
    const struct xie_link *list = &program->plugins.list;
    for (const struct xie_link *at = list->next; at != list; at = at->next) {
        const struct onebot_plugin *plugin = XIE_CONTAINER(at, struct onebot_plugin, link);
        if (plugin->ending && plugin->next)
            return true;
    }
    return false;
}

static bool are_on_their_way(const struct onebot_bot *bot)
{
    const struct onebot_hold *hold = &bot->hold;
    return hold->busy || hold->offline || are_replaced(bot->program);
}

/* Until all have gone over their steps, or there are more to take up. */
static void wait_for_them(struct onebot_bot *bot)
{
    struct onebot_hold *hold = &bot->hold;
    while (hold->on && !hold->again && are_on_their_way(bot) && xie_now() < hold->until &&
           !xie_check()) {
        xie_event_clear(&hold->change);
        XIE_TIMEOUT_AT(hold->until)
            xie_event_wait(&hold->change);
    }
}

static void take_up_and_say(struct onebot_bot *bot)
{
    size_t count = take_up_all(bot);
    int64_t until = xie_now() + HOLD_NS;
    if (!count)
        return;
    if (bot->hold.until < until)
        bot->hold.until = until;
    onebot_log(&bot->program->log, ONEBOT_INFO, "account %lld: %zu kept conversation%s",
               (long long)bot->self_id, count, count == 1 ? "" : "s");
}

/* A task: the only one of the account. */
static int wake(void *arg)
{
    struct onebot_bot *bot = arg;
    struct onebot_hold *hold = &bot->hold;
    do {
        bool again = hold->again;
        hold->again = false;
        if (again)
            take_up_and_say(bot);
        wait_for_them(bot);
    } while (hold->again && !xie_check());
    hold->vain |= hold->offline;
    hold->waking = hold->taking = hold->again = hold->offline = false;
    let_go(hold);
    return 0;
}

/* Whoever has brought it about may end, and all of its own with it: the task is the program's. */
static int start_waking(struct onebot_bot *bot)
{
    struct onebot_program *program = bot->program;
    struct onebot_hold *hold = &bot->hold;
    struct xie_task_options options = {.name = "onebot_keep", .context = program->task};
    xie_event_set(&hold->change);
    if (hold->waking)
        return 0;
    int error = xie_group_spawn_with(&program->handlers, wake, bot, &options);
    if (error)
        onebot_log(&program->log, ONEBOT_ERROR, "account %lld: kept conversations still wait: %s",
                   (long long)bot->self_id, xie_strerror(error));
    else
        hold->on = hold->waking = true;
    return error;
}

void onebot_keep_wake(struct onebot_bot *bot)
{
    struct onebot_hold *hold = &bot->hold;
    if (bot->program->stopping || bot->self_id <= 0 || !onebot_calls_are_open(&bot->calls))
        return;
    hold->offline = hold->vain = false;
    if ((!hold->waking && !any_waits(bot)) || start_waking(bot))
        return;
    hold->again = true;
    if (hold->taking)
        return;
    hold->until = xie_now() + HOLD_NS;
    hold->on = hold->taking = true;
}

/* Its events wait for those that will be taken up, and this long beyond a second at most. */
static void hold_for(struct onebot_bot *bot, int64_t longer_ns)
{
    struct onebot_hold *hold = &bot->hold;
    int64_t until;
    if (bot->program->stopping || start_waking(bot))
        return;
    if (__builtin_add_overflow(xie_now() + HOLD_NS, longer_ns, &until))
        until = XIE_NEVER;
    hold->until = until;
    hold->on = true;
    hold->taking = false;
}

/* Not for ever: the old one may have much to do yet. */
void onebot_keep_hold(struct onebot_bot *bot)
{
    hold_for(bot, bot->program->options.grace_ns);
}

/* By a connection of their own events may come before calls can be sent. Once: those may stay
 * away. */
static void hold_early(struct onebot_bot *bot)
{
    struct onebot_hold *hold = &bot->hold;
    if (hold->vain || hold->waking || bot->self_id <= 0 || onebot_calls_are_open(&bot->calls) ||
        !any_waits(bot))
        return;
    hold_for(bot, 0);
    hold->offline = hold->waking;
}

void onebot_keep_turn(struct onebot_program *program)
{
    if (!program->kept.turn)
        return;
    program->kept.turn = false;
    onebot_keep_wake_all(program);
}

void onebot_keep_wake_all(struct onebot_program *program)
{
    for (struct xie_link *at = program->bots.next; at != &program->bots; at = at->next)
        onebot_keep_wake(XIE_CONTAINER(at, struct onebot_bot, link));
}

bool onebot_keep_holds(struct onebot_letter *letter)
{
    struct onebot_hold *hold = &letter->event.bot->hold;
    hold_early(letter->event.bot);
    if (hold->on && (hold->count >= ONEBOT_KEEP_HELD || xie_now() >= hold->until)) {
        let_go(hold);
        xie_event_set(&hold->change);
    }
    if (!hold->on)
        return false;
    xie_list_push(&hold->letters, &letter->link);
    hold->count++;
    return true;
}

/* --- words -------------------------------------------------------------------------- */

void onebot_keep_tell(struct onebot_talk *talk)
{
    const struct onebot_program *program = talk->bot->program;
    const char *words = program->options.keep.told;
    bool english = program->rules.book.language == ONEBOT_ENGLISH;
    if (!words || program->stopping)
        return;
    if (!*words)
        words = english ? "I have been changed meanwhile, and cannot go on with this. "
                          "Please begin again."
                        : "我更新过了，刚才的对话接不下去了，请重新开始。";
    onebot_reply(&talk->letter->event, "%s", words);
}
