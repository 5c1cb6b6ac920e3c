/* debug.h - seeing inside: who waits for whom, reports, debug mode.
 * Floor 2. What it prints costs a running program nothing; debug mode costs some tens of
 * nanoseconds for each switch, and a thread. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_DEBUG_H
#define XIE_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xie/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_task;

/* --- who waits for whom ------------------------------------------------------------- */

/* One line of a call graph. */
struct xie_call_graph_entry {
    struct xie_task *task;
    int depth;        /* 0: the task asked about; 1, 2, …: those it waits for, and those they
                         wait for; -1, -2, …: those that wait for it, and for them */
    const char *what; /* the call it waits in; NULL: it runs or is ready to */
    int64_t since;    /* when that began, of xie_now(); 0: not known, outside debug mode */
};

/**
 * Whom a task waits for, and who waits for it, directly and through others. Joins, gathers,
 * groups, waits for the first and locks tell whom they wait for; a wait for an event, a queue or
 * a descriptor has nobody to name.
 *
 * task     one of this thread's loop
 * entries  receives up to cap: first the task, then in the order of a tree those it waits for,
 *          then those that wait for it. Good until the caller waits. May be NULL when cap is 0
 * return   how many there are; each task but the first stands once for either direction
 * cost     a look at every task of the loop, and at each of those it waits for
 * source   asyncio.capture_call_graph
 */
XIE_API size_t xie_capture_call_graph(struct xie_task *task, struct xie_call_graph_entry *entries,
                                      size_t cap);

/**
 * The same as text: a line for each task, indented, with its name, the place of its spawn, and
 * what it waits in. For NULL every task of the loop, each below the one that waits for it.
 *
 * text    receives up to cap - 1 bytes and a 0; may be NULL when cap is 0
 * return  how long all of it is, as snprintf
 * source  asyncio.format_call_graph
 */
XIE_API size_t xie_format_call_graph(struct xie_task *task, char *text, size_t cap);

/* The same, written to a descriptor: `xie_print_call_graph(NULL, 2)` in a task that waits for
 * a signal dumps the program whenever it comes. source asyncio.print_call_graph */
XIE_API void xie_print_call_graph(struct xie_task *task, int fd);

/**
 * The calls a task is in: return addresses, the innermost call's first.
 *
 * task    one of this thread's loop, that runs or waits
 * frames  receives up to cap of them
 * return  how many, at most cap; 0 for a task that is ready but does not run, and where the C
 *         library cannot tell (it has no backtrace(3))
 * cost    some microseconds, and up to 4 KiB of the task's own stack
 * source  asyncio Task.get_stack
 */
XIE_API size_t xie_task_get_stack(struct xie_task *task, void **frames, size_t cap);

/* The same, written to a descriptor as backtrace_symbols_fd(3) does, a line for each.
 * source asyncio Task.print_stack */
XIE_API void xie_task_print_stack(struct xie_task *task, int fd);

/* --- reports ------------------------------------------------------------------------ */

/* What went wrong, where nobody is there to be told by a return value. */
struct xie_exception_context {
    const char *message; /* one line; never NULL */
    const char *task;    /* the task's name, NULL: none */
    const char *where;   /* the place of its spawn, NULL: not known */
    int error;           /* negative; 0: none */
};

/* Gets a report; all strings are borrowed until it returns. Runs at the place of the trouble,
 * as a callback: it may not wait. */
typedef void xie_exception_handler(const struct xie_exception_context *context, void *arg);

/**
 * Have handler(context, arg) receive this loop's reports in place of stderr: errors nobody
 * took, tasks that ignore a cancellation, circles of waiting (a call for each line), in debug
 * mode handles nobody gave back.
 *
 * handler  NULL: stderr again
 * return   0
 * errors   -EPERM no loop in this thread
 * source   asyncio loop.set_exception_handler
 */
XIE_API int xie_loop_set_exception_handler(xie_exception_handler *handler, void *arg);

/* Report to the loop's handler; to stderr where there is none, or no loop.
 * source asyncio loop.call_exception_handler, default_exception_handler */
XIE_API void xie_loop_call_exception_handler(const struct xie_exception_context *context);

/* --- debug mode --------------------------------------------------------------------- */

/**
 * True when the loop runs in debug mode: XIE_DEBUG=1 in the environment, or the option `debug`
 * of xie_run_with. Then
 * - a task or callback that runs for longer than the option slow_callback_ns without waiting is
 *   named on stderr while it does, with the place of its spawn and its stack where the C library
 *   can tell it, again after twice the time each, and at its end with how long it was.
 *   (It is asked by a signal: the highest real-time one that has its default action, and that no
 *   watched thread blocks as its loop is made, unless it blocks all of them. A program that comes
 *   to use that one, by sigaction(2) or xie_signals_open, is never sent it: another is found.
 *   Sent by others it does what it does without debug mode);
 * - tasks whose handle was never joined or detached are named at the end of the loop, with the
 *   place of their spawn;
 * - waking or cancelling a task, or cancelling a call, from another thread than its loop's aborts;
 * - the call graph tells since when each task waits.
 * source  asyncio loop.get_debug; set_debug and slow_callback_duration are options
 */
XIE_API bool xie_loop_debug(const struct xie_loop *loop);

#ifdef __cplusplus
}
#endif
#endif
