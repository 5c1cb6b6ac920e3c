/* call.c - onebot_call: its value, its errors, in any order and under every misfortune. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

static void silent(struct rig *rig)
{
    rig->fake.silent = true;
}

static int done(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->done);
    return 0;
}

/* --- the value ---------------------------------------------------------------------- */

static int on_value(struct onebot_event *event)
{
    struct onebot_result member =
        onebot_call(event->bot, "get_group_member_info", "{s:I, s:I}", "group_id", event->group_id,
                    "user_id", event->user_id);
    CHECK_EQ(member.error, 0);
    CHECK_EQ(member.retcode, 0);
    CHECK_STR(member.wording, "");
    CHECK_STR(onebot_string(member.data, "card"), "The Card");
    CHECK_EQ(onebot_int(member.data, "user_id"), FAKE_USER);
    json_decref(member.data);
    json_auto_t *me = onebot_call(event->bot, "get_login_info", NULL).data;
    CHECK_STR(onebot_string(me, "nickname"), "Bot");
    return done(event);
}

static void script_value(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_action(&rig->fake, 0), "get_group_member_info");
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 0), "group_id"), FAKE_GROUP);
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 0), "user_id"), FAKE_USER);
    fake_answer(&rig->fake, 0, json_pack("{s:s, s:i}", "card", "The Card", "user_id", FAKE_USER));
    CHECK_STR(fake_action(&rig->fake, 1), "get_login_info");
    CHECK_EQ(json_object_size(fake_params(&rig->fake, 1)), 0);
    fake_answer(&rig->fake, 1, json_pack("{s:s}", "nickname", "Bot"));
    wait_done(rig);
}

static void test_value(void)
{
    play(&(struct play){silent, on_value, script_value});
}

/* --- many at once, in any order ----------------------------------------------------- */

enum { MANY = 20 };

struct one {
    struct onebot_bot *bot;
    int number;
    int64_t got;
};

static int call_one(void *arg)
{
    struct one *one = arg;
    struct onebot_result result = onebot_call(one->bot, "a", "{s:i}", "n", one->number);
    one->got = onebot_int(result.data, "n");
    json_decref(result.data);
    return 0;
}

static int on_many(struct onebot_event *event)
{
    struct one ones[MANY];
    XIE_GROUP(group) {
        for (int i = 0; i < MANY; i++) {
            ones[i] = (struct one){.bot = event->bot, .number = i + 1};
            CHECK_EQ(xie_group_spawn(&group, call_one, &ones[i]), 0);
        }
    }
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(ones[i].got, i + 1);
    return done(event);
}

/* Odd ones first and backwards, then the even ones. */
static void script_many(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, MANY);
    for (int i = MANY - 1; i >= 1; i -= 2)
        fake_answer(&rig->fake, (size_t)i, json_incref(fake_params(&rig->fake, (size_t)i)));
    for (int i = 0; i < MANY; i += 2)
        fake_answer(&rig->fake, (size_t)i, json_incref(fake_params(&rig->fake, (size_t)i)));
    wait_done(rig);
}

static void test_answers_in_any_order(void)
{
    play(&(struct play){silent, on_many, script_many});
}

/* --- echoes ------------------------------------------------------------------------- */

static int on_four(struct onebot_event *event)
{
    for (int i = 0; i < 4; i++) {
        struct onebot_result result = onebot_call(event->bot, "a", NULL);
        CHECK_EQ(result.error, 0);
        CHECK_EQ(json_integer_value(result.data), i);
        json_decref(result.data);
    }
    return done(event);
}

static long long echo_of(struct rig *rig, size_t n)
{
    fake_wait_calls(&rig->fake, n + 1);
    json_t *echo = json_object_get(json_array_get(rig->fake.calls, n), "echo");
    CHECK(json_is_string(echo));
    return onebot_int(json_array_get(rig->fake.calls, n), "echo");
}

