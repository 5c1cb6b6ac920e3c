/* reach.h - the tasks of a loop that lead into a range of addresses, or have a value.
 * Floor 3. For who takes code out of memory. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TASK_REACH_H
#define XIE_TASK_REACH_H

#include <stddef.h>
#include <xie/local.h>
#include <xie/task.h>

#include "base/span.h"

/* Those that have not ended, the oldest first, from behind one (NULL: the first). NULL: no more, or
 * no loop in this thread. */
XIE_API struct xie_task *xie_task_next(const struct xie_task *task);
/* xie_local_get of another task of this loop. Async-signal-safe, for the thread's own. */
XIE_API void *xie_task_local(const struct xie_task *task, const struct xie_local_key *key);
/* Just spawned, it shall have none of the values that it inherited: for a task that serves many, be
 * it that one of them happened to need it first. NULL is ignored. */
XIE_API void xie_task_disinherit(struct xie_task *task);
/* Does its function, its name or the place of its spawn lie there? */
XIE_API bool xie_task_reaches(const struct xie_task *task, const struct xie_span *span);

/* How many of this thread's loop have ended, but nobody has given back their handle. */
size_t xie_reach_ended(const struct xie_span *span);

#endif
