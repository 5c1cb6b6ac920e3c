/* keep.c - what a kept handler calls itself: onebot_keep, and steps that are no calls.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/keep.h"

#include <errno.h>
#include <stdarg.h>

#include "onebot/field.h"
#include "onebot/record.h"
#include "onebot/wall.h"

/* How soon it is noticed that the clock was set, or the machine slept. */
#define LOOK_NS (30 * XIE_SECOND)

/* --- beginning ---------------------------------------------------------------------- */

/* Its handler is not asked to end: that it is too old, its waits say. */
static void set_end(const struct onebot_journal *journal)
{
    int64_t age_ns = journal->program->options.keep.age_ns, left, when;
    if (age_ns == XIE_NEVER || __builtin_add_overflow(journal->began_ns, age_ns, &left))
        return;
    left -= onebot_wall_now();
    if (!__builtin_add_overflow(xie_now(), left, &when))
        xie_scope_reschedule(journal->talk->scope, when);
}

static json_t *make_head(const struct onebot_talk *talk, const char *name, int64_t began_ns)
{
    const struct onebot_letter *letter = talk->letter;
    return json_pack("{s:s, s:I, s:I, s:O}", "rule", name, "self", (json_int_t)talk->bot->self_id,
                     "began", (json_int_t)began_ns, "event", letter->json);
}

/* The head is written last: from then on the next run of the program has it. */
static int write_head(struct onebot_talk *talk)
{
    struct onebot_journal *journal = talk->journal;
    json_t *head = make_head(talk, journal->name, journal->began_ns);
    if (!head)
        return -ENOMEM;
    journal->bytes = json_dumpb(head, NULL, 0, JSON_COMPACT);
    int error =
        journal->bytes > ONEBOT_KEEP_STEP
            ? XIE_ELIMIT
            : onebot_record_begin(talk->bot->program->options.store, head, &journal->record);
    json_decref(head);
    return error;
}

static int begin(struct onebot_talk *talk, const char *name)
{
    struct onebot_kept *kept = &talk->bot->program->kept;
    struct onebot_journal *journal = onebot_journal_new(talk->bot, name, NULL, NULL);
    if (!journal)
        return -ENOMEM;
    journal->began_ns = onebot_wall_now();
    journal->open = journal->live = true;
    talk->journal = journal;
    kept->count++;
    int error = onebot_journal_bind(talk);
    if (!error)
        error = write_head(talk);
    if (!error) {
        set_end(journal);
        onebot_journal_look(journal);
        return 0;
    }
    kept->count--;
    onebot_journal_part(talk);
    return error;
}

static int check_room(struct onebot_program *program)
{
    struct onebot_kept *kept = &program->kept;
    bool full = kept->count >= program->options.keep.most;
    if (full && !kept->full)
        onebot_log(&program->log, ONEBOT_ERROR, "%zu conversations are kept; more are not",
                   kept->count);
    kept->full = full;
    return full ? XIE_ELIMIT : 0;
}

int onebot_keep(struct onebot_event *event)
{
    const struct onebot_letter *letter = onebot_letter_of(event);
    struct onebot_talk *talk = onebot_talk_current();
    char name[ONEBOT_KEEP_NAME];
    if (!talk || talk->letter != letter)
        return -EINVAL;
    if (talk->journal) {
        if (!talk->journal->open)
            set_end(talk->journal);
        talk->journal->open = true;
        return 0;
    }
    if (!talk->bot->program->options.store)
        return -ENOTSUP;
    if (talk->plugin && talk->plugin->ending) /* nobody would freeze it any more */
        return -ECANCELED;
    int error = talk->spoke ? -EINVAL : onebot_keep_name(talk, name);
    if (!error)
        error = check_room(talk->bot->program);
    return error ? error : begin(talk, name);
}

/* --- steps that are no calls -------------------------------------------------------- */

/* The talk of an event, if this is a step of its. return 1, 0, or -EPERM it is another task's */
static int step_of(struct onebot_event *event, struct onebot_talk **talk)
{
    const struct onebot_talk *owner = onebot_letter_of(event)->talk;
    int watched = onebot_journal_watches(talk);
    if (owner && owner->journal && owner != *talk)
        return -EPERM;
    return watched;
}

