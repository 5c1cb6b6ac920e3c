/* keep_more.c - kept conversations at the edges: two at once, the last moments of a run, rules of
 * one name, steps that stay begun, values too deep, no memory. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xie/onebot/plugin.h>

#include "base/fault.h"
#include "fake.h"
#include "keep.h"

static void start_again(struct rig *rig)
{
    unsigned connections = rig->fake.connections;
    rig_start(rig);
    fake_wait_connections(&rig->fake, connections + 1);
}

/* How many calls say this? */
static unsigned count_said(struct rig *rig, const char *text)
{
    unsigned count = 0;
    for (size_t i = 0; i < json_array_size(rig->fake.calls); i++)
        count += strcmp(fake_said(&rig->fake, i), text) == 0;
    return count;
}

/* --- several of one account --------------------------------------------------------- */

static int on_each(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "thanks for %s", answer.text);
}

/* Each answer is held until its own conversation has been taken up. */
static void script_several(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    char text[32];
    fake_wait_connections(fake, 1);
    for (int64_t i = 0; i < 5; i++)
        fake_message(fake, FAKE_USER + i, FAKE_GROUP, "/go");
    fake_wait_calls(fake, 5);
    rig_stop(rig);
    start_again(rig);
    for (int64_t i = 4; i >= 0; i--) {
        snprintf(text, sizeof text, "%d", (int)i);
        fake_message(fake, FAKE_USER + i, FAKE_GROUP, text);
    }
    fake_wait_calls(fake, 10);
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "thanks for %d", i);
        CHECK_EQ(count_said(rig, text), 1);
    }
    check_nothing_kept(rig);
    end(rig);
}

static void test_several_at_once(void)
{
    play(&(struct play){with_store, on_each, script_several});
}

/* --- the last moments of a run ------------------------------------------------------ */

/* Comes to onebot_keep when the bot stops already. */
static int on_late(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count++;
    XIE_SHIELD
        xie_event_wait(&rig->go);
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    CHECK_EQ(answer.error, rig->count == 1 ? -ECANCELED : 0);
    if (!answer.error)
        xie_event_set(&rig->done);
    return answer.error;
}

static void patient(struct rig *rig)
{
    with_store(rig);
    rig->options.grace_ns = XIE_HOUR;
}

static int stop_it(void *arg)
{
    rig_stop(arg);
    return 0;
}

static void script_late(struct rig *rig)
{
    int64_t before = xie_now();
    say_go(rig);
    while (!rig->count)
        xie_sleep(XIE_MILLISECOND);
    struct xie_task *stop = xie_spawn(stop_it, rig);
    rig_wait_log(rig, "1 handler has 3600.0 s to end");
    xie_event_set(&rig->go);
    xie_join(stop);
    CHECK(xie_now() - before < XIE_HOUR); /* it is kept, and ends at once */
    CHECK_EQ(count_kept(rig, "h/"), 1);
    CHECK(!rig_logged(rig, "cancelled"));
    start_again(rig);
    hello(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "Well?");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "yes");
    wait_done(rig);
    check_nothing_kept(rig);
    CHECK_EQ(rig->count, 2);
    end(rig);
}

static void test_kept_while_the_bot_stops(void)
{
    play(&(struct play){patient, on_late, script_late});
}

static int on_unasked(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    int error = onebot_reply(event, "one");
    if (!error)
        error = onebot_ask(event, "two?").error; /* waits for its turn */
    if (!error)
        xie_event_set(&rig->done);
    return error;
}

static void slow_pace(struct rig *rig)
{
    with_store(rig);
    rig->options.pace = (struct onebot_pace){XIE_HOUR, 1};
    rig->options.call_timeout_ns = XIE_NEVER;
}

static void script_unasked(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 0), "one");
    while (count_kept(rig, "s/") < 2)
        xie_sleep(XIE_MILLISECOND);
    settle();
    rig_stop(rig);
    CHECK_EQ(count_kept(rig, "s/"), 1);
    rig->options.pace = (struct onebot_pace){0};
    start_again(rig);
    hello(rig);
    CHECK_STR(fake_said(fake, 1), "two?");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    wait_done(rig);
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_question_that_was_not_sent(void)
{
    play(&(struct play){slow_pace, on_unasked, script_unasked});
}

/* --- rules of one name -------------------------------------------------------------- */

static unsigned beside; /* runs of the rules that are not meant */

static int on_beside(struct onebot_event *event)
{
    (void)event;
    beside++;
    return 0;
}

static struct onebot_rule same[4];

static void with_same(struct rig *rig)
{
    with_store(rig);
    beside = 0;
    same[0] = (struct onebot_rule){.name = "message#2", .pass = true, .handler = on_beside};
    same[1] = (struct onebot_rule){.pass = true, .handler = on_beside};
    same[2] = (struct onebot_rule){.handler = on_each};
    rig->options.book.rules = same;
}