static void script_echoes(struct rig *rig)
{
    say_go(rig);
    fake_answer(&rig->fake, (echo_of(rig, 0), 0), json_integer(0));
    fake_send(&rig->fake, "{s:s, s:i, s:I}", "status", "ok", "data", 1, "echo", echo_of(rig, 1));
    fake_send(&rig->fake, "{s:s, s:i, s:f}", "status", "ok", "data", 2, "echo",
              (double)echo_of(rig, 2));
    CHECK(!rig_logged(rig, "no call waits"));
    fake_wait_calls(&rig->fake, 4);
    static const char *const odd[] = {"",
                                      ",\"echo\":null",
                                      ",\"echo\":\"\"",
                                      ",\"echo\":0",
                                      ",\"echo\":-1",
                                      ",\"echo\":{\"a\":1}",
                                      ",\"echo\":[]",
                                      ",\"echo\":true",
                                      ",\"echo\":\"x\"",
                                      ",\"echo\":\"123456789\"",
                                      ",\"echo\":1e300"};
    enum { ODD = sizeof odd / sizeof *odd };
    for (size_t i = 0; i < ODD; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"status\":\"ok\",\"retcode\":0,\"data\":9%s}", odd[i]);
        fake_send_text(&rig->fake, text);
    }
    fake_answer(&rig->fake, 3, json_integer(3));
    wait_done(rig);
    CHECK_EQ(rig_count_log(rig, "no call waits for"), ODD);
    CHECK(rig_logged(rig, "echo missing"));
    CHECK(rig_logged(rig, "echo \"123456789\""));
    CHECK(rig_logged(rig, "echo {\"a\":1}"));
    fake_answer(&rig->fake, 3, json_integer(3)); /* twice */
    while (rig_count_log(rig, "no call waits for") < ODD + 1)
        xie_event_wait(&rig->fake.changed);
}

static void test_echoes(void)
{
    play(&(struct play){silent, on_four, script_echoes});
}

/* --- what the implementation refuses ------------------------------------------------ */

static const struct {
    const char *answer; /* its members beside echo */
    int error;
    int retcode;
    const char *wording; /* contained */
} refusals[] = {
    {"\"status\":\"failed\",\"retcode\":1404,\"message\":\"no such action\"", XIE_EACTION, 1404,
     "no such action"},
    {"\"status\":\"failed\",\"retcode\":100,\"wording\":\"the words\",\"msg\":\"M\"", XIE_EFAILED,
     100, "the words"},
    {"\"status\":\"failed\",\"retcode\":-1,\"msg\":\"from\\nmsg\"", XIE_EFAILED, -1, "from?msg"},
    {"\"status\":\"failed\",\"retcode\":1403", XIE_EFAILED, 1403, "retcode 1403"},
    {"\"status\":\"failed\",\"retcode\":0", XIE_EFAILED, 0, "retcode 0"},
    {"\"retcode\":200,\"data\":{}", XIE_EFAILED, 200, "retcode 200"},
    {"\"data\":5", XIE_EJSON, 0, "neither status nor retcode"},
    {"\"status\":\"ok\",\"retcode\":0,\"data\":null", 0, 0, ""},
    {"\"status\":\"async\",\"retcode\":1,\"data\":null", 0, 1, ""},
    {"\"status\":\"ok\"", 0, 0, ""},
    {"\"status\":\"ok\",\"retcode\":7", 0, 7, ""},
    {"\"retcode\":0,\"data\":{}", 0, 0, ""},
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

static int on_refusals(struct onebot_event *event)
{
    for (size_t i = 0; i < REFUSALS; i++) {
        struct onebot_result result = onebot_call(event->bot, "a", NULL);
        CHECK_EQ(result.error, refusals[i].error);
        CHECK_EQ(result.retcode, refusals[i].retcode);
        CHECK(strstr(result.wording, refusals[i].wording) != NULL);
        CHECK_EQ(result.data == NULL, result.error != 0);
        json_decref(result.data);
    }
    return done(event);
}

static void script_refusals(struct rig *rig)
{
    say_go(rig);
    for (size_t i = 0; i < REFUSALS; i++) {
        char text[256];
        snprintf(text, sizeof text, "{%s,\"echo\":\"%lld\"}", refusals[i].answer, echo_of(rig, i));
        fake_send_text(&rig->fake, text);
    }
    wait_done(rig);
}

static void test_refusals(void)
{
    play(&(struct play){silent, on_refusals, script_refusals});
}

/* --- parameters --------------------------------------------------------------------- */

static int on_parameters(struct onebot_event *event)
{
    const char *missing = NULL;
    struct onebot_result result = onebot_call(event->bot, "act", "{s:i", "a", 1);
    CHECK_EQ(result.error, -EINVAL);
    CHECK(strstr(result.wording, "parameters of act: ") != NULL);
    CHECK_EQ(onebot_call(event->bot, "act", "[i]", 1).error, -EINVAL);
    CHECK_EQ(onebot_call(event->bot, "act", "{s:s}", "a", missing).error, -EINVAL);
    CHECK_EQ(onebot_call(event->bot, "act", "{s:s}", "a", "\xFF").error, -EINVAL);
    CHECK_EQ(onebot_call(event->bot, "\xFF", NULL).error, -EINVAL);
    return done(event);
}

static void script_nothing_sent(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    settle();
    CHECK_EQ(json_array_size(rig->fake.calls), 0);
}

static void test_bad_parameters(void)
{
    play(&(struct play){silent, on_parameters, script_nothing_sent});
}

/* --- deadlines ---------------------------------------------------------------------------------
 */

static void short_calls(struct rig *rig)
{
    rig->fake.silent = true;
    rig->options.call_timeout_ns = 20 * XIE_MILLISECOND;
}

static int on_late(struct onebot_event *event)
{
    struct onebot_result result = onebot_call(event->bot, "late", NULL);
    CHECK_EQ(result.error, -ETIMEDOUT);
    CHECK_STR(result.wording, "no answer within 0.02 s");
    CHECK_EQ(xie_check(), 0); /* its own deadline, not ours */
    struct rig *rig = event->arg;
    xie_event_set(&rig->go);
    result = onebot_call(event->bot, "next", NULL);
    CHECK_EQ(json_integer_value(result.data), 2);
    json_decref(result.data);
    return done(event);
}

static void script_late(struct rig *rig)
{
    say_go(rig);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    fake_wait_calls(&rig->fake, 2);
    fake_answer(&rig->fake, 0, json_integer(1));
    fake_answer(&rig->fake, 1, json_integer(2));
    wait_done(rig);
    CHECK_EQ(rig_count_log(rig, "no call waits for"), 1);
}

static void test_late_answer_is_nobody_elses(void)
{
    play(&(struct play){short_calls, on_late, script_late});
}

static int on_scopes(struct onebot_event *event)
{
    struct onebot_result result = {0};
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        result = onebot_call(event->bot, "sent", NULL);
    CHECK_EQ(result.error, -ETIMEDOUT);
    CHECK_STR(result.wording, xie_strerror(-ETIMEDOUT));
    XIE_TIMEOUT(0)
        result = onebot_call(event->bot, "not sent", NULL);
    CHECK_EQ(result.error, -ETIMEDOUT);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        result = onebot_call(event->bot, "not sent", NULL);
        CHECK_EQ(onebot_wait_connected(event->bot), -ECANCELED);
    }
    CHECK_EQ(result.error, -ECANCELED);
    return done(event);
}

