/* select.c - the promises of <xie/select.h>. */
/* SPDX-License-Identifier: MIT */
#include "kit.h"

#include "base/fault.h"
#include "task/wait.h"

/* One of each thing; none of them ready. */
static struct xie_queue source, sink;
static struct xie_lock lock;
static struct xie_semaphore permits;
static struct xie_event event;
static struct xie_future future;
static struct xie_task *task;

static struct xie_event keeper_go, task_go;

/* Has the lock until it is told to give it. */
static int keep(void *arg)
{
    (void)arg;
    xie_lock_take(&lock);
    int error = xie_event_wait(&keeper_go);
    xie_lock_give(&lock);
    return error;
}

static int end_with_seven(void *arg)
{
    (void)arg;
    int error = xie_event_wait(&task_go);
    return error ? error : 7;
}

enum which { GET, PUT, LOCK, PERMIT, EVENT, FUTURE, TASK, KINDS };

static struct xie_task *keeper;
static void *got, *value;
static char old_item[] = "old", new_item[] = "new", resolved[] = "resolved";

static void world_begin(struct xie_case *cases)
{
    xie_queue_init(&source, 1);
    xie_queue_init(&sink, 1);
    CHECK_EQ(xie_queue_try_put(&sink, old_item), 0);
    xie_semaphore_init(&permits, 0, 1);
    event = keeper_go = task_go = (struct xie_event){0};
    future = (struct xie_future){0};
    lock = (struct xie_lock){0};
    keeper = xie_spawn(keep, NULL);
    task = xie_spawn(end_with_seven, NULL);
    xie_sleep(0);
    got = value = NULL;
    cases[GET] = xie_case_get(&source, &got);
    cases[PUT] = xie_case_put(&sink, new_item);
    cases[LOCK] = xie_case_lock(&lock);
    cases[PERMIT] = xie_case_semaphore(&permits);
    cases[EVENT] = xie_case_event(&event);
    cases[FUTURE] = xie_case_future(&future, &value);
    cases[TASK] = xie_case_task(task);
}

static void set_it(void *arg)
{
    xie_event_set(arg);
}

/* Make one of them possible. */
static void world_make(enum which which)
{
    void *item;
    switch (which) {
    case GET:
        CHECK_EQ(xie_queue_try_put(&source, new_item), 0);
        return;
    case PUT:
        CHECK_EQ(xie_queue_try_get(&sink, &item), 0);
        CHECK(item == old_item);
        return;
    case LOCK:
        xie_event_set(&keeper_go);
        return;
    case PERMIT:
        xie_semaphore_give(&permits);
        return;
    case EVENT:
        xie_event_set(&event);
        return;
    case FUTURE:
        xie_future_resolve(&future, resolved);
        return;
    default:
        xie_event_set(&task_go);
    }
}

/* Nobody stands in any line, and none but `which` (KINDS: none) has taken effect. */
static void world_check(struct xie_task *owner, enum which which)
{
    CHECK(!source.getters.head && !sink.putters.head && !lock.waiters.head);
    CHECK(!permits.waiters.head && !event.waiters.head && !future.waiters.head);
    CHECK((got == new_item) == (which == GET));
    CHECK_EQ(xie_queue_count(&source), 0);
    CHECK_EQ(xie_queue_count(&sink), 1); /* the old one, or the new in its place */
    CHECK((lock.owner == owner) == (which == LOCK));
    CHECK((value == resolved) == (which == FUTURE));
    CHECK(xie_semaphore_locked(&permits));
}

static void world_end(enum which which)
{
    void *item = NULL;
    CHECK_EQ(xie_queue_try_get(&sink, &item), 0);
    CHECK(item == (which == PUT ? new_item : old_item));
    if (lock.owner == xie_task_current())
        xie_lock_give(&lock);
    xie_event_set(&keeper_go);
    xie_event_set(&task_go);
    CHECK_EQ(xie_join(keeper), 0);
    CHECK_EQ(xie_join(task), 7);
    xie_queue_close(&sink);
    xie_queue_fini(&sink);
    xie_queue_fini(&source);
}

IN_TASK(what_is_possible_takes_effect_at_once)
{
    for (enum which which = GET; which < KINDS; which++) {
        struct xie_case cases[KINDS];
        world_begin(cases);
        CHECK_EQ(xie_select_try(cases, KINDS), -EAGAIN);
        world_make(which);
        kit_settle();
        int index = which % 2 ? xie_select(cases, KINDS) : xie_select_try(cases, KINDS);
        CHECK_EQ(index, which);
        CHECK_EQ(cases[which].result, which == TASK ? 7 : 0);
        world_check(xie_task_current(), which);
        world_end(which);
    }
    return 0;
}

