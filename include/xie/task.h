/* task.h - a function that runs by itself and may wait.
 * Floor 3. A call that waits suspends its task and returns its value; others go on. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TASK_H
#define XIE_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A task; opaque, lives at the top of its own stack. A handle from xie_spawn is owned:
 * joined or detached, once. Tasks stay on the thread and loop they were made on. */
struct xie_task;

/* Returns >= 0, or a negative error. */
typedef int xie_task_fn(void *arg);

/* How to make a task; zero is the default of each. */
struct xie_task_options {
    const char *name;  /* borrowed for the task's life; default: the function's name */
    size_t stack_size; /* bytes, rounded up; 0: the loop's; least 16 KiB; above 1 GiB none is to
                          be had */
    bool eager;        /* runs at once, up to its first wait, before the spawn returns; from a
                          callback, where nothing can be suspended, it starts as any other */
    const struct xie_task *context; /* whose values (xie/local.h) it inherits; default: the
                                       spawner's. One of this loop, not yet given back */
};

/**
 * Start fn(arg) as a task of this thread's loop; it first runs when this task waits.
 *
 * arg     borrowed until the task ends
 * return  a handle, owned: xie_join or xie_detach it, once. NULL when no stack can be
 *         had, or in a thread without a loop (which is said on stderr). Joining NULL
 *         returns -ENOMEM, so one check at the join is enough
 * note    it belongs to the loop, not to the spawner's scopes: for tasks that must not
 *         outlive a block use xie_group_spawn
 * cost    a stack from the pool: one page of memory, no system call when warm
 * source  asyncio.create_task
 */
#define xie_spawn(fn, arg) xie_spawn_at((fn), (arg), NULL, #fn, XIE_HERE)
#define xie_spawn_with(fn, arg, options) xie_spawn_at((fn), (arg), (options), #fn, XIE_HERE)
XIE_API struct xie_task *xie_spawn_at(xie_task_fn *fn, void *arg,
                                      const struct xie_task_options *options, const char *name,
                                      const char *where);

/**
 * Wait until the task has ended, take its result and give the handle back.
 *
 * return  what its function returned
 * errors  -ECANCELED -ETIMEDOUT of the caller's own scope: then the handle is still
 *         owned. Tell them apart by xie_task_done. XIE_EDEADLOCK the task waits for the
 *         caller, directly or in a circle (the circle is named on stderr); -ENOMEM NULL
 * source  await task
 */
XIE_API int xie_join(struct xie_task *task);

/* Give the handle back without waiting. If the task fails, now or later, that is
 * reported on stderr with its name and the place of its spawn. NULL is allowed. */
XIE_API void xie_detach(struct xie_task *task);

/**
 * Wait until the task has ended, keeping the handle: any number of tasks may wait for one, and
 * all get its result, though its owner gives the handle back as soon as it has ended.
 *
 * result  receives what its function returned; may be NULL; untouched on error
 * return  0
 * errors  as xie_join. An interrupted wait leaves the task alone: it goes on
 * source  await task by several; await asyncio.shield(task)
 */
XIE_API int xie_task_wait(struct xie_task *task, int *result);

/* True when its function has returned. source asyncio Task.done */
XIE_API bool xie_task_done(const struct xie_task *task);

/* What its function returned, a negative error included; -EBUSY while it runs.
 * source asyncio Task.result, Task.exception */
XIE_API int xie_task_result(const struct xie_task *task);

/* Cancel the task: every wait in it returns -ECANCELED from now on, but for shields. One
 * that has not started yet still runs, up to its first wait and through its clean-up, so that
 * what was handed to it by arg is never forgotten. Idempotent; NULL and ended tasks are
 * ignored. source asyncio Task.cancel */
XIE_API void xie_task_cancel(struct xie_task *task);

/* True after xie_task_cancel. source asyncio Task.cancelling */
XIE_API bool xie_task_cancelled(const struct xie_task *task);

/* The running task, NULL outside one (in a callback). source asyncio.current_task */
XIE_API struct xie_task *xie_task_current(void);

/* Its name, "?" for NULL. Borrowed for the task's life. source asyncio Task.get_name */
XIE_API const char *xie_task_name(const struct xie_task *task);
/* Rename it; name is borrowed for the task's life. NULL is ignored.
 * source asyncio Task.set_name */
XIE_API void xie_task_set_name(struct xie_task *task, const char *name);

/* "file:line" of its spawn, "?" for NULL. */
XIE_API const char *xie_task_where(const struct xie_task *task);

/* How many tasks of this thread's loop have not ended. source len(asyncio.all_tasks) */
XIE_API size_t xie_task_count(void);

/**
 * The tasks of this thread's loop that have not ended, oldest first.
 *
 * tasks   receives up to cap of them: no handles, they are good until this task waits; may be
 *         NULL when cap is 0
 * return  how many there are, as xie_task_count
 * source  asyncio.all_tasks
 */
XIE_API size_t xie_all_tasks(struct xie_task **tasks, size_t cap);

/**
 * Wait; never returns early. 0 or less lets every ready task run once.
 *
 * return  0
 * errors  -ECANCELED -ETIMEDOUT
 * cost    one timer; with 0 one pass through the ready queue
 * source  asyncio.sleep
 */
XIE_API int xie_sleep(int64_t delay_ns);
/* Wait until an absolute time of xie_now(). XIE_NEVER waits to be cancelled. */
XIE_API int xie_sleep_until(int64_t when);

/**
 * -ECANCELED or -ETIMEDOUT when a scope around the caller has triggered, else 0: for long
 * computations between waits. Does not suspend.
 */
XIE_API int xie_check(void);

#ifdef __cplusplus
}
#endif
#endif
