/* process.c - a child on our side: opened, waited for, signalled, closed.
 * Floor 5. Of the tasks that wait, the first polls the pidfd for all; whoever leaves before the end
 * passes that on. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "io/process.h"
#include "io/stream.h"
#include "loop/loop.h"

enum {
    OUTPUT_LIMIT = 16 << 20, /* of communicate, unless set [bytes] */
    INFO_EXIT = 1 << 3,      /* PIDFD_INFO_EXIT (Linux 6.15) */
    INFO_TRIES = 1000        /* for a status that is being put away at this moment */
};

/* --- how it ended ----------------------------------------------------------------- */

static void set_status(struct xie_process *process, int waited)
{
    bool killed = WIFSIGNALED(waited);
    process->status = (struct xie_process_status){.code = killed ? -1 : WEXITSTATUS(waited),
                                                  .signal = killed ? WTERMSIG(waited) : 0,
                                                  .core = killed && WCOREDUMP(waited)};
}

/* Of one that was reaped by somebody else, or by the kernel where SIGCHLD is ignored. */
static bool ask_pidfd(struct xie_process *process)
{
    struct { /* struct pidfd_info, in its first edition */
        uint64_t mask, cgroup;
        uint32_t ids[11];
        int32_t waited;
    } info = {0};
    for (int tries = 0; tries < INFO_TRIES; tries++, sched_yield()) {
        info.mask = INFO_EXIT;
        if (ioctl(process->pidfd, _IOWR(0xFF, 11, info), &info))
            return false;
        if (info.mask & INFO_EXIT) {
            set_status(process, info.waited);
            return true;
        }
    }
    return false;
}

static int waited_of(const siginfo_t *info)
{
    switch (info->si_code) {
    case CLD_EXITED:
        return (info->si_status & 0xff) << 8;
    case CLD_DUMPED:
        return info->si_status | 0x80;
    default:
        return info->si_status;
    }
}

enum { LOOK_AGAIN_NS = 10 * 1000000 }; /* at a child that a debugger has */

/* Has it ended? 0 yes; XIE_EREAPED yes, but how is not known; -EBUSY no */
static int look(struct xie_process *process)
{
    siginfo_t info = {0};
    if (process->ended)
        return process->lost;
    int hold = process->group ? WNOWAIT : 0;
    int error = xie_sys_waitid(process->pidfd, &info, WEXITED | WNOHANG | hold);
    if (error == -ECHILD)
        process->lost = ask_pidfd(process) ? 0 : XIE_EREAPED;
    else if (error)
        return error;
    else if (!info.si_pid)
        return -EBUSY;
    else
        set_status(process, waited_of(&info));
    process->ended = true;
    return process->lost;
}

int xie_process_status(struct xie_process *process, struct xie_process_status *status)
{
    int error = look(process);
    if (!error)
        *status = process->status;
    return error;
}

/* --- waiting ------------------------------------------------------------------------ */

/* Wait until something may have happened, and look. 0 it has ended; -EBUSY not yet */
static int poll_once(struct xie_process *process, struct xie_op *op)
{
    *op = (struct xie_op){.kind = XIE_OP_POLL, .fd = process->pidfd, .flags = POLLIN};
    int64_t events = xie_op_run(op, "xie_process_wait");
    return events < 0 ? (int)events : look(process);
}

/* Its descriptor tells of its end, and the end is somebody else's still: a debugger's. Look again
 * by and by; a close wakes those who wait so. */
static int pause_for_debugger(struct xie_process *process)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    XIE_TIMEOUT(LOOK_AGAIN_NS)
        if (!error)
            xie_waiters_wait(&process->waiters, self, "xie_process_wait", NULL);
    return error;
}

/* As the one who polls for all. */
static int lead(struct xie_process *process)
{
    struct xie_op op;
    process->op = &op;
    int error = poll_once(process, &op);
    process->op = NULL;
    if (process->ended)
        xie_waiters_wake_all(&process->waiters);
    return error == -EBUSY ? pause_for_debugger(process) : error;
}

