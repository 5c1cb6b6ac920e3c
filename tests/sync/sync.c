/* sync.c - the promises of <xie/sync.h>: lock, event, queue. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "tap.h"

static int (*body)(void);
static int call_body(void *arg)
{
    (void)arg;
    return body();
}

static void in_task(int (*fn)(void))
{
    body = fn;
    CHECK_EQ(xie_run(call_body, NULL), 0);
}

static void run_body(void *arg)
{
    body = *(int (**)(void))arg;
    _exit(xie_run(call_body, NULL) ? 1 : 0);
}

/* --- lock --------------------------------------------------------------------------- */

static struct xie_lock lock;
static int inside, most_inside, entered;
static long turn[64];

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

static int one_at_a_time(void)
{
    struct xie_task *tasks[20];
    for (long i = 0; i < 20; i++)
        tasks[i] = xie_spawn(use_lock, (void *)i);
    CHECK_EQ(xie_gather(tasks, 20, NULL), 0);
    CHECK_EQ(most_inside, 1);
    for (long i = 0; i < 20; i++)
        CHECK_EQ(turn[i], i);
    return 0;
}

static void first_come_first_served(void)
{
    in_task(one_at_a_time);
}

static int no_barging(void)
{
    CHECK_EQ(xie_lock_take(&lock), 0);
    struct xie_task *task = xie_spawn(use_lock, NULL);
    xie_sleep(0);
    xie_lock_give(&lock); /* it is the other's from now on */
    CHECK_EQ(xie_lock_try(&lock), -EBUSY);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(xie_lock_try(&lock), 0);
    CHECK_EQ(xie_lock_try(&lock), -EBUSY);
    CHECK_EQ(xie_lock_take(&lock), XIE_EDEADLOCK);
    xie_lock_give(&lock);
    return 0;
}

static void nobody_barges(void)
{
    in_task(no_barging);
    CHECK_EQ(xie_lock_take(&lock), -EPERM);
    CHECK_EQ(xie_lock_try(&lock), -EPERM);
}

static int cancelled_waiter(void)
{
    xie_lock_take(&lock);
    struct xie_task *first = xie_spawn(use_lock, NULL), *second = xie_spawn(use_lock, NULL);
    xie_sleep(0);
    xie_task_cancel(first);
    CHECK_EQ(xie_join(first), -ECANCELED);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_lock_take(&lock), -ETIMEDOUT);
    }
    /* Given, then cancelled before it ran: it has the lock, and gives it on. */
    struct xie_task *third = xie_spawn(use_lock, NULL);
    xie_sleep(0);
    xie_lock_give(&lock);
    xie_task_cancel(second);
    CHECK_EQ(xie_join(second), -ECANCELED);
    CHECK_EQ(xie_join(third), 0);
    CHECK_EQ(xie_lock_try(&lock), 0);
    xie_lock_give(&lock);
    return 0;
}

