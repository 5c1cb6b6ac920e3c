/* testing.c - the kit fails where it must: each expectation, and what it tells then.
 * Tests, apps. Small suites run in children, whose output is looked at; on sim. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xie.h>

#include "pattern.h"
#include "tap.h"
#include "testing_bot.h"

enum { OUTPUT = 64 * 1024 };

/* --- running a suite in a child ----------------------------------------------------- */

static const char *const *arguments; /* of the next run, ended by NULL; NULL: none */

static void run_suite(void *suite)
{
    char *argv[16] = {(char[]){"prog"}};
    int argc = 1;
    for (; arguments && arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    dup2(STDERR_FILENO, STDOUT_FILENO);
    unsetenv("XIE_BACKEND");
    exit(onebot_test_main(argc, argv, suite));
}

/* Its output, borrowed until the next run; its code must be that. */
static const char *output(const struct onebot_test_suite *suite, int code)
{
    static char text[OUTPUT];
    int status = tap_child(run_suite, (void *)suite, text, sizeof text);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        tap_failed(__FILE__, __LINE__, "status %x, not code %d:\n%s", status, code, text);
    return text;
}

static void check_has(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        tap_failed(__FILE__, __LINE__, "lacks \"%s\":\n%s", wanted, text);
}

/* One test by fn fails, and tells these (up to NULL); the one after it passes. */
static void check_fails(onebot_test_fn *fn, const char *const *wanted)
{
    const struct onebot_test_case cases[] = {{"bad", fn}, {0}};
    const struct onebot_test_suite suite = {
        .cases = cases, .options = {.book = {.rules = testing_rules, .language = ONEBOT_ENGLISH}}};
    const char *text = output(&suite, 1);
    check_has(text, "not ok 1 - bad\n# ");
    check_has(text, "tests/apps/testing.c:");
    check_has(text, "\n# again: prog --backend sim --seed 1 bad\n# 1 of 1 failed\n");
    for (; *wanted; wanted++)
        check_has(text, *wanted);
    check_has(text, "reached"); /* … and not beyond */
    if (strstr(text, "went on"))
        tap_failed(__FILE__, __LINE__, "goes on after its failure:\n%s", text);
}

#define CHECK_FAILS(fn, ...) check_fails(fn, (const char *const[]){__VA_ARGS__, NULL})

/* Around what must end a test. */
#define HERE() fprintf(stderr, "reached\n")
#define BEYOND() fprintf(stderr, "went on\n")

/* --- words -------------------------------------------------------------------------- */

static void other_words(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), group = onebot_test_group(t, "Tea", alice);
    onebot_test_says(t, alice, group, "/echo one\ntwo");
    HERE();
    onebot_test_hears(t, alice, group, "two*");
    BEYOND();
}

static void no_words(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/later 1h");
    HERE();
    onebot_test_hears(t, alice, 0, "later");
    BEYOND();
}

static void words_out_of_order(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/twice");
    HERE();
    onebot_test_hears(t, alice, 0, "two");
    BEYOND();
}

static void words_where_none_should_be(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), group = onebot_test_group(t, "Tea", alice);
    onebot_test_says(t, alice, group, "/later 900ms");
    HERE();
    onebot_test_quiet(t, 0, 0);
    BEYOND();
}

static void heard_by_nobody(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Tea", alice);
    HERE();
    onebot_test_hears(t, bob, group, "*");
    BEYOND();
}

static void words(void)
{
    CHECK_FAILS(other_words, "Alice in Tea is to hear\n#   \"two*\"\n#   and hears\n#   \"one\n",
                "what happened", "Alice in Tea: /echo one", "the bot calls send_group_msg {",
                "-> ok", "the bot in Tea: one");
    CHECK_FAILS(no_words,
                "Alice in private is to hear\n#   \"later\"\n#   and hears nothing for 10 s",
                "what each task waits for:", "xie_sleep");
    CHECK_FAILS(words_out_of_order, "\"two\"\n#   and hears\n#   \"one\"");
    CHECK_FAILS(words_where_none_should_be,
                "everybody is to hear nothing, and hears\n#   \"later\"");
    CHECK_FAILS(heard_by_nobody, "Bob hears nothing in Tea: no member");
}

