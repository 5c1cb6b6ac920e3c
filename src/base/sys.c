/* sys.c - the kernel's table, the thread's table, and the calls that go through it.
 * Floor 0. Each: a fault if one is planned, else the table; again after a signal. */
/* SPDX-License-Identifier: MIT */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"

/* What a call of libc returned, as the library returns it. */
static inline int told(int result)
{
    return result < 0 ? -errno : result;
}

static inline ssize_t told_size(ssize_t result)
{
    return result < 0 ? -errno : result;
}

static int64_t linux_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int linux_socket(int domain, int type, int protocol)
{
    return told(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

static int linux_socketpair(int domain, int type, int protocol, int fds[2])
{
    return told(socketpair(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol, fds));
}

static int linux_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    return told(bind(fd, address, len));
}

static int linux_listen(int fd, int backlog)
{
    return told(listen(fd, backlog));
}

static int linux_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    return told(accept4(fd, address, len, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

static int linux_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int result = told(connect(fd, address, len));
    /* connect(2): it goes on behind the signal; made again it would say EALREADY. */
    return result == -EINTR ? -EINPROGRESS : result;
}

static ssize_t linux_recv(int fd, void *buf, size_t len, int flags)
{
    return told_size(recv(fd, buf, len, flags));
}

static ssize_t linux_send(int fd, const void *buf, size_t len, int flags)
{
    return told_size(send(fd, buf, len, flags | MSG_NOSIGNAL));
}

static ssize_t linux_recvmsg(int fd, struct msghdr *message, int flags)
{
    return told_size(recvmsg(fd, message, flags | MSG_CMSG_CLOEXEC));
}

static ssize_t linux_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return told_size(sendmsg(fd, message, flags | MSG_NOSIGNAL));
}

static ssize_t linux_readv(int fd, const struct iovec *parts, int count)
{
    return told_size(readv(fd, parts, count));
}

static ssize_t linux_writev(int fd, const struct iovec *parts, int count)
{
    return told_size(writev(fd, parts, count));
}

static int linux_shutdown(int fd, int how)
{
    return told(shutdown(fd, how));
}

static int linux_close(int fd)
{
    int result = told(close(fd));
    /* close(2): after EINTR the descriptor is gone; again could close another's. */
    return result == -EINTR ? 0 : result;
}

static int linux_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    return told(getsockname(fd, address, len));
}

static int linux_getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    return told(getpeername(fd, address, len));
}

static int linux_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    return told(getsockopt(fd, level, name, value, len));
}

static int linux_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    return told(setsockopt(fd, level, name, value, len));
}

static int linux_unlink(const char *path)
{
    return told(unlink(path));
}

static int linux_nonblock(int fd)
{
    int flags = told(fcntl(fd, F_GETFL));
    if (flags < 0 || flags & O_NONBLOCK)
        return flags < 0 ? flags : 0;
    return told(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

const struct xie_sys xie_sys_linux = {
    .clock = linux_clock,
    .socket = linux_socket,
    .socketpair = linux_socketpair,
    .bind = linux_bind,
    .listen = linux_listen,
    .accept = linux_accept,
    .connect = linux_connect,
    .recv = linux_recv,
    .send = linux_send,
    .recvmsg = linux_recvmsg,
    .sendmsg = linux_sendmsg,
    .readv = linux_readv,
    .writev = linux_writev,
    .shutdown = linux_shutdown,
    .close = linux_close,
    .getsockname = linux_getsockname,
    .getpeername = linux_getpeername,
    .getsockopt = linux_getsockopt,
    .setsockopt = linux_setsockopt,
    .unlink = linux_unlink,
    .nonblock = linux_nonblock,
};

/* Tasks never change threads, so an address the compiler keeps over a switch stays right. */
static _Thread_local const struct xie_sys *in_force = &xie_sys_linux;

void xie_sys_use(const struct xie_sys *table)
{
    in_force = table ? table : &xie_sys_linux;
}

int64_t xie_sys_clock(void)
{
    return in_force->clock();
}

/* Make a call of libc or of the table: a planned fault instead, again when interrupted. */
#define AGAIN(type, call)                                 \
    ({                                                    \
        type result_;                                     \
        do {                                              \
            result_ = xie_fault_check(XIE_FAULT_SYSCALL); \
            if (!result_)                                 \
                result_ = (call);                         \
        } while (__builtin_expect(result_ == -EINTR, 0)); \
        result_;                                          \
    })

int xie_sys_socket(int domain, int type, int protocol)
{
    return AGAIN(int, in_force->socket(domain, type, protocol));
}

int xie_sys_socketpair(int domain, int type, int protocol, int fds[2])
{
    return AGAIN(int, in_force->socketpair(domain, type, protocol, fds));
}

int xie_sys_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    return AGAIN(int, in_force->bind(fd, address, len));
}

int xie_sys_listen(int fd, int backlog)
{
    return AGAIN(int, in_force->listen(fd, backlog));
}

int xie_sys_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    return AGAIN(int, in_force->accept(fd, address, len));
}

int xie_sys_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return AGAIN(int, in_force->connect(fd, address, len));
}

ssize_t xie_sys_recv(int fd, void *buf, size_t len, int flags)
{
    return AGAIN(ssize_t, in_force->recv(fd, buf, len, flags));
}

