/* journal_life.c - a journal from its beginning to its end, and whose it is.
 * Floor 9. A task's local has it: so tasks that the handler spawns are known by it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <xie/local.h>

#include "base/memory.h"
#include "onebot/journal.h"
#include "onebot/keep.h"
#include "onebot/record.h"
#include "onebot/wall.h"

/* --- new and free ------------------------------------------------------------------- */

static void release(void *value)
{
    onebot_journal_free(value);
}

static const struct xie_local_key mine = {"onebot_keep", release};

struct onebot_journal *onebot_journal_new(struct onebot_bot *bot, const char *name,
                                          struct onebot_record *record, json_t *steps)
{
    struct onebot_journal *journal = xie_alloc_zero(sizeof *journal);
    char *copy = journal ? xie_copy_string(name) : NULL;
    if (!copy) {
        xie_release(journal);
        onebot_record_free(record);
        json_decref(steps);
        return NULL;
    }
    journal->program = bot->program;
    journal->bot = bot;
    journal->record = record;
    journal->steps = steps;
    journal->name = copy;
    xie_list_init(&journal->link);
    return journal;
}

void onebot_journal_free(struct onebot_journal *journal)
{
    if (!journal)
        return;
    xie_list_remove(&journal->link);
    onebot_record_free(journal->record);
    json_decref(journal->steps);
    json_decref(journal->now);
    xie_release(journal->name);
    xie_release(journal);
}

/* --- whose it is -------------------------------------------------------------------- */

/* That its handler is to run anew: once for each run of the program, and before anything that may
 * end it. */
static int count_try(struct onebot_journal *journal)
{
    if (!journal->steps || journal->tried)
        return 0;
    int error = onebot_record_take(journal->record);
    if (error)
        return error;
    onebot_record_count(journal->record);
    error = onebot_record_save(journal->record);
    onebot_record_give(journal->record);
    journal->tried = !error;
    if (error && error != -ECANCELED)
        onebot_log(&journal->program->log, ONEBOT_ERROR, "a kept conversation still waits: %s",
                   xie_strerror(error));
    return error;
}

int onebot_journal_bind(struct onebot_talk *talk)
{
    struct onebot_journal *journal = talk->journal;
    if (!journal && xie_local_get(&mine)) /* of the handler that has started this one */
        return xie_local_set(&mine, NULL);
    if (!journal)
        return 0;
    int error = xie_local_set(&mine, journal);
    if (error)
        return error;
    journal->bound = true;
    journal->talk = talk;
    xie_list_push(&journal->program->kept.running, &journal->link);
    error = count_try(journal);
    journal->frozen |= error != 0;
    if (journal->steps)
        onebot_journal_look(journal);
    return error;
}

void onebot_journal_look(struct onebot_journal *journal)
{
    const struct onebot_plugin *plugin = journal->talk->plugin;
    if (journal->program->stopping || (plugin && plugin->ending))
        onebot_journal_freeze(journal);
}

/* Without memory to unbind it the task's end does it. */
void onebot_journal_part(struct onebot_talk *talk)
{
    struct onebot_journal *journal = talk->journal;
    xie_list_remove(&journal->link);
    talk->journal = NULL;
    journal->talk = NULL;
    if (journal->bound)
        xie_local_set(&mine, NULL);
    else
        onebot_journal_free(journal);
}

int onebot_journal_watches(struct onebot_talk **talk)
{
    const struct onebot_journal *journal;
    *talk = onebot_talk_current();
    if (*talk) {
        (*talk)->spoke = true;
        return (*talk)->journal && !(*talk)->journal->paused;
    }
    journal = xie_local_get(&mine);
    return journal && journal->talk ? -EPERM : 0;
}

bool onebot_journal_binds(void)
{
    const struct onebot_journal *journal = xie_local_get(&mine);
    return journal && journal->talk;
}

static struct onebot_journal *current(void)
{
    struct onebot_talk *talk = onebot_talk_current();
    return talk ? talk->journal : NULL;
}

void onebot_journal_flies(void)
{
    struct onebot_journal *journal = current();
    if (journal)
        journal->in_flight = true;
}

void onebot_journal_lands(bool sent)
{
    struct onebot_journal *journal = current();
    if (!journal)
        return;
    journal->in_flight = false;
    journal->unsent = !sent;
    if (journal->frozen && journal->talk->scope)
        xie_scope_cancel(journal->talk->scope);
}

