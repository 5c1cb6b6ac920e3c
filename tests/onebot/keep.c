/* keep.c - kept conversations: a bot stops in the middle of them, starts again, and they go on. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "keep.h"

/* --- a question waits on ------------------------------------------------------------ */

static int on_name(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    CHECK_EQ(onebot_keep(event), 0); /* twice does nothing */
    struct onebot_answer name = onebot_ask(event, "Name?");
    if (name.error)
        return name.error;
    CHECK_EQ(name.event->user_id, FAKE_USER);
    struct onebot_answer age = onebot_ask(event, "Age, %s?", name.text);
    if (age.error)
        return age.error;
    CHECK_STR(name.text, "Ada");
    CHECK_STR(age.text, "36");
    int error = onebot_reply(event, "%s is %s", name.text, age.text);
    xie_event_set(&rig->done);
    return error;
}

static void script_two_questions(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 0), "Name?");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "Ada");
    CHECK_STR(fake_said(fake, 1), "Age, Ada?");
    restart(rig);
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "36");
    CHECK_STR(fake_said(fake, 2), "Ada is 36");
    wait_done(rig);
    check_nothing_kept(rig);
    CHECK_EQ(json_array_size(fake->calls), 3);
    CHECK(!rig_logged(rig, "failed"));
    end(rig);
}

static void test_a_question_waits_on(void)
{
    play(&(struct play){with_store, on_name, script_two_questions});
}

/* As the first thing that the connection brings, it is the answer all the same. */
static void script_at_once(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    rig_stop(rig);
    unsigned connections = fake->connections;
    rig_start(rig);
    fake_wait_connections(fake, connections + 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "Ada");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "36");
    CHECK_STR(fake_said(fake, 2), "Ada is 36");
    wait_done(rig);
    end(rig);
}

static void test_an_answer_that_comes_at_once(void)
{
    play(&(struct play){with_store, on_name, script_at_once});
}

/* --- every kind of step, and an end after each -------------------------------------- */

static const struct onebot_argument arguments[] = {
    {.name = "count", .type = ONEBOT_INTEGER}, {.name = "rest", .type = ONEBOT_REST}, {0}};

static unsigned done_once;
static int64_t first_value;

static int on_many(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    int error = onebot_keep(event);
    if (error == -ECANCELED)
        return error; /* the bot stops just now */
    CHECK_EQ(error, 0);
    CHECK_EQ(onebot_arg(event, "count")->integer, 3);
    CHECK_STR(onebot_arg(event, "rest")->text, "or so");
    CHECK_STR(event->command, "many");
    struct onebot_result value = onebot_keep_value(event, "{s:I}", "n", (json_int_t)++rig->count);
    if (value.error)
        return value.error;
    if (!first_value)
        first_value = onebot_int(value.data, "n");
    CHECK_EQ(onebot_int(value.data, "n"), first_value);
    json_decref(value.data);
    struct onebot_result me = onebot_call(event->bot, "get_login_info", NULL);
    CHECK_EQ(me.data != NULL, !me.error);
    if (me.error)
        return me.error;
    CHECK_EQ(onebot_int(me.data, "user_id"), FAKE_SELF);
    json_decref(me.data);
    int once = onebot_keep_once(event, "count");
    if (once < 0)
        return once;
    done_once += (unsigned)once;
    struct onebot_query query = {.type = ONEBOT_INTEGER, .again = "A number!"};
    struct onebot_answer number = onebot_ask_for(event, &query, "How many?");
    if (number.error)
        return number.error;
    CHECK_EQ(number.value.integer, 7);
    error = onebot_keep_sleep(event, 5 * XIE_MILLISECOND);
    if (!error)
        error = onebot_reply(event, "%d then", (int)number.value.integer);
    if (!error)
        error = onebot_send(event->bot, 0, FAKE_USER, NULL, "%s", "bye");
    if (!error)
        xie_event_set(&rig->done);
    return error;
}

