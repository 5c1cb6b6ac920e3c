/* select.c - channels and promises among the cases of a select: exactly one takes effect, whatever
 * other threads do meanwhile. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base/fault.h"
#include "io/threads.h"

static char one[] = "one", two[] = "two";

static void *put_later(void *channel)
{
    usleep(2000);
    CHECK_EQ(xie_channel_put_blocking(channel, two, XIE_NEVER), 0);
    return NULL;
}

IN_TASK(what_is_there_takes_effect_at_once)
{
    struct xie_channel *full = xie_channel_new(1, NULL), *empty = xie_channel_new(1, NULL);
    struct xie_promise *promise = xie_promise_new(NULL);
    void *item = NULL, *value = NULL;
    CHECK_EQ(xie_channel_try_put(full, one), 0);
    struct xie_case cases[] = {xie_case_channel_get(empty, &item), xie_case_channel_put(full, two),
                               xie_case_promise(promise, &value)};
    CHECK_EQ(xie_select_try(cases, 3), -EAGAIN);
    CHECK(!item && !value);

    CHECK_EQ(xie_channel_try_put(empty, one), 0);
    CHECK_EQ(xie_select(cases, 3), 0);
    CHECK(cases[0].result == 0 && item == one);
    CHECK_EQ(xie_select_try(cases, 3), -EAGAIN);

    CHECK_EQ(xie_channel_try_get(full, &item), 0);
    CHECK_EQ(xie_select_try(cases, 3), 1);
    CHECK_EQ(cases[1].result, 0);
    CHECK(!xie_channel_try_get(full, &item) && item == two);
    CHECK_EQ(xie_channel_try_put(full, one), 0);

    CHECK_EQ(xie_promise_resolve(promise, two), 0);
    CHECK_EQ(xie_select(cases, 3), 2);
    CHECK(cases[2].result == 0 && value == two);
    xie_channel_unref(full);
    xie_channel_unref(empty);
    xie_promise_unref(promise);
    return 0;
}

IN_TASK(another_thread_wakes_it)
{
    struct xie_channel *channel = xie_channel_new(0, NULL), *other = xie_channel_new(0, NULL);
    struct xie_event event = {0};
    void *item = NULL, *nothing = one;
    struct xie_case cases[] = {xie_case_event(&event), xie_case_channel_get(other, &nothing),
                               xie_case_channel_get(channel, &item)};
    pthread_t thread = begin(put_later, channel);
    CHECK_EQ(xie_select(cases, 3), 2);
    CHECK(cases[2].result == 0 && item == two && nothing == one);
    CHECK(!event.waiters.head);
    CHECK_EQ(xie_channel_try_put(other, one), 0); /* nobody stands there any more */
    CHECK_EQ(xie_channel_count(other), 1);
    pthread_join(thread, NULL);
    xie_channel_unref(channel);
    xie_channel_unref(other);
    return 0;
}

struct waiter {
    struct xie_case cases[4];
    size_t count;
    struct xie_task *task;
};

static int wait_by(void *arg)
{
    struct waiter *self = arg;
    return xie_select(self->cases, self->count);
}

static void waiter_begin(struct waiter *self)
{
    self->task = xie_spawn(wait_by, self);
    xie_sleep(0);
}

/* By those of the same loop, and by closing. */
IN_TASK(the_same_loop_wakes_it)
{
    struct xie_channel *full = xie_channel_new(1, NULL), *empty = xie_channel_new(1, NULL);
    struct xie_promise *promise = xie_promise_new(NULL);
    static struct xie_event event;
    static void *item, *value;
    static struct waiter self;
    CHECK_EQ(xie_channel_try_put(full, one), 0);
    for (int turn = 0; turn < 5; turn++) {
        static const int chosen[] = {0, 1, 2, 3, 0};
        void *got;
        item = value = NULL;
        self.cases[0] = xie_case_channel_get(empty, &item);
        self.cases[1] = xie_case_channel_put(full, two);
        self.cases[2] = xie_case_event(&event);
        self.cases[3] = xie_case_promise(promise, &value);
        self.count = turn < 4 ? 4 : 2; /* the promise has its outcome by then */
        waiter_begin(&self);
        CHECK(!xie_task_done(self.task));
        switch (turn) {
        case 0:
            CHECK_EQ(xie_channel_try_put(empty, two), 0);
            CHECK_EQ(xie_channel_count(empty), 0); /* handed over */
            break;
        case 1:
            CHECK(!xie_channel_try_get(full, &got) && got == one);
            CHECK_EQ(xie_channel_count(full), 1);
            break;
        case 2:
            xie_event_set(&event);
            xie_event_clear(&event);
            break;
        case 3:
            CHECK_EQ(xie_promise_fail(promise, -EIO), 0);
            break;
        default:
            xie_channel_close(empty);
            break;
        }
        xie_task_cancel(self.task); /* too late */
        CHECK_EQ(xie_join(self.task), chosen[turn]);
        CHECK(!event.waiters.head);
        CHECK_EQ(self.cases[chosen[turn]].result, turn == 3 ? -EIO : turn == 4 ? XIE_ECLOSED : 0);
        CHECK((item == two) == (turn == 0) && !value);
    }
    xie_channel_unref(full);
    xie_channel_unref(empty);
    xie_promise_unref(promise);
    return 0;
}

static int disposed;

static void dispose(void *value)
{
    CHECK(value == one);
    disposed++;
}