/* --- calls, decisions, the log, the web --------------------------------------------- */

static void other_call(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), group = onebot_test_group(t, "Tea", alice);
    onebot_test_says(t, alice, group, "/ban 10001");
    HERE();
    onebot_test_calls(t, "set_group_ban", "{s:i}", "duration", 60);
    BEYOND();
}

static void no_call(struct onebot_test *t)
{
    HERE();
    onebot_test_calls(t, "set_group_kick", NULL);
    BEYOND();
}

static void call_that_must_not_be(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), group = onebot_test_group(t, "Tea", alice);
    onebot_test_says(t, alice, group, "/ban 10001");
    HERE();
    onebot_test_calls_no(t, "set_group_ban");
    BEYOND();
}

static void calls_by_no_format(struct onebot_test *t)
{
    HERE();
    onebot_test_calls(t, "set_group_ban", "{s:");
    BEYOND();
}

static void other_decision(struct onebot_test *t)
{
    int64_t eve = onebot_test_person(t, "Eve");
    onebot_test_friend(t, eve, false);
    onebot_test_does(t, eve, "add_friend", "{s:s}", "comment", "no");
    HERE();
    onebot_test_decides(t, eve, true);
    BEYOND();
}

/* What was answered counts, not what became of them. */
static void other_decision_undone(struct onebot_test *t)
{
    int64_t eve = onebot_test_person(t, "Eve");
    onebot_test_friend(t, eve, false);
    onebot_test_does(t, eve, "add_friend", "{s:s}", "comment", "no");
    onebot_test_passes(t, XIE_SECOND);
    onebot_test_friend(t, eve, true);
    HERE();
    onebot_test_decides(t, eve, true);
    BEYOND();
}

static void no_decision(struct onebot_test *t)
{
    int64_t eve = onebot_test_person(t, "Eve");
    onebot_test_friend(t, eve, false);
    onebot_test_does(t, eve, "add_friend", "{s:s}", "comment", "ignore");
    HERE();
    onebot_test_decides(t, eve, true);
    BEYOND();
}

static void decision_on_nothing(struct onebot_test *t)
{
    int64_t eve = onebot_test_person(t, "Eve");
    HERE();
    onebot_test_decides(t, eve, true);
    BEYOND();
}

static void no_such_line(struct onebot_test *t)
{
    HERE();
    onebot_test_logs(t, "something*");
    BEYOND();
}

static void no_fetch(struct onebot_test *t)
{
    onebot_test_web(t, "http://api.example/*", 200, "");
    HERE();
    onebot_test_fetches(t, "http://api.example/x");
    BEYOND();
}

static void calls(void)
{
    CHECK_FAILS(other_call,
                "the bot is to call set_group_ban with\n#   {\"duration\":60}\n#   but with",
                "\"duration\":600");
    CHECK_FAILS(no_call,
                "the bot is to call set_group_kick with\n#   {}\n#   and does not for 10 s");
    CHECK_FAILS(call_that_must_not_be, "the bot is not to call set_group_ban, and does with");
    CHECK_FAILS(calls_by_no_format, "what is expected of set_group_ban is no JSON: ");
    CHECK_FAILS(other_decision, "the bot is to approve what Eve asked for\n#   and refuses it");
    CHECK_FAILS(other_decision_undone,
                "the bot is to approve what Eve asked for\n#   and refuses it");
    CHECK_FAILS(no_decision, "the bot is to approve what Eve asked for\n#   and does not answer");
    CHECK_FAILS(decision_on_nothing, "Eve has asked for nothing");
    CHECK_FAILS(no_such_line, "the log is to say \"something*\", and does not for 10 s");
    CHECK_FAILS(no_fetch, "the bot is to fetch \"http://api.example/x\", and does not for 10 s");
}

/* --- the author's mistakes ---------------------------------------------------------- */

static void muted_speaks(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Tea", alice, bob);
    onebot_test_does(t, alice, "set_group_ban", "{s:I, s:I, s:i}", "group_id", (json_int_t)group,
                     "user_id", (json_int_t)bob, "duration", 60);
    HERE();
    onebot_test_says(t, bob, group, "let me");
    BEYOND();
}

