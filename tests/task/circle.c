/* circle.c - waiting for oneself is an error that names the circle, whatever it goes through. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kit.h"

static int nap(void *arg)
{
    return xie_sleep((int64_t)(long)arg * XIE_MILLISECOND);
}

static int forever(void *arg)
{
    (void)arg;
    return xie_sleep(XIE_NEVER);
}

static int end_quietly(struct xie_task *task)
{
    xie_task_cancel(task);
    return xie_join(task);
}

/* The names must come in this order, and the first again at the end. */
static void check_names(const char *text, const char *const *names)
{
    char needle[64];
    const char *at = strstr(text, "deadlock: ");
    CHECK(at);
    for (int i = 0; at && names[i]; i++) {
        snprintf(needle, sizeof needle, "task '%s'", names[i]);
        at = strstr(at, needle);
        if (!at)
            tap_failed(__FILE__, __LINE__, "%s is missing or out of order in\n%s", needle, text);
    }
    snprintf(needle, sizeof needle, "task '%s' itself", names[0]);
    CHECK(at && strstr(at, needle));
}

static void check_circle(int (*fn)(void), const char *const *names)
{
    char text[4096];
    CHECK_EQ(in_child_task(fn, text, sizeof text), 0);
    check_names(text, names);
}

/* --- joins -------------------------------------------------------------------------- */

static int oneself(void)
{
    return xie_task_wait(xie_task_current(), NULL) == XIE_EDEADLOCK ? 0 : -1;
}

static void waiting_for_oneself(void)
{
    check_circle(oneself, (const char *const[]){"main", NULL});
}

static struct xie_task *chain[100];
static int join_next(void *arg)
{
    return xie_task_wait(chain[(long)arg + 1], NULL);
}

static int long_chain(void)
{
    chain[99] = xie_task_current();
    for (long i = 98; i >= 0; i--)
        chain[i] = xie_spawn(join_next, (void *)i);
    xie_sleep(0);
    CHECK_EQ(xie_task_wait(chain[0], NULL), XIE_EDEADLOCK);
    for (int i = 98; i >= 0; i--)
        end_quietly(chain[i]);
    return 0;
}

static void a_chain_of_a_hundred(void)
{
    char text[64 * 1024];
    int lines = 0;
    CHECK_EQ(in_child_task(long_chain, text, sizeof text), 0);
    CHECK(strstr(text, "deadlock: task 'main'"));
    for (const char *at = text; (at = strstr(at, "task 'join_next'")) != NULL; at++)
        lines++;
    CHECK_EQ(lines, 99);
}

/* --- gather ------------------------------------------------------------------------- */

static struct xie_task *main_task;
static int wait_main(void *arg)
{
    (void)arg;
    return xie_task_wait(main_task, NULL);
}

/* The last of those gathered waits for who gathers: told at once, not when the first has ended. */
static int gather_closes(void)
{
    main_task = xie_task_current();
    struct xie_task *tasks[3] = {xie_spawn(forever, NULL), xie_spawn(nap, NULL),
                                 xie_spawn(wait_main, NULL)};
    int results[3] = {7, 7, 7};
    xie_sleep(0);
    CHECK_EQ(xie_gather(tasks, 3, results), XIE_EDEADLOCK);
    CHECK_EQ(results[0], 7); /* untouched, and the handles are ours still */
    CHECK_EQ(xie_gather_or_cancel(tasks, 3, results), XIE_EDEADLOCK);
    CHECK_EQ(end_quietly(tasks[2]), -ECANCELED);
    CHECK_EQ(end_quietly(tasks[0]), -ECANCELED);
    return xie_join(tasks[1]);
}

static void a_gather_that_closes_a_circle(void)
{
    check_circle(gather_closes, (const char *const[]){"main", "wait_main", NULL});
}

/* The other way round: the member begins to wait when the gather stands. */
static int gather_stands(void)
{
    main_task = xie_task_current();
    struct xie_task *tasks[2] = {xie_spawn(nap, (void *)1), xie_spawn(wait_main, NULL)};
    CHECK_EQ(xie_gather(tasks, 2, NULL), XIE_EDEADLOCK); /* its result */
    return 0;
}

static void a_member_of_a_gather_that_closes_a_circle(void)
{
    check_circle(gather_stands, (const char *const[]){"wait_main", "main", NULL});
}

static int shielded_wait_main(void *arg)
{
    int error = 0;
    XIE_SHIELD {
        error = wait_main(arg);
    }
    return error;
}

