/* group.h - tasks that end before the block that started them does.
 * Floor 3. The first failure cancels the siblings; nothing outlives the group. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_GROUP_H
#define XIE_GROUP_H

#include <xie/future.h>
#include <xie/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A group: a visible struct in the frame of the task that opened it. */
struct xie_group {
    struct xie_scope scope;   /* around the block and every task of the group */
    struct xie_task *members; /* those that have not ended */
    struct xie_waiters idle;  /* who waits for the last to end */
    size_t count;             /* length of members */
    int error;                /* the first failure */
    bool taken;               /* the failure was given to somebody */
    const char *failed_where; /* who failed: the place of its spawn, */
    char failed_name[40];     /* and its name, copied: it may be gone with the task; cut */
};

/* Open a group; group is uninitialised. Also a scope: calls in the block are cancelled
 * when a member fails. The running task's, who alone waits for it and closes it; outside a task
 * it aborts. */
XIE_API void xie_group_open(struct xie_group *group);

/**
 * Start fn(arg) in the group; it inherits the scopes the group stands in.
 *
 * return  0
 * errors  -ENOMEM; -ECANCELED the group is cancelled: nothing was started
 * note    any task of the loop may spawn into an open group, members included; into a closed
 *         one aborts
 * source  asyncio.TaskGroup.create_task
 */
#define xie_group_spawn(group, fn, arg) \
    xie_group_spawn_at((group), (fn), (arg), NULL, #fn, XIE_HERE)
#define xie_group_spawn_with(group, fn, arg, options) \
    xie_group_spawn_at((group), (fn), (arg), (options), #fn, XIE_HERE)
XIE_API int xie_group_spawn_at(struct xie_group *group, xie_task_fn *fn, void *arg,
                               const struct xie_task_options *options, const char *name,
                               const char *where);

/* Cancel every member, and the waits of the block itself. source TaskGroup.cancel */
XIE_API void xie_group_cancel(struct xie_group *group);

/**
 * Wait until every member has ended and take the first failure.
 *
 * return  0, or what the first member to fail returned. -ECANCELED from a member of a
 *         cancelled group is no failure; another that fails after the first is reported on stderr
 * errors  -ECANCELED -ETIMEDOUT of a scope outside: the members are cancelled and were
 *         waited for all the same. (A scope opened inside the group ends the wait alone:
 *         the members run on.)
 *         XIE_EDEADLOCK a member waits for the caller, directly or in a circle (named on
 *         stderr): the members were cancelled and waited for
 * note    may be called again after more was spawned
 */
XIE_API int xie_group_wait(struct xie_group *group);

/* End the group: waits as xie_group_wait does, then closes it. A failure that nobody took
 * is reported on stderr with the member's name and place of spawn. */
XIE_API int xie_group_close(struct xie_group *group);

/* For XIE_GROUP. */
XIE_API struct xie_group *xie_group_open_block(struct xie_group *group);
XIE_API void xie_group_close_block(struct xie_group *group);

/* A block that ends when the tasks spawned into `name` have ended; leaving it by any road
 * waits for them. To take their failure: `return xie_group_wait(&name);` as its last line. */
#define XIE_GROUP(name)                                                         \
    for (struct xie_group name __attribute__((cleanup(xie_group_close_block))), \
         *XIE_JOIN_(xie_once_, __LINE__) = xie_group_open_block(&name);         \
         XIE_JOIN_(xie_once_, __LINE__); XIE_JOIN_(xie_once_, __LINE__) = NULL)

#ifdef __cplusplus
}
#endif
#endif
