/* scope.c - the promises of <xie/scope.h> and <xie/group.h>. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>

#include "kit.h"

static int nap(void *arg)
{
    return xie_sleep((int64_t)(long)arg * XIE_MILLISECOND);
}

static int number(void *arg)
{
    return (int)(long)arg;
}

/* --- deadlines ---------------------------------------------------------------------- */

static int expires(void)
{
    int64_t before = xie_now();
    XIE_TIMEOUT(XIE_HOUR) {
        CHECK_EQ(xie_check(), 0);
    }
    XIE_TIMEOUT(3 * XIE_MILLISECOND) {
        CHECK_EQ(xie_sleep(XIE_NEVER), -ETIMEDOUT);
        CHECK(xie_now() - before >= 3 * XIE_MILLISECOND);
        CHECK_EQ(xie_check(), -ETIMEDOUT);
        CHECK_EQ(xie_sleep(1), -ETIMEDOUT);
        CHECK_EQ(xie_sleep(0), -ETIMEDOUT);
    }
    CHECK_EQ(xie_check(), 0);
    CHECK_EQ(xie_sleep(0), 0);
    XIE_TIMEOUT(XIE_SECOND) {
        CHECK_EQ(xie_sleep(1), 0);
    }
    XIE_TIMEOUT(XIE_NEVER) {
        CHECK_EQ(xie_sleep(1), 0);
    }
    XIE_TIMEOUT(-5) {
        CHECK_EQ(xie_sleep(1), -ETIMEDOUT);
    }
    return 0;
}

static void a_deadline_ends_every_wait(void)
{
    in_task(expires);
}

static int nests(void)
{
    XIE_TIMEOUT(2 * XIE_MILLISECOND) {
        XIE_TIMEOUT(XIE_SECOND) {
            CHECK_EQ(xie_sleep(XIE_SECOND), -ETIMEDOUT); /* the outer one's */
        }
        CHECK_EQ(xie_sleep(1), -ETIMEDOUT);
    }
    XIE_TIMEOUT(XIE_SECOND) {
        XIE_TIMEOUT(XIE_MILLISECOND) {
            CHECK_EQ(xie_sleep(XIE_SECOND), -ETIMEDOUT);
        }
        CHECK_EQ(xie_sleep(1), 0); /* the inner one is over */
    }
    return 0;
}

static void deadlines_nest(void)
{
    in_task(nests);
}

static int leave_by_return(void)
{
    XIE_TIMEOUT(0) {
        return xie_check();
    }
    return 1;
}

static int by_any_road(void)
{
    CHECK_EQ(leave_by_return(), -ETIMEDOUT);
    CHECK_EQ(xie_check(), 0);
    for (int i = 0; i < 3; i++) {
        XIE_TIMEOUT(0) {
            if (i == 0)
                break;
            if (i == 1)
                continue;
            goto out;
        }
        CHECK_EQ(xie_check(), 0);
    }
out:
    CHECK_EQ(xie_check(), 0);
    CHECK_EQ(xie_sleep(0), 0);
    return 0;
}

static void any_road_out_closes_a_scope(void)
{
    in_task(by_any_road);
}

static int moves(void)
{
    XIE_SCOPE(scope, XIE_SECOND) {
        CHECK(xie_scope_when(&scope) > xie_now());
        xie_scope_reschedule(&scope, xie_now() + XIE_MILLISECOND);
        CHECK_EQ(xie_sleep(XIE_SECOND), -ETIMEDOUT);
        CHECK(xie_scope_expired(&scope));
        xie_scope_reschedule(&scope, XIE_NEVER); /* too late */
        CHECK_EQ(xie_sleep(0), -ETIMEDOUT);
    }
    XIE_SCOPE(scope, XIE_MILLISECOND) {
        xie_scope_reschedule(&scope, XIE_NEVER);
        CHECK_EQ(xie_scope_when(&scope), XIE_NEVER);
        CHECK_EQ(xie_sleep(3 * XIE_MILLISECOND), 0);
        xie_scope_reschedule(&scope, xie_now());
        CHECK_EQ(xie_check(), -ETIMEDOUT);
    }
    return 0;
}

