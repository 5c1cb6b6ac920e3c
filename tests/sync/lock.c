/* lock.c - the promises of <xie/sync.h> about the lock. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

enum { USERS = 20 };

static struct xie_lock lock;
static int inside, most_inside, entered;
static long turn[USERS];

static int use_lock(void *arg)
{
    int error = xie_lock_take(&lock);
    if (error)
        return error;
    turn[entered++] = (long)arg;
    if (++inside > most_inside)
        most_inside = inside;
    error = xie_sleep(XIE_MICROSECOND * 100);
    inside--;
    xie_lock_give(&lock);
    return error;
}

IN_TASK(first_come_first_served)
{
    struct xie_task *tasks[USERS];
    for (long i = 0; i < USERS; i++)
        tasks[i] = xie_spawn(use_lock, (void *)i);
    CHECK_EQ(xie_gather(tasks, USERS, NULL), 0);
    CHECK_EQ(most_inside, 1);
    for (long i = 0; i < USERS; i++)
        CHECK_EQ(turn[i], i);
    return 0;
}

IN_TASK(nobody_barges)
{
    CHECK(!xie_lock_locked(&lock));
    CHECK_EQ(xie_lock_take(&lock), 0);
    CHECK(xie_lock_locked(&lock));
    struct xie_task *task = xie_spawn(use_lock, NULL);
    xie_sleep(0);
    xie_lock_give(&lock); /* it is the other's from now on */
    CHECK(xie_lock_locked(&lock));
    CHECK_EQ(xie_lock_try(&lock), -EBUSY);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(xie_lock_try(&lock), 0);
    CHECK_EQ(xie_lock_try(&lock), -EBUSY);
    xie_lock_give(&lock);
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

static void outside_a_task_it_is_an_error(void)
{
    CHECK_EQ(xie_lock_take(&lock), -EPERM);
    CHECK_EQ(xie_lock_try(&lock), -EPERM);
    CHECK(!xie_lock_locked(&lock));
}

IN_TASK(an_expired_scope_takes_nothing)
{
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_lock_take(&lock), -ETIMEDOUT);
    }
    CHECK(!xie_lock_locked(&lock));
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        CHECK_EQ(xie_lock_take(&lock), -ECANCELED);
    }
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

/* Three wait; the one at each place of the line is cancelled, before or after the lock is his. */
IN_TASK(who_is_cancelled_in_the_line_loses_no_lock)
{
    for (int which = 0; which < 3; which++)
        for (int given = 0; given < 2; given++) {
            struct xie_task *tasks[3];
            int results[3];
            entered = 0;
            CHECK_EQ(xie_lock_take(&lock), 0);
            for (long i = 0; i < 3; i++)
                tasks[i] = xie_spawn(use_lock, (void *)i);
            xie_sleep(0);
            if (given)
                xie_lock_give(&lock);
            xie_task_cancel(tasks[which]);
            if (!given)
                xie_lock_give(&lock);
            xie_gather(tasks, 3, results);
            for (int i = 0; i < 3; i++)
                CHECK_EQ(results[i], i == which ? -ECANCELED : 0);
            /* Given first, it was his: he came in, and gave it on. */
            CHECK_EQ(entered, given && which == 0 ? 3 : 2);
            CHECK(!xie_lock_locked(&lock));
        }
    return 0;
}

static struct xie_lock two[2];

static int cross(void *arg)
{
    long i = (long)arg;
    int error = xie_lock_take(&two[i]);
    CHECK_EQ(error, 0);
    xie_sleep(0);
    error = xie_lock_take(&two[1 - i]);
    if (!error)
        xie_lock_give(&two[1 - i]);
    xie_lock_give(&two[i]);
    return error;
}

static int deadlocks(void *arg)
{
    struct xie_task *tasks[2] = {xie_spawn(cross, (void *)0), xie_spawn(cross, (void *)1)};
    int results[2];
    (void)arg;
    xie_gather(tasks, 2, results);
    CHECK_EQ(results[0], 0);
    CHECK_EQ(results[1], XIE_EDEADLOCK);
    xie_lock_take(&lock);
    CHECK_EQ(xie_lock_take(&lock), XIE_EDEADLOCK);
    xie_lock_give(&lock);
    return 0;
}

static void run_deadlocks(void *arg)
{
    (void)arg;
    CHECK_EQ(xie_run(deadlocks, NULL), 0);
}

static void a_circle_of_locks_is_named(void)
{
    char text[2048];
    CHECK_EQ(tap_child(run_deadlocks, NULL, text, sizeof text), 0);
    CHECK(strstr(text, "xie_lock_take"));
    CHECK(strstr(text, "'cross' itself"));
    CHECK(strstr(text, "'main' itself"));
}

static int leave_by_return(void)
{
    XIE_LOCKED(&lock) {
        CHECK_EQ(xie_lock_try(&lock), -EBUSY);
        return 7;
    }
    return 0;
}

