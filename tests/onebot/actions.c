/* actions.c - every typed action: what it sends, and what it makes of any answer. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "base/memory.h"

enum mode mode;

/* --- answers ------------------------------------------------------------------------ */

/* Every number, however deep, as a string. */
static json_t *numbers_as_strings(const json_t *json)
{
    char digits[32];
    const char *key;
    json_t *value;
    if (json_is_integer(json)) {
        snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(json));
        return json_string(digits);
    }
    if (json_is_array(json)) {
        json_t *array = json_array();
        for (size_t i = 0; i < json_array_size(json); i++)
            json_array_append_new(array, numbers_as_strings(json_array_get(json, i)));
        return array;
    }
    if (!json_is_object(json))
        return json_deep_copy(json);
    json_t *object = json_object();
    json_object_foreach((json_t *)json, key, value)
        json_object_set_new(object, key, numbers_as_strings(value));
    return object;
}

/* The right names with values that are neither number, string nor object. */
static json_t *wrong_types(const json_t *json)
{
    const char *key;
    json_t *value;
    if (!json_is_object(json))
        return json_pack("[i, s, n, []]", 5, "x");
    json_t *object = json_object();
    json_object_foreach((json_t *)json, key, value)
        json_object_set_new(object, key, json_pack("[[]]"));
    return object;
}

static json_t *data_of(const struct action *action)
{
    json_t *full = json_loads(action->data, JSON_DECODE_ANY, NULL), *data = NULL;
    REQUIRE(full != NULL);
    if (mode == MODE_FULL)
        data = json_incref(full);
    else if (mode == MODE_STRINGS)
        data = numbers_as_strings(full);
    else if (mode == MODE_MISSING)
        data = json_is_array(full) ? json_array() : json_object();
    else if (mode == MODE_WRONG_TYPES)
        data = wrong_types(full);
    else if (mode == MODE_OTHER_KIND)
        data = json_string("5");
    else
        data = json_null();
    json_decref(full);
    return data;
}

static void answer(struct fake *fake, size_t n, const struct action *action)
{
    json_t *echo = json_object_get(json_array_get(fake->calls, n), "echo");
    if (mode == MODE_FAILED)
        fake_send(fake, "{s:s, s:i, s:n, s:s, s:O}", "status", "failed", "retcode", 100, "data",
                  "wording", "no, never", "echo", echo);
    else if (mode == MODE_ASYNC)
        fake_send(fake, "{s:s, s:i, s:n, s:O}", "status", "async", "retcode", 1, "data", "echo",
                  echo);
    else
        fake_answer(fake, n, data_of(action));
}

static int expected(const struct action *action)
{
    if (mode == MODE_FAILED)
        return XIE_EFAILED;
    bool none = mode == MODE_NULL || mode == MODE_ASYNC;
    if (action->kind == KIND_LIST && (mode == MODE_OTHER_KIND || mode == MODE_ASYNC))
        return XIE_EJSON;
    /* One that comes in an object is not there when its member is missing. */
    if (action->kind == KIND_LIST && *action->data == '{' && (mode == MODE_MISSING))
        return XIE_EJSON;
    if (action->kind == KIND_OBJECT && (none || mode == MODE_OTHER_KIND))
        return XIE_EJSON;
    return 0;
}

/* --- what the rows use -------------------------------------------------------------- */

int64_t num(int64_t value)
{
    return mode == MODE_FULL || mode == MODE_STRINGS ? value : 0;
}

const char *str(const char *value)
{
    return mode == MODE_FULL || mode == MODE_STRINGS ? value : "";
}

static int checked(const struct onebot_result *result)
{
    CHECK_EQ(result->data == NULL, result->error != 0);
    CHECK_EQ(*result->wording != 0, result->error != 0);
    CHECK_EQ(result->retcode, mode == MODE_FAILED ? 100 : mode == MODE_ASYNC ? 1 : 0);
    if (mode == MODE_FAILED)
        CHECK_STR(result->wording, "no, never");
    return result->error;
}

int plain(struct onebot_result result)
{
    CHECK(result.error || json_is_null(result.data)); /* and nothing is leaked */
    return checked(&result);
}

int typed(struct onebot_result *result)
{
    int error = checked(result);
    onebot_result_free(result);
    CHECK(result->data == NULL && result->memory == NULL);
    onebot_result_free(result);
    return error;
}

/* --- the run ------------------------------------------------------------------------ */

static const struct action *actions;

static int on_all(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    for (mode = 0; mode < MODES; mode++) {
        for (const struct action *action = actions; action->name; action++) {
            int error = action->call(event);
            if (error != expected(action))
                tap_failed(__FILE__, __LINE__, "%s, mode %d: %s", action->name, (int)mode,
                           xie_strerror(error));
        }
    }
    xie_event_set(&rig->done);
    return 0;
}

static void expect_call(struct fake *fake, size_t n, const struct action *action)
{
    json_t *want = json_loads(action->params, 0, NULL);
    REQUIRE(want != NULL);
    CHECK_STR(fake_action(fake, n), action->name);
    if (!json_equal(fake_params(fake, n), want)) {
        char text[1024] = {0};
        json_dumpb(fake_params(fake, n), text, sizeof text - 1, JSON_COMPACT);
        tap_failed(__FILE__, __LINE__, "%s sent %s", action->name, text);
    }
    json_decref(want);
}