static void script_scopes(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    settle();
    CHECK_EQ(json_array_size(rig->fake.calls), 1);
    CHECK_STR(fake_action(&rig->fake, 0), "sent");
}

static void test_scopes_around_a_call(void)
{
    play(&(struct play){silent, on_scopes, script_scopes});
}

/* --- the connection breaks ---------------------------------------------------------- */

static int call_and_expect(void *arg)
{
    struct one *one = arg;
    struct onebot_result result = onebot_call(one->bot, "a", NULL);
    one->got = result.error;
    CHECK(result.data == NULL);
    CHECK(*result.wording);
    return 0;
}

static int on_break(struct onebot_event *event)
{
    struct one ones[MANY];
    XIE_GROUP(group) {
        for (int i = 0; i < MANY; i++) {
            ones[i] = (struct one){.bot = event->bot};
            CHECK_EQ(xie_group_spawn(&group, call_and_expect, &ones[i]), 0);
        }
    }
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(ones[i].got, XIE_EUNKNOWN);
    struct onebot_result result = onebot_call(event->bot, "not sent", NULL);
    CHECK_EQ(result.error, XIE_ENOTCONNECTED);
    CHECK_STR(result.wording, xie_strerror(XIE_ENOTCONNECTED));
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    result = onebot_call(event->bot, "again", NULL);
    CHECK_EQ(result.error, 0);
    json_decref(result.data);
    return done(event);
}

static void script_break(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, MANY);
    fake_cut(&rig->fake);
    CHECK_STR(fake_action(&rig->fake, MANY), "again");
    CHECK_EQ(rig->fake.connections, 2);
    fake_answer(&rig->fake, MANY, json_null());
    wait_done(rig);
    CHECK(rig_logged(rig, "20 calls failed with the connection"));
    CHECK(rig_logged(rig, "connection lost: "));
}

