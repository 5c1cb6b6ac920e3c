/* channel.c - the promises of <xie/channel.h>. */
/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>

#include "io/threads.h"

static int marks[64]; /* whose addresses are put */

static void *item(int number)
{
    return &marks[number];
}

static struct xie_channel *channel;

static void make(size_t limit)
{
    channel = xie_channel_new(limit, NULL);
    REQUIRE(channel);
}

static int put_task(void *arg)
{
    return xie_channel_put(channel, arg);
}

/* What was got, or an error. */
static int get_number(void)
{
    void *got = NULL;
    int error = xie_channel_get(channel, &got);
    return error ? error : (int)((int *)got - marks);
}

static int get_task(void *arg)
{
    (void)arg;
    return get_number();
}

static int try_get_number(void)
{
    void *got = NULL;
    int error = xie_channel_try_get(channel, &got);
    return error ? error : (int)((int *)got - marks);
}

/* --- in one loop -------------------------------------------------------------------------------
 */

IN_TASK(items_leave_in_the_order_they_came)
{
    make(0);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(i % 2 ? xie_channel_put(channel, item(i)) : xie_channel_try_put(channel, item(i)),
                 0);
    CHECK_EQ(xie_channel_count(channel), 50);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(i % 3 ? get_number() : try_get_number(), i);
    CHECK_EQ(try_get_number(), -EAGAIN);
    CHECK_EQ(xie_channel_put(channel, NULL), 0); /* NULL is an item */
    void *got = item(1);
    CHECK_EQ(xie_channel_get(channel, &got), 0);
    CHECK(!got);
    xie_channel_unref(channel);
    return 0;
}

IN_TASK(a_full_one_makes_a_put_wait)
{
    make(2);
    CHECK_EQ(xie_channel_try_put(channel, item(0)), 0);
    CHECK_EQ(xie_channel_try_put(channel, item(1)), 0);
    CHECK_EQ(xie_channel_try_put(channel, item(9)), -EAGAIN);
    struct xie_task *putters[2] = {xie_spawn(put_task, item(2)), xie_spawn(put_task, item(3))};
    settle();
    CHECK(!xie_task_done(putters[0]) && !xie_task_done(putters[1]));
    CHECK_EQ(get_number(), 0);
    CHECK_EQ(xie_channel_try_put(channel, item(9)), -EAGAIN); /* the room is the waiting item's */
    settle();
    CHECK(xie_task_done(putters[0]) && !xie_task_done(putters[1]));
    for (int i = 1; i < 4; i++)
        CHECK_EQ(get_number(), i);
    CHECK_EQ(xie_join(putters[0]), 0);
    CHECK_EQ(xie_join(putters[1]), 0);
    xie_channel_unref(channel);
    return 0;
}

IN_TASK(who_waits_is_served_first_come_first_served)
{
    struct xie_task *getters[3];
    make(1);
    for (int i = 0; i < 3; i++) {
        getters[i] = xie_spawn(get_task, NULL);
        settle();
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_channel_try_put(channel, item(i)), 0);
    CHECK_EQ(try_get_number(), -EAGAIN); /* all three are the getters' already */
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_join(getters[i]), i);
    xie_channel_unref(channel);
    return 0;
}

static int other_runs;
static int count_runs(void *arg)
{
    for (int *going = arg; load(going);) {
        other_runs++;
        if (xie_sleep(0))
            break;
    }
    return 0;
}

IN_TASK(a_task_that_never_has_to_wait_lets_others_run)
{
    enum { COUNT = 20000 };
    int going = 1;
    make(0);
    for (int i = 0; i < COUNT; i++)
        xie_channel_try_put(channel, item(i % 64));
    struct xie_task *other = xie_spawn(count_runs, &going);
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(get_number(), i % 64);
    CHECK(other_runs > 10);
    int before = other_runs;
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(xie_channel_put(channel, item(0)), 0);
    CHECK(other_runs > before + 10);
    going = 0;
    xie_join(other);
    xie_channel_unref(channel);
    return 0;
}

/* --- closing -----------------------------------------------------------------------------------
 */