static void cancelling_who_waits_loses_no_lock(void)
{
    in_task(cancelled_waiter);
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

static int deadlocks(void)
{
    struct xie_task *tasks[2] = {xie_spawn(cross, (void *)0), xie_spawn(cross, (void *)1)};
    int results[2];
    xie_gather(tasks, 2, results);
    CHECK_EQ(results[0], 0);
    CHECK_EQ(results[1], XIE_EDEADLOCK);
    return 0;
}

static void a_circle_of_locks_is_named(void)
{
    char text[2048];
    int (*fn)(void) = deadlocks;
    CHECK_EQ(tap_child(run_body, &fn, text, sizeof text), 0);
    CHECK(strstr(text, "xie_lock_take"));
    CHECK(strstr(text, "'cross' itself"));
}

static int held_blocks(void)
{
    XIE_LOCKED(&lock) {
        CHECK_EQ(xie_lock_try(&lock), -EBUSY);
        break;
    }
    CHECK_EQ(xie_lock_try(&lock), 0);
    xie_lock_give(&lock);
    XIE_TIMEOUT(0) {
        bool went_in = false;
        XIE_LOCKED(&lock) {
            went_in = true;
        }
        CHECK(!went_in);
        CHECK_EQ(xie_check(), -ETIMEDOUT);
    }
    return 0;
}

static void the_locked_block(void)
{
    in_task(held_blocks);
}

static int give_unheld(void)
{
    xie_lock_give(&lock);
    return 0;
}

static void giving_what_one_has_not_aborts(void)
{
    char text[1024];
    int (*fn)(void) = give_unheld;
    CHECK(tap_child(run_body, &fn, text, sizeof text) != 0);
    CHECK(strstr(text, "held by 'nobody'"));
}

/* --- event ---------------------------------------------------------------------------------------
 */

static struct xie_event event;
static int wait_event(void *arg)
{
    (void)arg;
    return xie_event_wait(&event);
}

static int events(void)
{
    struct xie_task *tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = xie_spawn(wait_event, NULL);
    xie_sleep(0);
    xie_task_cancel(tasks[1]);
    xie_event_set(&event);
    xie_event_clear(&event); /* those woken stay woken */
    int results[3];
    xie_gather(tasks, 3, results);
    CHECK_EQ(results[0], 0);
    CHECK_EQ(results[1], -ECANCELED);
    CHECK_EQ(results[2], 0);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_event_wait(&event), -ETIMEDOUT);
    }
    xie_event_set(&event);
    CHECK_EQ(xie_event_wait(&event), 0);
    return 0;
}

static void events_wake_all(void)
{
    in_task(events);
}

/* --- queue -------------------------------------------------------------------------- */

static struct xie_queue queue;
static int produce(void *arg)
{
    for (long i = 1; i <= (long)arg; i++) {
        int error = xie_queue_put(&queue, (void *)i);
        if (error)
            return error;
    }
    return 0;
}

static int consume(void *arg)
{
    long sum = 0, *total = arg;
    void *item;
    int error;
    while (!(error = xie_queue_get(&queue, &item))) {
        sum += (long)item;
        xie_queue_task_done(&queue);
    }
    *total = sum;
    return error == XIE_ECLOSED ? 0 : error;
}

static int bounded(void)
{
    long totals[3] = {0};
    xie_queue_init(&queue, 2);
    struct xie_task *makers[3], *takers[3];
    for (int i = 0; i < 3; i++) {
        makers[i] = xie_spawn(produce, (void *)100);
        takers[i] = xie_spawn(consume, &totals[i]);
    }
    CHECK_EQ(xie_gather(makers, 3, NULL), 0);
    CHECK(xie_queue_count(&queue) <= 2);
    CHECK_EQ(xie_queue_join(&queue), 0);
    CHECK_EQ(xie_queue_count(&queue), 0);
    xie_queue_close(&queue);
    xie_queue_close(&queue);
    CHECK_EQ(xie_gather(takers, 3, NULL), 0);
    CHECK_EQ(totals[0] + totals[1] + totals[2], 3 * 5050);
    CHECK_EQ(xie_queue_put(&queue, NULL), XIE_ECLOSED);
    void *item;
    CHECK_EQ(xie_queue_get(&queue, &item), XIE_ECLOSED);
    xie_queue_fini(&queue);
    return 0;
}

static void a_bounded_queue(void)
{
    in_task(bounded);
}

static int limits(void)
{
    void *item = NULL;
    for (size_t limit = 0; limit < 40; limit++) { /* 0: none; the ring's own sizes are crossed */
        xie_queue_init(&queue, limit);
        CHECK_EQ(xie_queue_try_get(&queue, &item), -EAGAIN);
        size_t room = limit ? limit : 40;
        for (size_t i = 0; i < room; i++)
            CHECK_EQ(xie_queue_try_put(&queue, (void *)i), 0);
        if (limit)
            CHECK_EQ(xie_queue_try_put(&queue, NULL), -EAGAIN);
        CHECK_EQ(xie_queue_count(&queue), room);
        for (size_t i = 0; i < room; i++) {
            CHECK_EQ(xie_queue_get(&queue, &item), 0);
            CHECK_EQ(item, (long)i);
            if (i == 0) { /* the ring turns over */
                CHECK_EQ(xie_queue_try_put(&queue, (void *)room), 0);
            }
        }
        CHECK_EQ(xie_queue_get(&queue, &item), 0);
        CHECK_EQ(item, (long)room);
        xie_queue_fini(&queue);
    }
    return 0;
}

