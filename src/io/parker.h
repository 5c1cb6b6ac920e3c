/* parker.h - one who waits for another thread: a task of any loop, or a thread without one.
 * Floor 5. In the waiter's frame. What is waited for has a lock and a list of parkers; an outcome
 * is decided under that lock, once: what a waker decided wins over an interruption. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_PARKER_H
#define XIE_IO_PARKER_H

#include <pthread.h>

#include "base/list.h"
#include "loop/loop.h"
#include "task/wait.h"

/* What a thread waits by. Zero before use. */
struct xie_rouse {
    pthread_cond_t cond;
    bool called;
};

/* Under the lock, which is let go of meanwhile: block until called, for timeout_ns at most
 * (XIE_NEVER: for ever). return 0, or -ETIMEDOUT */
int xie_rouse_wait(struct xie_rouse *self, pthread_mutex_t *lock, int64_t timeout_ns);
/* Under the lock. */
void xie_rouse_call(struct xie_rouse *self);

/* Zero before use. */
struct xie_parker {
    struct xie_link link;
    pthread_mutex_t *lock;
    struct xie_loop *loop;      /* the task's; NULL: a thread waits */
    struct xie_wait wait;       /* the task's */
    struct xie_inbox_call back; /* the outcome, told to its loop */
    struct xie_rouse rouse;     /* the thread's */
    bool woken;                 /* an outcome was decided: what follows belongs to it */
};

/* The lock is held, and let go of: suspend self in list until woken, or interrupted and then
 * taken off. xie_wait_enter was called before.
 * return  0 woken, else the scope's error */
int xie_parker_wait(struct xie_parker *parker, struct xie_link *list, pthread_mutex_t *lock,
                    struct xie_task *self, const char *what);

/* The same for a thread, which blocks until woken. */
void xie_parker_block(struct xie_parker *parker, struct xie_link *list, pthread_mutex_t *lock);

/* Under the lock: take it off its list and wake it. What its waiter is to find was written
 * into the struct around it before. */
void xie_parker_wake(struct xie_parker *parker);

/* The first of a list, NULL when it is empty. */
static inline struct xie_parker *xie_parker_first(const struct xie_link *list)
{
    return xie_list_empty(list) ? NULL : XIE_CONTAINER(list->next, struct xie_parker, link);
}

/* What a call that blocks begins with: 0, or -EPERM (said on stderr) in a thread with a loop,
 * all of whose tasks would stand still. */
int xie_block_enter(const char *what);

#endif