IN_TASK(who_selected_something_else_has_not_taken_the_outcome)
{
    static struct xie_event event;
    static struct waiter self;
    void *value = NULL;
    for (int taken = 0; taken < 2; taken++) {
        struct xie_promise *promise = xie_promise_new(dispose);
        self.cases[0] = xie_case_event(&event);
        self.cases[1] = xie_case_promise(promise, &value);
        self.count = 2;
        disposed = 0;
        waiter_begin(&self);
        if (!taken)
            xie_event_set(&event);
        xie_event_clear(&event);
        CHECK_EQ(xie_promise_resolve(promise, one), 0);
        CHECK_EQ(xie_join(self.task), taken);
        CHECK((value == one) == taken);
        xie_promise_unref(promise);
        CHECK_EQ(disposed, !taken);
    }
    return 0;
}

IN_TASK(interrupted_it_stands_nowhere)
{
    struct xie_channel *full = xie_channel_new(1, NULL), *empty = xie_channel_new(1, NULL);
    struct xie_promise *promise = xie_promise_new(NULL);
    void *item = NULL;
    CHECK_EQ(xie_channel_try_put(full, one), 0);
    struct xie_case cases[] = {xie_case_channel_get(empty, &item), xie_case_channel_put(full, two),
                               xie_case_promise(promise, NULL)};
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(xie_select(cases, 3), -ETIMEDOUT);
    XIE_TIMEOUT(0)
        CHECK_EQ(xie_select(cases, 3), -ETIMEDOUT);
    CHECK_EQ(xie_channel_try_put(empty, one), 0);
    CHECK_EQ(xie_channel_count(empty), 1);
    CHECK_EQ(xie_channel_try_get(full, &item), 0);
    CHECK_EQ(xie_channel_count(full), 0);
    CHECK_EQ(xie_promise_resolve(promise, NULL), 0);
    xie_channel_unref(full);
    xie_channel_unref(empty);
    xie_promise_unref(promise); /* it would abort if somebody waited */
    return 0;
}

/* Its own get is not served by its own put. */
IN_TASK(one_channel_both_ways)
{
    struct xie_channel *channel = xie_channel_new(1, NULL);
    void *item = NULL;
    struct xie_case cases[] = {xie_case_channel_get(channel, &item),
                               xie_case_channel_put(channel, one)};
    CHECK_EQ(xie_select(cases, 2), 1);
    CHECK_EQ(xie_select(cases, 2), 0);
    CHECK(item == one);
    CHECK_EQ(xie_channel_count(channel), 0);
    xie_channel_unref(channel);
    return 0;
}

IN_TASK(memory_that_is_short_is_the_outcome_of_a_put)
{
    struct xie_channel *channel = xie_channel_new(0, NULL);
    struct xie_case cases[] = {xie_case_channel_put(channel, one)};
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(xie_select(cases, 1), 0);
    xie_fault_plan = (struct xie_fault){0};
    CHECK_EQ(cases[0].result, -ENOMEM);
    CHECK_EQ(xie_channel_count(channel), 0);
    xie_channel_unref(channel);
    return 0;
}

/* --- one line --------------------------------------------------------------------------- */

static struct xie_channel *line;
static int waiting;

static void *get_in_thread(void *arg)
{
    intptr_t *turn = arg;
    void *item;
    add(&waiting, 1);
    CHECK_EQ(xie_channel_get_blocking(line, &item, XIE_NEVER), 0);
    *turn = (intptr_t)item;
    return NULL;
}

static int get_by_select(void *arg)
{
    struct xie_event never = {0};
    void *item;
    struct xie_case cases[] = {xie_case_event(&never), xie_case_channel_get(line, &item)};
    CHECK_EQ(xie_select(cases, 2), 1);
    *(intptr_t *)arg = (intptr_t)item;
    return 0;
}

IN_TASK(threads_and_selects_stand_in_one_line)
{
    intptr_t got[3] = {0};
    line = xie_channel_new(0, NULL);
    struct xie_task *first = xie_spawn(get_by_select, &got[0]);
    xie_sleep(0);
    pthread_t thread = begin(get_in_thread, &got[1]);
    until(&waiting);
    struct xie_task *second = xie_spawn(get_by_select, &got[2]);
    xie_sleep(0);
    for (intptr_t item = 1; item <= 3; item++)
        CHECK_EQ(xie_channel_try_put(line, (void *)item), 0);
    CHECK_EQ(xie_join(first), 0);
    CHECK_EQ(xie_join(second), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(got[0], 1);
    CHECK_EQ(got[1] + got[2], 5);
    xie_channel_unref(line);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_is_there_takes_effect_at_once", what_is_there_takes_effect_at_once},
        {"another_thread_wakes_it", another_thread_wakes_it},
        {"the_same_loop_wakes_it", the_same_loop_wakes_it},
        {"who_selected_something_else_has_not_taken_the_outcome",
         who_selected_something_else_has_not_taken_the_outcome},
        {"interrupted_it_stands_nowhere", interrupted_it_stands_nowhere},
        {"one_channel_both_ways", one_channel_both_ways},
        {"memory_that_is_short_is_the_outcome_of_a_put",
         memory_that_is_short_is_the_outcome_of_a_put},
        {"threads_and_selects_stand_in_one_line", threads_and_selects_stand_in_one_line},
        {0},
    };
    return tap_main(argc, argv, tests);
}
