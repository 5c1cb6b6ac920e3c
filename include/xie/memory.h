/* memory.h - the one road by which the library gets memory.
 * Floor 0. Stacks come from mmap(2); everything else comes from here. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_MEMORY_H
#define XIE_MEMORY_H

#include <stddef.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocation functions; each behaves as its namesake of stdlib.h and is thread-safe. */
struct xie_allocator {
    void *(*resize)(void *memory, size_t size); /* realloc(3); memory may be NULL */
    void (*release)(void *memory);              /* free(3) */
};

/**
 * Replace the allocator for the whole process.
 *
 * allocator  borrowed for ever; NULL restores malloc
 * note       call before anything else of the library: memory is released by
 *            the allocator in force at that time
 */
XIE_API void xie_set_allocator(const struct xie_allocator *allocator);

/* Give back memory that a call handed over as owned. NULL is allowed. From any thread. */
XIE_API void xie_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
