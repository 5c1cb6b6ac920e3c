/* plugin.c - plugins from shared objects: loaded, unloaded, loaded anew while the bot runs. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin_kit.h"

static void play_it(void (*script)(struct rig *rig))
{
    play(&(struct play){kit_set, NULL, script});
    kit_clean();
}

/* --- loading ------------------------------------------------------------------------------ */

static void script_load(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    CHECK(rig_logged(rig, "plugin fixture 1: loaded"));
    CHECK_EQ(kit_noted("start 1"), 1);
    kit_says(rig, "/v", "version 1");
    kit_says(rig, "/who", "fixture 1 1");
    kit_says(rig, "/word", "hi");
    kit_wait_noted("run 1", 1);
    rig_wait_log(rig, "fixture: run 1");
    struct onebot_plugin_info info = kit_info("fixture");
    CHECK_STR(info.version, "1");
    CHECK_STR(info.about, "for tests");
    CHECK_STR(info.path, kit_path("a.so"));
    CHECK_EQ(info.state, ONEBOT_PLUGIN_SERVING);
    CHECK(info.running >= 2 && info.loaded_ns > 0);
    CHECK_STR(kit_info("kit").path, "");
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 2);

    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    CHECK(rig_logged(rig, "plugin fixture: unloaded"));
    CHECK_EQ(kit_noted("run ended 1"), 1);
    CHECK_EQ(kit_noted("stop 1"), 1);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), -ENOENT);
    settle();
    CHECK(kit_info("fixture").name == NULL);
}

static void test_one_is_loaded_serves_and_is_unloaded(void)
{
    play_it(script_load);
}

static void refused(struct rig *rig, const char *path, int want, const char *why)
{
    CHECK_EQ(onebot_plugin_load(kit_bot, path), want);
    CHECK(rig_logged(rig, why));
    if (!rig_logged(rig, why))
        fprintf(stderr, "# %s\n",
                json_string_value(json_array_get(rig->log, json_array_size(rig->log) - 1)));
}

static void script_refused(struct rig *rig)
{
    static const char bad[] = "no object";
    FILE *file = fopen(kit_path("text.so"), "w");
    REQUIRE(file && fwrite(bad, 1, sizeof bad, file) && fclose(file) == 0);
    fake_wait_connections(&rig->fake, 1);
    refused(rig, kit_path("nowhere.so"), -ENOENT, "nowhere.so: No such file");
    refused(rig, kit_path("text.so"), -ENOEXEC, "text.so: it is no shared object");
    refused(rig, kit_put("none", "none.so"), -EINVAL, "none.so: it has no definition");
    refused(rig, kit_put("abi", "abi.so"), -EINVAL,
            "abi.so: it was built for another version (interface 99 of 8 bytes");
    refused(rig, kit_put("undefined", "undefined.so"), -ENOEXEC, "fixture_that_is_nowhere");
    refused(rig, kit_put("name", "name.so"), -EINVAL, "name.so: its name is none");
    refused(rig, kit_put("unsound", "unsound.so"), -EINVAL, "one of its words is empty");
    refused(rig, kit_put("job", "job.so"), -EINVAL, "plugin fixture: job bad: minute");
    CHECK_EQ(kit_noted("start 1"), 0);
    refused(rig, kit_put("fails", "fails.so"), -EIO, "its start failed: Input/output error");
    CHECK_EQ(kit_noted("stray ended"), 1);
    CHECK_EQ(kit_noted("stop 1"), 0);
    refused(rig, kit_put("slow", "slow.so"), -ETIMEDOUT, "(plugin_start_ns)");
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    refused(rig, kit_put("v2", "b.so"), -EEXIST, "one of this name is loaded already");
    settle();
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 2);
    kit_says(rig, "/v", "version 1");
}

static void set_refused(struct rig *rig)
{
    kit_set(rig);
    rig->options.plugin_start_ns = 50 * XIE_MILLISECOND;
}

static void test_what_is_wrong_with_one_is_said_and_nothing_changes(void)
{
    play(&(struct play){set_refused, NULL, script_refused});
    kit_clean();
}

static void script_cut_off(struct rig *rig)
{
    size_t size = kit_size("v1");
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    for (size_t len = 0; len < size; len += 1 + size / 23) {
        kit_put_part("v1", "a.so", len);
        int error = onebot_plugin_reload(kit_bot, "fixture");
        CHECK(error == -ENOEXEC || error == 0); /* behind the last segment nothing is needed */
    }
    kit_says(rig, "/v", "version 1");
}

static void test_a_file_that_is_cut_off_is_refused_wherever(void)
{
    play_it(script_cut_off);
}

/* --- loading anew ------------------------------------------------------------------------- */

static void script_reload(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), -ENOENT);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    kit_wait_noted("run 1", 1);
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    CHECK(rig_logged(rig, "plugin fixture 2: reloaded"));
    kit_says(rig, "/v", "version 2");
    kit_wait_noted("run 2", 1);
    CHECK_EQ(kit_noted("stop 1"), 1);
    kit_write_over("v1", "a.so"); /* in place: what runs does not notice */
    kit_says(rig, "/v", "version 2");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    kit_says(rig, "/v", "version 1");
    unlink(kit_path("a.so"));
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), -ENOENT);
    kit_says(rig, "/v", "version 1");
    settle();
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 2);
}

static void test_one_is_loaded_anew_from_its_file(void)
{
    play_it(script_reload);
}

static void script_old_stays(struct rig *rig)
{
    static const char *const wrong[] = {"none", "abi",   "undefined", "unsound",
                                        "job",  "fails", "slow",      "other"};
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kit_put(wrong[i], "a.so");
        CHECK(onebot_plugin_reload(kit_bot, "fixture") < 0);
        kit_says(rig, "/v", "version 1");
    }
    CHECK(rig_logged(rig, "its file is another plugin now: other"));
    CHECK_EQ(kit_noted("stop 1"), 0);
    CHECK_EQ(kit_noted("run 1"), 1);
    settle();
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 2);
}

