/* faults.c - a program of queues, conditions and selects, each of whose calls fails once.
 * Every outcome is a clean error; nothing is left behind, and nobody hangs. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include "kit.h"

struct pipeline {
    struct xie_queue in, out;
    struct xie_semaphore permits;
    struct xie_lock lock;
    struct xie_condition changed;
    struct xie_barrier barrier;
    long sum;
};

static int by_address(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

static int produce(void *arg)
{
    struct pipeline *line = arg;
    for (long i = 1; i <= 12; i++) {
        int error = xie_queue_put(&line->in, (void *)i);
        if (error)
            return error;
    }
    xie_queue_close(&line->in);
    int number = xie_barrier_wait(&line->barrier);
    return number < 0 ? number : 0;
}

/* Passes on what comes, within a permit. */
static int pass_on(void *arg)
{
    struct pipeline *line = arg;
    void *item;
    int error;
    while (!(error = xie_queue_get(&line->in, &item))) {
        error = xie_semaphore_take(&line->permits);
        if (error)
            return error;
        error = xie_queue_put(&line->out, item);
        xie_semaphore_give(&line->permits);
        if (error)
            return error;
    }
    if (error != XIE_ECLOSED)
        return error;
    int number = xie_barrier_wait(&line->barrier);
    if (number == 2)
        xie_queue_close(&line->out);
    return number < 0 ? number : 0;
}

static int collect(void *arg)
{
    struct pipeline *line = arg;
    struct xie_event never = {0};
    void *item;
    struct xie_case cases[] = {xie_case_event(&never), xie_case_get(&line->out, &item)};
    for (;;) {
        int error = xie_select(cases, 2);
        if (error < 0 || (error = cases[1].result) != 0)
            return error == XIE_ECLOSED ? 0 : error;
        XIE_LOCKED(&line->lock) {
            line->sum += (long)item;
            xie_condition_notify_all(&line->changed);
        }
    }
}

static bool complete(void *arg)
{
    return ((struct pipeline *)arg)->sum == 78;
}

static int watch(void *arg)
{
    struct pipeline *line = arg;
    XIE_LOCKED(&line->lock) {
        return xie_condition_wait_for(&line->changed, &line->lock, complete, line);
    }
    return xie_check();
}

static int run_pipeline(void *arg)
{
    static xie_task_fn *const parts[] = {produce, pass_on, pass_on, collect, watch};
    struct pipeline line = {0};
    int error = 0;
    (void)arg;
    xie_queue_init(&line.in, 0);
    xie_queue_init_priority(&line.out, 2, by_address);
    xie_semaphore_init(&line.permits, 1, 1);
    xie_barrier_init(&line.barrier, 3);
    XIE_GROUP(group) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !error; i++)
            error = xie_group_spawn(&group, parts[i], &line);
        if (error)
            xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error ? error : failed;
    }
    CHECK(!xie_lock_locked(&line.lock));
    CHECK_EQ(line.permits.value, 1);
    CHECK_EQ(xie_barrier_waiting(&line.barrier), 0);
    xie_queue_shutdown(&line.in, NULL);
    xie_queue_shutdown(&line.out, NULL);
    xie_queue_fini(&line.in);
    xie_queue_fini(&line.out);
    return error;
}

static void every_call_of_a_pipeline_fails_once(void)
{
    fault_sweep_all(&(struct fault_program){.name = "pipeline", .run = run_pipeline});
}

/* Cancelled after so many turns; true: the pipeline had ended before. */
static bool pipeline_in_turns(int turns)
{
    struct xie_task *task = xie_spawn(run_pipeline, NULL);
    for (int i = 0; i < turns; i++)
        xie_sleep(0);
    bool ended = xie_task_done(task);
    xie_task_cancel(task);
    int result = xie_join(task);
    CHECK(result == 0 || (result == -ECANCELED && !ended));
    return ended;
}

IN_TASK(a_pipeline_may_be_cancelled_at_every_turn)
{
    int turns = 0;
    while (!pipeline_in_turns(turns))
        REQUIRE(++turns < 1000);
    CHECK(turns > 5); /* it does wait now and then */
    return 0;
}

/* --- a loop that ends while tasks wait at each of them ------------------------------------- */

static struct pipeline ending;

