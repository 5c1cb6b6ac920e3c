/* change_limits.c - a bot that runs is given other limits, paces, people and words: from then on
 * they count, for those too who wait. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static struct onebot_bot *handle;

static void set_handle(struct rig *rig)
{
    rig->options.handle = &handle;
}

/* Where time stands still while anything can run. */
static bool is_sim(void)
{
    const char *backend = getenv("XIE_BACKEND");
    return backend && strcmp(backend, "sim") == 0;
}

static int done(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count++;
    xie_event_set(&rig->done);
    return 0;
}

/* --- people and words --------------------------------------------------------------- */

static struct rig *here;

static int on_rule(struct onebot_event *event)
{
    here->count++;
    return onebot_reply(event, "done");
}

static const struct onebot_rule rules[] = {
    {.command = {"kick"},
     .permission = {.least_rank = ONEBOT_SUPERUSER, .refusal = ""},
     .handler = on_rule},
    {.full = {"hello"}, .at_me = true, .handler = on_rule},
    {0},
};

static void by_rules(struct rig *rig)
{
    here = rig;
    set_handle(rig);
    rig->options.book = (struct onebot_book){.rules = rules, .language = ONEBOT_ENGLISH};
}

static void say(struct rig *rig, const char *text, const char *want)
{
    size_t calls = json_array_size(rig->fake.calls);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, text);
    CHECK_STR(fake_said(&rig->fake, calls), want);
}

static void script_book(struct rig *rig)
{
    static const int64_t boss[] = {FAKE_USER, 0}, another[] = {5, 0};
    struct onebot_options options = rig->options;
    fake_wait_connections(&rig->fake, 1);
    size_t calls = json_array_size(rig->fake.calls);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/kick");
    const char *refusal = fake_said(&rig->fake, calls);
    CHECK(*refusal && strcmp(refusal, "done") != 0);
    options.book.superusers = boss;
    options.book.rules = NULL; /* these stay */
    options.book.prefixes[0] = "!";
    options.book.nicknames[0] = "Xie";
    CHECK_EQ(onebot_change(handle, &options), 0);
    say(rig, "!kick", "done");
    say(rig, "Xie, hello", "done");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/kick"); /* no command any more */
    options.book.superusers = another;
    options.book.language = ONEBOT_CHINESE;
    options.book.prefixes[0] = NULL;
    options.book.nicknames[0] = NULL;
    CHECK_EQ(onebot_change(handle, &options), 0);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "!kick");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "Xie, hello");
    calls = json_array_size(rig->fake.calls);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/kick");
    const char *chinese = fake_said(&rig->fake, calls);
    CHECK(*chinese && strcmp(chinese, refusal) != 0 && strcmp(chinese, "done") != 0);
    CHECK_EQ(rig->count, 2);
    CHECK_EQ(rig->fake.connections, 1);
}

static void test_people_and_words(void)
{
    play(&(struct play){by_rules, NULL, script_book});
}

/* --- pace --------------------------------------------------------------------------- */

static int on_two(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_reply(event, "first"), 0);
    xie_event_set(&rig->go);
    CHECK_EQ(onebot_reply(event, "second"), 0);
    return done(event);
}

static void slow(struct rig *rig)
{
    set_handle(rig);
    rig->options.call_timeout_ns = XIE_NEVER;
    rig->options.pace = (struct onebot_pace){.interval_ns = 300 * 24 * XIE_HOUR};
}

static void slow_group(struct rig *rig)
{
    slow(rig);
    rig->options.group_pace = rig->options.pace;
    rig->options.pace.interval_ns = 0;
}

/* Who waits for the better part of a year goes on when there is no pace any more. */
static void script_no_pace(struct rig *rig)
{
    struct onebot_options options = rig->options;
    options.pace.interval_ns = options.group_pace.interval_ns = 0;
    say_go(rig);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    settle();
    CHECK_EQ(json_array_size(rig->fake.calls), 1);
    int64_t before = xie_now();
    CHECK_EQ(onebot_change(handle, &options), 0);
    wait_done(rig);
    CHECK(xie_now() - before < XIE_HOUR);
}

