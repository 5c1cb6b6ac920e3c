/* fault.h - making the Nth allocation, system call or operation fail: for tests.
 * Floor 0. Costs one load and branch per call when nothing is armed. Not thread-safe. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_FAULT_H
#define XIE_BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <xie/error.h>

enum xie_fault_kind {
    XIE_FAULT_MEMORY = 1,   /* xie_alloc, xie_resize; stacks */
    XIE_FAULT_SYSCALL = 2,  /* every call of the table in sys.h */
    XIE_FAULT_OPERATION = 4 /* an operation completes with the error instead of running */
};

struct xie_fault {
    unsigned kinds; /* which calls count; 0: nothing is armed */
    uint64_t nth;   /* the first to fail, from 1 */
    bool forever;   /* and all after it */
    int error;      /* negative */
    uint64_t seen;  /* how many calls of these kinds have come */
    uint64_t failed;
};

/* The plan in force; tests fill it in before and read it after. */
XIE_API extern struct xie_fault xie_fault_plan;

XIE_API int xie_fault_count(unsigned kind);

/* 0, or the error this call is to fail with. */
static inline int xie_fault_check(unsigned kind)
{
    if (__builtin_expect(!(xie_fault_plan.kinds & kind), 1))
        return 0;
    return xie_fault_count(kind);
}

#endif
