/* testing_plugin.c - a plugin tested by the kit: from its shared object, with settings as text.
 * Tests, apps. */
/* SPDX-License-Identifier: MIT */
#include <xie.h>
#include <xie/onebot/testing.h>

static void test_uses_its_settings(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/hi");
    onebot_test_hears(t, alice, 0, "Moin, Alice!");
    onebot_test_restarts(t);
    onebot_test_says(t, alice, 0, "/hi");
    onebot_test_hears(t, alice, 0, "Moin, Alice!");
}

/* sim's clock begins at 0:16 in UTC. */
static void test_runs_its_job(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), group = onebot_test_group(t, "Friends", alice);
    onebot_test_passes(t, 11 * XIE_HOUR);
    onebot_test_quiet(t, 0, 0);
    onebot_test_passes(t, XIE_HOUR);
    onebot_test_hears(t, alice, group, "It is noon.");
}

static const struct onebot_test_case cases[] = {
    ONEBOT_TEST(test_uses_its_settings), ONEBOT_TEST(test_runs_its_job), {0}};

ONEBOT_TEST_MAIN(.cases = cases, .settings = "plugins: {greeter: {word: Moin}}\n",
                 .options = {.plugin_folder = PLUGIN_FOLDER})