/* The turn that is missing comes back at the new pace, neither sooner nor later. */
static void script_faster(struct rig *rig)
{
    struct onebot_options options = rig->options;
    struct onebot_pace *pace = options.pace.interval_ns ? &options.pace : &options.group_pace;
    pace->interval_ns = 100 * XIE_MILLISECOND;
    say_go(rig);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    int64_t before = xie_now();
    CHECK_EQ(onebot_change(handle, &options), 0);
    wait_done(rig);
    int64_t took = xie_now() - before;
    CHECK(took < XIE_HOUR);
    if (is_sim())
        CHECK(took > 95 * XIE_MILLISECOND && took < 110 * XIE_MILLISECOND);
}

static void test_another_pace(void)
{
    play(&(struct play){slow, on_two, script_no_pace});
    play(&(struct play){slow_group, on_two, script_no_pace});
    play(&(struct play){slow, on_two, script_faster});
    play(&(struct play){slow_group, on_two, script_faster});
}

/* As many turns as were there are there afterwards. */
static int on_burst(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    int64_t start = xie_now();
    for (int i = 0; i < 3; i++)
        CHECK_EQ(onebot_reply(event, "%d", i), 0);
    struct onebot_options options = rig->options;
    options.pace = (struct onebot_pace){.interval_ns = 10 * XIE_MILLISECOND, .burst = 4};
    CHECK_EQ(onebot_change(event->bot, &options), 0);
    CHECK_EQ(onebot_reply(event, "the fourth at once"), 0);
    if (is_sim())
        CHECK(xie_now() - start < 5 * XIE_MILLISECOND);
    CHECK_EQ(onebot_reply(event, "the fifth not"), 0);
    CHECK(xie_now() - start >= 9 * XIE_MILLISECOND);
    return done(event);
}

static void burst(struct rig *rig)
{
    set_handle(rig);
    rig->options.call_timeout_ns = XIE_NEVER;
    rig->options.pace = (struct onebot_pace){.interval_ns = XIE_HOUR, .burst = 4};
}

static void script_go(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
}

static void test_turns_that_are_left(void)
{
    play(&(struct play){burst, on_burst, script_go});
}

/* --- limits ------------------------------------------------------------------------- */

/* A call that waits has the time it began with; the next one has the new. */
static int on_time(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_options options = rig->options;
    options.call_timeout_ns = XIE_MILLISECOND;
    CHECK_EQ(onebot_change(event->bot, &options), 0);
    struct onebot_result result = onebot_call(event->bot, "slow", NULL);
    CHECK_EQ(result.error, -ETIMEDOUT);
    CHECK_STR(result.wording, "no answer within 0.001 s");
    return done(event);
}

static void silent(struct rig *rig)
{
    set_handle(rig);
    rig->fake.silent = true;
}

static void test_time_for_calls(void)
{
    play(&(struct play){silent, on_time, script_go});
}

static int call(void *arg)
{
    struct onebot_result *result = arg;
    *result = onebot_call(onebot_account(handle, FAKE_SELF), "slow", NULL);
    return 0;
}

