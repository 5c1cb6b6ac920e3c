/* calls.c - the bot's calls: noted, and answered where the test says how.
 * Kit, third floor. */
/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

enum { SHOWN = 200 }; /* of a call's parameters in a story [bytes] */

void kit_call_release(void *item)
{
    struct kit_call *call = item;
    free(call->action);
    json_decref(call->params);
}

void kit_answer_release(void *item)
{
    struct kit_answer *answer = item;
    free(answer->action);
    json_decref(answer->data);
    free(answer->wording);
}

/* --- answering ---------------------------------------------------------------------- */

static struct kit_answer *find(const struct onebot_test *t, const char *action)
{
    for (struct kit_item *at = t->answers.first; at; at = at->next) {
        struct kit_answer *answer = (struct kit_answer *)at;
        if (answer->action && strcmp(answer->action, action) == 0)
            return answer;
    }
    return NULL;
}

json_t *kit_calls_answer(void *arg, struct call *call, const char *action, bool *taken)
{
    const struct kit_answer *answer = find(arg, action);
    *taken = answer && !answer->item.taken;
    if (!*taken)
        return NULL;
    if (answer->data)
        return json_deep_copy(answer->data);
    return call_fail(call, answer->retcode, "%s", answer->wording);
}

/* data and wording are taken; both NULL: QQ answers again. */
static bool set_answer(struct onebot_test *t, const char *action, json_t *data, int retcode,
                       char *wording)
{
    struct kit_answer *answer = find(t, action);
    if (!answer) {
        answer = kit_list_add(&t->answers, sizeof *answer);
        if (answer)
            answer->action = strdup(action);
    }
    if (!answer || !answer->action) {
        json_decref(data);
        free(wording);
        return kit_no_memory(t);
    }
    json_decref(answer->data);
    free(answer->wording);
    answer->data = data;
    answer->wording = wording;
    answer->retcode = retcode;
    answer->item.taken = !data && !wording;
    return true;
}

bool(onebot_test_answers)(struct onebot_test *t, const char *action, const char *format, ...)
{
    json_error_t why;
    json_t *data = NULL;
    va_list args;
    if (t->failed)
        return false;
    va_start(args, format);
    if (format)
        data = json_vpack_ex(&why, 0, format, args);
    va_end(args);
    if (format && !data)
        return kit_fail(t, "the answer to %s is no JSON: %s", action, why.text);
    return set_answer(t, action, data, 0, NULL);
}

bool(onebot_test_fails)(struct onebot_test *t, const char *action, int retcode, const char *wording)
{
    char *copy = t->failed ? NULL : strdup(wording);
    if (t->failed)
        return false;
    if (retcode == 0 || retcode == 1) { /* ok, async */
        free(copy);
        return kit_fail(t, "the retcode %d is no failure", retcode);
    }
    return copy ? set_answer(t, action, NULL, retcode, copy) : kit_no_memory(t);
}

/* --- noting ------------------------------------------------------------------------- */

/* "send_msg {…} -> ok" */
static void tell_story(struct onebot_test *t, const struct kit_call *call, const json_t *reply)
{
    char *text = json_dumps(call->params, JSON_COMPACT);
    const char *status = reply ? onebot_string(reply, "status") : "nothing";
    const char *wording = onebot_string(reply, "wording");
    kit_story(t, "the bot calls %s %.*s%s -> %s%s%s", call->action, SHOWN, text ? text : "",
              text && strlen(text) > SHOWN ? "..." : "", status, *wording ? ": " : "", wording);
    free(text);
}

void kit_calls_note(void *arg, const json_t *request, const json_t *reply)
{
    struct onebot_test *t = arg;
    json_t *params = json_object_get(request, "params");
    struct kit_call *call = kit_list_add(&t->calls, sizeof *call);
    if (call) {
        call->action = strdup(onebot_string(request, "action"));
        call->params = json_is_object(params) ? json_incref(params) : json_object();
    }
    if (!call || !call->action || !call->params) {
        kit_no_memory(t);
        return;
    }
    tell_story(t, call, reply);
    kit_pulse(t);
}
