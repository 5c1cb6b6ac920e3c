/* select_threads.c - selects while other threads are quicker, or at it all the time: nothing is
 * lost, nothing taken twice. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "io/threads.h"

static char one[] = "one", two[] = "two";

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

static int disposed;

static void dispose(void *value)
{
    CHECK(value == one);
    disposed++;
}

/* --- another thread is quicker ----------------------------------------------------------- */

static void *put_at_once(void *channel)
{
    CHECK_EQ(xie_channel_try_put(channel, two), 0);
    return NULL;
}

/* While the loop stands still, the item goes to the first that waits for one: it is decided, but
 * its loop does not know yet. */
static void decide_elsewhere(struct xie_channel *channel)
{
    pthread_t thread = begin(put_at_once, channel);
    pthread_join(thread, NULL);
    CHECK_EQ(xie_channel_count(channel), 0);
}

struct rivals {
    struct xie_channel *channel;
    void *item;
    struct waiter first, second;
};

/* first waits for an item as well, second does not; both for the thing. */
static void rivals_begin(struct rivals *self, struct xie_case thing)
{
    self->channel = xie_channel_new(0, NULL);
    self->item = NULL;
    self->first.cases[0] = self->second.cases[0] = thing;
    self->first.cases[1] = xie_case_channel_get(self->channel, &self->item);
    self->first.count = 2;
    self->second.count = 1;
    waiter_begin(&self->first);
    waiter_begin(&self->second);
    decide_elsewhere(self->channel);
}

static void rivals_end(struct rivals *self, int second)
{
    CHECK_EQ(xie_join(self->first.task), 1);
    CHECK(self->item == two && !self->first.cases[1].result);
    CHECK_EQ(xie_join(self->second.task), second);
    xie_channel_unref(self->channel);
}

static struct rivals rivals;

IN_TASK(what_comes_too_late_goes_to_the_next_in_line)
{
    struct xie_semaphore permits = {0};
    struct xie_queue queue;
    struct xie_event event = {0};
    struct xie_future future = {0};
    void *item = NULL;

    rivals_begin(&rivals, xie_case_semaphore(&permits));
    xie_semaphore_give(&permits);
    CHECK(!permits.waiters.head && !permits.value);
    rivals_end(&rivals, 0);

    xie_queue_init(&queue, 1);
    rivals_begin(&rivals, xie_case_get(&queue, &item));
    CHECK_EQ(xie_queue_try_put(&queue, one), 0);
    CHECK(item == one && !queue.getters.head);
    rivals_end(&rivals, 0);
    xie_queue_fini(&queue);

    rivals_begin(&rivals, xie_case_event(&event));
    xie_event_set(&event);
    CHECK(!event.waiters.head);
    rivals_end(&rivals, 0);

    rivals_begin(&rivals, xie_case_future(&future, &item));
    xie_future_resolve(&future, two);
    memset(&future, 0x55, sizeof future); /* it may be gone when it has its outcome */
    rivals_end(&rivals, 0);
    CHECK(item == two);
    return 0;
}

static int hold_lock(void *lock)
{
    xie_lock_take(lock);
    xie_sleep(0);
    xie_sleep(0);
    decide_elsewhere(rivals.channel);
    xie_lock_give(lock);
    return 0;
}

static int take_and_give(void *arg)
{
    struct waiter *self = arg;
    int index = xie_select(self->cases, self->count);
    xie_lock_give(self->cases[0].object);
    return index;
}

IN_TASK(so_does_a_lock)
{
    struct xie_lock lock = {0};
    rivals.channel = xie_channel_new(0, NULL);
    rivals.item = NULL;
    rivals.first.cases[0] = rivals.second.cases[0] = xie_case_lock(&lock);
    rivals.first.cases[1] = xie_case_channel_get(rivals.channel, &rivals.item);
    rivals.first.count = 2;
    rivals.second.count = 1;
    struct xie_task *holder = xie_spawn(hold_lock, &lock);
    xie_sleep(0);
    rivals.first.task = xie_spawn(wait_by, &rivals.first);
    rivals.second.task = xie_spawn(take_and_give, &rivals.second);
    CHECK_EQ(xie_join(holder), 0);
    rivals_end(&rivals, 0);
    CHECK(!xie_lock_locked(&lock));
    return 0;
}

IN_TASK(who_has_another_case_has_not_come_to_a_barrier)
{
    struct xie_barrier barrier;
    xie_barrier_init(&barrier, 3);
    rivals_begin(&rivals, xie_case_barrier(&barrier));
    CHECK_EQ(xie_barrier_waiting(&barrier), 2); /* as far as is known */
    struct xie_case cases[] = {xie_case_barrier(&barrier)};
    CHECK_EQ(xie_select_try(cases, 1), -EAGAIN); /* one too few */
    CHECK_EQ(xie_barrier_waiting(&barrier), 1);
    xie_barrier_abort(&barrier);
    rivals_end(&rivals, 0);
    CHECK_EQ(rivals.second.cases[0].result, XIE_EBROKEN);

    xie_barrier_reset(&barrier);
    rivals_begin(&rivals, xie_case_barrier(&barrier));
    xie_barrier_reset(&barrier); /* the one that waits fails, the other has its item */
    CHECK_EQ(xie_barrier_waiting(&barrier), 0);
    rivals_end(&rivals, 0);
    CHECK_EQ(rivals.second.cases[0].result, XIE_EBROKEN);
    return 0;
}