static void script_calls(struct rig *rig)
{
    struct onebot_result results[3] = {{0}};
    struct onebot_options options = rig->options;
    fake_wait_connections(&rig->fake, 1);
    fake_send_text(&rig->fake, "{\"post_type\":\"notice\",\"self_id\":10000}");
    while (!onebot_account(handle, FAKE_SELF))
        xie_sleep(XIE_MILLISECOND);
    options.max_calls = 2;
    CHECK_EQ(onebot_change(handle, &options), 0);
    XIE_GROUP(group) {
        for (int i = 0; i < 3; i++)
            REQUIRE(xie_group_spawn(&group, call, &results[i]) == 0);
        fake_wait_calls(&rig->fake, 2);
        settle();
        CHECK_EQ(results[2].error, XIE_ELIMIT);
        options.max_calls = 3;
        CHECK_EQ(onebot_change(handle, &options), 0);
        REQUIRE(xie_group_spawn(&group, call, &results[2]) == 0);
        fake_wait_calls(&rig->fake, 3);
        for (size_t i = 0; i < 3; i++)
            fake_answer(&rig->fake, i, json_null());
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(results[i].error, 0);
}

static void test_number_of_calls(void)
{
    play(&(struct play){silent, NULL, script_calls});
}

static int on_wait(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count++;
    xie_event_set(&rig->done);
    return xie_sleep_until(XIE_NEVER);
}

static void script_handlers(struct rig *rig)
{
    struct onebot_options options = rig->options;
    options.max_handlers = 1;
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_change(handle, &options), 0);
    say_go(rig);
    wait_done(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    rig_wait_log(rig, "max_handlers run already");
    options.max_handlers = 2;
    CHECK_EQ(onebot_change(handle, &options), 0);
    xie_event_clear(&rig->done);
    say_go(rig);
    wait_done(rig);
    CHECK_EQ(rig->count, 2);
}

static void test_number_of_handlers(void)
{
    play(&(struct play){set_handle, on_wait, script_handlers});
}

/* The next pause is as the new limits say, and what is received too. */
static void script_connecting(struct rig *rig)
{
    struct onebot_options options = rig->options;
    fake_wait_connections(&rig->fake, 1);
    options.retry_least_ns = options.retry_most_ns = XIE_MINUTE;
    options.max_message = 64;
    CHECK_EQ(onebot_change(handle, &options), 0);
    say_go(rig); /* more than 64 bytes: its connection was made before */
    wait_done(rig);
    fake_cut(&rig->fake);
    rig_wait_log(rig, "connection lost: ");
    while (!rig_logged(rig, "next try in "))
        xie_event_wait(&rig->fake.changed);
    CHECK(!rig_logged(rig, "next try in 0.0 s"));
}

static void script_message(struct rig *rig)
{
    struct onebot_options options = rig->options;
    fake_wait_connections(&rig->fake, 1);
    options.max_message = 64;
    CHECK_EQ(onebot_change(handle, &options), 0);
    fake_cut(&rig->fake);
    fake_wait_connections(&rig->fake, 2);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    while (rig_count_log(rig, "connection ") < 2)
        xie_event_wait(&rig->fake.changed);
    CHECK_EQ(rig->count, 0);
}

static void test_connecting(void)
{
    play(&(struct play){set_handle, done, script_connecting});
    play(&(struct play){set_handle, done, script_message});
}

/* At the end the grace is the latest. */
static int on_patient(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->done);
    int error = xie_sleep(XIE_SECOND);
    rig->count += !error;
    return error;
}

static void script_grace(struct rig *rig)
{
    struct onebot_options options = rig->options;
    options.grace_ns = XIE_HOUR;
    say_go(rig);
    wait_done(rig);
    CHECK_EQ(onebot_change(handle, &options), 0);
    onebot_stop(handle);
    while (handle)
        xie_sleep(10 * XIE_MILLISECOND);
    CHECK_EQ(rig->count, 1); /* it had 10 ms at first */
}

static void test_grace(void)
{
    if (!is_sim())
        tap_skip("a second is nothing on sim alone");
    play(&(struct play){set_handle, on_patient, script_grace});
}

static const struct tap_test tests[] = {
    {"people and words", test_people_and_words},
    {"another pace", test_another_pace},
    {"turns that are left", test_turns_that_are_left},
    {"time for calls", test_time_for_calls},
    {"number of calls", test_number_of_calls},
    {"number of handlers", test_number_of_handlers},
    {"connecting", test_connecting},
    {"grace", test_grace},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
