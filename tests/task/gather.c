/* gather.c - the promises of <xie/gather.h>. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static int number(void *arg)
{
    return (int)(long)arg;
}

static int nap(void *arg)
{
    return xie_sleep((int64_t)(long)arg * XIE_MILLISECOND);
}

static int nap_then(void *arg)
{
    int error = xie_sleep(XIE_MILLISECOND);
    return error ? error : (int)(long)arg;
}

static int forever(void *arg)
{
    (void)arg;
    return xie_sleep(XIE_NEVER);
}

/* --- gather ------------------------------------------------------------------------- */

static int gathers(void)
{
    struct xie_task *tasks[4] = {xie_spawn(nap_then, (void *)1), xie_spawn(number, (void *)-2L),
                                 NULL, xie_spawn(number, (void *)4)};
    int results[4];
    CHECK_EQ(xie_gather(tasks, 4, results), -2);
    CHECK_EQ(results[0], 1);
    CHECK_EQ(results[1], -2);
    CHECK_EQ(results[2], -ENOMEM);
    CHECK_EQ(results[3], 4);
    CHECK_EQ(xie_gather(NULL, 0, NULL), 0);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void gather_waits_for_all(void)
{
    in_task(gathers);
}

/* Tasks that have ended are gathered without a wait, in a cancelled scope too. */
static int gathers_ended(void)
{
    struct xie_task *tasks[2] = {xie_spawn(number, (void *)3), xie_spawn(number, (void *)4)};
    int results[2];
    xie_sleep(0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_gather(tasks, 2, results), 0);
    }
    CHECK_EQ(results[0] * 10 + results[1], 34);
    return 0;
}

static void gather_of_ended_tasks_does_not_wait(void)
{
    in_task(gathers_ended);
}

static int gather_interrupted(void)
{
    struct xie_task *tasks[2] = {xie_spawn(forever, NULL), xie_spawn(number, (void *)4)};
    int results[2] = {0, 0};
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_gather(tasks, 2, results), -ETIMEDOUT);
    }
    CHECK_EQ(results[0], -ECANCELED);
    CHECK_EQ(results[1], 4);
    CHECK_EQ(xie_task_count(), 1);
    tasks[0] = xie_spawn(forever, NULL);
    XIE_TIMEOUT(0) { /* interrupted before it began */
        CHECK_EQ(xie_gather(tasks, 1, results), -ETIMEDOUT);
    }
    CHECK_EQ(results[0], -ECANCELED);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void an_interrupted_gather_leaves_nothing_running(void)
{
    in_task(gather_interrupted);
}

static int gather_cancels(void)
{
    struct xie_task *tasks[4] = {xie_spawn(forever, NULL), xie_spawn(nap_then, (void *)-5L),
                                 xie_spawn(number, (void *)3), xie_spawn(forever, NULL)};
    int results[4];
    CHECK_EQ(xie_gather_or_cancel(tasks, 4, results), -5); /* not -ECANCELED, though it is first */
    CHECK_EQ(results[0], -ECANCELED);
    CHECK_EQ(results[1], -5);
    CHECK_EQ(results[2], 3);
    CHECK_EQ(results[3], -ECANCELED);
    CHECK_EQ(xie_task_count(), 1);

    /* What has failed before, and what could not be made. */
    struct xie_task *early[2] = {xie_spawn(forever, NULL), xie_spawn(number, (void *)-6L)};
    xie_sleep(0);
    CHECK_EQ(xie_gather_or_cancel(early, 2, NULL), -6);
    struct xie_task *none[2] = {xie_spawn(forever, NULL), NULL};
    CHECK_EQ(xie_gather_or_cancel(none, 2, NULL), -ENOMEM);
    struct xie_task *good[2] = {xie_spawn(nap_then, (void *)1), xie_spawn(number, (void *)2)};
    CHECK_EQ(xie_gather_or_cancel(good, 2, results), 0);
    CHECK_EQ(results[0] * 10 + results[1], 12);
    CHECK_EQ(xie_gather_or_cancel(NULL, 0, NULL), 0);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void the_first_failure_cancels_the_others(void)
{
    in_task(gather_cancels);
}

static int gather_cancels_interrupted(void)
{
    struct xie_task *tasks[2] = {xie_spawn(forever, NULL), xie_spawn(forever, NULL)};
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_gather_or_cancel(tasks, 2, NULL), -ETIMEDOUT);
    }
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void an_interrupted_gather_or_cancel_leaves_nothing_running(void)
{
    in_task(gather_cancels_interrupted);
}

