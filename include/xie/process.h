/* process.h - children: other programs, started, talked to, waited for and ended.
 * Floor 5. Each has a descriptor of its own that tells of its end (pidfd, Linux 5.4): no SIGCHLD,
 * no waitpid(-1), nobody else's children touched. Close before the loop ends. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_PROCESS_H
#define XIE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A child; opaque, owned by whoever opened it, closed once. Of one thread's loop. */
struct xie_process;

/* What stands behind a child's standard stream, where it is no descriptor of ours. */
enum xie_process_stdio {
    XIE_PROCESS_INHERIT = 0, /* ours */
    XIE_PROCESS_PIPE = -1,   /* a pipe, whose other end is xie_process_stream */
    XIE_PROCESS_STDOUT = -2, /* err only: wherever out goes */
    XIE_PROCESS_NULL = -3    /* /dev/null */
};

/* Whether a child leads a process group of its own. Signals and the closing then reach all of
 * the group: what a shell has started, too. */
enum xie_process_group {
    XIE_PROCESS_SAME,       /* no: it is in ours, and a Ctrl-C at the terminal reaches it */
    XIE_PROCESS_NEW_GROUP,  /* setpgid(2) */
    XIE_PROCESS_NEW_SESSION /* setsid(2): a group without a terminal */
};

/* One more descriptor for a child. */
struct xie_process_fd {
    int ours;  /* borrowed until the open returns */
    int child; /* its number there: 3 or more */
};

/* What to start and how; zero is the default of each. All of it is borrowed until the open
 * returns. */
struct xie_process_options {
    const char *const *argv; /* the arguments, the name first, ended by NULL; or: */
    const char *shell;       /* a line for /bin/sh -c, instead of argv */
    const char *program;     /* the file to execute; NULL: argv[0]. Without a '/' it is looked for
                                in the PATH of env; "/bin:/usr/bin" where that has none */
    /* enum xie_process_stdio, or a descriptor of ours from 1 on, borrowed until the open returns
     * and used as it is: a program may not expect one that is non-blocking. */
    int in, out, err;
    const char *const *env; /* "NAME=value", ended by NULL; NULL: ours */
    const char *cwd;        /* its working directory; NULL: ours */
    const struct xie_process_fd *fds;
    size_t fd_count; /* at most 64 */
    enum xie_process_group group;
    int death_signal;    /* sent to it when the thread that opened it ends, however; 0: none */
    int64_t grace_ns;    /* how long the close leaves it after SIGTERM; 0: SIGKILL at once */
    size_t output_limit; /* the most that communicate gathers of each stream [bytes]; 0: 16 MiB */
};

/* How a child ended. */
struct xie_process_status {
    int code;   /* 0 to 255; -1 when a signal ended it */
    int signal; /* the number of that signal; 0: none did */
    bool core;  /* it dumped core */
};

/**
 * Start a child.
 *
 * process  receives it, owned; untouched on error
 * errors   of the program, those of execve(2): -ENOENT (also for the interpreter it names)
 *          -EACCES -ENOEXEC (there is no second try by a shell) -E2BIG -ELOOP -ENOTDIR …;
 *          XIE_EDIRECTORY cwd is missing, no directory, or may not be entered; -EBADF a
 *          descriptor that is not open; -EINVAL both or neither of argv and shell, an empty
 *          argv, a number out of range, or given twice; -EMFILE -ENFILE -EAGAIN -ENOMEM; -EPERM no
 *          loop. After any of them there is no child
 * note     the child has standard streams, fds, and no other descriptor of ours, whoever opened it
 *          and without close-on-exec; no signal is blocked or ignored there. Safe in programs with
 *          several threads: between its birth and exec it makes system calls only
 * cost     the thread stands still until the program is loaded (vfork(2)), for the same time
 *          whatever this process's size
 * source   asyncio.create_subprocess_exec, create_subprocess_shell
 */
XIE_API int xie_process_open(const struct xie_process_options *options,
                             struct xie_process **process);

/* Its number; another process may have it once the child was waited for. */
XIE_API int xie_process_pid(const struct xie_process *process);