IN_TASK(an_interruption_that_comes_too_late_changes_nothing)
{
    struct xie_event event = {0};
    rivals_begin(&rivals, xie_case_event(&event));
    xie_task_cancel(rivals.first.task);
    xie_event_set(&event);
    rivals_end(&rivals, 0);
    return 0;
}

/* --- many threads ----------------------------------------------------------------------- */

enum { CHANNELS = 3, TASKS = 4 };

static int items_each(void)
{
    return tap_slow() ? 300 : 5000;
}

/* What all of them use, and what they have counted. */
struct crowd {
    struct xie_channel *channels[CHANNELS];
    int put, got, interrupted; /* atomic */
    long sum_put, sum_got;     /* atomic */
};

static struct crowd crowd;

static void count_put(intptr_t item)
{
    add(&crowd.put, 1);
    __atomic_add_fetch(&crowd.sum_put, item, __ATOMIC_RELAXED);
}

static void count_got(const void *item)
{
    add(&crowd.got, 1);
    __atomic_add_fetch(&crowd.sum_got, (intptr_t)item, __ATOMIC_RELAXED);
}

static void *producer(void *arg)
{
    for (intptr_t i = 0; i < items_each(); i++) {
        intptr_t item = (i << 8) + (intptr_t)arg + 1;
        if (xie_channel_put_blocking(crowd.channels[(i + (intptr_t)arg) % CHANNELS], (void *)item,
                                     XIE_NEVER))
            break;
        count_put(item);
    }
    return NULL;
}

static uint64_t next_random(uint64_t *state)
{
    return (*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407) >> 33;
}

/* Get from any channel, now and then under a deadline that is over at once. */
static int consumer(void *arg)
{
    uint64_t state = (uint64_t)(intptr_t)arg;
    for (;;) {
        void *items[CHANNELS] = {0};
        struct xie_case cases[CHANNELS];
        int index = 0, filled = 0;
        for (int i = 0; i < CHANNELS; i++)
            cases[i] = xie_case_channel_get(crowd.channels[i], &items[i]);
        XIE_TIMEOUT(next_random(&state) % 3 ? XIE_NEVER : (int64_t)(next_random(&state) % 50000))
            index = xie_select(cases, CHANNELS);
        for (int i = 0; i < CHANNELS; i++)
            filled += items[i] != NULL;
        if (index == -ETIMEDOUT) {
            CHECK_EQ(filled, 0);
            add(&crowd.interrupted, 1);
            continue;
        }
        REQUIRE(index >= 0);
        if (cases[index].result == XIE_ECLOSED)
            return filled;
        CHECK(filled == 1 && items[index]);
        count_got(items[index]);
    }
}

static int consume_in_tasks(void *arg)
{
    struct xie_task *tasks[TASKS];
    for (intptr_t i = 0; i < TASKS; i++)
        tasks[i] = xie_spawn(consumer, (void *)((intptr_t)arg * TASKS + i));
    return xie_gather(tasks, TASKS, NULL);
}

static void *loop_of_consumers(void *arg)
{
    CHECK_EQ(xie_run(consume_in_tasks, arg), 0);
    return NULL;
}

