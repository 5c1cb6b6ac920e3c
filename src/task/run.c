/* run.c - a program: a loop, its main task, and the end of both.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "task/record.h"

enum { XIE_LATE_SECONDS = 10 };

/* --- the first Ctrl-C cancels the main task ------------------------------------------------------
 */

/* The loop that hears of SIGINT: the first to run with nobody else handling it. */
static struct xie_loop *interrupt_loop;

static void on_sigint(int number)
{
    int saved = errno;
    struct xie_loop *loop = __atomic_load_n(&interrupt_loop, __ATOMIC_ACQUIRE);
    signal(number, SIG_DFL); /* the second one kills */
    if (loop) {
        __atomic_store_n(&loop->interrupted, true, __ATOMIC_RELEASE);
        loop->backend->wake(loop);
    }
    errno = saved;
}

static void cancel_main(struct xie_loop *loop)
{
    xie_task_cancel(loop->main);
}

static bool sigint_catch(struct xie_loop *loop)
{
    struct sigaction now, ours = {.sa_handler = on_sigint, .sa_flags = SA_RESTART | SA_ONSTACK};
    struct xie_loop *none = NULL;
    loop->on_interrupt = cancel_main;
    if (sigaction(SIGINT, NULL, &now) || now.sa_handler != SIG_DFL)
        return false;
    if (!__atomic_compare_exchange_n(&interrupt_loop, &none, loop, false, __ATOMIC_RELEASE,
                                     __ATOMIC_RELAXED))
        return false;
    sigaction(SIGINT, &ours, NULL);
    return true;
}

static void sigint_release(void)
{
    struct sigaction now;
    if (!sigaction(SIGINT, NULL, &now) && now.sa_handler == on_sigint)
        signal(SIGINT, SIG_DFL);
    __atomic_store_n(&interrupt_loop, NULL, __ATOMIC_RELEASE);
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

/* After the end of main: what is behind a shield may go on, but not unnoticed. */
static void name_the_late(void *arg)
{
    (void)arg;
    xie_report("main has ended and every task is cancelled; after %d s these still run:",
               XIE_LATE_SECONDS);
    xie_task_dump(STDERR_FILENO);
}

/* Run until main has ended, then cancel the others and run until they have ended too; only then
 * end what no task holds, so that their clean-up could still use it. */
static int run_to_end(struct xie_loop *loop)
{
    struct xie_call late = {0};
    int error = xie_loop_turns(loop, main_ended);
    if (error) {
        xie_report("the loop cannot go on: %s. Its tasks:", xie_strerror(error));
        xie_task_dump(STDERR_FILENO);
    }
    xie_scope_cancel(loop->root);
    if (loop->task_count)
        xie_call_later(&late, XIE_LATE_SECONDS * XIE_SECOND, name_the_late, NULL);
    int later = xie_loop_turns(loop, tasks_ended);
    loop->ending = true;
    if (loop->on_end)
        loop->on_end(loop);
    if (!later)
        later = xie_loop_turns(loop, all_ended);
    /* What other threads called meanwhile still runs, and what it spawns. */
    xie_loop_refuse(loop);
    if (!later)
        later = xie_loop_turns(loop, all_ended);
    xie_call_cancel(&late);
    if (later)
        xie_misuse("tasks do not end although they are cancelled: %s", xie_strerror(later));
    return error;
}

/* Handles that nobody gave back: their tasks have ended, and this is the end of the loop. */
static void dispose_ended(struct xie_loop *loop)
{
    while (!xie_list_empty(&loop->ended)) {
        struct xie_task *task = XIE_CONTAINER(loop->ended.next, struct xie_task, link);
        if (task->result < 0 && task->result != task->base.effective)
            xie_task_report(task->name, task->where, task->result);
        xie_task_dispose(task);
    }
}

int xie_run_with(const struct xie_loop_options *options, int (*main_fn)(void *arg), void *arg)
{
    struct xie_scope root;
    if (xie_loop_current())
        return -EBUSY;
    struct xie_loop *loop = xie_alloc_zero(sizeof *loop);
    if (!loop)
        return -ENOMEM;
    int result = xie_loop_open(loop, options);
    if (result)
        goto free_loop;

    __atomic_store_n(&xie_misuse_who, who_runs, __ATOMIC_RELAXED); /* loops in several threads */
    xie_scope_link(&root, NULL, NULL, false);
    loop->root = &root;
    struct xie_task *task = xie_task_make(loop, main_fn, arg, NULL, "main", "xie_run", &root, NULL);
    if (task) {
        task->owned = true;
        loop->main = task;
        bool caught = sigint_catch(loop);
        int error = run_to_end(loop);
        if (caught)
            sigint_release();
        result = error ? error : task->result;
        task->owned = false;
        xie_task_dispose(task);
        dispose_ended(loop);
    } else {
        result = -ENOMEM;
    }
    xie_loop_close(loop);
free_loop:
    xie_release(loop);
    return result;
}

int xie_run(int (*main_fn)(void *arg), void *arg)
{
    return xie_run_with(NULL, main_fn, arg);
}