IN_TASK(closed_it_is_got_until_empty)
{
    make(2);
    xie_channel_put(channel, item(0));
    xie_channel_put(channel, item(1));
    struct xie_task *putter = xie_spawn(put_task, item(2));
    settle();
    xie_channel_close(channel);
    xie_channel_close(channel);
    CHECK_EQ(xie_join(putter), XIE_ECLOSED);
    CHECK_EQ(xie_channel_put(channel, item(3)), XIE_ECLOSED);
    CHECK_EQ(xie_channel_try_put(channel, item(3)), XIE_ECLOSED);
    CHECK_EQ(get_number(), 0);
    CHECK_EQ(try_get_number(), 1);
    CHECK_EQ(get_number(), XIE_ECLOSED);
    CHECK_EQ(try_get_number(), XIE_ECLOSED);
    xie_channel_unref(channel);
    return 0;
}

IN_TASK(closing_wakes_who_waits_to_get)
{
    make(0);
    struct xie_task *getters[2] = {xie_spawn(get_task, NULL), xie_spawn(get_task, NULL)};
    settle();
    xie_channel_close(channel);
    CHECK_EQ(xie_join(getters[0]), XIE_ECLOSED);
    CHECK_EQ(xie_join(getters[1]), XIE_ECLOSED);
    xie_channel_unref(channel);
    return 0;
}

/* --- interruption ------------------------------------------------------------------------------
 */

IN_TASK(in_a_triggered_scope_nothing_is_done)
{
    make(0);
    XIE_TIMEOUT(0) {
        CHECK_EQ(xie_channel_put(channel, item(0)), -ETIMEDOUT);
        CHECK_EQ(xie_channel_count(channel), 0);
    }
    xie_channel_put(channel, item(1));
    XIE_TIMEOUT(0) {
        void *got = item(5);
        CHECK_EQ(xie_channel_get(channel, &got), -ETIMEDOUT);
        CHECK(got == item(5));
    }
    CHECK_EQ(get_number(), 1);
    xie_channel_unref(channel);
    return 0;
}

IN_TASK(an_interrupted_wait_leaves_nothing_behind)
{
    make(1);
    struct xie_task *getter = xie_spawn(get_task, NULL);
    settle();
    xie_task_cancel(getter);
    CHECK_EQ(xie_join(getter), -ECANCELED);
    CHECK_EQ(xie_channel_put(channel, item(0)), 0); /* not to the one who left */
    CHECK_EQ(xie_channel_count(channel), 1);
    struct xie_task *putter = xie_spawn(put_task, item(1));
    settle();
    xie_task_cancel(putter);
    CHECK_EQ(xie_join(putter), -ECANCELED);
    CHECK_EQ(get_number(), 0);
    CHECK_EQ(try_get_number(), -EAGAIN); /* its item was not put */
    xie_channel_unref(channel);
    return 0;
}

static void *put_seven(void *arg)
{
    CHECK_EQ(xie_channel_try_put(channel, item(7)), 0);
    return arg;
}

static void *get_one(void *arg)
{
    *(int *)arg = try_get_number();
    return NULL;
}

/* The item was handed over by a thread before the loop heard of it; then comes the cancel. */
IN_TASK(what_was_handed_over_wins_over_an_interruption)
{
    make(1);
    struct xie_task *getter = xie_spawn(get_task, NULL);
    settle();
    meanwhile(put_seven, NULL);
    xie_task_cancel(getter);
    CHECK_EQ(xie_join(getter), 7);

    int got = -1;
    xie_channel_put(channel, item(1));
    struct xie_task *putter = xie_spawn(put_task, item(2));
    settle();
    meanwhile(get_one, &got);
    CHECK_EQ(got, 1);
    xie_task_cancel(putter);
    CHECK_EQ(xie_join(putter), 0);
    CHECK_EQ(get_number(), 2);
    xie_channel_unref(channel);
    return 0;
}

