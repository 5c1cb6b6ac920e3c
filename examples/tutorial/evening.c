/* evening.c - by the clock, as plugins.habit of the settings says: a message to the group. */
/* SPDX-License-Identifier: MIT */
#include "bot.h"

#include <xie.h>
#include <xie/onebot/schedule.h>

static const struct onebot_config_key keys[] = {
    {.name = "group", .kind = ONEBOT_KEY_NUMBER, .required = true, .help = "where to ask"},
    {.name = "cron", .kind = ONEBOT_KEY_TEXT, .standard = "0 21 * * *", .help = "when to ask"},
    {.name = "zone", .kind = ONEBOT_KEY_TEXT, .standard = "Asia/Shanghai", .help = "whose clock"},
    {0},
};

static struct onebot_bot *bot; /* NULL until it is connected for the first time */

int on_connected(struct onebot_event *event)
{
    bot = event->bot;
    return 0;
}

static int evening(const struct onebot_run_info *run)
{
    int64_t group_id = onebot_int(run->arg, "group");
    return bot ? onebot_send(bot, group_id, 0, NULL, "Have you done it today?") : XIE_ENOTCONNECTED;
}

static int run_job(json_t *settings)
{
    struct onebot_schedule_options options = {.log = onebot_logger_line, .log_arg = logger};
    struct onebot_schedule *schedule;
    struct onebot_job job = {.name = "evening", .fn = evening, .arg = settings};
    char why[ONEBOT_WORDING] = "";
    job.cron = onebot_string(settings, "cron");
    job.zone = onebot_string(settings, "zone");
    int error = onebot_schedule_new(&options, &schedule);
    if (error)
        return error;
    error = onebot_schedule_add(schedule, &job, NULL, why);
    if (error)
        complain(NULL, why);
    else
        error = onebot_schedule_run(schedule);
    onebot_schedule_free(schedule);
    return error;
}

int run_evening(void *unused)
{
    json_t *settings;
    (void)unused;
    int error = onebot_config_section(config, "plugins.habit", keys, complain, NULL, &settings);
    if (error)
        return error;
    error = run_job(settings);
    json_decref(settings);
    return error;
}
