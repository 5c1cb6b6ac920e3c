/* file.c - files: opening, reading, writing, closing.
 * Floor 5. By the backend where it knows files, else on the pool's threads. */
/* SPDX-License-Identifier: MIT */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "io/pool.h"
#include "loop/readiness.h"

/* --- the two roads ------------------------------------------------------------------ */

int xie_file_job(int (*fn)(void *arg), void *arg, const char *what)
{
    return xie_pool_run_as(xie_pool_default(), fn, arg, NULL, what);
}

static int transfer_now(void *arg)
{
    struct xie_op *op = arg;
    op->result = xie_op_transfer(op);
    return 0;
}

int64_t xie_file_run(struct xie_op *op, const char *what)
{
    struct xie_loop *loop = xie_loop_current();
    if (!loop || loop->backend->files)
        return xie_op_run(op, what);
    int error = xie_file_job(transfer_now, op, what);
    return error ? error : op->result;
}

/* --- who is inside ------------------------------------------------------------------ */

static void finish(struct xie_file *file)
{
    xie_sys_close(file->fd);
    xie_release(file);
}

int xie_file_enter(struct xie_file *file, bool moves)
{
    struct xie_task *self;
    bool closed = file->closed;
    if (closed || (moves && file->moving)) {
        int error = xie_wait_enter(&self); /* may let others run, who may free the file */
        return error ? error : closed ? XIE_ECLOSED : -EBUSY;
    }
    file->inside++; /* before others may run: a close then waits for us */
    file->moving |= moves;
    int error = xie_wait_enter(&self);
    return error ? (int)xie_file_leave(file, moves, error) : 0;
}

int64_t xie_file_leave(struct xie_file *file, bool moves, int64_t result)
{
    file->inside--;
    if (moves)
        file->moving = false;
    if (!file->closed)
        return result;
    if (!file->inside && file->orphan)
        finish(file);
    else if (!file->inside)
        xie_waiters_wake(&file->leaving);
    return XIE_ECLOSED;
}

void xie_file_close(struct xie_file *file)
{
    struct xie_task *self;
    if (!file)
        return;
    if (file->closed)
        xie_misuse("xie_file_close: closed twice");
    if (file->inside && !xie_loop_current())
        xie_misuse("xie_file_close: from another thread, while a task is in a call of it");
    file->closed = true;
    file->orphan = file->inside && !xie_task_current();
    if (file->orphan)
        return;
    XIE_SHIELD {
        while (file->inside && !xie_wait_enter(&self))
            xie_waiters_wait(&file->leaving, self, "xie_file_close", NULL);
    }
    finish(file);
}

/* --- opening ------------------------------------------------------------------------ */

int xie_file_open_now(const char *path, int flags, mode_t mode, struct stat *found)
{
    /* O_NONBLOCK: a pipe without a peer must not hold the thread for ever. */
    int fd = xie_sys_open(path, flags | O_NONBLOCK | O_NOCTTY, mode);
    if (fd < 0)
        return fd == -ENXIO ? -ESPIPE : fd; /* a pipe to write to, a socket */
    int error = xie_sys_fstat(fd, found);
    if (!error && (S_ISFIFO(found->st_mode) || S_ISSOCK(found->st_mode)))
        error = -ESPIPE;
    /* With it io_uring would refuse to wait for the disk. Devices keep it: some never answer. */
    if (!error && !S_ISCHR(found->st_mode)) {
        int now = xie_sys_get_flags(fd);
        error = now < 0 ? now : xie_sys_set_flags(fd, now & ~O_NONBLOCK);
    }
    if (!error)
        return fd;
    xie_sys_close(fd);
    return error;
}

struct opening {
    const char *path;
    int flags;
    mode_t mode;
};

static int open_job(void *arg)
{
    struct opening *self = arg;
    struct stat found;
    return xie_file_open_now(self->path, self->flags, self->mode, &found);
}

int xie_file_open(const char *path, int flags, mode_t mode, struct xie_file **file)
{
    struct opening opening = {path, flags, mode};
    struct xie_file *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    made->fd = xie_file_job(open_job, &opening, "xie_file_open");
    if (made->fd < 0) {
        int error = made->fd;
        xie_release(made);
        return error;
    }
    *file = made;
    return 0;
}

