/* keep_change.c - kept conversations that end: their handler has changed, they are too many, too
 * long, too old, replaced, or come no further. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "keep.h"

/* --- another program ---------------------------------------------------------------- */

static char variant; /* of the handler's code */

/* Says something, asks, and ends; or does something else. */
static int on_variant(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct onebot_answer answer;
    int error = 0;
    rig->count++;
    if (variant == 'b' && (error = onebot_reply(event, "before")))
        CHECK_EQ(error, -ECANCELED);
    CHECK_EQ(onebot_keep(event), variant == 'b' && !error ? -EINVAL : 0);
    if (variant == 'e')
        return 0;
    if (variant == 's')
        error = onebot_keep_sleep(event, XIE_SECOND);
    else if (variant == 'a')
        error = onebot_call(event->bot, "get_status", NULL).error;
    else
        error = onebot_reply(event, variant == 'p' ? "hi" : "hello");
    CHECK_EQ(error, variant == 'n' || variant == 'q' ? 0 : -ECANCELED);
    if (variant == 'q')
        answer = onebot_ask(event, "What?");
    else
        answer = onebot_ask(event, "Well?");
    CHECK(answer.error == -ECANCELED);
    if (variant != 'n')
        CHECK_EQ(onebot_reply(event, "not said"), -ECANCELED);
    return answer.error;
}

static char *line; /* what the log is to say */

static void told(struct rig *rig)
{
    with_store(rig);
    rig->options.keep.told = variant == 'n' ? NULL : "";
}

static void script_change(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    char to = variant;
    variant = 'n';
    rig->options.keep.told = to == 'q' ? "over" : to == 'a' ? NULL : "";
    say_go(rig);
    CHECK_STR(fake_said(fake, 1), "Well?");
    rig_stop(rig);
    CHECK(is_kept(rig));
    variant = to;
    rig_start(rig);
    fake_wait_connections(fake, 2);
    hello(rig);
    rig_wait_log(rig, line);
    check_nothing_kept(rig);
    if (to == 'a' || to == 'e') {
        settle();
        CHECK_EQ(json_array_size(fake->calls), 2);
    } else
        CHECK_STR(fake_said(fake, 2),
                  to == 'q' ? "over" : "我更新过了，刚才的对话接不下去了，请重新开始。");
    CHECK(!rig_logged(rig, "failed"));
    end(rig);
}

static void change(char to, const char *words)
{
    variant = to;
    line = (char *)words;
    play(&(struct play){told, on_variant, script_change});
}

static void test_another_action(void)
{
    change('a', "kept handler go (user 10001, group 20001) has changed, its conversation ends: "
                "step 1 was call send_group_msg, and now it is call get_status");
}

static void test_other_parameters(void)
{
    change('p', "step 1 was call send_group_msg, and now it is the same with other parameters");
}

static void test_another_kind_of_step(void)
{
    change('s', "step 1 was call send_group_msg, and now it is sleep");
}

static void test_another_question(void)
{
    change('q', "step 2 was question, and now it is the same with other parameters");
}

static void test_a_call_before_it_is_kept(void)
{
    change('b', "step 1 was behind onebot_keep, and now it is before it");
}

static void test_it_ends_earlier(void)
{
    change('e', "kept handler go has changed: it ended before step 1, of 2 written down");
}

/* --- the rule has gone -------------------------------------------------------------- */

