/* keep_plugin.c - kept conversations of a plugin: it ends, is loaded anew, or is not there. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
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

static int on_slow(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_result result = onebot_call(event->bot, "slow", NULL);
    json_decref(result.data);
    return result.error;
}

/* It comes to onebot_keep when its plugin ends: nothing is kept that would be deleted at once. */
static int on_tardy(struct onebot_event *event)
{
    rig_now->count++;
    XIE_SHIELD {
        CHECK_EQ(xie_event_wait(&rig_now->go), 0);
        CHECK_EQ(onebot_keep(event), -ECANCELED);
    }
    xie_event_set(&rig_now->done);
    return 0;
}

static struct onebot_rule rules[] = {
    {.command = {"q"}, .turns = {.busy = ONEBOT_QUEUE}, .handler = on_ask},
    {.command = {"r"}, .handler = on_ask},
    {.command = {"slow"}, .handler = on_slow},
    {.command = {"tardy"}, .handler = on_tardy},
    {.command = {"p"}, .handler = on_ask},
    {.command = {"stubborn"}, .handler = on_stubborn},
    {0}};

static void stop_plugin(struct onebot_plugin *plugin)
{
    (void)plugin;
    if (rig_now->text[0])
        xie_event_wait(&rig_now->go);
}

static int start_plugin(struct onebot_plugin *plugin)
{
    bot = onebot_plugin_bot(plugin);
    return 0;
}

ONEBOT_PLUGIN_AS(keeper, .name = "keeper", .version = "1", .rules = rules, .start = start_plugin,
                 .stop = stop_plugin);

static const struct onebot_plugin_definition *const linked[] = {&keeper, NULL};

static void with_plugin(struct rig *rig)
{
    with_store(rig);
    rig_now = rig;
    rig->options.plugins = linked;
}

