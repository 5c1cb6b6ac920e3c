/* bot.c - the bot's program: started, waited for, stopped; its log.
 * Kit, fourth floor. It runs as a task beside the test. */
/* SPDX-License-Identifier: MIT */
#include "bot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qq.h"

enum {
    LOOK_NS = 1000000,
    CONNECT_S = 60,
    CONNECT_MORE_S = 10,
    SETTLE_TURNS = 10,
    PAUSE_PART = 10,
    EXIT_STUCK = 3
};

/* --- its log ------------------------------------------------------------------------ */

void kit_log_release(void *log)
{
    free(((struct kit_log *)log)->text);
}

void kit_bot_log(void *arg, enum onebot_level level, const char *line)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    struct onebot_test *t = arg;
    const struct onebot_options *options = &t->suite->options;
    struct kit_log *log = kit_list_add(&t->logs, sizeof *log);
    if (options->log)
        options->log(options->log_arg, level, line);
    if (log) {
        log->level = level;
        log->text = strdup(line);
    }
    if (!log || !log->text) {
        if (log)
            log->item.taken = true;
        kit_no_memory(t);
        return;
    }
    kit_story(t, "log, %s: %s", names[level - ONEBOT_DEBUG], line);
    kit_pulse(t);
}

void kit_bot_report(const struct xie_exception_context *context, void *t)
{
    char line[512];
    snprintf(line, sizeof line, "%s%s%s%s%s", context->message, context->task ? ", task " : "",
             context->task ? context->task : "", context->error ? ": " : "",
             context->error ? xie_strerror(context->error) : "");
    kit_bot_log(t, ONEBOT_ERROR, line);
}

static void complain(void *t, const char *line)
{
    kit_bot_log(t, ONEBOT_ERROR, line);
}

void kit_bot_judge(struct onebot_test *t)
{
    bool told = t->failed;
    for (const struct kit_item *at = t->logs.first; at && !told; at = at->next) {
        const struct kit_log *log = (const struct kit_log *)at;
        if (at->taken || log->level < ONEBOT_ERROR)
            continue;
        kit_fail(t, "an error that was not expected:");
        kit_tell(t, "%s", log->text);
        told = true;
    }
}

/* --- running ------------------------------------------------------------------------ */

/* What the test decides, whatever the author has there. */
static void fill_in(struct onebot_test *t, struct onebot_options *options)
{
    options->url = t->url;
    options->token = NULL;
    options->endpoints = NULL;
    options->keep_signals = true;
    options->log = kit_bot_log;
    options->log_arg = t;
    t->bot.retry_most_ns = options->retry_most_ns;
}

/* How long it may take to connect: it may just have begun its longest pause. */
static int64_t connect_ns(const struct onebot_test *t)
{
    int64_t pause_ns = t->bot.retry_most_ns, least_ns = CONNECT_S * XIE_SECOND;
    return (pause_ns > least_ns ? pause_ns : least_ns) + CONNECT_MORE_S * XIE_SECOND;
}

static int run_with(struct onebot_test *t, struct onebot_options *options)
{
    fill_in(t, options);
    return t->suite->run ? (t->suite->run)(t, options) : onebot_run(options);
}

static int run(struct onebot_test *t)
{
    struct onebot_options options = t->suite->options;
    struct onebot_config *config = NULL;
    struct onebot_settings *settings = NULL;
    const char *text = t->suite->settings;
    if (!text)
        return run_with(t, &options);
    int error = onebot_config_parse("settings", text, strlen(text), onebot_settings_keys, complain,
                                    t, &config);
    if (!error)
        error = onebot_settings_open(config, complain, t, &options, &settings);
    options.config = config; /* where the plugins' sections are */
    if (!error)
        error = run_with(t, &options);
    onebot_settings_close(settings);
    onebot_config_close(config);
    return error;
}

/* The bot's own. */
static int bot_program(void *arg)
{
    struct onebot_test *t = arg;
    XIE_SCOPE(scope, XIE_NEVER) {
        t->bot.scope = &scope;
        t->bot.result = run(t);
        t->bot.scope = NULL;
    }
    t->bot.running = false;
    if (!t->bot.stopping)
        kit_fail(t, "the bot has ended: %s", xie_strerror(t->bot.result));
    kit_pulse(t);
    return 0;
}

static bool start(struct onebot_test *t)
{
    kit_story(t, "the bot starts");
    t->bot = (struct kit_bot){.started = true, .running = true};
    int error = xie_group_spawn(t->group, bot_program, t);
    if (!error)
        return !t->failed;
    t->bot.running = false;
    return kit_fail(t, "the bot cannot be started: %s", xie_strerror(error));
}

bool kit_bot_ready(struct onebot_test *t)
{
    int64_t began = xie_now();
    if (t->failed || (!t->bot.started && !start(t)))
        return false;
    while (!kit_qq_connected(t) && !t->failed) {
        if (xie_now() - began >= connect_ns(t)) {
            kit_fail(t, "the bot does not connect");
            kit_tell_tasks(t);
        } else {
            (void)xie_sleep(LOOK_NS);
        }
    }
    return !t->failed;
}

/* In several turns of the loop: what is under way comes first, on a slow machine too. */
static bool let_pass(struct onebot_test *t, int64_t ns)
{
    for (int i = 0; i < SETTLE_TURNS && t->bot.running && !t->failed; i++)
        (void)xie_sleep(ns / SETTLE_TURNS + 1);
    return !t->failed;
}

bool kit_bot_settle(struct onebot_test *t)
{
    return let_pass(t, t->settle_ns);
}

bool kit_bot_meets(struct onebot_test *t)
{
    if (!kit_bot_ready(t))
        return false;
    bool good = !t->heard || let_pass(t, t->settle_ns / PAUSE_PART);
    t->heard = false;
    return good && kit_bot_ready(t);
}

/* Nothing can end a task that does not want to. */
static void give_up(struct onebot_test *t)
{
    t->failed = false;
    kit_list_clear(&t->report, kit_line_release);
    kit_fail(t, "the bot does not end, though it is cancelled");
    kit_tell_tasks(t);
    printf("not ok %u - %s\n", t->number, t->one->name);
    kit_print_failure(t);
    fflush(stdout);
    _exit(EXIT_STUCK);
}

void kit_bot_stop(struct onebot_test *t)
{
    int64_t until = xie_now() + t->stuck_ns;
    t->bot.stopping = true;
    if (t->bot.running)
        kit_story(t, "the bot is stopped");
    if (t->bot.scope)
        xie_scope_cancel(t->bot.scope);
    XIE_SHIELD {
        XIE_TIMEOUT_AT(until) {
            while (t->bot.running && xie_event_wait(&t->change) == 0)
                ;
        }
    }
    if (t->bot.running)
        give_up(t);
    t->bot.started = false;
}
