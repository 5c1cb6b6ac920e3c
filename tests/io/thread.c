/* thread.c - the promises of <xie/thread.h>. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/kit.h"

static void skip_on_sim(void)
{
    if (kit_on("sim"))
        tap_skip("on sim a job runs at once");
}

static int load(const int *value)
{
    return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

static void store(int *value, int number)
{
    __atomic_store_n(value, number, __ATOMIC_SEQ_CST);
}

/* A job that waits until it may go on. */
struct job {
    int started, go, ended, disposed;
    pthread_t thread, disposer;
    int result;
};

static int work(void *arg)
{
    struct job *job = arg;
    job->thread = pthread_self();
    store(&job->started, 1);
    while (!load(&job->go))
        usleep(500);
    store(&job->ended, 1);
    return job->result;
}

static void dispose(void *arg)
{
    struct job *job = arg;
    job->disposer = pthread_self();
    store(&job->disposed, job->disposed + 1);
}

static int hand_over(void *arg)
{
    return xie_to_thread(work, arg, dispose);
}

static int hand_over_and_stay(void *arg)
{
    return xie_to_thread(work, arg, NULL);
}

/* Let the loop run until the flag is set. */
static void until(const int *flag)
{
    while (!load(flag))
        xie_sleep(XIE_MILLISECOND);
}

/* --- what is returned ---------------------------------------------------------------------------
 */

static int add_one(void *arg)
{
    return ++*(int *)arg;
}

IN_TASK(it_returns_what_the_function_returned)
{
    int number = 41;
    CHECK_EQ(xie_to_thread(add_one, &number, NULL), 42);
    CHECK_EQ(number, 42);
    number = -10;
    CHECK_EQ(xie_to_thread(add_one, &number, dispose), -9); /* dispose is not called */
    return 0;
}

IN_TASK(it_runs_on_another_thread_and_others_go_on)
{
    struct job job = {.result = 7};
    skip_on_sim();
    struct xie_task *task = xie_spawn(hand_over, &job);
    until(&job.started); /* we run while it waits */
    CHECK(!pthread_equal(job.thread, pthread_self()));
    CHECK(!xie_task_done(task));
    store(&job.go, 1);
    CHECK_EQ(xie_join(task), 7);
    CHECK_EQ(job.disposed, 0);
    return 0;
}

static int self_on_sim(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return 5;
}

IN_TASK(on_sim_it_runs_on_the_callers_thread)
{
    pthread_t thread;
    if (!kit_on("sim"))
        tap_skip("not sim");
    CHECK_EQ(xie_to_thread(self_on_sim, &thread, NULL), 5);
    CHECK(pthread_equal(thread, pthread_self()));
    return 0;
}

static void *end_at_once(void *id)
{
    *(pid_t *)id = gettid();
    return NULL;
}

/* Joined is not yet gone: the kernel counts it a little longer. */
static void thread_of_the_test(void)
{
    pthread_t thread;
    pid_t id = 0;
    char path[64];
    CHECK_EQ(pthread_create(&thread, NULL, end_at_once, &id), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    snprintf(path, sizeof path, "/proc/self/task/%d", (int)id);
    while (access(path, F_OK) == 0)
        xie_sleep(XIE_MILLISECOND);
}

static int threads_of_this_process(void)
{
    char text[4096], *line;
    FILE *file = fopen("/proc/self/status", "re");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[len] = 0;
    line = strstr(text, "Threads:");
    return line ? atoi(line + strlen("Threads:")) : 0;
}

IN_TASK(four_threads_made_when_needed_first_come_first_served)
{
    enum { COUNT = 10 };
    struct job jobs[COUNT] = {0};
    struct xie_task *tasks[COUNT];
    int number = 0;
    skip_on_sim();
    thread_of_the_test(); /* under TSan the first brings one of its own */
    int before = threads_of_this_process();
    CHECK_EQ(xie_to_thread(add_one, &number, NULL), 1);
    CHECK_EQ(threads_of_this_process(), before + 1);
    CHECK_EQ(xie_to_thread(add_one, &number, NULL), 2); /* the idle one takes it */
    CHECK_EQ(threads_of_this_process(), before + 1);
    for (int i = 0; i < COUNT; i++)
        tasks[i] = xie_spawn(hand_over, &jobs[i]);
    for (int i = 0; i < 4; i++)
        until(&jobs[i].started);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK_EQ(threads_of_this_process(), before + 4);
    for (int i = 4; i < COUNT; i++) {
        CHECK(!load(&jobs[i].started));
        store(&jobs[i - 4].go, 1);
        until(&jobs[i].started); /* the next, and no later one */
    }
    for (int i = 0; i < COUNT; i++) {
        store(&jobs[i].go, 1);
        CHECK_EQ(xie_join(tasks[i]), 0);
    }
    CHECK_EQ(threads_of_this_process(), before + 4); /* kept */
    return 0;
}

static int all_blocked(void *arg)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM, SIGPIPE};
    sigset_t set;
    (void)arg;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!sigismember(&set, numbers[i]))
            return numbers[i];
    return 0;
}