static void deadlines_move(void)
{
    in_task(moves);
}

static int absolute(void)
{
    int64_t when = xie_now() + 3 * XIE_MILLISECOND;
    XIE_TIMEOUT_AT(when) {
        CHECK_EQ(xie_sleep(XIE_NEVER), -ETIMEDOUT);
        CHECK(xie_now() >= when);
    }
    XIE_TIMEOUT_AT(when) { /* over by now */
        CHECK_EQ(xie_check(), -ETIMEDOUT);
    }
    XIE_TIMEOUT_AT(XIE_NEVER) {
        CHECK_EQ(xie_sleep(1), 0);
    }
    struct xie_scope scope;
    xie_scope_open_at(&scope, when + XIE_HOUR);
    CHECK_EQ(xie_scope_when(&scope), when + XIE_HOUR);
    CHECK_EQ(xie_sleep(1), 0);
    CHECK_EQ(xie_scope_close(&scope), 0);
    xie_scope_open(&scope, XIE_NEVER - 1); /* later than the end of time is never */
    CHECK_EQ(xie_scope_when(&scope), XIE_NEVER);
    CHECK_EQ(xie_scope_close(&scope), 0);
    return 0;
}

static void a_deadline_may_be_absolute(void)
{
    in_task(absolute);
    XIE_TIMEOUT_AT(0) {
        CHECK_EQ(xie_check(), 0); /* outside a task it never triggers */
    }
}

static int plain(void)
{
    struct xie_scope scope;
    xie_scope_open(&scope, XIE_MILLISECOND);
    CHECK_EQ(xie_sleep(XIE_SECOND), -ETIMEDOUT);
    CHECK_EQ(xie_scope_close(&scope), -ETIMEDOUT);
    CHECK_EQ(xie_scope_close(&scope), -ETIMEDOUT); /* twice does nothing */
    CHECK(xie_scope_expired(&scope));
    xie_scope_open(&scope, XIE_NEVER);
    CHECK_EQ(xie_scope_close(&scope), 0);
    xie_scope_cancel(&scope); /* closed: nothing */
    CHECK_EQ(xie_check(), 0);
    return 0;
}

static void plain_functions(void)
{
    in_task(plain);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_check(), 0); /* outside a task it never triggers */
    }
}

/* --- cancelling, shields ------------------------------------------------------------------------
 */

static struct xie_scope *shared;
static int cancel_shared(void *arg)
{
    (void)arg;
    xie_scope_cancel(shared);
    return 0;
}

static int by_another(void)
{
    XIE_SCOPE(scope, XIE_NEVER) {
        shared = &scope;
        struct xie_task *task = xie_spawn(cancel_shared, NULL);
        CHECK_EQ(xie_sleep(XIE_SECOND), -ECANCELED);
        CHECK(!xie_scope_expired(&scope));
        CHECK_EQ(xie_join(task), 0); /* it has ended: no wait */
    }
    CHECK_EQ(xie_sleep(0), 0);
    return 0;
}

static void another_task_may_cancel_a_scope(void)
{
    in_task(by_another);
}

