/* commands.c - what xie-bot answers: its handlers against a scripted implementation. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../apps/bot/commands.h"
#include "fake.h"

static void with_commands(struct rig *rig)
{
    rig->options.book = (struct onebot_book){.rules = rules, .language = ONEBOT_ENGLISH};
    rig->fake.silent = true;
}

static void run_script(void (*script)(struct rig *rig))
{
    play(&(struct play){with_commands, NULL, script});
}

static void say(struct rig *rig, int64_t group, const char *text)
{
    fake_wait_connections(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, group, text);
}

/* Call number n is a message saying text; it is confirmed. */
static void said(struct rig *rig, size_t n, const char *text)
{
    CHECK_STR(fake_said(&rig->fake, n), text);
    fake_answer(&rig->fake, n, json_pack("{s:i}", "message_id", 1));
}

static void refuse(struct rig *rig, size_t n, const char *wording)
{
    fake_wait_calls(&rig->fake, n + 1);
    fake_send(&rig->fake, "{s:s, s:i, s:s, s:O}", "status", "failed", "retcode", 100, "wording",
              wording, "echo", json_object_get(json_array_get(rig->fake.calls, n), "echo"));
}

/* --- /whoami ------------------------------------------------------------------------ */

static void script_whoami(struct rig *rig)
{
    say(rig, FAKE_GROUP, "/whoami");
    CHECK_STR(fake_action(&rig->fake, 0), "get_group_member_info");
    fake_answer(
        &rig->fake, 0,
        json_pack("{s:s, s:s, s:s}", "nickname", "Ada", "card", "The Card", "role", "owner"));
    said(rig, 1, "You are Ada (10001), card The Card, role owner.");
    say(rig, 0, "/whoami");
    CHECK_STR(fake_action(&rig->fake, 2), "get_stranger_info");
    fake_answer(&rig->fake, 2, json_pack("{s:s}", "nickname", "Ada"));
    said(rig, 3, "You are Ada (10001).");
    say(rig, FAKE_GROUP, "/whoami");
    refuse(rig, 4, "not a member");
    said(rig, 5, "I could not look you up: not a member");
    say(rig, 0, "/whoami");
    refuse(rig, 6, "no such person");
    said(rig, 7, "I could not look you up: no such person");
}

static void test_whoami(void)
{
    run_script(script_whoami);
}

/* --- /quiz -------------------------------------------------------------------------- */

/* The right answer is told to who was wrong: ask until the same question comes again. */
static void learn(const char *verdict, char *answer)
{
    REQUIRE(sscanf(verdict, "Wrong. It is %31[^.].", answer) == 1);
}

static void confirm(struct rig *rig, size_t n)
{
    fake_wait_calls(&rig->fake, n + 1);
    fake_answer(&rig->fake, n, json_null());
}

static void script_quiz(struct rig *rig)
{
    char question[256] = "", answer[32] = "", text[64];
    bool right = false;
    for (size_t n = 0; !right; n += 2) {
        say(rig, FAKE_GROUP, "/quiz");
        confirm(rig, n);
        bool known = *answer && !strcmp(fake_said(&rig->fake, n), question);
        snprintf(question, sizeof question, "%s", fake_said(&rig->fake, n));
        snprintf(text, sizeof text, "  %s \n", known ? answer : "no idea");
        say(rig, FAKE_GROUP, text);
        confirm(rig, n + 1);
        right = strcmp(fake_said(&rig->fake, n + 1), "Right!") == 0;
        CHECK_EQ(right, known);
        if (!right)
            learn(fake_said(&rig->fake, n + 1), answer);
        xie_sleep(XIE_MILLISECOND); /* another question */
    }
}

static void test_quiz_right_and_wrong(void)
{
    run_script(script_quiz);
}

static void script_quiz_late(struct rig *rig)
{
    say(rig, FAKE_GROUP, "/quiz");
    confirm(rig, 0);
    int64_t asked = xie_now();
    fake_message(&rig->fake, 10002, FAKE_GROUP, "/help"); /* others are served meanwhile */
    confirm(rig, 1);
    CHECK(strstr(fake_said(&rig->fake, 1), "/quiz - a question") != NULL);
    fake_wait_calls(&rig->fake, 3);
    CHECK(xie_now() - asked >= 29 * XIE_SECOND);
    confirm(rig, 2);
    CHECK(strncmp(fake_said(&rig->fake, 2), "Time is up. It is ", 18) == 0);
}

static void test_quiz_late(void)
{
    if (strcmp(getenv("XIE_BACKEND") ? getenv("XIE_BACKEND") : "", "sim") != 0)
        tap_skip("30 s of real time; runs on sim");
    run_script(script_quiz_late);
}

