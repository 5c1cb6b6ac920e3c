/* ready.c - waiting until a descriptor is ready, without reading or writing it.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>

#include <xie/pipe.h>

#include "base/sys.h"
#include "io/stream.h"

int xie_fd_ready(const struct xie_gate *gate, int fd, int events, const char *what)
{
    struct xie_op op = {.kind = XIE_OP_POLL, .fd = fd, .flags = events};
    return (int)xie_gate_run(gate, &op, what);
}

int xie_fd_wait(int fd, int events)
{
    struct xie_gate open = {0};
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (!events || events & ~(POLLIN | POLLOUT))
        return -EINVAL;
    int own = xie_sys_dup(fd);
    if (own < 0)
        return own;
    int result = xie_fd_ready(&open, own, events, "xie_fd_wait");
    xie_socket_close(own);
    return result;
}
