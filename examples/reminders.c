/* reminders.c - things done by the clock: every so often, once, and when a cron expression says so,
 * on the days that have a clock set as well. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>
#include <xie.h>
#include <xie/onebot/schedule.h>

static int tick(const struct onebot_run_info *run)
{
    static int left = 3;
    printf("%s, %d left\n", run->name, --left);
    if (!left)
        onebot_schedule_stop(run->arg);
    return 0;
}

/* When does it ring in Berlin, where 2:30 is left out on 30 March 2025? */
static void print_mornings(void)
{
    struct onebot_zone *berlin;
    struct onebot_cron cron;
    char text[32];
    if (onebot_zone_open("Europe/Berlin", &berlin))
        return;
    time_t at = 1743116400; /* 28 March, midnight */
    for (int i = 0; i < 4 && !onebot_cron_parse("30 2 * * *", &cron, NULL); i++) {
        at = onebot_cron_next(&cron, berlin, at);
        time_t local = at + onebot_zone_offset(berlin, at);
        strftime(text, sizeof text, "%a %d %b %H:%M", gmtime(&local));
        printf("%s\n", text);
    }
    onebot_zone_free(berlin);
}

static int start(void *arg)
{
    struct onebot_schedule *schedule;
    (void)arg;
    print_mornings();
    if (onebot_schedule_new(NULL, &schedule))
        return -ENOMEM;
    const struct onebot_job once = {
        .name = "once", .fn = tick, .arg = schedule, .after_ns = XIE_NANOSECOND};
    const struct onebot_job ticks = {
        .name = "tick", .fn = tick, .arg = schedule, .every_ns = 50 * XIE_MILLISECOND};
    onebot_schedule_add(schedule, &once, NULL, NULL);
    onebot_schedule_add(schedule, &ticks, NULL, NULL);
    int error = onebot_schedule_run(schedule);
    onebot_schedule_free(schedule);
    return error;
}

int main(void)
{
    return xie_run(start, NULL) ? 1 : 0;
}
