/* plugin_folder.c - the folder of plugins, and those that are linked in. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin_kit.h"

static void play_with(void (*set)(struct rig *rig), void (*script)(struct rig *rig))
{
    play(&(struct play){set, NULL, script});
    kit_clean();
}

/* --- the folder --------------------------------------------------------------------------- */

static void set_folder(struct rig *rig)
{
    kit_set(rig);
    kit_put("other", "b.so");
    kit_put("v1", "a.so");
    kit_put("none", "broken.so");
    kit_put("v2", "not-me.so.old");
    kit_put("v2", ".hidden.so");
    rig->options.plugin_folder = kit_folder;
}

static void script_folder(struct rig *rig)
{
    struct onebot_plugin_info infos[4];
    fake_wait_connections(&rig->fake, 1);
    REQUIRE(onebot_plugin_list(kit_bot, infos, 4) == 3);
    CHECK_STR(infos[0].name, "kit");
    CHECK_STR(infos[1].name, "fixture");
    CHECK_STR(infos[2].name, "other");
    CHECK_EQ(rig_count_log(rig, "broken.so: it has no definition"), 1);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(rig_count_log(rig, "broken.so"), 1); /* what is broken is not tried again */
    kit_put("v2", "a.so");
    unlink(kit_path("b.so"));
    CHECK_EQ(onebot_plugin_scan(kit_bot), 2);
    kit_says(rig, "/v", "version 2");
    CHECK(kit_info("other").name == NULL || kit_info("other").state == ONEBOT_PLUGIN_ENDED);
    kit_put("other", "broken.so"); /* until it is another */
    kit_put("fails", "a.so");
    CHECK_EQ(onebot_plugin_scan(kit_bot), 1);
    CHECK_EQ(rig_count_log(rig, "its start failed"), 1);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(rig_count_log(rig, "its start failed"), 1);
    kit_says(rig, "/v", "version 2");
    kit_says(rig, "/o", "version 1");
    kit_says(rig, "/scan", "scan 1"); /* it might unload its caller */
}

static void test_a_folder_is_loaded_and_looked_through(void)
{
    play_with(set_folder, script_folder);
}

/* What is unloaded by a call stays so, until its file is another or it is loaded by a call. */
static void script_unloaded(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_path("a.so")), 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    kit_says(rig, "/v", "version 1");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_scan(kit_bot), 1);
    kit_says(rig, "/v", "version 2");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    REQUIRE(rename(kit_path("a.so"), kit_path("c.so.old")) == 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    REQUIRE(rename(kit_path("c.so.old"), kit_path("a.so")) == 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 1);
    kit_says(rig, "/v", "version 2");
}

static void test_what_a_call_unloads_no_scan_loads(void)
{
    play_with(set_folder, script_unloaded);
}

/* However it is written: the same file. */
static void script_path(struct rig *rig)
{
    char path[96];
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    snprintf(path, sizeof path, "%s/.//a.so", kit_folder);
    CHECK_EQ(onebot_plugin_load(kit_bot, path), 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(kit_noted("stop 1"), 1);
    CHECK_EQ(rig_count_log(rig, "loaded already"), 0);
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_scan(kit_bot), 1);
    kit_says(rig, "/v", "version 2");
}

static void set_slash(struct rig *rig)
{
    static char folder[40];
    set_folder(rig);
    snprintf(folder, sizeof folder, "%s/", kit_folder);
    rig->options.plugin_folder = folder;
}

static void test_a_path_may_be_written_as_one_likes(void)
{
    kit_forget();
    play_with(set_folder, script_path);
    kit_forget();
    play_with(set_slash, script_path);
}

/* Its name is taken, until whoever has it goes. */
static void script_taken(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    kit_put("v2", "second.so");
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(rig_count_log(rig, "one of this name is loaded already"), 1);
    unlink(kit_path("a.so"));
    CHECK_EQ(onebot_plugin_scan(kit_bot), 2);
    kit_says(rig, "/v", "version 2");
}

