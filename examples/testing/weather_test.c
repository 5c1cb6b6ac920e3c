/* weather_test.c - tests of weather.c, against a simulated QQ in this process. */
/* SPDX-License-Identifier: MIT */
#include <xie/onebot/testing.h>

#include "weather.h"

static void test_answers(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    int64_t group = onebot_test_group(t, "Friends", alice);
    onebot_test_web(t, "http://api.example/weather?city=Oslo", 200, "rain");
    onebot_test_says(t, alice, group, "/weather");
    onebot_test_hears(t, alice, group, "For which city?");
    onebot_test_says(t, alice, group, "Oslo");
    onebot_test_hears(t, alice, group, "Oslo: *");
    onebot_test_passes(t, XIE_HOUR);
    onebot_test_quiet(t, alice, group);
}

static void test_gives_up(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/天气");
    onebot_test_hears(t, alice, 0, "For which city?");
    onebot_test_passes(t, 30 * XIE_SECOND);
    onebot_test_hears(t, alice, 0, "Never mind.");
}

static void test_service_is_silent(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_web(t, "http://api.example/weather?city=*", 0, NULL);
    onebot_test_says(t, alice, 0, "/weather");
    onebot_test_hears(t, alice, 0, "For which city?");
    onebot_test_says(t, alice, 0, "Oslo");
    onebot_test_fetches(t, "http://api.example/weather?city=Oslo");
    onebot_test_hears(t, alice, 0, "I do not know: *");
}

static const struct onebot_test_case cases[] = {
    ONEBOT_TEST(test_answers),
    ONEBOT_TEST(test_gives_up),
    ONEBOT_TEST(test_service_is_silent),
    {0},
};

ONEBOT_TEST_MAIN(.cases = cases, .options = {.book = {.rules = weather}})
