/* run.c - a program: a loop, its main task, and the end of both.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <xie/inspect.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "task/wait.h"

enum { XIE_LATE_SECONDS = 10 };

/* --- the first Ctrl-C cancels the main task ------------------------------------------------------
 */

/* The loop that hears of SIGINT: the first to run with nobody else handling it. */
static struct xie_loop *interrupt_loop;
static unsigned interrupting; /* handlers that run at this moment, on any thread */

static void on_sigint(int number)
{
    int saved = errno;
    __atomic_add_fetch(&interrupting, 1, __ATOMIC_SEQ_CST);
    struct xie_loop *loop = __atomic_load_n(&interrupt_loop, __ATOMIC_SEQ_CST);
    signal(number, SIG_DFL); /* the second one kills */
    if (loop) {
        __atomic_store_n(&loop->interrupted, true, __ATOMIC_RELEASE);
        loop->backend->wake(loop);
    } else {
        raise(number); /* nobody's: somebody put us back who had us from a run that is over */
    }
    __atomic_sub_fetch(&interrupting, 1, __ATOMIC_SEQ_CST);
    errno = saved;
}

static void cancel_main(struct xie_loop *loop)
{
    xie_task_cancel(loop->main);
}

/* The child of a fork that goes on in our code has no loop to interrupt: SIGINT ends it. */
static void sigint_forget(void)
{
    struct sigaction now;
    if (!sigaction(SIGINT, NULL, &now) && now.sa_handler == on_sigint)
        signal(SIGINT, SIG_DFL);
    interrupt_loop = NULL;
    interrupting = 0; /* of threads that are not here */
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, sigint_forget);
}

static bool sigint_catch(struct xie_loop *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sigaction now, ours = {.sa_handler = on_sigint, .sa_flags = SA_RESTART | SA_ONSTACK};
    struct xie_loop *none = NULL;
    pthread_once(&once, watch_forks);
    loop->on_interrupt = cancel_main;
    if (sigaction(SIGINT, NULL, &now) || (now.sa_handler != SIG_DFL && now.sa_handler != on_sigint))
        return false;
    if (!__atomic_compare_exchange_n(&interrupt_loop, &none, loop, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_RELAXED))
        return false;
    sigaction(SIGINT, &ours, NULL);
    return true;
}

/* A handler on another thread may still hold the loop; it does not for long. */
static void sigint_release(void)
{
    struct sigaction now;
    if (!sigaction(SIGINT, NULL, &now) && now.sa_handler == on_sigint)
        signal(SIGINT, SIG_DFL);
    __atomic_store_n(&interrupt_loop, NULL, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&interrupting, __ATOMIC_SEQ_CST))
        sched_yield();
}

/* --- running ------------------------------------------------------------------------ */

static const char *who_runs(void)
{
    struct xie_task *self = xie_task_current();
    return self ? self->name : NULL;
}

static bool main_ended(struct xie_loop *loop)
{
    return loop->main->done;
}

static bool tasks_ended(struct xie_loop *loop)
{
    return !loop->task_count;
}

static bool all_ended(struct xie_loop *loop)
{
    return !loop->task_count && !loop->pending && xie_list_empty(&loop->transports);
}

/* A turn may end before all that is ready has run. */
static bool all_run(struct xie_loop *loop)
{
    return all_ended(loop) && xie_calls_only(loop);
}

static void turns_or_abort(struct xie_loop *loop, bool (*ended)(struct xie_loop *loop))
{
    int error = xie_loop_turns(loop, ended);
    if (error)
        xie_misuse("tasks do not end although they are cancelled: %s", xie_strerror(error));
}

/* Run until main has ended. What keeps the loop from going on cancels everything. */
static int run_main(struct xie_loop *loop)
{
    int error = xie_loop_turns(loop, main_ended);
    if (!error)
        return 0;
    if (error == XIE_EDEADLOCK)
        xie_report("the loop cannot go on, a deadlock: every task waits, and nothing is under way "
                   "that could wake one. Its tasks:");
    else
        xie_report("the loop cannot go on: %s. Its tasks:", xie_strerror(error));
    xie_print_call_graph(NULL, STDERR_FILENO);
    xie_circles_report(loop);
    xie_scope_cancel(loop->root);
    turns_or_abort(loop, main_ended);
    return error;
}

/* What is behind a shield may go on, but not unnoticed. */
static void name_the_late(void *arg)
{
    (void)arg;
    xie_report("main has ended and every task is cancelled; after %d s these still run:",
               XIE_LATE_SECONDS);
    xie_print_call_graph(NULL, STDERR_FILENO);
}

