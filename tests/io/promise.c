/* promise.c - the promises of <xie/promise.h>. */
/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>

#include "io/threads.h"

static struct xie_promise *promise;
static int mark, disposed;

static void dispose(void *value)
{
    CHECK(value == &mark);
    disposed++;
}

static void make(void (*with)(void *value))
{
    promise = xie_promise_new(with);
    REQUIRE(promise);
}

/* 1 for the mark, or an error. */
static int wait_task(void *arg)
{
    void *value = NULL;
    int error = xie_promise_wait(promise, &value);
    (void)arg;
    return error ? error : value == &mark;
}

static void *resolve_thread(void *arg)
{
    CHECK_EQ(xie_promise_resolve(promise, &mark), 0);
    return arg;
}

static void *fail_thread(void *arg)
{
    CHECK_EQ(xie_promise_fail(promise, XIE_EAUTH), 0);
    return arg;
}

/* --- outcomes ----------------------------------------------------------------------------------
 */

IN_TASK(a_thread_resolves_what_tasks_wait_for)
{
    make(NULL);
    struct xie_task *tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = xie_spawn(wait_task, NULL);
    settle();
    CHECK(!xie_promise_done(promise));
    pthread_t thread = begin(resolve_thread, NULL);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(xie_join(tasks[i]), 1);
    end(thread);
    CHECK(xie_promise_done(promise));
    CHECK_EQ(wait_task(NULL), 1); /* and later */
    CHECK_EQ(xie_promise_wait(promise, NULL), 0);
    xie_promise_unref(promise);
    return 0;
}

IN_TASK(an_error_reaches_them_too)
{
    void *value = &value;
    make(dispose);
    struct xie_task *task = xie_spawn(wait_task, NULL);
    settle();
    pthread_t thread = begin(fail_thread, NULL);
    CHECK_EQ(xie_join(task), XIE_EAUTH);
    CHECK_EQ(xie_promise_wait(promise, &value), XIE_EAUTH);
    CHECK(value == &value);
    end(thread);
    xie_promise_unref(promise);
    CHECK_EQ(disposed, 0);
    return 0;
}

IN_TASK(the_first_outcome_stays)
{
    make(NULL);
    CHECK_EQ(xie_promise_resolve(promise, &mark), 0);
    CHECK_EQ(xie_promise_resolve(promise, NULL), -EALREADY);
    CHECK_EQ(xie_promise_fail(promise, -EIO), -EALREADY);
    CHECK(!xie_promise_cancel(promise));
    CHECK_EQ(wait_task(NULL), 1);
    xie_promise_unref(promise);

    make(NULL);
    CHECK(xie_promise_cancel(promise));
    CHECK(xie_promise_done(promise));
    CHECK(!xie_promise_cancel(promise));
    CHECK_EQ(xie_promise_resolve(promise, &mark), -EALREADY);
    CHECK_EQ(wait_task(NULL), -ECANCELED);
    xie_promise_unref(promise);
    return 0;
}

enum { WAITERS = 6, RESOLVERS = 4 };
static int first_ones, woken;

static void *wait_loop(void *arg)
{
    CHECK_EQ(xie_run(wait_task, NULL), 1);
    add(&woken, 1);
    xie_promise_unref(promise);
    return arg;
}

static void *wait_thread(void *arg)
{
    void *value = NULL;
    CHECK_EQ(xie_promise_wait_blocking(promise, &value, XIE_NEVER), 0);
    CHECK(value == &mark);
    add(&woken, 1);
    xie_promise_unref(promise);
    return arg;
}

static void *resolve_racing(void *arg)
{
    int error = xie_promise_resolve(promise, &mark);
    CHECK(error == 0 || error == -EALREADY);
    add(&first_ones, !error);
    xie_promise_unref(promise);
    return arg;
}

static void loops_and_threads_wait_for_one_of_several(void)
{
    pthread_t waiters[WAITERS], resolvers[RESOLVERS];
    size_t live = xie_alloc_live();
    for (int round = 0; round < (tap_slow() ? 5 : 30); round++) {
        make(NULL);
        first_ones = woken = 0;
        for (int i = 0; i < WAITERS; i++) {
            xie_promise_ref(promise);
            waiters[i] = begin(i % 2 ? wait_loop : wait_thread, NULL);
        }
        for (int i = 0; i < RESOLVERS; i++) {
            xie_promise_ref(promise);
            resolvers[i] = begin(resolve_racing, NULL);
        }
        xie_promise_unref(promise);
        for (int i = 0; i < RESOLVERS; i++)
            end(resolvers[i]);
        for (int i = 0; i < WAITERS; i++)
            end(waiters[i]);
        CHECK_EQ(first_ones, 1);
        CHECK_EQ(woken, WAITERS);
    }
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- interruption ------------------------------------------------------------------------------
 */

IN_TASK(an_interrupted_wait_leaves_it_as_it_is)
{
    make(NULL);
    XIE_TIMEOUT(XIE_MILLISECOND)
        CHECK_EQ(wait_task(NULL), -ETIMEDOUT);
    struct xie_task *task = xie_spawn(wait_task, NULL);
    settle();
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(!xie_promise_done(promise));
    CHECK_EQ(xie_promise_resolve(promise, &mark), 0);
    XIE_TIMEOUT(0)
        CHECK_EQ(wait_task(NULL), -ETIMEDOUT); /* asked first, as every wait */
    CHECK_EQ(wait_task(NULL), 1);
    xie_promise_unref(promise);
    return 0;
}

/* A thread resolves, the loop has not heard of it yet, then comes the cancel. */
IN_TASK(an_outcome_that_was_there_first_wins)
{
    make(dispose);
    struct xie_task *task = xie_spawn(wait_task, NULL);
    settle();
    meanwhile(resolve_thread, NULL);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), 1);
    xie_promise_unref(promise);
    CHECK_EQ(disposed, 0);
    return 0;
}

