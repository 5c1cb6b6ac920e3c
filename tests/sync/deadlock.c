/* deadlock.c - on sim a program in which nothing can happen any more ends, and says who waits for
 * whom. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

static char text[16 * 1024];

static void run_on_sim(void *arg)
{
    struct xie_loop_options options = {.backend = "sim"};
    int (**fn)(void *arg) = arg;
    _exit(xie_run_with(&options, *fn, NULL) == XIE_EDEADLOCK ? 0 : 1);
}

/* The needles come in this order. */
static void check_said(int (*fn)(void *arg), const char *const *needles)
{
    CHECK_EQ(tap_child(run_on_sim, &fn, text, sizeof text), 0);
    const char *at = text;
    for (; at && *needles; needles++) {
        at = strstr(at, *needles);
        if (!at)
            tap_failed(__FILE__, __LINE__, "missing or out of order: \"%s\" in\n%s", *needles,
                       text);
    }
}

static struct xie_lock lock, other;
static struct xie_condition condition;
static struct xie_event never;

static int wait_for_nothing(void *arg)
{
    (void)arg;
    return xie_event_wait(&never);
}

static void without_a_circle_each_is_named_and_nobody_waits_for_oneself(void)
{
    check_said(wait_for_nothing,
               (const char *const[]){"the loop cannot go on, a deadlock: every task waits, and "
                                     "nothing is under way that could wake one. Its tasks:\n",
                                     "'main'", "waits in xie_event_wait", NULL});
    CHECK(!strstr(text, "itself"));
    CHECK(!strstr(text, "oneself"));
    CHECK(!strstr(text, "circle"));
}

/* Notified by a callback, it waits for the lock's owner, which waits for it: nobody could refuse
 * either wait. */
static int be_notified(void *arg)
{
    (void)arg;
    xie_lock_take(&lock);
    int error = xie_condition_wait(&condition, &lock);
    xie_lock_give(&lock);
    return error;
}

static void notify(void *arg)
{
    xie_condition_notify(arg, 1);
}

static int hold_and_join(void *arg)
{
    struct xie_call call = {0};
    struct xie_task *task = xie_spawn(be_notified, arg);
    xie_sleep(0);
    xie_lock_take(&lock);
    xie_call_later(&call, XIE_MILLISECOND, notify, &condition);
    int error = xie_task_wait(task, NULL);
    xie_lock_give(&lock);
    xie_join(task);
    return error;
}

static void a_circle_through_a_condition_is_named(void)
{
    check_said(hold_and_join,
               (const char *const[]){"the loop cannot go on, a deadlock", "a circle: task '",
                                     "waits in ", "for\n", "  task '", "waits in ", "for\n",
                                     "  task '", "' itself\n", NULL});
    const char *circle = strstr(text, "a circle");
    REQUIRE(circle);
    CHECK(strstr(circle, "task 'be_notified' (spawned at "));
    CHECK(strstr(circle, "waits in xie_condition_wait for\n"));
    CHECK(strstr(circle, "task 'main' (spawned at "));
    CHECK(strstr(circle, "waits in xie_join for\n"));
    CHECK(!strstr(circle + 1, "a circle"));
}

/* Waiting behind a circle is not being in it. */
static int wait_behind(void *arg)
{
    return xie_task_wait(arg, NULL);
}

static int hold_and_join_with_others(void *arg)
{
    struct xie_task *main = xie_task_current();
    xie_detach(xie_spawn(wait_for_nothing, NULL));
    xie_detach(xie_spawn(wait_behind, main));
    return hold_and_join(arg);
}

static void those_beside_a_circle_are_not_in_it(void)
{
    check_said(hold_and_join_with_others,
               (const char *const[]){"'wait_for_nothing'", "a circle: ", NULL});
    const char *circle = strstr(text, "a circle");
    REQUIRE(circle);
    CHECK(!strstr(circle, "wait_behind") && !strstr(circle, "wait_for_nothing"));
    CHECK(strstr(circle, "be_notified"));
}

/* Selects by locks alone, each of which the other has. */
static int select_one(void *arg)
{
    struct xie_lock *mine = arg;
    struct xie_case cases[] = {xie_case_lock(mine == &lock ? &other : &lock)};
    xie_lock_take(mine);
    xie_sleep(0);
    int index = xie_select(cases, 1);
    xie_lock_give(mine);
    return index;
}

static int select_each_other(void *arg)
{
    (void)arg;
    struct xie_task *tasks[2] = {xie_spawn(select_one, &lock), xie_spawn(select_one, &other)};
    return xie_gather(tasks, 2, NULL);
}

static void a_circle_of_selects_is_named(void)
{
    check_said(select_each_other, (const char *const[]){"a circle: task 'select_one' (spawned at ",
                                                        "waits in xie_select for\n",
                                                        "  task 'select_one' (spawned at ",
                                                        "waits in xie_select for\n",
                                                        "  task 'select_one' itself\n", NULL});
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"without a circle each is named, and nobody waits for oneself",
         without_a_circle_each_is_named_and_nobody_waits_for_oneself},
        {"a circle through a condition is named", a_circle_through_a_condition_is_named},
        {"those beside a circle are not in it", those_beside_a_circle_are_not_in_it},
        {"a circle of selects is named", a_circle_of_selects_is_named},
        {0},
    };
    return tap_main(argc, argv, tests);
}
