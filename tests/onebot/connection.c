/* connection.c - connecting, being refused, losing it, coming back, stopping. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

static int on_done(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->done);
    return 0;
}

static void wait_bot(struct rig *rig)
{
    while (!xie_task_done(rig->bot))
        REQUIRE(xie_event_wait(&rig->fake.changed) == 0);
}

/* --- tokens ------------------------------------------------------------------------- */

static void right_token(struct rig *rig)
{
    rig->fake.token = rig->options.token = "s3cret token";
}

static void script_accepted(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    CHECK_EQ(rig->fake.connections, 1);
    CHECK(rig_logged(rig, "connected to ws://127.0.0.1:"));
    for (size_t i = 0; i < json_array_size(rig->log); i++)
        CHECK(!strstr(json_string_value(json_array_get(rig->log, i)), "s3cret"));
}

static void test_right_token(void)
{
    play(&(struct play){right_token, on_done, script_accepted});
}

static void wrong_token(struct rig *rig)
{
    rig->fake.token = "right";
    rig->options.token = "wrong";
}

static void no_token(struct rig *rig)
{
    rig->fake.token = "right";
    rig->options.token = "";
}

/* Somebody mends it on the other side: the bot must find out by itself. */
static void refused_then_mended(struct rig *rig, const char *said)
{
    rig_wait_log(rig, said);
    rig_wait_log(rig, "next try in 0.0 s"); /* 40 ms, the most */
    while (rig_count_log(rig, said) < 3)
        xie_event_wait(&rig->fake.changed);
    rig->fake.token = rig->options.token;
    if (rig->options.token && !*rig->options.token)
        rig->fake.token = NULL;
    rig->fake.refuse_late = false;
    unsigned before = rig->fake.connections;
    fake_wait_connections(&rig->fake, before + 1);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    wait_done(rig);
}

static void script_refused_early(struct rig *rig)
{
    refused_then_mended(rig, "the token was refused by ws://127.0.0.1:");
    CHECK(rig_logged(rig, rig->options.token && *rig->options.token ? "(HTTP 403)" : "(HTTP 401)"));
}

static void test_refused_before_the_upgrade(void)
{
    play(&(struct play){wrong_token, on_done, script_refused_early});
    play(&(struct play){no_token, on_done, script_refused_early});
}

static void refuse_late(struct rig *rig)
{
    rig->fake.refuse_late = true;
}

static void script_refused_late(struct rig *rig)
{
    refused_then_mended(rig, "the token was refused (retcode 1403)");
}

static void test_refused_after_the_upgrade(void)
{
    play(&(struct play){refuse_late, on_done, script_refused_late});
}

static void slow_retries(struct rig *rig)
{
    wrong_token(rig);
    rig->options.retry_least_ns = XIE_SECOND;
    rig->options.retry_most_ns = XIE_HOUR;
}

static void script_slowest(struct rig *rig)
{
    rig_wait_log(rig, "next try in 3600.0 s");
}

static void test_a_refused_token_is_tried_at_the_slowest_pace(void)
{
    play(&(struct play){slow_retries, NULL, script_slowest});
}

/* --- what cannot be connected to ---------------------------------------------------- */

static void nobody_there(struct rig *rig)
{
    strcat(rig->fake.url, "?access_token=s3cret");
    xie_listener_close(rig->fake.listener);
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &rig->fake.listener) == 0);
}

static void script_nobody(struct rig *rig)
{
    rig_wait_log(rig, "cannot connect to ws://127.0.0.1:");
    rig_wait_log(rig, xie_strerror(-ECONNREFUSED));
    while (rig_count_log(rig, "next try in ") < 4)
        xie_event_wait(&rig->fake.changed);
    CHECK(!rig_logged(rig, "s3cret"));
    CHECK_EQ(rig->fake.connections, 0);
}

static void test_a_refused_port(void)
{
    play(&(struct play){nobody_there, NULL, script_nobody});
}

static void not_websocket(struct rig *rig)
{
    rig->options.url = "ftp://127.0.0.1/";
}