/* Elsewhere others may take their time. */
static bool is_sim(void)
{
    const char *backend = getenv("XIE_BACKEND");
    return backend && strcmp(backend, "sim") == 0;
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

/* A call that is never answered has one grace, not one more for each plugin. */
static int on_deaf(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_result result = onebot_call(event->bot, "slow", NULL);
    json_decref(result.data);
    return result.error;
}

static const struct onebot_rule deaf_rules[] = {{.command = {"deaf"}, .handler = on_deaf}, {0}};
ONEBOT_PLUGIN_AS(deaf, .name = "deaf", .version = "1", .rules = deaf_rules);
static const struct onebot_rule deafer_rules[] = {{.command = {"deafer"}, .handler = on_deaf}, {0}};
ONEBOT_PLUGIN_AS(deafer, .name = "deafer", .version = "1", .rules = deafer_rules);

static void three_plugins(struct rig *rig)
{
    static const struct onebot_plugin_definition *const all[] = {&keeper, &deaf, &deafer, NULL};
    silent_with_plugin(rig);
    rig->options.plugins = all;
    rig->options.grace_ns = XIE_SECOND;
}

static void script_one_grace(struct rig *rig)
{
    say(rig, "/deaf");
    say(rig, "/deafer");
    fake_wait_calls(&rig->fake, 2);
    int64_t before = xie_now();
    rig_stop(rig);
    CHECK(xie_now() - before >= XIE_SECOND);
    CHECK(xie_now() - before < 2 * XIE_SECOND);
    CHECK_EQ(count_kept(rig, "h/"), 2);
    end(rig);
}

static void test_one_grace_for_all(void)
{
    if (is_sim())
        play(&(struct play){three_plugins, NULL, script_one_grace});
}

/* One that comes to onebot_keep when the bot stops already is kept as well. */
static int on_late(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (rig->count++ == 0)
        CHECK_EQ(xie_event_wait(&rig->go), 0);
    CHECK_EQ(onebot_keep(event), 0);
    xie_event_set(&rig->done);
    return onebot_ask(event, "Late?").error;
}

static void script_late_keep(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    while (!rig->count)
        xie_sleep(XIE_MILLISECOND);
    struct xie_task *stop = xie_spawn(stop_it, rig);
    rig_wait_log(rig, "to end");
    xie_event_set(&rig->go);
    wait_done(rig);
    xie_join(stop);
    CHECK(is_kept(rig));
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    rig_wait_log(rig, "1 kept conversation");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    check_nothing_kept(rig);
    CHECK_EQ(rig->count, 2);
    end(rig);
}

static void long_grace(struct rig *rig)
{
    with_store(rig);
    rig->options.grace_ns = XIE_SECOND;
}

static void test_kept_within_the_grace(void)
{
    if (is_sim())
        play(&(struct play){long_grace, on_late, script_late_keep});
}

/* --- it is loaded anew -------------------------------------------------------------- */

static int reload_it(void *arg)
{
    (void)arg;
    CHECK_EQ(onebot_plugin_reload(bot, "keeper"), 0);
    return 0;
}

static void script_tardy(struct rig *rig)
{
    say(rig, "/tardy");
    while (!rig->count)
        xie_sleep(XIE_MILLISECOND);
    struct xie_task *reload = xie_spawn(reload_it, NULL);
    settle();
    xie_event_set(&rig->go);
    wait_done(rig);
    CHECK(!is_kept(rig));
    xie_join(reload);
    end(rig);
}

static void test_kept_while_its_plugin_ends(void)
{
    play(&(struct play){with_plugin, NULL, script_tardy});
}

/* --- it is not there ----------------------------------------------------------------- */

static void begin(struct rig *rig, const char *text, const char *want)
{
    size_t calls = json_array_size(rig->fake.calls);
    say(rig, text);
    CHECK_STR(fake_said(&rig->fake, calls), want);
}

/* However often it is looked for, that is no try: there is nothing to run. */
static void script_not_there(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    begin(rig, "/p a", "Well a?");
    rig_stop(rig);
    rig->options.plugins = NULL;
    rig_start(rig);
    for (unsigned i = 0; i < ONEBOT_KEEP_TRIES + 2; i++) {
        fake_wait_connections(fake, 2 + i);
        hello(rig);
        rig_wait_log(rig, "waits: plugin/keeper/p is not there");
        settle();
        fake_cut(fake);
    }
    rig_stop(rig);
    CHECK_EQ(count_kept(rig, "h/"), 1);
    CHECK_EQ(count_kept(rig, "t/"), 0);
    rig->options.plugins = linked;
    unsigned connections = fake->connections;
    rig_start(rig);
    fake_wait_connections(fake, connections + 1);
    hello(rig);
    rig_wait_log(rig, "1 kept conversation");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    CHECK_STR(fake_said(fake, 1), "yes, thanks");
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_plugin_that_is_not_there(void)
{
    play(&(struct play){with_plugin, NULL, script_not_there});
}

/* --- answers, while it is loaded anew ------------------------------------------------ */

static void patient(struct rig *rig)
{
    with_plugin(rig);
    rig->options.grace_ns = XIE_MINUTE;
}

/* The reload waits for the answer to a call; meanwhile another conversation is answered. */
static void script_meanwhile(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    begin(rig, "/p a", "Well a?");
    fake->silent = true;
    fake_message(fake, FAKE_USER + 1, FAKE_GROUP, "/slow");
    fake_wait_calls(fake, 2);
    struct xie_task *reload = xie_spawn(reload_it, NULL);
    settle();
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    settle();
    fake->silent = false;
    fake_answer(fake, 1, json_object());
    xie_join(reload);
    CHECK_STR(fake_said(fake, 2), "yes, thanks");
    check_nothing_kept(rig);
    end(rig);
}

static void test_an_answer_during_a_reload(void)
{
    play(&(struct play){patient, NULL, script_meanwhile});
}

static int on_other(struct onebot_event *event)
{
    xie_event_set(&rig_now->done);
    (void)event;
    return 0;
}

static void script_long_stop(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    begin(rig, "/p a", "Well a?");
    strcpy(rig->text, "wait");
    int64_t before = xie_now();
    struct xie_task *reload = xie_spawn(reload_it, NULL);
    settle();
    fake_message(fake, FAKE_USER + 1, FAKE_GROUP, "/go");
    settle();
    if (is_sim())
        CHECK(!xie_event_is_set(&rig->done));
    wait_done(rig); /* the old plugin is still there */
    CHECK(xie_now() - before >= XIE_SECOND);
    CHECK(!xie_task_done(reload));
    xie_event_set(&rig->go);
    xie_join(reload);
    rig_wait_log(rig, "1 kept conversation");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    CHECK_STR(fake_said(fake, 1), "yes, thanks");
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_stop_without_end_holds_nothing_for_ever(void)
{
    play(&(struct play){with_plugin, on_other, script_long_stop});
}

/* --- turns -------------------------------------------------------------------------- */

/* Who had the turn has it again, and who waited behind it waits on. */
static void script_turn(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    begin(rig, "/q a", "Well a?");
    fake_message(fake, FAKE_USER, 0, "/q b");
    settle();
    CHECK_EQ(onebot_plugin_reload(bot, "keeper"), 0);
    settle();
    CHECK_EQ(json_array_size(fake->calls), 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    CHECK_STR(fake_said(fake, 1), "yes, thanks");
    CHECK_STR(fake_said(fake, 2), "Well b?");
    fake_message(fake, FAKE_USER, 0, "no");
    CHECK_STR(fake_said(fake, 3), "no, thanks");
    check_nothing_kept(rig);
    end(rig);
}

static void test_its_turn_is_its_own_after_a_reload(void)
{
    play(&(struct play){with_plugin, NULL, script_turn});
}

/* Of two, one waits until the turn is free. */
static void script_two(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    begin(rig, "/r a", "Well a?");
    fake_message(fake, FAKE_USER, 0, "/r b");
    CHECK_STR(fake_said(fake, 1), "Well b?");
    rig_stop(rig);
    struct onebot_rule *rule = rules;
    while (strcmp(rule->command[0], "r") != 0)
        rule++;
    rule->turns.busy = ONEBOT_QUEUE;
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    rig_wait_log(rig, "a kept conversation waits: plugin/keeper/r runs one at a time");
    CHECK(!rig_logged(rig, "still waits"));
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    CHECK_STR(fake_said(fake, 2), "yes, thanks");
    while (rig_count_log(rig, "1 kept conversation") < 2)
        xie_sleep(XIE_MILLISECOND);
    fake_message(fake, FAKE_USER, 0, "no");
    CHECK_STR(fake_said(fake, 3), "no, thanks");
    check_nothing_kept(rig);
    rule->turns.busy = ONEBOT_TOGETHER;
    end(rig);
}

static void test_one_that_waits_for_its_turn(void)
{
    play(&(struct play){with_plugin, NULL, script_two});
}

/* --- who lets the events go ---------------------------------------------------------- */

/* Slow to go over its steps, where it is told to. */
static int on_lazy(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    if (rig_now->text[0])
        XIE_SHIELD
            xie_event_wait(&rig_now->go);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "%s, thanks", answer.text);
}

static int on_hello(struct onebot_event *event)
{
    if (strcmp(event->text, "hello") == 0)
        xie_event_set(&rig_now->done);
    return 0;
}

static const struct onebot_rule lazy_rules[] = {{.command = {"lazy"}, .handler = on_lazy}, {0}};
ONEBOT_PLUGIN_AS(lazy, .name = "lazy", .version = "1", .rules = lazy_rules, .start = start_plugin);

static void lazily(struct rig *rig)
{
    static const struct onebot_plugin_definition *const all[] = {&lazy, NULL};
    with_plugin(rig);
    rig->options.plugins = all;
    rig->options.on_event = on_hello;
}

static int reload_lazy(void *arg)
{
    (void)arg;
    CHECK_EQ(onebot_plugin_reload(bot, "lazy"), 0);
    return 0;
}

/* One that is taken up later has its second, however long another has had its own. */
static void script_shared(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 0), "Well?");
    fake_message(fake, FAKE_USER + 1, FAKE_GROUP, "/lazy");
    CHECK_STR(fake_said(fake, 1), "Well?");
    strcpy(rig->text, "lazy");
    restart(rig);
    rig_wait_log(rig, "2 kept conversations");
    xie_sleep(900 * XIE_MILLISECOND);
    CHECK_EQ(xie_event_is_set(&rig->go), false);
    struct xie_task *reload = xie_spawn(reload_lazy, NULL);
    settle();
    fake_message(fake, FAKE_USER + 1, FAKE_GROUP, "yes");
    xie_event_set(&rig->go);
    xie_event_clear(&rig->go); /* the program's own goes on, and the plugin's ends */
    xie_join(reload);
    xie_sleep(500 * XIE_MILLISECOND);
    xie_event_set(&rig->go);
    CHECK_STR(fake_said(fake, 2), "yes, thanks");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "no");
    CHECK_STR(fake_said(fake, 3), "no, thanks");
    check_nothing_kept(rig);
    end(rig);
}