static void check_rule(struct rig *rig, const char *name)
{
    json_t *all = kept(rig, "h/");
    REQUIRE(json_object_size(all) == 1);
    CHECK_STR(onebot_string(json_object_iter_value(json_object_iter(all)), "rule"), name);
    json_decref(all);
}

static void script_same(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "hi");
    CHECK_STR(fake_said(fake, 0), "Well?");
    check_rule(rig, "rule/message#2");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "it");
    CHECK_STR(fake_said(fake, 1), "thanks for it");
    check_nothing_kept(rig);
    CHECK_EQ(beside, 2);
    end(rig);
}

static void test_rules_of_one_name(void)
{
    play(&(struct play){with_same, NULL, script_same});
}

/* One and the same handler, for two of them. */
static int on_argument(struct onebot_event *event)
{
    const char *arg = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "%s", arg);
}

static void with_hash(struct rig *rig)
{
    static char arg[] = "mine";
    with_store(rig);
    same[0] = (struct onebot_rule){.command = {"a"}, .name = "#1", .handler = on_argument};
    same[1] =
        (struct onebot_rule){.command = {"b"}, .name = "#1", .handler = on_argument, .arg = arg};
    same[2] = (struct onebot_rule){0};
    rig->options.book.rules = same;
}

static void script_hash(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/b");
    CHECK_STR(fake_said(fake, 0), "Well?");
    check_rule(rig, "rule/#1#2");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "it");
    CHECK_STR(fake_said(fake, 1), "mine");
    check_nothing_kept(rig);
    end(rig);
}

static void test_two_rules_of_one_handler(void)
{
    play(&(struct play){with_hash, NULL, script_hash});
}

/* --- steps that stay begun ---------------------------------------------------------- */

/* It has not gone over its steps before it has come to the last of them. */
static int on_once(struct onebot_event *event)
{
    int once = onebot_keep(event);
    CHECK_EQ(once, 0);
    once = onebot_keep_once(event, "x");
    CHECK(once == 0 || once == 1);
    xie_sleep(5 * XIE_MILLISECOND);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "thanks for %s", answer.text);
}

static void script_begun(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 0), "Well?");
    rig_stop(rig);
    CHECK_EQ(count_kept(rig, "s/"), 2);
    start_again(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "it");
    CHECK_STR(fake_said(fake, 1), "thanks for it");
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_step_that_stays_begun(void)
{
    play(&(struct play){with_store, on_once, script_begun});
}

/* --- values that are too deep ------------------------------------------------------- */

static json_t *nest(unsigned depth)
{
    json_t *value = json_array();
    while (--depth)
        value = json_pack("[o]", value);
    return value;
}

static int on_deep(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_result value = onebot_keep_value(event, "o", nest(ONEBOT_JSON_DEPTH - 2));
    CHECK_EQ(value.error, 0);
    json_decref(value.data);
    value = onebot_keep_value(event, "o", nest(ONEBOT_JSON_DEPTH - 1));
    CHECK_EQ(value.error, XIE_ELIMIT);
    CHECK(!value.data);
    int error = onebot_reply(event, "one");
    CHECK(error == 0 || error == -ECANCELED);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "thanks for %s", answer.text);
}

static void script_deep(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 1), "Well?");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "it");
    CHECK_STR(fake_said(fake, 2), "thanks for it");
    CHECK_EQ(count_said(rig, "one"), 1);
    check_nothing_kept(rig);
    end(rig);
}

static void test_too_deep(void)
{
    play(&(struct play){with_store, on_deep, script_deep});
}

/* --- no memory for a value ---------------------------------------------------------- */

static unsigned fail_at; /* this allocation; 0: none any more */
static bool failed;

static int on_poor(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    xie_fault_plan = (struct xie_fault){
        .kinds = rig->count++ ? 0 : XIE_FAULT_MEMORY, .nth = fail_at, .error = -ENOMEM};
    struct onebot_result value = onebot_keep_value(event, "{s:s}", "a", "b");
    failed |= xie_fault_plan.failed > 0;
    xie_fault_plan = (struct xie_fault){0};
    json_decref(value.data);
    onebot_reply(event, "one");
    onebot_reply(event, "two");
    return onebot_ask(event, "Well?").error;
}

/* Whatever the value came to: what follows is not said twice. */
static void script_poor(struct rig *rig)
{
    rig->fake.late = true; /* an answer may find the bot stopped */
    say_go(rig);
    while (!rig->count) /* it is kept */
        xie_sleep(XIE_MILLISECOND);
    for (unsigned i = 0; i < 3 && rig->count < 2; i++) {
        settle();
        restart(rig);
    }
    settle();
    CHECK(count_said(rig, "one") <= 1);
    CHECK(count_said(rig, "two") <= 1);
    end(rig);
}

static void test_no_memory_for_a_value(void)
{
    failed = true;
    for (fail_at = 1; failed; fail_at++) {
        failed = false;
        play(&(struct play){with_store, on_poor, script_poor});
    }
    CHECK(fail_at > 10);
}

