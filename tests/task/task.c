/* task.c - the promises of <xie/task.h>: spawn, join, detach, gather, wait. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

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

/* --- spawn and join ----------------------------------------------------------------- */

static int joins(void)
{
    struct xie_task *task = xie_spawn(number, (void *)7);
    CHECK(task);
    CHECK(!xie_task_done(task)); /* first runs when this task waits */
    CHECK_EQ(xie_task_result(task), -EBUSY);
    CHECK_STR(xie_task_name(task), "number");
    CHECK(strstr(xie_task_where(task), "task.c:"));
    CHECK_EQ(xie_task_count(), 2);
    CHECK_EQ(xie_join(task), 7);
    CHECK_EQ(xie_task_count(), 1);
    CHECK_EQ(xie_join(xie_spawn(nap_then, (void *)-5)), -5);
    CHECK_EQ(xie_join(NULL), -ENOMEM);
    return 0;
}

static void join_returns_the_result(void)
{
    in_task(joins);
}

static int waiters(void)
{
    struct xie_task *task = xie_spawn(nap_then, (void *)3);
    CHECK_EQ(xie_task_wait(task, NULL), 0);
    CHECK_EQ(xie_task_wait(task, NULL), 0);
    CHECK_EQ(xie_task_result(task), 3);
    CHECK_EQ(xie_join(task), 3);
    return 0;
}

static void waiting_keeps_the_handle(void)
{
    in_task(waiters);
}

static int first_come(void)
{
    static char order[8];
    (void)order;
    struct xie_task_options options = {.name = "given", .stack_size = 1};
    struct xie_task *task = xie_spawn_with(nap, (void *)1, &options);
    CHECK_STR(xie_task_name(task), "given");
    CHECK_EQ(xie_join(task), 0);
    CHECK_STR(xie_task_name(xie_task_current()), "main");
    xie_task_set_name(xie_task_current(), "other");
    CHECK_STR(xie_task_name(xie_task_current()), "other");
    CHECK_STR(xie_task_name(NULL), "?");
    return 0;
}

static void options_and_names(void)
{
    in_task(first_come);
    CHECK(!xie_task_current());
    CHECK_EQ(xie_task_count(), 0);
}

static void no_loop(void *arg)
{
    (void)arg;
    _exit(xie_spawn(number, NULL) || xie_join(NULL) != -ENOMEM || xie_sleep(1) != -EPERM ||
                  xie_check() != 0
              ? 1
              : 0);
}

static void a_thread_without_a_loop_gets_an_error(void)
{
    char text[2048];
    CHECK_EQ(tap_child(no_loop, NULL, text, sizeof text), 0);
    CHECK(strstr(text, "runs no loop"));
    CHECK(strstr(text, "outside a task"));
}

/* --- detached ----------------------------------------------------------------------- */

static int leave_failures(void)
{
    xie_detach(xie_spawn(number, (void *)-5L)); /* -EIO, detached before it ends */
    struct xie_task *task = xie_spawn(number, (void *)-2L);
    xie_sleep(XIE_MILLISECOND);
    xie_detach(task);                         /* and after */
    xie_detach(xie_spawn(number, (void *)5)); /* no failure: nothing is said */
    struct xie_task *cancelled = xie_spawn(nap, (void *)1000);
    xie_sleep(0);
    xie_task_cancel(cancelled);
    xie_detach(cancelled); /* nor when it was told to end */
    xie_detach(NULL);
    xie_spawn(number, (void *)-110L); /* nobody gives this handle back */
    return xie_sleep(XIE_MILLISECOND);
}

