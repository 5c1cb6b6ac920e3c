/* change.c - a bot that runs is given other settings: what stays, what goes, what comes. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie/onebot/plugin.h>

#include "base/memory.h"
#include "fake.h"

static struct onebot_bot *handle;
static struct rig *rig_now;

/* What a change is given: all of it is overwritten as soon as something else takes its place, as
 * whoever owned it may do. */
struct given {
    struct onebot_options options;
    struct onebot_endpoint endpoints[4];
    int64_t superusers[2];
    char text[8][200];
    unsigned texts;
};

static const char *own(struct given *given, const char *text)
{
    char *copy = given->text[given->texts++];
    snprintf(copy, sizeof given->text[0], "%s", text);
    return copy;
}

static void add_url(struct given *given, const char *url, const char *token)
{
    struct onebot_endpoint *at = given->endpoints;
    while (at->url || at->listen || at->listener)
        at++;
    at->url = own(given, url);
    at->token = token ? own(given, token) : NULL;
}

/* As the rig's, but for the ways. */
static void begin(struct given *given, const struct rig *rig)
{
    memset(given, 0, sizeof *given);
    given->options = rig->options;
    given->options.url = NULL;
    given->options.endpoints = given->endpoints;
}

static void spoil(struct given *given)
{
    memset(given, 0x5A, sizeof *given);
}

/* The usual beginning: two implementations, of accounts 10000 and 2; the bot is connected to the
 * first. */
static void two_fakes(struct rig *rig)
{
    fake_listen(&rig->others[0]);
    rig->others[0].self_id = 2;
    rig->options.handle = &handle;
    rig->options.arg = rig;
    handle = NULL;
}

/* Until the bot has left it. */
static void wait_gone(struct fake *fake)
{
    while (fake->ws)
        xie_sleep(XIE_MILLISECOND);
}

/* --- what stays --------------------------------------------------------------------- */

/* Once for what stays and once for what was given: says its token, if it still has one. */
static int on_say(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    int error = onebot_reply(event, "by %lld", (long long)onebot_self_id(event->bot));
    rig->count++;
    xie_event_set(&rig->done);
    return error;
}

static void go(struct rig *rig, struct fake *fake, const char *want)
{
    size_t calls = json_array_size(fake->calls);
    xie_event_clear(&rig->done);
    fake_message(fake, FAKE_USER, FAKE_GROUP, "/go");
    CHECK_STR(fake_said(fake, calls), want);
    wait_done(rig);
}

/* Three changes, each of which takes away what the one before had given. */
static void script_stays(struct rig *rig)
{
    struct given first, second;
    fake_wait_connections(&rig->fake, 1);
    go(rig, &rig->fake, "by 10000");
    struct xie_ws *connection = rig->fake.ws;
    begin(&first, rig);
    add_url(&first, rig->fake.url, NULL);
    add_url(&first, rig->others[0].url, "");
    CHECK_EQ(onebot_change(handle, &first.options), 0);
    rig->options.url = NULL;
    memset(rig->fake.url, 'x', 20); /* as it was given at the start */
    fake_wait_connections(&rig->others[0], 1);
    go(rig, &rig->fake, "by 10000");
    go(rig, &rig->others[0], "by 2");
    begin(&second, rig);
    add_url(&second, first.endpoints[1].url, NULL); /* in another order; "" is no token too */
    add_url(&second, first.endpoints[0].url, NULL);
    CHECK_EQ(onebot_change(handle, &second.options), 0);
    spoil(&first);
    settle();
    go(rig, &rig->others[0], "by 2");
    go(rig, &rig->fake, "by 10000");
    CHECK(rig->fake.ws == connection);
    CHECK_EQ(rig->fake.connections, 1);
    CHECK_EQ(rig->others[0].connections, 1);
    CHECK_EQ(rig_count_log(rig, "is no endpoint any more"), 0);
    CHECK(rig_logged(rig, "settings changed; endpoints: 1 new, 1 as before"));
    CHECK(rig_logged(rig, "settings changed; endpoints: 0 new, 2 as before"));
}

static void test_what_stays_keeps_its_connection(void)
{
    play(&(struct play){two_fakes, on_say, script_stays});
}

/* --- what goes, and comes back ------------------------------------------------------ */

static struct onebot_bot *met;

/* A call that is sent fails as by a disconnect, as does the next; the bot is there all the time,
 * and when a way comes back it is the same one. */
