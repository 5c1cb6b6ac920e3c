/* watch.c - inotify(7) as something a task waits for.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdalign.h>
#include <sys/inotify.h>

#include <xie/watch.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/gate.h"
#include "io/stream.h"

enum { XIE_WATCH_BUFFER = 4096 }; /* bytes: an event with the longest name has 272 */

struct xie_watch {
    struct xie_gate gate;
    int fd;
    size_t start, end; /* of the events in buf that were not given out */
    alignas(struct inotify_event) char buf[XIE_WATCH_BUFFER];
};

int xie_watch_open(struct xie_watch **watch)
{
    if (!xie_loop_current())
        return -EPERM;
    struct xie_watch *made = xie_alloc(sizeof *made);
    int fd = made ? xie_sys_inotify() : -ENOMEM;
    if (fd < 0) {
        xie_release(made);
        return fd;
    }
    made->gate = (struct xie_gate){0};
    made->fd = fd;
    made->start = made->end = 0;
    *watch = made;
    return 0;
}

int xie_watch_add(struct xie_watch *watch, const char *path, uint32_t what)
{
    return xie_sys_inotify_add(watch->fd, path, what);
}

int xie_watch_remove(struct xie_watch *watch, int id)
{
    return xie_sys_inotify_remove(watch->fd, id);
}

/* Events are there, or come. */
static int fill(struct xie_watch *watch)
{
    struct iovec part = {watch->buf, XIE_WATCH_BUFFER};
    struct xie_op op = {.kind = XIE_OP_READV, .fd = watch->fd};
    if (watch->start < watch->end)
        return 0;
    op.parts = &part;
    op.count = 1;
    int64_t len = xie_gate_run(&watch->gate, &op, "xie_watch_next");
    if (len <= 0)
        return len < 0 ? (int)len : -EIO;
    watch->start = 0;
    watch->end = (size_t)len;
    return 0;
}

int xie_watch_next(struct xie_watch *watch, struct xie_watch_event *event)
{
    int error = xie_gate_enter(&watch->gate, XIE_READING);
    if (error)
        return error;
    error = fill(watch);
    const struct inotify_event *first = (const void *)(watch->buf + watch->start);
    if (!error)
        watch->start += sizeof *first + first->len;
    error = (int)xie_gate_leave(&watch->gate, XIE_READING, error);
    if (!error)
        *event = (struct xie_watch_event){first->wd, first->mask, first->cookie,
                                          first->len ? first->name : ""};
    return error;
}

static void watch_finish(struct xie_gate *gate)
{
    struct xie_watch *watch = XIE_CONTAINER(gate, struct xie_watch, gate);
    xie_socket_close(watch->fd);
    xie_release(watch);
}

void xie_watch_close(struct xie_watch *watch)
{
    if (watch)
        xie_gate_close(&watch->gate, "xie_watch_close", watch_finish);
}
