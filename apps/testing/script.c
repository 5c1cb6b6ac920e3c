/* script.c - what a test does: says, acts, lets time pass, makes things go wrong.
 * Kit, fifth floor. Each step tells the stuck-watch that the test goes on. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot.h"
#include "cq.h"
#include "fault.h"
#include "gateway.h"
#include "qq.h"
#include "segment.h"

void onebot_test_here(struct onebot_test *t, const char *file, int line)
{
    if (t->failed)
        return; /* where it failed */
    t->file = file;
    t->line = line;
    t->step_at = xie_now();
}

bool onebot_test_failed(const struct onebot_test *t)
{
    return t->failed;
}

void *onebot_test_arg(struct onebot_test *t)
{
    return t->suite->arg;
}

bool(onebot_test_fail)(struct onebot_test *t, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return kit_no_memory(t);
    kit_fail(t, "%s", text);
    free(text);
    return false;
}

/* --- people ------------------------------------------------------------------------- */

bool(onebot_test_starts)(struct onebot_test *t)
{
    return kit_bot_ready(t);
}

int64_t(onebot_test_says)(struct onebot_test *t, int64_t user_id, int64_t group_id,
                          const char *format, ...)
{
    char *text = NULL;
    va_list args;
    if (!kit_bot_meets(t))
        return 0;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return kit_no_memory(t);
    parse_repair(text);
    bool utf8 = strlen(text) == (size_t)len;
    json_t *segments = segment_text(text);
    free(text);
    if (utf8)
        return kit_qq_say(t, user_id, group_id, segments);
    json_decref(segments);
    return kit_fail(t, "what is said must be UTF-8, and have no 0");
}

int64_t(onebot_test_sends)(struct onebot_test *t, int64_t user_id, int64_t group_id,
                           const char *message)
{
    return kit_bot_meets(t) ? kit_qq_say(t, user_id, group_id, cq_parse(message)) : 0;
}

/* Parameters by a format. *failed: the test has. */
static json_t *packed(struct onebot_test *t, const char *what, const char *format, va_list args,
                      bool *failed)
{
    json_error_t why = {0};
    json_t *value = format ? json_vpack_ex(&why, 0, format, args) : json_object();
    *failed = !json_is_object(value);
    if (*failed)
        kit_fail(t, "%s is no object by its format: %s", what, why.text);
    if (*failed)
        json_decref(value);
    return *failed ? NULL : value;
}

bool(onebot_test_does)(struct onebot_test *t, int64_t user_id, const char *action,
                       const char *format, ...)
{
    bool failed;
    va_list args;
    if (!kit_bot_meets(t))
        return false;
    va_start(args, format);
    json_t *params = packed(t, action, format, args, &failed);
    va_end(args);
    return !failed && kit_qq_act(t, user_id, action, params);
}

bool(onebot_test_event)(struct onebot_test *t, const char *format, ...)
{
    bool failed;
    va_list args;
    if (!kit_bot_meets(t))
        return false;
    va_start(args, format);
    json_t *event = packed(t, "the event", format, args, &failed);
    va_end(args);
    if (failed)
        return false;
    kit_story(t, "event %s %s", onebot_string(event, "post_type"),
              onebot_string(event, "sub_type"));
    return kit_qq_emit(t, event);
}

/* --- time --------------------------------------------------------------------------- */

bool(onebot_test_passes)(struct onebot_test *t, int64_t ns)
{
    if (!kit_bot_ready(t))
        return false;
    t->step_at += ns;
    kit_story(t, "%.3f s pass", (double)ns / (double)XIE_SECOND);
    (void)xie_sleep(ns);
    return !t->failed;
}

bool(onebot_test_restarts)(struct onebot_test *t)
{
    if (!kit_bot_settle(t))
        return false;
    kit_bot_stop(t);
    return kit_bot_ready(t);
}

bool(onebot_test_disconnects)(struct onebot_test *t)
{
    if (!kit_bot_ready(t) || !kit_bot_settle(t))
        return false;
    kit_qq_disconnect(t);
    while (!t->failed && kit_qq_connected(t))
        (void)xie_sleep(XIE_MILLISECOND);
    return !t->failed;
}

bool(onebot_test_away)(struct onebot_test *t, int64_t ns)
{
    if (!kit_bot_settle(t))
        return false;
    t->step_at += ns;
    return kit_qq_away(t, ns) && kit_bot_ready(t);
}

bool(onebot_test_faults)(struct onebot_test *t, const char *format, ...)
{
    char why[PARSE_WHY] = "";
    bool failed;
    va_list args;
    if (t->failed)
        return false;
    va_start(args, format);
    json_t *faults = packed(t, "faults", format, args, &failed);
    va_end(args);
    if (failed)
        return false;
    bool good = fault_set(&t->gateway->seats[0].faults, faults, why, sizeof why);
    json_decref(faults);
    return good || kit_fail(t, "%s", why);
}
