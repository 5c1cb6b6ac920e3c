/* expect.c - what a test expects of the bot: words, calls, decisions, lines of its log.
 * Kit, fifth floor. Each waits for what is to come, at most as long as the test has patience. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bot.h"
#include "pattern.h"
#include "qq.h"

static int64_t patience(const struct onebot_test *t)
{
    return xie_now() + t->patience_ns;
}

static double patience_s(const struct onebot_test *t)
{
    return (double)t->patience_ns / (double)XIE_SECOND;
}

/* --- words -------------------------------------------------------------------------- */

/* The next that was not heard there; both 0: anywhere. */
static struct kit_words *next_words(const struct onebot_test *t, int64_t user_id, int64_t group_id)
{
    for (struct kit_item *at = t->words.first; at; at = at->next) {
        struct kit_words *words = (struct kit_words *)at;
        bool here =
            group_id ? words->group_id == group_id : !words->group_id && words->user_id == user_id;
        if (!at->taken && (here || (!user_id && !group_id)))
            return words;
    }
    return NULL;
}

int64_t(onebot_test_hears)(struct onebot_test *t, int64_t user_id, int64_t group_id,
                           const char *pattern)
{
    struct kit_words *words;
    if (!kit_bot_ready(t) || !kit_qq_check_hearer(t, user_id, group_id))
        return 0;
    int64_t until = patience(t);
    while (!(words = next_words(t, user_id, group_id)) && kit_wait(t, until))
        ;
    if (t->failed)
        return 0;
    if (words && kit_fits(pattern, words->text)) {
        words->item.taken = t->heard = true;
        return words->message_id;
    }
    kit_fail(t, "%s is to hear", kit_qq_place(t, user_id, group_id));
    kit_tell(t, "\"%s\"", pattern);
    if (words) {
        kit_tell(t, "and hears");
        kit_tell(t, "\"%s\"", words->text);
        return 0;
    }
    kit_tell(t, "and hears nothing for %g s", patience_s(t));
    kit_tell_tasks(t);
    return 0;
}

const char *onebot_test_text(struct onebot_test *t, int64_t message_id)
{
    for (const struct kit_item *at = t->words.first; at; at = at->next) {
        const struct kit_words *words = (const struct kit_words *)at;
        if (words->message_id == message_id)
            return words->text;
    }
    return NULL;
}

bool(onebot_test_quiet)(struct onebot_test *t, int64_t user_id, int64_t group_id)
{
    const struct kit_words *words;
    if (!kit_bot_ready(t))
        return false;
    if ((user_id || group_id) && !kit_qq_check_hearer(t, user_id, group_id))
        return false;
    int64_t until = xie_now() + t->settle_ns;
    while (!(words = next_words(t, user_id, group_id)) && kit_wait(t, until))
        ;
    if (!words || t->failed)
        return !t->failed;
    kit_fail(t, "%s is to hear nothing, and hears",
             user_id || group_id ? kit_qq_place(t, user_id, group_id) : "everybody");
    kit_tell(t, "\"%s\"", words->text);
    return false;
}

/* --- calls -------------------------------------------------------------------------- */

/* The first of an action that no expectation has taken, and that has this. */
static struct kit_call *find_call(const struct onebot_test *t, const char *action,
                                  const json_t *expected)
{
    for (struct kit_item *at = t->calls.first; at; at = at->next) {
        struct kit_call *call = (struct kit_call *)at;
        if (!at->taken && strcmp(call->action, action) == 0 &&
            (!expected || kit_has(call->params, expected)))
            return call;
    }
    return NULL;
}

static void tell_params(struct onebot_test *t, const json_t *params)
{
    char *text = json_dumps(params, JSON_COMPACT);
    kit_tell(t, "%s", text ? text : "?");
    free(text);
}

/* What was called instead. */
static void tell_calls(struct onebot_test *t, const char *action)
{
    size_t count = 0;
    for (const struct kit_item *at = t->calls.first; at; at = at->next) {
        const struct kit_call *call = (const struct kit_call *)at;
        if (at->taken || strcmp(call->action, action) != 0)
            continue;
        if (count++ == 0)
            kit_tell(t, "but with");
        tell_params(t, call->params);
    }
    if (count)
        return;
    kit_tell(t, "and does not for %g s", patience_s(t));
    kit_tell_tasks(t);
}

const json_t *(onebot_test_calls)(struct onebot_test *t, const char *action, const char *format,
                                  ...)
{
    json_error_t why = {0};
    struct kit_call *call;
    va_list args;
    if (!kit_bot_ready(t))
        return NULL;
    va_start(args, format);
    json_t *expected = format ? json_vpack_ex(&why, 0, format, args) : json_object();
    va_end(args);
    if (!expected) {
        kit_fail(t, "what is expected of %s is no JSON: %s", action, why.text);
        return NULL;
    }
    int64_t until = patience(t);
    while (!(call = find_call(t, action, expected)) && kit_wait(t, until))
        ;
    if (call && !t->failed) {
        call->item.taken = t->heard = true;
    } else if (!t->failed) {
        kit_fail(t, "the bot is to call %s with", action);
        tell_params(t, expected);
        tell_calls(t, action);
    }
    json_decref(expected);
    return t->failed ? NULL : call->params;
}

bool(onebot_test_calls_no)(struct onebot_test *t, const char *action)
{
    const struct kit_call *call;
    if (!kit_bot_ready(t))
        return false;
    int64_t until = xie_now() + t->settle_ns;
    while (!(call = find_call(t, action, NULL)) && kit_wait(t, until))
        ;
    if (!call || t->failed)
        return !t->failed;
    kit_fail(t, "the bot is not to call %s, and does with", action);
    tell_params(t, call->params);
    return false;
}

/* --- decisions ---------------------------------------------------------------------- */

bool(onebot_test_decides)(struct onebot_test *t, int64_t user_id, bool approves)
{
    bool found, approved = false, answered;
    if (!kit_bot_ready(t))
        return false;
    int64_t until = patience(t);
    while (!(answered = kit_qq_answered(t, user_id, &found, &approved)) && kit_wait(t, until))
        ;
    t->heard = true;
    if (t->failed || (answered && approved == approves))
        return !t->failed;
    if (!found)
        return kit_fail(t, "%s has asked for nothing", kit_qq_name(t, user_id));
    kit_fail(t, "the bot is to %s what %s asked for", approves ? "approve" : "refuse",
             kit_qq_name(t, user_id));
    if (answered) {
        kit_tell(t, "and %s it", approved ? "approves" : "refuses");
        return false;
    }
    kit_tell(t, "and does not answer for %g s", patience_s(t));
    kit_tell_tasks(t);
    return false;
}

/* --- the log ------------------------------------------------------------------------ */

static struct kit_log *find_log(const struct onebot_test *t, const char *pattern)
{
    for (struct kit_item *at = t->logs.first; at; at = at->next) {
        struct kit_log *log = (struct kit_log *)at;
        if (!at->taken && kit_fits(pattern, log->text))
            return log;
    }
    return NULL;
}

bool(onebot_test_logs)(struct onebot_test *t, const char *pattern)
{
    struct kit_log *log;
    if (!kit_bot_ready(t))
        return false;
    int64_t until = patience(t);
    while (!(log = find_log(t, pattern)) && kit_wait(t, until))
        ;
    if (log && !t->failed) {
        log->item.taken = t->heard = true;
        return true;
    }
    kit_fail(t, "the log is to say \"%s\", and does not for %g s", pattern, patience_s(t));
    return false;
}
