/* sys.h - every system call of the library, behind one table, with faults in front.
 * Floor 0. Each returns >= 0 or a negative errno, never -EINTR: a call interrupted by a signal is
 * made again. The table in force belongs to the thread: sim's loop puts its own there. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_SYS_H
#define XIE_BASE_SYS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <xie/error.h>

/* What differs between the kernel and sim. Sockets are always made non-blocking and
 * close-on-exec by these. */
struct xie_sys {
    int64_t (*clock)(void); /* CLOCK_MONOTONIC [ns] */
    int (*socket)(int domain, int type, int protocol);
    int (*socketpair)(int domain, int type, int protocol, int fds[2]);
    int (*bind)(int fd, const struct sockaddr *address, socklen_t len);
    int (*listen)(int fd, int backlog);
    int (*accept)(int fd, struct sockaddr *address, socklen_t *len);
    int (*connect)(int fd, const struct sockaddr *address, socklen_t len);
    ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
    ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
    ssize_t (*recvmsg)(int fd, struct msghdr *message, int flags);
    ssize_t (*sendmsg)(int fd, const struct msghdr *message, int flags);
    ssize_t (*readv)(int fd, const struct iovec *parts, int count);
    ssize_t (*writev)(int fd, const struct iovec *parts, int count);
    int (*shutdown)(int fd, int how);
    int (*close)(int fd);
    int (*getsockname)(int fd, struct sockaddr *address, socklen_t *len);
    int (*getpeername)(int fd, struct sockaddr *address, socklen_t *len);
    int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *len);
    int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t len);
    int (*unlink)(const char *path);
    int (*nonblock)(int fd); /* make it non-blocking */
};

/* The real kernel's. */
extern const struct xie_sys xie_sys_linux;

/* Put a table in force for this thread; NULL: the kernel's. */
void xie_sys_use(const struct xie_sys *table);

XIE_API int64_t xie_sys_clock(void);
XIE_API int xie_sys_socket(int domain, int type, int protocol);
XIE_API int xie_sys_socketpair(int domain, int type, int protocol, int fds[2]);
XIE_API int xie_sys_bind(int fd, const struct sockaddr *address, socklen_t len);
XIE_API int xie_sys_listen(int fd, int backlog);
XIE_API int xie_sys_accept(int fd, struct sockaddr *address, socklen_t *len);
XIE_API int xie_sys_connect(int fd, const struct sockaddr *address, socklen_t len);
XIE_API ssize_t xie_sys_recv(int fd, void *buf, size_t len, int flags);
XIE_API ssize_t xie_sys_send(int fd, const void *buf, size_t len, int flags);
XIE_API ssize_t xie_sys_recvmsg(int fd, struct msghdr *message, int flags);
XIE_API ssize_t xie_sys_sendmsg(int fd, const struct msghdr *message, int flags);
XIE_API ssize_t xie_sys_readv(int fd, const struct iovec *parts, int count);
XIE_API ssize_t xie_sys_writev(int fd, const struct iovec *parts, int count);
XIE_API int xie_sys_shutdown(int fd, int how);
XIE_API int xie_sys_close(int fd); /* never fails by injection: it would leak */
XIE_API int xie_sys_getsockname(int fd, struct sockaddr *address, socklen_t *len);
XIE_API int xie_sys_getpeername(int fd, struct sockaddr *address, socklen_t *len);
XIE_API int xie_sys_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
XIE_API int xie_sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
XIE_API int xie_sys_unlink(const char *path);
XIE_API int xie_sys_nonblock(int fd);

/* The same on every backend: the real kernel, with faults. */
int xie_sys_eventfd(void);                    /* non-blocking, close-on-exec */
void *xie_sys_map(size_t size, int *error);   /* private, anonymous, no reserve; NULL on error */
int xie_sys_unmap(void *memory, size_t size); /* never fails by injection either */
int xie_sys_protect(void *memory, size_t size, int protection);
int xie_sys_advise(void *memory, size_t size, int advice);
int xie_sys_lstat(const char *path, struct stat *found);
/* Start a thread. quiet: it hears no signals, which are for the program's own. */
int xie_sys_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg, bool quiet);
/* The CPUs this thread may run on, as bits. return bytes written, a multiple of 8 */
int xie_sys_affinity(void *mask, size_t size);
/* The calling thread stays on those. */
int xie_sys_set_affinity(const void *mask, size_t size);
int xie_sys_stat(const char *path, struct stat *found);
int xie_sys_fstat(int fd, struct stat *found);
XIE_API int xie_sys_open(const char *path, int flags, mode_t mode); /* close-on-exec */
int xie_sys_dup(int fd);                                            /* close-on-exec */
int xie_sys_pipe_nonblock(int fds[2]); /* non-blocking, close-on-exec */
int xie_sys_get_flags(int fd);         /* of the open file: O_NONBLOCK … */
int xie_sys_set_flags(int fd, int flags);
XIE_API ssize_t xie_sys_pread(int fd, void *buf, size_t len, int64_t offset);
ssize_t xie_sys_pwrite(int fd, const void *buf, size_t len, int64_t offset);
int xie_sys_sync(int fd, bool data_only);
int xie_sys_truncate(int fd, int64_t size);
int xie_sys_rename(const char *from, const char *to);
int xie_sys_remove(const char *path); /* unlink(2), the real one; never fails by injection */
ssize_t xie_sys_splice(int from, int to, size_t len); /* one is a pipe, both non-blocking */
ssize_t xie_sys_sendfile(int to, int from, int64_t offset, size_t len);
int xie_sys_inotify(void); /* non-blocking, close-on-exec */
int xie_sys_inotify_add(int fd, const char *path, uint32_t what);
int xie_sys_inotify_remove(int fd, int id);
int xie_sys_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
int xie_sys_pipe(int fds[2]); /* close-on-exec */
/* vfork(2) with a stack of its own, and a pidfd that is close-on-exec; under TSan, valgrind and
 * some emulators it is a fork(2). Returns the pid. */
int xie_sys_vfork(int (*fn)(void *arg), void *stack_end, void *arg, int *pidfd);
int xie_sys_waitid(int pidfd, siginfo_t *info, int options);
int xie_sys_pidfd_signal(int pidfd, int signal, unsigned flags); /* never fails by injection:
                                                                    a child would live on */

#endif
