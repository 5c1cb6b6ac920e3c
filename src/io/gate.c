/* gate.c - entering, leaving and closing an object that tasks wait in.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include "io/gate.h"

#include <errno.h>

#include "base/misuse.h"

int xie_gate_enter(struct xie_gate *gate, enum xie_side side)
{
    struct xie_task *self;
    bool closed = gate->closed || gate->parting, busy = gate->inside[side];
    if (closed || busy) {
        int error = xie_wait_enter(&self); /* may let others run, who may free the gate */
        return error ? error : closed ? XIE_ECLOSED : -EBUSY;
    }
    /* Inside before others may run: a close then waits for us. */
    gate->inside[side] = xie_task_current();
    int error = xie_wait_enter(&self);
    return error ? (int)xie_gate_leave(gate, side, error) : 0;
}

ssize_t xie_gate_leave(struct xie_gate *gate, enum xie_side side, ssize_t result)
{
    gate->inside[side] = NULL;
    if (!gate->closed)
        return result;
    if (!gate->orphan)
        xie_waiters_wake(&gate->leaving);
    else if (!gate->inside[XIE_READING] && !gate->inside[XIE_WRITING])
        gate->finish(gate);
    return XIE_ECLOSED;
}

int64_t xie_gate_run(const struct xie_gate *gate, struct xie_op *op, const char *what)
{
    return gate->closed ? XIE_ECLOSED : xie_op_run(op, what);
}

/* The first side somebody is on, as the place where that task's name stands. */
static struct xie_task *const *someone(const struct xie_gate *gate)
{
    for (int side = 0; side < XIE_SIDES; side++)
        if (gate->inside[side])
            return &gate->inside[side];
    return NULL;
}

static void wait_until_empty(struct xie_gate *gate, const char *what)
{
    struct xie_task *self;
    struct xie_task *const *who;
    XIE_SHIELD {
        while ((who = someone(gate)) != NULL && !xie_wait_enter(&self))
            xie_waiters_wait(&gate->leaving, self, what, who);
    }
}

void xie_gate_close(struct xie_gate *gate, const char *what, void (*finish)(struct xie_gate *gate))
{
    if (gate->closed)
        xie_misuse("%s: closed twice", what);
    if (someone(gate) && !xie_loop_current())
        xie_misuse("%s: from another thread, while a task is in a call of it", what);
    gate->closed = true;
    gate->finish = finish;
    for (int side = 0; side < XIE_SIDES; side++)
        if (gate->inside[side])
            xie_wait_break(gate->inside[side], XIE_ECLOSED);
    if (someone(gate) && !xie_task_current()) {
        gate->orphan = true;
        return;
    }
    wait_until_empty(gate, what);
    finish(gate);
}
