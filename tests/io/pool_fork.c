/* pool_fork.c - a process forks while a pool has jobs: the child has the pool without threads and
 * without what waited for them. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "io/pool_kit.h"

static int count(void *arg)
{
    add(arg, 1);
    return 0;
}

static int use_and_close(void *arg)
{
    int number = 0;
    CHECK_EQ(xie_pool_run(pool, count, &number, NULL), 0);
    CHECK_EQ(number, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    return arg ? 1 : 0;
}

static void a_child_made_by_fork_has_threads_of_its_own(void)
{
    struct job jobs[2] = {0};
    int status = -1;
    if (UNDER_TSAN)
        tap_skip("TSan allows no threads after a fork");
    if (tap_valgrind())
        tap_skip("valgrind counts the parent's jobs as lost by the child");
    make(1, 1);
    CHECK_EQ(submit(&jobs[0], NULL), 0); /* runs while we fork */
    CHECK_EQ(submit(&jobs[1], NULL), 0); /* waits: the child does not run it */
    hold(&jobs[0].started);
    pid_t child = fork();
    if (!child)
        _exit(xie_run(use_and_close, NULL) || load(&jobs[1].started));
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    store(&jobs[0].go, 1);
    store(&jobs[1].go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(jobs[1].ended);
}

/* The child of a job that forks has none of the pool's threads, and is none of them. */
static int fork_in_job(void *arg)
{
    pid_t *child = arg;
    *child = fork();
    return 0;
}

static int close_in_child(void *arg)
{
    pid_t *child = arg;
    *child = fork();
    if (*child)
        return 0;
    struct job own = {.go = 1};
    if (submit(&own, NULL))
        _exit(1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    _exit(own.ended ? 0 : 2);
}

static void run_forking(void *arg)
{
    int (**fn)(void *arg) = arg;
    struct xie_promise *promise;
    pid_t child = -1;
    int status = -1;
    make(1, 0);
    CHECK_EQ(xie_pool_try_submit(pool, *fn, &child, NULL, &promise), 0);
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), 0);
    xie_promise_unref(promise);
    CHECK_EQ(waitpid(child, &status, 0), child);
    if (*fn == fork_in_job)
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    else
        CHECK_EQ(status, 0);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    _exit(0);
}

static void a_child_that_returns_from_a_job_aborts(void)
{
    int (*fns[])(void *arg) = {fork_in_job, close_in_child};
    char text[1024];
    if (UNDER_TSAN)
        tap_skip("TSan allows no threads after a fork");
    if (tap_valgrind())
        tap_skip("valgrind counts the parent's jobs as lost by the child");
    CHECK_EQ(tap_child(run_forking, &fns[0], text, sizeof text), 0);
    CHECK(strstr(text, "xie: misuse: a job of pool 'xie-work' forked, and the child returned"));
    CHECK_EQ(tap_child(run_forking, &fns[1], text, sizeof text), 0);
    CHECK_STR(text, "");
}

/* The child's copy of what waited for a thread: cancelled, disposed of by who gives it back, and no
 * longer counted by the pool. */
static int use_after_fork(struct job *queued, struct xie_promise **promises)
{
    struct job own[2] = {{.go = 1}, {.go = 1}};
    struct xie_promise *promise;
    void *value = NULL;
    CHECK(xie_promise_done(promises[0]));
    CHECK(!xie_promise_cancel(promises[0])); /* it is so already */
    CHECK_EQ(xie_promise_wait_blocking(promises[0], &value, XIE_NEVER), -ECANCELED);
    CHECK(!value);
    xie_promise_unref(promises[0]);
    CHECK(!xie_promise_cancel(promises[1]));
    xie_promise_unref(promises[1]); /* nobody has asked */
    CHECK_EQ(queued[0].disposed, 1);
    CHECK_EQ(queued[1].disposed, 1);
    for (int i = 0; i < 2; i++) { /* the queue counts right: each finds the one thread */
        CHECK_EQ(submit(&own[i], &promise), 0);
        CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), 0);
        xie_promise_unref(promise);
    }
    own[0].go = 0;
    CHECK_EQ(submit(&own[0], NULL), 0); /* runs */
    hold(&own[0].started);
    CHECK_EQ(submit(&own[1], NULL), 0); /* waits */
    CHECK_EQ(submit(&own[1], NULL), 0);
    CHECK_EQ(submit(&own[1], NULL), -EAGAIN); /* full: no more, no fewer */
    store(&own[0].go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(!queued[0].started && !queued[1].started);
    return queued[0].disposed + queued[1].disposed;
}

static void what_waited_when_a_child_was_made_is_cancelled_there(void)
{
    struct job running = {0}, queued[2] = {{.go = 1}, {.go = 1}};
    struct xie_promise *promises[2], *other;
    int status = -1;
    if (UNDER_TSAN)
        tap_skip("TSan allows no threads after a fork");
    if (tap_valgrind())
        tap_skip("valgrind counts the parent's jobs as lost by the child");
    make(1, 2);
    CHECK_EQ(submit(&running, &other), 0);
    hold(&running.started);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(submit(&queued[i], &promises[i]), 0);
    pid_t child = fork();
    if (!child) {
        int disposed = use_after_fork(queued, promises);
        _exit(disposed == 2 ? 0 : 1);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    store(&running.go, 1); /* the parent's go on as if nothing had been */
    CHECK_EQ(xie_promise_wait_blocking(other, NULL, XIE_NEVER), 0);
    xie_promise_unref(other);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(xie_promise_wait_blocking(promises[i], NULL, XIE_NEVER), 0);
        xie_promise_unref(promises[i]);
        CHECK(queued[i].ended && !queued[i].disposed);
    }
    xie_pool_close(pool, XIE_POOL_DRAIN);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a child made by fork has threads of its own",
         a_child_made_by_fork_has_threads_of_its_own},
        {"what waited when a child was made is cancelled there",
         what_waited_when_a_child_was_made_is_cancelled_there},
        {"a child that returns from a job aborts", a_child_that_returns_from_a_job_aborts},
        {0},
    };
    return tap_main(argc, argv, tests);
}