static struct xie_case cases_of_waiter[KINDS];

static int wait_for_all(void *arg)
{
    (void)arg;
    int index = xie_select(cases_of_waiter, KINDS);
    if (lock.owner == xie_task_current()) { /* as a task does not end with a lock */
        world_check(xie_task_current(), LOCK);
        xie_lock_give(&lock);
    }
    return index;
}

IN_TASK(who_waits_is_woken_by_the_first_and_has_nothing_of_the_others)
{
    for (enum which which = GET; which < KINDS; which++) {
        world_begin(cases_of_waiter);
        struct xie_task *waiter = xie_spawn(wait_for_all, NULL);
        xie_sleep(0);
        CHECK(source.getters.head && lock.waiters.head && future.waiters.head);
        world_make(which);
        if (which != LOCK) {
            kit_settle();
            world_check(waiter, which);
        }
        CHECK_EQ(xie_join(waiter), which);
        CHECK_EQ(cases_of_waiter[which].result, which == TASK ? 7 : 0);
        world_end(which);
    }
    return 0;
}

/* Two become possible before the task runs: the first made it. The second stays as it is. */
IN_TASK(the_second_to_become_possible_is_left_alone)
{
    void *item;
    world_begin(cases_of_waiter);
    struct xie_task *waiter = xie_spawn(wait_for_all, NULL);
    xie_sleep(0);
    world_make(PERMIT);
    world_make(GET);
    CHECK_EQ(xie_join(waiter), PERMIT);
    CHECK(!got);
    CHECK_EQ(xie_queue_try_get(&source, &item), 0);
    CHECK(item == new_item);
    world_end(KINDS);
    return 0;
}

/* Cancelled before something becomes possible, nothing has taken effect; after, it has. */
IN_TASK(cancelling_loses_nothing)
{
    for (enum which which = GET; which < KINDS; which++) {
        if (which == LOCK) /* given by a task of its own: see the model */
            continue;
        world_begin(cases_of_waiter);
        struct xie_task *waiter = xie_spawn(wait_for_all, NULL);
        xie_sleep(0);
        xie_task_cancel(waiter);
        world_check(waiter, KINDS);
        CHECK_EQ(xie_join(waiter), -ECANCELED);
        waiter = xie_spawn(wait_for_all, NULL);
        xie_sleep(0);
        world_make(which);
        if (which == TASK)
            kit_settle();
        xie_task_cancel(waiter);
        CHECK_EQ(xie_join(waiter), which);
        world_check(waiter, which);
        world_end(which);
    }
    return 0;
}

IN_TASK(an_expired_scope_has_no_effect)
{
    struct xie_case cases[KINDS];
    world_begin(cases);
    world_make(PERMIT);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_select(cases, KINDS), -ETIMEDOUT);
    }
    CHECK_EQ(permits.value, 1);
    CHECK_EQ(xie_select(cases, KINDS), PERMIT);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_select(cases, KINDS), -ETIMEDOUT);
    }
    world_check(xie_task_current(), KINDS);
    world_end(KINDS);
    return 0;
}

/* --- lines ---------------------------------------------------------------------------- */

static struct xie_queue queue;
static long turn[8];
static int turns;

static int get_plainly(void *arg)
{
    void *item;
    int error = xie_queue_get(&queue, &item);
    if (!error)
        turn[turns++] = (long)arg;
    return error;
}

static int get_by_select(void *arg)
{
    void *item;
    struct xie_case cases[] = {xie_case_event(&event), xie_case_get(&queue, &item)};
    int index = xie_select(cases, 2);
    if (index == 1)
        turn[turns++] = (long)arg;
    return index < 0 ? index : 0;
}

IN_TASK(it_has_its_place_in_the_line)
{
    struct xie_task *tasks[6];
    void *item;
    xie_queue_init(&queue, 0);
    for (long i = 0; i < 6; i++)
        tasks[i] = xie_spawn(i % 2 ? get_by_select : get_plainly, (void *)i);
    xie_sleep(0);
    for (long i = 0; i < 6; i++) {
        CHECK_EQ(xie_queue_try_put(&queue, NULL), 0);
        CHECK_EQ(xie_queue_try_get(&queue, &item), -EAGAIN); /* nobody barges */
    }
    CHECK_EQ(xie_gather(tasks, 6, NULL), 0);
    for (long i = 0; i < 6; i++)
        CHECK_EQ(turn[i], i);
    xie_queue_fini(&queue);
    return 0;
}

