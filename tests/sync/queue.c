/* queue.c - the promises of <xie/queue.h>: what holds for every order, and each order. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

static struct xie_queue queue;

/* --- every order --------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

enum { ORDERS = 3 };

/* The three orders; as priorities, small numbers come first. */
static void init(int order, size_t limit)
{
    if (order == 0)
        xie_queue_init(&queue, limit);
    else if (order == 1)
        xie_queue_init_lifo(&queue, limit);
    else
        xie_queue_init_priority(&queue, limit, by_address);
}

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

IN_TASK(producers_and_consumers_of_a_bounded_queue)
{
    for (int order = 0; order < ORDERS; order++) {
        long totals[3] = {0};
        struct xie_task *makers[3], *takers[3];
        init(order, 2);
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
        xie_queue_fini(&queue);
    }
    return 0;
}

IN_TASK(the_limit_below_at_and_above)
{
    void *item = NULL;
    for (size_t limit = 0; limit < 40; limit++) { /* 0: none; the store's own sizes are crossed */
        xie_queue_init(&queue, limit);
        CHECK_EQ(xie_queue_limit(&queue), limit);
        CHECK_EQ(xie_queue_try_get(&queue, &item), -EAGAIN);
        size_t room = limit ? limit : 40;
        for (size_t i = 0; i < room; i++) {
            CHECK(!xie_queue_full(&queue));
            CHECK_EQ(xie_queue_try_put(&queue, (void *)i), 0);
        }
        CHECK_EQ(xie_queue_full(&queue), limit != 0);
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

IN_TASK(zero_is_a_queue_without_a_limit)
{
    static struct xie_queue zero;
    void *item;
    CHECK_EQ(xie_queue_try_get(&zero, &item), -EAGAIN);
    for (long i = 0; i < 100; i++)
        CHECK_EQ(xie_queue_put(&zero, (void *)i), 0);
    for (long i = 0; i < 100; i++) {
        CHECK_EQ(xie_queue_get(&zero, &item), 0);
        CHECK_EQ(item, i);
    }
    xie_queue_fini(&zero);
    return 0;
}

IN_TASK(a_burst_leaves_no_memory_behind)
{
    void *item;
    for (int order = 0; order < ORDERS; order++) {
        size_t live = xie_alloc_live();
        init(order, 0);
        for (int round = 0; round < 2; round++) {
            for (long i = 0; i < 5000; i++)
                CHECK_EQ(xie_queue_try_put(&queue, (void *)i), 0);
            CHECK_EQ(xie_alloc_live(), live + 1);
            for (long i = 0; i < 5000; i++) {
                CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
                CHECK_EQ(item, order == 1 ? 4999 - i : i);
            }
            CHECK_EQ(xie_alloc_live(), live);
        }
        xie_queue_fini(&queue);
    }
    return 0;
}

/* --- waiting ------------------------------------------------------------------------- */

static int get_one(void *arg)
{
    return xie_queue_get(&queue, arg);
}

static int put_one(void *arg)
{
    return xie_queue_put(&queue, arg);
}

IN_TASK(getters_are_served_in_the_order_they_came)
{
    void *got[3] = {NULL, NULL, NULL}, *item = &queue;
    for (int order = 0; order < ORDERS; order++) {
        struct xie_task *tasks[3];
        init(order, 0);
        for (int i = 0; i < 3; i++)
            tasks[i] = xie_spawn(get_one, &got[i]);
        xie_sleep(0);
        for (long i = 0; i < 3; i++)
            CHECK_EQ(xie_queue_try_put(&queue, (void *)i), 0);
        /* They have not run yet, but nobody takes the items from under them. */
        CHECK_EQ(xie_queue_count(&queue), 0);
        CHECK_EQ(xie_queue_try_get(&queue, &item), -EAGAIN);
        CHECK(item == &queue);
        CHECK_EQ(xie_gather(tasks, 3, NULL), 0);
        for (long i = 0; i < 3; i++)
            CHECK_EQ(got[i], i);
        xie_queue_fini(&queue);
    }
    return 0;
}

IN_TASK(putters_are_served_in_the_order_they_came)
{
    void *item;
    for (int order = 0; order < ORDERS; order++) {
        struct xie_task *tasks[3];
        init(order, 1);
        CHECK_EQ(xie_queue_put(&queue, (void *)10), 0);
        for (long i = 0; i < 3; i++) /* the priority of who waits does not count */
            tasks[i] = xie_spawn(put_one, (void *)(3 - i));
        xie_sleep(0);
        CHECK_EQ(xie_queue_get(&queue, &item), 0);
        CHECK_EQ(item, 10);
        CHECK_EQ(xie_queue_try_put(&queue, &queue), -EAGAIN); /* the room is the first one's */
        for (long i = 0; i < 3; i++) {
            CHECK_EQ(xie_queue_get(&queue, &item), 0);
            CHECK_EQ(item, 3 - i);
        }
        CHECK_EQ(xie_gather(tasks, 3, NULL), 0);
        xie_queue_fini(&queue);
    }
    return 0;
}

/* Three wait to get; the one at each place is cancelled before or after an item comes. */
IN_TASK(an_interrupted_get_loses_no_item)
{
    for (int which = 0; which < 3; which++)
        for (int given = 0; given < 2; given++) {
            void *got[3] = {&queue, &queue, &queue};
            struct xie_task *tasks[3];
            int results[3];
            long next = 0;
            xie_queue_init(&queue, 1);
            for (int i = 0; i < 3; i++)
                tasks[i] = xie_spawn(get_one, &got[i]);
            xie_sleep(0);
            if (given)
                CHECK_EQ(xie_queue_try_put(&queue, (void *)next++), 0);
            xie_task_cancel(tasks[which]);
            while (next < 2)
                CHECK_EQ(xie_queue_try_put(&queue, (void *)next++), 0);
            if (given && !which)
                CHECK_EQ(xie_queue_try_put(&queue, (void *)next++), 0);
            xie_gather(tasks, 3, results);
            next = 0;
            for (int i = 0; i < 3; i++) {
                bool left = i == which && (!given || which);
                CHECK_EQ(results[i], left ? -ECANCELED : 0);
                if (left)
                    CHECK(got[i] == &queue); /* untouched */
                else
                    CHECK_EQ(got[i], next++);
            }
            CHECK_EQ(xie_queue_count(&queue), 0);
            xie_queue_fini(&queue);
        }
    return 0;
}

IN_TASK(an_interrupted_put_takes_its_item_along)
{
    void *item;
    for (long which = 1; which < 4; which++) {
        struct xie_task *tasks[4];
        int results[4];
        xie_queue_init(&queue, 1);
        for (long i = 0; i < 4; i++)
            tasks[i] = xie_spawn(put_one, (void *)i);
        xie_sleep(0);
        xie_task_cancel(tasks[which]);
        for (long i = 0; i < 4; i++) {
            if (i == which)
                continue;
            CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
            CHECK_EQ(item, i);
        }
        CHECK_EQ(xie_queue_try_get(&queue, &item), -EAGAIN);
        xie_gather(tasks, 4, results);
        for (long i = 0; i < 4; i++)
            CHECK_EQ(results[i], i == which ? -ECANCELED : 0);
        xie_queue_fini(&queue);
    }
    /* It has its room, and is cancelled before it runs: the item is in the queue. */
    xie_queue_init(&queue, 1);
    CHECK_EQ(xie_queue_put(&queue, "first"), 0);
    struct xie_task *task = xie_spawn(put_one, "second");
    xie_sleep(0);
    CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
    CHECK_STR(item, "second");
    xie_queue_fini(&queue);
    return 0;
}

IN_TASK(an_expired_scope_moves_nothing)
{
    void *item = &queue;
    xie_queue_init(&queue, 0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_queue_put(&queue, NULL), -ETIMEDOUT);
    }
    CHECK_EQ(xie_queue_count(&queue), 0);
    CHECK_EQ(xie_queue_put(&queue, "kept"), 0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_queue_get(&queue, &item), -ETIMEDOUT);
        CHECK_EQ(xie_queue_join(&queue), -ETIMEDOUT);
    }
    CHECK(item == &queue);
    CHECK_EQ(xie_queue_get(&queue, &item), 0);
    xie_queue_task_done(&queue);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_queue_get(&queue, &item), -ETIMEDOUT);
    }
    CHECK_STR(item, "kept");
    xie_queue_fini(&queue);
    return 0;
}

