/* graph.c - the call graph of <xie/debug.h>: who waits for whom. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kit.h"

static int forever(void *arg)
{
    (void)arg;
    return xie_sleep(XIE_NEVER);
}

static int leaf(void *arg)
{
    return xie_event_wait(arg);
}

/* The tree of these tests: root gathers middle and forever; middle's group has three leaves. */
static struct xie_event event;
static struct xie_task *root, *middle, *other;

static int run_middle(void *arg)
{
    (void)arg;
    XIE_GROUP(group) {
        for (int i = 0; i < 3; i++)
            xie_group_spawn(&group, leaf, &event);
    }
    return 0;
}

static int run_root(void *arg)
{
    (void)arg;
    other = xie_spawn(forever, NULL);
    middle = xie_spawn(run_middle, NULL);
    struct xie_task *tasks[2] = {other, middle};
    return xie_gather_or_cancel(tasks, 2, NULL);
}

static void grow(void)
{
    root = xie_spawn(run_root, NULL);
    for (int i = 0; i < 3; i++)
        xie_sleep(0);
    REQUIRE(xie_task_count() == 7);
}

static int fell(void)
{
    xie_task_cancel(root);
    return xie_join(root) == -ECANCELED && xie_task_count() == 1 ? 0 : -1;
}

static int captures(void)
{
    struct xie_call_graph_entry entries[8];
    grow();
    memset(entries, 0, sizeof entries);
    CHECK_EQ(xie_capture_call_graph(root, entries, 8), 6);
    CHECK(entries[0].task == root && entries[0].depth == 0);
    CHECK_STR(entries[0].what, "xie_gather");
    CHECK(entries[1].task == other && entries[1].depth == 1);
    CHECK_STR(entries[1].what, "xie_sleep");
    CHECK(entries[2].task == middle && entries[2].depth == 1);
    CHECK_STR(entries[2].what, "xie_group_wait");
    for (int i = 3; i < 6; i++) {
        CHECK_EQ(entries[i].depth, 2);
        CHECK_STR(xie_task_name(entries[i].task), "leaf");
        CHECK_STR(entries[i].what, "xie_event_wait");
        CHECK_EQ(entries[i].since != 0, xie_loop_debug(xie_loop_current()));
    }

    struct xie_task *one_leaf = entries[4].task;
    CHECK_EQ(xie_capture_call_graph(one_leaf, entries, 8), 3);
    CHECK(entries[0].task == one_leaf && entries[0].depth == 0);
    CHECK(entries[1].task == middle && entries[1].depth == -1);
    CHECK(entries[2].task == root && entries[2].depth == -2);

    CHECK_EQ(xie_capture_call_graph(middle, entries, 8), 5);
    CHECK(entries[4].task == root && entries[4].depth == -1);

    CHECK_EQ(xie_capture_call_graph(xie_task_current(), entries, 8), 1);
    CHECK(!entries[0].what);
    return fell();
}

static void both_directions_are_captured(void)
{
    in_task(captures);
}

static int captures_little(void)
{
    struct xie_call_graph_entry entries[3];
    grow();
    memset(entries, 0, sizeof entries);
    CHECK_EQ(xie_capture_call_graph(root, NULL, 0), 6);
    CHECK_EQ(xie_capture_call_graph(root, entries, 2), 6);
    CHECK(entries[1].task == other);
    CHECK(!entries[2].task); /* beyond cap nothing is written */
    return fell();
}

static void a_small_array_is_filled_and_the_count_told(void)
{
    in_task(captures_little);
}

/* The waiters of a lock all wait for its owner; it stands once below the first. */
static int share_one(void)
{
    struct xie_lock lock = {0};
    struct xie_call_graph_entry entries[8];
    struct xie_task *tasks[3];
    CHECK_EQ(xie_lock_take(&lock), 0);
    for (int i = 0; i < 3; i++)
        tasks[i] = xie_spawn((xie_task_fn *)(void (*)(void))xie_lock_take, &lock);
    xie_sleep(0);
    CHECK_EQ(xie_capture_call_graph(xie_task_current(), entries, 8), 4);
    for (int i = 1; i < 4; i++)
        CHECK(entries[i].task == tasks[i - 1] && entries[i].depth == -1);
    for (int i = 0; i < 3; i++) {
        xie_task_cancel(tasks[i]);
        CHECK_EQ(xie_join(tasks[i]), -ECANCELED);
    }
    xie_lock_give(&lock);
    return 0;
}