static int join_it(void *task)
{
    return xie_join(task);
}

static int joined_elsewhere(void)
{
    struct xie_task *task = xie_spawn(forever, NULL);
    xie_spawn(join_it, task);
    return xie_gather(&task, 1, NULL);
}

static void gathered_handles_are_nobody_elses(void)
{
    char text[1024];
    CHECK(in_child_task(joined_elsewhere, text, sizeof text) != 0);
    CHECK(strstr(text, "xie_join of task 'forever'"));
    CHECK(strstr(text, "given back already"));
}

static void gather_in_a_call(void *arg)
{
    struct xie_task *task = *(struct xie_task **)arg;
    CHECK_EQ(xie_gather(&task, 1, NULL), -EPERM);
    CHECK_EQ(xie_gather_or_cancel(&task, 1, NULL), -EPERM);
    CHECK_EQ(xie_wait_tasks(&task, 1, XIE_ALL_DONE), -EPERM);
}

static int outside_a_task(void)
{
    struct xie_task *task = xie_spawn(nap, (void *)1);
    struct xie_call call = {0};
    CHECK_EQ(xie_call_soon(&call, gather_in_a_call, &task), 0);
    xie_sleep(0);
    CHECK(!xie_call_pending(&call));
    return xie_join(task); /* ours still */
}

static void outside_a_task_the_handles_stay(void)
{
    char text[1024];
    CHECK_EQ(in_child_task(outside_a_task, text, sizeof text), 0);
    CHECK(strstr(text, "outside a task"));
}

/* --- wait --------------------------------------------------------------------------- */

/* Ends when its event is set: in the order the test wants, on any machine. */
static int until_set(void *event)
{
    return xie_event_wait(event);
}

static int waits(void)
{
    struct xie_event events[2] = {0};
    struct xie_task *tasks[3] = {xie_spawn(until_set, &events[0]), xie_spawn(nap_then, (void *)-3L),
                                 xie_spawn(until_set, &events[1])};
    CHECK_EQ(xie_wait_tasks(tasks, 3, XIE_FIRST_DONE), 1);
    CHECK(xie_task_done(tasks[1]));
    CHECK_EQ(xie_wait_tasks(tasks, 3, XIE_FIRST_ERROR), 1); /* at once */
    XIE_TIMEOUT(XIE_MICROSECOND) {
        CHECK_EQ(xie_wait_tasks(tasks, 3, XIE_ALL_DONE), -ETIMEDOUT);
    }
    xie_event_set(&events[0]);
    CHECK_EQ(xie_wait_tasks(&tasks[0], 1, XIE_ALL_DONE), 1);
    CHECK_EQ(xie_wait_tasks(tasks, 3, XIE_FIRST_DONE), 2); /* at once, and how many by now */
    xie_event_set(&events[1]);
    CHECK_EQ(xie_wait_tasks(tasks, 3, XIE_ALL_DONE), 3);
    CHECK_EQ(xie_wait_tasks(tasks, 0, XIE_FIRST_DONE), 0);
    CHECK_EQ(xie_gather(tasks, 3, NULL), -3);
    struct xie_task *good[2] = {xie_spawn(nap, (void *)1), xie_spawn(nap, (void *)2)};
    CHECK_EQ(xie_wait_tasks(good, 2, XIE_FIRST_ERROR), 2); /* none failed: all ended */
    struct xie_task *none[2] = {good[0], NULL};
    CHECK_EQ(xie_wait_tasks(none, 2, XIE_FIRST_ERROR), 2);
    return xie_gather(good, 2, NULL);
}

static void waiting_for_the_first_or_all(void)
{
    in_task(waits);
}