/* --- bytes -------------------------------------------------------------------------- */

/* All of it, by as many operations as it takes; mostly one. *done tells how much, on an error
 * too. return 0, also where the file ends */
static int transfer(struct xie_file *file, enum xie_op_kind kind, char *buf, size_t len,
                    int64_t offset, size_t *done)
{
    const char *what = kind == XIE_OP_READ_AT ? "xie_file_read" : "xie_file_write";
    *done = 0;
    while (*done < len) {
        if (file->closed)
            return XIE_ECLOSED;
        struct xie_op op = {.kind = (uint8_t)kind, .fd = file->fd};
        op.buf = buf + *done;
        op.len = len - *done;
        op.offset = offset + (int64_t)*done;
        int64_t result = xie_file_run(&op, what);
        if (result == 0 && kind == XIE_OP_WRITE_AT)
            result = -EIO; /* no kernel says so; never loop on it */
        if (result <= 0)
            return (int)result;
        *done += (size_t)result;
    }
    return 0;
}

ssize_t xie_file_fill(struct xie_file *file, char *buf, size_t len, int64_t offset)
{
    size_t done;
    int error = transfer(file, XIE_OP_READ_AT, buf, len, offset, &done);
    return error ? error : (ssize_t)done;
}

/* A call of either kind. */
static ssize_t run(struct xie_file *file, enum xie_op_kind kind, void *buf, size_t len,
                   int64_t offset)
{
    bool moves = offset == XIE_FILE_NEXT;
    size_t done;
    if (offset < XIE_FILE_NEXT || len > SSIZE_MAX)
        return -EINVAL;
    int error = xie_file_enter(file, moves);
    if (error)
        return error;
    error = transfer(file, kind, buf, len, moves ? file->position : offset, &done);
    if (moves && (!error || kind == XIE_OP_WRITE_AT))
        file->position += (int64_t)done;
    return (ssize_t)xie_file_leave(file, moves, error ? error : (int64_t)done);
}

ssize_t xie_file_read(struct xie_file *file, void *buf, size_t len, int64_t offset)
{
    return run(file, XIE_OP_READ_AT, buf, len, offset);
}

ssize_t xie_file_write(struct xie_file *file, const void *buf, size_t len, int64_t offset)
{
    return run(file, XIE_OP_WRITE_AT, (void *)(uintptr_t)buf, len, offset);
}

/* --- the rest ----------------------------------------------------------------------- */

int64_t xie_file_position(const struct xie_file *file)
{
    return file->position;
}

int xie_file_seek(struct xie_file *file, int64_t position)
{
    if (position < 0)
        return -EINVAL;
    if (file->moving)
        return -EBUSY;
    file->position = position;
    return 0;
}

int xie_file_fd(const struct xie_file *file)
{
    return file->fd;
}

int xie_file_sync(struct xie_file *file, bool data_only)
{
    struct xie_op op = {.kind = XIE_OP_SYNC, .fd = file->fd, .flags = data_only};
    int error = xie_file_enter(file, false);
    return error ? error : (int)xie_file_leave(file, false, xie_file_run(&op, "xie_file_sync"));
}

/* What no operation exists for: on a thread, whatever the backend. */
struct errand {
    int fd;
    int64_t size;
};

static int size_job(void *arg)
{
    struct errand *self = arg;
    struct stat found;
    int error = xie_sys_fstat(self->fd, &found);
    if (!error)
        self->size = found.st_size;
    return error;
}

static int truncate_job(void *arg)
{
    struct errand *self = arg;
    return xie_sys_truncate(self->fd, self->size);
}

int64_t xie_file_size(struct xie_file *file)
{
    struct errand errand = {.fd = file->fd};
    int error = xie_file_enter(file, false);
    if (error)
        return error;
    error = xie_file_job(size_job, &errand, "xie_file_size");
    return xie_file_leave(file, false, error ? error : errand.size);
}

int xie_file_truncate(struct xie_file *file, int64_t size)
{
    struct errand errand = {.fd = file->fd, .size = size};
    int error = xie_file_enter(file, false);
    if (error)
        return error;
    error = xie_file_job(truncate_job, &errand, "xie_file_truncate");
    return (int)xie_file_leave(file, false, error);
}
