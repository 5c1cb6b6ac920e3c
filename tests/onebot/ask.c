/* ask.c - onebot_ask: whose message answers, and where the others go. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

enum { OTHER = 10002, OTHER_GROUP = 20002 };

/* Collects the texts that reach on_event: "a|b|". */
static int collect(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (strcmp(event->post_type, "message") != 0)
        return 0;
    strcat(strcat(rig->text, event->text), "|");
    rig->count++;
    return 0;
}

static void collecting(struct rig *rig)
{
    rig->options.on_event = collect;
}

static int done(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->done);
    return 0;
}

static void await_count(struct rig *rig, unsigned count)
{
    while (rig->count < count)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
}

/* --- whose message it is ------------------------------------------------------------ */

static int on_two_questions(struct onebot_event *event)
{
    const char *name = onebot_ask(event, "Name?").text;
    struct onebot_answer age = onebot_ask(event, "Age, %s?", name);
    CHECK_EQ(age.error, 0);
    CHECK_STR(name, "Ada"); /* still there after the second question */
    CHECK_STR(age.text, "36");
    CHECK_EQ(age.event->user_id, FAKE_USER);
    CHECK_EQ(age.event->group_id, FAKE_GROUP);
    CHECK(age.event->message_id != 0);
    CHECK_EQ(onebot_reply(age.event, "%s is %s", name, age.text), 0);
    struct onebot_answer more = onebot_ask(age.event, "More?");
    CHECK_STR(more.text, "no");
    return done(event);
}

static void script_two_questions(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 0), "Name?");
    fake_message(fake, OTHER, FAKE_GROUP, "another person");
    fake_message(fake, FAKE_USER, OTHER_GROUP, "another group");
    fake_message(fake, FAKE_USER, 0, "in private");
    fake_message(fake, FAKE_SELF, FAKE_GROUP, "the bot itself");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "Ada");
    CHECK_STR(fake_said(fake, 1), "Age, Ada?");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "36");
    CHECK_STR(fake_said(fake, 2), "Ada is 36");
    CHECK_STR(fake_said(fake, 3), "More?");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "no");
    wait_done(rig);
    CHECK_STR(rig->text, "another person|another group|in private|the bot itself|");
}

static void test_same_person_same_place(void)
{
    play(&(struct play){collecting, on_two_questions, script_two_questions});
}

/* --- when it listens ---------------------------------------------------------------- */

static int on_one_question(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_answer answer = onebot_ask(event, "Well?");
    CHECK_EQ(answer.error, 0);
    snprintf(rig->text, sizeof rig->text, "%s", answer.text);
    return done(event);
}

static void keep_silent(struct rig *rig)
{
    rig->fake.silent = true;
}

/* The answer overtakes the confirmation that the question was sent. */
static void script_quick(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "quick");
    fake_answer(&rig->fake, 0, json_pack("{s:i}", "message_id", 1));
    wait_done(rig);
    CHECK_STR(rig->text, "quick");
}

static void test_answer_before_the_question_is_confirmed(void)
{
    play(&(struct play){keep_silent, on_one_question, script_quick});
}

/* The message that started the handler comes a second time. */
static void script_trigger_again(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    rig->fake.last_id = rig->trigger - 1; /* the same id once more */
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    rig->fake.last_id = rig->trigger + 100;
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "the answer");
    wait_done(rig);
    CHECK_STR(rig->text, "the answer");
}

static void test_no_answer_by_its_own_trigger(void)
{
    play(&(struct play){NULL, on_one_question, script_trigger_again});
}

static void script_command_is_answer(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    wait_done(rig);
    settle();
    CHECK_STR(rig->text, "/go");
    CHECK_EQ(json_array_size(rig->fake.calls), 1); /* no second handler asked */
}

static void test_waiting_question_takes_a_command(void)
{
    play(&(struct play){NULL, on_one_question, script_command_is_answer});
}

/* --- between two questions ---------------------------------------------------------- */

static int on_slow(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_STR(onebot_ask(event, "First?").text, "one");
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    CHECK_STR(onebot_ask(event, "Second?").text, "two");
    CHECK_STR(onebot_ask(event, "Third?").text, "/unknown");
    return done(event);
}

static void script_between(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "one");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "two");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/unknown");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "left over");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "and more");
    settle();
    CHECK_STR(rig->text, ""); /* kept */
    xie_event_set(&rig->go);
    wait_done(rig);
    await_count(rig, 2);
    CHECK_STR(rig->text, "left over|and more|");
    CHECK_STR(fake_said(fake, 1), "Second?");
    CHECK_STR(fake_said(fake, 2), "Third?");
}

static void test_messages_between_are_kept_in_order(void)
{
    play(&(struct play){collecting, on_slow, script_between});
}

static int on_stuck(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (rig->count++)
        return done(event); /* the second /go runs although the first is stuck */
    struct onebot_answer answer = onebot_ask(event, "Well?");
    CHECK_STR(answer.text, "x");
    xie_sleep_until(XIE_NEVER);
    return 0;
}

static void script_stuck(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "x");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    wait_done(rig);
}