static void who_waits_for_a_lock_stands_above_its_owner(void)
{
    in_task(share_one);
}

/* --- as text ------------------------------------------------------------------------ */

static int count_of(const char *text, const char *needle)
{
    int count = 0;
    for (; (text = strstr(text, needle)) != NULL; text++)
        count++;
    return count;
}

static int formats(void)
{
    char text[4096], cut[40];
    grow();
    size_t len = xie_format_call_graph(middle, text, sizeof text);
    CHECK_EQ(len, strlen(text));
    CHECK(strstr(text, "'run_middle' (spawned at "));
    CHECK(strstr(text, "graph.c:"));
    CHECK(strstr(text, " waits in xie_group_wait for task "));
    CHECK(strstr(text, " and 2 more"));
    CHECK_EQ(count_of(text, "\n  task "), 4); /* three leaves, and root */
    CHECK(strstr(text, "\nawaited by:\n  task "));
    CHECK_EQ(count_of(text, "\n"), 6);

    CHECK_EQ(xie_format_call_graph(middle, cut, sizeof cut), len);
    CHECK_EQ(strlen(cut), sizeof cut - 1);
    CHECK(!strncmp(cut, text, sizeof cut - 1));
    CHECK_EQ(xie_format_call_graph(middle, NULL, 0), len);

    len = xie_format_call_graph(xie_task_current(), text, sizeof text);
    CHECK(strstr(text, "'main' (spawned at xie_run) runs\n"));
    CHECK_EQ(count_of(text, "\n"), 1);
    CHECK(!strstr(text, "awaited"));
    return fell();
}

static void a_task_as_text(void)
{
    in_task(formats);
}

static int formats_all(void)
{
    char text[4096];
    grow();
    struct xie_task *ready = xie_spawn(forever, NULL);
    xie_task_cancel(ready);
    xie_format_call_graph(NULL, text, sizeof text);
    CHECK_EQ(count_of(text, "task "), 8 + 2); /* root's and middle's lines name another */
    CHECK_EQ(count_of(text, "\n"), 8);
    const char *at = strstr(text, "'main' (spawned at xie_run) runs\n");
    CHECK(at);
    at = at ? strstr(at, "\ntask ") : NULL; /* root: nobody waits for it */
    CHECK(at && strstr(at, "'run_root'"));
    at = at ? strstr(at, "\n  task ") : NULL; /* below it */
    CHECK(at);
    CHECK_EQ(count_of(text, "\n    task "), 3); /* the leaves */
    CHECK(strstr(text, "'forever'"));
    CHECK(strstr(text, " is ready"));
    CHECK(strstr(text, " (cancelled)\n"));
    CHECK_EQ(xie_join(ready), -ECANCELED);
    return fell();
}

static void every_task_stands_below_who_waits_for_it(void)
{
    in_task(formats_all);
}

static int prints(void)
{
    char text[4096] = "", same[4096];
    int fds[2];
    REQUIRE(!pipe(fds));
    grow();
    xie_print_call_graph(NULL, fds[1]);
    CHECK(read(fds[0], text, sizeof text - 1) > 0);
    if (!xie_loop_debug(xie_loop_current())) { /* there it tells since when, too */
        xie_format_call_graph(NULL, same, sizeof same);
        CHECK_STR(text, same);
    }
    xie_print_call_graph(NULL, -1); /* nobody reads: nothing happens */
    close(fds[0]);
    close(fds[1]);
    return fell();
}

static void printed_it_is_the_same(void)
{
    in_task(prints);
    char text[16] = "x";
    CHECK_EQ(xie_format_call_graph(NULL, text, sizeof text), 0); /* no loop */
    CHECK_STR(text, "");
}

