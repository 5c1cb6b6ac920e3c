/* run.c - a bot from its start to its end.
 * Floor 9. The connection and the handlers stand in a shield: when the bot stops they get their
 * grace, whoever stops it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <xie/web.h>

#include "base/memory.h"
#include "onebot/bot.h"
#include "onebot/keep.h"
#include "onebot/ways.h"

/* --- stopping ----------------------------------------------------------------------- */

void onebot_program_stop(struct onebot_program *program, int result)
{
    if (!program->result)
        program->result = result;
    program->stopping = true;
    xie_event_set(&program->stop);
    onebot_changes_stop(program);
    for (struct xie_link *at = program->bots.next; at != &program->bots; at = at->next)
        xie_event_set(&XIE_CONTAINER(at, struct onebot_bot, link)->online_change);
    onebot_plugins_hurry(program);
}

void onebot_stop(struct onebot_bot *bot)
{
    onebot_program_stop(bot->program, 0);
}

static void hurry(struct onebot_program *program)
{
    program->hurried = true;
    xie_event_set(&program->stop_change);
}

/* Signals that stop the bot, caught for it. */
struct watch {
    struct onebot_program *program;
    struct xie_signals *signals; /* NULL: left alone */
    struct xie_link *ways;       /* to begin with */
};

/* A task outside the shield: sees the scopes around onebot_run end. */
static int watch_scopes(void *arg)
{
    struct onebot_program *program = arg;
    int error = xie_sleep_until(XIE_NEVER);
    onebot_program_stop(program, program->stopping ? 0 : error);
    return 0;
}

/* A task inside: signals hurry also what those scopes have ended. */
static int watch_signals(void *arg)
{
    struct watch *watch = arg;
    struct onebot_program *program = watch->program;
    int signal;
    while ((signal = xie_signals_wait(watch->signals)) >= 0) {
        onebot_log(&program->log, ONEBOT_INFO, "%s: %s", strsignal(signal),
                   program->stopping ? "stopping at once" : "stopping");
        if (program->stopping)
            hurry(program);
        onebot_program_stop(program, 0);
    }
    onebot_program_stop(program, program->stopping ? 0 : signal);
    return 0;
}

/* Those that are kept go on in the next run of the program: they end now. */
static void let_handlers_end(struct onebot_program *program)
{
    size_t count = program->running - onebot_journals_freeze(program, NULL);
    if (count)
        onebot_log(&program->log, ONEBOT_INFO, "%zu handler%s %.1f s to end", count,
                   count == 1 ? " has" : "s have",
                   (double)program->options.grace_ns / (double)XIE_SECOND);
    XIE_TIMEOUT(program->options.grace_ns) {
        while (program->running && !program->hurried && !xie_check())
            xie_event_wait(&program->stop_change);
    }
    if (program->running)
        onebot_log(&program->log, ONEBOT_WARNING, "%zu handler%s cancelled", program->running,
                   program->running == 1 ? " is" : "s are");
    onebot_journals_freeze(program, NULL); /* those that have come to onebot_keep since */
    hurry(program);                        /* that was the grace of all, the plugins' too */
}

/* --- running ------------------------------------------------------------------------ */

static void run_handlers(struct onebot_program *program)
{
    xie_group_open(&program->handlers);
    xie_event_wait(&program->stop);
    let_handlers_end(program);
    xie_group_cancel(&program->handlers);
    xie_group_close(&program->handlers);
}

/* The plugins before the connections: no event finds them missing. */
static int start(struct onebot_program *program, struct watch *watch, struct xie_group *service)
{
    program->service = service;
    int error = watch->signals ? xie_group_spawn(service, watch_signals, watch) : 0;
    if (!error)
        error = onebot_plugins_start(program);
    if (!error && program->options.plugin_watch && program->options.plugin_folder)
        error = xie_group_spawn(service, onebot_plugins_watch, program);
    if (!error)
        error = onebot_ways_start(program, watch->ways);
    if (error)
        return error;
    onebot_ways_begin(program, watch->ways);
    onebot_changes_allow(program);
    return 0;
}

static int run_shielded(struct onebot_program *program, struct watch *watch)
{
    int error = 0;
    XIE_SHIELD {
        XIE_GROUP(service) {
            onebot_plugins_open(program);
            error = start(program, watch, &service);
            if (!error)
                run_handlers(program);
            onebot_plugins_stop(program);
            xie_group_cancel(&service);
        }
    }
    return error ? error : program->result;
}

