/* process_start.c - a child's birth: what is made ready here, and what it does until exec.
 * Floor 5. As vfork(2), on a stack of its own, so that it costs the same in a large process and
 * is safe beside other threads: the child shares our memory, and makes system calls only. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sys.h"
#include "coro/sanitize.h"
#include "io/process.h"

enum {
    STACK_BYTES = 32 * 1024,
    SIGNAL_LAST = 64,
    SIGNAL_SET_BYTES = SIGNAL_LAST / 8,   /* the kernel's sigset_t, not libc's */
    DESCRIPTORS_MOST = 65536,             /* looked at one by one, on kernels before 5.11 */
    RANGE_CLOEXEC = 1 << 2,               /* CLOSE_RANGE_CLOEXEC of newer headers */
    WHOLE_GROUP = 1 << 2,                 /* PIDFD_SIGNAL_PROCESS_GROUP (Linux 6.9) */
    MOVES_MOST = 3 + XIE_PROCESS_FDS_MOST /* the standard ones, and more */
};

struct move {
    int from, to;
};

/* All that the child needs. */
struct birth {
    const char *candidates; /* the files to try, one string after the other; "" ends them */
    char *const *argv, *const *env;
    const char *cwd;
    struct move moves[MOVES_MOST];
    int move_count;
    int first_free; /* above all numbers the child wants */
    enum xie_process_group group;
    int death_signal;
    pid_t parent;
    int report;  /* the pipe's end to tell failures by; closed by exec */
    bool shared; /* the child's memory is ours, and we went on when it was done with that: not
                    so under valgrind and some emulators, which make it a fork(2) */
};

/* --- in the child ----------------------------------------------------------------------------- */

/* Sanitizers would take the child's steps for ours. */
#if defined(__clang__) && __has_attribute(disable_sanitizer_instrumentation)
#define BARE __attribute__((disable_sanitizer_instrumentation))
#else
#define BARE __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

BARE static int told(long result)
{
    return result < 0 ? -errno : (int)result;
}

/* Numbers that are wanted must not be in use by what is still needed. */
BARE static int lift(int *fd, int first_free)
{
    if (*fd >= first_free)
        return 0;
    int higher = told(syscall(SYS_fcntl, *fd, F_DUPFD_CLOEXEC, first_free));
    if (higher >= 0)
        *fd = higher;
    return higher < 0 ? higher : 0;
}

/* From the third on, all that is open is closed by exec, whoever opened it. */
BARE static void mark_all(void)
{
    struct rlimit limit = {.rlim_cur = DESCRIPTORS_MOST};
    if (!syscall(SYS_close_range, 3, UINT_MAX, RANGE_CLOEXEC))
        return;
    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    for (int fd = 3; fd < DESCRIPTORS_MOST && (rlim_t)fd < limit.rlim_cur; fd++)
        syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

BARE static int place_descriptors(struct birth *self)
{
    int error = lift(&self->report, self->first_free);
    for (int i = 0; !error && i < self->move_count; i++)
        error = lift(&self->moves[i].from, self->first_free);
    if (error)
        return error;
    mark_all();
    for (int i = 0; error >= 0 && i < self->move_count; i++)
        error = told(syscall(SYS_dup3, self->moves[i].from, self->moves[i].to, 0));
    return error < 0 ? error : 0;
}

/* Until here all signals are blocked: our handlers must not run in the child. The zeros are the
 * default action to every kernel's struct sigaction. */
BARE static void reset_signals(void)
{
    static const uint64_t zeros[8];
    for (int number = 1; number <= SIGNAL_LAST; number++)
        syscall(SYS_rt_sigaction, number, zeros, NULL, SIGNAL_SET_BYTES);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, zeros, NULL, SIGNAL_SET_BYTES);
}

BARE static int set_attributes(const struct birth *self)
{
    int error = 0;
    if (self->group == XIE_PROCESS_NEW_GROUP)
        error = told(syscall(SYS_setpgid, 0, 0));
    else if (self->group == XIE_PROCESS_NEW_SESSION)
        error = told(syscall(SYS_setsid));
    if (error < 0 || !self->death_signal)
        return error < 0 ? error : 0;
    error = told(syscall(SYS_prctl, PR_SET_PDEATHSIG, self->death_signal, 0, 0, 0));
    if (!error && syscall(SYS_getppid) != self->parent) /* it died before we asked to hear of it */
        syscall(SYS_kill, syscall(SYS_getpid), self->death_signal);
    return error;
}

/* Try each as execvp(3) does. Returns why the last could not be executed, or that one was there
 * and refused. */
BARE static int execute(const struct birth *self)
{
    int error = -ENOENT;
    bool refused = false;
    for (const char *file = self->candidates; *file; file++) {
        error = told(syscall(SYS_execve, file, self->argv, self->env));
        if (error != -ENOENT && error != -ENOTDIR && error != -EACCES)
            return error;
        refused |= error == -EACCES;
        while (*file)
            file++;
    }
    return refused ? -EACCES : error;
}

BARE static int child_main(void *arg)
{
    struct birth *self = arg;
    __atomic_store_n(&self->shared, true, __ATOMIC_RELAXED);
    int error = set_attributes(self);
    if (!error)
        error = place_descriptors(self);
    if (!error && self->cwd && syscall(SYS_chdir, self->cwd))
        error = XIE_EDIRECTORY;
    if (!error) {
        reset_signals();
        error = execute(self);
    }
    syscall(SYS_write, self->report, &error, sizeof error);
    syscall(SYS_exit_group, 127);
    return 127;
}

/* --- here, before ----------------------------------------------------------------- */

