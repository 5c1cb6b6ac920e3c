/* dialect.c - which implementation it is, one call for several names, requests answered. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
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

static void answer_version(struct fake *fake, size_t n, const char *name)
{
    CHECK_STR(fake_action(fake, n), "get_version_info");
    fake_answer(fake, n, json_pack("{s:s}", "app_name", name));
}

/* Refuse call number n. */
static void refuse(struct fake *fake, size_t n, int retcode)
{
    fake_wait_calls(fake, n + 1);
    fake_send(fake, "{s:s, s:i, s:O}", "status", "failed", "retcode", retcode, "echo",
              json_object_get(json_array_get(fake->calls, n), "echo"));
}

/* Call number n is this action with these parameters (JSON text). */
static void expect(struct fake *fake, size_t n, const char *action, const char *params)
{
    json_t *want = json_loads(params, 0, NULL);
    CHECK_STR(fake_action(fake, n), action);
    CHECK(json_equal(fake_params(fake, n), want));
    json_decref(want);
}

/* --- which -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum onebot_dialect dialect;
} names[] = {
    {"NapCat.Onebot", ONEBOT_DIALECT_NAPCAT},       {"LLOneBot", ONEBOT_DIALECT_LUCKYLILLIA},
    {"LuckyLilliaBot", ONEBOT_DIALECT_LUCKYLILLIA}, {"LLBot", ONEBOT_DIALECT_LUCKYLILLIA},
    {"Lagrange.OneBot", ONEBOT_DIALECT_LAGRANGE},   {"go-cqhttp", ONEBOT_DIALECT_GOCQHTTP},
    {"xie-gateway", ONEBOT_DIALECT_OTHER},          {"", ONEBOT_DIALECT_OTHER},
};
enum { NAMES = sizeof names / sizeof *names };

/* Each in a connection of its own. */
static int on_names(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    for (size_t i = 0; i < NAMES; i++) {
        enum onebot_dialect dialect = ONEBOT_DIALECT_OTHER;
        CHECK_EQ(onebot_wait_connected(event->bot), 0);
        for (int twice = 0; twice < 2; twice++) {
            CHECK_EQ(onebot_get_dialect(event->bot, &dialect), 0);
            CHECK_EQ(dialect, names[i].dialect);
        }
        rig->count++;
        fake_cut(&rig->fake);
        fake_wait_connections(&rig->fake, (unsigned)i + 2);
        while (!rig_logged(rig, "connection lost") ||
               rig_count_log(rig, "connected to") < (unsigned)i + 2)
            xie_event_wait(&rig->fake.changed);
    }
    return done(event);
}

static void script_names(struct rig *rig)
{
    say_go(rig);
    for (size_t i = 0; i < NAMES; i++)
        answer_version(&rig->fake, i, names[i].name);
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), NAMES);
}

static void test_asked_once_for_each_connection(void)
{
    play(&(struct play){silent, on_names, script_names});
}

struct asker {
    struct onebot_bot *bot;
    enum onebot_dialect dialect;
    int error;
};

static int ask(void *arg)
{
    struct asker *asker = arg;
    asker->error = onebot_get_dialect(asker->bot, &asker->dialect);
    return 0;
}

static int on_together(struct onebot_event *event)
{
    struct asker askers[5];
    XIE_GROUP(group) {
        for (size_t i = 0; i < 5; i++) {
            askers[i] = (struct asker){.bot = event->bot, .error = 1};
            CHECK_EQ(xie_group_spawn(&group, ask, &askers[i]), 0);
        }
    }
    for (size_t i = 0; i < 5; i++)
        CHECK(askers[i].error == 0 && askers[i].dialect == ONEBOT_DIALECT_NAPCAT);
    return done(event);
}

static void script_together(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    settle();
    CHECK_EQ(json_array_size(rig->fake.calls), 1);
    answer_version(&rig->fake, 0, "NapCat");
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 1);
}