static void script_no_rule(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    static const struct onebot_command none[] = {{NULL, NULL, NULL, NULL}};
    variant = 'n';
    say_go(rig);
    CHECK_STR(fake_said(fake, 1), "Well?");
    rig->options.commands = none;
    restart(rig);
    rig_wait_log(rig, "a kept conversation of command/go is dropped: its rule is not there any "
                      "more");
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_rule_that_is_not_there(void)
{
    play(&(struct play){with_store, on_variant, script_no_rule});
}

/* --- what cannot be kept ------------------------------------------------------------ */

static int call_beside(void *arg)
{
    struct onebot_event *event = arg;
    struct onebot_result result = onebot_call(event->bot, "get_status", NULL);
    CHECK_EQ(result.error, -EPERM);
    CHECK_STR(result.wording, "only the handler's own task calls while it is kept");
    CHECK_EQ(onebot_ask(event, "?").error, -EPERM);
    CHECK_EQ(onebot_keep_sleep(event, 1), -EPERM);
    CHECK_EQ(onebot_keep_once(event, "x"), -EPERM);
    CHECK_EQ(onebot_keep_value(event, "i", 1).error, -EPERM);
    CHECK_EQ(onebot_keep(event), -EINVAL);
    return 0;
}

static int on_beside(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    XIE_GROUP(group)
        REQUIRE(xie_group_spawn(&group, call_beside, event) == 0);
    xie_event_set(&rig->done);
    return 0;
}

static void script_done(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    check_nothing_kept(rig);
    CHECK_EQ(json_array_size(rig->fake.calls), 0);
    end(rig);
}

static void test_not_by_other_tasks(void)
{
    play(&(struct play){with_store, on_beside, script_done});
}

/* Without a store they all work, and nothing is kept. */
static int on_storeless(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), -ENOTSUP);
    CHECK_EQ(onebot_keep_sleep(event, XIE_MILLISECOND), 0);
    CHECK_EQ(onebot_keep_once(event, "a"), 1);
    CHECK_EQ(onebot_keep_once(event, "a"), 1);
    struct onebot_result value = onebot_keep_value(event, "[i, s]", 1, "x");
    CHECK_EQ(json_array_size(value.data), 2);
    json_decref(value.data);
    value = onebot_keep_value(event, "{s", "x");
    CHECK_EQ(value.error, -EINVAL);
    CHECK(!value.data && *value.wording);
    value = onebot_keep_value(event, NULL);
    CHECK_EQ(value.error, -EINVAL);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(onebot_keep_sleep(event, XIE_NEVER), -ETIMEDOUT);
    CHECK_EQ(onebot_ask(event, "a").error, 0);
    xie_event_set(&rig->done);
    return 0;
}

static void script_storeless(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "a");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "b");
    wait_done(rig);
}

static void test_without_a_store(void)
{
    play(&(struct play){NULL, on_storeless, script_storeless});
}

static int on_late(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_reply(event, "first"), 0);
    CHECK_EQ(onebot_keep(event), -EINVAL);
    xie_event_set(&rig->done);
    return 0;
}

static void script_late(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    CHECK(!is_kept(rig));
    end(rig);
}

static void test_not_after_a_call(void)
{
    play(&(struct play){with_store, on_late, script_late});
}

/* --- limits ------------------------------------------------------------------------- */

static int on_steps(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_EQ(onebot_keep(event), 0);
    for (unsigned i = 0; i < ONEBOT_KEEP_STEPS; i++)
        json_decref(onebot_keep_value(event, "i", i).data);
    CHECK_EQ(onebot_reply(event, "beyond"), XIE_ELIMIT);
    CHECK_EQ(onebot_keep_value(event, "i", 1).error, XIE_ELIMIT);
    xie_event_set(&rig->done);
    return 0;
}

static void test_too_many_steps(void)
{
    play(&(struct play){with_store, on_steps, script_done});
}

static int on_bytes(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    static char big[ONEBOT_KEEP_STEP - 8 + 1];
    memset(big, 'x', sizeof big - 1);
    CHECK_EQ(onebot_keep(event), 0);
    for (unsigned i = 0; i < 3; i++) {
        struct onebot_result one = onebot_keep_value(event, "s", big); /* with {"v":"…"} */
        CHECK_EQ(one.error, 0);
        json_decref(one.data);
        CHECK_EQ(onebot_keep_value(event, "[s]", big).error, XIE_ELIMIT); /* one step */
    }
    CHECK_EQ(onebot_keep_value(event, "s", big).error, XIE_ELIMIT); /* all of them */
    big[sizeof big - 1000] = 0;
    json_decref(onebot_keep_value(event, "s", big).data);
    struct onebot_result call = onebot_call(event->bot, "a", "{}");
    CHECK_EQ(call.error, XIE_ELIMIT);
    CHECK(strstr(call.wording, "what a returned cannot be kept"));
    xie_event_set(&rig->done);
    return 0;
}

