/* say.c - saying things: as plain text, in a temporary talk, as a quick operation. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/fault.h"
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

static long long echo_of(struct rig *rig, size_t n)
{
    fake_wait_calls(&rig->fake, n + 1);
    return onebot_int(json_array_get(rig->fake.calls, n), "echo");
}

static int on_say(struct onebot_event *event)
{
    int64_t id = -1;
    CHECK_EQ(onebot_reply(event, "[CQ:at,qq=all] %s", "\xFF&"), 0);
    CHECK_EQ(onebot_send(event->bot, 0, 10005, &id, "%d", 7), 0);
    CHECK_EQ(id, -38171548296);
    CHECK_EQ(onebot_send(event->bot, 0, 0, &id, "nobody"), -EINVAL);
    CHECK_EQ(id, -38171548296);
    CHECK_EQ(onebot_send(event->bot, 20002, 0, NULL, "fails"), XIE_EFAILED);
    return done(event);
}

static void script_say(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_action(&rig->fake, 0), "send_group_msg");
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 0), "group_id"), FAKE_GROUP);
    CHECK_STR(fake_said(&rig->fake, 0), "[CQ:at,qq=all] \xEF\xBF\xBD&");
    fake_answer(&rig->fake, 0, json_pack("{s:i}", "message_id", 1));
    CHECK_STR(fake_action(&rig->fake, 1), "send_private_msg");
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 1), "user_id"), 10005);
    CHECK_STR(fake_said(&rig->fake, 1), "7");
    fake_answer(&rig->fake, 1, json_pack("{s:s}", "message_id", "-38171548296"));
    fake_wait_calls(&rig->fake, 3);
    fake_send(&rig->fake, "{s:s, s:i, s:I}", "status", "failed", "retcode", 120, "echo",
              echo_of(rig, 2));
    wait_done(rig);
}

static void test_saying(void)
{
    play(&(struct play){silent, on_say, script_say});
}

static int on_quick(struct onebot_event *event)
{
    CHECK_EQ(onebot_quick(event, "{s:s, s:b}", "reply", "hi", "delete", 1), 0);
    CHECK_EQ(onebot_quick(event, "{s:b}", "approve", 1), XIE_EFAILED);
    CHECK_EQ(onebot_quick(event, "[]"), -EINVAL);
    CHECK_EQ(onebot_quick(event, "{s:s}", "reply", "\xFF"), -EINVAL);
    CHECK_EQ(onebot_quick(event, "{s:s}", "reply", NULL), -EINVAL);
    CHECK_EQ(onebot_quick(event, "{s:[s]}", "reply", NULL), -EINVAL);
    CHECK_EQ(onebot_quick(event, "{s:s}", NULL, "reply"), -EINVAL);
    CHECK_EQ(onebot_quick(event, "{s:O}", "reply", NULL), -EINVAL);
    return done(event);
}

static void script_quick(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_action(&rig->fake, 0), ".handle_quick_operation");
    json_t *context = json_object_get(fake_params(&rig->fake, 0), "context");
    json_t *operation = json_object_get(fake_params(&rig->fake, 0), "operation");
    CHECK_EQ(onebot_int(context, "message_id"), rig->trigger);
    CHECK_STR(onebot_string(operation, "reply"), "hi");
    CHECK(json_is_true(json_object_get(operation, "delete")));
    fake_answer(&rig->fake, 0, json_null());
    fake_wait_calls(&rig->fake, 2);
    fake_send(&rig->fake, "{s:s, s:i, s:I}", "status", "failed", "retcode", 1, "echo",
              echo_of(rig, 1));
    wait_done(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 2);
}

static void test_quick_operations(void)
{
    play(&(struct play){silent, on_quick, script_quick});
}

/* Its own mistake is what it is told of, not that memory ran out; nor the other way round. */
static int on_quick_without_memory(struct onebot_event *event)
{
    int error = -ENOMEM;
    uint64_t nth = 0;
    while (onebot_call(event->bot, "a", NULL).error != XIE_ENOTCONNECTED)
        xie_sleep(XIE_MILLISECOND);
    while (error == -ENOMEM) {
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = ++nth, .error = -ENOMEM};
        error = onebot_quick(event, "{s:b, s:{s:[i, b]}, s:s, s:I}", "delete", 1, "more", "k", 1, 1,
                             "reply", "text", "duration", (json_int_t)1);
        xie_fault_plan.kinds = 0;
    }
    CHECK_EQ(error, XIE_ENOTCONNECTED);
    CHECK(nth > 10);
    return done(event);
}

static void far_retries(struct rig *rig)
{
    silent(rig);
    rig->options.retry_least_ns = rig->options.retry_most_ns = XIE_HOUR;
}

static void script_cut(struct rig *rig)
{
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_cut(&rig->fake);
    wait_done(rig);
}

static void test_a_quick_operation_without_memory(void)
{
    play(&(struct play){far_retries, on_quick_without_memory, script_cut});
}

static void script_temporary(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    fake_send(&rig->fake, "{s:s, s:s, s:s, s:i, s:i, s:s, s:{s:i}}", "post_type", "message",
              "message_type", "private", "sub_type", "group", "self_id", FAKE_SELF, "user_id",
              FAKE_USER, "message", "/go", "sender", "group_id", FAKE_GROUP);
    CHECK_STR(fake_action(&rig->fake, 0), "send_private_msg");
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 0), "user_id"), FAKE_USER);
    CHECK_EQ(onebot_int(fake_params(&rig->fake, 0), "group_id"), FAKE_GROUP);
    wait_done(rig);
}

static int on_temporary(struct onebot_event *event)
{
    CHECK_EQ(event->group_id, 0);
    CHECK_EQ(onebot_reply(event, "hello"), 0);
    return done(event);
}

static void test_temporary_talk(void)
{
    play(&(struct play){NULL, on_temporary, script_temporary});
}

static const struct tap_test tests[] = {
    {"saying things as plain text", test_saying},
    {"quick operations", test_quick_operations},
    {"a quick operation without memory", test_a_quick_operation_without_memory},
    {"a temporary talk goes through its group", test_temporary_talk},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