/* Interrupted, a gather cancels; one that waits for us behind a shield does not hear of it. */
static int gather_interrupted(void)
{
    main_task = xie_task_current();
    struct xie_task *tasks[2] = {xie_spawn(nap, NULL), xie_spawn(shielded_wait_main, NULL)};
    xie_sleep(0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_gather(tasks, 2, NULL), XIE_EDEADLOCK);
    }
    CHECK_EQ(xie_join(tasks[0]), 0); /* the handles are ours */
    xie_detach(tasks[1]);            /* when main has ended it goes on */
    return 0;
}

static void an_interrupted_gather_does_not_hang(void)
{
    check_circle(gather_interrupted, (const char *const[]){"main", "shielded_wait_main", NULL});
}

/* --- wait --------------------------------------------------------------------------- */

static int wait_closes(void)
{
    main_task = xie_task_current();
    struct xie_task *tasks[2] = {xie_spawn(nap, (void *)1), xie_spawn(wait_main, NULL)};
    xie_sleep(0);
    CHECK_EQ(xie_wait_tasks(tasks, 2, XIE_ALL_DONE), XIE_EDEADLOCK);
    CHECK_EQ(xie_wait_tasks(tasks, 2, XIE_FIRST_DONE), 1); /* the other will end: no circle */
    CHECK_EQ(end_quietly(tasks[1]), -ECANCELED);
    return xie_join(tasks[0]);
}

static void waiting_for_all_closes_a_circle_waiting_for_one_does_not(void)
{
    check_circle(wait_closes, (const char *const[]){"main", "wait_main", NULL});
}

static int every_one(void)
{
    main_task = xie_task_current();
    struct xie_task *tasks[2] = {xie_spawn(wait_main, NULL), xie_spawn(wait_main, NULL)};
    struct xie_as_completed over;
    size_t index;
    xie_sleep(0);
    CHECK_EQ(xie_wait_tasks(tasks, 2, XIE_FIRST_DONE), XIE_EDEADLOCK);
    CHECK_EQ(xie_wait_tasks(tasks, 2, XIE_FIRST_ERROR), XIE_EDEADLOCK);
    CHECK_EQ(xie_as_completed_open(&over, tasks, 2), 0);
    CHECK_EQ(xie_as_completed_next(&over, &index), XIE_EDEADLOCK);
    CHECK_EQ(end_quietly(tasks[0]), -ECANCELED);
    CHECK_EQ(xie_as_completed_next(&over, &index), 1); /* it has ended meanwhile */
    CHECK_EQ(xie_as_completed_next(&over, &index), XIE_EDEADLOCK);
    xie_as_completed_close(&over);
    return end_quietly(tasks[1]) == -ECANCELED ? 0 : -1;
}

static void waiting_for_the_first_when_each_waits_for_us(void)
{
    check_circle(every_one, (const char *const[]){"main", "wait_main", NULL});
}

/* a waits for any of b and c; both wait for main. */
static struct xie_task *either[2];
static int wait_either(void *arg)
{
    (void)arg;
    int done = xie_wait_tasks(either, 2, XIE_FIRST_DONE);
    return done < 0 ? done : 0;
}

static int through_any(void)
{
    main_task = xie_task_current();
    either[0] = xie_spawn(wait_main, NULL);
    either[1] = xie_spawn(forever, NULL);
    struct xie_task *task = xie_spawn(wait_either, NULL);
    xie_sleep(0);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_task_wait(task, NULL), -ETIMEDOUT); /* the other might end: no circle */
    }
    end_quietly(either[1]);
    CHECK_EQ(xie_join(task), 0);
    either[1] = xie_spawn(wait_main, NULL);
    task = xie_spawn(wait_either, NULL);
    xie_sleep(0);
    CHECK_EQ(xie_task_wait(task, NULL), XIE_EDEADLOCK);
    end_quietly(task);
    end_quietly(either[0]);
    end_quietly(either[1]);
    return 0;
}

static void through_a_wait_for_the_first(void)
{
    check_circle(through_any, (const char *const[]){"main", "wait_either", "wait_main", NULL});
}

/* --- groups ------------------------------------------------------------------------- */

static int open_group(void *arg)
{
    int members = (int)(long)arg, error = 0;
    XIE_GROUP(group) {
        xie_group_spawn(&group, wait_main, NULL);
        for (int i = 1; i < members && !error; i++) /* these stand before it in the list */
            error = xie_group_spawn(&group, forever, NULL);
        error = xie_group_wait(&group);
    }
    return error;
}

