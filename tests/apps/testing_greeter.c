/* testing_greeter.c - a plugin that the kit tests: a command, a setting, a job by the clock.
 * Tests, apps. A shared object; testing_plugin.c loads it. */
/* SPDX-License-Identifier: MIT */
#include <xie/onebot/plugin.h>

#include <xie.h>

static int on_hi(struct onebot_event *event)
{
    const json_t *settings = onebot_plugin_settings(onebot_event_plugin(event));
    return onebot_reply(event, "%s, %s!", onebot_string(settings, "word"), event->sender.name);
}

static int noon(const struct onebot_run_info *run)
{
    (void)run;
    struct onebot_plugin *plugin = onebot_plugin_current();
    int64_t group_id = onebot_int(onebot_plugin_settings(plugin), "group");
    struct onebot_bot *bot = onebot_plugin_account(plugin, 0);
    return bot ? onebot_send(bot, group_id, 0, NULL, "It is noon.") : XIE_ENOTCONNECTED;
}

static const struct onebot_rule rules[] = {{.command = {"hi"}, .handler = on_hi}, {0}};
static const struct onebot_job jobs[] = {
    {.name = "noon", .fn = noon, .cron = "0 12 * * *", .zone = "UTC"}, {0}};
static const struct onebot_config_key keys[] = {
    {.name = "word", .kind = ONEBOT_KEY_TEXT, .standard = "Hi"},
    {.name = "group", .kind = ONEBOT_KEY_NUMBER, .standard = "20001"},
    {0}};

ONEBOT_PLUGIN(.name = "greeter", .rules = rules, .jobs = jobs, .keys = keys);