/* Long names are cut, lines stay lines. */
static int long_names(void)
{
    static char name[2000];
    char text[4096];
    memset(name, 'n', sizeof name - 1);
    xie_task_set_name(xie_task_current(), name);
    size_t len = xie_format_call_graph(NULL, text, sizeof text);
    CHECK(len < 600);
    CHECK(text[len - 1] == '\n');
    xie_task_set_name(xie_task_current(), "main");
    return 0;
}

static void long_lines_are_cut(void)
{
    in_task(long_names);
}

/* On the smallest stack, deep: a chain of tasks that wait for each other. */
static struct xie_task *links[300];
static int join_next(void *arg)
{
    long i = (long)arg;
    return links[i + 1] ? xie_task_wait(links[i + 1], NULL) : xie_sleep(XIE_NEVER);
}

static int on_a_small_stack(void *arg)
{
    (void)arg;
    xie_print_call_graph(NULL, -1);
    return (int)xie_format_call_graph(links[0], NULL, 0) > 0 ? 0 : -1;
}

static int deep(void)
{
    struct xie_task_options small = {.stack_size = 1};
    struct xie_call_graph_entry *entries = calloc(300, sizeof *entries);
    for (long i = 298; i >= 0; i--)
        links[i] = xie_spawn(join_next, (void *)i);
    xie_sleep(0);
    CHECK_EQ(xie_capture_call_graph(links[0], entries, 300), 299);
    CHECK_EQ(entries[298].depth, 298);
    CHECK_EQ(xie_capture_call_graph(links[298], entries, 300), 299);
    CHECK_EQ(entries[298].depth, -298);
    CHECK_EQ(xie_join(xie_spawn_with(on_a_small_stack, NULL, &small)), 0);
    for (int i = 298; i >= 0; i--) {
        xie_task_cancel(links[i]);
        xie_join(links[i]);
    }
    free(entries);
    return 0;
}

static void a_long_chain_on_a_small_stack(void)
{
    in_task(deep);
}

/* --- stacks ------------------------------------------------------------------------- */

/* Where each must be found again: the call's own return address. */
static void *called_from[3];
static __attribute__((noinline)) int wait_deeper(long i)
{
    called_from[i] = __builtin_return_address(0);
    int error = xie_event_wait(&event);
    return error ? error : 1; /* no tail call */
}

static __attribute__((noinline)) int wait_in_task(void *arg)
{
    return wait_deeper((long)arg) + 1;
}

static int wait_in_generator(struct xie_gen *self, void *arg)
{
    int error = wait_deeper((long)arg) - 1;
    return error ? error : xie_gen_yield(self, NULL, NULL);
}

static int next_of(void *arg)
{
    struct xie_gen *gen = xie_gen_new(wait_in_generator, arg);
    int status = xie_gen_next(gen, NULL);
    xie_gen_free(gen);
    return status;
}

static bool found(struct xie_task *task, const void *address)
{
    void *frames[64];
    size_t count = xie_task_get_stack(task, frames, 64);
    for (size_t i = 0; i < count; i++)
        if (frames[i] == address)
            return true;
    return false;
}

static int stacks(void)
{
    void *frames[4] = {0};
    event.set = false;
    struct xie_task *tasks[2] = {xie_spawn(wait_in_task, (void *)0), xie_spawn(next_of, (void *)1)};
    CHECK_EQ(xie_task_get_stack(tasks[0], frames, 4), 0); /* it has not begun */
    xie_sleep(0);
    if (!xie_task_get_stack(xie_task_current(), frames, 4))
        tap_skip("no backtrace(3) here");
    for (int i = 0; i < 3; i++) { /* again and again, it goes on waiting */
        CHECK(found(tasks[0], called_from[0]));
        CHECK(found(tasks[1], called_from[1]));
        CHECK(!found(tasks[0], called_from[1]));
    }
    frames[2] = NULL;
    CHECK_EQ(xie_task_get_stack(tasks[0], frames, 2), 2);
    CHECK(!frames[2]);
    xie_event_set(&event);
    CHECK_EQ(xie_join(tasks[0]), 2);
    CHECK_EQ(xie_join(tasks[1]), 1);
    return 0;
}