/* --- threads -----------------------------------------------------------------------------------
 */

static void a_thread_blocks_for_it(void)
{
    void *value = NULL;
    make(NULL);
    CHECK_EQ(xie_promise_wait_blocking(promise, &value, 0), -ETIMEDOUT);
    CHECK_EQ(xie_promise_wait_blocking(promise, &value, -1), -ETIMEDOUT);
    CHECK_EQ(xie_promise_wait_blocking(promise, &value, XIE_MILLISECOND), -ETIMEDOUT);
    CHECK(!value && !xie_promise_done(promise));
    CHECK_EQ(xie_promise_wait(promise, &value), -EPERM); /* outside a task */
    pthread_t thread = begin(resolve_thread, NULL);
    CHECK_EQ(xie_promise_wait_blocking(promise, &value, XIE_NEVER), 0);
    CHECK(value == &mark);
    end(thread);
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, 0), 0);
    xie_promise_unref(promise);
}

IN_TASK(a_thread_with_a_loop_must_not)
{
    make(NULL);
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), -EPERM);
    xie_promise_resolve(promise, NULL);
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), -EPERM);
    xie_promise_unref(promise);
    return 0;
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void a_value_nobody_took_is_disposed_of(void)
{
    size_t live = xie_alloc_live();
    make(dispose);
    xie_promise_resolve(promise, &mark);
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, 0), 0);
    xie_promise_unref(promise);
    CHECK_EQ(disposed, 0); /* taken */
    make(dispose);
    xie_promise_resolve(promise, &mark);
    CHECK(xie_promise_ref(promise) == promise);
    CHECK(xie_promise_done(promise)); /* only looked */
    xie_promise_unref(promise);
    CHECK_EQ(disposed, 0);
    xie_promise_unref(promise);
    CHECK_EQ(disposed, 1);
    make(dispose);
    xie_promise_cancel(promise);
    xie_promise_unref(promise);
    make(dispose); /* never resolved */
    xie_promise_unref(promise);
    CHECK_EQ(disposed, 1);
    xie_promise_unref(NULL);
    CHECK_EQ(xie_alloc_live(), live);
}

static int unref_too_early(void *arg)
{
    make(NULL);
    xie_detach(xie_spawn(wait_task, arg));
    settle();
    xie_promise_unref(promise);
    return 0;
}

static void run_unref_too_early(void *arg)
{
    xie_run(unref_too_early, arg);
}

static void fail_with_nothing(void *arg)
{
    (void)arg;
    make(NULL);
    xie_promise_fail(promise, 0);
}

static int job(void *arg)
{
    hold(arg);
    return 0;
}

static void resolve_a_jobs(void *arg)
{
    (void)arg;
    static int go;
    if (!xie_pool_try_submit(NULL, job, &go, NULL, &promise))
        xie_promise_resolve(promise, NULL);
}

static void mistakes_abort(void)
{
    static const struct {
        void (*run)(void *arg);
        const char *text;
    } cases[] = {
        {run_unref_too_early, "while somebody waits for it [task main]"},
        {fail_with_nothing, "xie_promise_fail with 0, which is no error"},
        {resolve_a_jobs, "the promise of job 'job' (handed over at "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        int status = tap_child(cases[i].run, NULL, text, sizeof text);
        CHECK(WIFSIGNALED(status) || WEXITSTATUS(status));
        if (!strstr(text, cases[i].text))
            CHECK_STR(text, cases[i].text);
    }
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"a thread resolves what tasks wait for", a_thread_resolves_what_tasks_wait_for},
        {"an error reaches them too", an_error_reaches_them_too},
        {"the first outcome stays", the_first_outcome_stays},
        {"loops and threads wait for one of several", loops_and_threads_wait_for_one_of_several},
        {"an interrupted wait leaves it as it is", an_interrupted_wait_leaves_it_as_it_is},
        {"an outcome that was there first wins", an_outcome_that_was_there_first_wins},
        {"a thread blocks for it", a_thread_blocks_for_it},
        {"a thread with a loop must not", a_thread_with_a_loop_must_not},
        {"a value nobody took is disposed of", a_value_nobody_took_is_disposed_of},
        {"mistakes abort", mistakes_abort},
        {0},
    };
    return tap_main(argc, argv, tests);
}