static void no_such_deed(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    HERE();
    onebot_test_does(t, alice, "fly", NULL);
    BEYOND();
}

static void deed_that_is_refused(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    HERE();
    onebot_test_does(t, alice, "delete_msg", "{s:i}", "message_id", 77);
    BEYOND();
}

static void no_such_fault(struct onebot_test *t)
{
    HERE();
    onebot_test_faults(t, "{s:i}", "earthquake", 1);
    BEYOND();
}

static void long_name(struct onebot_test *t)
{
    onebot_test_person(t, "123456789 123456789 123456789 123456789 123456789 123456789 123");
    HERE();
    onebot_test_person(t, "123456789 123456789 123456789 123456789 123456789 123456789 1234");
    BEYOND();
}

static void group_of_no_utf8(struct onebot_test *t)
{
    HERE();
    onebot_test_group(t, "T\xe4", 0);
    BEYOND();
}

static void too_many_people(struct onebot_test *t)
{
    for (int i = 0; i < ONEBOT_TEST_PEOPLE; i++)
        onebot_test_person(t, "Somebody");
    HERE();
    onebot_test_person(t, "One more");
    BEYOND();
}

static void too_many_groups(struct onebot_test *t)
{
    for (int i = 0; i < ONEBOT_TEST_GROUPS; i++)
        onebot_test_group(t, "Some", 0);
    HERE();
    onebot_test_group(t, "One more", 0);
    BEYOND();
}

static void group_of_strangers(struct onebot_test *t)
{
    HERE();
    onebot_test_group(t, "Tea", 4711);
    BEYOND();
}

static void page_of_no_host(struct onebot_test *t)
{
    HERE();
    onebot_test_web(t, "https://api.example/", 200, "");
    BEYOND();
}

static void fetch_of_no_host(struct onebot_test *t)
{
    HERE();
    onebot_test_fetches(t, "*");
    BEYOND();
}

static void no_utf8(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    HERE();
    onebot_test_says(t, alice, 0, "\xff");
    BEYOND();
}

static void no_failure(struct onebot_test *t)
{
    HERE();
    onebot_test_fails(t, "get_voices", -1, "no");
    onebot_test_fails(t, "get_voices", 0, "fine");
    BEYOND();
}

static void no_failure_yet(struct onebot_test *t)
{
    HERE();
    onebot_test_fails(t, "get_voices", 1, "later");
    BEYOND();
}

static void own_check(struct onebot_test *t)
{
    HERE();
    ONEBOT_TEST_CHECK(t, 1 + 1 == 3 && 7 % 2 == 1); /* words, not a format */
    BEYOND();
}

static void own_reason(struct onebot_test *t)
{
    HERE();
    onebot_test_fail(t, "because of %d", 42);
    BEYOND();
}

static void mistakes(void)
{
    CHECK_FAILS(muted_speaks, "Bob in Tea cannot say that: user 10002 is muted");
    CHECK_FAILS(no_such_deed, "people cannot do \"fly\"");
    CHECK_FAILS(deed_that_is_refused, "Alice cannot do delete_msg: there is no message 77");
    CHECK_FAILS(no_such_fault, "there is no fault earthquake");
    CHECK_FAILS(long_name, "a name has at most 63 bytes");
    CHECK_FAILS(group_of_no_utf8, "a name must be UTF-8");
    CHECK_FAILS(too_many_people, "there are 99 people already");
    CHECK_FAILS(too_many_groups, "there are 20 groups already");
    CHECK_FAILS(group_of_strangers, "there is no person 4711");
    CHECK_FAILS(page_of_no_host, "no pattern of a page: \"https://api.example/\"");
    CHECK_FAILS(fetch_of_no_host, "no pattern of a page: \"*\"");
    CHECK_FAILS(no_utf8, "must be UTF-8");
    CHECK_FAILS(no_failure, "the retcode 0 is no failure");
    CHECK_FAILS(no_failure_yet, "the retcode 1 is no failure");
    CHECK_FAILS(own_check, "false: 1 + 1 == 3 && 7 % 2 == 1");
    CHECK_FAILS(own_reason, "because of 42");
}

