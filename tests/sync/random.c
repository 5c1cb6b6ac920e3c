/* random.c - whole programs under cancellations at any moment: nothing is lost, nothing doubled,
 * nobody hangs. The seeds are fixed. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

enum { TASKS = 16, MOMENTS = 60 };

static uint32_t chance;
static struct xie_task *tasks[TASKS];

/* Wait a random while, mostly none. */
static int dawdle(void)
{
    return kit_random(&chance, 3) ? 0 : xie_sleep(kit_random(&chance, 50) * XIE_MICROSECOND);
}

/* Cancel some of the tasks at random moments, then all, and join them. */
static void disturb_and_end(void)
{
    for (int i = 0; i < MOMENTS; i++) {
        if (kit_random(&chance, 2))
            xie_sleep(0);
        else
            dawdle();
        if (kit_random(&chance, 4) == 0)
            xie_task_cancel(tasks[kit_random(&chance, TASKS)]);
    }
    for (int i = 0; i < TASKS; i++)
        xie_task_cancel(tasks[i]);
    xie_gather(tasks, TASKS, NULL);
}

static void start(xie_task_fn *even, xie_task_fn *odd)
{
    for (long i = 0; i < TASKS; i++)
        tasks[i] = xie_spawn(i % 2 ? odd : even, (void *)i);
}

/* --- a queue ------------------------------------------------------------------------- */

static struct xie_queue queue;
static long put_sum, got_sum;

static int put_at_random(void *arg)
{
    (void)arg;
    for (;;) {
        long value = kit_random(&chance, 1000);
        int error = xie_queue_put(&queue, (void *)value);
        if (error)
            return error;
        put_sum += value;
        if ((error = dawdle()))
            return error;
    }
}

static int get_at_random(void *arg)
{
    (void)arg;
    for (;;) {
        void *item;
        int error = xie_queue_get(&queue, &item);
        if (error)
            return error;
        got_sum += (long)item;
        xie_queue_task_done(&queue);
        if ((error = dawdle()))
            return error;
    }
}

IN_TASK(what_is_put_is_got_once)
{
    for (uint32_t round = 0; round < 30; round++) {
        chance = round;
        put_sum = got_sum = 0;
        xie_queue_init(&queue, 1 + round % 4);
        start(put_at_random, get_at_random);
        disturb_and_end();
        void *item;
        while (!xie_queue_try_get(&queue, &item)) {
            got_sum += (long)item;
            xie_queue_task_done(&queue);
        }
        CHECK_EQ(put_sum, got_sum);
        CHECK_EQ(xie_queue_join(&queue), 0); /* the count of the unfinished is right */
        xie_queue_fini(&queue);
    }
    return 0;
}

/* --- the same by hand: a buffer with a lock and two conditions -------------------------- */

static struct xie_lock lock;
static struct xie_condition not_empty, not_full;
static long buffer[3];
static size_t filled;

static bool has_some(void *arg)
{
    (void)arg;
    return filled > 0;
}

static bool has_room(void *arg)
{
    (void)arg;
    return filled < 3;
}

static int fill(void *arg)
{
    (void)arg;
    for (int error = 0; !error; error = error ? error : dawdle())
        XIE_LOCKED(&lock) {
            error = xie_condition_wait_for(&not_full, &lock, has_room, NULL);
            CHECK(lock.owner == xie_task_current());
            if (error)
                break;
            put_sum += buffer[filled++] = kit_random(&chance, 1000);
            xie_condition_notify(&not_empty, 1);
        }
    return -ECANCELED;
}

static int drain(void *arg)
{
    (void)arg;
    for (;;) {
        int error = xie_lock_take(&lock);
        if (error)
            return error;
        error = xie_condition_wait_for(&not_empty, &lock, has_some, NULL);
        CHECK(lock.owner == xie_task_current());
        if (!error) {
            got_sum += buffer[--filled];
            xie_condition_notify(&not_full, 1);
        }
        xie_lock_give(&lock);
        if (error || (error = dawdle()))
            return error;
    }
}

IN_TASK(conditions_lose_no_notification)
{
    for (uint32_t round = 0; round < 30; round++) {
        chance = round;
        put_sum = got_sum = 0;
        start(fill, drain);
        disturb_and_end();
        while (filled)
            got_sum += buffer[--filled];
        CHECK_EQ(put_sum, got_sum);
        CHECK(!xie_lock_locked(&lock));
        CHECK(!not_empty.waiters.head && !not_full.waiters.head && !lock.waiters.head);
    }
    return 0;
}

/* --- permits ------------------------------------------------------------------------- */

static struct xie_semaphore permits;
static int inside;

static int enter(void *arg)
{
    (void)arg;
    for (;;) {
        int error = xie_semaphore_take(&permits);
        if (error)
            return error;
        CHECK(++inside <= 3);
        error = dawdle();
        inside--;
        xie_semaphore_give(&permits);
        if (error)
            return error;
    }
}

static int enter_or_get(void *arg)
{
    for (;;) {
        void *item;
        struct xie_case cases[] = {xie_case_semaphore(&permits), xie_case_get(&queue, &item)};
        int index = xie_select(cases, 2);
        if (index < 0)
            return index;
        if (index == 0) {
            CHECK(++inside <= 3);
            int error = xie_queue_try_put(&queue, arg);
            CHECK(!error || error == -EAGAIN);
            put_sum += !error;
            xie_sleep(0);
            inside--;
            xie_semaphore_give(&permits);
        } else {
            got_sum++;
        }
    }
}

IN_TASK(permits_and_items_by_select)
{
    for (uint32_t round = 0; round < 30; round++) {
        chance = round;
        put_sum = got_sum = 0;
        xie_semaphore_init(&permits, 3, 3);
        xie_queue_init(&queue, 2);
        start(enter, enter_or_get);
        disturb_and_end();
        CHECK_EQ(inside, 0);
        CHECK_EQ(permits.value, 3);
        CHECK_EQ(put_sum, got_sum + (long)xie_queue_count(&queue));
        xie_queue_close(&queue);
        xie_queue_fini(&queue);
    }
    return 0;
}

/* --- a barrier ----------------------------------------------------------------------- */

enum { PARTIES = 4 };

static struct xie_barrier barrier;
static long passed[PARTIES]; /* how often each number was given */

static int pass(void *arg)
{
    (void)arg;
    for (;;) {
        int number = xie_barrier_wait(&barrier);
        if (number < 0)
            return number;
        passed[number]++;
        int error = dawdle();
        if (error)
            return error;
    }
}

IN_TASK(each_round_of_a_barrier_is_complete)
{
    xie_barrier_init(&barrier, PARTIES);
    for (uint32_t round = 0; round < 30; round++) {
        chance = round;
        start(pass, pass);
        disturb_and_end();
        CHECK_EQ(xie_barrier_waiting(&barrier), 0);
        CHECK(passed[0] > 0);
        for (int i = 1; i < PARTIES; i++)
            CHECK_EQ(passed[i], passed[0]);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_is_put_is_got_once", what_is_put_is_got_once},
        {"conditions_lose_no_notification", conditions_lose_no_notification},
        {"permits_and_items_by_select", permits_and_items_by_select},
        {"each_round_of_a_barrier_is_complete", each_round_of_a_barrier_is_complete},
        {0},
    };
    return tap_main(argc, argv, tests);
}
