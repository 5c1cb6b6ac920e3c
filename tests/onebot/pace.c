/* pace.c - sends wait for their turn: of the account, of the group, in order. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static const int64_t INTERVAL = 100 * XIE_MILLISECOND;

/* Where time stands still while anything can run, so that what is in time is certain. */
static void need_sim(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (!backend || strcmp(backend, "sim") != 0)
        tap_skip("how long something took is certain on sim alone");
}

struct one {
    struct onebot_bot *bot;
    int64_t group;
    int number;
    int error;
    int64_t when; /* it was done */
};

static int send_one(void *arg)
{
    struct one *one = arg;
    one->error =
        onebot_send(one->bot, one->group, one->group ? 0 : FAKE_USER, NULL, "%d", one->number);
    one->when = xie_now();
    return 0;
}

static void send_all(struct onebot_bot *bot, struct one *ones, int count)
{
    XIE_GROUP(group) {
        for (int i = 0; i < count; i++) {
            ones[i].bot = bot;
            ones[i].number = i;
            CHECK_EQ(xie_group_spawn(&group, send_one, &ones[i]), 0);
        }
    }
    for (int i = 0; i < count; i++)
        CHECK_EQ(ones[i].error, 0);
}

static void check_order(struct rig *rig, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_EQ(fake_said(&rig->fake, (size_t)i)[0], '0' + i);
}

static void script_go(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
}

static int done(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->done);
    return 0;
}

/* --- the account -------------------------------------------------------------------- */

static void account_pace(struct rig *rig)
{
    rig->options.pace = (struct onebot_pace){.interval_ns = INTERVAL, .burst = 3};
}

/* Three at once, then one after the other; what does not say anything does not wait. */
static int on_account(struct onebot_event *event)
{
    struct one ones[6] = {{0}};
    int64_t start = xie_now();
    send_all(event->bot, ones, 6);
    for (int i = 0; i < 6; i++)
        CHECK(ones[i].when - start >= (i - 2) * INTERVAL);
    int64_t slept = xie_now();
    struct onebot_result result = onebot_call(event->bot, "get_status", NULL);
    CHECK_EQ(result.error, 0);
    json_decref(result.data);
    CHECK(ones[2].when < ones[3].when);
    struct one more[1] = {{0}};
    send_all(event->bot, more, 1); /* 6 sent: the next turn is due one interval after the sixth */
    CHECK(more[0].when - start >= 4 * INTERVAL);
    CHECK(more[0].when >= slept);
    return done(event);
}

static void script_account(struct rig *rig)
{
    script_go(rig);
    check_order(rig, 6);
}

static void test_the_account(void)
{
    play(&(struct play){account_pace, on_account, script_account});
}

/* --- a group ------------------------------------------------------------------------ */

static void group_pace(struct rig *rig)
{
    rig->options.group_pace = (struct onebot_pace){.interval_ns = 50 * XIE_SECOND};
    rig->options.call_timeout_ns = XIE_HOUR;
}

/* Group 1 is used up; everybody else is served meanwhile. */
static int on_group(struct onebot_event *event)
{
    struct one slow = {.bot = event->bot, .group = 1};
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "first"), 0);
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, send_one, &slow), 0);
        xie_sleep(XIE_MILLISECOND);
        for (int64_t other = 2; other < 200; other++)
            CHECK_EQ(onebot_send(event->bot, other, 0, NULL, "other"), 0);
        CHECK_EQ(onebot_send(event->bot, 0, FAKE_USER, NULL, "private"), 0);
        CHECK_EQ(slow.when, 0);
        xie_group_cancel(&group);
    }
    CHECK_EQ(slow.error, -ECANCELED);
    return done(event);
}

static void script_group(struct rig *rig)
{
    script_go(rig);
    for (size_t i = 0; i < json_array_size(rig->fake.calls); i++)
        CHECK(strcmp(fake_said(&rig->fake, i), "0") != 0);
}

static void test_a_slow_group_holds_up_no_other(void)
{
    play(&(struct play){group_pace, on_group, script_group});
}

/* Many groups one after the other: none is forgotten before its turn is due. */
static int on_many_groups(struct onebot_event *event)
{
    int error = 0;
    for (int64_t group = 1; group <= 200; group++)
        CHECK_EQ(onebot_send(event->bot, group, 0, NULL, "first"), 0);
    for (int64_t group = 1; group <= 200; group++) {
        XIE_TIMEOUT(0)
            error = onebot_send(event->bot, group, 0, NULL, "expired");
        CHECK_EQ(error, -ETIMEDOUT);
        XIE_TIMEOUT(XIE_MICROSECOND)
            error = onebot_send(event->bot, group, 0, NULL, "0");
        CHECK_EQ(error, -ETIMEDOUT);
    }
    return done(event);
}

static void hour_for_groups(struct rig *rig)
{
    rig->options.group_pace = (struct onebot_pace){.interval_ns = XIE_HOUR};
}

static void test_no_group_is_forgotten(void)
{
    play(&(struct play){hour_for_groups, on_many_groups, script_group});
}

static void quick_group(struct rig *rig)
{
    rig->options.group_pace = (struct onebot_pace){.interval_ns = INTERVAL};
}

