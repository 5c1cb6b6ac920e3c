/* wakeup.h - rousing a loop that waits in the kernel, from a thread or a signal handler.
 * Floor 2. An eventfd with a flag before it: however many call, one write. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_WAKEUP_H
#define XIE_LOOP_WAKEUP_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/sys.h"

struct xie_wakeup {
    int fd;   /* readable after a call */
    bool set; /* atomic: a call has come that the loop has not seen */
};

static inline int xie_wakeup_open(struct xie_wakeup *wakeup)
{
    wakeup->set = false;
    wakeup->fd = xie_sys_eventfd();
    return wakeup->fd < 0 ? wakeup->fd : 0;
}

static inline void xie_wakeup_close(struct xie_wakeup *wakeup)
{
    close(wakeup->fd);
}

/* From anywhere. The write cannot fail: the counter would have to reach 2^64 - 1. */
static inline void xie_wakeup_call(struct xie_wakeup *wakeup)
{
    if (__atomic_exchange_n(&wakeup->set, true, __ATOMIC_ACQ_REL))
        return;
    int saved = errno;
    uint64_t one = 1;
    ssize_t ignored = write(wakeup->fd, &one, sizeof(one));
    (void)ignored;
    errno = saved;
}

/* Has anybody called since the last take? */
static inline bool xie_wakeup_pending(const struct xie_wakeup *wakeup)
{
    return __atomic_load_n(&wakeup->set, __ATOMIC_RELAXED);
}

/* The loop has been roused; the next call writes again. What the callers did before is
 * visible after. Whoever is told by level drains first: the other way round, a call between
 * the two would leave the flag set and nothing to read, and none after it would be heard. */
static inline void xie_wakeup_take(struct xie_wakeup *wakeup)
{
    if (xie_wakeup_pending(wakeup))
        (void)__atomic_exchange_n(&wakeup->set, false, __ATOMIC_ACQ_REL);
}

/* Make fd unreadable again: not needed by who is told by edge. */
static inline void xie_wakeup_drain(struct xie_wakeup *wakeup)
{
    uint64_t count;
    ssize_t ignored = read(wakeup->fd, &count, sizeof(count));
    (void)ignored;
}

#endif
