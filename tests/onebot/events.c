/* events.c - what becomes of each frame: commands, on_event, duplicates, junk, limits. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

/* on_event: "post_type/detail_type:text|" into rig->text. */
static int collect(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    size_t len = strlen(rig->text);
    snprintf(rig->text + len, sizeof rig->text - len, "%s/%s:%s|", event->post_type,
             event->detail_type, event->text);
    if (strcmp(event->text, "end") == 0)
        xie_event_set(&rig->done);
    return 0;
}

static void collecting(struct rig *rig)
{
    rig->options.on_event = collect;
}

static int on_go(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    CHECK_STR(event->command, "go");
    CHECK(onebot_commands(event->bot) == rig->commands);
    size_t len = strlen(rig->text);
    snprintf(rig->text + len, sizeof rig->text - len, "go(%s)|", event->args);
    rig->count++;
    return 0;
}

/* The last message: all before it have been dealt with. */
static void end(struct rig *rig)
{
    fake_message(&rig->fake, FAKE_USER, 0, "end");
    wait_done(rig);
}

/* --- which handler ------------------------------------------------------------------ */

static void script_kinds(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_send_text(fake, "{\"post_type\":\"meta_event\",\"meta_event_type\":\"lifecycle\"}");
    fake_send_text(fake, "{\"post_type\":\"meta_event\",\"meta_event_type\":\"heartbeat\"}");
    fake_send_text(fake, "{\"post_type\":\"request\",\"request_type\":\"friend\",\"flag\":\"x\"}");
    /* an event that has an echo and a status is still an event */
    fake_send_text(fake, "{\"post_type\":\"notice\",\"notice_type\":\"new\",\"echo\":\"1\","
                         "\"status\":\"failed\",\"retcode\":1403}");
    fake_send_text(fake, "{\"post_type\":\"brand_new\"}");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go  a b ");
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/nothing");
    fake_message(fake, FAKE_SELF, FAKE_GROUP, "/go by the bot itself");
    fake_send_text(fake, "{\"post_type\":\"message_sent\",\"message_type\":\"group\",\"user_id\":1,"
                         "\"message\":\"/go\"}");
    end(rig);
    CHECK_STR(rig->text, "meta_event/lifecycle:|request/friend:|notice/new:|brand_new/:|go(a b)|"
                         "message/group:/nothing|message/group:/go by the bot itself|"
                         "message_sent/group:/go|message/private:end|");
}

static void test_which_handler(void)
{
    play(&(struct play){collecting, on_go, script_kinds});
}

static void script_no_handlers(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    fake_send_text(fake, "{\"post_type\":\"notice\"}");
    fake_send_text(fake, "junk");
    rig_wait_log(rig, "is not JSON");
    static char deep[5000]; /* more than the decoder's recursion has stack for */
    memset(deep, '[', sizeof deep - 1);
    fake_send_text(fake, deep);
    rig_wait_log(rig, "nested deeper than");
}

static void no_commands(struct rig *rig)
{
    rig->options.commands = NULL;
}

static void test_no_handlers_at_all(void)
{
    play(&(struct play){no_commands, NULL, script_no_handlers});
}

/* --- twice, and by strings ---------------------------------------------------------- */

static void script_twice(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go 1");
    fake->last_id--;
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go 1"); /* the same once more */
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go 2");
    fake->last_id -= 2;
    fake_message(fake, 10002, FAKE_GROUP, "/go 3"); /* another's, by the same number */
    fake->last_id += 10;
    static const char *const string_ids[] = {"7", "\"7\"", "38171548296", "\"38171548296\""};
    for (size_t i = 0; i < 4; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{\"post_type\":\"message\",\"message_type\":\"private\",\"time\":\"5\","
                 "\"self_id\":\"10000\",\"user_id\":\"%d\",\"message_id\":%s,"
                 "\"message\":[{\"type\":\"text\",\"data\":{\"text\":\"/go s\"}}]}",
                 FAKE_USER, string_ids[i]);
        fake_send_text(fake, text);
    }
    fake_send_text(fake, "{\"post_type\":\"message\",\"user_id\":1,\"message\":\"/go no id\"}");
    fake_send_text(fake, "{\"post_type\":\"message\",\"user_id\":1,\"message\":\"/go no id\"}");
    end(rig);
    CHECK_STR(rig->text, "go(1)|go(2)|go(3)|go(s)|go(s)|go(no id)|go(no id)|message/private:end|");
}

static void test_the_same_message_runs_once(void)
{
    play(&(struct play){collecting, on_go, script_twice});
}

/* --- junk ---------------------------------------------------------------------------------------
 */

static void script_junk(struct rig *rig)
{
    static const char *const junk[] = {"",
                                       "hello\nworld",
                                       "{",
                                       "{\"a\":}",
                                       "[]",
                                       "null",
                                       "5",
                                       "\"text\"",
                                       "{}",
                                       "{\"a\":1}",
                                       "[1]",
                                       "{\"post_type\":5}",
                                       "{\"post_type\":null,\"x\":1}"};
    enum { JUNK = sizeof junk / sizeof *junk };
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    for (size_t i = 0; i < JUNK; i++)
        fake_send_text(fake, junk[i]);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go on");
    end(rig);
    CHECK_STR(rig->text, "go(on)|message/private:end|");
    CHECK_EQ(rig_count_log(rig, "is not JSON") + rig_count_log(rig, "neither event nor answer"),
             JUNK);
    CHECK(rig_logged(rig, "hello?world"));
    CHECK_EQ(fake->connections, 1);
}