static int on_order(struct onebot_event *event)
{
    struct one ones[4] = {{.group = 9}, {.group = 9}, {.group = 9}, {.group = 9}};
    int64_t start = xie_now();
    send_all(event->bot, ones, 4);
    for (int i = 0; i < 4; i++)
        CHECK(ones[i].when - start >= i * INTERVAL);
    return done(event);
}

static void script_order(struct rig *rig)
{
    script_go(rig);
    check_order(rig, 4);
}

static void test_a_group_waits_in_order(void)
{
    play(&(struct play){quick_group, on_order, script_order});
}

/* --- interrupted -------------------------------------------------------------------- */

static void slow_pace(struct rig *rig)
{
    rig->options.pace = (struct onebot_pace){.interval_ns = 4 * INTERVAL};
    rig->options.call_timeout_ns = INTERVAL;
}

/* Neither takes a turn away: the last comes when the first's interval is over. */
static int on_interrupted(struct onebot_event *event)
{
    int64_t start = xie_now();
    int error = 0;
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "0"), 0);
    struct onebot_result late = onebot_call(event->bot, "send_msg", "{s:s}", "message", "late");
    CHECK_EQ(late.error, -ETIMEDOUT);
    CHECK_STR(late.wording, "no turn to send within 0.1 s");
    XIE_TIMEOUT(INTERVAL / 2)
        error = onebot_send(event->bot, 1, 0, NULL, "scope");
    CHECK_EQ(error, -ETIMEDOUT);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        error = onebot_send(event->bot, 1, 0, NULL, "cancelled");
    }
    CHECK_EQ(error, -ECANCELED);
    while ((error = onebot_send(event->bot, 1, 0, NULL, "1")) == -ETIMEDOUT)
        continue;
    CHECK_EQ(error, 0);
    CHECK(xie_now() - start >= 4 * INTERVAL);
    return done(event);
}

static void script_interrupted(struct rig *rig)
{
    script_go(rig);
    check_order(rig, 2);
    CHECK_EQ(json_array_size(rig->fake.calls), 2);
}

static void test_interrupted_waits_take_no_turn(void)
{
    need_sim();
    play(&(struct play){slow_pace, on_interrupted, script_interrupted});
}

static void two_may_wait(struct rig *rig)
{
    rig->options.pace = (struct onebot_pace){.interval_ns = XIE_HOUR};
    rig->options.call_timeout_ns = XIE_NEVER;
    rig->options.max_calls = 2;
}

static int on_limit(struct onebot_event *event)
{
    struct one ones[2] = {{.bot = event->bot, .group = 1}, {.bot = event->bot, .group = 2}};
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "first"), 0);
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, send_one, &ones[0]), 0);
        CHECK_EQ(xie_group_spawn(&group, send_one, &ones[1]), 0);
        xie_sleep(XIE_MILLISECOND);
        CHECK_EQ(onebot_send(event->bot, 3, 0, NULL, "over"), XIE_ELIMIT);
        xie_group_cancel(&group);
    }
    CHECK_EQ(ones[0].error, -ECANCELED);
    CHECK_EQ(ones[1].error, -ECANCELED);
    return done(event);
}

static void test_how_many_may_wait(void)
{
    play(&(struct play){two_may_wait, on_limit, script_go});
}

/* --- the connection breaks ---------------------------------------------------------- */

static void lone_pace(struct rig *rig)
{
    rig->options.pace = (struct onebot_pace){.interval_ns = INTERVAL};
    rig->options.retry_least_ns = rig->options.retry_most_ns = XIE_HOUR;
}

static int on_broken(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "first"), 0);
    xie_event_set(&rig->go);
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "waits"), XIE_ENOTCONNECTED);
    int64_t before = xie_now();
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "at once"), XIE_ENOTCONNECTED);
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "at once"), XIE_ENOTCONNECTED);
    CHECK(xie_now() - before < INTERVAL / 2);
    return done(event);
}

static void script_broken(struct rig *rig)
{
    say_go(rig);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    fake_cut(&rig->fake);
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 1);
}

static void test_a_turn_without_a_connection(void)
{
    need_sim();
    play(&(struct play){lone_pace, on_broken, script_broken});
}

/* --- without one -------------------------------------------------------------------- */

static void huge_pace(struct rig *rig)
{
    rig->options.pace = (struct onebot_pace){.interval_ns = INT64_MAX, .burst = 0xFFFFFFFF};
    rig->options.group_pace = (struct onebot_pace){.interval_ns = 1, .burst = 0xFFFFFFFF};
}

static int on_twice(struct onebot_event *event)
{
    CHECK_EQ(onebot_send(event->bot, 1, 0, NULL, "0"), 0);
    int error = 0;
    XIE_TIMEOUT(XIE_MILLISECOND)
        error = onebot_send(event->bot, 1, 0, NULL, "1");
    CHECK_EQ(error, -ETIMEDOUT);
    return done(event);
}

static void test_numbers_too_large(void)
{
    play(&(struct play){huge_pace, on_twice, script_go});
}

static const struct tap_test tests[] = {
    {"the account", test_the_account},
    {"a slow group holds up no other", test_a_slow_group_holds_up_no_other},
    {"no group is forgotten", test_no_group_is_forgotten},
    {"a group waits in order", test_a_group_waits_in_order},
    {"interrupted waits take no turn", test_interrupted_waits_take_no_turn},
    {"how many may wait", test_how_many_may_wait},
    {"a turn without a connection", test_a_turn_without_a_connection},
    {"numbers too large", test_numbers_too_large},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
