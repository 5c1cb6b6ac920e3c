/* plugin_end.c - nothing of a plugin runs, nor leads into it, when it has been unloaded. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "plugin_kit.h"

static void play_it(void (*script)(struct rig *rig))
{
    play(&(struct play){kit_set, NULL, script});
    kit_clean();
}

static void load_first(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    REQUIRE(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")) == 0);
}

/* Until it has left memory. */
static void wait_gone(const char *name)
{
    while (kit_info(name).name)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
}

static bool on_sim(void)
{
    return strcmp(xie_loop_backend(xie_loop_current()), "sim") == 0;
}

/* --- tasks -------------------------------------------------------------------------------- */

static void script_strays(struct rig *rig)
{
    load_first(rig);
    kit_says(rig, "/stray", "spawned");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/sleep");
    kit_wait_noted("sleep 1", 1);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    CHECK_EQ(kit_noted("stray ended"), 2);
    CHECK_EQ(kit_noted("sleep canceled"), 1);
    CHECK(!rig_logged(rig, "failed"));
    wait_gone("fixture");
    CHECK(!rig_logged(rig, "stays in memory"));
}

static void test_its_tasks_end_those_of_the_loop_as_well(void)
{
    play_it(script_strays);
}

static void script_deaf(struct rig *rig)
{
    if (!on_sim())
        return; /* it takes seconds */
    load_first(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/deaf");
    kit_wait_noted("deaf", 1);
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    CHECK_EQ(kit_noted("deaf ended"), 1); /* the old code was there until then */
    CHECK_EQ(rig_count_log(rig, "waiting for what does not end: 1 task: deaf"), 2);
    kit_says(rig, "/v", "version 2");
}

static void test_who_does_not_end_is_named_and_waited_for(void)
{
    play_it(script_deaf);
}

static int reload_it(void *arg)
{
    *(int *)arg = onebot_plugin_reload(kit_bot, "fixture");
    return 0;
}

static void script_serves_meanwhile(struct rig *rig)
{
    int result = 1;
    if (!on_sim())
        return; /* it takes seconds */
    load_first(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/deaf");
    kit_wait_noted("deaf", 1);
    kit_put("v2", "a.so");
    XIE_GROUP(group) {
        REQUIRE(xie_group_spawn(&group, reload_it, &result) == 0);
        settle();
        kit_says(rig, "/v", "version 2"); /* the new rules are in force, */
        CHECK_EQ(kit_noted("run 2"), 0);  /* but it runs when the old one is gone */
        CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), -EBUSY);
        CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), -EBUSY);
        CHECK_EQ(onebot_plugin_load(kit_bot, kit_path("a.so")), -EBUSY);
        CHECK_EQ(result, 1);
    }
    CHECK_EQ(result, 0);
    kit_wait_noted("run 2", 1);
}

static void test_the_new_one_serves_while_the_old_one_ends(void)
{
    play_it(script_serves_meanwhile);
}

static void script_jobs(struct rig *rig)
{
    if (!on_sim())
        return; /* it takes minutes */
    load_first(rig);
    xie_sleep(50 * XIE_MINUTE);
    CHECK_EQ(kit_noted("job 1"), 2);
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    xie_sleep(50 * XIE_MINUTE);
    CHECK_EQ(kit_noted("job 1"), 2);
    CHECK_EQ(kit_noted("job 2"), 2);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    xie_sleep(XIE_HOUR);
    CHECK_EQ(kit_noted("job 2"), 2);
}

static void test_its_jobs_run_as_long_as_it_does(void)
{
    play_it(script_jobs);
}

/* --- calls, threads ------------------------------------------------------------------------- */

static void script_calls(struct rig *rig)
{
    load_first(rig);
    kit_says(rig, "/later", "later");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    wait_gone("fixture");
    CHECK_EQ(kit_noted("called"), 0);
    REQUIRE(onebot_plugin_load(kit_bot, kit_path("a.so")) == 0);
    kit_says(rig, "/now", "soon");
    kit_wait_noted("called", 1);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    CHECK_EQ(kit_noted("stray ended"), 1); /* spawned by a callback */
    wait_gone("fixture");
    CHECK(!rig_logged(rig, "stays in memory"));
}