static void silent_with_store(struct rig *rig)
{
    with_store(rig);
    rig->fake.silent = true;
}

static void script_bytes(struct rig *rig)
{
    char text[1000] = "";
    memset(text, 'x', sizeof text - 1);
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    fake_answer(&rig->fake, 0, json_string(text));
    wait_done(rig);
    check_nothing_kept(rig);
    end(rig);
}

static void test_too_long(void)
{
    play(&(struct play){silent_with_store, on_bytes, script_bytes});
}

static int on_more(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    int error = onebot_keep(event);
    rig->count += error == XIE_ELIMIT;
    if (error == XIE_ELIMIT)
        xie_event_set(&rig->done);
    return error ? 0 : onebot_ask(event, "Well?").error;
}

static void only_two(struct rig *rig)
{
    with_store(rig);
    rig->options.keep.most = 2;
}

static void script_more(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    for (int64_t i = 0; i < 4; i++)
        fake_message(fake, FAKE_USER + i, FAKE_GROUP, "/go");
    wait_done(rig);
    settle();
    CHECK_EQ(rig->count, 2);
    CHECK_EQ(rig_count_log(rig, "2 conversations are kept; more are not"), 1);
    CHECK_EQ(count_kept(rig, "h/"), 2);
    restart(rig);
    rig_wait_log(rig, "account 10000: 2 kept conversations");
    fake_message(fake, FAKE_USER + 9, FAKE_GROUP, "/go"); /* those of before count too */
    while (rig->count < 3)
        xie_sleep(XIE_MILLISECOND);
    end(rig);
}

static void test_too_many(void)
{
    play(&(struct play){only_two, on_more, script_more});
}

static void script_no_room(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    fake_message(fake, FAKE_USER + 1, FAKE_GROUP, "/go");
    fake_wait_calls(fake, 2);
    rig->options.max_handlers = 1;
    restart(rig);
    rig_wait_log(rig, "account 10000: 1 kept conversation");
    CHECK(rig_logged(rig, "a kept conversation still waits: "));
    CHECK_EQ(count_kept(rig, "h/"), 2);
    end(rig);
}

static void test_no_room_for_it(void)
{
    play(&(struct play){with_store, on_more, script_no_room});
}

/* --- ends --------------------------------------------------------------------------- */

static int on_replaced(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    return onebot_ask(event, "Well %s?", event->args).error;
}

static const struct onebot_rule replacing[] = {
    {.command = {"r"}, .turns = {.busy = ONEBOT_REPLACE}, .handler = on_replaced}, {0}};

static void with_replacing(struct rig *rig)
{
    with_store(rig);
    rig->options.book.rules = replacing;
}

static void script_replaced(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/r a");
    CHECK_STR(fake_said(fake, 0), "Well a?");
    fake_message(fake, FAKE_USER, 0, "/r b");
    CHECK_STR(fake_said(fake, 1), "Well b?");
    CHECK_EQ(count_kept(rig, "h/"), 1); /* the later one's */
    CHECK(!rig_logged(rig, "failed"));
    end(rig);
}

static void test_replaced(void)
{
    play(&(struct play){with_replacing, NULL, script_replaced});
}

static int on_failing(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    CHECK_EQ(onebot_reply(event, "x"), 0);
    return -EIO;
}

static void script_failing(struct rig *rig)
{
    say_go(rig);
    rig_wait_log(rig, "handler /go (user 10001, group 20001) failed: Input/output error");
    check_nothing_kept(rig);
    end(rig);
}

static void test_a_failure_ends_it(void)
{
    play(&(struct play){with_store, on_failing, script_failing});
}

/* --- what comes no further, or is old, or damaged ----------------------------------- */

static int on_asking(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count++;
    CHECK_EQ(onebot_keep(event), 0);
    return onebot_ask(event, "Well?").error;
}

static void set_kept(struct rig *rig, const char *name, json_t *value)
{
    struct onebot_key key = {.space = "xie.kept", .name = name};
    REQUIRE(onebot_store_set(rig->options.store, &key, "o", value) == 0);
}