IN_TASK(within_a_loop_too)
{
    make(1);
    struct xie_task *getter = xie_spawn(get_task, NULL);
    settle();
    CHECK_EQ(xie_channel_try_put(channel, item(7)), 0);
    xie_task_cancel(getter);
    CHECK_EQ(xie_join(getter), 7);
    xie_channel_unref(channel);
    return 0;
}

enum { RACES = 400 };

static void *put_races(void *arg)
{
    for (int i = 0; i < RACES; i++) {
        CHECK_EQ(xie_channel_put_blocking(channel, item(i % 64), XIE_NEVER), 0);
        if (i % 8 == 0)
            usleep(50);
    }
    return arg;
}

/* Gets that give up again and again, against a thread that puts: every item comes once, in
 * order. */
IN_TASK(gets_that_give_up_lose_no_item)
{
    make(3);
    pthread_t thread = begin(put_races, NULL);
    for (int next = 0, tries = 0; next < RACES; tries++) {
        int got = -EAGAIN;
        XIE_TIMEOUT(tries % 5 * 10 * XIE_MICROSECOND)
            got = get_number();
        CHECK(got == -ETIMEDOUT || got == next % 64);
        next += got >= 0;
    }
    end(thread);
    CHECK_EQ(try_get_number(), -EAGAIN);
    xie_channel_unref(channel);
    return 0;
}

static int sum;
static void *get_races(void *arg)
{
    void *got;
    while (!xie_channel_get_blocking(channel, &got, XIE_NEVER))
        add(&sum, 1);
    return arg;
}

IN_TASK(puts_that_give_up_put_nothing)
{
    int done = 0;
    make(1);
    pthread_t thread = begin(get_races, NULL);
    for (int tries = 0; tries < RACES; tries++) {
        int error = 0;
        XIE_TIMEOUT((1 + tries % 5 * 10) * XIE_MICROSECOND)
            error = xie_channel_put(channel, item(tries % 64));
        CHECK(error == 0 || error == -ETIMEDOUT);
        done += !error;
    }
    xie_channel_close(channel);
    end(thread);
    CHECK_EQ(sum, done);
    xie_channel_unref(channel);
    return 0;
}

/* --- threads without a loop ---------------------------------------------------------------------
 */

static void a_thread_blocks(void)
{
    int got = 0;
    make(1);
    void *found = item(9);
    CHECK_EQ(xie_channel_get_blocking(channel, &found, 0), -ETIMEDOUT);
    CHECK_EQ(xie_channel_get_blocking(channel, &found, -5), -ETIMEDOUT);
    CHECK_EQ(xie_channel_get_blocking(channel, &found, XIE_MILLISECOND), -ETIMEDOUT);
    CHECK(found == item(9));
    pthread_t thread = begin(put_seven, NULL);
    CHECK_EQ(xie_channel_get_blocking(channel, &found, XIE_NEVER), 0);
    CHECK(found == item(7));
    end(thread);
    CHECK_EQ(xie_channel_put_blocking(channel, item(1), 0), 0);
    CHECK_EQ(xie_channel_put_blocking(channel, item(2), 0), -ETIMEDOUT);
    CHECK_EQ(xie_channel_put_blocking(channel, item(2), XIE_MILLISECOND), -ETIMEDOUT);
    thread = begin(get_one, &got);
    CHECK_EQ(xie_channel_put_blocking(channel, item(2), XIE_NEVER - 1), 0);
    end(thread);
    CHECK_EQ(got, 1);
    CHECK_EQ(xie_channel_put(channel, item(3)), -EPERM); /* outside a task */
    CHECK_EQ(xie_channel_get(channel, &found), -EPERM);
    xie_channel_close(channel);
    CHECK_EQ(xie_channel_put_blocking(channel, item(3), XIE_NEVER), XIE_ECLOSED);
    CHECK_EQ(xie_channel_get_blocking(channel, &found, XIE_NEVER), 0);
    CHECK(found == item(2));
    CHECK_EQ(xie_channel_get_blocking(channel, &found, XIE_NEVER), XIE_ECLOSED);
    xie_channel_unref(channel);
}