static int run_watched(struct watch *watch)
{
    XIE_GROUP(outside) {
        int error = xie_group_spawn(&outside, watch_scopes, watch->program);
        if (!error)
            error = run_shielded(watch->program, watch);
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

/* No more tokens than a year is long, so that no sum overflows. */
static void fill_in_pace(struct onebot_pace *pace)
{
    const int64_t most = 365 * 24 * XIE_HOUR;
    if (pace->interval_ns > most)
        pace->interval_ns = most;
    if (pace->interval_ns > 0 && pace->burst > most / pace->interval_ns)
        pace->burst = (unsigned)(most / pace->interval_ns);
}

void onebot_options_fill_in(struct onebot_options *options)
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
    options->plugin_start_ns = or_default(options->plugin_start_ns, 10 * XIE_SECOND);
    fill_in_pace(&options->pace);
    fill_in_pace(&options->group_pace);
    options->max_handlers = or_default_size(options->max_handlers, 10000);
    options->max_calls = or_default_size(options->max_calls, 65536);
    options->max_accounts = or_default_size(options->max_accounts, 1000);
    if (options->max_accounts > INT_MAX)
        options->max_accounts = INT_MAX;
    options->keep.most = or_default_size(options->keep.most, 10000);
    options->keep.age_ns = or_default(options->keep.age_ns, 30 * 24 * XIE_HOUR);
    options->max_message = or_default_size(options->max_message, (size_t)64 << 20);
}

static void init(struct onebot_program *program, const struct onebot_options *options)
{
    program->options = *options;
    onebot_options_fill_in(&program->options);
    program->log = (struct onebot_log){.write = options->log, .arg = options->log_arg};
    program->task = xie_task_current();
    xie_list_init(&program->bots);
    onebot_plugins_init(&program->plugins);
    xie_list_init(&program->ways);
    onebot_changes_init(program);
    onebot_mail_init(&program->mail);
    onebot_kept_init(&program->kept);
    onebot_rules_init(&program->rules, &options->book);
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

/* Settings come and go while the program runs, and the folder stays. */
static int own_folder(struct onebot_program *program)
{
    const char *folder = program->options.plugin_folder;
    program->folder = folder ? xie_copy_string(folder) : NULL;
    program->options.plugin_folder = program->folder;
    return folder && !program->folder ? -ENOMEM : 0;
}

/* For those who have no event: an account that never is connected. */
static int give_handle(struct onebot_program *program)
{
    program->self = onebot_bot_new(program, ONEBOT_NOBODY);
    if (!program->self)
        return -ENOMEM;
    if (program->options.handle)
        *program->options.handle = program->self;
    return 0;
}

static void take_handle(struct onebot_program *program)
{
    if (program->options.handle)
        *program->options.handle = NULL;
}

/* Where nothing is left behind whatever becomes of it. */
static int run_program(struct onebot_program *program)
{
    struct xie_link ways;
    struct watch watch = {.program = program, .ways = &ways};
    xie_list_init(&ways);
    int error = own_folder(program);
    if (!error)
        error = give_handle(program);
    if (!error)
        error = onebot_rules_load(&program->rules, &program->log);
    if (!error)
        error = onebot_keep_load(program);
    if (!error)
        error = onebot_ways_make(program, &program->options, &ways);
    if (!error)
        error = onebot_ways_open(program, &ways);
    if (!error)
        error = catch_signals(&program->options, &watch.signals);
    if (!error)
        error = run_watched(&watch);
    onebot_plugins_forget(&program->plugins);
    onebot_changes_end(program);
    onebot_ways_free(&ways);
    onebot_ways_free(&program->ways);
    onebot_bots_free(program);
    onebot_kept_fini(&program->kept);
    onebot_rules_fini(&program->rules);
    xie_signals_close(watch.signals);
    return error;
}

int onebot_run(const struct onebot_options *options)
{
    if (!xie_task_current())
        return -EPERM;
    struct onebot_program *program = xie_alloc_zero(sizeof *program);
    if (!program)
        return -ENOMEM;
    init(program, options);
    int error = run_program(program);
    take_handle(program);
    xie_release(program->folder);
    xie_release(program);
    return error;
}