ssize_t xie_sys_send(int fd, const void *buf, size_t len, int flags)
{
    return AGAIN(ssize_t, in_force->send(fd, buf, len, flags));
}

ssize_t xie_sys_recvmsg(int fd, struct msghdr *message, int flags)
{
    return AGAIN(ssize_t, in_force->recvmsg(fd, message, flags));
}

ssize_t xie_sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return AGAIN(ssize_t, in_force->sendmsg(fd, message, flags));
}

ssize_t xie_sys_readv(int fd, const struct iovec *parts, int count)
{
    return AGAIN(ssize_t, in_force->readv(fd, parts, count));
}

ssize_t xie_sys_writev(int fd, const struct iovec *parts, int count)
{
    return AGAIN(ssize_t, in_force->writev(fd, parts, count));
}

int xie_sys_shutdown(int fd, int how)
{
    return AGAIN(int, in_force->shutdown(fd, how));
}

int xie_sys_close(int fd)
{
    return in_force->close(fd);
}

int xie_sys_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    return AGAIN(int, in_force->getsockname(fd, address, len));
}

int xie_sys_getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    return AGAIN(int, in_force->getpeername(fd, address, len));
}

int xie_sys_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    return AGAIN(int, in_force->getsockopt(fd, level, name, value, len));
}

int xie_sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    return AGAIN(int, in_force->setsockopt(fd, level, name, value, len));
}

int xie_sys_unlink(const char *path)
{
    return AGAIN(int, in_force->unlink(path));
}

int xie_sys_nonblock(int fd)
{
    return AGAIN(int, in_force->nonblock(fd));
}

int xie_sys_eventfd(void)
{
    return AGAIN(int, told(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
}

void *xie_sys_map(size_t size, int *error)
{
    void *memory = MAP_FAILED;
    *error = xie_fault_check(XIE_FAULT_SYSCALL);
    if (*error)
        return NULL;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    if (memory != MAP_FAILED)
        return memory;
    *error = -errno;
    return NULL;
}

int xie_sys_unmap(void *memory, size_t size)
{
    return told(munmap(memory, size));
}

int xie_sys_protect(void *memory, size_t size, int protection)
{
    return AGAIN(int, told(mprotect(memory, size, protection)));
}

int xie_sys_advise(void *memory, size_t size, int advice)
{
    return AGAIN(int, told(madvise(memory, size, advice)));
}

int xie_sys_lstat(const char *path, struct stat *found)
{
    return AGAIN(int, told(lstat(path, found)));
}

int xie_sys_stat(const char *path, struct stat *found)
{
    return AGAIN(int, told(stat(path, found)));
}

int xie_sys_fstat(int fd, struct stat *found)
{
    return AGAIN(int, told(fstat(fd, found)));
}

int xie_sys_open(const char *path, int flags, mode_t mode)
{
    return AGAIN(int, told(open(path, flags | O_CLOEXEC, mode)));
}

int xie_sys_dup(int fd)
{
    return AGAIN(int, told(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

int xie_sys_pipe_nonblock(int fds[2])
{
    return AGAIN(int, told(pipe2(fds, O_NONBLOCK | O_CLOEXEC)));
}

int xie_sys_get_flags(int fd)
{
    return AGAIN(int, told(fcntl(fd, F_GETFL)));
}

int xie_sys_set_flags(int fd, int flags)
{
    return AGAIN(int, told(fcntl(fd, F_SETFL, flags)));
}

ssize_t xie_sys_pread(int fd, void *buf, size_t len, int64_t offset)
{
    return AGAIN(ssize_t, told_size(pread(fd, buf, len, offset)));
}

ssize_t xie_sys_pwrite(int fd, const void *buf, size_t len, int64_t offset)
{
    return AGAIN(ssize_t, told_size(pwrite(fd, buf, len, offset)));
}

int xie_sys_sync(int fd, bool data_only)
{
    return AGAIN(int, told(data_only ? fdatasync(fd) : fsync(fd)));
}

int xie_sys_truncate(int fd, int64_t size)
{
    return AGAIN(int, told(ftruncate(fd, size)));
}

int xie_sys_rename(const char *from, const char *to)
{
    return AGAIN(int, told(rename(from, to)));
}

int xie_sys_remove(const char *path)
{
    return told(unlink(path));
}

ssize_t xie_sys_splice(int from, int to, size_t len)
{
    unsigned flags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;
    return AGAIN(ssize_t, told_size(splice(from, NULL, to, NULL, len, flags)));
}

ssize_t xie_sys_sendfile(int to, int from, int64_t offset, size_t len)
{
    off_t at = offset;
    return AGAIN(ssize_t, told_size(sendfile(to, from, &at, len)));
}

int xie_sys_inotify(void)
{
    return AGAIN(int, told(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)));
}

int xie_sys_inotify_add(int fd, const char *path, uint32_t what)
{
    return AGAIN(int, told(inotify_add_watch(fd, path, what)));
}

int xie_sys_inotify_remove(int fd, int id)
{
    return AGAIN(int, told(inotify_rm_watch(fd, id)));
}

int xie_sys_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    return AGAIN(int, told(sigaction(signal, action, old)));
}
