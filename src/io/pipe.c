/* pipe.c - pipes, named pipes, devices, and descriptors that others use too.
 * Floor 5. Here they are opened; reading and writing is socket.c's. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <xie/pipe.h>

#include "base/sys.h"
#include "io/stream.h"

int xie_pipe(struct xie_stream *ends[2])
{
    return xie_socket_pair(ends, xie_sys_pipe_nonblock, XIE_FD_OTHER);
}

/* --- by name ------------------------------------------------------------------------ */

static bool is_named_pipe(const char *path)
{
    struct stat found;
    return !xie_sys_stat(path, &found) && S_ISFIFO(found.st_mode);
}

/* fifo(7): to write, without waiting, to what nobody reads is ENXIO. */
static int open_now_or_later(const char *path, int flags)
{
    for (int64_t pause = XIE_MILLISECOND;; pause *= pause < 64 * XIE_MILLISECOND ? 2 : 1) {
        int fd = xie_sys_open(path, flags | O_NONBLOCK | O_NOCTTY, 0);
        if (fd != -ENXIO || flags != O_WRONLY || !is_named_pipe(path))
            return fd;
        int error = xie_sleep(pause);
        if (error)
            return error;
    }
}

/* A named pipe without a writer yet reads as ended; a file needs no O_NONBLOCK. */
static int kind_of(int fd, int flags)
{
    struct stat found;
    int error = xie_sys_fstat(fd, &found);
    if (error)
        return error;
    if (S_ISFIFO(found.st_mode))
        return flags == O_RDONLY ? XIE_FD_POLLED : XIE_FD_OTHER;
    if (!S_ISREG(found.st_mode) && !S_ISBLK(found.st_mode))
        return XIE_FD_OTHER;
    error = xie_sys_set_flags(fd, flags);
    return error ? error : XIE_FD_FILE;
}

int xie_stream_open(const char *path, int flags, struct xie_stream **stream)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (flags != O_RDONLY && flags != O_WRONLY && flags != O_RDWR)
        return -EINVAL;
    struct xie_stream *made = xie_socket_new();
    int fd = made ? open_now_or_later(path, flags) : -ENOMEM;
    int kind = fd < 0 ? fd : kind_of(fd, flags);
    if (kind < 0) {
        if (fd >= 0)
            xie_sys_close(fd);
        xie_socket_free(made);
        return kind;
    }
    xie_socket_attach(made, fd, (enum xie_fd_kind)kind);
    *stream = made;
    return 0;
}

/* --- of others ---------------------------------------------------------------------- */

/* Pipes, and terminals but for the master's side, where opening anew makes another terminal. */
static bool may_open_anew(int fd, const struct stat *found)
{
    enum { TTY_MAJOR = 5, MASTER_MINOR = 2 }; /* /dev/ptmx: devices.txt of the kernel */
    if (S_ISFIFO(found->st_mode))
        return true;
    return isatty(fd) && found->st_rdev != makedev(TTY_MAJOR, MASTER_MINOR);
}

/* A descriptor of an open file of its own, so that O_NONBLOCK is nobody else's. */
static int open_anew(int fd)
{
    char path[40];
    int flags = xie_sys_get_flags(fd);
    if (flags < 0)
        return flags;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return xie_sys_open(path, (flags & (O_ACCMODE | O_APPEND)) | O_NONBLOCK | O_NOCTTY, 0);
}

/* return a descriptor of our own for the same thing */
static int own_of(int fd, enum xie_fd_kind *kind)
{
    struct stat found;
    int error = xie_sys_fstat(fd, &found);
    if (error)
        return error;
    *kind = XIE_FD_POLLED;
    if (S_ISSOCK(found.st_mode))
        *kind = XIE_FD_SHARED;
    else if (S_ISREG(found.st_mode) || S_ISBLK(found.st_mode))
        *kind = XIE_FD_FILE;
    else if (may_open_anew(fd, &found)) {
        int own = open_anew(fd);
        if (own >= 0) {
            *kind = XIE_FD_OTHER;
            return own;
        }
    }
    return xie_sys_dup(fd);
}

int xie_stream_borrow(int fd, struct xie_stream **stream)
{
    enum xie_fd_kind kind = XIE_FD_OTHER;
    struct xie_stream *made = xie_socket_new();
    int own = made ? own_of(fd, &kind) : -ENOMEM;
    if (own < 0) {
        xie_socket_free(made);
        return own;
    }
    xie_socket_attach(made, own, kind);
    *stream = made;
    return 0;
}