static void test_a_name_that_is_free_again_can_be_had(void)
{
    play_with(set_folder, script_taken);
}

/* It may be fast enough the next time. */
static void script_slow(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    kit_put("slow", "a.so");
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    CHECK_EQ(rig_count_log(rig, "(plugin_start_ns)"), 2);
}

static void set_slow(struct rig *rig)
{
    set_folder(rig);
    rig->options.plugin_start_ns = 50 * XIE_MILLISECOND;
}

static void test_what_may_go_better_is_tried_again(void)
{
    play_with(set_slow, script_slow);
}

static void script_no_folder(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_scan(kit_bot), -EINVAL);
}

static void set_gone(struct rig *rig)
{
    kit_set(rig);
    rig->options.plugin_folder = "/tmp/xie-is-not-there";
    rig->options.plugin_watch = true;
}

static void script_gone(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK(rig_logged(rig, "plugin_folder /tmp/xie-is-not-there: No such file"));
    rig_wait_log(rig, "plugin_folder /tmp/xie-is-not-there is not watched: No such file");
    CHECK_EQ(onebot_plugin_scan(kit_bot), -ENOENT);
}

static void test_without_the_folder_the_bot_runs(void)
{
    play_with(kit_set, script_no_folder);
    play_with(set_gone, script_gone);
}

static void set_watch(struct rig *rig)
{
    set_folder(rig);
    rig->options.plugin_watch = true;
}

static void script_watch(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    kit_put("v2", "a.so");
    rig_wait_log(rig, "plugin fixture 2: reloaded");
    kit_says(rig, "/v", "version 2");
    kit_write_over("v1", "a.so");
    rig_wait_log(rig, "plugin fixture 1: reloaded");
    unlink(kit_path("b.so"));
    rig_wait_log(rig, "plugin other: unloaded");
    size_t n = rig_count_log(rig, "plugin other 1: loaded");
    kit_put("other", "c.so");
    while (rig_count_log(rig, "plugin other 1: loaded") == n)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
}

/* The folder itself: another takes its place. */
static void set_moved(struct rig *rig)
{
    static char folder[sizeof kit_folder];
    set_watch(rig);
    strcpy(folder, kit_folder);
    rig->options.plugin_folder = folder;
}

static void script_moved(struct rig *rig)
{
    char folder[sizeof kit_folder], away[sizeof kit_folder], next[sizeof kit_folder];
    fake_wait_connections(&rig->fake, 1);
    strcpy(folder, kit_folder);
    snprintf(away, sizeof away, "%.24s-away", folder);
    snprintf(next, sizeof next, "%.24s-next", folder);
    REQUIRE(rename(folder, away) == 0);
    rig_wait_log(rig, "was moved or removed: it is watched anew");
    rig_wait_log(rig, "is not watched: No such file");
    kit_says(rig, "/v", "version 1");
    REQUIRE(mkdir(next, 0700) == 0);
    strcpy(kit_folder, next);
    kit_put("v2", "a.so");
    REQUIRE(rename(next, folder) == 0);
    strcpy(kit_folder, folder);
    rig_wait_log(rig, "plugin fixture 2: reloaded");
    rig_wait_log(rig, "plugin other: unloaded");
    kit_put("v1", "a.so");
    rig_wait_log(rig, "plugin fixture 1: reloaded");
    kit_clean();
    strcpy(kit_folder, away); /* to be removed too */
}

/* What comes while another look at the folder takes its time. */
static void set_busy(struct rig *rig)
{
    set_watch(rig);
    rig->options.plugin_start_ns = 700 * XIE_MILLISECOND;
}

static int scan_slow(void *arg)
{
    (void)arg;
    return onebot_plugin_scan(kit_bot) < 0 ? -EIO : 0;
}