static void script_all(struct rig *rig)
{
    size_t n = 0;
    say_go(rig);
    for (int round = 0; round < MODES; round++) {
        for (const struct action *action = actions; action->name; action++, n++) {
            expect_call(&rig->fake, n, action);
            answer(&rig->fake, n, action); /* the caller's mode: it waits for this */
        }
    }
    wait_done(rig);
}

static void silent(struct rig *rig)
{
    rig->fake.silent = true;
}

static void run_actions(const struct action *table)
{
    actions = table;
    tap_limit(120);
    play(&(struct play){silent, on_all, script_all});
}

static void test_messages(void)
{
    run_actions(message_actions);
}

static void test_people_and_the_implementation(void)
{
    run_actions(people_actions);
}

static void test_groups(void)
{
    run_actions(group_actions);
}

static void test_files(void)
{
    run_actions(file_actions);
}

/* --- what is not sent --------------------------------------------------------------- */

static void refused(struct onebot_sent sent, int error)
{
    CHECK_EQ(sent.call.error, error);
    CHECK(*sent.call.wording && !sent.call.data && !sent.call.memory);
    CHECK_STR(sent.forward_id, "");
}

static int on_refused(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_message message = {.error = -EIO}, empty = {0};
    refused(onebot_send_group_msg(event->bot, 1, &message), -EIO);
    CHECK_EQ(message.error, 0);
    refused(onebot_send_group_msg(event->bot, 1, &empty), -EINVAL);
    onebot_message_text(&message, "x");
    refused(onebot_send_private_msg(event->bot, 0, 5, &message), -EINVAL);
    CHECK(message.segments == NULL);
    onebot_message_text(&message, "x");
    refused(onebot_send_msg(event->bot, 0, 0, &message), -EINVAL);
    CHECK_EQ(onebot_send_message(event->bot, 1, 0, NULL, &empty), -EINVAL);
    CHECK_EQ(onebot_reply_message(event, &empty), -EINVAL);
    message.error = XIE_ELIMIT;
    CHECK_EQ(onebot_reply_message(event, &message), XIE_ELIMIT);
    onebot_message_text(&message, "x");
    CHECK_EQ(onebot_send_message(event->bot, 0, 0, NULL, &message), -EINVAL);
    CHECK(message.segments == NULL);
    struct onebot_result result = onebot_set_group_card(event->bot, 1, 2, "\xFF");
    CHECK_EQ(result.error, -EINVAL);
    CHECK(strstr(result.wording, "set_group_card") != NULL);
    xie_event_set(&rig->done);
    return 0;
}

static void script_refused(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 0);
}

static void test_what_cannot_be_sent_is_released_and_told(void)
{
    play(&(struct play){silent, on_refused, script_refused});
}

static int on_send(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_message message = {0};
    int64_t id = 0;
    onebot_message_at(&message, 5);
    CHECK_EQ(onebot_reply_message(event, &message), 0);
    CHECK(message.segments == NULL);
    onebot_message_text(&message, "b");
    CHECK_EQ(onebot_send_message(event->bot, 0, 7, &id, &message), 0);
    CHECK_EQ(id, 3);
    xie_event_set(&rig->done);
    return 0;
}

static void script_send(struct rig *rig)
{
    say_go(rig);
    json_t *message = json_object_get(fake_params(&rig->fake, 0), "message");
    CHECK_STR(fake_action(&rig->fake, 0), "send_group_msg");
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 0), "group_id"), FAKE_GROUP);
    CHECK_STR(onebot_string(json_array_get(message, 0), "type"), "at");
    CHECK_STR(fake_action(&rig->fake, 1), "send_private_msg");
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 1), "user_id"), 7);
    wait_done(rig);
}

static void test_a_message_is_sent_and_replied(void)
{
    play(&(struct play){NULL, on_send, script_send});
}

static int on_cut(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_member_info info = onebot_get_group_member_info(event->bot, 1, 2, false);
    CHECK_EQ(info.call.error, XIE_EUNKNOWN);
    CHECK_STR(info.member.nickname, "");
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        struct onebot_friend_list list = onebot_get_friend_list(event->bot);
        CHECK_EQ(list.call.error, -ECANCELED);
        CHECK(list.items == NULL && list.count == 0);
    }
    xie_event_set(&rig->done);
    return 0;
}

static void script_cut(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_cut(&rig->fake);
    wait_done(rig);
}

static void test_cut_and_cancelled(void)
{
    play(&(struct play){silent, on_cut, script_cut});
}

static const struct tap_test tests[] = {
    {"messages", test_messages},
    {"people and the implementation", test_people_and_the_implementation},
    {"groups", test_groups},
    {"files", test_files},
    {"what cannot be sent is released and told", test_what_cannot_be_sent_is_released_and_told},
    {"a message is sent and replied", test_a_message_is_sent_and_replied},
    {"cut and cancelled", test_cut_and_cancelled},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