static void script_bad_url(struct rig *rig)
{
    wait_bot(rig);
    CHECK_EQ(rig->bot_result, XIE_EURL);
    CHECK(rig_logged(rig, "cannot connect to ftp://127.0.0.1/: "));
}

static void test_a_wrong_url_ends_the_bot(void)
{
    play(&(struct play){not_websocket, NULL, script_bad_url});
}

static void drop_line(void *arg, enum onebot_level level, const char *line)
{
    strcpy(arg, line);
    CHECK_EQ(level, ONEBOT_ERROR);
}

static int run_with(const char *url, const char *token, char *line)
{
    struct onebot_options options = {
        .url = url, .token = token, .keep_signals = true, .log = drop_line, .log_arg = line};
    return onebot_run(&options);
}

static int run_badly(void *arg)
{
    char line[1024];
    (void)arg;
    CHECK_EQ(run_with(NULL, NULL, line), XIE_EURL);
    CHECK_STR(line, "no URL was given");
    CHECK_EQ(run_with("ws://127.0.0.1:1/", "a\r\nb", line), -EINVAL);
    CHECK_STR(line, "the token has control characters");
    CHECK(strstr(line, "a?") == NULL);
    return 0;
}

static void test_bad_options(void)
{
    struct onebot_options options = {.url = "ws://127.0.0.1:1/"};
    CHECK_EQ(onebot_run(&options), -EPERM);
    CHECK_EQ(xie_run(run_badly, NULL), 0);
}

/* --- losing it, and coming back ----------------------------------------------------- */

static void script_again_and_again(struct rig *rig)
{
    for (unsigned i = 1; i <= 5; i++) {
        fake_wait_connections(&rig->fake, i);
        fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
        wait_done(rig);
        xie_event_clear(&rig->done);
        fake_cut(&rig->fake);
    }
    fake_wait_connections(&rig->fake, 6);
    CHECK(rig_count_log(rig, "connection lost: ") >= 5);
}

static void test_it_comes_back_each_time(void)
{
    play(&(struct play){NULL, on_done, script_again_and_again});
}

static void hang_up(struct rig *rig)
{
    rig->fake.hang_up = true;
    rig->options.retry_least_ns = 4 * XIE_MILLISECOND;
    rig->options.retry_most_ns = 240 * XIE_MILLISECOND;
}

static const char *last_pause(struct rig *rig)
{
    const char *last = "";
    for (size_t i = 0; i < json_array_size(rig->log); i++)
        if (strstr(json_string_value(json_array_get(rig->log, i)), "next try"))
            last = json_string_value(json_array_get(rig->log, i));
    return last;
}

/* Of a peer that hangs up at once they grow; one that spoke resets them. */
static void script_growing(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    rig_wait_log(rig, "connection closed by the peer: code 1000");
    fake_wait_connections(&rig->fake, 8); /* after 4, 8, 16, …, 240 ms, each halved at most */
    CHECK(strcmp(last_pause(rig), "next try in 0.1 s") >= 0);
    rig->fake.hang_up = false;
    fake_wait_connections(&rig->fake, 9);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go");
    wait_done(rig);
    fake_cut(&rig->fake);
    rig_wait_log(rig, "connection lost: ");
    fake_wait_connections(&rig->fake, 10);
    CHECK_STR(last_pause(rig), "next try in 0.0 s"); /* 4 ms at most */
}

static void test_pauses_grow_and_are_reset(void)
{
    play(&(struct play){hang_up, on_done, script_growing});
}

/* --- a peer that is silent ---------------------------------------------------------- */

static void script_heartbeats(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    int64_t last = 0;
    for (int i = 0; i < 3; i++) {
        fake_send(fake, "{s:s, s:s, s:i}", "post_type", "meta_event", "meta_event_type",
                  "heartbeat", "interval", 1000);
        last = xie_now();
        xie_sleep(XIE_SECOND / 2);
    }
    CHECK_EQ(fake->connections, 1);
    fake_wait_connections(fake, 2);
    CHECK(fake->connected_at - last >= 3 * XIE_SECOND);
    CHECK(rig_logged(rig, "no heartbeat for 3 intervals of 1 s"));
    last = fake->connected_at;
    fake_wait_connections(fake, 3); /* one that brings no events at all is noticed, too */
    CHECK(fake->connected_at - last >= 3 * XIE_SECOND);
    xie_sleep(4 * XIE_SECOND); /* the next may be silent: there may be no heartbeats any more */
    CHECK_EQ(fake->connections, 3);
}

