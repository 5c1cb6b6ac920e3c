/* group.c - more promises of <xie/group.h>, <xie/task.h> and <xie/local.h>: failures beside each
 * other, every road out of a block, sizes of stacks, values without memory. */
/* SPDX-License-Identifier: MIT */
#include <alloca.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "kit.h"

static int number(void *arg)
{
    return (int)(long)arg;
}

static int forever(void *arg)
{
    (void)arg;
    return xie_sleep(XIE_NEVER);
}

/* --- failures -------------------------------------------------------------------------------- */

static struct xie_event go;

static int fails_on_event(void *arg)
{
    int error = xie_event_wait(&go);
    return error ? error : (int)(long)arg;
}

/* Fails in its clean-up, having been told to end. */
static int fails_when_told(void *arg)
{
    xie_sleep(XIE_NEVER);
    return (int)(long)arg;
}

static int several_fail(void)
{
    struct xie_group group;
    xie_group_open(&group);
    CHECK_EQ(xie_group_spawn(&group, forever, NULL), 0);
    CHECK_EQ(xie_group_spawn(&group, fails_on_event, (void *)-7L), 0);
    CHECK_EQ(xie_group_spawn(&group, fails_on_event, (void *)-9L), 0); /* in the same turn */
    CHECK_EQ(xie_group_spawn(&group, fails_when_told, (void *)-5L), 0);
    xie_sleep(0);
    xie_event_set(&go);
    CHECK_EQ(xie_group_close(&group), -7);
    return 0;
}

static void the_first_failure_is_returned_the_others_are_reported(void)
{
    char text[2048];
    CHECK_EQ(in_child_task(several_fail, text, sizeof text), 0);
    CHECK(!strstr(text, xie_strerror(-7)));
    CHECK(strstr(text, "task 'fails_on_event' (spawned at ") && strstr(text, xie_strerror(-9)));
    CHECK(strstr(text, "task 'fails_when_told'") && strstr(text, xie_strerror(-5)));
    CHECK(!strstr(text, "'forever'")); /* told to end, it ended */
}

static int fails_by_a_long_name(void)
{
    static char name[100];
    memset(name, 'n', sizeof name - 1);
    struct xie_task_options options = {.name = name};
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_spawn_with(&group, number, (void *)-5L, &options), 0);
    }
    return 0;
}

static void a_long_name_of_who_failed_is_cut(void)
{
    char text[1024], *begin;
    CHECK_EQ(in_child_task(fails_by_a_long_name, text, sizeof text), 0);
    REQUIRE((begin = strstr(text, "task 'n")));
    CHECK_EQ(strspn(begin + 6, "n"), 39);
    CHECK(strstr(text, "' (spawned at "));
}

static int started;
static int starts(void *arg)
{
    (void)arg;
    started++;
    return 0;
}

static int spawns_into_cancelled(void)
{
    XIE_GROUP(group) {
        xie_group_cancel(&group);
        CHECK_EQ(xie_group_spawn(&group, starts, NULL), -ECANCELED);
    }
    XIE_TIMEOUT(0) { /* whatever word the scope around it has */
        XIE_GROUP(group) {
            CHECK_EQ(xie_group_spawn(&group, starts, NULL), -ECANCELED);
        }
    }
    xie_sleep(XIE_MICROSECOND);
    CHECK_EQ(started, 0);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void a_cancelled_group_starts_nobody(void)
{
    in_task(spawns_into_cancelled);
}

static int spawn_into(void *arg)
{
    return xie_group_spawn((struct xie_group *)arg, starts, NULL);
}

static int spawned_by_a_stranger(void)
{
    started = 0;
    struct xie_group group;
    xie_group_open(&group);
    XIE_SHIELD
        CHECK_EQ(xie_join(xie_spawn(spawn_into, &group)), 0); /* no member of it */
    CHECK_EQ(xie_group_close(&group), 0);
    CHECK_EQ(started, 1);
    return 0;
}

static void any_task_may_spawn_into_an_open_group(void)
{
    in_task(spawned_by_a_stranger);
}

static int no_stack_for_a_member(void)
{
    struct xie_group group;
    xie_group_open(&group);
    started = 0;
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, 1, true, -ENOMEM, 0, 0};
    int error = xie_group_spawn(&group, starts, NULL);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(error, -ENOMEM);
    CHECK_EQ(group.count, 0);
    CHECK_EQ(xie_group_spawn(&group, starts, NULL), 0); /* the group is as it was */
    CHECK_EQ(xie_group_close(&group), 0);
    CHECK_EQ(started, 1);
    return 0;
}

