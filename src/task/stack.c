/* stack.c - the calls a suspended task is in, told by itself.
 * Floor 3. It is resumed for that and suspended again at once: so unwinding needs no knowledge of
 * saved registers, on any processor. */
/* SPDX-License-Identifier: MIT */
#include <xie/debug.h>

#include "loop/where.h"
#include "task/wait.h"

enum { XIE_FRAMES_MOST = 64 };

struct xie_probe {
    void **frames;
    size_t cap, count;
    struct xie_context *back; /* who asks */
};

__attribute__((noinline, cold)) void xie_task_probed(struct xie_task *self)
{
    struct xie_probe *probe = self->loop->probe;
    self->loop->probe = NULL;
    probe->count = xie_where_get(probe->frames, probe->cap);
    xie_context_switch(&self->context, probe->back);
}

size_t xie_task_get_stack(struct xie_task *task, void **frames, size_t cap)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop || task->loop != loop)
        return 0;
    if (task == loop->current)
        return xie_where_get(frames, cap);
    if (!task->wait) /* not suspended in a wait: perhaps it has not even begun */
        return 0;
    struct xie_probe probe = {frames, cap, 0,
                              loop->current ? &loop->current->context : &loop->context};
    loop->probe = &probe;
    xie_context_switch(probe.back, &task->context);
    return probe.count;
}

void xie_task_print_stack(struct xie_task *task, int fd)
{
    void *frames[XIE_FRAMES_MOST];
    size_t count = xie_task_get_stack(task, frames, XIE_FRAMES_MOST);
    xie_where_write(frames, count, fd);
}