static int not_the_first_member(void)
{
    main_task = xie_task_current();
    struct xie_task *task = xie_spawn(open_group, (void *)50);
    xie_sleep(0);
    xie_sleep(0);
    CHECK_EQ(xie_task_count(), 52);
    CHECK_EQ(xie_task_wait(task, NULL), XIE_EDEADLOCK);
    return end_quietly(task) == -ECANCELED ? 0 : -1;
}

static void through_any_member_of_a_group(void)
{
    check_circle(not_the_first_member,
                 (const char *const[]){"main", "open_group", "wait_main", NULL});
}

/* The member waits first; then the owner waits for its group. */
static int owner_closes(void)
{
    struct xie_task *self = xie_task_current();
    int error = 0;
    main_task = self;
    XIE_GROUP(group) {
        xie_group_spawn(&group, forever, NULL);
        xie_group_spawn(&group, wait_main, NULL);
        xie_sleep(0);
        error = xie_group_wait(&group);
        CHECK_EQ(xie_task_count(), 1); /* cancelled, and waited for */
    }
    CHECK_EQ(error, XIE_EDEADLOCK);
    return 0;
}

static void a_group_whose_member_waits_for_its_owner(void)
{
    check_circle(owner_closes, (const char *const[]){"main", "wait_main", NULL});
}

/* A circle beyond the bound of the search is not found, but the search ends: 5000 members that
 * sleep stand before it. */
static int too_many(void)
{
    int count = tap_slow() ? 1500 : 5000;
    main_task = xie_task_current();
    struct xie_task *task = xie_spawn(open_group, (void *)(long)count);
    xie_sleep(0);
    xie_sleep(0);
    XIE_TIMEOUT(XIE_MILLISECOND) {
        CHECK_EQ(xie_task_wait(task, NULL), -ETIMEDOUT);
    }
    end_quietly(task);
    return 0;
}

static void the_search_is_bounded(void)
{
    in_task(too_many);
}

/* --- locks -------------------------------------------------------------------------- */

static struct xie_lock lock;
static int take_lock(void *arg)
{
    int error = xie_lock_take(&lock);
    (void)arg;
    if (!error)
        xie_lock_give(&lock);
    return error;
}

static int through_lock(void)
{
    CHECK_EQ(xie_lock_take(&lock), 0);
    struct xie_task *tasks[2] = {xie_spawn(nap, NULL), xie_spawn(take_lock, NULL)};
    xie_sleep(0);
    CHECK_EQ(xie_gather(tasks, 2, NULL), XIE_EDEADLOCK);
    xie_lock_give(&lock);
    return xie_gather(tasks, 2, NULL);
}

static void through_a_lock(void)
{
    check_circle(through_lock, (const char *const[]){"main", "take_lock", NULL});
}

static int keep_lock(void *arg)
{
    (void)arg;
    return xie_lock_take(&lock);
}

static int ends_as_owner(void)
{
    return xie_join(xie_spawn(keep_lock, NULL));
}

static void who_ends_with_a_lock_is_named(void)
{
    char text[1024];
    CHECK(in_child_task(ends_as_owner, text, sizeof text) != 0);
    CHECK(strstr(text, "misuse: task 'keep_lock' (spawned at "));
    CHECK(strstr(text, "ended while it holds 1 lock"));
}

/* Handed over, given back, tried: the count stays right. */
static int hands_over(void)
{
    struct xie_lock other = {0};
    struct xie_task *tasks[3];
    CHECK_EQ(xie_lock_take(&lock), 0);
    CHECK_EQ(xie_lock_try(&other), 0);
    for (int i = 0; i < 3; i++)
        tasks[i] = xie_spawn(take_lock, NULL);
    xie_sleep(0);
    xie_task_cancel(tasks[1]);
    xie_lock_give(&lock);
    xie_lock_give(&other);
    CHECK_EQ(xie_gather(tasks, 3, NULL), -ECANCELED);
    return 0;
}

static void a_lock_handed_over_is_the_next_ones(void)
{
    in_task(hands_over);
}

/* --- against a model ---------------------------------------------------------------- */

/* Workers wait for random others, for all or for the first of them; none ever ends. A plain
 * fixpoint says when such a wait would close a circle. */
enum { WORKERS = 12, SET_MOST = 3, MODEL_STEPS = 400 };

struct worker {
    struct xie_task *task;
    struct xie_event go;
    struct xie_scope *scope; /* around its wait, NULL: it is idle */
    int others[SET_MOST];
    size_t count;
    bool any;
    int result;
};
static struct worker workers[WORKERS];
static int circles;
static uint32_t state;

