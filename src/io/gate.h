/* gate.h - who is inside an object, and a closing that waits until they are out.
 * Floor 5. Two sides (to read, to write); one task at a time on each. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_GATE_H
#define XIE_IO_GATE_H

#include "task/wait.h"

enum xie_side { XIE_READING, XIE_WRITING, XIE_SIDES };

/* Zero is a valid open gate. */
struct xie_gate {
    struct xie_task *inside[XIE_SIDES];
    struct xie_waiters leaving; /* the task that closes */
    void (*finish)(struct xie_gate *gate);
    bool closed;
    bool orphan;  /* closed by a callback: the last to leave finishes */
    bool parting; /* being finished; closed is false while that waits for something beneath */
};

/* What each call of the object begins with.
 * errors  -EBUSY another task is on this side; XIE_ECLOSED; those of xie_wait_enter. Then
 *         the caller is not inside, and may not touch the object any more */
XIE_API int xie_gate_enter(struct xie_gate *gate, enum xie_side side);

/* What it ends with: the object may be gone when this returns.
 * return  result, but XIE_ECLOSED when the object was closed meanwhile, even where the call
 *         had succeeded: a caller told of success would use the object again */
XIE_API ssize_t xie_gate_leave(struct xie_gate *gate, enum xie_side side, ssize_t result);

/* xie_op_run of one who is inside: nothing is started once it is closed. */
int64_t xie_gate_run(const struct xie_gate *gate, struct xie_op *op, const char *what);

/* Mark it closed, interrupt with XIE_ECLOSED what its tasks wait for (whatever that is), wait
 * until they have left, whatever the scopes around the caller say, then call finish, which frees
 * it. From a callback, which cannot wait, the last task to leave does that. Twice aborts. */
void xie_gate_close(struct xie_gate *gate, const char *what, void (*finish)(struct xie_gate *gate));

#endif