static const struct onebot_rule many[] = {
    {.command = {"many"}, .arguments = arguments, .handler = on_many}, {0}};
static struct onebot_rule many_here[2];

static void with_many(struct rig *rig)
{
    with_store(rig);
    done_once = 0;
    first_value = 0;
    memcpy(many_here, many, sizeof many);
    many_here[0].arg = rig;
    rig->options.book.rules = many_here;
}

static const char *const transcript[] = {"get_login_info", "How many?", "A number!", "7 then",
                                         "bye"};

/* What its calls were, in order and once each. */
static void check_transcript(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    CHECK_EQ(json_array_size(fake->calls), 5);
    CHECK_STR(fake_action(fake, 0), transcript[0]);
    for (size_t i = 1; i < 5; i++)
        CHECK_STR(fake_said(fake, i), transcript[i]);
    CHECK_EQ(done_once, 1);
}

static size_t stop_at;     /* after so many calls … */
static int64_t stop_after; /* … and this time the bot stops and starts */
static bool stopped;       /* in the middle of the conversation */

static void after(struct rig *rig, size_t calls)
{
    struct fake *fake = &rig->fake;
    fake_wait_calls(fake, calls);
    if (stop_at != calls)
        return;
    xie_sleep(stop_after);
    rig_stop(rig);
    stopped = is_kept(rig);
    bool lost = !stopped && !json_array_size(fake->calls);
    unsigned connections = fake->connections;
    rig_start(rig);
    fake_wait_connections(fake, connections + 1);
    hello(rig);
    if (lost) /* before it was kept */
        fake_message(fake, FAKE_USER, FAKE_GROUP, "/many 3 or so");
}

static void script_many(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/many 3 or so");
    after(rig, 0);
    after(rig, 1);
    after(rig, 2);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "many");
    after(rig, 3);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "7");
    after(rig, 4);
    after(rig, 5);
    wait_done(rig);
    check_transcript(rig);
    check_nothing_kept(rig);
    end(rig);
}

static void test_stopped_after_each_step(void)
{
    unsigned count = 0;
    for (stop_at = 0, stop_after = 0; stop_at < 6; stop_at++) {
        play(&(struct play){with_many, NULL, script_many});
        count += stopped;
    }
    CHECK(count >= 3);
}

/* On sim time stands still while anything can run, so that each is another wait. Elsewhere it is
 * chance which wait it is: a few looks will do. */
static void test_stopped_at_every_moment(void)
{
    const char *backend = getenv("XIE_BACKEND");
    bool exact = backend && strcmp(backend, "sim") == 0;
    int64_t step = (!exact ? 10 : tap_slow() ? 5 : 1) * 20 * XIE_MICROSECOND;
    unsigned count = 0;
    tap_limit(60);
    for (stop_at = 0; stop_at < 6; stop_at++)
        for (stop_after = 1; stop_after < 20 * 20 * XIE_MICROSECOND; stop_after += step) {
            play(&(struct play){with_many, NULL, script_many});
            count += stopped;
        }
    CHECK(count >= (exact ? 10 : 2));
}

/* Who does not come to its next step holds events up for a second, not for ever. */
static int on_lazy(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (strcmp(event->text, "/go") != 0)
        return 0;
    CHECK_EQ(onebot_keep(event), 0);
    rig->count++;
    int error = onebot_reply(event, "lazy");
    return error ? error : xie_sleep(XIE_NEVER);
}

static int on_other(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (strcmp(event->text, "hello") == 0)
        xie_event_set(&rig->done);
    return 0;
}

static void lazily(struct rig *rig)
{
    with_store(rig);
    rig->options.on_event = on_other;
}

static void script_lazy(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "hello");
    wait_done(rig);
    CHECK_EQ(rig->count, 2);
    CHECK_EQ(json_array_size(fake->calls), 1);
    end(rig);
}

