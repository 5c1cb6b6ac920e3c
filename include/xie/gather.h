/* gather.h - waiting for several tasks: all of them, the first, each as it ends.
 * Floor 3. A task that waits for itself through any of these is an error that names the circle. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_GATHER_H
#define XIE_GATHER_H

#include <xie/future.h>
#include <xie/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Wait until all of count tasks have ended, take their results, give the handles back.
 *
 * tasks    handles, owned by this call when it returns 0 or a task's error; NULL entries
 *          count as failed with -ENOMEM. While it waits nobody else may join or detach them
 * results  receives each task's result; may be NULL
 * return   0 when every result is >= 0, else the first failure in the array's order
 *          (all have been waited for)
 * errors   XIE_EDEADLOCK a task waits for the caller, as in xie_join; -EPERM outside a task:
 *          then the handles are still the caller's, results untouched
 * note     interrupted by its scope it cancels the tasks and joins them all, then returns
 *          the scope's error: nothing is left running
 * cost     no allocation; the caller is resumed once
 * source   asyncio.gather(return_exceptions=True)
 */
XIE_API int xie_gather(struct xie_task *const *tasks, size_t count, int *results);

/**
 * As xie_gather, but the first failure cancels the others.
 *
 * return  0 when every result is >= 0, else the first failure in time; nothing is left running
 * source  asyncio.gather (which leaves the others running)
 */
XIE_API int xie_gather_or_cancel(struct xie_task *const *tasks, size_t count, int *results);

enum xie_wait_until {
    XIE_FIRST_DONE,  /* at least one has ended */
    XIE_FIRST_ERROR, /* one has ended with an error, or all have ended */
    XIE_ALL_DONE
};

/**
 * Wait for several tasks, keeping the handles. Others may wait for the same tasks, and join
 * those that have ended.
 *
 * return  how many have ended, 0 for count 0; ask each by xie_task_done. NULL entries count
 *         as ended, with an error
 * errors  -ECANCELED -ETIMEDOUT -ENOMEM; XIE_EDEADLOCK as in xie_join, for the first of
 *         several only if none could end before the caller. The handles stay as they are
 * cost    one allocation, unless there is nothing to wait for
 * source  asyncio.wait
 */
XIE_API int xie_wait_tasks(struct xie_task *const *tasks, size_t count, enum xie_wait_until until);

struct xie_watched;

/* Goes over tasks in the order in which they end: a visible struct in the caller's frame. Its
 * fields are the library's. */
struct xie_as_completed {
    struct xie_watched *watched; /* one for each task */
    size_t count;
    size_t given;              /* how many next has given out */
    struct xie_watched *ended; /* those it has not, in the order of their ends */
    struct xie_watched **tail;
    struct xie_waiters waiting;
};

/**
 * Begin to go over count tasks in the order in which they end.
 *
 * over    caller's storage, uninitialised; close it when 0 was returned
 * tasks   handles, which stay the caller's; the array is not needed after this call
 * errors  -ENOMEM
 * cost    one allocation
 * source  asyncio.as_completed
 */
XIE_API int xie_as_completed_open(struct xie_as_completed *over, struct xie_task *const *tasks,
                                  size_t count);

/**
 * Wait for the next task to end.
 *
 * index   receives its place in the array; untouched unless 1 is returned. Its handle is still
 *         the caller's: xie_join takes the result without waiting. NULL entries come first
 * return  1 a task has ended; 0 all have been given out
 * errors  -ECANCELED -ETIMEDOUT: no end is lost, the next call goes on; XIE_EDEADLOCK when each
 *         of those left waits for the caller
 * note    any task of the loop may call it; each end is given out once
 */
XIE_API int xie_as_completed_next(struct xie_as_completed *over, size_t *index);

/* Stop, at any time. The tasks are not touched. Closing while another task is in next aborts. */
XIE_API void xie_as_completed_close(struct xie_as_completed *over);

#ifdef __cplusplus
}
#endif
#endif