static int join_and_fill(void *arg)
{
    struct xie_task **tasks = arg;
    CHECK_EQ(xie_join(tasks[0]), -7);
    tasks[0] = (struct xie_task *)(uintptr_t)16; /* nobody may look at it again */
    return 0;
}

/* The owner gives back what has ended while another still waits for the rest. */
static int given_back(void)
{
    struct xie_task *tasks[2] = {xie_spawn(nap_then, (void *)-7L), xie_spawn(nap, (void *)5)};
    struct xie_task *second = tasks[1], *owner = xie_spawn(join_and_fill, tasks);
    CHECK_EQ(xie_wait_tasks(tasks, 2, XIE_ALL_DONE), 2);
    CHECK_EQ(xie_join(owner), 0);
    return xie_join(second);
}

static void a_task_given_back_meanwhile_still_counts(void)
{
    in_task(given_back);
}

static int first_error_given_back(void)
{
    struct xie_task *tasks[2] = {xie_spawn(nap_then, (void *)-7L), xie_spawn(forever, NULL)};
    struct xie_task *second = tasks[1], *owner = xie_spawn(join_and_fill, tasks);
    CHECK_EQ(xie_wait_tasks(tasks, 2, XIE_FIRST_ERROR), 1);
    CHECK_EQ(xie_join(owner), 0);
    xie_task_cancel(second);
    return xie_join(second) == -ECANCELED ? 0 : -1;
}

static void its_error_counts_too(void)
{
    in_task(first_error_given_back);
}

/* --- one awaited by several --------------------------------------------------------- */

static int its_result(void *task)
{
    int result = 0;
    int error = xie_task_wait(task, &result);
    return error ? error : result;
}

static int several(void)
{
    struct xie_task *task = xie_spawn(nap_then, (void *)9), *others[10];
    int results[10];
    for (int i = 0; i < 10; i++)
        others[i] = xie_spawn(its_result, task);
    CHECK_EQ(xie_join(task), 9); /* the handle is given back before they go on */
    CHECK_EQ(xie_gather(others, 10, results), 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(results[i], 9);
    return 0;
}

static void several_get_the_result_of_one(void)
{
    in_task(several);
}

static int set_then_four(void *event)
{
    int error = xie_event_wait(event);
    return error ? error : 4;
}

static int leaves_it_alone(void)
{
    struct xie_event event = {0};
    struct xie_task *task = xie_spawn(set_then_four, &event), *waiter = xie_spawn(its_result, task);
    int result = 77;
    xie_sleep(0);
    xie_task_cancel(waiter);
    CHECK_EQ(xie_join(waiter), -ECANCELED);
    CHECK(!xie_task_cancelled(task)); /* it goes on: what asyncio's shield is for */
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_task_wait(task, &result), -ETIMEDOUT);
    }
    CHECK_EQ(result, 77);
    xie_event_set(&event);
    CHECK_EQ(xie_task_wait(task, &result), 0);
    CHECK_EQ(result, 4);
    CHECK_EQ(xie_task_wait(task, NULL), 0);
    CHECK_EQ(xie_task_wait(NULL, &result), -ENOMEM);
    return xie_join(task) == 4 ? 0 : -1;
}

static void an_interrupted_wait_leaves_the_task_alone(void)
{
    in_task(leaves_it_alone);
}

/* --- as completed ------------------------------------------------------------------- */

static int in_order(void)
{
    struct xie_event events[4] = {0};
    struct xie_task *tasks[5];
    struct xie_as_completed over;
    static const size_t order[4] = {2, 0, 3, 1};
    size_t index = 99;
    for (int i = 0; i < 4; i++)
        tasks[i] = xie_spawn(until_set, &events[i]);
    tasks[4] = NULL;
    CHECK_EQ(xie_as_completed_open(&over, tasks, 5), 0);
    CHECK_EQ(xie_as_completed_next(&over, &index), 1);
    CHECK_EQ(index, 4); /* what could not be made comes first */
    CHECK_EQ(xie_join(tasks[4]), -ENOMEM);
    for (int i = 0; i < 4; i++) {
        xie_event_set(&events[order[i]]);
        CHECK_EQ(xie_as_completed_next(&over, &index), 1);
        CHECK_EQ(index, order[i]);
        CHECK(xie_task_done(tasks[index]));
        CHECK_EQ(xie_join(tasks[index]), 0);
    }
    index = 99;
    CHECK_EQ(xie_as_completed_next(&over, &index), 0);
    CHECK_EQ(xie_as_completed_next(&over, &index), 0);
    CHECK_EQ(index, 99);
    xie_as_completed_close(&over);
    xie_as_completed_close(&over);
    CHECK_EQ(xie_as_completed_open(&over, NULL, 0), 0);
    CHECK_EQ(xie_as_completed_next(&over, &index), 0);
    xie_as_completed_close(&over);
    return 0;
}