static int lines_of(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void errors_nobody_took_are_reported(void)
{
    char text[2048];
    CHECK_EQ(in_child_task(leave_failures, text, sizeof text), 0);
    CHECK_EQ(lines_of(text), 3);
    CHECK(strstr(text, "task 'number' (spawned at "));
    CHECK(strstr(text, "task.c:"));
    CHECK(strstr(text, xie_strerror(-EIO)));
    CHECK(strstr(text, xie_strerror(-ENOENT)));
    CHECK(strstr(text, xie_strerror(-ETIMEDOUT)));
}

static int join_twice(void)
{
    struct xie_task *task = xie_spawn(nap, (void *)5);
    xie_detach(task);
    return xie_join(task);
}

static int join_it(void *task)
{
    return xie_join(task);
}

static int join_by_two(void)
{
    struct xie_task *task = xie_spawn(nap, (void *)5), *other = xie_spawn(join_it, task);
    xie_sleep(0); /* the other waits in its join */
    xie_join(task);
    return xie_join(other);
}

static void a_handle_is_given_back_once(void)
{
    char text[2048];
    CHECK(in_child_task(join_by_two, text, sizeof text) != 0);
    CHECK(strstr(text, "given back already"));
    CHECK(in_child_task(join_twice, text, sizeof text) != 0);
    CHECK(strstr(text, "given back already"));
}

/* --- cancelling --------------------------------------------------------------------- */

static int ran;
static int runs(void *arg)
{
    (void)arg;
    ran++;
    return xie_sleep(0);
}

static int cancels(void)
{
    struct xie_task *fresh = xie_spawn(runs, NULL);
    xie_task_cancel(fresh);
    CHECK(xie_task_cancelled(fresh));
    CHECK_EQ(xie_join(fresh), -ECANCELED);
    CHECK_EQ(ran, 1); /* it ran, up to its first wait: what arg gave it is not forgotten */

    struct xie_task *napping = xie_spawn(nap, (void *)100000);
    xie_sleep(0);
    xie_task_cancel(napping);
    xie_task_cancel(napping);
    CHECK_EQ(xie_join(napping), -ECANCELED);

    struct xie_task *ended = xie_spawn(number, (void *)4);
    xie_sleep(0);
    xie_task_cancel(ended);
    CHECK(!xie_task_cancelled(ended));
    CHECK_EQ(xie_join(ended), 4);
    xie_task_cancel(NULL);
    return 0;
}

static void cancelling(void)
{
    in_task(cancels);
}

static int cancels_itself(void)
{
    xie_task_cancel(xie_task_current());
    CHECK_EQ(xie_check(), -ECANCELED);
    CHECK_EQ(xie_sleep(0), -ECANCELED);
    CHECK_EQ(xie_sleep(XIE_SECOND), -ECANCELED); /* and again: level-triggered */
    return 0;
}

static void a_task_may_cancel_itself(void)
{
    in_task(cancels_itself);
}

/* A join that its scope interrupts leaves the handle where it was. */
static int interrupted_join(void)
{
    struct xie_task *task = xie_spawn(nap, (void *)20);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_join(task), -ETIMEDOUT);
    }
    CHECK(!xie_task_done(task));
    CHECK_EQ(xie_join(task), 0);

    task = xie_spawn(number, (void *)6);
    xie_sleep(0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_join(task), 6); /* one that has ended is joined without a wait */
    }
    return 0;
}

static void an_interrupted_join_keeps_the_handle(void)
{
    in_task(interrupted_join);
}

static int ignores(void)
{
    int refused = 0;
    static struct xie_call call;
    XIE_TIMEOUT(0) {
        (void)call;
        while (refused < 1500 && xie_sleep(XIE_SECOND) == -ETIMEDOUT)
            refused++;
    }
    return refused == 1500 ? 0 : -1;
}

static void who_ignores_a_cancellation_is_named(void)
{
    char text[2048];
    CHECK_EQ(in_child_task(ignores, text, sizeof text), 0);
    CHECK_EQ(lines_of(text), 1);
    CHECK(strstr(text, "task 'main'"));
    CHECK(strstr(text, "1000"));
}

static bool other_ran;
static int set_other(void *arg)
{
    (void)arg;
    other_ran = true;
    return 0;
}

static int refused_yields(void)
{
    xie_detach(xie_spawn(set_other, NULL));
    XIE_TIMEOUT(0) {
        while (!other_ran)
            CHECK_EQ(xie_sleep(XIE_SECOND), -ETIMEDOUT);
    }
    return 0;
}

static void a_refused_wait_lets_others_run(void)
{
    in_task(refused_yields);
}

/* --- deadlocks ---------------------------------------------------------------------- */

static struct xie_task *circle[3];
static int join_next(void *arg)
{
    long i = (long)arg;
    return xie_task_wait(circle[(i + 1) % 3], NULL);
}

