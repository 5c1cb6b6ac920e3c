/* barrier.c - the promises of <xie/sync.h> about the barrier. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

static struct xie_barrier barrier;

static int arrive(void *arg)
{
    (void)arg;
    return xie_barrier_wait(&barrier);
}

/* Spawn count tasks and let them come to the barrier. */
static void come(struct xie_task **tasks, int count)
{
    for (int i = 0; i < count; i++)
        tasks[i] = xie_spawn(arrive, NULL);
    xie_sleep(0);
}

IN_TASK(all_go_on_together_with_a_number_each)
{
    struct xie_task *tasks[3];
    xie_barrier_init(&barrier, 4);
    come(tasks, 3);
    CHECK_EQ(xie_barrier_waiting(&barrier), 3);
    for (int i = 0; i < 3; i++)
        CHECK(!xie_task_done(tasks[i]));
    CHECK_EQ(xie_barrier_wait(&barrier), 3); /* the last */
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_join(tasks[i]), i);
    return 0;
}

IN_TASK(a_barrier_of_one_is_open)
{
    xie_barrier_init(&barrier, 1);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_barrier_wait(&barrier), 0);
    return 0;
}

enum { PARTIES = 5, ROUNDS = 40 };
static int round_of[PARTIES];

/* Nobody is ever more than a round ahead. */
static int go_round(void *arg)
{
    int *mine = arg;
    for (*mine = 0; *mine < ROUNDS; ++*mine) {
        int number = xie_barrier_wait(&barrier);
        CHECK(number >= 0 && number < PARTIES);
        for (int i = 0; i < PARTIES; i++)
            CHECK(abs(round_of[i] - *mine) <= 1);
        if (number % 2)
            xie_sleep(0);
    }
    return 0;
}

IN_TASK(rounds_do_not_mix)
{
    struct xie_task *tasks[PARTIES];
    xie_barrier_init(&barrier, PARTIES);
    for (int i = 0; i < PARTIES; i++)
        tasks[i] = xie_spawn(go_round, &round_of[i]);
    CHECK_EQ(xie_gather(tasks, PARTIES, NULL), 0);
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
    return 0;
}

/* Each of three that wait is interrupted; his place is free again, and the numbers have no gap. */
IN_TASK(who_is_interrupted_leaves_his_place_to_another)
{
    for (int which = 0; which < 3; which++) {
        struct xie_task *tasks[4];
        int results[3];
        xie_barrier_init(&barrier, 4);
        come(tasks, 3);
        xie_task_cancel(tasks[which]);
        CHECK_EQ(xie_barrier_waiting(&barrier), 2);
        CHECK(!xie_barrier_broken(&barrier));
        tasks[3] = xie_spawn(arrive, NULL);
        xie_sleep(0);
        CHECK_EQ(xie_barrier_waiting(&barrier), 3);
        CHECK_EQ(xie_barrier_wait(&barrier), 3);
        xie_task_cancel(tasks[3]); /* too late: the barrier is open */
        CHECK_EQ(xie_join(tasks[3]), 2);
        xie_gather(tasks, 3, results);
        for (int i = 0, next = 0; i < 3; i++)
            CHECK_EQ(results[i], i == which ? -ECANCELED : next++);
    }
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_barrier_wait(&barrier), -ETIMEDOUT);
    }
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_barrier_wait(&barrier), -ETIMEDOUT);
    }
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
    return 0;
}

IN_TASK(a_reset_fails_those_who_wait_and_nobody_else)
{
    struct xie_task *tasks[2];
    xie_barrier_init(&barrier, 3);
    xie_barrier_reset(&barrier); /* empty: nothing */
    come(tasks, 2);
    xie_barrier_reset(&barrier);
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
    CHECK(!xie_barrier_broken(&barrier));
    CHECK_EQ(xie_join(tasks[0]), XIE_EBROKEN);
    CHECK_EQ(xie_join(tasks[1]), XIE_EBROKEN);
    come(tasks, 2);
    CHECK_EQ(xie_barrier_wait(&barrier), 2);
    CHECK_EQ(xie_join(tasks[0]), 0);
    CHECK_EQ(xie_join(tasks[1]), 1);
    return 0;
}

IN_TASK(an_aborted_barrier_is_broken_until_a_reset)
{
    struct xie_task *tasks[2];
    xie_barrier_init(&barrier, 3);
    come(tasks, 2);
    xie_barrier_abort(&barrier);
    CHECK(xie_barrier_broken(&barrier));
    CHECK_EQ(xie_join(tasks[0]), XIE_EBROKEN);
    CHECK_EQ(xie_join(tasks[1]), XIE_EBROKEN);
    CHECK_EQ(xie_barrier_wait(&barrier), XIE_EBROKEN);
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
    xie_barrier_reset(&barrier);
    CHECK(!xie_barrier_broken(&barrier));
    come(tasks, 2);
    CHECK_EQ(xie_barrier_wait(&barrier), 2);
    CHECK_EQ(xie_gather(tasks, 2, NULL), 0);
    return 0;
}

IN_TASK(those_let_through_stay_so_through_an_abort)
{
    struct xie_task *task;
    xie_barrier_init(&barrier, 2);
    come(&task, 1);
    CHECK_EQ(xie_barrier_wait(&barrier), 1);
    xie_barrier_abort(&barrier);
    CHECK_EQ(xie_join(task), 0);
    return 0;
}

static void break_it(void *arg)
{
    xie_barrier_abort(arg);
}

IN_TASK(a_callback_may_break_it)
{
    struct xie_call call = {0};
    xie_barrier_init(&barrier, 2);
    CHECK_EQ(xie_call_soon(&call, break_it, &barrier), 0);
    CHECK_EQ(xie_barrier_wait(&barrier), XIE_EBROKEN);
    return 0;
}

static int no_parties(void *arg)
{
    (void)arg;
    xie_barrier_init(&barrier, 0);
    return 0;
}

static int too_many(void *arg)
{
    (void)arg;
    xie_barrier_init(&barrier, (size_t)INT32_MAX + 1);
    return 0;
}

static void a_senseless_number_of_parties_aborts(void)
{
    xie_barrier_init(&barrier, INT32_MAX); /* the most */
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
    kit_aborts(no_parties, "a barrier of 0 parties");
    kit_aborts(too_many, "a barrier of 2147483648 parties");
}

static void outside_a_task_it_is_an_error(void)
{
    xie_barrier_init(&barrier, 1);
    CHECK_EQ(xie_barrier_wait(&barrier), -EPERM);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"all_go_on_together_with_a_number_each", all_go_on_together_with_a_number_each},
        {"a_barrier_of_one_is_open", a_barrier_of_one_is_open},
        {"rounds_do_not_mix", rounds_do_not_mix},
        {"who_is_interrupted_leaves_his_place_to_another",
         who_is_interrupted_leaves_his_place_to_another},
        {"a_reset_fails_those_who_wait_and_nobody_else",
         a_reset_fails_those_who_wait_and_nobody_else},
        {"an_aborted_barrier_is_broken_until_a_reset", an_aborted_barrier_is_broken_until_a_reset},
        {"those_let_through_stay_so_through_an_abort", those_let_through_stay_so_through_an_abort},
        {"a_callback_may_break_it", a_callback_may_break_it},
        {"a_senseless_number_of_parties_aborts", a_senseless_number_of_parties_aborts},
        {"outside_a_task_it_is_an_error", outside_a_task_it_is_an_error},
        {0},
    };
    return tap_main(argc, argv, tests);
}
