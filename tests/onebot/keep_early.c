/* keep_early.c - kept conversations where events and calls have connections of their own: what
 * comes before calls can be sent. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "keep.h"

static char event_url[sizeof((struct fake *)NULL)->url + 8];

static int on_each(struct onebot_event *event)
{
    CHECK_EQ(onebot_keep(event), 0);
    struct onebot_answer answer = onebot_ask(event, "Well?");
    return answer.error ? answer.error : onebot_reply(event, "thanks for %s", answer.text);
}

static int on_any(struct onebot_event *event)
{
    struct rig *rig = event->arg;
    rig->count += strcmp(event->text, "hello") == 0;
    return 0;
}

static void apart(struct rig *rig)
{
    struct fake *api = &rig->others[0];
    with_store(rig);
    fake_listen(api);
    snprintf(event_url, sizeof event_url, "%sevent", rig->fake.url);
    rig->endpoints[0] =
        (struct onebot_endpoint){.url = event_url, .role = ONEBOT_EVENT, .self_id = FAKE_SELF};
    rig->endpoints[1] =
        (struct onebot_endpoint){.url = api->url, .role = ONEBOT_API, .self_id = FAKE_SELF};
    rig->options.url = NULL;
    rig->options.endpoints = rig->endpoints;
    rig->options.on_event = on_any;
}

/* Again, and what comes first is an answer, when nothing can be called yet. */
static void begin_apart(struct rig *rig)
{
    struct fake *api = &rig->others[0];
    fake_wait_connections(api, 1);
    say_go(rig);
    CHECK_STR(fake_said(api, 0), "Well?");
    rig_stop(rig);
    api->busy = true;
    unsigned connections = rig->fake.connections;
    rig_start(rig);
    fake_wait_connections(&rig->fake, connections + 1);
}

static void script_events_first(struct rig *rig)
{
    struct fake *api = &rig->others[0];
    begin_apart(rig);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "it");
    settle();
    api->busy = false;
    CHECK_STR(fake_said(api, 1), "thanks for it");
    check_nothing_kept(rig);
    end(rig);
}

static void test_events_before_calls(void)
{
    play(&(struct play){apart, on_each, script_events_first});
}

/* Not for ever, and once. */
static void script_no_calls(struct rig *rig)
{
    struct fake *api = &rig->others[0];
    begin_apart(rig);
    int64_t before = xie_now();
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "hello");
    while (rig->count < 1)
        xie_sleep(XIE_MILLISECOND);
    CHECK(xie_now() - before >= XIE_SECOND);
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "hello");
    settle();
    const char *backend = getenv("XIE_BACKEND");
    if (backend && strcmp(backend, "sim") == 0)
        CHECK_EQ(rig->count, 2);
    CHECK(is_kept(rig));
    api->busy = false;
    rig_wait_log(rig, "account 10000: 1 kept conversation");
    fake_message(&rig->fake, FAKE_USER, FAKE_GROUP, "it");
    CHECK_STR(fake_said(api, 1), "thanks for it");
    CHECK_EQ(rig->count, 2);
    check_nothing_kept(rig);
    end(rig);
}

static void test_events_without_calls(void)
{
    play(&(struct play){apart, on_each, script_no_calls});
}

static const struct tap_test tests[] = {
    {"events before calls", test_events_before_calls},
    {"events without calls", test_events_without_calls},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