static void test_its_calls_are_taken_back(void)
{
    play_it(script_calls);
}

static int unload_it(void *arg)
{
    *(int *)arg = onebot_plugin_unload(kit_bot, "fixture");
    return 0;
}

static void script_thread(struct rig *rig)
{
    int result = 1;
    if (on_sim())
        return; /* there a job runs in its waiter */
    load_first(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/thread");
    kit_wait_noted("thread", 1);
    XIE_GROUP(group) {
        REQUIRE(xie_group_spawn(&group, unload_it, &result) == 0);
        while (kit_info("fixture").running) /* its tasks have ended */
            REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
        settle();
        CHECK_EQ(result, 1);
        CHECK_EQ(kit_noted("stop 1"), 0);
        kit_release_work();
    }
    CHECK_EQ(result, 0);
    CHECK_EQ(kit_noted("disposed"), 1);
    CHECK_EQ(kit_noted("stop 1"), 1);
}

static void test_what_it_gave_to_threads_is_waited_for(void)
{
    play_it(script_thread);
}

/* --- what leads into it ----------------------------------------------------------------------- */

static void script_handle(struct rig *rig)
{
    load_first(rig);
    kit_says(rig, "/handle", "kept");
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    rig_wait_log(rig, "it stays in memory, since something leads into it: "
                      "1 ended, whose handle nobody gave back");
    kit_says(rig, "/v", "version 2");
    CHECK_EQ(kit_info("fixture").state, ONEBOT_PLUGIN_ENDED);
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 3);
    kit_join_kept();
    while (onebot_plugin_list(kit_bot, NULL, 0) > 2)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
}

static void test_it_stays_in_memory_while_a_handle_is_kept(void)
{
    play_it(script_handle);
}

static void script_transport(struct rig *rig)
{
    if (on_sim())
        return; /* it has no pipes of the system */
    load_first(rig);
    kit_says(rig, "/transport", "connected");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    rig_wait_log(rig, "something leads into it: 1 by transports");
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 2);
    kit_close_kept();
    kit_wait_noted("transport lost", 1); /* by code that is still there */
    wait_gone("fixture");
}

static void test_it_stays_in_memory_while_a_transport_has_its_protocol(void)
{
    play_it(script_transport);
}

static void script_nodelete(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    REQUIRE(onebot_plugin_load(kit_bot, kit_put("nodelete", "a.so")) == 0);
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    rig_wait_log(rig, "plugin fixture: the system keeps it in memory");
    kit_says(rig, "/v", "version 2");
    kit_put("nodelete", "a.so"); /* the same file again is another object */
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    kit_says(rig, "/who", "fixture 1 1");
    kit_says(rig, "/v", "version 1");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    kit_says(rig, "/who", "fixture 1 1");
}

static void test_one_that_cannot_leave_memory_is_loaded_anew_all_the_same(void)
{
    play_it(script_nodelete);
}

static void script_signal(struct rig *rig)
{
    load_first(rig);
    kit_says(rig, "/signal", "taken");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    rig_wait_log(rig, "something leads into it: 1 by signals");
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_path("a.so")), 0); /* its name is free */
    raise(SIGUSR2);
    signal(SIGUSR2, SIG_DFL);
    kit_says(rig, "/v", "version 1");
}

static void test_a_signal_that_comes_late_does_no_harm(void)
{
    play_it(script_signal);
}

/* Its constructors ran, though no plugin came of it. */
static void script_constructor(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("none-signal", "a.so")), -EINVAL);
    CHECK_EQ(rig_count_log(rig, "a.so: it has no definition"), 1);
    CHECK_EQ(rig_count_log(rig, "a.so: it stays in memory, since something leads into it: 1 by"),
             1);
    raise(SIGUSR2);
    signal(SIGUSR2, SIG_DFL);
    while (onebot_plugin_list(kit_bot, NULL, 0) > 1)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
}

static void test_one_without_a_definition_stays_as_long_as_others(void)
{
    play_it(script_constructor);
}

static void script_at_the_end(struct rig *rig)
{
    load_first(rig);
    kit_says(rig, "/signal", "taken");
    onebot_stop(kit_bot);
    rig_wait_log(rig, "something leads into it: 1 by signals");
}