/* Begun, and the bot stopped; the head of it, owned, and its id. */
static json_t *begin_and_stop(struct rig *rig, char id[64])
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "Well?");
    rig_stop(rig);
    json_t *all = kept(rig, "h/");
    REQUIRE(json_object_size(all) == 1);
    strcpy(id, json_object_iter_key(json_object_iter(all)) + 2);
    json_t *head = json_incref(json_object_iter_value(json_object_iter(all)));
    json_decref(all);
    return head;
}

static void script_tries(struct rig *rig)
{
    char id[64], name[80];
    json_decref(begin_and_stop(rig, id));
    snprintf(name, sizeof name, "t/%s", id);
    set_kept(rig, name, json_integer(ONEBOT_KEEP_TRIES - 1));
    rig_start(rig); /* the last try: it gets further, and all are forgotten */
    fake_wait_connections(&rig->fake, 2);
    hello(rig);
    while (count_kept(rig, "t/"))
        xie_sleep(XIE_MILLISECOND);
    rig_stop(rig);
    CHECK_EQ(rig->count, 2);
    set_kept(rig, name, json_integer(ONEBOT_KEEP_TRIES));
    rig_start(rig);
    fake_wait_connections(&rig->fake, 3);
    hello(rig);
    rig_wait_log(rig, "a kept conversation of command/go is dropped: it has come no further, "
                      "start after start");
    check_nothing_kept(rig);
    CHECK_EQ(rig->count, 2);
    end(rig);
}

static void test_no_further(void)
{
    play(&(struct play){with_store, on_asking, script_tries});
}

static void script_old(struct rig *rig)
{
    char id[64], name[80];
    json_t *head = begin_and_stop(rig, id);
    snprintf(name, sizeof name, "h/%s", id);
    json_object_set_new(
        head, "began",
        json_integer(json_integer_value(json_object_get(head, "began")) - 31 * 24 * XIE_HOUR));
    set_kept(rig, name, head);
    rig_start(rig);
    rig_wait_log(rig, "a kept conversation of command/go is dropped: it is too old");
    check_nothing_kept(rig);
    rig_stop(rig);
    set_kept(rig, name, json_pack("{s:s}", "rule", "x"));
    rig_start(rig);
    rig_wait_log(rig, "a kept conversation of x is dropped: it is damaged");
    check_nothing_kept(rig);
    rig_stop(rig);
    CHECK_EQ(rig->count, 1);
    end(rig);
}

static void test_too_old_or_damaged(void)
{
    play(&(struct play){with_store, on_asking, script_old});
}

static void short_lived(struct rig *rig)
{
    with_store(rig);
    rig->options.keep.age_ns = 20 * XIE_MILLISECOND;
}

static void script_grows_old(struct rig *rig)
{
    say_go(rig);
    rig_wait_log(rig, "kept handler go: its conversation is too old, and ends");
    check_nothing_kept(rig);
    end(rig);
}

static void test_it_grows_old_while_it_runs(void)
{
    play(&(struct play){short_lived, on_asking, script_grows_old});
}

static const struct tap_test tests[] = {
    {"another action", test_another_action},
    {"other parameters", test_other_parameters},
    {"another kind of step", test_another_kind_of_step},
    {"another question", test_another_question},
    {"a call before it is kept", test_a_call_before_it_is_kept},
    {"it ends earlier", test_it_ends_earlier},
    {"a rule that is not there", test_a_rule_that_is_not_there},
    {"not by other tasks", test_not_by_other_tasks},
    {"without a store", test_without_a_store},
    {"not after a call", test_not_after_a_call},
    {"too many steps", test_too_many_steps},
    {"too long", test_too_long},
    {"too many", test_too_many},
    {"no room for it", test_no_room_for_it},
    {"replaced", test_replaced},
    {"a failure ends it", test_a_failure_ends_it},
    {"it comes no further", test_no_further},
    {"too old, or damaged", test_too_old_or_damaged},
    {"it grows old while it runs", test_it_grows_old_while_it_runs},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