static unsigned rnd(unsigned limit)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

static void wait_for_others(struct worker *worker)
{
    struct xie_task *set[SET_MOST];
    for (size_t i = 0; i < worker->count; i++)
        set[i] = workers[worker->others[i]].task;
    XIE_SCOPE(scope, XIE_NEVER) {
        worker->scope = &scope;
        worker->result =
            xie_wait_tasks(set, worker->count, worker->any ? XIE_FIRST_DONE : XIE_ALL_DONE);
    }
    worker->scope = NULL;
}

static int work(void *arg)
{
    struct worker *worker = arg;
    int error;
    while (!(error = xie_event_wait(&worker->go))) {
        xie_event_clear(&worker->go);
        wait_for_others(worker);
    }
    return error;
}

static bool satisfied(const struct worker *worker, const bool *stuck)
{
    size_t leading = 0;
    for (size_t i = 0; i < worker->count; i++)
        leading += stuck[worker->others[i]];
    return worker->any ? leading == worker->count : leading > 0;
}

static bool model_says(int asking)
{
    bool stuck[WORKERS] = {false}, changed = true;
    stuck[asking] = true;
    while (changed) {
        changed = false;
        for (int i = 0; i < WORKERS; i++)
            if (!stuck[i] && workers[i].scope && satisfied(&workers[i], stuck))
                stuck[i] = changed = true;
    }
    return satisfied(&workers[asking], stuck);
}

static void count_circles(const struct xie_exception_context *context, void *arg)
{
    (void)arg;
    CHECK_EQ(context->error, XIE_EDEADLOCK);
    circles += !strncmp(context->message, "deadlock: ", 10);
}

static void one_step(void)
{
    int i = (int)rnd(WORKERS), before = circles;
    struct worker *worker = &workers[i];
    if (worker->scope) {
        xie_scope_cancel(worker->scope);
        while (worker->scope)
            xie_sleep(0);
        CHECK_EQ(worker->result, -ECANCELED);
        return;
    }
    worker->count = 1 + rnd(SET_MOST);
    worker->any = rnd(2);
    worker->result = 0;
    for (size_t k = 0; k < worker->count; k++)
        worker->others[k] = (int)rnd(WORKERS);
    bool circle = model_says(i);
    xie_event_set(&worker->go);
    xie_sleep(0);
    xie_sleep(0);
    CHECK_EQ(worker->result, circle ? XIE_EDEADLOCK : 0);
    CHECK_EQ(worker->scope == NULL, circle);
    CHECK_EQ(circles - before, circle);
}

static int model(void)
{
    struct xie_task *tasks[WORKERS];
    xie_loop_set_exception_handler(count_circles, NULL);
    for (int i = 0; i < WORKERS; i++)
        tasks[i] = workers[i].task = xie_spawn(work, &workers[i]);
    xie_sleep(0);
    circles = 0;
    for (int step = 0; step < MODEL_STEPS; step++)
        one_step();
    CHECK(circles > 10);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_gather(tasks, WORKERS, NULL), -ETIMEDOUT);
    }
    return 0;
}

static void against_a_model(void)
{
    uint32_t seeds = tap_slow() ? 3 : 40;
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        state = seed;
        memset(workers, 0, sizeof workers);
        in_task(model);
    }
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"waiting for oneself", waiting_for_oneself},
        {"a chain of a hundred joins is named", a_chain_of_a_hundred},
        {"a gather that closes a circle", a_gather_that_closes_a_circle},
        {"a member of a gather that closes a circle", a_member_of_a_gather_that_closes_a_circle},
        {"an interrupted gather does not hang in a circle", an_interrupted_gather_does_not_hang},
        {"waiting for all closes a circle, waiting for the first does not",
         waiting_for_all_closes_a_circle_waiting_for_one_does_not},
        {"waiting for the first when each waits for us",
         waiting_for_the_first_when_each_waits_for_us},
        {"a circle through a wait for the first", through_a_wait_for_the_first},
        {"a circle through any member of a group", through_any_member_of_a_group},
        {"a group whose member waits for its owner", a_group_whose_member_waits_for_its_owner},
        {"the search for a circle is bounded", the_search_is_bounded},
        {"circles are those that a model finds", against_a_model},
        {"a circle through a lock", through_a_lock},
        {"a task that ends with a lock is named", who_ends_with_a_lock_is_named},
        {"a lock handed over is the next one's", a_lock_handed_over_is_the_next_ones},
        {0},
    };
    return tap_main(argc, argv, tests);
}
