/* step6.c - the whole bot, run by a file of settings; the rest is in habit.c and evening.c. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <xie.h>

#include "bot.h"

struct onebot_config *config;
struct onebot_logger *logger;
struct onebot_store *store;

static const struct onebot_rule rules[] = {
    {.event = "meta_event/lifecycle", .handler = on_connected},
    {.command = {"habit", "习惯"}, .help = "choose a habit", .handler = on_habit},
    {.command = {"done", "打卡"}, .help = "it is done", .handler = on_done},
    {.command = {"help", "帮助"}, .help = "this list", .handler = onebot_help},
    {0},
};

void complain(void *arg, const char *line)
{
    (void)arg;
    onebot_logger_write(logger, ONEBOT_ERROR, "settings", NULL, "%s", line);
}

static int open_log(void)
{
    struct onebot_logger_name names[ONEBOT_LOGGER_NAMES + 1];
    struct onebot_logger_options log = onebot_settings_log(onebot_config_values(config), names);
    return logger ? onebot_logger_change(logger, &log) : onebot_logger_open(&log, &logger);
}

/* SIGHUP: what the file says of the log counts at once, and its file is opened again. */
static void hang_up(void *arg, int result)
{
    (void)arg;
    int error = open_log();
    if (!error && result >= 0)
        onebot_logger_write(logger, ONEBOT_INFO, "settings", NULL, "read again");
    else
        complain(NULL, "the old settings stay");
}

static int run(struct onebot_options *options)
{
    struct onebot_config_watch watch = {.config = config, .say = complain, .hangup = hang_up};
    int error = 0;
    XIE_GROUP(group) {
        error = xie_group_spawn(&group, onebot_config_watch, &watch);
        if (!error)
            error = xie_group_spawn(&group, run_evening, NULL);
        if (!error)
            error = onebot_run(options);
        xie_group_cancel(&group);
        int failed = xie_group_wait(&group); /* the clock's or the watch's reason comes first */
        error = failed ? failed : error;
    }
    return error;
}

static int start(void *path)
{
    struct onebot_options options = {.book = {.rules = rules, .language = ONEBOT_ENGLISH}};
    struct onebot_settings *settings = NULL;
    int error = onebot_config_open(path, onebot_settings_keys, complain, NULL, &config);
    if (!error)
        error = onebot_settings_open(config, complain, NULL, &options, &settings);
    if (!error)
        error = open_log();
    if (!error)
        error = onebot_store_open("habit.db", NULL, &store);
    options.log = onebot_logger_line;
    options.log_arg = logger;
    if (!error)
        error = run(&options);
    onebot_store_close(store);
    onebot_logger_close(logger);
    onebot_settings_close(settings);
    onebot_config_close(config);
    return error;
}

int main(int argc, char **argv)
{
    int error = xie_run(start, argc > 1 ? argv[1] : "bot.yml");
    if (error && error != XIE_EFAILED) /* that one has been told */
        fprintf(stderr, "%s: %s\n", argv[0], xie_strerror(error));
    return error != 0;
}
