/* call.c - calling an action as calling a function: it suspends, then returns its value.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "onebot/bot.h"
#include "onebot/field.h"
#include "onebot/keep.h"
#include "onebot/utf8.h"

struct onebot_result onebot_failure(int error, const char *format, ...)
{
    struct onebot_result result = {.error = error};
    va_list args;
    va_start(args, format);
    int len = vsnprintf(result.wording, sizeof result.wording, format, args);
    va_end(args);
    onebot_utf8_one_line(result.wording, len >= (int)sizeof result.wording);
    return result;
}

/* The implementation's own words; the field differs from one to the other. */
static const char *wording_of(const json_t *answer)
{
    static const char *const keys[] = {"wording", "message", "msg"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (*onebot_string(answer, keys[i]))
            return onebot_string(answer, keys[i]);
    return "";
}

static struct onebot_result refused(const json_t *answer)
{
    int64_t retcode = onebot_int(answer, "retcode");
    int error = retcode == 1404 || retcode == 404 ? XIE_EACTION : XIE_EFAILED;
    const char *wording = wording_of(answer);
    struct onebot_result result =
        *wording ? onebot_failure(error, "%s", wording)
                 : onebot_failure(error, "%s (retcode %lld)",
                                  error == XIE_EFAILED ? "the implementation says that it failed"
                                                       : xie_strerror(error),
                                  (long long)retcode);
    result.retcode = retcode;
    return result;
}

/* Retcodes are each implementation's own: the status decides, and they only without it. */
static struct onebot_result read_answer(const json_t *answer)
{
    const char *status = onebot_string(answer, "status");
    int64_t retcode = onebot_int(answer, "retcode");
    bool ok = strcmp(status, "ok") == 0 || strcmp(status, "async") == 0;
    if (!*status) {
        if (!json_object_get(answer, "retcode"))
            return onebot_failure(XIE_EJSON, "the answer has neither status nor retcode");
        ok = retcode == 0 || retcode == 1;
    }
    if (!ok)
        return refused(answer);
    json_t *data = json_object_get(answer, "data");
    return (struct onebot_result){.retcode = retcode,
                                  .data = data ? json_incref(data) : json_null()};
}

/* begun: it may have been sent. late: the call's own deadline has passed, after timeout_ns. */
static struct onebot_result interrupted(int error, bool begun, bool late, int64_t timeout_ns)
{
    if (late)
        return onebot_failure(error, "no %s within %.3g s", begun ? "answer" : "turn to send",
                              (double)timeout_ns / (double)XIE_SECOND);
    return onebot_failure(error, "%s", xie_strerror(error));
}

/* Calls that say something wait for their turn, if there is one to wait for. */
static int wait_turn(struct onebot_bot *bot, const char *action, const json_t *params)
{
    if (strncmp(action, "send_", 5) != 0)
        return 0;
    if (!onebot_calls_are_open(&bot->calls))
        return XIE_ENOTCONNECTED;
    if (bot->waiting >= bot->program->options.max_calls)
        return XIE_ELIMIT;
    bot->waiting++;
    int error =
        onebot_paces_take(&bot->paces, &bot->program->options, onebot_int(params, "group_id"));
    bot->waiting--;
    return error;
}

/* What every call begins with: an ended scope sends nothing. A call that fails at once must let
 * others run all the same, or a loop around it would stop them. */
static int begin(struct onebot_bot *bot, struct onebot_pending *pending, const char *action,
                 json_t *params)
{
    int error = xie_check();
    if (!error)
        error = wait_turn(bot, action, params);
    if (!error)
        error = onebot_calls_begin(&bot->calls, pending, action, params);
    if (error) {
        onebot_journal_lands(false);
        xie_sleep(0);
    }
    return error;
}

/* An answer that has come wins over an interruption. */
static int wait_answer(struct onebot_bot *bot, struct onebot_pending *pending)
{
    onebot_journal_flies();
    int error = xie_future_wait(&pending->done, NULL);
    onebot_journal_lands(!pending->frame);
    onebot_calls_end(&bot->calls, pending);
    return pending->answer ? 0 : error;
}

struct onebot_result onebot_call_json(struct onebot_bot *bot, const char *action, json_t *params)
{
    struct onebot_talk *talk;
    int watched = onebot_journal_watches(&talk);
    if (watched > 0)
        return onebot_keep_call(talk, bot, action, params);
    if (!watched && xie_task_current())
        return onebot_call_unkept(bot, action, params);
    json_decref(params);
    return onebot_failure(-EPERM, "%s",
                          watched ? "only the handler's own task calls while it is kept"
                                  : xie_strerror(-EPERM));
}

struct onebot_result onebot_call_unkept(struct onebot_bot *bot, const char *action, json_t *params)
{
    struct onebot_pending pending;
    struct xie_scope scope;
    int64_t timeout_ns = bot->program->options.call_timeout_ns; /* a later change is not for it */
    xie_scope_open(&scope, timeout_ns);
    int error = begin(bot, &pending, action, params);
    bool begun = !error;
    json_decref(params);
    if (!error)
        error = wait_answer(bot, &pending);
    xie_scope_close(&scope);
    if (error && begun && pending.status)
        return onebot_failure(error, "%s (HTTP %d)", xie_strerror(error), pending.status);
    if (error)
        return interrupted(error, begun, error == -ETIMEDOUT && xie_scope_expired(&scope),
                           timeout_ns);
    struct onebot_result result = read_answer(pending.answer);
    if (strncmp(action, "send_", 5) == 0)
        onebot_own_answer(&bot->own, pending.answer);
    json_decref(pending.answer);
    return result;
}

struct onebot_result onebot_call_va(struct onebot_bot *bot, const char *action, const char *format,
                                    va_list args)
{
    json_error_t why;
    json_t *params = json_vpack_ex(&why, 0, format ? format : "{}", args);
    if (!params && onebot_pack_error(&why) == -ENOMEM)
        return onebot_failure(-ENOMEM, "%s", xie_strerror(-ENOMEM));
    if (!params)
        return onebot_failure(-EINVAL, "parameters of %s: %s", action, why.text);
    if (!json_is_object(params)) {
        json_decref(params);
        return onebot_failure(-EINVAL, "parameters of %s: not an object", action);
    }
    return onebot_call_json(bot, action, params);
}

struct onebot_result onebot_call(struct onebot_bot *bot, const char *action, const char *format,
                                 ...)
{
    va_list args;
    va_start(args, format);
    struct onebot_result result = onebot_call_va(bot, action, format, args);
    va_end(args);
    return result;
}
