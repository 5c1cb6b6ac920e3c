/* faults.c - each allocation and system call of floors 2 to 4 fails once: clean errors, no leak. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <xie.h>

#include "base/memory.h"
#include "fault.h"
#include "tap.h"

static int nap(void *arg)
{
    return xie_sleep((intptr_t)arg * XIE_MICROSECOND);
}

/* --- programs ----------------------------------------------------------------------- */

static int spawn_and_join(void *arg)
{
    struct xie_task *tasks[4];
    int first = 0;
    (void)arg;
    for (intptr_t i = 0; i < 4; i++)
        tasks[i] = xie_spawn(nap, (void *)(4 - i));
    for (int i = 0; i < 4; i++) {
        int result = xie_join(tasks[i]);
        first = first ? first : result;
    }
    return first;
}

static int detach(void *arg)
{
    struct xie_task *task = xie_spawn(nap, (void *)3);
    (void)arg;
    xie_detach(task);
    return task ? nap((void *)1) : -ENOMEM;
}

static int group(void *arg)
{
    (void)arg;
    XIE_GROUP(group) {
        for (intptr_t i = 0; i < 4; i++) {
            int error = xie_group_spawn(&group, nap, (void *)i);
            if (error)
                return error;
        }
        return xie_group_wait(&group);
    }
    return 0;
}

/* A failing member's siblings are cancelled in the middle of their waits. */
static int fail_later(void *arg)
{
    int error = nap(arg);
    return error ? error : -EDOM;
}

static int group_fails(void *arg)
{
    (void)arg;
    XIE_GROUP(group) {
        int error = xie_group_spawn(&group, nap, (void *)1000000);
        if (!error)
            error = xie_group_spawn(&group, fail_later, (void *)1);
        if (error) {
            xie_group_cancel(&group);
            return error;
        }
        error = xie_group_wait(&group);
        return error == -EDOM ? 0 : error ? error : -EPROTO;
    }
    return 0;
}

static int gather(void *arg)
{
    struct xie_task *tasks[3];
    int results[3];
    (void)arg;
    for (intptr_t i = 0; i < 3; i++)
        tasks[i] = xie_spawn(nap, (void *)i);
    return xie_gather(tasks, 3, results);
}

static int gather_or_cancel(void *arg)
{
    struct xie_task *tasks[3];
    (void)arg;
    for (intptr_t i = 0; i < 3; i++)
        tasks[i] = xie_spawn(nap, (void *)i);
    return xie_gather_or_cancel(tasks, 3, NULL);
}

static int as_completed(void *arg)
{
    struct xie_task *tasks[3];
    struct xie_as_completed over;
    size_t index;
    int first = 0;
    (void)arg;
    for (intptr_t i = 0; i < 3; i++)
        tasks[i] = xie_spawn(nap, (void *)(3 - i));
    int error = xie_as_completed_open(&over, tasks, 3);
    if (error) {
        xie_gather(tasks, 3, NULL);
        return error;
    }
    while ((error = xie_as_completed_next(&over, &index)) > 0) {
        int result = xie_join(tasks[index]);
        first = first ? first : result;
    }
    xie_as_completed_close(&over);
    return error ? error : first;
}

static int eager(void *arg)
{
    static const struct xie_task_options options = {.eager = true};
    (void)arg;
    XIE_GROUP(group) {
        int error = 0;
        for (intptr_t i = 0; i < 3 && !error; i++)
            error = xie_group_spawn_with(&group, nap, (void *)i, &options);
        int failed = xie_group_wait(&group);
        return error ? error : failed;
    }
    return 0;
}

static int wait_tasks(void *arg)
{
    struct xie_task *tasks[3];
    int first = 0;
    (void)arg;
    for (intptr_t i = 0; i < 3; i++)
        tasks[i] = xie_spawn(nap, (void *)(i * 2));
    int count =
        tasks[0] && tasks[1] && tasks[2] ? xie_wait_tasks(tasks, 3, XIE_FIRST_DONE) : -ENOMEM;
    for (int i = 0; i < 3; i++) {
        int result = xie_join(tasks[i]);
        first = first ? first : result;
    }
    return count < 0 ? count : first;
}

