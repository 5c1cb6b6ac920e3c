/* start.c - the configuration, the log, SIGHUP, and the run among them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/store.h>

#include "plugins.h"
#include "start.h"

/* What a run holds; zero is a valid empty one. */
struct run {
    struct start *start;
    struct onebot_config *config;
    struct onebot_settings *settings;
    struct onebot_logger *logger;
    struct onebot_store *store;
    char *plugin_folder;     /* a copy: settings come and go */
    const char *url, *token; /* of the command line */
    struct onebot_bot *bot;  /* the handle, while it runs */
    int watch_error;         /* of the task that waits for SIGHUP */
    struct onebot_logger_name names[ONEBOT_LOGGER_NAMES + 1];
};

/* Before there is a log. */
static void complain_early(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

/* --- SIGHUP ------------------------------------------------------------------------- */

static void complain(void *arg, const char *line)
{
    struct run *run = arg;
    onebot_logger_write(run->logger, ONEBOT_ERROR, "config", NULL, "%s", line);
}

static bool begins(const char *key, const char *with)
{
    return strncmp(key, with, strlen(with)) == 0;
}

/* What is to be said of a change, beside that it counts from now on. */
static const char *effect(const struct run *run, const char *key)
{
    static const char *const at_once[] = {"log.",      "endpoints", "superusers",
                                          "commands.", "pace.",     "group_pace.",
                                          "limits.",   "plugins.",  NULL};
    if (run->url && begins(key, "endpoints"))
        return "; --url takes their place";
    if (begins(key, "limits.message") || begins(key, "limits.ping_interval"))
        return "; it counts for connections that are made from now on";
    for (size_t i = 0; at_once[i]; i++)
        if (begins(key, at_once[i]))
            return "";
    return "; it counts from the next start on";
}

static void changed(void *arg, const char *key, const json_t *old, const json_t *now)
{
    struct run *run = arg;
    (void)old;
    (void)now;
    onebot_logger_write(run->logger, ONEBOT_INFO, "config", NULL, "%s has changed%s", key,
                        effect(run, key));
}

static void reopen_log(struct run *run)
{
    struct onebot_logger_options options =
        onebot_settings_log(onebot_config_values(run->config), run->names);
    int error = onebot_logger_change(run->logger, &options);
    if (error)
        onebot_logger_write(run->logger, ONEBOT_ERROR, "config", NULL,
                            "the log stays where it is: %s", xie_strerror(error));
}

static void override(const struct run *run, struct onebot_options *options);
static int has_way(const struct run *run, const struct onebot_options *options,
                   onebot_complaint *say, void *arg);

/* Also where nothing has changed: what TLS needs has files of its own, which are read again. */
static int put_in_force(struct run *run)
{
    struct onebot_options options = run->start->options;
    struct onebot_settings *settings = NULL;
    int error =
        onebot_settings_again(run->config, run->settings, complain, run, &options, &settings);
    if (!error) {
        override(run, &options);
        error = has_way(run, &options, complain, run);
    }
    if (!error)
        error = run->bot ? onebot_change(run->bot, &options) : XIE_ECLOSED;
    onebot_settings_close(error ? settings : run->settings);
    if (!error)
        run->settings = settings;
    return error;
}

/* The file of the log is opened again in any case: it may have been moved away. return whether all
 * is in force */
static bool read_again(struct run *run, int result)
{
    reopen_log(run);
    int error = result < 0 ? result : put_in_force(run);
    if (error)
        onebot_logger_write(run->logger, ONEBOT_ERROR, "config", NULL,
                            "the configuration stays as it was%s%s%s",
                            result < 0 ? "" : ", but for the log", error == XIE_EFAILED ? "" : ": ",
                            error == XIE_EFAILED ? "" : xie_strerror(error));
    else
        onebot_logger_write(run->logger, ONEBOT_INFO, "config", NULL, "read again: %d change%s",
                            result, result == 1 ? "" : "s");
    return !error;
}

/* The plugins, when it is clear what their settings are. */
static void hang_up(void *arg, int result)
{
    struct run *run = arg;
    plugins_look_again(!run->config || read_again(run, result));
}

/* --- running ------------------------------------------------------------------------ */

static int watch_file(void *arg)
{
    struct run *run = arg;
    struct onebot_config_watch watch = {
        .config = run->config, .say = complain, .changed = changed, .hangup = hang_up, .arg = run};
    return run->watch_error = onebot_config_watch(&watch);
}

static int run_watched(struct run *run)
{
    int error = 0;
    XIE_GROUP(group) {
        error = xie_group_spawn(&group, watch_file, run);
        if (!error)
            error = onebot_run(&run->start->options);
        xie_group_cancel(&group);
    }
    /* A watch that failed has cancelled the run: the reason counts. */
    return error == -ECANCELED && run->watch_error ? run->watch_error : error;
}

/* The command line's way takes the place of those in the file. */
static void override(const struct run *run, struct onebot_options *options)
{
    options->url = run->url;
    options->token = run->token;
    if (run->url)
        options->endpoints = NULL;
    options->log = onebot_logger_line;
    options->log_arg = run->logger;
}

static int open_log(struct run *run)
{
    struct onebot_logger_options options =
        onebot_settings_log(onebot_config_values(run->config), run->names);
    int error = onebot_logger_open(&options, &run->logger);
    if (error)
        fprintf(stderr, "%s: log.file: %s: %s\n", run->start->config, options.path,
                xie_strerror(error));
    return error ? XIE_EFAILED : 0;
}

static int open_store(struct run *run)
{
    const char *path = onebot_string(onebot_config_values(run->config), "store");
    char why[ONEBOT_WORDING] = "";
    const struct onebot_store_options options = {
        .why = why, .log = onebot_logger_line, .log_arg = run->logger};
    int error = *path ? onebot_store_open(path, &options, &run->store) : 0;
    if (error)
        fprintf(stderr, "%s: store: %s: %s\n", run->start->config, path,
                *why ? why : xie_strerror(error));
    return error ? XIE_EFAILED : 0;
}

static int has_way(const struct run *run, const struct onebot_options *options,
                   onebot_complaint *say, void *arg)
{
    char line[1024];
    if (options->url || options->endpoints->url || options->endpoints->listen)
        return 0;
    snprintf(line, sizeof line, "%s: endpoints: there is none, nor --url", run->start->config);
    say(arg, line);
    return XIE_EFAILED;
}

static int use_plugins(struct run *run)
{
    struct start *start = run->start;
    const char *folder = start->plugin_folder;
    if (!folder)
        folder = start->options.plugin_folder;
    run->plugin_folder = folder ? strdup(folder) : NULL;
    if (folder && !run->plugin_folder)
        return -ENOMEM;
    plugins_use(&start->options, run->plugin_folder);
    return 0;
}

static int run_configured(struct run *run)
{
    struct start *start = run->start;
    run->url = start->options.url;
    run->token = start->options.token;
    int error =
        onebot_config_open(start->config, onebot_settings_keys, complain_early, NULL, &run->config);
    if (error)
        return XIE_EFAILED; /* said */
    error =
        onebot_settings_open(run->config, complain_early, NULL, &start->options, &run->settings);
    if (!error)
        error = has_way(run, &start->options, complain_early, NULL);
    if (error || start->check_only)
        return error;
    error = open_log(run);
    if (!error)
        error = open_store(run);
    if (error)
        return error;
    override(run, &start->options);
    start->options.config = run->config;
    start->options.store = run->store;
    start->options.handle = &run->bot;
    error = use_plugins(run);
    if (error)
        return error;
    error = run_watched(run);
    /* Of an endpoint of the file the log has said it, with its name. */
    bool said = error == XIE_EURL || error == -EPROTONOSUPPORT || error == -EINVAL;
    return said && !run->url ? XIE_EFAILED : error;
}

int start_bot(void *arg)
{
    struct run run = {.start = arg};
    plugins_use(&run.start->options, run.start->plugin_folder);
    if (!run.start->config)
        return run.start->plugin_folder ? run_watched(&run) : onebot_run(&run.start->options);
    int error = run_configured(&run);
    onebot_store_close(run.store);
    onebot_settings_close(run.settings);
    onebot_config_close(run.config);
    onebot_logger_close(run.logger);
    free(run.plugin_folder);
    return error;
}
