/* bot_kit.c - xie-bot's commands, by the kit: in virtual time, without its program.
 * Tests, apps. bot.py tests the program from outside. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <xie.h>
#include <xie/onebot/testing.h>

#include "commands.h"

static void whoami(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), group = onebot_test_group(t, "Friends", alice);
    onebot_test_says(t, alice, group, "/whoami");
    onebot_test_hears(t, alice, group, "You are Alice (10001), card , role owner.");
    onebot_test_says(t, alice, 0, "/我是谁");
    onebot_test_hears(t, alice, 0, "You are Alice (10001).");
    onebot_test_faults(t, "{s:i, s:s}", "refuse", 1, "action", "get_stranger_info");
    onebot_test_says(t, alice, 0, "/whoami");
    onebot_test_hears(t, alice, 0, "I could not look you up: refused on purpose");
}

/* The right answer to a question, as its end says. */
static const char *answer_to(const char *question)
{
    return strstr(question, "byte")        ? "8"
           : strstr(question, "SIGSTOP")   ? "sigkill"
           : strstr(question, "6 times 7") ? "42"
           : strstr(question, "port")      ? "80"
                                           : "1970";
}

static void quiz(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice, bob);
    onebot_test_says(t, alice, group, "/quiz");
    onebot_test_hears(t, alice, group, "*You have 30 seconds.");
    onebot_test_says(t, bob, group, "nothing");
    onebot_test_says(t, alice, group, "/quiz");
    onebot_test_hears(t, alice, group, "Wrong. It is *");
    onebot_test_says(t, alice, group, "/quiz");
    int64_t id = onebot_test_hears(t, alice, group, "*You have 30 seconds.");
    onebot_test_says(t, alice, group, "%s", answer_to(onebot_test_text(t, id)));
    onebot_test_hears(t, alice, group, "Right!");
    onebot_test_says(t, alice, group, "/问答");
    onebot_test_hears(t, alice, group, "*You have 30 seconds.");
    onebot_test_passes(t, 28 * XIE_SECOND);
    onebot_test_quiet(t, 0, 0);
    onebot_test_hears(t, alice, group, "Time is up. It is *");
}

static void both(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_person(t, "Bob");
    onebot_test_faults(t, "{s:i}", "delay_ms", 500);
    onebot_test_says(t, alice, 0, "/both");
    onebot_test_hears(t, alice, 0,
                      "I am *, and I have 2 friends. Both calls took 50*.* ms together.");
    onebot_test_faults(t, "{s:i, s:s}", "refuse", 1, "action", "get_friend_list");
    onebot_test_says(t, alice, 0, "/both");
    onebot_test_hears(t, alice, 0, "That did not work: refused on purpose");
}

/* Whatever happens meanwhile: the connection is lost, and QQ is away when the time has come. */
static void reminders(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/remind 5h the cake");
    onebot_test_hears(t, alice, 0, "In 18000 s, then.");
    onebot_test_passes(t, XIE_HOUR);
    onebot_test_disconnects(t);
    onebot_test_passes(t, 3 * XIE_HOUR + 59 * XIE_MINUTE);
    onebot_test_quiet(t, 0, 0);
    onebot_test_away(t, 10 * XIE_MINUTE);
    onebot_test_hears(t, alice, 0, "Reminder: the cake");
    onebot_test_says(t, alice, 0, "/remind 0s nothing");
    onebot_test_hears(t, alice, 0, "*");
    onebot_test_passes(t, XIE_HOUR);
    onebot_test_quiet(t, 0, 0);
}

static void greetings(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice"), bob = onebot_test_person(t, "Bob");
    int64_t group = onebot_test_group(t, "Friends", alice);
    onebot_test_joins(t, bob, group);
    onebot_test_hears(t, bob, group, "[CQ:at,qq=10002] welcome to Friends! [CQ:face,id=21]");
    onebot_test_does(t, bob, "send_poke", "{s:I, s:I}", "group_id", (json_int_t)group, "target_id",
                     (json_int_t)onebot_test_bot(t));
    onebot_test_hears(t, alice, group, "Ouch.");
    onebot_test_does(t, bob, "send_poke", "{s:I, s:I}", "group_id", (json_int_t)group, "target_id",
                     (json_int_t)alice);
    onebot_test_quiet(t, 0, 0);
}

static void help(struct onebot_test *t)
{
    int64_t alice = onebot_test_person(t, "Alice");
    onebot_test_says(t, alice, 0, "/help");
    onebot_test_hears(t, alice, 0, "/whoami - who you are here\n*/help - this list");
}

static const struct onebot_test_case cases[] = {
    ONEBOT_TEST(whoami),
    ONEBOT_TEST(quiz),
    ONEBOT_TEST(both),
    ONEBOT_TEST(reminders),
    ONEBOT_TEST(greetings),
    ONEBOT_TEST(help),
    {0},
};

ONEBOT_TEST_MAIN(.cases = cases, .options = {.on_event = on_greet,
                                             .book = {.rules = rules, .language = ONEBOT_ENGLISH}})
