/* stack.h - stacks from slabs, each above a guard; recycled, warm ones first.
 * Floor 1. A pool per thread: a stack goes back on the thread that took it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_STACK_H
#define XIE_CORO_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <xie/error.h>

enum {
    XIE_STACK_LEAST = 16 * 1024,
    XIE_STACK_DEFAULT = 256 * 1024,
    XIE_STACK_MOST = 1024 * 1024 * 1024
};

struct xie_stack_slab;

/* A stack; this record sits at its very top. */
struct xie_stack {
    char *base;             /* lowest usable byte; the guard is below it */
    size_t size;            /* usable bytes, this record included */
    char *top;              /* highest byte free for frames + 1; 16-byte aligned */
    struct xie_stack *next; /* free list */
    struct xie_stack_slab *slab;
    /* Of the owner, for the report of an overflow; borrowed. */
    const char *kind, *name, *where;
    void *fiber;       /* TSan's */
    unsigned valgrind; /* its registration there */
    bool taken;
    bool deep; /* may hold pages that a free stack should not */
};

/**
 * Take a stack of at least size bytes (rounded up to a size class: a power of two;
 * below XIE_STACK_LEAST raised to it; above XIE_STACK_MOST refused).
 *
 * return  NULL when none can be had: no memory or address space, or, on kernels without
 *         MADV_GUARD_INSTALL, no mapping left for its guard (said once on stderr)
 * cost    warm: a few instructions. Cold: a page fault, a guard; a slab now and then
 */
struct xie_stack *xie_stack_take(size_t size);

/* Give it back; may be called while still running on it, if the thread then leaves it by
 * xie_context_leave before another stack is taken or any is trimmed. From another thread than
 * the one that took it, or twice: aborts. */
void xie_stack_give(struct xie_stack *stack);

/* Carve a record of the owner out of its top, 16-byte aligned, or by 64 where its size is a
 * multiple of that; not initialised: once, right after the take. A parked owner costs one page
 * while this record, its frames and up to 1 KiB of ours fit into it. */
static inline void *xie_stack_carve(struct xie_stack *stack, size_t size)
{
    stack->top -= (size + 15) / 16 * 16;
    return stack->top;
}

/* The same, zeroed. */
static inline void *xie_stack_reserve(struct xie_stack *stack, size_t size)
{
    return memset(xie_stack_carve(stack, size), 0, size);
}

/* Give pages of free stacks beyond the warm ones back to the system: called when idle. Two
 * instructions when none was given back since; bounded work else.
 * return  true: there is more, for the next time */
bool xie_stack_trim(void);

/* How many stacks of this thread are taken. */
size_t xie_stack_count(void);

/* Install the handler that names whose stack overflowed, for this thread (idempotent;
 * called by the first take as well). */
void xie_stack_watch(void);

#endif
