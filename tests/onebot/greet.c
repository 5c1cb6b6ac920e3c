/* greet.c - the example bot's way with events, played against the fake. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "../../apps/bot/commands.h"
#include "fake.h"

static void greeting(struct rig *rig)
{
    rig->fake.silent = true;
    rig->options.on_event = on_greet;
}

static void joined(struct fake *fake, int64_t user)
{
    fake_send(fake, "{s:s, s:s, s:s, s:I, s:I, s:I}", "post_type", "notice", "notice_type",
              "group_increase", "sub_type", "approve", "group_id", (json_int_t)FAKE_GROUP,
              "user_id", (json_int_t)user, "self_id", (json_int_t)FAKE_SELF);
}

static void poked(struct fake *fake, int64_t target)
{
    fake_send(fake, "{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "post_type", "notice", "notice_type",
              "notify", "sub_type", "poke", "group_id", (json_int_t)FAKE_GROUP, "user_id",
              (json_int_t)FAKE_USER, "target_id", (json_int_t)target, "self_id",
              (json_int_t)FAKE_SELF);
}

/* What was sent as call number n, in CQ form. */
static void said_is(struct fake *fake, size_t n, const char *want)
{
    struct onebot_message message = {0};
    char *text = NULL;
    onebot_message_read(&message, json_object_get(fake_params(fake, n), "message"));
    CHECK(onebot_message_string(&message, &text) > 0);
    CHECK_STR(text, want);
    xie_free(text);
    onebot_message_clear(&message);
}

static void script_welcome(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    joined(fake, FAKE_SELF); /* nobody greets himself */
    joined(fake, FAKE_USER);
    CHECK_STR(fake_action(fake, 0), "get_group_info");
    fake_answer(fake, 0, json_pack("{s:s}", "group_name", "[A&B]"));
    CHECK_STR(fake_action(fake, 1), "send_group_msg");
    said_is(fake, 1, "[CQ:at,qq=10001] welcome to &#91;A&amp;B&#93;! [CQ:face,id=21]");
    fake_answer(fake, 1, json_null());
    poked(fake, 10002); /* somebody else */
    poked(fake, FAKE_SELF);
    CHECK_STR(fake_action(fake, 2), "send_group_msg");
    said_is(fake, 2, "Ouch.");
    fake_answer(fake, 2, json_null());
    settle();
    CHECK_EQ(json_array_size(fake->calls), 3);
    CHECK(!rig_logged(rig, "failed"));
}

static void test_who_joins_is_welcomed_and_who_pokes_hears_of_it(void)
{
    play(&(struct play){greeting, NULL, script_welcome});
}

static const struct tap_test tests[] = {
    {"who joins is welcomed and who pokes hears of it",
     test_who_joins_is_welcomed_and_who_pokes_hears_of_it},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
