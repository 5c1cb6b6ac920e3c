/* timer.c - the timing wheel against a plain sorted list, and its promises.
 * Knows src/loop/timer.h alone: no loop runs. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "loop/timer.h"
#include "tap.h"

enum { MOST = 512 };

struct item {
    struct xie_timer timer;
    int64_t when;
    uint64_t order;
    bool armed, fired;
};

static struct item items[MOST];
static struct xie_timers timers;
static int64_t clock_now;
static uint64_t orders;
static int fired_count;
static int64_t last_when;
static uint64_t last_order;
static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void on_fire(struct xie_timer *timer)
{
    struct item *item = (struct item *)(void *)((char *)timer - offsetof(struct item, timer));
    CHECK(item->armed);
    CHECK(item->when <= clock_now);
    CHECK(item->when > last_when || (item->when == last_when && item->order > last_order));
    CHECK(!xie_timer_armed(timer));
    last_when = item->when;
    last_order = item->order;
    item->armed = false;
    item->fired = true;
    fired_count++;
}

static void arm(struct item *item, int64_t when)
{
    item->when = when;
    item->order = ++orders;
    item->armed = true;
    xie_timer_arm(&timers, &item->timer, when);
}

static int64_t earliest(void)
{
    int64_t when = XIE_NEVER;
    for (int i = 0; i < MOST; i++)
        if (items[i].armed && items[i].when < when)
            when = items[i].when;
    return when;
}

static void start(int64_t now)
{
    clock_now = now;
    last_when = -1;
    last_order = 0;
    xie_timers_init(&timers, now);
    memset(items, 0, sizeof items);
    for (int i = 0; i < MOST; i++)
        xie_timer_init(&items[i].timer, on_fire);
}

static void run_at(int64_t now)
{
    clock_now = now;
    last_when = -1; /* order holds within one run */
    last_order = 0;
    xie_timers_run(&timers, now, SIZE_MAX);
    for (int i = 0; i < MOST; i++)
        CHECK(!items[i].armed || items[i].when > now);
}

static int64_t random_delay(void)
{
    int bits = (int)(random_next() % 45);
    return (int64_t)(random_next() & ((UINT64_C(1) << bits) - 1));
}

/* Thousands of random arms, cancels and steps in time, each checked against the plain list. */
static void random_model(void)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        random_state = seed * UINT64_C(0x9E3779B97F4A7C15);
        start((int64_t)(random_next() >> 20));
        for (int step = 0; step < 3000; step++) {
            struct item *item = &items[random_next() % MOST];
            switch (random_next() % 4) {
            case 0:
            case 1:
                if (!item->armed)
                    arm(item, clock_now + random_delay() - (random_next() % 8 == 0 ? 1000 : 0));
                break;
            case 2:
                xie_timer_cancel(&timers, &item->timer);
                item->armed = false;
                break;
            default:
                if (random_next() % 4 == 0)
                    run_at(clock_now + random_delay());
                else if (xie_timers_next(&timers) != XIE_NEVER)
                    run_at(xie_timers_next(&timers) > clock_now ? xie_timers_next(&timers)
                                                                : clock_now);
            }
            int64_t next = xie_timers_next(&timers), first = earliest();
            CHECK(next <= first);
            CHECK((next == XIE_NEVER) == (first == XIE_NEVER));
        }
    }
}

/* Following xie_timers_next alone reaches every timer, at its very time. */
static void next_leads_to_each(void)
{
    random_state = 7;
    start(123456789);
    fired_count = 0;
    for (int i = 0; i < MOST; i++)
        arm(&items[i], clock_now + random_delay());
    int turns = 0;
    while (timers.count) {
        int64_t next = xie_timers_next(&timers);
        REQUIRE(next != XIE_NEVER);
        REQUIRE(++turns < MOST * (XIE_WHEEL_LEVELS + 1));
        int64_t first = earliest();
        run_at(next > clock_now ? next : clock_now);
        CHECK(clock_now <= first || first < clock_now);
    }
    CHECK_EQ(fired_count, MOST);
}