static void every_item_is_got_once_by_selects_of_several_loops(void)
{
    pthread_t producers[2], loops[2];
    tap_limit(60);
    crowd = (struct crowd){0};
    for (int i = 0; i < CHANNELS; i++)
        crowd.channels[i] = xie_channel_new((size_t)i + 1, NULL);
    for (intptr_t i = 0; i < 2; i++) {
        loops[i] = begin(loop_of_consumers, (void *)(i + 1));
        producers[i] = begin(producer, (void *)i);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(producers[i], NULL);
    while (load(&crowd.got) < load(&crowd.put))
        usleep(500);
    for (int i = 0; i < CHANNELS; i++)
        xie_channel_close(crowd.channels[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(loops[i], NULL);
    CHECK_EQ(crowd.put, 2 * items_each());
    CHECK_EQ(crowd.got, crowd.put);
    CHECK_EQ(crowd.sum_got, crowd.sum_put);
    for (int i = 0; i < CHANNELS; i++)
        xie_channel_unref(crowd.channels[i]);
}

/* --- with what is this loop's alone ------------------------------------------------------ */

struct mixed {
    struct xie_semaphore permits;
    struct xie_queue queue;
    struct xie_barrier barrier;
    int permitted, queued, rounds, sum;
};

static struct mixed mixed;

/* Whatever comes first. */
static int take_anything(void *arg)
{
    uint64_t state = (uint64_t)(intptr_t)arg;
    for (;;) {
        void *item = NULL, *local = NULL;
        struct xie_case cases[] = {
            xie_case_channel_get(crowd.channels[0], &item), xie_case_semaphore(&mixed.permits),
            xie_case_get(&mixed.queue, &local), xie_case_barrier(&mixed.barrier)};
        int index = 0;
        XIE_TIMEOUT(next_random(&state) % 4 ? XIE_NEVER : (int64_t)(next_random(&state) % 50000))
            index = xie_select(cases, 4);
        CHECK((item != NULL) == (index == 0 && !cases[0].result));
        CHECK((local != NULL) == (index == 2));
        switch (index) {
        case 0:
            if (cases[0].result)
                return 0;
            count_got(item);
            break;
        case 1:
            mixed.permitted++;
            break;
        case 2:
            mixed.queued++;
            break;
        case 3:
            REQUIRE(cases[3].result >= 0 && cases[3].result < (int)mixed.barrier.parties);
            mixed.rounds++;
            mixed.sum += cases[3].result;
            break;
        default:
            CHECK_EQ(index, -ETIMEDOUT);
        }
    }
}

IN_TASK(what_other_threads_take_first_goes_to_the_next_in_line)
{
    struct xie_task *tasks[TASKS];
    pthread_t threads[2];
    int permits = 0, puts = 0;
    tap_limit(60);
    crowd = (struct crowd){0};
    mixed = (struct mixed){0};
    crowd.channels[0] = crowd.channels[1] = crowd.channels[2] = xie_channel_new(2, NULL);
    xie_barrier_init(&mixed.barrier, TASKS - 1);
    xie_queue_init(&mixed.queue, 0);
    for (intptr_t i = 0; i < TASKS; i++)
        tasks[i] = xie_spawn(take_anything, (void *)(i + 1));
    for (intptr_t i = 0; i < 2; i++)
        threads[i] = begin(producer, (void *)i);
    while (load(&crowd.got) < 2 * items_each()) {
        xie_semaphore_give(&mixed.permits);
        permits++;
        if (!xie_queue_try_put(&mixed.queue, one))
            puts++;
        xie_sleep(0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(crowd.got, crowd.put);
    CHECK_EQ(crowd.sum_got, crowd.sum_put);
    xie_channel_close(crowd.channels[0]);
    CHECK_EQ(xie_gather(tasks, TASKS, NULL), 0);
    CHECK_EQ(mixed.permitted + (int)mixed.permits.value, permits);
    CHECK_EQ(mixed.queued + (int)xie_queue_count(&mixed.queue), puts);
    /* Each round had all its parties, with all the numbers. */
    CHECK_EQ(mixed.rounds % (TASKS - 1), 0);
    CHECK_EQ(mixed.sum, mixed.rounds / (TASKS - 1) * 3);
    CHECK_EQ(xie_barrier_waiting(&mixed.barrier), 0);
    xie_queue_close(&mixed.queue);
    xie_queue_fini(&mixed.queue);
    xie_channel_unref(crowd.channels[0]);
    return 0;
}

/* --- promises of many -------------------------------------------------------------------- */

static void *resolve_all(void *arg)
{
    struct xie_promise **promises = arg;
    for (int i = 0; promises[i]; i++)
        CHECK_EQ(xie_promise_resolve(promises[i], one), 0);
    return NULL;
}

/* Of two that are resolved by different threads at once, one is taken, the other disposed of. */
IN_TASK(of_two_promises_one_is_taken)
{
    enum { ROUNDS = 200 };
    static struct xie_promise *promises[2][ROUNDS + 1];
    int taken = 0;
    pthread_t threads[2];
    disposed = 0;
    for (int i = 0; i < 2 * ROUNDS; i++)
        promises[i % 2][i / 2] = xie_promise_new(dispose);
    for (int i = 0; i < 2; i++)
        threads[i] = begin(resolve_all, promises[i]);
    for (int i = 0; i < ROUNDS; i++) {
        void *values[2] = {NULL, NULL};
        struct xie_case cases[] = {xie_case_promise(promises[0][i], &values[0]),
                                   xie_case_promise(promises[1][i], &values[1])};
        int index = xie_select(cases, 2);
        REQUIRE(index == 0 || index == 1);
        CHECK(values[index] == one && !values[1 - index] && !cases[index].result);
        taken++;
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2 * ROUNDS; i++)
        xie_promise_unref(promises[i % 2][i / 2]);
    CHECK_EQ(taken + disposed, 2 * ROUNDS);
    CHECK_EQ(disposed, ROUNDS);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_comes_too_late_goes_to_the_next_in_line",
         what_comes_too_late_goes_to_the_next_in_line},
        {"so_does_a_lock", so_does_a_lock},
        {"who_has_another_case_has_not_come_to_a_barrier",
         who_has_another_case_has_not_come_to_a_barrier},
        {"an_interruption_that_comes_too_late_changes_nothing",
         an_interruption_that_comes_too_late_changes_nothing},
        {"every_item_is_got_once_by_selects_of_several_loops",
         every_item_is_got_once_by_selects_of_several_loops},
        {"what_other_threads_take_first_goes_to_the_next_in_line",
         what_other_threads_take_first_goes_to_the_next_in_line},
        {"of_two_promises_one_is_taken", of_two_promises_one_is_taken},
        {0},
    };
    return tap_main(argc, argv, tests);
}