static int circular(void)
{
    CHECK_EQ(xie_task_wait(xie_task_current(), NULL), XIE_EDEADLOCK);
    for (long i = 0; i < 3; i++)
        circle[i] = xie_spawn(join_next, (void *)i);
    int results[3];
    CHECK_EQ(xie_gather(circle, 3, results), XIE_EDEADLOCK);
    CHECK_EQ(results[0], 0);
    CHECK_EQ(results[1], 0);
    CHECK_EQ(results[2], XIE_EDEADLOCK);
    return 0;
}

static void a_circle_is_an_error_that_names_it(void)
{
    char text[4096];
    CHECK_EQ(in_child_task(circular, text, sizeof text), 0);
    CHECK(strstr(text, "deadlock"));
    CHECK(strstr(text, "join_next"));
    CHECK(strstr(text, "'main' itself"));
}

/* --- eager -------------------------------------------------------------------------- */

static char trace[64];
static void note(const char *what)
{
    strcat(trace, what);
}

static int eager_child(void *arg)
{
    note(arg);
    xie_sleep(0);
    note("-");
    return 7;
}

static int plain_child(void *arg)
{
    note(arg);
    return 0;
}

static const struct xie_task_options eager = {.eager = true};

static int eager_tasks(void)
{
    struct xie_task *plain = xie_spawn(plain_child, "p");
    struct xie_task *task = xie_spawn_with(eager_child, "e", &eager);
    note("m"); /* nobody else ran between */
    CHECK_STR(trace, "em");
    CHECK(!xie_task_done(task));
    CHECK(xie_task_current() != task);
    CHECK_EQ(xie_join(task), 7);
    CHECK_STR(trace, "emp-");
    CHECK_EQ(xie_join(plain), 0);

    task = xie_spawn_with(number, (void *)5, &eager); /* one that does not wait has ended */
    CHECK(xie_task_done(task));
    CHECK_EQ(xie_join(task), 5);
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn_with(&group, number, (void *)6, &eager), 0);
        CHECK_EQ(group.count, 0);
        CHECK_EQ(xie_group_spawn_with(&group, number, (void *)-5L, &eager), 0);
        CHECK_EQ(xie_sleep(XIE_NEVER), -ECANCELED); /* it has failed already */
        CHECK_EQ(xie_group_wait(&group), -5);
    }
    return 0;
}

static void an_eager_task_runs_at_once(void)
{
    in_task(eager_tasks);
}

static int nest_eager(void *arg)
{
    long depth = (long)arg;
    int result = 0;
    if (depth) {
        struct xie_task *task = xie_spawn_with(nest_eager, (void *)(depth - 1), &eager);
        CHECK_EQ(xie_task_done(task), depth % 2 == 1 && depth < 2);
        result = xie_join(task);
    }
    if (depth % 2)
        xie_sleep(0);
    return result < 0 ? result : result + 1;
}

static int nested_eager(void)
{
    struct xie_task *task = xie_spawn_with(nest_eager, (void *)100, &eager);
    CHECK(!xie_task_done(task));
    CHECK_EQ(xie_join(task), 101);
    return 0;
}

static void eager_tasks_nest(void)
{
    in_task(nested_eager);
}

static struct xie_task *from_callback;
static void spawn_eager(void *arg)
{
    from_callback = xie_spawn_with(plain_child, arg, &eager);
    note("c");
}

static int eager_in_callback(void)
{
    struct xie_call call = {0};
    CHECK_EQ(xie_call_soon(&call, spawn_eager, "x"), 0);
    xie_sleep(0);
    CHECK_EQ(xie_join(from_callback), 0);
    CHECK_STR(trace, "cx");
    return 0;
}

static void in_a_callback_it_starts_as_any_other(void)
{
    in_task(eager_in_callback);
}

/* --- context, name, all ------------------------------------------------------------- */

static const struct xie_local_key color = {"color", NULL};
static int its_color(void *arg)
{
    (void)arg;
    const char *value = xie_local_get(&color);
    return value ? *value : 0;
}

static int set_color(void *arg)
{
    int error = xie_local_set(&color, arg);
    return error ? error : xie_sleep(XIE_NEVER);
}

static int in_context(void)
{
    static char red[] = "red", blue[] = "blue";
    struct xie_task *other = xie_spawn(set_color, red);
    struct xie_task_options options = {.context = other};
    CHECK_EQ(xie_local_set(&color, blue), 0);
    xie_sleep(0);
    CHECK_EQ(xie_join(xie_spawn(its_color, NULL)), 'b');
    CHECK_EQ(xie_join(xie_spawn_with(its_color, NULL, &options)), 'r');
    xie_task_cancel(other);
    CHECK_EQ(xie_join(other), -ECANCELED);
    return 0;
}