static void test_break_fails_all_calls_at_once(void)
{
    play(&(struct play){silent, on_break, script_break});
}

/* --- a peer that does not read ------------------------------------------------------ */

enum { LARGE = 24 << 20 }; /* more than any buffer between */

static void deaf(struct rig *rig)
{
    rig->fake.deaf = rig->fake.silent = true;
    rig->options.call_timeout_ns = XIE_HOUR; /* so much takes its time under valgrind */
    rig->options.ping_interval_ns = XIE_NEVER;
}

static struct onebot_result call_large(struct onebot_bot *bot)
{
    char *text = malloc(LARGE + 1);
    memset(text, 'x', LARGE);
    text[LARGE] = 0;
    struct onebot_result result = onebot_call(bot, "large", "{s:s}", "text", text);
    free(text);
    return result;
}

static int on_deaf(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_result result = {0};
    XIE_TIMEOUT(tap_slow() ? 30 * XIE_SECOND : 2 * XIE_SECOND)
        result = call_large(event->bot); /* interrupted in the middle of its frame */
    CHECK_EQ(result.error, -ETIMEDOUT);
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        result = onebot_call(event->bot, "taken back", NULL); /* behind it, not sent */
    CHECK_EQ(result.error, -ETIMEDOUT);
    xie_event_set(&rig->go);
    result = onebot_call(event->bot, "small", NULL);
    CHECK_EQ(result.error, 0);
    CHECK_EQ(json_integer_value(result.data), 5);
    json_decref(result.data);
    return done(event);
}

static void script_deaf(struct rig *rig)
{
    say_go(rig);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    rig->fake.deaf = false;
    xie_event_set(&rig->fake.changed);
    xie_event_clear(&rig->fake.changed);
    CHECK_STR(fake_action(&rig->fake, 0), "large");
    CHECK_STR(fake_action(&rig->fake, 1), "small");
    fake_answer(&rig->fake, 1, json_integer(5));
    wait_done(rig);
    CHECK_EQ(rig->fake.connections, 1);
}

static void test_interrupted_caller_breaks_nothing(void)
{
    tap_limit(120); /* so much takes its time on a crowded machine */
    play(&(struct play){deaf, on_deaf, script_deaf});
}

/* --- the limit ---------------------------------------------------------------------- */

static void two_calls(struct rig *rig)
{
    rig->fake.silent = true;
    rig->options.max_calls = 2;
}

static int on_limit(struct onebot_event *event)
{
    struct one ones[2] = {{.bot = event->bot, .number = 1}, {.bot = event->bot, .number = 2}};
    struct rig *rig = event->arg;
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, call_one, &ones[0]), 0);
        CHECK_EQ(xie_group_spawn(&group, call_one, &ones[1]), 0);
        CHECK_EQ(xie_event_wait(&rig->go), 0);
        CHECK_EQ(onebot_call(event->bot, "over", NULL).error, XIE_ELIMIT);
        rig->count = 1;
    }
    CHECK_EQ(ones[0].got, 1);
    CHECK_EQ(ones[1].got, 2);
    struct one again = {.bot = event->bot, .number = 3};
    call_one(&again);
    CHECK_EQ(again.got, 3);
    return done(event);
}

static void script_limit(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 2);
    xie_event_set(&rig->go);
    while (!rig->count)
        xie_sleep(XIE_MILLISECOND);
    for (size_t i = 0; i < 3; i++)
        fake_answer(&rig->fake, i, json_incref(fake_params(&rig->fake, i)));
    wait_done(rig);
}

static void test_max_calls(void)
{
    play(&(struct play){two_calls, on_limit, script_limit});
}

static const struct tap_test tests[] = {
    {"a call returns its value", test_value},
    {"answers in any order", test_answers_in_any_order},
    {"echoes in every form, and unknown ones", test_echoes},
    {"refusals and their words", test_refusals},
    {"bad parameters send nothing", test_bad_parameters},
    {"a late answer is nobody else's", test_late_answer_is_nobody_elses},
    {"scopes around a call", test_scopes_around_a_call},
    {"a break fails all calls at once", test_break_fails_all_calls_at_once},
    {"an interrupted caller breaks nothing", test_interrupted_caller_breaks_nothing},
    {"max_calls below, at and above", test_max_calls},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
