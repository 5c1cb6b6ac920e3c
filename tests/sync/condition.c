/* condition.c - the promises of <xie/sync.h> about the condition. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

enum { MANY = 12 };

static struct xie_lock lock;
static struct xie_condition condition;
static int woken;
static long turn[MANY];

static bool mine(void)
{
    return lock.owner == xie_task_current();
}

static int wait_once(void *arg)
{
    int error = xie_lock_take(&lock);
    if (error)
        return error;
    error = xie_condition_wait(&condition, &lock);
    CHECK(mine()); /* whatever the outcome */
    if (!error)
        turn[woken++] = (long)arg;
    xie_lock_give(&lock);
    return error;
}

/* Spawn count tasks that wait. */
static void come(struct xie_task **tasks, int count)
{
    for (long i = 0; i < count; i++)
        tasks[i] = xie_spawn(wait_once, (void *)i);
    xie_sleep(0);
    CHECK(!xie_lock_locked(&lock)); /* each gave it on waiting */
}

static int count_done(struct xie_task **tasks, int count)
{
    int done = 0;
    for (int i = 0; i < count; i++)
        done += xie_task_done(tasks[i]);
    return done;
}

IN_TASK(notified_in_the_order_of_coming)
{
    struct xie_task *tasks[MANY];
    come(tasks, MANY);
    xie_condition_notify(&condition, 0);
    kit_settle();
    CHECK_EQ(count_done(tasks, MANY), 0);
    xie_condition_notify(&condition, 1);
    kit_settle();
    CHECK_EQ(count_done(tasks, MANY), 1);
    xie_condition_notify(&condition, 3);
    kit_settle();
    CHECK_EQ(count_done(tasks, MANY), 4);
    xie_condition_notify_all(&condition);
    CHECK_EQ(xie_gather(tasks, MANY, NULL), 0);
    for (long i = 0; i < MANY; i++)
        CHECK_EQ(turn[i], i);
    return 0;
}

IN_TASK(who_comes_later_does_not_profit)
{
    struct xie_task *task;
    xie_condition_notify(&condition, 5);
    xie_condition_notify_all(&condition);
    come(&task, 1);
    kit_settle();
    CHECK(!xie_task_done(task));
    xie_condition_notify(&condition, 5); /* more than there are */
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

IN_TASK(notified_tasks_stand_in_the_locks_own_line)
{
    struct xie_task *tasks[2];
    come(tasks, 2);
    CHECK_EQ(xie_lock_take(&lock), 0);
    xie_condition_notify_all(&condition);
    kit_settle();
    CHECK_EQ(count_done(tasks, 2), 0); /* the lock is ours */
    CHECK(mine());
    xie_lock_give(&lock);
    CHECK_EQ(xie_lock_try(&lock), -EBUSY); /* nobody comes between */
    CHECK_EQ(xie_lock_take(&lock), 0);
    CHECK_EQ(count_done(tasks, 2), 2);
    xie_lock_give(&lock);
    CHECK_EQ(xie_gather(tasks, 2, NULL), 0);
    CHECK_EQ(turn[0], 0);
    return 0;
}

static int take_once(void *arg)
{
    XIE_LOCKED(&lock) {
        turn[woken++] = (long)arg;
    }
    return 0;
}

static int select_once(void *arg)
{
    struct xie_case cases[] = {xie_case_lock(&lock)};
    CHECK_EQ(xie_select(cases, 1), 0);
    turn[woken++] = (long)arg;
    xie_lock_give(&lock);
    return 0;
}

/* Takers, notified waiters and selects share one line: each where it came. */
IN_TASK(the_locks_line_keeps_its_order)
{
    static xie_task_fn *const takers[] = {take_once, select_once};
    struct xie_task *tasks[6];
    tasks[1] = xie_spawn(wait_once, (void *)1);
    tasks[4] = xie_spawn(wait_once, (void *)4);
    xie_sleep(0);
    CHECK_EQ(xie_lock_take(&lock), 0);
    for (long i = 0; i < 6; i++) {
        if (i == 1 || i == 4)
            xie_condition_notify(&condition, 1);
        else
            tasks[i] = xie_spawn(takers[i % 2], (void *)i);
        xie_sleep(0);
    }
    xie_lock_give(&lock);
    CHECK_EQ(xie_gather(tasks, 6, NULL), 0);
    for (long i = 0; i < 6; i++)
        CHECK_EQ(turn[i], i);
    return 0;
}

/* Each of three is cancelled before one notification or after it. Exactly one more is notified in
 * the first case, and it is the first of those left; in the second it was his, and stays so. */
IN_TASK(an_interrupted_wait_takes_nobodys_notification)
{
    for (int which = 0; which < 3; which++)
        for (int before = 0; before < 2; before++) {
            struct xie_task *tasks[3];
            int results[3];
            woken = 0;
            come(tasks, 3);
            if (before)
                xie_task_cancel(tasks[which]);
            xie_condition_notify(&condition, 1);
            if (!before)
                xie_task_cancel(tasks[which]);
            kit_settle();
            CHECK_EQ(woken, 1);
            CHECK_EQ(turn[0], before && which == 0 ? 1 : 0);
            xie_condition_notify_all(&condition);
            xie_gather(tasks, 3, results);
            for (int i = 0; i < 3; i++)
                CHECK_EQ(results[i], i == which && (before || which) ? -ECANCELED : 0);
            CHECK(!xie_lock_locked(&lock));
        }
    return 0;
}

/* Interrupted while another has the lock: it waits for it, and has it when it returns. */
IN_TASK(the_lock_is_taken_again_even_when_interrupted)
{
    struct xie_task *task;
    come(&task, 1);
    CHECK_EQ(xie_lock_take(&lock), 0);
    xie_task_cancel(task);
    kit_settle();
    CHECK(!xie_task_done(task));
    xie_condition_notify_all(&condition); /* too late */
    xie_lock_give(&lock);
    CHECK_EQ(xie_join(task), -ECANCELED);

    come(&task, 1);
    CHECK_EQ(xie_lock_take(&lock), 0);
    xie_condition_notify_all(&condition);
    xie_task_cancel(task); /* too late */
    kit_settle();
    CHECK(!xie_task_done(task));
    xie_lock_give(&lock);
    CHECK_EQ(xie_join(task), 0);
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

IN_TASK(deadlines_end_a_wait)
{
    CHECK_EQ(xie_lock_take(&lock), 0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_condition_wait(&condition, &lock), -ETIMEDOUT);
        CHECK(mine());
    }
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_condition_wait(&condition, &lock), -ETIMEDOUT);
        CHECK(mine());
    }
    xie_lock_give(&lock);
    return 0;
}

