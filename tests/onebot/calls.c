/* calls.c - calls and those who send them, without a connection, so that who has been sent is
 * certain. */
/* SPDX-License-Identifier: MIT */
#include "onebot/calls.h"

#include <errno.h>
#include <string.h>
#include <xie/onebot.h>

#include "base/fault.h"
#include "base/memory.h"
#include "tap.h"

static int sent_and_unsent(void *arg)
{
    struct onebot_calls calls;
    struct onebot_pending sent, unsent, refused;
    struct onebot_sender sender = {0};
    struct onebot_frame *frame;
    json_t *params = json_object();
    (void)arg;
    onebot_calls_init(&calls, 10);
    CHECK_EQ(onebot_calls_begin(&calls, &refused, "a", params), XIE_ENOTCONNECTED);
    onebot_calls_open(&calls, &sender);
    CHECK_EQ(onebot_calls_begin(&calls, &sent, "a", params), 0);
    CHECK_EQ(onebot_calls_begin(&calls, &unsent, "b", params), 0);
    CHECK_EQ(onebot_calls_next_frame(&sender, &frame), 0);
    CHECK_EQ(frame->len, strlen("{\"action\":\"a\",\"params\":{},\"echo\":\"1\"}"));
    xie_release(frame);
    CHECK_EQ(onebot_calls_close(&calls, &sender), 2);
    CHECK_EQ(xie_future_wait(&sent.done, NULL), XIE_EUNKNOWN);
    CHECK_EQ(xie_future_wait(&unsent.done, NULL), XIE_ENOTCONNECTED);
    onebot_calls_end(&calls, &sent); /* harmless */
    CHECK_EQ(calls.count, 0);
    CHECK_EQ(onebot_calls_begin(&calls, &refused, "a", params), XIE_ENOTCONNECTED);
    json_decref(params);
    return 0;
}

static void test_sent_and_unsent_are_told_apart(void)
{
    CHECK_EQ(xie_run(sent_and_unsent, NULL), 0);
    CHECK_EQ(xie_alloc_live(), 0);
}

/* What the first to go had not taken goes by the other. */
static int two_senders(void *arg)
{
    struct onebot_calls calls;
    struct onebot_pending sent, unsent;
    struct onebot_sender older = {0}, newer = {0};
    struct onebot_frame *frame;
    json_t *params = json_object(), *answer = json_pack("{s:i}", "echo", 2);
    (void)arg;
    onebot_calls_init(&calls, 10);
    onebot_calls_open(&calls, &older);
    onebot_calls_open(&calls, &newer);
    CHECK_EQ(onebot_calls_begin(&calls, &sent, "a", params), 0);
    CHECK_EQ(onebot_calls_begin(&calls, &unsent, "b", params), 0);
    CHECK_EQ(onebot_calls_next_frame(&newer, &frame), 0);
    xie_release(frame);
    CHECK_EQ(onebot_calls_close(&calls, &newer), 1);
    CHECK_EQ(onebot_calls_close(&calls, &newer), 0);
    CHECK_EQ(xie_future_wait(&sent.done, NULL), XIE_EUNKNOWN);
    CHECK(!onebot_calls_answer(&older, answer)); /* before it was sent */
    CHECK_EQ(onebot_calls_next_frame(&older, &frame), 0);
    CHECK_STR(frame->action, "b");
    CHECK_EQ(frame->id, 2);
    xie_release(frame);
    CHECK(!onebot_calls_answer(&newer, answer)); /* it has none any more */
    CHECK(onebot_calls_answer(&older, answer));
    CHECK_EQ(xie_future_wait(&unsent.done, NULL), 0);
    json_decref(unsent.answer);
    CHECK_EQ(onebot_calls_close(&calls, &older), 0);
    json_decref(answer);
    json_decref(params);
    return 0;
}

static int take_one(void *arg)
{
    struct onebot_frame *frame;
    CHECK_EQ(onebot_calls_next_frame(arg, &frame), 0);
    xie_release(frame);
    return 0;
}

/* One that waits for its turn gets it the moment it is the first. */
static int wait_for_the_turn(void *arg)
{
    struct onebot_calls calls;
    struct onebot_pending pending;
    struct onebot_sender older = {0}, newer = {0};
    json_t *params = json_object();
    (void)arg;
    onebot_calls_init(&calls, 10);
    onebot_calls_open(&calls, &older);
    onebot_calls_open(&calls, &newer);
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn(&group, take_one, &older), 0);
        xie_sleep(0);
        CHECK_EQ(onebot_calls_begin(&calls, &pending, "a", params), 0);
        xie_sleep(0);
        CHECK(pending.frame != NULL); /* it is not its turn */
        CHECK_EQ(onebot_calls_close(&calls, &newer), 0);
    }
    CHECK(pending.frame == NULL);
    onebot_calls_end(&calls, &pending);
    onebot_calls_close(&calls, &older);
    json_decref(params);
    return 0;
}

static void test_two_senders(void)
{
    CHECK_EQ(xie_run(two_senders, NULL), 0);
    CHECK_EQ(xie_run(wait_for_the_turn, NULL), 0);
    CHECK_EQ(xie_alloc_live(), 0);
}

static int without_memory(void *arg)
{
    struct onebot_calls calls;
    struct onebot_pending pending;
    struct onebot_sender sender = {0};
    json_t *params = json_object();
    int error = -ENOMEM;
    uint64_t nth = 0;
    (void)arg;
    onebot_calls_init(&calls, 10);
    onebot_calls_open(&calls, &sender);
    while (error == -ENOMEM) {
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = ++nth, .error = -ENOMEM};
        error = onebot_calls_begin(&calls, &pending, "a", params);
        xie_fault_plan.kinds = 0;
    }
    CHECK_EQ(error, 0);
    CHECK(nth > 5);
    CHECK_EQ(calls.count, error ? 0 : 1);
    onebot_calls_end(&calls, &pending);
    CHECK_EQ(onebot_calls_begin(&calls, &pending, "\xFF", params), -EINVAL);
    onebot_calls_close(&calls, &sender);
    json_decref(params);
    return 0;
}

static void test_without_memory(void)
{
    CHECK_EQ(xie_run(without_memory, NULL), 0);
    CHECK_EQ(xie_alloc_live(), 0);
}

static const struct tap_test tests[] = {
    {"sent and unsent are told apart", test_sent_and_unsent_are_told_apart},
    {"two senders", test_two_senders},
    {"without memory", test_without_memory},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    json_set_alloc_funcs(xie_alloc, xie_release);
    return tap_main(argc, argv, tests);
}
