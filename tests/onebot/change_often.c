/* change_often.c - many changes: at the same time, one after the other while calls are under way,
 * and before the bot has begun. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fake.h"

static struct onebot_bot *handle;

static void two_fakes(struct rig *rig)
{
    fake_listen(&rig->others[0]);
    rig->options.handle = &handle;
    rig->options.grace_ns = XIE_SECOND;
}

static int change(struct rig *rig, const struct onebot_endpoint *endpoints)
{
    struct onebot_options options = rig->options;
    options.url = NULL;
    options.endpoints = endpoints;
    return onebot_change(handle, &options);
}

/* --- at the same time --------------------------------------------------------------- */

enum { CHANGERS = 10 };

struct changer {
    struct rig *rig;
    struct onebot_endpoint endpoints[2];
    int error;
    unsigned *order, mine;
};

static int run_changer(void *arg)
{
    struct changer *changer = arg;
    changer->error = change(changer->rig, changer->endpoints);
    changer->mine = ++*changer->order;
    return 0;
}

/* Each waits for those before it; in the end the last one's settings count. */
static void script_at_once(struct rig *rig)
{
    struct changer changers[CHANGERS];
    unsigned order = 0;
    fake_wait_connections(&rig->fake, 1);
    XIE_GROUP(group) {
        for (unsigned i = 0; i < CHANGERS; i++) {
            struct fake *fake = i % 2 ? &rig->fake : &rig->others[0];
            changers[i] =
                (struct changer){.rig = rig, .endpoints = {{.url = fake->url}}, .order = &order};
            REQUIRE(xie_group_spawn(&group, run_changer, &changers[i]) == 0);
        }
    }
    for (unsigned i = 0; i < CHANGERS; i++) {
        CHECK_EQ(changers[i].error, 0);
        CHECK_EQ(changers[i].mine, i + 1);
    }
    CHECK_EQ(rig_count_log(rig, "settings changed; endpoints: 1 new, 0 as before"), CHANGERS);
    while (!rig->fake.ws || rig->others[0].ws)
        xie_sleep(XIE_MILLISECOND);
    settle();
    CHECK(rig->fake.ws && !rig->others[0].ws);
}

static void test_at_the_same_time(void)
{
    play(&(struct play){two_fakes, NULL, script_at_once});
}

/* One that waits for its turn and is interrupted has changed nothing, nor holds up those behind. */
static void script_one_leaves(struct rig *rig)
{
    struct changer first = {.rig = rig, .endpoints = {{.url = rig->others[0].url}}};
    struct changer second = {.rig = rig, .endpoints = {{.url = "ws://127.0.0.1:1/"}}};
    struct changer third = {.rig = rig, .endpoints = {{.url = rig->fake.url}}};
    unsigned order = 0;
    first.order = second.order = third.order = &order;
    fake_wait_connections(&rig->fake, 1);
    struct xie_task *a = xie_spawn(run_changer, &first), *b = xie_spawn(run_changer, &second),
                    *c = xie_spawn(run_changer, &third);
    REQUIRE(a && b && c);
    xie_sleep(0);
    xie_task_cancel(b);
    xie_join(a);
    xie_join(b);
    xie_join(c);
    CHECK_EQ(first.error, 0);
    CHECK_EQ(second.error, -ECANCELED);
    CHECK_EQ(third.error, 0);
    CHECK_EQ(rig_count_log(rig, "settings changed"), 2);
    fake_wait_connections(&rig->fake, 2);
}

static void test_one_of_them_leaves(void)
{
    play(&(struct play){two_fakes, NULL, script_one_leaves});
}

/* The bot stops while some wait for their turn: none is left waiting, none changes anything. */
static void script_stop_all(struct rig *rig)
{
    struct changer changers[CHANGERS];
    unsigned order = 0, closed = 0;
    rig->fake.deaf = true; /* so that the first takes its time */
    fake_wait_connections(&rig->fake, 1);
    XIE_GROUP(group) {
        for (unsigned i = 0; i < CHANGERS; i++) {
            changers[i] = (struct changer){
                .rig = rig, .endpoints = {{.url = rig->others[0].url}}, .order = &order};
            changers[i].endpoints[0].self_id = (int64_t)i + 1;
            REQUIRE(xie_group_spawn(&group, run_changer, &changers[i]) == 0);
        }
        xie_sleep(0);
        onebot_stop(handle);
    }
    for (unsigned i = 0; i < CHANGERS; i++)
        closed += changers[i].error == XIE_ECLOSED;
    CHECK_EQ(changers[0].error, 0);
    CHECK_EQ(closed, CHANGERS - 1);
}

static void test_a_stop_before_their_turn(void)
{
    play(&(struct play){two_fakes, NULL, script_stop_all});
}

/* --- one after the other ------------------------------------------------------------ */

enum { CALLERS = 8, ROUNDS = 100 };

static bool enough;
static unsigned outcomes[3];

/* Every call comes to one of these ends, and soon. */
static int call(void *arg)
{
    struct onebot_bot *bot = arg;
    while (!enough) {
        struct onebot_result result = onebot_call(bot, "a", "{s:s}", "text", "b");
        json_decref(result.data);
        CHECK(result.error == 0 || result.error == XIE_EUNKNOWN ||
              result.error == XIE_ENOTCONNECTED);
        outcomes[result.error == XIE_EUNKNOWN ? 1 : result.error ? 2 : 0]++;
        if (result.error == XIE_ENOTCONNECTED && onebot_wait_connected(bot))
            break;
    }
    return 0;
}

