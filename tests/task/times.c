/* times.c - times without end, from before the beginning, and several things at one moment. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "kit.h"

/* --- how far times go ----------------------------------------------------------------------- */

static const int64_t past[] = {INT64_MIN, INT64_MIN + 1, -XIE_SECOND, -1, 0};
static const int64_t far_off[] = {XIE_NEVER - 1, XIE_NEVER - XIE_SECOND, XIE_NEVER / 2 + 1,
                                  XIE_NEVER};
enum { PASTS = sizeof past / sizeof *past, FAR_OFFS = sizeof far_off / sizeof *far_off };

static int sleeps_of_any_length(void)
{
    for (int i = 0; i < PASTS; i++) {
        CHECK_EQ(xie_sleep(past[i]), 0);
        CHECK_EQ(xie_sleep_until(past[i]), 0);
    }
    CHECK_EQ(xie_sleep_until(xie_now()), 0);
    for (int i = 0; i < FAR_OFFS; i++) {
        XIE_TIMEOUT(XIE_MILLISECOND)
            CHECK_EQ(xie_sleep(far_off[i]), -ETIMEDOUT);
        XIE_TIMEOUT(XIE_MILLISECOND)
            CHECK_EQ(xie_sleep_until(far_off[i]), -ETIMEDOUT);
    }
    return 0;
}

static void sleeps_end_whatever_their_length(void)
{
    in_task(sleeps_of_any_length);
}

static int forever(void *arg)
{
    (void)arg;
    return xie_sleep_until(XIE_NEVER);
}

static int never_ends(void)
{
    struct xie_task *task = xie_spawn(forever, NULL);
    CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
    CHECK(!xie_task_done(task));
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    return 0;
}

static void a_sleep_until_never_waits_to_be_cancelled(void)
{
    in_task(never_ends);
}

static int deadlines_of_any_length(void)
{
    struct xie_scope scope;
    for (int i = 0; i < PASTS; i++) {
        xie_scope_open(&scope, past[i]);
        CHECK_EQ(xie_check(), -ETIMEDOUT);
        CHECK(xie_scope_when(&scope) <= xie_now());
        CHECK_EQ(xie_scope_close(&scope), -ETIMEDOUT);
        xie_scope_open_at(&scope, past[i]);
        CHECK_EQ(xie_check(), -ETIMEDOUT);
        CHECK_EQ(xie_scope_when(&scope), past[i]);
        CHECK_EQ(xie_scope_close(&scope), -ETIMEDOUT);
        xie_scope_open_shield(&scope, past[i]);
        CHECK_EQ(xie_sleep(0), -ETIMEDOUT);
        CHECK_EQ(xie_scope_close(&scope), -ETIMEDOUT);
        xie_scope_open(&scope, XIE_HOUR);
        xie_scope_reschedule(&scope, past[i]);
        CHECK_EQ(xie_check(), -ETIMEDOUT);
        CHECK(xie_scope_expired(&scope));
        CHECK_EQ(xie_scope_close(&scope), -ETIMEDOUT);
    }
    for (int i = 0; i < FAR_OFFS; i++) {
        xie_scope_open(&scope, far_off[i]);
        CHECK_EQ(xie_sleep(1), 0);
        CHECK(xie_scope_when(&scope) >= far_off[i]);
        xie_scope_reschedule(&scope, far_off[i]);
        CHECK_EQ(xie_sleep(1), 0);
        CHECK_EQ(xie_scope_when(&scope), far_off[i]);
        CHECK_EQ(xie_scope_close(&scope), 0);
        xie_scope_open_at(&scope, far_off[i]);
        CHECK_EQ(xie_sleep(1), 0);
        CHECK_EQ(xie_scope_close(&scope), 0);
        xie_scope_open_shield(&scope, far_off[i]);
        CHECK_EQ(xie_sleep(1), 0);
        CHECK_EQ(xie_scope_close(&scope), 0);
    }
    return 0;
}

static void deadlines_come_whatever_their_length(void)
{
    in_task(deadlines_of_any_length);
}

static int ran;
static void count(void *arg)
{
    (void)arg;
    ran++;
}