static void test_many_who_ask_wait_for_one_call(void)
{
    play(&(struct play){silent, on_together, script_together});
}

static int on_failures(struct onebot_event *event)
{
    enum onebot_dialect dialect = ONEBOT_DIALECT_GOCQHTTP;
    CHECK_EQ(onebot_get_dialect(event->bot, &dialect), XIE_EFAILED);
    struct onebot_result result = onebot_react(event->bot, 6, 7, "76", true);
    CHECK_EQ(result.error, XIE_EFAILED);
    CHECK(*result.wording && !result.data);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        CHECK_EQ(onebot_get_dialect(event->bot, &dialect), -ECANCELED);
    }
    CHECK_EQ(dialect, ONEBOT_DIALECT_GOCQHTTP);            /* untouched */
    CHECK_EQ(onebot_get_dialect(event->bot, &dialect), 0); /* unknown action */
    CHECK_EQ(dialect, ONEBOT_DIALECT_OTHER);
    CHECK_EQ(onebot_get_dialect(event->bot, &dialect), 0);
    return done(event);
}

static void script_failures(struct rig *rig)
{
    say_go(rig);
    refuse(&rig->fake, 0, 100);
    refuse(&rig->fake, 1, 100);
    refuse(&rig->fake, 2, 1404);
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 3);
}

static void test_a_failure_is_asked_again_an_unknown_action_is_not(void)
{
    play(&(struct play){silent, on_failures, script_failures});
}

/* Who asks and who waits for him are both cancelled; the next one asks anew. */
static int on_cancel(struct onebot_event *event)
{
    struct asker askers[2] = {{.bot = event->bot}, {.bot = event->bot}};
    struct rig *rig = event->arg;
    XIE_GROUP(group) {
        for (size_t i = 0; i < 2; i++)
            CHECK_EQ(xie_group_spawn(&group, ask, &askers[i]), 0);
        fake_wait_calls(&rig->fake, 1);
        settle();
        xie_group_cancel(&group);
    }
    CHECK_EQ(askers[0].error, -ECANCELED);
    CHECK_EQ(askers[1].error, -ECANCELED);
    CHECK_EQ(ask(&askers[0]), 0);
    CHECK(askers[0].error == 0 && askers[0].dialect == ONEBOT_DIALECT_LAGRANGE);
    return done(event);
}

static void script_cancel(struct rig *rig)
{
    say_go(rig);
    answer_version(&rig->fake, 1, "Lagrange");
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 2);
}

static void test_whoever_asks_may_be_cancelled(void)
{
    play(&(struct play){silent, on_cancel, script_cancel});
}

/* --- reactions ---------------------------------------------------------------------- */

#define LIKE(set) "{\"message_id\":7,\"emoji_id\":\"76\",\"set\":" #set "}"
#define UNLIKE "{\"message_id\":7,\"emoji_id\":\"76\"}"
#define REACTION(set) "{\"group_id\":6,\"message_id\":7,\"code\":\"76\",\"is_add\":" #set "}"

/* What is sent at first, and when the implementation does not know that. */
static const struct {
    const char *name;
    bool set;
    const char *first, *first_params, *second, *second_params;
} reactions[] = {
    {"NapCat", true, "set_msg_emoji_like", LIKE(true), "set_group_reaction", REACTION(true)},
    {"NapCat", false, "set_msg_emoji_like", LIKE(false), "set_group_reaction", REACTION(false)},
    {"LLOneBot", true, "set_msg_emoji_like", LIKE(true), "set_group_reaction", REACTION(true)},
    {"LLOneBot", false, "unset_msg_emoji_like", UNLIKE, "set_msg_emoji_like", LIKE(false)},
    {"Lagrange", true, "set_group_reaction", REACTION(true), "set_msg_emoji_like", LIKE(true)},
    {"Lagrange", false, "set_group_reaction", REACTION(false), "set_msg_emoji_like", LIKE(false)},
    {"other", true, "set_msg_emoji_like", LIKE(true), "set_group_reaction", REACTION(true)},
};
static size_t reaction; /* the row being played */

