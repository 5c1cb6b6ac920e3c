/* stack.c - a thread's pool of stacks: taking, giving back, keeping few warm.
 * Floor 1. Knows size classes and free lists; where stacks come from is slab.c's. */
/* SPDX-License-Identifier: MIT */
#include "coro/stack.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/misuse.h"
#include "base/sys.h"
#include "coro/pool.h"
#include "coro/sanitize.h"

enum {
    LEAST_SHIFT = 14,      /* log2 of XIE_STACK_LEAST */
    WARM_LEAST = 64,       /* free stacks that keep their pages, per class: */
    WARM_MOST = 1024,      /* an eighth of those taken, within these bounds */
    COOL_SLACK = 32,       /* so many too many are let be */
    COOL_MOST = 4096,      /* and so many at once are cooled: about a millisecond */
    DEEP_EVERY = 256,      /* given back between two looks for deep ones */
    WARM_DEPTH = 16 * 1024 /* what a warm stack may keep [bytes] */
};

/* gcc probes each so many bytes of a large frame (-fstack-clash-protection): a smaller guard
 * could be stepped over. */
#ifdef __aarch64__
enum { GUARD_LEAST = 64 * 1024 };
#else
enum { GUARD_LEAST = 4096 };
#endif

__thread struct xie_stack_pool *xie_stack_pool;

#if XIE_ASAN
__thread struct xie_sanitizer *xie_sanitizer_last;
#endif

static pthread_key_t pool_key;
static pthread_once_t pool_once = PTHREAD_ONCE_INIT;

static void pool_free(struct xie_stack_pool *pool)
{
    for (unsigned i = 0; i < XIE_STACK_CLASSES; i++) {
        struct xie_stack_class *class = &pool->classes[i];
        for (struct xie_stack *stack = class->warm; stack; stack = stack->next) {
            xie_sanitizer_give(stack);
            if (stack->valgrind)
                XIE_VALGRIND_FORGET(stack->valgrind);
        }
        while (class->slabs) {
            struct xie_stack_slab *slab = class->slabs;
            class->slabs = slab->next;
            xie_slab_unmap(slab);
        }
    }
    xie_overflow_unwatch(pool);
    xie_stack_pool = NULL;
    xie_sys_unmap(pool, pool->size);
}

/* The thread ends. Where stacks are still taken, other destructors may give them back: ask to
 * be called again, which the system does a few times. */
static void pool_thread_ends(void *pool)
{
    if (((struct xie_stack_pool *)pool)->taken)
        pthread_setspecific(pool_key, pool);
    else
        pool_free(pool);
}

static void pool_key_make(void)
{
    pthread_key_create(&pool_key, pool_thread_ends);
}

static struct xie_stack_pool *pool_open(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t own = (sizeof(struct xie_stack_pool) + page - 1) / page * page;
    size_t size = own + xie_overflow_stack_size();
    int error;
    struct xie_stack_pool *pool = xie_sys_map(size, &error);
    if (!pool)
        return NULL;
    pthread_once(&pool_once, pool_key_make);
    pthread_setspecific(pool_key, pool);
    pool->valgrind = XIE_VALGRIND_RUNS;
    pool->page = page;
    pool->guard = page > GUARD_LEAST ? page : GUARD_LEAST;
    pool->size = size;
    pool->alternate = (char *)pool + own;
    for (unsigned i = 0; i < XIE_STACK_CLASSES; i++) {
        size_t usable = (size_t)XIE_STACK_LEAST << i;
        pool->classes[i].pool = pool;
        pool->classes[i].usable = usable > page ? usable : page;
    }
    xie_stack_pool = pool;
    xie_overflow_watch(pool);
    return pool;
}

void xie_stack_watch(void)
{
    if (!xie_stack_pool)
        pool_open();
}

static unsigned class_index(size_t size)
{
    if (size <= XIE_STACK_LEAST)
        return 0;
    return (unsigned)(64 - __builtin_clzll(size - 1)) - LEAST_SHIFT;
}

