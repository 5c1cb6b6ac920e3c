/* keep_call.c - calls and questions as steps of a kept handler.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "onebot/keep.h"
#include "onebot/wall.h"

/* --- hashing ------------------------------------------------------------------------ */

/* FNV-1a: tells what a handler did from what it does now; nobody gains by a collision. */
static int mix(const char *bytes, size_t len, void *arg)
{
    uint64_t *hash = arg;
    for (size_t i = 0; i < len; i++)
        *hash = (*hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
    return 0;
}

static const uint64_t hash_begin = UINT64_C(0xCBF29CE484222325);

static uint64_t mix_number(uint64_t hash, int64_t number)
{
    mix((const char *)&number, sizeof number, &hash);
    return hash;
}

/* --- calls -------------------------------------------------------------------------- */

/* NULL without memory. */
static json_t *write_result(const struct onebot_result *result)
{
    if (result->error)
        return json_pack("{s:i, s:I, s:s}", "e", result->error, "c", (json_int_t)result->retcode,
                         "w", result->wording);
    return json_pack("{s:O, s:I}", "v", result->data, "c", (json_int_t)result->retcode);
}

/* An error that was written down; 0: none. Nothing else than a negative number is one. */
static int error_of(const json_t *result)
{
    int64_t error = onebot_int(result, "e");
    return error < 0 && error > -INT32_MAX ? (int)error : 0;
}

static struct onebot_result read_result(const json_t *result)
{
    int error = error_of(result);
    json_t *data = json_object_get(result, "v");
    const char *wording = onebot_string(result, "w");
    struct onebot_result made = {0};
    if (error || !data)
        made = onebot_failure(error ? error : XIE_EJSON, "%s",
                              *wording ? wording : xie_strerror(error ? error : XIE_EJSON));
    else
        made.data = json_incref(data);
    made.retcode = onebot_int(result, "c");
    return made;
}

/* It is made: what it comes to is written down. */
static struct onebot_result make_call(struct onebot_talk *talk, struct onebot_bot *bot,
                                      const char *action, json_t *params)
{
    struct onebot_result result = onebot_call_unkept(bot, action, params);
    if (onebot_journal_leave(talk, result.error, talk->journal->unsent))
        return result;
    int error = onebot_journal_finish(talk, write_result(&result));
    if (!error)
        return result;
    json_decref(result.data);
    return onebot_failure(error, "what %s returned cannot be kept: %s", action,
                          xie_strerror(error));
}

struct onebot_result onebot_keep_call(struct onebot_talk *talk, struct onebot_bot *bot,
                                      const char *action, json_t *params)
{
    json_t *found = NULL;
    struct onebot_deed deed = {.kind = "call",
                               .what = action,
                               .hash = mix_number(hash_begin, bot->self_id),
                               .due_ns = XIE_NEVER};
    mix(action, strlen(action), &deed.hash);
    int recalled = json_dump_callback(params, mix, &deed.hash, JSON_COMPACT | JSON_SORT_KEYS)
                       ? -ENOMEM
                       : onebot_journal_begin(talk, &deed, &found);
    if (recalled == ONEBOT_RECALL_LIVE)
        return make_call(talk, bot, action, params);
    json_decref(params);
    if (recalled == ONEBOT_RECALL_DONE)
        return read_result(json_object_get(found, "r"));
    if (recalled == ONEBOT_RECALL_BEGUN)
        return onebot_failure(XIE_EUNKNOWN, "the program ended before %s was answered", action);
    return onebot_failure(recalled, "%s", xie_strerror(recalled));
}

/* --- questions ---------------------------------------------------------------------- */

static uint64_t hash_question(const struct onebot_keep_question *question)
{
    uint64_t hash = mix_number(hash_begin, question->to->group_id);
    hash = mix_number(hash, question->to->user_id);
    hash = mix_number(hash, question->whose->user_id);
    if (question->text)
        mix(question->text, strlen(question->text) + 1, &hash);
    return hash;
}

/* When the scopes around end, by the time of day. */
static int64_t due_by_day(int64_t when)
{
    int64_t due;
    if (when == XIE_NEVER || __builtin_add_overflow(onebot_wall_now() - xie_now(), when, &due))
        return XIE_NEVER;
    return due;
}

static int recall_answer(struct onebot_talk *talk, struct onebot_keep_question *question,
                         const json_t *result, struct onebot_letter **letter)
{
    json_t *event = json_object_get(result, "m");
    int error = error_of(result);
    question->over = json_is_true(json_object_get(result, "o"));
    if (error || !event)
        return error ? error : XIE_EJSON;
    *letter = onebot_letter_new(talk->bot, json_incref(event));
    if (!*letter)
        return -ENOMEM;
    (*letter)->passed_on = true; /* then, or never */
    return ONEBOT_RECALL_DONE;
}

int onebot_keep_ask(struct onebot_talk *talk, struct onebot_keep_question *question,
                    struct onebot_letter **letter)
{
    struct onebot_talk *own;
    json_t *found = NULL, *due;
    int watched = onebot_journal_watches(&own);
    question->due = XIE_NEVER;
    if (own != talk && (talk->journal || watched > 0))
        return -EPERM;
    if (watched <= 0)
        return watched ? watched : ONEBOT_RECALL_LIVE;
    struct onebot_deed deed = {.kind = "question",
                               .what = "",
                               .hash = hash_question(question),
                               .due_ns = due_by_day(onebot_talk_deadline())};
    int recalled = onebot_journal_begin(talk, &deed, &found);
    if (recalled == ONEBOT_RECALL_DONE)
        return recall_answer(talk, question, json_object_get(found, "r"), letter);
    if (recalled == ONEBOT_RECALL_BEGUN && (due = json_object_get(found, "d")))
        question->due = xie_now() + (json_integer_value(due) - onebot_wall_now());
    return recalled;
}

int onebot_keep_heard(struct onebot_talk *talk, int error, bool over,
                      const struct onebot_letter *letter)
{
    struct onebot_journal *journal = talk->journal;
    if (!journal || onebot_journal_leave(talk, error, journal->unsent))
        return error;
    json_t *result = error ? json_pack("{s:i, s:b}", "e", error, "o", over)
                           : json_pack("{s:O}", "m", letter->json);
    int unkept = onebot_journal_finish(talk, result);
    return error ? error : unkept;
}

void onebot_keep_pause(struct onebot_talk *talk, int by)
{
    if (!talk->journal)
        return;
    talk->journal->paused += (unsigned)by;
    if (by > 0)
        talk->journal->unsent = false; /* what is said now tells whether it was */
}

/* --- facts -------------------------------------------------------------------------- */

int onebot_keep_find(const char *what, int64_t *value)
{
    struct onebot_talk *talk;
    json_t *found = NULL;
    int watched = onebot_journal_watches(&talk);
    if (watched <= 0)
        return watched ? watched : ONEBOT_RECALL_LIVE;
    struct onebot_deed deed = {.kind = "value", .what = what, .due_ns = XIE_NEVER, .lazy = true};
    int recalled = onebot_journal_begin(talk, &deed, &found);
    if (recalled == ONEBOT_RECALL_DONE) {
        const json_t *result = json_object_get(found, "r");
        *value = onebot_int(result, "v");
        if (error_of(result))
            return error_of(result);
    }
    if (recalled == ONEBOT_RECALL_BEGUN)
        recalled = ONEBOT_RECALL_LIVE;
    if (recalled == ONEBOT_RECALL_LIVE)
        onebot_keep_pause(talk, 1);
    return recalled;
}

int onebot_keep_found(int error, int64_t value)
{
    struct onebot_talk *talk = onebot_talk_current();
    if (!talk || !talk->journal)
        return error;
    onebot_keep_pause(talk, -1);
    if (onebot_journal_leave(talk, error, true))
        return error;
    int unkept = onebot_journal_finish(talk, error ? json_pack("{s:i}", "e", error)
                                                   : json_pack("{s:I}", "v", (json_int_t)value));
    return error ? error : unkept;
}
