/* memory.c - the allocator hook, a count of what is alive, faults in front.
 * Floor 0. Knows stdlib and nothing else. */
/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

static const struct xie_allocator standard = {.resize = realloc, .release = free};
static const struct xie_allocator *allocator = &standard;
static size_t live; /* atomic, relaxed: read only when the threads are quiet */

void xie_set_allocator(const struct xie_allocator *replacement)
{
    allocator = replacement ? replacement : &standard;
}

size_t xie_alloc_live(void)
{
    return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

void *xie_resize(void *memory, size_t size)
{
    if (xie_fault_check(XIE_FAULT_MEMORY))
        return NULL;
    /* realloc(p, 0) may free: never ask for that. */
    void *result = allocator->resize(memory, size ? size : 1);
    if (result && !memory)
        __atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
    return result;
}

void *xie_alloc(size_t size)
{
    return xie_resize(NULL, size);
}

void *xie_alloc_zero(size_t size)
{
    void *memory = xie_resize(NULL, size);
    return memory ? memset(memory, 0, size) : NULL;
}

void xie_release(void *memory)
{
    if (!memory)
        return;
    __atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
    allocator->release(memory);
}

char *xie_copy_string(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = xie_resize(NULL, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *xie_copy_strings(const char **const strings[], size_t count)
{
    size_t size = 1;
    for (size_t i = 0; i < count; i++)
        size += *strings[i] ? strlen(*strings[i]) + 1 : 0;
    char *memory = xie_resize(NULL, size), *at = memory;
    for (size_t i = 0; memory && i < count; i++) {
        size_t len = *strings[i] ? strlen(*strings[i]) + 1 : 0;
        if (len)
            *strings[i] = memcpy(at, *strings[i], len);
        at += len;
    }
    return memory;
}

void xie_free(void *memory)
{
    xie_release(memory);
}