static int swap(void *arg)
{
    void *item = NULL;
    struct xie_case cases[] = {xie_case_put(&source, arg), xie_case_get(&sink, &item)};
    int index = xie_select(cases, 2);
    CHECK_EQ(item != NULL, index == 1);
    return index;
}

/* Selects that wait for each other's effects, and wake each other in a chain. */
IN_TASK(selects_wake_selects)
{
    void *item;
    xie_queue_init(&source, 1);
    xie_queue_init(&sink, 1);
    CHECK_EQ(xie_queue_try_put(&source, old_item), 0);
    struct xie_task *tasks[2] = {xie_spawn(swap, new_item), xie_spawn(swap, new_item)};
    xie_sleep(0);
    struct xie_case cases[] = {xie_case_get(&source, &item)};
    CHECK_EQ(xie_select(cases, 1), 0); /* its room goes to the first, at once */
    CHECK(item == old_item);
    CHECK_EQ(xie_queue_count(&source), 1);
    cases[0] = xie_case_put(&sink, old_item);
    CHECK_EQ(xie_select(cases, 1), 0); /* the item goes to the second */
    CHECK_EQ(xie_queue_count(&sink), 0);
    CHECK_EQ(xie_join(tasks[0]), 0);
    CHECK_EQ(xie_join(tasks[1]), 1);
    CHECK_EQ(xie_queue_get(&source, &item), 0);
    xie_queue_fini(&source);
    xie_queue_fini(&sink);
    return 0;
}

IN_TASK(an_object_may_occur_twice)
{
    void *items[2] = {NULL, NULL};
    xie_queue_init(&queue, 1);
    struct xie_case cases[] = {xie_case_get(&queue, &items[0]), xie_case_get(&queue, &items[1]),
                               xie_case_event(&event), xie_case_event(&event)};
    CHECK_EQ(xie_queue_try_put(&queue, new_item), 0);
    int index = xie_select(cases, 4);
    CHECK(index == 0 || index == 1);
    CHECK(items[index] == new_item && !items[1 - index]);
    struct xie_call call = {0};
    xie_call_soon(&call, set_it, &event);
    CHECK_EQ(xie_select(cases, 4), 2); /* the first of its two places */
    CHECK(!event.waiters.head && !queue.getters.head);
    xie_queue_fini(&queue);
    return 0;
}

/* --- outcomes ------------------------------------------------------------------------- */

static void close_it(void *arg)
{
    xie_queue_close(arg);
}

IN_TASK(a_closed_queue_is_the_outcome_of_its_case)
{
    for (int waiting = 0; waiting < 2; waiting++)
        for (int put = 0; put < 2; put++) {
            struct xie_call call = {0};
            void *item = &queue;
            xie_queue_init(&queue, 1);
            if (put)
                CHECK_EQ(xie_queue_try_put(&queue, NULL), 0);
            struct xie_case cases[] = {
                {0}, put ? xie_case_put(&queue, NULL) : xie_case_get(&queue, &item)};
            if (waiting)
                CHECK_EQ(xie_call_soon(&call, close_it, &queue), 0);
            else
                xie_queue_close(&queue);
            CHECK_EQ(xie_select(cases, 2), 1);
            CHECK_EQ(cases[1].result, XIE_ECLOSED);
            CHECK(item == &queue);
            CHECK_EQ(xie_queue_count(&queue), put);
            xie_queue_fini(&queue);
        }
    return 0;
}

static void fail_it(void *arg)
{
    xie_future_fail(arg, -EAGAIN); /* an outcome like any other */
}

static void resolve_and_scribble(void *arg)
{
    xie_future_resolve(arg, resolved);
    memset(arg, 0x55, sizeof(struct xie_future));
}

IN_TASK(a_futures_outcome)
{
    struct xie_call call = {0};
    struct xie_case cases[] = {xie_case_future(&future, &value)};
    CHECK_EQ(xie_call_soon(&call, fail_it, &future), 0);
    CHECK_EQ(xie_select(cases, 1), 0);
    CHECK_EQ(cases[0].result, -EAGAIN);
    CHECK(!value);
    CHECK_EQ(xie_select_try(cases, 1), 0);
    CHECK_EQ(cases[0].result, -EAGAIN);

    struct xie_future gone = {0}; /* by the time the task runs */
    cases[0] = xie_case_future(&gone, &value);
    CHECK_EQ(xie_call_soon(&call, resolve_and_scribble, &gone), 0);
    CHECK_EQ(xie_select(cases, 1), 0);
    CHECK_EQ(cases[0].result, 0);
    CHECK(value == resolved);

    gone = (struct xie_future){0};
    xie_future_resolve(&gone, resolved);
    cases[0] = xie_case_future(&gone, NULL); /* nobody asks for the value */
    CHECK_EQ(xie_select(cases, 1), 0);
    CHECK_EQ(cases[0].result, 0);
    return 0;
}

