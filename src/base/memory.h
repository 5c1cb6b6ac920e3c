/* memory.h - allocation inside the library: the hook, and faults before it.
 * Floor 0. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_MEMORY_H
#define XIE_BASE_MEMORY_H

#include <stddef.h>
#include <xie/memory.h>

/* NULL when there is none (or a fault is injected). Not zeroed. */
XIE_API void *xie_alloc(size_t size);
/* The same, zeroed. */
XIE_API void *xie_alloc_zero(size_t size);
/* realloc: on NULL the old memory is still there. */
XIE_API void *xie_resize(void *memory, size_t size);
/* NULL is allowed. */
XIE_API void xie_release(void *memory);
/* A copy of a string; NULL when there is no memory. */
XIE_API char *xie_copy_string(const char *text);
/* Copies of several (NULL stays NULL), each pointer set to its own, all in one piece of memory:
 * that is the caller's to release; NULL when there is none, and nothing is changed. */
XIE_API char *xie_copy_strings(const char **const strings[], size_t count);
/* How many allocations are alive: for tests. */
XIE_API size_t xie_alloc_live(void);

#endif
