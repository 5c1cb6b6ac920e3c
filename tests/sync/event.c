/* event.c - the promises of <xie/sync.h> about the event. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

#include "task/wait.h"

static struct xie_event event;
static int woken;
static long turn[64];

static int wait_event(void *arg)
{
    int error = xie_event_wait(&event);
    if (!error)
        turn[woken++] = (long)arg;
    return error;
}

IN_TASK(setting_wakes_all_who_wait)
{
    struct xie_task *tasks[3];
    CHECK(!xie_event_is_set(&event));
    for (long i = 0; i < 3; i++)
        tasks[i] = xie_spawn(wait_event, (void *)i);
    xie_sleep(0);
    xie_event_set(&event);
    CHECK(xie_event_is_set(&event));
    CHECK_EQ(xie_gather(tasks, 3, NULL), 0);
    CHECK_EQ(xie_event_wait(&event), 0); /* still set: at once */
    xie_event_set(&event);               /* again does nothing */
    CHECK_EQ(xie_event_wait(&event), 0);
    return 0;
}

IN_TASK(those_woken_stay_woken_through_a_clear)
{
    struct xie_task *task = xie_spawn(wait_event, NULL);
    xie_sleep(0);
    xie_event_set(&event);
    xie_event_clear(&event);
    CHECK(!xie_event_is_set(&event));
    CHECK_EQ(xie_join(task), 0);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_event_wait(&event), -ETIMEDOUT);
    }
    return 0;
}

IN_TASK(an_interrupted_wait_leaves_the_others)
{
    struct xie_task *tasks[3];
    int results[3];
    for (long i = 0; i < 3; i++)
        tasks[i] = xie_spawn(wait_event, (void *)i);
    xie_sleep(0);
    xie_task_cancel(tasks[1]);
    xie_event_set(&event);
    xie_task_cancel(tasks[2]); /* too late: it was woken */
    xie_gather(tasks, 3, results);
    CHECK_EQ(results[0], 0);
    CHECK_EQ(results[1], -ECANCELED);
    CHECK_EQ(results[2], 0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_event_wait(&event), -ETIMEDOUT); /* although it is set */
    }
    return 0;
}

static void set_it(void *arg)
{
    xie_event_set(arg);
}

IN_TASK(a_callback_may_set_it)
{
    struct xie_call call = {0};
    CHECK_EQ(xie_call_soon(&call, set_it, &event), 0);
    CHECK_EQ(xie_event_wait(&event), 0);
    return 0;
}

IN_TASK(tasks_are_woken_in_the_order_they_came)
{
    enum { MANY = 64 };
    struct xie_task *tasks[MANY];
    for (long i = 0; i < MANY; i++)
        tasks[i] = xie_spawn(wait_event, (void *)i);
    xie_sleep(0);
    xie_event_set(&event);
    CHECK_EQ(xie_gather(tasks, MANY, NULL), 0);
    for (long i = 0; i < MANY; i++)
        CHECK_EQ(turn[i], i);
    return 0;
}

static void outside_a_task_it_is_an_error(void)
{
    xie_event_set(&event); /* setting it is no wait */
    CHECK_EQ(xie_event_wait(&event), -EPERM);
    xie_event_clear(&event);
    CHECK_EQ(xie_event_wait(&event), -EPERM);
    CHECK(!xie_event_is_set(&event));
}

/* A hundred thousand in the line, in order, each touched once; half of them leave before, from
 * the middle. Anything quadratic would take hours under valgrind, and minutes without. */
static struct xie_waiter *crowd;
static size_t crowd_woken, crowd_bad;

static void crowd_wake(struct xie_waiter *waiter)
{
    crowd_bad += waiter != &crowd[2 * crowd_woken + 1];
    crowd_woken++;
}

IN_TASK(a_crowd_of_100000_is_woken_in_order)
{
    enum { CROWD = 100000 };
    crowd = calloc(CROWD, sizeof *crowd);
    REQUIRE(crowd);
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i].wake = crowd_wake;
        xie_waiters_add(&event.waiters, &crowd[i]);
    }
    for (size_t i = 0; i < CROWD; i += 2)
        xie_waiters_remove(&crowd[i]);
    xie_event_set(&event);
    CHECK_EQ(crowd_woken, CROWD / 2);
    CHECK_EQ(crowd_bad, 0);
    CHECK(xie_waiters_empty(&event.waiters));
    free(crowd);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"setting_wakes_all_who_wait", setting_wakes_all_who_wait},
        {"those_woken_stay_woken_through_a_clear", those_woken_stay_woken_through_a_clear},
        {"an_interrupted_wait_leaves_the_others", an_interrupted_wait_leaves_the_others},
        {"a_callback_may_set_it", a_callback_may_set_it},
        {"tasks_are_woken_in_the_order_they_came", tasks_are_woken_in_the_order_they_came},
        {"outside_a_task_it_is_an_error", outside_a_task_it_is_an_error},
        {"a_crowd_of_100000_is_woken_in_order", a_crowd_of_100000_is_woken_in_order},
        {0},
    };
    return tap_main(argc, argv, tests);
}