static void test_where_the_new_one_fails_the_old_one_stays(void)
{
    play(&(struct play){set_refused, NULL, script_old_stays});
    kit_clean();
}

static void script_while_it_waits(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    kit_says(rig, "/ask", "version 1 asks");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    CHECK_EQ(kit_noted("ask canceled"), 1);
    kit_says(rig, "/v", "version 1"); /* no answer to what nobody asks any more */
    kit_says(rig, "/ask", "version 1 asks");
    kit_says(rig, "me", "heard me");
    CHECK(!rig_logged(rig, "failed"));
}

static void test_a_conversation_ends_with_its_plugin(void)
{
    play_it(script_while_it_waits);
}

static void script_turns(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    for (int i = 0; i < 3; i++)
        fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/queue");
    kit_wait_noted("sleep 1", 1);
    settle();
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    kit_wait_noted("sleep 2", 1); /* who waited has its turn at the new one, the others behind */
    settle();
    CHECK_EQ(kit_noted("sleep 1"), 1);
    CHECK_EQ(kit_noted("sleep 2"), 1);
    CHECK_EQ(kit_noted("sleep canceled"), 1);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    settle();
    CHECK_EQ(kit_noted("sleep 2"), 1);
    CHECK_EQ(rig->count, 1); /* the last of them found nobody, and came to on_event */
}

static int count_event(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK(onebot_event_plugin(event) == NULL);
    CHECK(onebot_plugin_current() == NULL);
    rig->count++;
    return 0;
}

static void set_turns(struct rig *rig)
{
    kit_set(rig);
    rig->options.on_event = count_event;
    rig->options.arg = rig;
}

static void script_turns_passed(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    for (int i = 0; i < 3; i++)
        fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/both");
    kit_wait_noted("sleep 1", 1);
    settle();
    CHECK_EQ(rig->count, 3); /* those below have seen all of them */
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    kit_wait_noted("sleep 2", 1); /* who waited has its turn at the new one */
    settle();
    CHECK_EQ(rig_count_log(rig, "dropped"), 0);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    settle();
    CHECK_EQ(kit_noted("sleep 2"), 1);
    CHECK_EQ(rig_count_log(rig, "its rule went before its turn"), 1);
    CHECK_EQ(rig->count, 3); /* nobody sees one twice */
}

static void test_who_waits_for_a_turn_goes_on_to_the_new_rules(void)
{
    play(&(struct play){set_turns, NULL, script_turns});
    kit_clean();
    kit_forget();
    play(&(struct play){set_turns, NULL, script_turns_passed});
    kit_clean();
}

static void script_pass(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/pass");
    settle();
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    settle();
    CHECK_EQ(rig->count, 1);
}

static void test_what_is_passed_on_at_the_end_belongs_to_the_program(void)
{
    play(&(struct play){set_turns, NULL, script_pass});
    kit_clean();
}

static void script_cooling(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    kit_says(rig, "/hot", "version 1");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/hot");
    kit_says(rig, "/mine", "You may not do that.");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
    kit_says(rig, "/hot", "version 1");
    kit_says(rig, "/help", "/v - the version\n/help - all of them");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    kit_says(rig, "/help", "/help - all of them");
}

static void set_help(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"help"}, .help = "all of them", .priority = -1, .handler = onebot_help}, {0}};
    kit_set(rig);
    rig->options.book = (struct onebot_book){.rules = rules, .language = ONEBOT_ENGLISH};
}

static void test_a_reload_begins_cool_downs_anew_and_help_knows_its_commands(void)
{
    play(&(struct play){set_help, NULL, script_cooling});
    kit_clean();
}

static void script_often(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    for (int i = 0; i < 100; i++) {
        kit_put(i % 2 ? "v1" : "v2", "a.so");
        if (i % 10 == 0)
            kit_says(rig, "/ask", i % 2 ? "version 2 asks" : "version 1 asks");
        if (i % 10 == 5)
            fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/queue");
        if (i % 10 == 7)
            kit_says(rig, "/stray", "spawned");
        CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), 0);
        CHECK_STR(kit_info("fixture").version, i % 2 ? "1" : "2");
    }
    settle();
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), 2);
    kit_says(rig, "/v", "version 1");
}

static void test_a_hundred_reloads_leave_nothing_behind(void)
{
    play_it(script_often);
}

static const struct tap_test tests[] = {
    {"one is loaded, serves, and is unloaded", test_one_is_loaded_serves_and_is_unloaded},
    {"what is wrong with one is said, and nothing changes",
     test_what_is_wrong_with_one_is_said_and_nothing_changes},
    {"a file that is cut off is refused, wherever",
     test_a_file_that_is_cut_off_is_refused_wherever},
    {"one is loaded anew from its file", test_one_is_loaded_anew_from_its_file},
    {"where the new one fails, the old one stays", test_where_the_new_one_fails_the_old_one_stays},
    {"a conversation ends with its plugin", test_a_conversation_ends_with_its_plugin},
    {"who waits for a turn goes on to the new rules",
     test_who_waits_for_a_turn_goes_on_to_the_new_rules},
    {"what is passed on at the end belongs to the program",
     test_what_is_passed_on_at_the_end_belongs_to_the_program},
    {"a reload begins cool-downs anew, and help knows its commands",
     test_a_reload_begins_cool_downs_anew_and_help_knows_its_commands},
    {"a hundred reloads leave nothing behind", test_a_hundred_reloads_leave_nothing_behind},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
