/* keep_rule.c - which rule a kept conversation goes on with: by name, of the program or of a
 * plugin, which is loaded anew or unloaded in the middle. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <xie/onebot/plugin.h>

#include "fake.h"
#include "keep.h"

/* --- for whatever it runs ----------------------------------------------------------- */

static int on_whatever(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (*event->command || strcmp(event->post_type, "message") != 0)
        return 0;
    CHECK_EQ(onebot_keep(event), 0);
    CHECK_EQ(onebot_pass_on(event), 0);
    struct onebot_answer answer = onebot_ask(event, "Why %s?", event->text);
    if (answer.error)
        return answer.error;
    if (rig->options.book.rules)
        CHECK_EQ(onebot_pass_on(answer.event), 0);
    CHECK_STR(answer.text, "so");
    xie_event_set(&rig->done);
    return onebot_ask(event, "And?").error;
}

static struct onebot_rule nameless[3];

static int on_below(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    strcat(strcat(rig->text, event->text), "|");
    return 0;
}

static int on_captured(struct onebot_event *event)
{
    CHECK_STR(onebot_capture(event, 1), "42");
    return on_whatever(event);
}

static void by_event(struct rig *rig)
{
    with_store(rig);
    rig->options.on_event = on_whatever;
}

static void by_regex(struct rig *rig)
{
    with_store(rig);
    nameless[0] = (struct onebot_rule){.regex = "([0-9]+)", .handler = on_captured, .arg = rig};
    nameless[1] = (struct onebot_rule){.handler = on_below, .arg = rig};
    rig->options.book.rules = nameless;
}

static void script_whatever(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "is it 42");
    CHECK_STR(fake_said(fake, 0), "Why is it 42?");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "so");
    wait_done(rig);
    CHECK_STR(fake_said(fake, 1), "And?");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "no more");
    check_nothing_kept(rig);
    CHECK_EQ(json_array_size(fake->calls), 2);
    if (rig->options.book.rules) /* once, in the run that it came in */
        CHECK_STR(rig->text, "is it 42|so|");
    end(rig);
}

static void test_for_every_event(void)
{
    play(&(struct play){by_event, NULL, script_whatever});
}

static void test_for_a_rule_without_a_name(void)
{
    play(&(struct play){by_regex, NULL, script_whatever});
}

/* --- by name ------------------------------------------------------------------------ */

static int on_number(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    return onebot_ask(event, "Well?").error;
}

static struct onebot_argument text_argument[] = {{.name = "x", .type = ONEBOT_STRING}, {0}};
static const struct onebot_rule numbered[] = {{.command = {"number"},
                                               .arguments = text_argument,
                                               .turns = {.busy = ONEBOT_REJECT, .told = "busy"},
                                               .handler = on_number},
                                              {0}};

static void with_numbered(struct rig *rig)
{
    with_store(rig);
    text_argument[0].type = ONEBOT_STRING;
    rig->options.book.rules = numbered;
}

/* It has the turn of its rule, also in the next run. */
static void script_turn(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/number a");
    CHECK_STR(fake_said(fake, 0), "Well?");
    restart(rig);
    fake_message(fake, FAKE_USER, 0, "/number b");
    CHECK_STR(fake_said(fake, 1), "busy");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "done");
    check_nothing_kept(rig);
    end(rig);
}

static void test_it_has_its_turn(void)
{
    play(&(struct play){with_numbered, NULL, script_turn});
}

static void script_no_match(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/number a");
    CHECK_STR(fake_said(fake, 0), "Well?");
    text_argument[0].type = ONEBOT_INTEGER;
    restart(rig);
    rig_wait_log(rig, "a kept conversation of rule/number is dropped: its rule does not match its "
                      "event any more");
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_rule_that_does_not_match(void)
{
    play(&(struct play){with_numbered, NULL, script_no_match});
}

/* --- of a plugin -------------------------------------------------------------------- */

static struct onebot_bot *bot;
static unsigned runs;

static int on_p(struct onebot_event *event)
{
    bot = event->bot;
    runs++;
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "%s, thanks", answer.text);
}

static int start_plugin(struct onebot_plugin *plugin)
{
    bot = onebot_plugin_bot(plugin);
    return 0;
}

static const struct onebot_rule keeper_rules[] = {{.command = {"p"}, .handler = on_p}, {0}};

ONEBOT_PLUGIN_AS(keeper, .name = "keeper", .version = "1", .rules = keeper_rules,
                 .start = start_plugin);

static void with_plugin(struct rig *rig)
{
    static const struct onebot_plugin_definition *const linked[] = {&keeper, NULL};
    with_store(rig);
    runs = 0;
    rig->options.plugins = linked;
}

static void begin(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/p");
    CHECK_STR(fake_said(&rig->fake, 0), "Well?");
}

static void go_on(struct rig *rig)
{
    rig_wait_log(rig, "1 kept conversation");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "yes");
    CHECK_STR(fake_said(&rig->fake, 1), "yes, thanks");
    check_nothing_kept(rig);
    CHECK_EQ(runs, 2);
    CHECK_EQ(json_array_size(rig->fake.calls), 2);
    CHECK(!rig_logged(rig, "failed"));
    end(rig);
}

static void script_reload(struct rig *rig)
{
    begin(rig);
    CHECK_EQ(onebot_plugin_reload(bot, "keeper"), 0);
    go_on(rig);
}

static void test_loaded_anew(void)
{
    play(&(struct play){with_plugin, NULL, script_reload});
}

/* It waits until the plugin is there again. */
static void script_unload(struct rig *rig)
{
    begin(rig);
    CHECK_EQ(onebot_plugin_unload(bot, "keeper"), 0);
    json_t *all = kept(rig, "h/");
    CHECK_EQ(json_object_size(all), 1);
    CHECK_STR(onebot_string(json_object_iter_value(json_object_iter(all)), "rule"),
              "plugin/keeper/p");
    json_decref(all);
    restart(rig);
    go_on(rig);
}

static void test_unloaded(void)
{
    play(&(struct play){with_plugin, NULL, script_unload});
}

static const struct tap_test tests[] = {
    {"for every event", test_for_every_event},
    {"for a rule without a name", test_for_a_rule_without_a_name},
    {"it has its turn", test_it_has_its_turn},
    {"a rule that does not match", test_a_rule_that_does_not_match},
    {"its plugin is loaded anew", test_loaded_anew},
    {"its plugin is unloaded", test_unloaded},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
