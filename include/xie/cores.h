/* cores.h - a loop on each core: one program on several threads.
 * Floor 5. Tasks stay on their loop; work is spread by channels, or by listeners that share a
 * port. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORES_H
#define XIE_CORES_H

#include <stdbool.h>

#include <xie/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How to make the loops; zero is the default of each. */
struct xie_cores_options {
    unsigned count; /* of loops, up to 1024; 0: as many as xie_cores_count() */
    bool pin;       /* each thread stays on one of the CPUs it may use, in turn */
    const struct xie_loop_options *loop; /* of each; NULL: the defaults */
};

/**
 * Run fn(index, arg) as the main task of count loops, each on a thread of its own, and wait
 * until all of them have ended.
 *
 * options  borrowed until the return; NULL: the defaults
 * fn       index counts from 0; arg is shared by all threads. It first runs when every loop
 *          has been made: all start, or none
 * return   0 when each fn returned 0 or more; else the first error, by time: it cancels the
 *          main tasks of the others, which are then waited for
 * errors   -ECANCELED -ETIMEDOUT of the caller's scope: every main task is cancelled, and all
 *          have ended; so Ctrl-C ends all loops. -EAGAIN no thread; those of xie_run for
 *          the loops; -EINVAL too many; -ENOMEM; -EPERM outside a task
 * note     an error that follows from being cancelled is no failure. To end all loops from
 *          one of them, return an error there; from the caller's, cancel the scope around
 *          the call. On sim each loop has a world, sockets and a clock of its own, and one
 *          run is not like the next
 * cost     a thread for each loop; the caller's loop goes on besides
 * source   none in asyncio: a process or thread for each asyncio.run
 */
XIE_API int xie_cores_run(const struct xie_cores_options *options,
                          int (*fn)(unsigned index, void *arg), void *arg);

/* How many CPUs this thread may run on; at least 1. source os.process_cpu_count */
XIE_API unsigned xie_cores_count(void);

#ifdef __cplusplus
}
#endif
#endif