static void a_suspended_task_tells_its_stack(void)
{
    in_task(stacks);
}

static struct xie_task *asked;
static size_t frames_seen;
static void ask_in_a_call(void *arg)
{
    void *frames[64];
    (void)arg;
    frames_seen = xie_task_get_stack(asked, frames, 64);
}

static int stack_from_a_call(void)
{
    char text[8192] = "";
    struct xie_call call = {0};
    int fds[2];
    event.set = false;
    asked = xie_spawn(wait_in_task, (void *)0);
    CHECK_EQ(xie_call_soon(&call, ask_in_a_call, NULL), 0);
    xie_sleep(0);
    if (!frames_seen)
        tap_skip("no backtrace(3) here");
    CHECK(frames_seen > 3);
    REQUIRE(!pipe(fds));
    xie_task_print_stack(asked, fds[1]);
    CHECK(read(fds[0], text, sizeof text - 1) > 0);
    CHECK(count_of(text, "\n") > 3);
    xie_task_cancel(asked);
    return xie_join(asked) == -ECANCELED + 1 ? 0 : -1;
}

static void from_a_callback_and_printed(void)
{
    in_task(stack_from_a_call);
}

/* --- many ------------------------------------------------------------------------------ */

enum { PAIRS_MOST = 8000 };
static struct xie_lock crowded;

static int take_and_give(void *arg)
{
    (void)arg;
    if (xie_lock_take(&crowded))
        return -ECANCELED;
    xie_lock_give(&crowded);
    return 0;
}

static int join_some(void *arg)
{
    XIE_GROUP(group) {
        xie_group_spawn(&group, take_and_give, NULL);
        if (arg)
            xie_group_spawn(&group, forever, NULL);
    }
    return 0;
}

static int crowd(void)
{
    static struct xie_call_graph_entry entries[2 * PAIRS_MOST + 2];
    size_t pairs = tap_slow() ? 200 : PAIRS_MOST, depths[3] = {0};
    CHECK_EQ(xie_lock_take(&crowded), 0);
    XIE_GROUP(group) {
        for (size_t i = 0; i < pairs; i++)
            REQUIRE(!xie_group_spawn(&group, join_some, i % 100 ? NULL : &group));
        xie_sleep(0);
        xie_sleep(0);
        size_t count = xie_capture_call_graph(xie_task_current(), entries, 2 * PAIRS_MOST + 2);
        CHECK_EQ(count, 1 + 2 * pairs);
        for (size_t i = 0; i < count; i++) {
            REQUIRE(entries[i].depth <= 0 && entries[i].depth >= -2);
            depths[-entries[i].depth]++;
            if (entries[i].depth == -2)
                CHECK_EQ(entries[i - 1].depth, -1);
        }
        CHECK(depths[0] == 1 && depths[1] == pairs && depths[2] == pairs);
        CHECK(xie_format_call_graph(xie_task_current(), NULL, 0) > 0);
        xie_group_cancel(&group);
    }
    xie_lock_give(&crowded);
    return 0;
}

static void thousands_wait_for_one(void)
{
    in_task(crowd);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"both directions are captured", both_directions_are_captured},
        {"a small array is filled, and the count told", a_small_array_is_filled_and_the_count_told},
        {"who waits for a lock stands above its owner",
         who_waits_for_a_lock_stands_above_its_owner},
        {"a task as text", a_task_as_text},
        {"every task stands below who waits for it", every_task_stands_below_who_waits_for_it},
        {"printed it is the same", printed_it_is_the_same},
        {"long lines are cut", long_lines_are_cut},
        {"a suspended task tells its stack", a_suspended_task_tells_its_stack},
        {"a stack asked for by a callback, and printed", from_a_callback_and_printed},
        {"a long chain, on a small stack", a_long_chain_on_a_small_stack},
        {"thousands wait for one", thousands_wait_for_one},
        {0},
    };
    return tap_main(argc, argv, tests);
}