static void script_busy(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    unlink(kit_path("b.so"));
    rig_wait_log(rig, "plugin other: unloaded");
    kit_put("slow", "a.so");
    struct xie_task *task = xie_spawn(scan_slow, NULL);
    REQUIRE(xie_sleep(XIE_MILLISECOND) == 0); /* it has begun */
    size_t n = rig_count_log(rig, "plugin other 1: loaded");
    kit_put("other", "c.so");
    CHECK_EQ(onebot_plugin_scan(kit_bot), -EBUSY);
    while (rig_count_log(rig, "plugin other 1: loaded") == n)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
    CHECK_EQ(xie_join(task), 0);
}

static void test_what_changes_in_the_folder_is_loaded(void)
{
    if (strcmp(getenv("XIE_BACKEND") ? getenv("XIE_BACKEND") : "", "sim") == 0)
        tap_skip("time there does not wait for files");
    play_with(set_watch, script_watch);
    play_with(set_busy, script_busy);
}

static void test_a_folder_that_is_replaced_is_watched_anew(void)
{
    if (strcmp(getenv("XIE_BACKEND") ? getenv("XIE_BACKEND") : "", "sim") == 0)
        tap_skip("time there does not wait for files");
    play_with(set_moved, script_moved);
}

/* --- linked in ------------------------------------------------------------------------------- */

static unsigned started, stopped;
static struct onebot_plugin *linked_now;

static int start_linked(struct onebot_plugin *plugin)
{
    linked_now = plugin;
    started++;
    return 0;
}

static int fail(void *arg)
{
    (void)arg;
    return -EIO;
}

static void stop_linked(struct onebot_plugin *plugin)
{
    CHECK_EQ(onebot_plugin_spawn(plugin, fail, NULL), -ECANCELED);
    CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
    stopped++;
}

static int on_linked(struct onebot_event *event)
{
    return onebot_reply(event, "linked");
}

static int on_check(struct onebot_event *event)
{
    struct onebot_plugin *plugin = onebot_event_plugin(event);
    CHECK(plugin == linked_now && plugin == onebot_plugin_current());
    CHECK(onebot_plugin_store(plugin) == NULL);
    CHECK_EQ(json_object_size(onebot_plugin_settings(plugin)), 0);
    CHECK(onebot_plugin_account(plugin, FAKE_SELF) == event->bot);
    CHECK(onebot_plugin_account(plugin, 1) == NULL);
    struct onebot_result result = onebot_call(onebot_plugin_bot(plugin), "get_login_info", NULL);
    CHECK_EQ(result.error, XIE_ENOTCONNECTED);
    onebot_result_free(&result);
    CHECK_EQ(onebot_plugin_spawn(plugin, fail, NULL), 0);
    return onebot_reply(event, "checked");
}

static const struct onebot_rule linked_rules[] = {
    {.command = {"v"}, .pass = true, .handler = on_linked},
    {.command = {"check"}, .handler = on_check},
    {0}};
static const struct onebot_rule unsound_rules[] = {{.keyword = {""}, .handler = on_linked}, {0}};

ONEBOT_PLUGIN_AS(linked, .name = "linked", .rules = linked_rules, .start = start_linked,
                 .stop = stop_linked);
ONEBOT_PLUGIN_AS(unsound, .name = "unsound", .rules = unsound_rules);

static void set_linked(struct rig *rig)
{
    static const struct onebot_plugin_definition *list[3];
    kit_set(rig);
    list[0] = kit_plugins[0];
    list[1] = &linked;
    rig->options.plugins = list;
}

static void script_linked(struct rig *rig)
{
    kit_says(rig, "/check", "checked");
    rig_wait_log(rig, "plugin linked: task fail failed: Input/output error");
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), 0);
    size_t n = json_array_size(rig->fake.calls);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/v"); /* in the order of loading */
    CHECK_STR(fake_said(&rig->fake, n), "linked");
    CHECK_STR(fake_said(&rig->fake, n + 1), "version 1");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "linked"), 0);
    CHECK_EQ(started, 2);
    CHECK_EQ(stopped, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/v"); /* where it was */
    CHECK_STR(fake_said(&rig->fake, n + 2), "linked");
    CHECK_STR(fake_said(&rig->fake, n + 3), "version 1");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "linked"), 0);
    kit_says(rig, "/v", "version 1");
}