static void limits_at_below_and_above(void)
{
    in_task(limits);
}

static int get_one(void *arg)
{
    return xie_queue_get(&queue, arg);
}

static int put_one(void *arg)
{
    return xie_queue_put(&queue, arg);
}

static int cancelled_users(void)
{
    void *got[2] = {NULL, NULL}, *item;
    xie_queue_init(&queue, 1);
    struct xie_task *a = xie_spawn(get_one, &got[0]), *b = xie_spawn(get_one, &got[1]);
    xie_sleep(0);
    xie_task_cancel(a);
    CHECK_EQ(xie_queue_try_put(&queue, &queue), 0);
    CHECK_EQ(xie_join(a), -ECANCELED);
    CHECK_EQ(xie_join(b), 0);
    CHECK(!got[0]);
    CHECK(got[1] == &queue); /* the item went past the one that left */

    /* Handed over, then cancelled before it ran: it has the item. */
    a = xie_spawn(get_one, &got[0]);
    xie_sleep(0);
    CHECK_EQ(xie_queue_try_put(&queue, &got), 0);
    xie_task_cancel(a);
    CHECK_EQ(xie_join(a), 0);
    CHECK(got[0] == &got);

    /* A put that leaves takes its item along. */
    CHECK_EQ(xie_queue_put(&queue, "first"), 0);
    a = xie_spawn(put_one, "second");
    b = xie_spawn(put_one, "third");
    xie_sleep(0);
    xie_task_cancel(a);
    CHECK_EQ(xie_join(a), -ECANCELED);
    CHECK_EQ(xie_queue_get(&queue, &item), 0);
    CHECK_STR(item, "first");
    CHECK_EQ(xie_queue_try_put(&queue, "barger"), -EAGAIN);
    CHECK_EQ(xie_join(b), 0);
    CHECK_EQ(xie_queue_get(&queue, &item), 0);
    CHECK_STR(item, "third");
    xie_queue_fini(&queue);
    return 0;
}

static void cancelling_loses_no_item(void)
{
    in_task(cancelled_users);
}

static int closes(void)
{
    void *item;
    xie_queue_init(&queue, 1);
    CHECK_EQ(xie_queue_put(&queue, "kept"), 0);
    struct xie_task *putter = xie_spawn(put_one, "late");
    xie_sleep(0);
    xie_queue_close(&queue);
    CHECK_EQ(xie_join(putter), XIE_ECLOSED);
    CHECK_EQ(xie_queue_get(&queue, &item), 0);
    CHECK_STR(item, "kept");
    CHECK_EQ(xie_queue_get(&queue, &item), XIE_ECLOSED);
    xie_queue_fini(&queue);

    xie_queue_init(&queue, 0);
    struct xie_task *getter = xie_spawn(get_one, &item);
    xie_sleep(0);
    xie_queue_close(&queue);
    CHECK_EQ(xie_join(getter), XIE_ECLOSED);
    xie_queue_fini(&queue);
    return 0;
}

static void closing_lets_it_run_empty(void)
{
    in_task(closes);
}

static int join_interrupted(void)
{
    xie_queue_init(&queue, 0);
    xie_queue_put(&queue, NULL);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_queue_join(&queue), -ETIMEDOUT);
    }
    void *item;
    xie_queue_get(&queue, &item);
    xie_queue_task_done(&queue);
    CHECK_EQ(xie_queue_join(&queue), 0);
    xie_queue_fini(&queue);
    return 0;
}