static int on_reaction(struct onebot_event *event)
{
    bool set = reactions[reaction].set;
    struct onebot_result result = onebot_react(event->bot, 6, 7, "76", set);
    CHECK(result.error == 0 && json_is_null(result.data));
    result = onebot_react(event->bot, 6, 7, "76", set);
    CHECK(result.error == 0 && json_is_null(result.data));
    CHECK_EQ(onebot_react(event->bot, 6, 7, "76", set).error, XIE_EFAILED);
    return done(event);
}

static void script_reaction(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    answer_version(fake, 0, reactions[reaction].name);
    expect(fake, 1, reactions[reaction].first, reactions[reaction].first_params);
    fake_answer(fake, 1, json_null());
    expect(fake, 2, reactions[reaction].first, reactions[reaction].first_params);
    refuse(fake, 2, 1404);
    expect(fake, 3, reactions[reaction].second, reactions[reaction].second_params);
    fake_answer(fake, 3, json_object());
    expect(fake, 4, reactions[reaction].first, reactions[reaction].first_params);
    refuse(fake, 4, 100); /* known, but failed: not tried again */
    wait_done(rig);
    CHECK_EQ(json_array_size(fake->calls), 5);
}

static void test_one_call_for_reactions(void)
{
    for (reaction = 0; reaction < sizeof reactions / sizeof *reactions; reaction++)
        play(&(struct play){silent, on_reaction, script_reaction});
}

/* --- here or there ------------------------------------------------------------------ */

static void forward(struct onebot_bot *bot, int64_t group_id, int64_t user_id)
{
    struct onebot_message nodes = {0};
    onebot_message_node_id(&nodes, 9);
    struct onebot_sent sent = onebot_send_forward(bot, group_id, user_id, &nodes);
    CHECK_EQ(sent.call.error, 0);
    onebot_result_free(&sent.call);
}

static int on_places(struct onebot_event *event)
{
    for (int64_t group = 6; group >= 0; group -= 6) {
        forward(event->bot, group, 5);
        CHECK_EQ(onebot_poke(event->bot, group, 5).error, 0);
        struct onebot_file_info file = onebot_upload_file(event->bot, group, 5, "f", "n");
        CHECK_EQ(file.call.error, 0);
        onebot_result_free(&file.call);
        struct onebot_message_list list = onebot_get_history(event->bot, group, 5, 0, 3);
        CHECK_EQ(list.call.error, 0);
        onebot_result_free(&list.call);
        CHECK_EQ(onebot_poke(event->bot, group, 5).error, 0);
    }
    return done(event);
}

static void script_place(struct fake *fake, size_t n, const char *what, const char *place)
{
    static const char *const rest[] = {
        ",\"messages\":[{\"type\":\"node\",\"data\":{\"id\":\"9\"}}]", "",
        ",\"file\":\"f\",\"name\":\"n\"", ",\"count\":3", ""};
    char actions[5][40], params[128];
    bool group = strcmp(what, "group") == 0;
    snprintf(actions[0], sizeof *actions, "send_%s_forward_msg", what);
    snprintf(actions[1], sizeof *actions, "%s_poke", group ? "group" : "friend");
    snprintf(actions[2], sizeof *actions, "upload_%s_file", what);
    snprintf(actions[3], sizeof *actions, "get_%s_msg_history", group ? "group" : "friend");
    snprintf(actions[4], sizeof *actions, "%s_poke", group ? "group" : "friend");
    for (size_t i = 0; i < 5; i++) {
        const char *user = group && i % 3 == 1 ? ",\"user_id\":5" : "";
        snprintf(params, sizeof params, "{%s%s%s}", place, user, rest[i]);
        expect(fake, n + i, actions[i], params);
        if (i < 4)
            fake_answer(fake, n + i, i == 3 ? json_array() : json_null());
    }
    refuse(fake, n + 4, 1404);
    expect(fake, n + 5, "send_poke", group ? "{\"group_id\":6,\"user_id\":5}" : "{\"user_id\":5}");
    fake_answer(fake, n + 5, json_null());
}