/* --- the bot ------------------------------------------------------------------------ */

static void error_in_the_log(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    HERE();
    onebot_test_says(t, alice, 0, "/fail");
}

static int failing_task(void *arg)
{
    (void)arg;
    return -EIO;
}

static void error_that_nobody_took(struct onebot_test *t)
{
    HERE();
    struct xie_task *task = xie_spawn(failing_task, NULL);
    ONEBOT_TEST_CHECK(t, task);
    xie_detach(task);
    onebot_test_passes(t, XIE_SECOND);
}

static void bot_that_ends(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    HERE();
    onebot_test_says(t, alice, 0, "/stop");
    onebot_test_hears(t, alice, 0, "*");
    BEYOND();
}

static void waits_for_ever(struct onebot_test *t)
{
    struct xie_event never = {0};
    onebot_test_starts(t);
    HERE();
    xie_event_wait(&never);
    onebot_test_passes(t, 1);
    BEYOND();
}

static int helper(struct onebot_test *t)
{
    return (onebot_test_hears)(t, 10001, 0, "nothing") ? 1 : 2;
}

static void helper_fails(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    HERE();
    if (helper(t) == 2 && onebot_test_failed(t))
        onebot_test_says(t, alice, 0, "/echo no more");
    BEYOND();
}

static void the_bot(void)
{
    CHECK_FAILS(error_in_the_log, "an error that was not expected:\n#   handler /fail ");
    CHECK_FAILS(error_that_nobody_took, "an error that was not expected:", "failing_task");
    CHECK_FAILS(bot_that_ends, "the bot has ended: ");
    CHECK_FAILS(waits_for_ever, "the test has waited here for 3600 s: it does not end",
                "xie_event_wait");
    CHECK_FAILS(helper_fails, "Alice in private is to hear\n#   \"nothing\"");
}

static void no_connection(struct onebot_test *t)
{
    HERE();
    onebot_test_starts(t);
    BEYOND();
}

/* A bot that does something else than to connect. */
static int run_idle(struct onebot_test *t, const struct onebot_options *options)
{
    (void)t, (void)options;
    return xie_sleep_until(XIE_NEVER);
}

static void a_bot_that_does_not_begin(void)
{
    const struct onebot_test_case cases[] = {{"bad", no_connection}, {0}};
    struct onebot_test_suite suite = {.cases = cases, .run = run_idle};
    check_has(output(&suite, 1), "the bot does not connect\n#   what each task waits for:");
    suite = (struct onebot_test_suite){.cases = cases, .settings = "nonsense: 1\n"};
    const char *text = output(&suite, 1);
    check_has(text, "the bot has ended: ");
    check_has(text, "settings:1: nonsense: unknown key");
    const struct onebot_rule wrong[] = {{.handler = onebot_help, .regex = "("}, {0}};
    suite = (struct onebot_test_suite){.cases = cases, .options = {.book = {.rules = wrong}}};
    text = output(&suite, 1);
    check_has(text, "the bot has ended: Invalid argument");
    check_has(text, "log, error: ");
}

static void comes_back(struct onebot_test *t)
{
    onebot_test_starts(t);
    onebot_test_away(t, XIE_SECOND);
}

/* One that pauses for long between its tries is waited for as long. */
static void a_bot_that_takes_its_time(void)
{
    const struct onebot_test_case cases[] = {{"slow", comes_back}, {0}};
    struct onebot_test_suite suite = {
        .cases = cases,
        .options = {.retry_least_ns = 30 * XIE_MINUTE, .retry_most_ns = 30 * XIE_MINUTE}};
    check_has(output(&suite, 0), "ok 1 - slow");
    suite = (struct onebot_test_suite){
        .cases = cases, .settings = "limits:\n  retry_least: 30m\n  retry_most: 30m\n"};
    check_has(output(&suite, 0), "ok 1 - slow");
}

/* --- limits, and what is left ------------------------------------------------------- */