/* --- those who are not asked -------------------------------------------------------- */

static struct onebot_event *foreign;

static int on_foreign(struct onebot_event *event)
{
    foreign = event;
    return xie_sleep(XIE_NEVER);
}

static int on_asking_others(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    CHECK_EQ(onebot_ask(foreign, "Well?").error, -EPERM);
    CHECK_EQ(onebot_reply(event, "so"), 0);
    xie_event_set(&rig->done);
    return 0;
}

static struct onebot_rule foreign_rules[] = {{.command = {"other"}, .handler = on_foreign}, {0}};

static void with_foreign(struct rig *rig)
{
    with_store(rig);
    foreign = NULL;
    rig->options.book.rules = foreign_rules;
}

static void script_foreign(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER + 1, FAKE_GROUP, "/other");
    while (!foreign)
        xie_sleep(XIE_MILLISECOND);
    say_go(rig);
    wait_done(rig);
    check_nothing_kept(rig);
    CHECK_EQ(json_array_size(fake->calls), 1);
    end(rig);
}

static void test_not_with_an_event_of_another(void)
{
    play(&(struct play){with_foreign, on_asking_others, script_foreign});
}

/* --- tasks of the plugin ------------------------------------------------------------ */

static struct rig *here;

static int never(void *arg)
{
    CHECK(arg != NULL); /* with none it is never started */
    return 0;
}

static int harmless(void *arg)
{
    xie_event_set(&((struct rig *)arg)->go);
    return 0;
}

/* By the handler, and by a task of its: neither way leads around the steps. */
static int spawn_beside(void *arg)
{
    CHECK_EQ(onebot_plugin_spawn(arg, never, NULL), -EPERM);
    return 0;
}

static int on_spawning(struct onebot_event *event)
{
    struct onebot_plugin *plugin = onebot_event_plugin(event);
    if (here->count++ == 0)
        CHECK_EQ(onebot_plugin_spawn(plugin, harmless, here), 0);
    else /* it is known from its beginning that it runs anew */
        CHECK_EQ(onebot_plugin_spawn(plugin, never, NULL), -EPERM);
    CHECK_EQ(onebot_keep(event), 0);
    CHECK_EQ(onebot_plugin_spawn(plugin, never, NULL), -EPERM);
    XIE_GROUP(group)
        REQUIRE(xie_group_spawn(&group, spawn_beside, plugin) == 0);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "thanks for %s", answer.text);
}

static const struct onebot_rule spawning_rules[] = {{.command = {"p"}, .handler = on_spawning},
                                                    {0}};

ONEBOT_PLUGIN_AS(spawning, .name = "spawning", .version = "1", .rules = spawning_rules);

static void with_spawning(struct rig *rig)
{
    static const struct onebot_plugin_definition *const linked[] = {&spawning, NULL};
    with_store(rig);
    here = rig;
    rig->options.plugins = linked;
}

static void script_spawning(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/p");
    CHECK_STR(fake_said(fake, 0), "Well?");
    REQUIRE(xie_event_wait(&rig->go) == 0);
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "it");
    CHECK_STR(fake_said(fake, 1), "thanks for it");
    check_nothing_kept(rig);
    CHECK_EQ(rig->count, 2);
    end(rig);
}

static void test_no_tasks_of_the_plugin(void)
{
    play(&(struct play){with_spawning, NULL, script_spawning});
}

/* --- what others have left in the store --------------------------------------------- */

static void script_others(struct rig *rig)
{
    struct onebot_key key = {.space = "xie.kept"};
    char name[ONEBOT_STORE_NAME + 1] = "h/";
    memset(name + 2, 'x', sizeof name - 3);
    for (size_t len = ONEBOT_STORE_NAME; len > 20; len -= 100) {
        name[len] = 0;
        key.name = name;
        REQUIRE(onebot_store_set(rig->options.store, &key, "s", "of others") == 0);
    }
    fake_wait_connections(&rig->fake, 1);
    restart(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(&rig->fake, 0), "Well?");
    CHECK_EQ(count_kept(rig, "h/x"), 5); /* left alone: they cannot be ours */
    end(rig);
}

static void test_others_in_the_store(void)
{
    play(&(struct play){with_store, on_each, script_others});
}

static const struct tap_test tests[] = {
    {"several at once", test_several_at_once},
    {"kept while the bot stops", test_kept_while_the_bot_stops},
    {"a question that was not sent", test_a_question_that_was_not_sent},
    {"rules of one name", test_rules_of_one_name},
    {"two rules of one handler", test_two_rules_of_one_handler},
    {"a step that stays begun", test_a_step_that_stays_begun},
    {"too deep", test_too_deep},
    {"no memory for a value", test_no_memory_for_a_value},
    {"not with an event of another", test_not_with_an_event_of_another},
    {"no tasks of the plugin", test_no_tasks_of_the_plugin},
    {"others in the store", test_others_in_the_store},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