static void test_each_has_its_second(void)
{
    if (is_sim())
        play(&(struct play){lazily, on_lazy, script_shared});
}

/* A plugin has them taken up by being loaded; that it goes then changes nothing. */
static void script_whoever(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    for (int64_t i = 0; i < 3; i++) {
        fake_message(fake, FAKE_USER + i, FAKE_GROUP, "/go");
        CHECK_STR(fake_said(fake, (size_t)i), "Well?");
    }
    rig->options.max_handlers = 2;
    restart(rig);
    rig_wait_log(rig, "2 kept conversations");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    fake_message(fake, FAKE_USER + 1, FAKE_GROUP, "yes");
    fake_wait_calls(fake, 5);
    settle();
    strcpy(rig->text, "lazy");
    CHECK_EQ(onebot_plugin_reload(bot, "lazy"), 0);
    rig_wait_log(rig, "1 kept conversation");
    fake_message(fake, FAKE_USER + 5, FAKE_GROUP, "hello");
    settle();
    CHECK_EQ(onebot_plugin_unload(bot, "lazy"), 0);
    settle();
    CHECK(!xie_event_is_set(&rig->done));
    xie_event_set(&rig->go);
    wait_done(rig);
    fake_message(fake, FAKE_USER + 2, FAKE_GROUP, "yes");
    fake_wait_calls(fake, 6);
    check_nothing_kept(rig);
    end(rig);
}

static void test_whoever_had_them_taken_up_may_go(void)
{
    if (is_sim())
        play(&(struct play){lazily, on_lazy, script_whoever});
}

static const struct tap_test tests[] = {
    {"an answer after the grace", test_an_answer_after_the_grace},
    {"one grace for all", test_one_grace_for_all},
    {"kept within the grace", test_kept_within_the_grace},
    {"kept while its plugin ends", test_kept_while_its_plugin_ends},
    {"a plugin that is not there", test_a_plugin_that_is_not_there},
    {"an answer during a reload", test_an_answer_during_a_reload},
    {"a stop without end holds nothing for ever", test_a_stop_without_end_holds_nothing_for_ever},
    {"its turn is its own after a reload", test_its_turn_is_its_own_after_a_reload},
    {"one that waits for its turn", test_one_that_waits_for_its_turn},
    {"each has its second", test_each_has_its_second},
    {"whoever had them taken up may go", test_whoever_had_them_taken_up_may_go},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
