/* threads.c - tasks stay on the thread they were made on: what is the thread's is theirs, before a
 * wait and after it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "kit.h"

enum { THREADS = 4, TASKS = 20, STEPS = 50 };

static _Thread_local int mine; /* of the thread: how many steps its tasks have made */

struct place {
    pthread_t thread;
    struct xie_loop *loop;
    int *mine, *error;
};

static struct place here(void)
{
    return (struct place){pthread_self(), xie_loop_current(), &mine, &errno};
}

static bool same(struct place a)
{
    struct place b = here();
    return pthread_equal(a.thread, b.thread) && a.loop == b.loop && a.mine == b.mine &&
           a.error == b.error;
}

/* The address of a thread-local may be kept in a register over a switch: it must stay right. And
 * so must a count that all tasks of this thread, and nobody else, go on with. */
static int step(void *arg)
{
    struct place place = here();
    int count = (int)(long)arg % 3;
    for (int i = 0; i < STEPS; i++) {
        int before = mine;
        mine++;
        CHECK_EQ(xie_sleep((i + count) % 4 ? 0 : XIE_MICROSECOND), 0);
        CHECK(same(place));
        CHECK(mine > before);
        XIE_TIMEOUT(0)
            CHECK_EQ(xie_sleep(1), -ETIMEDOUT);
        CHECK(same(place));
    }
    return 0;
}

static int run_tasks(void *arg)
{
    struct xie_task *tasks[TASKS];
    struct place place = here();
    (void)arg;
    mine = 0;
    for (long i = 0; i < TASKS; i++)
        tasks[i] = xie_spawn(step, (void *)i);
    CHECK_EQ(xie_gather(tasks, TASKS, NULL), 0);
    CHECK(same(place));
    CHECK_EQ(mine, TASKS * STEPS);
    return 0;
}

static void *run_loop(void *arg)
{
    *(int *)arg = xie_run(run_tasks, NULL);
    CHECK_EQ(mine, TASKS * STEPS);
    CHECK(!xie_loop_current());
    return NULL;
}

static void what_is_the_threads_is_its_tasks(void)
{
    pthread_t threads[THREADS];
    int results[THREADS];
    for (int i = 0; i < THREADS; i++)
        REQUIRE(!pthread_create(&threads[i], NULL, run_loop, &results[i]));
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQ(results[i], 0);
    }
    CHECK_EQ(mine, 0);
}

/* Calls of other threads come to the loop's own. */
static struct place loops;
static bool there;
static void look(void *arg)
{
    there = same(loops) && arg == &loops;
}

static void *call_from_outside(void *loop)
{
    return xie_loop_call(loop, look, &loops) ? loop : NULL;
}

static int is_called(void)
{
    pthread_t thread;
    void *failed = NULL;
    loops = here();
    REQUIRE(!pthread_create(&thread, NULL, call_from_outside, xie_loop_current()));
    while (!there)
        CHECK_EQ(xie_sleep(XIE_MILLISECOND), 0);
    pthread_join(thread, &failed);
    CHECK(!failed);
    return 0;
}

static void a_call_from_outside_runs_on_the_loops_thread(void)
{
    in_task(is_called);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"what_is_the_threads_is_its_tasks", what_is_the_threads_is_its_tasks},
        {"a_call_from_outside_runs_on_the_loops_thread",
         a_call_from_outside_runs_on_the_loops_thread},
        {0},
    };
    return tap_main(argc, argv, tests);
}