static void test_commands_work_beside_a_stuck_handler(void)
{
    play(&(struct play){NULL, on_stuck, script_stuck});
}

static void script_full_box(struct rig *rig)
{
    char text[32];
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "one");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "two");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/unknown");
    for (int i = 2; i < ONEBOT_MAILBOX; i++) /* up to the limit */
        fake_message(fake, FAKE_USER, FAKE_GROUP, ".");
    fake_message(fake, OTHER, FAKE_GROUP, "mark");
    await_count(rig, 1);
    CHECK_STR(rig->text, "mark|");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "above"); /* lost it is not */
    await_count(rig, 2);
    CHECK_STR(rig->text, "mark|above|");
    xie_event_set(&rig->go);
    wait_done(rig);
    await_count(rig, ONEBOT_MAILBOX);
    snprintf(text, sizeof text, "%s", rig->text + strlen("mark|above|"));
    CHECK(strncmp(text, ".|.|.|", 6) == 0);
    CHECK_EQ(rig->count, ONEBOT_MAILBOX);
}

static void test_mailbox_below_at_and_above_its_limit(void)
{
    play(&(struct play){collecting, on_slow, script_full_box});
}

/* --- two who ask the same person ---------------------------------------------------- */

static int on_ask_number(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    unsigned number = ++rig->count;
    if (number == 1)
        xie_event_wait(&rig->go);
    struct onebot_answer answer = onebot_ask(event, "Question %u?", number);
    char line[64];
    snprintf(line, sizeof line, "%u:%s|", number, answer.text ? answer.text : "none");
    strcat(rig->text, line);
    if (strlen(rig->text) >= strlen("1:a|2:b|"))
        xie_event_set(&rig->done);
    return 0;
}

static void script_latest(struct rig *rig)
{
    say_go(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(&rig->fake, 0), "Question 2?");
    xie_event_set(&rig->go);
    CHECK_STR(fake_said(&rig->fake, 1), "Question 1?");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "a");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "b");
    wait_done(rig);
    CHECK(strstr(rig->text, "1:a|") && strstr(rig->text, "2:b|")); /* who ran first is chance */
}

static void test_latest_question_gets_the_answer(void)
{
    play(&(struct play){NULL, on_ask_number, script_latest});
}

/* --- one handler after another ------------------------------------------------------ */

static struct rig *rig_now;
static struct xie_event go_on; /* of on_later */

static int on_first(struct onebot_event *event)
{
    CHECK_EQ(onebot_ask(event, "First?").error, 0);
    return xie_event_wait(&rig_now->go);
}

static int on_later(struct onebot_event *event)
{
    CHECK_STR(onebot_ask(event, "Early?").text, "early");
    CHECK_EQ(xie_event_wait(&go_on), 0);
    CHECK_STR(onebot_ask(event, "Late?").text, "late");
    xie_event_set(&rig_now->done);
    return 0;
}

static void two_who_ask(struct rig *rig)
{
    static const struct onebot_rule rules[] = {
        {.command = {"ask"}, .handler = on_first},
        {.command = {"later"}, .pass = true, .handler = on_later},
        {0}};
    rig_now = rig;
    collecting(rig);
    rig->options.book.rules = rules;
}

/* The first keeps what was said before the second began, and its trigger; when the first has ended
 * they answer no question of the second. */
static void script_older(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/ask");
    fake_wait_calls(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "answer");
    settle();
    fake_message(fake, FAKE_USER, FAKE_GROUP, "older");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/later");
    CHECK_STR(fake_said(fake, 1), "Early?");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "early");
    settle();
    xie_event_set(&rig->go);
    settle();
    fake_message(fake, FAKE_USER, FAKE_GROUP, "late");
    settle();
    xie_event_set(&go_on);
    wait_done(rig);
    await_count(rig, 2);
    CHECK(strstr(rig->text, "older|") && strstr(rig->text, "/later|"));
}

static void test_what_was_said_before_answers_nothing(void)
{
    play(&(struct play){two_who_ask, NULL, script_older});
}

/* --- when it fails -------------------------------------------------------------------------------
 */

static int on_timeout(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_answer answer = {0};
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        answer = onebot_ask(event, "Quick!");
    CHECK_EQ(answer.error, -ETIMEDOUT);
    CHECK(answer.text == NULL && answer.event == NULL);
    XIE_TIMEOUT(0)
        answer = onebot_ask(event, "Not even asked");
    CHECK_EQ(answer.error, -ETIMEDOUT);
    xie_event_set(&rig->go);
    answer = onebot_ask(event, "Slowly, then.");
    CHECK_STR(answer.text, "late");
    return done(event);
}

static void script_timeout(struct rig *rig)
{
    say_go(rig);
    xie_event_wait(&rig->go);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "late");
    wait_done(rig);
    /* Where the machine is slow, 5 ms are over before the first question has gone out. */
    size_t said = json_array_size(rig->fake.calls);
    CHECK(said == 1 || said == 2);
    CHECK_STR(fake_said(&rig->fake, said - 1), "Slowly, then.");
}