static void equal_deadlines_in_order_of_arming(void)
{
    start(0);
    fired_count = 0;
    for (int i = 0; i < MOST; i++) /* across the wheel and the heap: some when it is far */
        arm(&items[i], 5 * XIE_SECOND);
    run_at(5 * XIE_SECOND - 1);
    CHECK_EQ(fired_count, 0);
    run_at(5 * XIE_SECOND); /* on_fire checks the order */
    CHECK_EQ(fired_count, MOST);
}

static void never_and_the_far_end(void)
{
    start(0);
    fired_count = 0;
    arm(&items[0], XIE_NEVER);
    arm(&items[1], XIE_NEVER - 1);
    arm(&items[2], 0);
    run_at(1);
    CHECK_EQ(fired_count, 1);
    CHECK(xie_timers_next(&timers) > 1);
    run_at(XIE_NEVER - 1);
    CHECK_EQ(fired_count, 2);
    xie_timer_cancel(&timers, &items[0].timer);
    CHECK_EQ(timers.count, 0);
    CHECK(xie_timers_next(&timers) == XIE_NEVER);
}

static void canceling_an_idle_one_is_harmless(void)
{
    start(0);
    xie_timer_cancel(&timers, &items[0].timer);
    CHECK_EQ(timers.count, 0);
    arm(&items[0], 10);
    xie_timer_cancel(&timers, &items[0].timer);
    xie_timer_cancel(&timers, &items[0].timer);
    CHECK_EQ(timers.count, 0);
    fired_count = 0;
    items[0].armed = false;
    run_at(100);
    CHECK_EQ(fired_count, 0);
}

/* A timer that arms another which is due already: it waits for the next run. */
static struct xie_timer again;
static int again_count;
static void on_again(struct xie_timer *timer)
{
    again_count++;
    xie_timer_arm(&timers, timer, 0);
}

static void armed_while_running_waits(void)
{
    start(1000000);
    xie_timer_init(&again, on_again);
    xie_timer_arm(&timers, &again, 0);
    for (int i = 1; i <= 3; i++) {
        run_at(1000000 + i);
        CHECK_EQ(again_count, i);
    }
}

/* All of a few ticks, in any order and sharing times; the clock stops within a tick, where those
 * that are sorted already are cancelled and armed again. */
static void crowded_ticks(void)
{
    enum { TICK = 1 << XIE_WHEEL_TICK_BITS };
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_state = seed * UINT64_C(0x9E3779B97F4A7C15);
        start(10 * TICK);
        for (int i = 0; i < MOST; i++)
            arm(&items[i], 11 * TICK + (int64_t)(random_next() % (3 * TICK)) / 64 * 64);
        int64_t now = clock_now;
        while (timers.count) {
            run_at(now += (int64_t)(random_next() % (TICK / 4)));
            struct item *item = &items[random_next() % MOST];
            if (!item->armed)
                continue;
            xie_timer_cancel(&timers, &item->timer);
            item->armed = false;
            if (random_next() % 2)
                arm(item, now + (int64_t)(random_next() % (TICK / 4)));
        }
        CHECK(xie_timers_next(&timers) == XIE_NEVER);
    }
}

/* So many are fired and no more; the next run goes on with those after them. */
static void at_most_so_many(void)
{
    start(1000000);
    for (int i = 0; i < 10; i++)
        arm(&items[i], 2000000 + i / 2);
    clock_now = 3000000;
    fired_count = 0;
    xie_timers_run(&timers, clock_now, 0);
    CHECK_EQ(fired_count, 0);
    xie_timers_run(&timers, clock_now, 3);
    CHECK_EQ(fired_count, 3);
    CHECK_EQ(xie_timers_next(&timers), 2000001);
    xie_timers_run(&timers, clock_now, 7);
    CHECK_EQ(fired_count, 10);
    CHECK_EQ(timers.count, 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"random_model", random_model},
        {"next_leads_to_each", next_leads_to_each},
        {"equal_deadlines_in_order_of_arming", equal_deadlines_in_order_of_arming},
        {"never_and_the_far_end", never_and_the_far_end},
        {"canceling_an_idle_one_is_harmless", canceling_an_idle_one_is_harmless},
        {"armed_while_running_waits", armed_while_running_waits},
        {"crowded_ticks", crowded_ticks},
        {"at_most_so_many", at_most_so_many},
        {0},
    };
    return tap_main(argc, argv, tests);
}
