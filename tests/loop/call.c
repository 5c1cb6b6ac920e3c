/* call.c - the promises of <xie/loop.h> about callbacks that are taken back. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "kit.h"

static char trace[64];
static void note(void *arg)
{
    strcat(trace, arg);
}

static int looks(void)
{
    struct xie_call soon = {0}, later = {0};
    int64_t when = xie_now() + XIE_HOUR;
    CHECK(!xie_call_pending(&soon));
    CHECK_EQ(xie_call_when(&soon), XIE_NEVER);
    CHECK_EQ(xie_call_soon(&soon, note, "s"), 0);
    CHECK_EQ(xie_call_at(&later, when, note, "l"), 0);
    CHECK(xie_call_pending(&soon) && xie_call_pending(&later));
    CHECK_EQ(xie_call_when(&soon), 0);
    CHECK_EQ(xie_call_when(&later), when);
    CHECK(xie_call_cancel(&later));
    CHECK(!xie_call_pending(&later));
    CHECK_EQ(xie_call_when(&later), XIE_NEVER);
    xie_sleep(0);
    CHECK(!xie_call_pending(&soon));
    CHECK(!xie_call_cancel(&soon));
    CHECK_STR(trace, "s");
    return 0;
}

static void a_call_tells_whether_and_when(void)
{
    in_task(looks);
}

/* Taken back from anywhere in the queue, by callbacks that run between as well. */
static struct xie_call five[5];
static void cancel_next(void *arg)
{
    struct xie_call *call = arg;
    note("c");
    CHECK(xie_call_cancel(call));
}

static int from_the_queue(void)
{
    static char *names[5] = {"0", "1", "2", "3", "4"};
    for (int skip = 0; skip < 5; skip++) {
        trace[0] = 0;
        for (int i = 0; i < 5; i++)
            CHECK_EQ(xie_call_soon(&five[i], note, names[i]), 0);
        CHECK(xie_call_cancel(&five[skip]));
        CHECK(!xie_call_cancel(&five[skip]));
        xie_sleep(0);
        CHECK_EQ(strlen(trace), 4);
        CHECK(!strchr(trace, '0' + skip));
    }
    trace[0] = 0;
    for (int i = 0; i < 5; i++)
        CHECK_EQ(xie_call_soon(&five[i], i == 1 ? cancel_next : note,
                               i == 1 ? (void *)&five[2] : names[i]),
                 0);
    xie_sleep(0);
    CHECK_STR(trace, "0c34");
    return 0;
}

static void a_ready_call_is_taken_back_anywhere(void)
{
    in_task(from_the_queue);
}

/* Against a plain model: a string of those that must run, in order. A queue this long, cancelled
 * from its end, would take minutes if each were looked for. */
enum { MANY = 100000 };
static struct xie_call many[MANY];
static int ran[MANY], ran_count;
static void note_number(void *arg)
{
    ran[ran_count++] = (int)(long)arg;
}

static int at_random(void)
{
    unsigned state = 1;
    int count = tap_slow() ? MANY / 10 : MANY, left = 0;
    for (long i = 0; i < count; i++)
        REQUIRE(!xie_call_soon(&many[i], note_number, (void *)i));
    for (int i = count - 1; i >= 0; i--) {
        state = state * 1664525 + 1013904223;
        if (state >> 8 & 3)
            REQUIRE(xie_call_cancel(&many[i]));
        else
            left++;
    }
    while (ran_count < left)
        xie_sleep(0);
    xie_sleep(0);
    CHECK_EQ(ran_count, left);
    for (int i = 1; i < left; i++)
        REQUIRE(ran[i - 1] < ran[i]);
    return 0;
}

static void many_are_taken_back(void)
{
    in_task(at_random);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a call tells whether and when", a_call_tells_whether_and_when},
        {"a ready call is taken back, anywhere in the queue", a_ready_call_is_taken_back_anywhere},
        {"many are taken back", many_are_taken_back},
        {0},
    };
    return tap_main(argc, argv, tests);
}