static void *get_closed(void *arg)
{
    void *got;
    CHECK_EQ(xie_channel_get_blocking(channel, &got, XIE_NEVER), XIE_ECLOSED);
    return arg;
}

static void closing_wakes_threads(void)
{
    make(1);
    pthread_t threads[2] = {begin(get_closed, NULL), begin(get_closed, NULL)};
    usleep(1000);
    xie_channel_close(channel);
    end(threads[0]);
    end(threads[1]);
    xie_channel_unref(channel);
}

IN_TASK(a_thread_with_a_loop_must_not_block)
{
    void *got = item(3);
    make(1);
    CHECK_EQ(xie_channel_put_blocking(channel, item(0), XIE_NEVER), -EPERM);
    CHECK_EQ(xie_channel_count(channel), 0);
    CHECK_EQ(xie_channel_get_blocking(channel, &got, XIE_NEVER), -EPERM);
    CHECK(got == item(3));
    xie_channel_unref(channel);
    return 0;
}

/* --- between loops -----------------------------------------------------------------------------
 */

enum { PUTTERS = 3, GETTERS = 3, EACH = 1500 };

struct parcel {
    int from, number;
};
static struct parcel parcels[2 * PUTTERS][EACH];
static int delivered[2 * PUTTERS][EACH];

static int put_many(void *arg)
{
    struct parcel *mine = arg;
    for (int i = 0; i < EACH; i++)
        CHECK_EQ(xie_channel_put(channel, &mine[i]), 0);
    return 0;
}

static void *putting_loop(void *arg)
{
    CHECK_EQ(xie_run(put_many, arg), 0);
    return NULL;
}

static void *putting_thread(void *arg)
{
    struct parcel *mine = arg;
    for (int i = 0; i < EACH; i++)
        CHECK_EQ(xie_channel_put_blocking(channel, &mine[i], XIE_NEVER), 0);
    return NULL;
}

/* One getter sees each putter's items in their order. */
struct receiver {
    int last[2 * PUTTERS];
};

static void receive(struct receiver *receiver, void *got)
{
    struct parcel *parcel = got;
    CHECK(parcel->number > receiver->last[parcel->from]);
    receiver->last[parcel->from] = parcel->number;
    add(&delivered[parcel->from][parcel->number - 1], 1);
}

static int get_many(void *arg)
{
    struct receiver receiver = {0};
    void *got;
    int error;
    while (!(error = xie_channel_get(channel, &got)))
        receive(&receiver, got);
    CHECK_EQ(error, XIE_ECLOSED);
    return arg ? 1 : 0;
}

/* Two tasks of each loop get. */
static int get_many_twice(void *arg)
{
    struct xie_task *other = xie_spawn(get_many, NULL);
    get_many(arg);
    return xie_join(other);
}

static void *getting_loop(void *arg)
{
    CHECK_EQ(xie_run(get_many_twice, arg), 0);
    return NULL;
}

static void *getting_thread(void *arg)
{
    struct receiver receiver = {0};
    void *got;
    int error;
    while (!(error = xie_channel_get_blocking(channel, &got, XIE_NEVER)))
        receive(&receiver, got);
    CHECK_EQ(error, XIE_ECLOSED);
    return arg;
}

static void many_loops_and_threads_share_one(void)
{
    pthread_t putters[2 * PUTTERS], getters[2 * GETTERS];
    make(16);
    for (int i = 0; i < 2 * PUTTERS; i++)
        for (int k = 0; k < EACH; k++)
            parcels[i][k] = (struct parcel){i, k + 1};
    for (int i = 0; i < 2 * PUTTERS; i++)
        putters[i] = begin(i % 2 ? putting_loop : putting_thread, parcels[i]);
    for (int i = 0; i < 2 * GETTERS; i++)
        getters[i] = begin(i % 2 ? getting_loop : getting_thread, NULL);
    for (int i = 0; i < 2 * PUTTERS; i++)
        end(putters[i]);
    xie_channel_close(channel);
    for (int i = 0; i < 2 * GETTERS; i++)
        end(getters[i]);
    for (int i = 0; i < 2 * PUTTERS; i++)
        for (int k = 0; k < EACH; k++)
            CHECK_EQ(delivered[i][k], 1);
    xie_channel_unref(channel);
}