static void test_events_wait_for_a_second(void)
{
    play(&(struct play){lazily, on_lazy, script_lazy});
}

/* --- a call whose outcome nobody knows ---------------------------------------------- */

static int on_pay(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_result result = onebot_call(event->bot, "pay", "{s:i}", "much", 5);
    json_decref(result.data);
    if (result.error == -ECANCELED)
        return result.error;
    rig->count++;
    CHECK_EQ(result.error, XIE_EUNKNOWN);
    CHECK_STR(result.wording, "the program ended before pay was answered");
    return onebot_ask(event, "Did you get it?").error;
}

static void silent(struct rig *rig)
{
    with_store(rig);
    rig->fake.silent = true;
}

static void script_unknown(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_action(fake, 0), "pay");
    rig_stop(rig); /* after its grace: it was never answered */
    CHECK_EQ(rig->count, 0);
    fake->silent = false;
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    CHECK_STR(fake_said(fake, 1), "Did you get it?");
    restart(rig); /* it does not change its mind */
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    check_nothing_kept(rig);
    CHECK_EQ(rig->count, 2);
    CHECK_EQ(json_array_size(fake->calls), 2);
    end(rig);
}

static void test_an_outcome_that_is_unknown(void)
{
    play(&(struct play){silent, on_pay, script_unknown});
}

/* One that is on its way when the bot stops gets its answer, within the grace. */
static int on_slow(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    int error = onebot_reply(event, "slow");
    rig->count++;
    CHECK_EQ(error, 0);
    return onebot_ask(event, "Then?").error;
}

static void patient(struct rig *rig)
{
    silent(rig);
    rig->options.grace_ns = XIE_MINUTE;
}

static int stop_it(void *arg)
{
    struct rig *rig = arg;
    rig_stop(rig);
    return 0;
}

static void script_slow(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_wait_calls(fake, 1);
    struct xie_task *stop = xie_spawn(stop_it, rig);
    rig_wait_log(rig, "1 handler has 60.0 s to end");
    fake_answer(fake, 0, json_pack("{s:i}", "message_id", 1));
    xie_join(stop);
    CHECK_EQ(rig->count, 1); /* it was told, and was not let ask */
    CHECK_EQ(json_array_size(fake->calls), 1);
    CHECK(!rig_logged(rig, "cancelled"));
    fake->silent = false;
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    CHECK_STR(fake_said(fake, 1), "Then?");
    int64_t before = xie_now();
    rig_wait_log(rig, "1 kept conversation");
    settle();
    rig_stop(rig); /* it only waits: at once */
    CHECK(xie_now() - before < 30 * XIE_SECOND);
    CHECK_EQ(rig_count_log(rig, "to end"), 1);
    end(rig);
}

static void test_an_answer_within_the_grace(void)
{
    play(&(struct play){patient, on_slow, script_slow});
}

/* What was not sent is sent in the next run. */
static int on_unsent(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    int error = onebot_reply(event, "one");
    if (!error)
        error = onebot_reply(event, "two"); /* waits for its turn */
    if (!error)
        xie_event_set(&rig->done);
    return error;
}

static void slow_pace(struct rig *rig)
{
    with_store(rig);
    rig->options.pace = (struct onebot_pace){XIE_HOUR, 1};
    rig->options.call_timeout_ns = XIE_NEVER;
}

static void script_unsent(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 0), "one");
    while (count_kept(rig, "s/") < 2)
        xie_sleep(XIE_MILLISECOND);
    settle();
    rig_stop(rig);
    CHECK_EQ(count_kept(rig, "s/"), 1);
    rig->options.pace = (struct onebot_pace){0};
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    CHECK_STR(fake_said(fake, 1), "two");
    wait_done(rig);
    check_nothing_kept(rig);
    end(rig);
}

static void test_what_was_not_sent_is_sent(void)
{
    play(&(struct play){slow_pace, on_unsent, script_unsent});
}

/* --- time --------------------------------------------------------------------------- */

