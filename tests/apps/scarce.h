/* scarce.h - memory that runs out, once: for programs linked with --wrap of malloc, calloc and
 * json_loadb. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_APPS_SCARCE_H
#define XIE_TESTS_APPS_SCARCE_H

#include <stdbool.h>
#include <stddef.h>

extern long scarce_left;   /* allocations that still succeed; negative: all */
extern bool scarce_failed; /* one has not */
extern long scarce_blocks; /* that were made and not freed, where a program counts what it frees */

/* Whether this one fails; those after it succeed. */
bool scarce_fails(void);
/* The block, counted. */
void *scarce_counted(void *block);

/* For jansson's hooks, which no linker reaches. */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t number, size_t size);

#endif