IN_TASK(a_block_gives_the_lock_back_by_any_road)
{
    XIE_LOCKED(&lock) {
        CHECK_EQ(xie_lock_try(&lock), -EBUSY);
    }
    CHECK(!xie_lock_locked(&lock));
    XIE_LOCKED(&lock) {
        bool again = false;
        XIE_LOCKED(&lock) { /* it is ours already: a circle, which is named */
            again = true;
        }
        CHECK(!again && !xie_check() && xie_lock_locked(&lock));
    }
    CHECK(!xie_lock_locked(&lock));
    XIE_LOCKED(&lock) {
        break;
    }
    CHECK(!xie_lock_locked(&lock));
    XIE_LOCKED(&lock) {
        goto out;
    }
out:
    CHECK(!xie_lock_locked(&lock));
    CHECK_EQ(leave_by_return(), 7);
    CHECK(!xie_lock_locked(&lock));
    XIE_TIMEOUT(0) {
        bool went_in = false;
        XIE_LOCKED(&lock) {
            went_in = true;
        }
        CHECK(!went_in);
        CHECK_EQ(xie_check(), -ETIMEDOUT);
    }
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

/* Not entered by who has it already: that is no scope's word, so it is named. */
static int enters_twice(void *arg)
{
    bool went_in = false;
    (void)arg;
    XIE_LOCKED(&lock) {
        XIE_LOCKED(&lock) {
            went_in = true;
        }
        CHECK_EQ(xie_check(), 0);
        CHECK_EQ(xie_lock_try(&lock), -EBUSY); /* ours still, once */
    }
    CHECK(!went_in);
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

static void run_enters_twice(void *arg)
{
    CHECK_EQ(xie_run(enters_twice, arg), 0);
    XIE_LOCKED(&lock) {
        CHECK(false); /* nobody outside a task has a lock */
    }
    CHECK_EQ(xie_check(), 0);
}

static void a_block_that_is_not_entered_is_named(void)
{
    char text[2048];
    CHECK_EQ(tap_child(run_enters_twice, NULL, text, sizeof text), 0);
    CHECK(strstr(text, "'main' itself"));
    CHECK(strstr(text, "outside a task"));
}

static int give_unheld(void *arg)
{
    (void)arg;
    xie_lock_give(&lock);
    return 0;
}

static int give_anothers(void *arg)
{
    (void)arg;
    CHECK_EQ(xie_lock_take(&lock), 0);
    return xie_join(xie_spawn(give_unheld, NULL));
}

static void giving_what_one_has_not_aborts(void)
{
    kit_aborts(give_unheld, "held by 'nobody'");
    kit_aborts(give_anothers, "held by 'main'");
}

/* --- five philosophers ----------------------------------------------------------------------- */

enum { SEATS = 5, MEALS = 50 };
static struct xie_lock forks[SEATS];
static int meals[SEATS];

/* The lower fork first: the classic way out of the circle. */
static int philosopher(void *arg)
{
    long seat = (long)arg, other = (seat + 1) % SEATS;
    long low = seat < other ? seat : other, high = seat < other ? other : seat;
    for (int i = 0; i < MEALS; i++) {
        XIE_LOCKED(&forks[low]) {
            XIE_LOCKED(&forks[high]) {
                xie_sleep(0);
                meals[seat]++;
            }
        }
    }
    return 0;
}

/* All take the left one and wait for the right: the last one is told. */
static int greedy(void *arg)
{
    long seat = (long)arg;
    int error = xie_lock_take(&forks[seat]);
    CHECK_EQ(error, 0);
    xie_sleep(0);
    error = xie_lock_take(&forks[(seat + 1) % SEATS]);
    if (!error) {
        meals[seat]++;
        xie_lock_give(&forks[(seat + 1) % SEATS]);
    }
    xie_lock_give(&forks[seat]);
    return error;
}

IN_TASK(philosophers_eat_or_are_told)
{
    struct xie_task *tasks[SEATS];
    int results[SEATS];
    for (long i = 0; i < SEATS; i++)
        tasks[i] = xie_spawn(philosopher, (void *)i);
    CHECK_EQ(xie_gather(tasks, SEATS, NULL), 0);
    for (int i = 0; i < SEATS; i++)
        CHECK_EQ(meals[i], MEALS);

    for (long i = 0; i < SEATS; i++)
        tasks[i] = xie_spawn(greedy, (void *)i);
    CHECK_EQ(xie_gather(tasks, SEATS, results), XIE_EDEADLOCK);
    for (int i = 0; i < SEATS; i++) { /* only the last: the others ate when it gave up */
        CHECK_EQ(results[i], i == SEATS - 1 ? XIE_EDEADLOCK : 0);
        CHECK_EQ(meals[i], MEALS + (i < SEATS - 1));
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"first_come_first_served", first_come_first_served},
        {"nobody_barges", nobody_barges},
        {"outside_a_task_it_is_an_error", outside_a_task_it_is_an_error},
        {"an_expired_scope_takes_nothing", an_expired_scope_takes_nothing},
        {"who_is_cancelled_in_the_line_loses_no_lock", who_is_cancelled_in_the_line_loses_no_lock},
        {"a_circle_of_locks_is_named", a_circle_of_locks_is_named},
        {"a_block_gives_the_lock_back_by_any_road", a_block_gives_the_lock_back_by_any_road},
        {"a_block_that_is_not_entered_is_named", a_block_that_is_not_entered_is_named},
        {"giving_what_one_has_not_aborts", giving_what_one_has_not_aborts},
        {"philosophers_eat_or_are_told", philosophers_eat_or_are_told},
        {0},
    };
    return tap_main(argc, argv, tests);
}