static void test_one_that_is_linked_in_is_a_plugin_like_others(void)
{
    play_with(set_linked, script_linked);
    CHECK_EQ(stopped, 2);
}

static void no_log(void *arg, enum onebot_level level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static int run_unsound(void *arg)
{
    static const struct onebot_plugin_definition *const list[] = {&unsound, NULL};
    static const struct onebot_plugin_definition *const twice[] = {&linked, &linked, NULL};
    struct onebot_options options = {.url = "ws://127.0.0.1:1/", .plugins = list, .log = no_log};
    (void)arg;
    CHECK_EQ(onebot_run(&options), -EINVAL);
    options.plugins = twice;
    CHECK_EQ(onebot_run(&options), -EEXIST);
    return 0;
}

static void test_an_unsound_one_that_is_linked_in_ends_the_run(void)
{
    CHECK_EQ(xie_run(run_unsound, NULL), 0);
    CHECK_EQ(started, stopped);
}

/* --- limits ----------------------------------------------------------------------------------- */

static struct onebot_plugin_definition many[ONEBOT_PLUGIN_MOST];
static const struct onebot_plugin_definition *many_list[ONEBOT_PLUGIN_MOST + 1];
static char many_names[ONEBOT_PLUGIN_MOST][8];

static void set_many(struct rig *rig)
{
    many_list[0] = kit_plugins[0];
    for (int i = 1; i < ONEBOT_PLUGIN_MOST; i++) {
        snprintf(many_names[i], sizeof many_names[i], "p%d", i);
        many[i] = *kit_plugins[0];
        many[i].name = many_names[i];
        many_list[i] = &many[i];
    }
    rig->options.plugins = many_list;
}

static void script_many(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_list(kit_bot, NULL, 0), ONEBOT_PLUGIN_MOST);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_put("v1", "a.so")), XIE_ELIMIT);
    CHECK(rig_logged(rig, "there are 200 already"));
    CHECK_EQ(onebot_plugin_reload(kit_bot, "p7"), XIE_ELIMIT); /* it would be one more, for now */
    CHECK_EQ(onebot_plugin_unload(kit_bot, "p7"), 0);
    settle();
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_path("a.so")), 0);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "p8"), 0);
    settle();
    kit_put("v1", "large.so");
    REQUIRE(truncate(kit_path("large.so"), ONEBOT_PLUGIN_FILE + 1) == 0);
    CHECK_EQ(onebot_plugin_load(kit_bot, kit_path("large.so")), XIE_ELIMIT);
}

static void test_there_are_so_many_and_so_large(void)
{
    play_with(set_many, script_many);
}

static void test_outside_of_a_bot_there_are_none(void)
{
    CHECK(onebot_plugin_current() == NULL);
}

static const struct tap_test tests[] = {
    {"a folder is loaded and looked through", test_a_folder_is_loaded_and_looked_through},
    {"what a call unloads no scan loads", test_what_a_call_unloads_no_scan_loads},
    {"a path may be written as one likes", test_a_path_may_be_written_as_one_likes},
    {"a name that is free again can be had", test_a_name_that_is_free_again_can_be_had},
    {"what may go better is tried again", test_what_may_go_better_is_tried_again},
    {"without the folder the bot runs", test_without_the_folder_the_bot_runs},
    {"what changes in the folder is loaded", test_what_changes_in_the_folder_is_loaded},
    {"a folder that is replaced is watched anew", test_a_folder_that_is_replaced_is_watched_anew},
    {"one that is linked in is a plugin like others",
     test_one_that_is_linked_in_is_a_plugin_like_others},
    {"an unsound one that is linked in ends the run",
     test_an_unsound_one_that_is_linked_in_ends_the_run},
    {"there are so many, and so large", test_there_are_so_many_and_so_large},
    {"outside of a bot there are none", test_outside_of_a_bot_there_are_none},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