static int on_sleep(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    int error = onebot_keep_sleep(event, 100 * XIE_MILLISECOND);
    if (!error)
        error = onebot_reply(event, "awake");
    if (!error)
        xie_event_set(&rig->done);
    return error;
}

static void script_sleep(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    int64_t before = xie_now();
    say_go(rig);
    while (count_kept(rig, "s/") < 1)
        xie_sleep(XIE_MILLISECOND);
    rig_stop(rig);
    xie_sleep(100 * XIE_MILLISECOND); /* it ends while nobody runs */
    rig->options.retry_least_ns = 0;
    int64_t again = xie_now();
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    CHECK_STR(fake_said(fake, 0), "awake");
    wait_done(rig);
    CHECK(xie_now() - before >= 100 * XIE_MILLISECOND);
    if (!strcmp(xie_loop_backend(xie_loop_current()), "sim")) /* where time is exact */
        CHECK(xie_now() - again < 100 * XIE_MILLISECOND);
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_sleep_ends_when_it_was_to(void)
{
    play(&(struct play){with_store, on_sleep, script_sleep});
}

/* The time that a question has goes on while nobody runs; its end is the same in each run. */
static int on_timed(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_answer answer = {.error = 1};
    CHECK_EQ(onebot_keep(event), 0);
    XIE_TIMEOUT(200 * XIE_MILLISECOND)
        answer = onebot_ask_for(event, &(struct onebot_query){.late = "too late"}, "Quick?");
    if (answer.error == -ECANCELED)
        return answer.error;
    CHECK_EQ(answer.error, -ETIMEDOUT);
    rig->count++;
    return onebot_ask(event, "Another?").error;
}

static void script_timed(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_said(fake, 0), "Quick?");
    rig_stop(rig);
    xie_sleep(200 * XIE_MILLISECOND);
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    CHECK_STR(fake_said(fake, 1), "too late");
    CHECK_STR(fake_said(fake, 2), "Another?");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    check_nothing_kept(rig);
    CHECK_EQ(rig->count, 2);
    CHECK_EQ(json_array_size(fake->calls), 3);
    end(rig);
}

static void test_the_time_of_a_question(void)
{
    play(&(struct play){with_store, on_timed, script_timed});
}

/* --- what others may know already --------------------------------------------------- */

/* What the dialect is, is found out once, by whoever asks first: it is no call of the handler. */
static int on_react(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    enum onebot_dialect dialect;
    CHECK_EQ(onebot_keep(event), 0);
    int error = onebot_get_dialect(event->bot, &dialect);
    if (error)
        return error;
    CHECK_EQ(dialect, ONEBOT_DIALECT_OTHER);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    if (!answer.error)
        xie_event_set(&rig->done);
    return answer.error;
}

static void script_react(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    CHECK_STR(fake_action(fake, 0), "get_version_info");
    CHECK_STR(fake_said(fake, 1), "Well?");
    restart(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "yes");
    wait_done(rig);
    check_nothing_kept(rig);
    CHECK_EQ(json_array_size(fake->calls), 2);
    end(rig);
}

static void test_the_dialect(void)
{
    play(&(struct play){with_store, on_react, script_react});
}

static const struct tap_test tests[] = {
    {"a question waits on", test_a_question_waits_on},
    {"an answer that comes at once", test_an_answer_that_comes_at_once},
    {"stopped after each step", test_stopped_after_each_step},
    {"stopped at every moment", test_stopped_at_every_moment},
    {"events wait for a second", test_events_wait_for_a_second},
    {"an outcome that is unknown", test_an_outcome_that_is_unknown},
    {"an answer within the grace", test_an_answer_within_the_grace},
    {"what was not sent is sent", test_what_was_not_sent_is_sent},
    {"a sleep ends when it was to", test_a_sleep_ends_when_it_was_to},
    {"the time of a question", test_the_time_of_a_question},
    {"the dialect", test_the_dialect},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
