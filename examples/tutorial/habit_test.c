/* habit_test.c - tests of step 6 but its settings: what it asks, keeps, and says in the evening. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot/testing.h>

#include "bot.h"

struct onebot_config *config;
struct onebot_logger *logger;
struct onebot_store *store;

static const struct onebot_rule rules[] = {
    {.event = "meta_event/lifecycle", .handler = on_connected},
    {.command = {"habit"}, .handler = on_habit},
    {.command = {"done"}, .handler = on_done},
    {0},
};

static const char settings[] = "plugins: {habit: {group: 20001}}";

void complain(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

/* What step6.c does around onebot_run, with files of the test's own. */
static int run(struct onebot_test *t, const struct onebot_options *options)
{
    char path[256];
    snprintf(path, sizeof path, "%s/habit.db", (onebot_test_folder)(t));
    int error = onebot_store_open(path, NULL, &store);
    if (!error)
        error = onebot_config_parse("settings", settings, strlen(settings), onebot_settings_keys,
                                    complain, NULL, &config);
    XIE_GROUP(group) {
        if (!error)
            error = xie_group_spawn(&group, run_evening, NULL);
        if (!error)
            error = onebot_run(options);
        xie_group_cancel(&group);
    }
    onebot_config_close(config);
    onebot_store_close(store);
    return error;
}

static void test_counts_days(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice, bob);
    onebot_test_says(t, alice, group, "/done");
    onebot_test_hears(t, alice, group, "You have none: say /habit first.");
    onebot_test_says(t, alice, group, "/habit");
    onebot_test_hears(t, alice, group, "What do you want to do each day?");
    onebot_test_says(t, alice, group, "swim");
    onebot_test_hears(t, alice, group, "\"swim\" it is. Say /done each day.");
    onebot_test_says(t, alice, group, "/done");
    onebot_test_hears(t, alice, group, "\"swim\": day 1.");
    onebot_test_restarts(t); /* it is in the store */
    onebot_test_says(t, alice, group, "/done");
    onebot_test_hears(t, alice, group, "\"swim\": day 2.");
    onebot_test_says(t, bob, group, "/habit");
    onebot_test_hears(t, bob, group, "What do you want to do each day?");
    onebot_test_passes(t, 30 * XIE_SECOND);
    onebot_test_hears(t, bob, group, "Come back when you know.");
}

static void test_speaks_in_the_evening(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), group = onebot_test_group(t, "Friends", alice);
    onebot_test_passes(t, 12 * XIE_HOUR); /* sim begins at a quarter past eight in Shanghai */
    onebot_test_quiet(t, alice, group);
    onebot_test_passes(t, XIE_HOUR);
    onebot_test_hears(t, alice, group, "Have you done it today?");
    onebot_test_passes(t, 24 * XIE_HOUR);
    onebot_test_hears(t, alice, group, "Have you done it today?");
    onebot_test_quiet(t, alice, group);
}

static const struct onebot_test_case cases[] = {
    ONEBOT_TEST(test_counts_days), ONEBOT_TEST(test_speaks_in_the_evening), {0}};

ONEBOT_TEST_MAIN(.cases = cases, .run = run, .options = {.book = {.rules = rules}})