static int on_long(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    met = event->bot;
    struct onebot_result result = onebot_call(event->bot, "slow", NULL);
    CHECK_EQ(result.error, XIE_EUNKNOWN);
    result = onebot_call(event->bot, "slow", NULL);
    CHECK_EQ(result.error, XIE_ENOTCONNECTED);
    CHECK_EQ(onebot_self_id(event->bot), FAKE_SELF);
    xie_event_set(&rig->go);
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    CHECK_EQ(onebot_reply(event, "back"), 0);
    xie_event_set(&rig->done);
    return 0;
}

static void script_goes(struct rig *rig)
{
    struct given given, back;
    rig->fake.silent = true;
    say_go(rig);
    fake_wait_calls(&rig->fake, 1);
    begin(&given, rig);
    add_url(&given, rig->others[0].url, NULL);
    CHECK_EQ(onebot_change(handle, &given.options), 0);
    wait_gone(&rig->fake);
    CHECK_EQ(xie_event_wait(&rig->go), 0);
    CHECK(onebot_account(handle, FAKE_SELF) == met);
    CHECK(rig_logged(rig, "1 call failed with the connection"));
    CHECK(rig_logged(rig, "is no endpoint any more"));
    fake_wait_connections(&rig->others[0], 1);
    CHECK(!rig_logged(rig, "connection lost"));
    rig->fake.silent = false;
    begin(&back, rig);
    add_url(&back, rig->others[0].url, NULL);
    add_url(&back, rig->fake.url, NULL);
    back.endpoints[1].self_id = FAKE_SELF;
    CHECK_EQ(onebot_change(met, &back.options), 0); /* any account will do */
    CHECK_STR(fake_said(&rig->fake, 1), "back");
    wait_done(rig);
    CHECK(onebot_account(handle, FAKE_SELF) == met);
    CHECK_EQ(rig->others[0].connections, 1);
}

static void test_what_goes_leaves_its_account(void)
{
    play(&(struct play){two_fakes, on_long, script_goes});
}

/* Nothing at all is a bot that waits to be given something. */
static void script_nothing(struct rig *rig)
{
    struct given given;
    fake_wait_connections(&rig->fake, 1);
    begin(&given, rig);
    CHECK_EQ(onebot_change(handle, &given.options), 0);
    wait_gone(&rig->fake);
    CHECK_EQ(rig->bot_result, 0);
    given.options = rig->options;
    CHECK_EQ(onebot_change(handle, &given.options), 0); /* the short form */
    fake_wait_connections(&rig->fake, 2);
    go(rig, &rig->fake, "by 10000");
}

static void test_without_any_endpoint(void)
{
    play(&(struct play){two_fakes, on_say, script_nothing});
}

/* --- another token ------------------------------------------------------------------ */

static void with_token(struct rig *rig)
{
    two_fakes(rig);
    rig->fake.token = "one";
    rig->options.token = "one";
}

static void script_token(struct rig *rig)
{
    struct given given;
    fake_wait_connections(&rig->fake, 1);
    rig->fake.token = "two";
    begin(&given, rig);
    add_url(&given, rig->fake.url, "two");
    CHECK_EQ(onebot_change(handle, &given.options), 0);
    fake_wait_connections(&rig->fake, 2);
    go(rig, &rig->fake, "by 10000");
    given.endpoints[0].role = ONEBOT_API;
    CHECK_EQ(onebot_change(handle, &given.options), 0); /* its fields may be changed in place */
    fake_wait_connections(&rig->fake, 3);
    CHECK_STR(fake_action(&rig->fake, 1), "get_login_info");
    CHECK_EQ(rig_count_log(rig, "is no endpoint any more"), 2);
}

static void test_another_token_is_another_endpoint(void)
{
    play(&(struct play){with_token, on_say, script_token});
}

/* --- refused changes ---------------------------------------------------------------- */

static void refuse(struct rig *rig, const struct given *given, int error, const char *line)
{
    unsigned before = rig_count_log(rig, line);
    CHECK_EQ(onebot_change(handle, &given->options), error);
    CHECK_EQ(rig_count_log(rig, line), before + 1);
}

/* What is wrong stands behind what would go, come and count: none of it does. */
static struct given *wrong(struct rig *rig)
{
    static struct given given;
    begin(&given, rig);
    given.superusers[0] = FAKE_USER;
    given.options.book.superusers = given.superusers;
    given.options.max_handlers = 0;
    given.options.call_timeout_ns = 1;
    add_url(&given, rig->others[0].url, NULL);
    return &given;
}

