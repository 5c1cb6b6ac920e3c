/* tap.c - the harness itself: what a program of failing tests tells, and its exit code.
 * The sample tests run in a second instance of this program. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* --- the sample --------------------------------------------------------------------- */

static void sample_pass(void)
{
    CHECK(1 + 1 == 2);
    puts("not ok 9 - no TAP of ours");
}

static void sample_fail(void)
{
    CHECK_EQ(1, 2);
    CHECK_STR("one\nline", NULL);
    REQUIRE(1 == 3);
    CHECK(1 == 4);
}

static void sample_crash(void)
{
    signal(SIGBUS, SIG_DFL); /* sanitizers have a handler of their own */
    raise(SIGBUS);
}

static void sample_hang(void)
{
    tap_limit(1);
    if (!tap_slow()) /* there a second is ten */
        for (;;)
            pause();
    raise(SIGKILL);
}

static void sample_skip(void)
{
    tap_skip("no %s", "moon");
}

static void sample_exit(void)
{
    exit(5);
}

static void fail_in_child(void *arg)
{
    CHECK(arg);
    fputs("last words", stderr);
    abort();
}

static void sample_child(void)
{
    char text[5];
    int status = tap_child(fail_in_child, NULL, text, sizeof text);
    CHECK_EQ(WTERMSIG(status), SIGABRT);
    CHECK_STR(text, "last");
}

static const struct tap_test samples[] = {
    {"sample_pass", sample_pass},   {"sample_fail", sample_fail},
    {"sample_crash", sample_crash}, {"sample_hang", sample_hang},
    {"sample_skip", sample_skip},   {"sample_exit", sample_exit},
    {"sample_child", sample_child}, {0},
};

/* --- the tests ---------------------------------------------------------------------- */

/* Run the sample with an argument; returns its exit code, its standard output in text. */
static int run_sample(const char *argument, char *text, size_t cap)
{
    char command[256];
    snprintf(command, sizeof command, "XIE_TAP_SAMPLE=1 /proc/%d/exe %s 2>/dev/null", getpid(),
             argument);
    FILE *out = popen(command, "r");
    REQUIRE(out);
    text[fread(text, 1, cap - 1, out)] = '\0';
    int status = pclose(out);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void passing_point(void)
{
    char text[1024];
    CHECK_EQ(run_sample("pass", text, sizeof text), 0);
    CHECK_STR(text, "1..1\nok 1 - sample_pass\n");
}

static void failures_are_comments_and_code_1(void)
{
    char text[4096];
    CHECK_EQ(run_sample("sample_fail", text, sizeof text), 1);
    CHECK(strstr(text, "1 == 2: 1 != 2\n"));
    CHECK(strstr(text, "\"one\n# line\" != \"(null)\"\n"));
    CHECK(strstr(text, ": 1 == 3\n"));
    CHECK(!strstr(text, "1 == 4"));
    CHECK(strstr(text, "\nnot ok 1 - sample_fail\n"));
}

static void crash_names_the_signal(void)
{
    char text[1024];
    CHECK_EQ(run_sample("crash", text, sizeof text), 1);
    CHECK(strstr(text, "# killed by SIGBUS"));
    CHECK(strstr(text, "\nnot ok 1 - sample_crash\n"));
}

static void hanging_test_is_ended(void)
{
    char text[1024];
    CHECK_EQ(run_sample("hang", text, sizeof text), 1);
    CHECK(strstr(text, tap_slow() ? "# killed by SIGKILL" : "# took longer than 1 s"));
    CHECK(strstr(text, "\nnot ok 1 - sample_hang\n"));
}

static void skip_gives_its_reason(void)
{
    char text[1024];
    CHECK_EQ(run_sample("skip", text, sizeof text), 0);
    CHECK_STR(text, "1..1\nok 1 - sample_skip # SKIP no moon\n");
}

static void exit_code_fails(void)
{
    char text[1024];
    CHECK_EQ(run_sample("sample_exit", text, sizeof text), 1);
    CHECK(strstr(text, "# ended with code 5\nnot ok 1"));
}

static void failure_in_a_child_counts(void)
{
    char text[1024];
    CHECK_EQ(run_sample("child", text, sizeof text), 1);
    CHECK(strstr(text, "not ok 1 - sample_child\n"));
    CHECK(!strstr(text, "WTERMSIG"));
    CHECK(!strstr(text, "text"));
}

static void later_tests_run_after_a_crash(void)
{
    char text[8192];
    CHECK_EQ(run_sample("", text, sizeof text), 1);
    CHECK(!strncmp(text, "1..7\nok 1 - sample_pass\n", 24));
    CHECK(strstr(text, "not ok 7 - sample_child\n"));
}

static void list_names_and_runs_nothing(void)
{
    char text[1024];
    CHECK_EQ(run_sample("--list", text, sizeof text), 0);
    CHECK(strstr(text, "sample_pass\nsample_fail\nsample_crash\n"));
    CHECK(!strstr(text, "ok"));
}

static void unknown_name_or_option_is_code_2(void)
{
    char text[1024];
    CHECK_EQ(run_sample("no-such-test", text, sizeof text), 2);
    CHECK_EQ(run_sample("--no-such-option", text, sizeof text), 2);
    CHECK_EQ(run_sample("pass fail", text, sizeof text), 2);
    CHECK_STR(text, "");
}

static const struct tap_test tests[] = {
    {"passing_point", passing_point},
    {"failures_are_comments_and_code_1", failures_are_comments_and_code_1},
    {"crash_names_the_signal", crash_names_the_signal},
    {"hanging_test_is_ended", hanging_test_is_ended},
    {"skip_gives_its_reason", skip_gives_its_reason},
    {"exit_code_fails", exit_code_fails},
    {"failure_in_a_child_counts", failure_in_a_child_counts},
    {"later_tests_run_after_a_crash", later_tests_run_after_a_crash},
    {"list_names_and_runs_nothing", list_names_and_runs_nothing},
    {"unknown_name_or_option_is_code_2", unknown_name_or_option_is_code_2},
    {0},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, getenv("XIE_TAP_SAMPLE") ? samples : tests);
}