static int join_as_owner(void *arg)
{
    struct xie_task *task;
    (void)arg;
    come(&task, 1);
    CHECK_EQ(xie_lock_take(&lock), 0);
    xie_condition_notify_all(&condition);
    CHECK_EQ(xie_join(task), XIE_EDEADLOCK);
    xie_lock_give(&lock);
    return xie_join(task);
}

static void run_join_as_owner(void *arg)
{
    (void)arg;
    CHECK_EQ(xie_run(join_as_owner, NULL), 0);
}

static void a_circle_through_the_lock_is_named(void)
{
    char text[2048];
    CHECK_EQ(tap_child(run_join_as_owner, NULL, text, sizeof text), 0);
    CHECK(strstr(text, "which waits in xie_condition_wait for"));
    CHECK(strstr(text, "'main' itself"));
}

static int asked;

static bool at_least_three(void *arg)
{
    CHECK(mine());
    asked++;
    return *(int *)arg >= 3;
}

static int wait_for_three(void *arg)
{
    XIE_LOCKED(&lock) {
        return xie_condition_wait_for(&condition, &lock, at_least_three, arg);
    }
    return xie_check();
}

IN_TASK(waiting_for_a_predicate)
{
    int number = 0;
    struct xie_task *task = xie_spawn(wait_for_three, &number);
    xie_sleep(0);
    for (; number < 3; number++) {
        xie_condition_notify_all(&condition);
        kit_settle();
        CHECK(!xie_task_done(task));
    }
    xie_condition_notify_all(&condition);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(asked, 5);
    asked = 0;
    CHECK_EQ(wait_for_three(&number), 0); /* true already */
    CHECK_EQ(asked, 1);

    XIE_TIMEOUT(0) {
        xie_lock_try(&lock);
        CHECK_EQ(xie_condition_wait_for(&condition, &lock, at_least_three, &number), -ETIMEDOUT);
        xie_lock_give(&lock);
    }
    number = 0;
    task = xie_spawn(wait_for_three, &number);
    xie_sleep(0);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

static void notify_it(void *arg)
{
    xie_condition_notify_all(arg);
}

IN_TASK(a_callback_may_notify)
{
    struct xie_call call = {0};
    XIE_LOCKED(&lock) {
        CHECK_EQ(xie_call_soon(&call, notify_it, &condition), 0);
        CHECK_EQ(xie_condition_wait(&condition, &lock), 0);
        CHECK(mine());
    }
    return 0;
}

static int wait_without(void *arg)
{
    (void)arg;
    return xie_condition_wait(&condition, &lock);
}

static bool yes(void *arg)
{
    (void)arg;
    return true;
}

static int wait_for_without(void *arg)
{
    (void)arg;
    return xie_condition_wait_for(&condition, &lock, yes, NULL);
}

static int wait_with_anothers(void *arg)
{
    (void)arg;
    CHECK_EQ(xie_lock_take(&lock), 0);
    return xie_join(xie_spawn(wait_without, NULL));
}

static void waiting_without_the_lock_aborts(void)
{
    kit_aborts(wait_without, "held by 'nobody'");
    kit_aborts(wait_for_without, "held by 'nobody'");
    kit_aborts(wait_with_anothers, "held by 'main'");
}

static void outside_a_task_it_is_an_error(void)
{
    CHECK_EQ(xie_condition_wait(&condition, &lock), -EPERM);
    CHECK_EQ(xie_condition_wait_for(&condition, &lock, yes, NULL), -EPERM);
}

/* --- readers and writers, with two conditions over one lock --------------------------------- */

static struct xie_condition may_read, may_write;
static int reading, writing, writers_waiting, written, read_while_written;

static bool no_writer(void *arg)
{
    (void)arg;
    return !writing && !writers_waiting;
}

static bool nobody(void *arg)
{
    (void)arg;
    return !writing && !reading;
}

static int read_some(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        XIE_LOCKED(&lock) {
            CHECK_EQ(xie_condition_wait_for(&may_read, &lock, no_writer, NULL), 0);
            reading++;
        }
        int before = written;
        xie_sleep(0);
        read_while_written += before != written || writing;
        XIE_LOCKED(&lock) {
            if (--reading == 0)
                xie_condition_notify(&may_write, 1);
        }
    }
    return 0;
}