static int64_t sum(int64_t a, int64_t b)
{
    int64_t result;
    return __builtin_add_overflow(a, b, &result) ? XIE_NEVER : result;
}

static int sleep_until(int64_t due_ns)
{
    int64_t left;
    int error = xie_sleep(0);
    while (!error && (left = due_ns - onebot_wall_now()) > 0)
        error = xie_sleep(left < LOOK_NS ? left : LOOK_NS);
    return error;
}

int onebot_keep_sleep(struct onebot_event *event, int64_t ns)
{
    struct onebot_talk *talk;
    json_t *found = NULL;
    struct onebot_deed deed = {.kind = "sleep", .what = "", .due_ns = sum(onebot_wall_now(), ns)};
    int watched = step_of(event, &talk);
    if (watched <= 0)
        return watched ? watched : sleep_until(deed.due_ns);
    int recalled = onebot_journal_begin(talk, &deed, &found);
    if (recalled == ONEBOT_RECALL_DONE)
        return (int)onebot_int(json_object_get(found, "r"), "e");
    if (recalled < 0)
        return recalled;
    if (found)
        deed.due_ns = json_object_get(found, "d") ? onebot_int(found, "d") : XIE_NEVER;
    int error = sleep_until(deed.due_ns);
    if (onebot_journal_leave(talk, error, false))
        return error;
    int unkept = onebot_journal_finish(talk, json_pack("{s:i}", "e", error));
    return error ? error : unkept;
}

static struct onebot_result failure(int error)
{
    return onebot_failure(error, "%s", xie_strerror(error));
}

static struct onebot_result pack(const char *format, va_list args)
{
    json_error_t why;
    json_t *value = format ? json_vpack_ex(&why, 0, format, args) : NULL;
    if (value)
        return (struct onebot_result){.data = value};
    if (format && onebot_pack_error(&why) == -ENOMEM)
        return failure(-ENOMEM);
    return onebot_failure(-EINVAL, "a value to keep: %s", format ? why.text : "no format");
}

/* The same value in each run, or the same error. */
static struct onebot_result keep_value(struct onebot_talk *talk, struct onebot_result value)
{
    json_t *found = NULL;
    struct onebot_deed deed = {.kind = "value", .what = "", .due_ns = XIE_NEVER, .lazy = true};
    int recalled = onebot_journal_begin(talk, &deed, &found);
    if (recalled == ONEBOT_RECALL_LIVE || recalled == ONEBOT_RECALL_BEGUN) {
        recalled = onebot_journal_finish(talk, json_pack("{s:O}", "v", value.data));
        if (!recalled)
            return value;
    }
    json_decref(value.data);
    if (recalled < 0)
        return failure(recalled);
    const json_t *result = json_object_get(found, "r");
    json_t *data = json_object_get(result, "v");
    int error = (int)onebot_int(result, "e");
    if (!data)
        return failure(error < 0 ? error : XIE_EJSON);
    return (struct onebot_result){.data = json_incref(data)};
}

struct onebot_result onebot_keep_value(struct onebot_event *event, const char *format, ...)
{
    struct onebot_talk *talk;
    va_list args;
    va_start(args, format);
    struct onebot_result value = pack(format, args);
    va_end(args);
    int watched = value.error ? 0 : step_of(event, &talk);
    if (watched > 0)
        return keep_value(talk, value);
    if (!watched)
        return value;
    json_decref(value.data);
    return failure(watched);
}

int onebot_keep_once(struct onebot_event *event, const char *name)
{
    struct onebot_talk *talk;
    json_t *found = NULL;
    struct onebot_deed deed = {.kind = "once", .what = name, .due_ns = XIE_NEVER};
    int watched = step_of(event, &talk);
    if (watched <= 0)
        return watched ? watched : 1;
    int recalled = onebot_journal_begin(talk, &deed, &found);
    if (recalled == ONEBOT_RECALL_LIVE)
        return 1;                       /* it stays begun: that is all there is to know */
    if (recalled == ONEBOT_RECALL_DONE) /* an error that it met, then */
        return (int)onebot_int(json_object_get(found, "r"), "e");
    return recalled == ONEBOT_RECALL_BEGUN ? 0 : recalled;
}
