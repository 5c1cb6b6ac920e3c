/* select_barrier.c - a barrier among the cases of a select: who waits has come, who goes on
 * otherwise has left. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

static struct xie_barrier barrier, other;
static struct xie_event event;

/* A task that selects; what became of it. */
struct waiter {
    struct xie_case cases[3];
    size_t count;
    struct xie_task *task;
};

static int wait_by(void *arg)
{
    struct waiter *self = arg;
    return xie_select(self->cases, self->count);
}

static void waiter_begin(struct waiter *self)
{
    self->cases[0] = xie_case_event(&event);
    self->cases[1] = xie_case_barrier(&barrier);
    self->count = 2;
    self->task = xie_spawn(wait_by, self);
    xie_sleep(0);
}

static void check_empty(void)
{
    CHECK(!barrier.waiters.head && !event.waiters.head && !other.waiters.head);
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
}

static int come(void *arg)
{
    return xie_barrier_wait(arg);
}

IN_TASK(the_last_opens_it_at_once)
{
    struct xie_task *tasks[2];
    xie_barrier_init(&barrier, 3);
    for (int i = 0; i < 2; i++)
        tasks[i] = xie_spawn(come, &barrier);
    xie_sleep(0);
    struct xie_case cases[] = {xie_case_event(&event), xie_case_barrier(&barrier)};
    CHECK_EQ(xie_select_try(cases, 2), 1);
    CHECK_EQ(cases[1].result, 2);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(xie_join(tasks[i]), i);
    check_empty();
    return 0;
}

IN_TASK(to_try_is_not_to_come)
{
    xie_barrier_init(&barrier, 2);
    struct xie_case cases[] = {xie_case_barrier(&barrier)};
    CHECK_EQ(xie_select_try(cases, 1), -EAGAIN);
    CHECK_EQ(xie_select_try(cases, 1), -EAGAIN);
    check_empty();
    return 0;
}

IN_TASK(who_waits_has_come)
{
    static struct waiter waiters[3];
    xie_barrier_init(&barrier, 4);
    for (int round = 0; round < 3; round++) { /* the same arrays again */
        for (int i = 0; i < 3; i++) {
            waiter_begin(&waiters[i]);
            CHECK_EQ(xie_barrier_waiting(&barrier), i + 1);
        }
        CHECK_EQ(xie_barrier_wait(&barrier), 3);
        check_empty(); /* before any of them runs */
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(xie_join(waiters[i].task), 1);
            CHECK_EQ(waiters[i].cases[1].result, i);
        }
    }
    return 0;
}

IN_TASK(who_goes_on_by_another_case_has_left)
{
    static struct waiter one;
    xie_barrier_init(&barrier, 2);
    waiter_begin(&one);
    xie_event_set(&event);
    xie_event_clear(&event);
    check_empty();
    struct xie_task *task = xie_spawn(come, &barrier);
    xie_sleep(0);
    CHECK(!xie_task_done(task));
    CHECK_EQ(xie_join(one.task), 0);
    CHECK_EQ(xie_barrier_wait(&barrier), 1);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

IN_TASK(who_is_interrupted_has_left)
{
    static struct waiter one;
    xie_barrier_init(&barrier, 2);
    waiter_begin(&one);
    xie_task_cancel(one.task);
    check_empty();
    CHECK_EQ(xie_join(one.task), -ECANCELED);
    waiter_begin(&one);
    CHECK_EQ(xie_barrier_wait(&barrier), 1);
    xie_task_cancel(one.task); /* too late: it has its number */
    CHECK_EQ(xie_join(one.task), 1);
    CHECK_EQ(one.cases[1].result, 0);
    struct xie_case cases[] = {xie_case_barrier(&barrier)};
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_select(cases, 1), -ETIMEDOUT);
    check_empty();
    return 0;
}

IN_TASK(a_broken_one_is_an_outcome)
{
    static struct waiter waiters[2];
    xie_barrier_init(&barrier, 3);
    for (int reset = 0; reset < 2; reset++) {
        for (int i = 0; i < 2; i++)
            waiter_begin(&waiters[i]);
        if (reset)
            xie_barrier_reset(&barrier);
        else
            xie_barrier_abort(&barrier);
        check_empty();
        for (int i = 0; i < 2; i++) {
            CHECK_EQ(xie_join(waiters[i].task), 1);
            CHECK_EQ(waiters[i].cases[1].result, XIE_EBROKEN);
        }
        struct xie_case cases[] = {xie_case_barrier(&barrier)};
        CHECK_EQ(xie_select_try(cases, 1), reset ? -EAGAIN : 0);
        if (!reset)
            CHECK_EQ(cases[0].result, XIE_EBROKEN);
        xie_barrier_reset(&barrier);
    }
    return 0;
}

IN_TASK(twice_in_a_select_it_is_come_to_once)
{
    static struct waiter one;
    xie_barrier_init(&barrier, 3);
    one.cases[0] = xie_case_barrier(&barrier);
    one.cases[1] = xie_case_event(&event);
    one.cases[2] = xie_case_barrier(&barrier);
    one.count = 3;
    one.task = xie_spawn(wait_by, &one);
    xie_sleep(0);
    CHECK_EQ(xie_barrier_waiting(&barrier), 1);
    struct xie_task *task = xie_spawn(come, &barrier);
    xie_sleep(0);
    CHECK_EQ(xie_barrier_wait(&barrier), 2);
    CHECK_EQ(xie_join(one.task), 0);
    CHECK_EQ(one.cases[0].result, 0);
    CHECK_EQ(xie_join(task), 1);
    check_empty();
    return 0;
}

IN_TASK(of_two_barriers_the_first_to_open_is_gone_through)
{
    static struct waiter one;
    xie_barrier_init(&barrier, 2);
    xie_barrier_init(&other, 2);
    one.cases[0] = xie_case_barrier(&other);
    one.cases[1] = xie_case_barrier(&barrier);
    one.count = 2;
    one.task = xie_spawn(wait_by, &one);
    xie_sleep(0);
    CHECK_EQ(xie_barrier_waiting(&other), 1);
    CHECK_EQ(xie_barrier_wait(&barrier), 1);
    check_empty();
    CHECK_EQ(xie_barrier_waiting(&other), 0);
    struct xie_task *task = xie_spawn(come, &other); /* alone */
    xie_sleep(0);
    CHECK(!xie_task_done(task));
    CHECK_EQ(xie_join(one.task), 1);
    CHECK_EQ(xie_barrier_wait(&other), 1);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the_last_opens_it_at_once", the_last_opens_it_at_once},
        {"to_try_is_not_to_come", to_try_is_not_to_come},
        {"who_waits_has_come", who_waits_has_come},
        {"who_goes_on_by_another_case_has_left", who_goes_on_by_another_case_has_left},
        {"who_is_interrupted_has_left", who_is_interrupted_has_left},
        {"a_broken_one_is_an_outcome", a_broken_one_is_an_outcome},
        {"twice_in_a_select_it_is_come_to_once", twice_in_a_select_it_is_come_to_once},
        {"of_two_barriers_the_first_to_open_is_gone_through",
         of_two_barriers_the_first_to_open_is_gone_through},
        {0},
    };
    return tap_main(argc, argv, tests);
}