static int scopes(void *arg)
{
    int error = 0;
    (void)arg;
    XIE_TIMEOUT(XIE_MILLISECOND) {
        XIE_SHIELD {
            error = nap((void *)10);
        }
        if (!error && xie_sleep(XIE_MINUTE) != -ETIMEDOUT)
            error = -EPROTO;
    }
    return error ? error : nap((void *)1);
}

static int resolve_later(void *arg)
{
    int error = nap((void *)1);
    if (error)
        xie_future_fail(arg, error);
    else
        xie_future_resolve(arg, arg);
    return error;
}

static int future(void *arg)
{
    struct xie_future future = {0};
    void *value = arg;
    struct xie_task *task = xie_spawn(resolve_later, &future);
    int error = task ? xie_future_wait(&future, &value) : -ENOMEM;
    int joined = xie_join(task);
    return error ? error : joined;
}

static int produce(void *arg)
{
    int error = 0;
    for (int i = 0; i < 5 && !error; i++)
        error = xie_queue_put(arg, arg);
    xie_queue_close(arg);
    return error;
}

static int queue(size_t limit)
{
    struct xie_queue queue;
    void *item;
    int error = -ENOMEM;
    xie_queue_init(&queue, limit);
    struct xie_task *task = xie_spawn(produce, &queue);
    while (task && !(error = xie_queue_get(&queue, &item)))
        ;
    int joined = xie_join(task);
    xie_queue_close(&queue);
    while (!xie_queue_try_get(&queue, &item))
        ;
    xie_queue_fini(&queue);
    return joined < 0 ? joined : error == XIE_ECLOSED ? 0 : error;
}

static int bounded_queue(void *arg)
{
    (void)arg;
    return queue(2);
}

static int unbounded_queue(void *arg)
{
    (void)arg;
    return queue(0);
}

static struct xie_lock lock;
static int hold(void *arg)
{
    int error = xie_lock_take(&lock);
    if (error)
        return error;
    error = nap(arg);
    xie_lock_give(&lock);
    return error;
}

static int locks(void *arg)
{
    struct xie_task *tasks[3];
    (void)arg;
    for (intptr_t i = 0; i < 3; i++)
        tasks[i] = xie_spawn(hold, (void *)i);
    return xie_gather(tasks, 3, NULL);
}

static const struct xie_local_key key = {.name = "key"};
static int locals(void *arg)
{
    int value = 1, error = xie_local_set(&key, &value);
    (void)arg;
    if (error)
        return error;
    error = nap((void *)1);
    return error ? error : xie_local_get(&key) == &value ? 0 : -EPROTO;
}

static void set_event(void *arg)
{
    xie_event_set(arg);
}

static int calls(void *arg)
{
    struct xie_event soon = {0}, later = {0}, from_outside = {0};
    struct xie_call a = {0}, b = {0};
    (void)arg;
    int error = xie_call_soon(&a, set_event, &soon);
    if (!error)
        error = xie_call_later(&b, XIE_MICROSECOND, set_event, &later);
    if (!error)
        error = xie_event_wait(&soon);
    if (!error)
        error = xie_event_wait(&later);
    xie_call_cancel(&a);
    xie_call_cancel(&b);
    if (!error)
        error = xie_loop_call(xie_loop_current(), set_event, &from_outside);
    return error ? error : xie_event_wait(&from_outside);
}

static int count_down(struct xie_gen *self, void *arg)
{
    int *left = arg;
    while (--*left >= 0) {
        int error = nap((void *)1);
        if (!error)
            error = xie_gen_yield(self, left, NULL);
        if (error)
            return error;
    }
    return 0;
}