static void tasks_come_in_the_order_of_their_ends(void)
{
    in_task(in_order);
}

/* Ends that come while nobody asks are kept, in their order. */
static int kept(void)
{
    static const int order[3] = {1, 2, 0};
    struct xie_event events[3] = {0};
    struct xie_task *tasks[3];
    struct xie_as_completed over;
    size_t index;
    for (int i = 0; i < 3; i++)
        tasks[i] = xie_spawn(until_set, &events[i]);
    CHECK_EQ(xie_as_completed_open(&over, tasks, 3), 0);
    XIE_TIMEOUT(XIE_MICROSECOND) {
        CHECK_EQ(xie_as_completed_next(&over, &index), -ETIMEDOUT);
    }
    for (int i = 0; i < 3; i++) {
        xie_event_set(&events[order[i]]);
        CHECK_EQ(xie_join(tasks[order[i]]), 0); /* given back; only its place is told */
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(xie_as_completed_next(&over, &index), 1);
        CHECK_EQ(index, order[i]);
    }
    CHECK_EQ(xie_as_completed_next(&over, &index), 0);
    xie_as_completed_close(&over);
    return 0;
}

static void an_interrupted_next_loses_no_end(void)
{
    in_task(kept);
}

static int stops(void)
{
    struct xie_task *tasks[3] = {xie_spawn(number, NULL), xie_spawn(forever, NULL),
                                 xie_spawn(nap, (void *)1)};
    struct xie_as_completed over;
    size_t index;
    CHECK_EQ(xie_as_completed_open(&over, tasks, 3), 0);
    CHECK_EQ(xie_as_completed_next(&over, &index), 1);
    CHECK_EQ(index, 0);
    xie_as_completed_close(&over);
    CHECK_EQ(xie_join(tasks[2]), 0); /* its end tells nobody now */
    CHECK(!xie_task_done(tasks[1]));
    xie_task_cancel(tasks[1]);
    xie_join(tasks[1]);
    return xie_join(tasks[0]);
}

static void stopping_leaves_the_tasks_alone(void)
{
    in_task(stops);
}

/* Several tasks share one: each end is given out once, and all hear that there is no more. */
static struct xie_as_completed shared;
static int seen[20];
static int take_some(void *arg)
{
    size_t index;
    int status;
    (void)arg;
    while ((status = xie_as_completed_next(&shared, &index)) == 1)
        seen[index]++;
    return status;
}

static int shares(void)
{
    struct xie_task *tasks[20], *takers[4];
    for (long i = 0; i < 20; i++)
        tasks[i] = xie_spawn(nap, (void *)(i * 7 % 5));
    CHECK_EQ(xie_as_completed_open(&shared, tasks, 20), 0);
    for (int i = 0; i < 4; i++)
        takers[i] = xie_spawn(take_some, NULL);
    xie_sleep(0);
    xie_task_cancel(takers[0]); /* an end that it was to have goes to another */
    CHECK_EQ(xie_gather(takers, 4, NULL), -ECANCELED);
    for (int i = 0; i < 20; i++)
        CHECK_EQ(seen[i], 1);
    xie_as_completed_close(&shared);
    return xie_gather(tasks, 20, NULL);
}

static void each_end_is_given_out_once(void)
{
    in_task(shares);
}

/* The one woken for an end is cancelled before it runs: another, who waits too, must not miss it.
 */
