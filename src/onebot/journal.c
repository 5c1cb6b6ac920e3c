/* journal.c - the steps of a kept handler: gone over, begun, finished.
 * Floor 9. Only the handler's own task makes steps; what they came to is saved with the next one,
 * or by a task that runs as soon as the handler waits for something else. */
/* SPDX-License-Identifier: MIT */
#include "onebot/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/record.h"

enum {
    HASH = 17,      /* bytes of one in hexadecimal digits */
    DESCRIBED = 160 /* of what a step is, in words; an action's name is not longer */
};

/* --- saving ------------------------------------------------------------------------- */

static int save_now(struct onebot_journal *journal, size_t n, const json_t *step)
{
    int error = onebot_record_take(journal->record);
    if (error)
        return error;
    onebot_record_set(journal->record, n, step);
    error = onebot_record_save(journal->record);
    onebot_record_give(journal->record);
    return error;
}

/* A task. It has inherited the journal, which therefore lives. */
static int save(void *arg)
{
    struct onebot_journal *journal = arg;
    if (onebot_record_take(journal->record) == 0) {
        if (onebot_record_changed(journal->record))
            onebot_record_save(journal->record); /* the store says what is wrong with it */
        onebot_record_give(journal->record);
    }
    journal->saving = false;
    return 0;
}

/* What is frozen is saved at its end, and at the end of the program there is no group for a task
 * any more. */
void onebot_journal_save_soon(struct onebot_journal *journal)
{
    struct xie_task_options options = {.name = "onebot_keep"};
    if (journal->saving || journal->frozen || journal->program->stopping ||
        !onebot_record_changed(journal->record))
        return;
    journal->saving = true;
    if (xie_group_spawn_with(&journal->program->handlers, save, journal, &options))
        journal->saving = false; /* with the next step, then */
}

/* --- what differs ------------------------------------------------------------------- */

static const char *hash_text(uint64_t hash, char text[HASH])
{
    snprintf(text, HASH, "%016" PRIx64, hash);
    return text;
}

/* The end of the conversation: its handler does something else than it did. */
static int diverge(struct onebot_talk *talk, const char *was, const char *is)
{
    struct onebot_journal *journal = talk->journal;
    const struct onebot_event *event = &talk->letter->event;
    onebot_log(&journal->program->log, ONEBOT_ERROR,
               "kept handler %s (user %lld, group %lld) has changed, its conversation ends: step "
               "%zu was %s, and now it is %s",
               talk->name, (long long)event->user_id, (long long)event->group_id, journal->at + 1,
               was, is);
    journal->diverged = true;
    xie_scope_cancel(talk->scope);
    xie_sleep(0);
    return -ECANCELED;
}

static const char *describe(char text[DESCRIBED], const char *kind, const char *what)
{
    snprintf(text, DESCRIBED, "%s%s%s", kind, *what ? " " : "", what);
    return text;
}

static int recall(struct onebot_talk *talk, const struct onebot_deed *deed, json_t **found)
{
    struct onebot_journal *journal = talk->journal;
    json_t *step = json_array_get(journal->steps, journal->at);
    char hash[HASH], was[DESCRIBED], is[DESCRIBED];
    describe(was, onebot_string(step, "k"), onebot_string(step, "w"));
    describe(is, deed->kind, deed->what);
    if (strcmp(was, is) != 0)
        return diverge(talk, was, is);
    if (strcmp(onebot_string(step, "h"), hash_text(deed->hash, hash)) != 0)
        return diverge(talk, was, "the same with other parameters");
    json_decref(journal->now);
    journal->now = json_incref(step);
    journal->at++;
    *found = step;
    if (json_object_get(step, "r"))
        return ONEBOT_RECALL_DONE;
    if (journal->at == json_array_size(journal->steps)) /* others stay begun for good */
        onebot_journal_go_live(journal);
    return ONEBOT_RECALL_BEGUN;
}

/* --- live --------------------------------------------------------------------------- */

static json_t *make_step(const struct onebot_deed *deed)
{
    char hash[HASH];
    json_t *step = json_pack("{s:s, s:s, s:s}", "k", deed->kind, "w", deed->what, "h",
                             hash_text(deed->hash, hash));
    if (step && deed->due_ns != XIE_NEVER &&
        json_object_set_new(step, "d", json_integer(deed->due_ns))) {
        json_decref(step);
        return NULL;
    }
    return step;
}

static int begin_live(struct onebot_talk *talk, const struct onebot_deed *deed)
{
    struct onebot_journal *journal = talk->journal;
    onebot_journal_go_live(journal);
    int error = journal->at >= ONEBOT_KEEP_STEPS ? XIE_ELIMIT : 0;
    json_t *step = error ? NULL : make_step(deed);
    if (!step) {
        xie_sleep(0);
        return error ? error : -ENOMEM;
    }
    json_decref(journal->now);
    journal->now = step;
    error = xie_check();
    if (error)
        xie_sleep(0);
    else if (!deed->lazy)
        error = save_now(journal, journal->at, step);
    journal->at++;
    if (error && !onebot_journal_leave(talk, error, true))
        onebot_journal_finish(talk,
                              json_pack("{s:i, s:b}", "e", error, "o", xie_check() == -ETIMEDOUT));
    return error ? error : ONEBOT_RECALL_LIVE;
}

int onebot_journal_begin(struct onebot_talk *talk, const struct onebot_deed *deed, json_t **found)
{
    struct onebot_journal *journal = talk->journal;
    if (journal->frozen || journal->diverged) {
        xie_sleep(0);
        return -ECANCELED;
    }
    if (!journal->open)
        return diverge(talk, "behind onebot_keep", "before it");
    if (journal->at < json_array_size(journal->steps))
        return recall(talk, deed, found);
    return begin_live(talk, deed);
}

/* --- what it came to ---------------------------------------------------------------- */

/* What fits, or in its place the error that it does not. return that error */
static int fit(struct onebot_journal *journal, json_t **result)
{
    bool deep = *result && onebot_record_is_too_deep(*result);
    size_t len = *result && !deep ? json_dumpb(*result, NULL, 0, JSON_COMPACT) : 0;
    int error = len ? 0 : -ENOMEM;
    if (deep || len > ONEBOT_KEEP_STEP || journal->bytes + len > ONEBOT_KEEP_BYTES)
        error = XIE_ELIMIT;
    if (!error)
        journal->bytes += len;
    if (!error)
        return 0;
    json_decref(*result);
    *result = json_pack("{s:i}", "e", error);
    return error;
}

static void change(struct onebot_journal *journal, const json_t *step)
{
    XIE_SHIELD {
        onebot_record_take(journal->record);
        if (step)
            onebot_record_set(journal->record, journal->at - 1, step);
        else
            onebot_record_erase(journal->record, journal->at - 1);
        onebot_record_give(journal->record);
    }
    onebot_journal_save_soon(journal);
}

int onebot_journal_finish(struct onebot_talk *talk, json_t *result)
{
    struct onebot_journal *journal = talk->journal;
    int error = fit(journal, &result);
    if (!result || json_object_set_new(journal->now, "r", result))
        error = -ENOMEM;
    change(journal, journal->now); /* begun, at least: those behind it count only then */
    return error;
}

void onebot_journal_forget(struct onebot_talk *talk)
{
    struct onebot_journal *journal = talk->journal;
    change(journal, NULL);
    journal->at--;
}

bool onebot_journal_leave(struct onebot_talk *talk, int error, bool unmade)
{
    if (!talk->journal->frozen || error != -ECANCELED)
        return false;
    if (unmade)
        onebot_journal_forget(talk);
    return true;
}
