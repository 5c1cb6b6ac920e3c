/* pool.c - the promises of <xie/thread.h> about pools of one's own. */
/* SPDX-License-Identifier: MIT */

#include "base/fault.h"
#include "base/list.h"
#include "io/file.h"
#include "io/gate.h"
#include "io/pool_kit.h"

static int run_task(void *arg)
{
    return xie_pool_run(pool, work, arg, dispose);
}

static void skip_on_sim(void)
{
    if (kit_on("sim"))
        tap_skip("on sim a job runs at once");
}

static int take(struct xie_promise *promise)
{
    int result = xie_promise_wait(promise, NULL);
    xie_promise_unref(promise);
    return result;
}

/* --- how many and who --------------------------------------------------------------------------
 */

static int name_of_thread(void *arg)
{
    return pthread_getname_np(pthread_self(), arg, 16);
}

IN_TASK(its_threads_have_its_name)
{
    char name[16] = "", long_name[] = "a-name-of-twenty-bytes";
    skip_on_sim();
    CHECK_EQ(xie_pool_open(&(struct xie_pool_options){.name = long_name}, &pool), 0);
    memset(long_name, 'x', sizeof long_name - 1); /* it was copied */
    CHECK_EQ(xie_pool_run(pool, name_of_thread, name, NULL), 0);
    CHECK_STR(name, "a-name-of-twent");
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK_EQ(xie_pool_open(NULL, &pool), 0);
    CHECK_EQ(xie_pool_run(pool, name_of_thread, name, NULL), 0);
    CHECK_STR(name, "xie-work");
    xie_pool_close(pool, XIE_POOL_DRAIN);
    return 0;
}

/* The first `most` run at once, and the next only when one has ended. */
static void check_size(unsigned most)
{
    struct job jobs[8] = {0}, last = {.go = 1};
    struct xie_promise *promises[8], *after;
    for (unsigned i = 0; i < most; i++)
        CHECK_EQ(submit(&jobs[i], &promises[i]), 0);
    CHECK_EQ(submit(&last, &after), 0);
    for (unsigned i = 0; i < most; i++)
        until(&jobs[i].started);
    xie_sleep(2 * XIE_MILLISECOND);
    CHECK(!load(&last.started));
    store(&jobs[most - 1].go, 1);
    CHECK_EQ(take(after), 0);
    for (unsigned i = 0; i < most; i++) {
        store(&jobs[i].go, 1);
        CHECK_EQ(take(promises[i]), 0);
    }
}

IN_TASK(as_many_run_at_once_as_it_has_threads)
{
    skip_on_sim();
    for (unsigned most = 1; most <= 8; most = most * 3 - 1) {
        make(most, 0);
        check_size(most);
        xie_pool_close(pool, XIE_POOL_DRAIN);
    }
    CHECK_EQ(xie_pool_open(NULL, &pool), 0);
    check_size(4);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    return 0;
}

static int run_default(void *arg)
{
    (void)arg;
    pool = NULL;
    check_size(3);
    return 0;
}

static void the_environment_sizes_the_default_one(void)
{
    const char *backend = getenv("XIE_BACKEND");
    if (backend && !strcmp(backend, "sim"))
        tap_skip("on sim a job runs at once");
    setenv("XIE_THREADS", "3", 1);
    CHECK_EQ(xie_run(run_default, NULL), 0);
}

static void run_with_nonsense(void *arg)
{
    setenv("XIE_THREADS", arg, 1);
    struct job job = {.go = 1};
    struct xie_promise *promise;
    CHECK_EQ(xie_pool_try_submit(NULL, work, &job, NULL, &promise), 0);
    CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), 0);
    xie_promise_unref(promise);
}

static void a_size_that_is_none_is_told(void)
{
    char *texts[] = {"0", "1025", "-1", "many"};
    for (int i = 0; i < 4; i++) {
        char text[512], expected[512];
        CHECK_EQ(tap_child(run_with_nonsense, texts[i], text, sizeof text), 0);
        snprintf(expected, sizeof expected,
                 "xie: XIE_THREADS=%s is not a number from 1 to 1024; 4 is used\n", texts[i]);
        CHECK_STR(text, expected);
    }
}

IN_TASK(a_size_beyond_the_limit_is_refused)
{
    struct xie_pool *made = NULL;
    CHECK_EQ(xie_pool_open(&(struct xie_pool_options){.threads = 1025}, &made), -EINVAL);
    CHECK(!made);
    CHECK_EQ(xie_pool_open(&(struct xie_pool_options){.threads = 1024}, &made), 0);
    xie_pool_close(made, XIE_POOL_DRAIN); /* none was ever needed */
    xie_pool_close(NULL, XIE_POOL_DRAIN);
    return 0;
}