static int fail_at_once(void *arg)
{
    (void)arg;
    return -EIO;
}

IN_TASK(a_tasks_end)
{
    struct xie_task *mine = xie_spawn(fail_at_once, NULL);
    struct xie_case cases[] = {xie_case_event(&event), xie_case_task(mine)};
    CHECK_EQ(xie_select_try(cases, 2), -EAGAIN);
    CHECK_EQ(xie_select(cases, 2), 1);
    CHECK_EQ(cases[1].result, -EIO);
    CHECK_EQ(xie_select(cases, 2), 1); /* it has still ended */
    CHECK_EQ(xie_join(mine), -EIO);    /* and the handle is still owned */
    cases[1] = xie_case_task(NULL);
    CHECK_EQ(xie_select(cases, 2), 1);
    CHECK_EQ(cases[1].result, -ENOMEM);
    return 0;
}

IN_TASK(a_lock_that_is_ones_own)
{
    struct xie_case cases[] = {xie_case_event(&event), xie_case_lock(&lock)};
    CHECK_EQ(xie_lock_take(&lock), 0);
    CHECK_EQ(xie_select(cases, 2), 1);
    CHECK_EQ(cases[1].result, XIE_EDEADLOCK);
    xie_lock_give(&lock);
    CHECK_EQ(xie_select(cases, 2), 1);
    CHECK_EQ(cases[1].result, 0);
    xie_lock_give(&lock);
    return 0;
}

IN_TASK(memory_that_is_short_is_the_outcome_of_a_put)
{
    xie_queue_init(&queue, 0);
    struct xie_case cases[] = {xie_case_event(&event), xie_case_put(&queue, NULL)};
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(xie_select(cases, 2), 1);
    xie_fault_plan = (struct xie_fault){0};
    CHECK_EQ(cases[1].result, -ENOMEM);
    CHECK_EQ(xie_queue_count(&queue), 0);
    xie_queue_fini(&queue);
    return 0;
}

/* --- forms ---------------------------------------------------------------------------- */

static void try_in_a_callback(void *arg)
{
    struct xie_case cases[] = {xie_case_event(arg), xie_case_semaphore(&permits)};
    CHECK_EQ(xie_select_try(cases, 2), 1);
    CHECK_EQ(xie_select_try(cases, 2), -EAGAIN);
    cases[0] = xie_case_lock(&lock); /* nobody could own it */
    CHECK_EQ(xie_select_try(cases, 2), 0);
    CHECK_EQ(cases[0].result, -EPERM);
    CHECK(!xie_lock_locked(&lock));
    xie_event_set(arg);
}

IN_TASK(callbacks_may_try)
{
    struct xie_call call = {0};
    xie_semaphore_init(&permits, 1, 1);
    CHECK_EQ(xie_call_soon(&call, try_in_a_callback, &event), 0);
    CHECK_EQ(xie_event_wait(&event), 0);
    return 0;
}

static void outside_a_loop_it_is_an_error(void)
{
    struct xie_case cases[] = {xie_case_event(&event)};
    event.set = true;
    CHECK_EQ(xie_select(cases, 1), -EPERM);
    CHECK_EQ(xie_select_try(cases, 1), -EPERM);
}

IN_TASK(a_zero_case_and_no_case_never_take_effect)
{
    struct xie_case cases[3] = {{0}};
    CHECK_EQ(xie_select_try(cases, 3), -EAGAIN);
    CHECK_EQ(xie_select_try(cases, 0), -EAGAIN);
    CHECK_EQ(xie_select_try(NULL, 0), -EAGAIN);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_select(cases, 3), -ETIMEDOUT);
    }
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_select(NULL, 0), -ETIMEDOUT);
    }
    cases[2] = xie_case_event(&event);
    xie_event_set(&event);
    CHECK_EQ(xie_select(cases, 3), 2);
    return 0;
}

static int feed(void *arg)
{
    struct xie_queue *to = arg;
    for (long i = 1; i <= 50; i++) {
        int error = xie_queue_put(to, (void *)i);
        if (error)
            return error;
    }
    xie_queue_close(to);
    return 0;
}