static void test_junk_is_said_and_passed_over(void)
{
    play(&(struct play){collecting, on_go, script_junk});
}

static void script_odd_events(struct rig *rig)
{
    static const char *const odd[] = {
        "{\"post_type\":\"message\"}",
        "{\"post_type\":\"message\",\"message\":null,\"sender\":[],\"user_id\":{}}",
        "{\"post_type\":\"message\",\"message\":[[[]]],\"sender\":\"x\",\"group_id\":-1}",
        "{\"post_type\":\"meta_event\",\"meta_event_type\":\"heartbeat\",\"interval\":-5}",
        "{\"post_type\":\"meta_event\",\"meta_event_type\":\"heartbeat\",\"interval\":1e300}",
        "{\"post_type\":\"notice\",\"user_id\":99999999999999999999}",
        "{\"post_type\":\"message\",\"message\":\"\\ud800\"}",
        "{\"post_type\":\"message\",\"message\":\"a\\u0000b\"}"};
    fake_wait_connections(&rig->fake, 1);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        fake_send_text(&rig->fake, odd[i]);
    end(rig);
    CHECK_STR(rig->text, "message/:|message/:|message/:|message/:ab|message/private:end|");
    CHECK_EQ(rig_count_log(rig, "is not JSON"), 2);
}

static void test_odd_events(void)
{
    play(&(struct play){collecting, on_go, script_odd_events});
}

/* --- handlers that fail, and too many ----------------------------------------------- */

static int on_fail(struct onebot_event *event)
{
    (void)event;
    return -EPIPE;
}

static int on_event_fails(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    if (strcmp(event->text, "end") == 0)
        return collect(event);
    rig->count++;
    return XIE_EUNKNOWN;
}

static void failing(struct rig *rig)
{
    rig->options.on_event = on_event_fails;
}

static void script_failures(struct rig *rig)
{
    say_go(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "a");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    end(rig);
    CHECK_EQ(rig->count, 1);
    CHECK_EQ(rig_count_log(rig, "handler /go (user 10001, group 20001) failed: "), 2);
    CHECK_EQ(rig_count_log(rig, xie_strerror(-EPIPE)), 2);
    CHECK_EQ(rig_count_log(rig, "handler on_event (user 10001, group 20001) failed: "), 1);
}

static void test_a_failed_handler_is_named_and_others_go_on(void)
{
    play(&(struct play){failing, on_fail, script_failures});
}

static int on_wait(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count++;
    return xie_event_wait(&rig->go);
}

static void two_handlers(struct rig *rig)
{
    rig->options.max_handlers = 2;
}

static void script_too_many(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    say_go(rig);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go"); /* at the limit */
    settle();
    CHECK_EQ(rig->count, 2);
    CHECK(!rig_logged(rig, "max_handlers"));
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go"); /* above */
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    rig_wait_log(rig, "event dropped (message, user 10001, group 20001): max_handlers");
    settle();
    CHECK_EQ(rig->count, 2);
    CHECK_EQ(rig_count_log(rig, "max_handlers"), 1); /* not a line for each */
    xie_event_set(&rig->go);
    settle();
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go"); /* below again */
    settle();
    CHECK_EQ(rig->count, 3);
}

static void test_max_handlers_below_at_and_above(void)
{
    play(&(struct play){two_handlers, on_wait, script_too_many});
}

/* --- large messages ----------------------------------------------------------------- */

static void small_messages(struct rig *rig)
{
    rig->options.max_message = 1000;
    collecting(rig);
}

static void script_large(struct rig *rig)
{
    static const char notice[] = "{\"post_type\":\"notice\",\"notice_type\":\"large\"}";
    char text[1200];
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    memset(text, ' ', sizeof text);
    memcpy(text, notice, sizeof notice - 1);
    text[1000] = 0; /* at the limit */
    fake_send_text(fake, text);
    text[1000] = ' ';
    text[1001] = 0; /* above */
    fake_send_text(fake, text);
    fake_wait_connections(fake, 2);
    CHECK(rig_logged(rig, xie_strerror(XIE_ELIMIT)));
    end(rig);
    CHECK_STR(rig->text, "notice/large:|message/private:end|");
}

static void test_max_message_at_and_above(void)
{
    play(&(struct play){small_messages, NULL, script_large});
}

static const struct tap_test tests[] = {
    {"which handler gets which event", test_which_handler},
    {"no handlers at all", test_no_handlers_at_all},
    {"the same message runs once", test_the_same_message_runs_once},
    {"junk is said and passed over", test_junk_is_said_and_passed_over},
    {"odd events", test_odd_events},
    {"a failed handler is named and others go on", test_a_failed_handler_is_named_and_others_go_on},
    {"max_handlers below, at and above", test_max_handlers_below_at_and_above},
    {"max_message at and above", test_max_message_at_and_above},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