int xie_process_await(struct xie_process *process)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    while (!error && !process->ended && !process->closed) {
        error = process->op ? xie_waiters_wait(&process->waiters, self, "xie_process_wait", NULL)
                            : lead(process);
        if (!error && !process->ended) /* perhaps interrupted after it was woken */
            error = xie_check();
    }
    if (error && !process->op)
        xie_waiters_wake(&process->waiters); /* it polled, or was to: another's turn */
    return error ? error : process->lost;
}

static void finish(struct xie_process *process)
{
    for (int fd = 0; fd < 3; fd++)
        xie_release(process->text[fd].data);
    xie_socket_close(process->pidfd);
    xie_release(process);
}

int xie_process_leave(struct xie_process *process, int result)
{
    process->inside--;
    if (!process->closed)
        return result;
    if (!process->inside && process->orphan)
        finish(process);
    else if (!process->inside)
        xie_waiters_wake(&process->leaving);
    return XIE_ECLOSED;
}

int xie_process_wait(struct xie_process *process, struct xie_process_status *status)
{
    process->inside++;
    int error = xie_process_await(process);
    if (!error && !process->closed && status)
        *status = process->status;
    return xie_process_leave(process, error);
}

/* --- signals ------------------------------------------------------------------------ */

static int send_signal(struct xie_process *process, int number)
{
    return xie_process_signal(process->pidfd, process->pid, number, process->group, process->lost);
}

int xie_process_send_signal(struct xie_process *process, int number)
{
    int error = look(process);
    if (process->ended && !process->group)
        return -ESRCH;
    return process->ended || error == -EBUSY ? send_signal(process, number) : error;
}

/* --- opening ------------------------------------------------------------------------ */

int xie_process_pid(const struct xie_process *process)
{
    return process->pid;
}

struct xie_stream *xie_process_stream(const struct xie_process *process, int fd)
{
    return fd >= 0 && fd < 3 ? process->streams[fd] : NULL;
}

void xie_process_close_stream(struct xie_process *process, int fd)
{
    struct xie_stream *stream = xie_process_stream(process, fd);
    if (!stream)
        return;
    process->streams[fd] = NULL;
    xie_stream_close(stream);
}

static void close_streams(struct xie_process *process)
{
    for (int fd = 0; fd < 3; fd++)
        xie_process_close_stream(process, fd);
}

/* The child's ends of its standard streams while it is being started. */
struct ends {
    int fd[3];    /* -1: inherited */
    bool ours[3]; /* to be closed here */
};

static void close_ends(struct ends *ends)
{
    for (int fd = 0; fd < 3; fd++)
        if (ends->ours[fd])
            xie_sys_close(ends->fd[fd]);
}

static int make_pipe(struct xie_process *process, int fd, struct ends *ends)
{
    int pipe[2], mine = fd == 0 ? 1 : 0;
    int error = xie_sys_pipe(pipe);
    if (error)
        return error;
    ends->fd[fd] = pipe[!mine];
    ends->ours[fd] = true;
    error = xie_stream_adopt(pipe[mine], &process->streams[fd]);
    if (error)
        xie_sys_close(pipe[mine]);
    return error;
}

static int make_end(struct xie_process *process, int fd, int wanted, struct ends *ends)
{
    switch (wanted) {
    case XIE_PROCESS_INHERIT:
        return 0;
    case XIE_PROCESS_PIPE:
        return make_pipe(process, fd, ends);
    case XIE_PROCESS_NULL:
        ends->fd[fd] = xie_sys_open("/dev/null", O_RDWR, 0);
        ends->ours[fd] = ends->fd[fd] >= 0;
        return ends->ours[fd] ? 0 : ends->fd[fd];
    case XIE_PROCESS_STDOUT:
        ends->fd[fd] = ends->fd[1] >= 0 ? ends->fd[1] : 1;
        return fd == 2 ? 0 : -EINVAL;
    default:
        ends->fd[fd] = wanted;
        return wanted > 0 ? 0 : -EINVAL;
    }
}