static int calls_of_any_delay(void)
{
    struct xie_call calls[2] = {0};
    for (int i = 0; i < PASTS; i++) {
        ran = 0;
        CHECK_EQ(xie_call_later(&calls[0], past[i], count, NULL), 0);
        CHECK_EQ(xie_call_at(&calls[1], past[i], count, NULL), 0);
        CHECK_EQ(ran, 0); /* never at once */
        CHECK(xie_call_when(&calls[0]) <= xie_now());
        CHECK_EQ(xie_call_when(&calls[1]), 0); /* due already */
        CHECK_EQ(xie_sleep(XIE_MICROSECOND), 0);
        CHECK_EQ(ran, 2);
        CHECK_EQ(xie_call_when(&calls[0]), XIE_NEVER);
    }
    for (int i = 0; i < FAR_OFFS; i++) {
        ran = 0;
        CHECK_EQ(xie_call_later(&calls[0], far_off[i], count, NULL), 0);
        CHECK_EQ(xie_call_at(&calls[1], far_off[i], count, NULL), 0);
        CHECK(xie_call_when(&calls[0]) >= far_off[i]);
        CHECK_EQ(xie_call_when(&calls[1]), far_off[i]);
        CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
        CHECK(xie_call_pending(&calls[0]) && xie_call_pending(&calls[1]));
        CHECK(xie_call_cancel(&calls[0]));
        CHECK(xie_call_cancel(&calls[1]));
        CHECK_EQ(ran, 0);
    }
    return 0;
}

static void calls_come_whatever_their_delay(void)
{
    in_task(calls_of_any_delay);
}

static struct xie_call left[FAR_OFFS];
static int leaves_calls(void)
{
    for (int i = 0; i < FAR_OFFS; i++)
        CHECK_EQ(xie_call_at(&left[i], far_off[i], count, NULL), 0);
    return 0;
}

static void calls_that_never_come_end_with_the_loop(void)
{
    in_task(leaves_calls);
    for (int i = 0; i < FAR_OFFS; i++)
        CHECK(!xie_call_pending(&left[i]));
    CHECK_EQ(ran, 0);
}

/* --- one moment ----------------------------------------------------------------------------- */

static int64_t moment;
static char order[32];

static void note(const char *what)
{
    strcat(order, what);
}

static int sleep_to_the_moment(void *arg)
{
    int error = xie_sleep_until(moment);
    note(arg);
    return error;
}

static void note_call(void *arg)
{
    note(arg);
}

static int equal_sleeps(void)
{
    static char names[] = "a\0b\0c\0d\0e";
    struct xie_task *tasks[5];
    struct xie_call call = {0};
    moment = xie_now() + 50 * XIE_MILLISECOND; /* all stand in the line by then */
    for (int i = 0; i < 5; i++) {
        tasks[i] = xie_spawn(sleep_to_the_moment, &names[2 * i]);
        if (i == 2) { /* after what was spawned before it ran */
            CHECK_EQ(xie_sleep(0), 0);
            CHECK_EQ(xie_call_at(&call, moment, note_call, (void *)"!"), 0);
        }
    }
    CHECK_EQ(xie_gather(tasks, 5, NULL), 0);
    CHECK(xie_now() >= moment);
    CHECK_STR(order, "abc!de");
    return 0;
}

static void equal_times_come_in_the_order_they_were_asked_for(void)
{
    in_task(equal_sleeps);
}

static int equal_deadlines(void)
{
    struct xie_scope outer, inner;
    for (int64_t ahead = XIE_MILLISECOND;; ahead *= 2) { /* both before the moment comes */
        moment = xie_now() + ahead;
        xie_scope_open_at(&outer, moment);
        xie_scope_open_at(&inner, moment);
        if (!inner.own)
            break;
        xie_scope_close(&inner);
        xie_scope_close(&outer);
    }
    CHECK_EQ(xie_sleep(XIE_NEVER), -ETIMEDOUT);
    CHECK(xie_scope_expired(&inner)); /* each of them has triggered, not the first alone */
    CHECK(xie_scope_expired(&outer));
    CHECK_EQ(xie_scope_close(&inner), -ETIMEDOUT);
    CHECK_EQ(xie_sleep(0), -ETIMEDOUT); /* the outer one's */
    CHECK_EQ(xie_scope_close(&outer), -ETIMEDOUT);
    CHECK_EQ(xie_sleep(0), 0);
    return 0;
}