/* --- on and off --------------------------------------------------------------------- */

/* Nothing of it is being saved then. */
void onebot_journal_go_live(struct onebot_journal *journal)
{
    struct onebot_hold *hold = &journal->bot->hold;
    if (journal->live)
        return;
    journal->live = true;
    if (journal->held && --hold->busy == 0)
        xie_event_set(&hold->change);
    journal->held = false;
    if (journal->tried && !journal->diverged) {
        onebot_record_uncount(journal->record);
        if (journal->bound)
            onebot_journal_save_soon(journal);
    }
}

void onebot_journal_freeze(struct onebot_journal *journal)
{
    journal->frozen = true;
    if (journal->talk && journal->talk->scope && !journal->in_flight)
        xie_scope_cancel(journal->talk->scope);
}

size_t onebot_journals_freeze(struct onebot_program *program, const struct onebot_plugin *plugin)
{
    size_t count = 0;
    struct xie_link *all = &program->kept.running;
    for (struct xie_link *at = all->next; at != all; at = at->next) {
        struct onebot_journal *journal = XIE_CONTAINER(at, struct onebot_journal, link);
        if (plugin && journal->talk->plugin != plugin)
            continue;
        onebot_journal_freeze(journal);
        if (plugin && plugin->next)
            onebot_keep_hold(journal->bot);
        count += !journal->in_flight;
    }
    return count;
}

size_t onebot_journals_in_flight(const struct onebot_program *program,
                                 const struct onebot_plugin *plugin)
{
    const struct xie_link *all = &program->kept.running;
    size_t count = 0;
    for (const struct xie_link *at = all->next; at != all; at = at->next) {
        const struct onebot_journal *journal = XIE_CONTAINER(at, struct onebot_journal, link);
        count += journal->talk->plugin == plugin && journal->in_flight;
    }
    return count;
}

bool onebot_journal_excuses(const struct onebot_talk *talk)
{
    return talk->journal && (talk->journal->frozen || talk->journal->diverged);
}

void onebot_journal_wait(struct onebot_journal *journal)
{
    if (!journal)
        return;
    journal->frozen = true;
    onebot_journal_go_live(journal);
    onebot_keep_ended(journal);
    onebot_journal_free(journal);
}

/* --- the end ------------------------------------------------------------------------ */

/* What is found at the end that nobody has said. */
static void remark(const struct onebot_talk *talk)
{
    const struct onebot_journal *journal = talk->journal;
    const struct onebot_log *log = &journal->program->log;
    if (journal->frozen || journal->diverged)
        return;
    if (journal->at < json_array_size(journal->steps))
        onebot_log(log, ONEBOT_WARNING,
                   "kept handler %s has changed: it ended before step %zu, of %zu written down",
                   talk->name, journal->at + 1, json_array_size(journal->steps));
    if (onebot_keep_is_old(journal->program, journal->began_ns))
        onebot_log(log, ONEBOT_WARNING, "kept handler %s: its conversation is too old, and ends",
                   talk->name);
}

static int write_end(struct onebot_journal *journal)
{
    size_t count = json_array_size(journal->steps);
    int error = 0;
    onebot_record_take(journal->record);
    if (!journal->frozen)
        error = onebot_record_delete(journal->record, journal->at > count ? journal->at : count);
    else if (onebot_record_changed(journal->record))
        error = onebot_record_save(journal->record);
    onebot_record_give(journal->record);
    return error;
}

void onebot_journal_end(struct onebot_talk *talk)
{
    struct onebot_journal *journal = talk->journal;
    int error = 0;
    if (!journal)
        return;
    xie_list_remove(&journal->link);
    if (!journal->bound)
        journal->frozen = true; /* it has not even begun */
    onebot_journal_go_live(journal);
    remark(talk);
    XIE_SHIELD
        error = write_end(journal);
    if (error)
        onebot_log(&journal->program->log, ONEBOT_ERROR,
                   "kept handler %s: what it %s could not be written down: %s", talk->name,
                   journal->frozen ? "did last" : "has ended", xie_strerror(error));
    onebot_keep_ended(journal);
    bool told = journal->diverged;
    onebot_journal_part(talk);
    if (told)
        onebot_keep_tell(talk);
}
