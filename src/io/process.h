/* process.h - what a child is on our side.
 * Floor 5. For the files of its name. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_PROCESS_H
#define XIE_IO_PROCESS_H

#include <xie/process.h>

#include "task/wait.h"

enum { XIE_PROCESS_FDS_MOST = 64 };

/* What communicate has of one stream so far. */
struct xie_process_text {
    char *data;
    size_t len, cap;
};

struct xie_process {
    struct xie_loop *loop;
    int pid, pidfd;
    int64_t grace_ns;
    size_t output_limit;
    bool group; /* it leads one: a zombie until the close, so that the group's number stays its */
    struct xie_stream *streams[3];

    bool ended;
    int lost; /* XIE_EREAPED when nobody can tell the status any more */
    struct xie_process_status status;

    struct xie_op *op;          /* of the task that polls, for all that wait */
    struct xie_waiters waiters; /* the others */
    unsigned inside;            /* how many tasks are in a call */
    struct xie_waiters leaving; /* the one that closes */
    bool closed;
    bool orphan; /* closed by a callback: the last to leave finishes */

    bool talking; /* a task is in communicate */
    size_t fed;   /* of its input */
    struct xie_process_text text[3];
};

/* Birth: fork, exec, and what is between. standard: the child's ends of descriptors 0 to 2, -1
 * inherited. return the pid; pidfd receives one; errors as xie_process_open's */
int xie_process_start(const struct xie_process_options *options, const int standard[3], int *pidfd);

/* Block until it has ended, and let its number go. */
void xie_process_reap(int pidfd);

/* Signal a child that nobody has reaped, as far as we know, or its whole group: where pidfds cannot
 * do that (groups before Linux 6.9; valgrind), by its number, unless that is lost.
 * return 0 or a negative errno */
int xie_process_signal(int pidfd, int pid, int number, bool group, bool lost);

/* What a call that waits ends with, having begun with inside++. Then the process may be gone.
 * return result, or XIE_ECLOSED when it was closed meanwhile */
int xie_process_leave(struct xie_process *process, int result);

/* Wait for the end; the caller is inside. errors as xie_process_wait */
int xie_process_await(struct xie_process *process);

#endif
