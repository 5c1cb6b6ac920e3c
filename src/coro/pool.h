/* pool.h - what a thread's pool of stacks is made of: size classes, slabs, slots.
 * Floor 1. Shared by stack.c, slab.c and overflow.c; nobody else includes it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_POOL_H
#define XIE_CORO_POOL_H

#include <stdint.h>

#include "coro/stack.h"

enum {
    XIE_STACK_CLASSES = 17 /* 16 KiB, 32 KiB, ... 1 GiB */
};

/* One mapping: this header, then slots of a guard and a stack each. */
struct xie_stack_slab {
    struct xie_stack_slab *next; /* older */
    struct xie_stack_class *class;
    size_t size;          /* of the mapping [bytes] */
    char *slots;          /* the first slot */
    unsigned count;       /* slots in all */
    unsigned fresh;       /* the first that was never used: no guard, no page */
    unsigned cold_count;  /* used once, now free and without pages */
    unsigned mappings;    /* what its guards cost of vm.max_map_count */
    unsigned first, last; /* bounds of what is being cooled; first > last: nothing */
    uint64_t *cold;       /* a bit per slot */
    uint64_t *cooling;    /* a bit per slot whose pages are about to be given back */
};

struct xie_stack_class {
    struct xie_stack_pool *pool;
    size_t usable;          /* bytes of a stack */
    struct xie_stack *warm; /* free, pages still there; the last given first */
    size_t warm_count;
    size_t taken;
    size_t slots; /* of all slabs */
    struct xie_stack_slab *slabs;
    unsigned given; /* since the deep ones were last looked at */
};

struct xie_stack_pool {
    size_t taken;
    uint32_t given; /* classes that got a stack back since the last trim, a bit each */
    bool valgrind;  /* it runs, and wants to be told */
    size_t page, guard;
    size_t size;     /* of the pool's own mapping */
    char *alternate; /* the stack of signal handlers; NULL: the thread has another */
    struct xie_stack_class classes[XIE_STACK_CLASSES];
};

/* The calling thread's, NULL before its first take. Read by a signal handler, so it must never
 * be allocated by a first use: hence the model. */
extern __thread struct xie_stack_pool *xie_stack_pool __attribute__((tls_model("initial-exec")));

/* A stack that needs pages: a cold one, a fresh one, one of a new slab; NULL when there is no
 * memory. */
struct xie_stack *xie_slab_take(struct xie_stack_class *class);

/* The stack goes cold: its record is gone at the next xie_slab_cool. */
void xie_slab_put(struct xie_stack *stack);
/* Give the pages of those put back to the system, one call for neighbours; unmap slabs without
 * a stack in use, but for the last. */
void xie_slab_cool(struct xie_stack_class *class);

void xie_slab_unmap(struct xie_stack_slab *slab);

/* The taken stack in whose guard the address lies, NULL if none. Async-signal-safe. */
struct xie_stack *xie_slab_find_guard(struct xie_stack_pool *pool, const void *address);

static inline size_t xie_slab_stride(const struct xie_stack_class *class)
{
    return class->pool->guard + class->usable;
}

/* overflow.c: the handler of the process, and its stack in this thread. */
void xie_overflow_watch(struct xie_stack_pool *pool);
void xie_overflow_unwatch(struct xie_stack_pool *pool);
/* How much memory pool->alternate wants [bytes]. */
size_t xie_overflow_stack_size(void);

#endif