static void change_rounds(struct rig *rig, int rounds)
{
    const struct onebot_endpoint ways[][4] = {
        {{.url = rig->fake.url}, {0}},
        {{.url = rig->fake.url}, {.url = rig->others[0].url}, {.listen = "127.0.0.1:0"}, {0}},
        {{.url = rig->others[0].url, .token = "t"}, {0}},
        {{.url = rig->others[0].url, .token = "t", .role = ONEBOT_API},
         {.listen = "127.0.0.1:0", .secret = "s"},
         {0}},
        {{0}},
    };
    for (int i = 0; i < rounds; i++) {
        CHECK_EQ(change(rig, ways[i % 5]), 0);
        if (i % 3 == 0)
            xie_sleep(2 * XIE_MILLISECOND);
    }
}

static void script_rounds(struct rig *rig)
{
    enough = false;
    rig->fake.late = rig->others[0].late = true;
    memset(outcomes, 0, sizeof outcomes);
    fake_wait_connections(&rig->fake, 1);
    fake_send_text(&rig->fake, "{\"post_type\":\"notice\",\"self_id\":10000}");
    while (!onebot_account(handle, FAKE_SELF))
        xie_sleep(XIE_MILLISECOND);
    struct onebot_bot *bot = onebot_account(handle, FAKE_SELF);
    XIE_GROUP(group) {
        for (int i = 0; i < CALLERS; i++)
            REQUIRE(xie_group_spawn(&group, call, bot) == 0);
        change_rounds(rig, ROUNDS);
        enough = true;
        const struct onebot_endpoint last[] = {{.url = rig->fake.url, .self_id = FAKE_SELF}, {0}};
        CHECK_EQ(change(rig, last), 0);
    }
    CHECK(onebot_account(handle, FAKE_SELF) == bot);
    CHECK(outcomes[0] > 0);
    CHECK(outcomes[1] + outcomes[2] > 0);
}

static void test_a_hundred_with_calls_under_way(void)
{
    tap_limit(60);
    play(&(struct play){two_fakes, NULL, script_rounds});
}

/* What was made for the ways that have gone is gone too. */
static void script_no_growth(struct rig *rig)
{
    static const struct onebot_endpoint none[] = {{0}};
    size_t live[2];
    fake_wait_connections(&rig->fake, 1);
    fake_send_text(&rig->fake, "{\"post_type\":\"notice\",\"self_id\":10000}");
    while (!onebot_account(handle, FAKE_SELF))
        xie_sleep(XIE_MILLISECOND);
    for (int i = 0; i < 2; i++) {
        change_rounds(rig, 20);
        CHECK_EQ(change(rig, none), 0);
        while (rig->fake.ws || rig->others[0].ws)
            xie_sleep(XIE_MILLISECOND);
        settle();
        json_array_clear(rig->fake.calls); /* the test's own */
        json_array_clear(rig->others[0].calls);
        json_array_clear(rig->fake.paths);
        json_array_clear(rig->others[0].paths);
        json_array_clear(rig->log);
        settle();
        live[i] = xie_alloc_live();
    }
    CHECK_EQ(live[1], live[0]);
}

static void test_nothing_piles_up(void)
{
    play(&(struct play){two_fakes, NULL, script_no_growth});
}

/* --- before it has begun ------------------------------------------------------------ */

struct early {
    struct rig *rig;
    int run, changed;
    const char *listen;
};

static int run_early(void *arg)
{
    struct early *early = arg;
    const struct onebot_endpoint endpoints[] = {{.listen = early->listen}, {0}};
    struct onebot_options options = early->rig->options;
    options.url = NULL;
    options.endpoints = endpoints;
    early->run = onebot_run(&options);
    return early->run == -ECANCELED ? 0 : early->run;
}

static int change_early(void *arg)
{
    struct early *early = arg;
    const struct onebot_endpoint endpoints[] = {{.url = early->rig->others[0].url}, {0}};
    early->changed = change(early->rig, endpoints);
    return 0;
}

/* The start waits for a name; who comes in the meantime waits for the start. */
static void early(struct rig *rig, const char *listen, struct early *early)
{
    *early = (struct early){.rig = rig, .listen = listen};
    fake_wait_connections(&rig->fake, 1);
    onebot_stop(handle); /* the rig's own */
    while (handle)
        xie_sleep(XIE_MILLISECOND);
    struct xie_task *bot = xie_spawn(run_early, early);
    while (!handle)
        xie_sleep(0);
    struct xie_task *changer = xie_spawn(change_early, early);
    xie_join(changer);
    xie_task_cancel(bot);
    xie_join(bot);
    CHECK(handle == NULL);
}

static void script_early(struct rig *rig)
{
    struct early made;
    early(rig, "localhost:0", &made);
    CHECK_EQ(made.changed, 0);
    CHECK_EQ(made.run, -ECANCELED);
}

static void test_before_it_has_begun(void)
{
    play(&(struct play){two_fakes, NULL, script_early});
}

static const struct tap_test tests[] = {
    {"at the same time", test_at_the_same_time},
    {"one of them leaves", test_one_of_them_leaves},
    {"a stop before their turn", test_a_stop_before_their_turn},
    {"a hundred with calls under way", test_a_hundred_with_calls_under_way},
    {"nothing piles up", test_nothing_piles_up},
    {"before it has begun", test_before_it_has_begun},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
