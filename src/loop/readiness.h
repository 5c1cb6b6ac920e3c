/* readiness.h - operations on a kernel that only tells when to try again.
 * Floor 2. Try, and if it would block, arm and try again when told: shared by epoll, poll,
 * sim (and kqueue). */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_READINESS_H
#define XIE_LOOP_READINESS_H

#include "loop/op.h"

/* Per descriptor: those who wait, in rings in the order of submission; NULL: nobody. */
struct xie_slot {
    struct xie_op *readers, *writers, *watchers; /* watchers: XIE_OP_POLL of any events */
    uint32_t generation;                         /* counts the uses of this descriptor number */
    uint32_t place;                              /* the poller's own */
    uint8_t armed;                               /* the poller's own, 0 after drop */
    bool news;  /* it was told readable, and nobody has looked since */
    bool spent; /* an end, an error or urgent data was told, and will not be again */
};

/* What the kernel's mechanism must provide. */
struct xie_poller {
    /* More is waited for on slot (of fd) than before: see xie_slot_events. The op that began
     * to wait is in its ring already; on an error it is taken out and fails with it.
     * errors -EPERM: fd is of a kind that is always ready */
    int (*arm)(struct xie_loop *loop, int fd, struct xie_slot *slot);
    /* Less, or nothing, is waited for; may do nothing. */
    void (*disarm)(struct xie_loop *loop, int fd, struct xie_slot *slot);
    /* An armed fd is about to be closed, though its file may stay open by another number. */
    void (*drop)(struct xie_loop *loop, int fd, struct xie_slot *slot);
    /* Which of events (and POLLERR, POLLHUP) fd is ready for now; negative on an error. */
    int (*look)(struct xie_loop *loop, int fd, int events);
    /* Who waits without having looked first (op->dry) misses nothing: what comes afterwards is
     * told, and POLLRDHUP and POLLPRI where that is by edge. */
    bool tells;
};

struct xie_readiness {
    const struct xie_poller *poller;
    struct xie_slot **pages; /* by descriptor, in pages of 256, allocated as needed */
    size_t page_count;
    int first; /* the lowest descriptor, a multiple of 256; sim sets it after init, else 0 */
};

int xie_readiness_init(struct xie_readiness *readiness, const struct xie_poller *poller);
void xie_readiness_fini(struct xie_readiness *readiness);
/* The slot of fd, in place until fini; NULL when there is no memory. */
struct xie_slot *xie_readiness_slot(struct xie_readiness *readiness, int fd);
/* What those who wait on slot wait for: POLLIN, POLLOUT; 0 nobody waits. */
int xie_slot_events(const struct xie_slot *slot);

bool xie_readiness_submit(struct xie_loop *loop, struct xie_readiness *readiness,
                          struct xie_op *op);
void xie_readiness_cancel(struct xie_loop *loop, struct xie_readiness *readiness,
                          struct xie_op *op);
void xie_readiness_forget(struct xie_loop *loop, struct xie_readiness *readiness, int fd);

/* The kernel says that fd is ready: try its operations again, complete those that end.
 * events: POLLIN, POLLOUT, POLLERR, POLLHUP; a stale generation, or nothing to do, is
 * harmless. May call disarm. */
void xie_readiness_ready(struct xie_loop *loop, struct xie_readiness *readiness, int fd,
                         uint32_t generation, int events);

/* Do by one system call what op asks for (not CONNECT, not POLL); -EAGAIN: it would block. For
 * files from any thread. */
int64_t xie_op_transfer(struct xie_op *op);

/* A poller's look on the real kernel: poll(2). */
int xie_readiness_look(struct xie_loop *loop, int fd, int events);

#endif