static int start(struct xie_process *process, const struct xie_process_options *options)
{
    struct ends ends = {.fd = {-1, -1, -1}};
    const int wanted[3] = {options->in, options->out, options->err};
    int result = 0;
    for (int fd = 0; fd < 3 && !result; fd++)
        result = make_end(process, fd, wanted[fd], &ends);
    if (!result)
        result = xie_process_start(options, ends.fd, &process->pidfd);
    close_ends(&ends);
    if (result > 0)
        process->pid = result;
    else
        close_streams(process);
    return result > 0 ? 0 : result;
}

static bool valid(const struct xie_process_options *options)
{
    bool argv = options->argv && options->argv[0], shell = options->shell;
    return argv != shell && !(shell && options->argv) && options->grace_ns >= 0 &&
           options->output_limit <= SSIZE_MAX && options->death_signal >= 0;
}

int xie_process_open(const struct xie_process_options *options, struct xie_process **process)
{
    if (!xie_loop_current())
        return -EPERM;
    if (!valid(options))
        return -EINVAL;
    struct xie_process *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    made->loop = xie_loop_current();
    made->grace_ns = options->grace_ns;
    made->output_limit = options->output_limit ? options->output_limit : OUTPUT_LIMIT;
    made->group = options->group != XIE_PROCESS_SAME;
    int error = start(made, options);
    if (error) {
        xie_release(made);
        return error;
    }
    *process = made;
    return 0;
}

/* --- closing ------------------------------------------------------------------------ */

static void wait_for_end(struct xie_process *process)
{
    struct xie_op op;
    int error = look(process);
    while (error == -EBUSY) {
        error = poll_once(process, &op);
        if (error == -EBUSY && xie_sleep(LOOK_AGAIN_NS) < 0)
            return; /* the grace is over */
    }
}

static void kill_it(struct xie_process *process)
{
    if (send_signal(process, SIGKILL) == -EPERM) /* then its pipes' end may make it end */
        close_streams(process);
}

static void end_gently(struct xie_process *process)
{
    if (process->grace_ns && look(process) == -EBUSY && !send_signal(process, SIGTERM))
        XIE_TIMEOUT(process->grace_ns)
            wait_for_end(process);
    if (look(process) == -EBUSY) {
        kill_it(process);
        wait_for_end(process);
    }
}

/* Where waiting was not possible, and for what is left of a group. */
static void end_for_good(struct xie_process *process)
{
    if (!process->ended || process->group)
        kill_it(process);
    if (!process->ended || (process->group && !process->lost))
        xie_process_reap(process->pidfd);
    process->ended = true;
}

static void wait_for_leavers(struct xie_process *process)
{
    struct xie_task *self;
    XIE_SHIELD {
        while (process->inside && !xie_wait_enter(&self))
            xie_waiters_wait(&process->leaving, self, "xie_process_close", NULL);
    }
}

void xie_process_close(struct xie_process *process)
{
    if (!process)
        return;
    if (process->closed)
        xie_misuse("xie_process_close: closed twice");
    if (process->loop != xie_loop_current())
        xie_misuse("xie_process_close: of another thread's loop, or in a child made by fork");
    process->closed = true;
    if (process->op)
        xie_op_cancel(process->loop, process->op);
    xie_waiters_wake_all(&process->waiters);
    xie_process_close_stream(process, 0);
    if (xie_task_current())
        XIE_SHIELD
            end_gently(process);
    end_for_good(process);
    close_streams(process);
    if (process->inside && !xie_task_current()) {
        process->orphan = true;
        return;
    }
    wait_for_leavers(process);
    finish(process);
}
