/* future.c - the promises of <xie/future.h>. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "kit.h"

static int wait_value(void *arg)
{
    void *value = NULL;
    int error = xie_future_wait(arg, &value);
    return error ? error : (int)(long)value;
}

static int resolves(void)
{
    struct xie_future future = {0};
    struct xie_task *tasks[3];
    int results[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = xie_spawn(wait_value, &future);
    xie_sleep(0);
    CHECK(!xie_future_done(&future));
    xie_future_resolve(&future, (void *)12);
    CHECK(xie_future_done(&future));
    CHECK_EQ(xie_gather(tasks, 3, results), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(results[i], 12);
    CHECK_EQ(wait_value(&future), 12); /* later too */
    CHECK_EQ(xie_future_wait(&future, NULL), 0);
    return 0;
}

static void all_who_wait_get_the_value(void)
{
    in_task(resolves);
}

static int fails(void)
{
    struct xie_future future = {0};
    struct xie_task *task = xie_spawn(wait_value, &future);
    xie_sleep(0);
    xie_future_fail(&future, -EPIPE);
    CHECK_EQ(xie_join(task), -EPIPE);
    void *value = &future;
    CHECK_EQ(xie_future_wait(&future, &value), -EPIPE);
    CHECK(value == &future); /* untouched on failure */
    return 0;
}

static void a_failure_goes_to_all(void)
{
    in_task(fails);
}

static int interrupted(void)
{
    struct xie_future future = {0};
    struct xie_task *task = xie_spawn(wait_value, &future), *other = xie_spawn(wait_value, &future);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(wait_value(&future), -ETIMEDOUT);
    }
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(!xie_future_done(&future));
    xie_future_resolve(&future, (void *)5);
    CHECK_EQ(xie_join(other), 5);

    /* Resolved, then cancelled, before the waiter ran: what was obtained wins. */
    struct xie_future second = {0};
    task = xie_spawn(wait_value, &second);
    xie_sleep(0);
    xie_future_resolve(&second, (void *)6);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), 6);
    return 0;
}

static void an_interrupted_wait_leaves_the_future(void)
{
    in_task(interrupted);
}

static int order_len;
static char order[8];
static void note(void *arg)
{
    order[order_len++] = *(char *)arg;
}

static int callbacks(void)
{
    struct xie_future future = {0};
    struct xie_future_callback a = {0}, b = {0}, c = {0}, d = {0};
    CHECK_EQ(xie_future_on_done(&future, &a, note, "a"), 0);
    CHECK_EQ(xie_future_on_done(&future, &b, note, "b"), 0);
    CHECK_EQ(xie_future_on_done(&future, &c, note, "c"), 0);
    CHECK(xie_future_off_done(&b));
    CHECK(!xie_future_off_done(&b));
    xie_future_resolve(&future, NULL);
    CHECK_EQ(order_len, 0);         /* never at once */
    CHECK(xie_future_off_done(&c)); /* due, not yet run */
    xie_sleep(0);
    CHECK_STR(order, "a");
    CHECK(!xie_future_off_done(&a));
    CHECK_EQ(xie_future_on_done(&future, &d, note, "d"), 0); /* done already */
    CHECK_STR(order, "a");
    xie_sleep(0);
    CHECK_STR(order, "ad");
    return 0;
}

static void callbacks_run_later_and_can_be_removed(void)
{
    in_task(callbacks);
    struct xie_future future = {0};
    struct xie_future_callback callback = {0};
    CHECK_EQ(xie_future_on_done(&future, &callback, note, "x"), -EPERM);
}

/* What was waited for may be gone, and written over, before who waited goes on. */
static struct xie_future *passing;
static int resolve_and_forget(void *arg)
{
    xie_future_resolve(passing, arg);
    memset(passing, 0x55, sizeof *passing);
    return 0;
}

static int gone(void)
{
    struct xie_future future = {0};
    passing = &future;
    struct xie_task *tasks[3] = {xie_spawn(wait_value, &future), xie_spawn(wait_value, &future),
                                 xie_spawn(resolve_and_forget, (void *)33)};
    int results[3];
    CHECK_EQ(xie_gather(tasks, 3, results), 0);
    CHECK_EQ(results[0], 33);
    CHECK_EQ(results[1], 33);
    struct xie_future second = {0};
    struct xie_task *task = xie_spawn(wait_value, &second);
    xie_sleep(0);
    xie_future_fail(&second, -EPIPE);
    memset(&second, 0x55, sizeof second);
    CHECK_EQ(xie_join(task), -EPIPE);
    return 0;
}

