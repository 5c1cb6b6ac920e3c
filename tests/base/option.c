/* option.c - variables of the environment: taken when they are right, told when they are wrong. */
/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

enum { TEXT_CAP = 2048, LEAST = 5, MOST = 500, OTHERWISE = 7 };

static char text[TEXT_CAP];

static void unset_or_empty_it_is_the_default(void)
{
    struct xie_option option = {"XIE_OPTION_TEST", LEAST, MOST, OTHERWISE, false};
    uint64_t number = 3;
    unsetenv("XIE_OPTION_TEST");
    CHECK_EQ(xie_option_number(&option), OTHERWISE);
    CHECK_EQ(xie_option_read("XIE_OPTION_TEST", LEAST, MOST, &number), 0);
    CHECK(!xie_option_text("XIE_OPTION_TEST"));
    setenv("XIE_OPTION_TEST", "", 1);
    CHECK_EQ(xie_option_number(&option), OTHERWISE);
    CHECK_EQ(xie_option_read("XIE_OPTION_TEST", LEAST, MOST, &number), 0);
    CHECK_EQ(number, 3);
    CHECK(!xie_option_text("XIE_OPTION_TEST"));
    CHECK(!option.told);
}

static void what_is_right_is_taken(void)
{
    static const struct {
        const char *text;
        uint64_t number;
    } right[] = {{"5", 5}, {"6", 6}, {"500", 500}, {"010", 10}, {"0x10", 16}, {"0Xff", 255}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct xie_option option = {"XIE_OPTION_TEST", LEAST, MOST, OTHERWISE, false};
        uint64_t number = 0;
        setenv("XIE_OPTION_TEST", right[i].text, 1);
        CHECK_EQ(xie_option_number(&option), right[i].number);
        CHECK_EQ(xie_option_read("XIE_OPTION_TEST", LEAST, MOST, &number), 0);
        CHECK_EQ(number, right[i].number);
        CHECK(!option.told);
        CHECK_STR(xie_option_text("XIE_OPTION_TEST"), right[i].text);
    }
    struct xie_option all = {"XIE_OPTION_TEST", 0, UINT64_MAX, 1, false};
    setenv("XIE_OPTION_TEST", "18446744073709551615", 1);
    CHECK(xie_option_number(&all) == UINT64_MAX && !all.told);
}

/* Three times; and once where it is an error. */
static void ask(void *value)
{
    struct xie_option option = {"XIE_OPTION_TEST", LEAST, MOST, OTHERWISE, false};
    uint64_t number = 3;
    setenv("XIE_OPTION_TEST", value, 1);
    for (int i = 0; i < 3; i++)
        if (xie_option_number(&option) != OTHERWISE)
            _exit(1);
    if (xie_option_read("XIE_OPTION_TEST", LEAST, MOST, &number) != -EINVAL || number != 3)
        _exit(2);
    _exit(0);
}

static void what_is_wrong_is_told_once_and_not_used(void)
{
    static const char *const wrong[] = {"abc", "4",  "501", "-6",  "+6",   " 6",
                                        "6 ",  "6k", "0x",  "6.0", "0x6g", "18446744073709551622"};
    char expected[TEXT_CAP];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_EQ(tap_child(ask, (void *)(uintptr_t)wrong[i], text, TEXT_CAP), 0);
        snprintf(expected, sizeof expected,
                 "xie: XIE_OPTION_TEST=%s is not a number from 5 to 500; 7 is used\n"
                 "xie: XIE_OPTION_TEST=%s is not a number from 5 to 500\n",
                 wrong[i], wrong[i]);
        CHECK_STR(text, expected);
    }
}

static void a_long_value_is_cut(void)
{
    char value[1001];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = 0;
    CHECK_EQ(tap_child(ask, value, text, TEXT_CAP), 0);
    CHECK(strstr(text, "x is not a number from 5 to 500; 7 is used\n"));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"unset or empty it is the default", unset_or_empty_it_is_the_default},
        {"what is right is taken", what_is_right_is_taken},
        {"what is wrong is told once and not used", what_is_wrong_is_told_once_and_not_used},
        {"a long value is cut", a_long_value_is_cut},
        {0},
    };
    return tap_main(argc, argv, tests);
}