static void a_long_story(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    for (int i = 0; i < ONEBOT_TEST_STORY; i++)
        onebot_test_event(t, "{s:s, s:s, s:s}", "post_type", "meta_event", "meta_event_type",
                          "heartbeat", "sub_type",
                          i == 3   ? "early"
                          : i == 4 ? "first"
                                   : "x");
    onebot_test_says(t, alice, 0, "no command");
    onebot_test_sends(t, alice, 0, "nor this");
    onebot_test_passes(t, 1);
    onebot_test_faults(t, NULL);
    HERE();
    onebot_test_says(t, alice, 0, "   ");
    BEYOND();
}

static void too_impatient(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/later 2s");
    onebot_test_hears(t, alice, 0, "later");
}

static void settled_soon(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/later 2s");
    onebot_test_quiet(t, alice, 0);
}

static void stuck_soon(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/restart");
    (void)xie_sleep(5 * XIE_SECOND);
}

static void limits(void)
{
    const struct onebot_test_case hears[] = {{"bad", too_impatient}, {0}};
    const struct onebot_test_case quiet[] = {{"bad", settled_soon}, {0}};
    const struct onebot_test_case stuck[] = {{"bad", stuck_soon}, {0}};
    struct onebot_test_suite suite = {
        .cases = hears, .options = {.book = {.rules = testing_rules}}, .patience_ns = XIE_SECOND};
    check_has(output(&suite, 1), "and hears nothing for 1 s");
    suite.patience_ns = 3 * XIE_SECOND;
    check_has(output(&suite, 0), "ok 1 - bad");
    suite.cases = quiet;
    check_has(output(&suite, 0), "ok 1 - bad");
    suite.settle_ns = 3 * XIE_SECOND;
    check_has(output(&suite, 1), "Alice in private is to hear nothing, and hears");
    suite.cases = stuck;
    check_has(output(&suite, 0), "ok 1 - bad");
    suite.stuck_ns = 4 * XIE_SECOND;
    const char *text = output(&suite, 1);
    check_has(text, "the test has waited here for 4 s");
    check_has(text, "'bad'"); /* the bot's tasks and the test's, and not QQ's */
    CHECK(!strstr(text, "'watch_end'") && !strstr(text, "'seat_restart'") &&
          !strstr(text, "'kit_"));
    const struct onebot_test_case story[] = {{"bad", a_long_story}, {0}};
    suite.cases = story;
    const char *at = strstr(output(&suite, 1), "beginning:\n");
    int lines = -1;
    for (; at && strncmp(at, "\n# again", 8) != 0; lines++)
        at = strchr(at + 1, '\n');
    CHECK_EQ(lines, ONEBOT_TEST_STORY);
}

static void some_start(struct onebot_test *t)
{
    onebot_test_starts(t);
}

static char left_folder[256]; /* of the test that ran last */