/* The usual loop: one array, used again and again; a case is switched off when it is closed. */
IN_TASK(an_array_is_used_again)
{
    void *item;
    long sum = 0;
    xie_queue_init(&source, 3);
    xie_queue_init(&sink, 1);
    struct xie_task *feeders[2] = {xie_spawn(feed, &source), xie_spawn(feed, &sink)};
    struct xie_case cases[] = {xie_case_get(&source, &item), xie_case_get(&sink, &item)};
    for (int open = 2; open;) {
        int index = xie_select(cases, 2);
        REQUIRE(index >= 0);
        if (cases[index].result == XIE_ECLOSED) {
            cases[index] = (struct xie_case){0};
            open--;
        } else {
            sum += (long)item;
        }
    }
    CHECK_EQ(sum, 2 * 1275);
    CHECK_EQ(xie_gather(feeders, 2, NULL), 0);
    xie_queue_fini(&source);
    xie_queue_fini(&sink);
    return 0;
}

/* --- fairness and cost ---------------------------------------------------------------- */

enum { READY = 5, PICKS = 1000 };

static int pick(void *arg)
{
    static struct xie_event ready = {.set = true};
    int *picked = arg;
    struct xie_case cases[READY];
    for (int i = 0; i < READY; i++)
        cases[i] = xie_case_event(&ready);
    for (int i = 0; i < PICKS; i++) {
        picked[xie_select(cases, READY)]++;
        xie_sleep(0);
    }
    return 0;
}

/* However many selects are made in between by others, each case has its share. */
IN_TASK(none_of_several_is_preferred)
{
    for (int tasks = 1; tasks <= 8; tasks++) {
        int picked[8][READY] = {{0}};
        struct xie_task *pickers[8];
        for (int i = 0; i < tasks; i++)
            pickers[i] = xie_spawn(pick, picked[i]);
        CHECK_EQ(xie_gather(pickers, (size_t)tasks, NULL), 0);
        for (int i = 0; i < tasks; i++)
            for (int j = 0; j < READY; j++)
                CHECK(picked[i][j] > PICKS / READY / 2 && picked[i][j] < PICKS / READY * 2);
    }
    return 0;
}

/* A thousand cases, and not one allocation; the array is the caller's. */
IN_TASK(many_cases_allocate_nothing)
{
    enum { MANY = 1000 };
    static struct xie_event events[MANY];
    static struct xie_case cases[MANY];
    for (int i = 0; i < MANY; i++)
        cases[i] = xie_case_event(&events[i]);
    struct xie_call call = {0};
    xie_fault_plan = (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = UINT64_MAX};
    CHECK_EQ(xie_call_soon(&call, set_it, &events[777]), 0);
    CHECK_EQ(xie_select(cases, MANY), 777);
    CHECK_EQ(xie_fault_plan.seen, 0);
    xie_fault_plan = (struct xie_fault){0};
    for (int i = 0; i < MANY; i++)
        CHECK(!events[i].waiters.head);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_is_possible_takes_effect_at_once", what_is_possible_takes_effect_at_once},
        {"who_waits_is_woken_by_the_first_and_has_nothing_of_the_others",
         who_waits_is_woken_by_the_first_and_has_nothing_of_the_others},
        {"the_second_to_become_possible_is_left_alone",
         the_second_to_become_possible_is_left_alone},
        {"cancelling_loses_nothing", cancelling_loses_nothing},
        {"an_expired_scope_has_no_effect", an_expired_scope_has_no_effect},
        {"it_has_its_place_in_the_line", it_has_its_place_in_the_line},
        {"selects_wake_selects", selects_wake_selects},
        {"an_object_may_occur_twice", an_object_may_occur_twice},
        {"a_closed_queue_is_the_outcome_of_its_case", a_closed_queue_is_the_outcome_of_its_case},
        {"a_futures_outcome", a_futures_outcome},
        {"a_tasks_end", a_tasks_end},
        {"a_lock_that_is_ones_own", a_lock_that_is_ones_own},
        {"memory_that_is_short_is_the_outcome_of_a_put",
         memory_that_is_short_is_the_outcome_of_a_put},
        {"callbacks_may_try", callbacks_may_try},
        {"outside_a_loop_it_is_an_error", outside_a_loop_it_is_an_error},
        {"a_zero_case_and_no_case_never_take_effect", a_zero_case_and_no_case_never_take_effect},
        {"an_array_is_used_again", an_array_is_used_again},
        {"none_of_several_is_preferred", none_of_several_is_preferred},
        {"many_cases_allocate_nothing", many_cases_allocate_nothing},
        {0},
    };
    return tap_main(argc, argv, tests);
}
