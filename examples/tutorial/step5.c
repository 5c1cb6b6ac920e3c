/* step5.c - by the clock: a message to the group, beside the commands. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <xie.h>
#include <xie/onebot.h>
#include <xie/onebot/schedule.h>

static struct onebot_bot *bot; /* NULL until it is connected for the first time */

static int on_connected(struct onebot_event *event)
{
    bot = event->bot;
    return 0;
}

static int evening(const struct onebot_run_info *run)
{
    (void)run;
    return bot ? onebot_send(bot, 20001, 0, NULL, "Have you done it today?") : XIE_ENOTCONNECTED;
}

static const struct onebot_job job = {
    .name = "evening",
    .fn = evening,
    .cron = "*/5 * * * * *", /* every five seconds, to see it; "0 21 * * *" is at nine */
    .zone = "Asia/Shanghai",
};

static int run_schedule(void *unused)
{
    struct onebot_schedule *schedule;
    (void)unused;
    int error = onebot_schedule_new(NULL, &schedule);
    if (error)
        return error;
    error = onebot_schedule_add(schedule, &job, NULL, NULL);
    if (!error)
        error = onebot_schedule_run(schedule);
    onebot_schedule_free(schedule);
    return error;
}

static const struct onebot_rule rules[] = {
    {.event = "meta_event/lifecycle", .handler = on_connected},
    {.command = {"help", "帮助"}, .help = "this list", .handler = onebot_help},
    {0},
};

static int start(void *url)
{
    struct onebot_options options = {
        .url = url,
        .token = getenv("XIE_TOKEN"),
        .book = {.rules = rules, .language = ONEBOT_ENGLISH},
    };
    int error = 0;
    XIE_GROUP(group) {
        error = xie_group_spawn(&group, run_schedule, NULL);
        if (!error)
            error = onebot_run(&options);
        xie_group_cancel(&group);
    }
    return error;
}

int main(int argc, char **argv)
{
    int error = xie_run(start, argc > 1 ? argv[1] : "ws://127.0.0.1:6700");
    if (error)
        fprintf(stderr, "%s: %s\n", argv[0], xie_strerror(error));
    return error != 0;
}