static void leaves_files(struct onebot_test *t)
{
    char path[300];
    snprintf(left_folder, sizeof left_folder, "%s", onebot_test_folder(t));
    snprintf(path, sizeof path, "%s/below", left_folder);
    ONEBOT_TEST_CHECK(t, mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/below/file", left_folder);
    FILE *file = fopen(path, "w");
    ONEBOT_TEST_CHECK(t, file);
    fclose(file);
    onebot_test_web(t, "http://api.example/", 200, "");
    onebot_test_answers(t, "get_voices", "{s:s}", "best", "Miku");
    onebot_test_faults(t, "{s:i}", "refuse", -1);
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/later 1h");
    onebot_test_hears(t, alice, 0, "never");
}

static void finds_nothing(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    ONEBOT_TEST_CHECK(t, *left_folder && access(left_folder, F_OK) != 0);
    ONEBOT_TEST_CHECK(t, !getenv("XIE_SIM_HOSTS") && alice == 10001);
    onebot_test_says(t, alice, 0, "/voices");
    onebot_test_hears(t, alice, 0, "no voices: *");
    onebot_test_quiet(t, 0, 0);
}

static void take_line(void *count, enum onebot_level level, const char *line)
{
    *(int *)count += level == ONEBOT_INFO && strncmp(line, "connected to ws://", 18) == 0;
}

/* Of a test that fails, too; and a log of the author's gets every line. */
static void nothing_is_left(void)
{
    const struct onebot_test_case cases[] = {{"bad", leaves_files}, {"good", finds_nothing}, {0}};
    const struct onebot_test_suite suite = {.cases = cases,
                                            .options = {.book = {.rules = testing_rules}}};
    const char *text = output(&suite, 1);
    check_has(text, "not ok 1 - bad\n");
    check_has(text, "ok 2 - good\n# 1 of 2 failed\n");
}

static void the_log_is_passed_on(void)
{
    int count = 0;
    const struct onebot_test_case cases[] = {{"stops", some_start}, {0}};
    const struct onebot_test_suite suite = {.cases = cases,
                                            .options = {.log = take_line, .log_arg = &count}};
    CHECK_EQ(onebot_test_main(1, (char *[]){(char[]){"prog"}, NULL}, &suite), 0);
    CHECK_EQ(count, 1);
}

/* --- what cannot be ended ----------------------------------------------------------- */

static void stubborn(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/stubborn");
    onebot_test_passes(t, 1);
}

static void busy(struct onebot_test *t)
{
    (void)t;
    for (volatile int i = 0;; i = i + 1)
        ;
}

/* Named, and the program ends: nothing else is left to do. */
static void tests_that_cannot_be_ended(void)
{
    const struct onebot_test_case cases[] = {{"first", stubborn}, {"second", busy}, {0}};
    const struct onebot_test_suite suite = {.cases = cases,
                                            .options = {.book = {.rules = testing_rules}}};
    arguments = (const char *const[]){"first", NULL};
    const char *text = output(&suite, 3);
    check_has(text, "not ok 1 - first\n");
    check_has(text, "the bot does not end, though it is cancelled");
    check_has(text, "what each task waits for:");
    arguments = (const char *const[]){"--limit", "1", "second", NULL};
    text = output(&suite, 3);
    check_has(text, "not ok 1 - second\n# it has run for 1 s of real time");
}

/* --- the command line --------------------------------------------------------------- */

static void passes(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/echo %llx",
                     (unsigned long long)xie_loop_trace(xie_loop_current()));
    onebot_test_hears(t, alice, 0, "*");
    printf("# trace %llx\n", (unsigned long long)xie_loop_trace(xie_loop_current()));
}

static void fails_by_chance(struct onebot_test *t)
{
    onebot_test_starts(t);
    if (xie_loop_trace(xie_loop_current()) % 8 == 0)
        onebot_test_fail(t, "bad luck");
}

static const struct onebot_test_case some[] = {
    {"some_good", passes}, {"other_good", passes}, {"by_chance", fails_by_chance}, {0}};
static const struct onebot_test_suite some_suite = {.cases = some,
                                                    .options = {.book = {.rules = testing_rules}}};

static const char *with(int code, const char *const *list)
{
    arguments = list;
    return output(&some_suite, code);
}
#define WITH(code, ...) with(code, (const char *const[]){__VA_ARGS__, NULL})

static void command_line(void)
{
    CHECK_STR(WITH(0, "--list"), "some_good\nother_good\nby_chance\n");
    CHECK_STR(WITH(0, "--list", "good"), "some_good\nother_good\n");
    check_has(WITH(0, "--help"), "usage: prog [--seed N]");
    check_has(WITH(0, "good"), "1..2\n");
    check_has(WITH(0, "some", "other"), "1..2\n");
    check_has(WITH(0, "--verbose", "some"), "Alice in private: /echo ");
    check_has(WITH(2, "nothing"), "there is no such test");
    check_has(WITH(2, "--nonsense"), "wrong usage");
    check_has(WITH(2, "--seed", "-1"), "this cannot be used: -1");
    check_has(WITH(2, "--seed", "1x"), "this cannot be used: 1x");
    check_has(WITH(2, "--runs", "0"), "this cannot be used: 0");
    check_has(WITH(2, "--limit", "0"), "this cannot be used: 0");
    check_has(WITH(2, "--backend", "magic"), "this cannot be used: magic");
    setenv("XIE_SEED", "x", 1);
    check_has(WITH(2, "good"), "XIE_SEED is no seed: x");
}

/* The same seed is the same run; another one another; a seed that fails is told, and fails again.
 */
