/* testing_bot.h - the bot that the tests of the kit test.
 * Tests, apps. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_APPS_TESTING_BOT_H
#define TESTS_APPS_TESTING_BOT_H

#include <xie/onebot/testing.h>

extern const struct onebot_rule testing_rules[];

/* Runs it with a store in the test's folder, for /count. */
int testing_run_with_store(struct onebot_test *t, const struct onebot_options *options);

#endif
