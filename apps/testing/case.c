/* case.c - one test from its beginning to its end.
 * Kit, sixth floor. Its loop, its QQ and its bot are new, and gone when it has ended. */
/* SPDX-License-Identifier: MIT */
#include "case.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot.h"
#include "calls.h"
#include "folder.h"
#include "qq.h"
#include "web.h"

/* --- while it runs ------------------------------------------------------------------ */

/* Beside the test: says when it waits in one place for too long. */
static int kit_watch(void *arg)
{
    struct onebot_test *t = arg;
    int result = 0;
    while (result == 0 && !t->failed) {
        int64_t until = t->step_at + t->stuck_ns;
        if (xie_now() < until) {
            result = xie_sleep_until(until);
            continue;
        }
        kit_fail(t, "the test has waited here for %g s: it does not end",
                 (double)t->stuck_ns / (double)XIE_SECOND);
        kit_tell_tasks(t);
    }
    return 0;
}

static int play(void *arg)
{
    struct onebot_test *t = arg;
    XIE_GROUP(beside) {
        int error = xie_group_spawn(&beside, kit_watch, t);
        XIE_SCOPE(script, XIE_NEVER) {
            t->script = &script;
            if (error)
                kit_no_memory(t);
            else
                t->one->fn(t);
            t->script = NULL;
        }
        xie_group_cancel(&beside);
    }
    kit_bot_settle(t); /* errors of what the last step began are this test's */
    kit_bot_stop(t);
    kit_bot_judge(t);
    return 0;
}

static int run(void *arg)
{
    struct onebot_test *t = arg;
    struct xie_task_options named = {.name = t->one->name};
    t->began = t->step_at = xie_now();
    t->on_sim = strcmp(xie_loop_backend(xie_loop_current()), "sim") == 0;
    xie_loop_set_exception_handler(kit_bot_report, t);
    int error = kit_qq_open(t);
    XIE_GROUP(group) {
        t->group = &group;
        if (!error)
            error = kit_qq_spawn(t);
        XIE_GROUP(testing) {
            if (!error)
                error = xie_group_spawn_with(&testing, play, t, &named);
        }
        xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error ? error : failed;
    }
    kit_qq_close(t);
    kit_web_close(t);
    xie_loop_set_exception_handler(NULL, NULL);
    return error;
}

/* --- before and after --------------------------------------------------------------- */

static int64_t or_default(int64_t given, int64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

static void fill_in(struct onebot_test *t, const struct onebot_test_suite *suite)
{
    bool sim = strcmp(t->backend, "sim") == 0;
    t->patience_ns = or_default(suite->patience_ns, 10 * XIE_SECOND);
    t->settle_ns = or_default(suite->settle_ns, sim ? XIE_SECOND : 100 * XIE_MILLISECOND);
    t->stuck_ns = or_default(suite->stuck_ns, sim ? XIE_HOUR : XIE_MINUTE);
}

static void words_release(void *words)
{
    free(((struct kit_words *)words)->text);
}

static void clear(struct onebot_test *t)
{
    kit_list_clear(&t->names, kit_line_release);
    kit_list_clear(&t->story, kit_line_release);
    kit_list_clear(&t->report, kit_line_release);
    kit_list_clear(&t->words, words_release);
    kit_list_clear(&t->calls, kit_call_release);
    kit_list_clear(&t->logs, kit_log_release);
    kit_list_clear(&t->answers, kit_answer_release);
    kit_list_clear(&t->pages, kit_page_release);
    kit_list_clear(&t->fetches, kit_fetch_release);
    kit_folder_remove(t);
}

static void tell(const struct onebot_test *t, const struct kit_way *way)
{
    if (!t->failed && way->quiet)
        return;
    printf("%s %u - %s\n", t->failed ? "not ok" : "ok", way->number, t->one->name);
    if (t->failed)
        kit_print_failure(t);
    else if (way->verbose)
        kit_print_story(t);
    fflush(stdout);
}

bool kit_case_run(const struct onebot_test_suite *suite, const struct onebot_test_case *one,
                  const struct kit_way *way)
{
    struct onebot_test t = {.suite = suite,
                            .one = one,
                            .program = way->program,
                            .number = way->number,
                            .seed = way->seed,
                            .backend = way->backend,
                            .file = one->name};
    struct xie_loop_options options = {.backend = way->backend, .seed = way->seed};
    fill_in(&t, suite);
    int error = xie_run_with(&options, run, &t);
    if (error == -ENOMEM)
        kit_no_memory(&t);
    else if (error)
        kit_fail(&t, "the test cannot be run: %s", xie_strerror(error));
    tell(&t, way);
    clear(&t);
    return !t.failed;
}