static int handed_on(void)
{
    struct xie_event event = {0};
    struct xie_task *task = xie_spawn(until_set, &event);
    CHECK_EQ(xie_as_completed_open(&shared, &task, 1), 0);
    struct xie_task *takers[2] = {xie_spawn(take_some, NULL), xie_spawn(take_some, NULL)};
    xie_sleep(0);
    xie_event_set(&event);
    xie_sleep(0); /* it ends, and wakes the first */
    xie_task_cancel(takers[0]);
    xie_gather(takers, 2, NULL);
    CHECK_EQ(seen[0], 1);
    xie_as_completed_close(&shared);
    return xie_join(task);
}

static void an_end_is_never_lost(void)
{
    in_task(handed_on);
}

static int closed_under(void)
{
    struct xie_task *task = xie_spawn(forever, NULL);
    CHECK_EQ(xie_as_completed_open(&shared, &task, 1), 0);
    xie_spawn(take_some, NULL);
    xie_sleep(0);
    xie_as_completed_close(&shared);
    return 0;
}

static void closing_under_a_waiter_aborts(void)
{
    char text[1024];
    CHECK(in_child_task(closed_under, text, sizeof text) != 0);
    CHECK(strstr(text, "misuse: xie_as_completed_close"));
}

/* --- at random ---------------------------------------------------------------------- */

static uint32_t state;
static unsigned rnd(unsigned limit)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

static int random_end(void *arg)
{
    int error = xie_sleep(rnd(2000) * XIE_MICROSECOND);
    return error ? error : (int)(long)arg;
}

/* Gathers of random tasks with random deadlines: afterwards nothing runs, and every result is
 * its task's own or a cancellation. */
static int at_random(void)
{
    for (int round = 0; round < (tap_slow() ? 30 : 200); round++) {
        struct xie_task *tasks[12];
        int results[12], want[12];
        size_t count = rnd(13);
        for (size_t i = 0; i < count; i++) {
            want[i] = rnd(6) ? (int)i : -(int)i - 1;
            tasks[i] = xie_spawn(random_end, (void *)(long)want[i]);
        }
        bool cancels = rnd(2);
        XIE_TIMEOUT(rnd(2) ? rnd(2000) * XIE_MICROSECOND : XIE_NEVER) {
            int (*gather)(struct xie_task *const *, size_t, int *) =
                cancels ? xie_gather_or_cancel : xie_gather;
            gather(tasks, count, results);
        }
        REQUIRE(xie_task_count() == 1);
        for (size_t i = 0; i < count; i++)
            CHECK(results[i] == want[i] || results[i] == -ECANCELED);
    }
    return 0;
}

static void random_gathers(void)
{
    for (state = 1; state < 4; state++)
        in_task(at_random);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"gather waits for all", gather_waits_for_all},
        {"a gather of ended tasks does not wait", gather_of_ended_tasks_does_not_wait},
        {"an interrupted gather leaves nothing running",
         an_interrupted_gather_leaves_nothing_running},
        {"the first failure cancels the others", the_first_failure_cancels_the_others},
        {"an interrupted gather_or_cancel leaves nothing running",
         an_interrupted_gather_or_cancel_leaves_nothing_running},
        {"gathered handles are nobody else's", gathered_handles_are_nobody_elses},
        {"outside a task the handles stay", outside_a_task_the_handles_stay},
        {"waiting for the first, the first error, all", waiting_for_the_first_or_all},
        {"a task given back meanwhile still counts", a_task_given_back_meanwhile_still_counts},
        {"its error counts too", its_error_counts_too},
        {"several get the result of one", several_get_the_result_of_one},
        {"an interrupted wait leaves the task alone", an_interrupted_wait_leaves_the_task_alone},
        {"tasks come in the order of their ends", tasks_come_in_the_order_of_their_ends},
        {"an interrupted next loses no end", an_interrupted_next_loses_no_end},
        {"stopping leaves the tasks alone", stopping_leaves_the_tasks_alone},
        {"each end is given out once", each_end_is_given_out_once},
        {"an end is never lost", an_end_is_never_lost},
        {"closing under a waiter aborts", closing_under_a_waiter_aborts},
        {"random gathers", random_gathers},
        {0},
    };
    return tap_main(argc, argv, tests);
}