static void joining_a_queue(void)
{
    in_task(join_interrupted);
}

static int done_too_often(void)
{
    xie_queue_init(&queue, 0);
    xie_queue_task_done(&queue);
    return 0;
}

static int fini_full(void)
{
    xie_queue_init(&queue, 0);
    xie_queue_put(&queue, NULL);
    xie_queue_fini(&queue);
    return 0;
}

static void misuse_of_a_queue_aborts(void)
{
    char text[1024];
    int (*fn)(void) = done_too_often;
    CHECK(tap_child(run_body, &fn, text, sizeof text) != 0);
    CHECK(strstr(text, "task_done"));
    fn = fini_full;
    CHECK(tap_child(run_body, &fn, text, sizeof text) != 0);
    CHECK(strstr(text, "1 items left"));
}

/* --- all of it at random ------------------------------------------------------------ */

/* Tasks put, get and are cancelled at random moments: what was put and not taken back is got,
 * once, or is left in the queue. */
static long put_sum, got_sum;
static uint64_t state = 88172645463325252u;
static uint64_t random_next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int random_put(void *arg)
{
    for (int i = 0; i < 20; i++) {
        long value = (long)(random_next() % 1000);
        int error = xie_queue_put(&queue, (void *)value);
        if (error)
            return error;
        put_sum += value;
        if (random_next() % 3 == 0 && (error = xie_sleep((int64_t)(random_next() % 50000))))
            return error;
    }
    (void)arg;
    return 0;
}

static int random_get(void *arg)
{
    (void)arg;
    for (;;) {
        void *item;
        int error = xie_queue_get(&queue, &item);
        if (error)
            return error;
        got_sum += (long)item;
        if (random_next() % 3 == 0 && (error = xie_sleep((int64_t)(random_next() % 50000))))
            return error;
    }
}

static int at_random(void)
{
    enum { TASKS = 16 };
    for (int round = 0; round < 30; round++) {
        struct xie_task *tasks[TASKS];
        xie_queue_init(&queue, round % 4);
        put_sum = got_sum = 0;
        for (int i = 0; i < TASKS; i++)
            tasks[i] = xie_spawn(i % 2 ? random_put : random_get, NULL);
        for (int i = 0; i < 40; i++) {
            xie_sleep((int64_t)(random_next() % 20000));
            if (random_next() % 4 == 0)
                xie_task_cancel(tasks[random_next() % TASKS]);
        }
        for (int i = 0; i < TASKS; i++)
            xie_task_cancel(tasks[i]);
        xie_gather(tasks, TASKS, NULL);
        void *item;
        while (!xie_queue_try_get(&queue, &item))
            got_sum += (long)item;
        CHECK_EQ(put_sum, got_sum);
        xie_queue_fini(&queue);
    }
    return 0;
}

static void random_puts_gets_and_cancellations(void)
{
    in_task(at_random);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"first_come_first_served", first_come_first_served},
        {"nobody_barges", nobody_barges},
        {"cancelling_who_waits_loses_no_lock", cancelling_who_waits_loses_no_lock},
        {"a_circle_of_locks_is_named", a_circle_of_locks_is_named},
        {"the_locked_block", the_locked_block},
        {"giving_what_one_has_not_aborts", giving_what_one_has_not_aborts},
        {"events_wake_all", events_wake_all},
        {"a_bounded_queue", a_bounded_queue},
        {"limits_at_below_and_above", limits_at_below_and_above},
        {"cancelling_loses_no_item", cancelling_loses_no_item},
        {"closing_lets_it_run_empty", closing_lets_it_run_empty},
        {"joining_a_queue", joining_a_queue},
        {"misuse_of_a_queue_aborts", misuse_of_a_queue_aborts},
        {"random_puts_gets_and_cancellations", random_puts_gets_and_cancellations},
        {0},
    };
    return tap_main(argc, argv, tests);
}