static void the_future_may_be_gone_when_its_waiters_go_on(void)
{
    in_task(gone);
}

static int looks(void)
{
    struct xie_future future = {0}, failed = {0};
    void *value = &future;
    CHECK_EQ(xie_future_result(&future, &value), -EBUSY);
    CHECK(value == &future);
    xie_future_resolve(&future, (void *)9);
    CHECK_EQ(xie_future_result(&future, &value), 0);
    CHECK(value == (void *)9);
    CHECK_EQ(xie_future_result(&future, NULL), 0);
    xie_future_fail(&failed, -ECANCELED); /* asyncio's Future.cancel */
    CHECK_EQ(xie_future_result(&failed, &value), -ECANCELED);
    CHECK(value == (void *)9);
    return 0;
}

static void a_look_at_the_outcome_does_not_wait(void)
{
    in_task(looks);
}

static int registers_twice(void)
{
    struct xie_future future = {0}, other = {0};
    struct xie_future_callback a = {0}, b = {0};
    order_len = 0;
    memset(order, 0, sizeof order);
    CHECK_EQ(xie_future_on_done(&future, &a, note, "a"), 0);
    CHECK_EQ(xie_future_on_done(&future, &a, note, "x"), -EBUSY);
    CHECK_EQ(xie_future_on_done(&other, &a, note, "x"), -EBUSY);
    CHECK_EQ(xie_future_on_done(&future, &b, note, "b"), 0);
    xie_future_resolve(&future, NULL);
    CHECK_EQ(xie_future_on_done(&other, &a, note, "x"), -EBUSY); /* due, not yet run */
    xie_sleep(0);
    CHECK_STR(order, "ab");
    CHECK_EQ(xie_future_on_done(&other, &a, note, "c"), 0); /* it is free again */
    xie_future_resolve(&other, NULL);
    xie_sleep(0);
    CHECK_STR(order, "abc");
    return 0;
}

static void a_callback_is_registered_once(void)
{
    in_task(registers_twice);
}

/* An interface of callbacks, wrapped: the waiting task resumes with what the callback got. */
struct lookup {
    struct xie_call call;
    void (*found)(void *arg, long answer);
    void *arg;
};

static void lookup_ends(void *arg)
{
    struct lookup *lookup = arg;
    lookup->found(lookup->arg, 42);
}

static void lookup_start(struct lookup *lookup, void (*found)(void *arg, long answer), void *arg)
{
    lookup->found = found;
    lookup->arg = arg;
    xie_call_later(&lookup->call, XIE_MICROSECOND, lookup_ends, lookup);
}

static void found(void *arg, long answer)
{
    xie_future_resolve(arg, (void *)answer);
}

static int wraps(void)
{
    struct lookup lookup = {0};
    struct xie_future future = {0};
    void *answer = NULL;
    lookup_start(&lookup, found, &future);
    CHECK_EQ(xie_future_wait(&future, &answer), 0);
    CHECK_EQ((long)answer, 42);
    return 0;
}

static void a_callback_interface_is_wrapped(void)
{
    in_task(wraps);
}

static void resolve_twice(void *arg)
{
    struct xie_future *future = arg;
    xie_future_resolve(future, NULL);
    xie_future_resolve(future, NULL);
}

static void fail_with_success(void *arg)
{
    xie_future_fail(arg, 0);
}

static void misuse_aborts(void)
{
    char text[1024];
    struct xie_future future = {0};
    CHECK(tap_child(resolve_twice, &future, text, sizeof text) != 0);
    CHECK(strstr(text, "resolved twice"));
    CHECK(tap_child(fail_with_success, &future, text, sizeof text) != 0);
    CHECK(strstr(text, "no error"));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"all_who_wait_get_the_value", all_who_wait_get_the_value},
        {"a_failure_goes_to_all", a_failure_goes_to_all},
        {"an_interrupted_wait_leaves_the_future", an_interrupted_wait_leaves_the_future},
        {"callbacks_run_later_and_can_be_removed", callbacks_run_later_and_can_be_removed},
        {"the future may be gone when its waiters go on",
         the_future_may_be_gone_when_its_waiters_go_on},
        {"a look at the outcome does not wait", a_look_at_the_outcome_does_not_wait},
        {"a callback is registered once", a_callback_is_registered_once},
        {"an interface of callbacks is wrapped", a_callback_interface_is_wrapped},
        {"misuse_aborts", misuse_aborts},
        {0},
    };
    return tap_main(argc, argv, tests);
}