static void without_a_stack_the_group_is_as_it_was(void)
{
    in_task(no_stack_for_a_member);
}

/* --- roads out of a block -------------------------------------------------------------------- */

static int nap(void *arg)
{
    int error = xie_sleep(XIE_MILLISECOND);
    ++*(int *)arg;
    return error;
}

static int by_any_road(void)
{
    int ended = 0;
    for (int i = 0; i < 3; i++) {
        XIE_GROUP(group) {
            CHECK_EQ(xie_group_spawn(&group, nap, &ended), 0);
            if (i == 0)
                break;
            if (i == 1)
                continue;
            goto out;
        }
        CHECK_EQ(ended, i + 1);
    }
out:
    CHECK_EQ(ended, 3);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void any_road_out_waits_for_all(void)
{
    in_task(by_any_road);
}

/* --- stacks ---------------------------------------------------------------------------------- */

/* Uses so many bytes of its stack, all of them. */
static int uses(void *arg)
{
    size_t size = (size_t)arg;
    volatile char *place = alloca(size);
    for (size_t i = 0; i < size; i += 512)
        place[i] = (char)i;
    int error = xie_sleep(0);
    return error ? error : place[512] + 1;
}

static int stack_sizes(void)
{
    const struct {
        size_t asked, used;
    } sizes[] = {{1, 8000},
                 {16 << 10, 8000},
                 {(64 << 10) + 1, 60 << 10},
                 {0, 200 << 10},
                 {4 << 20, (4 << 20) - 16384}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct xie_task_options options = {.stack_size = sizes[i].asked};
        CHECK_EQ(xie_join(xie_spawn_with(uses, (void *)sizes[i].used, &options)), 1);
    }
    struct xie_task_options most = {.stack_size = SIZE_MAX};
    CHECK(!xie_spawn_with(number, NULL, &most));
    most.stack_size = ((size_t)1 << 30) + 1;
    CHECK(!xie_spawn_with(number, NULL, &most));
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void a_stack_is_as_large_as_asked_for(void)
{
    in_task(stack_sizes);
}

static int uses_the_loops(void *arg)
{
    return xie_join(xie_spawn(uses, arg)) == 1 ? 0 : -1;
}

static void a_loop_says_how_large_by_option_or_environment(void)
{
    struct xie_loop_options options = {.stack_size = 2 << 20};
    CHECK_EQ(xie_run_with(&options, uses_the_loops, (void *)(size_t)(2000 << 10)), 0);
    setenv("XIE_STACK", "1048576", 1);
    CHECK_EQ(xie_run(uses_the_loops, (void *)(size_t)(1000 << 10)), 0);
    CHECK_EQ(xie_run_with(&options, uses_the_loops, (void *)(size_t)(2000 << 10)), 0);
    options.stack_size = SIZE_MAX;
    CHECK_EQ(xie_run_with(&options, number, NULL), -ENOMEM);
    CHECK(!xie_loop_current());
}

/* --- values ---------------------------------------------------------------------------------- */

static const struct xie_local_key key = {"key", NULL}, other = {"other", NULL};

static int sets_without_memory(void)
{
    static char one[] = "one", two[] = "two";
    CHECK_EQ(xie_local_set(&key, one), 0);
    struct xie_task *sharer = xie_spawn(forever, NULL); /* so that the values are two tasks' */
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, 1, true, -ENOMEM, 0, 0};
    int again = xie_local_set(&key, two), another = xie_local_set(&other, two);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(again, -ENOMEM);
    CHECK_EQ(another, -ENOMEM);
    CHECK(xie_local_get(&key) == one); /* the old value stays */
    CHECK(!xie_local_get(&other));
    CHECK_EQ(xie_local_set(&key, two), 0);
    CHECK(xie_local_get(&key) == two);
    xie_task_cancel(sharer);
    CHECK_EQ(xie_join(sharer), -ECANCELED);
    return 0;
}

static void without_memory_the_old_value_stays(void)
{
    in_task(sets_without_memory);
}

static int forgotten;
static void forget(void *value)
{
    (void)value;
    forgotten++;
}

static const struct xie_local_key three[3] = {{"a", forget}, {"b", forget}, {"c", forget}};
static char places[9];

static void check_bound(int a, int b, int c)
{
    const int want[3] = {a, b, c};
    for (int i = 0; i < 3; i++)
        CHECK(xie_local_get(&three[i]) == (want[i] ? &places[want[i]] : NULL));
}

static int has_what_was_bound(void *arg)
{
    int error = xie_event_wait(arg);
    check_bound(1, 2, 3);
    return error;
}

static int binds_anew(void)
{
    struct xie_event event = {0};
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_local_set(&three[i], &places[i + 1]), 0);
    struct xie_task *task = xie_spawn(has_what_was_bound, &event);
    CHECK_EQ(xie_local_set(&three[1], &places[4]), 0); /* in the middle, at the end, the first */
    check_bound(1, 4, 3);
    CHECK_EQ(xie_local_set(&three[2], NULL), 0);
    check_bound(1, 4, 0);
    CHECK_EQ(xie_local_set(&three[0], &places[5]), 0);
    check_bound(5, 4, 0);
    CHECK_EQ(xie_local_set(&three[1], NULL), 0);
    check_bound(5, 0, 0);
    CHECK_EQ(forgotten, 1); /* 4: the others are the task's still */
    xie_event_set(&event);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(forgotten, 4);
    CHECK_EQ(xie_local_set(&three[0], NULL), 0);
    CHECK_EQ(forgotten, 5);
    return 0;
}