static int shields(void)
{
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_sleep(0), -ETIMEDOUT);
        XIE_SHIELD {
            CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
            XIE_TIMEOUT(XIE_MILLISECOND) {
                CHECK_EQ(xie_sleep(XIE_SECOND), -ETIMEDOUT); /* its own deadline counts */
            }
            XIE_TIMEOUT(XIE_SECOND) {
                CHECK_EQ(xie_sleep(1), 0);
            }
        }
        CHECK_EQ(xie_sleep(0), -ETIMEDOUT);
    }
    struct xie_scope scope;
    xie_scope_open_shield(&scope, XIE_MILLISECOND);
    CHECK_EQ(xie_sleep(XIE_SECOND), -ETIMEDOUT);
    CHECK_EQ(xie_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

static void shields_protect(void)
{
    in_task(shields);
}

/* Cancelled while inside a shield: what is in it goes on, what comes after does not. */
static int shielded_log[3];
static int shielded(void *arg)
{
    (void)arg;
    XIE_SHIELD {
        shielded_log[0] = xie_sleep(2 * XIE_MILLISECOND);
        shielded_log[1] = xie_sleep(XIE_MILLISECOND);
    }
    shielded_log[2] = xie_sleep(XIE_MILLISECOND);
    return shielded_log[2];
}

static int cancel_shielded(void)
{
    struct xie_task *task = xie_spawn(shielded, NULL);
    xie_sleep(XIE_MILLISECOND);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(shielded_log[0], 0);
    CHECK_EQ(shielded_log[1], 0);
    CHECK_EQ(shielded_log[2], -ECANCELED);
    return 0;
}

static void a_cancellation_waits_behind_a_shield(void)
{
    in_task(cancel_shielded);
}

/* A timeout and a cancellation together: neither is lost. */
static int timeout_then[2];
static int times_out(void *arg)
{
    (void)arg;
    XIE_TIMEOUT(XIE_MILLISECOND) {
        timeout_then[0] = xie_sleep(XIE_SECOND);
    }
    timeout_then[1] = xie_sleep(XIE_SECOND);
    return timeout_then[1];
}

static int both_at_once(void)
{
    struct xie_task *task = xie_spawn(times_out, NULL);
    do
        xie_sleep(XIE_MILLISECOND);
    while (!timeout_then[0]); /* now inside the second sleep, or about to be */
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(timeout_then[0], -ETIMEDOUT);
    CHECK_EQ(timeout_then[1], -ECANCELED);
    return 0;
}

static void a_timeout_does_not_swallow_a_cancellation(void)
{
    in_task(both_at_once);
}

static struct xie_scope wrong[2];
static int out_of_order(void)
{
    xie_scope_open(&wrong[0], XIE_NEVER);
    xie_scope_open(&wrong[1], XIE_NEVER);
    return xie_scope_close(&wrong[0]);
}

static int left_open(void)
{
    xie_scope_open(&wrong[0], XIE_NEVER);
    return 0;
}

static void closing_out_of_order_aborts(void)
{
    char text[1024];
    CHECK(in_child_task(out_of_order, text, sizeof text) != 0);
    CHECK(strstr(text, "misuse"));
    CHECK(strstr(text, "'main'"));
    CHECK(in_child_task(left_open, text, sizeof text) != 0);
    CHECK(strstr(text, "still open"));
}

/* --- groups ------------------------------------------------------------------------- */

static int ended;
static int count_end(void *arg)
{
    int error = nap(arg);
    ended++;
    return error;
}

static int waits_for_all(void)
{
    ended = 0;
    XIE_GROUP(group) {
        for (long i = 0; i < 5; i++)
            CHECK_EQ(xie_group_spawn(&group, count_end, (void *)i), 0);
    }
    CHECK_EQ(ended, 5);
    XIE_GROUP(group) {
        CHECK_EQ(xie_group_wait(&group), 0); /* empty */
        xie_group_spawn(&group, count_end, (void *)1);
        CHECK_EQ(xie_group_wait(&group), 0);
        CHECK_EQ(ended, 6);
        xie_group_spawn(&group, count_end, (void *)1); /* and again */
    }
    CHECK_EQ(ended, 7);
    return 0;
}

static void a_group_ends_when_its_tasks_have(void)
{
    in_task(waits_for_all);
}

static int fails_late(void *arg)
{
    int error = xie_sleep(XIE_MILLISECOND);
    return error ? error : (int)(long)arg;
}

static int fails(void)
{
    ended = 0;
    XIE_GROUP(group) {
        xie_group_spawn(&group, count_end, (void *)100000);
        xie_group_spawn(&group, fails_late, (void *)-5L);
        CHECK_EQ(xie_sleep(XIE_SECOND), -ECANCELED); /* the block hears of it */
        CHECK_EQ(xie_group_spawn(&group, number, NULL), -ECANCELED);
        CHECK_EQ(xie_group_wait(&group), -5);
        CHECK_EQ(xie_group_wait(&group), 0); /* taken */
    }
    CHECK_EQ(ended, 1);
    CHECK_EQ(xie_sleep(0), 0);
    struct xie_group group;
    xie_group_open(&group);
    xie_group_spawn(&group, number, (void *)-6L);
    CHECK_EQ(xie_group_close(&group), -6);
    CHECK_EQ(xie_group_close(&group), 0);
    return 0;
}

static void the_first_failure_cancels_the_siblings(void)
{
    in_task(fails);
}

static int fails_untaken(void)
{
    XIE_GROUP(group) {
        xie_group_spawn(&group, number, (void *)-5L);
    }
    return 0;
}

static void a_failure_nobody_took_is_reported(void)
{
    char text[1024];
    CHECK_EQ(in_child_task(fails_untaken, text, sizeof text), 0);
    CHECK(strstr(text, "task 'number' (spawned at "));
    CHECK(strstr(text, xie_strerror(-EIO)));
    CHECK_EQ(in_child_task(fails, text, sizeof text), 0);
    CHECK_STR(text, ""); /* all taken */
}

static int passing_name(void)
{
    char name[] = "passer";
    struct xie_task_options options = {.name = name};
    XIE_GROUP(group) {
        xie_group_spawn_with(&group, number, (void *)-5L, &options);
        xie_sleep(0);
        memset(name, 'x', 6);
    }
    return 0;
}

static void a_failed_members_name_is_kept(void)
{
    char text[1024];
    CHECK_EQ(in_child_task(passing_name, text, sizeof text), 0);
    CHECK(strstr(text, "task 'passer' (spawned at "));
}

/* A group with nobody in it, in a cancelled scope: a wait like any other. */
static bool others_ran;
static int run_others(void *arg)
{
    (void)arg;
    others_ran = true;
    return 0;
}

static int empty_group(void)
{
    xie_detach(xie_spawn(run_others, NULL));
    XIE_TIMEOUT(0) {
        XIE_GROUP(group) {
            while (!others_ran)
                CHECK_EQ(xie_group_wait(&group), -ETIMEDOUT);
        }
    }
    others_ran = false;
    xie_detach(xie_spawn(run_others, NULL));
    XIE_GROUP(group) {
        xie_group_cancel(&group);
        while (!others_ran)
            CHECK_EQ(xie_group_wait(&group), 0);
    }
    return 0;
}

static void waiting_for_nobody_in_a_cancelled_scope_yields(void)
{
    in_task(empty_group);
}

static int cancelled_group(void)
{
    ended = 0;
    XIE_GROUP(group) {
        for (int i = 0; i < 3; i++)
            xie_group_spawn(&group, count_end, (void *)100000);
        xie_sleep(0);
        xie_group_cancel(&group);
        CHECK_EQ(xie_group_wait(&group), 0); /* told to end: no failure */
    }
    CHECK_EQ(ended, 3);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        XIE_GROUP(group) {
            xie_group_spawn(&group, count_end, (void *)100000);
            CHECK_EQ(xie_group_wait(&group), -ETIMEDOUT);
            CHECK_EQ(ended, 4);
        }
    }
    CHECK_EQ(xie_sleep(0), 0);
    return 0;
}