static void use_it(void *arg)
{
    void *item;
    (void)arg;
    CHECK_EQ(xie_queue_try_put(&queue, "one"), 0); /* for the task that waits */
    CHECK_EQ(xie_queue_try_put(&queue, "two"), 0);
    CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
    CHECK_STR(item, "two");
}

IN_TASK(callbacks_may_try)
{
    struct xie_call call = {0};
    void *item;
    xie_queue_init(&queue, 0);
    CHECK_EQ(xie_call_soon(&call, use_it, NULL), 0);
    CHECK_EQ(xie_queue_get(&queue, &item), 0);
    CHECK_STR(item, "one");
    xie_queue_fini(&queue);
    return 0;
}

static void outside_a_task_only_trying_works(void)
{
    void *item = &queue;
    xie_queue_init(&queue, 0);
    CHECK_EQ(xie_queue_put(&queue, NULL), -EPERM);
    CHECK_EQ(xie_queue_try_put(&queue, NULL), 0);
    CHECK_EQ(xie_queue_get(&queue, &item), -EPERM);
    CHECK_EQ(xie_queue_join(&queue), -EPERM);
    CHECK(item == &queue);
    CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
    CHECK(!item);
    xie_queue_fini(&queue);
}

/* --- closing ------------------------------------------------------------------------- */