static int waiting;
static int wait_till_cancelled(void *arg)
{
    (void)arg;
    struct xie_task *getter = xie_spawn(get_task, NULL);
    settle();
    store(&waiting, 1);
    xie_detach(getter); /* the loop's end cancels it */
    return 0;
}

static void *ending_loop(void *arg)
{
    CHECK_EQ(xie_run(wait_till_cancelled, NULL), 0);
    xie_channel_unref(channel);
    return arg;
}

static void a_loop_may_end_while_others_hold_it(void)
{
    make(1);
    xie_channel_ref(channel);
    end(begin(ending_loop, NULL));
    CHECK(load(&waiting));
    CHECK_EQ(xie_channel_put_blocking(channel, item(4), XIE_NEVER), 0);
    CHECK_EQ(try_get_number(), 4);
    xie_channel_unref(channel);
}

/* --- the end -----------------------------------------------------------------------------------
 */

static int disposed;
static void dispose(void *arg)
{
    disposed += (int)((int *)arg - marks);
}

static void what_is_left_is_disposed_of(void)
{
    size_t live = xie_alloc_live();
    channel = xie_channel_new(0, dispose);
    xie_channel_try_put(channel, item(1));
    xie_channel_try_put(channel, item(20));
    xie_channel_try_put(channel, item(30));
    CHECK_EQ(try_get_number(), 1);
    CHECK(xie_channel_ref(channel) == channel);
    xie_channel_unref(channel);
    CHECK_EQ(disposed, 0);
    xie_channel_unref(channel);
    CHECK_EQ(disposed, 50);
    make(0);
    xie_channel_try_put(channel, item(1));
    xie_channel_unref(channel); /* without: nothing needs to be done */
    xie_channel_unref(NULL);
    CHECK_EQ(xie_alloc_live(), live);
}

static int unref_too_early(void *arg)
{
    xie_detach(xie_spawn(get_task, arg));
    settle();
    xie_channel_unref(channel);
    return 0;
}

static void run_unref_too_early(void *arg)
{
    make(0);
    xie_run(unref_too_early, arg);
}

static void the_last_reference_under_a_waiter_aborts(void)
{
    char text[512];
    int status = tap_child(run_unref_too_early, NULL, text, sizeof text);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status));
    CHECK(strstr(text, "xie: misuse: the last reference of a channel was given back"));
    CHECK(strstr(text, "[task main]"));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"items leave in the order they came", items_leave_in_the_order_they_came},
        {"a full one makes a put wait", a_full_one_makes_a_put_wait},
        {"who waits is served first come first served",
         who_waits_is_served_first_come_first_served},
        {"a task that never has to wait lets others run",
         a_task_that_never_has_to_wait_lets_others_run},
        {"closed it is got until empty", closed_it_is_got_until_empty},
        {"closing wakes who waits to get", closing_wakes_who_waits_to_get},
        {"in a triggered scope nothing is done", in_a_triggered_scope_nothing_is_done},
        {"an interrupted wait leaves nothing behind", an_interrupted_wait_leaves_nothing_behind},
        {"what was handed over wins over an interruption",
         what_was_handed_over_wins_over_an_interruption},
        {"within a loop too", within_a_loop_too},
        {"gets that give up lose no item", gets_that_give_up_lose_no_item},
        {"puts that give up put nothing", puts_that_give_up_put_nothing},
        {"a thread blocks", a_thread_blocks},
        {"closing wakes threads", closing_wakes_threads},
        {"a thread with a loop must not block", a_thread_with_a_loop_must_not_block},
        {"many loops and threads share one", many_loops_and_threads_share_one},
        {"a loop may end while others hold it", a_loop_may_end_while_others_hold_it},
        {"what is left is disposed of", what_is_left_is_disposed_of},
        {"the last reference under a waiter aborts", the_last_reference_under_a_waiter_aborts},
        {0},
    };
    return tap_main(argc, argv, tests);
}