static void equal_deadlines_of_nested_scopes_both_come(void)
{
    in_task(equal_deadlines);
}

/* A task that computes: the loop sees the time between its turns, xie_check at once. */
static int computes_beyond(void)
{
    struct xie_lock lock = {0};
    if (!strcmp(xie_loop_backend(xie_loop_current()), "sim"))
        tap_skip("virtual time stands while a task computes");
    XIE_TIMEOUT(XIE_MILLISECOND) {
        int64_t over = xie_now() + XIE_MILLISECOND;
        while (xie_now() < over)
            ;
        CHECK_EQ(xie_lock_take(&lock), 0); /* it need not wait, and no turn has come */
        xie_lock_give(&lock);
        CHECK_EQ(xie_sleep(XIE_HOUR), -ETIMEDOUT);
        CHECK_EQ(xie_lock_take(&lock), -ETIMEDOUT);
    }
    XIE_TIMEOUT(XIE_MILLISECOND) {
        int64_t over = xie_now() + XIE_MILLISECOND;
        while (xie_now() < over)
            ;
        CHECK_EQ(xie_check(), -ETIMEDOUT);
        CHECK_EQ(xie_lock_take(&lock), -ETIMEDOUT);
    }
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

static void a_deadline_is_seen_between_turns_and_by_a_check(void)
{
    in_task(computes_beyond);
}

/* A sleep to the very deadline: whichever was asked for first has its way, the other comes next. */
static int sleep_and_deadline(void)
{
    moment = xie_now() + XIE_MILLISECOND;
    XIE_TIMEOUT_AT(moment) {
        CHECK_EQ(xie_sleep_until(moment), -ETIMEDOUT);
        CHECK(xie_now() >= moment);
    }
    CHECK_EQ(xie_check(), 0);
    return 0;
}

static struct xie_scope *moved;
static bool late; /* the machine was too busy for the moment */
static int move_to_the_moment(void *arg)
{
    (void)arg;
    late = xie_now() >= moment;
    if (!late)
        xie_scope_reschedule(moved, moment);
    return xie_now() >= moment;
}

static int sleep_before_deadline(void)
{
    XIE_SCOPE(scope, XIE_HOUR) {
        moved = &scope;
        do {
            struct xie_task *mover = xie_spawn(move_to_the_moment, NULL);
            moment = xie_now() + 50 * XIE_MILLISECOND;
            int slept = xie_sleep_until(moment);
            XIE_SHIELD
                late = xie_join(mover) || late;
            CHECK(late || slept == 0); /* it had come when the deadline did */
        } while (late && !xie_check());
        CHECK_EQ(xie_sleep(XIE_HOUR), -ETIMEDOUT);
    }
    return 0;
}

static void a_sleep_to_its_very_deadline(void)
{
    in_task(sleep_and_deadline);
    in_task(sleep_before_deadline);
}

/* --- a timeout beside a cancellation --------------------------------------------------------- */

/* What became of a task with a deadline, cancelled about the moment it comes. */
static struct {
    int waited, scope, after;
} outcome;

static int times_out(void *arg)
{
    struct xie_scope scope;
    (void)arg;
    xie_scope_open_at(&scope, moment);
    outcome.waited = xie_sleep(XIE_HOUR);
    outcome.scope = xie_scope_close(&scope);
    outcome.after = xie_sleep(XIE_HOUR);
    return outcome.after;
}

static struct xie_event event;
static int64_t rest = XIE_HOUR; /* what it sleeps at last: long where it is to be cancelled */

static int waits_with_a_deadline(void *arg)
{
    struct xie_scope scope;
    (void)arg;
    xie_scope_open_at(&scope, moment);
    outcome.waited = xie_event_wait(&event);
    outcome.scope = xie_scope_close(&scope);
    outcome.after = xie_sleep(rest);
    return outcome.after;
}

static void cancel_task(void *task)
{
    xie_task_cancel(*(struct xie_task **)task);
}

/* At one moment the deadline comes, which triggers at once, and the task is cancelled by a callback
 * that was armed before the deadline, or after it: so that it runs before the task, or after. */
static void cancel_at_the_moment(int (*fn)(void *arg), bool before)
{
    struct xie_call call = {0};
    struct xie_task *task;
    moment = xie_now() + 50 * XIE_MILLISECOND;
    if (before)
        CHECK_EQ(xie_call_at(&call, moment, cancel_task, &task), 0);
    task = xie_spawn(fn, NULL);
    xie_sleep(0);
    if (!before)
        CHECK_EQ(xie_call_at(&call, moment, cancel_task, &task), 0);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(xie_now() >= moment);
    CHECK_EQ(outcome.waited, -ETIMEDOUT);
    CHECK_EQ(outcome.scope, -ETIMEDOUT);
    CHECK_EQ(outcome.after, -ECANCELED); /* never swallowed */
}

static int timeout_and_cancellation(void)
{
    struct xie_task *task;
    cancel_at_the_moment(times_out, true);
    cancel_at_the_moment(times_out, false);

    /* Cancelled before the deadline: that is another scope's word, and the deadline's stays 0. */
    moment = xie_now() + XIE_HOUR;
    task = xie_spawn(times_out, NULL);
    xie_sleep(0);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(outcome.waited, -ECANCELED);
    CHECK_EQ(outcome.scope, 0);
    CHECK_EQ(outcome.after, -ECANCELED);
    return 0;
}

static void a_timeout_and_a_cancellation_at_one_moment_are_both_told(void)
{
    in_task(timeout_and_cancellation);
}

static void set_event(void *arg)
{
    (void)arg;
    xie_event_set(&event);
}

static int result_beside_both(void)
{
    struct xie_call call = {0};
    /* The event is set as the deadline comes, and cancelled before it runs: deadlines trigger as
     * their time comes, callbacks run after, so the event stays for the next who waits. */
    cancel_at_the_moment(waits_with_a_deadline, true);
    moment = xie_now() + 50 * XIE_MILLISECOND;
    CHECK_EQ(xie_call_at(&call, moment, set_event, NULL), 0);
    rest = 0;
    struct xie_task *task = xie_spawn(waits_with_a_deadline, NULL);
    CHECK_EQ(xie_join(task), 0);
    CHECK_EQ(outcome.waited, -ETIMEDOUT);
    CHECK_EQ(outcome.scope, -ETIMEDOUT);
    CHECK_EQ(xie_event_wait(&event), 0);
    /* Woken by the event, then cancelled before it runs: what was obtained wins. */
    xie_event_clear(&event);
    moment = XIE_NEVER;
    rest = XIE_HOUR;
    task = xie_spawn(waits_with_a_deadline, NULL);
    xie_sleep(0);
    xie_event_set(&event);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK_EQ(outcome.waited, 0);
    CHECK_EQ(outcome.scope, 0);
    CHECK_EQ(outcome.after, -ECANCELED);
    return 0;
}

static void a_result_at_that_moment_is_returned_or_left(void)
{
    in_task(result_beside_both);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"sleeps_end_whatever_their_length", sleeps_end_whatever_their_length},
        {"a_sleep_until_never_waits_to_be_cancelled", a_sleep_until_never_waits_to_be_cancelled},
        {"deadlines_come_whatever_their_length", deadlines_come_whatever_their_length},
        {"calls_come_whatever_their_delay", calls_come_whatever_their_delay},
        {"calls_that_never_come_end_with_the_loop", calls_that_never_come_end_with_the_loop},
        {"equal_times_come_in_the_order_they_were_asked_for",
         equal_times_come_in_the_order_they_were_asked_for},
        {"equal_deadlines_of_nested_scopes_both_come", equal_deadlines_of_nested_scopes_both_come},
        {"a_deadline_is_seen_between_turns_and_by_a_check",
         a_deadline_is_seen_between_turns_and_by_a_check},
        {"a_sleep_to_its_very_deadline", a_sleep_to_its_very_deadline},
        {"a_timeout_and_a_cancellation_at_one_moment_are_both_told",
         a_timeout_and_a_cancellation_at_one_moment_are_both_told},
        {"a_result_at_that_moment_is_returned_or_left",
         a_result_at_that_moment_is_returned_or_left},
        {0},
    };
    return tap_main(argc, argv, tests);
}