/* A generator that waits, in a task. */
static int generator(void *arg)
{
    int left = 3, status;
    (void)arg;
    struct xie_gen *gen = xie_gen_new(count_down, &left);
    if (!gen)
        return -ENOMEM;
    do
        status = xie_gen_next(gen, NULL);
    while (status > 0);
    xie_gen_free(gen);
    return status;
}

/* --- tests -------------------------------------------------------------------------- */

/* Without memory nothing succeeds unnoticed; some system calls are for speed only. */
static void swept(const char *name, int (*run)(void *arg))
{
    struct fault_program program = {.name = name, .run = run};
    tap_limit(120);
    fault_sweep(&program, XIE_FAULT_MEMORY, -ENOMEM);
    program.tolerant = true;
    fault_sweep(&program, XIE_FAULT_SYSCALL, -EIO);
    fault_sweep(&program, XIE_FAULT_MEMORY | XIE_FAULT_SYSCALL, -ENOMEM);
}

#define PROGRAMS(each)                                                                      \
    each(spawn_and_join) each(detach) each(group) each(group_fails) each(gather)            \
        each(gather_or_cancel) each(as_completed) each(eager) each(wait_tasks) each(scopes) \
            each(future) each(bounded_queue) each(unbounded_queue) each(locks) each(locals) \
                each(calls) each(generator)

#define SWEEP(program)                \
    static void sweep_##program(void) \
    {                                 \
        swept(#program, program);     \
    }
PROGRAMS(SWEEP)

/* In debug mode: a thread, its memory. Without the thread the program runs all the same. */
static void in_debug_mode(void)
{
    static const struct fault_program program = {
        .name = "spawn_and_join", .run = spawn_and_join, .tolerant = true};
    tap_limit(120);
    setenv("XIE_DEBUG", "1", 1);
    fault_sweep(&program, XIE_FAULT_MEMORY, -ENOMEM);
    fault_sweep(&program, XIE_FAULT_SYSCALL, -EAGAIN);
    fault_sweep_cold(&program, XIE_FAULT_MEMORY | XIE_FAULT_SYSCALL, -ENOMEM);
}

/* Several runs on one loop: what the second misses does not harm the first. */
static void runners(void)
{
    size_t live = xie_alloc_live();
    for (unsigned nth = 1; nth < 100; nth++) {
        struct xie_runner *runner = NULL;
        xie_fault_plan = (struct xie_fault){
            .kinds = XIE_FAULT_MEMORY | XIE_FAULT_SYSCALL, .nth = nth, .error = -ENOMEM};
        int error = xie_runner_open(&runner, NULL);
        CHECK(error ? !runner : runner != NULL);
        for (int i = 0; i < 3 && runner; i++) {
            int result = xie_runner_run(runner, spawn_and_join, NULL);
            CHECK(result <= 0);
        }
        xie_runner_close(runner);
        unsigned failed = (unsigned)xie_fault_plan.failed;
        xie_fault_plan.kinds = 0;
        CHECK_EQ(xie_alloc_live(), live);
        CHECK(!xie_loop_current());
        if (!failed)
            return;
    }
    tap_failed(__FILE__, __LINE__, "no end");
}

static void cold_starts(void)
{
    static const struct fault_program program = {
        .name = "spawn_and_join", .run = spawn_and_join, .tolerant = true};
    tap_limit(120);
    fault_sweep_cold(&program, XIE_FAULT_MEMORY, -ENOMEM);
    fault_sweep_cold(&program, XIE_FAULT_SYSCALL, -ENOMEM);
    fault_sweep_cold(&program, XIE_FAULT_SYSCALL, -EPERM);
}

int main(int argc, char **argv)
{
#define ENTRY(program) {#program, sweep_##program},
    static const struct tap_test tests[] = {
        PROGRAMS(ENTRY){"a cold start fails cleanly", cold_starts},
        {"debug mode fails cleanly", in_debug_mode},
        {"a runner fails cleanly", runners},
        {0},
    };
    return tap_main(argc, argv, tests);
}
