/* op.h - one wait of the kernel: submitted to the backend, completed once.
 * Floor 2. A struct in the waiter's frame; whoever submits keeps it, and the buffers it
 * names, in place until done was called. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_OP_H
#define XIE_LOOP_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum xie_op_kind {
    XIE_OP_RECV,    /* buf, len, flags */
    XIE_OP_SEND,    /* buf, len, flags; MSG_NOSIGNAL is added */
    XIE_OP_RECVMSG, /* message, flags */
    XIE_OP_SENDMSG, /* message, flags; MSG_NOSIGNAL is added */
    XIE_OP_READV,   /* parts, count: pipes and ttys */
    XIE_OP_WRITEV,
    XIE_OP_ACCEPT,  /* address (storage, may be NULL), address_len (in: its size, out: the
                       peer's); result: a descriptor, non-blocking, close-on-exec */
    XIE_OP_CONNECT, /* address, address_len; result 0. -EAGAIN: a Unix listener's queue is full,
                       and nothing tells when it no longer is */
    XIE_OP_POLL,    /* flags: POLLIN | POLLOUT; result: the events, POLLERR and POLLHUP too */
    /* On files, which are never "not ready": only where backend->files says so, else the pool's */
    XIE_OP_READ_AT, /* buf, len, offset */
    XIE_OP_WRITE_AT,
    XIE_OP_SYNC /* flags: 1 the data alone, 0 what describes it too */
};

enum xie_op_state { XIE_OP_IDLE, XIE_OP_PENDING, XIE_OP_DONE };

struct xie_op {
    struct xie_op *next, *prev;      /* the backend's */
    void (*done)(struct xie_op *op); /* only queues; runs in the backend's wait or cancel */
    void *owner;                     /* the submitter's */
    uint8_t kind, state;
    uint8_t canceling : 1; /* xie_op_cancel was called */
    /* The submitter's, of RECV, and POLL for POLLIN alone, on TCP: it has just read all there was,
     * so that there is nothing to be had before there are news. A hint, and harmless if wrong; a
     * shorter read than asked for is what tells (epoll(7), questions 9). */
    uint8_t dry : 1;
    uint8_t phase; /* the backend's: how far it has come; 0 at first */
    int fd;
    int flags;
    int64_t result; /* >= 0 or a negative errno; -ECANCELED when taken back */
    union {
        struct {
            void *buf;
            size_t len;
            int64_t offset; /* READ_AT, WRITE_AT */
        };
        struct msghdr *message;
        struct {
            const struct iovec *parts;
            int count;
        };
        struct {
            struct sockaddr *address; /* CONNECT: read; ACCEPT: written, may be NULL */
            socklen_t address_len;
        };
    };
};

struct xie_loop;

/**
 * Start an operation; several may be pending on one descriptor. On a descriptor that was
 * not made non-blocking, one may block the thread.
 *
 * return  true: it is finished, result is set, done is not called; false: done will be
 *         called, once, from a later turn of the loop or from xie_op_cancel
 */
bool xie_op_submit(struct xie_loop *loop, struct xie_op *op);

/* Take a pending operation back: done will be called, perhaps before this returns, with
 * -ECANCELED, or with its result where it was already obtained. Harmless twice, and for one
 * that is done. */
void xie_op_cancel(struct xie_loop *loop, struct xie_op *op);

/* The descriptor is about to be closed and no operation on it is pending (that aborts where
 * it is seen). Nothing the kernel still has to say about it reaches its number's next user. */
void xie_op_forget(struct xie_loop *loop, int fd);

#endif