static void script_places(struct rig *rig)
{
    say_go(rig);
    script_place(&rig->fake, 0, "group", "\"group_id\":6");
    script_place(&rig->fake, 6, "private", "\"user_id\":5");
    wait_done(rig);
}

static void test_one_call_for_groups_and_persons(void)
{
    play(&(struct play){silent, on_places, script_places});
}

/* --- requests ----------------------------------------------------------------------- */

static int on_request(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    const struct onebot_detail *detail = onebot_event_detail(event);
    switch (detail->kind) {
    case ONEBOT_EVENT_FRIEND_REQUEST:
        CHECK_EQ(onebot_approve(event, "remark").error, 0);
        CHECK_EQ(onebot_reject(event, "reason").error, 0);
        break;
    case ONEBOT_EVENT_GROUP_REQUEST:
        CHECK_EQ(onebot_approve(event, "remark").error, 0);
        CHECK_EQ(onebot_reject(event, "reason").error, 0);
        CHECK_EQ(onebot_reject(event, NULL).error, XIE_EFAILED);
        break;
    default:
        CHECK_EQ(onebot_approve(event, NULL).error, -EINVAL);
        CHECK_EQ(onebot_reject(event, NULL).error, -EINVAL);
        xie_event_set(&rig->done);
    }
    return 0;
}

static void requests(struct rig *rig)
{
    rig->fake.silent = true;
    rig->options.on_event = on_request;
}

static void script_requests(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_send_text(fake, "{\"post_type\":\"request\",\"request_type\":\"friend\",\"flag\":\"F\"}");
    expect(fake, 0, "set_friend_add_request",
           "{\"flag\":\"F\",\"approve\":true,\"remark\":\"remark\"}");
    fake_answer(fake, 0, json_null());
    expect(fake, 1, "set_friend_add_request", "{\"flag\":\"F\",\"approve\":false}");
    fake_answer(fake, 1, json_null());
    fake_send_text(fake, "{\"post_type\":\"request\",\"request_type\":\"group\",\"sub_type\":"
                         "\"invite\",\"flag\":5}");
    expect(fake, 2, "set_group_add_request",
           "{\"flag\":\"5\",\"sub_type\":\"invite\",\"type\":\"invite\",\"approve\":true}");
    fake_answer(fake, 2, json_null());
    expect(fake, 3, "set_group_add_request",
           "{\"flag\":\"5\",\"sub_type\":\"invite\",\"type\":\"invite\",\"approve\":false,"
           "\"reason\":\"reason\"}");
    fake_answer(fake, 3, json_null());
    expect(fake, 4, "set_group_add_request",
           "{\"flag\":\"5\",\"sub_type\":\"invite\",\"type\":\"invite\",\"approve\":false}");
    refuse(fake, 4, 100);
    fake_send_text(fake, "{\"post_type\":\"notice\",\"notice_type\":\"friend_add\"}");
    wait_done(rig);
    CHECK_EQ(json_array_size(fake->calls), 5);
}

static void test_requests_are_answered(void)
{
    play(&(struct play){requests, NULL, script_requests});
}

static const struct tap_test tests[] = {
    {"asked once for each connection", test_asked_once_for_each_connection},
    {"many who ask wait for one call", test_many_who_ask_wait_for_one_call},
    {"a failure is asked again, an unknown action is not",
     test_a_failure_is_asked_again_an_unknown_action_is_not},
    {"whoever asks may be cancelled", test_whoever_asks_may_be_cancelled},
    {"one call for reactions", test_one_call_for_reactions},
    {"one call for groups and persons", test_one_call_for_groups_and_persons},
    {"requests are answered", test_requests_are_answered},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
