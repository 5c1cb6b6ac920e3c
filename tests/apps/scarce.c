/* scarce.c - memory that runs out, once, and blocks that are counted.
 * Tests, apps. */
/* SPDX-License-Identifier: MIT */
#include "scarce.h"

#include <jansson.h>

long scarce_left = -1, scarce_blocks;
bool scarce_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t number, size_t size);

bool scarce_fails(void)
{
    if (scarce_left < 0 || scarce_left-- > 0)
        return false;
    scarce_failed = true;
    scarce_left = -1; /* once */
    return true;
}

void *scarce_counted(void *block)
{
    scarce_blocks += block != NULL;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return scarce_fails() ? NULL : scarce_counted(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
    return scarce_fails() ? NULL : scarce_counted(__real_calloc(number, size));
}

json_t *__real_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error);

/* jansson 2.14's own decoder writes out of bounds when its buffer cannot grow: here it fails
 * as a whole or not at all. */
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error)
{
    if (scarce_fails()) {
        *error = (json_error_t){.text = "out of memory"};
        return NULL;
    }
    long saved = scarce_left;
    scarce_left = -1;
    json_t *root = __real_json_loadb(text, len, flags, error);
    scarce_left = saved;
    return root;
}