static void test_missed_heartbeats(void)
{
    play(&(struct play){NULL, NULL, script_heartbeats});
}

static void say_lifecycle(struct fake *fake)
{
    fake_send_text(fake, "{\"post_type\":\"meta_event\",\"meta_event_type\":\"lifecycle\","
                         "\"sub_type\":\"connect\",\"self_id\":10000}");
}

/* Somebody turns them off: the event that every connection begins with announces none. */
static void script_heartbeats_end(struct rig *rig)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    say_lifecycle(fake);
    fake_send(fake, "{s:s, s:s, s:i}", "post_type", "meta_event", "meta_event_type", "heartbeat",
              "interval", 1000);
    fake_wait_connections(fake, 2);
    say_lifecycle(fake);
    fake_wait_connections(fake, 3);
    CHECK_EQ(rig_count_log(rig, "no heartbeat for 3 intervals of 1 s"), 2);
    say_lifecycle(fake);
    xie_sleep(4 * XIE_SECOND);
    CHECK_EQ(fake->connections, 3);
}

static void test_heartbeats_that_end(void)
{
    play(&(struct play){NULL, NULL, script_heartbeats_end});
}

static void deaf(struct rig *rig)
{
    rig->fake.deaf = true;
    rig->options.ping_interval_ns = 50 * XIE_MILLISECOND;
}

static void script_no_pong(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 2);
    CHECK(rig_logged(rig, "connection lost: "));
}

static void test_a_ping_without_an_answer(void)
{
    play(&(struct play){deaf, NULL, script_no_pong});
}

/* --- stopping ----------------------------------------------------------------------- */

static int on_stop(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    onebot_stop(event->bot);
    onebot_stop(event->bot);
    CHECK_EQ(xie_check(), 0);
    CHECK_EQ(onebot_reply(event, "the last word"), 0); /* the connection is still there */
    rig->count++;
    return 0;
}

static void script_stop(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "the last word");
    wait_bot(rig);
    CHECK_EQ(rig->bot_result, 0);
    CHECK_EQ(rig->count, 1);
}

static void long_grace(struct rig *rig)
{
    rig->options.grace_ns = 10 * XIE_MINUTE;
}

static void test_onebot_stop(void)
{
    play(&(struct play){long_grace, on_stop, script_stop});
}

static int on_grace(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->go);
    CHECK_EQ(xie_sleep(50 * XIE_MILLISECOND), 0);
    CHECK_EQ(onebot_reply(event, "finished"), 0);
    rig->count++;
    return 0;
}

static void script_cancelled_from_outside(struct rig *rig)
{
    say_go(rig);
    xie_event_wait(&rig->go);
    xie_task_cancel(rig->bot);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "/go"); /* nothing new is begun */
    wait_bot(rig);
    CHECK_EQ(rig->bot_result, -ECANCELED);
    CHECK_EQ(rig->count, 1);
    CHECK_STR(fake_said(&rig->fake, 0), "finished");
    CHECK(rig_logged(rig, "1 handler has "));
}

static void test_grace_when_cancelled_from_outside(void)
{
    play(&(struct play){long_grace, on_grace, script_cancelled_from_outside});
}

static int on_endless(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->go);
    int error = xie_sleep_until(XIE_NEVER);
    CHECK_EQ(error, -ECANCELED);
    CHECK_EQ(onebot_call(event->bot, "a", NULL).error, -ECANCELED);
    rig->count++;
    return error;
}

static void script_endless(struct rig *rig)
{
    say_go(rig);
    xie_event_wait(&rig->go);
    xie_task_cancel(rig->bot);
    wait_bot(rig);
    CHECK_EQ(rig->count, 1);
    CHECK(rig_logged(rig, "1 handler is cancelled"));
    CHECK(!rig_logged(rig, "failed"));
}

static void test_the_endless_are_cancelled(void)
{
    play(&(struct play){NULL, on_endless, script_endless});
}