/* Our end of the child's descriptor 0, 1 or 2: a stream to write, read, read; borrowed. NULL where
 * there is no pipe (any more), or for another number. A write after the child closed its end is
 * -EPIPE and no SIGPIPE. source Process.stdin, stdout, stderr */
XIE_API struct xie_stream *xie_process_stream(const struct xie_process *process, int fd);

/* Close our end before the process: after 0 the child reads the end. As xie_stream_close; harmless
 * where there is none. source Process.stdin.close */
XIE_API void xie_process_close_stream(struct xie_process *process, int fd);

/**
 * Wait for the end of the child; any number of tasks may, and it may have ended.
 *
 * status  receives how; may be NULL
 * return  0
 * errors  -ECANCELED -ETIMEDOUT (nothing is lost; the child goes on) XIE_ECLOSED; XIE_EREAPED it
 *         has ended, but somebody else took its status: this program has a waitpid(-1), or
 *         ignores SIGCHLD (from Linux 6.15 on the status is told all the same)
 * note    a child that fills a pipe nobody reads does not end: see communicate
 * cost    no thread, no signal: one descriptor waited for
 * source  asyncio Process.wait
 */
XIE_API int xie_process_wait(struct xie_process *process, struct xie_process_status *status);

/* The same without waiting. errors -EBUSY it runs; XIE_EREAPED. source Process.returncode */
XIE_API int xie_process_status(struct xie_process *process, struct xie_process_status *status);

/**
 * Send a signal: to the child, or to all of its group where it leads one.
 *
 * errors  -ESRCH it has ended, and leads no group; -EINVAL no such signal; -EPERM it changed its
 *         user. Never reaches another process that got its number
 * source  asyncio Process.send_signal; terminate is SIGTERM, kill is SIGKILL
 */
XIE_API int xie_process_send_signal(struct xie_process *process, int signal);

/* What a child said, and how it ended. The memory is owned: xie_process_result_fini. */
struct xie_process_result {
    struct xie_process_status status;
    char *out, *err; /* each ended by a 0 byte that is not counted; NULL: no pipe */
    size_t out_len, err_len;
};
/* Give the texts back; zero is a valid empty result. */
XIE_API void xie_process_result_fini(struct xie_process_result *result);

/**
 * Write input to the child, close that pipe, read what it says to the end, and wait for it: all at
 * once, so that neither side blocks the other however much is said.
 *
 * input   caller's, borrowed until return; a child that does not read all of it is no error
 * result  receives all, owned
 * errors  -ECANCELED -ETIMEDOUT: nothing is lost, and a further call with the same input goes on
 *         where this one stopped; XIE_ELIMIT one stream is longer than output_limit: close the
 *         process; -EINVAL an input and no pipe for it, or less of it than was written;
 *         -EBUSY another task is in communicate or reads one of the pipes; -ENOMEM; as
 *         xie_process_wait
 * note    a child of the child that kept a pipe open is waited for as well. A second call
 *         returns the status alone
 * cost    a task for each pipe
 * source  asyncio Process.communicate
 */
XIE_API int xie_process_communicate(struct xie_process *process, const void *input, size_t len,
                                    struct xie_process_result *result);

/* Open, communicate, close. A program that ends with another code than 0 is no error.
 * errors as those; when interrupted it closes the process. source subprocess.run */
XIE_API int xie_process_run(const struct xie_process_options *options, const void *input,
                            size_t len, struct xie_process_result *result);

/**
 * Close: end the child if it runs, take its status, close our ends of its pipes.
 *
 * note    with grace_ns SIGTERM first, and SIGKILL when that time is over; a cancelled scope
 *         shortens none of it. Where it leads a group, whoever is left of that gets SIGKILL, also
 *         when the child itself has ended. A child that changed its user, and may not be
 *         signalled, is waited for. Tasks that wait for it return XIE_ECLOSED, those that use its
 *         streams too, unless the child's end came to them first.
 *         From a callback, which cannot wait, SIGKILL at once, and the thread blocks until the
 *         child is gone. NULL is allowed; a second close while the first waits aborts, as
 *         another loop's process does.
 *         Afterwards there is no zombie, and no descriptor of it
 * source  asyncio SubprocessTransport.close
 */
XIE_API void xie_process_close(struct xie_process *process);

#ifdef __cplusplus
}
#endif
#endif