/* Cancel what still runs, and run until it has ended; only then end what no task holds, so that
 * their clean-up could still use it. */
static void end_all(struct xie_loop *loop)
{
    struct xie_call late = {0};
    xie_scope_cancel(loop->root);
    if (loop->task_count)
        xie_call_later(&late, XIE_LATE_SECONDS * XIE_SECOND, name_the_late, NULL);
    turns_or_abort(loop, tasks_ended);
    loop->ending = true;
    if (loop->on_end)
        loop->on_end(loop);
    turns_or_abort(loop, all_ended);
    /* What other threads called meanwhile still runs, and what it spawns. */
    xie_loop_refuse(loop);
    turns_or_abort(loop, all_run);
    xie_call_cancel(&late);
}

/* Handles that nobody gave back: their tasks have ended, and this is the end of the loop. */
static void dispose_ended(struct xie_loop *loop)
{
    while (!xie_list_empty(&loop->ended)) {
        struct xie_task *task = XIE_CONTAINER(loop->ended.next, struct xie_task, link);
        if (xie_task_failed(task))
            xie_task_report(task->name, task->where, task->result);
        else if (loop->watch)
            xie_tell(task->name, task->where, 0,
                     "task '%s' (spawned at %s) was neither joined nor detached", task->name,
                     task->where);
        xie_task_dispose(task);
    }
}

/* --- several runs on one loop ------------------------------------------------------- */

struct xie_runner {
    struct xie_loop *loop; /* counted: other threads may hold it beyond its end */
    struct xie_scope root;
    struct xie_task *last; /* the main task of the last run: others may still look at it */
};

static void forget_last(struct xie_runner *runner)
{
    if (runner->last)
        xie_task_dispose(runner->last);
    runner->last = NULL;
}

int xie_runner_open(struct xie_runner **runner, const struct xie_loop_options *options)
{
    if (xie_loop_current())
        return -EBUSY;
    struct xie_runner *self = xie_alloc_zero(sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = xie_alloc_zero(sizeof *self->loop);
    int error = self->loop ? xie_loop_open(self->loop, options) : -ENOMEM;
    if (error) {
        xie_release(self->loop);
        xie_release(self);
        return error;
    }
    __atomic_store_n(&xie_misuse_who, who_runs, __ATOMIC_RELAXED); /* loops in several threads */
    self->loop->inspect = &xie_inspect;
    xie_scope_link(&self->root, NULL, NULL, false);
    self->loop->root = &self->root;
    *runner = self;
    return 0;
}

int xie_runner_run(struct xie_runner *runner, int (*main_fn)(void *arg), void *arg)
{
    struct xie_loop *loop = runner->loop;
    if (loop != xie_loop_current())
        xie_misuse("xie_runner_run in another thread than xie_runner_open");
    if (loop->main)
        return -EBUSY;
    struct xie_task *task =
        xie_task_make(loop, main_fn, arg, NULL, "main", "xie_run", loop->root, NULL);
    forget_last(runner);
    if (!task)
        return -ENOMEM;
    task->owned = true;
    loop->main = task;
    xie_task_start(task, NULL);
    bool caught = sigint_catch(loop);
    int error = run_main(loop);
    if (caught)
        sigint_release();
    int result = error ? error : task->result;
    loop->main = NULL;
    runner->last = task;
    return result;
}

struct xie_loop *xie_runner_loop(struct xie_runner *runner)
{
    return runner->loop;
}

void xie_runner_close(struct xie_runner *runner)
{
    if (!runner)
        return;
    struct xie_loop *loop = runner->loop;
    if (loop->backend == &xie_backend_dead)
        loop->backend->close(loop); /* in a child made by fork: says so, and aborts */
    if (loop != xie_loop_current() || loop->main)
        xie_misuse("xie_runner_close %s",
                   loop->main ? "from within its run" : "in another thread than its open");
    end_all(loop);
    forget_last(runner);
    dispose_ended(loop);
    xie_loop_close(loop);
    xie_loop_unref(loop);
    xie_release(runner);
}

int xie_run_with(const struct xie_loop_options *options, int (*main_fn)(void *arg), void *arg)
{
    struct xie_runner *runner;
    int error = xie_runner_open(&runner, options);
    if (error)
        return error;
    int result = xie_runner_run(runner, main_fn, arg);
    xie_runner_close(runner);
    return result;
}

int xie_run(int (*main_fn)(void *arg), void *arg)
{
    return xie_run_with(NULL, main_fn, arg);
}