/* --- the queue's limit -------------------------------------------------------------------------
 */

IN_TASK(what_exceeds_the_queue_is_refused_or_waits)
{
    struct job jobs[6] = {0};
    struct xie_promise *promises[3], *none = NULL;
    skip_on_sim();
    make(2, 1);
    for (int i = 0; i < 3; i++) /* two run, one waits */
        CHECK_EQ(submit(&jobs[i], &promises[i]), 0);
    CHECK_EQ(submit(&jobs[3], &none), -EAGAIN);
    CHECK(!none && !jobs[3].disposed); /* still the caller's */
    struct xie_task *waiting[2] = {xie_spawn(run_task, &jobs[4]), xie_spawn(run_task, &jobs[5])};
    settle();
    store(&jobs[0].go, 1);
    CHECK_EQ(take(promises[0]), 0);
    until(&jobs[2].started);
    CHECK_EQ(submit(&jobs[3], &none), -EAGAIN); /* the room is who waited first's */
    store(&jobs[1].go, 1);
    until(&jobs[4].started);
    CHECK(!load(&jobs[5].started)); /* in order */
    for (int i = 0; i < 6; i++)
        store(&jobs[i].go, 1);
    CHECK_EQ(xie_join(waiting[0]), 0);
    CHECK_EQ(xie_join(waiting[1]), 0);
    CHECK_EQ(take(promises[1]), 0);
    CHECK_EQ(take(promises[2]), 0);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(!jobs[3].started);
    return 0;
}

static int submit_task(void *arg)
{
    return xie_pool_submit(pool, work, arg, dispose, NULL);
}