static void cancelling_a_group(void)
{
    in_task(cancelled_group);
}

static int leave_early(struct xie_group **out)
{
    XIE_GROUP(group) {
        *out = &group;
        xie_group_spawn(&group, count_end, (void *)2);
        return 5; /* waits for its tasks all the same */
    }
    return 0;
}

static int leaving(void)
{
    struct xie_group *group;
    ended = 0;
    CHECK_EQ(leave_early(&group), 5);
    CHECK_EQ(ended, 1);
    return 0;
}

static void leaving_a_group_by_return_waits(void)
{
    in_task(leaving);
}

/* Groups within tasks of groups, cancelled from the very outside. */
static int deepest;
static int nest_groups(void *arg)
{
    long depth = (long)arg;
    if (depth == 0) {
        deepest = xie_sleep(XIE_NEVER);
        return deepest;
    }
    XIE_GROUP(group) {
        xie_group_spawn(&group, nest_groups, (void *)(depth - 1));
        return xie_group_wait(&group);
    }
    return 0;
}

static int nested(void)
{
    struct xie_task *task = xie_spawn(nest_groups, (void *)200);
    for (int i = 0; i < 300; i++)
        xie_sleep(0);
    CHECK_EQ(xie_task_count(), 202);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(deepest, -ECANCELED);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void nested_groups_hear_of_it(void)
{
    in_task(nested);
}

/* A member that spawns into its own group. */
static struct xie_group *own;
static int spawn_more(void *arg)
{
    long left = (long)arg;
    ended++;
    return left ? xie_group_spawn(own, spawn_more, (void *)(left - 1)) : 0;
}

static int growing(void)
{
    ended = 0;
    XIE_GROUP(group) {
        own = &group;
        xie_group_spawn(&group, spawn_more, (void *)50);
    }
    CHECK_EQ(ended, 51);
    return 0;
}

static void members_may_spawn(void)
{
    in_task(growing);
}

/* --- locals ------------------------------------------------------------------------- */

static int released;
static void release(void *value)
{
    (void)value;
    released++;
}
static const struct xie_local_key key = {"key", NULL}, counted = {"counted", release};

static int child_sees(void *arg)
{
    CHECK(xie_local_get(&key) == arg);
    xie_sleep(XIE_MILLISECOND);
    CHECK(xie_local_get(&key) == arg); /* what the spawner binds later stays apart */
    CHECK_EQ(xie_local_set(&key, "child"), 0);
    CHECK_STR(xie_local_get(&key), "child");
    return 0;
}

static int locals(void)
{
    CHECK(!xie_local_get(&key));
    CHECK_EQ(xie_local_set(&key, NULL), 0);
    static char one[] = "one", two[] = "two";
    CHECK_EQ(xie_local_set(&key, one), 0);
    struct xie_task *task = xie_spawn(child_sees, one);
    CHECK_EQ(xie_local_set(&key, two), 0);
    CHECK_EQ(xie_join(task), 0);
    CHECK(xie_local_get(&key) == two);

    CHECK_EQ(xie_local_set(&counted, one), 0);
    task = xie_spawn(nap, (void *)1);
    CHECK_EQ(xie_local_set(&counted, NULL), 0);
    CHECK_EQ(released, 0); /* the child has it still */
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(released, 1);
    CHECK(!xie_local_get(&counted));
    CHECK(xie_local_get(&key) == two);

    static struct xie_local_key many[70];
    int error = 0, bound = 0;
    for (; bound < 70 && !error; bound++)
        error = xie_local_set(&many[bound], one);
    CHECK_EQ(error, -ENOSPC);
    CHECK_EQ(bound - 1, 63);                   /* with key: 64 */
    CHECK_EQ(xie_local_set(&many[3], two), 0); /* changing one needs no room */
    CHECK(xie_local_get(&many[3]) == two);
    CHECK(xie_local_get(&many[60]) == one);
    return 0;
}

static int released_spawns;
static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static void release_and_spawn(void *value)
{
    (void)value;
    released_spawns++;
    xie_detach(xie_spawn(nothing, NULL));
}
static const struct xie_local_key spawning = {"spawning", release_and_spawn};

static int bind_and_end(void *arg)
{
    return xie_local_set(&spawning, arg);
}

static int releases(void)
{
    int one, two;
    CHECK_EQ(xie_local_set(&spawning, &one), 0);
    CHECK_EQ(xie_local_set(&spawning, &one), 0); /* the same: still bound, not released */
    CHECK_EQ(released_spawns, 0);
    CHECK_EQ(xie_local_set(&spawning, &two), 0);
    CHECK_EQ(released_spawns, 1);
    CHECK_EQ(xie_local_set(&spawning, NULL), 0);
    CHECK_EQ(released_spawns, 1); /* what the first release spawned has it still */
    xie_sleep(0);
    CHECK_EQ(released_spawns, 2);
    xie_detach(xie_spawn(bind_and_end, &one));
    xie_sleep(0);
    CHECK_EQ(released_spawns, 3);
    xie_sleep(0);
    CHECK_EQ(xie_task_count(), 1);
    return 0;
}

static void a_release_may_spawn(void)
{
    in_task(releases);
}

static int computes(void)
{
    int64_t start = xie_now();
    if (!strcmp(xie_loop_backend(xie_loop_current()), "sim"))
        tap_skip("virtual time stands while a task computes");
    XIE_TIMEOUT(XIE_MILLISECOND) {
        while (!xie_check())
            REQUIRE(xie_now() - start < 10 * XIE_SECOND);
        CHECK_EQ(xie_check(), -ETIMEDOUT);
        XIE_SHIELD
            CHECK_EQ(xie_check(), 0);
    }
    CHECK_EQ(xie_check(), 0);
    return 0;
}

static void a_computation_sees_its_deadline(void)
{
    in_task(computes);
}

static int inner_wait(void)
{
    XIE_GROUP(group) {
        xie_group_spawn(&group, nap, (void *)100000);
        XIE_TIMEOUT(XIE_MILLISECOND) {
            CHECK_EQ(xie_group_wait(&group), -ETIMEDOUT);
        }
        CHECK_EQ(xie_task_count(), 2); /* the member runs on */
        xie_group_cancel(&group);
    }
    CHECK_EQ(xie_task_count(), 1);
    XIE_SCOPE(scope, -1) {
        CHECK(xie_scope_when(&scope) <= xie_now());
    }
    return 0;
}

static void a_scope_inside_ends_the_groups_wait(void)
{
    in_task(inner_wait);
}

static int join_owner(void *arg)
{
    return xie_task_wait(arg, NULL);
}

static int group_circle(void)
{
    XIE_GROUP(group) {
        xie_group_spawn(&group, join_owner, xie_task_current());
        CHECK_EQ(xie_group_wait(&group), XIE_EDEADLOCK);
    }
    return 0;
}

static void a_member_that_waits_for_its_owner(void)
{
    char text[1024];
    CHECK_EQ(in_child_task(group_circle, text, sizeof text), 0);
    CHECK(strstr(text, "deadlock"));
}

static void locals_are_inherited(void)
{
    in_task(locals);
    CHECK_EQ(xie_local_set(&key, "x"), -EPERM);
    CHECK(!xie_local_get(&key));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a_deadline_ends_every_wait", a_deadline_ends_every_wait},
        {"deadlines_nest", deadlines_nest},
        {"any_road_out_closes_a_scope", any_road_out_closes_a_scope},
        {"deadlines_move", deadlines_move},
        {"a deadline may be absolute", a_deadline_may_be_absolute},
        {"plain_functions", plain_functions},
        {"another_task_may_cancel_a_scope", another_task_may_cancel_a_scope},
        {"shields_protect", shields_protect},
        {"a_cancellation_waits_behind_a_shield", a_cancellation_waits_behind_a_shield},
        {"a_timeout_does_not_swallow_a_cancellation", a_timeout_does_not_swallow_a_cancellation},
        {"closing_out_of_order_aborts", closing_out_of_order_aborts},
        {"a_group_ends_when_its_tasks_have", a_group_ends_when_its_tasks_have},
        {"the_first_failure_cancels_the_siblings", the_first_failure_cancels_the_siblings},
        {"a_failure_nobody_took_is_reported", a_failure_nobody_took_is_reported},
        {"a failed member's name is kept", a_failed_members_name_is_kept},
        {"waiting for nobody in a cancelled scope yields",
         waiting_for_nobody_in_a_cancelled_scope_yields},
        {"cancelling_a_group", cancelling_a_group},
        {"leaving_a_group_by_return_waits", leaving_a_group_by_return_waits},
        {"nested_groups_hear_of_it", nested_groups_hear_of_it},
        {"members_may_spawn", members_may_spawn},
        {"locals_are_inherited", locals_are_inherited},
        {"a_release_may_spawn", a_release_may_spawn},
        {"a_computation_sees_its_deadline", a_computation_sees_its_deadline},
        {"a_scope_inside_ends_the_groups_wait", a_scope_inside_ends_the_groups_wait},
        {"a_member_that_waits_for_its_owner", a_member_that_waits_for_its_owner},
        {0},
    };
    return tap_main(argc, argv, tests);
}
