/* plugin_settings.c - plugins and their sections of the settings. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plugin_kit.h"

static void play_with(void (*set)(struct rig *rig), void (*script)(struct rig *rig))
{
    play(&(struct play){set, NULL, script});
    kit_clean();
}

static struct onebot_config *config;
static const char settings[] = "plugins:\n  fixture:\n    word: one\n  other:\n    word: two\n";

static void write_settings(const char *text)
{
    FILE *file = fopen(kit_path("bot.yml"), "w");
    REQUIRE(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void complain(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "# %s\n", line);
}

static void set_settings(struct rig *rig)
{
    kit_set(rig);
    kit_put("v1", "a.so");
    kit_put("other", "b.so");
    rig->options.plugin_folder = kit_folder;
    rig->options.config = config;
}

static int open_settings(void *arg)
{
    write_settings(arg);
    return onebot_config_open(kit_path("bot.yml"), onebot_settings_keys, complain, NULL, &config);
}

static void read_again(const char *text)
{
    write_settings(text);
    CHECK(onebot_config_reload(config, complain, NULL, NULL) >= 0);
}

static void script_settings(struct rig *rig)
{
    kit_says(rig, "/word", "one");
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 0);
    read_again("plugins:\n  fixture:\n    word: one\n  other:\n    word: three\n");
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 1); /* who can hear of it does */
    CHECK_EQ(kit_noted("three"), 1);
    CHECK_EQ(kit_noted("stop 1"), 0);
    read_again("plugins:\n  fixture:\n    word: four\n  other:\n    word: three\n");
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 1); /* the others are loaded anew */
    CHECK_EQ(kit_noted("stop 1"), 1);
    kit_says(rig, "/word", "four");
    read_again("plugins:\n  fixture:\n    wrod: five\n");
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 1); /* of other alone, whose is the default */
    CHECK(rig_logged(rig, "plugin fixture: "));
    CHECK(rig_logged(rig, "plugins.fixture.wrod: unknown key"));
    CHECK_EQ(kit_noted("hi"), 1);
    kit_says(rig, "/word", "four");
    CHECK_EQ(onebot_plugin_reload(kit_bot, "fixture"), XIE_EFAILED);
    kit_says(rig, "/word", "four");
    CHECK_EQ(onebot_plugin_unload(kit_bot, "fixture"), 0);
    CHECK_EQ(onebot_plugin_unload(kit_bot, "other"), 0);
    kit_put("v2", "a.so");
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0); /* its settings are not sound */
    CHECK_EQ(onebot_plugin_scan(kit_bot), 0);
    read_again("plugins:\n  fixture:\n    word: six\n");
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 0);
    CHECK_EQ(onebot_plugin_scan(kit_bot), 1); /* now they are */
    kit_says(rig, "/word", "six");
    read_again(settings); /* as much memory as before */
}

static void test_its_section_of_the_settings_is_its_own(void)
{
    REQUIRE(xie_run(open_settings, (void *)settings) == 0);
    play_with(set_settings, script_settings);
    onebot_config_close(config);
}

/* One whose settings change while it starts hears of it when it serves. */
static struct xie_event begin;
static const char late_settings[] = "plugins:\n  late:\n    word: one\n";

static int start_late(struct onebot_plugin *plugin)
{
    const char *word = onebot_string(onebot_plugin_settings(plugin), "word");
    fixture_note(strcmp(word, "one") == 0 ? "late one" : "late two");
    return strcmp(word, "one") == 0 ? xie_event_wait(&begin) : 0;
}

static void hear_late(struct onebot_plugin *plugin)
{
    fixture_note(onebot_string(onebot_plugin_settings(plugin), "word"));
}

static int run_late(struct onebot_plugin *plugin)
{
    fixture_note(onebot_string(onebot_plugin_settings(plugin), "word"));
    return 0;
}

static const struct onebot_config_key late_keys[] = {{.name = "word", .standard = "hi"},
                                                     {.name = NULL}};

ONEBOT_PLUGIN_AS(late, .name = "late", .keys = late_keys, .start = start_late, .run = run_late);
ONEBOT_PLUGIN_AS(late_hears, .name = "late", .keys = late_keys, .start = start_late,
                 .changed = hear_late);
static const struct onebot_plugin_definition *late_list[] = {NULL, &late, NULL};

static void set_late(struct rig *rig)
{
    late_list[0] = kit_plugins[0];
    rig->options.plugins = late_list;
    rig->options.config = config;
    xie_event_clear(&begin);
    kit_forget();
}

static void script_late(struct rig *rig)
{
    kit_wait_noted("late one", 1);
    read_again("plugins:\n  late:\n    word: two\n");
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 0);
    xie_event_set(&begin);
    kit_wait_noted("two", 1);
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(kit_noted("late two"), late_list[1] == &late);
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 0);
    CHECK_EQ(kit_noted("two"), 1);
    read_again(late_settings); /* as much memory as before */
}

static void play_late(const struct onebot_plugin_definition *definition,
                      void (*script)(struct rig *rig))
{
    REQUIRE(xie_run(open_settings, (void *)late_settings) == 0);
    late_list[1] = definition;
    play_with(set_late, script);
    onebot_config_close(config);
}

static void test_settings_that_change_while_one_starts_reach_it(void)
{
    play_late(&late, script_late);
    play_late(&late_hears, script_late);
}

/* So does one whose successor was starting, and failed. */
static unsigned starts;

static int start_fails(struct onebot_plugin *plugin)
{
    (void)plugin;
    if (!starts++)
        return 0;
    fixture_note("late again");
    int error = xie_event_wait(&begin);
    return error ? error : -EIO;
}

ONEBOT_PLUGIN_AS(late_fails, .name = "late", .keys = late_keys, .start = start_fails,
                 .changed = hear_late);

static int reload_late(void *arg)
{
    (void)arg;
    return onebot_plugin_reload(kit_bot, "late") == -EIO ? 0 : -EINVAL;
}

static void script_fails(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    struct xie_task *task = xie_spawn(reload_late, NULL);
    kit_wait_noted("late again", 1);
    read_again("plugins:\n  late:\n    word: two\n");
    CHECK_EQ(onebot_plugin_settings_changed(kit_bot), 0);
    CHECK_EQ(kit_noted("two"), 0);
    xie_event_set(&begin);
    CHECK_EQ(xie_join(task), 0);
    kit_wait_noted("two", 1);
    CHECK_EQ(starts, 2);
    read_again(late_settings);
}

static void test_settings_that_change_before_a_reload_fails_reach_the_old_one(void)
{
    play_late(&late_fails, script_fails);
}

static const struct tap_test tests[] = {
    {"its section of the settings is its own", test_its_section_of_the_settings_is_its_own},
    {"settings that change while one starts reach it",
     test_settings_that_change_while_one_starts_reach_it},
    {"settings that change before a reload fails reach the old one",
     test_settings_that_change_before_a_reload_fails_reach_the_old_one},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