static void a_context_other_than_the_spawners(void)
{
    in_task(in_context);
}

static int lists(void)
{
    struct xie_task *tasks[4] = {0}, *own[3];
    CHECK_EQ(xie_all_tasks(NULL, 0), 1);
    for (int i = 0; i < 3; i++)
        own[i] = xie_spawn(nap, (void *)1);
    CHECK_EQ(xie_all_tasks(tasks, 2), 4);
    CHECK(tasks[0] == xie_task_current() && tasks[1] == own[0] && !tasks[2]);
    CHECK_EQ(xie_all_tasks(tasks, 4), 4);
    CHECK(tasks[2] == own[1] && tasks[3] == own[2]); /* oldest first */
    xie_task_set_name(own[1], "new");
    CHECK_STR(xie_task_name(tasks[2]), "new");
    xie_task_set_name(NULL, "none");
    CHECK_EQ(xie_gather(own, 3, NULL), 0);
    CHECK_EQ(xie_all_tasks(tasks, 4), 1);
    return 0;
}

static void all_tasks_oldest_first(void)
{
    struct xie_task *task;
    in_task(lists);
    CHECK_EQ(xie_all_tasks(&task, 1), 0);
}

/* --- many --------------------------------------------------------------------------- */

static int many(void)
{
    enum { COUNT = 10000 };
    int count = tap_slow() ? 500 : COUNT;
    static struct xie_task *tasks[COUNT];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < count; i++)
            REQUIRE((tasks[i] = xie_spawn(nap_then, (void *)(long)i)));
        CHECK_EQ(xie_task_count(), count + 1);
        for (int i = count - 1; i >= 0; i--)
            CHECK_EQ(xie_join(tasks[i]), i);
    }
    return 0;
}

static void ten_thousand(void)
{
    in_task(many);
}

static int dumps(void)
{
    static struct xie_lock lock;
    int fds[2];
    char text[2048] = "";
    REQUIRE(!pipe(fds));
    xie_lock_take(&lock);
    struct xie_task *task = xie_spawn((xie_task_fn *)(void *)xie_lock_take, &lock);
    xie_sleep(0);
    xie_print_call_graph(NULL, fds[1]);
    CHECK(read(fds[0], text, sizeof text - 1) > 0);
    CHECK(strstr(text, "'main' (spawned at xie_run) runs"));
    CHECK(strstr(text, "waits in xie_lock_take for task 1 'main'"));
    close(fds[0]);
    close(fds[1]);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    xie_lock_give(&lock);
    return 0;
}

static void the_dump_says_who_waits_for_whom(void)
{
    in_task(dumps);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"join_returns_the_result", join_returns_the_result},
        {"waiting_keeps_the_handle", waiting_keeps_the_handle},
        {"options_and_names", options_and_names},
        {"a_thread_without_a_loop_gets_an_error", a_thread_without_a_loop_gets_an_error},
        {"errors_nobody_took_are_reported", errors_nobody_took_are_reported},
        {"a_handle_is_given_back_once", a_handle_is_given_back_once},
        {"cancelling", cancelling},
        {"a_task_may_cancel_itself", a_task_may_cancel_itself},
        {"an_interrupted_join_keeps_the_handle", an_interrupted_join_keeps_the_handle},
        {"who_ignores_a_cancellation_is_named", who_ignores_a_cancellation_is_named},
        {"a_refused_wait_lets_others_run", a_refused_wait_lets_others_run},
        {"a_circle_is_an_error_that_names_it", a_circle_is_an_error_that_names_it},
        {"an eager task runs at once", an_eager_task_runs_at_once},
        {"eager tasks nest", eager_tasks_nest},
        {"in a callback an eager task starts as any other", in_a_callback_it_starts_as_any_other},
        {"a context other than the spawner's", a_context_other_than_the_spawners},
        {"all tasks, oldest first", all_tasks_oldest_first},
        {"ten_thousand", ten_thousand},
        {"the_dump_says_who_waits_for_whom", the_dump_says_who_waits_for_whom},
        {0},
    };
    return tap_main(argc, argv, tests);
}