IN_TASK(an_interrupted_wait_for_room_hands_nothing_over)
{
    struct job jobs[4] = {0};
    skip_on_sim();
    make(1, 1);
    CHECK_EQ(submit(&jobs[0], NULL), 0);
    CHECK_EQ(submit(&jobs[1], NULL), 0);
    struct xie_task *submits = xie_spawn(submit_task, &jobs[2]);
    struct xie_task *runs = xie_spawn(run_task, &jobs[3]);
    settle();
    xie_task_cancel(submits);
    xie_task_cancel(runs);
    CHECK_EQ(xie_join(submits), -ECANCELED);
    CHECK_EQ(xie_join(runs), -ECANCELED);
    CHECK_EQ(jobs[2].disposed, 0); /* the caller's */
    CHECK_EQ(jobs[3].disposed, 1); /* as with xie_to_thread */
    XIE_TIMEOUT(0)
        CHECK_EQ(submit_task(&jobs[2]), -ETIMEDOUT);
    store(&jobs[0].go, 1);
    store(&jobs[1].go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(!jobs[2].started && !jobs[3].started);
    return 0;
}

static void *make_room(void *arg)
{
    struct job *jobs = arg;
    store(&jobs[0].go, 1);
    hold(&jobs[1].started);
    return NULL;
}

/* It was interrupted, and has not run since; then the job ends. */
IN_TASK(an_end_before_the_waiter_has_left_is_returned)
{
    struct job jobs[2] = {{.result = 3}, {.go = 0}};
    skip_on_sim();
    make(1, 0);
    struct xie_task *runs = xie_spawn(run_task, &jobs[0]);
    until(&jobs[0].started);
    CHECK_EQ(submit(&jobs[1], NULL), 0);
    xie_task_cancel(runs);
    meanwhile(make_room, jobs); /* the second starts when the first is over and done with */
    CHECK_EQ(xie_join(runs), 3);
    CHECK_EQ(jobs[0].disposed, 0);
    store(&jobs[1].go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    return 0;
}

/* There is room, the loop has not heard of it yet, then comes the cancel: it is not forgotten. */
IN_TASK(interrupted_as_room_is_made_it_leaves_the_queue)
{
    struct job jobs[4] = {0};
    skip_on_sim();
    make(1, 1);
    CHECK_EQ(submit(&jobs[0], NULL), 0);
    CHECK_EQ(submit(&jobs[1], NULL), 0);
    struct xie_task *runs = xie_spawn(run_task, &jobs[2]);
    settle();
    meanwhile(make_room, jobs);
    xie_task_cancel(runs);
    CHECK_EQ(xie_join(runs), -ECANCELED);
    CHECK_EQ(jobs[2].disposed, 1);
    struct xie_task *submits = xie_spawn(submit_task, &jobs[2]); /* takes its place */
    CHECK_EQ(xie_join(submits), 0);
    submits = xie_spawn(submit_task, &jobs[3]);
    settle();
    store(&jobs[1].go, 1);
    hold(&jobs[2].started);
    xie_task_cancel(submits);
    CHECK_EQ(xie_join(submits), 0); /* handed over: what was obtained wins */
    store(&jobs[2].go, 1);
    store(&jobs[3].go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(jobs[3].ended);
    return 0;
}

IN_TASK(a_cancelled_job_makes_room)
{
    struct job jobs[3] = {0};
    struct xie_promise *promise;
    skip_on_sim();
    make(1, 1);
    CHECK_EQ(submit(&jobs[0], NULL), 0);
    CHECK_EQ(submit(&jobs[1], &promise), 0);
    struct xie_task *waiting = xie_spawn(submit_task, &jobs[2]);
    settle();
    CHECK(!xie_task_done(waiting));
    CHECK(xie_promise_cancel(promise));
    CHECK_EQ(xie_join(waiting), 0);
    xie_promise_unref(promise);
    store(&jobs[0].go, 1);
    store(&jobs[2].go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(jobs[2].ended && !jobs[1].started);
    return 0;
}

/* --- promised jobs -----------------------------------------------------------------------------
 */

IN_TASK(a_submitted_job_promises_its_result)
{
    struct job jobs[2] = {{.go = 1, .result = 7}, {.go = 1, .result = -EIO}};
    struct xie_promise *promise;
    void *value = NULL;
    make(1, 0);
    CHECK_EQ(xie_pool_submit(pool, work, &jobs[0], dispose, &promise), 0);
    CHECK_EQ(xie_promise_wait(promise, &value), 7);
    CHECK(value == &jobs[0]);
    CHECK(!xie_promise_cancel(promise));
    xie_promise_unref(promise);
    CHECK_EQ(submit(&jobs[1], &promise), 0);
    CHECK_EQ(take(promise), -EIO);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK_EQ(jobs[0].disposed + jobs[1].disposed, 0);
    return 0;
}

IN_TASK(cancelled_in_the_queue_a_job_never_runs)
{
    struct job jobs[2] = {0};
    struct xie_promise *promises[2];
    skip_on_sim();
    make(1, 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(submit(&jobs[i], &promises[i]), 0);
    until(&jobs[0].started);
    CHECK(!xie_promise_cancel(promises[0])); /* it runs */
    CHECK(xie_promise_cancel(promises[1]));
    CHECK(!xie_promise_cancel(promises[1]));
    CHECK_EQ(jobs[1].disposed, 1);
    CHECK_EQ(take(promises[1]), -ECANCELED);
    store(&jobs[0].go, 1);
    CHECK_EQ(take(promises[0]), 0);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(!jobs[1].started);
    CHECK_EQ(jobs[0].disposed, 0);
    CHECK_EQ(jobs[1].disposed, 1);
    return 0;
}

IN_TASK(a_result_nobody_asks_for_is_disposed_of)
{
    struct job jobs[2] = {{.go = 1}, {.go = 1}};
    struct xie_promise *promise;
    make(1, 0);
    CHECK_EQ(submit(&jobs[0], NULL), 0);
    CHECK_EQ(submit(&jobs[1], &promise), 0);
    xie_promise_unref(promise); /* without a wait */
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(jobs[0].ended && jobs[1].ended);
    CHECK_EQ(jobs[0].disposed, 1);
    CHECK_EQ(jobs[1].disposed, 1);
    return 0;
}

static int fail_twice(void *arg)
{
    struct job jobs[2] = {{.go = 1, .result = -EIO}, {.go = 1, .result = -ENOSPC}};
    struct xie_promise *promise;
    (void)arg;
    make(1, 0);
    CHECK_EQ(submit(&jobs[0], NULL), 0);
    CHECK_EQ(submit(&jobs[1], &promise), 0);
    CHECK_EQ(take(promise), -ENOSPC); /* taken */
    xie_pool_close(pool, XIE_POOL_DRAIN);
    return 0;
}

static void run_fail_twice(void *arg)
{
    xie_run(fail_twice, arg);
}

static void an_error_nobody_asks_for_is_told(void)
{
    char text[1024];
    CHECK_EQ(tap_child(run_fail_twice, NULL, text, sizeof text), 0);
    char *told = strstr(text, "xie: job 'work' (handed over at ");
    REQUIRE(told);
    CHECK(strstr(told, "pool_kit.h:"));
    CHECK(strstr(told, "failed, and nobody took its error: Input/output error"));
    CHECK(!strstr(told + 1, "xie: job"));
}

enum { SUBMITTERS = 4, SUBMITS = 300 };
static int ran[SUBMITTERS * SUBMITS];

static int count(void *arg)
{
    add(arg, 1);
    return 0;
}

static void *submit_many(void *arg)
{
    for (int i = 0; i < SUBMITS; i++)
        while (xie_pool_try_submit(pool, count, (int *)arg + i, NULL, NULL) == -EAGAIN)
            usleep(10);
    return NULL;
}

static void any_thread_may_submit(void)
{
    size_t live = xie_alloc_live();
    pthread_t threads[SUBMITTERS];
    make(3, 8);
    for (int i = 0; i < SUBMITTERS; i++)
        threads[i] = begin(submit_many, &ran[i * SUBMITS]);
    for (int i = 0; i < SUBMITTERS; i++)
        end(threads[i]);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    for (int i = 0; i < SUBMITTERS * SUBMITS; i++)
        CHECK_EQ(ran[i], 1);
    CHECK_EQ(xie_alloc_live(), live);
}

/* Cancels that race with the thread that takes the job: it runs, or is cancelled, never both. */
static void a_cancel_and_a_start_race(void)
{
    int cancelled = 0, number = 0, rounds = 500;
    make(2, 0);
    for (int i = 0; i < rounds; i++) {
        struct xie_promise *promise;
        CHECK_EQ(xie_pool_try_submit(pool, count, &number, NULL, &promise), 0);
        for (int spin = 0; spin < i % 50 * 20; spin++)
            (void)load(&number);
        bool was = xie_promise_cancel(promise);
        cancelled += was;
        CHECK_EQ(xie_promise_wait_blocking(promise, NULL, XIE_NEVER), was ? -ECANCELED : 0);
        xie_promise_unref(promise);
    }
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK_EQ(number + cancelled, rounds);
}

/* --- closing -----------------------------------------------------------------------------------
 */

struct closing {
    enum xie_pool_end end;
    int closed;
};

static int close_task(void *arg)
{
    struct closing *closing = arg;
    xie_pool_close(pool, closing->end);
    store(&closing->closed, 1);
    return 0;
}

static void check_close(enum xie_pool_end how)
{
    struct job jobs[4] = {{0}, {.go = 1}, {.go = 1}, {.go = 1}};
    struct xie_promise *promises[3];
    struct closing closing = {.end = how};
    bool drain = how == XIE_POOL_DRAIN;
    make(1, 2);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(submit(&jobs[i], &promises[i]), 0);
    until(&jobs[0].started);
    struct xie_task *waiting = xie_spawn(run_task, &jobs[3]);
    settle();
    struct xie_task *closer = xie_spawn(close_task, &closing);
    CHECK_EQ(xie_join(waiting), XIE_ECLOSED); /* there never was room */
    CHECK_EQ(jobs[3].disposed, 1);
    CHECK_EQ(submit(&jobs[3], NULL), XIE_ECLOSED);
    CHECK_EQ(jobs[2].disposed, !drain);
    xie_sleep(2 * XIE_MILLISECOND);
    CHECK(!closing.closed); /* one runs */
    store(&jobs[0].go, 1);
    CHECK_EQ(xie_join(closer), 0);
    CHECK(jobs[0].ended);
    for (int i = 1; i < 3; i++)
        CHECK_EQ(jobs[i].ended, drain);
    for (int i = 0; i < 3; i++) /* they outlive the pool */
        CHECK_EQ(take(promises[i]), i && !drain ? -ECANCELED : 0);
    CHECK_EQ(jobs[0].disposed, 0);
    CHECK(!jobs[3].started);
}

IN_TASK(closing_drains_the_queue)
{
    skip_on_sim();
    check_close(XIE_POOL_DRAIN);
    return 0;
}

IN_TASK(or_cancels_it)
{
    skip_on_sim();
    check_close(XIE_POOL_CANCEL);
    return 0;
}

IN_TASK(a_close_waits_whatever_the_scopes_say)
{
    struct job job = {0};
    struct closing closing = {0};
    skip_on_sim();
    make(1, 0);
    CHECK_EQ(submit(&job, NULL), 0);
    until(&job.started);
    struct xie_task *closer = xie_spawn(close_task, &closing);
    settle();
    xie_task_cancel(closer);
    xie_sleep(2 * XIE_MILLISECOND);
    CHECK(!closing.closed);
    store(&job.go, 1);
    CHECK_EQ(xie_join(closer), 0);
    CHECK(closing.closed && job.ended && job.disposed == 1);
    return 0;
}

static void *go_on(void *arg)
{
    struct job *job = arg;
    hold(&job->started);
    usleep(2000);
    store(&job->go, 1);
    return NULL;
}

static int threads_of_this_process(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/task");
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

static void a_thread_closes_it_too_and_its_threads_are_gone(void)
{
    struct job job = {0};
    int before = threads_of_this_process();
    size_t live = xie_alloc_live();
    make(3, 0);
    CHECK_EQ(submit(&job, NULL), 0);
    pthread_t thread = begin(go_on, &job);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK(job.ended);
    CHECK_EQ(xie_alloc_live(), live);
    end(thread);
    /* Joined is not yet gone: the kernel counts it a little longer. TSan brings its own. */
    while (!UNDER_TSAN && threads_of_this_process() != before)
        usleep(500);
}

static int close_own(void *arg)
{
    xie_pool_close(arg, XIE_POOL_DRAIN);
    return 0;
}

static void run_close_own(void *arg)
{
    (void)arg;
    static int never;
    make(1, 0);
    xie_pool_try_submit(pool, close_own, pool, NULL, NULL);
    hold(&never);
}

static void close_in_callback(void *arg)
{
    xie_pool_close(arg, XIE_POOL_DRAIN);
}

static int call_close(void *arg)
{
    static struct xie_call call;
    (void)arg;
    make(1, 0);
    xie_call_soon(&call, close_in_callback, pool);
    return xie_sleep(XIE_HOUR);
}

static void run_close_in_callback(void *arg)
{
    xie_run(call_close, arg);
}

static void a_close_that_cannot_wait_aborts(void)
{
    char text[512];
    CHECK(tap_child(run_close_own, NULL, text, sizeof text));
    CHECK(strstr(text, "xie: misuse: xie_pool_close of pool 'xie-work' by one of its own jobs"));
    CHECK(tap_child(run_close_in_callback, NULL, text, sizeof text));
    CHECK(strstr(text, "xie_pool_close of pool 'xie-work' in a callback, which cannot wait"));
}

/* --- where it cannot ---------------------------------------------------------------------------
 */

static int on_this_thread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return 5;
}

IN_TASK(on_sim_a_job_runs_at_once)
{
    pthread_t thread;
    struct xie_promise *promise;
    if (!kit_on("sim"))
        tap_skip("not sim");
    make(1, 1);
    CHECK_EQ(xie_pool_run(pool, on_this_thread, &thread, NULL), 5);
    CHECK(pthread_equal(thread, pthread_self()));
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(xie_pool_try_submit(pool, on_this_thread, &thread, NULL, &promise), 0);
        CHECK(xie_promise_done(promise));
        CHECK_EQ(take(promise), 5);
    }
    xie_pool_close(pool, XIE_POOL_DRAIN);
    return 0;
}

IN_TASK(no_thread_or_no_memory)
{
    struct job job = {.go = 1};
    struct xie_promise *promise = NULL;
    skip_on_sim();
    make(2, 0);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(submit(&job, &promise), -EAGAIN);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(submit(&job, &promise), -ENOMEM);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    struct xie_pool *made = pool;
    CHECK_EQ(xie_pool_open(NULL, &made), -ENOMEM);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 2, .error = -ENOMEM};
    CHECK_EQ(xie_pool_open(NULL, &made), -ENOMEM);
    xie_fault_plan.kinds = 0;
    CHECK(made == pool && !promise && !job.started && !job.disposed);
    CHECK_EQ(run_task(&job), 0);
    /* A second thread cannot be had: the first takes it all. */
    xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, 1, true, .error = -ENOMEM};
    struct job held = {0};
    CHECK_EQ(submit(&held, NULL), 0);
    CHECK_EQ(submit(&job, NULL), 0);
    xie_fault_plan.kinds = 0;
    store(&held.go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    CHECK_EQ(job.disposed, 1);
    return 0;
}

static void outside_a_task(void)
{
    struct job job = {.go = 1};
    make(1, 0);
    CHECK_EQ(xie_pool_submit(pool, work, &job, dispose, NULL), -EPERM);
    CHECK_EQ(job.disposed, 0);
    CHECK_EQ(run_task(&job), -EPERM);
    CHECK_EQ(job.disposed, 1);
    CHECK(!job.started);
    xie_pool_close(pool, XIE_POOL_DRAIN);
}

/* No limit that can be given makes it full at once. */
static void the_largest_limit_is_no_small_one(void)
{
    struct job jobs[8] = {{.go = 0}};
    make(1, SIZE_MAX);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(submit(&jobs[i], NULL), 0);
    for (int i = 0; i < 8; i++)
        store(&jobs[i].go, 1);
    xie_pool_close(pool, XIE_POOL_DRAIN);
    for (int i = 0; i < 8; i++)
        CHECK(jobs[i].ended);
}

/* --- in an object that is closed ---------------------------------------------------------------
 */

struct object {
    struct xie_gate gate;
    struct job job;
    int left, finished;
};

static struct object object;

static void object_finish(struct xie_gate *gate)
{
    XIE_CONTAINER(gate, struct object, gate)->finished++;
}

static int in_object(void *arg)
{
    struct object *self = arg;
    int error = xie_gate_enter(&self->gate, XIE_READING);
    if (error)
        return error;
    int result = xie_file_job(work, &self->job, "in_object");
    CHECK(load(&self->job.ended)); /* it has our frame */
    self->left++;
    return (int)xie_gate_leave(&self->gate, XIE_READING, result);
}

static int close_object(void *arg)
{
    struct object *self = arg;
    xie_gate_close(&self->gate, "close_object", object_finish);
    CHECK_EQ(self->left, 1);
    return 0;
}

IN_TASK(a_job_with_its_callers_frame_is_waited_for_by_a_close)
{
    skip_on_sim();
    for (int cancelled = 0; cancelled < 2; cancelled++) {
        object = (struct object){.job = {.result = 7}};
        struct xie_task *task = xie_spawn(in_object, &object);
        until(&object.job.started);
        if (cancelled)
            xie_task_cancel(task);
        settle();
        struct xie_task *closer = xie_spawn(close_object, &object);
        settle();
        CHECK(!xie_task_done(task) && !xie_task_done(closer) && !object.finished);
        store(&object.job.go, 1);
        CHECK_EQ(xie_join(task), XIE_ECLOSED);
        CHECK_EQ(xie_join(closer), 0);
        CHECK_EQ(object.finished, 1);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"its threads have its name", its_threads_have_its_name},
        {"as many run at once as it has threads", as_many_run_at_once_as_it_has_threads},
        {"the environment sizes the default one", the_environment_sizes_the_default_one},
        {"a size that is none is told", a_size_that_is_none_is_told},
        {"a size beyond the limit is refused", a_size_beyond_the_limit_is_refused},
        {"what exceeds the queue is refused or waits", what_exceeds_the_queue_is_refused_or_waits},
        {"an interrupted wait for room hands nothing over",
         an_interrupted_wait_for_room_hands_nothing_over},
        {"an end before the waiter has left is returned",
         an_end_before_the_waiter_has_left_is_returned},
        {"interrupted as room is made it leaves the queue",
         interrupted_as_room_is_made_it_leaves_the_queue},
        {"a cancelled job makes room", a_cancelled_job_makes_room},
        {"a submitted job promises its result", a_submitted_job_promises_its_result},
        {"cancelled in the queue a job never runs", cancelled_in_the_queue_a_job_never_runs},
        {"a result nobody asks for is disposed of", a_result_nobody_asks_for_is_disposed_of},
        {"an error nobody asks for is told", an_error_nobody_asks_for_is_told},
        {"any thread may submit", any_thread_may_submit},
        {"a cancel and a start race", a_cancel_and_a_start_race},
        {"closing drains the queue", closing_drains_the_queue},
        {"or cancels it", or_cancels_it},
        {"a close waits whatever the scopes say", a_close_waits_whatever_the_scopes_say},
        {"a thread closes it too and its threads are gone",
         a_thread_closes_it_too_and_its_threads_are_gone},
        {"a close that cannot wait aborts", a_close_that_cannot_wait_aborts},
        {"a job with its caller's frame is waited for by a close",
         a_job_with_its_callers_frame_is_waited_for_by_a_close},
        {"on sim a job runs at once", on_sim_a_job_runs_at_once},
        {"no thread or no memory", no_thread_or_no_memory},
        {"outside a task", outside_a_task},
        {"the largest limit is no small one", the_largest_limit_is_no_small_one},
        {0},
    };
    return tap_main(argc, argv, tests);
}
