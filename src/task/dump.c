/* dump.c - a line for each task: who it is, where from, what it waits for.
 * Floor 3. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "task/record.h"

static const char *doing(const struct xie_task *task)
{
    if (task == task->loop->current)
        return "runs";
    return task->wait ? task->wait->what : "is ready";
}

void xie_task_dump(int fd)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop)
        return;
    for (struct xie_link *link = loop->tasks.next; link != &loop->tasks; link = link->next) {
        const struct xie_task *task = XIE_CONTAINER(link, struct xie_task, link);
        const char *verb = task->wait ? "waits in " : "";
        const char *state = task->base.effective ? " (cancelled)" : "";
        if (task->wait && task->wait->blocker && *task->wait->blocker)
            dprintf(fd, "task %llu '%s' (spawned at %s) %s%s for task %llu '%s'%s\n",
                    (unsigned long long)task->id, task->name, task->where, verb, doing(task),
                    (unsigned long long)(*task->wait->blocker)->id, (*task->wait->blocker)->name,
                    state);
        else
            dprintf(fd, "task %llu '%s' (spawned at %s) %s%s%s\n", (unsigned long long)task->id,
                    task->name, task->where, verb, doing(task), state);
    }
}
