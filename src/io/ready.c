/* ready.c - waiting until a descriptor is ready, without reading or writing it.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>

#include <xie/pipe.h>

#include "base/sys.h"
#include "io/stream.h"

/* A socket whose peer has said all it has to say (POLLRDHUP) ends io_uring's poll for room at
 * once, asked or not, and would for ever. Then it is looked at anew after a pause. */
int xie_fd_ready(const struct xie_gate *gate, int fd, int events, const char *what)
{
    for (int64_t pause = XIE_MILLISECOND;; pause *= pause < 64 * XIE_MILLISECOND ? 2 : 1) {
        struct xie_op op = {.kind = XIE_OP_POLL, .fd = fd, .flags = events};
        int result = (int)xie_gate_run(gate, &op, what);
        if (result > 0)
            result &= events | POLLERR | POLLHUP;
        if (!result)
            result = xie_sleep(pause);
        if (result)
            return result;
    }
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