static void test_timeout_and_again(void)
{
    play(&(struct play){NULL, on_timeout, script_timeout});
}

static int on_question_refused(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_ask(event, "Refused?").error, XIE_EFAILED);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    CHECK_STR(onebot_ask(event, "Again?").text, "came meanwhile");
    return done(event);
}

/* An answer to a question that then turns out not to have been sent is not lost. */
static void script_question_refused(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "came meanwhile");
    json_t *echo = json_object_get(json_array_get(rig->fake.calls, 0), "echo");
    fake_send(&rig->fake, "{s:s, s:i, s:O}", "status", "failed", "retcode", 1, "echo", echo);
    xie_event_set(&rig->go);
    fake_wait_calls(&rig->fake, 2);
    fake_answer(&rig->fake, 1, json_null());
    wait_done(rig);
}

static void test_failed_question_loses_nothing(void)
{
    play(&(struct play){keep_silent, on_question_refused, script_question_refused});
}

static int on_notice(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (strcmp(event->detail_type, "notify") != 0)
        return 0;
    if (!event->user_id) {
        CHECK_EQ(onebot_ask(event, "Who?").error, -EINVAL);
        CHECK_EQ(onebot_reply(event, "Who?"), -EINVAL);
        rig->count++;
        return 0;
    }
    CHECK_STR(onebot_ask(event, "Why poke?").text, "for fun");
    return done(event);
}

static void asking_on_notice(struct rig *rig)
{
    rig->options.on_event = on_notice;
}

static void script_notice(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    fake_send(&rig->fake, "{s:s, s:s, s:s, s:i}", "post_type", "notice", "notice_type", "notify",
              "sub_type", "poke", "self_id", FAKE_SELF);
    fake_send(&rig->fake, "{s:s, s:s, s:s, s:i, s:i, s:i}", "post_type", "notice", "notice_type",
              "notify", "sub_type", "poke", "self_id", FAKE_SELF, "user_id", FAKE_USER, "group_id",
              FAKE_GROUP);
    CHECK_STR(fake_said(&rig->fake, 0), "Why poke?");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "for fun");
    wait_done(rig);
    CHECK_EQ(rig->count, 1);
}

static void test_asking_on_a_notice(void)
{
    play(&(struct play){asking_on_notice, NULL, script_notice});
}

static void script_reconnect(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    settle();
    fake_cut(&rig->fake);
    fake_wait_connections(&rig->fake, 2);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "still here");
    wait_done(rig);
    CHECK_STR(rig->text, "still here");
}

static void test_questions_survive_a_reconnect(void)
{
    play(&(struct play){NULL, on_one_question, script_reconnect});
}

/* --- thousands ----------------------------------------------------------------------------------
 */

static int on_crowd(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    char want[32];
    struct onebot_answer answer = onebot_ask(event, "You are?");
    snprintf(want, sizeof want, "I am %lld", (long long)event->user_id);
    if (answer.text && !strcmp(answer.text, want))
        rig->count++;
    return 0;
}

static int crowd(void)
{
    return tap_slow() ? 300 : 5000;
}

static void script_crowd(struct rig *rig)
{
    char text[32];
    fake_wait_connections(&rig->fake, 1);
    for (int i = 0; i < crowd(); i++)
        fake_message(&rig->fake, 30000 + i, i % 2 ? FAKE_GROUP : 0, "/go");
    fake_wait_calls(&rig->fake, (size_t)crowd());
    CHECK(xie_task_count() > (size_t)crowd()); /* all open at once */
    CHECK_EQ(rig->count, 0);
    for (int i = crowd() - 1; i >= 0; i--) {
        snprintf(text, sizeof text, "I am %d", 30000 + i);
        fake_message(&rig->fake, 30000 + i, i % 2 ? FAKE_GROUP : 0, text);
    }
    await_count(rig, (unsigned)crowd());
    CHECK_EQ(rig->count, crowd());
}

static void test_thousands_at_once(void)
{
    tap_limit(60);
    play(&(struct play){NULL, on_crowd, script_crowd});
}

static const struct tap_test tests[] = {
    {"the same person's next message in the same place", test_same_person_same_place},
    {"an answer before the question is confirmed", test_answer_before_the_question_is_confirmed},
    {"no answer by its own trigger", test_no_answer_by_its_own_trigger},
    {"a waiting question takes a command", test_waiting_question_takes_a_command},
    {"messages between questions are kept in order", test_messages_between_are_kept_in_order},
    {"commands work beside a stuck handler", test_commands_work_beside_a_stuck_handler},
    {"a mailbox below, at and above its limit", test_mailbox_below_at_and_above_its_limit},
    {"the latest question gets the answer", test_latest_question_gets_the_answer},
    {"what was said before answers nothing", test_what_was_said_before_answers_nothing},
    {"a timeout, and again", test_timeout_and_again},
    {"a question that failed loses nothing", test_failed_question_loses_nothing},
    {"asking on a notice", test_asking_on_a_notice},
    {"questions survive a reconnect", test_questions_survive_a_reconnect},
    {"thousands of conversations at once", test_thousands_at_once},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