struct xie_stack *xie_stack_take(size_t size)
{
    if (size > XIE_STACK_MOST || xie_fault_check(XIE_FAULT_MEMORY))
        return NULL;
    struct xie_stack_pool *pool = xie_stack_pool ? xie_stack_pool : pool_open();
    if (!pool)
        return NULL;
    struct xie_stack_class *class = &pool->classes[class_index(size)];
    struct xie_stack *stack = class->warm;
    if (stack) {
        class->warm = stack->next;
        class->warm_count--;
    } else {
        stack = xie_slab_take(class);
        if (!stack)
            return NULL;
    }
    class->taken++;
    pool->taken++;
    stack->top = (char *)stack;
    stack->kind = stack->name = stack->where = NULL;
    stack->taken = stack->deep = true;
    xie_sanitizer_take(stack);
    if (__builtin_expect(pool->valgrind, 0))
        XIE_VALGRIND_RENEW(stack->top - XIE_STACK_LEAST / 2, XIE_STACK_LEAST / 2); /* its record */
    return stack;
}

void xie_stack_give(struct xie_stack *stack)
{
    struct xie_stack_class *class = stack->slab->class;
    struct xie_stack_pool *pool = class->pool;
    if (!stack->taken)
        xie_misuse("a stack is given back twice");
    if (pool != xie_stack_pool)
        xie_misuse("a stack is given back by another thread than the one that took it");
    xie_sanitizer_give(stack);
    stack->taken = false;
    stack->next = class->warm;
    class->warm = stack;
    class->warm_count++;
    class->taken--;
    class->given++;
    pool->taken--;
    pool->given |= 1u << (class - pool->classes);
}

size_t xie_stack_count(void)
{
    return xie_stack_pool ? xie_stack_pool->taken : 0;
}

static size_t warm_limit(const struct xie_stack_class *class)
{
    size_t limit = class->taken / 8;
    return limit < WARM_LEAST ? WARM_LEAST : limit > WARM_MOST ? WARM_MOST : limit;
}

/* Those given back longest ago go cold: the end of the list. True when some are left over. */
static bool trim_cold(struct xie_stack_class *class, size_t limit)
{
    if (class->warm_count <= limit + COOL_SLACK)
        return false;
    struct xie_stack **link = &class->warm;
    for (size_t i = 0; i < limit; i++)
        link = &(*link)->next;
    struct xie_stack *stack = *link;
    unsigned count = 0;
    for (; stack && count < COOL_MOST; count++) {
        struct xie_stack *next = stack->next;
        xie_sanitizer_give(stack);
        xie_slab_put(stack);
        stack = next;
    }
    *link = stack;
    class->warm_count -= count;
    xie_slab_cool(class);
    return stack != NULL;
}

/* Warm ones keep their uppermost pages. */
static void trim_deep(struct xie_stack_class *class)
{
    size_t keep = class->pool->page > WARM_DEPTH ? class->pool->page : WARM_DEPTH;
    class->given = 0;
    for (struct xie_stack *stack = class->warm; stack; stack = stack->next) {
        if (stack->deep && class->usable > keep)
            xie_sys_advise(stack->base, class->usable - keep, MADV_DONTNEED);
        stack->deep = false;
    }
}

bool xie_stack_trim(void)
{
    struct xie_stack_pool *pool = xie_stack_pool;
    if (!pool || !pool->given)
        return false;
    uint32_t again = 0;
    for (uint32_t classes = pool->given; classes; classes &= classes - 1) {
        unsigned i = (unsigned)__builtin_ctz(classes);
        struct xie_stack_class *class = &pool->classes[i];
        if (trim_cold(class, warm_limit(class)))
            again |= 1u << i;
        else if (class->given >= DEEP_EVERY)
            trim_deep(class);
    }
    pool->given = again;
    return again;
}