static const char *path_of(const char *const *env)
{
    const char *path = env ? NULL : getenv("PATH");
    for (; env && *env && !path; env++)
        if (!strncmp(*env, "PATH=", 5))
            path = *env + 5;
    return path ? path : "/bin:/usr/bin";
}

static char *append(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

/* Where the program may be; the strings are on the heap. */
static char *list_candidates(const char *program, const char *const *env)
{
    size_t len = strlen(program) + 1, places = 1;
    bool search = len > 1 && !strchr(program, '/');
    const char *path = search ? path_of(env) : "";
    for (const char *c = path; *c; c++)
        places += *c == ':';
    char *list = xie_alloc(strlen(path) + places * (len + 1) + 1), *to = list;
    if (!list)
        return NULL;
    if (!search && len > 1)
        to = append(to, program, len);
    for (const char *next; search; path = next + 1) {
        next = strchrnul(path, ':');
        to = append(to, path, (size_t)(next - path));
        if (next != path) /* an empty place is the working directory */
            *to++ = '/';
        to = append(to, program, len);
        search = *next;
    }
    *to = '\0';
    return list;
}

static void add_move(struct birth *birth, int from, int to)
{
    birth->moves[birth->move_count++] = (struct move){.from = from, .to = to};
    if (to >= birth->first_free)
        birth->first_free = to + 1;
}

static int list_moves(struct birth *birth, const struct xie_process_options *options,
                      const int standard[3])
{
    birth->first_free = 3;
    for (int fd = 0; fd < 3; fd++)
        if (standard[fd] >= 0)
            add_move(birth, standard[fd], fd);
    if (options->fd_count > XIE_PROCESS_FDS_MOST)
        return -EINVAL;
    for (size_t i = 0; i < options->fd_count; i++) {
        const struct xie_process_fd *fd = &options->fds[i];
        if (fd->child < 3 || fd->child == INT_MAX)
            return -EINVAL;
        for (size_t before = 0; before < i; before++) /* at most 64 */
            if (options->fds[before].child == fd->child)
                return -EINVAL;
        add_move(birth, fd->ours, fd->child);
    }
    return 0;
}

/* --- here, after ------------------------------------------------------------------ */

/* What the child had to say: nothing, where exec closed the pipe. Under vfork it has been said;
 * then a copy of the pipe's end that another thread's fork may have does not hold us up. */
static int hear(const struct birth *birth, int fd)
{
    int said = 0;
    struct iovec part = {.iov_base = &said, .iov_len = sizeof said};
    int error = __atomic_load_n(&birth->shared, __ATOMIC_RELAXED) ? xie_sys_nonblock(fd) : 0;
    if (error)
        return error;
    ssize_t got = xie_sys_readv(fd, &part, 1);
    if (got < 0)
        return got == -EAGAIN ? 0 : (int)got;
    return said;
}

/* Not by way of the table, whose faults would leave a zombie. */
void xie_process_reap(int pidfd)
{
    enum { BY_PIDFD = 3 }; /* P_PIDFD of newer headers */
    siginfo_t info;
    while (waitid((idtype_t)BY_PIDFD, (id_t)pidfd, &info, WEXITED) && errno == EINTR)
        ;
}

int xie_process_signal(int pidfd, int pid, int number, bool group, bool lost)
{
    int error = -ENOSYS; /* valgrind does not know the call, and says so at length */
    if (!XIE_VALGRIND_RUNS)
        error = xie_sys_pidfd_signal(pidfd, number, group ? WHOLE_GROUP : 0);
    if ((error == -ENOSYS || error == -EINVAL) && !lost)
        error = kill(group ? -pid : pid, number) ? -errno : 0;
    return error;
}

/* A child that failed, or that we cannot hear of. */
static void put_away(int pidfd, int pid)
{
    xie_process_signal(pidfd, pid, SIGKILL, false, false);
    xie_process_reap(pidfd);
    xie_sys_close(pidfd);
}

/* No handler of ours may run in the child: signals wait until it has its own ways. */
static int give_birth(struct birth *birth, int *pidfd)
{
    sigset_t all, before;
    char *stack = xie_alloc(STACK_BYTES);
    if (!stack)
        return -ENOMEM;
    uintptr_t end = ((uintptr_t)stack + STACK_BYTES) & ~(uintptr_t)15;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pid = xie_sys_vfork(child_main, (void *)end, birth, pidfd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    xie_release(stack);
    return pid;
}

static int start(struct birth *birth, int *pidfd)
{
    int pipe[2], child;
    int error = xie_sys_pipe(pipe);
    if (error)
        return error;
    birth->report = pipe[1];
    birth->parent = getpid();
    int pid = give_birth(birth, &child);
    xie_sys_close(pipe[1]);
    error = pid < 0 ? pid : hear(birth, pipe[0]);
    xie_sys_close(pipe[0]);
    if (pid >= 0 && error)
        put_away(child, pid);
    if (error)
        return error;
    *pidfd = child;
    return pid;
}

int xie_process_start(const struct xie_process_options *options, const int standard[3], int *pidfd)
{
    const char *shell[] = {"/bin/sh", "-c", options->shell, NULL};
    const char *const *argv = options->shell ? shell : options->argv;
    const char *const *env = options->env;
    const char *program = options->program ? options->program : argv[0];
    struct birth birth = {.argv = (char *const *)(uintptr_t)argv,
                          .env = env ? (char *const *)(uintptr_t)env : environ,
                          .cwd = options->cwd,
                          .group = options->group,
                          .death_signal = options->death_signal};
    int error = list_moves(&birth, options, standard);
    if (error)
        return error;
    char *candidates = list_candidates(program, env);
    if (!candidates)
        return -ENOMEM;
    birth.candidates = candidates;
    int pid = start(&birth, pidfd);
    xie_release(candidates);
    return pid;
}
