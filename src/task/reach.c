/* reach.c - the tasks of a loop that lead into a range of addresses, or have a value.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include "task/reach.h"

#include "task/record.h"

struct xie_task *xie_task_next(const struct xie_task *task)
{
    struct xie_loop *loop = xie_loop_current();
    struct xie_link *next = task ? task->link.next : loop ? loop->tasks.next : NULL;
    return !next || next == &loop->tasks ? NULL : XIE_CONTAINER(next, struct xie_task, link);
}

bool xie_task_reaches(const struct xie_task *task, const struct xie_span *span)
{
    return xie_span_has(span, (void *)task->fn) || xie_span_has(span, task->name) ||
           xie_span_has(span, task->where);
}

size_t xie_reach_ended(const struct xie_span *span)
{
    struct xie_loop *loop = xie_loop_current();
    size_t count = 0;
    for (struct xie_link *at = loop->ended.next; at != &loop->ended; at = at->next)
        count += xie_task_reaches(XIE_CONTAINER(at, struct xie_task, link), span);
    return count;
}