static int on_disconnected(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    xie_event_set(&rig->go);
    while (onebot_call(event->bot, "a", NULL).error != XIE_ENOTCONNECTED)
        xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(onebot_wait_connected(event->bot), XIE_ECLOSED);
    rig->count++;
    return 0;
}

static void far_retries(struct rig *rig)
{
    rig->options.retry_least_ns = rig->options.retry_most_ns = XIE_HOUR;
    rig->options.grace_ns = 10 * XIE_MINUTE;
}

static void script_stop_disconnected(struct rig *rig)
{
    say_go(rig);
    xie_event_wait(&rig->go);
    fake_cut(&rig->fake);
    rig_wait_log(rig, "next try in");
    settle();
    xie_task_cancel(rig->bot);
    wait_bot(rig);
    CHECK_EQ(rig->count, 1);
}

static void test_stopped_while_disconnected(void)
{
    play(&(struct play){far_retries, on_disconnected, script_stop_disconnected});
}

/* --- signals ------------------------------------------------------------------------ */

static void with_signals(struct rig *rig)
{
    rig->options.keep_signals = false;
    rig->options.grace_ns = XIE_HOUR;
}

static void script_signals(struct rig *rig)
{
    say_go(rig);
    xie_event_wait(&rig->go);
    kill(getpid(), SIGTERM);
    rig_wait_log(rig, "Terminated: stopping");
    CHECK_EQ(rig->count, 0);
    settle();
    CHECK(!xie_task_done(rig->bot));
    kill(getpid(), SIGINT);
    rig_wait_log(rig, "Interrupt: stopping at once");
    wait_bot(rig);
    CHECK_EQ(rig->bot_result, 0);
    CHECK_EQ(rig->count, 1);
}

static void test_a_second_signal_hurries(void)
{
    play(&(struct play){with_signals, on_endless, script_signals});
}

static void script_cancelled_then_signal(struct rig *rig)
{
    say_go(rig);
    xie_event_wait(&rig->go);
    xie_task_cancel(rig->bot);
    rig_wait_log(rig, "1 handler has ");
    kill(getpid(), SIGTERM);
    rig_wait_log(rig, "Terminated: stopping at once");
    wait_bot(rig);
    CHECK_EQ(rig->bot_result, -ECANCELED);
    CHECK_EQ(rig->count, 1);
}

static void test_a_signal_hurries_what_was_cancelled(void)
{
    play(&(struct play){with_signals, on_endless, script_cancelled_then_signal});
}

static void script_one_signal(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
    kill(getpid(), SIGINT);
    wait_bot(rig);
    CHECK_EQ(rig->bot_result, 0);
}

static void test_one_signal_stops_an_idle_bot(void)
{
    play(&(struct play){with_signals, on_done, script_one_signal});
}

static const struct tap_test tests[] = {
    {"the right token", test_right_token},
    {"refused before the upgrade, then mended", test_refused_before_the_upgrade},
    {"refused after the upgrade, then mended", test_refused_after_the_upgrade},
    {"a refused token is tried at the slowest pace",
     test_a_refused_token_is_tried_at_the_slowest_pace},
    {"a refused port", test_a_refused_port},
    {"a wrong URL ends the bot", test_a_wrong_url_ends_the_bot},
    {"bad options", test_bad_options},
    {"it comes back each time", test_it_comes_back_each_time},
    {"pauses grow and are reset", test_pauses_grow_and_are_reset},
    {"missed heartbeats", test_missed_heartbeats},
    {"heartbeats that end", test_heartbeats_that_end},
    {"a ping without an answer", test_a_ping_without_an_answer},
    {"onebot_stop", test_onebot_stop},
    {"grace when cancelled from outside", test_grace_when_cancelled_from_outside},
    {"the endless are cancelled", test_the_endless_are_cancelled},
    {"stopped while disconnected", test_stopped_while_disconnected},
    {"a second signal hurries", test_a_second_signal_hurries},
    {"a signal hurries what was cancelled", test_a_signal_hurries_what_was_cancelled},
    {"one signal stops an idle bot", test_one_signal_stops_an_idle_bot},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
