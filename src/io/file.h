/* file.h - inside a file: who is in it, and the two roads its operations take.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_FILE_H
#define XIE_IO_FILE_H

#include <sys/stat.h>
#include <xie/file.h>

#include "task/wait.h"

struct xie_file {
    int fd;
    int64_t position;
    unsigned inside; /* tasks in a call */
    bool moving;     /* one of them moves the position */
    bool closed;
    bool orphan; /* closed by a callback: the last to leave finishes */
    struct xie_waiters leaving;
};

/* Run an operation on a file, or another descriptor that is never "not ready": by the backend if
 * it can, else on a thread. As xie_op_run. */
int64_t xie_file_run(struct xie_op *op, const char *what);

/* Run fn(arg), which may block, on a thread: for what has no operation. Once it runs it is waited
 * for, so that arg may live in the caller's frame. return what it returned, or a scope's word */
int xie_file_job(int (*fn)(void *arg), void *arg, const char *what);

/* What a call on a file begins and ends with, as xie_gate_enter and xie_gate_leave; many may be
 * inside, but one only that moves the position. */
int xie_file_enter(struct xie_file *file, bool moves);
int64_t xie_file_leave(struct xie_file *file, bool moves, int64_t result);
/* xie_file_read for who is inside. offset >= 0 */
ssize_t xie_file_fill(struct xie_file *file, char *buf, size_t len, int64_t offset);

/* Open what is no pipe and no socket; blocks. return a descriptor */
int xie_file_open_now(const char *path, int flags, mode_t mode, struct stat *found);

#endif
