/* semaphore.c - the promises of <xie/sync.h> about the semaphore. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

enum { USERS = 20 };

static struct xie_semaphore permits;
static int inside, most_inside, entered;
static long turn[USERS];

static int use_permit(void *arg)
{
    int error = xie_semaphore_take(&permits);
    if (error)
        return error;
    turn[entered++] = (long)arg;
    if (++inside > most_inside)
        most_inside = inside;
    error = xie_sleep(XIE_MICROSECOND * 100);
    inside--;
    xie_semaphore_give(&permits);
    return error;
}

IN_TASK(as_many_inside_as_permits_in_the_order_of_coming)
{
    struct xie_task *tasks[USERS];
    xie_semaphore_init(&permits, 3, 0);
    for (long i = 0; i < USERS; i++)
        tasks[i] = xie_spawn(use_permit, (void *)i);
    CHECK_EQ(xie_gather(tasks, USERS, NULL), 0);
    CHECK_EQ(most_inside, 3);
    CHECK_EQ(permits.value, 3);
    for (long i = 0; i < USERS; i++)
        CHECK_EQ(turn[i], i);
    return 0;
}

IN_TASK(zero_has_no_permit_until_one_is_given)
{
    static struct xie_semaphore zero, three = {.value = 3};
    CHECK(xie_semaphore_locked(&zero));
    CHECK_EQ(xie_semaphore_try(&zero), -EAGAIN);
    xie_semaphore_give(&zero);
    CHECK(!xie_semaphore_locked(&zero));
    CHECK_EQ(xie_semaphore_take(&zero), 0);
    CHECK(xie_semaphore_locked(&zero));
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_semaphore_try(&three), 0);
    CHECK_EQ(xie_semaphore_try(&three), -EAGAIN);
    return 0;
}

IN_TASK(nobody_barges)
{
    xie_semaphore_init(&permits, 0, 0);
    struct xie_task *task = xie_spawn(use_permit, NULL);
    xie_sleep(0);
    xie_semaphore_give(&permits); /* it is the other's from now on */
    CHECK(xie_semaphore_locked(&permits));
    CHECK_EQ(xie_semaphore_try(&permits), -EAGAIN);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(xie_semaphore_try(&permits), 0);
    return 0;
}

/* Three wait; the one at each place of the line is cancelled, before or after a permit is his. */
IN_TASK(who_is_cancelled_in_the_line_loses_no_permit)
{
    for (int which = 0; which < 3; which++)
        for (int given = 0; given < 2; given++) {
            struct xie_task *tasks[3];
            int results[3];
            entered = 0;
            xie_semaphore_init(&permits, 0, 1);
            for (long i = 0; i < 3; i++)
                tasks[i] = xie_spawn(use_permit, (void *)i);
            xie_sleep(0);
            if (given)
                xie_semaphore_give(&permits);
            xie_task_cancel(tasks[which]);
            if (!given)
                xie_semaphore_give(&permits);
            xie_gather(tasks, 3, results);
            for (int i = 0; i < 3; i++)
                CHECK_EQ(results[i], i == which ? -ECANCELED : 0);
            CHECK_EQ(entered, given && which == 0 ? 3 : 2);
            CHECK_EQ(permits.value, 1);
        }
    return 0;
}

IN_TASK(an_expired_scope_takes_nothing)
{
    xie_semaphore_init(&permits, 1, 1);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_semaphore_take(&permits), -ETIMEDOUT);
    }
    CHECK_EQ(permits.value, 1);
    CHECK_EQ(xie_semaphore_take(&permits), 0);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_semaphore_take(&permits), -ETIMEDOUT);
    }
    xie_semaphore_give(&permits);
    CHECK_EQ(permits.value, 1);
    return 0;
}

static void give_it(void *arg)
{
    CHECK_EQ(xie_semaphore_try(arg), -EAGAIN);
    xie_semaphore_give(arg);
    xie_semaphore_give(arg);
    CHECK_EQ(xie_semaphore_try(arg), 0);
}

IN_TASK(a_callback_may_try_and_give)
{
    struct xie_call call = {0};
    xie_semaphore_init(&permits, 0, 0);
    CHECK_EQ(xie_call_soon(&call, give_it, &permits), 0);
    CHECK_EQ(xie_semaphore_take(&permits), 0);
    CHECK(xie_semaphore_locked(&permits));
    return 0;
}

static int leave_by_return(void)
{
    XIE_PERMITTED(&permits) {
        CHECK(xie_semaphore_locked(&permits));
        return 7;
    }
    return 0;
}

IN_TASK(a_block_gives_the_permit_back_by_any_road)
{
    xie_semaphore_init(&permits, 1, 1);
    XIE_PERMITTED(&permits) {
        CHECK(xie_semaphore_locked(&permits));
    }
    XIE_PERMITTED(&permits) {
        break;
    }
    CHECK_EQ(permits.value, 1);
    CHECK_EQ(leave_by_return(), 7);
    CHECK_EQ(permits.value, 1);
    XIE_TIMEOUT(0) {
        bool went_in = false;
        XIE_PERMITTED(&permits) {
            went_in = true;
        }
        CHECK(!went_in);
    }
    CHECK_EQ(permits.value, 1);
    return 0;
}

static int give_beyond(void *arg)
{
    (void)arg;
    xie_semaphore_init(&permits, 2, 3);
    xie_semaphore_give(&permits);
    xie_semaphore_give(&permits);
    return 0;
}

static int begin_beyond(void *arg)
{
    (void)arg;
    xie_semaphore_init(&permits, 4, 3);
    return 0;
}

static void more_than_the_bound_aborts(void)
{
    kit_aborts(give_beyond, "all 3 permits are free");
    kit_aborts(begin_beyond, "its bound is 3");
}

static void outside_a_task_it_is_an_error(void)
{
    xie_semaphore_init(&permits, 1, 0);
    CHECK_EQ(xie_semaphore_take(&permits), -EPERM);
    CHECK_EQ(permits.value, 1);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"as_many_inside_as_permits_in_the_order_of_coming",
         as_many_inside_as_permits_in_the_order_of_coming},
        {"zero_has_no_permit_until_one_is_given", zero_has_no_permit_until_one_is_given},
        {"nobody_barges", nobody_barges},
        {"who_is_cancelled_in_the_line_loses_no_permit",
         who_is_cancelled_in_the_line_loses_no_permit},
        {"an_expired_scope_takes_nothing", an_expired_scope_takes_nothing},
        {"a_callback_may_try_and_give", a_callback_may_try_and_give},
        {"a_block_gives_the_permit_back_by_any_road", a_block_gives_the_permit_back_by_any_road},
        {"more_than_the_bound_aborts", more_than_the_bound_aborts},
        {"outside_a_task_it_is_an_error", outside_a_task_it_is_an_error},
        {0},
    };
    return tap_main(argc, argv, tests);
}