IN_TASK(closing_lets_it_run_empty)
{
    void *item = NULL;
    xie_queue_init(&queue, 1);
    CHECK_EQ(xie_queue_put(&queue, "kept"), 0);
    struct xie_task *putter = xie_spawn(put_one, "late");
    xie_sleep(0);
    xie_queue_close(&queue);
    CHECK_EQ(xie_join(putter), XIE_ECLOSED);
    CHECK_EQ(xie_queue_put(&queue, NULL), XIE_ECLOSED);
    CHECK_EQ(xie_queue_try_put(&queue, NULL), XIE_ECLOSED);
    CHECK_EQ(xie_queue_get(&queue, &item), 0);
    CHECK_STR(item, "kept");
    CHECK_EQ(xie_queue_get(&queue, &item), XIE_ECLOSED);
    CHECK_EQ(xie_queue_try_get(&queue, &item), XIE_ECLOSED);
    CHECK_STR(item, "kept");
    xie_queue_task_done(&queue);
    CHECK_EQ(xie_queue_join(&queue), 0);
    xie_queue_fini(&queue);

    xie_queue_init(&queue, 0);
    struct xie_task *getter = xie_spawn(get_one, &item);
    xie_sleep(0);
    xie_queue_close(&queue);
    CHECK_EQ(xie_join(getter), XIE_ECLOSED);
    CHECK_STR(item, "kept");
    xie_queue_fini(&queue);
    return 0;
}

static int join_it(void *arg)
{
    (void)arg;
    return xie_queue_join(&queue);
}

static long disposed[4];
static int disposed_count;

static void dispose(void *item)
{
    disposed[disposed_count++] = (long)item;
    CHECK_EQ(xie_queue_try_put(&queue, item), XIE_ECLOSED);
}

IN_TASK(shutting_down_takes_out_what_is_left)
{
    static const long expected[ORDERS][3] = {{3, 2, 1}, {1, 2, 3}, {1, 2, 3}};
    for (int order = 0; order < ORDERS; order++) {
        void *item;
        init(order, 4);
        disposed_count = 0;
        CHECK_EQ(xie_queue_put(&queue, (void *)4), 0);
        CHECK_EQ(xie_queue_get(&queue, &item), 0);
        for (long i = 3; i > 0; i--)
            CHECK_EQ(xie_queue_put(&queue, (void *)i), 0);
        CHECK_EQ(xie_queue_put(&queue, (void *)(order == 1 ? 0L : 9L)), 0);
        struct xie_task *putter = xie_spawn(put_one, NULL), *joiner = xie_spawn(join_it, NULL);
        xie_sleep(0);
        xie_queue_shutdown(&queue, dispose);
        CHECK_EQ(xie_queue_count(&queue), 0);
        CHECK_EQ(disposed_count, 4);
        for (int i = 0; i < 3; i++)
            CHECK_EQ(disposed[i + (order == 1)], expected[order][i]);
        CHECK_EQ(xie_join(putter), XIE_ECLOSED);
        CHECK(!xie_task_done(joiner)); /* the item got before is still in hand */
        xie_queue_task_done(&queue);
        CHECK_EQ(xie_join(joiner), 0);
        xie_queue_shutdown(&queue, dispose);
        CHECK_EQ(disposed_count, 4);
        xie_queue_fini(&queue);
    }
    return 0;
}