/* --- /both -------------------------------------------------------------------------- */

static void script_both(struct rig *rig)
{
    say(rig, FAKE_GROUP, "/both");
    fake_wait_calls(&rig->fake, 2); /* both before either is answered */
    bool login_first = strcmp(fake_action(&rig->fake, 0), "get_login_info") == 0;
    CHECK_STR(fake_action(&rig->fake, login_first), "get_friend_list");
    fake_answer(&rig->fake, login_first, json_pack("[{}, {}, {}]"));
    fake_answer(&rig->fake, !login_first, json_pack("{s:s}", "nickname", "Bot"));
    fake_wait_calls(&rig->fake, 3);
    CHECK(strncmp(fake_said(&rig->fake, 2), "I am Bot, and I have 3 friends. Both calls took ",
                  48) == 0);
    confirm(rig, 2);
    say(rig, FAKE_GROUP, "/both");
    refuse(rig, 3, "one");
    refuse(rig, 4, "two");
    fake_wait_calls(&rig->fake, 6);
    CHECK(strncmp(fake_said(&rig->fake, 5), "That did not work: ", 19) == 0);
    CHECK(strstr(fake_said(&rig->fake, 5), "one") && strstr(fake_said(&rig->fake, 5), "two"));
}

static void test_both(void)
{
    run_script(script_both);
}

/* --- /remind ------------------------------------------------------------------------ */

static void script_remind(struct rig *rig)
{
    say(rig, FAKE_GROUP, "/remind 1 drink  tea");
    said(rig, 0, "In 1 s, then.");
    int64_t asked = xie_now();
    fake_wait_calls(&rig->fake, 2);
    CHECK(xie_now() - asked >= XIE_SECOND / 2);
    said(rig, 1, "Reminder: drink  tea");
}

static void test_remind(void)
{
    run_script(script_remind);
}

static void script_remind_reconnect(struct rig *rig)
{
    say(rig, FAKE_GROUP, "/remind 1 tea");
    said(rig, 0, "In 1 s, then.");
    settle();
    rig->fake.busy = true; /* not there when the time comes */
    fake_cut(&rig->fake);
    rig_wait_log(rig, "(HTTP 503)");
    xie_sleep(2 * XIE_SECOND);
    CHECK_EQ(json_array_size(rig->fake.calls), 1);
    rig->fake.busy = false;
    said(rig, 1, "Reminder: tea");
    settle();
    CHECK_EQ(json_array_size(rig->fake.calls), 2);
    CHECK_EQ(rig_count_log(rig, "handler"), 0);
}

static void test_remind_waits_for_the_connection(void)
{
    run_script(script_remind_reconnect);
}

static void script_remind_wrong(struct rig *rig)
{
    static const char *const wrong[] = {"/remind",      "/remind 5",         "/remind 5  ",
                                        "/remind x y",  "/remind 0 tea",     "/remind -1 tea",
                                        "/remind 5tea", "/remind 86401 tea", "/remind 25h tea"};
    static const char usage[] = "\nUsage: /remind <time> <text…>";
    size_t n = 0;
    for (; n < sizeof wrong / sizeof *wrong; n++) {
        say(rig, FAKE_GROUP, wrong[n]);
        confirm(rig, n);
        CHECK(strstr(fake_said(&rig->fake, n), usage) != NULL);
    }
    char text[600] = "/remind 24h ";
    memset(text + 12, 'x', 501);
    say(rig, FAKE_GROUP, text);
    confirm(rig, n);
    CHECK(strstr(fake_said(&rig->fake, n), usage) != NULL);
    text[12 + 500] = 0;
    say(rig, FAKE_GROUP, text);
    said(rig, n + 1, "In 86400 s, then.");
}

static void test_remind_checks_what_it_is_given(void)
{
    run_script(script_remind_wrong);
}

/* --- /help -------------------------------------------------------------------------- */

static void script_help(struct rig *rig)
{
    say(rig, 0, "/help");
    said(rig, 0,
         "/whoami - who you are here\n/quiz - a question; you have 30 seconds\n"
         "/both - two calls at the same time\n/remind <time> <text…> - say the text later\n"
         "/help - this list");
}

static void test_help(void)
{
    run_script(script_help);
}

static const struct tap_test tests[] = {
    {"/whoami in a group, in private, refused", test_whoami},
    {"/quiz right and wrong", test_quiz_right_and_wrong},
    {"/quiz late, others served meanwhile", test_quiz_late},
    {"/both", test_both},
    {"/remind", test_remind},
    {"/remind waits for the connection", test_remind_waits_for_the_connection},
    {"/remind checks what it is given", test_remind_checks_what_it_is_given},
    {"/help", test_help},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