static void a_value_bound_anew_leaves_the_others_and_other_tasks_alone(void)
{
    in_task(binds_anew);
}

static void *seen = &seen;
static void look(void *arg)
{
    seen = xie_local_get(&key);
    CHECK_EQ(xie_local_set(&key, arg), -EPERM);
}

static int looks_in_a_callback(void)
{
    struct xie_call call = {0};
    CHECK_EQ(xie_local_set(&key, &call), 0);
    CHECK_EQ(xie_call_soon(&call, look, &call), 0);
    xie_sleep(0);
    CHECK(!seen); /* no task runs there */
    return 0;
}

static void a_callback_has_no_values(void)
{
    in_task(looks_in_a_callback);
}

static void nobody_has_a_name_and_a_place(void)
{
    CHECK_STR(xie_task_name(NULL), "?");
    CHECK_STR(xie_task_where(NULL), "?");
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the_first_failure_is_returned_the_others_are_reported",
         the_first_failure_is_returned_the_others_are_reported},
        {"a_long_name_of_who_failed_is_cut", a_long_name_of_who_failed_is_cut},
        {"a_cancelled_group_starts_nobody", a_cancelled_group_starts_nobody},
        {"any_task_may_spawn_into_an_open_group", any_task_may_spawn_into_an_open_group},
        {"without_a_stack_the_group_is_as_it_was", without_a_stack_the_group_is_as_it_was},
        {"any_road_out_waits_for_all", any_road_out_waits_for_all},
        {"a_stack_is_as_large_as_asked_for", a_stack_is_as_large_as_asked_for},
        {"a_loop_says_how_large_by_option_or_environment",
         a_loop_says_how_large_by_option_or_environment},
        {"without_memory_the_old_value_stays", without_memory_the_old_value_stays},
        {"a_value_bound_anew_leaves_the_others_and_other_tasks_alone",
         a_value_bound_anew_leaves_the_others_and_other_tasks_alone},
        {"a_callback_has_no_values", a_callback_has_no_values},
        {"nobody_has_a_name_and_a_place", nobody_has_a_name_and_a_place},
        {0},
    };
    return tap_main(argc, argv, tests);
}
