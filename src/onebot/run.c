/* run.c - a bot from its start to its end.
 * Floor 9. The connection and the handlers stand in a shield: when the bot stops they get their
 * grace, whoever stops it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <xie/web.h>

#include "base/memory.h"
#include "onebot/bot.h"
#include "onebot/connect.h"
#include "onebot/dispatch.h"

/* --- stopping ----------------------------------------------------------------------- */

void onebot_stop(struct onebot_bot *bot)
{
    bot->stopping = true;
    xie_event_set(&bot->stop);
    xie_event_set(&bot->online_change);
}

static void hurry(struct onebot_bot *bot)
{
    bot->hurried = true;
    xie_event_set(&bot->stop_change);
}

/* Signals that stop the bot, caught for it. */
struct watch {
    struct onebot_bot *bot;
    struct xie_signals *signals; /* NULL: left alone */
};

static int wait_signal(struct watch *watch)
{
    return watch->signals ? xie_signals_wait(watch->signals) : xie_sleep_until(XIE_NEVER);
}

/* A task outside the shield: sees the signals, and the scopes around onebot_run. */
static int watch_stop(void *arg)
{
    struct watch *watch = arg;
    struct onebot_bot *bot = watch->bot;
    int signal;
    while ((signal = wait_signal(watch)) >= 0) {
        onebot_log(&bot->log, ONEBOT_INFO, "%s: %s", strsignal(signal),
                   bot->stopping ? "stopping at once" : "stopping");
        if (bot->stopping)
            hurry(bot);
        onebot_stop(bot);
    }
    if (!bot->stopping)
        bot->result = signal;
    onebot_stop(bot);
    return 0;
}

static void let_handlers_end(struct onebot_bot *bot)
{
    if (bot->running)
        onebot_log(&bot->log, ONEBOT_INFO, "%zu handler%s %.1f s to end", bot->running,
                   bot->running == 1 ? " has" : "s have",
                   (double)bot->options.grace_ns / (double)XIE_SECOND);
    XIE_TIMEOUT(bot->options.grace_ns) {
        while (bot->running && !bot->hurried && !xie_check())
            xie_event_wait(&bot->stop_change);
    }
    if (bot->running)
        onebot_log(&bot->log, ONEBOT_WARNING, "%zu handler%s cancelled", bot->running,
                   bot->running == 1 ? " is" : "s are");
}

/* --- running ------------------------------------------------------------------------ */

static void run_handlers(struct onebot_bot *bot)
{
    xie_group_open(&bot->handlers);
    xie_event_wait(&bot->stop);
    let_handlers_end(bot);
    xie_group_cancel(&bot->handlers);
    xie_group_close(&bot->handlers);
}

static int run_shielded(struct onebot_bot *bot)
{
    int error = 0;
    XIE_SHIELD {
        XIE_GROUP(service) {
            error = xie_group_spawn(&service, onebot_keep_connected, bot);
            if (!error)
                run_handlers(bot);
            xie_group_cancel(&service);
        }
    }
    return error ? error : bot->result;
}

static int run_watched(struct onebot_bot *bot, struct xie_signals *signals)
{
    struct watch watch = {.bot = bot, .signals = signals};
    XIE_GROUP(outside) {
        int error = xie_group_spawn(&outside, watch_stop, &watch);
        if (!error)
            error = run_shielded(bot);
        xie_group_cancel(&outside);
        return error;
    }
    return 0; /* not reached */
}

/* --- starting ----------------------------------------------------------------------- */

static int64_t or_default(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static size_t or_default_size(size_t value, size_t otherwise)
{
    return value ? value : otherwise;
}

static void fill_in(struct onebot_options *options)
{
    static const struct onebot_command none[] = {{NULL, NULL, NULL, NULL}};
    if (!options->commands)
        options->commands = none;
    options->call_timeout_ns = or_default(options->call_timeout_ns, 30 * XIE_SECOND);
    options->connect_timeout_ns = or_default(options->connect_timeout_ns, 10 * XIE_SECOND);
    options->retry_least_ns = or_default(options->retry_least_ns, XIE_SECOND);
    options->retry_most_ns = or_default(options->retry_most_ns, XIE_MINUTE);
    options->ping_interval_ns = or_default(options->ping_interval_ns, 30 * XIE_SECOND);
    options->grace_ns = or_default(options->grace_ns, 5 * XIE_SECOND);
    options->max_handlers = or_default_size(options->max_handlers, 10000);
    options->max_calls = or_default_size(options->max_calls, 65536);
    options->max_message = or_default_size(options->max_message, (size_t)64 << 20);
}

/* A line break in the token would write header fields of its own. */
static bool token_is_clean(const char *token)
{
    for (; token && *token; token++)
        if ((unsigned char)*token < 0x20 || *token == 0x7F)
            return false;
    return true;
}

static int check(const struct onebot_options *options)
{
    const struct onebot_log log = {.write = options->log, .arg = options->log_arg};
    if (!options->url) {
        onebot_log(&log, ONEBOT_ERROR, "no URL was given");
        return XIE_EURL;
    }
    if (!token_is_clean(options->token)) {
        onebot_log(&log, ONEBOT_ERROR, "the token has control characters");
        return -EINVAL;
    }
    return 0;
}

static void init(struct onebot_bot *bot, const struct onebot_options *options)
{
    bot->options = *options;
    fill_in(&bot->options);
    bot->log = (struct onebot_log){.write = options->log, .arg = options->log_arg};
    onebot_calls_init(&bot->calls, bot->options.max_calls);
    onebot_mail_init(&bot->mail);
}

/* Another one of this process may have the signals already: then it decides for us. */
static int catch_signals(const struct onebot_options *options, struct xie_signals **signals)
{
    static const int list[] = {SIGINT, SIGTERM, 0};
    if (options->keep_signals)
        return 0;
    int error = xie_signals_open(list, signals);
    return error == -EBUSY ? 0 : error;
}

int onebot_run(const struct onebot_options *options)
{
    if (!xie_task_current())
        return -EPERM;
    struct xie_signals *signals = NULL;
    int error = check(options);
    if (!error)
        error = catch_signals(options, &signals);
    if (error)
        return error;
    struct onebot_bot *bot = xie_alloc_zero(sizeof *bot);
    error = -ENOMEM;
    if (bot) {
        init(bot, options);
        error = run_watched(bot, signals);
    }
    xie_release(bot);
    xie_signals_close(signals);
    return error;
}

/* --- for handlers ------------------------------------------------------------------- */

int onebot_wait_connected(struct onebot_bot *bot)
{
    int error = xie_check();
    if (error)
        return xie_sleep(0); /* the same, after others ran */
    while (!bot->online && !error) {
        if (bot->stopping)
            return XIE_ECLOSED;
        error = xie_event_wait(&bot->online_change);
    }
    return error;
}

const struct onebot_command *onebot_commands(const struct onebot_bot *bot)
{
    return bot->options.commands;
}
