/* signal.h - waiting for signals of the system.
 * Floor 5. Between open and close the signals named are delivered here only. Close before
 * the loop ends. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_SIGNAL_H
#define XIE_SIGNAL_H

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Signals caught on behalf of one loop; opaque. */
struct xie_signals;

/**
 * Catch signals instead of their default action. A signal has one listener: a second one would
 * take it from the first unnoticed. Who wants several has one task wait, and an event, or a queue,
 * for the others.
 *
 * list     signal numbers, ended by 0; 1 to 32 of them
 * signals  receives the object, owned
 * errors   -EBUSY one of them is caught already, by this loop or another; -EINVAL the list's
 *          length, a number twice, or one that cannot be caught, or is a fault of the
 *          program itself (SIGSEGV, SIGBUS, SIGFPE, SIGILL); -ENOMEM; -EPERM no loop
 * note     system calls of other code go on (SA_RESTART). For SIGINT this replaces what xie_run
 *          does: the first cancels the main task, the second ends the program. A child made by
 *          fork(2) has what was before; one of xie_process_open the default actions
 * source   asyncio loop.add_signal_handler; sigaction(2)
 */
XIE_API int xie_signals_open(const int *list, struct xie_signals **signals);

/* Wait for the next one.
 * return  its number; equal signals that came before anyone waited count once, different
 *         ones are given out in turn
 * errors  -ECANCELED -ETIMEDOUT (no signal is lost) -EBUSY another task waits */
XIE_API int xie_signals_wait(struct xie_signals *signals);

/* Restore what was before. A waiting task returns XIE_ECLOSED. NULL is allowed.
 * source asyncio loop.remove_signal_handler */
XIE_API void xie_signals_close(struct xie_signals *signals);

#ifdef __cplusplus
}
#endif
#endif