static void test_it_stays_in_memory_when_the_bot_has_ended(void)
{
    play_it(script_at_the_end);
    CHECK_EQ(kit_noted("stop 1"), 1);
    raise(SIGUSR2);
}

/* --- by itself, and at the same time -------------------------------------------------------- */

static void script_self(struct rig *rig)
{
    load_first(rig);
    kit_says(rig, "/self", "1 1 1");
    kit_says(rig, "/v", "version 1");
}

static void test_a_plugin_does_not_unload_itself(void)
{
    play_it(script_self);
}

static int load_slow(void *arg)
{
    *(int *)arg = onebot_plugin_load(kit_bot, kit_path("slow.so"));
    return 0;
}

static void script_same_time(struct rig *rig)
{
    int result = 1;
    kit_put("slow", "slow.so");
    kit_put("v1", "a.so");
    fake_wait_connections(&rig->fake, 1);
    XIE_GROUP(group) {
        REQUIRE(xie_group_spawn(&group, load_slow, &result) == 0);
        kit_wait_noted("start 1", 1);
        CHECK_EQ(kit_info("fixture").state, ONEBOT_PLUGIN_STARTING);
        CHECK_EQ(onebot_plugin_load(kit_bot, kit_path("a.so")), -EBUSY);
        CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), -EBUSY);
        CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), -EBUSY);
        xie_group_cancel(&group);
    }
    CHECK_EQ(result, -ECANCELED);
    wait_gone("fixture");
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_path("a.so")), 0);
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 2);
}

static void test_two_at_the_same_time_are_refused_and_a_load_is_given_up(void)
{
    play_it(script_same_time);
}

static void script_reload_given_up(struct rig *rig)
{
    int result = 1;
    load_first(rig);
    kit_put("slow", "a.so");
    XIE_GROUP(group) {
        REQUIRE(xie_group_spawn(&group, reload_it, &result) == 0);
        kit_wait_noted("start 1", 2);
        kit_says(rig, "/v", "version 1");
        CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), -EBUSY);
        xie_group_cancel(&group);
    }
    CHECK_EQ(result, -ECANCELED);
    settle();
    CHECK_EQ(kit_noted("stop 1"), 0);
    kit_says(rig, "/v", "version 1");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
}

static void test_a_reload_is_given_up_and_the_old_one_stays(void)
{
    play_it(script_reload_given_up);
}

/* A handler loads another, and its own plugin is unloaded meanwhile. */
static void script_loader_ends(struct rig *rig)
{
    char text[96];
    load_first(rig);
    snprintf(text, sizeof text, "/load %s", kit_put("slow", "slow.so"));
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    REQUIRE(onebot_plugin_load(kit_bot, kit_put("other", "o.so")) == 0);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, text);
    kit_wait_noted("start 1", 3);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "other"), 0);
    CHECK_EQ(kit_noted("load canceled"), 1);
    wait_gone("fixture");
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 1);
}

static void test_who_loads_one_may_be_unloaded_meanwhile(void)
{
    play_it(script_loader_ends);
}

static void script_stop_while_starting(struct rig *rig)
{
    int result = 1;
    fake_wait_connections(&rig->fake, 1);
    kit_put("slow", "slow.so");
    XIE_GROUP(group) {
        REQUIRE(xie_group_spawn(&group, load_slow, &result) == 0);
        kit_wait_noted("start 1", 1);
        onebot_stop(kit_bot);
    }
    CHECK_EQ(result, -ECANCELED);
}

static void test_the_bot_stops_while_one_is_starting(void)
{
    play_it(script_stop_while_starting);
}

/* Wherever a load, a reload and an unload wait: whoever waits for them leaves, and nothing breaks.
 */
static int do_all(void *arg)
{
    int error = onebot_plugin_load(kit_bot, kit_path("a.so"));
    (void)arg;
    if (!error)
        error = onebot_plugin_reload(kit_bot, "fixture");
    return error ? error : onebot_plugin_unload(kit_bot, "fixture");
}