static void script_refused(struct rig *rig)
{
    struct xie_listener *taken;
    struct xie_address address;
    char where[XIE_ADDRESS_TEXT];
    fake_wait_connections(&rig->fake, 1);
    go(rig, &rig->fake, "by 10000"); /* one account is known */
    struct given *given = wrong(rig);
    add_url(given, "ftp://127.0.0.1/", NULL);
    refuse(rig, given, XIE_EURL, "cannot connect to ftp://127.0.0.1/: not a valid URL");
    given = wrong(rig);
    add_url(given, "ws://127.0.0.1:99999/", NULL);
    refuse(rig, given, XIE_EURL, "99999/: not a valid URL");
    given = wrong(rig);
    add_url(given, rig->fake.url, "a\nb");
    refuse(rig, given, -EINVAL, "the token has control characters");
    given = wrong(rig);
    given->endpoints[1].listen = "nowhere";
    refuse(rig, given, -EINVAL, "where to listen is not \"host:port\"");
    REQUIRE(xie_tcp_listen("127.0.0.1", 0, 0, &taken) == 0);
    REQUIRE(xie_listener_address(taken, &address) == 0);
    given = wrong(rig);
    given->endpoints[1].listen = xie_address_format(&address, where);
    refuse(rig, given, -EADDRINUSE, "cannot listen on 127.0.0.1:");
    xie_listener_close(taken);
    given = wrong(rig);
    given->endpoints[0].self_id = 77;
    given->options.max_accounts = 1;
    refuse(rig, given, XIE_ELIMIT, "account 77: too many accounts");
    CHECK(onebot_account(handle, 77) == NULL);
    given = wrong(rig);
    given->options.endpoints = NULL;
    refuse(rig, given, XIE_EURL, "no URL was given");
    settle();
    CHECK_EQ(rig->fake.connections, 1);
    CHECK_EQ(rig->others[0].connections, 0);
    CHECK(!rig_logged(rig, "settings changed"));
    go(rig, &rig->fake, "by 10000");
}

static void test_a_refused_change_changes_nothing(void)
{
    play(&(struct play){two_fakes, on_say, script_refused});
}

/* --- who may, and when -------------------------------------------------------------- */

static void test_outside_a_task(void)
{
    struct onebot_options options = {0};
    CHECK_EQ(onebot_change(NULL, &options), -EPERM);
}

static void script_handle(struct rig *rig)
{
    fake_wait_connections(&rig->fake, 1);
    go(rig, &rig->fake, "by 10000");
    CHECK_EQ(onebot_self_id(handle), 0);
    CHECK(onebot_account(handle, FAKE_SELF) != NULL);
    CHECK(onebot_account(handle, -1) == NULL);
    struct onebot_result result = onebot_call(handle, "a", NULL);
    CHECK_EQ(result.error, XIE_ENOTCONNECTED);
    onebot_stop(handle);
    CHECK_EQ(onebot_wait_connected(handle), XIE_ECLOSED);
    while (handle)
        xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(rig->bot_result, 0);
}

static void test_the_handle(void)
{
    play(&(struct play){two_fakes, on_say, script_handle});
}

/* A handler that still has its grace. */
static int on_stop(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct given given;
    begin(&given, rig);
    onebot_stop(event->bot);
    CHECK_EQ(onebot_change(event->bot, &given.options), XIE_ECLOSED);
    xie_event_set(&rig->done);
    return 0;
}

static void script_stopping(struct rig *rig)
{
    say_go(rig);
    wait_done(rig);
}

static void test_a_bot_that_stops_is_not_changed(void)
{
    play(&(struct play){two_fakes, on_stop, script_stopping});
}

static const struct xie_local_key mine = {.name = "mine"};

/* From within a handler, whose own connection goes by it. Its values are not those of the handlers
 * of the ways that begin by it. */
static int on_change(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    struct given given;
    CHECK(xie_local_get(&mine) == NULL);
    if (rig->count)
        return on_say(event);
    CHECK_EQ(xie_local_set(&mine, rig), 0);
    begin(&given, rig);
    add_url(&given, rig->others[0].url, NULL);
    CHECK_EQ(onebot_change(event->bot, &given.options), 0);
    CHECK_EQ(onebot_reply(event, "nobody there"), XIE_ENOTCONNECTED);
    fake_wait_connections(&rig->others[0], 1);
    given.options = rig->options;
    CHECK_EQ(onebot_change(event->bot, &given.options), 0);
    CHECK_EQ(onebot_wait_connected(event->bot), 0);
    rig->count++;
    int error = onebot_reply(event, "still here");
    CHECK_EQ(error, 0);
    xie_event_set(&rig->done);
    return error;
}