IN_TASK(signals_are_blocked_in_them)
{
    sigset_t set;
    skip_on_sim();
    CHECK_EQ(xie_to_thread(all_blocked, NULL, NULL), 0);
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    CHECK(!sigismember(&set, SIGTERM)); /* and not in ours */
    return 0;
}

static int add_elsewhere(void *arg)
{
    return xie_to_thread(add_one, arg, NULL);
}

IN_TASK(many_jobs_at_once)
{
    enum { COUNT = 500 };
    static int numbers[COUNT];
    XIE_GROUP(group) {
        for (int i = 0; i < COUNT; i++)
            xie_group_spawn(&group, add_elsewhere, &numbers[i]);
        CHECK_EQ(xie_group_wait(&group), 0);
    }
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(numbers[i], 1);
    return 0;
}

/* --- interruption ------------------------------------------------------------------- */

IN_TASK(cancelled_while_it_runs_the_waiter_leaves)
{
    static struct job job; /* outlives the waiter */
    skip_on_sim();
    struct xie_task *task = xie_spawn(hand_over, &job);
    until(&job.started);
    xie_task_cancel(task);
    CHECK_EQ(xie_join(task), -ECANCELED);
    CHECK(!load(&job.ended) && !load(&job.disposed));
    store(&job.go, 1);
    until(&job.disposed);
    CHECK(job.ended);
    CHECK(pthread_equal(job.disposer, job.thread)); /* on the pool's thread */
    int number = 0;                                 /* its thread is free again */
    CHECK_EQ(xie_to_thread(add_one, &number, NULL), 1);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK_EQ(job.disposed, 1);
    return 0;
}

IN_TASK(without_dispose_the_waiter_stays)
{
    struct job job = {.result = 9};
    skip_on_sim();
    struct xie_task *task = xie_spawn(hand_over_and_stay, &job);
    until(&job.started);
    xie_task_cancel(task);
    xie_sleep(5 * XIE_MILLISECOND);
    CHECK(!xie_task_done(task));
    store(&job.go, 1);
    CHECK_EQ(xie_join(task), 9);
    return 0;
}

/* Fill the pool; what is handed over next waits in the queue. */
static void fill(struct job jobs[4], struct xie_task *tasks[4])
{
    for (int i = 0; i < 4; i++) {
        jobs[i] = (struct job){0};
        tasks[i] = xie_spawn(hand_over_and_stay, &jobs[i]);
    }
    for (int i = 0; i < 4; i++)
        until(&jobs[i].started);
}

static void empty(struct job jobs[4], struct xie_task *tasks[4])
{
    for (int i = 0; i < 4; i++)
        store(&jobs[i].go, 1);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(xie_join(tasks[i]), 0);
}

IN_TASK(cancelled_in_the_queue_it_never_runs)
{
    struct job jobs[4], queued[3] = {0};
    struct xie_task *tasks[4], *waiting[3];
    skip_on_sim();
    fill(jobs, tasks);
    waiting[0] = xie_spawn(hand_over, &queued[0]);
    waiting[1] = xie_spawn(hand_over_and_stay, &queued[1]);
    waiting[2] = xie_spawn(hand_over, &queued[2]); /* goes on standing there */
    xie_sleep(5 * XIE_MILLISECOND);
    xie_task_cancel(waiting[1]);
    xie_task_cancel(waiting[0]);
    CHECK_EQ(xie_join(waiting[0]), -ECANCELED);
    CHECK_EQ(xie_join(waiting[1]), -ECANCELED); /* at once: nobody uses its arg */
    CHECK_EQ(queued[0].disposed, 1);
    CHECK(pthread_equal(queued[0].disposer, pthread_self()));
    store(&queued[2].go, 1);
    empty(jobs, tasks);
    CHECK_EQ(xie_join(waiting[2]), 0);
    CHECK(!queued[0].started && !queued[1].started);
    CHECK(queued[2].ended && !queued[2].disposed);
    return 0;
}

IN_TASK(the_last_in_the_queue_may_leave_too)
{
    struct job jobs[4], queued[2] = {{0}, {.go = 1}};
    struct xie_task *tasks[4];
    skip_on_sim();
    fill(jobs, tasks);
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        CHECK_EQ(hand_over(&queued[0]), -ETIMEDOUT);
    CHECK_EQ(queued[0].disposed, 1);
    struct xie_task *next = xie_spawn(hand_over, &queued[1]); /* the queue's end is sound */
    xie_sleep(XIE_MILLISECOND);
    empty(jobs, tasks);
    CHECK_EQ(xie_join(next), 0);
    return 0;
}

