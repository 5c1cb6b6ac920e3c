/* promise.h - inside a promise, for those who hand one out: pools, and tasks of other loops.
 * Floor 5. The first field of what they allocate; its last reference frees the whole. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_IO_PROMISE_H
#define XIE_IO_PROMISE_H

#include <xie/promise.h>

#include "base/list.h"
#include "io/shared.h"

struct xie_promise {
    pthread_mutex_t lock;
    struct xie_waiters waiters; /* cases */
    void (*dispose)(void *value);
    void *value;
    int result;
    bool done, taken; /* taken: a wait returns it, or has */
    bool orphan;      /* no wait has returned its value, whoever took the outcome */
    unsigned refs;    /* atomic */
    /* Of those who hand one out; NULL where the default will do. */
    bool (*cancel)(struct xie_promise *promise);
    void (*drop)(struct xie_promise *promise); /* before its memory is released */
    const char *kind;         /* "job", "task"; NULL: neither, it is whoever's made it */
    const char *name, *where; /* a failure that nobody takes is told; NULL: it is not */
};

/* memory is zeroed, from xie_alloc; one reference. */
void xie_promise_init(struct xie_promise *promise, void (*dispose)(void *value));

/* Give the outcome and a reference back, in one: who is woken finds that nobody uses its memory
 * any more. */
void xie_promise_finish(struct xie_promise *promise, int result, void *value);

/* In a child made by fork, of one that the parent's threads would have settled: it fails with
 * -ECANCELED, and value is disposed of by its owners. Whoever had its lock or waited is not here.
 */
void xie_promise_orphan(struct xie_promise *promise, void *value);

/* Wait in the task self, which has asked its scopes. return 0: there is an outcome, and it is
 * taken; else the scope's error */
int xie_promise_await(struct xie_promise *promise, struct xie_task *self, const char *what);
/* Take the outcome if there is one. */
bool xie_promise_take(struct xie_promise *promise);

#endif