static void by_handler(struct rig *rig)
{
    two_fakes(rig);
    rig->endpoints[0] = (struct onebot_endpoint){.url = rig->fake.url, .self_id = FAKE_SELF};
    rig->options.endpoints = rig->endpoints;
    rig->options.url = NULL;
}

static void script_by_handler(struct rig *rig)
{
    say_go(rig);
    CHECK_STR(fake_said(&rig->fake, 0), "still here");
    wait_done(rig);
    CHECK_EQ(rig->fake.connections, 2);
    go(rig, &rig->fake, "by 10000");
}

static void test_by_a_handler(void)
{
    play(&(struct play){by_handler, on_change, script_by_handler});
}

/* --- while it starts ---------------------------------------------------------------- */

/* The start waits for it, so it cannot wait for the start's end. */
static int slow_start(struct onebot_plugin *plugin)
{
    struct rig *rig = rig_now;
    struct given given;
    begin(&given, rig);
    CHECK_EQ(onebot_change(onebot_plugin_bot(plugin), &given.options), -EBUSY);
    xie_event_set(&rig->done);
    return xie_event_wait(&rig->go);
}

static int on_nothing(struct onebot_event *event)
{
    (void)event;
    return 0;
}

static const struct onebot_rule empty_words[] = {{.full = {""}, .handler = on_nothing}, {0}};
ONEBOT_PLUGIN_AS(slow, .name = "slow", .version = "1", .start = slow_start);
ONEBOT_PLUGIN_AS(unsound, .name = "unsound", .version = "1", .rules = empty_words);

static void slowly(struct rig *rig)
{
    static const struct onebot_plugin_definition *const all[] = {&slow, &unsound, NULL};
    two_fakes(rig);
    rig_now = rig;
    rig->options.plugins = all;
}

static int change_it(void *arg)
{
    struct given given;
    begin(&given, arg);
    return onebot_change(handle, &given.options);
}

/* Others wait for the start, which fails, after one that has given up. */
static void script_starting(struct rig *rig)
{
    int result = 0;
    wait_done(rig);
    XIE_TIMEOUT(XIE_MILLISECOND)
        result = change_it(rig);
    CHECK_EQ(result, -ETIMEDOUT);
    struct xie_task *task = xie_spawn(change_it, rig);
    settle();
    xie_event_set(&rig->go);
    CHECK_EQ(xie_join(task), XIE_ECLOSED);
    while (handle)
        xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(rig->bot_result, -EINVAL);
}

static void test_while_it_starts(void)
{
    play(&(struct play){slowly, NULL, script_starting});
}

/* --- the folder of plugins, which stays --------------------------------------------- */

static char folder[64];

static void with_folder(struct rig *rig)
{
    two_fakes(rig);
    strcpy(folder, "/tmp/xie-change-XXXXXX");
    REQUIRE(mkdtemp(folder));
    rig->options.plugin_folder = folder;
}

static void script_folder(struct rig *rig)
{
    char copy[sizeof folder];
    strcpy(copy, folder);
    fake_wait_connections(&rig->fake, 1);
    CHECK_EQ(onebot_plugin_scan(handle), 0);
    memset(folder, 'x', sizeof folder - 1); /* as a folder of settings that are closed */
    CHECK_EQ(onebot_plugin_scan(handle), 0);
    rmdir(copy);
}

static void test_the_folder_of_plugins_is_copied(void)
{
    play(&(struct play){with_folder, NULL, script_folder});
}

static const struct tap_test tests[] = {
    {"what stays keeps its connection", test_what_stays_keeps_its_connection},
    {"what goes leaves its account", test_what_goes_leaves_its_account},
    {"without any endpoint", test_without_any_endpoint},
    {"another token is another endpoint", test_another_token_is_another_endpoint},
    {"a refused change changes nothing", test_a_refused_change_changes_nothing},
    {"outside a task", test_outside_a_task},
    {"the handle", test_the_handle},
    {"a bot that stops is not changed", test_a_bot_that_stops_is_not_changed},
    {"by a handler", test_by_a_handler},
    {"while it starts", test_while_it_starts},
    {"the folder of plugins is copied", test_the_folder_of_plugins_is_copied},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
