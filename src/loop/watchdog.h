/* watchdog.h - debug mode's watch over a loop: what runs too long is named while it runs.
 * Floor 2. A thread that looks; told of each thing that begins or ends to run. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_WATCHDOG_H
#define XIE_LOOP_WATCHDOG_H

#include <stdint.h>

struct xie_loop;
struct xie_watchdog;

/* Watch over loop, whose thread is the calling one; slow_ns 0: 100 ms. Without a thread, which
 * is said on stderr, what was slow is named at its end only.
 * errors  -ENOMEM */
int xie_watchdog_open(struct xie_loop *loop, int64_t slow_ns);
/* NULL watch: nothing. */
void xie_watchdog_close(struct xie_loop *loop);
/* How many threads do so in this process: they wake nobody. */
unsigned xie_watchdog_threads(void);

/* Something begins to run, and what ran until now has ended: a task, whose name and place are
 * borrowed until the next of these calls; or a callback, with NULL and the function's address. */
void xie_watchdog_enter(struct xie_watchdog *watch, const char *name, const char *where, void *fn);
/* The loop itself goes on. */
void xie_watchdog_leave(struct xie_watchdog *watch);
/* What runs has another name from now on. */
void xie_watchdog_rename(struct xie_watchdog *watch, const char *name);

#endif