IN_TASK(shutting_down_releases_those_who_join)
{
    void *item;
    xie_queue_init(&queue, 0);
    xie_queue_put(&queue, NULL);
    xie_queue_put(&queue, NULL);
    struct xie_task *joiner = xie_spawn(join_it, NULL);
    xie_sleep(0);
    xie_queue_shutdown(&queue, NULL);
    CHECK_EQ(xie_join(joiner), 0);
    CHECK_EQ(xie_queue_get(&queue, &item), XIE_ECLOSED);
    xie_queue_fini(&queue);

    xie_queue_init(&queue, 0);
    struct xie_task *getter = xie_spawn(get_one, &item);
    xie_sleep(0);
    xie_queue_shutdown(&queue, NULL);
    CHECK_EQ(xie_join(getter), XIE_ECLOSED);
    xie_queue_fini(&queue);
    return 0;
}

IN_TASK(joining_waits_until_all_is_dealt_with)
{
    void *item;
    xie_queue_init(&queue, 0);
    CHECK_EQ(xie_queue_join(&queue), 0); /* nothing was put */
    xie_queue_put(&queue, NULL);
    xie_queue_put(&queue, NULL);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_queue_join(&queue), -ETIMEDOUT);
    }
    struct xie_task *joiners[2] = {xie_spawn(join_it, NULL), xie_spawn(join_it, NULL)};
    xie_queue_get(&queue, &item);
    xie_queue_task_done(&queue);
    xie_queue_get(&queue, &item);
    kit_settle();
    CHECK(!xie_task_done(joiners[0])); /* got is not dealt with */
    xie_queue_task_done(&queue);
    xie_queue_put(&queue, NULL); /* more, but it was so once */
    CHECK_EQ(xie_gather(joiners, 2, NULL), 0);
    xie_queue_close(&queue);
    xie_queue_fini(&queue); /* closed: items may be left */
    return 0;
}

/* --- misuse -------------------------------------------------------------------------- */

static int done_too_often(void *arg)
{
    (void)arg;
    xie_queue_init(&queue, 0);
    xie_queue_task_done(&queue);
    return 0;
}

static int fini_full(void *arg)
{
    (void)arg;
    xie_queue_init(&queue, 0);
    xie_queue_put(&queue, NULL);
    xie_queue_fini(&queue);
    return 0;
}

static int fini_waited_for(void *arg)
{
    xie_queue_init(&queue, 0);
    xie_detach(xie_spawn(get_one, &arg));
    xie_sleep(0);
    xie_queue_fini(&queue);
    return 0;
}

static void misuse_aborts(void)
{
    kit_aborts(done_too_often, "task_done");
    kit_aborts(fini_full, "1 items left");
    kit_aborts(fini_waited_for, "while tasks wait");
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"producers_and_consumers_of_a_bounded_queue", producers_and_consumers_of_a_bounded_queue},
        {"the_limit_below_at_and_above", the_limit_below_at_and_above},
        {"zero_is_a_queue_without_a_limit", zero_is_a_queue_without_a_limit},
        {"a_burst_leaves_no_memory_behind", a_burst_leaves_no_memory_behind},
        {"getters_are_served_in_the_order_they_came", getters_are_served_in_the_order_they_came},
        {"putters_are_served_in_the_order_they_came", putters_are_served_in_the_order_they_came},
        {"an_interrupted_get_loses_no_item", an_interrupted_get_loses_no_item},
        {"an_interrupted_put_takes_its_item_along", an_interrupted_put_takes_its_item_along},
        {"an_expired_scope_moves_nothing", an_expired_scope_moves_nothing},
        {"callbacks_may_try", callbacks_may_try},
        {"outside_a_task_only_trying_works", outside_a_task_only_trying_works},
        {"closing_lets_it_run_empty", closing_lets_it_run_empty},
        {"shutting_down_takes_out_what_is_left", shutting_down_takes_out_what_is_left},
        {"shutting_down_releases_those_who_join", shutting_down_releases_those_who_join},
        {"joining_waits_until_all_is_dealt_with", joining_waits_until_all_is_dealt_with},
        {"misuse_aborts", misuse_aborts},
        {0},
    };
    return tap_main(argc, argv, tests);
}