static void script_cancel(struct rig *rig)
{
    int result = -1, steps = 0;
    fake_wait_connections(&rig->fake, 1);
    kit_put("v1", "a.so");
    for (; result && steps < 500; steps++) {
        struct xie_task *task = xie_spawn(do_all, NULL);
        for (int i = 0; i < steps && !xie_task_done(task); i++)
            xie_sleep(i % 4 ? 0 : XIE_MILLISECOND / 8);
        xie_task_cancel(task);
        result = xie_join(task);
        CHECK(!result || result == -ECANCELED);
        while (onebot_plugin_list(kit_bot, NULL, 0) > 1) {
            int error = onebot_plugin_unload(kit_bot, "fixture");
            CHECK(!error || error == -EBUSY || error == -ENOENT);
            REQUIRE(xie_sleep(XIE_MILLISECOND / 4) == 0);
        }
        kit_forget();
    }
    CHECK(steps > 5 && !result);
}

static void test_whoever_waits_may_leave_at_every_point(void)
{
    play_it(script_cancel);
}

/* The same for what the plugin's own handler waits for. */
static void script_unload_points(struct rig *rig)
{
    unsigned steps = 0;
    load_first(rig);
    for (; !kit_noted("chain ended") && steps < 300; steps++) {
        fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/chain");
        for (unsigned i = 0; i < steps; i++) {
            xie_sleep(i % 4 ? 0 : XIE_MILLISECOND / 8);
            if (i % 8 == 7)
                fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "answer");
        }
        CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    }
    CHECK(steps > 3 && kit_noted("chain ended"));
    CHECK(!rig_logged(rig, "failed"));
}

static void test_a_handler_is_ended_at_every_point(void)
{
    play_it(script_unload_points);
}

static void script_stop_while_ending(struct rig *rig)
{
    int result = 1;
    if (!on_sim())
        return; /* it takes seconds */
    load_first(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/deaf");
    kit_wait_noted("deaf", 1);
    XIE_GROUP(group) {
        REQUIRE(xie_group_spawn(&group, reload_it, &result) == 0);
        settle();
        onebot_stop(kit_bot);
    }
    CHECK_EQ(result, -ECANCELED); /* it did not come to run */
    kit_wait_noted("stop 1", 2);
    CHECK_EQ(kit_noted("deaf ended"), 1);
    CHECK_EQ(kit_noted("run 1"), 1);
}

static void test_the_bot_stops_while_one_is_loaded_anew(void)
{
    play_it(script_stop_while_ending);
}

static const struct tap_test tests[] = {
    {"its tasks end, those of the loop as well", test_its_tasks_end_those_of_the_loop_as_well},
    {"who does not end is named, and waited for", test_who_does_not_end_is_named_and_waited_for},
    {"the new one serves while the old one ends", test_the_new_one_serves_while_the_old_one_ends},
    {"its jobs run as long as it does", test_its_jobs_run_as_long_as_it_does},
    {"its calls are taken back", test_its_calls_are_taken_back},
    {"what it gave to threads is waited for", test_what_it_gave_to_threads_is_waited_for},
    {"it stays in memory while a handle is kept", test_it_stays_in_memory_while_a_handle_is_kept},
    {"it stays in memory while a transport has its protocol",
     test_it_stays_in_memory_while_a_transport_has_its_protocol},
    {"one that cannot leave memory is loaded anew all the same",
     test_one_that_cannot_leave_memory_is_loaded_anew_all_the_same},
    {"one without a definition stays as long as others",
     test_one_without_a_definition_stays_as_long_as_others},
    {"a signal that comes late does no harm", test_a_signal_that_comes_late_does_no_harm},
    {"it stays in memory when the bot has ended", test_it_stays_in_memory_when_the_bot_has_ended},
    {"a plugin does not unload itself", test_a_plugin_does_not_unload_itself},
    {"two at the same time are refused, and a load is given up",
     test_two_at_the_same_time_are_refused_and_a_load_is_given_up},
    {"a reload is given up, and the old one stays",
     test_a_reload_is_given_up_and_the_old_one_stays},
    {"who loads one may be unloaded meanwhile", test_who_loads_one_may_be_unloaded_meanwhile},
    {"the bot stops while one is starting", test_the_bot_stops_while_one_is_starting},
    {"whoever waits may leave at every point", test_whoever_waits_may_leave_at_every_point},
    {"a handler is ended at every point", test_a_handler_is_ended_at_every_point},
    {"the bot stops while one is loaded anew", test_the_bot_stops_while_one_is_loaded_anew},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