static int write_some(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        XIE_LOCKED(&lock) {
            writers_waiting++;
            CHECK_EQ(xie_condition_wait_for(&may_write, &lock, nobody, NULL), 0);
            writers_waiting--;
            writing++;
        }
        CHECK_EQ(writing, 1);
        CHECK_EQ(reading, 0);
        xie_sleep(0);
        written++;
        XIE_LOCKED(&lock) {
            writing--;
            xie_condition_notify(&may_write, 1);
            xie_condition_notify_all(&may_read);
        }
    }
    return 0;
}

IN_TASK(readers_and_writers)
{
    struct xie_task *tasks[8];
    for (int i = 0; i < 8; i++)
        tasks[i] = xie_spawn(i < 5 ? read_some : write_some, NULL);
    CHECK_EQ(xie_gather(tasks, 8, NULL), 0);
    CHECK_EQ(written, 60);
    CHECK_EQ(read_while_written, 0);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"notified_in_the_order_of_coming", notified_in_the_order_of_coming},
        {"who_comes_later_does_not_profit", who_comes_later_does_not_profit},
        {"notified_tasks_stand_in_the_locks_own_line", notified_tasks_stand_in_the_locks_own_line},
        {"the_locks_line_keeps_its_order", the_locks_line_keeps_its_order},
        {"an_interrupted_wait_takes_nobodys_notification",
         an_interrupted_wait_takes_nobodys_notification},
        {"the_lock_is_taken_again_even_when_interrupted",
         the_lock_is_taken_again_even_when_interrupted},
        {"a_circle_through_the_lock_is_named", a_circle_through_the_lock_is_named},
        {"deadlines_end_a_wait", deadlines_end_a_wait},
        {"waiting_for_a_predicate", waiting_for_a_predicate},
        {"a_callback_may_notify", a_callback_may_notify},
        {"waiting_without_the_lock_aborts", waiting_without_the_lock_aborts},
        {"outside_a_task_it_is_an_error", outside_a_task_it_is_an_error},
        {"readers_and_writers", readers_and_writers},
        {0},
    };
    return tap_main(argc, argv, tests);
}