static void seeds(void)
{
    char first[OUTPUT], *seed;
    snprintf(first, sizeof first, "%s", WITH(0, "--seed", "7", "some"));
    check_has(first, "# trace ");
    CHECK_STR(WITH(0, "--seed", "7", "some"), first);
    CHECK(strcmp(WITH(0, "--seed", "8", "some"), first) != 0);
    setenv("XIE_SEED", "7", 1);
    CHECK_STR(WITH(0, "some"), first);
    unsetenv("XIE_SEED");
    snprintf(first, sizeof first, "%s", WITH(1, "--runs", "1000", "chance"));
    check_has(first, "not ok 1 - by_chance\n");
    check_has(first, "bad luck");
    seed = strstr(first, "--seed ");
    if (!seed)
        return;
    seed += strlen("--seed ");
    seed[strspn(seed, "0123456789")] = 0;
    check_has(WITH(1, "--seed", seed, "chance"), "bad luck");
}

/* --- patterns ----------------------------------------------------------------------- */

static void patterns(void)
{
    CHECK(kit_fits("", "") && kit_fits("*", "") && kit_fits("*", "a\nb") && kit_fits("a*", "a"));
    CHECK(kit_fits("a*b*c", "a-b-b-c") && kit_fits("*b", "ab b") && kit_fits("**", "x"));
    CHECK(kit_fits("For which city?", "For which city?") && kit_fits("\\*\\\\", "*\\"));
    CHECK(!kit_fits("", "a") && !kit_fits("a", "") && !kit_fits("a*b", "a-b-") &&
          !kit_fits("\\*", "x") && !kit_fits("city?", "cityX") && !kit_fits("a", "ab"));
}

static bool has(const char *value, const char *expected)
{
    json_t *one = json_loads(value, JSON_DECODE_ANY, NULL);
    json_t *other = json_loads(expected, JSON_DECODE_ANY, NULL);
    CHECK(one && other);
    bool found = kit_has(one, other);
    json_decref(one);
    json_decref(other);
    return found;
}

static void parts_of_json(void)
{
    CHECK(has("{\"a\":1,\"b\":2}", "{\"a\":1}") && has("{\"a\":\"1\"}", "{\"a\":1}") &&
          has("{\"a\":1}", "{\"a\":\"1\"}") && has("{\"a\":true}", "{\"a\":true}") &&
          has("{\"a\":1}", "{\"a\":true}") && has("{\"a\":\"false\"}", "{\"a\":false}") &&
          has("{\"a\":null}", "{\"a\":null}") && has("[1,{\"a\":1}]", "[1,{}]") &&
          has("{\"a\":1.5}", "{\"a\":\"1.5\"}") && has("{\"a\":\"text\"}", "{\"a\":\"t*\"}"));
    CHECK(!has("{\"b\":2}", "{\"a\":2}") && !has("{\"a\":2}", "{\"a\":1}") &&
          !has("{\"a\":true}", "{\"a\":false}") && !has("[1,2]", "[1]") && !has("[1]", "[1,2]") &&
          !has("{\"a\":[]}", "{\"a\":{}}") && !has("{\"a\":{}}", "{\"a\":[]}") &&
          !has("{\"a\":1}", "{\"a\":null}") && !has("{\"a\":\"text\"}", "{\"a\":\"x*\"}") &&
          !has("{\"a\":[]}", "{\"a\":\"*\"}"));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"words that are expected", words},
        {"calls, decisions, lines, fetches", calls},
        {"mistakes of the author", mistakes},
        {"the bot's errors and its end", the_bot},
        {"a bot that does not begin", a_bot_that_does_not_begin},
        {"a bot that takes its time", a_bot_that_takes_its_time},
        {"limits", limits},
        {"nothing is left of a test", nothing_is_left},
        {"the log is passed on", the_log_is_passed_on},
        {"tests that cannot be ended", tests_that_cannot_be_ended},
        {"the command line", command_line},
        {"the same seed is the same run", seeds},
        {"patterns", patterns},
        {"parts of JSON", parts_of_json},
        {NULL, NULL},
    };
    return tap_main(argc, argv, tests);
}
