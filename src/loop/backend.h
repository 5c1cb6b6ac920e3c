/* backend.h - what a system-specific loop must do: eight functions.
 * Floor 2. To add one: write the table, name it in backend.c. A backend that only knows
 * readiness implements readiness.h instead. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_BACKEND_H
#define XIE_LOOP_BACKEND_H

#include "loop/op.h"

struct xie_backend {
    const char *name;
    /* Operations on files do not hold up the loop: XIE_OP_READ_AT … may be submitted, and READV
     * and WRITEV on files. (On sim they do, and time stands still meanwhile.) */
    bool files;
    /* Make the kernel's objects; put own state into loop->state.
     * errors  any: the next backend is tried, unless this one was asked for by name */
    int (*open)(struct xie_loop *loop);
    /* No operation is pending any more. (After a fatal error some may be: uring then takes
     * them back first, so that the kernel writes to nobody's memory.) */
    void (*close)(struct xie_loop *loop);
    /* See xie_op_submit: true sets op->result. The rest of op's state is op.h's affair. */
    bool (*submit)(struct xie_loop *loop, struct xie_op *op);
    /* op is pending, and this is called for it the first time. */
    void (*cancel)(struct xie_loop *loop, struct xie_op *op);
    void (*forget)(struct xie_loop *loop, int fd);
    /* Complete what has finished, by xie_op_complete; if nothing has, wait for it up to
     * timeout_ns, never less (0: look only; XIE_NEVER). Returns early when woken, by a signal
     * too. On sim the clock then jumps. return 0; XIE_EDEADLOCK (sim) nothing can ever happen;
     * another error is fatal */
    int (*wait)(struct xie_loop *loop, int64_t timeout_ns);
    /* Make a wait, present or next, return. From any thread or signal handler. */
    void (*wake)(struct xie_loop *loop);
};

extern const struct xie_backend xie_backend_uring, xie_backend_epoll, xie_backend_kqueue,
    xie_backend_poll, xie_backend_sim;
/* In a child made by fork: waiting aborts, all else does nothing. */
extern const struct xie_backend xie_backend_dead;

/* Choose and open by name; name NULL: by what the variable of the environment says (NULL: none),
 * else by probing uring, epoll, poll. A name that is unknown or cannot be used is explained in one
 * line on stderr, which says where it stood; probing is silent.
 * errors  -EINVAL unknown name; what its open said (the last one's when probing) */
int xie_backend_open(struct xie_loop *loop, const char *name, const char *variable);

/* A backend tells that a pending op has finished: sets state and result, calls done. */
void xie_op_complete(struct xie_loop *loop, struct xie_op *op, int64_t result);

#endif
