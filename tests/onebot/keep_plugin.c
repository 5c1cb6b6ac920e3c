/* keep_plugin.c - kept conversations of a plugin: it ends, is loaded anew, or is not there. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie/onebot/plugin.h>

#include "fake.h"
#include "keep.h"

static struct onebot_bot *bot;
static struct rig *rig_now;

/* --- its rules ---------------------------------------------------------------------- */

static int on_ask(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_answer answer = onebot_ask(event, "Well %s?", event->args);
    return answer.error ? answer.error : onebot_reply(event, "%s, thanks", answer.text);
}

/* Its call is not interrupted, whatever ends. */
static int on_stubborn(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    XIE_SHIELD {
        struct onebot_result result = onebot_call(event->bot, "slow", NULL);
        CHECK_EQ(result.error, 0);
        json_decref(result.data);
    }
    rig_now->count++;
    struct onebot_answer answer = onebot_ask(event, "And?");
    return answer.error ? answer.error : onebot_reply(event, "done");
}

static const struct onebot_rule rules[] = {
    {.command = {"p"}, .handler = on_ask}, {.command = {"stubborn"}, .handler = on_stubborn}, {0}};

static int start_plugin(struct onebot_plugin *plugin)
{
    bot = onebot_plugin_bot(plugin);
    return 0;
}

ONEBOT_PLUGIN_AS(keeper, .name = "keeper", .version = "1", .rules = rules, .start = start_plugin);

static const struct onebot_plugin_definition *const linked[] = {&keeper, NULL};

static void with_plugin(struct rig *rig)
{
    with_store(rig);
    rig_now = rig;
    rig->options.plugins = linked;
}

static void say(struct rig *rig, const char *text)
{
    fake_wait_connections(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, text);
}

/* --- the program ends --------------------------------------------------------------- */

static void silent_with_plugin(struct rig *rig)
{
    with_plugin(rig);
    rig->fake.silent = true;
}

static int stop_it(void *arg)
{
    rig_stop(arg);
    return 0;
}

/* The answer comes when the grace is over, and no handler of the program's own is left. */
static void script_late_answer(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say(rig, "/stubborn");
    fake_wait_calls(fake, 1);
    struct xie_task *stop = xie_spawn(stop_it, rig);
    rig_wait_log(rig, "1 handler is cancelled");
    settle();
    CHECK_EQ(rig->count, 0);
    fake_answer(fake, 0, json_pack("{s:i}", "a", 1));
    xie_join(stop);
    CHECK_EQ(rig->count, 1);
    CHECK(is_kept(rig));
    fake->silent = false;
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    CHECK_STR(fake_said(fake, 1), "And?"); /* what was answered is known */
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    CHECK_STR(fake_said(fake, 2), "done");
    check_nothing_kept(rig);
    end(rig);
}

static void test_an_answer_after_the_grace(void)
{
    play(&(struct play){silent_with_plugin, NULL, script_late_answer});
}

static const struct tap_test tests[] = {
    {"an answer after the grace", test_an_answer_after_the_grace},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
