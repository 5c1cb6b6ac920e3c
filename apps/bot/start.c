/* start.c - the configuration, the log, SIGHUP, and the run among them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
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
    int watch_error; /* of the task that waits for SIGHUP */
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

/* What the log section and those of plugins say is in force at once; the rest needs a new start,
 * and that is said. */
static bool at_once(const char *key)
{
    return strncmp(key, "log.", 4) == 0 || strncmp(key, "plugins.", 8) == 0;
}

static void changed(void *arg, const char *key, const json_t *old, const json_t *now)
{
    struct run *run = arg;
    (void)old;
    (void)now;
    onebot_logger_write(run->logger, ONEBOT_INFO, "config", NULL, "%s has changed%s", key,
                        at_once(key) ? "" : "; it counts from the next start on");
}

/* The file of the log is opened again in any case: it may have been moved away. */
static void read_again(struct run *run, int result)
{
    struct onebot_logger_options options =
        onebot_settings_log(onebot_config_values(run->config), run->names);
    int error = onebot_logger_change(run->logger, &options);
    if (error)
        onebot_logger_write(run->logger, ONEBOT_ERROR, "config", NULL,
                            "the log stays where it is: %s", xie_strerror(error));
    if (result < 0)
        onebot_logger_write(
            run->logger, ONEBOT_ERROR, "config", NULL, "the configuration stays as it was%s%s",
            result == XIE_EFAILED ? "" : ": ", result == XIE_EFAILED ? "" : xie_strerror(result));
    else
        onebot_logger_write(run->logger, ONEBOT_INFO, "config", NULL, "read again: %d change%s",
                            result, result == 1 ? "" : "s");
}

/* The plugins, when it is clear what their settings are. */
static void hang_up(void *arg, int result)
{
    struct run *run = arg;
    if (run->config)
        read_again(run, result);
    plugins_look_again();
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
static void override(struct run *run, const char *url, const char *token)
{
    struct onebot_options *options = &run->start->options;
    options->url = url;
    options->token = token;
    if (url)
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

static int has_way(const struct run *run)
{
    const struct onebot_options *options = &run->start->options;
    if (options->url || options->endpoints->url || options->endpoints->listen)
        return 0;
    fprintf(stderr, "%s: endpoints: there is none, nor --url\n", run->start->config);
    return XIE_EFAILED;
}

static int run_configured(struct run *run)
{
    struct start *start = run->start;
    const char *url = start->options.url, *token = start->options.token;
    int error =
        onebot_config_open(start->config, onebot_settings_keys, complain_early, NULL, &run->config);
    if (error)
        return XIE_EFAILED; /* said */
    error =
        onebot_settings_open(run->config, complain_early, NULL, &start->options, &run->settings);
    if (!error)
        error = has_way(run);
    if (error || start->check_only)
        return error;
    error = open_log(run);
    if (!error)
        error = open_store(run);
    if (error)
        return error;
    override(run, url, token);
    start->options.config = run->config;
    start->options.store = run->store;
    plugins_use(&start->options, start->plugin_folder);
    error = run_watched(run);
    /* Of an endpoint of the file the log has said it, with its name. */
    bool said = error == XIE_EURL || error == -EPROTONOSUPPORT || error == -EINVAL;
    return said && !url ? XIE_EFAILED : error;
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
    return error;
}