static int wait_for_lock(void *arg)
{
    return xie_lock_take(arg);
}

static int wait_for_condition(void *arg)
{
    static struct xie_lock lock;
    XIE_LOCKED(&lock) {
        return xie_condition_wait(arg, &lock);
    }
    return xie_check();
}

static int wait_for_permit(void *arg)
{
    return xie_semaphore_take(arg);
}

static int wait_for_parties(void *arg)
{
    return xie_barrier_wait(arg);
}

static int wait_for_dealing(void *arg)
{
    return xie_queue_join(arg);
}

static int wait_for_some(void *arg)
{
    struct pipeline *line = arg;
    void *item;
    struct xie_case cases[] = {xie_case_get(&line->out, &item), xie_case_lock(&line->lock),
                               xie_case_semaphore(&line->permits)};
    return xie_select(cases, 3);
}

static int hold(void *arg)
{
    int error = xie_lock_take(arg);
    if (error)
        return error;
    error = xie_sleep_until(XIE_NEVER);
    xie_lock_give(arg);
    return error;
}

IN_TASK(the_loop_may_end_while_tasks_wait)
{
    (void)arg;
    xie_queue_init(&ending.out, 0);
    xie_barrier_init(&ending.barrier, 3);
    xie_queue_try_put(&ending.in, NULL);
    xie_detach(xie_spawn(hold, &ending.lock));
    xie_detach(xie_spawn(wait_for_lock, &ending.lock));
    xie_detach(xie_spawn(wait_for_condition, &ending.changed));
    xie_detach(xie_spawn(wait_for_permit, &ending.permits));
    xie_detach(xie_spawn(wait_for_parties, &ending.barrier));
    xie_detach(xie_spawn(wait_for_dealing, &ending.in));
    xie_detach(xie_spawn(wait_for_some, &ending));
    xie_sleep(0);
    CHECK(ending.lock.waiters.head && ending.changed.waiters.head && ending.permits.waiters.head);
    CHECK(ending.barrier.waiters.head && ending.in.joiners.head && ending.out.getters.head);
    xie_queue_shutdown(&ending.in, NULL);
    xie_queue_fini(&ending.in);
    return 0;
}

static void nobody_is_left_in_a_line_after_the_loop(void)
{
    the_loop_may_end_while_tasks_wait();
    CHECK(!ending.lock.waiters.head && !ending.changed.waiters.head);
    CHECK(!ending.permits.waiters.head && !ending.barrier.waiters.head);
    CHECK(!ending.out.getters.head && !xie_lock_locked(&ending.lock));
    CHECK_EQ(xie_barrier_waiting(&ending.barrier), 0);
}

/* A put that fails for want of memory leaves the queue as it was. */
IN_TASK(a_put_without_memory_changes_nothing)
{
    for (int priority = 0; priority < 2; priority++) {
        struct xie_queue queue;
        void *item;
        if (priority)
            xie_queue_init_priority(&queue, 0, by_address);
        else
            xie_queue_init(&queue, 0);
        for (long i = 0; i < 40; i++) {
            xie_fault_plan =
                (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
            int error = xie_queue_put(&queue, (void *)i);
            bool failed = xie_fault_plan.failed;
            xie_fault_plan = (struct xie_fault){0};
            CHECK_EQ(error, failed ? -ENOMEM : 0);
            CHECK_EQ(xie_queue_count(&queue), i + !failed);
            if (failed)
                CHECK_EQ(xie_queue_put(&queue, (void *)i), 0);
        }
        for (long i = 0; i < 40; i++) {
            CHECK_EQ(xie_queue_try_get(&queue, &item), 0);
            CHECK_EQ(item, i);
            xie_queue_task_done(&queue);
        }
        CHECK_EQ(xie_queue_join(&queue), 0);
        xie_queue_fini(&queue);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"every_call_of_a_pipeline_fails_once", every_call_of_a_pipeline_fails_once},
        {"a_pipeline_may_be_cancelled_at_every_turn", a_pipeline_may_be_cancelled_at_every_turn},
        {"nobody_is_left_in_a_line_after_the_loop", nobody_is_left_in_a_line_after_the_loop},
        {"a_put_without_memory_changes_nothing", a_put_without_memory_changes_nothing},
        {0},
    };
    return tap_main(argc, argv, tests);
}