/* Its end and the cancellation come together, in any order: one of both outcomes, whole. */
IN_TASK(an_end_and_a_cancellation_race)
{
    int left = 0, stayed = 0;
    skip_on_sim();
    for (int i = 0; i < 300; i++) {
        static struct job job;
        job = (struct job){.result = 3};
        struct xie_task *task = xie_spawn(hand_over, &job);
        until(&job.started);
        store(&job.go, 1);
        for (int spin = 0; spin < i * 5; spin++)
            (void)load(&job.go);
        xie_task_cancel(task);
        int result = xie_join(task);
        CHECK(result == 3 || result == -ECANCELED);
        if (result == 3) {
            CHECK_EQ(load(&job.disposed), 0);
            stayed++;
        } else {
            until(&job.disposed);
            left++;
        }
    }
    CHECK_EQ(left + stayed, 300);
    return 0;
}

IN_TASK(in_a_triggered_scope_it_does_not_run)
{
    struct job job = {.go = 1};
    XIE_TIMEOUT(-1) {
        CHECK_EQ(hand_over(&job), -ETIMEDOUT);
        CHECK_EQ(hand_over_and_stay(&job), -ETIMEDOUT);
    }
    CHECK(!job.started);
    CHECK_EQ(job.disposed, 1);
    return 0;
}

/* --- the loop's end ----------------------------------------------------------------- */

static struct job last;

static int leave_one_running(void *arg)
{
    (void)arg;
    if (kit_on("sim"))
        return 1;
    struct xie_task *task = xie_spawn(hand_over, &last);
    until(&last.started);
    xie_detach(task);
    return 0; /* the loop cancels it and ends */
}

static void a_loop_may_end_before_the_job(void)
{
    size_t live = xie_alloc_live();
    int result = xie_run(leave_one_running, NULL);
    if (result == 1)
        tap_skip("on sim a job runs at once");
    CHECK_EQ(result, 0);
    CHECK(!load(&last.ended));
    store(&last.go, 1);
    while (!load(&last.disposed) || xie_alloc_live() != live)
        usleep(1000);
}

/* --- what can fail ------------------------------------------------------------------ */

IN_TASK(no_thread_or_no_memory)
{
    struct job job = {.go = 1};
    if (kit_on("sim"))
        tap_skip("on sim a job runs at once");
    xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(hand_over(&job), -EAGAIN);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_MEMORY, .nth = 1, .error = -ENOMEM};
    CHECK_EQ(hand_over(&job), -ENOMEM);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(job.disposed, 2); /* with every error */
    CHECK(!job.started);
    CHECK_EQ(hand_over(&job), 0);
    CHECK_EQ(job.disposed, 2);
    return 0;
}

static void outside_a_task(void)
{
    struct job job = {.go = 1};
    CHECK_EQ(hand_over(&job), -EPERM);
    CHECK_EQ(job.disposed, 1);
    CHECK(!job.started);
}

static int one_job(void *arg)
{
    (void)arg;
    int number = 1;
    return xie_to_thread(add_one, &number, NULL);
}

#if defined(__SANITIZE_THREAD__)
enum { UNDER_TSAN = 1 };
#elif defined(__has_feature)
enum { UNDER_TSAN = __has_feature(thread_sanitizer) };
#else
enum { UNDER_TSAN = 0 };
#endif

/* A child has none of the pool's threads: it makes its own. */
static void after_a_fork(void)
{
    int status = -1;
    if (UNDER_TSAN)
        tap_skip("TSan allows no threads after a fork");
    CHECK_EQ(xie_run(one_job, NULL), 2);
    pid_t child = fork();
    if (!child)
        _exit(xie_run(one_job, NULL) == 2 ? 0 : 1);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"it_returns_what_the_function_returned", it_returns_what_the_function_returned},
        {"it_runs_on_another_thread_and_others_go_on", it_runs_on_another_thread_and_others_go_on},
        {"on_sim_it_runs_on_the_callers_thread", on_sim_it_runs_on_the_callers_thread},
        {"four_threads_made_when_needed_first_come_first_served",
         four_threads_made_when_needed_first_come_first_served},
        {"signals_are_blocked_in_them", signals_are_blocked_in_them},
        {"many_jobs_at_once", many_jobs_at_once},
        {"cancelled_while_it_runs_the_waiter_leaves", cancelled_while_it_runs_the_waiter_leaves},
        {"without_dispose_the_waiter_stays", without_dispose_the_waiter_stays},
        {"cancelled_in_the_queue_it_never_runs", cancelled_in_the_queue_it_never_runs},
        {"the_last_in_the_queue_may_leave_too", the_last_in_the_queue_may_leave_too},
        {"an_end_and_a_cancellation_race", an_end_and_a_cancellation_race},
        {"in_a_triggered_scope_it_does_not_run", in_a_triggered_scope_it_does_not_run},
        {"a_loop_may_end_before_the_job", a_loop_may_end_before_the_job},
        {"no_thread_or_no_memory", no_thread_or_no_memory},
        {"outside_a_task", outside_a_task},
        {"after_a_fork", after_a_fork},
        {0},
    };
    return tap_main(argc, argv, tests);
}
